# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Two nodes, each with a switch and a daemon of its own, joined by a tunnel in
# front of NORMAL.  Node "one" is the laboratory's own; "two" is in a network
# namespace.  Both read the same manifests.

TWO_RUN=/run/openvswitch-two
MTU=1400

# Runs a command on node two.
two() {
    OVS_RUNDIR=$TWO_RUN nsenter --net=/run/netns/two -- "$@"
}

setup() {
    two_start
    ip link add u1 type veth peer name u2 netns two
    ip link set u1 up
    two ip link set u2 up
    underlay 1
    underlay 2
    overlay vxlan
    ns shop
    ns ops team=ops
    pod shop/web labels=app=web node=one mtu=$MTU
    pod shop/db labels=app=db node=one mtu=$MTU
    pod ops/near node=one mtu=$MTU
    pod_on_two shop/api labels=app=api
    pod_on_two shop/cache labels=app=cache
    pod_on_two ops/far
    local name
    for name in shop/web shop/db shop/api shop/cache ops/near ops/far; do
        serve "$name" tcp:80,81 udp:53
    done
    serve_wait
    daemon_start --node=one
    two ovs-netpold --bridge="$BRIDGE" --dir="$MANIFESTS" --node=two \
        --db="unix:$TWO_RUN/db.sock" --pidfile --no-chdir -vconsole:off \
        --log-file="$LAB/log/two-netpold.log" \
        </dev/null >>"$LAB/log/two-netpold.out" 2>&1 &
    until_ok 10 two ovs-appctl -t ovs-netpold version >/dev/null 2>&1
    settle
}

two_start() {
    mkdir -p "$TWO_RUN"
    ip netns add two
    two ip link set lo up
    ovsdb-tool create "$OVS_DBDIR/two.db" \
        /usr/share/openvswitch/vswitch.ovsschema
    two ovsdb-server "$OVS_DBDIR/two.db" -vconsole:off --pidfile --detach \
        --no-chdir --log-file="$LAB/log/two-ovsdb.log" \
        --remote="punix:$TWO_RUN/db.sock"
    two ovs-vsctl --no-wait init -- set open_vswitch . \
        other_config:n-handler-threads=1 other_config:n-revalidator-threads=1
    two ovs-vswitchd -vconsole:off --pidfile --detach --no-chdir \
        --log-file="$LAB/log/two-vswitchd.log"
    two ovs-vsctl add-br "$BRIDGE" -- \
        set bridge "$BRIDGE" datapath_type=netdev
    two ip address add 10.244.0.201/24 dev "$BRIDGE"
    two ip -6 address add fd00:10:244::c9/64 dev "$BRIDGE" nodad
    two ip link set "$BRIDGE" up
}

# Runs a command on node NUMBER.
on_node() {
    local number=$1
    shift
    if [ "$number" = 1 ]; then
        "$@"
    else
        two "$@"
    fi
}

# underlay NUMBER: the node's way to the other one, outside our bridge.
underlay() {
    on_node "$1" ovs-vsctl add-br br-phy -- \
        set bridge br-phy datapath_type=netdev -- add-port br-phy "u$1"
    on_node "$1" ip address add "172.16.0.$1/24" dev br-phy
    on_node "$1" ip link set br-phy up
}

# overlay TYPE: both bridges are joined by such a tunnel.
overlay() {
    local n
    for n in 1 2; do
        on_node "$n" ovs-vsctl --may-exist add-port "$BRIDGE" tun0 -- \
            set interface tun0 "type=$1" \
            "options:remote_ip=172.16.0.$((3 - n))" options:key=5
    done
}

# pod_on_two NS/NAME [OPTION=VALUE...]: its interface is made here and moved.
pod_on_two() {
    local name=$1 n dev mac netns
    n=$(next_number)
    dev=p$n
    mac=$(printf '0a:58:0a:f4:00:%02x' "$n")
    shift
    netns=$(host_plug "$name" "$dev" "$mac" "$MTU")
    host_address "$name" "10.244.0.$n/24" "fd00:10:244::$n/64"
    host_write "$name" "$netns" "10.244.0.$n" "fd00:10:244::$n" "$dev" "$mac"
    ip link set "$dev" netns two
    two ip link set "$dev" up
    # shellcheck disable=SC2046
    two ovs-vsctl add-port "$BRIDGE" "$dev" -- \
        $(pod_name_interface "$name" "$dev" "$mac" iface-id)
    pod "$name" ip="$n" node=two only=manifest "$@"
}

# Both nodes.
settle() {
    two ovs-netpol wait --timeout=10 >/dev/null
    ovs-netpol wait --timeout=10 >/dev/null
    two ovs-appctl -t ovs-vswitchd revalidator/wait
    ovs-appctl -t ovs-vswitchd revalidator/wait
}

everyone_talks() {
    expect <<END
shop/web -> shop/db tcp/80,udp/53,icmp ok
shop/web -> shop/api tcp/80,udp/53,icmp ok
shop/api -> shop/web tcp/80,udp/53,icmp ok
ops/far -> shop/db tcp/80,icmp ok
END
}

# Ingress is decided where the destination is, egress where the source is.
enforced_at_both_ends() {
    policy db <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from:
    - podSelector: {matchLabels: {app: api}}
    - namespaceSelector: {matchLabels: {team: ops}}
    ports: [{port: 80}]
END
    policy cache <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: cache}
spec:
  podSelector: {matchLabels: {app: cache}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
  egress:
  - to: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 81}]
END
    expect <<END
shop/api -> shop/db tcp/80 ok
shop/api -> shop/db tcp/81,udp/53,icmp denied
ops/far -> shop/db tcp/80 ok
ops/near -> shop/db tcp/80 ok
shop/web -> shop/db tcp/80,icmp denied
shop/cache -> shop/db tcp/80 denied
shop/web -> shop/cache tcp/80,icmp ok
shop/api -> shop/cache tcp/80,icmp denied
ops/near -> shop/cache tcp/80 denied
shop/cache -> shop/web tcp/81 ok
shop/cache -> shop/web tcp/80,icmp denied
shop/cache -> shop/api tcp/81 denied
END
    # S27: a node reaches its own pods only.
    expect_packets <<END
node -> shop/db tcp/80 ok
node -> shop/cache tcp/80 denied
END
}

test_vxlan() {
    everyone_talks
    enforced_at_both_ends
}

test_geneve() {
    log_allow '\|tunnel(\(.*\))?\|WARN\|receive tunnel port not found' \
        "the switch still has datapath flows of the VXLAN port"
    overlay geneve
    everyone_talks
    enforced_at_both_ends
}
