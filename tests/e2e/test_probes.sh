# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# S27: the node reaches its own pods whatever the policies, as the kubelet's
# probes need, and nobody else does because of that.  What the node forwards
# for others under its own address looks like its own, unless --node-mark
# tells it apart.  "other" is another node, "client" somebody far away; node
# ports 30080 (masqueraded) and 30081 (not) lead to web.

setup() {
    ns shop
    pod shop/web labels=app=web
    pod shop/db labels=app=db
    outside other 10.244.0.201/24 fd00:10:244::c9/64
    outside client 203.0.113.10/24 2001:db8:1::10/64
    host_via_node shop/web
    serve shop/web tcp:80,81 udp:53
    serve_wait
    manifest deny <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: deny}
spec:
  podSelector: {}
END
    node_routes "$BRIDGE"
    node_ports
    daemon_start
    settle
}

node_ports() {
    nft -f - <<END
table inet nodeports {
    chain prerouting {
        type nat hook prerouting priority dstnat
        tcp dport 30080 meta mark set 1 dnat ip to $(host_get shop/web v4):80
        tcp dport 30081 dnat ip to $(host_get shop/web v4):80
    }
    chain postrouting {
        type nat hook postrouting priority srcnat
        meta mark 1 masquerade
    }
    chain output {
        type filter hook output priority mangle
        oifname "$BRIDGE" meta mark set meta mark | 0x100000
    }
}
END
}

# allow NAME CIDR: web takes TCP port 80 from there.
allow() {
    policy "$1" <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: $1}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from: [{ipBlock: {cidr: $2}}]
    ports: [{port: 80}]
END
}

test_probes() {
    expect <<END
node -> shop/web tcp/80,tcp/81,udp/53,icmp ok
node -> shop/web tcp/82 closed
other -> shop/web tcp/80,udp/53,icmp denied
client -> shop/web tcp/80,udp/53,icmp denied
shop/db -> shop/web tcp/80,udp/53,icmp denied
END
}

# Another node gets in as any address does.
test_other_node() {
    allow other 10.244.0.201/32
    expect <<END
other -> shop/web tcp4/80 ok
other -> shop/web tcp4/81,tcp6/80 denied
client -> shop/web tcp/80 denied
END
}

# The node's address, from where the node is not.
test_pretender() {
    local flow
    flow="tcp,nw_src=10.244.0.1,nw_dst=$(host_get shop/web v4)"
    flow+=",dl_dst=$(host_get shop/web mac),nw_ttl=64,tp_dst=80"
    same "the node" ok "$(trace_raw "in_port=LOCAL,$flow")"
    same "an uplink" denied "$(trace_raw "in_port=$(ofport_of other),$flow")"
}

# With its own address a client is judged as such (externalTrafficPolicy:
# Local); masqueraded it is the node.
test_node_port() {
    expect_packets <<END
client -> 10.244.0.1 tcp/30081 denied
client -> 10.244.0.1 tcp/30080 ok
END
    allow client 203.0.113.0/24
    settle
    expect_packets <<< "client -> 10.244.0.1 tcp/30081 ok"
}

# marked MARK [SOURCE]: what becomes of the node's packet with this mark.
marked() {
    trace_raw "pkt_mark=$1,in_port=LOCAL,tcp,nw_src=${2:-10.244.0.1},\
nw_dst=$(host_get shop/web v4),dl_dst=$(host_get shop/web mac),nw_ttl=64,\
tp_dst=80"
}

# The userspace datapath carries no marks from the host, although nftables sets
# one on all that the node sends: nothing is exempt.  With marks, as the
# kernel's datapath has them, the node is.
test_node_mark() {
    daemon_stop
    daemon_start --node-mark=0x100000/0x100000
    settle
    expect_packets <<END
node -> shop/web tcp/80,icmp denied
client -> 10.244.0.1 tcp/30080 denied
END
    lacks "marks" "skb_mark\(0x[1-9a-f]" \
        "$(ovs-appctl -t ovs-vswitchd dpctl/dump-flows -m)"
    same "marked" ok "$(marked 0x100000)"
    same "and more" ok "$(marked 0x140000)"
    same "not marked" denied "$(marked 0)"
    same "masqueraded" denied "$(marked 0x4000)"
    same "not the node" denied "$(marked 0x100000 203.0.113.10)"
    contains explain "exempt: .*, with packet mark 0x100000/0x100000;" \
        "$(ovs-netpol explain 10.244.0.1 shop/web:80)"
    contains explain "without it isolated by shop/deny; no rule allows it" \
        "$(ovs-netpol explain 10.244.0.1 shop/web:80)"

    exits 0 ovs-netpol verify

    # An ipBlock lets the node in, marked or not.
    allow node 10.244.0.1/32
    settle
    expect_packets <<< "node -> shop/web tcp4/80 ok"
    daemon_stop
    daemon_start
    settle
}
