# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Three nodes, each joined to the two others by tunnels in front of NORMAL.
# What came from one tunnel must not go into another, or it goes round for
# ever: tunnel ports are protected from each other.  (test_tables.sh has flows
# for that.)

# shellcheck source=tests/lib/nodelab.sh
. "$NETLAB_TOP/tests/lib/nodelab.sh"

setup() {
    local name
    nodes 3
    mesh vxlan
    ns shop
    ns ops team=ops
    pod_on 1 shop/web labels=app=web
    pod_on 1 shop/db labels=app=db
    pod_on 1 ops/near
    pod_on 2 shop/api labels=app=api
    pod_on 2 shop/cache labels=app=cache
    pod_on 3 shop/mail labels=app=mail
    pod_on 3 ops/far
    for name in shop/web shop/db shop/api shop/cache shop/mail ops/near \
        ops/far; do
        serve "$name" tcp:80,81 udp:53
    done
    serve_wait
    nodes_daemon_start
    nodes_settle
}

settle() {
    nodes_settle
}

# mesh TYPE: on node N, port tunM leads to node M.
mesh() {
    local n m
    for n in 1 2 3; do
        for m in 1 2 3; do
            [ "$n" = "$m" ] || tunnel "$n" "tun$m" "type=$1" \
                "options:remote_ip=172.16.0.$m" options:key=5 -- \
                set port "tun$m" protected=true
        done
    done
}

# sent_by N PORT: packets that the node has sent into a tunnel.
sent_by() {
    on_node "$1" ovs-appctl -t ovs-vswitchd revalidator/wait
    on_node "$1" ovs-ofctl dump-ports "$BRIDGE" "$2" |
        sed -n 's/.*tx pkts=\([0-9]*\),.*/\1/p'
}

# 50 frames of web's for everybody.
shout() {
    local mac address frame frames=() i
    mac=$(host_get shop/web mac)
    mac=${mac//:/}
    # shellcheck disable=SC2046
    address=$(printf %02x $(host_get shop/web v4 | tr . ' '))
    frame=ffffffffffff${mac}08060001080006040001$mac$address
    frame+=000000000000$(printf %02x 10 244 0 250)
    for (( i = 0; i < 50; i++ )); do
        frames+=("$frame")
    done
    "$PROBE" send --netns "$(host_get shop/web netns)" --dev eth0 \
        "${frames[@]}"
}

# They go into both tunnels, and no further.
no_loop() {
    local one two three
    one=$(sent_by 1 tun2)
    two=$(sent_by 2 tun3)
    three=$(sent_by 3 tun2)
    shout
    until_ok 10 has_sent 1 tun2 $((one + 50))
    two=$(( $(sent_by 2 tun3) - two ))
    three=$(( $(sent_by 3 tun2) - three ))
    (( two < 20 && three < 20 )) ||
        fail "nodes 2 and 3 sent each other $two and $three packets"
}

# has_sent N PORT PACKETS
has_sent() {
    [ "$(sent_by "$1" "$2")" -ge "$3" ]
}

everyone_talks() {
    expect <<END
shop/web -> shop/db tcp/80,udp/53,icmp ok
shop/web -> shop/api tcp/80,udp/53,icmp ok
shop/api -> shop/web tcp/80,udp/53,icmp ok
shop/api -> shop/cache tcp/80,udp/53,icmp ok
shop/api -> shop/mail tcp/80,udp/53,icmp ok
shop/mail -> shop/cache tcp/80,udp/53,icmp ok
ops/far -> shop/db tcp/80,icmp ok
END
}

policies() {
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
  - from:
    - podSelector: {matchLabels: {app: web}}
    - podSelector: {matchLabels: {app: mail}}
  egress:
  - to: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 81}]
  - to: [{podSelector: {matchLabels: {app: mail}}}]
    ports: [{port: 80}]
END
    policy mail <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: mail}
spec:
  podSelector: {matchLabels: {app: mail}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: cache}}}]
    ports: [{port: 80}, {port: 81}]
END
}

# Ingress is decided where the destination is, egress where the source is.
enforced_at_both_ends() {
    policies
    expect <<END
shop/api -> shop/db tcp/80 ok
shop/api -> shop/db tcp/81,udp/53,icmp denied
ops/far -> shop/db tcp/80 ok
ops/near -> shop/db tcp/80 ok
shop/web -> shop/db tcp/80,icmp denied
shop/mail -> shop/db tcp/80 denied
shop/cache -> shop/db tcp/80 denied
shop/web -> shop/cache tcp/80,icmp ok
shop/mail -> shop/cache tcp/80,icmp ok
shop/api -> shop/cache tcp/80,icmp denied
ops/near -> shop/cache tcp/80 denied
ops/far -> shop/cache tcp/80 denied
shop/cache -> shop/web tcp/81 ok
shop/cache -> shop/web tcp/80,icmp denied
shop/cache -> shop/api tcp/81 denied
shop/cache -> shop/mail tcp/80 ok
shop/cache -> shop/mail tcp/81,icmp denied
ops/far -> shop/mail tcp/80 denied
shop/web -> shop/mail tcp/80 denied
END
}

# S27: a node reaches its own pods only, with all that probes may be.
nodes_are_strangers() {
    expect_packets <<END
node -> shop/db tcp/80,udp/53,icmp ok
node2 -> shop/cache tcp/80,udp/53,icmp ok
node3 -> shop/mail tcp/80,udp/53,icmp ok
node -> shop/cache tcp/80,udp/53,icmp denied
node2 -> shop/db tcp/80,udp/53,icmp denied
node2 -> shop/mail tcp/80,udp/53,icmp denied
node3 -> shop/cache tcp/80,udp/53,icmp denied
node2 -> shop/web tcp/80,udp/53,icmp ok
END
}

all_of_it() {
    everyone_talks
    no_loop
    enforced_at_both_ends
    nodes_are_strangers
}

test_vxlan() {
    all_of_it
}

test_geneve() {
    log_allow '\|tunnel(\(.*\))?\|WARN\|receive tunnel port not found' \
        "the switch still has datapath flows of the VXLAN port"
    mesh geneve
    all_of_it
}
