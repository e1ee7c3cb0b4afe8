# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# S25: egress to a Service address is decided when the host has translated it.
# nftables on the node stands for kube-proxy: Service addresses become pods,
# on the way back pods become Service addresses.  The node is the pods' router,
# so that it sees both ways.
#
#   10.96.0.10, fd00:96::a    db     10.96.0.11, fd00:96::b    other

SERVICES=10.96.0.0/12,fd00:96::/108

setup() {
    local pod
    ns shop
    for pod in web db other third; do
        pod "shop/$pod" "labels=app=$pod"
        host_via_node "shop/$pod"
    done
    serve shop/db tcp:80,81 udp:53
    serve shop/other tcp:80 udp:53
    serve_wait
    node_routes "$BRIDGE"
    translate
    daemon_start --service-cidrs="$SERVICES"
    settle
}

translate() {
    nft -f - <<END
table inet services {
    chain prerouting {
        type nat hook prerouting priority dstnat
        ip daddr 10.96.0.10 tcp dport 8080 dnat ip to $(host_get shop/db v4):80
        ip daddr 10.96.0.10 dnat ip to $(host_get shop/db v4)
        ip daddr 10.96.0.11 dnat ip to $(host_get shop/other v4)
        ip6 daddr fd00:96::a tcp dport 8080 dnat ip6 to [$(host_get shop/db v6)]:80
        ip6 daddr fd00:96::a dnat ip6 to $(host_get shop/db v6)
        ip6 daddr fd00:96::b dnat ip6 to $(host_get shop/other v6)
    }
}
END
}

# web may talk to db only, and db listens to web only, both on port 80 and UDP
# port 53.
policies() {
    policy web <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
  - to: [{podSelector: {matchLabels: {app: db}}}]
    ports: [{port: 80}, {port: 53, protocol: UDP}]
END
    policy db <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
END
}

# answered_by NAME: all that passed in the last expect and can say who did.
answered_by() {
    same "who answered" "ok $1" "$(grep '^ok .' "$LAB/expect.got" | sort -u)"
}

tracked() {
    ovs-appctl -t ovs-vswitchd dpctl/dump-conntrack zone=40
}

# With nobody's policies.
works() {
    expect_packets <<END
shop/web -> 10.96.0.10 tcp/80,tcp/8080,udp/53,icmp ok
shop/third -> 10.96.0.10 tcp/80 ok
shop/web -> fd00:96::a tcp/80,tcp/8080,udp/53,icmp ok
END
    answered_by shop/db
    expect_packets <<END
shop/web -> 10.96.0.11 tcp/80,udp/53 ok
shop/web -> fd00:96::b tcp/80,udp/53 ok
shop/web -> 10.96.0.11 tcp/81 closed
END
    answered_by shop/other
}

# The real destination decides, by its own port, at both ends.
decided() {
    expect <<END
shop/web -> shop/db tcp/80,udp/53 ok
shop/web -> shop/db tcp/81,icmp denied
shop/web -> shop/other tcp/80,udp/53 denied
shop/third -> shop/db tcp/80 denied
END
    expect_packets <<END
shop/web -> 10.96.0.10 tcp/80,tcp/8080,udp/53 ok
shop/web -> fd00:96::a tcp/80,tcp/8080,udp/53 ok
shop/web -> 10.96.0.10 tcp/81,icmp denied
shop/web -> fd00:96::a tcp/81,icmp denied
shop/web -> 10.96.0.11 tcp/80,udp/53 denied
shop/web -> fd00:96::b tcp/80,udp/53 denied
shop/third -> 10.96.0.10 tcp/80,udp/53 denied
shop/third -> fd00:96::a tcp/80,udp/53 denied
shop/third -> 10.96.0.11 tcp/80,udp/53 ok
shop/third -> fd00:96::b tcp/80,udp/53 ok
END
}

# What web has to say about addresses that nobody translates.
strangers() {
    local leaves
    for leaves in 10.112.0.1 fd00:97::a; do
        expect <<< "shop/web -> $leaves tcp/80 denied"
    done
}

# Both halves of a connection are known in our zone: to the Service address,
# and to the pod; of a denied one only the first.  ID is for hold().
both_halves() {
    local id=$1 web table
    web=$(host_get shop/web v4)
    ovs-appctl -t ovs-vswitchd dpctl/flush-conntrack
    hold "$id" shop/web tcp 10.96.0.10 80
    same "held" ok "$(hold_ask "$id")"
    expect_packets <<< "shop/web -> 10.96.0.11 tcp/80 denied"
    table=$(tracked)
    contains "to the Service" "orig=\(src=$web,dst=10.96.0.10,.*ESTABLISHED" \
        "$table"
    contains "to the pod" \
        "orig=\(src=$web,dst=$(host_get shop/db v4),.*ESTABLISHED" "$table"
    contains "to the other Service" "orig=\(src=$web,dst=10.96.0.11," "$table"
    lacks "to the other pod" "dst=$(host_get shop/other v4)," "$table"
}

explained() {
    contains "the first line" "^allowed .*:80/TCP as far as the host" \
        "$(ovs-netpol explain shop/web 10.96.0.11:80)"
    contains explain "undecided: a Service address" \
        "$(ovs-netpol explain shop/web 10.96.0.11:80)"
}

test_translated() {
    works
    policies
    decided
    strangers
    both_halves local
    explained
}

# The host's way to the bridge is another port than the bridge's own.
test_gateway_port() {
    local pod
    ip link add gw0 address 0a:58:0a:f4:00:01 type veth peer name gwp0
    ip address flush dev "$BRIDGE"
    ip address add 10.244.0.1/24 dev gw0
    ip address add fd00:10:244::1/64 dev gw0 nodad
    ip link set gw0 up
    ip link set gwp0 up
    ovs-vsctl add-port "$BRIDGE" gwp0
    node_routes gw0
    for pod in web db other third; do
        inside "shop/$pod" ip neighbour flush dev eth0
    done

    daemon_stop
    daemon_start --service-cidrs="$SERVICES"
    settle
    expect_packets <<< "shop/web -> 10.96.0.10 tcp/80 denied"
    daemon_stop
    daemon_start --service-cidrs="$SERVICES" --gateway-port=gwp0
    settle
    works
    policies
    decided
    both_halves gateway
    exits 0 ovs-netpol verify
    explained
}

# Without --service-cidrs a Service address is an address like any other, and
# no policy about pods allows it.
test_unknown_services() {
    daemon_stop
    daemon_start --gateway-port=gwp0
    settle
    works
    policies
    expect <<END
shop/web -> 10.96.0.10 tcp/80 denied
shop/web -> shop/db tcp/80 ok
END
}
