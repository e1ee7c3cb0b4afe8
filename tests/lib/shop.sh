# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What several files of tests begin with, and policies that they share; sourced
# by harness.sh.

# small_shop [OPTION...]: namespace shop with pods web and db, the latter with
# more options of pod().  db listens to 5432 and 80, and a policy lets it hear
# web on 5432, and nothing else.
small_shop() {
    ns shop
    pod shop/web labels=app=web
    pod shop/db labels=app=db "$@"
    serve shop/db tcp:5432,80
    serve_wait
    db_hears_web 5432 | manifest db
}

# db_hears_web PORT...: prints a policy by which db hears web on these ports, and
# nobody else.
db_hears_web() {
    local ports
    printf -v ports ', {port: %s}' "$@"
    cat <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [${ports#, }]
END
}

small_shop_works() {
    expect <<END
shop/web -> shop/db tcp/5432 ok
shop/web -> shop/db tcp/80,icmp denied
END
}

# db_from TEAM APP: prints a policy by which db hears pods of the application,
# in namespaces of the team.
db_from() {
    cat <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from:
    - namespaceSelector: {matchLabels: {team: $1}}
      podSelector: {matchLabels: {app: $2}}
END
}

# cnp_manifest NAME TIER PRIORITY SUBJECT: prints a ClusterNetworkPolicy, whose
# rules are the standard input.
cnp_manifest() {
    cat <<END
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: $1}
spec:
  tier: $2
  priority: $3
  subject: $4
END
    sed 's/^/  /'
}
