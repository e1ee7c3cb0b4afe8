# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A cluster of $NETPOL_SCALE_PODS (5,000) pods and $NETPOL_SCALE_POLICIES
# (1,000) policies: memory, and how soon a change is in the switch.  What is
# measured is printed; times are judged by nobody, for machines differ.

# shellcheck source=tests/lib/kubelab.sh
. "$NETLAB_TOP/tests/lib/kubelab.sh"

FUNCTION_LIMIT=300
KUBELAB_PATIENCE=120
FILL=$NETLAB_TOP/tests/lib/kubefill.py
PODS=${NETPOL_SCALE_PODS:-5000}
POLICIES=${NETPOL_SCALE_POLICIES:-1000}
MAX_PEAK=20480                  # kB of a list, above what there is without.

setup() {
    kubelab_reason && return
    kubelab_start
    kube apply -f "$NETLAB_TOP/deploy/kubernetes/base/rbac.yaml"
    kubelab_in_cluster kube-system ovs-netpol
    kube_daemon_start
    settle
    memory VmRSS > "$LAB/memory.empty"
    daemon_stop
    kubelab_inside "$FILL" etcd http://127.0.0.1:2379 "$PODS" "$POLICIES"
    kube_daemon_start
    all_in_force
}

begin() {
    local reason
    ! reason=$(kubelab_reason) || skip "$reason"
}

# Lists everything, with more patience than settle().
all_in_force() {
    ovs-netpol wait --timeout=240
}

# memory FIELD: of the daemon, in kB.
memory() {
    sed -n "s/^$1:[[:space:]]*\([0-9]*\) kB/\1/p" \
        "/proc/$(cat "$OVS_RUNDIR/ovs-netpold.pid")/status"
}

# Fails unless A <= B.
at_most() {
    awk -v a="$2" -v b="$3" 'BEGIN { exit !(a <= b) }' ||
        fail "$1: $2, more than $3"
}

test_objects() {
    begin
    same pods "$PODS" "$(status objects.pods)"
    same policies "$POLICIES" "$(status objects.policies)"
    same problems "[]" "$(status problems)"
}

test_memory() {
    begin
    local empty rss peak per_pod
    empty=$(cat "$LAB/memory.empty")
    rss=$(memory VmRSS)
    peak=$(($(memory VmHWM) - rss))
    per_pod=$(awk -v a="$rss" -v b="$empty" -v n="$PODS" \
        'BEGIN { printf "%.2f", (a - b) / n }')
    echo "measured: $PODS pods, $POLICIES policies: $rss kB resident," \
        "$empty kB without; $per_pod kB for a pod;" \
        "$peak kB more while the first list came in"
    at_most "peak of the first list" "$peak" "$MAX_PEAK"
}

# A list comes in pages, so that its size does not matter, and the memory of the
# first one is used again.
test_list_peak() {
    begin
    local before peak
    all_in_force
    before=$(memory VmRSS)
    echo 5 > "/proc/$(cat "$OVS_RUNDIR/ovs-netpold.pid")/clear_refs"
    all_in_force
    peak=$(memory VmHWM)
    echo "measured: a list of all objects takes $((peak - before)) kB more" \
        "than the $before kB before"
    at_most "peak of a list" "$((peak - before))" "$MAX_PEAK"
}

# From the API server's answer to the flow in the switch, as another client of
# the switch sees it.
test_latency() {
    begin
    local half most worst
    read -r half most worst < <("$FILL" latency "$KUBE_URL" "$KUBELAB" \
        "$BRIDGE" "$PODS" 300)
    echo "measured: from the API server to the switch: half of 300 changes" \
        "in $half ms, 99 % in $most ms, all in $worst ms"
    [ -n "$worst" ]
    # So does the daemon itself, from its end.
    [ "$(curl -s http://127.0.0.1:9640/metrics |
        sed -n 's/^ovs_netpol_install_seconds_count //p')" -ge 300 ]
}

test_start() {
    begin
    local start
    daemon_stop
    start=$(date +%s%N)
    kube_daemon_start
    until_ok 100 curl -sf -o /dev/null http://127.0.0.1:9640/readyz
    echo "measured: ready $((($(date +%s%N) - start) / 1000000)) ms after" \
        "the start, with $(awk '{ print ($14 + $15) * 10 }' \
            "/proc/$(cat "$OVS_RUNDIR/ovs-netpold.pid")/stat") ms of" \
        "processor time"
}
