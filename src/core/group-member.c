/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "group-private.h"
#include "label.h"
#include "model.h"
#include "util.h"

/* Of members without one. */
static struct partition_class *no_classes[GROUP_N_ROLES];

const struct group_member *
group_member_of(const struct k8s_pod *pod)
{
    return (pod->follower
            ? CONTAINER_OF(pod->follower, struct group_member, up) : NULL);
}

/* Members. */

static void
detach(struct group_member *m)
{
    struct ptrs *members = &m->space->members;

    if (m->space_index != UINT32_MAX) {
        struct group_member *last = members->p[members->n - 1];

        members->p[m->space_index] = last;
        last->space_index = m->space_index;
        members->n--;
        m->space_index = UINT32_MAX;
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
    if (!m->stale) {
        m->stale = true;
        ptrs_add(&gs->stale, m);
    }
}

static void
touch(struct groups *gs, struct group_member *m)
{
    if (!m->stale && !m->touched) {
        m->touched = true;
        ptrs_add(&gs->touched, m);
    }
}

struct group_member *
group_member_create(struct groups *gs, const char *ns)
{
    struct group_member *m = xzalloc(sizeof *m);

    m->space = group_space_use(gs, ns);
    m->space_index = UINT32_MAX;
    m->classes = no_classes;
    gs->n_members++;
    return m;
}

static void
free_classes(struct group_member *m)
{
    if (m->classes != no_classes) {
        free(m->classes);
        m->classes = no_classes;
    }
}

void
group_member_destroy(struct groups *gs, struct group_member *m)
{
    detach(m);
    group_member_set_ports(gs, m, false, NULL, 0);
    group_space_unuse(gs, m->space);
    model_unfollow(&m->up);
    free_classes(m);
    free(m->addresses);
    free(m);
    gs->n_members--;
}

void
groups_update_namespace(struct groups *gs, const struct model *model,
                        const char *ns)
{
    struct group_space *s = group_space_find(gs, ns);
    const struct label_set *labels = model_namespace_labels(model, ns);
    bool audit = model_namespace_is_audited(model, ns);

    if (!s) {
        return;
    }
    if (s->audit != audit) {
        s->audit = audit;
        for (size_t i = 0; i < s->members.n; i++) {
            touch(gs, s->members.p[i]);
        }
    }
    if (group_space_set_labels(gs, s, labels)) {
        while (s->members.n) {
            group_member_set_stale(gs, s->members.p[s->members.n - 1]);
        }
    }
}

/* The member for 'pod', NULL if it is not live; made if need be.  'follower'
 * was that of a pod of this name that was deleted. */
static struct group_member *
get_member(struct groups *gs, const struct k8s_pod *pod, const char *ns,
           struct model_follower *follower)
{
    struct group_member *m;

    if (follower) {
        m = CONTAINER_OF(follower, struct group_member, up);
    } else if (pod && pod->follower) {
        return CONTAINER_OF(pod->follower, struct group_member, up);
    } else if (pod && model_pod_is_live(pod)) {
        m = group_member_create(gs, ns);
    } else {
        return NULL;
    }
    if (pod) {
        model_follow(pod, &m->up);
    }
    return m;
}

void
groups_update_pod(struct groups *gs, const struct model *model,
                  const char *ns, const char *name,
                  struct model_follower *follower)
{
    const struct k8s_object *object = model_get(model, K8S_POD, ns, name);
    const struct k8s_pod *pod = object ? k8s_pod_cast(object) : NULL;
    struct group_member *m = get_member(gs, pod, ns, follower);

    if (!m) {
        return;
    }
    m->live = pod && model_pod_is_live(pod);
    if (m->live) {
        group_member_set_ports(gs, m, model_pod_is_local(model, pod),
                               pod->ports, pod->n_ports);
        groups_update_namespace(gs, model, ns);
    } else {
        group_member_set_ports(gs, m, false, NULL, 0);
    }
    group_member_set_stale(gs, m);
}

/* Evaluation. */

bool
group_member_matches(const struct group_member *m, const struct group *g)
{
    if (!m->live || (group_is_target(g) && !m->local)
        || !selector_matches(g->pods, m->up.pod->labels)) {
        return false;
    }
    for (size_t i = 0; g->port && i < m->n_ports; i++) {
        if (m->ports[i] == g->port) {
            return true;
        }
    }
    return !g->port;
}

static void
collect_from(const struct ptrs *groups, const struct group_member *m,
             enum group_role first, struct ptrs sets[GROUP_N_ROLES])
{
    for (size_t i = 0; i < groups->n; i++) {
        const struct group *g = groups->p[i];

        if (g->role >= first && g->role < first + 2
            && group_member_matches(m, g)) {
            ptrs_add(&sets[g->role], &g->set);
        }
    }
}

static void
collect_from_scope(const struct group_scope *scope,
                   const struct group_member *m, enum group_role first,
                   struct ptrs sets[GROUP_N_ROLES])
{
    const struct label_set *labels = m->up.pod->labels;
    size_t n_labels = label_set_count(labels);

    if (scope->groups.n <= n_labels) {
        collect_from(&scope->groups, m, first, sets);
        return;
    }
    collect_from(&scope->unlabeled, m, first, sets);
    for (size_t i = 0; i < n_labels; i++) {
        const struct label_bucket *b
            = group_find_bucket(scope, label_set_at(labels, i));

        if (b) {
            collect_from(&b->groups, m, first, sets);
        }
    }
}

/* One member more or less in 'g'.  A group that nobody uses any more loses its
 * stale members later: it does not flip. */
static void
count_member(struct groups *gs, struct group *g, int delta)
{
    g->n_members += delta;
    if (group_is_target(g) && g->n_refs && !g->flipping
        && (g->n_members == 0) != g->was_empty) {
        g->flipping = true;
        ptrs_add(&gs->flips, g);
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
            count_member(gs, CONTAINER_OF(a->sets[i], struct group, set), -1);
        } else if (cmp > 0) {
            count_member(gs, CONTAINER_OF(b[j], struct group, set), 1);
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
        if (m->classes == no_classes) {
            m->classes = xcalloc(GROUP_N_ROLES, sizeof *m->classes);
        }
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
    for (size_t i = 0; i < gs->stale.n; i++) {
        struct group_member *m = gs->stale.p[i];

        if (m->local || m->classes[GROUP_TARGET_EGRESS]
            || m->classes[GROUP_TARGET_INGRESS]) {
            evaluate(gs, m, GROUP_TARGET_EGRESS);
        }
    }
}

void
groups_evaluate(struct groups *gs)
{
    groups_evaluate_targets(gs);
    for (size_t i = 0; i < gs->stale.n; i++) {
        struct group_member *m = gs->stale.p[i];

        evaluate(gs, m, GROUP_PEER_EGRESS);
        m->stale = false;
        touch(gs, m);
        if (m->live) {
            attach(m);
        }
    }
    ptrs_uninit(&gs->stale);
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

void
groups_flush(struct groups *gs, const struct model *model,
             group_address_cb *cb, void *aux)
{
    struct ptrs touched = gs->touched;

    gs->touched = (struct ptrs) PTRS_INITIALIZER;
    for (size_t i = 0; i < touched.n; i++) {
        group_member_flush(touched.p[i], model, true, cb, aux);
    }
    for (size_t i = 0; i < touched.n; i++) {
        struct group_member *m = touched.p[i];

        group_member_flush(m, model, false, cb, aux);
        m->touched = false;
        if (!m->live) {
            group_member_destroy(gs, m);
        } else if (!group_member_has_class(m)) {
            free_classes(m);
        }
    }
    ptrs_uninit(&touched);
}
