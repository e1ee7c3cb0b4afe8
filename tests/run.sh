#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds everything and runs every test, or the parts that are named.
# Ends with one line, "N passed, N failed, N skipped"; fails if a test failed
# or none ran.
set -u

usage() {
    cat <<'END'
usage: tests/run.sh [PART...]
  unit    units and checks of the sources, with ASan and UBSan; units with
          valgrind
  golden  examples of policies, rules and flows
  prop    properties of random policies, with ASan and UBSan, then
          $NETPOL_PROP_TIMES (5) times as many cases without
  e2e     real packets through a real Open vSwitch (root)
  bench   the benchmarks at small sizes: do they still work? (root)
  soak    not unless named: everything at once, for $NETPOL_SOAK_SECONDS (300)
          (root)
END
}

top=$(cd "$(dirname "$0")/.." && pwd)
cache=${OVS_NETPOL_CACHE:-$top/.cache}
plain=$cache/build
asan=$cache/build-asan
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
results=$work/results
: > "$results"

# Results are lines "PASS|FAIL|SKIP PART NAME".
result() {
    echo "$*" >> "$results"
}

# build PART DIR [CONFIGURE-OPTION...]
build() {
    part=$1
    shift
    "$top/deploy/build.sh" "$@" && return 0
    result FAIL "$part" "build in $1"
    return 1
}

build_asan() {
    build "$1" "$asan" --enable-sanitizers CFLAGS="-g -O1"
}

# check PART DIR [MAKE-ARGUMENT...]: make check in DIR.
check() {
    part=$1 dir=$2
    shift 2
    find "$dir/tests" -name '*.trs' -delete 2>/dev/null
    make -C "$dir" -j"$(nproc)" --no-print-directory "$@" > "$work/log" 2>&1
    status=$?
    grep -E '^(PASS|FAIL|XFAIL|XPASS|SKIP|ERROR): tests/' "$work/log"
    collect "$part" "$dir"
    test $status = 0 || report_failure "$part" "$dir" "$*"
}

# collect PART DIR: the driver wrote a line per result into each test's log.
collect() {
    find "$2/tests" -name '*.trs' | sort | while read -r trs; do
        sed -nE "s%^(PASS|XFAIL): (tests/.*)%PASS $1 \2%p
                 s%^(FAIL|XPASS|ERROR): (tests/.*)%FAIL $1 \2%p
                 s%^SKIP: (tests/.*)%SKIP $1 \1%p" "${trs%.trs}.log"
    done >> "$results"
}

# A make that fails without a failed test did not even build them.
report_failure() {
    cat "$2/test-suite.log" 2>/dev/null
    grep -q "^FAIL $1 " "$results" && return
    cat "$work/log"
    result FAIL "$1" "make $3 in $2"
}

# Counts TAP lines of a program; a program that fails has failed a test.
run_tap() {
    part=$1
    shift
    "$@" > "$work/tap"
    status=$?
    cat "$work/tap"
    sed -nE "s%^ok [0-9]+( - )?(.*# SKIP.*)%SKIP $part \2%pi; t
             s%^ok [0-9]+( - )?%PASS $part %p
             s%^not ok [0-9]+( - )?%FAIL $part %p
             s%^Bail out! ?%FAIL $part %p" "$work/tap" >> "$results"
    test $status = 0 || grep -q "^FAIL $part " "$results" ||
        result FAIL "$part" "$1 exited with status $status"
}

run_unit() {
    heading "units, with ASan and UBSan"
    build_asan unit &&
        check unit "$asan" check TESTS='$(unit_tests) $(fuzz_tests) $(source_checks)'
    heading "units, with valgrind"
    build unit "$plain" && check unit "$plain" check-valgrind
}

run_golden() {
    heading "goldens"
    build golden "$plain" &&
        check golden "$plain" check TESTS='$(golden_tests)'
}

run_prop() {
    heading "properties, with ASan and UBSan"
    build_asan prop &&
        check prop "$asan" check TESTS='$(prop_tests)'
    heading "properties"
    build prop "$plain" &&
        check prop "$plain" check TESTS='$(prop_tests)' \
            NETPOL_PROP_TIMES="${NETPOL_PROP_TIMES:-5}"
}

run_e2e() {
    heading "end to end"
    build e2e "$plain" && NETPOL_BUILD=$plain run_tap e2e "$top/tests/e2e/run.sh"
}

run_bench() {
    heading "benchmarks, quick"
    if test "$(id -u)" != 0; then
        result SKIP bench "needs root, for namespaces"
    elif NETPOL_BUILD=$plain "$top/tests/bench/run.sh" --quick \
        2> "$work/log"; then
        result PASS bench quick
    else
        cat "$work/log"
        result FAIL bench quick
    fi
}

run_soak() {
    heading "soak"
    if test "$(id -u)" != 0; then
        result SKIP soak "needs root, for namespaces"
    elif build soak "$plain"; then
        if NETPOL_BUILD=$plain "$top/tests/e2e/soak.sh" \
            "${NETPOL_SOAK_SECONDS:-300}"; then
            result PASS soak soak
        else
            result FAIL soak soak
        fi
    fi
}

heading() {
    echo
    echo "== $*"
}

count() {
    grep -c "^$1 " "$results"
}

summary() {
    sed -n 's/^SKIP /skipped: /p; s/^FAIL /failed: /p' "$results" | sort -u
    echo "$(count PASS) passed, $(count FAIL) failed, $(count SKIP) skipped"
    test "$(count FAIL)" = 0 && test "$(count PASS)" != 0
}

test $# != 0 || set -- unit golden prop e2e bench
for part; do
    case $part in
        unit | golden | prop | e2e | bench | soak) ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done
for part; do
    "run_$part"
    grep -q " $part " "$results" || result FAIL "$part" "no test ran"
done
echo
summary
