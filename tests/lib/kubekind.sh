# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# kubekind: ClusterNetworkPolicy as a kind that comes and goes, in a laboratory
# of kubelab.sh, which is sourced first.
#
# Policies are objects of upstream's resource definition, the file $NETPOL_CRD.
# Where there is no such file, or kube-apiserver ends at the first object of
# any definition (HACKING.md says which builds do), tests/lib/extension.py
# keeps them, behind the aggregation layer; nothing validates them there.
#
#   kind_choose             tries which of the two; the kind is absent then
#   kind_reason             why not the definition; fails if it is used
#   kind_install [extension]    the kind is there, kept by the extension
#   kind_remove             it goes, and so do its policies
#   kind_extend             it has peers that are experimental upstream
#   definition_apply, definition_delete     by kubectl
#   extension_start, extension_stop         the server that keeps policies
#   old_kinds_install, old_kinds_remove     those of v1alpha1, kept by it

KIND=clusternetworkpolicies
CRD=customresourcedefinition/$KIND.policy.networking.k8s.io
APISERVICE=apiservice/v1alpha2.policy.networking.k8s.io

kind_choose() {
    if [ ! -r "${NETPOL_CRD-}" ]; then
        echo "needs the definition of ClusterNetworkPolicy (NETPOL_CRD)" \
            > "$KUBELAB/kind.reason"
        return
    fi
    definition_apply
    kind_try "$(cat "$KUBELAB/kube-apiserver.pid")"
    definition_delete
}

# Makes one object.  If it cannot be made, the server must have ended: anything
# else is no reason to do without.
kind_try() {
    kind_dummy '' | kube create -f - && return
    until_ok 10 process_is_gone "$1"
    echo "this kube-apiserver ends at the first object of a definition" \
        > "$KUBELAB/kind.reason"
    kubelab_api_start
}

# A policy with egress rules in JSON.
kind_dummy() {
    cat <<END
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: dummy}
spec: {tier: Admin, priority: 0, subject: {namespaces: {}}, egress: [$1]}
END
}

kind_reason() {
    cat "$KUBELAB/kind.reason" 2>/dev/null
}

kind_install() {
    if [ "${1-}" = extension ] || kind_reason >/dev/null; then
        ! is_there "$CRD" || definition_delete
        [ -e "$KUBELAB/extension.pid" ] || extension_start
        is_there "$APISERVICE" || extension_register
    else
        [ ! -e "$KUBELAB/extension.pid" ] || extension_remove
        is_there "$CRD" || definition_apply
    fi
}

kind_remove() {
    if [ -e "$KUBELAB/extension.pid" ]; then
        # As when a definition is deleted: first its objects, then the kind.
        kube delete $KIND --all
        extension_remove
    else
        definition_delete
    fi
}

is_there() {
    kube get "$1" >/dev/null 2>&1
}

is_gone() {
    ! is_there "$1"
}

# The standard channel leaves the fields of the experimental one out.
kind_extend() {
    [ ! -e "$KUBELAB/extension.pid" ] || return 0
    local peer=/spec/versions/0/schema/openAPIV3Schema/properties/spec
    peer+=/properties/egress/items/properties/to/items/properties
    kube patch "$CRD" --type=json -p '[
        {"op": "add", "path": "'$peer'/nodes", "value":
            {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
        {"op": "add", "path": "'$peer'/domainNames", "value":
            {"type": "array", "items": {"type": "string"}}}]'
    until_ok 20 kind_takes '{action: Deny, to: [{nodes: {}}]}'
}

# kind_takes RULE: kubectl and the API server know its fields.
kind_takes() {
    kind_dummy "$1" | kube create --dry-run=server -f - >/dev/null 2>&1
}

# kubectl's own check knows no x-kubernetes-validations.
definition_apply() {
    kube apply --validate=false -f "$NETPOL_CRD"
    kube wait --for condition=established --timeout=20s "$CRD"
    until_ok 20 is_there $KIND
}

# The API server takes its APIService back a little later.
definition_delete() {
    kube delete "$CRD"
    until_ok 20 is_gone "$APISERVICE"
}

# On the machine of the API server.
extension_start() {
    nsenter --net=/run/netns/kube -- "$NETLAB_TOP/tests/lib/extension.py" \
        "$KUBE_HOST" 6444 "$KUBELAB/apiserver.crt" "$KUBELAB/apiserver.key" \
        </dev/null >>"$KUBELAB/extension.log" 2>&1 &
    echo $! > "$KUBELAB/extension.pid"
}

extension_stop() {
    kill -KILL "$(cat "$KUBELAB/extension.pid")"
    rm "$KUBELAB/extension.pid"
}

extension_remove() {
    kube delete "$APISERVICE"
    extension_stop
}

# The API server hands requests for policies, of VERSION and such as KIND, over
# to it: extension_register [VERSION KIND]
extension_register() {
    local version=${1-v1alpha2} kind=${2-$KIND}
    kube apply -f - <<END
apiVersion: v1
kind: Service
metadata: {namespace: kube-system, name: extension}
spec: {ports: [{port: 443, targetPort: 6444}]}
---
apiVersion: v1
kind: Endpoints
metadata: {namespace: kube-system, name: extension}
subsets:
- addresses: [{ip: $KUBE_HOST}]
  ports: [{port: 6444}]
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: $version.policy.networking.k8s.io}
spec:
  group: policy.networking.k8s.io
  version: $version
  service: {namespace: kube-system, name: extension}
  insecureSkipTLSVerify: true
  groupPriorityMinimum: 1000
  versionPriority: 10
END
    until_ok 30 is_there "$kind"
}

old_kinds_install() {
    if [ ! -e "$KUBELAB/extension.pid" ]; then
        touch "$KUBELAB/extension.for-old-kinds"
        extension_start
    fi
    extension_register v1alpha1 baselineadminnetworkpolicies
}

# First the objects, then the kinds, as with a definition.
old_kinds_remove() {
    kube delete adminnetworkpolicies,baselineadminnetworkpolicies --all
    kube delete apiservice/v1alpha1.policy.networking.k8s.io
    if rm "$KUBELAB/extension.for-old-kinds" 2>/dev/null; then
        extension_stop
    fi
}
