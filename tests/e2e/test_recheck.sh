# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Connections that run while policies change, with "established: recheck": S33
# of docs/semantics.md.

setup() {
    ns shop
    pod shop/web labels=app=web
    pod shop/db labels=app=db
    serve shop/db tcp:5432 udp:53
    serve_wait
    daemon_start --established=recheck
    settle
}

db_allows() {
    policy db <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: $1}}}]
END
}

hold_all() {
    hold "$1.tcp4" shop/web tcp "$(host_get shop/db v4)" 5432
    hold "$1.tcp6" shop/web tcp "$(host_get shop/db v6)" 5432
    hold "$1.udp4" shop/web udp "$(host_get shop/db v4)" 53
    hold "$1.udp6" shop/web udp "$(host_get shop/db v6)" 53
}

# hold_all_say ID RESULT [SECONDS]
hold_all_say() {
    local kind
    for kind in tcp4 tcp6 udp4 udp6; do
        same "$1.$kind" "$2" "$(hold_ask "$1.$kind" "${3:-3}")"
    done
}

# Stopped by a rule that went, and running again when it comes back.
test_changed_policy() {
    db_allows web
    settle
    hold_all changed
    hold_all_say changed ok
    db_allows nobody
    settle
    hold_all_say changed denied 0.4
    db_allows web
    settle
    hold_all_say changed ok 10
}

test_first_policy() {
    settle
    hold_all first
    hold_all_say first ok
    db_allows nobody
    settle
    hold_all_say first denied 0.4
}

test_egress() {
    settle
    hold_all egress
    policy web <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
END
    settle
    hold_all_say egress denied 0.4
}

# What is still allowed goes on.
test_unconcerned() {
    settle
    hold_all on
    db_allows web
    settle
    hold_all_say on ok
}

# admin_says ACTION PRIORITY: a cluster policy about db.
admin_says() {
    policy "admin-$1" <<END
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: admin-${1,,}}
spec:
  tier: Admin
  priority: $2
  subject: {pods: {podSelector: {matchLabels: {app: db}}}}
  ingress: [{action: $1, from: [{namespaces: {}}]}]
END
}

# C1: of two cluster policies the priority of one is edited, and back again.
test_changed_priority() {
    admin_says Accept 10
    admin_says Deny 20
    settle
    hold_all order
    hold_all_say order ok
    admin_says Accept 30
    settle
    hold_all_say order denied 0.4
    admin_says Accept 10
    settle
    hold_all_say order ok 10
}
