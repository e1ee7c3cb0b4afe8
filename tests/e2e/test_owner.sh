# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Bridges that somebody else programs, and what clashes.

setup() {
    small_shop naming=port
    # What a bridge of ours may have: a tunnel, flows of its administrator.
    ovs-vsctl add-port "$BRIDGE" vx0 -- \
        set interface vx0 type=vxlan options:remote_ip=flow options:key=flow
    ovs-ofctl add-flow "$BRIDGE" \
        "table=0,priority=10,ip,nw_dst=192.0.2.1,actions=drop"
    flows > "$LAB/flows.before"
    db_dump > "$LAB/db.before"
}

# What the database has of the bridge but for the barrier of `wait`.
db_dump() {
    ovs-vsctl --columns=flow_tables,fail_mode list bridge "$BRIDGE"
    ovs-vsctl list flow_table
}

allow_refusal() {
    log_allow '\|agent_survey\|ERR\|not touching the bridge' "somebody is there"
}

is_barred() {
    [ "$(status switch.state)" = barred ]
}

# refused REGEX: the daemon says who it is and has touched nothing; --force
# overrides that.
refused() {
    allow_refusal
    daemon_start
    until_ok 10 is_barred
    contains "error" "$1" "$(status switch.error)"
    contains "log" "not touching the bridge: .*$1" "$(cat "$NETPOLD_LOG")"
    exits 1 ovs-netpol wait --timeout=1
    contains "wait" "$1" "$output"
    exits 1 ovs-netpol doctor
    contains "doctor" '^bad +connection +not touching the bridge: ' "$output"
    lacks "flows of ours" cookie=0x6e70 "$(flows)"
    same "flow_mods" 0 "$(status switch.flowMods)"
    same "database" "$(cat "$LAB/db.before")" "$(db_dump)"
    daemon_stop

    log_allow '\|agent_survey\|WARN\|the bridge is programmed by' "it is"
    daemon_start --force
    small_shop_works
    contains "clashes" "$1" "$(status clashes)"
    daemon_stop
    ovs-netpold --cleanup --bridge="$BRIDGE" --db="unix:$OVS_RUNDIR/db.sock" \
        --no-chdir -vconsole:off
    lacks "flows of ours" cookie=0x6e70 "$(flows)"
}

test_nobody() {
    daemon_start
    small_shop_works
    same "clashes" "[]" "$(status clashes)"
    daemon_stop
    ovs-netpold --cleanup --bridge="$BRIDGE" --db="unix:$OVS_RUNDIR/db.sock" \
        --no-chdir -vconsole:off
    same "flows" "$(cat "$LAB/flows.before")" "$(flows)"
}

test_ovn() {
    ovs-vsctl set bridge "$BRIDGE" external_ids:ct-zone-lsp1=7
    refused "OVN \(external_ids:ct-zone-lsp1 of bridge $BRIDGE\)"
    ovs-vsctl remove bridge "$BRIDGE" external_ids ct-zone-lsp1
    ovs-vsctl set open_vswitch . external_ids:ovn-remote=tcp:192.0.2.1:6642 \
        external_ids:ovn-bridge="$BRIDGE"
    refused "OVN \(.*ovn-remote"
    ovs-vsctl remove open_vswitch . external_ids ovn-remote -- \
        remove open_vswitch . external_ids ovn-bridge
}

test_ovn_kubernetes() {
    ovs-ofctl add-flow "$BRIDGE" \
        "cookie=0xdeff105,table=0,priority=9,ip,nw_dst=192.0.2.2,actions=drop"
    refused "ovn-kubernetes \(flow cookie=0xdeff105"
    ovs-ofctl del-flows "$BRIDGE" "cookie=0xdeff105/-1"
}

test_antrea() {
    ovs-vsctl set bridge "$BRIDGE" external_ids:roundNum=5
    refused "Antrea \(external_ids:roundNum"
    ovs-vsctl remove bridge "$BRIDGE" external_ids roundNum
    ovs-vsctl add-port "$BRIDGE" antrea-gw0 -- \
        set interface antrea-gw0 type=internal
    refused "Antrea \(port antrea-gw0\)"
    ovs-vsctl del-port "$BRIDGE" antrea-gw0
}

test_openshift_sdn() {
    ovs-ofctl add-flow "$BRIDGE" "table=253,actions=note:02.0B"
    refused "openshift-sdn \(flow .*table=253"
    ovs-ofctl del-flows "$BRIDGE" table=253
}

test_neutron() {
    ovs-vsctl set port vx0 other_config:net_uuid=6a6b
    refused "Neutron \(other_config:net_uuid of port vx0\)"
    ovs-vsctl remove port vx0 other_config net_uuid
    ovs-ofctl add-flow "$BRIDGE" "cookie=0x77,table=23,priority=0,actions=drop"
    ovs-ofctl add-flow "$BRIDGE" \
        "cookie=0x77,table=60,priority=3,actions=NORMAL"
    refused "Neutron \(flow .*table=60" --table-base=100
    ovs-ofctl del-flows "$BRIDGE" "cookie=0x77/-1"
}

# The owner goes, and we go on without a restart.
test_owner_goes() {
    allow_refusal
    ovs-vsctl set bridge "$BRIDGE" external_ids:roundNum=5
    daemon_start
    until_ok 10 is_barred
    ovs-vsctl remove bridge "$BRIDGE" external_ids roundNum
    small_shop_works
    same "error" None "$(status switch.error)"

    # One that comes later is told of, not yielded to.
    log_allow '\|agent_survey\|WARN\|the bridge is programmed by' "it is"
    ovs-vsctl set bridge "$BRIDGE" external_ids:roundNum=6
    small_shop_works
    ovs-vsctl remove bridge "$BRIDGE" external_ids roundNum
    daemon_stop
}

# We are new: whoever has the tables may keep them.  Later we were there
# first.
test_our_tables() {
    allow_refusal
    ovs-netpold --cleanup --bridge="$BRIDGE" --db="unix:$OVS_RUNDIR/db.sock" \
        --no-chdir -vconsole:off
    ovs-ofctl add-flow "$BRIDGE" "cookie=0x8,table=47,actions=NORMAL"
    daemon_start
    until_ok 10 is_barred
    contains "error" 'our tables 40 to .*: 1, the first: cookie=0x8,table=47' \
        "$(status switch.error)"
    daemon_stop
    daemon_start --table-base=100
    small_shop_works
    same "theirs" 1 "$(flows cookie=0x8/-1 | grep -c cookie=0x8)"
    daemon_stop

    log_allow '\|bridge_readback\|WARN\|.* removing 1 flows of somebody else' \
        "there is one"
    daemon_start
    small_shop_works
    same "theirs" 0 "$(flows cookie=0x8/-1 | grep -c cookie=0x8)"
    same "foreign" 1 "$(status switch.foreign)"
    daemon_stop
}

test_clashes() {
    local kind
    log_allow '\|agent_survey\|WARN\|flows of others' "there are"
    ovs-ofctl add-flows "$BRIDGE" - <<END
cookie=0x9,table=0,priority=65535,ip,nw_dst=192.0.2.9,actions=drop
cookie=0x9,table=200,ip,nw_dst=192.0.2.9,actions=ct(zone=40,table=201)
cookie=0x9,table=201,reg0=7,actions=drop
END
    daemon_start
    small_shop_works
    for kind in hook zone register; do
        contains "clashes" "\"kind\": \"$kind\"" "$(status clashes)"
    done
    contains "text" '^clashes +3$' "$(ovs-netpol status)"
    contains "text" 'before ours in table 0.*priority=65535' \
        "$(ovs-netpol status)"
    same "logged once" 3 \
        "$(grep -c 'agent_survey|WARN|flows of others' "$NETPOLD_LOG")"
    daemon_stop
    ovs-ofctl del-flows "$BRIDGE" "cookie=0x9/-1"
    daemon_start --zone=41
    small_shop_works
    same "clashes" "[]" "$(status clashes)"
    daemon_stop
}
