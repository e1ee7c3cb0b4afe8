#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Reads include/metrics.def from the standard input.
# usage: build-aux/metrics-doc.sh [--samples] < include/metrics.def
#   (nothing)  the table of docs/metrics.md
#   --samples  the names of all samples that there can be, a line each
set -eu

# A line per metric: type, name, labels and help, between tabs.
definitions() {
    awk '
    /^METRIC\(/ { text = "" }
    { sub(/^ +/, ""); text = text $0 }
    /\)$/ && text ~ /^METRIC\(/ {
        sub(/^METRIC\([A-Z_]+, /, "", text)
        type = text
        sub(/,.*/, "", type)
        gsub(/""/, "\001", text)
        # Strings: name, unit, labels, and the pieces of the help.
        n = 0
        while (match(text, /"[^"]*"|\001/)) {
            piece = substr(text, RSTART, RLENGTH)
            text = substr(text, RSTART + RLENGTH)
            gsub(/["\001]/, "", piece)
            if (n < 4) {
                field[++n] = piece
            } else {
                field[4] = field[4] piece
            }
        }
        printf "%s\tovs_netpol_%s\t%s\t%s\n", tolower(type), field[1],
               field[3], field[4]
        text = ""
    }'
}

samples() {
    definitions | awk -F '\t' '
    $1 == "info" { print $2 "_info" }
    $1 == "gauge" { print $2 }
    $1 == "counter" { print $2 "_total" }
    $1 == "histogram" { print $2 "_bucket"; print $2 "_count"
                        print $2 "_sum" }'
}

table() {
    echo '| metric | type | labels | |'
    echo '|---|---|---|---|'
    definitions | awk -F '\t' '
    { suffix = $1 == "counter" ? "_total" : $1 == "info" ? "_info" : ""
      labels = $3
      gsub(/,/, "`, `", labels)
      printf "| `%s%s` | %s | %s | %s |\n", $2, suffix, $1,
             labels == "" ? "" : "`" labels "`", $4 }'
}

case ${1-} in
    --samples) samples ;;
    '') table ;;
    *) sed -n '/^# usage/,/^set/p' "$0" | grep '^#' >&2; exit 2 ;;
esac
