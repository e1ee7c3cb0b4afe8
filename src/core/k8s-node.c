/* SPDX-License-Identifier: Apache-2.0
 *
 * Node: its labels and addresses, for peers of cluster policies. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "k8s-private.h"
#include "label.h"

/* Reads one item of status.addresses.  Host names are not looked up. */
static bool
parse_address(struct k8s_parser *p, const struct k8s_field *field,
              struct k8s_node *node)
{
    struct k8s_field type_field = k8s_field_member(field, "type");
    struct k8s_field address = k8s_field_member(field, "address");
    const char *type = "";

    if (!k8s_expect(p, field, DOC_MAP)
        || !k8s_get_string(p, &type_field, &type)) {
        return false;
    }
    return ((strcmp(type, "InternalIP") && strcmp(type, "ExternalIP"))
            || k8s_get_address(p, &address, &node->addresses,
                               &node->n_addresses));
}

static bool
parse_addresses(struct k8s_parser *p, const struct k8s_field *root,
                struct k8s_node *node)
{
    struct k8s_field status = k8s_field_member(root, "status");
    struct k8s_field list = k8s_field_member(&status, "addresses");
    size_t n;

    if (!k8s_expect(p, &status, DOC_MAP)
        || !k8s_get_count(p, &list, DOC_LIST, p->limits.max_node_addresses,
                          &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct k8s_field item = k8s_field_at(&list, i);

        if (!parse_address(p, &item, node)) {
            return false;
        }
    }
    return true;
}

struct k8s_object *
k8s_node_parse(struct k8s_parser *p, const struct k8s_field *root,
               const struct k8s_metadata *m)
{
    struct k8s_node *node = xzalloc(sizeof *node);

    node->up.kind = K8S_NODE;
    node->up.name = xstrdup(m->name);
    node->labels = label_set_create(p->pool, m->labels, m->n_labels);
    node->created = m->created;
    if (!parse_addresses(p, root, node)) {
        k8s_node_uninit(node);
        k8s_object_free(&node->up);
        return NULL;
    }
    return &node->up;
}

void
k8s_node_uninit(struct k8s_node *node)
{
    label_set_unref(node->labels);
    free(node->addresses);
}

bool
k8s_node_equals(const struct k8s_node *a, const struct k8s_node *b)
{
    return a->labels == b->labels
           && a->created == b->created
           && a->n_addresses == b->n_addresses
           && (!a->n_addresses
               || !memcmp(a->addresses, b->addresses,
                          a->n_addresses * sizeof *a->addresses));
}
