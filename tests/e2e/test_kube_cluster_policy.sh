# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Policies of the cluster from a real API server, which gets to know them and
# forgets them again; kubectl as the user, real packets.
#
# They are objects of upstream's definition where the API server can keep such,
# else tests/lib/kubekind.sh has a way around it.

# shellcheck source=tests/lib/kubelab.sh
. "$NETLAB_TOP/tests/lib/kubelab.sh"
# shellcheck source=tests/lib/kubekind.sh
. "$NETLAB_TOP/tests/lib/kubekind.sh"

FUNCTION_LIMIT=120

need() {
    local reason
    ! reason=$(kubelab_reason) || skip "$reason"
}

setup() {
    kubelab_reason && return
    kubelab_start --enable-aggregator-routing=true
    kind_choose
    kube apply -f "$NETLAB_TOP/deploy/kubernetes/base/rbac.yaml"
    kubelab_in_cluster kube-system ovs-netpol
    kube_ns shop team=shop
    kube_ns ops team=ops
    kube_run shop/web labels=app=web
    kube_run shop/db labels=app=db
    kube_run ops/prom labels=app=prom
    outside other 203.0.113.10/24 2001:db8:1::10/64
    serve shop/db tcp:5432
    serve ops/prom tcp:9090
    serve other tcp:443
    serve_wait
    kube_daemon_start
    settle
}

state_is() {
    [ "$(status "kubernetes.$1.state")" = "$2" ]
}

# begin [extension]: each test begins with the kind and without policies.
begin() {
    need
    kind_install "$@"
    kube delete $KIND --all
    settle
    until_ok 10 state_is $KIND watching
}

need_definition() {
    local reason
    need
    ! reason=$(kind_reason) || skip "$reason"
}

# cnp NAME TIER PRIORITY SUBJECT: applied, with its rules on standard input.
cnp() {
    cnp_manifest "$@" | kube apply -f -
}

db='{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: db}}}}'
web='{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}'

no_web() {
    cnp no-web Admin 10 "$db" <<END
ingress:
- {action: Deny, name: not web, from: [$web]}
END
}

# A cluster without any of the kinds is complete.
test_absent() {
    need
    local kind
    kube_follows
    for kind in cluster admin baselineadmin; do
        state_is "${kind}networkpolicies" absent
    done
    state_is nodes "not needed"
    same problems "[]" "$(status problems)"
    kube_expect <<< "shop/web -> shop/db tcp/5432,icmp ok"
}

# The definition comes, is found without being asked, and goes.
test_definition() {
    need
    [ -r "${NETPOL_CRD-}" ] ||
        skip "needs the definition of ClusterNetworkPolicy (NETPOL_CRD)"
    local before
    before=$(wc -l < "$NETPOLD_LOG")
    definition_apply
    until_ok 35 state_is $KIND watching
    kube_follows
    definition_delete
    until_ok 35 state_is $KIND absent
    settle
    kube_follows
    same problems "[]" "$(status problems)"
    # It came, the watch ended, it went: nothing else is worth a line.
    same "lines in the log" 3 "$(tail -n "+$((before + 1))" "$NETPOLD_LOG" |
        grep -c $KIND)"
}

test_installed_later() {
    need
    kind_install
    no_web
    until_ok 35 state_is $KIND watching
    kube_expect <<END
shop/web -> shop/db tcp/5432,icmp denied
ops/prom -> shop/db tcp/5432,icmp ok
END
    kube_follows
    KUBE_EDITOR="sed -i s/Deny/Accept/" kube edit $KIND no-web
    kube_expect <<< "shop/web -> shop/db tcp/5432,icmp ok"
    kube patch $KIND no-web --type=merge -p '{"spec": {"ingress": [
        {"action": "Deny", "from": [{"namespaces": {}}], "protocols": [
          {"tcp": {"destinationPort": {"number": 5432}}}]}]}}'
    kube_expect <<END
shop/web -> shop/db tcp/5432 denied
ops/prom -> shop/db tcp/5432 denied
shop/web -> shop/db icmp ok
END
    kube delete $KIND no-web
    kube_expect <<< "shop/web -> shop/db tcp/5432,icmp ok"
}

test_tiers() {
    begin
    cnp default Baseline 10 "$db" <<END
ingress:
- {action: Deny, from: [{namespaces: {}}]}
END
    kube_expect <<END
shop/web -> shop/db tcp/5432 denied
ops/prom -> shop/db tcp/5432 denied
END
    kube create -f - <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]
END
    kube_expect <<END
shop/web -> shop/db tcp/5432 ok
ops/prom -> shop/db tcp/5432 denied
END
    cnp strict Admin 10 "$db" <<END
ingress:
- {action: Deny, from: [$web]}
END
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    # A label of a namespace, and the order.
    cnp monitoring Admin 5 "$db" <<END
ingress:
- {action: Accept, from: [{namespaces: {matchLabels: {team: watchers}}}]}
- {action: Pass, from: [$web]}
END
    kube_expect <<END
shop/web -> shop/db tcp/5432 ok
ops/prom -> shop/db tcp/5432 denied
END
    kube label namespace ops --overwrite team=watchers
    kube_expect <<< "ops/prom -> shop/db tcp/5432 ok"
    kube label namespace ops --overwrite team=ops
    kube delete networkpolicy -n shop db
    kube delete $KIND --all
    kube_expect <<END
shop/web -> shop/db tcp/5432 ok
ops/prom -> shop/db tcp/5432 ok
END
}

old_policies() {
    kube apply -f - <<END
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: old}
spec:
  priority: 10
  subject: $db
  ingress:
  - {action: Allow, from: [$web], ports: [{portNumber: {protocol: TCP, port: 5432}}]}
  - {action: Deny, from: [{namespaces: {}}]}
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata: {name: default}
spec:
  subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: prom}}}}
  ingress: [{action: Deny, from: [{namespaces: {}}]}]
END
}

# One order with the new kind: it is asked before, and after.
old_and_new_kinds() {
    no_web
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    kube patch $KIND no-web --type=merge -p '{"spec": {"priority": 11}}'
    kube_expect <<< "shop/web -> shop/db tcp/5432 ok"
    kube patch adminnetworkpolicy old --type=merge -p '{"spec": {"ingress": [
        {"action": "Pass", "from": [{"namespaces": {}}]}]}}'
    kube_expect <<END
ops/prom -> shop/db tcp/5432 ok
shop/web -> shop/db tcp/5432 ok
END
}

# What is wrong with one is not that it is deprecated.
old_kind_wrong() {
    log_allow 'AdminNetworkPolicy old: .*domainNames' "it is not supported"
    kube patch adminnetworkpolicy old --type=merge -p '{"spec": {"egress": [
        {"action": "Deny", "to": [{"domainNames": ["www.example.org"]}]}]}}'
    kube_follows
    contains problems 'domainNames: not supported' "$(status problems)"
}

# AdminNetworkPolicy and BaselineAdminNetworkPolicy come, are enforced among
# those that came after them, change, and go.
test_older_kinds() {
    begin
    local kind warnings
    warnings=$(status kubernetes.warnings)
    old_kinds_install
    for kind in admin baselineadmin; do
        until_ok 35 state_is "${kind}networkpolicies" watching
    done
    old_policies
    kube_expect <<END
shop/web -> shop/db tcp/5432 ok
shop/web -> shop/db icmp denied
ops/prom -> shop/db tcp/5432 denied
shop/web -> ops/prom tcp/9090 denied
END
    exits 0 ovs-netpol policies
    contains "Admin" '^AdminNetworkPolicy old [(]Admin 10[)] .* ok$' "$output"
    contains "Baseline" \
        '^BaselineAdminNetworkPolicy default [(]Baseline 1000[)]' "$output"
    same "they are deprecated" "$((warnings + 2))" "$(status kubernetes.warnings)"
    old_and_new_kinds
    old_kind_wrong
    kube delete adminnetworkpolicy old
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    same problems "[]" "$(status problems)"
    kube delete $KIND no-web
    log_allow "adminnetworkpolicies: .*stream" "the watch is cut"
    old_kinds_remove
    settle
    kube_expect <<END
shop/web -> shop/db tcp/5432 ok
shop/web -> ops/prom tcp/9090 ok
END
    for kind in admin baselineadmin; do
        until_ok 35 state_is "${kind}networkpolicies" absent
    done
    kube_follows
}

# What the definition forbids never reaches us.
test_validation() {
    need_definition
    begin
    local events
    no_web
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    contains "kubectl get" '^no-web +Admin +10 ' "$(kube get cnp)"
    events=$(status kubernetes.$KIND.events)
    refused 'spec.tier' '{"tier": "Boss"}'
    refused 'spec.priority.*less than or equal to 1000' '{"priority": 1001}'
    refused 'spec.subject' '{"subject": null}'
    refused 'spec.ingress.*from.*at least 1 items' \
        '{"ingress": [{"action": "Deny", "from": []}]}'
    refused 'spec.ingress.*action.*Drop' \
        '{"ingress": [{"action": "Drop", "from": [{"namespaces": {}}]}]}'
    # Without the field that it does not know nothing is left of the peer.
    refused 'spec.egress.*to.*at least 1 properties' \
        '{"egress": [{"action": "Deny", "to": [{"domainNames": ["a.b"]}]}]}'
    kube label $KIND no-web seen=yes
    until_ok 10 events_are "$((events + 1))"
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
}

# refused REGEX SPEC: an edit that the API server does not accept.
refused() {
    exits 1 kube patch $KIND no-web --type=merge -p "{\"spec\": $2}"
    contains "kubectl patch" "$1" "$output"
}

events_are() {
    [ "$(status kubernetes.$KIND.events)" = "$1" ]
}

# node NAME LABELS ADDRESS...: a Node as its kubelet makes it.
node() {
    local name=$1 labels=$2 address list=""
    shift 2
    for address; do
        list+="${list:+, }{\"type\": \"InternalIP\", \"address\": \"$address\"}"
    done
    kube apply -f - <<END
apiVersion: v1
kind: Node
metadata: {name: $name, labels: $(yaml_map "$labels")}
END
    printf '{"status": {"addresses": [%s]}}' "$list" |
        kubelab_get "/api/v1/nodes/$name/status" -f -X PATCH \
            -H 'Content-Type: application/merge-patch+json' \
            --data-binary @- >/dev/null
}

# Nodes are followed while they are peers.
test_nodes() {
    begin
    kind_extend
    node away pool=blue 203.0.113.10 2001:db8:1::10
    cnp nodes Admin 1 "$web" <<END
egress:
- {action: Deny, to: [{nodes: {matchLabels: {pool: blue}}}]}
END
    kube_expect <<END
shop/web -> other tcp/443,icmp denied
shop/db -> other tcp/443,icmp ok
END
    state_is nodes watching
    kube label node away --overwrite pool=green
    kube_expect <<< "shop/web -> other tcp/443,icmp ok"
    kube label node away --overwrite pool=blue
    kube_expect <<< "shop/web -> other tcp/443,icmp denied"
    node away pool=blue 203.0.113.99
    kube_expect <<< "shop/web -> other tcp/443,icmp ok"
    kube delete $KIND nodes
    until_ok 10 state_is nodes "not needed"
    kube delete node away
}

# A rule that nobody can enforce yet is said, and closed.
test_not_understood() {
    begin
    kind_extend
    log_allow 'ClusterNetworkPolicy names' "it is not supported"
    cnp names Admin 1 "$web" <<END
egress:
- {action: Deny, to: [{domainNames: [www.example.org]}]}
END
    kube_expect <<END
shop/web -> other tcp/443 denied
shop/db -> other tcp/443 ok
END
    contains status 'ClusterNetworkPolicy names: .*domainNames: not supported' \
        "$(ovs-netpol status)"
    until_ok 10 event_is_there
    until_ok 10 condition_is False 1 'domainNames: not supported'
    contains "kubectl describe" 'Message: .*domainNames: not supported' \
        "$(kube describe cnp names)"
    cnp names Admin 1 "$web" <<END
egress:
- {action: Deny, to: [{networks: [203.0.113.0/24, "2001:db8::/32"]}]}
END
    until_ok 10 condition_is True 2 'all of it is understood'
    same conditions "2 0 None" "$(for n in written failed error; do
        status "kubernetes.conditions.$n"; done | xargs)"
    kube_expect <<< "shop/web -> other tcp/443 denied"
    kube delete $KIND names
    kube_expect <<< "shop/web -> other tcp/443 ok"
    same problems "[]" "$(status problems)"
}

# condition_is STATUS GENERATION REGEX
condition_is() {
    kube get $KIND names -o \
        'jsonpath={range .status.conditions[*]}{.type} {.status} {.observedGeneration} {.message}{"\n"}{end}' |
        grep -Eq "^ovs-netpol.io/Accepted $1 $2 .*$3"
}

event_is_there() {
    kube get events -n default --field-selector \
        involvedObject.kind=ClusterNetworkPolicy -o 'jsonpath={.items[*].message}' |
        grep -q 'domainNames: not supported'
}

# A restart begins with what the lists say, and changes nothing.
test_restart() {
    begin
    no_web
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    flows > "$LAB/flows.before"
    daemon_stop
    kube_daemon_start
    settle
    same flow_mods 0 "$(status switch.flowMods)"
    same flows "$(cat "$LAB/flows.before")" "$(flows)"
}

# The API server is killed and comes back.  It says for a moment that there is
# no such kind, before 1.23: nothing of it reaches the switch.
test_server_restarts() {
    begin
    local flow_mods watches
    no_web
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    log_allow '\|kube' "the API server really is away"
    flow_mods=$(status switch.flowMods)
    watches=$(status kubernetes.$KIND.watches)
    kubelab_restart
    until_ok 60 watches_since "$watches"
    until_ok 60 kube_follows
    same flow_mods "$flow_mods" "$(status switch.flowMods)"
    expect_packets <<< "shop/web -> shop/db tcp/5432 denied"
    kube delete $KIND no-web
    kube_expect <<< "shop/web -> shop/db tcp/5432 ok"
}

watches_since() {
    [ "$(status kubernetes.$KIND.watches)" -gt "$1" ]
}

# The definition goes back to a version that does not know a field of a policy:
# that has a peer without a field then, which is closed.
test_older_definition() {
    need_definition
    begin
    local tried
    tried=$(conditions_tried)
    log_allow 'ClusterNetworkPolicy names' "a rule has a peer of no kind"
    log_allow "$KIND: .*stream" "the watch is cut"
    kind_extend
    node away pool=blue 203.0.113.10 2001:db8:1::10
    cnp names Admin 1 "$web" <<END
egress:
- {action: Deny, to: [{nodes: {matchLabels: {pool: blue}}}]}
END
    kube_expect <<END
shop/web -> other tcp/443 denied
shop/web -> shop/db tcp/5432 ok
END
    kube replace --validate=false -f "$NETPOL_CRD"
    until_ok 20 has_lost_its_peer
    kube_expect <<END
shop/web -> other tcp/443 denied
shop/web -> shop/db tcp/5432 denied
shop/db -> other tcp/443 ok
END
    # Many servers do not take a status for an object that they would not take
    # today.  It is not as if there were no conditions at all, then.
    until_ok 10 conditions_tried_since "$tried"
    same kubernetes.conditions.error None \
        "$(status kubernetes.conditions.error)"
    kube delete $KIND names
    kube_expect <<< "shop/web -> other tcp/443 ok"
    kube delete node away
}

conditions_tried() {
    echo $(($(status kubernetes.conditions.written) +
            $(status kubernetes.conditions.failed)))
}

conditions_tried_since() {
    [ "$(conditions_tried)" -gt "$1" ]
}

has_lost_its_peer() {
    [ "$(kube get $KIND names -o 'jsonpath={.spec.egress[0].to[0]}')" = "{}" ]
}

# We may not list them any more: what was known stays in force.  All else goes
# on, and the node is ready.
test_forbidden() {
    begin
    local rbac=$NETLAB_TOP/deploy/kubernetes/base/rbac.yaml
    no_web
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    log_allow "HTTP 403: $KIND.*is forbidden" "our role does not have it"
    sed '/- clusternetworkpolicies$/d' "$rbac" | kube apply -f -
    until_ok 20 is_forbidden
    contains problems "$KIND.* is forbidden: .* cannot list" \
        "$(status problems)"
    kube delete $KIND no-web
    kube label pod -n shop web --overwrite app=former
    expect <<END
shop/web -> shop/db tcp/5432 ok
END
    kube label pod -n shop web --overwrite app=web
    expect <<END
shop/web -> shop/db tcp/5432 denied
END
    same ready ok "$(curl -sS --max-time 5 http://127.0.0.1:9640/readyz)"
    kube apply -f "$rbac"
    until_ok 40 state_is $KIND watching
    kube_expect <<< "shop/web -> shop/db tcp/5432 ok"
    same problems "[]" "$(status problems)"
}

# The role changes a little later, and we ask when we are told to.
is_forbidden() {
    settle
    state_is $KIND forbidden
}

# All policies of the cluster go at once, and the kind; NetworkPolicies do not.
test_removed() {
    begin
    no_web
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    log_allow "$KIND: .*stream" "the watch is cut"
    kind_remove
    kube_expect <<< "shop/web -> shop/db tcp/5432 ok"
    until_ok 35 state_is $KIND absent
    settle
    kube_follows
    # And back.
    begin
    no_web
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
}

# The kind is gone, and nobody heard that policies were deleted: they are in
# force for a while, and that is said.
test_vanished() {
    begin extension
    no_web
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    log_allow "$KIND: (HTTP 404|.*stream)" "the kind is gone"
    kube delete "$APISERVICE"
    # The watch goes on until somebody wants to know.
    exits 1 ovs-netpol wait --timeout=2
    until_ok 20 is_in_trouble
    contains status "$KIND of policy.networking.k8s.io/v1alpha2 any more; \
what is known of them stays in force until it has said so for 30 seconds" \
        "$(ovs-netpol status)"
    expect_packets <<< "shop/web -> shop/db tcp/5432 denied"
    until_ok 70 state_is $KIND absent
    kube_follows
    expect <<< "shop/web -> shop/db tcp/5432 ok"
    extension_stop
}

# An aggregated server is away: nobody knows where the policies are, or what
# they were.  They stay.
test_server_away() {
    begin extension
    log_allow "$KIND: (HTTP 503|.*stream)" "the server is away"
    no_web
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    extension_stop
    until_ok 20 is_in_trouble
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    # NetworkPolicies go on.
    kube create -f - <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: ops, name: prom}
spec: {podSelector: {}}
END
    kube_expect <<< "shop/web -> ops/prom tcp/9090 denied"
    kube delete networkpolicy -n ops prom
    kube_expect <<< "shop/web -> ops/prom tcp/9090 ok"
    extension_start
    until_ok 30 kube get $KIND
    # It has forgotten everything.
    until_ok 35 state_is $KIND watching
    kube_expect <<< "shop/web -> shop/db tcp/5432 ok"
}

is_in_trouble() {
    [ "$(status kubernetes.$KIND.error)" != None ]
}
