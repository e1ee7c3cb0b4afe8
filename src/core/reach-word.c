/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies tell pods and addresses apart by. */

#include <config.h>

#include "reach-private.h"

#include <stdlib.h>
#include <string.h>

#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

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

static void
add_nodes(struct reach_words *w, const struct selector *nodes)
{
    if (w->n_nodes >= w->allocated_nodes) {
        w->nodes = x2nrealloc(w->nodes, &w->allocated_nodes,
                              sizeof *w->nodes);
    }
    w->nodes[w->n_nodes++] = nodes;
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
    if (!is_new) {
        return;
    }
    if (peer->nodes) {
        add_nodes(w, peer->nodes);
    } else if (peer->block) {
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
    free(w->nodes);
    reach_cuts_uninit(&w->cuts);
    shash_destroy(&w->port_names);
}

static void
put_number(struct ds *signature, uint32_t x)
{
    ds_put_buffer(signature, (const char *) &x, sizeof x);
}

void
reach_words_sign_address(const struct reach_words *w,
                         const struct in6_addr *addr, struct ds *signature)
{
    for (size_t i = 0; i < w->n_blocks; i++) {
        if (k8s_ip_block_contains(w->blocks[i], addr)) {
            put_number(signature, i);
        }
    }
    put_number(signature, UINT32_MAX);
}

void
reach_words_sign_node(const struct reach_words *w,
                      const struct k8s_node *node, struct ds *signature)
{
    for (size_t i = 0; i < w->n_nodes; i++) {
        if (selector_matches(w->nodes[i], node->labels)) {
            put_number(signature, i);
        }
    }
    put_number(signature, UINT32_MAX);
}
