# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The classical policies, one by one.  Numbers are those of docs/semantics.md.

setup() {
    ns shop team=shop
    ns ops team=ops
    pod shop/web labels=app=web
    pod shop/api labels=app=api
    pod shop/db labels=app=db
    pod ops/prom labels=app=prom
    pod ops/dns labels=app=dns
    outside world 203.0.113.10/24 2001:db8:1::10/64
    serve shop/web tcp:80 udp:53
    serve shop/api tcp:80,8080 udp:53
    serve shop/db tcp:80,5432 udp:53
    serve ops/prom tcp:80,9090 udp:53
    serve ops/dns tcp:53,80 udp:53
    serve world tcp:80,443 udp:53
    serve_wait
    daemon_start
    settle
}

# Rule 1: without a policy everything passes.
test_no_policy() {
    expect <<END
shop/web -> shop/db tcp/5432,tcp/80,udp/53,icmp ok
shop/web -> shop/db tcp/9,udp/9 closed
ops/prom -> shop/web tcp/80,icmp ok
shop/web -> world tcp/443,udp/53,icmp ok
world -> shop/web tcp/80,udp/53,icmp ok
END
}

# S1 S4: everything into one namespace is denied; the way out is free.
test_deny_ingress() {
    policy deny <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: deny}
spec:
  podSelector: {}
  policyTypes: [Ingress]
END
    expect <<END
shop/web -> shop/db tcp/5432,udp/53,icmp denied
ops/prom -> shop/web tcp/80,udp/53,icmp denied
world -> shop/web tcp/80,udp/53,icmp denied
shop/web -> ops/dns tcp/53,udp/53,icmp ok
shop/web -> world tcp/443,udp/53,icmp ok
ops/prom -> ops/dns tcp/53,udp/53,icmp ok
END
}

# S3: the ingress section of a policy that is about egress is ignored.
test_deny_egress() {
    policy deny <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: deny}
spec:
  podSelector: {}
  policyTypes: [Egress]
  ingress:
  - {}
END
    expect <<END
shop/web -> shop/db tcp/5432,udp/53,icmp denied
shop/web -> ops/dns tcp/53,udp/53,icmp denied
shop/web -> world tcp/443,udp/53,icmp denied
ops/prom -> shop/web tcp/80,udp/53,icmp ok
world -> shop/web tcp/80,udp/53,icmp ok
END
}

# S2: policyTypes by default.
test_default_types() {
    policy ingress <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: ingress-by-default}
spec:
  podSelector: {matchLabels: {app: db}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: ops, name: both-by-default}
spec:
  podSelector: {matchLabels: {app: prom}}
  egress:
  - to: [{podSelector: {}}]
END
    expect <<END
shop/web -> shop/db tcp/5432 denied
shop/db -> shop/web tcp/80 ok
ops/prom -> ops/dns tcp/53 ok
ops/prom -> shop/web tcp/80 denied
ops/dns -> ops/prom tcp/9090 denied
END
}

# S8: from one application, to one application.
test_allow_from_app() {
    policy db <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from:
    - podSelector: {matchLabels: {app: api}}
END
    expect <<END
shop/api -> shop/db tcp/5432,tcp/80,udp/53,icmp ok
shop/web -> shop/db tcp/5432,tcp/80,udp/53,icmp denied
ops/prom -> shop/db tcp/5432 denied
world -> shop/db tcp/5432 denied
shop/web -> shop/api tcp/8080 ok
END
}

# S9 S12: from a labelled namespace, and by the namespace's own name.
test_allow_from_namespace() {
    policy web <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from:
    - namespaceSelector: {matchLabels: {team: ops}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: api}
spec:
  podSelector: {matchLabels: {app: api}}
  ingress:
  - from:
    - namespaceSelector:
        matchLabels: {kubernetes.io/metadata.name: shop}
END
    expect <<END
ops/prom -> shop/web tcp/80,icmp ok
shop/db -> shop/web tcp/80,icmp denied
world -> shop/web tcp/80,icmp denied
shop/db -> shop/api tcp/80 ok
ops/prom -> shop/api tcp/80 denied
END
}

# S10: both selectors in one peer mean AND, two peers mean OR.
test_and_or() {
    policy and <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: and}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from:
    - namespaceSelector: {matchLabels: {team: ops}}
      podSelector: {matchLabels: {app: prom}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: or}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from:
    - namespaceSelector: {matchLabels: {team: ops}}
    - podSelector: {matchLabels: {app: api}}
END
    expect <<END
ops/prom -> shop/web tcp/80 ok
ops/dns -> shop/web tcp/80 denied
shop/api -> shop/web tcp/80 denied
ops/prom -> shop/db tcp/80 ok
ops/dns -> shop/db tcp/80 ok
shop/api -> shop/db tcp/80 ok
shop/web -> shop/db tcp/80 denied
END
}

# S9: every pod of every namespace, but not the world.  S6: the world too.
test_all_pods_or_all() {
    policy peers <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: all-pods}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from: [{namespaceSelector: {}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: all}
spec:
  podSelector: {matchLabels: {app: api}}
  ingress:
  - {}
END
    expect <<END
shop/db -> shop/web tcp/80,icmp ok
ops/prom -> shop/web tcp/80,icmp ok
world -> shop/web tcp/80,icmp denied
world -> shop/api tcp/80,udp/53,icmp ok
ops/prom -> shop/api tcp/80,udp/53,icmp ok
END
}

# S7: a peer that selects nobody.  S11: expressions.
test_selectors() {
    policy nobody <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: nobody}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: nobody}}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: expressions}
spec:
  podSelector:
    matchExpressions:
    - {key: app, operator: In, values: [db, other]}
  ingress:
  - from:
    - podSelector:
        matchExpressions:
        - {key: app, operator: NotIn, values: [api]}
        - {key: quarantine, operator: DoesNotExist}
END
    expect <<END
shop/api -> shop/web tcp/80 denied
shop/db -> shop/web tcp/80 denied
shop/web -> shop/db tcp/80 ok
shop/api -> shop/db tcp/80 denied
ops/prom -> shop/db tcp/80 denied
END
}

# Both ends have a say (rule 4); egress to DNS, and to one port of one app.
test_egress() {
    policy egress <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: dns}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - to:
    - namespaceSelector: {matchLabels: {team: ops}}
      podSelector: {matchLabels: {app: dns}}
    ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
  - to: [{podSelector: {matchLabels: {app: api}}}]
    ports: [{port: 8080}]
END
    expect <<END
shop/web -> ops/dns tcp/53,udp/53 ok
shop/web -> ops/dns tcp/80,icmp denied
shop/web -> ops/prom udp/53 denied
shop/web -> world udp/53 denied
shop/web -> shop/api tcp/8080 ok
shop/web -> shop/api tcp/80,icmp denied
shop/db -> shop/api tcp/8080 denied
shop/db -> ops/dns udp/53 ok
END
    policy ingress <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: deny-api}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress]
END
    expect <<END
shop/web -> shop/api tcp/8080,tcp/80 denied
shop/web -> ops/dns udp/53 ok
END
}

# Rule 2: policies for one pod add up.
test_union() {
    local app
    for app in web prom; do
        policy "from-$app" <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: from-$app}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from:
    - namespaceSelector: {}
      podSelector: {matchLabels: {app: $app}}
    ports: [{port: 5432}]
END
    done
    expect <<END
shop/web -> shop/db tcp/5432 ok
ops/prom -> shop/db tcp/5432 ok
shop/api -> shop/db tcp/5432 denied
shop/web -> shop/db tcp/80,udp/53,icmp denied
END
}

# Rule 3: a policy is for the pods of its own namespace.
test_namespaced() {
    policy all <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: ops, name: deny}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
END
    expect <<END
ops/prom -> ops/dns udp/53 denied
shop/web -> ops/dns udp/53 denied
shop/web -> shop/db tcp/5432 ok
world -> shop/web tcp/80 ok
END
}
