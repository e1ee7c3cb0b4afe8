# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# S25: egress to a Service address is decided when the host has translated it.

setup() {
    ns shop
    pod shop/web labels=app=web
    pod shop/db labels=app=db
    pod shop/other labels=app=other
    serve shop/db tcp:80
    serve shop/other tcp:80
    serve_wait
    daemon_start --service-cidrs=10.96.0.0/12,fd00:96::/108
    settle
}

# leaves V ADDRESS: web's first packet to an address of no pod.
leaves() {
    local flow
    flow="in_port=$(ofport_of shop/web),dl_src=$(host_get shop/web mac)"
    flow+=",dl_dst=$(host_get shop/db mac)"
    case $1 in
    v4) flow+=",tcp,nw_src=$(address_of shop/web v4),nw_dst=$2" ;;
    v6) flow+=",tcp6,ipv6_src=$(address_of shop/web v6),ipv6_dst=$2" ;;
    esac
    trace_raw "$flow,nw_ttl=64,tp_dst=80"
}

# comes_back DST: the same packet from the host, translated to a pod.
comes_back() {
    trace_raw "in_port=LOCAL,tcp,nw_src=$(address_of shop/web v4),\
nw_dst=$(address_of "$1" v4),dl_dst=$(host_get "$1" mac),nw_ttl=64,tp_dst=80"
}

test_service() {
    policy web <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
  - to: [{podSelector: {matchLabels: {app: db}}}]
END
    expect <<END
shop/web -> shop/db tcp/80 ok
shop/web -> shop/other tcp/80 denied
END
    same "to a Service" ok "$(leaves v4 10.96.0.10)"
    same "to a Service, IPv6" ok "$(leaves v6 fd00:96::a)"
    same "to a stranger" denied "$(leaves v4 10.112.0.1)"
    same "to a stranger, IPv6" denied "$(leaves v6 fd00:97::a)"
    same "translated to db" ok "$(comes_back shop/db)"
    same "translated to other" denied "$(comes_back shop/other)"
    contains explain "Service address" \
        "$(ovs-netpol explain shop/web 10.96.0.10:80)"
}
