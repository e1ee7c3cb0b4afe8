# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the commands say about one pod, one policy, the whole installation, and
# what the switch counted.

setup() {
    ns shop
    ns ops team=ops
    pod shop/web labels=app=web
    pod shop/db labels=app=db ports=sql:TCP:5432
    pod ops/mon labels=app=mon
    serve shop/db tcp:5432,80
    serve_wait
    good_policy
    daemon_start
    settle
    expect <<END
shop/web -> shop/db tcp/5432 ok
ops/mon -> shop/db tcp/5432 denied
END
}

good_policy() {
    db_hears_web sql nosuch | manifest db
}

# value PATH: of the JSON in $output.
value() {
    json_at "$1" <<< "$output"
}

test_pod() {
    exits 0 ovs-netpol pod shop/db
    contains "addresses" "^addresses .*$(host_get shop/db v4)" "$output"
    contains "interface" \
        "^interface +.*OpenFlow port $(ofport_of shop/db), MAC" "$output"
    contains "rules" 'allows shop/db ingress\[0\]: from pods app=web' "$output"
    contains "denied" '[1-9][0-9]* packets denied in that class' "$output"
    contains "drops" '^last drops +.* ingress ops/mon -> shop/db:5432 TCP' \
        "$output"
    exits 0 ovs-netpol pod -o json shop/web
    same "peer of" '[{"direction": "ingress", "name": "db", "namespace": '\
'"shop", "rule": 0}]' "$(value peerOf)"
    same "isolated" False "$(value ingress.isolated)"
    exits 0 ovs-netpol pod --dir="$MANIFESTS" shop/db
    exits 2 ovs-netpol pod shop/nobody
    exits 2 ovs-netpol pod nobody
}

test_policy() {
    exits 0 ovs-netpol policy shop/db
    contains "selected" '1 here: shop/db' "$output"
    contains "peers" 'now 1 pods: shop/web' "$output"
    contains "names" 'no selected pod defines port "nosuch"' "$output"
    contains "packets" 'ingress: [1-9][0-9]* allowed, [1-9][0-9]* denied' \
        "$output"
    contains "drops" '^last drops +.* ops/mon -> shop/db:5432 TCP' "$output"
    exits 0 ovs-netpol policy -o json shop/db
    same "flows" 1 "$(( $(value flows.own) > 0 ))"
    same "generation" "$(status generation.switch)" \
        "$(value generation.switch)"
    exits 2 ovs-netpol policy shop/nobody
}

# A bad version of it is told of.
test_policy_problem() {
    log_allow '\|dir\|WARN\|' "the manifest is bad"
    manifest db <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{ipBlock: {cidr: 10.0.0.0/33}}]
END
    exits 3 ovs-netpol wait --timeout=10
    contains "why" '^ovs-netpol: wait: .*10.0.0.0/33.*last good' "$output"
    exits 0 ovs-netpol policy shop/db
    contains "the problem" '^problem +.*10.0.0.0/33.*last good version' \
        "$output"
    exits 0 ovs-netpol explain shop/web shop/db:5432
    contains "in force" '  note +NetworkPolicy shop/db: .*last good' "$output"
    good_policy
    settle
}

# check NAME: its result.
check() {
    /usr/bin/python3 -c '
import json, sys
for check in json.load(sys.stdin)["checks"]:
    if check["name"] == sys.argv[1]:
        print(check["result"])' "$1" <<< "$output"
}

# A policy of which nothing is in force is not unknown.
test_policy_refused() {
    log_allow '\|dir\|WARN\|' "it says so, too"
    manifest bad <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: bad}
spec: {podSelector: 7}
END
    settle
    exits 0 ovs-netpol policy shop/bad
    contains "state" '^state +refused' "$output"
    contains "problem" '^problem .*bad.yaml:4:21: spec.podSelector: ' "$output"
    exits 0 ovs-netpol policy -o json netpol/shop/bad
    same "refused" True "$(value refused)"
    exits 2 ovs-netpol policy shop/nobody
    rm "$MANIFESTS/bad.yaml"
    settle
}

test_doctor() {
    local name
    exits 0 ovs-netpol doctor
    contains "text" '^ok +daemon +version .* answers' "$output"
    exits 0 ovs-netpol doctor -o json
    for name in daemon version ready directory database ovs bridge datapath \
        openflow connection generation interfaces tampering log clash; do
        same "$name" ok "$(check "$name")"
    done
    # As `ovs-vsctl add-br` makes it; changing it removes all flows.
    log_allow '\|bridge\|WARN\|.* of our flows were deleted' "they were"
    log_allow '\|ports\|WARN\|.*fail_mode' "it is said once"
    same "fail-mode" warning "$(check fail-mode)"
    contains "what to do" "set-fail-mode $BRIDGE secure" "$output"
    ovs-vsctl set-fail-mode "$BRIDGE" secure
    exits 0 ovs-netpol doctor -o json
    same "fail-mode" ok "$(check fail-mode)"
    ovs-vsctl del-fail-mode "$BRIDGE"
}

directory_is_missed() {
    ovs-netpol status -o json | grep -q '"error": "cannot read directory'
}

test_doctor_finds() {
    exits 1 ovs-netpol doctor --bridge=no-such-bridge -o json
    same "bridge" bad "$(check bridge)"
    exits 1 env OVS_RUNDIR=/nonexistent ovs-netpol doctor
    contains "the daemon" '^bad +daemon ' "$output"
    contains "the database" '^bad +database ' "$output"

    ovs-appctl -t ovs-netpold vlog/set file:dbg
    exits 0 ovs-netpol doctor -o json
    same "log" warning "$(check log)"
    ovs-appctl -t ovs-netpold vlog/set file:info

    log_allow '\|dir\|WARN\|.*cannot read directory' "it is away"
    mv "$MANIFESTS" "$MANIFESTS.away"
    until_ok 10 directory_is_missed
    exits 1 ovs-netpol doctor -o json
    same "directory" bad "$(check directory)"
    same "objects" ok "$(check objects)"
    exits 0 ovs-netpol status
    contains "what became of it" '^directory .*cannot read directory' "$output"
    mv "$MANIFESTS.away" "$MANIFESTS"
    settle

    daemon_stop
    exits 1 ovs-netpol doctor --bridge="$BRIDGE" -o json
    same "daemon" bad "$(check daemon)"
    same "openflow" ok "$(check openflow)"
    daemon_start
    settle
}

test_top() {
    expect <<END
shop/web -> shop/db tcp/5432 ok
ops/mon -> shop/db tcp/80 denied
END
    exits 0 ovs-netpol top --once
    contains "the heading" '^PACKETS/S +PACKETS +BYTES +VERDICT' "$output"
    contains "allowed" '[1-9][0-9]* +[0-9]+ +allowed +ingress +shop/db' \
        "$output"
    contains "denied" '[1-9][0-9]* +[0-9]+ +denied +ingress +shop/db' \
        "$output"
    exits 0 ovs-netpol top -1 -n ops
    lacks "of another namespace" 'shop/db' "$output"
    exits 0 ovs-netpol top -1 -o json
    same "policies" '["shop/db"]' "$(value 0.policies)"
    exits 2 ovs-netpol top --interval=0
}

# On a terminal it goes on until it is ended, and tells rates.
test_top_refreshes() {
    local text
    text=$(timeout 3 script -qec "ovs-netpol top --interval=1" /dev/null \
        </dev/null || :)
    contains "screens" $'\033\\[H\033\\[J' "$text"
    contains "rates" '[0-9]+\.[0-9] +[0-9]+ +[0-9]+ .*(allowed|denied)' \
        "$text"
}

test_bundle() {
    local file=$LAB/bundle.tar.gz
    exits 0 ovs-netpol bundle "$file"
    contains "the list" '^objects.json +[0-9]+ bytes' "$output"
    contains "the name" "^$file  " "$output"
    same "mode" 600 "$(stat -c %a "$file")"
    mkdir -p "$LAB/bundle"
    tar -C "$LAB/bundle" --strip-components=1 -xzf "$file"
    for name in status.txt objects.json flows.txt dump-flows.txt drops.json \
        counters.json memory.txt doctor.txt ovs-show.txt ovs-versions.txt \
        ovs-netpold.log; do
        [ -s "$LAB/bundle/$name" ] || fail "$name is missing or empty"
    done
    contains "flows" 'table=EgressRule' "$(cat "$LAB/bundle/dump-flows.txt")"
    contains "doctor" '^ok +daemon' "$(cat "$LAB/bundle/doctor.txt")"
    # What it has can be thought about elsewhere.
    exits 0 env OVS_RUNDIR=/nonexistent ovs-netpol explain \
        -f "$LAB/bundle/objects.json" shop/web shop/db:5432
    exits 0 ovs-netpol verify -f "$LAB/bundle/objects.json"
    same "nothing is left" "" "$(ls -d /tmp/ovs-netpol.?????? 2>/dev/null)"
}

# Without a daemon there is less in it, and it says so.
test_bundle_without_daemon() {
    daemon_stop
    exits 0 ovs-netpol bundle --bridge="$BRIDGE" "$LAB/other.tar.gz"
    contains "the list" '^status.txt +missing: ' "$output"
    contains "the list" '^dump-flows.txt +[0-9]+ bytes' "$output"
    exits 2 ovs-netpol bundle /nonexistent/x.tar.gz
    same "one line" "ovs-netpol: bundle: /nonexistent/x.tar.gz: No such file \
or directory" "$output"
    daemon_start
    settle
}
