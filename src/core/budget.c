/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "budget.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/shash.h"
#include "ptrs.h"
#include "util.h"

struct budget_ns {
    char *name;
    struct ovs_list items;      /* Contains "struct budget_item"s. */
    bool changed;               /* Since the last run. */

    /* As of the last run. */
    uint64_t cost;              /* Of the items that fit here. */
    bool crowded;               /* Some do not. */
};

struct budget {
    struct budget_limits limits;
    struct shash spaces;        /* Contains "struct budget_ns"s. */
    bool changed;               /* A namespace did. */
    bool crowded;               /* Some items do not fit in all. */
    struct budget_status status;
};

void
budget_item_init(struct budget_item *item, const char *name)
{
    *item = (struct budget_item) { .name = name };
    ovs_list_init(&item->node);
}

struct budget *
budget_create(const struct budget_limits *limits)
{
    struct budget *b = xzalloc(sizeof *b);

    b->limits = *limits;
    b->status.limits = *limits;
    shash_init(&b->spaces);
    return b;
}

static void
free_ns(struct budget_ns *ns)
{
    ovs_assert(ovs_list_is_empty(&ns->items));
    free(ns->name);
    free(ns);
}

void
budget_destroy(struct budget *b)
{
    struct shash_node *node;

    if (b) {
        SHASH_FOR_EACH_SAFE (node, &b->spaces) {
            free_ns(node->data);
            shash_delete(&b->spaces, node);
        }
        shash_destroy(&b->spaces);
        free(b);
    }
}

static struct budget_ns *
get_ns(struct budget *b, const char *name)
{
    struct budget_ns *ns = shash_find_data(&b->spaces, name);

    if (!ns) {
        ns = xzalloc(sizeof *ns);
        ns->name = xstrdup(name);
        ovs_list_init(&ns->items);
        shash_add(&b->spaces, name, ns);
    }
    return ns;
}

void
budget_set(struct budget *b, struct budget_item *item, const char *ns,
           int64_t created, uint64_t cost)
{
    if (item->cost == cost && (!cost || item->created == created)) {
        return;
    }
    if (item->ns) {
        item->ns->changed = true;
        ovs_list_remove(&item->node);
        ovs_list_init(&item->node);
        item->ns = NULL;
    }
    if (cost) {
        item->ns = get_ns(b, ns);
        item->ns->changed = true;
        ovs_list_push_back(&item->ns->items, &item->node);
    } else {
        item->excess = BUDGET_FITS;
    }
    item->created = created;
    item->cost = cost;
    b->changed = true;
}

/* The run. */

struct run {
    struct budget *budget;
    budget_cb *cb;
    void *aux;
};

static void
decide(const struct run *run, struct budget_item *item,
       enum budget_excess excess)
{
    if (item->excess != excess) {
        item->excess = excess;
        run->cb(item, run->aux);
    }
}

static int
compare_items(const void *a_, const void *b_)
{
    const struct budget_item *const *ap = a_, *a = *ap;
    const struct budget_item *const *bp = b_, *b = *bp;
    int cmp;

    if (a->created != b->created) {
        return a->created < b->created ? -1 : 1;
    }
    cmp = strcmp(a->ns->name, b->ns->name);
    return cmp ? cmp : strcmp(a->name, b->name);
}

/* Lets in of 'items' what fits into 'limit', in order.  Returns their cost. */
static uint64_t
fill(const struct run *run, struct ptrs *items, uint64_t limit,
     enum budget_excess excess)
{
    uint64_t cost = 0;

    if (items->n) {
        qsort(items->p, items->n, sizeof *items->p, compare_items);
    }
    for (size_t i = 0; i < items->n; i++) {
        struct budget_item *item = items->p[i];
        bool fits = cost + item->cost <= limit;

        cost += fits ? item->cost : 0;
        decide(run, item, fits ? BUDGET_FITS : excess);
    }
    return cost;
}

/* Items that are not too large by themselves, to 'items', whose cost is
 * returned. */
static uint64_t
collect(const struct run *run, struct budget_ns *ns, struct ptrs *items)
{
    uint32_t limit = run->budget->limits.policy;
    struct budget_item *item;
    uint64_t cost = 0;

    LIST_FOR_EACH (item, node, &ns->items) {
        if (limit && item->cost > limit) {
            decide(run, item, BUDGET_POLICY);
        } else {
            cost += item->cost;
            ptrs_add(items, item);
        }
    }
    return cost;
}

/* Items that are out for the sake of all others are reckoned as in here. */
static void
run_ns(const struct run *run, struct budget_ns *ns)
{
    uint32_t limit = run->budget->limits.ns;
    struct ptrs items = PTRS_INITIALIZER;

    ns->cost = collect(run, ns, &items);
    ns->crowded = limit && ns->cost > limit;
    if (ns->crowded) {
        ns->cost = fill(run, &items, limit, BUDGET_NAMESPACE);
    } else {
        for (size_t i = 0; i < items.n; i++) {
            struct budget_item *item = items.p[i];

            if (item->excess != BUDGET_TOTAL) {
                decide(run, item, BUDGET_FITS);
            }
        }
    }
    ns->changed = false;
    ptrs_uninit(&items);
}

/* Those that fit into their namespaces. */
static void
collect_all(const struct budget *b, struct ptrs *items)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &b->spaces) {
        struct budget_ns *ns = node->data;
        struct budget_item *item;

        LIST_FOR_EACH (item, node, &ns->items) {
            if (item->excess == BUDGET_FITS || item->excess == BUDGET_TOTAL) {
                ptrs_add(items, item);
            }
        }
    }
}

static void
run_total(const struct run *run)
{
    struct budget *b = run->budget;
    bool was_crowded = b->crowded;

    b->crowded = b->limits.total && b->status.cost > b->limits.total;
    if (b->crowded || was_crowded) {
        struct ptrs items = PTRS_INITIALIZER;

        collect_all(b, &items);
        b->status.cost = fill(run, &items,
                              b->limits.total ? b->limits.total : UINT64_MAX,
                              BUDGET_TOTAL);
        ptrs_uninit(&items);
    }
}

static void
run_spaces(const struct run *run)
{
    struct budget *b = run->budget;
    struct shash_node *node;

    b->status.cost = b->status.max_ns_cost = 0;
    SHASH_FOR_EACH_SAFE (node, &b->spaces) {
        struct budget_ns *ns = node->data;

        if (ns->changed) {
            run_ns(run, ns);
        }
        b->status.cost += ns->cost;
        b->status.max_ns_cost = MAX(b->status.max_ns_cost, ns->cost);
        if (ovs_list_is_empty(&ns->items)) {
            free_ns(ns);
            shash_delete(&b->spaces, node);
        }
    }
}

static size_t
count_out(const struct budget *b)
{
    struct shash_node *node;
    size_t n = 0;

    SHASH_FOR_EACH (node, &b->spaces) {
        const struct budget_ns *ns = node->data;
        const struct budget_item *item;

        LIST_FOR_EACH (item, node, &ns->items) {
            n += item->excess != BUDGET_FITS;
        }
    }
    return n;
}

void
budget_run(struct budget *b, budget_cb *cb, void *aux)
{
    struct run run = { b, cb, aux };

    if (b->changed) {
        run_spaces(&run);
        run_total(&run);
        b->status.n_out = count_out(b);
        b->changed = false;
    }
}

void
budget_get_status(const struct budget *b, struct budget_status *status)
{
    *status = b->status;
}

char *
budget_describe(const struct budget *b, const struct budget_item *item)
{
    static const char *const what[] = {
        [BUDGET_POLICY] = "for a policy (max-policy-flows)",
        [BUDGET_NAMESPACE] = "for its namespace (max-namespace-flows)",
        [BUDGET_TOTAL] = "in all (max-flows)",
    };
    uint32_t limit = (item->excess == BUDGET_POLICY ? b->limits.policy
                      : item->excess == BUDGET_NAMESPACE ? b->limits.ns
                      : b->limits.total);

    return (item->excess == BUDGET_FITS ? NULL
            : xasprintf("would cost %"PRIu64" flows, beyond the limit of "
                        "%"PRIu32" %s: it allows nothing, its pods are "
                        "isolated", item->cost, limit, what[item->excess]));
}
