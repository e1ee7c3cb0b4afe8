/* SPDX-License-Identifier: Apache-2.0
 *
 * Namespaces, and the scopes that they are in. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "group-private.h"
#include "hash.h"
#include "label.h"
#include "util.h"

struct group_space *
group_space_find(const struct groups *gs, const char *name)
{
    struct group_space *s;

    HMAP_FOR_EACH_WITH_HASH (s, node, hash_string(name, 0), &gs->spaces) {
        if (!strcmp(s->name, name)) {
            return s;
        }
    }
    return NULL;
}

struct group_space *
group_space_use(struct groups *gs, const char *name)
{
    struct group_space *s = group_space_find(gs, name);

    if (!s) {
        s = xzalloc(sizeof *s);
        s->name = xstrdup(name);
        hmap_insert(&gs->spaces, &s->node, hash_string(name, 0));
    }
    s->n_users++;
    return s;
}

static void
leave_scopes(struct group_space *s)
{
    for (size_t i = 0; i < s->scopes.n; i++) {
        struct group_scope *scope = s->scopes.p[i];

        ptrs_remove(&scope->spaces, s);
    }
    ptrs_uninit(&s->scopes);
}

void
group_space_unuse(struct groups *gs, struct group_space *s)
{
    if (!--s->n_users) {
        ovs_assert(!s->members.n);
        leave_scopes(s);
        hmap_remove(&gs->spaces, &s->node);
        ptrs_uninit(&s->members);
        label_set_unref(s->labels);
        free(s->name);
        free(s);
    }
}

static bool
scope_contains(const struct group_scope *scope, const struct group_space *s)
{
    return s->labels && selector_matches(scope->selector, s->labels);
}

static bool
rescope(struct groups *gs, struct group_space *s)
{
    bool changed = false;

    for (size_t i = 0; i < gs->selector_scopes.n; i++) {
        struct group_scope *scope = gs->selector_scopes.p[i];
        bool is = scope_contains(scope, s);
        bool was = ptrs_contains(&s->scopes, scope);

        if (is && !was) {
            ptrs_add(&s->scopes, scope);
            ptrs_add(&scope->spaces, s);
        } else if (was && !is) {
            ptrs_remove(&s->scopes, scope);
            ptrs_remove(&scope->spaces, s);
        }
        changed |= is != was;
    }
    return changed;
}

bool
group_space_set_labels(struct groups *gs, struct group_space *s,
                       const struct label_set *labels)
{
    if (s->labels == labels) {
        return false;
    }
    label_set_unref(s->labels);
    s->labels = label_set_ref(CONST_CAST(struct label_set *, labels));
    return rescope(gs, s);
}

/* Scopes. */

static char *
scope_text(const char *ns, const struct selector *namespaces)
{
    return (namespaces ? xasprintf("{%s}", selector_text(namespaces))
            : xstrdup(ns));
}

static struct group_scope *
find_scope(const struct groups *gs, const char *text)
{
    struct group_scope *scope;

    HMAP_FOR_EACH_WITH_HASH (scope, node, hash_string(text, 0), &gs->scopes) {
        if (!strcmp(scope->text, text)) {
            return scope;
        }
    }
    return NULL;
}

static void
connect_scope(struct groups *gs, struct group_scope *scope, const char *ns)
{
    struct group_space *s;

    if (!scope->selector) {
        s = group_space_use(gs, ns);
        ptrs_add(&scope->spaces, s);
        ptrs_add(&s->scopes, scope);
        return;
    }
    ptrs_add(&gs->selector_scopes, scope);
    HMAP_FOR_EACH (s, node, &gs->spaces) {
        if (scope_contains(scope, s)) {
            ptrs_add(&scope->spaces, s);
            ptrs_add(&s->scopes, scope);
        }
    }
}

struct group_scope *
group_scope_get(struct groups *gs, const char *ns, struct selector *namespaces)
{
    char *text = scope_text(ns, namespaces);
    struct group_scope *scope = find_scope(gs, text);

    if (scope) {
        free(text);
        return scope;
    }
    scope = xzalloc(sizeof *scope);
    scope->text = text;
    scope->selector = namespaces ? selector_ref(namespaces) : NULL;
    hmap_init(&scope->by_label);
    hmap_insert(&gs->scopes, &scope->node, hash_string(text, 0));
    connect_scope(gs, scope, ns);
    return scope;
}

static void
free_scope(struct groups *gs, struct group_scope *scope)
{
    for (size_t i = 0; i < scope->spaces.n; i++) {
        struct group_space *s = scope->spaces.p[i];

        ptrs_remove(&s->scopes, scope);
    }
    if (scope->selector) {
        ptrs_remove(&gs->selector_scopes, scope);
        selector_unref(scope->selector);
    } else {
        group_space_unuse(gs, scope->spaces.p[0]);
    }
    hmap_remove(&gs->scopes, &scope->node);
    hmap_destroy(&scope->by_label);
    ptrs_uninit(&scope->spaces);
    free(scope->text);
    free(scope);
}

struct label_bucket *
group_find_bucket(const struct group_scope *scope, const struct label *label)
{
    struct label_bucket *b;

    HMAP_FOR_EACH_WITH_HASH (b, node, hash_pointer(label, 0),
                             &scope->by_label) {
        if (b->label == label) {
            return b;
        }
    }
    return NULL;
}

void
group_scope_add(struct group_scope *scope, struct group *g)
{
    const struct label *label = selector_required_label(g->pods);

    ptrs_add(&scope->groups, g);
    if (!label) {
        ptrs_add(&scope->unlabeled, g);
        return;
    }

    struct label_bucket *b = group_find_bucket(scope, label);
    if (!b) {
        b = xzalloc(sizeof *b);
        b->label = label;
        hmap_insert(&scope->by_label, &b->node, hash_pointer(label, 0));
    }
    ptrs_add(&b->groups, g);
}

void
group_scope_remove(struct groups *gs, struct group *g)
{
    const struct label *label = selector_required_label(g->pods);
    struct group_scope *scope = g->scope;

    ptrs_remove(&scope->groups, g);
    if (label) {
        struct label_bucket *b = group_find_bucket(scope, label);

        ptrs_remove(&b->groups, g);
        if (!b->groups.n) {
            hmap_remove(&scope->by_label, &b->node);
            free(b);
        }
    } else {
        ptrs_remove(&scope->unlabeled, g);
    }
    if (!scope->groups.n) {
        free_scope(gs, scope);
    }
}
