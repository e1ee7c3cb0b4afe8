#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# From a fresh checkout to programs, out of tree; again, only what changed.
# usage: deploy/build.sh [--build-only] [BUILDDIR [CONFIGURE-OPTION...]]
# BUILDDIR is .cache/build by default; --build-only as in deploy/deps.sh.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cache=${OVS_NETPOL_CACHE:-$top/.cache}

deps_options=
if test "${1-}" = --build-only; then
    deps_options=$1
    shift
fi
"$top/deploy/deps.sh" $deps_options

mkdir -p "$cache"
build=${1:-$cache/build}
test $# = 0 || shift
set -- --with-ovs-source="$cache/ovs/openvswitch" \
       --with-ovs-build="$cache/ovs/build" "$@"

# Runs quietly; what it said is shown when it fails.
quietly() {
    log=$build/build.log
    "$@" > "$log" 2>&1 || {
        cat "$log"
        echo "build.sh: $1 failed" >&2
        exit 1
    }
}

mkdir -p "$build"
exec 9> "$cache/build.lock"
flock 9
cd "$top"
if test -n "$(find configure.ac m4 -newer configure 2>/dev/null)" ||
    test ! -x configure || test ! -f Makefile.in; then
    quietly autoreconf -fi
fi
cd "$build"
if test "$(cat options 2>/dev/null)" != "$*"; then
    quietly "$top/configure" "$@"
    echo "$*" > options
fi
quietly make -j"$(nproc)"
