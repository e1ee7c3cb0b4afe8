# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Bridges whose table 0 and following have flows of the administrator's own,
# without NORMAL anywhere, in the manner of openshift-sdn: tenants are numbers
# (VNIDs) that travel as tun_id and live in reg0, each pod's port has flows of
# its own, MAC addresses behind the one tunnel port are learned with learn(),
# and they track connections in a zone of their own.  The hook stands in front
# of all that, and nothing of it changes.
#
#   0 where from   1 from the tunnel: learn   2 conntrack   3 where to
#   4 to somebody here   5 learned: to somebody elsewhere   6 to everybody
#
# Tenants: shop is 10, ops 11 (reg0 ends in 0 and in 1), the nodes are 0 and
# reach everybody.  What came from the tunnel never goes into it.

# shellcheck source=tests/lib/nodelab.sh
. "$NETLAB_TOP/tests/lib/nodelab.sh"

MANY=dl_dst=01:00:00:00:00:00/01:00:00:00:00:00
declare -A PODS=([1]="shop/web shop/db ops/near" [2]="shop/api shop/cache"
    [3]="shop/mail ops/far")

setup() {
    local n name
    nodes 3
    ns shop
    ns ops team=ops
    for n in 1 2 3; do
        tunnel "$n" tun0 type=vxlan options:remote_ip=flow options:key=flow
        for name in ${PODS[$n]}; do
            pod_on "$n" "$name" "labels=app=${name#*/}"
            serve "$name" tcp:80,81 udp:53
        done
        tables "$n" > "$LAB/tables.$n"
        on_node "$n" ovs-ofctl -O OpenFlow15 --names --bundle \
            replace-flows "$BRIDGE" "$LAB/tables.$n"
    done
    serve_wait
    works
    for n in 1 2 3; do
        theirs "$n" > "$LAB/theirs.$n"
    done
    nodes_daemon_start
    nodes_settle
}

settle() {
    nodes_settle
}

vnid_of() {
    case $1 in
    shop/*) echo 10 ;;
    ops/*) echo 11 ;;
    *) echo 0 ;;
    esac
}

# tables N: the flows of node N.
tables() {
    local n=$1 name
    cat <<END
table=0,priority=200,in_port=tun0 actions=move:NXM_NX_TUN_ID[0..31]->NXM_NX_REG0[],resubmit(,1)
table=0,priority=100,in_port=LOCAL actions=set_field:0->reg0,resubmit(,2)
table=1,priority=10 actions=learn(table=5,hard_timeout=900,priority=200,cookie=0xad1,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_NX_TUN_IPV4_SRC[]->NXM_NX_TUN_IPV4_DST[],output:NXM_OF_IN_PORT[]),resubmit(,2)
table=2,priority=110,icmp6,icmp_type=135 actions=resubmit(,3)
table=2,priority=110,icmp6,icmp_type=136 actions=resubmit(,3)
table=2,priority=100,ct_state=-trk,ip actions=ct(table=2,zone=99)
table=2,priority=100,ct_state=-trk,ipv6 actions=ct(table=2,zone=99)
table=2,priority=90,ct_state=+trk+new,ip actions=ct(commit,zone=99),resubmit(,3)
table=2,priority=90,ct_state=+trk+new,ipv6 actions=ct(commit,zone=99),resubmit(,3)
table=2,priority=90,ct_state=+trk+inv actions=drop
table=2,priority=10 actions=resubmit(,3)
table=3,priority=200,$MANY actions=resubmit(,6)
table=3,priority=150,dl_dst=$(host_get "node${n#1}" mac) actions=LOCAL
END
    for name in ${PODS[$n]}; do
        tables_pod "$name"
    done
    cat <<END
table=3,priority=10,in_port=tun0 actions=drop
table=3,priority=0 actions=move:NXM_NX_REG0[]->NXM_NX_TUN_ID[0..31],resubmit(,5)
END
    tables_learned "$n"
    tables_many "$n" 0 10 11
}

# What each pod's port adds.
tables_pod() {
    local mac dev vnid
    mac=$(host_get "$1" mac)
    dev=$(host_get "$1" dev)
    vnid=$(vnid_of "$1")
    cat <<END
table=0,priority=100,in_port=$dev actions=set_field:$vnid->reg0,resubmit(,2)
table=3,priority=100,dl_dst=$mac actions=resubmit(,4)
table=4,priority=100,dl_dst=$mac,reg0=0 actions=output:$dev
table=4,priority=100,dl_dst=$mac,reg0=$vnid actions=output:$dev
END
}

# Nobody knows where: to all other nodes.
tables_learned() {
    echo "table=5,priority=0 actions=$(to_others "$1")"
}

to_others() {
    local m actions=
    for m in 1 2 3; do
        [ "$m" = "$1" ] ||
            actions+="set_field:172.16.0.$m->tun_dst,output:tun0,"
    done
    echo "${actions%,}"
}

# tables_many N VNID...: to all of the tenant who are here, and from here to
# all other nodes.
tables_many() {
    local n=$1 vnid name here
    shift
    for vnid; do
        here=LOCAL
        for name in ${PODS[$n]}; do
            [ "$vnid" != 0 ] && [ "$vnid" != "$(vnid_of "$name")" ] ||
                here+=",output:$(host_get "$name" dev)"
        done
        cat <<END
table=6,priority=20,in_port=tun0,reg0=$vnid actions=$here
table=6,priority=10,reg0=$vnid actions=$here,move:NXM_NX_REG0[]->NXM_NX_TUN_ID[0..31],$(to_others "$n")
END
    done
}

# theirs N: without what is ours, and what was learned.
theirs() {
    on_node "$1" ovs-ofctl -O OpenFlow15 --no-names --no-stats dump-flows \
        "$BRIDGE" cookie=0/-1 | sort
}

learned() {
    on_node "$1" ovs-ofctl -O OpenFlow15 dump-flows "$BRIDGE" table=5
}

# Their tenants are apart, all others together: here, there, and both families.
works() {
    expect_packets <<END
shop/web -> shop/db tcp/80,udp/53,icmp ok
shop/web -> shop/api tcp/80,udp/53,icmp ok
shop/api -> shop/cache tcp/80,icmp ok
shop/mail -> shop/api tcp/80,udp/53,icmp ok
ops/far -> ops/near tcp/80,udp/53,icmp ok
node -> shop/web tcp/80,icmp ok
node -> ops/near tcp/80 ok
node2 -> shop/cache tcp/80,icmp ok
END
    apart ops/near shop/db
    apart ops/far shop/db
    apart shop/mail ops/far
}

# Of two tenants: they do not even find each other's MAC address.
apart() {
    local v
    for v in v4 v6; do
        if inside "$1" ping -q -c 1 -W 0.3 "$(host_get "$2" "$v")" \
            >/dev/null 2>&1; then
            fail "$1 reaches $2"
        fi
    done
}

unchanged() {
    local n
    for n in 1 2 3; do
        same "flows of node $n" "$(cat "$LAB/theirs.$n")" "$(theirs "$n")"
    done
}

# They go on learning with us in front, behind connection tracking too.
learns() {
    local n
    for n in 1 2 3; do
        on_node "$n" ovs-ofctl -O OpenFlow15 del-flows "$BRIDGE" \
            "table=5,cookie=0xad1/-1"
    done
    works
    contains "learned" "dl_dst=$(host_get shop/api mac) actions=set_field:172.16.0.2->" \
        "$(learned 1)"
    contains "learned" "dl_dst=$(host_get ops/far mac) actions=set_field:172.16.0.3->" \
        "$(learned 1)"
    contains "learned" "dl_dst=$(host_get shop/mail mac) actions=" \
        "$(learned 2)"
    lacks "learned" "$(host_get shop/web mac)" "$(learned 1)"
}

test_forwarding() {
    works
    unchanged
    learns
    contains "their conntrack" "zone=99" \
        "$(ovs-appctl -t ovs-vswitchd dpctl/dump-conntrack zone=99)"
    contains "our conntrack" "zone=40" \
        "$(ovs-appctl -t ovs-vswitchd dpctl/dump-conntrack zone=40)"
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
    policy mail <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: mail}
spec:
  podSelector: {matchLabels: {app: mail}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
  egress:
  - to: [{podSelector: {matchLabels: {app: cache}}}]
    ports: [{port: 81}]
END
    policy far <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: ops, name: far}
spec:
  podSelector: {matchLabels: {app: far}}
END
}

# A packet has to pass both: their tenants and our policies.
test_policies() {
    policies
    expect <<END
shop/api -> shop/db tcp/80 ok
shop/api -> shop/db tcp/81,udp/53,icmp denied
shop/web -> shop/db tcp/80,icmp denied
shop/mail -> shop/db tcp/80 denied
shop/web -> shop/mail tcp/80,udp/53,icmp ok
shop/api -> shop/mail tcp/80,icmp denied
shop/mail -> shop/cache tcp/81 ok
shop/mail -> shop/cache tcp/80,icmp denied
ops/near -> ops/far tcp/80,icmp denied
ops/far -> ops/near tcp/80 ok
END
    apart ops/near shop/db
    apart ops/far shop/db
    expect_packets <<END
node -> shop/db tcp/80,udp/53,icmp ok
node3 -> ops/far tcp/80,icmp ok
node2 -> shop/mail tcp/80,icmp denied
END
    unchanged
}

# With flows of ours or without, theirs are as they were.
test_restart_and_flush() {
    policies
    settle
    nodes_daemon_stop
    expect_packets <<END
shop/api -> shop/db tcp/80 ok
shop/web -> shop/db tcp/80 denied
END
    nodes_daemon_start
    settle
    same "flow_mods" 0 "$(status switch.flowMods)"
    unchanged
    local n
    for n in 1 2 3; do
        on_node "$n" ovs-netpol flush
        until_ok 10 test ! -e "$(node_run_dir "$n")/ovs-netpold.pid"
        same "ours" "" "$(on_node "$n" ovs-ofctl dump-flows "$BRIDGE" |
            grep cookie=0x6e70 || true)"
    done
    unchanged
    works
    nodes_daemon_start
    settle
    expect_packets <<END
shop/api -> shop/db tcp/80 ok
shop/web -> shop/db tcp/80 denied
END
    unchanged
}
