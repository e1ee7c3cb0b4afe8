/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "group.h"

#include <stdlib.h>
#include <string.h>

#include "group-private.h"
#include "hash.h"
#include "label.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

struct groups *
groups_create(void)
{
    struct groups *gs = xzalloc(sizeof *gs);

    for (int i = 0; i < GROUP_N_ROLES; i++) {
        partition_init(&gs->partitions[i]);
    }
    hmap_init(&gs->groups);
    hmap_init(&gs->scopes);
    hmap_init(&gs->spaces);
    hmap_init(&gs->port_names);
    hmap_init(&gs->nodes);
    return gs;
}

struct partition *
groups_partition(const struct groups *gs, enum group_role role)
{
    return CONST_CAST(struct partition *, &gs->partitions[role]);
}

size_t
groups_count_members(const struct groups *gs)
{
    return gs->n_members;
}

size_t
groups_count(const struct groups *gs, enum group_role role)
{
    return gs->n_groups[role];
}

static char *
group_text(const struct group_scope *scope, const struct selector *pods,
           const struct group_port *port)
{
    return (port
            ? xasprintf("%s:%s#%s/%s=%"PRIu16, scope->text,
                        selector_text(pods),
                        k8s_protocol_name(port->protocol), port->name->name,
                        port->number)
            : xasprintf("%s:%s", scope->text, selector_text(pods)));
}

bool
group_is_universal(const struct group *g)
{
    return (g->scope && g->scope->selector
            && selector_is_empty(g->scope->selector)
            && selector_is_empty(g->pods) && !g->port);
}

bool
group_class_is_isolated(const struct partition_class *class)
{
    for (size_t i = 0; i < class->n_sets; i++) {
        if (CONTAINER_OF(class->sets[i], struct group, set)->isolates) {
            return true;
        }
    }
    return false;
}

static void
format_nodes(const struct group *g, struct ds *s)
{
    if (selector_is_empty(g->pods)) {
        ds_put_cstr(s, "all nodes");
    } else {
        ds_put_format(s, "nodes %s", selector_text(g->pods));
    }
}

void
group_format(const struct group *g, struct ds *s)
{
    const struct group_scope *scope = g->scope;

    if (!scope->selector && !strcmp(scope->text, GROUP_NODES)) {
        format_nodes(g, s);
        return;
    }
    if (selector_is_empty(g->pods)) {
        ds_put_cstr(s, "all pods");
    } else {
        ds_put_format(s, "pods %s", selector_text(g->pods));
    }
    if (!scope->selector) {
        ds_put_format(s, " of namespace %s", scope->text);
    } else if (!selector_is_empty(scope->selector)) {
        ds_put_format(s, " of namespaces %s", selector_text(scope->selector));
    }
    if (g->port) {
        ds_put_format(s, " with %s port %s=%"PRIu16,
                      k8s_protocol_name(g->port->protocol),
                      g->port->name->name, g->port->number);
    }
}

static struct group *
find_group(const struct groups *gs, enum group_role role, const char *text)
{
    struct group *g;

    HMAP_FOR_EACH_WITH_HASH (g, node, hash_int(role, hash_string(text, 0)),
                             &gs->groups) {
        if (g->role == role && !strcmp(g->set.text, text)) {
            return g;
        }
    }
    return NULL;
}

/* Lets the members that are already evaluated enter. */
static void
fill_group(struct groups *gs, struct group *g)
{
    for (size_t i = 0; i < g->scope->spaces.n; i++) {
        const struct group_space *s = g->scope->spaces.p[i];

        for (size_t j = 0; j < s->members.n; j++) {
            if (group_member_matches(s->members.p[j], g)) {
                group_member_enter(gs, s->members.p[j], g);
            }
        }
    }
}

static void
empty_group(struct groups *gs, struct group *g)
{
    for (size_t i = 0; g->n_members && i < g->scope->spaces.n; i++) {
        const struct group_space *s = g->scope->spaces.p[i];

        for (size_t j = 0; j < s->members.n; j++) {
            struct group_member *m = s->members.p[j];

            if (partition_class_has(m->classes[g->role], &g->set)) {
                group_member_leave(gs, m, g);
            }
        }
    }
}

struct group *
group_ref(struct groups *gs, enum group_role role, const char *ns,
          struct selector *namespaces, struct selector *pods,
          struct group_port *port)
{
    struct group_scope *scope = group_scope_get(gs, ns, namespaces);
    char *text = group_text(scope, pods, port);
    struct group *g = find_group(gs, role, text);

    if (g) {
        free(text);
        g->n_refs++;
        return g;
    }
    g = xzalloc(sizeof *g);
    partition_set_init(&g->set, text);
    g->role = role;
    g->scope = scope;
    g->pods = selector_ref(pods);
    g->port = port;
    g->isolates = group_is_target(g) && !namespaces;
    if (port) {
        group_port_ref(port);
    }
    g->n_refs = 1;
    g->was_empty = true;
    hmap_insert(&gs->groups, &g->node, hash_int(role, g->set.hash));
    gs->n_groups[role]++;
    group_scope_add(scope, g);
    fill_group(gs, g);
    return g;
}

void
group_unref(struct groups *gs, struct group *g)
{
    if (--g->n_refs) {
        return;
    }
    empty_group(gs, g);
    group_scope_remove(gs, g);
    g->scope = NULL;
    hmap_remove(&gs->groups, &g->node);
    gs->n_groups[g->role]--;
    if (g->flipping) {
        ptrs_remove(&gs->flips, g);
    }
    ptrs_add(&gs->dead, g);
}

static void
free_group(struct groups *gs, struct group *g)
{
    if (g->port) {
        group_port_unref(gs, g->port);
    }
    partition_set_uninit(&g->set);
    selector_unref(g->pods);
    ptrs_uninit(&g->rules);
    ptrs_uninit(&g->users);
    free(g);
}

void
groups_reap(struct groups *gs)
{
    for (size_t i = 0; i < gs->dead.n; i++) {
        free_group(gs, gs->dead.p[i]);
    }
    ptrs_uninit(&gs->dead);
}

struct ptrs
groups_take_flips(struct groups *gs)
{
    struct ptrs flipped = PTRS_INITIALIZER;

    for (size_t i = 0; i < gs->flips.n; i++) {
        struct group *g = gs->flips.p[i];

        g->flipping = false;
        if ((g->n_members == 0) != g->was_empty) {
            g->was_empty = !g->was_empty;
            ptrs_add(&flipped, g);
        }
    }
    ptrs_uninit(&gs->flips);
    return flipped;
}

static void
destroy_members(struct groups *gs)
{
    struct group_space *s;

    for (size_t i = 0; i < gs->stale.n; i++) {
        group_member_destroy(gs, gs->stale.p[i]);
    }
    ptrs_uninit(&gs->stale);
    HMAP_FOR_EACH_SAFE (s, node, &gs->spaces) {
        /* With its last member the namespace may go. */
        for (size_t n = s->members.n; n > 0; n--) {
            group_member_destroy(gs, s->members.p[n - 1]);
        }
    }
    ptrs_uninit(&gs->touched);
}

/* All users of 'gs' have let go of their groups, or will never look again. */
void
groups_destroy(struct groups *gs)
{
    struct group *g;

    if (!gs) {
        return;
    }
    for (int i = 0; i < GROUP_N_ROLES; i++) {
        partition_destroy(&gs->partitions[i]);
    }
    HMAP_FOR_EACH_SAFE (g, node, &gs->groups) {
        g->n_members = 0;
        g->n_refs = 1;
        group_unref(gs, g);
    }
    groups_reap(gs);
    destroy_members(gs);
    group_nodes_destroy(gs);
    hmap_destroy(&gs->groups);
    hmap_destroy(&gs->scopes);
    hmap_destroy(&gs->spaces);
    hmap_destroy(&gs->port_names);
    ptrs_uninit(&gs->selector_scopes);
    ptrs_uninit(&gs->changed_port_names);
    ptrs_uninit(&gs->flips);
    free(gs);
}
