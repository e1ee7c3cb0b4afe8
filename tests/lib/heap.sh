# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034  # netlab.sh reads them.
#
# heap: what a daemon has allocated, block by block, by valgrind.  Resident
# memory says less: the C library keeps some of what was freed.  Sourced after
# netlab.sh.
#
#   heap_watch                  daemon_start uses valgrind from now on
#   heap_count PID              prints how many blocks the daemon has; writes to
#                               $HEAP_GROWTH which are new since the last time,
#                               and where they come from

HEAP_GROWTH=$LAB/heap

heap_watch() {
    DAEMON_WRAPPER=(valgrind --vgdb=yes --vgdb-error=999999 --num-callers=16
        --leak-check=no --undef-value-errors=no
        --log-file="$LAB/valgrind.%p")
    SETTLE_SECONDS=60
}

heap_count() {
    vgdb --pid="$1" leak_check full reachable increased > "$HEAP_GROWTH" 2>&1
    awk '/ (lost|reachable): / {
             sub(/.* bytes in /, "")
             gsub(",", "", $1)
             n += $1
         }
         END { if (n == "") exit 1; print n }' "$HEAP_GROWTH" ||
        { cat "$HEAP_GROWTH" >&2; return 1; }
}
