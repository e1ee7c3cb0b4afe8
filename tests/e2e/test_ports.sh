# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Protocols, ports, ranges and names: S13-S20 of docs/semantics.md.

setup() {
    ns shop
    # One name, three numbers.
    pod shop/one labels=app=server ports=http:TCP:8001,dns:UDP:53
    pod shop/two labels=app=server ports=http:TCP:8002
    pod shop/three labels=app=server ports=http:UDP:8003
    # The same name twice in one pod (S20).
    pod shop/four labels=app=server ports=http:TCP:8004,http:TCP:8005
    pod shop/client labels=app=client
    outside world 203.0.113.10/24 2001:db8:1::10/64
    local p
    for p in one two three four; do
        serve "shop/$p" tcp:53,80,443,8000-8010 udp:53,80,8000-8010
    done
    serve world tcp:8001 udp:53
    serve_wait
    daemon_start
    settle
}

ingress() {
    policy ports <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: ports}
spec:
  podSelector: {matchLabels: {app: server}}
  ingress:
  - ports: $1
END
}

egress() {
    policy ports <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: ports}
spec:
  podSelector: {matchLabels: {app: client}}
  policyTypes: [Egress]
  egress:
  - ports: $1
${2:+    to: $2}
END
}

# S13: no list or an empty one is every port of every protocol.
test_empty_list() {
    ingress '[]'
    expect <<END
shop/client -> shop/one tcp/80,udp/80,icmp ok
world -> shop/one tcp/80,udp/80,icmp ok
shop/client -> shop/one sctp/80 ok
END
}

# S14 S28: a protocol without a port is all its ports, and nothing else.
test_protocol_only() {
    ingress '[{protocol: UDP}]'
    expect <<END
shop/client -> shop/one udp/53,udp/80,udp/8000 ok
shop/client -> shop/one udp/9 closed
shop/client -> shop/one tcp/80,tcp/53,icmp denied
shop/client -> shop/one sctp/80 denied
END
}

# S15: TCP by default.
test_default_protocol() {
    ingress '[{port: 80}]'
    expect <<END
shop/client -> shop/one tcp/80 ok
shop/client -> shop/one udp/80,tcp/443,icmp denied
shop/client -> shop/one sctp/80 denied
END
}

# S16: a range includes both ends.
test_range() {
    ingress '[{port: 8001, endPort: 8006},
              {port: 53, endPort: 53, protocol: UDP}]'
    expect <<END
shop/client -> shop/one tcp/8001,tcp/8002,tcp/8003,tcp/8004,tcp/8006 ok
shop/client -> shop/one tcp/8000,tcp/8007,tcp/80,udp/8001,icmp denied
shop/client -> shop/one udp/53 ok
shop/client -> shop/one tcp/53 denied
END
}

test_whole_range() {
    ingress '[{port: 1, endPort: 65535}]'
    expect <<END
shop/client -> shop/one tcp/53,tcp/80,tcp/8010 ok
shop/client -> shop/one tcp/1,tcp/65535 closed
shop/client -> shop/one udp/53,icmp denied
END
}

test_sctp() {
    ingress '[{protocol: SCTP, port: 132},
              {protocol: SCTP, port: 7000, endPort: 7010}]'
    expect <<END
shop/client -> shop/one sctp/132,sctp/7000,sctp/7010 ok
shop/client -> shop/one sctp/133,sctp/6999,sctp/7011 denied
shop/client -> shop/one tcp/80,udp/80,icmp denied
END
}

# S17 S20: the number on the selected pod, with that protocol.
test_named_ingress() {
    ingress '[{port: http}]'
    expect <<END
shop/client -> shop/one tcp/8001 ok
shop/client -> shop/one tcp/8002,tcp/80,udp/8001,icmp denied
shop/client -> shop/two tcp/8002 ok
shop/client -> shop/two tcp/8001,tcp/80 denied
shop/client -> shop/three tcp/8003,udp/8003 denied
shop/client -> shop/four tcp/8004,tcp/8005 ok
shop/client -> shop/four tcp/8001,tcp/8003 denied
world -> shop/two tcp/8002 ok
END
}

test_named_udp() {
    ingress '[{port: dns, protocol: UDP}, {port: http, protocol: UDP}]'
    expect <<END
shop/client -> shop/one udp/53 ok
shop/client -> shop/one udp/8001,tcp/53,tcp/8001 denied
shop/client -> shop/three udp/8003 ok
shop/client -> shop/two udp/53,udp/8002 denied
END
}

# S18: the number on each destination pod; never outside the cluster.
test_named_egress() {
    egress '[{port: http}]' '[{podSelector: {matchLabels: {app: server}}}]'
    expect <<END
shop/client -> shop/one tcp/8001 ok
shop/client -> shop/one tcp/8002,tcp/80 denied
shop/client -> shop/two tcp/8002 ok
shop/client -> shop/two tcp/8001 denied
shop/client -> shop/three udp/8003,tcp/8003 denied
shop/client -> shop/four tcp/8004,tcp/8005 ok
shop/client -> world tcp/8001 denied
END
    egress '[{port: http}]'
    expect <<END
shop/client -> shop/one tcp/8001 ok
shop/client -> shop/one tcp/8002 denied
shop/client -> shop/two tcp/8002 ok
shop/client -> world tcp/8001 denied
END
    egress '[{port: http}]' '[{ipBlock: {cidr: 0.0.0.0/0}},
                              {ipBlock: {cidr: "::/0"}}]'
    expect <<END
shop/client -> shop/one tcp/8001,tcp/80 denied
shop/client -> world tcp/8001 denied
END
}

# S19: a name that nobody has is no port at all.
test_unknown_name() {
    ingress '[{port: metrics}]'
    expect <<END
shop/client -> shop/one tcp/80,tcp/8001,udp/53,icmp denied
END
    ingress '[{port: metrics}, {port: 443}]'
    expect <<END
shop/client -> shop/one tcp/443 ok
shop/client -> shop/one tcp/80 denied
END
}
