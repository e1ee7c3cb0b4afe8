# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# `ovs-netpol verify` on the flows of a real switch: proves what is right, and
# finds what is not.

setup() {
    small_shop
    pod shop/api labels=app=api
    manifest block <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: block}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.64/26]}}]
END
    daemon_start
    settle
}

# value PATH: of the JSON in $output.
value() {
    json_at "$1" <<< "$output"
}

test_right() {
    exits 0 ovs-netpol verify
    contains "the verdict" '^Proved: ' "$output"
    contains "the flows" "in bridge $BRIDGE.*: 0 missing or changed, 0 not" \
        "$output"
    exits 0 ovs-netpol verify -o json
    same "ok" True "$(value ok)"
    same "complete" True "$(value complete)"
    same "flows" "$(flows "cookie=0x6e70000000000000/0xffff000000000000" |
        grep -c cookie=)" "$(value flows.total)"
    same "checked" "$(value cells.total)" "$(value cells.checked)"
    # The pods, the node, the outside, the block and its exception; IPv6 too.
    [ "$(value cells.classes)" -ge 10 ]
}

# Every so many cells is no proof.
test_sample() {
    exits 0 ovs-netpol verify --max-cells=100
    contains "the verdict" '^Nothing wrong in what was looked at' "$output"
    exits 0 ovs-netpol verify --max-cells=100 -o json
    same "complete" False "$(value complete)"
    [ "$(value cells.checked)" -le 100 ]
}

test_offline() {
    exits 0 ovs-netpol verify --dir="$MANIFESTS"
    contains "the verdict" '^Proved: ' "$output"
    exits 0 env OVS_RUNDIR=/nonexistent ovs-netpol verify --dir="$MANIFESTS"
    exits 2 env OVS_RUNDIR=/nonexistent ovs-netpol verify
    exits 2 ovs-netpol verify --bridge=no-such-bridge
    exits 2 ovs-netpol verify --dir="$MANIFESTS" --bridge="$BRIDGE"
    exits 2 ovs-netpol verify --max-cells=0
}

# While the daemon rests, somebody opens the database to the API.  What the
# switch does is what verify says it does.
test_tampered() {
    ovs-netpol objects > "$LAB/objects"
    daemon_stop
    exits 0 ovs-netpol verify -f "$LAB/objects" --bridge="$BRIDGE"

    ovs-ofctl -O OpenFlow15 add-flow "$BRIDGE" "table=53,priority=60000,tcp,\
nw_src=$(host_get shop/api v4),tp_dst=5432,actions=goto_table:55"
    exits 1 ovs-netpol verify -f "$LAB/objects" --bridge="$BRIDGE"
    contains "the flow" '^not ours: .*table=IngressRule,priority=60000' \
        "$output"
    contains "the cell" "shop/api \(.*\) -> shop/db \(.*\):5432/TCP: the \
policies say denied, the flows let it through" "$output"
    check_traces ok
    ovs-ofctl -O OpenFlow15 --strict del-flows "$BRIDGE" \
        "table=53,priority=60000,tcp,nw_src=$(host_get shop/api v4),tp_dst=5432"

    # And closes it to everybody.
    ovs-ofctl -O OpenFlow15 mod-flows "$BRIDGE" \
        "table=53,cookie=0x6e70080000000000/0xffffff0000000000,actions=drop"
    exits 1 ovs-netpol verify -f "$LAB/objects" --bridge="$BRIDGE" -o json
    same "ok" False "$(value ok)"
    same "what was expected" True "$(value mismatches.0.expected)"
    same "missing" 1 "$(( $(value flows.missing) > 0 ))"
    output=$(value mismatches.0.trace)
    check_traces denied

    daemon_start
    settle
    exits 0 ovs-netpol verify
}

# The command of the first mismatch, run.
check_traces() {
    local command
    command=$(sed -n 's/^ *\(ovs-appctl ofproto.trace .*\)/\1/p' \
        <<< "$output" | head -n 1)
    echo "$command"
    eval "$command" > "$LAB/trace"
    case $(grep '^Datapath actions:' "$LAB/trace" | tail -n 1) in
    *": drop") same "trace" "$1" denied ;;
    *) same "trace" "$1" ok ;;
    esac
}

# A flow that lets a port send as anybody.
test_spoof() {
    ovs-netpol objects > "$LAB/objects"
    daemon_stop
    ovs-ofctl -O OpenFlow15 add-flow "$BRIDGE" \
        "table=40,priority=60000,in_port=$(ofport_of shop/api),ip,\
nw_src=192.0.2.7,actions=goto_table:41"
    exits 1 ovs-netpol verify -f "$LAB/objects" --bridge="$BRIDGE"
    contains "the cell" "somebody else's address: 192.0.2.7 -> " "$output"
    # It was there before the daemon, which leaves it alone.
    ovs-ofctl -O OpenFlow15 --strict del-flows "$BRIDGE" \
        "table=40,priority=60000,in_port=$(ofport_of shop/api),ip,\
nw_src=192.0.2.7"
    daemon_start
    settle
    exits 0 ovs-netpol verify
}
