# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the command line promises to scripts.

setup() {
    ns shop team=shop
    pod shop/web labels=app=web
    pod shop/db labels=app=db ports=sql:TCP:5432
    manifest db <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db-from-web}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: sql}]
END
    daemon_start
    settle
}

json_of() {
    /usr/bin/python3 -c 'import json, sys; json.load(sys.stdin)'
}

# Through the daemon, and from the directory alone.
test_explain() {
    local from
    for from in "" "--dir=$MANIFESTS"; do
        # shellcheck disable=SC2086
        set -- ovs-netpol explain $from
        exits 0 "$@" shop/web shop/db:5432
        contains "the reason" 'db-from-web' "$output"
        exits 0 "$@" shop/web shop/db:sql
        exits 1 "$@" shop/web shop/db:80
        exits 1 "$@" shop/web shop/db:5432/udp
        exits 1 "$@" shop/web shop/db
        exits 1 "$@" 203.0.113.1 shop/db:5432
        exits 0 "$@" shop/db 203.0.113.1:443/TCP
        exits 0 "$@" "$(host_get shop/web v6)" "[$(host_get shop/db v6)]:5432"
        exits 2 "$@" shop/web shop/nobody:80
        exits 2 "$@" shop/web shop/db:99999
        exits 2 "$@" shop/web
        exits 0 "$@" -o json shop/web shop/db:5432
        json_of <<< "$output"
    done
}

# Offline means without a daemon and without a switch.
test_explain_offline() {
    exits 0 env OVS_RUNDIR=/nonexistent \
        ovs-netpol explain --dir="$MANIFESTS" shop/web shop/db:5432
}

# What the daemon believes in can be read as manifests, with the same answers.
test_objects() {
    local copy=$LAB/copy
    mkdir -p "$copy"
    exits 0 ovs-netpol objects
    json_of <<< "$output"
    contains "the port" '"interface":"[^"]*","namespace":"shop","pod":"db"' \
        "$output"
    printf '%s\n' "$output" > "$copy/objects.json"
    exits 0 ovs-netpol explain --dir="$copy" shop/web shop/db:sql
    exits 1 ovs-netpol explain --dir="$copy" shop/web shop/db:80
}

test_tables() {
    local command
    for command in status pods policies; do
        exits 0 ovs-netpol "$command"
        exits 0 ovs-netpol "$command" -o json
        json_of <<< "$output"
    done
    contains pods 'shop/db .*db-from-web' "$(ovs-netpol pods)"
    contains policies 'db-from-web' "$(ovs-netpol policies)"
    contains flows 'db-from-web' "$(ovs-netpol flows)"
}

# Everything is there through ovs-appctl too.
test_appctl() {
    local command
    contains list-commands explain "$(ovs-appctl -t ovs-netpold list-commands)"
    for command in status pods policies flows; do
        same "$command" "$(ovs-netpol "$command")" \
            "$(ovs-appctl -t ovs-netpold "$command")"
    done
    same explain "$(ovs-netpol explain shop/web shop/db:5432)" \
        "$(ovs-appctl -t ovs-netpold explain shop/web shop/db:5432)"
    ovs-appctl -t ovs-netpold wait
}

count() {
    ovs-appctl -t ovs-netpold memory/show | tr ' ' '\n' | sed -n "s/^$1://p"
}

# It counts what there is, and what is gone is not counted.
test_memory() {
    local before
    before=$(ovs-appctl -t ovs-netpold memory/show)
    same "pods" 2 "$(count pods)"
    same "policies" 1 "$(count policies)"
    same "flows" "$(status switch.flows)" "$(count flows)"
    manifest more <<END
apiVersion: v1
kind: Namespace
metadata: {name: more, labels: {team: more}}
---
apiVersion: v1
kind: Pod
metadata: {namespace: more, name: far, labels: {app: far}}
spec: {nodeName: far}
status: {phase: Running, podIPs: [{ip: 10.244.9.9}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: more}
spec:
  podSelector: {}
  ingress:
  - from: [{namespaceSelector: {matchLabels: {team: more}}}]
    ports: [{port: 1}, {port: 2}, {protocol: UDP, port: 3}]
  - from: [{ipBlock: {cidr: 192.0.2.0/24}}]
END
    settle
    same "pods, policies, namespaces, files" "3 2 2 5" \
        "$(count pods) $(count policies) $(count namespaces) $(count files)"
    manifest_delete more
    settle
    same "afterwards" "$before" "$(ovs-appctl -t ovs-netpold memory/show)"
}

test_target() {
    local pid
    pid=$(cat "$OVS_RUNDIR/ovs-netpold.pid")
    exits 0 env OVS_RUNDIR=/nonexistent \
        ovs-netpol --target="$OVS_RUNDIR/ovs-netpold.$pid.ctl" status
}

# Errors are said, and are not 0.
test_usage() {
    exits 2 ovs-netpol
    exits 2 ovs-netpol no-such-command
    exits 2 ovs-netpol status --timeout=3
    exits 1 ovs-netpold --no-such-option
    exits 1 ovs-netpold --bridge="$BRIDGE"
    exits 0 ovs-netpol --help
    exits 0 ovs-netpol --version
    exits 0 ovs-netpold --help
    exits 0 ovs-netpold --version
}
