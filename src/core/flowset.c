/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "flowset.h"

#include <stdlib.h>
#include <string.h>

#include "flowset-actions.h"
#include "flowset-match.h"
#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-table.h"
#include "openvswitch/ofpbuf.h"
#include "ptrs.h"
#include "util.h"

/* What is wanted of a flow. */
enum kind {
    KIND_NONE,                  /* Nothing: it should not be there. */
    KIND_PLAIN,
    KIND_PART,                  /* Shared, with one part. */
    KIND_PARTS,                 /* Shared. */
};

/* Several parts, sorted by id and clause. */
struct parts {
    uint32_t n, allocated;
    struct flowset_part p[];
};

/* There may be a million of them. */
struct entry {
    struct hmap_node node;      /* In 'flows', by table, priority, match. */
    struct flowset_shape *shape;
    uint64_t cookie;
    uint64_t digest;            /* Of what the switch has, if it has it. */
    union {
        struct flowset_actions *actions;        /* KIND_PLAIN; may be NULL. */
        struct flowset_part part;               /* KIND_PART. */
        struct parts *parts;                    /* KIND_PARTS. */
    };
    uint16_t priority;
    uint8_t table;
    enum kind kind : 8;
    bool in_switch : 1;
    bool seen : 1;              /* By the read-back under way. */
    bool dirty : 1;             /* In 'dirty'. */
    bool aside : 1;             /* Not for the switch, see
                                 * flowset_set_aside(). */
    uint64_t values[];          /* Of the match, see flowset-match.h. */
};

struct flowset {
    struct hmap flows;
    struct ptrs dirty;          /* To be looked at by the next delta; they stay
                                 * until then. */
    struct flowset_shapes shapes;
    struct hmap actions;
    size_t n_wanted, n_conj;
    size_t n_aside;
    size_t n_by_table[UINT8_MAX + 1];   /* Of the wanted ones. */
    size_t n_surprises;         /* Of the read-back under way. */
    flowset_allow_actions *allow_actions;
    void *aux;
    struct ofpbuf scratch;      /* Actions of the flow being looked at. */
    struct ofpbuf wire;         /* Their encoding, for digests. */
};

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

static const struct flowset_part *
entry_parts(const struct entry *f, size_t *n)
{
    *n = f->kind == KIND_PART ? 1 : f->kind == KIND_PARTS ? f->parts->n : 0;
    return f->kind == KIND_PARTS ? f->parts->p : &f->part;
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

static void
destroy_flow(struct flowset *fs, struct entry *f)
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
        destroy_flow(fs, f);
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

static bool
is_wanted(const struct entry *f)
{
    return f->kind != KIND_NONE;
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

static struct entry *
find_flow(struct flowset *fs, uint8_t table, uint16_t priority,
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

static struct entry *
get_flow(struct flowset *fs, uint8_t table, uint16_t priority,
         const struct match *match)
{
    struct flowset_key key;
    struct entry *f;

    flowset_key_init(&key, &fs->shapes, match, true);
    f = find_key(fs, table, priority, &key);
    return f ? f : create_flow(fs, table, priority, &key);
}

/* The switch may have to be told of 'f'. */
static void
mark_dirty(struct flowset *fs, struct entry *f)
{
    if (!f->dirty && !f->aside) {
        f->dirty = true;
        ptrs_add(&fs->dirty, f);
    }
}

/* Another version of 'f' is wanted, or none. */
static void
mark_changed(struct flowset *fs, struct entry *f)
{
    fs->n_aside -= f->aside;
    f->aside = false;
    mark_dirty(fs, f);
}

/* 'f' is not wanted: it goes when the switch does not have it either. */
static void
drop_unwanted(struct flowset *fs, struct entry *f)
{
    if (f->in_switch) {
        mark_dirty(fs, f);
    } else if (!f->dirty) {
        destroy_flow(fs, f);
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
    drop_unwanted(fs, f);
}

/* Plain flows. */

void
flowset_set(struct flowset *fs, uint8_t table, uint16_t priority,
            const struct match *match, uint64_t cookie,
            const struct ofpact *ofpacts, size_t ofpacts_len)
{
    struct entry *f = get_flow(fs, table, priority, match);
    struct flowset_actions *actions
        = flowset_actions_ref(&fs->actions, ofpacts, ofpacts_len, &fs->wire);

    ovs_assert(f->kind == KIND_NONE || f->kind == KIND_PLAIN);
    start_wanting(fs, f);
    clear_entry(fs, f);
    f->kind = KIND_PLAIN;
    f->cookie = cookie;
    f->actions = actions;
    mark_changed(fs, f);
}

void
flowset_unset(struct flowset *fs, uint8_t table, uint16_t priority,
              const struct match *match)
{
    struct entry *f = find_flow(fs, table, priority, match);

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
    struct entry *f = get_flow(fs, table, priority, match);

    ovs_assert(f->kind != KIND_PLAIN);
    start_wanting(fs, f);
    fs->n_conj += part->n_clauses > 0;
    insert_part(f, part);
    f->cookie = cookie;
    mark_changed(fs, f);
}

void
flowset_remove_part(struct flowset *fs, uint8_t table, uint16_t priority,
                    const struct match *match, const struct flowset_part *part)
{
    struct entry *f = find_flow(fs, table, priority, match);

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
    mark_changed(fs, f);
}

/* What a flow is, seen from outside. */

static void
put_parts(const struct flowset *fs, const struct entry *f, struct ofpbuf *b)
{
    size_t n;
    const struct flowset_part *p = entry_parts(f, &n);

    if (!p[0].n_clauses) {
        fs->allow_actions(f->table, &p[0], b, fs->aux);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct ofpact_conjunction *conj = ofpact_put_CONJUNCTION(b);

        conj->id = p[i].id;
        conj->clause = p[i].clause;
        conj->n_clauses = p[i].n_clauses;
    }
}

/* The cookie, which names the rule that an allow flow credits. */
static uint64_t
entry_cookie(const struct entry *f)
{
    size_t n;
    const struct flowset_part *p = entry_parts(f, &n);

    return (n && !p[0].n_clauses
            ? (f->cookie & ~(uint64_t) UINT32_MAX) | p[0].id
            : f->cookie);
}

/* Fills '*out', with the actions in 'b'; without actions if 'f' is not
 * wanted. */
static void
export_flow(const struct flowset *fs, const struct entry *f, struct ofpbuf *b,
            struct flowset_flow *out)
{
    ofpbuf_clear(b);
    if (f->kind == KIND_PLAIN) {
        flowset_actions_put(f->actions, b);
    } else if (is_wanted(f)) {
        put_parts(fs, f, b);
    }
    out->cookie = entry_cookie(f);
    out->table = f->table;
    out->priority = f->priority;
    flowset_match_expand(f->shape, f->values, &out->match);
    out->ofpacts = b->data;
    out->ofpacts_len = b->size;
}

/* Digest of cookie and actions as encoded on the wire: the in-memory form
 * remembers where an action came from. */
static uint64_t
digest_flow(struct flowset *fs, const struct flowset_flow *flow)
{
    ovs_u128 hash;

    ofpbuf_clear(&fs->wire);
    ofpacts_put_openflow_instructions(flow->ofpacts, flow->ofpacts_len,
                                      &fs->wire, OFP15_VERSION);
    ofpbuf_put(&fs->wire, &flow->cookie, sizeof flow->cookie);
    hash_bytes128(fs->wire.data, fs->wire.size, 0, &hash);
    return hash.u64.lo;
}

/* A flow to be sorted. */
struct sorted_flow {
    const struct entry *f;
    char *text;                 /* Of its match. */
};

static int
compare_flows(const void *a_, const void *b_)
{
    const struct sorted_flow *a = a_;
    const struct sorted_flow *b = b_;

    if (a->f->table != b->f->table) {
        return a->f->table < b->f->table ? -1 : 1;
    }
    if (a->f->priority != b->f->priority) {
        return a->f->priority > b->f->priority ? -1 : 1;
    }
    return strcmp(a->text, b->text);
}

static char *
format_match(const struct entry *f)
{
    struct match match;

    flowset_match_expand(f->shape, f->values, &match);
    return match_to_string(&match, NULL, OFP_DEFAULT_PRIORITY);
}

static void
for_each_sorted(const struct flowset *fs, struct ofpbuf *b, flowset_cb *cb,
                void *aux)
{
    struct sorted_flow *array;
    size_t n = 0;
    struct entry *f;

    array = xmalloc(MAX(fs->n_wanted, 1) * sizeof *array);
    HMAP_FOR_EACH (f, node, &fs->flows) {
        if (is_wanted(f)) {
            array[n].f = f;
            array[n++].text = format_match(f);
        }
    }
    qsort(array, n, sizeof *array, compare_flows);
    for (size_t i = 0; i < n; i++) {
        struct flowset_flow flow;

        export_flow(fs, array[i].f, b, &flow);
        cb(&flow, aux);
        free(array[i].text);
    }
    free(array);
}

void
flowset_for_each(const struct flowset *fs, bool sorted, flowset_cb *cb,
                 void *aux)
{
    struct ofpbuf b;
    struct entry *f;

    ofpbuf_init(&b, 0);
    if (sorted) {
        for_each_sorted(fs, &b, cb, aux);
    } else {
        HMAP_FOR_EACH (f, node, &fs->flows) {
            if (is_wanted(f)) {
                struct flowset_flow flow;

                export_flow(fs, f, &b, &flow);
                cb(&flow, aux);
            }
        }
    }
    ofpbuf_uninit(&b);
}

/* Deltas. */

bool
flowset_is_dirty(const struct flowset *fs)
{
    return fs->dirty.n > 0;
}

/* Tells 'cb' what the switch must be told about 'f', if anything. */
static bool
settle_flow(struct flowset *fs, struct entry *f, flowset_change_cb *cb,
            void *aux)
{
    struct flowset_change change = { .delete = !is_wanted(f) };
    bool differs;

    export_flow(fs, f, &fs->scratch, &change.flow);
    if (change.delete) {
        differs = f->in_switch;
        f->in_switch = false;
    } else {
        uint64_t digest = digest_flow(fs, &change.flow);

        differs = !f->in_switch || f->digest != digest;
        f->in_switch = true;
        f->digest = digest;
    }
    if (differs) {
        cb(&change, aux);
    }
    return differs;
}

size_t
flowset_take_delta(struct flowset *fs, flowset_change_cb *cb, void *aux)
{
    struct ptrs dirty = fs->dirty;
    size_t n = 0;

    fs->dirty = (struct ptrs) PTRS_INITIALIZER;
    for (size_t i = 0; i < dirty.n; i++) {
        struct entry *f = dirty.p[i];

        f->dirty = false;
        n += settle_flow(fs, f, cb, aux);
        if (!is_wanted(f)) {
            destroy_flow(fs, f);
        }
    }
    ptrs_uninit(&dirty);
    return n;
}

/* Read-back. */

void
flowset_observe_begin(struct flowset *fs)
{
    struct entry *f;

    HMAP_FOR_EACH (f, node, &fs->flows) {
        f->seen = false;
    }
    fs->n_surprises = 0;
}

/* True if we did not know. */
static bool
learn_flow(struct flowset *fs, const struct flowset_flow *flow)
{
    struct entry *f = get_flow(fs, flow->table, flow->priority, &flow->match);
    uint64_t digest = digest_flow(fs, flow);
    bool surprise = !f->in_switch || f->digest != digest;

    f->seen = true;
    f->in_switch = true;
    f->digest = digest;
    mark_dirty(fs, f);
    return surprise;
}

void
flowset_observe(struct flowset *fs, const struct flowset_flow *flow)
{
    fs->n_surprises += learn_flow(fs, flow);
}

/* True if we did not know. */
static bool
forget_flow(struct flowset *fs, struct entry *f)
{
    bool surprise = f->in_switch;

    f->in_switch = false;
    if (is_wanted(f)) {
        mark_dirty(fs, f);
    } else {
        drop_unwanted(fs, f);
    }
    return surprise;
}

size_t
flowset_observe_end(struct flowset *fs)
{
    struct entry *f;

    HMAP_FOR_EACH_SAFE (f, node, &fs->flows) {
        if (!f->seen) {
            fs->n_surprises += forget_flow(fs, f);
        }
    }
    return fs->n_surprises;
}

bool
flowset_observe_one(struct flowset *fs, const struct flowset_flow *flow,
                    bool gone)
{
    if (!gone) {
        return learn_flow(fs, flow);
    }

    struct entry *f = find_flow(fs, flow->table, flow->priority,
                                &flow->match);
    return f && forget_flow(fs, f);
}

bool
flowset_set_aside(struct flowset *fs, const struct flowset_flow *flow)
{
    struct entry *f = find_flow(fs, flow->table, flow->priority, &flow->match);

    if (!f || !is_wanted(f) || f->dirty) {
        return false;
    }
    fs->n_aside += !f->aside;
    f->aside = true;
    return true;
}

size_t
flowset_count_aside(const struct flowset *fs)
{
    return fs->n_aside;
}

void
flowset_for_each_aside(const struct flowset *fs, flowset_cb *cb, void *aux)
{
    struct ofpbuf b;
    struct entry *f;

    if (!fs->n_aside) {
        return;
    }
    ofpbuf_init(&b, 0);
    HMAP_FOR_EACH (f, node, &fs->flows) {
        if (f->aside) {
            struct flowset_flow flow;

            export_flow(fs, f, &b, &flow);
            cb(&flow, aux);
        }
    }
    ofpbuf_uninit(&b);
}

void
flowset_retry_aside(struct flowset *fs)
{
    struct entry *f;

    if (fs->n_aside) {
        HMAP_FOR_EACH (f, node, &fs->flows) {
            if (f->aside) {
                mark_changed(fs, f);
            }
        }
    }
}

void
flowset_format_flow(const struct flowset_flow *flow,
                    const struct ofputil_table_map *names, struct ds *s)
{
    struct ofpact_format_params params = { .table_map = names, .s = s };

    ds_put_format(s, "cookie=0x%"PRIx64",table=", flow->cookie);
    ofputil_format_table(flow->table, names, s);
    ds_put_format(s, ",priority=%"PRIu16, flow->priority);

    size_t start = s->length;
    match_format(&flow->match, NULL, s, OFP_DEFAULT_PRIORITY);
    if (s->length > start) {
        char *match = xstrdup(ds_cstr(s) + start);

        ds_truncate(s, start);
        ds_put_format(s, ",%s", match);
        free(match);
    }
    ds_put_cstr(s, " actions=");
    ofpacts_format(flow->ofpacts, flow->ofpacts_len, &params);
}
