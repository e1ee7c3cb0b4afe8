# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Audit mode: what policies deny is let through and told of, for a namespace or
# for all; in and out of it without losing a packet.

setup() {
    ns shop
    ns ops
    pod shop/web labels=app=web
    pod shop/db labels=app=db
    pod ops/job labels=app=job
    outside far 192.0.2.7/24 2001:db8::7/64
    serve shop/db tcp:5432 udp:53
    serve shop/web tcp:80 udp:53
    serve ops/job tcp:80
    serve far tcp:80
    serve_wait
    manifest isolated <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 5432}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: ops, name: silent}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
END
    daemon_start
    settle
}

# enforcement NS WORD
enforcement() {
    manifest "ns-$1" <<END
apiVersion: v1
kind: Namespace
metadata: {name: $1, annotations: {ovs-netpol.io/enforcement: $2}}
END
}

enforced() {
    expect <<END
shop/web -> shop/db tcp/5432 ok
shop/web -> shop/db udp/53,icmp denied
far -> shop/db tcp/5432,icmp denied
shop/db -> far tcp/80,icmp denied
END
}

# `ovs-netpol drops` in short: "DIRECTION SOURCE DESTINATION SERVICE POLICIES",
# sorted.
rows() {
    ovs-netpol drops "$@" | awk 'NR > 1 { $1 = $2 = ""; print }' |
        sed 's/^ *//' | sort
}

has_rows() {
    local want=$1
    shift
    [ "$(rows "$@" | grep -c .)" -ge "$want" ]
}

test_namespace() {
    enforced
    enforcement shop audit
    expect <<END
shop/web -> shop/db tcp/5432 ok
shop/web -> shop/db udp/53,icmp ok
far -> shop/db tcp/5432,icmp ok
shop/db -> far tcp/80,icmp ok
ops/job -> shop/db tcp/5432,icmp denied
END
    until_ok 5 has_rows 11 --audit
    same "would be dropped" "$(sort <<END
egress shop/db 192.0.2.7 ICMP type 8 shop/db
egress shop/db 192.0.2.7 TCP/80 shop/db
egress shop/db 2001:db8::7 ICMP type 128 shop/db
egress shop/db 2001:db8::7 TCP/80 shop/db
ingress 192.0.2.7 shop/db ICMP type 8 shop/db
ingress 192.0.2.7 shop/db TCP/5432 shop/db
ingress 2001:db8::7 shop/db ICMP type 128 shop/db
ingress 2001:db8::7 shop/db TCP/5432 shop/db
ingress shop/web shop/db ICMP type 128 shop/db
ingress shop/web shop/db ICMP type 8 shop/db
ingress shop/web shop/db UDP/53 shop/db
END
)" "$(rows --audit | sort -u)"
    contains "explain" "^allowed .*; would be denied \(audit\)\$" \
        "$(ovs-netpol explain "$(host_get far v4)" shop/db:5432)"
    contains "dropped" "^egress ops/job shop/db TCP/5432 ops/silent\$" \
        "$(rows --pod=ops/job)"
    # The switch counts it, by class.
    contains "counted" "n_packets=[1-9]" "$(ovs-ofctl -O OpenFlow15 dump-flows \
        "$BRIDGE" 'cookie=0x6e700a0000000000/0xffffff0000000000')"
    enforcement shop enforce
    enforced
}

# Egress of an audited namespace, ingress of an enforced one, and the other way
# round: each direction by its own namespace.
test_each_direction_by_itself() {
    enforcement ops audit
    expect <<END
ops/job -> shop/web tcp/80,icmp ok
ops/job -> shop/db tcp/5432,icmp denied
shop/web -> ops/job tcp/80,icmp ok
shop/db -> ops/job tcp/80 denied
END
    enforcement shop audit
    expect <<END
ops/job -> shop/db tcp/5432,icmp ok
shop/db -> ops/job tcp/80 ok
END
    enforcement shop enforce
    enforcement ops enforce
    settle
}

# The options of the list.
test_filters() {
    local all
    inside far ping -c1 -W0.1 "$(host_get shop/db v4)" >/dev/null || true
    until_ok 5 has_rows 1 --pod=shop/db --policy=shop/db
    all=$(rows)
    contains "one pod" "ops/job" "$all"
    lacks "one pod" "ops/job" "$(rows --pod=shop/web)"
    lacks "one policy" "ops/silent" "$(rows --policy=shop/db)"
    contains "one policy" "ops/silent" "$(rows --policy=ops/silent)"
    ovs-netpol drops -o json | /usr/bin/python3 -c '
import json, sys
d = json.load(sys.stdin)
assert d["drops"] and d["suppressed"] == 0, d
assert all(r["packets"] > 0 and r["first"] <= r["last"]
           and r["verdict"] == "drop" for r in d["drops"])'
    exits 2 ovs-netpol drops --pod=web
    contains "bad name" "want NAMESPACE/POD" "$output"
}

test_follow() {
    local pid
    ovs-netpol drops -f --policy=shop/db > "$LAB/followed" &
    pid=$!
    until_ok 10 is_followed
    kill "$pid"
    contains "a line" '^20.*Z ingress ICMP 192\.0\.2\.7 -> shop/db type 8 code 0 denied by shop/db$' \
        "$(head -n 1 "$LAB/followed")"
}

is_followed() {
    inside far ping -c1 -W0.1 "$(host_get shop/db v4)" >/dev/null || true
    [ -s "$LAB/followed" ]
}

# A connection that is allowed loses nothing on the way; one that was not runs
# on, as after any change of policies.
test_in_and_out() {
    local i word
    hold steady shop/web tcp "$(host_get shop/db v4)" 5432
    hold steady6 shop/web tcp "$(host_get shop/db v6)" 5432
    inside shop/web ping -c 400 -i 0.01 -q "$(host_get far v4)" \
        > "$LAB/ping" &
    for i in 1 2 3 4; do
        for word in audit enforce; do
            enforcement shop "$word"
            settle
            same "steady" ok "$(hold_ask steady)"
            same "steady6" ok "$(hold_ask steady6)"
        done
    done
    wait "$!"
    contains "pings" " 0% packet loss" "$(cat "$LAB/ping")"
    # The change is that of the namespace's own targets.
    same "flows" 6 "$(status switch.lastFlowMods)"
}

test_recheck() {
    daemon_stop
    daemon_start --established=recheck
    enforcement shop audit
    settle
    hold would far tcp "$(host_get shop/db v4)" 5432
    same "let through" ok "$(hold_ask would)"
    enforcement shop enforce
    settle
    same "stopped" denied "$(hold_ask would 0.4)"
    enforcement shop audit
    settle
    same "and again" ok "$(hold_ask would 10)"
    enforcement shop enforce
    settle
}

# For the whole daemon; a namespace has the last word.  A word that is not
# known is enforced, and said.
test_daemon() {
    daemon_stop
    daemon_start --enforcement=audit
    manifest ns-ops <<END
apiVersion: v1
kind: Namespace
metadata: {name: ops}
END
    expect <<END
far -> shop/db tcp/5432 denied
ops/job -> far tcp/80 ok
ops/job -> shop/db tcp/5432 denied
END
    log_allow 'dir\|WARN\|.*"adit" is neither "enforce" nor "audit"' \
        "that is the test"
    enforcement ops adit
    expect <<END
ops/job -> far tcp/80 denied
END
    contains "said" '"adit" is neither' "$(cat "$NETPOLD_LOG")"
}
