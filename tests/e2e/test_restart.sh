# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Starts, stops, and what is left in the switch.

setup() {
    ns shop
    pod shop/web labels=app=web ports=http:TCP:80
    pod shop/db labels=app=db
    pod shop/api labels=app=api
    serve shop/db tcp:5432,80 udp:53
    serve_wait
    manifest db <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - podSelector:
        matchExpressions: [{key: app, operator: In, values: [web, api]}]
    - ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.64/26]}
    ports:
    - {port: 5432}
    - {port: 8000, endPort: 8099}
    - {port: 53, protocol: UDP}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db-web}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 80}]
END
    add_foreign_flows
    ovs-vsctl set bridge "$BRIDGE" external_ids:someone=else
    flows > "$LAB/flows.before"
    daemon_start
    settle
    flows > "$LAB/flows.ours"
}

# Flows of somebody else, in table 0 and in others.
add_foreign_flows() {
    ovs-ofctl add-flows "$BRIDGE" - <<END
cookie=0x1,table=0,priority=10,ip,nw_dst=192.0.2.1,actions=drop
cookie=0x2,table=200,priority=1,actions=NORMAL
cookie=0x3,table=30,actions=drop
END
}

all_is_well() {
    expect <<END
shop/web -> shop/db tcp/5432,tcp/80,udp/53 ok
shop/api -> shop/db tcp/5432,udp/53 ok
shop/api -> shop/db tcp/80,icmp denied
shop/db -> shop/web icmp denied
END
}

test_foreign_flows() {
    all_is_well
    same "missing flows of others" "" \
        "$(comm -23 "$LAB/flows.before" "$LAB/flows.ours")"
}

# Same state, no flow_mod.
test_daemon_restart() {
    daemon_stop
    same "after the stop" "$(cat "$LAB/flows.ours")" "$(flows)"
    expect_packets <<END
shop/web -> shop/db tcp/5432 ok
shop/api -> shop/db tcp/80 denied
END
    daemon_start
    settle
    same "after the start" "$(cat "$LAB/flows.ours")" "$(flows)"
    same "flow_mods" 0 "$(status switch.flowMods)"
    all_is_well
}

# What changed while it was away.
test_restart_with_change() {
    daemon_stop
    policy api <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: api}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]
END
    daemon_start
    expect <<END
shop/api -> shop/db tcp/80,icmp ok
shop/web -> shop/db icmp denied
END
    policy_delete api
    settle
    same "flows" "$(cat "$LAB/flows.ours")" "$(flows)"
}

# Killed, not stopped.
test_daemon_killed() {
    local pid
    pid=$(cat "$OVS_RUNDIR/ovs-netpold.pid")
    kill -KILL "$pid"
    until_ok 10 process_is_gone "$pid"
    same "after the kill" "$(cat "$LAB/flows.ours")" "$(flows)"
    daemon_start
    settle
    same "after the start" "$(cat "$LAB/flows.ours")" "$(flows)"
    same "flow_mods" 0 "$(status switch.flowMods)"
}

# Flows that someone removed, changed or added with our cookie while the daemon
# was away are set right.
test_repair_at_start() {
    daemon_stop
    ovs-ofctl del-flows "$BRIDGE" "ip,nw_dst=$(host_get shop/db v4)"
    ovs-ofctl del-flows "$BRIDGE" "table=42"
    ovs-ofctl add-flow "$BRIDGE" \
        "cookie=0x6e70000000000001,table=45,priority=7,actions=drop"
    daemon_start
    settle
    same "flows" "$(cat "$LAB/flows.ours")" "$(flows)"
    all_is_well
}

# The switch starts anew, without flows.
test_switch_restart() {
    log_allow '\|(rconn|stream|bridge[a-z_]*)\|' "the switch really was away"
    local before
    before=$(status switch.connections)
    ovs_switch_restart
    until_ok 10 reconnected_since "$before"
    all_is_well
    grep -v 'priority=0 actions=NORMAL\|cookie=0x[123],' "$LAB/flows.ours" \
        > "$LAB/flows.wanted"
    same "our flows that are missing" "" \
        "$(flows | comm -23 "$LAB/flows.wanted" -)"
    add_foreign_flows
    same "flows" "$(cat "$LAB/flows.ours")" "$(flows)"
}

reconnected_since() {
    [ "$(status switch.connections)" -gt "$1" ]
}

# flush leaves the bridge as it was found, and the daemon stops.
test_flush() {
    local pid
    pid=$(cat "$OVS_RUNDIR/ovs-netpold.pid")
    ovs-netpol flush
    until_ok 10 process_is_gone "$pid"
    same "flows" "$(cat "$LAB/flows.before")" "$(flows)"
    same "table names" "{}" "$(ovs-vsctl get bridge "$BRIDGE" flow_tables)"
    same "external_ids" "{someone=else}" \
        "$(ovs-vsctl get bridge "$BRIDGE" external_ids)"
    daemon_start
    settle
    same "again" "$(cat "$LAB/flows.ours")" "$(flows)"
}

# There is nothing to wait for.
test_cleanup_of_no_bridge() {
    local start=$SECONDS
    exits 1 ovs-netpold --bridge=nope --db="unix:$OVS_RUNDIR/db.sock" \
        --unixctl="$LAB/cleanup.ctl" --cleanup -vconsole:off
    contains "why" 'cleanup: no bridge "nope" in ' "$output"
    (( SECONDS - start < 20 )) || fail "it waited"
}

# The same without a daemon that runs.
test_cleanup() {
    daemon_stop
    ovs-netpold --bridge="$BRIDGE" --dir="$MANIFESTS" \
        --db="unix:$OVS_RUNDIR/db.sock" --cleanup -vconsole:off
    same "flows" "$(cat "$LAB/flows.before")" "$(flows)"
    same "table names" "{}" "$(ovs-vsctl get bridge "$BRIDGE" flow_tables)"
    daemon_start
    settle
    same "again" "$(cat "$LAB/flows.ours")" "$(flows)"
}
