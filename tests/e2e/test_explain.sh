# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# `explain --flows` and `--live`, and `detrace`, with what a real switch says.

setup() {
    ns shop
    ns ops team=ops
    pod shop/web labels=app=web
    pod shop/db labels=app=db ports=sql:TCP:5432
    pod ops/mon labels=app=mon
    outside far 192.0.2.7/24
    serve shop/db tcp:5432
    serve_wait
    manifest db <<END
$(db_hears_web sql)
  - from: [{ipBlock: {cidr: 192.0.2.0/24}}]
    ports: [{port: 443}]
END
    daemon_start
    settle
}

# What is in the way is said by the daemon and without it.
test_nearly() {
    local from
    for from in "" "--dir=$MANIFESTS"; do
        # shellcheck disable=SC2086
        exits 1 ovs-netpol explain $from ops/mon shop/db:5432
        contains "other namespace" \
            'nearly shop/db ingress\[0\]: without a namespaceSelector' \
            "$output"
        # shellcheck disable=SC2086
        exits 1 ovs-netpol explain $from shop/web shop/db:80
        contains "another port" 'port "sql" of the destination is TCP/5432' \
            "$output"
    done
}

test_flows() {
    exits 0 ovs-netpol explain --flows shop/web shop/db:5432
    contains "the flow" 'table=IngressRule.*actions=set_field:0x.*->reg8' \
        "$output"
    contains "its name" '# cookie 0x6e7008.*: allowed by shop/db ingress\[0\]' \
        "$output"
    exits 1 ovs-netpol explain --flows --dir="$MANIFESTS" ops/mon shop/db:5432
    contains "the drop" 'default drop: shop/db, isolated by shop/db' "$output"
}

test_live() {
    exits 0 ovs-netpol explain --live shop/web shop/db:5432
    contains "agrees" "switch *bridge $BRIDGE: agrees" "$output"
    exits 1 ovs-netpol explain --live ops/mon shop/db:5432
    contains "agrees" ': agrees' "$output"
    exits 1 ovs-netpol explain --live 192.0.2.7 shop/db:5432
    exits 0 ovs-netpol explain --live 192.0.2.7 shop/db:443
    exits 0 ovs-netpol explain --live shop/web 192.0.2.7
    exits 0 ovs-netpol explain --live "$(host_get shop/web v6)" \
        "[$(host_get shop/db v6)]:5432"
    exits 0 ovs-netpol explain --live --flows -o json shop/web shop/db:5432
    same "agrees" "True True" "$(/usr/bin/python3 -c '
import json, sys
x = json.load(sys.stdin)
assert any(line["names"] for line in x["switch"]["lines"])
print(x["flows"]["agrees"], x["switch"]["agrees"])' <<< "$output")"
}

# The switch does something else than the policies say.
test_disagrees() {
    ovs-netpol objects > "$LAB/objects"
    daemon_stop
    ovs-ofctl -O OpenFlow15 mod-flows "$BRIDGE" \
        "table=53,cookie=0x6e70080000000000/0xffffff0000000000,actions=drop"
    exits 3 ovs-netpol explain --live -f "$LAB/objects" shop/web shop/db:5432
    contains "disagrees" ': DISAGREES, its flows drop it' "$output"
    contains "the trace" '^Datapath actions: drop|  Datapath actions: ' \
        "$output"
    exits 2 ovs-netpol explain --live --dir="$MANIFESTS" \
        --bridge="$BRIDGE" shop/web shop/db:5432
    daemon_start
    settle
    exits 0 ovs-netpol explain --live shop/web shop/db:5432
}

# A connection, and then what the tools of Open vSwitch print about it.
test_detrace() {
    local text
    expect <<END
shop/web -> shop/db tcp/5432 ok
END
    text=$(ovs-ofctl -O OpenFlow15 dump-flows "$BRIDGE" | ovs-netpol detrace)
    contains "dump-flows" '    # cookie 0x6e7008.*: allowed by shop/db ingress' \
        "$text"
    contains "addresses" "    # $(host_get shop/web v4): pod shop/web" "$text"
    same "lines" "$(ovs-ofctl -O OpenFlow15 dump-flows "$BRIDGE" | wc -l)" \
        "$(grep -vc '^    # ' <<< "$text")"

    text=$(ovs-ofctl -O OpenFlow15 --names dump-flows "$BRIDGE" |
        ovs-netpol detrace)
    contains "dump-flows --names" 'reg4=0x.*: shop/db, isolated by shop/db' \
        "$text"

    trace shop/web shop/db v4 tcp tcp_dst=5432
    text=$(ovs-netpol detrace < "$LAB/trace")
    contains "trace" '# cookie 0x6e7008.*: allowed by shop/db ingress\[0\]' \
        "$text"
    contains "trace" '# port [0-9]+: .*, pod shop/web' "$text"

    text=$(ovs-appctl -t ovs-vswitchd dpctl/dump-flows |
        ovs-netpol detrace -f <(ovs-netpol objects))
    contains "dpctl/dump-flows" '# .*pod shop/(web|db)|connection, ingress' \
        "$text"
    exits 2 ovs-netpol detrace -
}
