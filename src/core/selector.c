/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "label.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "label-private.h"

/* One requirement.  SELECTOR_NOT_IN has at least one value. */
struct requirement {
    char *key;
    enum selector_op op;
    char **values;              /* Sorted, unique. */
    size_t n_values;
};

struct selector {
    struct hmap_node node;      /* In struct label_pool's 'selectors'. */
    struct label_pool *pool;
    uint32_t n_refs;
    uint32_t n;
    char *text;
    struct label *required;     /* See selector_required_label(), counted. */
    struct requirement reqs[];  /* Sorted, unique. */
};

static int
compare_strings(const void *a_, const void *b_)
{
    const char *const *a = a_;
    const char *const *b = b_;

    return strcmp(*a, *b);
}

static int
compare_requirements(const void *a_, const void *b_)
{
    const struct requirement *a = a_;
    const struct requirement *b = b_;
    int cmp = strcmp(a->key, b->key);

    if (!cmp) {
        cmp = (int) a->op - (int) b->op;
    }
    for (size_t i = 0; !cmp && i < a->n_values && i < b->n_values; i++) {
        cmp = strcmp(a->values[i], b->values[i]);
    }
    if (!cmp && a->n_values != b->n_values) {
        cmp = a->n_values < b->n_values ? -1 : 1;
    }
    return cmp;
}

static bool
takes_values(enum selector_op op)
{
    return op == SELECTOR_IN || op == SELECTOR_NOT_IN;
}

/* Copies the values of 'src' to 'dst', sorted, each once. */
static void
copy_values(struct requirement *dst, const struct selector_requirement *src)
{
    const char **sorted = xmemdup(src->values,
                                  src->n_values * sizeof *src->values);

    qsort(sorted, src->n_values, sizeof *sorted, compare_strings);
    dst->values = xmalloc(src->n_values * sizeof *dst->values);
    for (size_t i = 0; i < src->n_values; i++) {
        if (!i || strcmp(sorted[i], sorted[i - 1])) {
            dst->values[dst->n_values++] = xstrdup(sorted[i]);
        }
    }
    free(sorted);
}

static void
init_requirement(struct requirement *dst,
                 const struct selector_requirement *src)
{
    dst->key = xstrdup(src->key);
    dst->op = src->op;
    dst->values = NULL;
    dst->n_values = 0;
    if (takes_values(src->op) && src->n_values) {
        copy_values(dst, src);
    }
}

static void
uninit_requirement(struct requirement *req)
{
    for (size_t i = 0; i < req->n_values; i++) {
        free(req->values[i]);
    }
    free(req->values);
    free(req->key);
}

/* Fills selector->reqs. */
static void
init_requirements(struct selector *selector,
                  const struct selector_requirement reqs[], size_t n)
{
    size_t n_copied = 0;

    for (size_t i = 0; i < n; i++) {
        /* "Not in the empty set" is always true. */
        if (reqs[i].op != SELECTOR_NOT_IN || reqs[i].n_values) {
            init_requirement(&selector->reqs[n_copied++], &reqs[i]);
        }
    }
    qsort(selector->reqs, n_copied, sizeof *selector->reqs,
          compare_requirements);

    selector->n = 0;
    for (size_t i = 0; i < n_copied; i++) {
        struct requirement *req = &selector->reqs[i];

        if (selector->n
            && !compare_requirements(req, &selector->reqs[selector->n - 1])) {
            uninit_requirement(req);
        } else {
            selector->reqs[selector->n++] = *req;
        }
    }
}

static void
format_values(const struct requirement *req, struct ds *s)
{
    ds_put_char(s, '(');
    for (size_t i = 0; i < req->n_values; i++) {
        if (i) {
            ds_put_char(s, ',');
        }
        ds_put_cstr(s, req->values[i]);
    }
    ds_put_char(s, ')');
}

static void
format_requirement(const struct requirement *req, struct ds *s)
{
    switch (req->op) {
    case SELECTOR_IN:
    case SELECTOR_NOT_IN:
        ds_put_cstr(s, req->key);
        if (req->n_values == 1) {
            ds_put_cstr(s, req->op == SELECTOR_IN ? "=" : "!=");
            ds_put_cstr(s, req->values[0]);
        } else {
            ds_put_cstr(s, req->op == SELECTOR_IN ? " in " : " notin ");
            format_values(req, s);
        }
        return;

    case SELECTOR_EXISTS:
        ds_put_cstr(s, req->key);
        return;

    case SELECTOR_DOES_NOT_EXIST:
        ds_put_format(s, "!%s", req->key);
        return;
    }
    OVS_NOT_REACHED();
}

static char *
format_text(const struct selector *selector)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < selector->n; i++) {
        if (i) {
            ds_put_char(&s, ',');
        }
        format_requirement(&selector->reqs[i], &s);
    }
    return ds_steal_cstr(&s);
}

static struct label *
find_required(const struct selector *selector)
{
    for (size_t i = 0; i < selector->n; i++) {
        const struct requirement *req = &selector->reqs[i];

        if (req->op == SELECTOR_IN && req->n_values == 1) {
            return label_intern(selector->pool, req->key, req->values[0]);
        }
    }
    return NULL;
}

static void
free_selector(struct selector *selector)
{
    for (size_t i = 0; i < selector->n; i++) {
        uninit_requirement(&selector->reqs[i]);
    }
    if (selector->required) {
        label_unref(selector->pool, selector->required);
    }
    free(selector->text);
    free(selector);
}

struct selector *
selector_create(struct label_pool *pool,
                const struct selector_requirement reqs[], size_t n)
{
    struct selector *new = xmalloc(sizeof *new + n * sizeof *new->reqs);

    new->pool = pool;
    new->n_refs = 1;
    init_requirements(new, reqs, n);
    new->text = format_text(new);
    new->required = find_required(new);

    uint32_t hash = hash_string(new->text, 0);
    struct selector *old;

    HMAP_FOR_EACH_WITH_HASH (old, node, hash, &pool->selectors) {
        if (!strcmp(old->text, new->text)) {
            free_selector(new);
            return selector_ref(old);
        }
    }
    hmap_insert(&pool->selectors, &new->node, hash);
    return new;
}

struct selector *
selector_ref(struct selector *selector)
{
    if (selector) {
        ovs_assert(selector->n_refs > 0);
        selector->n_refs++;
    }
    return selector;
}

void
selector_unref(struct selector *selector)
{
    if (selector) {
        ovs_assert(selector->n_refs > 0);
        if (!--selector->n_refs) {
            hmap_remove(&selector->pool->selectors, &selector->node);
            free_selector(selector);
        }
    }
}

static bool
has_value(const struct requirement *req, const char *value)
{
    return req->n_values
           && bsearch(&value, req->values, req->n_values, sizeof *req->values,
                      compare_strings);
}

static bool
requirement_matches(const struct requirement *req,
                    const struct label_set *set)
{
    const char *value = label_set_get(set, req->key);

    switch (req->op) {
    case SELECTOR_IN:
        return value && has_value(req, value);

    case SELECTOR_NOT_IN:
        return !value || !has_value(req, value);

    case SELECTOR_EXISTS:
        return value;

    case SELECTOR_DOES_NOT_EXIST:
        return !value;
    }
    OVS_NOT_REACHED();
}

/* The first requirement of 'selector' that 'set' does not meet, or NULL. */
static const struct requirement *
find_unmet(const struct selector *selector, const struct label_set *set)
{
    for (size_t i = 0; i < selector->n; i++) {
        if (!requirement_matches(&selector->reqs[i], set)) {
            return &selector->reqs[i];
        }
    }
    return NULL;
}

bool
selector_matches(const struct selector *selector, const struct label_set *set)
{
    return !find_unmet(selector, set);
}

bool
selector_is_empty(const struct selector *selector)
{
    return !selector->n;
}

size_t
selector_count(const struct selector *selector)
{
    return selector->n;
}

void
selector_get(const struct selector *selector, size_t i,
             struct selector_requirement *req)
{
    ovs_assert(i < selector->n);

    const struct requirement *r = &selector->reqs[i];

    req->key = r->key;
    req->op = r->op;
    req->values = (const char **) r->values;
    req->n_values = r->n_values;
}

const char *
selector_text(const struct selector *selector)
{
    return selector->text;
}

const struct label *
selector_required_label(const struct selector *selector)
{
    return selector->required;
}

char *
selector_why_not(const struct selector *selector, const struct label_set *set)
{
    const struct requirement *unmet = find_unmet(selector, set);

    if (!unmet) {
        return NULL;
    }

    struct ds s = DS_EMPTY_INITIALIZER;

    format_requirement(unmet, &s);
    return ds_steal_cstr(&s);
}
