# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What others do to our flows, and how soon it is undone.

setup() {
    small_shop
    pod shop/api labels=app=api
    ovs-ofctl add-flows "$BRIDGE" - <<END
cookie=0x1,table=0,priority=10,ip,nw_dst=192.0.2.1,actions=drop
cookie=0x2,table=200,priority=1,actions=NORMAL
END
    daemon_start
    settle
    flows > "$LAB/flows.want"
    same "watched" True "$(status switch.watched)"
}

all_is_well() {
    expect <<END
shop/web -> shop/db tcp/5432 ok
shop/web -> shop/db tcp/80 denied
shop/api -> shop/db tcp/5432,icmp denied
END
}

is_back() {
    cmp -s <(flows) "$LAB/flows.want"
}

# Hundredths of a second, for a machine that is busy with other tests; no sleep
# in between.
DEADLINE=200

now() {
    echo $((${EPOCHREALTIME/./} / 10000))
}

# tampered COMMAND...: runs it; all is as it was, soon, and was noticed.
tampered() {
    local before repaired start
    before=$(status switch.tampered)
    repaired=$(status switch.repairs)
    start=$(now)
    "$@"
    until is_back; do
        if (( $(now) - start > DEADLINE )); then
            same "flows" "$(cat "$LAB/flows.want")" "$(flows)"
            return 1
        fi
    done
    until_ok 10 counted "$before" "$repaired"
    all_is_well
}

counted() {
    (( $(status switch.tampered) > $1 && $(status switch.repairs) > $2 ))
}

allow_tampering() {
    log_allow '\|bridge\|WARN\|.* of our flows were deleted or changed' \
        "they were"
    log_allow '\|bridge\|WARN\|Dropped [0-9]+ log messages' "often"
}

test_delete_all_of_ours() {
    allow_tampering
    tampered ovs-ofctl del-flows "$BRIDGE" \
        "cookie=0x6e70000000000000/0xffff000000000000"
}

# As another agent does who cleans up after a pod, in every table.
test_delete_by_address() {
    allow_tampering
    tampered ovs-ofctl del-flows "$BRIDGE" \
        "ip,nw_src=$(host_get shop/api v4)"
    tampered ovs-ofctl del-flows "$BRIDGE" "in_port=$(ofport_of shop/db)"
}

test_delete_hook() {
    allow_tampering
    tampered ovs-ofctl del-flows "$BRIDGE" \
        "table=0,cookie=0x6e70000000000000/0xffff000000000000"
}

test_modify() {
    allow_tampering
    tampered ovs-ofctl mod-flows "$BRIDGE" "table=47,actions=NORMAL"
    tampered ovs-ofctl mod-flows "$BRIDGE" \
        "table=0,cookie=0x6e70000000000000/0xffff000000000000,actions=NORMAL"
}

# Our cookie does not make it ours.
test_add_with_our_cookie() {
    allow_tampering
    tampered ovs-ofctl add-flow "$BRIDGE" \
        "cookie=0x6e70000000000001,table=45,priority=60000,actions=NORMAL"
}

test_add_in_our_tables() {
    local before
    log_allow '\|bridge_watch\|WARN\|removing a flow of somebody else' \
        "there is one"
    before=$(status switch.foreign)
    ovs-ofctl add-flow "$BRIDGE" \
        "cookie=0x9,table=45,priority=60000,actions=NORMAL"
    until_ok 5 is_back
    ovs-ofctl add-flow "$BRIDGE" "table=40,priority=2,actions=NORMAL"
    until_ok 5 is_back
    same "flows of others" $((before + 2)) "$(status switch.foreign)"
    contains "log" 'somebody else.*cookie=0x9,table=45' "$(cat "$NETPOLD_LOG")"
    all_is_well
}

# Somebody's flow takes the place of ours: same match, same priority.
test_take_over() {
    allow_tampering
    tampered ovs-ofctl add-flow "$BRIDGE" \
        "cookie=0x9,table=0,priority=65500,reg0=0/1,actions=NORMAL"
    tampered ovs-ofctl add-flow "$BRIDGE" \
        "cookie=0x9,table=47,priority=0,actions=NORMAL"
    same "theirs" 0 "$(flows cookie=0x9/-1 | grep -c cookie=0x9)"
}

# However often they do it, the log does not grow with it, and the counters
# do.
test_log_is_limited() {
    local before tampered
    allow_tampering
    before=$(grep -c 'bridge|WARN' "$NETPOLD_LOG")
    tampered=$(status switch.tampered)
    for _ in {1..30}; do
        ovs-ofctl del-flows "$BRIDGE" \
            "table=47,cookie=0x6e70000000000000/0xffff000000000000"
        until_ok 5 is_back
    done
    all_is_well
    (( $(status switch.tampered) >= tampered + 30 ))
    (( $(grep -c 'bridge|WARN' "$NETPOLD_LOG") <= before + 12 ))
}

test_foreign_flows_elsewhere() {
    local mods tampered
    mods=$(status switch.flowMods)
    tampered=$(status switch.tampered)
    ovs-ofctl add-flow "$BRIDGE" "cookie=0x3,table=201,actions=drop"
    ovs-ofctl add-flow "$BRIDGE" \
        "cookie=0x3,table=0,priority=11,ip,nw_dst=192.0.2.2,actions=drop"
    ovs-ofctl mod-flows "$BRIDGE" "cookie=0x3/-1,actions=NORMAL"
    all_is_well
    same "foreign flows" 2 "$(flows cookie=0x3/-1 | grep -c cookie=0x3)"
    ovs-ofctl del-flows "$BRIDGE" "cookie=0x3/-1"
    settle
    is_back
    same "flow_mods" "$mods" "$(status switch.flowMods)"
    same "tampered" "$tampered" "$(status switch.tampered)"
}

# A packet each 5 ms, none of which may pass, while the hook is deleted four
# times: those that do tell for how long the way was open.
test_window() {
    local pid received
    allow_tampering
    inside shop/api ping -q -i 0.005 -c 400 -W 1 "$(host_get shop/db v4)" \
        > "$LAB/ping" 2>&1 &
    pid=$!
    for _ in 1 2 3 4; do
        ovs-ofctl del-flows "$BRIDGE" \
            "table=0,cookie=0x6e70000000000000/0xffff000000000000"
        until_ok 5 is_back
    done
    wait "$pid" || :
    received=$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "$LAB/ping")
    echo "$received of 400 packets passed"
    [ "$received" -le $((4 * 100 / 5)) ]
    contains "ping" '^400 packets transmitted' "$(cat "$LAB/ping")"
    all_is_well

    # They would pass if nobody put it back.
    daemon_stop
    ovs-ofctl del-flows "$BRIDGE" \
        "table=0,cookie=0x6e70000000000000/0xffff000000000000"
    inside shop/api ping -q -c 1 -W 5 "$(host_get shop/db v4)"
    daemon_start
    all_is_well
}
