# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The daemon starts while its source is away: the state on disk, and faults.

STATE=$LAB/state                # --state-dir
SNAPSHOT=$STATE/$BRIDGE.json
AWAY=$LAB/manifests.away

setup() {
    ns shop
    pod shop/web labels=app=web
    pod shop/db labels=app=db
    pod shop/api labels=app=api
    serve shop/db tcp:80,81
    serve_wait
    db_policy
    start
    settle
    until_ok 10 is_written
    flows > "$LAB/flows.ours"
}

db_policy() {
    db_hears_web 80 | manifest db
}

start() {
    daemon_start --state-dir="$STATE" "$@"
}

is_written() {
    [ "$(status snapshot.current)" = True ]
}

in_force() {
    [ "$(status inForce)" = "$1" ] &&
        [ "$(status generation.switch)" != 0 ]
}

source_leaves() {
    mv "$MANIFESTS" "$AWAY"
}

source_returns() {
    rmdir "$MANIFESTS" 2>/dev/null || true
    mv "$AWAY" "$MANIFESTS"
    settle
}

db_is_guarded() {
    expect_packets <<END
shop/web -> shop/db tcp/80 ok
shop/web -> shop/db tcp/81 denied
shop/api -> shop/db tcp/80 denied
END
}

# log_allow for a directory that is away, and a switch that was.
expect_trouble() {
    log_allow "$MANIFESTS: cannot read directory" "the source is away"
    log_allow '\|(rconn|stream|bridge)\|' "the switch was away, too"
}

test_file() {
    same "mode" "600 700" "$(stat -c %a "$SNAPSHOT" "$STATE" | tr '\n' ' ' |
        sed 's/ $//')"
    exits 0 ovs-netpol explain -f "$SNAPSHOT" shop/web shop/db:80
    exits 1 ovs-netpol explain -f "$SNAPSHOT" shop/api shop/db:80
    same "in force" sources "$(status inForce)"
    contains "text" '^snapshot .*br0.json: generation [0-9]+, written' \
        "$(ovs-netpol status)"
}

# Without the source: what was last known is in force, with no flow_mod, even
# when the switch forgets all.  Then the source returns with a change.
test_source_away() {
    local bundles connections
    expect_trouble
    daemon_stop
    source_leaves
    start
    until_ok 10 in_force snapshot
    same "flow_mods" 0 "$(status switch.flowMods)"
    same "flows" "$(cat "$LAB/flows.ours")" "$(flows)"
    db_is_guarded

    connections=$(status switch.connections)
    ovs_switch_restart
    until_ok 10 reconnected_since "$connections"
    until_ok 10 in_force snapshot
    db_is_guarded
    same "flows" "$(cat "$LAB/flows.ours")" "$(flows)"

    bundles=$(status switch.bundles)
    sed -i 's/port: 80/port: 81/; s/app: web/app: api/' "$AWAY/db.yaml"
    source_returns
    same "in force" sources "$(status inForce)"
    same "bundles" $((bundles + 1)) "$(status switch.bundles)"
    expect <<END
shop/api -> shop/db tcp/81 ok
shop/api -> shop/db tcp/80 denied
shop/web -> shop/db tcp/80,tcp/81 denied
END
    sed -i 's/port: 81/port: 80/; s/app: api/app: web/' "$MANIFESTS/db.yaml"
    settle
    same "flows" "$(cat "$LAB/flows.ours")" "$(flows)"
}

reconnected_since() {
    [ "$(status switch.connections)" -gt "$1" ]
}

# What is gone goes, once every file was understood: until then the one that is
# not might have it.
test_changes_while_away() {
    log_allow 'db.yaml' "it has an error"
    until_ok 10 is_written
    daemon_stop
    printf 'x: {' > "$MANIFESTS/db.yaml"
    mv "$MANIFESTS/pod-shop-api.yaml" "$LAB/"
    start
    settle
    db_is_guarded
    exits 1 ovs-netpol explain shop/api shop/db:80

    printf '' > "$MANIFESTS/db.yaml"
    settle
    exits 2 ovs-netpol explain shop/api shop/db:80
    contains "the error" "there is no pod" "$output"
    exits 0 ovs-netpol explain shop/web shop/db:81

    mv "$LAB/pod-shop-api.yaml" "$MANIFESTS/"
    db_policy
    settle
    db_is_guarded
}

# With neither source nor snapshot, flows of an earlier run stay; without them
# ports are closed.
test_closed() {
    local connections
    expect_trouble
    daemon_stop
    source_leaves
    rm "$SNAPSHOT"
    start
    until_ok 10 is_reading
    db_is_guarded
    same "in force" unknown "$(status inForce)"
    same "flows" "$(cat "$LAB/flows.ours")" "$(flows)"

    connections=$(status switch.connections)
    ovs_switch_restart
    until_ok 10 reconnected_since "$connections"
    until_ok 10 in_force closed
    expect_packets <<END
shop/web -> shop/db tcp/80,tcp/81,icmp denied
shop/api -> shop/web icmp denied
END
    source_returns
    db_is_guarded
    same "flows" "$(cat "$LAB/flows.ours")" "$(flows)"
}

is_reading() {
    [ "$(status switch.readBack)" -gt 0 ]
}

# The flows that stayed are the ones that the source wants, too.
test_earlier_flows() {
    expect_trouble
    daemon_stop
    source_leaves
    rm -f "$SNAPSHOT"
    start
    until_ok 10 is_reading
    source_returns
    same "flow_mods" 0 "$(status switch.flowMods)"
    same "flows" "$(cat "$LAB/flows.ours")" "$(flows)"
    until_ok 10 is_written
}

# The administrator's other choice.
test_open() {
    expect_trouble
    ovs-netpol flush
    until_ok 10 test ! -e "$OVS_RUNDIR/ovs-netpold.pid"
    source_leaves
    rm -f "$SNAPSHOT"
    start --no-state=open
    expect_packets <<END
shop/web -> shop/db tcp/80,tcp/81 ok
END
    same "in force" unknown "$(status inForce)"
    source_returns
    db_is_guarded
    until_ok 10 is_written
}

# fault WHAT REGEX: the file is ignored for that reason, and replaced.
fault() {
    log_allow "$SNAPSHOT: ignored: " "$1"
    start
    settle
    contains "$1" "ignored: $2" "$(status snapshot.problem)
$(grep "$SNAPSHOT" "$NETPOLD_LOG" | tail -n 3)"
    db_is_guarded
    until_ok 10 is_written
    same "problem" None "$(status snapshot.problem)"
    daemon_stop
}

test_bad_files() {
    daemon_stop
    truncate -s -10 "$SNAPSHOT"
    fault "torn" "is torn"
    chmod 666 "$SNAPSHOT"
    fault "open to others" "others may write to it"
    chown 65534 "$SNAPSHOT"
    fault "somebody else's" "belongs to user 65534"
    newer_version > "$STATE/new"
    mv "$STATE/new" "$SNAPSHOT"
    fault "newer" 'items\[0\]: apiVersion: "ovs-netpol.io/v9" is not'
    rm -r "$STATE"
    start
    settle
    until_ok 10 is_written
    same "problem" None "$(status snapshot.problem)"
}

# The snapshot as a later version might write it, with its checksum.
newer_version() {
    /usr/bin/python3 - "$SNAPSHOT" <<'END'
import hashlib, sys
text = open(sys.argv[1]).read()
body = text[:text.rindex(',"metadata"')].replace(
    "ovs-netpol.io/v1", "ovs-netpol.io/v9")
digest = hashlib.sha1(body.encode()).hexdigest()
print(body + ',"metadata":{"checksum":"sha1:%s"}}' % digest)
END
}

# The disk is full, and the folder cannot be made: said, and life goes on.
test_nowhere_to_write() {
    log_allow 'br0.json: cannot write: ' "that is the test"
    daemon_stop
    mkdir -p "$LAB/tiny"
    mount -t tmpfs -o size=4k,mode=700 tiny "$LAB/tiny"
    head -c 4096 /dev/zero > "$LAB/tiny/full"
    daemon_start --state-dir="$LAB/tiny"
    settle
    until_ok 10 has_problem "No space left on device"
    db_is_guarded
    same "what is left there" "full" "$(ls -A "$LAB/tiny")"
    daemon_stop
    umount "$LAB/tiny"

    daemon_start --state-dir=/proc/nothing
    settle
    until_ok 10 has_problem "/proc/nothing: No such file or directory"
    db_is_guarded
    daemon_stop
    start
    settle
}

has_problem() {
    status snapshot.problem | grep -q "$1"
}
