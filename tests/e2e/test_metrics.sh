# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What machines see of the daemon: /metrics, /readyz, /healthz.

AT=http://127.0.0.1:9640

setup() {
    ns shop team=shop
    pod shop/web labels=app=web
    pod shop/db labels=app=db
    pod shop/app labels=app=app
    serve shop/db tcp:5432
    serve_wait
    manifest db <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db-from-web}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]
END
    daemon_start
    settle
}

# get PATH: prints the body; fails if it is not 200.
get() {
    curl -sS --fail-with-body --max-time 5 "$AT$1"
}

# code PATH [OPTION...]: prints the status code.
code() {
    local path=$1
    shift
    curl -sS --max-time 5 -o /dev/null -w '%{http_code}' "$@" "$AT$path"
}

# metric NAME [LABEL=VALUE...]: the value of a sample, after a real parser has
# read all of them.
metric() {
    get /metrics | /usr/bin/python3 -c '
import sys
from prometheus_client.openmetrics import parser
want = dict(word.split("=", 1) for word in sys.argv[2:])
for family in parser.text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        if sample.name == sys.argv[1] and sample.labels == want:
            print("%.15g" % sample.value)' "$@"
}

# A parser that is not ours, and strict: types, units, order, "# EOF".
test_format() {
    contains type 'application/openmetrics-text; version=1.0.0' \
        "$(curl -sSI --max-time 5 "$AT/metrics")"
    output=$(get /metrics | /usr/bin/python3 -c '
import sys
from prometheus_client.openmetrics import parser
families = list(parser.text_string_to_metric_families(sys.stdin.read()))
for family in families:
    if not family.name.startswith("ovs_netpol_") or not family.documentation:
        print("odd:", family.name)
print(len(families) > 20)')
    same families True "$output"
}

test_values() {
    same kinds "1 3 1" "$(for kind in Namespace Pod NetworkPolicy; do
        metric ovs_netpol_objects kind=$kind; done | xargs)"
    same interfaces 3 "$(metric ovs_netpol_pod_interfaces)"
    same "generation in the switch" "$(status generation.switch)" \
        "$(metric ovs_netpol_generation where=switch)"
    same rules 1 "$(metric ovs_netpol_rules direction=ingress)"
    same "flow_mods" "$(status switch.flowMods)" \
        "$(metric ovs_netpol_flow_mods_total)"
    same "spoof guard" \
        "$(ovs-ofctl -O OpenFlow15 dump-flows "$BRIDGE" table=40 |
            grep -c cookie)" "$(metric ovs_netpol_flows table=SpoofGuard)"
    same version "$(ovs-netpold --version | sed -n '1s/.* //p')" \
        "$(get /metrics | sed -n 's/.*_build_info{version="\(.*\)"}.*/\1/p')"
    # Resident memory as the kernel says it, give or take what it takes to ask.
    /usr/bin/python3 -c 'import sys; a, b = map(float, sys.argv[1:])
assert 0.8 < a / b < 1.25, (a, b)' "$(metric ovs_netpol_memory_bytes)" "$(
        awk '/^VmRSS/ { print $2 * 1024 }' \
            "/proc/$(cat "$OVS_RUNDIR/ovs-netpold.pid")/status")"
}

# A change is measured once, and takes less time than we wait for it.
test_latency() {
    local before start
    before=$(metric ovs_netpol_install_seconds_count)
    start=$(metric ovs_netpol_install_seconds_sum)
    ns other team=other
    policy deny <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: all}
spec: {podSelector: {}}
END
    settle
    same lag 0 "$(metric ovs_netpol_lag_seconds)"
    /usr/bin/python3 -c 'import sys; a, b, c, d = map(float, sys.argv[1:])
assert 1 <= b - a <= 3 and 0 < d - c < 30, (a, b, c, d)' "$before" \
        "$(metric ovs_netpol_install_seconds_count)" "$start" \
        "$(metric ovs_netpol_install_seconds_sum)"
}

# What the switch counts, by policy and namespace.
test_counters() {
    local space="namespace=shop tier= direction=ingress" denied
    local of="namespace=shop kind=NetworkPolicy tier= direction=ingress"
    expect <<END
shop/web -> shop/db tcp/5432,icmp ok
shop/app -> shop/db tcp/5432,icmp denied
END
    ovs-appctl -t ovs-vswitchd revalidator/wait
    json=$(ovs-appctl -t ovs-netpold counters)
    # Four allowed connections, and at least a packet of each that is denied.
    # shellcheck disable=SC2086
    denied=$(metric ovs_netpol_denied_packets_total $space verdict=denied)
    # shellcheck disable=SC2086
    same allowed 4 "$(metric ovs_netpol_policy_packets_total $of \
        policy=db-from-web verdict=allowed)"
    # shellcheck disable=SC2086
    same denied "$denied" "$(metric ovs_netpol_policy_packets_total $of \
        policy=db-from-web verdict=denied)"
    [ "$denied" -ge 4 ]
    same "in the switch" "$denied" "$(ovs-ofctl -O OpenFlow15 dump-flows \
        "$BRIDGE" "cookie=0x6e70090000000000/0xffffff0000000000" |
        sed -n 's/.*n_packets=\([0-9]*\),.*/\1/p')"
    same json "4 $denied shop/db-from-web" "$(/usr/bin/python3 -c '
import json, sys
counters = json.load(sys.stdin)
policy = counters["policies"][0]["ingress"]
print(policy["allowed"]["packets"], policy["denied"]["packets"],
      *counters["items"][0]["policies"])' <<< "$json")"

    # Whatever becomes of the flows, counters only grow.
    ovs-ofctl -O OpenFlow15 del-flows "$BRIDGE" \
        "cookie=0x6e70000000000000/0xffff000000000000"
    log_allow 'deleted or changed by somebody else' "that was us"
    until_ok 10 has_repaired
    expect <<< "shop/app -> shop/db icmp4 denied"
    ovs-appctl -t ovs-vswitchd revalidator/wait
    ovs-appctl -t ovs-netpold counters >/dev/null
    # shellcheck disable=SC2086
    [ "$(metric ovs_netpol_denied_packets_total $space verdict=denied)" \
        -gt "$denied" ]
}

has_repaired() {
    [ "$(status switch.repairs)" -gt 0 ]
}

# What cluster policies say is counted by tier, and belongs to no namespace.
test_tiers() {
    local of="namespace= tier=Admin direction=ingress verdict=denied" denied
    manifest strict <<END
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: strict}
spec:
  tier: Admin
  priority: 1
  subject: {pods: {podSelector: {matchLabels: {app: db}}}}
  ingress:
  - action: Accept
    from: [{pods: {podSelector: {matchLabels: {app: app}}}}]
  - action: Deny
    from: [{namespaces: {}}]
END
    settle
    expect <<END
shop/app -> shop/db tcp/5432 ok
shop/web -> shop/db tcp/5432 denied
END
    ovs-appctl -t ovs-vswitchd revalidator/wait
    exits 0 ovs-netpol top --once
    contains "denied" \
        'denied +ingress +ClusterNetworkPolicy strict [(]Admin[)]$' "$output"
    contains "accepted" \
        'allowed +ingress +ClusterNetworkPolicy strict [(]Admin[)]$' "$output"
    exits 0 ovs-netpol policy ClusterNetworkPolicy/strict
    contains "counted" 'ingress: [1-9][0-9]* allowed, [1-9][0-9]* denied' \
        "$output"
    # shellcheck disable=SC2086
    denied=$(metric ovs_netpol_denied_packets_total $of)
    [ "$denied" -ge 1 ]
    # shellcheck disable=SC2086
    same "the policy" "$denied" "$(metric ovs_netpol_policy_packets_total $of \
        kind=ClusterNetworkPolicy policy=strict)"
    same "no namespace" "" "$(metric ovs_netpol_denied_packets_total \
        namespace= tier= direction=ingress verdict=denied)"
    rm "$MANIFESTS/strict.yaml"
    settle
}

# More policies than may have counters of their own are one sum.
test_counters_bound() {
    daemon_stop
    daemon_start --metrics-max-policies=0
    expect <<< "shop/app -> shop/db icmp4 denied"
    ovs-appctl -t ovs-vswitchd revalidator/wait
    ovs-appctl -t ovs-netpold counters >/dev/null
    [ "$(metric ovs_netpol_policy_packets_total namespace= kind= policy= \
        tier= direction=ingress verdict=denied)" -ge 1 ]
    daemon_stop
    daemon_start
    settle
}

# The alerts, and the dashboard, are ones: names and their sense.  (That every
# metric exists is looked at by tests/check-metrics.sh.)
test_alerts() {
    local rules=$NETLAB_TOP/deploy/prometheus/ovs-netpol.rules.yaml
    /usr/bin/python3 - "$rules" <<'END'
import sys, yaml
group, = yaml.safe_load(open(sys.argv[1]))["groups"]
names = [rule["alert"] for rule in group["rules"]]
assert len(names) == len(set(names)) > 5
for rule in group["rules"]:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("info", "warning", "critical")
    assert rule["annotations"]["summary"]
    assert rule["expr"].count("(") == rule["expr"].count(")")
END
    ! command -v promtool >/dev/null || promtool check rules "$rules"
}

test_dashboard() {
    # What a panel groups by, and selects, are labels that the metric has.
    /usr/bin/python3 - "$NETLAB_TOP/deploy/grafana/ovs-netpol.json" \
        "$NETLAB_TOP/include/metrics.def" > "$LAB/queries" <<'END'
import json, re, sys
board = json.load(open(sys.argv[1]))
labels = {name: set(filter(None, words.split(","))) for name, words in
          re.findall(r'METRIC\(\w+, \w+, "(\w+)", "\w*",\s*"([\w,]*)"',
                     open(sys.argv[2]).read())}
assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
for panel in board["panels"]:
    for target in panel.get("targets", []):
        query = target["expr"]
        name = re.search(r"ovs_netpol_(\w+)", query).group(1)
        name = re.sub("_(total|bucket|count|sum|info)$", "", name)
        known = labels[name] | {"instance", "le"}
        used = set(re.findall(r"(\w+)[!=]?=~?\"", query))
        for words in re.findall(r"by \(([^)]*)\)", query):
            used |= set(words.replace(" ", "").split(","))
        used |= set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
        assert used <= known, (panel["title"], used - known)
        print(query.replace("$__rate_interval", "5m").replace("$instance", ".*"))
END
    [ "$(wc -l < "$LAB/queries")" -gt 15 ]
    command -v promtool >/dev/null || return 0
    { echo "groups: [{name: panels, rules: ["
      sed 's/["\\]/\\&/g; s/.*/{record: x, expr: "&"},/' "$LAB/queries"
      echo "]}]"; } > "$LAB/queries.yaml"
    promtool check rules --lint=none "$LAB/queries.yaml"
}

test_requests() {
    same "a page" 200 "$(code /metrics)"
    same "a body" ok "$(get /healthz)"
    same "no page" 404 "$(code /)"
    same "another method" 405 "$(code /metrics -d x)"
    same "a large request" 431 "$(code /metrics -H "X: $(printf '%09000d' 0)")"
}

# Somebody who connects and says nothing is shown out.
test_silent_client() {
    local start=$SECONDS
    exits 0 timeout 30 /usr/bin/python3 -c '
import socket
s = socket.create_connection(("127.0.0.1", 9640))
s.sendall(b"GET /met")
while s.recv(4096):
    pass'
    [ $((SECONDS - start)) -ge 5 ]
}

# Ready is who has told the switch everything.
test_ready() {
    log_allow "cannot read directory" "it is away"
    same ready ok "$(get /readyz)"
    same metric 1 "$(metric ovs_netpol_ready)"
    daemon_stop
    mv "$MANIFESTS" "$MANIFESTS.away"
    daemon_start
    exits 22 get /readyz
    contains reasons 'directory .*: not read yet' "$output"
    contains reasons 'switch: .*, not up to date' "$output"
    same metric 0 "$(metric ovs_netpol_ready)"
    contains status 'ready +no' "$(ovs-netpol status)"
    same alive ok "$(get /healthz)"
    mv "$MANIFESTS.away" "$MANIFESTS"
    until_ok 10 get /readyz
    same reasons "[]" "$(status health.reasons)"
    # The old directory is back, and so are its policies.
    expect <<< "shop/web -> shop/db tcp/5432 ok"
}

# Whoever made the run directory anew took our socket away.
test_alive() {
    same alive ok "$(get /healthz)"
    mv "$OVS_RUNDIR" "$OVS_RUNDIR.away"
    exits 22 get /healthz
    mv "$OVS_RUNDIR.away" "$OVS_RUNDIR"
    contains reason 'control socket: .* is gone' "$output"
    same alive ok "$(get /healthz)"
}

# The port is somebody else's: policies are enforced all the same.
test_port_taken() {
    local pid
    log_allow 'http.*cannot listen' "the port is taken"
    daemon_stop
    /usr/bin/python3 -c '
import socket, time
s = socket.create_server(("127.0.0.1", 9640))
print("listening", flush=True)
time.sleep(600)' > "$LAB/squatter" &
    pid=$!
    until_ok 10 test -s "$LAB/squatter"
    daemon_start
    expect <<< "shop/web -> shop/db tcp/5432 ok"
    contains status '127.0.0.1:9640: cannot listen \(Address already in use' \
        "$(ovs-netpol status)"
    contains problem 'in use' "$(status health.problem)"
    kill "$pid"
    until_ok 20 get /metrics >/dev/null
    same problem None "$(status health.problem)"
}

test_settings() {
    daemon_stop
    daemon_start --metrics-listen=off
    settle
    exits 7 get /metrics
    contains status 'metrics +off' "$(ovs-netpol status)"
    daemon_stop
    daemon_start --metrics-listen='[::1]:1234'
    AT="http://[::1]:1234"
    settle
    get /metrics >/dev/null
    daemon_stop
    exits 1 ovs-netpold --bridge="$BRIDGE" --metrics-listen=localhost:9640
    contains message '--metrics-listen: "localhost:9640" is neither' "$output"
    daemon_start
}
