#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The rules of HACKING.md that a machine can see, one TAP line each.
# usage: [srcdir=DIR] tests/check-style.sh

cd "${srcdir:-.}" || exit 1

c_files=$(find include src tests -name '*.[ch]' | sort)
c_sources=$(find src tests -name '*.c' | sort)
sources="$c_files
$(find configure.ac Makefile.am m4 flows deploy tests \
  \( -name '*.ac' -o -name '*.am' -o -name '*.m4' -o -name '*.def' \
     -o -name '*.sh' -o -name '*.py' -o -name '*.supp' \) | sort)"
. tests/lib/tap.sh

report "every file names its licence" \
    "$(grep -L 'SPDX-License-Identifier: Apache-2\.0' $sources)"
report "C lines have at most 79 columns" "$(grep -nE '^.{80,}' $c_files)"
report "C is indented with spaces" "$(grep -nP '\t' $c_files)"
report "no line ends in a space" "$(grep -nE '[[:space:]]+$' $sources)"
report "no // comments" \
    "$(grep -nE '(^|[;{},)])[[:space:]]*//' $c_files)"
report "nothing is left for later" \
    "$(grep -nE '\b(TODO|FIXME|XXX)\b' $sources | grep -v check-style)"
report "no typedef of a struct" \
    "$(grep -nE '^typedef (struct|union)\b' $c_files)"
report "the first include is config.h" "$(
    awk 'FNR == 1 { seen = 0 }
         /^#include/ && !seen++ && $2 != "<config.h>" {
             print FILENAME ":" FNR ": " $0
         }' $c_sources)"
report "every source is in Makefile.am" "$(
    for file in $c_files; do
        grep -qE "(^|[[:space:]])${file%.c}(\.c)?( \\\\)?$" Makefile.am ||
            echo "$file"
    done)"
report "a function of the product has at most 60 lines" "$(
    awk '/^{/ { start = FNR }
         /^}/ && start && FNR - start > 61 {
             print FILENAME ":" start ": " FNR - start - 1 " lines"
         }
         /^}/ { start = 0 }' $(echo "$c_sources" | grep ^src/))"
finish
