/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "flowset-private.h"

#include <stdlib.h>
#include <string.h>

#include "flowset-actions.h"
#include "hash.h"
#include "util.h"

struct flowset *
flowset_create(flowset_allow_actions *allow_actions, void *aux)
{
    struct flowset *fs = xzalloc(sizeof *fs);

    hmap_init(&fs->flows);
    flowset_shapes_init(&fs->shapes);
    hmap_init(&fs->actions);
    fs->allow_actions = allow_actions;
    fs->aux = aux;
    ofpbuf_init(&fs->scratch, 0);
    ofpbuf_init(&fs->wire, 0);
    return fs;
}

/* Nothing is wanted of 'f' any more. */
static void
clear_entry(struct flowset *fs, struct entry *f)
{
    if (f->kind == KIND_PLAIN) {
        flowset_actions_unref(&fs->actions, f->actions);
    } else if (f->kind == KIND_PARTS) {
        free(f->parts);
    }
    f->kind = KIND_NONE;
}

void
entry_destroy(struct flowset *fs, struct entry *f)
{
    clear_entry(fs, f);
    hmap_remove(&fs->flows, &f->node);
    flowset_shape_unref(&fs->shapes, f->shape);
    free(f);
}

void
flowset_destroy(struct flowset *fs)
{
    struct entry *f;

    if (!fs) {
        return;
    }
    HMAP_FOR_EACH_SAFE (f, node, &fs->flows) {
        entry_destroy(fs, f);
    }
    hmap_destroy(&fs->flows);
    ptrs_uninit(&fs->dirty);
    flowset_shapes_uninit(&fs->shapes);
    hmap_destroy(&fs->actions);
    ofpbuf_uninit(&fs->scratch);
    ofpbuf_uninit(&fs->wire);
    free(fs);
}

size_t
flowset_count(const struct flowset *fs)
{
    return fs->n_wanted;
}

size_t
flowset_count_table(const struct flowset *fs, uint8_t table)
{
    return fs->n_by_table[table];
}

size_t
flowset_count_parts(const struct flowset *fs)
{
    return fs->n_conj;
}

static uint32_t
hash_flow(uint8_t table, uint16_t priority, const struct flowset_key *key)
{
    return hash_2words((uint32_t) table << 16 | priority, key->hash);
}

static struct entry *
find_key(const struct flowset *fs, uint8_t table, uint16_t priority,
         const struct flowset_key *key)
{
    struct entry *f;

    HMAP_FOR_EACH_WITH_HASH (f, node, hash_flow(table, priority, key),
                             &fs->flows) {
        if (f->table == table && f->priority == priority
            && flowset_key_equals(key, f->shape, f->values)) {
            return f;
        }
    }
    return NULL;
}

struct entry *
entry_find(struct flowset *fs, uint8_t table, uint16_t priority,
          const struct match *match)
{
    struct flowset_key key;

    flowset_key_init(&key, &fs->shapes, match, false);
    return key.shape ? find_key(fs, table, priority, &key) : NULL;
}

static struct entry *
create_flow(struct flowset *fs, uint8_t table, uint16_t priority,
            const struct flowset_key *key)
{
    size_t size = key->shape->n * sizeof *key->values;
    struct entry *f = xzalloc(sizeof *f + size);

    flowset_shape_ref(key->shape);
    f->shape = key->shape;
    f->table = table;
    f->priority = priority;
    memcpy(f->values, key->values, size);
    if (hmap_count(&fs->flows) > fs->flows.mask) {
        /* A flow that is looked for is new, as a rule: each one more in its
         * bucket is a cache miss. */
        hmap_reserve(&fs->flows, 2 * hmap_count(&fs->flows));
    }
    hmap_insert(&fs->flows, &f->node, hash_flow(table, priority, key));
    return f;
}

struct entry *
entry_get(struct flowset *fs, uint8_t table, uint16_t priority,
         const struct match *match)
{
    struct flowset_key key;
    struct entry *f;

    flowset_key_init(&key, &fs->shapes, match, true);
    f = find_key(fs, table, priority, &key);
    return f ? f : create_flow(fs, table, priority, &key);
}

void
entry_mark_dirty(struct flowset *fs, struct entry *f)
{
    if (!f->dirty && !f->aside) {
        f->dirty = true;
        ptrs_add(&fs->dirty, f);
    }
}

void
entry_mark_changed(struct flowset *fs, struct entry *f)
{
    fs->n_aside -= f->aside;
    f->aside = false;
    entry_mark_dirty(fs, f);
}

void
entry_drop_unwanted(struct flowset *fs, struct entry *f)
{
    if (f->in_switch) {
        entry_mark_dirty(fs, f);
    } else if (!f->dirty) {
        entry_destroy(fs, f);
    }
}

/* Before 'f' gets an owner, which may be its first one. */
static void
start_wanting(struct flowset *fs, const struct entry *f)
{
    if (f->kind == KIND_NONE) {
        fs->n_wanted++;
        fs->n_by_table[f->table]++;
    }
}

/* After the last owner of 'f' has gone. */
static void
stop_wanting(struct flowset *fs, struct entry *f)
{
    clear_entry(fs, f);
    fs->n_wanted--;
    fs->n_by_table[f->table]--;
    fs->n_aside -= f->aside;
    f->aside = false;
    entry_drop_unwanted(fs, f);
}

/* Plain flows. */

void
flowset_set(struct flowset *fs, uint8_t table, uint16_t priority,
            const struct match *match, uint64_t cookie,
            const struct ofpact *ofpacts, size_t ofpacts_len)
{
    struct entry *f = entry_get(fs, table, priority, match);
    struct flowset_actions *actions
        = flowset_actions_ref(&fs->actions, ofpacts, ofpacts_len, &fs->wire);

    ovs_assert(f->kind == KIND_NONE || f->kind == KIND_PLAIN);
    start_wanting(fs, f);
    clear_entry(fs, f);
    f->kind = KIND_PLAIN;
    f->cookie = cookie;
    f->actions = actions;
    entry_mark_changed(fs, f);
}

void
flowset_unset(struct flowset *fs, uint8_t table, uint16_t priority,
              const struct match *match)
{
    struct entry *f = entry_find(fs, table, priority, match);

    ovs_assert(f && f->kind == KIND_PLAIN);
    stop_wanting(fs, f);
}

/* Shared flows. */

static int
compare_parts(const struct flowset_part *a, const struct flowset_part *b)
{
    return (a->id != b->id ? (a->id > b->id) - (a->id < b->id)
            : (a->clause > b->clause) - (a->clause < b->clause));
}

/* Index of the first of the 'n' parts 'p' that is not less than 'part'. */
static size_t
lower_bound(const struct flowset_part *p, size_t n,
            const struct flowset_part *part)
{
    size_t lo = 0, hi = n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (compare_parts(&p[mid], part) < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

/* Makes room for one part more than the 'n' that 'f' has. */
static struct parts *
reserve_part(struct entry *f, size_t n)
{
    struct parts *parts = f->kind == KIND_PARTS ? f->parts : NULL;
    size_t allocated = n + n / 2 + 1;

    if (parts && n < parts->allocated) {
        return parts;
    }
    parts = xrealloc(parts, sizeof *parts + allocated * sizeof *parts->p);
    if (f->kind == KIND_PART) {
        parts->p[0] = f->part;
    }
    parts->n = n;
    parts->allocated = allocated;
    f->kind = KIND_PARTS;
    f->parts = parts;
    return parts;
}

static void
insert_part(struct entry *f, const struct flowset_part *part)
{
    size_t n;
    const struct flowset_part *p = entry_parts(f, &n);
    size_t i = lower_bound(p, n, part);

    ovs_assert(i == n || compare_parts(&p[i], part));
    if (!n) {
        f->kind = KIND_PART;
        f->part = *part;
        return;
    }

    struct parts *parts = reserve_part(f, n);

    memmove(&parts->p[i + 1], &parts->p[i], (n - i) * sizeof *parts->p);
    parts->p[i] = *part;
    parts->n++;
}

void
flowset_add_part(struct flowset *fs, uint8_t table, uint16_t priority,
                 const struct match *match, uint64_t cookie,
                 const struct flowset_part *part)
{
    struct entry *f = entry_get(fs, table, priority, match);

    ovs_assert(f->kind != KIND_PLAIN);
    start_wanting(fs, f);
    fs->n_conj += part->n_clauses > 0;
    insert_part(f, part);
    f->cookie = cookie;
    entry_mark_changed(fs, f);
}

void
flowset_remove_part(struct flowset *fs, uint8_t table, uint16_t priority,
                    const struct match *match, const struct flowset_part *part)
{
    struct entry *f = entry_find(fs, table, priority, match);

    ovs_assert(f && (f->kind == KIND_PART || f->kind == KIND_PARTS));

    size_t n;
    const struct flowset_part *p = entry_parts(f, &n);
    size_t i = lower_bound(p, n, part);

    ovs_assert(i < n && !compare_parts(&p[i], part));
    fs->n_conj -= p[i].n_clauses > 0;
    if (n == 1) {
        stop_wanting(fs, f);
        return;
    }
    f->parts->n--;
    memmove(&f->parts->p[i], &f->parts->p[i + 1],
            (n - 1 - i) * sizeof *f->parts->p);
    entry_mark_changed(fs, f);
}
