#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh: the end-to-end tests, with real packets through a real Open vSwitch.
#
#   tests/e2e/run.sh                    all of them
#   tests/e2e/run.sh ports icmp         test_ports.sh and test_icmp.sh
#   tests/e2e/run.sh ports:test_range   one function
#
# Needs root, for network namespaces; skips everything without it.  Each file
# runs in a laboratory of its own (tests/lib/netlab.sh), $JOBS at a time.  The
# programs come from $NETPOL_BUILD, by default .cache/build.  Prints TAP; the
# exit status is 0 if nothing failed.

set -u
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
# shellcheck source=tests/lib/netlab.sh
. "$here/../lib/netlab.sh"

JOBS=${JOBS:-$(nproc)}
names=()                        # Of the files, "ports".
declare -A wanted               # Functions by name.
declare -A pids                 # Of the laboratories by name.
number=0                        # Of the test printed last.
failed=0

functions_of() {
    sed -n 's/^\(test_[a-z0-9_]*\)().*/\1/p' "$here/test_$1.sh"
}

# Fills 'names' and 'wanted' from the command line.
choose() {
    local f
    if [ $# = 0 ]; then
        for f in "$here"/test_*.sh; do
            set -- "$@" "$f"
        done
    fi
    for f; do
        choose_one "${f%%:*}" "$f"
    done
}

# choose_one NAME-OR-PATH NAME-OR-PATH[:FUNCTION]
choose_one() {
    local name=${1##*/}
    name=${name#test_}
    name=${name%.sh}
    if [ ! -e "$here/test_$name.sh" ]; then
        echo "Bail out! no tests/e2e/test_$name.sh"
        exit 1
    fi
    [ -n "${wanted[$name]-}" ] || names+=("$name")
    if [ "$1" = "$2" ]; then
        wanted[$name]=$(functions_of "$name" | tr '\n' ' ')
    else
        wanted[$name]+=" ${2#*:}"
    fi
}

plan() {
    local name n=0
    for name in "${names[@]}"; do
        # shellcheck disable=SC2086
        set -- ${wanted[$name]}
        n=$((n + $#))
    done
    echo "1..$n"
}

# Prints why nothing can be tried here; fails if something can.
reason_to_skip() {
    local tool
    if [ "$(id -u)" != 0 ]; then
        echo "needs root, for network namespaces"
        return
    fi
    for tool in ovs-vswitchd ovsdb-server ovs-vsctl ip ethtool nsenter \
        unshare setpriv /usr/bin/python3; do
        if ! command -v "$tool" >/dev/null; then
            echo "needs $tool"
            return
        fi
    done
    if [ ! -e /dev/net/tun ]; then
        echo "needs /dev/net/tun"
    elif ! unshare -n -m -p --fork --mount-proc true 2>/dev/null; then
        echo "may not make namespaces"
    else
        return 1
    fi
}

skip_all() {
    local name function
    for name in "${names[@]}"; do
        for function in ${wanted[$name]}; do
            number=$((number + 1))
            echo "ok $number - $name: ${function#test_} # SKIP $1"
        done
    done
}

launch() {
    # shellcheck disable=SC2086
    setpriv --pdeathsig KILL -- \
        unshare -n -m -p --fork --kill-child --mount-proc -- \
        bash "$here/harness.sh" "$here/test_$1.sh" ${wanted[$1]} \
        > "$results/$1" 2>&1 </dev/null &
    pids[$1]=$!
}

is_running() {
    [ -n "${pids[$1]-}" ] && kill -0 "${pids[$1]}" 2>/dev/null
}

stop_all() {
    [ ${#pids[@]} = 0 ] || kill -KILL "${pids[@]}" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$results"
}

# The harness's lines get numbers; a test without a line has failed.
report() {
    local name=$1 line function status=0
    wait "${pids[$name]}" || status=$?
    while IFS= read -r line; do
        case $line in
        "ok test_"*) report_line ok "$name" "${line#ok }" ;;
        "not ok test_"*) report_line "not ok" "$name" "${line#not ok }" ;;
        "#"*) echo "$line" ;;
        *) echo "# $line" ;;
        esac
    done < "$results/$name"
    for function in ${wanted[$name]}; do
        grep -Eq "^(not )?ok $function( |\$)" "$results/$name" ||
            report_line "not ok" "$name" "$function"
    done
    if [ "$status" != 0 ]; then
        echo "# $name: exit status $status"
        failed=$((failed + 1))
    fi
}

report_line() {
    number=$((number + 1))
    echo "$1 $number - $2: ${3#test_}"
    [ "$1" = ok ] || failed=$((failed + 1))
}

# At most JOBS at a time; the reports come in order.
run_all() {
    local next=0 done=0 name
    while (( done < ${#names[@]} )); do
        while (( next < ${#names[@]} )) && (( $(jobs -rp | wc -l) < JOBS )); do
            launch "${names[next++]}"
        done
        name=${names[done]}
        if is_running "$name"; then
            wait -n
        else
            report "$name"
            done=$((done + 1))
        fi
    done
}

choose "$@"
plan
if reason=$(reason_to_skip); then
    skip_all "$reason"
    exit 0
fi
if [ ! -x "$NETPOL_BUILD/ovs-netpold" ] || [ ! -x "$NETPOL_BUILD/ovs-netpol" ]
then
    echo "Bail out! no ovs-netpold and ovs-netpol in $NETPOL_BUILD"
    exit 1
fi
results=$(mktemp -d)
trap 'stop_all; exit 130' INT
trap 'stop_all; exit 143' TERM HUP
run_all
rm -rf "$results"
echo "# $number tests, $failed failed"
[ "$failed" = 0 ]
