#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# harness: runs one file of tests in the laboratory whose first process it is.
# Called by run.sh.
#
#   harness.sh FILE [FUNCTION...]
#
# The file's setup() is called once, then each test_*() in the order of the
# file, each in a shell of its own with "set -e".  Policies made with policy()
# go away after each test; pods and namespaces stay.  A WARN or ERR line in a
# log fails the test during which it appeared, unless log_allow() said so.
#
# What a test prints as "measured: ..." is shown even if it passes.
#
# Output: one "ok NAME", "not ok NAME" or "ok NAME # SKIP reason" per test, and
# lines that begin with "#".

set -u
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
# shellcheck source=tests/lib/netlab.sh
. "$here/../lib/netlab.sh"
# shellcheck source=tests/lib/shop.sh
. "$here/../lib/shop.sh"

FUNCTION_LIMIT=${FUNCTION_LIMIT:-60}    # Seconds.
OK_PATIENCE=4                   # Seconds to wait for what should pass.
DENIED_PATIENCE=0.3             # Seconds of silence that mean "denied".

# What tests call.

output=                         # Of exits().

# A NetworkPolicy manifest that goes away after the test.
policy() {
    manifest "policy-$1"
}

policy_delete() {
    manifest_delete "policy-$1"
}

skip() {
    echo "$*" > "$LAB/skip"
    exit 77
}

fail() {
    echo "$*"
    return 1
}

# log_allow REGEX REASON: such lines are expected during this test.
log_allow() {
    printf '%s\n' "$1" >> "$LAB/log.allowed"
}

# same WHAT WANT GOT
same() {
    [ "$2" = "$3" ] && return
    echo "$1: wanted (-) and got (+):"
    diff -U0 <(printf '%s\n' "$2") <(printf '%s\n' "$3") | tail -n +3
    return 1
}

# contains WHAT REGEX TEXT
contains() {
    grep -Eq -- "$2" <<< "$3" && return
    echo "$1: nothing matches \"$2\" in:"
    printf '%s\n' "$3"
    return 1
}

# lacks WHAT REGEX TEXT
lacks() {
    grep -Eq -- "$2" <<< "$3" || return 0
    echo "$1: something matches \"$2\" in:"
    printf '%s\n' "$3"
    return 1
}

# exits STATUS COMMAND...: its output goes to $output.
exits() {
    local want=$1 got=0
    shift
    output=$("$@" 2>&1) || got=$?
    [ "$want" = "$got" ] && return
    echo "$*: exit status $got, wanted $want"
    echo "$output"
    return 1
}

# What is at PATH in the JSON that is the standard input: json_at flows.0.id
json_at() {
    /usr/bin/python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value[int(key)] if isinstance(value, list) else value[key]
print(json.dumps(value) if isinstance(value, (dict, list)) else value)' "$1"
}

# One value of `ovs-netpol status -o json`: status switch.flow_mods
status() {
    ovs-netpol status -o json | json_at "$1"
}

# Flows without what changes by itself.
flows() {
    ovs-ofctl -O OpenFlow15 --no-names --no-stats dump-flows "$BRIDGE" "$@" |
        sort
}

# expect <<EOF: settles, then tries connections, all at once, over IPv4 and
# IPv6, and asks `ovs-netpol explain` about each.  Lines:
#
#   SRC -> DST PROTO/PORT[/SIZE][,...] ok|denied|closed
#
# SRC and DST are names, DST may be an address.  PROTO is tcp, udp, sctp (by
# ofproto/trace) or icmp (no PORT, but "icmp/0/SIZE"), followed by 4 or 6 for
# one family only.  "closed" is what passes but finds nobody listening.
expect() {
    settle
    expect_read
    expect_run
    expect_compare packets "$LAB/expect.got"
    expect_explain
    expect_compare explain "$LAB/expect.explained"
}

# The same without explain, for what explain does not know: faults, the past.
expect_packets() {
    expect_read
    expect_run
    expect_compare packets "$LAB/expect.got"
}

# The lines become $LAB/expect: SRC DST V PROTO PORT SIZE RESULT, one a probe.
expect_read() {
    local src arrow dst whats result what v IFS
    : > "$LAB/expect"
    while read -r src arrow dst whats result; do
        case $src:$arrow:$result in
        :*|\#*) continue ;;
        *:"->":?*) ;;
        *) fail "expect: cannot read: $src $arrow $dst $whats"
           return 1 ;;
        esac
        for what in ${whats//,/ }; do
            for v in $(expect_families "$dst" "${what%%/*}"); do
                expect_line "$src" "$dst" "$v" "$what" "$result"
            done
        done
    done >> "$LAB/expect"
}

expect_families() {
    case $1:$2 in
    *:*[46]) echo "v${2: -1}" ;;
    *:*:*) echo v6 ;;
    [0-9]*.*:*) echo v4 ;;
    *) echo v4 v6 ;;
    esac
}

expect_line() {
    local proto port size
    IFS=/ read -r proto port size <<< "$4"
    echo "$1" "$2" "$3" "${proto%[46]}" "${port:-0}" "${size:-8}" "$5"
}

# Prints the address of a name; addresses are their own.
address_of() {
    case $1 in
    *:*|[0-9]*.*.*.*) echo "$1" ;;
    *) host_get "$1" "$2" ;;
    esac
}

expect_run() {
    local n=0 src dst v proto port size result
    : > "$LAB/expect.probes"
    : > "$LAB/expect.answers"
    while read -r src dst v proto port size result; do
        n=$((n + 1))
        if [ "$proto" = sctp ]; then
            echo "$n $(trace "$src" "$dst" "$v" sctp "sctp_dst=$port")" \
                >> "$LAB/expect.answers"
            continue
        fi
        echo "$n" "$(host_get "$src" netns)" "$(host_get "$src" "$v")" \
            "$proto" "$(address_of "$dst" "$v")" "$port" \
            "$(expect_patience "$result")" "$size" >> "$LAB/expect.probes"
    done < "$LAB/expect"
    "$PROBE" run < "$LAB/expect.probes" >> "$LAB/expect.answers"
    sort -n "$LAB/expect.answers" | cut -d' ' -f2- > "$LAB/expect.got"
}

expect_patience() {
    case $1 in
    denied) echo "$DENIED_PATIENCE" ;;
    *) echo "$OK_PATIENCE" ;;
    esac
}

# trace SRC DST V PROTO MATCH: what ofproto/trace makes of a first packet: ok
# or denied.
trace() {
    local src dst flow
    src=$(address_of "$1" "$3")
    dst=$(address_of "$2" "$3")
    flow="in_port=$(ofport_of "$1"),dl_src=$(host_get "$1" mac)"
    flow+=",dl_dst=$(host_get "$2" mac)"
    case $3 in
    v4) flow+=",$4,nw_src=$src,nw_dst=$dst" ;;
    v6) flow+=",${4}6,ipv6_src=$src,ipv6_dst=$dst" ;;
    esac
    trace_raw "$flow,nw_ttl=64,$5"
}

# The whole trace stays in $LAB/trace.
trace_raw() {
    ovs-appctl -t ovs-vswitchd ofproto/trace "$BRIDGE" "$1" \
        --ct-next 'trk,new' --ct-next 'trk,new' > "$LAB/trace" || return
    # A copy for the daemon is not a way on.
    case $(sed -n '/^Datapath actions:/{s///
            s/sample([^()]*,actions(meter([0-9]*),userspace([^()]*controller([^()]*))))//
            p}' "$LAB/trace" | tail -n 1) in
    " "|" drop") echo denied ;;
    *) echo ok ;;
    esac
}

ofport_of() {
    if [ "$1" = node ]; then
        echo LOCAL
    else
        ovs-vsctl get interface "$(host_get "$1" dev)" ofport
    fi
}

expect_compare() {
    local src dst v proto port size result got text bad=0
    while read -r src dst v proto port size result &&
        read -r got text <&3; do
        if [ "$got" != "$result" ]; then
            echo "$1: $src -> $dst $proto/$port IP$v: wanted $result," \
                "got $got${text:+ ($text)}"
            bad=1
        elif [ "$got" = ok ] && [ -n "$text" ] && ! same_host "$text" "$dst"
        then
            echo "$1: $src -> $dst $proto/$port IP$v: answer from $text"
            bad=1
        fi
    done < "$LAB/expect" 3< "$2"
    return "$bad"
}

# Two names of one host?  (An address is whoever it is.)
same_host() {
    [ "$1" = "$2" ] || [ ! -e "$LAB/host/$2.env" ] ||
        [ "$(host_get "$1" netns)" = "$(host_get "$2" netns)" ]
}

# What explain says, in the words of the probes.
expect_explain() {
    local src dst v proto port size result
    while read -r src dst v proto port size result; do
        explain_one "$src" "$dst" "$v" "$proto" "$port" "$result"
    done < "$LAB/expect" > "$LAB/expect.explained"
}

explain_one() {
    local status=0 text
    text=$(ovs-netpol explain "$(explain_name "$1" "$3")" \
        "$(explain_target "$(address_of "$2" "$3")" "$4" "$5")" 2>&1) ||
        status=$?
    case $status:$6 in
    0:closed) echo closed ;;
    0:*) echo ok ;;
    1:*) echo denied ;;
    *) echo "error $(tr '\n' ' ' <<< "$text")" ;;
    esac
}

# The source is an address too, so that the family is the right one.
explain_name() {
    host_get "$1" "$2"
}

# ADDRESS PROTO PORT as explain wants it.
explain_target() {
    local address=$1
    [ "${address#*:}" = "$address" ] || address="[$address]"
    case $2 in
    icmp) echo "$address:icmp" ;;
    *) echo "$address:$3/${2^^}" ;;
    esac
}

# The logs.

# Lines that say nothing bad about us.
LOG_HARMLESS=(
    # The machine is busy: other laboratories run beside this one.
    '\|timeval(\(.*\))?\|WARN\|'
    '\|poll_loop(\(.*\))?\|'
    # There is no kernel datapath; dpctl says so whenever it is asked.
    '\|dpif\|WARN\|failed to enumerate system datapaths'
    # Of two threads that have the same packet one makes the datapath's flow.
    '\|ofproto_dpif_upcall(\(.*\))?\|WARN\|upcall_cb failure: ukey inst'
    # ovs-vsctl does not stay to hear of what we do about its change.
    '\|(jsonrpc|reconnect)\|WARN\|unix#[0-9]+: .*(Broken pipe|reset by peer)'
    # A daemon that stops or is killed does not hear all that the switch says.
    '\|rconn\|WARN\|.*<->unix#[0-9]+: connection dropped \((Broken|Conn.*reset)'
    # The bridges of laboratories are plain ones.
    '\|ports\|WARN\|bridge ".*" has fail_mode standalone'
    # We stopped the daemon while the switch was telling it of a packet.
    '\|rconn\|WARN\|br0<->unix#[0-9]+: connection dropped \(Connection reset'
    '\|rconn\|WARN\|br0<->unix#[0-9]+: connection dropped \(Broken pipe'
    # We stopped the switch while the daemon was telling it something.
    '\|vconn_stream\|ERR\|send: Broken pipe'
    # We told the daemon to stop.
    '\|fatal_signal(\(.*\))?\|WARN\|terminating with signal 15'
)

log_marks() {
    local f
    for f in "$LAB"/log/*; do
        wc -l < "$f" > "$LAB/mark.${f##*/}"
    done
    : > "$LAB/log.allowed"
}

# Prints what the logs got since log_marks() and should not have.
log_check() {
    local f mark bad=0
    for f in "$LAB"/log/*; do
        mark=$(cat "$LAB/mark.${f##*/}" 2>/dev/null || echo 0)
        tail -n "+$((mark + 1))" "$f" | log_suspicious "${f##*/}" && bad=1
    done
    return "$bad"
}

log_suspicious() {
    local lines pattern='\|(WARN|ERR|EMER)\|'
    # What a daemon or a helper prints rather than logs is never welcome.
    case $1 in
    *.log) ;;
    *) pattern=. ;;
    esac
    lines=$(grep -E -- "$pattern" |
        grep -Ev -f <(printf '%s\n' "${LOG_HARMLESS[@]}") |
        grep -Ev -f "$LAB/log.allowed")
    [ -n "$lines" ] || return
    printf '%s\n' "$lines" | sed "s/^/$1: /"
}

diagnose() {
    echo "--- status"
    timeout 5 ovs-netpol status 2>&1
    echo "--- manifests"
    ls "$MANIFESTS"
    echo "--- flows"
    timeout 5 ovs-ofctl --names --no-stats dump-flows "$BRIDGE" 2>&1 |
        cut -c1-150 | head -n 150
    echo "--- ovs-netpold.log"
    tail -n 30 "$NETPOLD_LOG" 2>&1
    tail -n 30 "$LAB/log/ovs-netpold.out" 2>&1
}

# Running them.

# Runs a function in a shell with "set -e", for at most FUNCTION_LIMIT seconds,
# and returns what it returns.
run_limited() {
    local status=0 pid dog finished
    sleep "$FUNCTION_LIMIT" &
    dog=$!
    ( set -e; "$1" ) > "$LAB/out" 2>&1 </dev/null &
    pid=$!
    wait -n -p finished "$pid" "$dog" || status=$?
    if [ "$finished" = "$dog" ]; then
        kill -KILL "$pid"
        wait "$pid" 2>/dev/null
        echo "took more than $FUNCTION_LIMIT seconds" >> "$LAB/out"
        return 1
    fi
    kill "$dog"
    wait "$dog" 2>/dev/null
    return "$status"
}

comment() {
    sed 's/^/#   /'
}

run_test() {
    local status
    log_marks
    # Not in a condition, where "set -e" would be ignored.
    run_limited "$1"
    status=$?
    if [ "$status" = 77 ]; then
        echo "ok $1 # SKIP $(cat "$LAB/skip")"
        return
    fi
    log_check >> "$LAB/out" || status=1
    sed -n 's/^measured: /# /p' "$LAB/out"
    if [ "$status" = 0 ]; then
        echo "ok $1"
    else
        echo "not ok $1"
        { cat "$LAB/out"; diagnose; } | comment
    fi
    rm -f "$MANIFESTS"/policy-*
    # So that the next test does not begin with what this one left.
    ovs-netpol wait --timeout=10 >/dev/null 2>&1
}

# The daemon ends cleanly, too.
run_end() {
    [ -e "$OVS_RUNDIR/ovs-netpold.pid" ] || return 0
    log_marks
    if ! { daemon_exit && log_check; } > "$LAB/out" 2>&1; then
        echo "# at the end:"
        comment < "$LAB/out"
        return 1
    fi
}

main() {
    local file=$1 function status
    shift
    # shellcheck disable=SC1090
    . "$file"
    lab_start || exit
    log_marks
    run_limited setup
    status=$?
    if [ "$status" != 0 ] || ! log_check >> "$LAB/out"; then
        { echo "setup failed"; cat "$LAB/out"; diagnose; } | comment
        exit 1
    fi
    for function; do
        run_test "$function"
    done
    run_end
}

setup() {
    :
}

main "$@"
