# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The directory of manifests, and what `ovs-netpol wait` promises about it.

setup() {
    ns shop
    pod shop/web labels=app=web
    pod shop/api labels=app=api
    pod shop/db labels=app=db
    serve shop/db tcp:5432
    serve_wait
    daemon_start
    settle
}

# A policy for db in file $1: only from $2.
write() {
    cat > "$MANIFESTS/$1" <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from:
    - podSelector: {matchLabels: {app: $2}}
END
}

only() {
    local app
    for app in web api; do
        if [ "$app" = "$1" ]; then
            echo "shop/$app -> shop/db tcp/5432 ok"
        else
            echo "shop/$app -> shop/db tcp/5432 denied"
        fi
    done | expect
}

free() {
    expect <<END
shop/web -> shop/db tcp/5432 ok
shop/api -> shop/db tcp/5432 ok
END
}

# Written, edited in place, replaced by rename, deleted.
test_files() {
    write policy-db.yaml web
    only web
    sed -i 's/app: web/app: api/' "$MANIFESTS/policy-db.yaml"
    only api
    printf '%s\n' "$(sed 's/app: api/app: web/' "$MANIFESTS/policy-db.yaml")" \
        > "$MANIFESTS/policy-db.yaml"
    only web
    write .policy-new api
    only web
    mv "$MANIFESTS/.policy-new" "$MANIFESTS/policy-db.yaml"
    only api
    mv "$MANIFESTS/policy-db.yaml" "$MANIFESTS/policy-db.yml"
    only api
    mv "$MANIFESTS/policy-db.yml" "$MANIFESTS/policy-db.txt"
    free
    rm "$MANIFESTS/policy-db.txt"
}

# Nobody calls wait: the change comes by itself.
test_without_wait() {
    write policy-db.yaml web
    until_ok 10 api_is_denied
    rm "$MANIFESTS/policy-db.yaml"
    until_ok 10 api_is_allowed
}

api_is_denied() {
    expect_packets <<< "shop/api -> shop/db tcp/5432 denied" >/dev/null
}

api_is_allowed() {
    expect_packets <<< "shop/api -> shop/db tcp/5432 ok" >/dev/null
}

# What is not read: other names, dot files, folders.
test_other_files() {
    write policy-db.txt nobody
    write .policy-db.yaml nobody
    mkdir "$MANIFESTS/policy-folder.yaml.d"
    write policy-folder.yaml.d/db.yaml nobody
    free
    rm "$MANIFESTS/policy-db.txt" "$MANIFESTS/.policy-db.yaml"
    rm -r "$MANIFESTS/policy-folder.yaml.d"
}

# As `kubectl get ns,pods,netpol -A -o json` prints it, and a typed list.
test_lists() {
    cat > "$MANIFESTS/policy-list.json" <<'END'
{
    "apiVersion": "v1",
    "items": [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"namespace": "shop", "name": "db"},
            "spec": {"clusterIP": "10.96.0.1"}
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "generation": 1,
                "name": "db",
                "namespace": "shop",
                "resourceVersion": "1234",
                "uid": "00000000-0000-0000-0000-000000000001"
            },
            "spec": {
                "ingress": [
                    {
                        "from": [
                            {"podSelector": {"matchLabels": {"app": "web"}}}
                        ]
                    }
                ],
                "podSelector": {"matchLabels": {"app": "db"}},
                "policyTypes": ["Ingress"]
            }
        }
    ],
    "kind": "List",
    "metadata": {"resourceVersion": ""}
}
END
    only web
    same skipped 1 "$(status directory.skipped)"
    rm "$MANIFESTS/policy-list.json"
    cat > "$MANIFESTS/policy-list.yaml" <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicyList
metadata: {resourceVersion: "1"}
items:
- metadata: {namespace: shop, name: db}
  spec:
    podSelector: {matchLabels: {app: db}}
    ingress:
    - from: [{podSelector: {matchLabels: {app: api}}}]
END
    only api
}

# A bad edit leaves the last good version in force, and is shown until fixed.
test_bad_edit() {
    log_allow 'dir.*WARN' "the daemon names the bad object"
    write policy-db.yaml web
    only web
    cat >> "$MANIFESTS/policy-db.yaml" <<END
    - ipBlock: {cidr: 10.0.0.0/33}
END
    only web
    local want='policy-db\.yaml:9:[0-9]+: NetworkPolicy shop/db: '
    want+='spec\.ingress\[0\]\.from\[1\]\.ipBlock\.cidr: '
    want+='"10\.0\.0\.0/33" is not a CIDR'
    contains status "$want" "$(ovs-netpol status)"
    same kept True "$(status problems.0.kept)"
    write policy-db.yaml api
    only api
    same problems 0 "$(status directory.problems)"
}

# A file that does not parse keeps what it had; other files go on.
test_broken_file() {
    log_allow 'dir.*WARN' "the daemon names the broken file"
    write policy-db.yaml web
    settle
    echo "  broken: [" >> "$MANIFESTS/policy-db.yaml"
    pod shop/new labels=app=new
    expect <<END
shop/web -> shop/db tcp/5432 ok
shop/api -> shop/db tcp/5432 denied
shop/new -> shop/db tcp/5432 denied
END
    contains status 'policy-db\.yaml:[0-9]+:[0-9]+: ' "$(ovs-netpol status)"
    pod_delete shop/new
}

# S42: without a last good version, it isolates and grants nothing.
test_bad_from_the_start() {
    log_allow 'dir.*WARN' "the daemon names the bad object"
    cat > "$MANIFESTS/policy-db.yaml" <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{ipBlock: {cidr: 0.0.0.0/99}}]
  - from: [{podSelector: {matchLabels: {app: api}}}]
END
    only api
}

# One key in two files: the last one wins, and it is said.
test_twice() {
    log_allow 'dir.*WARN' "the daemon names the object that is there twice"
    write policy-a.yaml web
    write policy-b.yaml api
    only api
    contains status 'policy-[ab]\.yaml.*shop/db' "$(ovs-netpol status)"
    rm "$MANIFESTS/policy-b.yaml"
    only web
}

# wait means that it is in the switch: many times, without a pause.
test_wait_is_enough() {
    local i
    for i in 1 2 3 4 5 6 7 8 9 10; do
        write policy-db.yaml "nobody$i"
        settle
        expect_packets <<< "shop/web -> shop/db tcp4/5432 denied"
        rm "$MANIFESTS/policy-db.yaml"
        settle
        expect_packets <<< "shop/web -> shop/db tcp4/5432 ok"
    done
}

# While the switch does not answer, wait says so.
test_wait_timeout() {
    local pid
    pid=$(cat "$OVS_RUNDIR/ovs-vswitchd.pid")
    kill -STOP "$pid"
    write policy-db.yaml web
    exits 1 ovs-netpol wait --timeout=1
    kill -CONT "$pid"
    [ -n "$output" ] || fail "no reason given"
    only web
}

# Neither does it keep quiet about what was refused, or cannot be read.
test_wait_refused() {
    log_allow '\|dir\|WARN\|' "it says so, too"
    write policy-db.yaml web
    exits 0 ovs-netpol wait --timeout=10
    sed -i 's/podSelector: {matchLabels: {app: db}}/podSelector: 7/' \
        "$MANIFESTS/policy-db.yaml"
    exits 3 ovs-netpol wait --timeout=10
    contains "why" 'policy-db.yaml:5:16: .*shop/db.*last good' "$output"
    mv "$MANIFESTS" "$MANIFESTS.away"
    exits 3 ovs-netpol wait --timeout=10
    contains "why" 'cannot read directory' "$output"
    mv "$MANIFESTS.away" "$MANIFESTS"
    only web
}

test_wait_without_daemon() {
    daemon_stop
    exits 1 ovs-netpol wait --timeout=1
    [ -n "$output" ] || fail "no reason given"
    daemon_start
    settle
}
