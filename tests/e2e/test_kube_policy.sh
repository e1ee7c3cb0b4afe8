# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A real API server, kubectl as the user, real packets; we are the kubelet.

# shellcheck source=tests/lib/kubelab.sh
. "$NETLAB_TOP/tests/lib/kubelab.sh"

setup() {
    kubelab_reason && return
    kubelab_start
    kube apply -f "$NETLAB_TOP/deploy/kubernetes/base/rbac.yaml"
    kubelab_in_cluster kube-system ovs-netpol
    kube_ns shop team=shop
    kube_ns ops team=ops
    kube_run shop/web labels=app=web
    kube_run shop/db labels=app=db ports=sql:TCP:5432
    kube_run ops/prom labels=app=prom
    serve shop/web tcp:80
    serve shop/db tcp:5432,80
    serve ops/prom tcp:9090
    serve_wait
    kube_daemon_start
    settle
}

# Every test begins without policies.
begin() {
    local reason
    ! reason=$(kubelab_reason) || skip "$reason"
    kube delete networkpolicies --all --all-namespaces
    until_ok 10 no_policies
    lists=$(kube_lists)
}

# News came by the watches, without a list.
only_watched() {
    same lists "$lists" "$(kube_lists)"
}

no_policies() {
    [ "$(status objects.policies)" = 0 ]
}

# db only talks to pods that are labelled $2, in namespaces of team $1.
db_wants() {
    db_from "$@" | kube apply -f -
}

# A namespace says by an annotation whether it is enforced.
test_audit_annotation() {
    begin
    db_wants shop web
    kube_expect <<END
ops/prom -> shop/db tcp/5432,icmp denied
END
    kube annotate namespace shop ovs-netpol.io/enforcement=audit
    kube_expect <<END
ops/prom -> shop/db tcp/5432,icmp ok
END
    until_ok 5 audit_tells
    kube annotate namespace shop ovs-netpol.io/enforcement-
    kube_expect <<END
ops/prom -> shop/db tcp/5432,icmp denied
END
    only_watched
}

audit_tells() {
    ovs-netpol drops --audit --pod=ops/prom |
        grep -Eq 'ingress +ops/prom +shop/db +TCP/5432 +shop/db$'
}

test_apply_edit_delete() {
    begin
    kube_expect <<END
shop/web -> shop/db tcp/5432,icmp ok
ops/prom -> shop/db tcp/5432,icmp ok
END
    db_wants shop web
    kube_expect <<END
shop/web -> shop/db tcp/5432,icmp ok
ops/prom -> shop/db tcp/5432,icmp denied
END
    KUBE_EDITOR="sed -i 's/team: shop/team: ops/; s/app: web/app: prom/'" \
        kube edit networkpolicy -n shop db
    kube_expect <<END
shop/web -> shop/db tcp/5432,icmp denied
ops/prom -> shop/db tcp/5432,icmp ok
END
    kube patch networkpolicy -n shop db --type=json -p \
        '[{"op": "add", "path": "/spec/ingress/0/ports",
           "value": [{"port": "sql"}]}]'
    kube_expect <<END
ops/prom -> shop/db tcp/5432 ok
ops/prom -> shop/db tcp/80,icmp denied
END
    kube delete networkpolicy -n shop db
    kube_expect <<END
shop/web -> shop/db tcp/5432,tcp/80,icmp ok
ops/prom -> shop/db tcp/5432,tcp/80,icmp ok
END
    only_watched
}

test_pod_labels() {
    begin
    db_wants shop client
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    kube label pod -n shop web --overwrite app=client
    kube_expect <<< "shop/web -> shop/db tcp/5432 ok"
    kube label pod -n shop web --overwrite app=web
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    # The pod that the policy is about.
    kube label pod -n shop db --overwrite app=retired
    kube_expect <<< "shop/web -> shop/db tcp/5432 ok"
    kube label pod -n shop db --overwrite app=db
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    only_watched
}

test_namespace_labels() {
    begin
    db_wants shop prom
    kube_expect <<< "ops/prom -> shop/db tcp/5432 denied"
    kube label namespace ops --overwrite team=shop
    kube_expect <<< "ops/prom -> shop/db tcp/5432 ok"
    kube label namespace ops team-
    kube_expect <<< "ops/prom -> shop/db tcp/5432 denied"
    kube label namespace ops team=ops
    only_watched
}

# The interface is there before the kubelet reports the address.
test_new_pod() {
    begin
    db_wants shop web
    kube_pod shop/new labels=app=web
    pod shop/new ip=200 only=net
    kube_in_force
    expect_packets <<< "shop/new -> shop/db tcp/5432,icmp denied"
    kube_pod_status shop/new Running "$(host_get shop/new v4)" \
        "$(host_get shop/new v6)"
    kube_expect <<< "shop/new -> shop/db tcp/5432,icmp ok"
    kube_stop shop/new
    kube_in_force
    only_watched
}

# The new pod with the address is judged by its own labels, in both directions,
# whichever of the two objects is heard of last.
test_address_reused() {
    begin
    db_wants shop client
    kube_run shop/old labels=app=client ip=210
    kube_expect <<< "shop/old -> shop/db tcp/5432 ok"
    kube_stop shop/old
    kube_run shop/new labels=app=web ip=210
    kube_expect <<< "shop/new -> shop/db tcp/5432 denied"
    kube_stop shop/new

    # The object outlives its pod: it ends, and is deleted much later.
    kube_run shop/old labels=app=web ip=210
    kube_expect <<< "shop/old -> shop/db tcp/5432 denied"
    pod_delete shop/old only=net
    kube_pod_status shop/old Succeeded 10.244.0.210 fd00:10:244::d2
    kube_run shop/new labels=app=client ip=210
    kube_expect <<< "shop/new -> shop/db tcp/5432 ok"
    kube_pod_delete shop/old
    kube_expect <<< "shop/new -> shop/db tcp/5432 ok"
    kube_stop shop/new
    kube_in_force
    only_watched
}

# Deleted, and created again with the same name: another pod.
test_name_reused() {
    begin
    db_wants shop client
    kube_run shop/job labels=app=client ip=215
    kube_expect <<< "shop/job -> shop/db tcp/5432 ok"
    kube_stop shop/job
    kube_run shop/job labels=app=web ip=216
    kube_expect <<< "shop/job -> shop/db tcp/5432 denied"
    kube_stop shop/job
    kube_in_force
    only_watched
}

# A finished pod has no address, whatever its status still says.
test_completed_pods() {
    begin
    local phase
    db_wants shop client
    for phase in Succeeded Failed; do
        kube_pod shop/job labels=app=client
        kube_pod_status shop/job Running 10.244.0.220 fd00:10:244::220
        kube_run shop/next labels=app=web ip=220
        kube_pod_status shop/job "$phase" 10.244.0.220 fd00:10:244::220
        kube_expect <<< "shop/next -> shop/db tcp/5432 denied"
        kube label pod -n shop next --overwrite app=client
        kube label pod -n shop job --overwrite app=web
        kube_expect <<< "shop/next -> shop/db tcp/5432 ok"
        kube_stop shop/next
        kube_pod_delete shop/job
    done
    kube_in_force
    only_watched
}

# A pod of the host's network is the node to policies: no label of it counts.
test_host_network() {
    begin
    db_wants shop web
    kube_pod shop/agent labels=app=prom host=true
    kube_pod_status shop/agent Running 10.244.0.1 fd00:10:244::1
    # The node reaches its own pods, always.
    kube_expect <<END
node -> shop/db tcp/5432,icmp ok
ops/prom -> shop/db tcp/5432 denied
END
    # Nothing isolates it, and nobody is it.
    kube apply -f - <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: agent}
spec:
  podSelector: {matchLabels: {app: prom}}
  policyTypes: [Ingress, Egress]
END
    kube_expect <<END
node -> shop/web tcp/80,icmp ok
shop/web -> node icmp ok
END
    kube_pod_delete shop/agent
    only_watched
}

# More than one page, and all at once.
test_many() {
    begin
    local n
    for n in $(seq 300); do
        echo "---"
        echo "apiVersion: networking.k8s.io/v1"
        echo "kind: NetworkPolicy"
        echo "metadata: {namespace: ops, name: many-$n}"
        echo "spec: {podSelector: {matchLabels: {number: \"$n\"}}}"
    done > "$LAB/many.yaml"
    db_wants shop prom
    kube create -f "$LAB/many.yaml" >/dev/null
    kube_expect <<< "ops/prom -> shop/db tcp/5432 denied"
    kube label pod -n ops prom number=300
    kube_expect <<< "shop/web -> ops/prom tcp/9090 denied"
    same policies 301 "$(status objects.policies)"
    # A start lists them.
    daemon_stop
    kube_daemon_start
    settle
    same "flow_mods" 0 "$(status switch.flowMods)"
    same policies 301 "$(status objects.policies)"
    kube delete -f "$LAB/many.yaml" --wait=false >/dev/null
    kube label pod -n ops prom number-
    kube_expect <<< "shop/web -> ops/prom tcp/9090 ok"
}

# A namespace that goes takes everything with it.
test_namespace_deleted() {
    begin
    local before
    kube_in_force
    before=$(status objects.namespaces)
    kube_ns gone team=gone
    kube_run gone/pod labels=app=web
    kube create -f - <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: gone, name: all}
spec: {podSelector: {}, policyTypes: [Egress]}
END
    kube_expect <<< "gone/pod -> shop/db tcp/5432 denied"
    kube delete networkpolicy -n gone all
    kube_stop gone/pod
    kube delete namespace gone --wait=false
    # The namespace controller's part: no finalizer is left.
    kube get namespace gone -o json |
        sed 's/"kubernetes"//' |
        kube replace --raw /api/v1/namespaces/gone/finalize -f - >/dev/null
    kube_expect <<< "shop/web -> shop/db tcp/5432 ok"
    same namespaces "$before" "$(status objects.namespaces)"
    only_watched
}

# Twice from scratch: the same flows.
test_cold_start() {
    begin
    local before
    db_wants ops prom
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    before=$(flows)
    daemon_stop
    kube_daemon_start
    settle
    same flow_mods 0 "$(status switch.flowMods)"
    same flows "$before" "$(flows)"
    flush
    kube_daemon_start
    settle
    same flows "$before" "$(flows)"
}

flush() {
    local pid
    pid=$(cat "$OVS_RUNDIR/ovs-netpold.pid")
    ovs-netpol flush
    until_ok 10 process_is_gone "$pid"
}

# A rule that the API server takes and we do not: it allows nothing.
test_refused() {
    begin
    log_allow 'NetworkPolicy shop/odd: spec.ingress\[0\]' "we cannot read it"
    kube create -f - <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: odd}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{ipBlock: {cidr: "::ffff:10.0.0.0/104"}}]
  - from: [{podSelector: {matchLabels: {app: web}}}]
END
    kube_expect <<END
shop/web -> shop/db tcp/5432 ok
ops/prom -> shop/db tcp/5432 denied
END
    contains status 'NetworkPolicy shop/odd: spec.ingress\[0\]' \
        "$(ovs-netpol status)"
    until_ok 10 event_says odd 1 worker 'spec\.ingress\[0\]\.from\[0\]\.ipBlo'
    # Mended, and broken in the same way: one Event, that says so.
    odd_cidr 10.0.0.0/8
    until_ok 10 has_no_problems
    odd_cidr ::ffff:10.0.0.0/104
    until_ok 10 event_says odd 1 worker '\(the last good version stays\)'
    odd_cidr 10.0.0.0/8
    until_ok 10 has_no_problems
    odd_cidr ::ffff:10.0.0.0/104
    until_ok 10 event_says odd 2 worker '\(the last good version stays\)'
    same events 2 "$(events odd | wc -l)"
    same "reported" "3 0 0" "$(for n in sent failed dropped; do
        status "kubernetes.reported.$n"; done | xargs)"
    kube delete networkpolicy -n shop odd
    until_ok 10 no_policies
    same problems "[]" "$(status problems)"
}

odd_cidr() {
    kube patch networkpolicy -n shop odd --type=json -p \
        "[{\"op\": \"replace\", \"path\": \"/spec/ingress/0/from/0/ipBlock/cidr\",
           \"value\": \"$1\"}]"
}

has_no_problems() {
    [ "$(status problems)" = "[]" ]
}

# events POLICY: a line for each, "COUNT HOST REASON MESSAGE".
events() {
    local uid fields="{.count} {.source.host} {.reason} {.message}"
    uid=$(kube get networkpolicy -n shop "$1" -o 'jsonpath={.metadata.uid}')
    kube get events -n shop --field-selector "involvedObject.uid=$uid" \
        -o "jsonpath={range .items[*]}$fields{\"\\n\"}{end}"
}

# event_says POLICY COUNT HOST REGEX
event_says() {
    events "$1" | grep -Eq -- "^$2 $3 Refused .*$4"
}

# A policy that would cost too much says so, too.
test_over_budget() {
    begin
    log_allow 'NetworkPolicy shop/db: would cost' "it is beyond its budget"
    daemon_stop
    kube_daemon_start --max-policy-flows=1
    kube apply -f - <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {}}]
    ports: [{port: 1}, {port: 2}, {port: 5432}]
END
    until_ok 10 over_budget_is_said
    kube_in_force
    expect_packets <<< "shop/web -> shop/db tcp/5432 denied"
    kube delete networkpolicy -n shop db
    daemon_stop
    kube_daemon_start
    settle
}

over_budget_is_said() {
    events db | grep -q '^1 worker OverBudget would cost .*max-policy-flows'
}

# May we not speak of it, we are silent, once; what is in force stays.
test_events_forbidden() {
    begin
    log_allow 'NetworkPolicy shop/odd: spec.ingress\[0\]' "we cannot read it"
    log_allow 'events: .*forbidden' "we may not"
    kube get clusterrole ovs-netpol -o json | /usr/bin/python3 -c '
import json, sys
role = json.load(sys.stdin)
role["rules"] = [r for r in role["rules"] if r["resources"] != ["events"]]
json.dump(role, sys.stdout)' | kube replace -f -
    kube create -f - <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: odd}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{ipBlock: {cidr: "::ffff:10.0.0.0/104"}}]
END
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    until_ok 10 reports_fail
    kube_follows
    only_watched
    kube delete networkpolicy -n shop odd
    kube apply -f "$NETLAB_TOP/deploy/kubernetes/base/rbac.yaml"
    kube_expect <<< "shop/web -> shop/db tcp/5432 ok"
}

reports_fail() {
    [ "$(status kubernetes.reported.failed)" = 1 ]
}
