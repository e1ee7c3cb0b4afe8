/* SPDX-License-Identifier: Apache-2.0
 *
 * Which nodes the policies cannot tell apart. */

#include <config.h>

#include "reach-private.h"

#include <stdlib.h>

#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* The addresses by which policies know 'node', into 'addrs', which has room
 * for one of each family.  Returns how many: none if they are our own node's,
 * or others have them. */
static size_t
list_addresses(const struct reach *r, const struct k8s_node *node,
               struct in6_addr addrs[REACH_N_FAMILIES])
{
    bool seen[REACH_N_FAMILIES] = { false, false };
    size_t n = 0;

    for (size_t i = 0; i < node->n_addresses; i++) {
        const struct in6_addr *addr = &node->addresses[i];
        int family = address_is_v6(addr) ? REACH_V6 : REACH_V4;

        if (!seen[family] && !model_is_node_address(r->model, addr)
            && !model_is_service_address(r->model, addr)
            && model_node_by_address(r->model, addr) == node) {
            seen[family] = true;
            addrs[n++] = *addr;
        }
    }
    return n;
}

static void
add_node(struct reach *r, const struct k8s_node *node)
{
    struct ds signature = DS_EMPTY_INITIALIZER;
    struct in6_addr addrs[REACH_N_FAMILIES];
    size_t n = list_addresses(r, node, addrs);

    if (!n) {
        return;
    }
    ds_put_cstr(&signature, "node");
    reach_words_sign_node(&r->words, node, &signature);
    for (size_t i = 0; i < n; i++) {
        ds_put_char(&signature, address_is_v6(&addrs[i]) ? '6' : '4');
        reach_words_sign_address(&r->words, &addrs[i], &signature);
    }

    struct reach_class *class = &reach_class_get(r, &signature)->class;
    for (size_t i = 0; i < n; i++) {
        reach_class_set_end(class, 0, NULL, &addrs[i]);
    }
    ptrs_add(&class->nodes, node);
    ds_destroy(&signature);
}

void
reach_add_nodes(struct reach *r)
{
    size_t n;
    const struct k8s_object **nodes
        = (r->words.n_nodes ? model_sorted(r->model, K8S_NODE, &n) : NULL);

    for (size_t i = 0; nodes && i < n; i++) {
        add_node(r, k8s_node_cast(nodes[i]));
    }
    free(nodes);
}
