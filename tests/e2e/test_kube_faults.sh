# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What may happen to an API server and to the way there.  Meanwhile the last
# state stays in force without a flow being touched; afterwards it is a cold
# start's.

# shellcheck source=tests/lib/kubelab.sh
. "$NETLAB_TOP/tests/lib/kubelab.sh"

FUNCTION_LIMIT=240

setup() {
    kubelab_reason && return
    kubelab_start
    kube apply -f "$NETLAB_TOP/deploy/kubernetes/base/rbac.yaml"
    kubelab_in_cluster kube-system ovs-netpol
    kube_ns shop
    kube_run shop/web labels=app=web
    kube_run shop/api labels=app=api
    kube_run shop/db labels=app=db
    serve shop/db tcp:5432
    serve_wait
    db_wants web
    kube_daemon_start
    settle
}

# db only talks to pods of app $1.
db_wants() {
    kube apply -f - <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: $1}}}]}]
END
}

begin() {
    local reason
    ! reason=$(kubelab_reason) || skip "$reason"
    recover
    log_allow '\|kube' "the API server really is away"
    db_wants web
    kube_expect <<END
shop/web -> shop/db tcp/5432 ok
shop/api -> shop/db tcp/5432 denied
END
    flow_mods=$(status switch.flowMods)
    log_lines=$(wc -l < "$NETPOLD_LOG")
}

log_since_begin() {
    tail -n "+$((log_lines + 1))" "$NETPOLD_LOG"
}

# After a test that failed half-way.
recover() {
    local pid
    pid=$(cat "$KUBELAB/kube-apiserver.pid")
    kubelab_mend 2>/dev/null || :
    kill -CONT "$pid" 2>/dev/null || :
    ! process_is_gone "$pid" || kubelab_api_start
}

# web may, api may not; nothing was told to the switch since begin().
still_in_force() {
    expect_packets <<END
shop/web -> shop/db tcp/5432 ok
shop/api -> shop/db tcp/5432 denied
END
    same flow_mods "$flow_mods" "$(status switch.flowMods)"
}

away() {
    ! kube_follows
}

status_says() {
    ovs-netpol status | grep -Eq -- "$1"
}

# The server is back: it catches up by itself.
catches_up() {
    until_ok 60 kube_follows
    kube_in_force
}

# api may, web may not; and a daemon that starts with an empty switch makes the
# same of it.
changed() {
    local before pid
    catches_up
    kube_expect <<END
shop/web -> shop/db tcp/5432 denied
shop/api -> shop/db tcp/5432 ok
END
    before=$(flows)
    pid=$(cat "$OVS_RUNDIR/ovs-netpold.pid")
    ovs-netpol flush
    until_ok 10 process_is_gone "$pid"
    kube_daemon_start
    settle
    same "a cold start" "$before" "$(flows)"
}

test_killed() {
    begin
    kubelab_kill
    until_ok 20 away
    still_in_force
    kubelab_api_start
    catches_up
    still_in_force
    db_wants api
    changed
}

# Connections are closed orderly, as by an upgrade of the control plane.
test_stopped() {
    begin
    kubelab_stop
    until_ok 20 away
    kubelab_api_start
    catches_up
    still_in_force
    db_wants api
    changed
}

# What happened while we were not told: objects changed, came and went.
test_changes_while_cut() {
    begin
    kubelab_cut
    db_wants api
    kube label pod -n shop web a=b
    until_ok 120 away
    still_in_force
    kubelab_mend
    changed
    kube label pod -n shop web a-
}

# A server that takes connections and says nothing.
test_silent() {
    begin
    local pid
    pid=$(cat "$KUBELAB/kube-apiserver.pid")
    kill -STOP "$pid"
    until_ok 180 away
    still_in_force
    kill -CONT "$pid"
    catches_up
    still_in_force
    db_wants api
    changed
}

# The revision that it knows is forgotten: 410 Gone, and everything is listed
# anew.
test_compacted() {
    begin
    local n checks
    checks=$(status kubernetes.checks)
    kubelab_cut
    kubelab_restart
    for n in 1 2 3; do
        db_wants "app-$n"
    done
    db_wants web
    kubelab_compact
    # Without its cache a watch is etcd's.
    kubelab_restart --watch-cache=false
    kubelab_mend
    until_ok 120 checked_since "$checks"
    catches_up
    contains "the log" "listing again: .*(too old|compacted|410|[Ee]xpired)" \
        "$(log_since_begin)"
    still_in_force
    db_wants api
    changed
}

# It looked at the server: it has a new connection.
checked_since() {
    [ "$(status kubernetes.checks)" -gt "$1" ]
}

# The old token is worth nothing any more; the files have a new one.
test_token_rotated() {
    begin
    local old
    old=$(cat "$KUBE_IN_CLUSTER/token")
    kube delete serviceaccount -n kube-system ovs-netpol
    kube apply -f "$NETLAB_TOP/deploy/kubernetes/base/rbac.yaml"
    kubelab_restart
    until_ok 20 status_says "401|nauthorized"
    same "the old token" 401 "$(kubelab_code "$old")"
    still_in_force
    kubelab_in_cluster kube-system ovs-netpol
    catches_up
    still_in_force
    db_wants api
    changed
}

kubelab_code() {
    curl -sS -A kubelab --cacert "$KUBELAB/ca.crt" -o /dev/null \
        -w '%{http_code}' -H "Authorization: Bearer $1" "$KUBE_URL/api/v1/pods"
}

# Another CA: not to be trusted before our files say so.
test_ca_replaced() {
    begin
    kubelab_new_ca
    kubelab_restart
    until_ok 20 status_says "certificate"
    db_wants api
    still_in_force
    kubelab_in_cluster kube-system ovs-netpol
    changed
}

test_certificate_expired() {
    begin
    kubelab_kill
    kubelab_certificate apiserver kube-apiserver "" 0
    kubelab_api_launch
    until_ok 40 status_says "certificate.*expired"
    still_in_force
    kubelab_kill
    kubelab_certificate apiserver kube-apiserver
    kubelab_api_start
    catches_up
    still_in_force
    db_wants api
    changed
}

# The clock of the node's daemon is changed while it runs, as by an
# administrator or NTP: news still come, and the last state stays in force while
# certificates seem to be of another time.
test_clock_jump() {
    begin
    start_with_clock FAKETIME_DONT_FAKE_MONOTONIC=1
    set_clock +1d
    news_arrive
    set_clock -1d
    news_arrive
    set_clock +1y
    log_allow '\|kube' "certificates are over by that clock"
    flow_mods=$(status switch.flowMods)
    kubelab_restart
    until_ok 40 status_says "certificate.*expired"
    still_in_force
    set_clock +0
    catches_up
    still_in_force
    db_wants api
    changed
}

# The machine stood still for an hour, as when it is suspended or moved, and by
# the clock that timers go by, too: everything that waited is late.
test_stand_still() {
    begin
    start_with_clock
    log_allow '\|kube' "nothing was heard for an hour"
    log_allow '\|(rconn|reconnect)\|.*no response to inactivity probe' "same"
    log_allow '\|bridge\|.*' "same"
    set_clock +1h
    until_ok 60 log_says "timed out after 3[67]"
    # Whatever was given up is there again.
    until_ok 60 is_idle
    catches_up
    news_arrive
    db_wants api
    changed
}

log_says() {
    log_since_begin | grep -q "$1"
}

is_idle() {
    kube_follows && [ "$(status switch.state)" = idle ]
}

# start_with_clock [VARIABLE=VALUE]: a daemon whose clock is set by
# set_clock().
start_with_clock() {
    local library
    library=$(echo /usr/lib/*/faketime/libfaketime.so.1)
    [ -e "$library" ] || skip "needs libfaketime"
    set_clock +0
    daemon_stop
    (
        export LD_PRELOAD=$library FAKETIME_NO_CACHE=1 "$@"
        export FAKETIME_TIMESTAMP_FILE=$LAB/clock
        kube_daemon_start
    )
    settle
    flow_mods=$(status switch.flowMods)
}

# set_clock OFFSET: "+1h"
set_clock() {
    echo "$1" > "$LAB/clock.new"
    mv "$LAB/clock.new" "$LAB/clock"
}

# A change of a policy, there and back.
news_arrive() {
    db_wants api
    kube_expect <<END
shop/web -> shop/db tcp/5432 denied
shop/api -> shop/db tcp/5432 ok
END
    db_wants web
    kube_expect <<END
shop/web -> shop/db tcp/5432 ok
shop/api -> shop/db tcp/5432 denied
END
}

# The API server comes back with what the cluster was a while ago: what was
# newer is gone, and revisions are given out a second time.
test_restored() {
    begin
    local namespaces
    db_wants api
    changed
    kubelab_kill
    kubelab_save then
    namespaces=$(status objects.namespaces)
    kubelab_api_start
    db_wants web
    kube_ns later
    catches_up
    kube_expect <<END
shop/web -> shop/db tcp/5432 ok
shop/api -> shop/db tcp/5432 denied
END
    kubelab_kill
    kubelab_restore then
    kubelab_api_start
    changed
    same namespaces "$namespaces" "$(status objects.namespaces)"
}

# The daemon starts while the API server is away: what it last knew is in force
# and nothing is told to the switch; what changed meanwhile comes as a whole.
test_start_without_server() {
    begin
    daemon_stop
    kube_daemon_start --state-dir="$LAB/state"
    settle
    until_ok 10 snapshot_is_current
    kubelab_kill
    daemon_stop
    kube_daemon_start --state-dir="$LAB/state"
    until_ok 10 snapshot_in_force
    flow_mods=0
    still_in_force

    kubelab_api_start
    settle
    same "in force" sources "$(status inForce)"
    same "flow_mods" 0 "$(status switch.flowMods)"
    db_wants api
    kube_expect <<END
shop/api -> shop/db tcp/5432 ok
shop/web -> shop/db tcp/5432 denied
END
    daemon_stop
    kube_daemon_start
    settle
}

snapshot_is_current() {
    [ "$(status snapshot.current)" = True ]
}

snapshot_in_force() {
    [ "$(status inForce)" = snapshot ] &&
        [ "$(status generation.switch)" != 0 ]
}
