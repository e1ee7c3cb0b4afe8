# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Denied packets: each once, with names, and none that was allowed; the log.

RATE=20

setup() {
    ns shop
    ns ops
    pod shop/web labels=app=web
    pod shop/db labels=app=db
    pod ops/job labels=app=job
    outside far 192.0.2.7/24 2001:db8::7/64
    serve shop/db tcp:5432 udp:53
    serve_wait
    mkdir "$LAB/small"
    mount -t tmpfs -o size=64k small "$LAB/small"
    db_hears_web 5432 | manifest db
    manifest isolated <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: all}
spec: {podSelector: {matchLabels: {app: db}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: ops, name: silent}
spec: {podSelector: {}, policyTypes: [Egress]}
END
    daemon_start --node=n1 --audit-log="$LAB/small/drops.json" \
        --audit-rate="$RATE" --audit-burst="$RATE"
    settle
}

# send SRC LINE...: from SRC, one packet a line: "udp|tcp|icmp ADDRESS SPORT
# DPORT [COUNT]".  A SYN is not sent twice: the socket is closed at once.
send() {
    local src=$1
    shift
    printf '%s\n' "$@" | inside "$src" /usr/bin/python3 -c '
import os, socket, sys
for line in sys.stdin:
    proto, address, sport, dport, *count = line.split()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    if proto == "icmp":
        os.system(f"ping -c1 -W0.05 {address} >/dev/null")
        continue
    kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
    s = socket.socket(family, kind)
    s.setblocking(proto == "udp")
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", int(sport)))
    s.connect_ex((address, int(dport)))
    for i in range(int(count[0] if count else 1) if proto == "udp" else 0):
        s.send(b"x")
    s.close()'
}

# The number of the next record.
mark() {
    ovs-appctl -t ovs-netpold drops 1000000000 | json_at next
}

# Records from the standard input, lines of JSON or an answer of the daemon:
# "VERDICT DIRECTION PROTOCOL SOURCE DESTINATION POLICIES", sorted.
words() {
    /usr/bin/python3 -c '
import json, sys
def end(e):
    pod = e.get("pod")
    name = pod["namespace"] + "/" + pod["name"] if pod else e["address"]
    return name + (" %d" % e["port"] if "port" in e else "")
lines = []
for line in sys.stdin:
    d = json.loads(line)
    for r in d["records"] if "records" in d else [d]:
        family = "6" if ":" in r["source"]["address"] else "4"
        lines.append(" ".join([
            r["verdict"], r["direction"], r["protocol"] + family,
            end(r["source"]), end(r["destination"]),
            ",".join(sorted(p["namespace"] + "/" + p["name"]
                            for p in r["policies"]))]))
print("\n".join(sorted(lines)))'
}

# Records number $1 and later.
drops() {
    ovs-appctl -t ovs-netpold drops "$1" | words
}

has_records() {
    [ "$(drops "$1" | grep -c .)" -ge "$2" ]
}

# drops_are SINCE WHAT <<EOF: exactly these.
drops_are() {
    local want
    want=$(sort)
    until_ok 5 has_records "$1" "$(grep -c . <<< "$want")" || true
    same "$2" "$want" "$(drops "$1")"
}

test_each_once() {
    local db4 db6 since
    db4=$(host_get shop/db v4)
    db6=$(host_get shop/db v6)
    since=$(mark)
    send shop/web "udp $db4 5001 53" "udp $db6 5002 53" \
        "tcp $db4 5003 80" "tcp $db6 5004 80" "icmp $db4 0 0" "icmp $db6 0 0" \
        "tcp $db4 5005 5432" "tcp $db6 5006 5432"
    drops_are "$since" "to an isolated pod" <<END
drop ingress UDP4 shop/web 5001 shop/db 53 shop/all,shop/db
drop ingress UDP6 shop/web 5002 shop/db 53 shop/all,shop/db
drop ingress TCP4 shop/web 5003 shop/db 80 shop/all,shop/db
drop ingress TCP6 shop/web 5004 shop/db 80 shop/all,shop/db
drop ingress ICMP4 shop/web shop/db shop/all,shop/db
drop ingress ICMP6 shop/web shop/db shop/all,shop/db
END
}

# Who is denied both ways is told of once, where it was dropped.
test_egress_before_ingress() {
    local since
    since=$(mark)
    send ops/job "udp $(host_get shop/db v4) 5001 53" \
        "udp $(host_get shop/web v6) 5002 53" "tcp 192.0.2.7 5003 80"
    drops_are "$since" "from an isolated pod" <<END
drop egress UDP4 ops/job 5001 shop/db 53 ops/silent
drop egress UDP6 ops/job 5002 shop/web 53 ops/silent
drop egress TCP4 ops/job 5003 192.0.2.7 80 ops/silent
END
}

test_from_outside() {
    local since
    since=$(mark)
    send far "tcp $(host_get shop/db v4) 5001 5432" \
        "udp $(host_get shop/db v6) 5002 53" \
        "udp $(host_get ops/job v4) 5003 53"
    drops_are "$since" "from outside" <<END
drop ingress TCP4 192.0.2.7 5001 shop/db 5432 shop/all,shop/db
drop ingress UDP6 2001:db8::7 5002 shop/db 53 shop/all,shop/db
END
}

# What is allowed, whole connections of it, is never told of.
test_allowed() {
    local since
    since=$(mark)
    expect <<END
shop/web -> shop/db tcp/5432 ok
node -> shop/db tcp/5432,udp/53,icmp ok
END
    same "records" "" "$(drops "$since")"
}

# Names are those of the moment.
test_names_of_the_moment() {
    local since
    since=$(mark)
    send far "udp $(host_get shop/db v4) 5001 53"
    until_ok 5 has_records "$since" 1
    policy later <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: later}
spec: {podSelector: {}}
END
    settle
    send far "udp $(host_get shop/db v4) 5002 53"
    drops_are "$since" "before and after" <<END
drop ingress UDP4 192.0.2.7 5001 shop/db 53 shop/all,shop/db
drop ingress UDP4 192.0.2.7 5002 shop/db 53 shop/all,shop/db,shop/later
END
}

# Who denied is a rule of a cluster policy, not who isolates.
test_cluster_policy() {
    policy strict <<END
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: strict}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  ingress:
  - action: Accept
    from: [{pods: {podSelector: {matchLabels: {app: nobody}}}}]
  - action: Deny
    from: [{pods: {podSelector: {matchLabels: {app: web}}}}]
END
    settle
    send shop/web "tcp $(host_get shop/db v4) 5001 5432" \
        "udp $(host_get ops/job v6) 5002 53"
    until_ok 5 has_row 'ingress +shop/web +ops/job +UDP/53 +'
    same "rows" "$(sort <<END
1 ingress shop/web ops/job UDP/53 ClusterNetworkPolicy/strict ingress[1]
1 ingress shop/web shop/db TCP/5432 ClusterNetworkPolicy/strict ingress[1]
END
)" "$(ovs-netpol drops --policy=strict |
        awk 'NR > 1 { $1 = ""; print }' | sed 's/^ *//' | sort)"
}

# The name is that of DENIED BY, too, and who nobody knows is an error.
test_filters() {
    local name
    for name in cnp/strict ClusterNetworkPolicy/strict; do
        same "$name" "$(ovs-netpol drops --policy=strict)" \
            "$(ovs-netpol drops --policy="$name")"
    done
    exits 0 ovs-netpol drops --pod=shop/web
    exits 2 ovs-netpol drops --pod=shop/wbe
    contains "why" 'there is no pod "shop/wbe"' "$output"
    exits 2 ovs-netpol drops --policy=nope/x
    exits 2 ovs-netpol drops --policy=cnp/nope
    exits 2 ovs-netpol drops --policy=anp/strict
    exits 2 ovs-netpol top -1 -n nope
    exits 0 ovs-netpol top -1 -n shop
    # What is past stays visible.
    policy_delete strict
    settle
    exits 0 ovs-netpol drops --policy=cnp/strict
    contains "the past" 'ClusterNetworkPolicy/strict ingress' "$output"
}

has_row() {
    ovs-netpol drops --policy=strict | grep -Eq "$1"
}

# What the meter holds back is counted, to the packet.
test_flood() {
    local before held n
    before=$(mark)
    held=$(ovs-appctl -t ovs-netpold drops 1 | json_at suppressed.drop)
    n=$(denied_packets)
    until_ok 20 flood_is_enough "$n"
    until_ok 10 flood_is_counted "$before" "$held" "$n"
    (( $(mark) - before < 700 )) || fail "the meter lets $(mark) through"
}

# A busy machine loses some of them before they get to the bridge.
flood_is_enough() {
    send far "udp $(host_get shop/db v4) 5001 53 1000"
    (( $(denied_packets) - $1 > 1000 ))
}

# Packets that the drop flows counted.
denied_packets() {
    ovs-appctl -t ovs-vswitchd revalidator/wait
    ovs-ofctl -O OpenFlow15 dump-flows "$BRIDGE" \
        'cookie=0x6e70090000000000/0xffffff0000000000' |
        sed -n 's/.*n_packets=\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n }'
}

flood_is_counted() {
    local told held n
    n=$(($(denied_packets) - $3))
    told=$(($(mark) - $1))
    held=$(($(ovs-appctl -t ovs-netpold drops 1 | json_at suppressed.drop) - $2))
    (( told + held == n ))
}

# The log.

test_log_lines() {
    local since n
    since=$(mark)
    n=$(wc -l < "$LAB/small/drops.json")
    send far "udp $(host_get shop/db v4) 5001 53"
    until_ok 5 has_records "$since" 1
    same "lines" "$(drops "$since")" \
        "$(tail -n +$((n + 1)) "$LAB/small/drops.json" | words)"
    contains "a line" '"node":"n1".*"time":"20[0-9-]*T[0-9:.]*Z"' \
        "$(tail -n 1 "$LAB/small/drops.json")"
}

log_has() {
    send far "udp $(host_get shop/db v4) $2 53"
    grep -q "\"port\":$2" "$1" 2>/dev/null
}

test_rotation() {
    local log=$LAB/small/drops.json
    mv "$log" "$log.1"
    kill -HUP "$(cat "$OVS_RUNDIR/ovs-netpold.pid")"
    until_ok 5 test -e "$log"
    log_has "$log" 5001 || until_ok 5 log_has "$log" 5001
    # Without a word, too.
    mv "$log" "$log.2"
    until_ok 5 log_has "$log" 5002
    lacks "the old file" '"port":5002' "$(tail -n 1 "$log.1")"
    rm "$log.1" "$log.2"
}

log_is_lost() {
    send far "udp $(host_get shop/db v4) 5003 53"
    (( $(ovs-appctl -t ovs-netpold drops 1 | json_at unlogged) > 0 ))
}

test_disk_full() {
    local log=$LAB/small/drops.json
    log_allow 'audit_log\|WARN\|.*No space left on device: lines about denied' \
        "the disk is full"
    dd if=/dev/zero of="$LAB/small/filler" bs=4k count=64 2>/dev/null || true
    until_ok 10 log_is_lost
    until_ok 5 log_is_lost
    same "said once" 1 "$(grep -c 'lines about denied' "$NETPOLD_LOG")"
    rm "$LAB/small/filler"
    until_ok 5 log_has "$log" 5004
    contains "the daemon's log" 'takes lines again' "$(cat "$NETPOLD_LOG")"
    # Half a line may have got in, but nothing stands behind it on its line.
    tail -n 1 "$log" | words > /dev/null
}

# Coming and going.

test_restart() {
    local since
    daemon_stop
    flows > "$LAB/flows.before"
    daemon_start --node=n1
    settle
    same "flow_mods" 0 "$(status switch.flowMods)"
    same "flows" "$(cat "$LAB/flows.before")" "$(flows)"
    since=$(mark)
    send far "udp $(host_get shop/db v4) 5001 53"
    drops_are "$since" "after a restart" <<END
drop ingress UDP4 192.0.2.7 5001 shop/db 53 shop/all,shop/db
END
}

is_told() {
    local since
    since=$(mark)
    send far "udp $(host_get shop/db v4) 5001 53"
    until_ok 1 has_records "$since" 1
}

test_switch_restart() {
    log_allow 'ovs-netpold|connection|rconn|reconnect|stream|jsonrpc' \
        "the switch goes away"
    ovs_switch_restart
    until_ok 15 settle
    until_ok 10 is_told 2>/dev/null
    expect_packets <<END
shop/web -> shop/db tcp/5432 ok
shop/web -> shop/db udp/53 denied
END
}

# Somebody removes the meter.
test_meter_removed() {
    log_allow 'audit_link\|WARN\|.*somebody removed meter' "that is the test"
    ovs-ofctl -O OpenFlow15 del-meters "$BRIDGE"
    until_ok 15 meter_is_back
    until_ok 10 is_told 2>/dev/null
}

# And the flows that name it, which are put back before anybody knows that it
# is gone: the switch refuses them, and them alone.
test_meter_and_flows_removed() {
    log_allow 'audit_link\|WARN\|.*somebody removed meter' "that is the test"
    log_allow 'bridge[a-z_]*\|WARN\|' "the flows are refused"
    ovs-ofctl -O OpenFlow15 del-meters "$BRIDGE"
    ovs-ofctl -O OpenFlow15 del-flows "$BRIDGE" table=59
    policy closed <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: closed}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}
END
    expect <<END
shop/web -> shop/db tcp/5432 denied
END
    until_ok 15 meter_is_back
    until_ok 10 is_told 2>/dev/null
}

meter_is_back() {
    ovs-ofctl -O OpenFlow15 dump-meters "$BRIDGE" | grep -q meter=28272 &&
        flows table=59 | grep -q controller
}

test_off() {
    daemon_stop
    daemon_start --audit=off
    settle
    lacks "flows" "controller" "$(flows)"
    exits 2 ovs-appctl -t ovs-netpold drops
    contains "drops" "audit is off" "$output"
}

# A /dev of our own, with a syslog in it.
test_syslog() {
    mkdir "$LAB/dev"
    mount --rbind /dev "$LAB/dev"
    mount -t tmpfs dev /dev
    ln -s "$LAB"/dev/* /dev/
    /usr/bin/python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
out = open(sys.argv[1], "ab", 0)
while True:
    out.write(s.recv(65536) + b"\n")' "$LAB/syslog" &
    until_ok 5 test -S /dev/log
    daemon_stop
    daemon_start --audit-log=syslog
    settle
    send far "udp $(host_get shop/db v4) 5001 53"
    until_ok 5 grep -q '"port":5001' "$LAB/syslog"
    contains "syslog" \
        '^<29>[A-Z][a-z]{2} [ 1-3][0-9] [0-9:]{8} ovs-netpold: [{].*"drop"[}]$' \
        "$(cat "$LAB/syslog")"
}
