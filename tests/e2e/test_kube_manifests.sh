# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# deploy/kubernetes, applied to a real API server; the daemon as these
# manifests would run it, with their service account and no other right.

# shellcheck source=tests/lib/kubelab.sh
. "$NETLAB_TOP/tests/lib/kubelab.sh"

DEPLOY=$NETLAB_TOP/deploy/kubernetes
# What the API server serves that has to do with us, or is worth something.
RESOURCES="pods namespaces events nodes services endpoints secrets configmaps
    serviceaccounts replicationcontrollers persistentvolumes
    networking.k8s.io/networkpolicies networking.k8s.io/ingresses
    policy.networking.k8s.io/clusternetworkpolicies
    policy.networking.k8s.io/clusternetworkpolicies/status
    policy.networking.k8s.io/adminnetworkpolicies
    policy.networking.k8s.io/baselineadminnetworkpolicies
    apps/daemonsets apps/deployments batch/jobs
    rbac.authorization.k8s.io/clusterroles
    rbac.authorization.k8s.io/clusterrolebindings
    certificates.k8s.io/certificatesigningrequests
    admissionregistration.k8s.io/mutatingwebhookconfigurations
    pods/status pods/exec pods/log pods/attach pods/portforward pods/binding
    pods/eviction nodes/proxy services/proxy namespaces/finalize
    serviceaccounts/token users groups"
VERBS="get list watch create update patch delete deletecollection impersonate
    bind escalate use approve"

setup() {
    kubelab_reason && return
    kubelab_start
    kube apply -f "$DEPLOY/base/rbac.yaml"
    kubelab_in_cluster kube-system ovs-netpol
    kubelab_kubeconfig "$KUBELAB/we.conf" token \
        "$(cat "$KUBE_IN_CLUSTER/token")"
    kube_ns shop team=shop
    kube_run shop/web labels=app=web
    kube_run shop/db labels=app=db
    serve shop/db tcp:5432
    serve_wait
}

need() {
    local reason
    ! reason=$(kubelab_reason) || skip "$reason"
}

# Folders in resources: need kustomize 3, which came with kubectl 1.21.
need_kustomize() {
    need
    kube kustomize "$DEPLOY/overlays/var-run" >/dev/null 2>&1 ||
        skip "needs kubectl 1.21 for kustomize"
}

folders() {
    local f
    for f in "$DEPLOY"/{base,cleanup,overlays/*}/kustomization.yaml; do
        echo "${f%/*}"
    done
}

test_dry_run() {
    need_kustomize
    local folder n=0
    for folder in $(folders); do
        kube apply --dry-run=server -k "$folder"
        n=$((n + 1))
    done
    [ "$n" -ge 4 ]
}

test_apply() {
    need_kustomize
    local folder
    for folder in $(folders); do
        kube apply -k "$folder"
        output=$(kube apply -k "$folder" | sed '/ unchanged$/d')
        same "$folder, again" "" "$output"
    done
    # The configuration that the DaemonSet asks for is there.
    output=$(kube get -n kube-system daemonset ovs-netpol -o \
        'jsonpath={.spec.template.spec.volumes[*].configMap.name}')
    kube get -n kube-system configmap "$output"
    for folder in $(folders); do
        kube delete --ignore-not-found -k "$folder"
    done
    kube apply -f "$DEPLOY/base/rbac.yaml"
    kubelab_in_cluster kube-system ovs-netpol
    kubelab_kubeconfig "$KUBELAB/we.conf" token \
        "$(cat "$KUBE_IN_CLUSTER/token")"
}

test_overlays() {
    need_kustomize
    same "base" /run/openvswitch "$(run_directory_of base)"
    same "var-run" /var/run/openvswitch "$(run_directory_of overlays/var-run)"
    same "usr-local" /usr/local/var/run/openvswitch \
        "$(run_directory_of overlays/usr-local)"
}

# with_components COMPONENT...: a folder of the base with these.
with_components() {
    local component
    rm -rf "$LAB/kustomize"
    mkdir "$LAB/kustomize"
    {
        echo "resources: [../../..$DEPLOY/base]"
        echo "components:"
        for component; do
            echo "- ../../..$DEPLOY/components/$component"
        done
    } > "$LAB/kustomize/kustomization.yaml"
    echo "$LAB/kustomize"
}

# Metrics for others than the node: the Service finds the pods, and the port
# that it names is the one that the daemon listens on.
test_metrics_component() {
    need_kustomize
    output=$(with_components metrics)
    kube apply --dry-run=server -k "$output"
    kube kustomize "$output" > "$LAB/metrics.yaml"
    output=$(/usr/bin/python3 - "$LAB/metrics.yaml" <<'END'
import sys, yaml
docs = {d["kind"]: d for d in yaml.safe_load_all(open(sys.argv[1]))}
template = docs["DaemonSet"]["spec"]["template"]
container = template["spec"]["containers"][0]
service = docs["Service"]["spec"]
port, = container["ports"]
assert service["selector"].items() <= template["metadata"]["labels"].items()
assert service["ports"][0]["targetPort"] == port["name"]
assert service["ports"][0]["port"] == port["containerPort"]
print(container["args"][-1].replace(str(port["containerPort"]), "PORT"))
END
    )
    same argument --metrics-listen=0.0.0.0:PORT "$output"
}

# Its definition is not on this API server: that what it names is there.
test_podmonitor_component() {
    need_kustomize
    kube kustomize "$(with_components metrics podmonitor)" > "$LAB/metrics.yaml"
    /usr/bin/python3 - "$LAB/metrics.yaml" <<'END'
import sys, yaml
docs = {d["kind"]: d for d in yaml.safe_load_all(open(sys.argv[1]))}
template = docs["DaemonSet"]["spec"]["template"]
monitor = docs["PodMonitor"]
assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
assert monitor["metadata"]["namespace"] == "kube-system"
spec = monitor["spec"]
assert (spec["selector"]["matchLabels"].items()
        <= template["metadata"]["labels"].items())
for endpoint in spec["podMetricsEndpoints"]:
    assert endpoint["port"] in [
        p["name"] for p in template["spec"]["containers"][0]["ports"]]
    assert endpoint["path"] == "/metrics"
END
}

run_directory_of() {
    kube kustomize "$DEPLOY/$1" | /usr/bin/python3 -c '
import sys, yaml
for doc in yaml.safe_load_all(sys.stdin):
    if doc["kind"] == "DaemonSet":
        for volume in doc["spec"]["template"]["spec"]["volumes"]:
            if volume["name"] == "openvswitch":
                print(volume["hostPath"]["path"])'
}

# field FILE EXPRESSION: of the pod template of a DaemonSet; lists in lines.
field() {
    /usr/bin/python3 - "$1" "$2" <<'END'
import sys, yaml
pod = yaml.safe_load(open(sys.argv[1]))["spec"]["template"]["spec"]
value = eval(sys.argv[2], {"pod": pod})
print("\n".join(value) if isinstance(value, list) else value)
END
}

# What the controller would make of the template is a pod that the API server
# takes, with the priority asked for.
test_pods_of_templates() {
    need
    local name
    for name in base cleanup; do
        /usr/bin/python3 - "$DEPLOY/$name/daemonset.yaml" > "$LAB/pod.json" \
            <<'END'
import json, sys, yaml
template = yaml.safe_load(open(sys.argv[1]))["spec"]["template"]
template.update(apiVersion="v1", kind="Pod")
template["metadata"].update(name="instance", namespace="kube-system")
json.dump(template, sys.stdout)
END
        kube create -f "$LAB/pod.json"
        output=$(kube get pod -n kube-system instance \
            -o 'jsonpath={.spec.priority}')
        same priority 2000001000 "$output"
        kube_pod_delete kube-system/instance
    done
}

# Nothing in the pod may do what it need not.
test_confinement() {
    need
    local name
    for name in base cleanup; do
        output=$(field "$DEPLOY/$name/daemonset.yaml" "
[c['name'] for c in pod['containers'] + pod.get('initContainers', [])
 if c['securityContext']['capabilities'] != {'drop': ['ALL']}
 or c['securityContext']['readOnlyRootFilesystem'] is not True
 or c['securityContext']['allowPrivilegeEscalation'] is not False
 or c['securityContext']['privileged'] is not False
 or 'memory' not in c['resources']['limits']
 or 'cpu' not in c['resources']['requests']
 or c.get('command', [''])[0] in ('sh', 'bash', '/bin/sh', '/bin/bash')]")
        same "$name: containers" "" "$output"
        output=$(field "$DEPLOY/$name/daemonset.yaml" "
[pod['securityContext']['seccompProfile']['type'],
 str(pod.get('hostPID')), str(pod.get('hostIPC'))]" | xargs)
        same "$name: pod" "RuntimeDefault None None" "$output"
    done
    output=$(field "$DEPLOY/base/daemonset.yaml" "
[v['hostPath']['path'] for v in pod['volumes'] if 'hostPath' in v]" | xargs)
    same "host folders" "/run/openvswitch /var/lib/ovs-netpol" "$output"
}

granted() {
    case $1:$2 in
    pods:get|pods:list|pods:watch) ;;
    namespaces:get|namespaces:list|namespaces:watch) ;;
    networking.k8s.io/networkpolicies:get) ;;
    networking.k8s.io/networkpolicies:list) ;;
    networking.k8s.io/networkpolicies:watch) ;;
    nodes:get|nodes:list|nodes:watch) ;;
    policy.networking.k8s.io/clusternetworkpolicies/status:patch) ;;
    policy.networking.k8s.io/*/*) return 1 ;;
    policy.networking.k8s.io/*:get|policy.networking.k8s.io/*:list) ;;
    policy.networking.k8s.io/*:watch) ;;
    events:create|events:patch) ;;
    *) return 1 ;;
    esac
}

# The API server is asked about each verb on each resource, everywhere and in
# one namespace.
test_verbs() {
    need
    local resource verb want
    for resource in $RESOURCES; do
        for verb in $VERBS; do
            want=no
            ! granted "$resource" "$verb" || want=yes
            review "$resource" "$verb" "$want"
        done
    done > "$LAB/reviews"
    [ "$(wc -l < "$LAB/reviews")" -gt 300 ]
    output=$(/usr/bin/python3 - "$LAB/reviews" "$KUBE_URL" "$KUBELAB" \
        <<'END'
import json, ssl, sys, http.client, urllib.parse
url = urllib.parse.urlparse(sys.argv[2])
context = ssl.create_default_context(cafile=sys.argv[3] + "/ca.crt")
token = open("/var/run/secrets/kubernetes.io/serviceaccount/token").read()
connection = http.client.HTTPSConnection(url.hostname, url.port,
                                         context=context)
for line in open(sys.argv[1]):
    resource, subresource, group, verb, want = line.rstrip("\n").split("|")
    for namespace in "", "shop", "kube-system":
        attributes = {"verb": verb, "group": group, "resource": resource,
                      "subresource": subresource, "namespace": namespace}
        connection.request(
            "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            json.dumps({"apiVersion": "authorization.k8s.io/v1",
                        "kind": "SelfSubjectAccessReview",
                        "spec": {"resourceAttributes": attributes}}),
            {"Content-Type": "application/json", "User-Agent": "kubelab",
             "Authorization": "Bearer " + token})
        answer = json.load(connection.getresponse())
        got = "yes" if answer["status"]["allowed"] else "no"
        if got != want:
            print(namespace or "everywhere", verb, group, resource,
                  subresource, "wanted", want, "got", got)
END
    )
    same reviews "" "$output"
}

# review RESOURCE VERB WANT: prints RESOURCE|SUBRESOURCE|GROUP|VERB|WANT.
review() {
    case $1 in
    *.k8s.io/*/*) set -- "${1%%/*}" "${1#*/}" "$2" "$3"
        echo "${2%%/*}|${2#*/}|$1|$3|$4" ;;
    *.k8s.io/*|apps/*|batch/*) echo "${1#*/}||${1%%/*}|$2|$3" ;;
    */*) echo "${1%%/*}|${1#*/}||$2|$3" ;;
    *) echo "$1|||$2|$3" ;;
    esac
}

# request METHOD PATH [BODY]: prints the status code of our request.
request() {
    curl -sS -A kubelab --max-time 5 -o "$LAB/answer" -w '%{http_code}' \
        --cacert "$KUBELAB/ca.crt" -X "$1" \
        -H "Authorization: Bearer $(cat "$KUBE_IN_CLUSTER/token")" \
        -H "Content-Type: ${4:-application/json}" \
        ${3:+--data-binary "$3"} "$KUBE_URL$2"
}

MERGE=application/merge-patch+json

# Real requests: what is granted works...
test_requests_granted() {
    need
    local path
    for path in /api/v1/pods /api/v1/namespaces /api/v1/nodes \
        /apis/networking.k8s.io/v1/networkpolicies; do
        same "list $path" 200 "$(request GET "$path?limit=1")"
        same "watch $path" 200 \
            "$(request GET "$path?watch=true&timeoutSeconds=1")"
    done
    same "get a pod" 200 "$(request GET /api/v1/namespaces/shop/pods/web)"
    same "create an event" 201 \
        "$(request POST /api/v1/namespaces/shop/events "$(an_event)")"
    same "patch an event" 200 "$(request PATCH \
        /api/v1/namespaces/shop/events/web.1 '{"count": 2}' "$MERGE")"
}

# ...and what reads or writes more is refused, of one object...
test_requests_refused() {
    need
    local path method
    for path in events secrets configmaps services serviceaccounts; do
        same "list $path" 403 "$(request GET "/api/v1/$path")"
        same "watch $path" 403 "$(request GET "/api/v1/$path?watch=true")"
    done
    for path in pods/web events/web.1 secrets/x configmaps/x pods/web/status
    do
        path=/api/v1/namespaces/shop/$path
        same "delete $path" 403 "$(request DELETE "$path")"
        same "put $path" 403 "$(request PUT "$path" '{}')"
    done
    for path in pods/web pods/web/status secrets/x; do
        same "patch $path" 403 "$(request PATCH \
            "/api/v1/namespaces/shop/$path" '{"metadata": {}}' "$MERGE")"
    done
    for method in exec attach portforward log; do
        same "$method" 403 "$(request GET \
            "/api/v1/namespaces/shop/pods/web/$method?command=id")"
    done
}

# ...or of many, or of those that grant.
test_requests_refused_at_large() {
    need
    local path
    same "create a pod" 403 "$(request POST /api/v1/namespaces/shop/pods '{}')"
    same "delete all pods" 403 \
        "$(request DELETE /api/v1/namespaces/shop/pods)"
    same "patch a namespace" 403 "$(request PATCH /api/v1/namespaces/shop \
        '{"metadata": {"labels": {"team": "ours"}}}' "$MERGE")"
    same "delete policies" 403 "$(request DELETE \
        /apis/networking.k8s.io/v1/namespaces/shop/networkpolicies)"
    same "patch nodes" 403 \
        "$(request PATCH /api/v1/nodes/worker '{"metadata": {}}' "$MERGE")"
    for path in v1alpha2/clusternetworkpolicies \
        v1alpha1/adminnetworkpolicies v1alpha1/baselineadminnetworkpolicies
    do
        path=/apis/policy.networking.k8s.io/$path
        same "list $path, which is not there" 404 "$(request GET "$path")"
        same "delete $path" 403 "$(request DELETE "$path")"
        same "create $path" 403 "$(request POST "$path" '{}')"
    done
    same "our own role" 403 "$(request PATCH \
        /apis/rbac.authorization.k8s.io/v1/clusterroles/ovs-netpol \
        '{"rules": []}' "$MERGE")"
    same "another token" 403 "$(request POST \
        /api/v1/namespaces/kube-system/serviceaccounts/ovs-netpol/token '{}')"
}

an_event() {
    cat <<'END'
{"apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": "Test",
 "metadata": {"namespace": "shop", "name": "web.1"},
 "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop",
                    "name": "web"},
 "message": "a test", "count": 1}
END
}

# The daemon as the manifest runs it: its arguments, its user's rights, and the
# files of its service account.
test_daemon() {
    need
    local args
    echo "bridge: $BRIDGE" > "$LAB/config.yaml"
    mapfile -t args < <(field "$DEPLOY/base/daemonset.yaml" \
        "pod['containers'][0]['args']")
    args=("${args[@]//\$(NODE_NAME)/worker}")
    args=("${args[@]/#--config=*/--config=$LAB/config.yaml}")
    args=("${args[@]/#--state-dir=*/--state-dir=$LAB/state}")
    kube_daemon_start "${args[@]}"
    same capabilities 0000000000000000 "$(sed -n 's/^CapEff:[[:space:]]*//p' \
        "/proc/$(cat "$OVS_RUNDIR/ovs-netpold.pid")/status")"
    kube_expect <<< "shop/web -> shop/db tcp/5432 ok"
    kube create -f - <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: shop, name: db}
spec: {podSelector: {matchLabels: {app: db}}}
END
    kube_expect <<< "shop/web -> shop/db tcp/5432 denied"
    kube delete networkpolicy -n shop db
    kube_expect <<< "shop/web -> shop/db tcp/5432 ok"
}

# probe NAME: what the kubelet does for it.
probe() {
    local command
    mapfile -t command < <(field "$DEPLOY/base/daemonset.yaml" "
(lambda probe, ports: probe['exec']['command'] if 'exec' in probe else
 ['curl', '-sS', '--fail-with-body', '--max-time', '5', 'http://%s:%d%s' % (
     probe['httpGet']['host'], ports[probe['httpGet']['port']],
     probe['httpGet']['path'])])(
  pod['containers'][0]['$1'],
  {p['name']: p['containerPort'] for p in pod['containers'][0]['ports']})")
    "${command[@]}"
}

test_probes() {
    need
    local name
    for name in startupProbe livenessProbe readinessProbe; do
        exits 0 probe "$name"
    done
    # Its socket is not there any more: only a new container helps.
    mv "$OVS_RUNDIR" "$OVS_RUNDIR.away"
    exits 2 probe livenessProbe
    mv "$OVS_RUNDIR.away" "$OVS_RUNDIR"
    exits 0 probe livenessProbe
}

# Each rule that is missing is named, and what was in force stays.
test_missing_rules() {
    need
    log_allow 'kube|forbidden' "it may not do what it needs"
    local resource
    daemon_stop
    for resource in namespaces pods networkpolicies; do
        role_without "$resource"
        kube_daemon_start
        until_ok 10 says_forbidden "$resource"
        exits 0 probe startupProbe
        exits 0 probe livenessProbe
        exits 22 probe readinessProbe
        contains reason "API server: .*$resource.* forbidden" "$output"
        daemon_stop
    done
    kube apply -f "$DEPLOY/base/rbac.yaml"
    kube_daemon_start
    kube_expect <<< "shop/web -> shop/db tcp/5432 ok"
    exits 0 probe readinessProbe
    daemon_stop

    # Of what not every cluster has: a problem, and all else works.
    role_without clusternetworkpolicies
    kube_daemon_start
    kube_expect <<< "shop/web -> shop/db tcp/5432 ok"
    exits 0 probe readinessProbe
    kube_follows
    contains problem \
        'ClusterNetworkPolicy .*clusternetworkpolicies.* is forbidden' \
        "$(ovs-netpol status)"
    same state forbidden "$(status kubernetes.clusternetworkpolicies.state)"
    kube apply -f "$DEPLOY/base/rbac.yaml"
    until_ok 35 has_no_problems
    same state absent "$(status kubernetes.clusternetworkpolicies.state)"
}

has_no_problems() {
    [ "$(status problems)" = "[]" ]
}

# Our role as in the manifest, without one resource.
role_without() {
    kube apply -f "$DEPLOY/base/rbac.yaml"
    kube get clusterrole ovs-netpol -o json | /usr/bin/python3 -c '
import json, sys
role = json.load(sys.stdin)
for rule in role["rules"]:
    rule["resources"] = [r for r in rule["resources"] if r != sys.argv[1]]
role["rules"] = [rule for rule in role["rules"] if rule["resources"]]
json.dump(role, sys.stdout)' "$1" | kube replace -f -
}

says_forbidden() {
    ovs-netpol status | grep -Eq "$1.* is forbidden"
}

# Uninstalled: nothing of ours is in the switch.
test_cleanup() {
    need
    local args
    daemon_stop
    [ "$(flows "cookie=0x6e70000000000000/0xffff000000000000" | wc -l)" -gt 1 ]
    mapfile -t args < <(field "$DEPLOY/cleanup/daemonset.yaml" \
        "pod['initContainers'][0]['args']")
    args=("${args[@]/#--config=*/--config=$LAB/config.yaml}")
    args=("${args[@]/#--state-dir=*/--state-dir=$LAB/state}")
    setpriv --bounding-set=-all --inh-caps=-all --no-new-privs -- \
        ovs-netpold -vconsole:off "${args[@]}"
    same flows 1 "$(flows | grep -c actions)"
}
