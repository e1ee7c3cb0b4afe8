# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# How an interface names its pod: one spelling after the other.

setup() {
    ns shop
    outside world 203.0.113.10/24
    serve world tcp:80
    serve_wait
    policy_for_all
    daemon_start
    settle
}

# A pod that is not found on any interface is not enforced at all.
policy_for_all() {
    manifest deny <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: deny}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
END
}

# try NS/NAME NAMING
try() {
    pod "$1" naming="$2"
    expect <<END
world -> $1 icmp4 denied
$1 -> world tcp4/80,icmp4 denied
END
    contains "ovs-netpol pods" "^$1 +$(host_get "$1" dev) " \
        "$(ovs-netpol pods)"
    pod_delete "$1"
}

test_iface_id_slash() {
    try shop/slash iface-id
}

test_iface_id_underscore() {
    try shop/underscore iface-id-underscore
}

test_iface_id_dot() {
    try shop/dot iface-id-dot
}

# Pods may have dots in their names, namespaces may not.
test_dots_in_names() {
    try shop/with.two.dots iface-id-dot
    try shop/with.two.dots iface-id
    try shop/with.two.dots iface-id-underscore
}

test_interface_ids() {
    try shop/interface interface
}

test_port_ids() {
    try shop/port port
}

test_uid() {
    try shop/uid uid
}

# A port that names nobody is nobody's: an uplink.
test_no_name() {
    pod shop/nobody naming=none
    settle
    expect_packets <<< "shop/nobody -> world tcp4/80,icmp4 ok"
    lacks "ovs-netpol pods" nobody "$(ovs-netpol pods)"
    # It gets its name.
    ovs-vsctl set interface "$(host_get shop/nobody dev)" \
        external_ids:iface-id=shop/nobody
    expect <<< "shop/nobody -> world tcp4/80,icmp4 denied"
    pod_delete shop/nobody
}

# A pod may have two interfaces here.
test_two_interfaces() {
    pod shop/two
    ovs-vsctl add-port "$BRIDGE" dummy2 -- set interface dummy2 \
        type=internal external_ids:iface-id=shop/two
    settle
    contains "ovs-netpol pods" "^shop/two +[^ ]*dummy2" "$(ovs-netpol pods)"
    expect <<< "shop/two -> world tcp4/80 denied"
    ovs-vsctl del-port dummy2
    pod_delete shop/two
}
