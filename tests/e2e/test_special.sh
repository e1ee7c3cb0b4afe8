# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What stands beside the policies: the node, host networking, a pod's traffic
# to itself, neighbour discovery, multicast: S26 S27 S30 S31 S40 of
# docs/semantics.md.

setup() {
    ns shop team=shop
    pod shop/web labels=app=web
    pod shop/db labels=app=db
    outside world 203.0.113.10/24 2001:db8:1::10/64
    serve shop/web tcp:80 udp:53
    serve shop/db tcp:80 mcast:239.1.2.3
    serve node tcp:10250
    serve world tcp:443
    serve_wait
    # Without the daemon multicast arrives: silence will mean something.
    expect_packets <<< "shop/web -> 239.1.2.3 udp/5000 ok"
    daemon_start
    settle
}

deny_all() {
    policy deny <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: deny}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
END
}

# S27: the kubelet reaches its pods; the way back is not free.
test_node_to_pod() {
    deny_all
    expect <<END
node -> shop/web tcp/80,udp/53,icmp ok
node -> shop/db tcp/80,icmp ok
shop/web -> node tcp/10250,icmp denied
world -> shop/web tcp/80,icmp denied
END
}

# S40: a hostNetwork pod is the node: it is neither subject nor peer.
test_host_network() {
    pod shop/agent labels=app=agent,team=shop host=true
    deny_all
    expect <<END
world -> node tcp/10250,icmp ok
node -> world tcp/443 ok
node -> shop/web tcp/80 ok
END
    policy web <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: to-agent}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
  - to: [{podSelector: {matchLabels: {app: agent}}}]
  - to: [{namespaceSelector: {}}]
    ports: [{port: 10250}]
END
    expect <<< "shop/web -> node tcp/10250,icmp denied"
    manifest_delete pod-shop-agent
    settle
}

# S26: through a service and back, source and destination are the same.  The
# stack keeps packets to oneself off the wire, so these are traced.
test_self() {
    local v
    deny_all
    settle
    for v in v4 v6; do
        same "to the node, IP$v" ok "$(trace_self shop/web node $v)"
        same "back from it, IP$v" ok "$(trace_self node shop/web $v)"
        exits 0 ovs-netpol explain shop/web "$(host_get shop/web "$v")"
    done
}

# trace_self FROM TO V: the pod shop/web speaks to itself, between these ports.
trace_self() {
    local a flow
    a=$(host_get shop/web "$3")
    flow="in_port=$(ofport_of "$1"),dl_src=$(host_get "$1" mac)"
    flow+=",dl_dst=$(host_get "$2" mac)"
    case $3 in
    v4) flow+=",tcp,nw_src=$a,nw_dst=$a" ;;
    v6) flow+=",tcp6,ipv6_src=$a,ipv6_dst=$a" ;;
    esac
    trace_raw "$flow,nw_ttl=64,tcp_dst=80"
}

# S30: whoever is denied everything still finds its neighbours.
test_neighbours() {
    deny_all
    settle
    inside shop/web ip neighbour flush dev eth0
    expect_packets <<< "shop/web -> shop/db tcp/80 denied"
    local v
    for v in v4 v6; do
        contains "neighbour, IP$v" "lladdr $(host_get shop/db mac)" \
            "$(inside shop/web ip neighbour show "$(host_get shop/db $v)")"
    done
}

# S31
test_multicast() {
    expect <<< "shop/web -> 239.1.2.3 udp/5000 denied"
    deny_all
    expect <<< "shop/web -> 239.1.2.3 udp/5000 denied"
}
