# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# ClusterNetworkPolicies from a directory: Admin and Baseline tiers around
# NetworkPolicies, C1-C8 of docs/semantics.md.

setup() {
    ns shop team=shop
    ns ops team=ops
    pod shop/web labels=app=web
    pod shop/db labels=app=db ports=sql:TCP:5432
    pod ops/prom labels=app=prom
    serve shop/web tcp:80
    serve shop/db tcp:5432,5433
    serve ops/prom tcp:9090
    serve_wait
    daemon_start
    settle
}

# cnp NAME TIER PRIORITY SUBJECT: a ClusterNetworkPolicy, with its rules on
# standard input.
cnp() {
    cnp_manifest "$@" | policy "$1"
}

everybody='{namespaces: {}}'
db='{pods: {podSelector: {matchLabels: {app: db}}}}'
web='{pods: {podSelector: {matchLabels: {app: web}}}}'
prom='{pods: {podSelector: {matchLabels: {app: prom}}}}'

deny_all_policy() {
    policy deny-all <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: deny-all}
spec: {podSelector: {}}
END
}

# C1: the Admin tier overrides what namespaces say, both ways.
test_admin_over_policies() {
    deny_all_policy
    expect <<< "ops/prom -> shop/db tcp/5432,icmp denied"
    cnp monitoring Admin 10 "$db" <<END
ingress:
- {action: Accept, name: monitoring, from: [$prom]}
END
    expect <<END
ops/prom -> shop/db tcp/5432,icmp ok
shop/web -> shop/db tcp/5432,icmp denied
END
    policy deny-all <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: deny-all}
spec: {podSelector: {}, ingress: [{}]}
END
    cnp no-web Admin 5 "$db" <<END
ingress:
- {action: Deny, from: [$web]}
END
    expect <<END
ops/prom -> shop/db tcp/5432,icmp ok
shop/web -> shop/db tcp/5432,icmp denied
END
}

# C2: Pass leaves it to NetworkPolicies, or to the Baseline tier.
test_pass() {
    cnp strict Admin 20 "$everybody" <<END
ingress:
- {action: Pass, from: [{namespaces: {matchLabels: {team: shop}}}]}
- {action: Deny, from: [$everybody]}
END
    expect <<END
shop/web -> shop/db tcp/5432,icmp ok
ops/prom -> shop/db tcp/5432,icmp denied
END
    deny_all_policy
    expect <<< "shop/web -> shop/db tcp/5432,icmp denied"
    expect <<< "shop/web -> ops/prom tcp/9090 ok"
    cnp base Baseline 0 "$everybody" <<END
ingress:
- {action: Deny, from: [$web]}
END
    expect <<< "shop/web -> ops/prom tcp/9090 denied"
}

# C1: a default that namespaces may change, in one direction or both.
test_baseline() {
    cnp default-deny Baseline 100 "$everybody" <<END
ingress:
- {action: Deny, from: [$everybody]}
egress:
- {action: Deny, to: [$prom]}
END
    expect <<END
shop/web -> shop/db tcp/5432,icmp denied
shop/db -> ops/prom tcp/9090 denied
END
    policy db <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]
END
    # db is isolated for ingress alone: egress is still up to the Baseline.
    expect <<END
shop/web -> shop/db tcp/5432,icmp ok
shop/db -> ops/prom tcp/9090 denied
ops/prom -> shop/web tcp/80 denied
END
    policy_delete default-deny
    expect <<END
shop/db -> ops/prom tcp/9090 ok
ops/prom -> shop/db tcp/5432 denied
END
}

# C4: networks match pods and ICMP; C1: rules in their order.
test_networks() {
    local address address6
    address=$(host_get ops/prom v4)
    address6=$(host_get ops/prom v6)
    cnp nets Admin 1 "$web" <<END
egress:
- {action: Accept, to: [{networks: [$address/32, "$address6/128"]}]}
- {action: Deny, to: [{networks: [0.0.0.0/0, "::/0"]}]}
END
    expect <<END
shop/web -> ops/prom tcp/9090,icmp ok
shop/web -> shop/db tcp/5432,icmp denied
shop/db -> shop/web tcp/80,icmp ok
END
}

# C5: a named port, and a number.
test_ports() {
    cnp sql Admin 1 "$db" <<END
ingress:
- {action: Deny, from: [$web], protocols: [{destinationNamedPort: sql}]}
END
    expect <<END
shop/web -> shop/db tcp/5432 denied
shop/web -> shop/db tcp/5433,icmp ok
END
    cnp sql Admin 1 "$db" <<END
ingress:
- {action: Deny, from: [$web], protocols: [
   {tcp: {destinationPort: {range: {start: 5433, end: 6000}}}}]}
END
    expect <<END
shop/web -> shop/db tcp/5432,icmp ok
shop/web -> shop/db tcp/5433 denied
END
}

# C6: what a later version of the API may say.
test_fails_closed() {
    log_allow "ClusterNetworkPolicy later: .*galaxies" "we do not know them"
    cnp later Admin 1 "$db" <<END
ingress:
- {action: Deny, from: [{galaxies: {}}]}
END
    expect <<END
shop/web -> shop/db tcp/5432,icmp denied
ops/prom -> shop/db tcp/5432 denied
END
    contains status 'ClusterNetworkPolicy later: spec.ingress\[0\].from\[0\].*galaxies' \
        "$(ovs-netpol status)"
    lacks status "last good version" "$(ovs-netpol status)"
    cnp later Admin 1 "$db" <<END
ingress:
- {action: Accept, from: [{galaxies: {}}]}
- {action: Deny, from: [$web]}
END
    expect <<END
shop/web -> shop/db tcp/5432 denied
ops/prom -> shop/db tcp/5432 ok
END
}

# Everything about one of them.
test_policy_command() {
    log_allow "ClusterNetworkPolicy later: .*domainNames" "not supported"
    cnp strict Admin 5 "$db" <<END
ingress:
- {action: Deny, name: no web, from: [$web]}
END
    cnp later Baseline 7 "$prom" <<END
egress:
- {action: Deny, to: [{domainNames: [www.example.org]}]}
END
    settle
    exits 0 ovs-netpol policy ClusterNetworkPolicy/strict
    contains order 'ClusterNetworkPolicy strict, tier Admin, priority 5' \
        "$output"
    contains subject 'pods app=db of all namespaces' "$output"
    contains subject '1 pods, 1 here' "$output"
    contains rule '\[0\] Deny "no web" from pods app=web' "$output"
    exits 0 ovs-netpol policy -o json ClusterNetworkPolicy/later
    contains problem 'domainNames: not supported' "$output"
    contains closed '"understood": *false' "$output"
    exits 2 ovs-netpol policy ClusterNetworkPolicy/nobody

    # The pods say so too.
    exits 0 ovs-netpol pods
    contains db '^shop/db .* Admin:strict$' "$output"
    contains prom '^ops/prom .* Baseline:later +-$' "$output"
    exits 0 ovs-netpol pod shop/db
    contains db 'tier Admin, asked before: ClusterNetworkPolicy strict' \
        "$output"
}

# A priority is edited: the other policy wins at once, and the flows of what
# does not move stay.
test_order_changes() {
    cnp one Admin 10 "$db" <<END
ingress:
- {action: Accept, from: [$web]}
END
    cnp two Admin 20 "$db" <<END
ingress:
- {action: Deny, from: [$everybody]}
END
    expect <<< "shop/web -> shop/db tcp/5432 ok"
    cnp one Admin 30 "$db" <<END
ingress:
- {action: Accept, from: [$web]}
END
    expect <<< "shop/web -> shop/db tcp/5432 denied"
    # C7: equal priorities go by name.
    cnp one Admin 20 "$db" <<END
ingress:
- {action: Accept, from: [$web]}
END
    expect <<< "shop/web -> shop/db tcp/5432 ok"
}

# v1alpha1 is read as well.
test_old_versions() {
    policy old <<END
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: old}
spec:
  priority: 1
  subject: $db
  ingress:
  - {action: Allow, from: [$web]}
  - {action: Deny, from: [$everybody]}
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata: {name: default}
spec:
  subject: $prom
  ingress: [{action: Deny, from: [$everybody]}]
END
    expect <<END
shop/web -> shop/db tcp/5432 ok
ops/prom -> shop/db tcp/5432 denied
shop/web -> ops/prom tcp/9090 denied
END
}

# What is denied is counted and named like any other drop.
test_drops_are_named() {
    cnp no-web Admin 5 "$db" <<END
ingress:
- {action: Deny, from: [$web]}
END
    expect <<< "shop/web -> shop/db tcp/5432 denied"
    until_ok 10 counted no-web
    exits 0 ovs-netpol policies
    contains "policies" "^ClusterNetworkPolicy no-web [(]Admin 5[)]" "$output"
    exits 0 ovs-netpol drops
    contains "drops" "ClusterNetworkPolicy/no-web" "$output"
}

# counted NAME: packets that the cluster policy denied.
counted() {
    ovs-appctl -t ovs-netpold counters | /usr/bin/python3 -c '
import json, sys
print(sum(a["ingress"]["denied"]["packets"]
          for a in json.load(sys.stdin)["policies"]
          if a.get("name") == sys.argv[1]
          and a["kind"] == "ClusterNetworkPolicy"))' "$1" | grep -q '[1-9]'
}

# A restart finds the flows that it would make.
test_restart() {
    cnp one Admin 10 "$db" <<END
ingress:
- {action: Pass, from: [$web]}
- {action: Deny, from: [$everybody]}
END
    cnp two Baseline 10 "$everybody" <<END
egress:
- {action: Deny, to: [{networks: [8.8.8.0/24]}]}
END
    settle
    exits 0 ovs-netpol verify
    flows > "$LAB/flows.ours"
    daemon_stop
    daemon_start
    settle
    same "after the start" "$(cat "$LAB/flows.ours")" "$(flows)"
    same "flow_mods" 0 "$(status switch.flowMods)"
}
