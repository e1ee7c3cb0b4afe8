# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# kubelab: a real etcd and a real kube-apiserver in a laboratory of netlab.sh,
# which is sourced first.  There are no controllers, no scheduler and no
# kubelet: what those would do the test does.
#
#   kubelab_reason              why there can be none here; fails if there can
#   kubelab_start [OPTION...]   certificates, etcd, kube-apiserver [OPTION...]
#   kubelab_stop, kubelab_kill  the API server ends (SIGTERM, SIGKILL)
#   kubelab_api_start [OPTION...]           it starts again
#   kubelab_restart [OPTION...] kills it and starts it with the same data
#   kubelab_cut, kubelab_mend   its packets are lost, both ways; no more
#   kubelab_compact             etcd forgets all but the newest revision
#   kubelab_save, kubelab_restore NAME      etcd's data, with both stopped
#   kubelab_certificate NAME CN [O [DAYS]]  NAME.crt and NAME.key in $KUBELAB
#   kubelab_new_ca              everything is signed by another CA from now on
#   kubelab_token NS SA [SECONDS]           prints a token of TokenRequest
#   kubelab_kubeconfig FILE token TOKEN | cert NAME
#   kubelab_in_cluster NS SA    what a pod of SA finds in its file system
#   kube ARG...                 kubectl as the administrator
#   kube_ns, kube_pod, kube_pod_status, kube_run, kube_pod_delete   see below
#   kube_daemon_start [OPTION...]           the daemon, as in its container
#   kube_expect <<EOF           expect() of the harness, without settle()
#   kube_follows, kube_lists    what status says of the source
#
# The API server is a machine of its own (the network namespace "kube") at
# https://172.30.0.2:6443, with TLS and RBAC.

KUBELAB=$LAB/kube               # Certificates, keys, data, logs.
KUBE_HOST=172.30.0.2
KUBE_PORT=6443
KUBE_URL=https://$KUBE_HOST:$KUBE_PORT
KUBE_IN_CLUSTER=/var/run/secrets/kubernetes.io/serviceaccount
[ -z "${KUBEBUILDER_ASSETS-}" ] || PATH=$KUBEBUILDER_ASSETS:$PATH

kubelab_reason() {
    local tool
    for tool in kube-apiserver etcd kubectl openssl curl; do
        if ! command -v "$tool" >/dev/null; then
            echo "needs $tool (KUBEBUILDER_ASSETS or PATH)"
            return
        fi
    done
    return 1
}

kubelab_start() {
    mkdir -p "$KUBELAB/home"
    kubelab_network
    kubelab_ca
    kubelab_server_certificates
    kubelab_etcd_start
    kubelab_api_start "$@"
}

# A link to the machine of the API server.
kubelab_network() {
    ip netns add kube
    ip link add kube0 type veth peer name eth0 netns kube
    ip address add 172.30.0.1/30 dev kube0
    ip link set kube0 up
    ip -n kube address add "$KUBE_HOST/30" dev eth0
    ip -n kube link set lo up
    ip -n kube link set eth0 up
}

# Packets from and to us are lost on that machine: nothing is refused.
kubelab_cut() {
    ip -n kube route add blackhole 172.30.0.1
}

kubelab_mend() {
    ip -n kube route delete blackhole 172.30.0.1
}

# Runs a command on that machine, where all works however the network is.  Not
# in the background, though: $! would be a shell.
kubelab_inside() {
    nsenter --net=/run/netns/kube -- "$@"
}

# Certificates.

kubelab_key() {
    openssl ecparam -name prime256v1 -genkey -noout -out "$1"
}

kubelab_ca() {
    kubelab_key "$KUBELAB/ca.key"
    openssl req -x509 -new -key "$KUBELAB/ca.key" -out "$KUBELAB/ca.crt" \
        -subj "/CN=kubelab-ca-$RANDOM" -days 30
}

kubelab_certificate() {
    local name=$1 cn=$2 o=${3-} days=${4:-30}
    [ -e "$KUBELAB/$name.key" ] || kubelab_key "$KUBELAB/$name.key"
    openssl req -new -key "$KUBELAB/$name.key" -out "$KUBELAB/$name.csr" \
        -subj "${o:+/O=$o}/CN=$cn"
    printf '%s\n' "subjectAltName=IP:$KUBE_HOST,DNS:localhost" \
        "extendedKeyUsage=serverAuth,clientAuth" > "$KUBELAB/$name.ext"
    openssl x509 -req -in "$KUBELAB/$name.csr" -out "$KUBELAB/$name.crt" \
        -CA "$KUBELAB/ca.crt" -CAkey "$KUBELAB/ca.key" -CAcreateserial \
        -extfile "$KUBELAB/$name.ext" -days "$days" 2>/dev/null
}

kubelab_server_certificates() {
    [ -e "$KUBELAB/sa.key" ] || kubelab_key "$KUBELAB/sa.key"
    kubelab_certificate apiserver kube-apiserver
    kubelab_certificate admin admin system:masters
    kubelab_kubeconfig "$KUBELAB/admin.conf" cert admin
}

# The API server has to be restarted to use it.
kubelab_new_ca() {
    kubelab_ca
    kubelab_server_certificates
}

# Processes.  Their logs are not in $LAB/log: their warnings are not our fault.

kubelab_etcd_start() {
    nsenter --net=/run/netns/kube -- etcd --data-dir="$KUBELAB/etcd" \
        --listen-client-urls=http://127.0.0.1:2379 \
        --advertise-client-urls=http://127.0.0.1:2379 \
        --listen-peer-urls=http://127.0.0.1:2380 --unsafe-no-fsync \
        --log-level=warn </dev/null >>"$KUBELAB/etcd.log" 2>&1 &
    echo $! > "$KUBELAB/etcd.pid"
}

# Waits until it is ready.
kubelab_api_start() {
    kubelab_api_launch "$@"
    kubelab_wait "${KUBELAB_PATIENCE:-50}"
}

# Options stay until others are given.
kubelab_api_launch() {
    [ $# = 0 ] || printf '%s\n' "$@" > "$KUBELAB/options"
    touch "$KUBELAB/options"
    # shellcheck disable=SC2046
    nsenter --net=/run/netns/kube -- kube-apiserver \
        --etcd-servers=http://127.0.0.1:2379 \
        --bind-address=0.0.0.0 --advertise-address="$KUBE_HOST" \
        --secure-port="$KUBE_PORT" --insecure-port=0 \
        --tls-cert-file="$KUBELAB/apiserver.crt" \
        --tls-private-key-file="$KUBELAB/apiserver.key" \
        --client-ca-file="$KUBELAB/ca.crt" --authorization-mode=RBAC \
        --service-account-key-file="$KUBELAB/sa.key" \
        --service-account-signing-key-file="$KUBELAB/sa.key" \
        --service-account-issuer=https://kubernetes.default.svc \
        --service-cluster-ip-range=10.96.0.0/16 \
        --disable-admission-plugins=ServiceAccount \
        $(cat "$KUBELAB/options") \
        </dev/null >>"$KUBELAB/kube-apiserver.log" 2>&1 &
    echo $! > "$KUBELAB/kube-apiserver.pid"
}

kubelab_wait() {
    until_ok "$1" kubelab_is_ready "$(cat "$KUBELAB/kube-apiserver.pid")" &&
        ! process_is_gone "$(cat "$KUBELAB/kube-apiserver.pid")"
}

# True as well if it ended: there is nothing to wait for then.
kubelab_is_ready() {
    if process_is_gone "$1"; then
        echo "kube-apiserver ended:" >&2
        tail -n 20 "$KUBELAB/kube-apiserver.log" >&2
        return 0
    fi
    [ "$(kubelab_get /readyz 2>/dev/null)" = ok ]
}

# kubelab_get PATH [CURL-OPTION...]: a raw request as the administrator.  For a
# user agent "curl..." the API server prints JSON with indentation, at which
# builds of 1.20 with newer Go crash: so this is none.
kubelab_get() {
    local path=$1
    shift
    kubelab_inside curl -sS -A kubelab --max-time 5 \
        --cacert "$KUBELAB/ca.crt" --cert "$KUBELAB/admin.crt" \
        --key "$KUBELAB/admin.key" "$@" "$KUBE_URL$path"
}

# kubelab_end NAME SIGNAL
kubelab_end() {
    local pid
    pid=$(cat "$KUBELAB/$1.pid")
    kill "-$2" "$pid"
    until_ok 90 process_is_gone "$pid"
}

# Takes half a minute if there are watches.
kubelab_stop() {
    kubelab_end kube-apiserver TERM
}

kubelab_kill() {
    kubelab_end kube-apiserver KILL
}

kubelab_restart() {
    kubelab_kill
    kubelab_api_start "$@"
}

# kubelab_etcd PATH JSON
kubelab_etcd() {
    kubelab_inside curl -sSf --max-time 10 -d "$2" \
        "http://127.0.0.1:2379/v3/kv/$1"
}

# Watches and pages of lists that begin at an older revision get 410 Gone.
# (Watches only of an API server with --watch-cache=false, or a restarted one.)
kubelab_compact() {
    local revision
    revision=$(kubelab_etcd range '{"key": "AA==", "limit": 1}' |
        sed 's/.*"revision":"\([0-9]*\)".*/\1/')
    kubelab_etcd compaction \
        "{\"revision\": \"$revision\", \"physical\": true}" >/dev/null
}

# Only while the API server does not run.
kubelab_save() {
    kubelab_end etcd TERM
    rm -rf "$KUBELAB/etcd.$1"
    cp -a "$KUBELAB/etcd" "$KUBELAB/etcd.$1"
    kubelab_etcd_start
}

kubelab_restore() {
    kubelab_end etcd KILL
    rm -rf "$KUBELAB/etcd"
    cp -a "$KUBELAB/etcd.$1" "$KUBELAB/etcd"
    kubelab_etcd_start
}

# Users.

kube() {
    kube_as "$KUBELAB/admin.conf" "$@"
}

# kube_as KUBECONFIG ARG...: kubectl as somebody else.
kube_as() {
    local config=$1
    shift
    HOME=$KUBELAB/home kubelab_inside kubectl --kubeconfig="$config" "$@"
}

# What the kubelet asks for a pod.  The API server allows no less than 600
# seconds.
kubelab_token() {
    printf '{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
             "spec": {"expirationSeconds": %d}}' "${3:-3600}" |
        kube create -f - \
            --raw "/api/v1/namespaces/$1/serviceaccounts/$2/token" |
        sed -n 's/.*"token": *"\([^"]*\)".*/\1/p'
}

# kubelab_kubeconfig FILE token TOKEN | FILE cert NAME
kubelab_kubeconfig() {
    local user
    case $2 in
    token) user="token: $3" ;;
    cert) user="client-certificate: $KUBELAB/$3.crt
    client-key: $KUBELAB/$3.key" ;;
    *) echo "kubelab_kubeconfig: no kind of user \"$2\"" >&2; return 1 ;;
    esac
    cat > "$1" <<END
apiVersion: v1
kind: Config
current-context: kubelab
contexts:
- name: kubelab
  context: {cluster: kubelab, user: kubelab}
clusters:
- name: kubelab
  cluster:
    server: $KUBE_URL
    certificate-authority: $KUBELAB/ca.crt
users:
- name: kubelab
  user:
    $user
END
}

# The files that a pod of service account NS/SA has, made as the kubelet makes
# them: a new folder, then a link that is replaced at once.  To be called again
# when the token or the CA is new.
kubelab_in_cluster() {
    local dir=$KUBE_IN_CLUSTER new token
    token=$(kubelab_token "$1" "$2")
    [ -n "$token" ] || return
    mkdir -p "$dir"
    new=$(mktemp -d "$dir/..XXXXXXXX")
    chmod 755 "$new"
    printf %s "$token" > "$new/token"
    cp "$KUBELAB/ca.crt" "$new/ca.crt"
    printf %s "$1" > "$new/namespace"
    ln -s "${new##*/}" "$dir/..data.new"
    mv -T "$dir/..data.new" "$dir/..data"
    for new in token ca.crt namespace; do
        [ -e "$dir/$new" ] || ln -s "..data/$new" "$dir/$new"
    done
    find "$dir" -mindepth 1 -maxdepth 1 -type d \
        ! -name "$(readlink "$dir/..data")" -exec rm -rf {} +
}

# Objects, and the kubelet's part in them.

# kube_ns NAME [KEY=VALUE,...]: comes, or gets these labels and no others.
kube_ns() {
    kube apply -f - <<END
apiVersion: v1
kind: Namespace
metadata: {name: $1, labels: $(yaml_map "${2-}")}
END
}

# kube_pod NS/NAME [OPTION=VALUE...]: an object without a status, as the
# scheduler leaves it.
#   labels=app=web,tier=front  node=NAME  host=true
#   ports=http:TCP:8080,dns:UDP:53
kube_pod() {
    local name=$1 o labels="" node=worker host=false ports="" item list=""
    shift
    for o; do
        case $o in
        labels=*|node=*|host=*|ports=*) printf -v "${o%%=*}" %s "${o#*=}" ;;
        *) echo "kube_pod: no option \"$o\"" >&2; return 1 ;;
        esac
    done
    for item in ${ports//,/ }; do
        list+="${list:+, }{name: ${item%%:*}, containerPort: ${item##*:}, "
        item=${item#*:}
        list+="protocol: ${item%%:*}}"
    done
    kube create -f - <<END
apiVersion: v1
kind: Pod
metadata:
  namespace: ${name%%/*}
  name: ${name#*/}
  labels: $(yaml_map "$labels")
spec:
  nodeName: $node
  hostNetwork: $host
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  containers:
  - {name: main, image: example.org/main, ports: [$list]}
END
}

# kube_pod_status NS/NAME PHASE [ADDRESS...]: what the kubelet reports.
kube_pod_status() {
    local name=$1 phase=$2 address list=""
    shift 2
    for address; do
        list+="${list:+, }{\"ip\": \"$address\"}"
    done
    printf '{"status": {"phase": "%s", "podIP": %s, "podIPs": [%s]}}' \
        "$phase" "$([ $# = 0 ] && echo null || echo "\"$1\"")" "$list" |
        kubelab_get "/api/v1/namespaces/${name%%/*}/pods/${name#*/}/status" \
            -f -X PATCH -H 'Content-Type: application/merge-patch+json' \
            --data-binary @- >/dev/null
}

kube_pod_delete() {
    kube delete pod -n "${1%%/*}" "${1#*/}" --force --grace-period=0 \
        --wait=true 2>/dev/null
}

# kube_run NS/NAME [OPTION...]: the object, the interface, and then the status,
# as when a pod starts; options of kube_pod(), and ip=N and naming=SCHEME of
# pod().
kube_run() {
    local name=$1 o net=() object=()
    shift
    for o; do
        case $o in
        ip=*|naming=*) net+=("$o") ;;
        *) object+=("$o") ;;
        esac
    done
    kube_pod "$name" "${object[@]}"
    pod "$name" only=net "${net[@]}"
    kube_pod_status "$name" Running "$(host_get "$name" v4)" \
        "$(host_get "$name" v6)"
}

# The interface and the object.
kube_stop() {
    pod_delete "$1" only=net
    kube_pod_delete "$1"
}

# The daemon.

# As the container runtime starts it: root without a capability, and with what
# the kubelet tells a pod.  See kubelab_in_cluster().
kube_daemon_start() {
    setpriv --bounding-set=-all --inh-caps=-all --no-new-privs -- \
        env KUBERNETES_SERVICE_HOST="$KUBE_HOST" \
            KUBERNETES_SERVICE_PORT="$KUBE_PORT" \
        ovs-netpold --bridge="$BRIDGE" --node=worker --pidfile --no-chdir \
        -vconsole:off -vsyslog:off --log-file="$NETPOLD_LOG" "$@" \
        </dev/null >>"$LAB/log/ovs-netpold.out" 2>&1 &
    until_ok 10 daemon_answers "$!"
}

# True if it is told what happens in the cluster.
kube_follows() {
    [ "$(status kubernetes.error)" = None ]
}

# How often it has listed objects since it started, by kind.
kube_lists() {
    local kind
    for kind in namespaces pods networkpolicies; do
        status "kubernetes.$kind.lists"
    done | xargs
}

# "ovs-netpol wait" asks the API server for everything, and so does settle().
# Here news arrives by itself: until explain agrees, and what it says is in the
# switch.  Then packets are looked at.
kube_expect() {
    expect_read
    until_ok 10 kube_explained ||
        expect_compare explain "$LAB/expect.explained"
    kube_in_force
    expect_run
    expect_compare packets "$LAB/expect.got"
}

kube_explained() {
    expect_explain
    expect_compare explain "$LAB/expect.explained" >/dev/null
}

# What the daemon knows is in the switch.
kube_in_force() {
    until_ok 10 kube_is_installed
    ovs-appctl -t ovs-vswitchd revalidator/wait
}

kube_is_installed() {
    [ "$(status generation.model)" = "$(status generation.switch)" ]
}
