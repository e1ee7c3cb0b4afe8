/* SPDX-License-Identifier: Apache-2.0
 *
 * Nodes as members.  A pod of our own making stands for a node: it has the
 * node's name, labels and addresses, and nobody else knows it. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "group-private.h"
#include "hash.h"
#include "label.h"
#include "model.h"
#include "util.h"

struct group_node {
    struct hmap_node node;      /* In the groups' 'nodes', by name. */
    struct k8s_pod *pod;        /* Stands for it. */
    struct group_member *member;
};

static struct group_node *
find_node(const struct groups *gs, const char *name)
{
    struct group_node *n;

    HMAP_FOR_EACH_WITH_HASH (n, node, hash_string(name, 0), &gs->nodes) {
        if (!strcmp(n->pod->up.name, name)) {
            return n;
        }
    }
    return NULL;
}

const struct group_member *
group_member_of_node(const struct groups *gs, const char *name)
{
    const struct group_node *n = find_node(gs, name);

    return n ? n->member : NULL;
}

static struct k8s_pod *
make_pod(const struct k8s_node *node)
{
    struct k8s_pod *pod = xzalloc(sizeof *pod);

    pod->up.kind = K8S_POD;
    pod->up.name = xstrdup(node->up.name);
    pod->labels = label_set_ref(node->labels);
    pod->n_addresses = node->n_addresses;
    if (pod->n_addresses) {
        pod->addresses = xmemdup(node->addresses,
                                 node->n_addresses * sizeof *pod->addresses);
    }
    return pod;
}

static void
replace_pod(struct group_node *n, const struct k8s_node *node)
{
    model_unfollow(&n->member->up);
    k8s_object_destroy(&n->pod->up);
    n->pod = make_pod(node);
    model_follow(n->pod, &n->member->up);
}

static struct group_node *
create_node(struct groups *gs, const struct k8s_node *node)
{
    struct group_node *n = xzalloc(sizeof *n);

    n->pod = make_pod(node);
    n->member = group_member_create(gs, GROUP_NODES);
    n->member->node = true;
    n->member->live = true;
    model_follow(n->pod, &n->member->up);
    hmap_insert(&gs->nodes, &n->node, hash_string(node->up.name, 0));
    return n;
}

static void
free_node(struct groups *gs, struct group_node *n)
{
    hmap_remove(&gs->nodes, &n->node);
    k8s_object_destroy(&n->pod->up);
    free(n);
}

void
groups_update_node(struct groups *gs, const struct model *model,
                   const char *name)
{
    const struct k8s_object *object = model_get(model, K8S_NODE, NULL, name);
    struct group_node *n = find_node(gs, name);

    if (object && n) {
        replace_pod(n, k8s_node_cast(object));
    } else if (object) {
        n = create_node(gs, k8s_node_cast(object));
    } else if (n) {
        struct group_member *m = n->member;

        m->live = false;
        model_unfollow(&m->up);
        group_member_set_stale(gs, m);
        free_node(gs, n);
        return;
    }
    if (n) {
        group_member_set_stale(gs, n->member);
    }
}

void
group_nodes_destroy(struct groups *gs)
{
    struct group_node *n;

    HMAP_FOR_EACH_SAFE (n, node, &gs->nodes) {
        free_node(gs, n);
    }
    hmap_destroy(&gs->nodes);
}
