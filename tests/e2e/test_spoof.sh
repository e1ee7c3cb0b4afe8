# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A pod's port speaks with the pod's own addresses only.

setup() {
    ns shop
    pod shop/web labels=app=web
    pod shop/db labels=app=db
    pod shop/evil labels=app=evil
    serve shop/db tcp:5432 udp:53
    serve_wait
    # Addresses of nobody, and of someone else.
    host_address shop/evil 10.244.0.99/24 fd00:10:244::99/64 \
        "$(host_get shop/web v4)/32" "$(host_get shop/web v6)/128"
    host_alias foreign shop/evil 10.244.0.99 fd00:10:244::99
    host_alias stolen shop/evil "$(host_get shop/web v4)" \
        "$(host_get shop/web v6)"
    # Without the daemon it works, so that silence will mean something.
    expect_packets <<< "foreign -> shop/db tcp/5432,udp/53,icmp ok"
    inside shop/db ip neighbour flush dev eth0
    daemon_start
    settle
}

test_own_addresses() {
    expect <<< "shop/evil -> shop/db tcp/5432,udp/53,icmp ok"
}

test_address_of_nobody() {
    expect_packets <<< "foreign -> shop/db tcp/5432,udp/53,icmp denied"
}

test_address_of_another() {
    policy db <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
END
    expect <<END
shop/web -> shop/db tcp/5432 ok
shop/evil -> shop/db tcp/5432 denied
END
    expect_packets <<< "stolen -> shop/db tcp/5432,udp/53,icmp denied"
}

# The interface says attached-mac.
test_foreign_mac() {
    local mac flow
    mac=$(host_get shop/evil mac)
    for mac in "$mac" 02:00:00:00:ff:ff; do
        flow="in_port=$(ofport_of shop/evil),dl_src=$mac"
        flow+=",dl_dst=$(host_get shop/db mac),tcp,nw_ttl=64,tcp_dst=5432"
        flow+=",nw_src=$(host_get shop/evil v4),nw_dst=$(host_get shop/db v4)"
        trace_raw "$flow"
    done > "$LAB/traced"
    same "own and foreign" "ok denied" "$(xargs < "$LAB/traced")"
}

# Nobody may say that someone else's address is at one's own port.
test_arp() {
    local evil web
    evil=$(host_get shop/evil mac)
    web=$(host_get shop/web v4)
    arp_from_evil "$(host_get shop/evil v4)" "$evil" > "$LAB/traced"
    arp_from_evil "$web" "$evil" >> "$LAB/traced"
    arp_from_evil "$(host_get shop/evil v4)" 02:00:00:00:ff:ff >> "$LAB/traced"
    same "own, stolen address, foreign MAC" "ok denied denied" \
        "$(xargs < "$LAB/traced")"
}

# What evil sends to db begins like this.
from_evil() {
    printf 'in_port=%s,dl_src=%s,dl_dst=%s' "$(ofport_of shop/evil)" \
        "$(host_get shop/evil mac)" "$(host_get shop/db mac)"
}

# arp_from_evil ADDRESS MAC: an ARP reply to db that says so.
arp_from_evil() {
    local flow
    flow="$(from_evil),arp,arp_op=2,arp_spa=$1,arp_sha=$2"
    flow+=",arp_tpa=$(host_get shop/db v4),arp_tha=$(host_get shop/db mac)"
    trace_raw "$flow"
}

test_neighbour_discovery() {
    nd_from_evil "$(host_get shop/evil v6)" > "$LAB/traced"
    nd_from_evil "$(host_get shop/web v6)" >> "$LAB/traced"
    same "own, stolen address" "ok denied" "$(xargs < "$LAB/traced")"
}

# nd_from_evil ADDRESS: a neighbour advertisement to db for that address.
nd_from_evil() {
    local flow
    flow="$(from_evil),icmp6,nw_ttl=255,icmpv6_type=136,icmpv6_code=0"
    flow+=",ipv6_src=$(host_get shop/evil v6),ipv6_dst=$(host_get shop/db v6)"
    flow+=",nd_target=$1,nd_tll=$(host_get shop/evil mac)"
    trace_raw "$flow"
}

# No router advertisements and no DHCP answers from pods.
test_not_a_router() {
    local flow
    flow="in_port=$(ofport_of shop/evil),dl_src=$(host_get shop/evil mac)"
    same "router advertisement" denied "$(trace_raw \
        "$flow,dl_dst=33:33:00:00:00:01,icmp6,nw_ttl=255,icmpv6_type=134,\
icmpv6_code=0,ipv6_src=fe80::1,ipv6_dst=ff02::1")"
    same "DHCP offer" denied "$(trace_raw \
        "$flow,dl_dst=ff:ff:ff:ff:ff:ff,udp,nw_ttl=64,udp_src=67,udp_dst=68,\
nw_src=$(host_get shop/evil v4),nw_dst=255.255.255.255")"
    same "DHCP discover" ok "$(trace_raw \
        "$flow,dl_dst=ff:ff:ff:ff:ff:ff,udp,nw_ttl=64,udp_src=68,udp_dst=67,\
nw_src=0.0.0.0,nw_dst=255.255.255.255")"
}
