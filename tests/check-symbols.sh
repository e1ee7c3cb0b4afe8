#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# jansson and libopenvswitch define functions of the same six names.  Proves on
# what was built that nobody can reach the wrong one.  Run by make check.

. "${srcdir:-.}/tests/lib/tap.sh"
cd "${top_builddir:-.}" || exit 1
NM=${NM:-nm}
names='json_(array|equal|integer|object|real|string)'
defined=A-TV-Za-tv-z
undefined=U

# symbols TYPES FILE...: those of the six names that have one of the types.
symbols() {
    types=$1
    shift
    for file; do
        "$NM" "$file" 2>/dev/null |
            sed -nE "s%^[0-9a-f ]*([$types]) ($names)(@.*)?$%$file: \1 \2%p"
    done
}

# The programs: of what is executable, what has symbols.
programs() {
    find . -type f -perm -u+x | sort | while read -r file; do
        "$NM" "$file" >/dev/null 2>&1 && echo "$file"
    done
}

# Six functions with the prefix, none without.
check_private() {
    symbols $defined libovs-private.a
    renamed=$("$NM" libovs-private.a 2>/dev/null | grep -cE " T ovs_$names$")
    test "$renamed" = 6 || echo "$renamed of 6 functions are renamed"
}

# What a program leaves undefined is filled in by the shared libjansson.
check_programs() {
    test -n "$programs" || echo "there are none"
    symbols $defined $programs
    for program in $programs; do
        test -z "$(symbols $undefined "$program")" ||
            readelf -d "$program" | grep -q 'NEEDED.*libjansson' ||
            echo "$program: not linked to libjansson"
    done
}

# Whoever else uses one of the names has not included ovs-json.h.
check_objects() {
    objects=$(find . -name '*.o' ! -name '*doc-json.o' | sort)
    test -n "$objects" || echo "there are none"
    symbols $defined$undefined $objects
}

programs=$(programs)
report "the private libopenvswitch gave the names up" "$(check_private)"
report "in programs the names are jansson's" "$(check_programs)"
report "in objects only doc-json.c uses the names" "$(check_objects)"
finish
