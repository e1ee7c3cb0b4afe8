# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A new interface, from its first packet on.

KEY=ovs-netpol-ready

setup() {
    ns shop
    pod shop/web labels=app=web
    pod shop/vault labels=app=vault
    serve shop/web tcp:80
    serve_wait
    manifest vault <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: vault}
spec:
  podSelector: {matchLabels: {app: vault}}
  ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]
END
    daemon_start
    settle
}

# Prints the mark of a pod's interface, or nothing.
mark_of() {
    ovs-vsctl --if-exists get interface "$(host_get "$1" dev)" \
        "external_ids:$KEY" | tr -d '"'
}

is_marked() {
    [ -n "$(mark_of "$1")" ]
}

is_not_marked() {
    ! is_marked "$1"
}

# How many interfaces the histogram has.
measured() {
    curl -s http://127.0.0.1:9640/metrics | sed -n 's/^ovs_netpol_interface_ready_seconds_count //p'
}

# What a plugin does: make the interface, wait for the mark, then say that the
# pod may start.  From that moment policies hold.
test_new_interface() {
    local before
    same "those that were there" "2" "$(for pod in web vault; do
            mark_of "shop/$pod"; done | grep -c '^[0-9]*$')"
    before=$(measured)
    pod shop/new labels=app=vault
    until_ok 10 is_marked shop/new
    expect_packets <<END
shop/web -> shop/new icmp denied
shop/new -> shop/web tcp/80 ok
END
    same "measured" $((before + 1)) "$(measured)"
    pod_delete shop/new
}

# A restart of the daemon says nothing new, and writes nothing.
test_restart() {
    local before
    before=$(mark_of shop/web)
    daemon_stop
    same "while it is away" "$before" "$(mark_of shop/web)"
    daemon_start
    settle
    same "mark" "$before" "$(mark_of shop/web)"
    same "measured" 0 "$(measured)"
}

# The pod's object comes later: until then the port is closed, and not ready.
test_unknown_pod() {
    pod shop/late labels=app=late
    mv "$MANIFESTS/pod-shop-late.yaml" "$LAB/"
    settle
    is_not_marked shop/late
    expect_packets <<< "shop/late -> shop/web tcp/80 denied"
    is_not_marked shop/late
    mv "$LAB/pod-shop-late.yaml" "$MANIFESTS/"
    until_ok 10 is_marked shop/late
    expect_packets <<< "shop/late -> shop/web tcp/80 ok"
}

# Another pod's now: not ready until that one's policies hold.
test_other_pod() {
    local dev
    dev=$(host_get shop/late dev)
    ovs-vsctl set interface "$dev" external_ids:iface-id=shop/nobody
    until_ok 10 is_not_marked shop/late
    ovs-vsctl set interface "$dev" external_ids:iface-id=shop/late
    until_ok 10 is_marked shop/late
}

# Ten times: a pod that sends before its interface is there, and with an address
# that is not its own but allowed; not one packet passes, whatever comes
# first.
test_first_packet() {
    local i dev mac before
    pod shop/early labels=app=early
    settle
    dev=$(host_get shop/early dev)
    mac=$(host_get shop/early mac)
    inside shop/early ip address add 203.0.113.66/32 dev eth0
    know shop/early shop/vault
    ( while [ -e "$LAB/host/shop/early.env" ]; do
          inside shop/early ping -q -n -i 0.001 -c 1000 -W 0.01 \
              -I 203.0.113.66 "$(host_get shop/vault v4)"
      done ) >/dev/null 2>&1 &
    before=$(echos_of shop/vault)
    for i in 1 2 3 4 5 6 7 8 9 10; do
        ovs-vsctl del-port "$BRIDGE" "$dev"
        # shellcheck disable=SC2046
        ovs-vsctl add-port "$BRIDGE" "$dev" -- \
            $(pod_name_interface shop/early "$dev" "$mac" iface-id)
        until_ok 10 is_marked shop/early
    done
    expect_packets <<< "shop/early -> shop/web tcp/80 ok"
    same "echo requests" "$before" "$(echos_of shop/vault)"
    pod_delete shop/early
}

# Echo requests that a host ever got.
echos_of() {
    inside "$1" cat /proc/net/snmp | awk '
        $1 == "Icmp:" && column { print $column }
        $1 == "Icmp:" { for (i = 2; i <= NF; i++) if ($i == "InEchos") column = i }'
}

# The pod is known, but not its address, as when the plugin waits for the mark:
# ready, and nothing gets to it or from it, until the address is known too.
test_no_address() {
    pod shop/young labels=app=young
    serve shop/young tcp:80
    serve_wait
    know shop/web shop/young
    cp "$MANIFESTS/pod-shop-young.yaml" "$LAB/"
    manifest pod-shop-young <<END
apiVersion: v1
kind: Pod
metadata: {namespace: shop, name: young, labels: {app: young}}
END
    settle
    is_marked shop/young
    expect_packets <<END
shop/web -> shop/young icmp,tcp/80 denied
shop/young -> shop/web tcp/80 denied
END
    same "echo requests" 0 "$(echos_of shop/young)"
    mv "$LAB/pod-shop-young.yaml" "$MANIFESTS/"
    settle
    is_marked shop/young
    expect_packets <<END
shop/web -> shop/young icmp,tcp/80 ok
shop/young -> shop/web tcp/80 ok
END
}

# know A B: A has B's MAC address.
know() {
    local v
    for v in v4 v6; do
        inside "$1" ip neighbour replace "$(host_get "$2" "$v")" dev eth0 \
            lladdr "$(host_get "$2" mac)" nud permanent
    done
}

# A port that is no pod's is open as soon as the database says so.
test_uplink() {
    outside world 203.0.113.10/24 2001:db8:1::10/64
    until_ok 10 world_reaches_web
    contains "objects" '"otherPorts":\[[0-9]' "$(ovs-netpol objects)"
}

world_reaches_web() {
    inside world ping -q -n -c 1 -W 1 "$(host_get shop/web v4)" >/dev/null
}

# What others write into external_ids stays; ours goes with us.
test_flush() {
    local pid dev
    dev=$(host_get shop/web dev)
    pid=$(cat "$OVS_RUNDIR/ovs-netpold.pid")
    ovs-vsctl set interface "$dev" external_ids:someone=else
    ovs-netpol flush
    until_ok 10 process_is_gone "$pid"
    is_not_marked shop/web
    is_not_marked shop/vault
    same "of others" else "$(ovs-vsctl get interface "$dev" \
        external_ids:someone)"
    daemon_start
    settle
    is_marked shop/web
}
