# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The daemon as a client of a real API server: what it asks for, as whom, and
# what it makes of unusual answers.

# shellcheck source=tests/lib/kubelab.sh
. "$NETLAB_TOP/tests/lib/kubelab.sh"

FUNCTION_LIMIT=120

setup() {
    kubelab_reason && return
    kubelab_start
    kube apply -f "$NETLAB_TOP/deploy/kubernetes/base/rbac.yaml"
    kubelab_in_cluster kube-system ovs-netpol
    kube_ns shop
    kube_daemon_start
    settle
}

begin() {
    local reason
    ! reason=$(kubelab_reason) || skip "$reason"
}

# Starts it again, as another user.
start_as() {
    daemon_stop
    kube_daemon_start "$@"
    settle
    same error None "$(status kubernetes.error)"
}

count_connections() {
    ss -Htn state established dst "$KUBE_HOST:$KUBE_PORT" | wc -l
}

has_one_connection() {
    [ "$(count_connections)" = 1 ]
}

# Three watches, and now and then a list, share one.
test_one_connection() {
    begin
    until_ok 5 has_one_connection
    settle
    settle
    same connections 1 "$(count_connections)"
    same watches watching "$(status kubernetes.pods.state)"
}

# Whatever the way to say who we are.
test_kubeconfig() {
    begin
    local file=$LAB/user.conf
    kubelab_kubeconfig "$file" cert admin
    start_as --kubeconfig="$file"
    same origin "$file" "$(status kubernetes.origin)"
    kubelab_kubeconfig "$file" token "$(kubelab_token kube-system ovs-netpol)"
    start_as --kubeconfig="$file"
    start_as
    same origin in-cluster "$(status kubernetes.origin)"
}

# Nobody is trusted because of who signs for the rest of the system.
test_unknown_ca() {
    begin
    log_allow '\|kube' "the certificate is not what it expects"
    daemon_stop
    kube_daemon_start --api-server="$KUBE_URL"
    until_ok 10 error_is "certificate"
    same objects 0 "$(status objects.namespaces)"
    start_as
}

error_is() {
    status kubernetes.error | grep -q -- "$1"
}

test_insecure() {
    begin
    exits 1 ovs-netpold --bridge="$BRIDGE" --api-server="http://$KUBE_HOST"
    contains reason "needs --insecure" "$output"
    exits 1 ovs-netpold --bridge="$BRIDGE" --api-server="$KUBE_URL" --dir=/tmp
    contains reason "goes with neither" "$output"
    exits 1 ovs-netpold --bridge="$BRIDGE"
    contains reason "not in a cluster" "$output"
}

# A page has 500 at most.
test_pages() {
    begin
    many_policies 510 | kube create -f - >/dev/null
    settle
    same policies 510 "$(status objects.policies)"
    start_as
    same policies 510 "$(status objects.policies)"
    kubelab_get /apis/networking.k8s.io/v1/namespaces/shop/networkpolicies \
        -f -X DELETE --max-time 60 >/dev/null
    settle
    same policies 0 "$(status objects.policies)"
}

many_policies() {
    local i
    echo '{"apiVersion": "v1", "kind": "List", "items": ['
    for ((i = 1; i <= $1; i++)); do
        echo '{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",'
        echo "\"metadata\": {\"namespace\": \"shop\", \"name\": \"p$i\"},"
        echo "\"spec\": {\"podSelector\": {}}}$([ "$i" = "$1" ] || echo ,)"
    done
    echo ']}'
}

# The API server takes a NUL in a string, and the pod is one like any other.
test_odd_characters() {
    begin
    printf '{"metadata": {"name": "odd", "annotations": {"a": "\\u0000"}},
             "spec": {"nodeName": "worker", "containers":
                      [{"name": "c", "image": "i"}],
                      "automountServiceAccountToken": false}}' |
        kubelab_get /api/v1/namespaces/shop/pods -f -X POST \
            -H 'Content-Type: application/json' --data-binary @- >/dev/null
    kube_pod_status shop/odd Running 10.244.0.99
    settle
    contains pods 'shop/odd.*10\.244\.0\.99' "$(ovs-netpol pods)"
    start_as
    contains pods 'shop/odd.*10\.244\.0\.99' "$(ovs-netpol pods)"
    same problems "[]" "$(status problems)"
    kube_pod_delete shop/odd
}

# What is at the address of the cluster is another one, and empty.
test_other_cluster() {
    begin
    log_allow '\|kube' "the API server is not the one that it was"
    kubelab_kubeconfig "$LAB/admin.conf" cert admin
    start_as --kubeconfig="$LAB/admin.conf"
    many_policies 1 | kube create -f -
    settle
    kubelab_kill
    kubelab_save ours
    kubelab_end etcd KILL
    rm -rf "$KUBELAB/etcd"
    kubelab_etcd_start
    kubelab_api_start
    until_ok 40 error_is "another cluster"
    same policies 1 "$(status objects.policies)"

    kubelab_kill
    kubelab_restore ours
    kubelab_api_start
    until_ok 40 is_followed
    same policies 1 "$(status objects.policies)"
}

is_followed() {
    [ "$(status kubernetes.error)" = None ]
}
