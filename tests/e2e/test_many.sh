# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# More rules on one node than one flow can carry conjunctions: 4,087.

RULES=10000

# Four pods of different classes, to which every policy applies; 45 clients,
# three of which may come in by each policy.  So each rule is a conjunction, and
# all of them share tcp/443.
setup() {
    ns shop
    for i in 1 2 3 4; do
        pod "shop/server$i" "labels=server=s$i"
    done
    for i in 0 1 44; do
        pod "shop/client$i" "labels=client=c$i"
    done
    serve shop/server1 tcp:443 tcp:80
    /usr/bin/python3 - "$RULES" << 'END' | manifest many
import itertools, json, sys
def put(kind, name, api="v1", labels={}, **rest):
    print("---")
    print(json.dumps(dict(rest, apiVersion=api, kind=kind, metadata=dict(
        name=name, namespace="shop", labels=labels))))
def policy(name, pods, rules):
    put("NetworkPolicy", name, "networking.k8s.io/v1",
        spec=dict(podSelector=pods, ingress=rules))
for i in range(2, 44):
    put("Pod", "client%d" % i, labels=dict(client="c%d" % i), status=dict(
        podIP="10.245.0.%d" % i))
for i in range(1, 5):
    policy("class%d" % i, dict(matchLabels=dict(server="s%d" % i)), [])
servers = dict(matchExpressions=[dict(key="server", operator="Exists")])
# Client 44 is in none of the first 10,000 combinations of 0..43.
for i, clients in enumerate(itertools.islice(
        itertools.combinations(range(44), 3), int(sys.argv[1]))):
    peer = dict(podSelector=dict(matchExpressions=[dict(
        key="client", operator="In", values=["c%d" % c for c in clients])]))
    policy("p%d" % i, servers, [{"from": [peer],
                                 "ports": [dict(port=443)]}])
END
    serve_wait
    daemon_start
}

test_many_rules() {
    settle
    local wanted listed
    wanted=$(status switch.flows)
    listed=$(flows "cookie=0x6e70000000000000/0xffff000000000000" |
                 grep -c cookie=)
    same "flows that the switch lists" "$wanted" "$listed" || return
    [ "$(status switch.conjunctions)" -gt $((RULES * 3)) ] ||
        fail "only $(status switch.conjunctions) conjunctions"
    flows | /usr/bin/python3 -c '
import sys
most = max(line.count("conjunction(") for line in sys.stdin)
sys.exit("%d conjunctions in one flow" % most
         if not 2000 < most <= 4087 else 0)' || fail "a flow is too long"
    expect <<END
shop/client0 -> shop/server1 tcp/443 ok
shop/client1 -> shop/server1 tcp/443 ok
shop/client44 -> shop/server1 tcp/443 denied
shop/client0 -> shop/server1 tcp/80,icmp denied
END
}

# The switch says that it has meters while the daemon still compiles.
test_restart_when_large() {
    settle
    daemon_stop
    daemon_start
    settle
    same "flow_mods" 0 "$(status switch.flowMods)"
}
