# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# nodelab: several nodes in a laboratory of netlab.sh, which is sourced first.
# Each has a switch, a database and a daemon of its own, and all daemons read
# the same manifests.
#
#   nodes N                     there are nodes 1 to N; joined by an underlay
#   on_node N COMMAND...        runs a command there
#   tunnel N NAME OPTION...     a tunnel port NAME, with options of Interface
#   pod_on N NS/NAME [OPTION...]    as pod(), on that node
#   nodes_daemon_start [OPTION...]  a daemon on each
#   nodes_settle                settle(), everywhere
#
# Node 1 is the laboratory's own, whose daemon the harness asks; node N is in
# the network namespace "nodeN".  Where a NAME is asked for, "node" is node 1
# and "nodeN" the others.  Underneath, node N is 172.16.0.N; on the bridge,
# node N > 1 is 10.244.0.(199 + N).

N_NODES=1
NODES_MTU=1400                  # Room for a tunnel's headers.

node_run_dir() {
    if [ "$1" = 1 ]; then
        echo "$OVS_RUNDIR"
    else
        echo "/run/openvswitch-$1"
    fi
}

on_node() {
    local n=$1
    shift
    if [ "$n" = 1 ]; then
        "$@"
    else
        OVS_RUNDIR=$(node_run_dir "$n") nsenter --net="/run/netns/node$n" -- \
            "$@"
    fi
}

# Runs a command for each node's number: each_node COMMAND...
each_node() {
    local n
    for (( n = 1; n <= N_NODES; n++ )); do
        "$@" "$n" || return
    done
}

nodes() {
    local n
    N_NODES=$1
    underlay 1
    for (( n = 2; n <= N_NODES; n++ )); do
        nodelab_start "$n"
        ip link add "u$n" type veth peer name u1 netns "node$n"
        ip link set "u$n" up
        ovs-vsctl add-port br-phy "u$n"
        on_node "$n" ip link set u1 up
        underlay "$n"
        on_node "$n" ovs-vsctl add-port br-phy u1
    done
}

# A node's way to the others, outside the bridge of its pods.
underlay() {
    on_node "$1" ovs-vsctl add-br br-phy -- \
        set bridge br-phy datapath_type=netdev
    on_node "$1" ip address add "172.16.0.$1/24" dev br-phy
    on_node "$1" ip link set br-phy up
}

nodelab_start() {
    local n=$1 run v4 v6
    run=$(node_run_dir "$n")
    v4=10.244.0.$((199 + n))
    v6=$(printf 'fd00:10:244::%x' $((199 + n)))
    mkdir -p "$run"
    ip netns add "node$n"
    on_node "$n" ip link set lo up
    nodelab_switch "$n" "$run"
    on_node "$n" ovs-vsctl add-br "$BRIDGE" -- \
        set bridge "$BRIDGE" datapath_type=netdev
    on_node "$n" ip address add "$v4/24" dev "$BRIDGE"
    on_node "$n" ip address add "$v6/64" dev "$BRIDGE" nodad
    on_node "$n" ip link set "$BRIDGE" up
    host_write "node$n" "/run/netns/node$n" "$v4" "$v6" "$BRIDGE" \
        "$(on_node "$n" ip -o link show "$BRIDGE" |
            sed 's/.*ether \([^ ]*\).*/\1/')"
}

# nodelab_switch N RUN-DIRECTORY
nodelab_switch() {
    ovsdb-tool create "$OVS_DBDIR/node$1.db" \
        /usr/share/openvswitch/vswitch.ovsschema
    on_node "$1" ovsdb-server "$OVS_DBDIR/node$1.db" -vconsole:off --pidfile \
        --detach --no-chdir --log-file="$LAB/log/node$1-ovsdb.log" \
        --remote="punix:$2/db.sock"
    on_node "$1" ovs-vsctl --no-wait init -- set open_vswitch . \
        other_config:n-handler-threads=1 \
        other_config:n-revalidator-threads=1 other_config:max-revalidator=100
    on_node "$1" ovs-vswitchd -vconsole:off --pidfile --detach --no-chdir \
        --log-file="$LAB/log/node$1-vswitchd.log"
}

tunnel() {
    local n=$1 name=$2
    shift 2
    on_node "$n" ovs-vsctl --may-exist add-port "$BRIDGE" "$name" -- \
        set interface "$name" "$@"
}

# Its interface is made here and moved.
pod_on() {
    local node=$1 name=$2 n dev mac netns
    shift 2
    if [ "$node" = 1 ]; then
        pod "$name" node=node1 mtu="$NODES_MTU" "$@"
        return
    fi
    n=$(next_number)
    dev=p$n
    mac=$(printf '0a:58:0a:f4:00:%02x' "$n")
    netns=$(host_plug "$name" "$dev" "$mac" "$NODES_MTU")
    host_address "$name" "10.244.0.$n/24" "fd00:10:244::$n/64"
    host_write "$name" "$netns" "10.244.0.$n" "fd00:10:244::$n" "$dev" "$mac"
    ip link set "$dev" netns "node$node"
    on_node "$node" ip link set "$dev" up
    # shellcheck disable=SC2046
    on_node "$node" ovs-vsctl add-port "$BRIDGE" "$dev" -- \
        $(pod_name_interface "$name" "$dev" "$mac" iface-id)
    pod "$name" ip="$n" node="node$node" only=manifest "$@"
}

nodes_daemon_start() {
    local n
    daemon_start --node=node1 "$@"
    for (( n = 2; n <= N_NODES; n++ )); do
        on_node "$n" ovs-netpold --bridge="$BRIDGE" --dir="$MANIFESTS" \
            --node="node$n" --db="unix:$(node_run_dir "$n")/db.sock" \
            --pidfile --no-chdir -vconsole:off \
            --log-file="$LAB/log/node$n-netpold.log" "$@" \
            </dev/null >>"$LAB/log/node$n-netpold.out" 2>&1 &
        until_ok 10 on_node "$n" ovs-appctl -t ovs-netpold version \
            >/dev/null 2>&1
    done
}

nodes_daemon_stop() {
    local n pid
    for (( n = 1; n <= N_NODES; n++ )); do
        pid=$(cat "$(node_run_dir "$n")/ovs-netpold.pid")
        kill "$pid"
        until_ok 10 process_is_gone "$pid"
    done
}

nodes_settle() {
    local n
    for (( n = N_NODES; n > 0; n-- )); do
        on_node "$n" ovs-netpol wait --timeout=10 >/dev/null
        on_node "$n" ovs-appctl -t ovs-vswitchd revalidator/wait
    done
}
