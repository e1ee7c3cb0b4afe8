# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Policies that cost too much, and very many of them.

setup() {
    small_shop
    ns evil
    pod evil/db labels=app=db
    serve evil/db tcp:5432,80
    serve_wait
    daemon_start --max-policy-flows=50 --max-namespace-flows=60
    settle
}

# allow NAME PORT [ENDPORT [CREATED]]: a policy in namespace evil.
allow() {
    cat <<END
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: evil, name: $1, creationTimestamp: "${4-2026-01-05T00:00:00Z}"}
spec:
  podSelector: {}
  ingress: [{ports: [{port: $2, endPort: ${3-$2}}]}]
END
}

shop_is_well() {
    expect_packets <<END
shop/web -> shop/db tcp/5432 ok
shop/web -> shop/db tcp/80 denied
END
}

allow_refusal() {
    log_allow '\|agent_budget\|WARN\|NetworkPolicy evil/' "they cost too much"
}

# A range of ports is 2 * 30 flows: more than 50.
test_policy() {
    allow_refusal
    allow wide 1 65534 | policy wide
    expect <<< "shop/web -> evil/db tcp/5432,tcp/80 denied"
    shop_is_well
    same "out" 1 "$(status budget.policiesOut)"
    contains "problem" "NetworkPolicy evil/wide: would cost 64 flows.*50" \
        "$(ovs-netpol status)"
    contains "policies" "evil/wide: would cost 64" "$(ovs-netpol policies)"
    contains "policy" '^ingress +isolates and allows nothing, beyond' \
        "$(ovs-netpol policy evil/wide)"
    exits 1 ovs-netpol explain shop/web evil/db:80
    contains "explain" '^  note +NetworkPolicy evil/wide: would cost 64' \
        "$output"
    exits 1 ovs-netpol explain -o json shop/web evil/db:80
    contains "in JSON" '^ +"NetworkPolicy evil/wide: would cost' "$output"
    contains "log" "WARN.NetworkPolicy evil/wide: would cost 64 flows" \
        "$(cat "$NETPOLD_LOG")"

    # Others for the same pods still allow.
    allow other 80 | policy other
    expect <<END
shop/web -> evil/db tcp/80 ok
shop/web -> evil/db tcp/5432 denied
END
    allow wide 5000 6000 | policy wide
    expect <<< "shop/web -> evil/db tcp/5432,tcp/80 ok"
    same "out" 0 "$(status budget.policiesOut)"
    contains "log" "INFO.NetworkPolicy evil/wide: fits" "$(cat "$NETPOLD_LOG")"
}

# The older ones stay, even if they are seen last.
test_namespace() {
    allow_refusal
    {
        allow a 1000 9000 "2026-03-01T00:00:00Z"
        allow b 80 80 "2026-02-01T00:00:00Z"
        allow c 81 81 "2026-02-02T00:00:00Z"
    } | policy several
    expect <<< "shop/web -> evil/db tcp/5432,tcp/80 ok"
    allow first 10000 28000 "2026-01-01T00:00:00Z" | policy first
    expect <<END
shop/web -> evil/db tcp/5432 denied
shop/web -> evil/db tcp/80 ok
END
    shop_is_well
    contains "problem" "NetworkPolicy evil/a: .*for its namespace" \
        "$(ovs-netpol status)"
    same "metric" "ovs_netpol_policies_over_budget 1" \
        "$(/usr/bin/python3 -c 'import urllib.request as u; print(u.urlopen(
"http://127.0.0.1:9640/metrics").read().decode())' |
            grep '^ovs_netpol_policies_over_budget')"
}

# Policies of overlapping CIDRs with excepts, of ranges of ports, for pods that
# everything selects.
write_evil() {
    /usr/bin/python3 - "$@" << 'END'
import json, random, sys
n_policies, n_blocks = map(int, sys.argv[1:])
random.seed(1)
def text(address, length):
    return "%d.%d.%d.%d/%d" % (*address.to_bytes(4, "big"), length)
def block():
    free = 32 - random.randint(8, 24)
    base = random.getrandbits(32) >> free << free
    excepts = {base | random.getrandbits(free) for _ in range(3)}
    return {"cidr": text(base, 32 - free),
            "except": [text(e, 32) for e in sorted(excepts)]}
for i in range(n_policies):
    peers = [{"ipBlock": block()} for _ in range(n_blocks)]
    ports = [{"port": p, "endPort": 65534}
             for p in random.sample(range(1, 60000), 10)]
    print("---")
    print(json.dumps({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"namespace": "evil", "name": "p%d" % i},
        "spec": {"podSelector": {}, "ingress": [{
            "from": peers + [{"namespaceSelector": {}}], "ports": ports}]}}))
END
}

# Asks for the status until it is up to date; prints how often it was not, and
# the longest answer in milliseconds.
poll_status() {
    local n=0 max=0 start took text
    while (( n < 10000 )); do
        start=${EPOCHREALTIME/./}
        text=$(status generation) || return
        took=$(( (${EPOCHREALTIME/./} - start) / 1000 ))
        (( took <= max )) || max=$took
        case $text in
        *"\"model\": $1,"*"\"switch\": $1}") break ;;
        *"\"model\": $1,"*) n=$((n + 1)) ;;
        esac
    done
    echo "$n $max"
}

# The daemon answers while it compiles, and the old policies are in force until
# the new ones are, all of them.
test_answers_meanwhile() {
    local before n max
    daemon_stop
    daemon_start --max-policy-flows=0 --max-namespace-flows=0 --max-flows=0
    settle
    before=$(status generation.model)
    write_evil 60 150 > "$LAB/evil"
    policy evil < "$LAB/evil"
    read -r n max <<< "$(poll_status $((before + 60)))"
    echo "$n answers before it was in the switch, the slowest after $max ms"
    [ "$n" -ge 3 ]
    [ "$max" -le 5000 ]
    same "bundles" 1 "$(status switch.bundles)"
    expect <<< "shop/web -> evil/db tcp/5432 ok"
    shop_is_well
}

# The same with the limits that it has by itself: nobody else notices.
test_default_limits() {
    allow_refusal
    daemon_stop
    daemon_start --max-namespace-flows=20000
    write_evil 100 150 | policy evil
    expect <<< "shop/web -> evil/db tcp/1 denied"
    shop_is_well
    [ "$(status budget.policiesOut)" -gt 50 ]
    [ "$(status budget.flows)" -le 21000 ]
    [ "$(status switch.flows)" -le 40000 ]
}

# A table that takes three flows only: what does not fit is left out, and told;
# everybody else is served.  Table 53 is IngressRule.
test_switch_refuses() {
    log_allow '\|bridge_aside\|WARN\|.* flow refused: OFPFMFC_TABLE_FULL' "it is"
    log_allow '\|agent_refusal\|WARN\|NetworkPolicy evil/' "it is"
    daemon_stop
    daemon_start
    settle
    ovs-vsctl set flow_table "$(ovs-vsctl get bridge "$BRIDGE" \
        flow_tables:53 | tr -d ' ')" flow_limit=3 overflow_policy=refuse
    allow web 80 | policy web
    settle
    expect_packets <<< "shop/web -> evil/db tcp/80 denied"
    shop_is_well
    [ "$(status switch.leftOut)" -gt 0 ]
    contains "problem" "NetworkPolicy evil/web: allows less.*TABLE_FULL.*table=53" \
        "$(ovs-netpol status)"
    contains "log" "NetworkPolicy evil/web: the switch does not take a flow" \
        "$(cat "$NETPOLD_LOG")"

    ovs-vsctl clear flow_table "$(ovs-vsctl get bridge "$BRIDGE" \
        flow_tables:53 | tr -d ' ')" flow_limit overflow_policy
    until_ok 10 nothing_is_left_out
    expect <<< "shop/web -> evil/db tcp/80 ok"
    same "problems" "[]" "$(status problems)"
}

nothing_is_left_out() {
    [ "$(status switch.leftOut)" = 0 ]
}
