#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Every line of docs/semantics.md has a test, and no test cites a line that
# does not exist.
# usage: [srcdir=DIR] tests/check-semantics.sh

cd "${srcdir:-.}" || exit 1
. tests/lib/tap.sh

tests="$(find tests/unit tests/prop -name '*.c' | sort)
$(find tests/golden -name '*.yaml' | sort)
$(find tests/e2e -name '*.sh' | sort)"

# The numbers in the first column of the tables, S of NetworkPolicies and C of
# cluster policies.
documented() {
    sed -nE 's/^\| ([SC][0-9]+) \|.*/\1/p' docs/semantics.md | sort -u
}

# cited FILE...: the numbers that they name.
cited() {
    grep -ohwE '[SC][1-9][0-9]?' "$@" | sort -u
}

# difference A B: the lines of A that are not in B.
difference() {
    for number in $1; do
        case " $(echo $2) " in
            *" $number "*) ;;
            *) echo "$number" ;;
        esac
    done
}

report "docs/semantics.md has S1 to S43 and C1 to C8" \
    "$(difference "$(seq -f 'S%g' 43; seq -f 'C%g' 8)" "$(documented)")"
report "every number has a test" \
    "$(difference "$(documented)" "$(cited $tests)")"
report "every number that is cited exists" \
    "$(difference "$(cited $tests $(find include src -name '*.[ch]'))" \
                  "$(documented)")"
finish
