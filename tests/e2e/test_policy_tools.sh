# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The commands that think, asking a running daemon: matrix, graph, report, lint
# and diff.  What they say of manifests alone is in tests/client.

setup() {
    ns shop team=shop
    pod shop/web labels=app=web
    pod shop/api labels=app=api ports=http:TCP:8080
    pod shop/db labels=app=db ports=sql:TCP:5432
    serve shop/db tcp:5432
    manifest db <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: sql}]
END
    daemon_start
    settle
}

# closed_db: the policy, with the API in place of the web server.
closed_db() {
    sed 's/app: web/app: api/' "$MANIFESTS/db.yaml"
}

# json EXPRESSION: of standard input, d.
json() {
    /usr/bin/python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}

test_matrix() {
    exits 0 ovs-netpol matrix
    contains "the web server's row" 'shop/web +[.#] a' "$output"
    contains "the letter" 'a  TCP/5432' "$output"
    exits 0 ovs-netpol matrix --by=pod --port=5432 -o json
    same "who reaches the database" "['shop/web']" "$(json "[
        d['rows'][i]['name'] for i, row in enumerate(d['cells'])
        if [d['services'][s]['text'] for s in row[1]] == ['all']]" \
            <<< "$output")"
}

# What the daemon says can be kept, and asked later.
test_objects_in_a_file() {
    ovs-netpol objects > "$LAB/objects"
    same matrix "$(ovs-netpol matrix)" "$(ovs-netpol matrix -f "$LAB/objects")"
    same stdin "$(ovs-netpol matrix)" "$(ovs-netpol matrix - < "$LAB/objects")"
}

test_graph() {
    exits 0 ovs-netpol graph -o dot
    contains edge '"shop/web" -> "shop/db" .label="TCP/5432"' "$output"
}

test_lint() {
    exits 0 ovs-netpol lint --fail-on=warning
    closed_db | sed 's/sql/mysql/' > "$LAB/new.yaml"
    exits 1 ovs-netpol lint -f "$LAB/new.yaml" --dir="$MANIFESTS"
    contains "a port that nobody has" dead-named-port "$output"
}

# What the daemon refused is found there, too.
test_lint_refused() {
    log_allow '\|dir\|WARN\|' "it says so, too"
    manifest bad <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: bad}
spec: {podSelector: {}, policyTypes: [Ingres], ingres: []}
END
    settle
    exits 1 ovs-netpol lint
    contains "the error" \
        'error +shop/bad +refused +.*bad.yaml:4:39: spec.policyTypes.0.: ' \
        "$output"
    contains "the warning" 'warning +shop/bad +ignored-field ' "$output"
    contains "the sum" '1 error, 1 warning' "$output"
    exits 2 ovs-netpol lint -n nobody
    rm "$MANIFESTS/bad.yaml"
    settle
}

# A connection runs that the change would not allow.
test_diff() {
    hold sql shop/web tcp "$(host_get shop/db v4)" 5432
    closed_db > "$LAB/new.yaml"
    exits 1 ovs-netpol diff -f "$LAB/new.yaml"
    contains lost '- shop/web -> shop/db +none +was TCP/5432' "$output"
    contains gained '\+ shop/api -> shop/db +TCP/5432 +was none' "$output"
    contains flows '[1-9][0-9]* added or replaced' "$output"
    contains connection '- shop/web -> shop/db:5432 TCP from port' "$output"
    exits 1 ovs-netpol diff -f "$LAB/new.yaml" -o json
    same "connections" "['10.244.0']" \
        "$(json "[c['source'][:8] for c in d['connections']['denied']]" \
            <<< "$output")"
    exits 1 ovs-netpol diff --delete=netpol/shop/db
    contains open 'shop/api -> shop/db +all' "$output"
    lacks "no connection is hit" 'shop/web -> shop/db:5432' "$output"
    exits 0 ovs-netpol diff -f "$MANIFESTS/db.yaml"
}

# The flows that diff foretells are those that come.
test_diff_foretells() {
    closed_db > "$LAB/new.yaml"
    ovs-netpol diff -f "$LAB/new.yaml" --flows -o json > "$LAB/diff" || true
    flows > "$LAB/before"
    cp "$MANIFESTS/db.yaml" "$LAB/old.yaml"
    manifest db < "$LAB/new.yaml"
    settle
    flows > "$LAB/after"
    same "flows that come" "$(json "d['flows']['added']" < "$LAB/diff")" \
        "$(comm -13 "$LAB/before" "$LAB/after" | wc -l)"
    manifest db < "$LAB/old.yaml"
    settle
}

# The page knows what the daemon does besides policies, and shows it.
test_report() {
    expect <<END
shop/web -> shop/db tcp4/5432 ok
shop/api -> shop/db tcp4/5432 denied
END
    ovs-netpol report > "$LAB/report.html"
    same "what the daemon says" "['counters', 'drops', 'status']" "$(
        /usr/bin/python3 -c 'import json, re, sys
page = open(sys.argv[1]).read()
data = re.search(r"id=\"data\">(.*?)</script>", page, re.S).group(1)
print(sorted(json.loads(data)["live"]))' "$LAB/report.html")"

    command -v chromium > /dev/null && command -v chromedriver > /dev/null ||
        skip "the page needs chromium and chromedriver"
    output=$(HOME=$LAB PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 \
        "$NETLAB_TOP/tests/client/test_report.py" --live "$LAB/report.html")
    contains "a denied packet" \
        'drop.*ingress.*shop/api:.*shop/db:5432.*TCP.*shop/db' "$output"
    contains "a policy's counters" 'policy shop/db.*[1-9]' "$output"
    contains state 'Ready.*yes' "$output"
    lacks "errors on the console" console: "$output"
}
