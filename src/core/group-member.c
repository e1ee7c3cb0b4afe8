/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "group-private.h"
#include "hash.h"
#include "label.h"
#include "model.h"
#include "util.h"

static uint32_t
hash_key(const char *ns, const char *name)
{
    return hash_string(name, hash_string(ns, 0));
}

static struct group_member *
find_member(const struct groups *gs, const char *ns, const char *name)
{
    struct group_member *m;

    HMAP_FOR_EACH_WITH_HASH (m, node, hash_key(ns, name), &gs->members) {
        if (!strcmp(m->name, name) && !strcmp(m->ns, ns)) {
            return m;
        }
    }
    return NULL;
}

const struct group_member *
group_member_find(const struct groups *gs, const char *ns, const char *name)
{
    return find_member(gs, ns, name);
}

/* Addresses. */

static void
add_address(struct group_member *m, const struct in6_addr *addr)
{
    for (size_t i = 0; i < m->n_addresses; i++) {
        if (!memcmp(&m->addresses[i].addr, addr, sizeof *addr)) {
            m->addresses[i].owned = true;
            return;
        }
    }
    m->addresses = xrealloc(m->addresses,
                            (m->n_addresses + 1) * sizeof *m->addresses);
    m->addresses[m->n_addresses++]
        = (struct group_address) { .addr = *addr, .owned = true };
}

/* Addresses that are not owned any more stay until their flows are gone. */
static void
set_addresses(struct group_member *m, const struct model *model,
              const struct k8s_pod *pod)
{
    for (size_t i = 0; i < m->n_addresses; i++) {
        m->addresses[i].owned = false;
    }
    for (size_t i = 0; pod && i < pod->n_addresses; i++) {
        if (model_pod_by_address(model, &pod->addresses[i]) == pod) {
            add_address(m, &pod->addresses[i]);
        }
    }
}

static void
forget_addresses(struct group_member *m)
{
    size_t n = 0;

    for (size_t i = 0; i < m->n_addresses; i++) {
        if (m->addresses[i].owned) {
            m->addresses[n++] = m->addresses[i];
        }
    }
    m->n_addresses = n;
}

/* Members. */

static void
detach(struct group_member *m)
{
    struct ptrs *members = &m->space->members;

    if (m->space_index != SIZE_MAX) {
        struct group_member *last = members->p[members->n - 1];

        members->p[m->space_index] = last;
        last->space_index = m->space_index;
        members->n--;
        m->space_index = SIZE_MAX;
    }
}

static void
attach(struct group_member *m)
{
    m->space_index = m->space->members.n;
    ptrs_add(&m->space->members, m);
}

void
group_member_set_stale(struct groups *gs, struct group_member *m)
{
    detach(m);
    m->stale = true;
    ovs_list_remove(&m->dirty);
    ovs_list_push_back(&gs->stale, &m->dirty);
}

static void
touch(struct groups *gs, struct group_member *m)
{
    if (!m->stale) {
        ovs_list_remove(&m->dirty);
        ovs_list_push_back(&gs->touched, &m->dirty);
    }
}

void
group_members_touch(struct groups *gs, const struct group_space *s)
{
    for (size_t i = 0; i < s->members.n; i++) {
        touch(gs, s->members.p[i]);
    }
}

static struct group_member *
create_member(struct groups *gs, const char *ns, const char *name)
{
    struct group_member *m = xzalloc(sizeof *m);

    m->ns = xstrdup(ns);
    m->name = xstrdup(name);
    m->space = group_space_use(gs, ns);
    m->space_index = SIZE_MAX;
    ovs_list_init(&m->dirty);
    hmap_insert(&gs->members, &m->node, hash_key(ns, name));
    return m;
}

void
group_member_destroy(struct groups *gs, struct group_member *m)
{
    detach(m);
    group_member_set_ports(gs, m, false, NULL, 0);
    ovs_list_remove(&m->dirty);
    hmap_remove(&gs->members, &m->node);
    group_space_unuse(gs, m->space);
    label_set_unref(m->labels);
    free(m->addresses);
    free(m->ns);
    free(m->name);
    free(m);
}

void
groups_update_pod(struct groups *gs, const struct model *model,
                  const char *ns, const char *name)
{
    const struct k8s_object *object = model_get(model, K8S_POD, ns, name);
    const struct k8s_pod *pod = object ? k8s_pod_cast(object) : NULL;
    struct group_member *m = find_member(gs, ns, name);

    pod = pod && model_pod_is_live(pod) ? pod : NULL;
    if (!m && !pod) {
        return;
    }
    if (!m) {
        m = create_member(gs, ns, name);
    }
    m->live = pod != NULL;
    label_set_unref(m->labels);
    m->labels = pod ? label_set_ref(pod->labels) : NULL;
    group_member_set_ports(gs, m, pod && model_pod_is_local(model, pod),
              pod ? pod->ports : NULL, pod ? pod->n_ports : 0);
    set_addresses(m, model, pod);
    if (pod) {
        groups_update_namespace(gs, model, ns);
    }
    group_member_set_stale(gs, m);
}

/* Evaluation. */

static void
collect_from(const struct ptrs *groups, const struct group_member *m,
             enum group_role first, struct ptrs sets[GROUP_N_ROLES])
{
    for (size_t i = 0; i < groups->n; i++) {
        const struct group *g = groups->p[i];

        if (g->role >= first && g->role < first + 2 && group_matches(g, m)) {
            ptrs_add(&sets[g->role], &g->set);
        }
    }
}

static void
collect_from_scope(const struct group_scope *scope,
                   const struct group_member *m, enum group_role first,
                   struct ptrs sets[GROUP_N_ROLES])
{
    size_t n_labels = label_set_count(m->labels);

    if (scope->groups.n <= n_labels) {
        collect_from(&scope->groups, m, first, sets);
        return;
    }
    collect_from(&scope->unlabeled, m, first, sets);
    for (size_t i = 0; i < n_labels; i++) {
        const struct label_bucket *b
            = group_find_bucket(scope, label_set_at(m->labels, i));

        if (b) {
            collect_from(&b->groups, m, first, sets);
        }
    }
}

/* The groups whose counts change when a member's signature goes from 'a' to
 * 'b'. */
static void
count_difference(struct groups *gs, const struct partition_class *a,
                 struct partition_set *const b[], size_t n_b)
{
    size_t n_a = a ? a->n_sets : 0, i = 0, j = 0;

    while (i < n_a || j < n_b) {
        int cmp = (i >= n_a ? 1 : j >= n_b ? -1
                   : partition_set_compare(a->sets[i], b[j]));

        if (cmp < 0) {
            group_count_member(gs, CONTAINER_OF(a->sets[i], struct group, set),
                               -1);
        } else if (cmp > 0) {
            group_count_member(gs, CONTAINER_OF(b[j], struct group, set), 1);
        }
        i += cmp <= 0;
        j += cmp >= 0;
    }
}

static void
set_signature(struct groups *gs, struct group_member *m, enum group_role role,
              struct partition_set *const sets[], size_t n)
{
    struct partition_class *old = m->classes[role];

    if (!partition_class_is(old, sets, n)) {
        count_difference(gs, old, sets, n);
        m->classes[role] = partition_enter(&gs->partitions[role], sets, n);
        partition_leave(&gs->partitions[role], old);
        touch(gs, m);
    }
}

/* Evaluates 'm' for the two roles from 'first' on. */
static void
evaluate(struct groups *gs, struct group_member *m, enum group_role first)
{
    struct ptrs sets[GROUP_N_ROLES] = { PTRS_INITIALIZER };

    for (size_t i = 0; m->live && i < m->space->scopes.n; i++) {
        collect_from_scope(m->space->scopes.p[i], m, first, sets);
    }
    for (enum group_role role = first; role < first + 2; role++) {
        struct partition_set **p = (struct partition_set **) sets[role].p;
        size_t n = partition_sets_sort(p, sets[role].n);

        set_signature(gs, m, role, p, n);
        ptrs_uninit(&sets[role]);
    }
}

void
groups_evaluate_targets(struct groups *gs)
{
    struct group_member *m;

    LIST_FOR_EACH (m, dirty, &gs->stale) {
        if (m->local || m->classes[GROUP_TARGET_EGRESS]
            || m->classes[GROUP_TARGET_INGRESS]) {
            evaluate(gs, m, GROUP_TARGET_EGRESS);
        }
    }
}

void
groups_evaluate(struct groups *gs)
{
    struct group_member *m;

    groups_evaluate_targets(gs);
    LIST_FOR_EACH_SAFE (m, dirty, &gs->stale) {
        evaluate(gs, m, GROUP_PEER_EGRESS);
        m->stale = false;
        touch(gs, m);
        if (m->live) {
            attach(m);
        }
    }
}

void
group_member_enter(struct groups *gs, struct group_member *m, struct group *g)
{
    const struct partition_class *old = m->classes[g->role];
    struct ptrs sets = PTRS_INITIALIZER;

    for (size_t i = 0; old && i < old->n_sets; i++) {
        ptrs_add(&sets, old->sets[i]);
    }
    ptrs_add(&sets, &g->set);
    partition_sets_sort((struct partition_set **) sets.p, sets.n);
    set_signature(gs, m, g->role, (struct partition_set **) sets.p, sets.n);
    ptrs_uninit(&sets);
}

void
group_member_leave(struct groups *gs, struct group_member *m, struct group *g)
{
    const struct partition_class *old = m->classes[g->role];
    struct ptrs sets = PTRS_INITIALIZER;

    for (size_t i = 0; i < old->n_sets; i++) {
        if (old->sets[i] != &g->set) {
            ptrs_add(&sets, old->sets[i]);
        }
    }
    set_signature(gs, m, g->role, (struct partition_set **) sets.p, sets.n);
    ptrs_uninit(&sets);
}

/* Flush. */

static bool
is_target(enum group_role role)
{
    return role == GROUP_TARGET_EGRESS || role == GROUP_TARGET_INGRESS;
}

static struct group_told
wanted(const struct group_member *m, const struct group_address *a,
       enum group_role role)
{
    uint32_t class = a->owned ? partition_class_number(m->classes[role]) : 0;

    return (struct group_told) {
        .class = class,
        .audit = class && is_target(role) && m->space->audit,
    };
}

/* Tells 'cb' of what to clear if 'clear', else of what to set. */
static void
flush_member(struct group_member *m, bool clear, group_address_cb *cb,
             void *aux)
{
    for (size_t i = 0; i < m->n_addresses; i++) {
        struct group_address *a = &m->addresses[i];

        for (enum group_role role = 0; role < GROUP_N_ROLES; role++) {
            struct group_told *old = &a->told[role];
            struct group_told new = wanted(m, a, role);

            if ((new.class != old->class || new.audit != old->audit)
                && clear == !new.class) {
                cb(role, &a->addr, old, &new, aux);
                *old = new;
            }
        }
    }
}

void
groups_flush(struct groups *gs, group_address_cb *cb, void *aux)
{
    struct group_member *m;

    LIST_FOR_EACH (m, dirty, &gs->touched) {
        flush_member(m, true, cb, aux);
    }
    LIST_FOR_EACH_SAFE (m, dirty, &gs->touched) {
        flush_member(m, false, cb, aux);
        forget_addresses(m);
        ovs_list_remove(&m->dirty);
        ovs_list_init(&m->dirty);
        if (!m->live) {
            group_member_destroy(gs, m);
        }
    }
}
