#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Completion knows every command and every option that `ovs-netpol help` knows,
# and a shell that uses it completes.  Run by make check.

. "${srcdir:-.}/tests/lib/tap.sh"
cd "${top_builddir:-.}" || exit 1
tool=./ovs-netpol
bash=completion/bash/ovs-netpol
zsh=completion/zsh/_ovs-netpol

commands() {
    "$tool" help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'
}

# "matrix --by", ...
options() {
    for command in $(commands); do
        "$tool" help "$command" |
            sed -n "s/^ *\(-.,\)\{0,1\} *\(--[a-z-]*\).*/$command \2/p"
    done
}

# missing FILE: what the help has and the script has not.
missing() {
    commands | while read -r command; do
        grep -Eq "^ *'?$command[):]" "$1" || echo "$1: no $command"
    done
    options | while read -r command option; do
        sed -n "/^ *$command) /,/;;/p" "$1" | grep -q -e "$option[=' []" ||
            echo "$1: no $option of $command"
    done
}

# complete WORD...: what bash offers for the last one.
complete() {
    bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _ovs_netpol; printf "%s\n" "${COMPREPLY[@]}"' - "$bash" "$@" |
        sort | tr '\n' ' '
}

# completes WANT WORD...
completes() {
    want=$1
    shift
    got=$(complete "$@")
    test "$got" = "$want" || echo "$*: $got, not $want"
}

syntax() {
    bash -n "$bash" 2>&1
    ! command -v zsh >/dev/null || zsh -n "$zsh" 2>&1
}

offers() {
    completes "verify version " ovs-netpol ver
    completes "--max-cells= " ovs-netpol verify --max
    completes "app namespace pod " ovs-netpol matrix --by = ""
    completes "json " ovs-netpol status -o j
    completes "dot svg " ovs-netpol graph --output = ""
    completes "doctor " ovs-netpol --target = x doc
    completes "status " ovs-netpol help stat
    completes " " ovs-netpol wait --timeout = ""
}

report "bash: every command and option is completed" "$(missing "$bash")"
report "zsh: every command and option is completed" "$(missing "$zsh")"
report "the shells can read it" "$(syntax)"
report "bash offers what fits" "$(offers)"
finish
