#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# soak: a daemon and a switch for a long time, with everything happening to
# them.
#
#   tests/e2e/soak.sh [SECONDS [SEED]]      an hour of a random seed
#
# Needs root; the programs come from $NETPOL_BUILD, by default .cache/build.
# With $NETPOL_SOAK_HEAP not empty the daemon runs in valgrind.
# The seed, which is printed, decides what happens (tests/lib/soak.py): pods,
# namespaces and policies come, change and go, interfaces are plugged and
# unplugged, somebody adds, changes and deletes flows in our tables, the switch
# starts anew without flows.  In the first fifth and the last tenth of the time
# the daemon, too, is stopped or killed, and comes back later; in between one
# daemon lives through it all.
#
# After every few rounds `ovs-netpol verify` proves that the flows of the
# switch do what the policies say.  Then all that was random goes: a few
# connections are tried, the flows are those of the beginning, the daemon knows
# as many objects of each sort as then (memory/show), and has as many
# descriptors as before.  From the first such calm moment of the
# long life to its end the daemon's resident memory must not grow by more than
# a tenth and a megabyte.  In valgrind, which sees each block, it must have no
# more than a few blocks more.

set -u
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
if [ -n "${NETPOL_SOAK_HEAP-}" ] && [ "${BASH_SOURCE[0]}" != "$0" ]; then
    # shellcheck source=tests/lib/heap.sh
    . "$here/../lib/heap.sh"
    heap_watch
fi

ROUNDS=40                       # From one calm moment to the next.

setup() {
    small_shop
    ns shop team=a
    pod shop/api labels=app=api
    back
    settle
    flows > "$LAB/flows.calm"
    objects > "$LAB/objects.calm"
}

all_is_well() {
    expect_packets <<END
shop/web -> shop/db tcp/5432 ok
shop/web -> shop/db tcp/80 denied
shop/api -> shop/db tcp/5432,icmp denied
END
}

allow_what_happens() {
    log_allow '\|dir\|WARN\|.*soak-' "some manifests are bad"
    log_allow '\|dir\|WARN\|.*too many' "and many"
    log_allow '\|bridge\|WARN\|.* of our flows were deleted or changed' \
        "they were"
    log_allow '\|bridge_(watch|readback)\|WARN\|.*of somebody else' \
        "there are some"
    log_allow '\|WARN\|Dropped [0-9]+ log messages' "often"
    log_allow '\|(rconn|vconn_stream|stream|bridge[a-z_]*|audit_link)\|' \
        "the switch is away"
    log_allow '\|(reconnect|jsonrpc|ovsdb_cs|ovsdb_idl)\|' \
        "the daemon was away"
}

# What happens, by the names in soak.py.  'step' counts the changes of a round.

declare -A times                # Of each action.
changes=0

change() {
    local n
    n=$("$here/../lib/soak.py" change "$SOAK_SEED" "$round" "$step" \
        "$MANIFESTS")
    changes=$((changes + n))
    step=$((step + 1))
}

plug() {
    [ -e "$LAB/host/shop/soak-$1.env" ] ||
        pod "shop/soak-$1" "ip=$((100 + $1))" "labels=app=api,tier=back"
}

unplug() {
    [ ! -e "$LAB/host/shop/soak-$1.env" ] || pod_delete "shop/soak-$1"
}

tamper() {
    local ours=cookie=0x6e70000000000000/0xffff000000000000
    case $1 in
    delete-all) ovs-ofctl del-flows "$BRIDGE" "$ours" ;;
    delete-hook) ovs-ofctl del-flows "$BRIDGE" "table=0,$ours" ;;
    delete-table) ovs-ofctl del-flows "$BRIDGE" "table=47,$ours" ;;
    delete-address) ovs-ofctl del-flows "$BRIDGE" \
        "ip,nw_dst=$(host_get shop/db v4)" ;;
    modify) ovs-ofctl mod-flows "$BRIDGE" "table=47,actions=NORMAL" ;;
    add-ours) ovs-ofctl add-flow "$BRIDGE" \
        "cookie=0x6e70000000000001,table=45,priority=60000,actions=NORMAL" ;;
    add-theirs) ovs-ofctl add-flow "$BRIDGE" \
        "cookie=0x9,table=45,priority=60000,actions=NORMAL" ;;
    take-over) ovs-ofctl add-flow "$BRIDGE" \
        "cookie=0x9,table=47,priority=0,actions=NORMAL" ;;
    esac
}

switch_restart() {
    local before=
    [ -n "$is_away" ] || before=$(status switch.connections)
    ovs_switch_restart
    [ -n "$is_away" ] || until_ok 30 reconnected_since "$before"
}

reconnected_since() {
    [ "$(status switch.connections)" -gt "$1" ]
}

daemon_kill() {
    local pid
    pid=$(daemon_pid)
    disown "$pid" 2>/dev/null || :   # Nobody need say that it was killed.
    kill -KILL "$pid"
    until_ok 10 process_is_gone "$pid"
}

away() {
    "daemon_$1"
    is_away=yes
}

# After a restart of the switch there may be flows of others in our tables and
# none of ours, a bridge that a daemon does not take by itself.
back() {
    daemon_start --state-dir="$LAB/state" --force
    is_away=
}

daemon_pid() {
    cat "$OVS_RUNDIR/ovs-netpold.pid"
}

play_round() {
    local action argument step=0
    is_away=
    while read -r action argument; do
        times[$action]=$((${times[$action]:-0} + 1))
        # shellcheck disable=SC2086
        "$action" $argument
    done < <("$here/../lib/soak.py" plan "$SOAK_SEED" "$round" "$1")
}

# Calm moments.

is_proved() {
    ovs-netpol verify > "$LAB/verify" 2>&1 && grep -q '^Proved: ' "$LAB/verify"
}

verify() {
    local n
    settle
    until_ok 20 is_proved || { cat "$LAB/verify"; return 1; }
    proofs=$((proofs + 1))
    n=$(flows | wc -l)
    most_flows=$((n > most_flows ? n : most_flows))
}

calm() {
    local i
    rm -f "$MANIFESTS"/soak-*
    for i in 0 1 2 3; do
        unplug "$i"
    done
    settle
    until_ok 20 flows_are_calm ||
        same "flows" "$(cat "$LAB/flows.calm")" "$(flows)"
    same "objects" "$(cat "$LAB/objects.calm")" "$(objects)"
    all_is_well
}

# How many the daemon knows of each sort; of what passed it knows more or less.
objects() {
    ovs-appctl -t ovs-netpold memory/show | tr ' ' '\n' |
        grep -v -e '^denied-packets:' -e '^counted-flows:'
}

flows_are_calm() {
    cmp -s <(flows) "$LAB/flows.calm"
}

descriptors() {
    find "/proc/$(daemon_pid)/fd" -type l | wc -l
}

has_descriptors() {
    [ "$(descriptors)" = "$1" ]
}

# Resident memory in kB, or blocks of the heap.
memory() {
    if [ -z "${NETPOL_SOAK_HEAP-}" ]; then
        awk '/^VmRSS:/ { print $2 }' "/proc/$(daemon_pid)/status"
    else
        heap_count "$(daemon_pid)"
    fi
}

# How much it may be in the end, by how much it was.  Blocks come and go with
# idle connections and what has counted packets.
memory_bound() {
    if [ -z "${NETPOL_SOAK_HEAP-}" ]; then
        echo $(($1 + $1 / 10 + 1024))
    else
        echo $(($1 + 50))
    fi
}

# Of one life of the daemon: 'life' is its pid, then what its first calm moment
# saw, and what all have seen.
watch_daemon() {
    local now
    if [ "$life" != "$(daemon_pid)" ]; then
        life=$(daemon_pid)
        life_descriptors=$(descriptors)
        seen=()
    fi
    until_ok 5 has_descriptors "$life_descriptors" ||
        fail "descriptors: $life_descriptors, then $(descriptors)"
    now=$(memory)       # Last: valgrind opens and closes some meanwhile.
    seen+=("$now")
    echo "round $round, $SECONDS s: memory $now, $life_descriptors descriptors"
}

check_memory() {
    local i n=${#seen[@]} some="" bound what=${NETPOL_SOAK_HEAP:+blocks}
    bound=$(memory_bound "${seen[0]}")
    for ((i = 0; i < n - 1; i += (n + 9) / 10)); do
        some+="${seen[i]} "
    done
    echo "measured: one daemon for $((SECONDS - life_start)) s:" \
        "${what:-resident kB} at calm moments $some${seen[-1]}" \
        "(bound $bound), $life_descriptors descriptors"
    [ "${seen[-1]}" -le "$bound" ] && return
    [ -z "${NETPOL_SOAK_HEAP-}" ] || cat "$HEAP_GROWTH"
    fail "memory: ${seen[-1]}"
}

report() {
    local action text=""
    for action in $(printf '%s\n' "${!times[@]}" | sort); do
        text+=", ${times[$action]} $action"
    done
    echo "measured: seed $SOAK_SEED: $round rounds, $changes changed" \
        "manifests$text"
    echo "measured: $proofs proofs, at most $most_flows flows"
}

# As many denied packets as the daemon remembers, a thousand: after that they
# take no more memory.  100 in a second, and 200 at once, are reported.
fill_records() {
    inside shop/api ping -q -i 0.005 -c 2600 -W 1 "$(host_get shop/db v4)" \
        > "$LAB/ping" || :
    contains "status" '^denied +[0-9]{4} dropped' "$(ovs-netpol status)"
}

# play_until SECONDS [restarts]: rounds, each few with a proof and a calm end.
play_until() {
    local i
    while (( SECONDS < $1 )); do
        for ((i = 0; i < ROUNDS; i++)); do
            play_round "${2-}"
            round=$((round + 1))
        done
        verify
        calm
        watch_daemon
    done
}

test_soak() {
    local round=0 proofs=0 most_flows=0 life="" life_descriptors=0 \
        life_start is_away="" seen=()
    SECONDS=0
    allow_what_happens
    play_until $((SOAK_SECONDS / 5)) restarts
    # From here on one daemon; its first calm moment is when it is warm.
    life=""
    fill_records
    life_start=$SECONDS
    play_until $((SOAK_SECONDS * 9 / 10))
    check_memory
    play_until "$SOAK_SECONDS" restarts

    # What is in the switch is what a daemon that knows nothing would want.
    daemon_stop
    back
    settle
    same "flow_mods after a restart" 0 "$(status switch.flowMods)"
    exits 0 ovs-netpol verify
    report
}

# Sourced by harness.sh: that was all.
[ "${BASH_SOURCE[0]}" = "$0" ] || return 0

seconds=${1:-3600}
export SOAK_SECONDS=$seconds SOAK_SEED=${2:-$RANDOM$RANDOM}
export FUNCTION_LIMIT=$((seconds + 600))
if [ "$(id -u)" != 0 ]; then
    echo "1..0 # SKIP needs root, for network namespaces"
    exit 0
fi
echo "# $seconds seconds, seed $SOAK_SEED"
# shellcheck source=tests/lib/netlab.sh
. "$here/../lib/netlab.sh"
said=$(lab_enter bash "$here/harness.sh" "$here/soak.sh" test_soak)
printf '%s\n' "$said"
grep -q '^ok test_soak' <<< "$said"
