#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds, measures, prints one table.  Needs root, for namespaces; its traffic
# stays in them.
#
#   tests/bench/run.sh                  all rows, under 15 minutes
#   tests/bench/run.sh --write          and docs/performance.md from it
#   tests/bench/run.sh --quick          small sizes: does it work at all?
#   tests/bench/run.sh churn blocks     some rows
#
# $NETPOL_OVN_RIG: see tests/bench/peer.py.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
cache=${OVS_NETPOL_CACHE:-$top/.cache}
NETPOL_BUILD=${NETPOL_BUILD:-$cache/build}
export NETPOL_BUILD

test "$(id -u)" = 0 || { echo "run.sh: needs root, for namespaces" >&2; exit 1; }
"$top/deploy/build.sh" "$NETPOL_BUILD"
make -s -C "$NETPOL_BUILD" -j"$(nproc)" bench-programs >/dev/null
exec unshare -n -m -p --fork --kill-child --mount-proc -- sh -c '
    mount -t tmpfs -o mode=755 bench /run
    mkdir -p /run/netns
    ip link set lo up
    export PATH="$PATH:/usr/sbin:/sbin"
    exec python3 "$0" "$@"' "$top/tests/bench/bench.py" "$@"
