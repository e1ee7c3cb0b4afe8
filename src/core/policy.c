/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "policy.h"

#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "hash.h"
#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "policy-private.h"
#include "rule.h"
#include "util.h"

struct policies *
policies_create(struct label_pool *pool, struct groups *groups,
                const struct budget_limits *limits,
                struct netset *netsets[K8S_N_DIRECTIONS],
                struct rules *rules[K8S_N_DIRECTIONS])
{
    struct policies *ps = xzalloc(sizeof *ps);

    ps->groups = groups;
    memcpy(ps->netsets, netsets, sizeof ps->netsets);
    memcpy(ps->rules, rules, sizeof ps->rules);
    ps->budget = budget_create(limits);
    hmap_init(&ps->policies);
    hmap_init(&ps->cluster);
    ovs_list_init(&ps->dirty);
    ps->everything = selector_create(pool, NULL, 0);
    return ps;
}

size_t
policies_count(const struct policies *ps)
{
    return hmap_count(&ps->policies);
}

size_t
policies_count_cluster(const struct policies *ps)
{
    return hmap_count(&ps->cluster);
}

static uint32_t
hash_key(const char *ns, const char *name)
{
    return hash_string(name, hash_string(ns, 0));
}

static uint32_t
hash_cluster_key(enum k8s_kind kind, const char *name)
{
    return hash_string(name, hash_string(k8s_kind_name(kind), 1));
}

const struct policy *
policy_find(const struct policies *ps, const char *ns, const char *name)
{
    struct policy *p;

    HMAP_FOR_EACH_WITH_HASH (p, node, hash_key(ns, name), &ps->policies) {
        if (!strcmp(p->name, name) && !strcmp(p->ns, ns)) {
            return p;
        }
    }
    return NULL;
}

const struct policy *
policy_find_cluster(const struct policies *ps, enum k8s_kind kind,
                    const char *name)
{
    struct policy *p;

    HMAP_FOR_EACH_WITH_HASH (p, node, hash_cluster_key(kind, name),
                             &ps->cluster) {
        if (p->kind == kind && !strcmp(p->name, name)) {
            return p;
        }
    }
    return NULL;
}

void
policy_format_name(const struct policy *p, struct ds *s)
{
    if (p->ns) {
        ds_put_format(s, "%s/%s", p->ns, p->name);
    } else {
        ds_put_format(s, "%s %s", k8s_kind_name(p->kind), p->name);
    }
}

static struct policy *
create_policy(enum k8s_kind kind, const char *ns, const char *name)
{
    struct policy *p = xzalloc(sizeof *p);

    p->kind = kind;
    p->ns = nullable_xstrdup(ns);
    p->name = xstrdup(name);
    budget_item_init(&p->budget, p->name);
    ovs_list_init(&p->dirty);
    return p;
}

static struct policy *
get_policy(struct policies *ps, const char *ns, const char *name)
{
    struct policy *p = CONST_CAST(struct policy *, policy_find(ps, ns, name));

    if (!p) {
        p = create_policy(K8S_POLICY, ns, name);
        hmap_insert(&ps->policies, &p->node, hash_key(ns, name));
    }
    return p;
}

static struct policy *
get_cluster_policy(struct policies *ps, enum k8s_kind kind, const char *name)
{
    struct policy *p = CONST_CAST(struct policy *,
                                  policy_find_cluster(ps, kind, name));

    if (!p) {
        p = create_policy(kind, NULL, name);
        hmap_insert(&ps->cluster, &p->node, hash_cluster_key(kind, name));
    }
    return p;
}

/* After what 'p' says has changed. */
static void
renew_targets(struct policies *ps, struct policy *p)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        struct policy_side *side = &p->sides[d];
        struct group *old = side->next_target;

        side->next_target = policy_ref_target(ps, p, d, NULL);
        if (old) {
            group_unref(ps->groups, old);
        }
    }
    policy_mark_dirty(ps, p);
}

void
policies_update(struct policies *ps, const struct model *model,
                const char *ns, const char *name)
{
    const struct k8s_object *object = model_get(model, K8S_POLICY, ns, name);

    if (object || policy_find(ps, ns, name)) {
        struct policy *p = get_policy(ps, ns, name);

        p->spec = object ? k8s_policy_cast(object) : NULL;
        renew_targets(ps, p);
    }
}

void
policies_update_cluster(struct policies *ps, const struct model *model,
                        enum k8s_kind kind, const char *name)
{
    const struct k8s_object *object = model_get(model, kind, NULL, name);

    if (object || policy_find_cluster(ps, kind, name)) {
        struct policy *p = get_cluster_policy(ps, kind, name);

        p->cluster = object ? k8s_cluster_policy_cast(object) : NULL;
        ps->order_changed = true;
        renew_targets(ps, p);
    }
}

void
policies_note_flip(struct policies *ps, const struct group *target)
{
    for (size_t i = 0; i < target->users.n; i++) {
        policy_mark_dirty(ps, target->users.p[i]);
    }
}

void
policies_note_port(struct policies *ps, const struct ptrs *watchers)
{
    for (size_t i = 0; i < watchers->n; i++) {
        policy_mark_dirty(ps, watchers->p[i]);
    }
}

static void
free_policy(struct policies *ps, struct policy *p)
{
    hmap_remove(p->ns ? &ps->policies : &ps->cluster, &p->node);
    ovs_list_remove(&p->dirty);
    free(p->ns);
    free(p->name);
    free(p);
}

/* Budget. */

/* Some pod here is a target. */
static bool
matters(const struct policy *p)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        const struct group *target = p->sides[d].next_target;

        if (target && target->n_members) {
            return true;
        }
    }
    return false;
}

static void
note_excess(struct budget_item *item, void *ps)
{
    policy_mark_dirty(ps, CONTAINER_OF(item, struct policy, budget));
}

void
policies_weigh(struct policies *ps)
{
    struct policy *p;

    LIST_FOR_EACH (p, dirty, &ps->dirty) {
        if (!p->ns) {
            continue;           /* The administrators' own. */
        }

        bool counts = p->spec && matters(p);

        budget_set(ps->budget, &p->budget, p->ns,
                   counts ? p->spec->created : 0,
                   counts ? policy_cost(p->spec, ps->groups) : 0);
    }
    budget_run(ps->budget, note_excess, ps);
}

const struct budget *
policies_budget(const struct policies *ps)
{
    return ps->budget;
}

static int
compare_policies(const void *a_, const void *b_)
{
    const struct policy *const *ap = a_, *a = *ap;
    const struct policy *const *bp = b_, *b = *bp;
    int cmp = strcmp(a->ns, b->ns);

    return cmp ? cmp : strcmp(a->name, b->name);
}

struct ptrs
policies_out(const struct policies *ps)
{
    struct ptrs out = PTRS_INITIALIZER;
    struct policy *p;

    HMAP_FOR_EACH (p, node, &ps->policies) {
        if (p->budget.excess != BUDGET_FITS) {
            ptrs_add(&out, p);
        }
    }
    if (out.n) {
        qsort(out.p, out.n, sizeof *out.p, compare_policies);
    }
    return out;
}

/* The run. */

bool
policies_expand(struct policies *ps, struct ptrs *new_uses,
                struct ptrs *old_uses, size_t *work)
{
    struct policy *p;

    LIST_FOR_EACH_SAFE (p, dirty, &ps->dirty) {
        if (!*work) {
            return false;
        }
        *work -= MIN(*work, policy_count_items(p));
        ovs_list_remove(&p->dirty);
        ovs_list_init(&p->dirty);
        for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
            policy_expand_side(ps, p, d, new_uses, old_uses);
        }
        if (!p->spec && !p->cluster) {
            ptrs_add(&ps->gone, p);
        }
    }
    return true;
}

void
policies_reap(struct policies *ps)
{
    for (size_t i = 0; i < ps->gone.n; i++) {
        free_policy(ps, ps->gone.p[i]);
    }
    ptrs_uninit(&ps->gone);
}

void
policies_clear(struct policies *ps)
{
    struct policy *p;

    HMAP_FOR_EACH (p, node, &ps->policies) {
        p->spec = NULL;
        renew_targets(ps, p);
    }
    HMAP_FOR_EACH (p, node, &ps->cluster) {
        p->cluster = NULL;
        renew_targets(ps, p);
    }
}

void
policy_use_release(struct policies *ps, struct policy_use *use)
{
    group_unref(ps->groups, use->target);
    free(use);
}

void
policies_destroy(struct policies *ps)
{
    if (ps) {
        ovs_assert(hmap_is_empty(&ps->policies)
                   && hmap_is_empty(&ps->cluster));
        hmap_destroy(&ps->policies);
        hmap_destroy(&ps->cluster);
        budget_destroy(ps->budget);
        selector_unref(ps->everything);
        free(ps);
    }
}
