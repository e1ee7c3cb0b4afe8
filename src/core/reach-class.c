/* SPDX-License-Identifier: Apache-2.0
 *
 * Which pods the policies cannot tell apart. */

#include <config.h>

#include "reach-private.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "util.h"

/* Words. */

static void
add_block(struct reach_words *w, const struct k8s_ip_block *block)
{
    if (w->n_blocks >= w->allocated_blocks) {
        w->blocks = x2nrealloc(w->blocks, &w->allocated_blocks,
                               sizeof *w->blocks);
    }
    w->blocks[w->n_blocks++] = block;
}

static void
add_pods_peer(struct reach_words *w, const struct reach_peer *peer)
{
    if (w->n_peers >= w->allocated_peers) {
        w->peers = x2nrealloc(w->peers, &w->allocated_peers,
                              sizeof *w->peers);
    }
    w->peers[w->n_peers++] = *peer;
}

/* Adds 'peer' of a policy in 'ns' unless 'seen' has it, which maps texts to
 * nothing.  No pod is a node (S40). */
static void
add_peer(struct reach_words *w, const char *ns, const struct k8s_peer *peer,
         struct shash *seen)
{
    struct ds text = DS_EMPTY_INITIALIZER;

    k8s_format_peer(peer, ns, &text);
    bool is_new = shash_add_once(seen, ds_cstr(&text), NULL);
    ds_destroy(&text);
    if (!is_new || peer->nodes) {
        return;
    }
    if (peer->block) {
        add_block(w, peer->block);
    } else {
        add_pods_peer(w, &(struct reach_peer) {
            .ns = peer->namespaces ? NULL : ns,
            .namespaces = peer->namespaces,
            .pods = peer->pods,
        });
    }
}

static void
add_rule(struct reach_words *w, const char *ns, const struct k8s_rule *rule,
         struct shash *seen)
{
    for (size_t i = 0; i < rule->n_peers; i++) {
        add_peer(w, ns, &rule->peers[i], seen);
    }
    for (size_t i = 0; i < rule->n_ports; i++) {
        if (rule->ports[i].name) {
            shash_add_once(&w->port_names, rule->ports[i].name, NULL);
        }
    }
}

static void
add_policies(struct reach_words *w, const struct model *model,
             struct shash *seen)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;

    while ((object = model_next(model, K8S_POLICY, &pos))) {
        const struct k8s_policy *policy = k8s_policy_cast(object);

        for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
            for (size_t i = 0; i < policy->n_rules[d]; i++) {
                add_rule(w, policy->up.ns, &policy->rules[d][i], seen);
            }
        }
    }
}

/* Policies of the whole cluster select their subjects as if they were
 * peers. */
static void
add_cluster_policies(struct reach_words *w, const struct model *model,
                     enum k8s_kind kind, struct shash *seen)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;

    while ((object = model_next(model, kind, &pos))) {
        const struct k8s_cluster_policy *policy
            = k8s_cluster_policy_cast(object);

        add_pods_peer(w, &(struct reach_peer) {
            .namespaces = policy->namespaces,
            .pods = policy->pods,
        });
        for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
            for (size_t i = 0; i < policy->n_rules[d]; i++) {
                add_rule(w, "", &policy->rules[d][i].match, seen);
                reach_cuts_add_rule(&w->cuts, &policy->rules[d][i].match);
            }
        }
    }
}

void
reach_words_init(struct reach_words *w, const struct model *model)
{
    struct shash seen = SHASH_INITIALIZER(&seen);

    memset(w, 0, sizeof *w);
    shash_init(&w->port_names);
    add_policies(w, model, &seen);
    for (int kind = 0; kind < K8S_N_KINDS; kind++) {
        if (k8s_kind_is_cluster_policy(kind)) {
            add_cluster_policies(w, model, kind, &seen);
        }
    }
    shash_destroy(&seen);
}

void
reach_words_uninit(struct reach_words *w)
{
    free(w->peers);
    free(w->blocks);
    reach_cuts_uninit(&w->cuts);
    shash_destroy(&w->port_names);
}

/* Signatures. */

static void
put_number(struct ds *signature, uint32_t x)
{
    ds_put_buffer(signature, (const char *) &x, sizeof x);
}

static bool
block_contains(const struct k8s_ip_block *block, const struct in6_addr *addr)
{
    if (!prefix_contains_address(&block->cidr, addr)) {
        return false;
    }
    for (size_t i = 0; i < block->n_excepts; i++) {
        if (prefix_contains_address(&block->excepts[i], addr)) {
            return false;
        }
    }
    return true;
}

void
reach_words_sign_address(const struct reach_words *w,
                         const struct in6_addr *addr, struct ds *signature)
{
    for (size_t i = 0; i < w->n_blocks; i++) {
        if (block_contains(w->blocks[i], addr)) {
            put_number(signature, i);
        }
    }
    put_number(signature, UINT32_MAX);
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

/* Classes. */

static uint32_t
hash_signature(const struct ds *signature)
{
    return hash_bytes(signature->string, signature->length, 0);
}

struct reach_class_node *
reach_class_find(const struct reach *r, const struct ds *signature)
{
    struct reach_class_node *node;

    HMAP_FOR_EACH_WITH_HASH (node, node, hash_signature(signature),
                             &r->by_signature) {
        if (node->size == signature->length
            && !memcmp(node->signature, signature->string, node->size)) {
            return node;
        }
    }
    return NULL;
}

struct reach_class_node *
reach_class_get(struct reach *r, const struct ds *signature)
{
    struct reach_class_node *node = reach_class_find(r, signature);

    if (!node) {
        node = xzalloc(sizeof *node);
        node->size = signature->length;
        node->signature = xmemdup(signature->string, signature->length);
        node->class.index = r->classes.n;
        hmap_insert(&r->by_signature, &node->node, hash_signature(signature));
        ptrs_add(&r->classes, node);
    }
    return node;
}

void
reach_classes_uninit(struct reach *r)
{
    struct reach_class_node *node;

    HMAP_FOR_EACH_POP (node, node, &r->by_signature) {
        for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
            free(node->rules[d]);
        }
        ptrs_uninit(&node->class.pods);
        free(node->class.nets);
        free(node->signature);
        free(node);
    }
    hmap_destroy(&r->by_signature);
    ptrs_uninit(&r->classes);
}

void
reach_class_set_end(struct reach_class *class, size_t member,
                    const struct k8s_pod *pod, const struct in6_addr *addr)
{
    int family = address_is_v6(addr) ? REACH_V6 : REACH_V4;

    if (!class->has_end[member][family]) {
        class->has_end[member][family] = true;
        class->ends[member][family] = (struct verdict_endpoint) {
            .pod = pod,
            .address = *addr,
        };
    }
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

        if (!seen[family] && !reach_is_node(r->model, addr)
            && model_pod_by_address(r->model, addr) == pod) {
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
        put_number(&signature, reach_is_service(r->model, &addrs[i]));
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
