# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# netlab: a private laboratory with a real Open vSwitch, pods, and the daemon.
#
# Everything lives in namespaces of its own (network, mounts, processes) with a
# tmpfs on /run, so that nothing can leak: when the first process ends, all
# processes, interfaces and files end with it.  Sourced by the end-to-end tests
# and by deploy/demo.sh.
#
#   lab_enter COMMAND...        the outside: run COMMAND in a new laboratory
#   lab_start                   the inside: /run, ovsdb-server, ovs-vswitchd
#   ns NAME [KEY=VALUE,...]     a Namespace manifest with labels
#   pod NS/NAME [OPTION...]     a Pod manifest and the pod itself
#   outside NAME ADDRESSES      a host that is no pod behind an uplink
#   serve NAME WHAT...          a server in NAME ("tcp:80,443", "udp:53")
#   manifest NAME <<EOF         any manifest into the daemon's directory
#   daemon_start, settle        ovs-netpold; everything up to now is in force
#
# Where NAME is asked for, "node" is the node itself.
#
# Addresses: the pod number N has 10.244.0.N and fd00:10:244::N, the node is
# number 1.  Everyone is on one link; routes beyond it are on-link too.

NETLAB_TOP=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
NETPOL_BUILD=${NETPOL_BUILD:-$NETLAB_TOP/.cache/build}
export NETPOL_BUILD
PROBE=$NETLAB_TOP/tests/lib/probe.py
LAB=/run/lab                    # All state, on the laboratory's own /run.
MANIFESTS=$LAB/manifests        # What the daemon reads.
BRIDGE=br0
export OVS_RUNDIR=/run/openvswitch      # Debian's, so that its tools agree.
export OVS_LOGDIR=$LAB/log OVS_DBDIR=$LAB/db
PATH=$NETPOL_BUILD:$PATH:/usr/sbin:/sbin

# Outside.

# Runs a command as the first process of a new laboratory and returns what it
# returns.  A signal ends the laboratory at once, whatever it is doing; killing
# the caller with SIGKILL ends it too.
lab_enter() {
    local status=0
    trap 'lab_kill; exit 130' INT
    trap 'lab_kill; exit 143' TERM HUP
    lab_launch "$@"
    wait "$LAB_PID" || status=$?
    trap - INT TERM HUP
    return "$status"
}

# Starts it in the background as $LAB_PID.  It ends with us, unless LAB_KEEP is
# set.
lab_launch() {
    local tie=(setpriv --pdeathsig KILL --)
    [ -z "${LAB_KEEP-}" ] || tie=()
    # With job control the laboratory is a process group of its own: a Ctrl-C
    # reaches only us, and SIGINT is not ignored in there.
    set -m
    "${tie[@]}" unshare -n -m -p --fork --kill-child --mount-proc -- "$@" &
    LAB_PID=$!
    set +m
}

lab_kill() {
    [ -n "${LAB_PID-}" ] || return 0
    kill -KILL "$LAB_PID" 2>/dev/null
    wait "$LAB_PID" 2>/dev/null
}

# Inside.

# Repeats a command until it succeeds; fails after so many seconds.
until_ok() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        if (( SECONDS >= deadline )); then
            echo "gave up waiting for: $*" >&2
            return 1
        fi
        sleep 0.02
    done
}

lab_start() {
    mount -t tmpfs -o mode=755 netlab /run
    mkdir -p "$OVS_RUNDIR" "$OVS_LOGDIR" "$OVS_DBDIR" "$MANIFESTS" \
        "$LAB/host" "$LAB/ready" /run/netns
    # Addresses are usable at once: nobody else is here to collide with.
    echo 0 > /proc/sys/net/ipv6/conf/default/dad_transmits
    ip link set lo up
    echo 1 > "$LAB/last"
    ovs_db_start
    ovs_switch_start
    # A plain bridge: one flow, NORMAL, which the switch adds by itself.
    ovs-vsctl add-br "$BRIDGE" -- set bridge "$BRIDGE" datapath_type=netdev
    node_start
}

ovs_db_start() {
    ovsdb-tool create "$OVS_DBDIR/conf.db" \
        /usr/share/openvswitch/vswitch.ovsschema
    ovs_db_serve
    # One thread each is plenty, and there are many laboratories.  Looking at
    # the datapath's flows every 100 ms, not 500, makes settle() faster.
    ovs-vsctl --no-wait init -- set open_vswitch . \
        other_config:n-handler-threads=1 other_config:n-revalidator-threads=1 \
        other_config:max-revalidator=100
}

ovs_db_serve() {
    ovsdb-server "$OVS_DBDIR/conf.db" -vconsole:off --log-file --pidfile \
        --detach --no-chdir --remote="punix:$OVS_RUNDIR/db.sock"
}

ovs_switch_start() {
    ovs-vswitchd -vconsole:off --log-file --pidfile --detach --no-chdir
}

# Stops the switch and starts it again; its flows are lost.
ovs_switch_restart() {
    local pid
    pid=$(cat "$OVS_RUNDIR/ovs-vswitchd.pid")
    kill "$pid"
    until_ok 10 process_is_gone "$pid"
    ovs_switch_start
}

process_is_gone() {
    ! kill -0 "$1" 2>/dev/null
}

node_start() {
    ip address add 10.244.0.1/24 dev "$BRIDGE"
    ip address add fd00:10:244::1/64 dev "$BRIDGE" nodad
    ip link set "$BRIDGE" up
    ip route add default dev "$BRIDGE"
    ip -6 route add default dev "$BRIDGE"
    host_write node /proc/1/ns/net 10.244.0.1 fd00:10:244::1 "$BRIDGE" \
        "$(ip -o link show "$BRIDGE" | sed 's/.*ether \([^ ]*\).*/\1/')"
}

# Hosts: pods, the node, and whoever is outside.  What is known of NAME is one
# file that says netns, v4, v6, dev (in the switch), mac.

host_write() {
    mkdir -p "$(dirname "$LAB/host/$1")"
    printf 'netns=%s\nv4=%s\nv6=%s\ndev=%s\nmac=%s\n' \
        "$2" "$3" "$4" "$5" "$6" > "$LAB/host/$1.env"
}

# Prints one of the facts: host_get shop/web v4
host_get() {
    local netns v4 v6 dev mac
    # shellcheck disable=SC1090
    . "$LAB/host/$1.env" || return
    : "$netns" "$v4" "$v6" "$dev" "$mac"
    printf '%s\n' "${!2}"
}

# Runs a command in the network namespace of NAME.
inside() {
    local netns
    netns=$(host_get "$1" netns) || return
    shift
    nsenter --net="$netns" -- "$@"
}

# host_plug NAME DEV MAC MTU: a network namespace with eth0, whose other end is
# DEV.  Prints the namespace's path.  Without checksum offload: the userspace
# datapath's conntrack looks at checksums.
host_plug() {
    local netns=${1//\//.} dev=$2 mac=$3 mtu=$4
    ip netns add "$netns"
    ip link add "$dev" mtu "$mtu" type veth peer name eth0 \
        address "$mac" mtu "$mtu" netns "$netns"
    nsenter --net="/run/netns/$netns" sh -c '
        echo 0 > /proc/sys/net/ipv6/conf/default/dad_transmits
        echo 0 > /proc/sys/net/ipv6/conf/eth0/dad_transmits
        ethtool -K eth0 tx off >/dev/null'
    ip -n "$netns" -batch - <<END
link set lo up
link set eth0 up
route add default dev eth0
END
    ip -n "$netns" -6 route add default dev eth0
    ip link set "$dev" up
    echo "/run/netns/$netns"
}

host_address() {
    local name=${1//\//.} address
    shift
    for address; do
        case $address in
        *:*) ip -n "$name" address add "$address" dev eth0 nodad ;;
        *) ip -n "$name" address add "$address" dev eth0 ;;
        esac
    done
}

# outside NAME ADDRESS/LENGTH...: a host on an uplink port that names no pod.
outside() {
    local name=$1 n dev netns v4="" v6="" address
    shift
    n=$(next_number)
    dev=up$n
    netns=$(host_plug "$name" "$dev" "$(printf '02:00:00:00:00:%02x' "$n")" \
        1500)
    host_address "$name" "$@"
    for address; do
        case $address in
        *:*) v6=${v6:-${address%/*}} ;;
        *) v4=${v4:-${address%/*}} ;;
        esac
    done
    host_write "$name" "$netns" "$v4" "$v6" "$dev" \
        "$(printf '02:00:00:00:00:%02x' "$n")"
    ovs-vsctl add-port "$BRIDGE" "$dev"
}

# A second name for one more address of a host: alias NAME HOST V4 V6
host_alias() {
    host_write "$1" "$(host_get "$2" netns)" "$3" "$4" \
        "$(host_get "$2" dev)" "$(host_get "$2" mac)"
}

# The node as the router of its pods: it forwards, and a pod that
# host_via_node() was called for sends everything to it, so that it may
# translate addresses in both directions.
node_routes() {
    local f
    for f in ipv4/ip_forward ipv6/conf/all/forwarding; do
        echo 1 > "/proc/sys/net/$f"
    done
    # Whom it forwards to is on the link that the packet came from.
    for f in all "$1"; do
        echo 0 > "/proc/sys/net/ipv4/conf/$f/send_redirects"
        echo 0 > "/proc/sys/net/ipv4/conf/$f/rp_filter"
    done
    ethtool -K "$1" tx off >/dev/null
}

# host_via_node NAME
host_via_node() {
    local netns=${1//\//.}
    echo 0 | nsenter --net="/run/netns/$netns" \
        tee /proc/sys/net/ipv6/conf/eth0/accept_redirects >/dev/null
    ip -n "$netns" -batch - <<END
route add 10.244.0.1 dev eth0
route del 10.244.0.0/24 dev eth0
route replace default via 10.244.0.1
END
    ip -n "$netns" -6 -batch - <<END
route add fd00:10:244::1 dev eth0
route del fd00:10:244::/64 dev eth0
route replace default via fd00:10:244::1
END
}

next_number() {
    local n
    n=$(( $(cat "$LAB/last") + 1 ))
    echo "$n" > "$LAB/last"
    echo "$n"
}

# Manifests.

# The standard input becomes NAME.yaml, all at once.
manifest() {
    mkdir -p "$(dirname "$MANIFESTS/$1")"
    cat > "$MANIFESTS/.$1.new"
    mv "$MANIFESTS/.$1.new" "$MANIFESTS/$1.yaml"
}

manifest_delete() {
    local name
    for name; do
        rm -f "$MANIFESTS/$name.yaml"
    done
}

# "a=b,c=d" -> {"a": "b", "c": "d"}
yaml_map() {
    local item out="" IFS=,
    for item in $1; do
        out+="${out:+, }\"${item%%=*}\": \"${item#*=}\""
    done
    echo "{$out}"
}

ns() {
    manifest "ns-$1" <<END
apiVersion: v1
kind: Namespace
metadata:
  name: $1
  labels: $(yaml_map "${2-}")
END
}

# pod NS/NAME [OPTION=VALUE...]: a Pod manifest, and a network namespace with
# an interface on the bridge.
#
#   labels=app=web,tier=front
#   ports=http:TCP:8080,dns:UDP:53      named container ports
#   ip=N                the number of the addresses (else the next one)
#   ips=A,B             addresses of status.podIPs (else both of the number)
#   phase=Succeeded     (else Running)
#   created=TIME        metadata.creationTimestamp
#   host=true           hostNetwork, with the node's addresses and no interface
#   node=NAME           spec.nodeName
#   naming=SCHEME       how the interface names its pod, see pod_name_interface
#   mtu=N               (else 1500)
#   only=net|manifest   one half
pod() {
    local name=$1 o only="" host="" v
    local labels="" ports="" ip="" ips="" phase=Running created="" node="" \
        naming=iface-id mtu=1500
    shift
    for o; do
        v=${o%%=*}
        case $v in
        labels|ports|ip|ips|phase|created|host|node|naming|mtu|only)
            printf -v "$v" %s "${o#*=}" ;;
        *) echo "pod: no option \"$v\"" >&2; return 1 ;;
        esac
    done
    if [ -z "$ip" ] && [ -e "$LAB/host/$name.env" ]; then
        ip=$(host_get "$name" v4)
        ip=${ip##*.}
    fi
    ip=${ip:-$(next_number)}
    if [ -n "$host" ]; then
        ips=${ips:-10.244.0.1,fd00:10:244::1}
        only=manifest
    fi
    ips=${ips:-10.244.0.$ip,fd00:10:244::$ip}
    [ "$only" = manifest ] || pod_plug "$name" "$ip" "$naming" "$mtu"
    [ "$only" = net ] || pod_manifest
}

# A uid that is known beforehand: the pod's name, spelt so that it looks like
# what it is.
pod_uid() {
    printf '%s' "$1" | md5sum |
        sed 's/^\(.\{8\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)\(.\{12\}\).*/'\
'\1-\2-\3-\4-\5/'
}

# Uses the variables of pod().
pod_manifest() {
    local item address list="" IFS=,
    for item in $ports; do
        list+="${list:+, }{name: ${item%%:*}, containerPort: ${item##*:}, "
        item=${item#*:}
        list+="protocol: ${item%%:*}}"
    done
    manifest "pod-${name//\//-}" <<END
apiVersion: v1
kind: Pod
metadata:
  namespace: ${name%%/*}
  name: ${name#*/}
  uid: $(pod_uid "$name")
  creationTimestamp: "${created:-2026-01-01T00:00:00Z}"
  labels: $(yaml_map "$labels")
spec:
${node:+  nodeName: $node
}${host:+  hostNetwork: true
}  containers:
  - name: main
    ports: [$list]
status:
  phase: $phase
  podIP: ${ips%%,*}
  podIPs:
$(for address in $ips; do echo "  - ip: \"$address\""; done)
END
}

# pod_plug NS/NAME NUMBER NAMING MTU
pod_plug() {
    local name=$1 n=$2 dev mac netns
    dev=p$(next_number)
    mac=$(printf '0a:58:0a:f4:00:%02x' "$n")
    netns=$(host_plug "$name" "$dev" "$mac" "$4")
    host_address "$name" "10.244.0.$n/24" "fd00:10:244::$n/64"
    host_write "$name" "$netns" "10.244.0.$n" "fd00:10:244::$n" "$dev" "$mac"
    # shellcheck disable=SC2046
    ovs-vsctl add-port "$BRIDGE" "$dev" -- \
        $(pod_name_interface "$name" "$dev" "$mac" "$3")
}

# The ovs-vsctl command that says which pod is behind DEV, in the words of the
# different plugins.
pod_name_interface() {
    local ns=${1%%/*} pod=${1#*/} dev=$2 mac=$3
    case $4 in
    iface-id)           # NS/POD
        echo set interface "$dev" "external_ids:iface-id=\"$ns/$pod\"" \
            "external_ids:attached-mac=\"$mac\"" ;;
    iface-id-underscore)
        echo set interface "$dev" "external_ids:iface-id=\"${ns}_$pod\"" ;;
    iface-id-dot)       # POD.NS
        echo set interface "$dev" "external_ids:iface-id=\"$pod.$ns\"" \
            "external_ids:attached_mac=\"$mac\"" ;;
    interface)
        echo set interface "$dev" "external_ids:pod-namespace=\"$ns\"" \
            "external_ids:pod-name=\"$pod\"" ;;
    port)
        echo set port "$dev" "external_ids:pod-namespace=\"$ns\"" \
            "external_ids:pod-name=\"$pod\"" "external_ids:mac=\"$mac\"" ;;
    uid)
        echo set port "$dev" \
            "external_ids:contPodUid=\"$(pod_uid "$ns/$pod")\"" ;;
    none)
        echo clear interface "$dev" external_ids ;;
    esac
}

# The pod and its interface are gone; with "only=net" the manifest stays, as
# when the plugin is faster than the API server.
pod_delete() {
    local name=$1
    ovs-vsctl --if-exists del-port "$BRIDGE" "$(host_get "$name" dev)"
    ip netns delete "${name//\//.}"
    rm -f "$LAB/host/$name.env"
    [ "${2-}" = only=net ] || manifest_delete "pod-${name//\//-}"
}

# Servers and probes.

# serve NAME WHAT...: WHAT as for probe.py.  Runs until NAME is deleted or the
# laboratory ends; serve_wait waits until all of them listen.
serve() {
    local name=$1 ready
    shift
    ready=$LAB/ready/${name//\//.}.$(next_number)
    echo "$ready" >> "$LAB/ready.list"
    "$PROBE" serve --netns "$(host_get "$name" netns)" --name "$name" \
        --ready "$ready" "$@" </dev/null >>"$LAB/log/serve" 2>&1 &
}

serve_wait() {
    local ready
    while read -r ready; do
        until_ok 10 test -s "$ready" || return
    done < "$LAB/ready.list"
}

# hold ID SRC PROTO DST PORT: opens a connection that stays.
hold() {
    local id=$1
    "$PROBE" hold --netns "$(host_get "$2" netns)" --socket "$LAB/hold.$id" \
        --ready "$LAB/ready/hold.$id" "$3" "$4" "$5" \
        </dev/null >>"$LAB/log/hold" 2>&1 &
    until_ok 10 test -s "$LAB/ready/hold.$id"
}

# hold_ask ID [SECONDS [SIZE]]: prints ok, or denied.
hold_ask() {
    "$PROBE" ask "$LAB/hold.$1" "${2:-3}" "${3:-16}"
}

# The daemon.

NETPOLD_LOG=$LAB/log/ovs-netpold.log
DAEMON_WRAPPER=()               # Command that daemon_start starts it with.
SETTLE_SECONDS=10

# Starts ovs-netpold, with further options, and waits until it answers.
daemon_start() {
    "${DAEMON_WRAPPER[@]}" ovs-netpold \
        --bridge="$BRIDGE" --dir="$MANIFESTS" \
        --db="unix:$OVS_RUNDIR/db.sock" --pidfile --no-chdir \
        -vconsole:off --log-file="$NETPOLD_LOG" "$@" \
        </dev/null >>"$LAB/log/ovs-netpold.out" 2>&1 &
    until_ok 10 daemon_answers "$!"
}

daemon_answers() {
    if process_is_gone "$1"; then
        echo "ovs-netpold ended:" >&2
        cat "$LAB/log/ovs-netpold.out" >&2
        return 0
    fi
    ovs-appctl -t ovs-netpold version >/dev/null 2>&1
}

daemon_stop() {
    local pid
    pid=$(cat "$OVS_RUNDIR/ovs-netpold.pid")
    kill "$pid"
    until_ok 10 process_is_gone "$pid"
}

# The same by command, after which it frees what it has: a sanitizer will say
# what it forgot.
daemon_exit() {
    local pid
    pid=$(cat "$OVS_RUNDIR/ovs-netpold.pid")
    ovs-appctl -t ovs-netpold exit
    until_ok 10 process_is_gone "$pid"
}

# Everything that was in the manifests and in the database is in the switch,
# and the datapath's cached verdicts are newer than that.  What was refused
# there (3) is the test's business.
settle() {
    local said status=0
    said=$(ovs-netpol wait --timeout="$SETTLE_SECONDS" 2>&1) || status=$?
    if [ "$status" != 0 ] && [ "$status" != 3 ]; then
        echo "$said" >&2
        return 1
    fi
    ovs-appctl -t ovs-vswitchd revalidator/wait
}
