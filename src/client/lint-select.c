/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules about who is selected. */

#include <config.h>

#include "lint.h"

#include <string.h>

#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

void
lint_find_nobody(struct lint *lint, char *path, const struct k8s_peer *pods,
                 const char *ns)
{
    struct ds text = DS_EMPTY_INITIALIZER;

    k8s_format_peer(pods, ns, &text);
    lint_find(lint, path, "%s: there are none", ds_cstr(&text));
    ds_destroy(&text);
}

void
lint_selects_nobody(struct lint *lint, const struct k8s_policy *policy)
{
    const struct k8s_peer pods = { .pods = policy->pods };

    if (lint->knows_pods && !lint->pods.n) {
        lint_find_nobody(lint, xstrdup("spec.podSelector"), &pods,
                         policy->up.ns);
    }
}

void
lint_peer_selects_nobody(struct lint *lint, const struct k8s_policy *policy)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        for (size_t i = 0; i < policy->n_rules[d]; i++) {
            const struct k8s_rule *rule = &policy->rules[d][i];

            for (size_t j = 0; j < rule->n_peers; j++) {
                const struct k8s_peer *peer = &rule->peers[j];

                if (lint->knows_pods && !peer->block
                    && !lint_count_peers(lint, peer, policy->up.ns)) {
                    lint_find_nobody(lint,
                                     lint_path(d, i, lint_peers_name(d), j),
                                     peer, policy->up.ns);
                }
            }
        }
    }
}

void
lint_selects_host_network(struct lint *lint, const struct k8s_policy *policy)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;
    const char *example = NULL;
    size_t n = 0;

    while ((object = model_next(lint->model, K8S_POD, &pos))) {
        const struct k8s_pod *pod = k8s_pod_cast(object);

        if (pod->host_network && !pod->finished
            && !strcmp(pod->up.ns, policy->up.ns)
            && selector_matches(policy->pods, pod->labels)) {
            example = (!example || strcmp(pod->up.name, example) < 0
                       ? pod->up.name : example);
            n++;
        }
    }
    if (n) {
        lint_find(lint, xstrdup("spec.podSelector"),
                  "selects %"PRIuSIZE" hostNetwork pod%s, such as %s, on "
                  "which it has no effect: their traffic is the node's", n,
                  n == 1 ? "" : "s", example);
    }
}

/* Addresses of live pods in 'block'. */
static size_t
count_addresses(const struct model *model, const struct k8s_ip_block *block)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;
    size_t n = 0;

    while ((object = model_next(model, K8S_POD, &pos))) {
        const struct k8s_pod *pod = k8s_pod_cast(object);

        for (size_t i = 0; model_pod_is_live(pod) && i < pod->n_addresses;
             i++) {
            bool in = prefix_contains_address(&block->cidr,
                                              &pod->addresses[i]);

            for (size_t j = 0; in && j < block->n_excepts; j++) {
                in = !prefix_contains_address(&block->excepts[j],
                                              &pod->addresses[i]);
            }
            n += in;
        }
    }
    return n;
}

/* "Everywhere" is not a mistake. */
void
lint_block_contains_pods(struct lint *lint, const struct k8s_policy *policy)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        for (size_t i = 0; i < policy->n_rules[d]; i++) {
            const struct k8s_rule *rule = &policy->rules[d][i];

            for (size_t j = 0; j < rule->n_peers; j++) {
                const struct k8s_ip_block *block = rule->peers[j].block;
                size_t n = (block && block->cidr.length
                            ? count_addresses(lint->model, block) : 0);

                if (n) {
                    lint_find(lint, lint_path(d, i, lint_peers_name(d), j),
                              "contains the address%s of %"PRIuSIZE" pod%s; "
                              "ipBlocks are for what is outside, other "
                              "implementations may not match pods by address",
                              n == 1 ? "" : "es", n, n == 1 ? "" : "s");
                }
            }
        }
    }
}

static bool
is_only_namespaces(const struct k8s_peer *peer)
{
    return (peer->namespaces && peer->pods && selector_is_empty(peer->pods)
            && !selector_is_empty(peer->namespaces));
}

static bool
is_only_pods(const struct k8s_peer *peer)
{
    return (!peer->block && !peer->nodes && !peer->namespaces
            && !selector_is_empty(peer->pods));
}

void
lint_either_or(struct lint *lint, const struct k8s_policy *policy)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        for (size_t i = 0; i < policy->n_rules[d]; i++) {
            const struct k8s_rule *rule = &policy->rules[d][i];

            for (size_t j = 0; j + 1 < rule->n_peers; j++) {
                if (is_only_namespaces(&rule->peers[j])
                    && is_only_pods(&rule->peers[j + 1])) {
                    lint_find(lint, lint_path(d, i, lint_peers_name(d), j),
                              "allows all pods of these namespaces, or by the "
                              "next item pods of namespace %s; if both should "
                              "hold, write them as one item", policy->up.ns);
                }
            }
        }
    }
}
