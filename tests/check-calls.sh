#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Files call each other in one direction, also within a module, so that each
# can be read after those that it stands on.  Proves it on what was built.  Run
# by make check.

. "${srcdir:-.}/tests/lib/tap.sh"
cd "${top_builddir:-.}" || exit 1
NM=${NM:-nm}

# Except for files that are one thing: state machines whose states are files,
# and lists that name those who read them.
together='
src/client/(commands|completion|help)
src/client/lint(-.*)?
src/node/bridge(-.*)?
src/node/kube(-.*)?
'

# Lines "FILE SYMBOL-TYPE SYMBOL" of all objects.
symbols() {
    find src -name '*.o' | sort | while read -r object; do
        "$NM" "$object" 2>/dev/null |
            awk -v file="${object%.o}" '{ print file, $(NF - 1), $NF }'
    done
}

# From them, lines "CALLER CALLED" of files that are not together.
calls() {
    awk -v together="$together" '
        function place(file, i) {
            for (i = 1; i <= n && file !~ "^" set[i] "$"; i++) {
            }
            return i <= n ? i : file
        }
        BEGIN { n = split(together, set) }
        $2 == "U" { calls[$1 " " $3] = 1 }
        $2 ~ /^[BCDRTVW]$/ { home[$3] = $1 }
        END {
            for (call in calls) {
                split(call, part)
                called = home[part[2]]
                if (called != "" && place(called) != place(part[1])) {
                    print part[1], called
                }
            }
        }'
}

calls=$(symbols | calls | sort -u)
report "files call each other" "$(test -n "$calls" || echo "there are none")"
report "files call each other in one direction" \
    "$(echo "$calls" | tsort 2>&1 >/dev/null)"
finish
