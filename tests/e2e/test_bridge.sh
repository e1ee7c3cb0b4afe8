# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The bridge that we are attached to stays a bridge; and where our tables are.

setup() {
    small_shop
    daemon_start
    settle
}

# NORMAL goes on learning.
test_learning() {
    small_shop_works
    local fdb
    fdb=$(ovs-appctl -t ovs-vswitchd fdb/show "$BRIDGE")
    contains fdb "$(host_get shop/web mac)" "$fdb"
    contains fdb "$(host_get shop/db mac)" "$fdb"
    contains "megaflows" "$(host_get shop/db mac)" \
        "$(ovs-appctl -t ovs-vswitchd dpctl/dump-flows)"
}

test_table_names() {
    local dump
    dump=$(ovs-ofctl --names --no-stats dump-flows "$BRIDGE")
    contains dump 'table=SpoofGuard' "$dump"
    contains dump 'table=IngressRule.*conj|table=IngressRule.*tp_dst=5432' \
        "$dump"
    contains dump 'table=Drop' "$dump"
}

# What `ovs-netpol flows` prints is what is in the switch, word for word, with
# comments that say what it is for.
test_flows_command() {
    ovs-netpol flows > "$LAB/flows.said"
    contains comments '^#.*shop/db' "$(cat "$LAB/flows.said")"
    grep -v '^#\|^$' "$LAB/flows.said" | sort > "$LAB/flows.wanted"
    ovs-ofctl -O OpenFlow15 --names --no-stats dump-flows "$BRIDGE" |
        grep cookie=0x6e70 | flows_as_said | sort > "$LAB/flows.found"
    same "difference" "" "$(diff "$LAB/flows.wanted" "$LAB/flows.found")"
}

# ovs-ofctl puts spaces after commas, leaves table 0 out, and names ports.
flows_as_said() {
    local expressions=() host
    for host in shop/web shop/db; do
        expressions+=(-e "s/in_port=$(host_get "$host" dev)\>/in_port=$(
            ofport_of "$host")/")
    done
    sed -e 's/^ *//; s/, /,/g' -e 's/^\(cookie=[^,]*,\)prio/\1table=0,prio/' \
        "${expressions[@]}"
}

# A wide port wildcard stays one in the datapath: a pod that nobody isolated
# never reaches a rule table.
test_megaflow_of_free_pod() {
    expect <<< "shop/db -> shop/web icmp ok"
    local flow
    expect_packets <<< "shop/db -> shop/web tcp/9 closed"
    flow=$(ovs-appctl -t ovs-vswitchd dpctl/dump-flows |
        grep "dst=$(host_get shop/web mac)" | grep "proto=6" || true)
    lacks "ports in the megaflow" 'tcp\([^)]*dst=9[,)]' "$flow"
}

test_other_tables_and_zone() {
    daemon_stop
    daemon_start --table-base=100 --zone=77
    small_shop_works
    lacks "old tables" 'table=4[0-9],' "$(flows)"
    contains "new tables" 'table=100,' "$(flows)"
    contains "zone" 'zone=77' "$(flows)"
    contains "names" 'table=SpoofGuard' \
        "$(ovs-ofctl --names dump-flows "$BRIDGE")"
    contains "connections" 'zone=77' \
        "$(ovs-appctl -t ovs-vswitchd dpctl/dump-conntrack)"
    daemon_stop
    daemon_start
    small_shop_works
}

test_config_file() {
    daemon_stop
    cat > "$LAB/config.yaml" <<END
bridge: $BRIDGE
dir: $MANIFESTS
db: unix:$OVS_RUNDIR/db.sock
established: recheck
table-base: 120
END
    daemon_start --config="$LAB/config.yaml"
    small_shop_works
    contains "new tables" 'table=120,' "$(flows)"
    daemon_stop
    echo "tablebase: 7" >> "$LAB/config.yaml"
    exits 1 ovs-netpold --config="$LAB/config.yaml" --bridge="$BRIDGE" \
        --dir="$MANIFESTS"
    contains "message" "config.yaml:6.*tablebase" "$output"
    daemon_start
    small_shop_works
}
