/* SPDX-License-Identifier: Apache-2.0
 *
 * Which pods the policies cannot tell apart. */

#include <config.h>

#include "reach-private.h"

#include <stdlib.h>
#include <string.h>

#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "util.h"

static void
put_number(struct ds *signature, uint32_t x)
{
    ds_put_buffer(signature, (const char *) &x, sizeof x);
}

static bool
peer_matches(const struct reach_peer *p, const struct k8s_pod *pod,
             const struct label_set *space)
{
    return ((p->ns
             ? !strcmp(p->ns, pod->up.ns)
             : selector_matches(p->namespaces, space))
            && selector_matches(p->pods, pod->labels));
}

/* Who selects 'pod', as subject and as peer.  Depends on its namespace and
 * labels only. */
static void
sign_labels(const struct reach *r, const struct k8s_pod *pod,
            struct ds *signature)
{
    const struct label_set *space = model_namespace_labels(r->model,
                                                           pod->up.ns);
    size_t n;
    const struct k8s_policy *const *policies
        = model_namespace_policies(r->model, pod->up.ns, &n);

    put_number(signature, model_namespace_is_audited(r->model, pod->up.ns));
    for (size_t i = 0; i < n; i++) {
        if (selector_matches(policies[i]->pods, pod->labels)) {
            ds_put_buffer(signature, (const char *) &policies[i],
                          sizeof policies[i]);
        }
    }
    put_number(signature, UINT32_MAX);
    for (size_t i = 0; i < r->words.n_peers; i++) {
        if (peer_matches(&r->words.peers[i], pod, space)) {
            put_number(signature, i);
        }
    }
    put_number(signature, UINT32_MAX);
}

static void
sign_ports(const struct reach *r, const struct k8s_pod *pod,
           struct ds *signature)
{
    for (size_t i = 0; i < pod->n_ports; i++) {
        const struct k8s_named_port *port = &pod->ports[i];

        if (shash_find(&r->words.port_names, port->name)) {
            ds_put_format(signature, "%s", port->name);
            put_number(signature, (uint32_t) port->protocol << 16
                                  | port->number);
        }
    }
    put_number(signature, UINT32_MAX);
}

/* The addresses that count for 'pod', into 'addrs', which has room for one of
 * each family.  Returns how many: none if newer pods (S39) or the node have
 * all of them. */
static size_t
list_addresses(const struct reach *r, const struct k8s_pod *pod,
               struct in6_addr addrs[REACH_N_FAMILIES])
{
    bool seen[REACH_N_FAMILIES] = { false, false };
    size_t n = 0;

    if (!pod->n_addresses) {
        addrs[0] = in6_addr_mapped_ipv4(INADDR_ANY);
        return 1;
    }
    for (size_t i = 0; i < pod->n_addresses; i++) {
        const struct in6_addr *addr = &pod->addresses[i];
        int family = address_is_v6(addr) ? REACH_V6 : REACH_V4;

        if (!seen[family] && !model_is_node_address(r->model, addr)
            && model_pod_owns(r->model, pod, addr)) {
            seen[family] = true;
            addrs[n++] = *addr;
        }
    }
    return n;
}

/* Many pods have the same labels: what follows from them is kept. */
static const struct ds *
labels_signature(const struct reach *r, const struct k8s_pod *pod,
                 struct shash *known)
{
    char *key = xasprintf("%s/%p", pod->up.ns, (void *) pod->labels);
    struct ds *signature = shash_find_data(known, key);

    if (!signature) {
        signature = xmalloc(sizeof *signature);
        ds_init(signature);
        sign_labels(r, pod, signature);
        shash_add(known, key, signature);
    }
    free(key);
    return signature;
}

/* Notes the rules of the policies that select 'pod', and so its class. */
static void
add_rules(const struct reach *r, struct reach_class_node *node,
          enum k8s_direction direction, const struct k8s_pod *pod)
{
    struct reach_rule **rules = &node->rules[direction];
    size_t *n_rules = &node->n_rules[direction];
    size_t n;
    const struct k8s_policy *const *policies
        = model_namespace_policies(r->model, pod->up.ns, &n);

    for (size_t i = 0; i < n; i++) {
        const struct k8s_policy *policy = policies[i];

        if (!policy->n_rules[direction]
            || !selector_matches(policy->pods, pod->labels)) {
            continue;
        }
        *rules = xrealloc(*rules, ((*n_rules + policy->n_rules[direction])
                                   * sizeof **rules));
        for (size_t j = 0; j < policy->n_rules[direction]; j++) {
            (*rules)[(*n_rules)++] = (struct reach_rule) {
                &policy->rules[direction][j], policy->up.ns
            };
        }
    }
}

static bool
cluster_policy_restricts(const struct reach *r,
                         const struct k8s_cluster_policy *policy,
                         enum k8s_direction direction,
                         const struct k8s_pod *pod)
{
    return (policy->n_rules[direction]
            && selector_matches(policy->namespaces,
                                model_namespace_labels(r->model, pod->up.ns))
            && selector_matches(policy->pods, pod->labels));
}

static bool
is_restricted(const struct reach *r, enum k8s_direction direction,
              const struct k8s_pod *pod)
{
    size_t n;
    const struct k8s_policy *const *policies
        = model_namespace_policies(r->model, pod->up.ns, &n);

    for (size_t i = 0; i < n; i++) {
        if (policies[i]->isolates[direction]
            && selector_matches(policies[i]->pods, pod->labels)) {
            return true;
        }
    }
    for (int kind = 0; kind < K8S_N_KINDS; kind++) {
        struct hmap_position pos = { 0, 0 };
        const struct k8s_object *object;

        while (k8s_kind_is_cluster_policy(kind)
               && (object = model_next(r->model, kind, &pos))) {
            if (cluster_policy_restricts(r, k8s_cluster_policy_cast(object),
                                         direction, pod)) {
                return true;
            }
        }
    }
    return false;
}

static void
add_pod(struct reach *r, const struct k8s_pod *pod, struct shash *known)
{
    struct ds signature = DS_EMPTY_INITIALIZER;
    struct in6_addr addrs[REACH_N_FAMILIES];

    size_t n = list_addresses(r, pod, addrs);
    if (!n) {
        return;
    }
    const struct ds *by_labels = labels_signature(r, pod, known);
    ds_put_buffer(&signature, by_labels->string, by_labels->length);
    sign_ports(r, pod, &signature);
    for (size_t i = 0; i < n; i++) {
        put_number(&signature, address_is_v6(&addrs[i]));
        put_number(&signature, model_is_service_address(r->model, &addrs[i]));
        reach_words_sign_address(&r->words, &addrs[i], &signature);
    }

    struct reach_class_node *node = reach_class_get(r, &signature);
    if (node->class.pods.n < 2) {
        for (size_t i = 0; i < n; i++) {
            reach_class_set_end(&node->class, node->class.pods.n, pod,
                                &addrs[i]);
        }
    }
    if (!node->class.pods.n) {
        for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
            add_rules(r, node, d, pod);
            node->class.restricted[d] = is_restricted(r, d, pod);
        }
    }
    ptrs_add(&node->class.pods, pod);
    reach_note_pod(r, pod, &node->class);
    ds_destroy(&signature);
}

void
reach_add_pods(struct reach *r)
{
    struct shash known = SHASH_INITIALIZER(&known);
    struct shash_node *node;
    size_t n;

    const struct k8s_object **pods = model_sorted(r->model, K8S_POD, &n);
    for (size_t i = 0; i < n; i++) {
        const struct k8s_pod *pod = k8s_pod_cast(pods[i]);

        if (model_pod_is_live(pod)) {
            add_pod(r, pod, &known);
        }
    }
    free(pods);
    SHASH_FOR_EACH (node, &known) {
        ds_destroy(node->data);
    }
    shash_destroy_free_data(&known);
}
