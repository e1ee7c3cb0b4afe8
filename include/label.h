/* SPDX-License-Identifier: Apache-2.0
 *
 * label: label sets and label selectors.
 *
 * A cluster has many pods and few different label sets, and the same selector
 * stands in many policies.  So everything here is interned in a pool: equal
 * means same pointer, comparing is free, and 100,000 pods cost little.
 *
 * - A label is one "key=value".  A label set is a sorted set of labels.
 * - A selector is a conjunction of requirements, in canonical form: sorted by
 *   key, operator and values, duplicates dropped, matchLabels written as
 *   In with one value.  It matches as
 *   https://kubernetes.io/docs/concepts/overview/working-with-objects/labels
 *   says; an empty selector matches everything, NotIn and DoesNotExist match
 *   where the key is absent (S11).
 *
 * Ownership: the pool owns all; sets and selectors are counted.  _create and
 * _ref return a reference that the caller must give back with _unref, which
 * ignores NULL.  A pool must outlive what was made in it. */

#ifndef LABEL_H
#define LABEL_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct label;
struct label_pool;
struct label_set;
struct selector;

struct label_pool *label_pool_create(void);
void label_pool_destroy(struct label_pool *);

/* What somebody uses. */
struct label_pool_stats {
    size_t n_labels, n_sets, n_selectors;
};
void label_pool_get_stats(const struct label_pool *,
                          struct label_pool_stats *);

const char *label_key(const struct label *);
const char *label_value(const struct label *);
/* Hash of the text, the same in every process. */
uint32_t label_hash(const struct label *);

struct label_pair {
    const char *key;
    const char *value;
};

/* 'pairs' in any order; of two with the same key the last one counts. */
struct label_set *label_set_create(struct label_pool *,
                                   const struct label_pair pairs[], size_t n);
struct label_set *label_set_ref(struct label_set *);
void label_set_unref(struct label_set *);

size_t label_set_count(const struct label_set *);
const struct label *label_set_at(const struct label_set *, size_t i);
/* The value of 'key', borrowed, or NULL if 'set' does not have it. */
const char *label_set_get(const struct label_set *, const char *key);

enum selector_op {
    SELECTOR_IN,
    SELECTOR_NOT_IN,
    SELECTOR_EXISTS,
    SELECTOR_DOES_NOT_EXIST,
};

/* One requirement as written; 'values' only for the first two operators, at
 * least one (SELECTOR_IN without values matches nothing). */
struct selector_requirement {
    const char *key;
    enum selector_op op;
    const char **values;
    size_t n_values;
};

/* Copies what it needs of 'reqs'.  Keys and values may not contain selector
 * syntax (",()=! "), which Kubernetes does not allow in them anyway. */
struct selector *selector_create(struct label_pool *,
                                 const struct selector_requirement reqs[],
                                 size_t n);
struct selector *selector_ref(struct selector *);
void selector_unref(struct selector *);

bool selector_matches(const struct selector *, const struct label_set *);
bool selector_is_empty(const struct selector *);

/* The requirements, in canonical order: 'i' of selector_count() into '*req',
 * whose strings and array are the selector's. */
size_t selector_count(const struct selector *);
void selector_get(const struct selector *, size_t i,
                  struct selector_requirement *req);

/* The canonical text, in kubectl's selector syntax: "app=web,tier in (a,b),
 * !debug".  The empty selector is "".  Same text in every process for the same
 * meaning.  Owned by the selector. */
const char *selector_text(const struct selector *);

/* A label that every set matched by the selector has, for indexing, or NULL if
 * there is no such single label. */
const struct label *selector_required_label(const struct selector *);

/* The requirement that made 'selector' not match 'set', in selector syntax
 * (caller frees), or NULL if it matches.  For explanations. */
char *selector_why_not(const struct selector *, const struct label_set *);

#endif /* label.h */
