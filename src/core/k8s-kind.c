/* SPDX-License-Identifier: Apache-2.0
 *
 * Kinds of objects, and which one a document is of. */

#include <config.h>

#include "k8s.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "doc.h"

static const struct {
    const char *name;
    const char *api_version;
} kinds[K8S_N_KINDS] = {
    [K8S_NAMESPACE] = {"Namespace", "v1"},
    [K8S_POD] = {"Pod", "v1"},
    [K8S_POLICY] = {"NetworkPolicy", "networking.k8s.io/v1"},
    [K8S_NODE] = {"Node", "v1"},
    [K8S_CLUSTER_POLICY] = {"ClusterNetworkPolicy",
                            "policy.networking.k8s.io/v1alpha2"},
    [K8S_ADMIN_POLICY] = {"AdminNetworkPolicy",
                          "policy.networking.k8s.io/v1alpha1"},
    [K8S_BASELINE_POLICY] = {"BaselineAdminNetworkPolicy",
                             "policy.networking.k8s.io/v1alpha1"},
};

const char *
k8s_kind_name(enum k8s_kind kind)
{
    ovs_assert(kind < K8S_N_KINDS);
    return kinds[kind].name;
}

const char *
k8s_api_version(enum k8s_kind kind)
{
    ovs_assert(kind < K8S_N_KINDS);
    return kinds[kind].api_version;
}

bool
k8s_kind_has_namespace(enum k8s_kind kind)
{
    return kind == K8S_POD || kind == K8S_POLICY;
}

bool
k8s_kind_is_cluster_policy(enum k8s_kind kind)
{
    return (kind == K8S_CLUSTER_POLICY || kind == K8S_ADMIN_POLICY
            || kind == K8S_BASELINE_POLICY);
}

/* True if 'kind' is ITEM plus "List"; then '*length' is that of ITEM. */
static bool
is_list_kind(const char *kind, size_t *length)
{
    static const char suffix[] = "List";
    size_t n = strlen(kind);

    if (n < strlen(suffix) || strcmp(kind + n - strlen(suffix), suffix)) {
        return false;
    }
    *length = n - strlen(suffix);
    return true;
}

bool
k8s_is_list(const struct doc_node *node)
{
    const char *kind = doc_node_get_string(node, "kind");
    const struct doc_node *items = doc_node_get(node, "items");
    size_t length;

    return kind && is_list_kind(kind, &length)
           && (!length || (items && doc_node_type(items) == DOC_LIST));
}

bool
k8s_identify(const struct doc_node *node, const struct doc_node *list,
             enum k8s_kind *kindp)
{
    const char *kind = doc_node_get_string(node, "kind");
    const char *api_version = doc_node_get_string(node, "apiVersion");
    size_t length = kind ? strlen(kind) : 0;

    if (doc_node_type(node) != DOC_MAP) {
        return false;
    }
    if (!kind && list) {
        kind = doc_node_get_string(list, "kind");
        if (kind && !is_list_kind(kind, &length)) {
            kind = NULL;
        }
        if (!api_version) {
            api_version = doc_node_get_string(list, "apiVersion");
        }
    }
    if (!kind || !api_version) {
        return false;
    }

    for (enum k8s_kind k = 0; k < K8S_N_KINDS; k++) {
        if (length == strlen(kinds[k].name)
            && !strncmp(kind, kinds[k].name, length)
            && !strcmp(api_version, kinds[k].api_version)) {
            *kindp = k;
            return true;
        }
    }
    return false;
}
