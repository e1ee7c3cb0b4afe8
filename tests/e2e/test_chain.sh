# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# attach: chain.  The bridge has a pipeline of the administrator's own, which
# sends packets to our table Entry and gets what is allowed back in a table of
# its choice.
#
# Theirs:  0 classify -> Entry ... Output -> 10 acl -> 20 forward (NORMAL)
# They fill every register, ours with rubbish, and rely on theirs.

ENTRY=58

setup() {
    admin_flows
    small_shop
    outside world 203.0.113.10/24 2001:db8:1::10/64
    serve shop/web tcp:80
    serve_wait
    chain --next-table=10
}

# Their flows; rubbish has all bits that mean something to us.
admin_flows() {
    local rubbish="" i
    for i in 0 1 2 3 4 5 6 7 8; do
        rubbish+="set_field:0xffffffff->reg$i,"
    done
    ovs-ofctl -O OpenFlow15 --bundle replace-flows "$BRIDGE" - <<END
cookie=0xad,table=0,priority=10 actions=${rubbish}set_field:7->reg9,set_field:8->reg15,set_field:5->metadata,resubmit(,$ENTRY)
cookie=0xad,table=10,priority=10,ct_state=-trk,metadata=5,reg0=0,reg1=0,reg2=0,reg3=0,reg4=0,reg5=0,reg6=0,reg7=0,reg8=0,reg9=7,reg15=8 actions=resubmit(,20)
cookie=0xad,table=11,priority=10,reg9=7 actions=resubmit(,20)
cookie=0xad,table=20,priority=10 actions=NORMAL
END
}

chain() {
    daemon_start --attach=chain "$@"
    settle
}

works() {
    expect <<END
shop/web -> shop/db tcp/5432 ok
shop/web -> shop/db tcp/80,icmp denied
shop/db -> shop/web tcp/80,icmp ok
world -> shop/web tcp/80 ok
world -> shop/db tcp/5432 denied
node -> shop/db tcp/80 ok
END
}

ours() {
    flows "cookie=0x6e70000000000000/0xffff000000000000"
}

theirs() {
    flows "cookie=0xad/-1"
}

# goes_to TABLE: where our Output sends packets.
goes_to() {
    contains "way on" "resubmit\(,$1\)" "$(flows table=56)"
}

# The daemon corrects names while ovs-vsctl, which changed them, ends.
allow_vsctl_to_end() {
    log_allow '\|(jsonrpc|reconnect)\|WARN\|unix#.*Broken pipe' \
        "ovs-vsctl does not wait for all news"
}

# gives_table NAME NUMBER: in the database.
gives_table() {
    ovs-vsctl -- --id=@t create Flow_Table "name=$1" -- \
        set bridge "$BRIDGE" "flow_tables:$2=@t"
}

test_number() {
    works
    exits 0 ovs-netpol verify
    goes_to 10
    lacks "table 0" "table=0|^ *cookie=0x6e70[0-9a-f]*, priority" "$(ours)"
    same "their flows" 4 "$(theirs | wc -l)"
    same "attach" chain "$(status switch.attach)"
    same "entry" "$ENTRY" "$(status switch.entryTable)"
    same "next" 10 "$(status switch.nextTable)"
    contains "status" "attach +chain, from table $ENTRY \(Entry\) on to table 10" \
        "$(ovs-netpol status)"
}

# They may call our table by its name.
test_entry_by_name() {
    ovs-ofctl -O OpenFlow15 --names mod-flows "$BRIDGE" \
        "table=0 actions=set_field:7->reg9,set_field:8->reg15,set_field:5->metadata,resubmit(,Entry)"
    works
    admin_table_0
}

# Their table 0 as it was, with ours left alone.
admin_table_0() {
    ovs-ofctl -O OpenFlow15 mod-flows "$BRIDGE" \
        "table=0 actions=set_field:7->reg9,set_field:8->reg15,set_field:5->metadata,resubmit(,${1:-$ENTRY})"
}

test_restart() {
    daemon_stop
    expect_packets <<< "shop/web -> shop/db tcp/5432 ok"
    expect_packets <<< "shop/web -> shop/db tcp/80 denied"
    chain --next-table=10
    same "flow_mods" 0 "$(status switch.flowMods)"
    works
}

# A name: known from the start, moved, taken away, given back.
test_name() {
    daemon_stop
    gives_table acl 10
    chain --next-table=acl
    allow_vsctl_to_end
    same "flow_mods" 0 "$(status switch.flowMods)"
    works
    ovs-vsctl remove bridge "$BRIDGE" flow_tables 10
    log_allow 'next-table: bridge br0 has no table' "the name is gone"
    ovs-netpol wait --timeout=10
    goes_to 10
    works
    gives_table acl 11
    settle
    goes_to 11
    works
    ovs-vsctl remove bridge "$BRIDGE" flow_tables 11
}

# While the name is not there, what was in force stays so.
test_name_comes_later() {
    daemon_stop
    allow_vsctl_to_end
    log_allow 'next-table: bridge br0 has no table' "it comes later"
    log_allow 'next-table: "later" is table 45' "it is a mistake first"
    daemon_start --attach=chain --next-table=later
    exits 1 ovs-netpol wait --timeout=1
    contains "reason" "no table, or more than one, with the name \"later\"" \
        "$output"
    contains "status" 'table "later", which is not there' \
        "$(ovs-netpol status)"
    expect_packets <<< "shop/web -> shop/db tcp/5432 ok"
    expect_packets <<< "shop/web -> shop/db tcp/80 denied"
    ovs-vsctl set flow_table "$(ovs-vsctl get bridge "$BRIDGE" \
        flow_tables:45)" name=later external_ids={}
    exits 1 ovs-netpol wait --timeout=1
    contains "reason" "\"later\" is table 45, which cannot" "$output"
    ovs-vsctl remove bridge "$BRIDGE" flow_tables 45
    gives_table later 10
    settle
    goes_to 10
    works
    ovs-vsctl remove bridge "$BRIDGE" flow_tables 10
}

# From one way of attaching to the other and back, in one bundle each.
test_hook_and_back() {
    log_allow 'flows of others use reg0, where our guard bit is' \
        "they do, and need not care while there is no hook"
    log_allow 'over max translation depth' \
        "a packet meanwhile goes round from their table 0 to our hook"
    daemon_stop
    daemon_start
    settle
    contains "hook" "priority=65500" "$(ours)"
    contains "output" "resubmit\(,0\)" "$(flows table=56)"
    daemon_stop
    chain --next-table=10
    lacks "hook" "priority=65500" "$(ours)"
    works
}

# Without us their table 0 has to go on by itself.
test_flush() {
    local before
    before=$(theirs)
    ovs-netpol flush
    until_ok 10 test ! -e "$OVS_RUNDIR/ovs-netpold.pid"
    same "our flows" "" "$(ours | grep 0x6e70 || true)"
    same "their flows" "$before" "$(theirs)"
    expect_packets <<< "shop/db -> shop/web tcp/80 denied"
    admin_table_0 20
    expect_packets <<< "shop/web -> shop/db tcp/80 ok"
    chain --next-table=10
    admin_table_0
    works
    ovs-netpol flush
    until_ok 10 test ! -e "$OVS_RUNDIR/ovs-netpold.pid"
    chain --next-table=10
}

# refused MESSAGE OPTION...
refused() {
    local message=$1
    shift
    exits 1 ovs-netpold --bridge="$BRIDGE" --dir="$MANIFESTS" "$@"
    contains "message" "$message" "$output"
}

test_refused() {
    refused "attach=chain needs --next-table" --attach=chain
    refused "goes with --attach=chain only" --next-table=10
    refused "\"both\" is not \"hook\", \"chain\" or \"normal\"" --attach=both
    refused "45 is one of our tables, 40 to 59" --attach=chain --next-table=45
    refused "\"Entry\" is one of our tables" --attach=chain --next-table=Entry
    refused "\"0\" is not a number from 1 to 253" --attach=chain \
        --next-table=0
    cat > "$LAB/config.yaml" <<END
attach: chain
next-table: 300
END
    refused "config.yaml:2:13: next-table: \"300\" is not a number" \
        --config="$LAB/config.yaml"
}
