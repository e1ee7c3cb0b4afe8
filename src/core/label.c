/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "label.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "util.h"

#include "label-private.h"

struct label {
    struct hmap_node node;      /* In struct label_pool's 'labels'. */
    uint32_t n_refs;
    uint32_t id;                /* Its slot in struct label_pool's 'slots'. */
    uint32_t value;             /* Where in 'text' the value begins. */
    char text[];                /* Key, NUL, value, NUL. */
};

struct label_set {
    struct hmap_node node;      /* In struct label_pool's 'sets'. */
    struct label_pool *pool;
    uint32_t n_refs;
    uint32_t n;
    uint32_t labels[];          /* Their numbers, sorted by key. */
};

struct label_pool *
label_pool_create(void)
{
    struct label_pool *pool = xmalloc(sizeof *pool);

    hmap_init(&pool->labels);
    pool->slots = NULL;
    pool->n_slots = pool->allocated_slots = 0;
    pool->first_free = UINT32_MAX;
    hmap_init(&pool->sets);
    hmap_init(&pool->selectors);
    return pool;
}

void
label_pool_destroy(struct label_pool *pool)
{
    if (pool) {
        ovs_assert(hmap_is_empty(&pool->selectors));
        ovs_assert(hmap_is_empty(&pool->sets));
        ovs_assert(hmap_is_empty(&pool->labels));
        hmap_destroy(&pool->selectors);
        hmap_destroy(&pool->sets);
        hmap_destroy(&pool->labels);
        free(pool->slots);
        free(pool);
    }
}

void
label_pool_get_stats(const struct label_pool *pool,
                     struct label_pool_stats *stats)
{
    stats->n_labels = hmap_count(&pool->labels);
    stats->n_sets = hmap_count(&pool->sets);
    stats->n_selectors = hmap_count(&pool->selectors);
}

/* Labels. */

const char *
label_key(const struct label *label)
{
    return label->text;
}

const char *
label_value(const struct label *label)
{
    return label->text + label->value;
}

uint32_t
label_hash(const struct label *label)
{
    return label->node.hash;
}

static struct label *
make_label(const char *key, const char *value)
{
    size_t key_size = strlen(key) + 1;
    size_t value_size = strlen(value) + 1;
    struct label *label = xmalloc(sizeof *label + key_size + value_size);

    label->n_refs = 0;
    label->value = key_size;
    memcpy(label->text, key, key_size);
    memcpy(label->text + key_size, value, value_size);
    return label;
}

static uint32_t
take_slot(struct label_pool *pool, struct label *label)
{
    uint32_t id = pool->first_free;

    if (id != UINT32_MAX) {
        pool->first_free = pool->slots[id].next_free;
    } else {
        if (pool->n_slots >= pool->allocated_slots) {
            pool->slots = x2nrealloc(pool->slots, &pool->allocated_slots,
                                     sizeof *pool->slots);
        }
        id = pool->n_slots++;
    }
    pool->slots[id].label = label;
    return id;
}

static void
free_slot(struct label_pool *pool, uint32_t id)
{
    pool->slots[id].next_free = pool->first_free;
    pool->first_free = id;
}

struct label *
label_intern(struct label_pool *pool, const char *key, const char *value)
{
    uint32_t hash = hash_string(value, hash_string(key, 0));
    struct label *label;

    HMAP_FOR_EACH_WITH_HASH (label, node, hash, &pool->labels) {
        if (!strcmp(label_key(label), key)
            && !strcmp(label_value(label), value)) {
            label->n_refs++;
            return label;
        }
    }

    label = make_label(key, value);
    label->n_refs++;
    label->id = take_slot(pool, label);
    hmap_insert(&pool->labels, &label->node, hash);
    return label;
}

void
label_unref(struct label_pool *pool, struct label *label)
{
    ovs_assert(label->n_refs > 0);
    if (!--label->n_refs) {
        hmap_remove(&pool->labels, &label->node);
        free_slot(pool, label->id);
        free(label);
    }
}

/* Label sets. */

static int
compare_pairs(const void *a_, const void *b_)
{
    const struct label_pair *const *a = a_;
    const struct label_pair *const *b = b_;
    int cmp = strcmp((*a)->key, (*b)->key);

    /* Pairs with the same key stay in the caller's order. */
    return cmp ? cmp : *a < *b ? -1 : *a > *b;
}

/* Sorts pointers to 'pairs' by key into 'sorted' and drops all but the last
 * pair of each key.  Returns the number that is left. */
static size_t
sort_pairs(const struct label_pair pairs[], size_t n,
           const struct label_pair *sorted[])
{
    size_t n_unique = 0;

    for (size_t i = 0; i < n; i++) {
        sorted[i] = &pairs[i];
    }
    qsort(sorted, n, sizeof *sorted, compare_pairs);

    for (size_t i = 0; i < n; i++) {
        if (i + 1 == n || strcmp(sorted[i]->key, sorted[i + 1]->key)) {
            sorted[n_unique++] = sorted[i];
        }
    }
    return n_unique;
}

static struct label_set *
make_set(struct label_pool *pool, const struct label_pair pairs[], size_t n)
{
    const struct label_pair **sorted = xmalloc(MAX(n, 1) * sizeof *sorted);
    size_t n_unique = n ? sort_pairs(pairs, n, sorted) : 0;
    struct label_set *set = xmalloc(sizeof *set
                                    + n_unique * sizeof *set->labels);

    set->pool = pool;
    set->n_refs = 1;
    set->n = n_unique;
    for (size_t i = 0; i < n_unique; i++) {
        set->labels[i] = label_intern(pool, sorted[i]->key,
                                      sorted[i]->value)->id;
    }
    free(sorted);
    return set;
}

static struct label *
get_label(const struct label_set *set, size_t i)
{
    return set->pool->slots[set->labels[i]].label;
}

static uint32_t
hash_set(const struct label_set *set)
{
    uint32_t hash = 0;

    for (size_t i = 0; i < set->n; i++) {
        hash = hash_add(hash, label_hash(get_label(set, i)));
    }
    return hash_finish(hash, set->n);
}

static void
free_set(struct label_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        label_unref(set->pool, get_label(set, i));
    }
    free(set);
}

struct label_set *
label_set_create(struct label_pool *pool, const struct label_pair pairs[],
                 size_t n)
{
    struct label_set *new = make_set(pool, pairs, n);
    uint32_t hash = hash_set(new);
    struct label_set *old;

    HMAP_FOR_EACH_WITH_HASH (old, node, hash, &pool->sets) {
        if (old->n == new->n
            && !memcmp(old->labels, new->labels,
                       new->n * sizeof *new->labels)) {
            free_set(new);
            return label_set_ref(old);
        }
    }
    hmap_insert(&pool->sets, &new->node, hash);
    return new;
}

struct label_set *
label_set_ref(struct label_set *set)
{
    if (set) {
        ovs_assert(set->n_refs > 0);
        set->n_refs++;
    }
    return set;
}

void
label_set_unref(struct label_set *set)
{
    if (set) {
        ovs_assert(set->n_refs > 0);
        if (!--set->n_refs) {
            hmap_remove(&set->pool->sets, &set->node);
            free_set(set);
        }
    }
}

size_t
label_set_count(const struct label_set *set)
{
    return set->n;
}

const struct label *
label_set_at(const struct label_set *set, size_t i)
{
    ovs_assert(i < set->n);
    return get_label(set, i);
}

const char *
label_set_get(const struct label_set *set, const char *key)
{
    size_t low = 0;
    size_t high = set->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int cmp = strcmp(key, label_key(get_label(set, middle)));

        if (!cmp) {
            return label_value(get_label(set, middle));
        } else if (cmp < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}
