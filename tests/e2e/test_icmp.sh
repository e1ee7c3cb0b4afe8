# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# ICMP, the errors that belong to connections, and fragments: S28 S29 S32 of
# docs/semantics.md.

setup() {
    ns shop
    pod shop/web labels=app=web
    pod shop/db labels=app=db
    serve shop/web tcp:80 udp:53
    serve shop/db tcp:80 udp:53
    serve_wait
    daemon_start
    settle
}

# web may open udp/53, udp/9999 and tcp/80 to db, and nothing else moves.
only_some_ports() {
    policy ports <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: deny}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: out}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
  - ports: &ports
    - {port: 80}
    - {port: 53, protocol: UDP}
    - {port: 9999, protocol: UDP}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: in}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress:
  - ports:
    - {port: 80}
    - {port: 53, protocol: UDP}
    - {port: 9999, protocol: UDP}
END
}

# S28: rules with ports do not cover ICMP.
test_ports_leave_icmp_out() {
    only_some_ports
    expect <<END
shop/web -> shop/db tcp/80,udp/53 ok
shop/web -> shop/db icmp denied
shop/db -> shop/web icmp,udp/53 denied
END
}

# S28: rules without ports do.
test_rules_without_ports() {
    policy peers <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: peers}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
END
    expect <<END
shop/web -> shop/db icmp,icmp/0/1000 ok
shop/web -> shop/db udp/9999 closed
END
}

# S29: nobody listens on udp/9999; the ICMP error comes back through deny-all.
test_port_unreachable() {
    only_some_ports
    expect <<END
shop/web -> shop/db udp/9999 closed
shop/db -> shop/web udp/9999 denied
END
}

# S32: conntrack puts fragments together and knows their connection.
test_fragments() {
    expect <<END
shop/web -> shop/db icmp/0/4000,udp/53/4000,udp/53/8000 ok
END
    policy deny <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: deny}
spec:
  podSelector: {}
END
    expect <<END
shop/web -> shop/db icmp/0/4000,udp/53/4000 denied
END
}

# The userspace datapath takes packets apart again after conntrack, and a later
# fragment has no ports: the first packet of a connection that only a rule with
# ports allows has to be whole.  Those that follow need not be.
test_fragments_and_ports() {
    only_some_ports
    settle
    hold udp4 shop/web udp "$(host_get shop/db v4)" 53
    hold udp6 shop/web udp "$(host_get shop/db v6)" 53
    same "4000 bytes, IPv4" ok "$(hold_ask udp4 3 4000)"
    same "4000 bytes, IPv6" ok "$(hold_ask udp6 3 4000)"
    expect <<< "shop/web -> shop/db icmp/0/4000 denied"
}
