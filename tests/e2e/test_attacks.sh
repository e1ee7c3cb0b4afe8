# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Forged frames from a pod and from beyond the bridge: none arrives; and what
# looks alike but is as it should be does.  S30, S31 and S32 of
# docs/semantics.md.
#
# Each function frames_*() prints lines for tests/lib/forge.py: attacks on
# shop/db, all of which arrive as long as there is no daemon (see setup).

ATTACKS="addresses arp nd router dhcp replies fragments shapes"

setup() {
    ns shop
    pod shop/web labels=app=web
    pod shop/db labels=app=db
    pod shop/evil labels=app=evil
    outside world 203.0.113.10/24 2001:db8:1::10/64
    local what
    for what in $ATTACKS; do
        forge "$what" shop/evil passed
    done
    forge strangers world passed
    forge_at node br0 tunnels shop/evil passed
    forget
    daemon_start
    settle
}

# What the attacks taught the bridge and the pods.
forget() {
    local host
    ovs-appctl -t ovs-vswitchd fdb/flush "$BRIDGE" >/dev/null
    for host in shop/web shop/db shop/evil; do
        inside "$host" ip neighbour flush dev eth0
    done
}

# db takes TCP 5432 and UDP 53 from web, UDP 53 from evil.
guard_db() {
    policy db <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 5432}, {port: 53, protocol: UDP}]
  - from: [{podSelector: {matchLabels: {app: evil}}}]
    ports: [{port: 53, protocol: UDP}]
END
    settle
}

# forge WHAT FROM passed|dropped: the frames of frames_WHAT all fare like this
# on their way to db.
forge() {
    forge_at shop/db eth0 "$@"
}

# forge_at AT DEV WHAT FROM passed|dropped
forge_at() {
    local at=$1 dev=$2 what=$3 from=$4 want=$5 host name variables=() got
    for name in web:WEB db:DB evil:EVIL; do
        host=shop/${name%:*}
        variables+=("${name#*:}=$(host_get "$host" v4)"
            "${name#*:}6=$(host_get "$host" v6)"
            "${name#*:}_MAC=$(host_get "$host" mac)")
    done
    got=$({ "frames_$what"; frames_flush "$from"; } |
        "$NETLAB_TOP/tests/lib/forge.py" "FROM=$(host_get "$from" netns)" \
            "AT=$(host_get "$at" netns)" "AT_DEV=$dev" \
            "NODE=$(host_get node v4)" "NODE6=$(host_get node v6)" \
            "NODE_MAC=$(host_get node mac)" "${variables[@]}")
    [ -n "$got" ] || fail "$what: nothing was sent"
    lacks "$what from $from" " $(other_than "$want")\$" "$got"
}

other_than() {
    case $1 in
    passed) echo dropped ;;
    dropped) echo passed ;;
    esac
}

# An ARP request of the sender's own always passes, everywhere.
frames_flush() {
    echo "flush Ether(src='$(host_get "$1" mac)', dst='ff:ff:ff:ff:ff:ff')/" \
        "ARP(op=1, hwsrc='$(host_get "$1" mac)'," \
        "psrc='$(host_get "$1" v4)', pdst='10.244.0.250')"
}

# Somebody else's addresses, or nobody's.
frames_addresses() {
    cat <<'END'
ip_of_another Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=WEB, dst=DB)/TCP(dport=5432)/MARK
ip_of_nobody Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src="10.244.0.99", dst=DB)/TCP(dport=5432)/MARK
ip_of_the_node Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=NODE, dst=DB)/TCP(dport=5432)/MARK
ip_of_the_victim Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=DB, dst=DB)/TCP(dport=5432)/MARK
ip_unspecified Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src="0.0.0.0", dst=DB)/UDP(dport=53)/MARK
ip6_of_another Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=WEB6, dst=DB6)/TCP(dport=5432)/MARK
ip6_of_nobody Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src="fd00:10:244::99", dst=DB6)/UDP(dport=53)/MARK
ip6_of_the_node Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=NODE6, dst=DB6)/TCP(dport=5432)/MARK
ip6_unspecified Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src="::", dst=DB6)/UDP(dport=53)/MARK
ip6_link_local_of_another Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src="fe80::1", dst=DB6)/UDP(dport=53)/MARK
mac_of_another Ether(src=WEB_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB)/UDP(dport=53)/MARK
mac_of_nobody Ether(src="02:00:00:00:ff:ff", dst=DB_MAC)/IP(src=EVIL, dst=DB)/UDP(dport=53)/MARK
mac6_of_another Ether(src=WEB_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/UDP(dport=53)/MARK
END
}

test_addresses() {
    guard_db
    forge addresses shop/evil dropped
}

frames_arp() {
    cat <<'END'
reply_for_another Ether(src=EVIL_MAC, dst=DB_MAC)/ARP(op=2, hwsrc=EVIL_MAC, psrc=WEB, hwdst=DB_MAC, pdst=DB)
request_as_another Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/ARP(op=1, hwsrc=EVIL_MAC, psrc=WEB, pdst=DB)
gratuitous_request Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/ARP(op=1, hwsrc=EVIL_MAC, psrc=WEB, pdst=WEB)
gratuitous_reply Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/ARP(op=2, hwsrc=EVIL_MAC, psrc=WEB, hwdst="ff:ff:ff:ff:ff:ff", pdst=WEB)
for_the_node Ether(src=EVIL_MAC, dst=DB_MAC)/ARP(op=2, hwsrc=EVIL_MAC, psrc=NODE, hwdst=DB_MAC, pdst=DB)
hardware_of_another Ether(src=EVIL_MAC, dst=DB_MAC)/ARP(op=2, hwsrc=WEB_MAC, psrc=EVIL, hwdst=DB_MAC, pdst=DB)
frame_of_another Ether(src=WEB_MAC, dst=DB_MAC)/ARP(op=2, hwsrc=EVIL_MAC, psrc=EVIL, hwdst=DB_MAC, pdst=DB)
probe_for_another Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/ARP(op=1, hwsrc=EVIL_MAC, psrc="0.0.0.0", pdst=WEB)
END
}

test_arp() {
    forge arp shop/evil dropped
}

frames_nd() {
    cat <<'END'
target_of_another Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/ICMPv6ND_NA(tgt=WEB6, S=1, O=1)/ICMPv6NDOptDstLLAddr(lladdr=EVIL_MAC)
unsolicited Ether(src=EVIL_MAC, dst="33:33:00:00:00:01")/IPv6(src=EVIL6, dst="ff02::1")/ICMPv6ND_NA(tgt=WEB6, S=0, O=1)/ICMPv6NDOptDstLLAddr(lladdr=EVIL_MAC)
no_option Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/ICMPv6ND_NA(tgt=WEB6, S=1, O=1)
option_of_another Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/ICMPv6ND_NA(tgt=EVIL6, S=1, O=1)/ICMPv6NDOptDstLLAddr(lladdr=WEB_MAC)
solicit_as_another Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=WEB6, dst=DB6)/ICMPv6ND_NS(tgt=DB6)/ICMPv6NDOptSrcLLAddr(lladdr=EVIL_MAC)
solicit_option_of_another Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/ICMPv6ND_NS(tgt=DB6)/ICMPv6NDOptSrcLLAddr(lladdr=WEB_MAC)
END
}

test_neighbour_discovery() {
    forge nd shop/evil dropped
}

frames_router() {
    cat <<'END'
advertisement Ether(src=EVIL_MAC, dst="33:33:00:00:00:01")/IPv6(src=EVIL6, dst="ff02::1")/ICMPv6ND_RA(routerlifetime=0)
advertisement_unicast Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/ICMPv6ND_RA(routerlifetime=0)
advertisement_behind_options Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/IPv6ExtHdrDestOpt()/ICMPv6ND_RA(routerlifetime=0)
redirect Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/ICMPv6ND_Redirect(tgt=EVIL6, dst=WEB6)
END
}

test_router() {
    forge router shop/evil dropped
}

frames_dhcp() {
    cat <<'END'
offer Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/IP(src=EVIL, dst="255.255.255.255")/UDP(sport=67, dport=68)/BOOTP(op=2, xid=1)/DHCP(options=[("message-type", "offer"), "end"])
ack Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB)/UDP(sport=67, dport=68)/BOOTP(op=2, xid=2)/DHCP(options=[("message-type", "ack"), "end"])
advertise6 Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/UDP(sport=547, dport=546)/MARK
END
}

test_dhcp_server() {
    forge dhcp shop/evil dropped
}

# Tunnelled packets are what the node's tunnel port would take for its peers'.
frames_tunnels() {
    cat <<'END'
vxlan Ether(src=EVIL_MAC, dst=NODE_MAC)/IP(src=EVIL, dst=NODE)/UDP(dport=4789)/VXLAN(vni=1)/Ether(src=WEB_MAC, dst=DB_MAC)/IP(src=WEB, dst=DB)/UDP(dport=54)/MARK
vxlan6 Ether(src=EVIL_MAC, dst=NODE_MAC)/IPv6(src=EVIL6, dst=NODE6)/UDP(dport=4789)/VXLAN(vni=1)/Ether(src=WEB_MAC, dst=DB_MAC)/IP(src=WEB, dst=DB)/UDP(dport=54)/MARK
vxlan_old_port Ether(src=EVIL_MAC, dst=NODE_MAC)/IP(src=EVIL, dst=NODE)/UDP(dport=8472)/VXLAN(vni=1)/Ether(src=WEB_MAC, dst=DB_MAC)/IP(src=WEB, dst=DB)/UDP(dport=54)/MARK
geneve Ether(src=EVIL_MAC, dst=NODE_MAC)/IP(src=EVIL, dst=NODE)/UDP(dport=6081)/bytes.fromhex("0000655800000100")/Ether(src=WEB_MAC, dst=DB_MAC)/IP(src=WEB, dst=DB)/UDP(dport=54)/MARK
END
}

test_tunnels() {
    forge_at node br0 tunnels shop/evil dropped
    expect <<END
shop/evil -> node udp/4789,udp/8472,udp/6081 denied
END
}

# What pretends to belong to a connection.
frames_replies() {
    cat <<'END'
syn_ack Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB)/TCP(sport=80, dport=40000, flags="SA", seq=7, ack=9)/MARK
ack Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB)/TCP(sport=80, dport=5432, flags="A", seq=7, ack=9)/MARK
rst Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB)/TCP(sport=80, dport=5432, flags="R", seq=7)/MARK
xmas Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB)/TCP(sport=80, dport=5432, flags="FPU")/MARK
udp_reply Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB)/UDP(sport=53, dport=40000)/MARK
echo_reply Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB)/ICMP(type=0, id=5, seq=1)/MARK
icmp_error Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB)/ICMP(type=3, code=4)/IP(src=DB, dst="203.0.113.10")/UDP(sport=40000, dport=443)/MARK
syn_ack6 Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/TCP(sport=80, dport=40000, flags="SA", seq=7, ack=9)/MARK
icmp_error6 Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/ICMPv6PacketTooBig()/IPv6(src=DB6, dst="2001:db8:1::10")/UDP(sport=40000, dport=443)/MARK
END
}

# Nor is anything remembered of what was denied: what it opened would be a
# bypass later.
test_forged_replies() {
    guard_db
    ovs-appctl -t ovs-vswitchd dpctl/flush-conntrack
    forge replies shop/evil dropped
    forge replies shop/evil dropped
    lacks conntrack "$(host_get shop/evil v4)|$(host_get shop/evil v6)[,)]" \
        "$(ovs-appctl -t ovs-vswitchd dpctl/dump-conntrack)"
}

# S32: the ports are in the first fragment only; UDP 53 is allowed, 54 is not.
# The switch does not look at fragments under 1200 bytes (IPv6: 1280) other
# than the last, so these are larger, but for "tiny".
frames_fragments() {
    cat <<'END'
first Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB, id=1, flags="MF")/UDP(dport=54, len=1240, chksum=0)/MARK.ljust(1192)
later_alone Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB, id=2, frag=150, proto=17)/MARK.ljust(40)
both [Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB, id=3, flags="MF")/UDP(dport=54, len=1240, chksum=0)/MARK.ljust(1192), Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB, id=3, frag=150, proto=17)/MARK.ljust(40)]
backwards [Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB, id=4, frag=150, proto=17)/MARK.ljust(40), Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB, id=4, flags="MF")/UDP(dport=54, len=1240, chksum=0)/MARK.ljust(1192)]
overlapping [Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB, id=5, flags="MF")/UDP(dport=53, len=1240, chksum=0)/(b"-" * 1192), Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB, id=5, flags="MF")/UDP(dport=54, len=1240, chksum=0)/MARK.ljust(1192), Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB, id=5, frag=150, proto=17)/(b"-" * 40)]
tiny [Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB, id=6, flags="MF", proto=6)/bytes(TCP(sport=9, dport=5432))[:8], Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB, id=6, frag=1, proto=6)/(bytes(TCP(sport=9, dport=5432))[8:] + MARK)]
first6 Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/IPv6ExtHdrFragment(id=7, m=1)/UDP(dport=54, len=1288)/MARK.ljust(1240)
later_alone6 Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/IPv6ExtHdrFragment(id=8, offset=156, nh=17)/MARK.ljust(40)
END
}

test_fragments() {
    guard_db
    forge fragments shop/evil dropped
}

# S31: other frames around a packet that is denied.
frames_shapes() {
    cat <<'END'
broadcast_frame Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/IP(src=EVIL, dst=DB)/UDP(dport=54)/MARK
multicast_frame Ether(src=EVIL_MAC, dst="01:00:5e:01:02:03")/IP(src=EVIL, dst=DB)/UDP(dport=54)/MARK
multicast_frame6 Ether(src=EVIL_MAC, dst="33:33:00:00:00:01")/IPv6(src=EVIL6, dst=DB6)/UDP(dport=54)/MARK
ip_options Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB, options=IPOption_RR(length=7, routers=["0.0.0.0"]))/UDP(dport=54)/MARK
source_route Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB, options=IPOption_LSRR(routers=[WEB]))/UDP(dport=54)/MARK
extension_headers Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/IPv6ExtHdrHopByHop()/IPv6ExtHdrDestOpt()/UDP(dport=54)/MARK
priority_tag Ether(src=EVIL_MAC, dst=DB_MAC)/Dot1Q(vlan=0, prio=5)/IP(src=EVIL, dst=DB)/UDP(dport=54)/MARK
vlan Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/Dot1Q(vlan=7)/IP(src=EVIL, dst=DB)/UDP(dport=54)/MARK
vlan_stolen Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/Dot1Q(vlan=7)/IP(src=WEB, dst=DB)/TCP(dport=5432)/MARK
vlan_arp Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/Dot1Q(vlan=7)/ARP(op=2, hwsrc=EVIL_MAC, psrc=WEB, pdst=DB)/Padding(MARK)
double_tag Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/Dot1Q(vlan=7)/Dot1Q(vlan=8)/IP(src=EVIL, dst=DB)/UDP(dport=53)/MARK
service_tag Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff", type=0x88a8)/Dot1Q(vlan=7, type=0x8100)/Dot1Q(vlan=8)/IP(src=EVIL, dst=DB)/UDP(dport=53)/MARK
other_ethertype Ether(src=EVIL_MAC, dst=DB_MAC, type=0x88b5)/MARK.ljust(50)
mpls Ether(src=EVIL_MAC, dst=DB_MAC, type=0x8847)/bytes.fromhex("00064140")/IP(src=EVIL, dst=DB)/UDP(dport=53)/MARK
ip_multicast Ether(src=EVIL_MAC, dst="01:00:5e:01:02:03")/IP(src=EVIL, dst="239.1.2.3")/UDP(dport=53)/MARK
ip_broadcast Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/IP(src=EVIL, dst="255.255.255.255")/UDP(dport=53)/MARK
END
}

test_shapes() {
    guard_db
    forge shapes shop/evil dropped
}

# What an uplink or a tunnel may not bring: it is here that those addresses
# are.
frames_strangers() {
    cat <<'END'
ip_of_a_pod Ether(src="02:00:00:00:ff:01", dst=DB_MAC)/IP(src=WEB, dst=DB)/TCP(dport=5432)/MARK
ip_of_the_victim Ether(src="02:00:00:00:ff:01", dst=DB_MAC)/IP(src=DB, dst=DB)/TCP(dport=5432)/MARK
ip6_of_a_pod Ether(src="02:00:00:00:ff:01", dst=DB_MAC)/IPv6(src=WEB6, dst=DB6)/TCP(dport=5432)/MARK
arp_for_a_pod Ether(src="02:00:00:00:ff:01", dst=DB_MAC)/ARP(op=2, hwsrc="02:00:00:00:ff:01", psrc=WEB, hwdst=DB_MAC, pdst=DB)
advertisement_of_a_pod Ether(src="02:00:00:00:ff:01", dst=DB_MAC)/IPv6(src="fe80::99", dst=DB6)/ICMPv6ND_NA(tgt=WEB6, S=1, O=1)/ICMPv6NDOptDstLLAddr(lladdr="02:00:00:00:ff:01")
END
}

test_strangers() {
    guard_db
    forge strangers world dropped
}

# S30, and what the policy allows, in the same disguises.
frames_honest() {
    cat <<'END'
arp_request Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/ARP(op=1, hwsrc=EVIL_MAC, psrc=EVIL, pdst=WEB)
arp_reply Ether(src=EVIL_MAC, dst=DB_MAC)/ARP(op=2, hwsrc=EVIL_MAC, psrc=EVIL, hwdst=DB_MAC, pdst=DB)
arp_announcement Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/ARP(op=1, hwsrc=EVIL_MAC, psrc=EVIL, pdst=EVIL)
arp_probe Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/ARP(op=1, hwsrc=EVIL_MAC, psrc="0.0.0.0", pdst=EVIL)
dad Ether(src=EVIL_MAC, dst="33:33:ff:00:00:04")/IPv6(src="::", dst="ff02::1:ff00:4")/ICMPv6ND_NS(tgt=EVIL6)
router_solicitation Ether(src=EVIL_MAC, dst="33:33:00:00:00:02")/IPv6(src="::", dst="ff02::2")/ICMPv6ND_RS()
mld_report Ether(src=EVIL_MAC, dst="33:33:00:00:00:16")/IPv6(src="::", dst="ff02::16", hlim=1)/IPv6ExtHdrHopByHop(options=RouterAlert())/ICMPv6MLReport2(records=[ICMPv6MLDMultAddrRec(dst="ff02::1:ff00:4")])
dhcp_discover Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/IP(src="0.0.0.0", dst="255.255.255.255")/UDP(sport=68, dport=67)/BOOTP(xid=3)/DHCP(options=[("message-type", "discover"), "end"])
neighbour_advertisement Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/ICMPv6ND_NA(tgt=EVIL6, S=1, O=1)/ICMPv6NDOptDstLLAddr(lladdr=EVIL_MAC)
neighbour_solicitation Ether(src=EVIL_MAC, dst=DB_MAC)/IPv6(src=EVIL6, dst=DB6)/ICMPv6ND_NS(tgt=DB6)/ICMPv6NDOptSrcLLAddr(lladdr=EVIL_MAC)
broadcast_frame Ether(src=EVIL_MAC, dst="ff:ff:ff:ff:ff:ff")/IP(src=EVIL, dst=DB)/UDP(dport=53)/MARK
ip_options Ether(src=EVIL_MAC, dst=DB_MAC)/IP(src=EVIL, dst=DB, options=IPOption_RR(length=7, routers=["0.0.0.0"]))/UDP(dport=53)/MARK
priority_tag Ether(src=EVIL_MAC, dst=DB_MAC)/Dot1Q(vlan=0, prio=5)/IP(src=EVIL, dst=DB)/UDP(dport=53)/MARK
END
}

test_honest() {
    guard_db
    forge honest shop/evil passed
}

# A port that opted out sends from any address; it still is no router, no
# DHCP server and no tunnel.
test_opt_out() {
    local dev
    dev=$(host_get shop/evil dev)
    ovs-vsctl set interface "$dev" external_ids:ovs-netpol-spoof-guard=off
    settle
    forge addresses shop/evil passed
    forge arp shop/evil passed
    forge nd shop/evil passed
    forge router shop/evil dropped
    forge dhcp shop/evil dropped
    forge_at node br0 tunnels shop/evil dropped
    forget
    ovs-vsctl remove interface "$dev" external_ids ovs-netpol-spoof-guard
    settle
    forge addresses shop/evil dropped
}

# The same for all ports.
test_no_spoof_guard() {
    daemon_stop
    daemon_start --no-spoof-guard
    settle
    forge addresses shop/evil passed
    forge dhcp shop/evil dropped
    forget
    daemon_stop
    daemon_start
    settle
    forge addresses shop/evil dropped
}
