#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Fuzzes each target, or those that are named, with libFuzzer, ASan and UBSan,
# one after the other.  Fails if one of them finds something; the input that
# does it lies beside the log, in $OVS_NETPOL_CACHE/fuzz (.cache/fuzz), where
# also everything interesting that was found is kept for the next time.
# usage: tests/fuzz/run.sh [-t SECONDS] [NAME...]
# SECONDS is for each target, 600 by default; NAME as in fuzz_NAME.c.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
cache=${OVS_NETPOL_CACHE:-$top/.cache}
build=$cache/build-fuzz
seconds=600

usage() {
    sed -n 's/^# \(usage: .*\)/\1/p' "$0" >&2
    exit 2
}

while getopts t: option; do
    case $option in
        t) seconds=$OPTARG ;;
        *) usage ;;
    esac
done
shift $((OPTIND - 1))
if test $# = 0; then
    set -- $(cd "$top/tests/fuzz" && ls fuzz_*.c | sed 's/fuzz_//; s/\.c$//')
fi

# glibc's obstack.h adds to null pointers.
CC="${FUZZ_CC-clang}" "$top/deploy/build.sh" "$build" --enable-fuzzer \
    --enable-sanitizers CFLAGS="-g -O1 -fno-sanitize=pointer-overflow"
for name; do
    make -C "$build" -s --no-print-directory "tests/fuzz/fuzz_$name"
done

# What a target would tell people is not wanted; libFuzzer has a log of its own.
fuzz() {
    corpus=$top/tests/fuzz/corpus/$1
    work=$cache/fuzz/$1
    mkdir -p "$work/found"
    "$build/tests/fuzz/fuzz_$1" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=2048 -max_len=4096 -close_fd_mask=3 \
        -print_final_stats=1 -artifact_prefix="$work/" \
        "$work/found" "$corpus" > "$work/log" 2>&1
}

status=0
for name; do
    if fuzz "$name"; then
        echo "$name: nothing, $(sed -n \
            's/^stat::number_of_executed_units: /inputs: /p' \
            "$cache/fuzz/$name/log")"
    else
        tail -n 60 "$cache/fuzz/$name/log"
        echo "$name: FAILED, see $cache/fuzz/$name/log"
        status=1
    fi
done
exit $status
