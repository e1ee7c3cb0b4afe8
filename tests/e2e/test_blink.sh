# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Restarts under traffic: of the daemon, the switch, the database.  Throughout,
# web talks to db, which is allowed, by TCP and by a ping each millisecond; and
# api to vault, which is not, by UDP and ping, each millisecond too.

setup() {
    local name
    ns shop
    for name in web db api vault; do
        pod "shop/$name" "labels=app=$name"
    done
    # Who knows the other end already is not looked for.
    know shop/web shop/db
    know shop/api shop/vault
    forbidden_start
    until_ok 10 forbidden_arrives
    manifest policies <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: vault}
spec: {podSelector: {matchLabels: {app: vault}}}
END
    ovs-vsctl set-fail-mode "$BRIDGE" secure
    start
    settle
    forbidden_forget
    ( while inside shop/db iperf3 -s -1; do :; done ) \
        >"$LAB/log/iperf3-server.log" 2>&1 &
}

start() {
    daemon_start --attach=normal --state-dir="$LAB/state"
}

# know A B: each has the other's MAC address.
know() {
    inside "$1" ip neighbour replace "$(host_get "$2" v4)" dev eth0 \
        lladdr "$(host_get "$2" mac)" nud permanent
    inside "$2" ip neighbour replace "$(host_get "$1" v4)" dev eth0 \
        lladdr "$(host_get "$1" mac)" nud permanent
}

# What is allowed.

# allowed_start: until allowed_stop.  The pings go in groups, whose last answer
# is waited for.
allowed_start() {
    rm -f "$LAB/pings"
    touch "$LAB/allowed"
    ( while [ -e "$LAB/allowed" ]; do
          inside shop/web ping -q -n -i 0.001 -c 250 -W 2 \
              "$(host_get shop/db v4)" >> "$LAB/pings" 2>&1
      done; touch "$LAB/pings.done" ) &
    # In place of a shell, which would get the signal.
    nsenter --net="$(host_get shop/web netns)" -- \
        iperf3 -c "$(host_get shop/db v4)" --forceflush -t 300 -b 5M -i 1 \
        > "$LAB/iperf3" 2>&1 &
    echo $! > "$LAB/iperf3.pid"
    until_ok 10 grep -q Mbits "$LAB/iperf3"
    until_ok 10 grep -q transmitted "$LAB/pings"
}

# Prints the number of pings that were lost.
allowed_stop() {
    rm -f "$LAB/allowed"
    until_ok 10 test -e "$LAB/pings.done" || return
    rm -f "$LAB/pings.done"
    kill -INT "$(cat "$LAB/iperf3.pid")"
    until_ok 10 grep -q receiver "$LAB/iperf3" || return
    awk '/transmitted/ { lost += $1 - $4; n += $1 }
         END { print n " sent, " lost " lost" > "/dev/stderr"; print lost }' \
        "$LAB/pings"
}

# Not one second in which the connection stood still.
connection_ran() {
    lacks "iperf3" ' 0\.00 bits/sec' \
        "$(grep '\.00-[0-9]*\.00 ' "$LAB/iperf3" |
            grep -v 'sender\|receiver')"
}

# What is denied.

forbidden_start() {
    inside shop/api /usr/bin/python3 - "$(host_get shop/vault v4)" <<'END' &
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    try:
        s.sendto(b"?", (sys.argv[1], 53))
    except OSError:
        pass
    time.sleep(0.001)
END
    ( while :; do
          inside shop/api ping -q -n -i 0.001 -c 1000 -W 0.01 \
              "$(host_get shop/vault v4)" >/dev/null 2>&1
      done ) &
}

# How many have arrived ever: echo requests and datagrams.
forbidden_count() {
    inside shop/vault cat /proc/net/snmp | awk '
        $1 == "Icmp:" && seen_icmp++ { n += $(echos) }
        $1 == "Icmp:" { for (i = 2; i <= NF; i++) if ($i == "InEchos") echos = i }
        $1 == "Udp:" && seen_udp++ { n += $2 + $3 }
        END { print n }'
}

forbidden_arrives() {
    [ "$(forbidden_count)" -gt 10 ]
}

forbidden_forget() {
    forbidden_count > "$LAB/forbidden"
}

nothing_forbidden() {
    same "what arrived and should not have" "$(cat "$LAB/forbidden")" \
        "$(forbidden_count)"
}

# What the switch counts: changes of its flow tables, by anybody.
switch_changes() {
    ovs-appctl -t ovs-vswitchd coverage/read-counter rev_flow_table
}

kill_daemon() {
    local pid
    pid=$(cat "$OVS_RUNDIR/ovs-netpold.pid")
    kill -KILL "$pid"
    until_ok 10 process_is_gone "$pid"
}

# Ten times, stopped and killed by turns.
test_daemon() {
    local i changes
    log_allow '\|rconn\|WARN\|.*(Broken pipe|reset by peer)' "it was killed"
    allowed_start
    changes=$(switch_changes)
    flows > "$LAB/flows.before"
    for i in 1 2 3 4 5; do
        daemon_stop
        start
        settle
        same "flow_mods, $i" 0 "$(status switch.flowMods)"
        kill_daemon
        start
        settle
        same "flow_mods after a kill, $i" 0 "$(status switch.flowMods)"
    done
    same "changes that the switch saw" "$changes" "$(switch_changes)"
    same "flows" "$(cat "$LAB/flows.before")" "$(flows)"
    same "lost pings" 0 "$(allowed_stop)"
    connection_ran
    nothing_forbidden
}

# The database is away and returns: nothing changes.  (Without it the userspace
# datapath of ovs-vswitchd stands still, so that no pings are counted.)
test_database() {
    local changes pid
    log_allow '\|(reconnect|ovsdb_cs|ovsdb_idl|jsonrpc)\|' "it was away"
    changes=$(switch_changes)
    pid=$(cat "$OVS_RUNDIR/ovsdb-server.pid")
    kill -KILL "$pid"
    until_ok 10 process_is_gone "$pid"
    until_ok 10 database_is False
    ovs_db_serve
    until_ok 10 database_is True
    settle
    same "flow_mods" 0 "$(status switch.flowMods)"
    same "changes that the switch saw" "$changes" "$(switch_changes)"
    same "interfaces" 4 "$(status database.ports)"
    until_ok 10 web_reaches_db
    nothing_forbidden
}

database_is() {
    [ "$(status database.connected)" = "$1" ]
}

# The switch is killed and starts without flows: they are back with the first
# bundle, and meanwhile nothing passes that should not.
test_switch_killed() {
    local i bundles
    log_allow '\|(rconn|stream|bridge|audit_link)\|' "the switch really was away"
    flows > "$LAB/flows.before"
    for i in 1 2 3; do
        bundles=$(status switch.bundles)
        restart_switch
        until_ok 10 has_bundles $((bundles + 1))
        settle
    done
    same "flows" "$(cat "$LAB/flows.before")" "$(flows)"
    expect_packets <<END
shop/web -> shop/db icmp ok
shop/api -> shop/vault icmp denied
END
    nothing_forbidden
}

restart_switch() {
    local pid
    pid=$(cat "$OVS_RUNDIR/ovs-vswitchd.pid")
    kill -KILL "$pid"
    until_ok 10 process_is_gone "$pid"
    ovs_switch_start
}

# At least: if ports have other numbers now, there is one for that as well.
has_bundles() {
    [ "$(status switch.bundles)" -ge "$1" ]
}

# On a bridge that is not "secure", other_config:flow-restore-wait does it: the
# switch takes flows, and no packets, until it is removed.
test_flow_restore_wait() {
    local bundles
    log_allow '\|(rconn|stream|bridge|audit_link)\|' "the switch really was away"
    ovs-vsctl set-fail-mode "$BRIDGE" standalone
    until_ok 10 fail_mode_is standalone
    # Another fail_mode flushes all flows, and we put ours back.
    settle
    forbidden_forget
    bundles=$(status switch.bundles)
    ovs-vsctl set open_vswitch . other_config:flow-restore-wait=true
    restart_switch
    until_ok 10 has_bundles $((bundles + 1))
    ovs-vsctl remove open_vswitch . other_config flow-restore-wait
    until_ok 10 web_reaches_db
    nothing_forbidden
    ovs-vsctl set-fail-mode "$BRIDGE" secure
    until_ok 10 fail_mode_is secure
    settle
    nothing_forbidden
}

web_reaches_db() {
    inside shop/web ping -q -n -c 1 -W 1 "$(host_get shop/db v4)" >/dev/null
}

fail_mode_is() {
    [ "$(status database.failMode)" = "$1" ]
}

# What the daemon says about it.
test_warning() {
    log_allow '\|(bridge|audit_link)\|' "another fail_mode flushes all flows"
    same "warning" None "$(status database.warning)"
    ovs-vsctl del-fail-mode "$BRIDGE"
    until_ok 10 fail_mode_is standalone
    contains "warning" 'fail_mode' "$(status database.warning)"
    contains "text" 'fail_mode' "$(ovs-netpol status)"
    contains "log" 'ports.WARN.*fail_mode' "$(cat "$NETPOLD_LOG")"
    ovs-vsctl set-fail-mode "$BRIDGE" secure
    until_ok 10 fail_mode_is secure
    same "warning" None "$(status database.warning)"
}
