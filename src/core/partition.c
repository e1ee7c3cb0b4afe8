/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "partition.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "util.h"

void
partition_set_init(struct partition_set *set, char *text)
{
    set->text = text;
    set->hash = hash_string(text, 0);
    set->classes = (struct ptrs) PTRS_INITIALIZER;
}

void
partition_set_uninit(struct partition_set *set)
{
    ovs_assert(!set->classes.n);
    ptrs_uninit(&set->classes);
    free(set->text);
}

int
partition_set_compare(const struct partition_set *a,
                      const struct partition_set *b)
{
    return (a == b ? 0
            : a->hash != b->hash ? (a->hash < b->hash ? -1 : 1)
            : strcmp(a->text, b->text));
}

static int
compare_set_pointers(const void *a_, const void *b_)
{
    struct partition_set *const *a = a_;
    struct partition_set *const *b = b_;

    return partition_set_compare(*a, *b);
}

void
partition_sets_order(struct partition_set **sets, size_t n)
{
    if (n > 1) {
        qsort(sets, n, sizeof *sets, compare_set_pointers);
    }
}

size_t
partition_sets_sort(struct partition_set **sets, size_t n)
{
    size_t n_unique = 0;

    partition_sets_order(sets, n);
    for (size_t i = 0; i < n; i++) {
        if (!n_unique || sets[n_unique - 1] != sets[i]) {
            sets[n_unique++] = sets[i];
        }
    }
    return n_unique;
}

void
partition_init(struct partition *p)
{
    hmap_init(&p->classes);
    ovs_list_init(&p->changed);
    number_pool_init(&p->numbers);
}

static void
free_class(struct partition *p, struct partition_class *c)
{
    hmap_remove(&p->classes, &c->node);
    ovs_list_remove(&c->changed);
    if (c->number.value) {
        number_give_back(&p->numbers, &c->number);
    }
    ptrs_uninit(&c->links);
    free(c);
}

void
partition_destroy(struct partition *p)
{
    struct partition_class *c;

    HMAP_FOR_EACH_SAFE (c, node, &p->classes) {
        for (size_t i = 0; c->announced && i < c->n_sets; i++) {
            ptrs_remove(&c->sets[i]->classes, c);
        }
        free_class(p, c);
    }
    hmap_destroy(&p->classes);
    number_pool_destroy(&p->numbers);
}

static uint32_t
hash_sets(struct partition_set *const sets[], size_t n)
{
    uint32_t hash = 0;

    for (size_t i = 0; i < n; i++) {
        hash = hash_add(hash, sets[i]->hash);
    }
    return hash_finish(hash, n);
}

bool
partition_class_is(const struct partition_class *c,
                   struct partition_set *const sets[], size_t n)
{
    return c ? c->n_sets == n && !memcmp(c->sets, sets, n * sizeof *sets) : !n;
}

bool
partition_class_has(const struct partition_class *c,
                    const struct partition_set *set)
{
    return c && bsearch(&set, c->sets, c->n_sets, sizeof *c->sets,
                        compare_set_pointers);
}

static void
note_change(struct partition *p, struct partition_class *c)
{
    if (ovs_list_is_empty(&c->changed)) {
        ovs_list_push_back(&p->changed, &c->changed);
    }
}

static struct partition_class *
find_class(const struct partition *p, struct partition_set *const sets[],
           size_t n, uint32_t hash)
{
    struct partition_class *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, hash, &p->classes) {
        if (partition_class_is(c, sets, n)) {
            return c;
        }
    }
    return NULL;
}

struct partition_class *
partition_enter(struct partition *p, struct partition_set *const sets[],
                size_t n)
{
    uint32_t hash = hash_sets(sets, n);
    struct partition_class *c;

    if (!n) {
        return NULL;
    }
    c = find_class(p, sets, n, hash);
    if (!c) {
        c = xzalloc(sizeof *c + n * sizeof *sets);
        ovs_list_init(&c->changed);
        c->n_sets = n;
        memcpy(c->sets, sets, n * sizeof *sets);
        hmap_insert(&p->classes, &c->node, hash);
    }
    if (!c->n_members++) {
        note_change(p, c);
    }
    return c;
}

void
partition_leave(struct partition *p, struct partition_class *c)
{
    if (c && !--c->n_members) {
        note_change(p, c);
    }
}

static void
announce_gone(struct partition *p, partition_cb *gone, void *aux)
{
    struct partition_class *c;

    LIST_FOR_EACH_SAFE (c, changed, &p->changed) {
        if (!c->n_members) {
            if (c->announced) {
                gone(c, aux);
                for (size_t i = 0; i < c->n_sets; i++) {
                    ptrs_remove(&c->sets[i]->classes, c);
                }
            }
            free_class(p, c);
        }
    }
}

static int
compare_classes(const void *a_, const void *b_)
{
    const struct partition_class *const *a = a_;
    const struct partition_class *const *b = b_;
    uint32_t hash_a = hmap_node_hash(&(*a)->node);
    uint32_t hash_b = hmap_node_hash(&(*b)->node);
    int cmp = (hash_a > hash_b) - (hash_a < hash_b);

    for (size_t i = 0; !cmp; i++) {
        if (i >= (*a)->n_sets || i >= (*b)->n_sets) {
            return ((*a)->n_sets > (*b)->n_sets)
                   - ((*a)->n_sets < (*b)->n_sets);
        }
        cmp = partition_set_compare((*a)->sets[i], (*b)->sets[i]);
    }
    return cmp;
}

/* Numbers the new classes.  What was only passed through on the way to them
 * takes no number, and their order does not matter. */
static void
take_numbers(struct partition *p)
{
    struct ptrs new = PTRS_INITIALIZER;
    struct partition_class *c;

    LIST_FOR_EACH (c, changed, &p->changed) {
        if (!c->announced) {
            ptrs_add(&new, c);
        }
    }
    if (new.n) {
        qsort(new.p, new.n, sizeof *new.p, compare_classes);
    }
    for (size_t i = 0; i < new.n; i++) {
        c = new.p[i];
        number_take(&p->numbers, &c->number, hmap_node_hash(&c->node));
    }
    ptrs_uninit(&new);
}

void
partition_announce(struct partition *p, partition_cb *gone,
                   partition_cb *come, void *aux)
{
    struct partition_class *c;

    announce_gone(p, gone, aux);
    take_numbers(p);
    LIST_FOR_EACH_SAFE (c, changed, &p->changed) {
        ovs_list_remove(&c->changed);
        ovs_list_init(&c->changed);
        if (!c->announced) {
            c->announced = true;
            for (size_t i = 0; i < c->n_sets; i++) {
                ptrs_add(&c->sets[i]->classes, c);
            }
            come(c, aux);
        }
    }
}
