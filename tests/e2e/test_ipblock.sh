# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Peers that are address ranges: S21-S24 of docs/semantics.md.

setup() {
    ns shop
    pod shop/web labels=app=web
    pod shop/db labels=app=db
    # Three hosts in one namespace: two inside the range, one of them excepted.
    outside world 203.0.113.10/24 203.0.113.70/24 198.51.100.5/24 \
        2001:db8:1::10/64 2001:db8:1:0:f::70/64 2001:db8:2::5/64
    host_alias excepted world 203.0.113.70 2001:db8:1:0:f::70
    host_alias other world 198.51.100.5 2001:db8:2::5
    serve shop/web tcp:80 udp:53
    serve shop/db tcp:80
    serve world tcp:443 udp:53
    serve_wait
    daemon_start
    settle
}

# The list is for ingress to web and for egress from it.
blocks() {
    policy blocks <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: blocks}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: &peers
$(sed 's/^/    /')
  egress:
  - to: *peers
END
}

# S21
test_except() {
    blocks <<END
- ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.64/26]}
- ipBlock: {cidr: "2001:db8:1::/64", except: ["2001:db8:1:0:f::/80"]}
END
    expect <<END
world -> shop/web tcp/80,udp/53,icmp ok
excepted -> shop/web tcp/80,udp/53,icmp denied
other -> shop/web tcp/80,udp/53,icmp denied
shop/db -> shop/web tcp/80 denied
shop/web -> world tcp/443,udp/53,icmp ok
shop/web -> excepted tcp/443,udp/53,icmp denied
shop/web -> other tcp/443,udp/53,icmp denied
shop/web -> shop/db tcp/80 denied
END
}

# S21: an except counts inside its own block only.
test_except_is_scoped() {
    blocks <<END
- ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.64/26]}
- ipBlock: {cidr: 203.0.113.70/32}
- ipBlock: {cidr: "2001:db8::/32", except: ["2001:db8:1::/64"]}
- ipBlock: {cidr: "2001:db8:1:0:f::/80"}
END
    expect <<END
excepted -> shop/web tcp/80 ok
shop/web -> excepted tcp/443 ok
world -> shop/web tcp4/80 ok
world -> shop/web tcp6/80 denied
other -> shop/web tcp4/80 denied
other -> shop/web tcp6/80 ok
END
}

test_everything_but() {
    blocks <<END
- ipBlock: {cidr: 0.0.0.0/0, except: [203.0.113.0/24]}
- ipBlock: {cidr: "::/0", except: ["2001:db8:1::/64"]}
END
    expect <<END
other -> shop/web tcp/80 ok
world -> shop/web tcp/80 denied
excepted -> shop/web tcp/80 denied
shop/db -> shop/web tcp/80 ok
shop/web -> shop/db tcp/80 ok
END
}

# S22: host bits are masked off.
test_not_canonical() {
    blocks <<END
- ipBlock: {cidr: 203.0.113.99/24}
- ipBlock: {cidr: "2001:db8:1::99/64"}
END
    expect <<END
world -> shop/web tcp/80 ok
other -> shop/web tcp/80 denied
END
}

# S23: a block that covers pods matches them by address.
test_covers_pods() {
    blocks <<END
- ipBlock: {cidr: $(host_get shop/db v4)/32}
- ipBlock: {cidr: "$(host_get shop/db v6)/128"}
END
    expect <<END
shop/db -> shop/web tcp/80 ok
shop/web -> shop/db tcp/80 ok
world -> shop/web tcp/80 denied
END
}

# S24: a block of one family says nothing about the other, which is isolated.
test_one_family() {
    blocks <<END
- ipBlock: {cidr: 0.0.0.0/0}
END
    expect <<END
world -> shop/web tcp4/80,icmp4 ok
world -> shop/web tcp6/80,icmp6 denied
shop/web -> world tcp4/443 ok
shop/web -> world tcp6/443 denied
END
}

# A block and a selector in one list; another policy's except does not matter.
test_with_others() {
    blocks <<END
- ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.64/26]}
- podSelector: {matchLabels: {app: db}}
END
    policy more <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: more}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from: [{ipBlock: {cidr: 203.0.113.64/26}}]
    ports: [{port: 80}]
END
    expect <<END
world -> shop/web tcp4/80,udp4/53 ok
excepted -> shop/web tcp4/80 ok
excepted -> shop/web udp4/53 denied
shop/db -> shop/web tcp/80 ok
shop/web -> excepted tcp4/443 denied
END
}
