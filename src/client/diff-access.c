/* SPDX-License-Identifier: Apache-2.0
 *
 * Who gains and who loses access.
 *
 * Pods that are in both models are in a class of each (reach.h); those that
 * share both classes and an app are alike, and so is what changes between two
 * such kinds.  Networks are represented by the addresses that either model
 * asks about.  Nodes are known by their names, and where no policy names nodes
 * they are addresses like others. */

#include <config.h>

#include "diff.h"

#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "objects.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "reach.h"
#include "rows.h"
#include "util.h"

/* Ends that are alike, before and after. */
struct end {
    char *name;                 /* Of the app, network or nodes. */
    size_t before, after;       /* Classes. */
    size_t n_pods;              /* 0: outside. */
};

struct comparison {
    struct diff *diff;
    struct reach *before, *after;
    struct end *ends;
    size_t n_ends;
    struct shash ends_by_key;   /* Data: index. */
    struct shash access;        /* "struct diff_access" by text. */
};

/* Ends. */

/* Takes 'name'. */
static void
add_end(struct comparison *c, char *name, size_t before, size_t after,
        size_t n_pods)
{
    char *key = xasprintf("%s %"PRIuSIZE" %"PRIuSIZE, name, before, after);
    struct shash_node *node = shash_find(&c->ends_by_key, key);

    if (node) {
        c->ends[(uintptr_t) node->data].n_pods += n_pods;
        free(name);
    } else {
        c->ends = xrealloc(c->ends, (c->n_ends + 1) * sizeof *c->ends);
        c->ends[c->n_ends] = (struct end) { name, before, after, n_pods };
        shash_add(&c->ends_by_key, key, (void *) (uintptr_t) c->n_ends);
        c->n_ends++;
    }
    free(key);
}

/* The pod in the other model, if it is someone there. */
static const struct reach_class *
class_in(const struct reach *reach, const struct model *model,
         const struct k8s_pod *pod)
{
    const struct k8s_object *object = model_get(model, K8S_POD, pod->up.ns,
                                                pod->up.name);

    return object ? reach_class_of(reach, k8s_pod_cast(object)) : NULL;
}

static void
add_pods(struct comparison *c)
{
    for (size_t i = 0; i < reach_n_classes(c->after); i++) {
        const struct reach_class *class = reach_class_at(c->after, i);

        for (size_t j = 0; j < class->pods.n; j++) {
            const struct k8s_pod *pod = class->pods.p[j];
            const struct reach_class *before
                = class_in(c->before, c->diff->before->model, pod);

            if (before) {
                add_end(c, rows_app_of(pod), before->index, class->index, 1);
            }
        }
    }
}

/* The narrower name of a network says more. */
static char *
name_network(const struct reach_class *a, const struct reach_class *b)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    reach_format_nets(a, &s);
    if (!strcmp(ds_cstr(&s), "elsewhere")) {
        ds_clear(&s);
        reach_format_nets(b, &s);
    }
    return ds_steal_cstr(&s);
}

/* Adds the networks that 'reach' tells apart. */
static void
add_networks(struct comparison *c, const struct reach *reach)
{
    for (size_t i = 0; i < reach_n_classes(reach); i++) {
        const struct reach_class *class = reach_class_at(reach, i);

        for (int family = 0; class->n_nets && family < 2; family++) {
            const struct in6_addr *addr = &class->ends[0][family].address;
            const struct reach_class *before, *after;

            if (!class->has_end[0][family]) {
                continue;
            }
            before = reach_class_of_stranger(c->before, addr);
            after = reach_class_of_stranger(c->after, addr);
            if (before && after) {
                add_end(c, name_network(after, before), before->index,
                        after->index, 0);
            }
        }
    }
}

/* The class of a node of this name, or NULL. */
static const struct reach_class *
class_of_node(const struct reach *reach, const char *name)
{
    for (size_t i = 0; i < reach_n_classes(reach); i++) {
        const struct reach_class *class = reach_class_at(reach, i);

        for (size_t j = 0; j < class->nodes.n; j++) {
            const struct k8s_node *node = class->nodes.p[j];

            if (!strcmp(node->up.name, name)) {
                return class;
            }
        }
    }
    return NULL;
}

/* The same, or where its address is as long as no policy names nodes. */
static const struct reach_class *
find_node(const struct reach *reach, const struct k8s_node *node,
          const struct in6_addr *addr)
{
    const struct reach_class *class = class_of_node(reach, node->up.name);

    return class ? class : reach_class_of_stranger(reach, addr);
}

/* Adds the nodes that 'reach' tells apart. */
static void
add_nodes(struct comparison *c, const struct reach *reach)
{
    for (size_t i = 0; i < reach_n_classes(reach); i++) {
        const struct reach_class *class = reach_class_at(reach, i);
        const struct in6_addr *addr
            = &class->ends[0][!class->has_end[0][0]].address;

        for (size_t j = 0; j < class->nodes.n; j++) {
            const struct k8s_node *node = class->nodes.p[j];
            const struct reach_class *before, *after;

            before = find_node(c->before, node, addr);
            after = find_node(c->after, node, addr);
            if (before && after) {
                add_end(c, name_network(after->nodes.n ? after : before,
                                        before),
                        before->index, after->index, 0);
            }
        }
    }
}

/* Pairs. */

static size_t
count_pairs(const struct end *from, const struct end *to)
{
    if (from == to) {
        return from->n_pods * (from->n_pods - 1);
    }
    return MAX(from->n_pods, 1) * MAX(to->n_pods, 1);
}

static char *
format(const struct reach_services *services)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    reach_format_services(services, &s);
    return ds_steal_cstr(&s);
}

static void
note(struct comparison *c, const struct end *from, const struct end *to,
     const struct reach_services *before, const struct reach_services *after)
{
    struct diff_access access = {
        .from = xstrdup(from->name),
        .to = xstrdup(to->name),
        .before = format(before),
        .after = format(after),
        .gains = reach_services_exceed(after, before),
        .loses = reach_services_exceed(before, after),
    };
    char *key = xasprintf("%s %s %s|%s", access.from, access.to,
                          access.before, access.after);
    struct diff_access *known = shash_find_data(&c->access, key);

    if (known) {
        free(access.from);
        free(access.to);
        free(access.before);
        free(access.after);
    } else {
        known = xmemdup(&access, sizeof access);
        shash_add(&c->access, key, known);
    }
    known->n_pairs += count_pairs(from, to);
    free(key);
}

static void
compare_pairs(struct comparison *c)
{
    for (size_t i = 0; i < c->n_ends * c->n_ends; i++) {
        const struct end *from = &c->ends[i / c->n_ends];
        const struct end *to = &c->ends[i % c->n_ends];
        const struct reach_services *before, *after;

        before = reach_cell(c->before, from->before, to->before);
        after = reach_cell(c->after, from->after, to->after);
        if (before && after && count_pairs(from, to)
            && (reach_services_exceed(before, after)
                || reach_services_exceed(after, before))) {
            note(c, from, to, before, after);
        }
    }
}

/* Hands the sorted list over. */
static void
take_access(struct comparison *c)
{
    size_t n = shash_count(&c->access);
    const struct shash_node **sorted = shash_sort(&c->access);

    c->diff->access = xcalloc(MAX(n, 1), sizeof *c->diff->access);
    c->diff->n_access = n;
    for (size_t i = 0; i < n; i++) {
        c->diff->access[i] = *(const struct diff_access *) sorted[i]->data;
    }
    free(sorted);
    shash_destroy_free_data(&c->access);
}

char *
diff_find_access(struct diff *d)
{
    struct comparison c = { .diff = d };

    char *error = reach_create(d->before->model, NULL, &c.before);
    if (!error) {
        error = reach_create(d->after->model, NULL, &c.after);
    }
    if (!error) {
        shash_init(&c.ends_by_key);
        shash_init(&c.access);
        add_pods(&c);
        add_networks(&c, c.before);
        add_networks(&c, c.after);
        add_nodes(&c, c.before);
        add_nodes(&c, c.after);
        compare_pairs(&c);
        take_access(&c);
        for (size_t i = 0; i < c.n_ends; i++) {
            free(c.ends[i].name);
        }
        free(c.ends);
        shash_destroy(&c.ends_by_key);
    }
    reach_destroy(c.before);
    reach_destroy(c.after);
    return error;
}
