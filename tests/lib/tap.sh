# SPDX-License-Identifier: Apache-2.0
#
# TAP for shell scripts that look for mistakes; to be sourced.

tap_n=0
tap_status=0

# report NAME FINDINGS: one test, which passes if there are no findings.
report() {
    tap_n=$((tap_n + 1))
    if test -z "$2"; then
        echo "ok $tap_n - $1"
    else
        echo "not ok $tap_n - $1"
        printf '%s\n' "$2" | sed 's/^/# /'
        tap_status=1
    fi
}

# finish: the plan; then exits.
finish() {
    echo "1..$tap_n"
    exit $tap_status
}
