#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# include/metrics.def is what there is; documents, dashboards and alerts must
# not speak of anything else.
# usage: [srcdir=DIR] tests/check-metrics.sh

cd "${srcdir:-.}" || exit 1
. tests/lib/tap.sh

doc=build-aux/metrics-doc.sh
def=include/metrics.def

# What is between the marks of docs/metrics.md.
documented() {
    sed -n '/^<!-- begin/,/^<!-- end/p' docs/metrics.md | grep -v '^<!--'
}

# cited FILE...: FILE:NAME for each name that looks like a metric.
cited() {
    grep -oE 'ovs_netpol_[a-z0-9_]+' "$@" /dev/null | sort -u
}

# Prints those that are not samples.  Recorded rules have colons, which end a
# name here, so they begin with "ovs_netpol:".
unknown() {
    names=" $(sh $doc --samples < $def | tr '\n' ' ')"
    cited "$@" | while IFS=: read -r file name; do
        case $names in
            *" $name "*) ;;
            *) echo "$file: there is no $name" ;;
        esac
    done
}

report "docs/metrics.md has the table that $doc makes" \
    "$(test "$(documented)" = "$(sh $doc < $def)" ||
       echo "run: sh $doc < $def")"
report "every name is there once" \
    "$(sh $doc --samples < $def | sort | uniq -d)"
report "units end names" "$(
    sed -nE 's/^METRIC\([A-Z_]+, [A-Z]+, "([a-z_]+)", "([a-z]+)".*/\1 \2/p' \
        $def | awk '$1 !~ "_" $2 "$"')"
report "what documents and the deployment name exists" \
    "$(unknown $(find docs deploy -type f ! -name metrics.md | sort))"
finish
