/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "flowset.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-table.h"
#include "openvswitch/ofpbuf.h"
#include "packets.h"
#include "util.h"

struct entry {
    struct hmap_node node;      /* In 'flows', by table, priority, match. */
    struct ovs_list dirty;      /* In 'dirty', or empty. */
    struct minimatch match;
    uint64_t cookie;
    uint64_t digest;            /* Of what the switch has, if it has it. */
    struct ofpact *ofpacts;     /* Plain flows. */
    struct flowset_part *parts; /* Shared flows, sorted by id and clause. */
    uint32_t ofpacts_len;
    uint32_t n_parts, allocated_parts;
    uint16_t priority;
    uint8_t table;
    bool plain;                 /* Wanted as a plain flow. */
    bool in_switch;
    bool seen;                  /* By the read-back under way. */
};

struct flowset {
    struct hmap flows;
    struct ovs_list dirty;
    size_t n_wanted, n_conj;
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
    ovs_list_init(&fs->dirty);
    fs->allow_actions = allow_actions;
    fs->aux = aux;
    ofpbuf_init(&fs->scratch, 0);
    ofpbuf_init(&fs->wire, 0);
    return fs;
}

static void
destroy_flow(struct flowset *fs, struct entry *f)
{
    hmap_remove(&fs->flows, &f->node);
    ovs_list_remove(&f->dirty);
    minimatch_destroy(&f->match);
    free(f->ofpacts);
    free(f->parts);
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
flowset_count_parts(const struct flowset *fs)
{
    return fs->n_conj;
}

static bool
is_wanted(const struct entry *f)
{
    return f->plain || f->n_parts;
}

static uint32_t
hash_flow(uint8_t table, uint16_t priority, const struct minimatch *match)
{
    return minimatch_hash(match, (uint32_t) table << 16 | priority);
}

/* Open vSwitch gives every match on a field of Ethernet the packet type
 * Ethernet, when it reads one and when it lists its flows; ours must compare
 * equal to those. */
static void
init_key(struct minimatch *mm, const struct match *match)
{
    const struct flow *mask = &match->wc.masks;

    if (mask->dl_type || !eth_addr_is_zero(mask->dl_src)
        || !eth_addr_is_zero(mask->dl_dst)) {
        struct match ethernet = *match;

        match_set_default_packet_type(&ethernet);
        minimatch_init(mm, &ethernet);
    } else {
        minimatch_init(mm, match);
    }
}

static struct entry *
find_flow(const struct flowset *fs, uint8_t table, uint16_t priority,
          const struct match *match)
{
    struct minimatch mm;
    struct entry *f, *found = NULL;

    init_key(&mm, match);
    HMAP_FOR_EACH_WITH_HASH (f, node, hash_flow(table, priority, &mm),
                             &fs->flows) {
        if (f->table == table && f->priority == priority
            && minimatch_equal(&f->match, &mm)) {
            found = f;
            break;
        }
    }
    minimatch_destroy(&mm);
    return found;
}

static struct entry *
get_flow(struct flowset *fs, uint8_t table, uint16_t priority,
         const struct match *match)
{
    struct entry *f = find_flow(fs, table, priority, match);

    if (!f) {
        f = xzalloc(sizeof *f);
        ovs_list_init(&f->dirty);
        init_key(&f->match, match);
        f->table = table;
        f->priority = priority;
        hmap_insert(&fs->flows, &f->node,
                    hash_flow(table, priority, &f->match));
    }
    return f;
}

static void
mark_dirty(struct flowset *fs, struct entry *f)
{
    if (ovs_list_is_empty(&f->dirty)) {
        ovs_list_push_back(&fs->dirty, &f->dirty);
    }
}

/* After the last owner of 'f' has gone. */
static void
stop_wanting(struct flowset *fs, struct entry *f)
{
    fs->n_wanted--;
    if (f->in_switch) {
        mark_dirty(fs, f);
    } else {
        destroy_flow(fs, f);
    }
}

/* Plain flows. */

void
flowset_set(struct flowset *fs, uint8_t table, uint16_t priority,
            const struct match *match, uint64_t cookie,
            const struct ofpact *ofpacts, size_t ofpacts_len)
{
    struct entry *f = get_flow(fs, table, priority, match);

    ovs_assert(!f->n_parts);
    fs->n_wanted += !f->plain;
    f->plain = true;
    f->cookie = cookie;
    free(f->ofpacts);
    f->ofpacts = ofpacts_len ? xmemdup(ofpacts, ofpacts_len) : NULL;
    f->ofpacts_len = ofpacts_len;
    mark_dirty(fs, f);
}

void
flowset_unset(struct flowset *fs, uint8_t table, uint16_t priority,
              const struct match *match)
{
    struct entry *f = find_flow(fs, table, priority, match);

    ovs_assert(f && f->plain);
    f->plain = false;
    free(f->ofpacts);
    f->ofpacts = NULL;
    f->ofpacts_len = 0;
    stop_wanting(fs, f);
}

/* Shared flows. */

static int
compare_parts(const struct flowset_part *a, const struct flowset_part *b)
{
    return (a->id != b->id ? (a->id > b->id) - (a->id < b->id)
            : (a->clause > b->clause) - (a->clause < b->clause));
}

/* Index of the first part of 'f' that is not less than 'part'. */
static size_t
lower_bound(const struct entry *f, const struct flowset_part *part)
{
    size_t lo = 0, hi = f->n_parts;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (compare_parts(&f->parts[mid], part) < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static void
reserve_part(struct entry *f)
{
    if (f->n_parts >= f->allocated_parts) {
        f->allocated_parts = f->n_parts + f->n_parts / 2 + 1;
        f->parts = xrealloc(f->parts,
                            f->allocated_parts * sizeof *f->parts);
    }
}

void
flowset_add_part(struct flowset *fs, uint8_t table, uint16_t priority,
                 const struct match *match, uint64_t cookie,
                 const struct flowset_part *part)
{
    struct entry *f = get_flow(fs, table, priority, match);
    size_t i = lower_bound(f, part);

    ovs_assert(!f->plain);
    ovs_assert(i == f->n_parts || compare_parts(&f->parts[i], part));
    reserve_part(f);
    memmove(&f->parts[i + 1], &f->parts[i],
            (f->n_parts - i) * sizeof *f->parts);
    f->parts[i] = *part;
    fs->n_wanted += !f->n_parts++;
    fs->n_conj += part->n_clauses > 0;
    f->cookie = cookie;
    mark_dirty(fs, f);
}

void
flowset_remove_part(struct flowset *fs, uint8_t table, uint16_t priority,
                    const struct match *match, const struct flowset_part *part)
{
    struct entry *f = find_flow(fs, table, priority, match);
    size_t i = f ? lower_bound(f, part) : 0;

    ovs_assert(f && i < f->n_parts && !compare_parts(&f->parts[i], part));
    fs->n_conj -= f->parts[i].n_clauses > 0;
    f->n_parts--;
    memmove(&f->parts[i], &f->parts[i + 1],
            (f->n_parts - i) * sizeof *f->parts);
    if (f->n_parts) {
        mark_dirty(fs, f);
    } else {
        stop_wanting(fs, f);
    }
}

/* What a flow is, seen from outside. */

static void
put_parts(const struct flowset *fs, const struct entry *f, struct ofpbuf *b)
{
    if (!f->parts[0].n_clauses) {
        fs->allow_actions(f->table, f->parts[0].id, b, fs->aux);
        return;
    }
    for (size_t i = 0; i < f->n_parts; i++) {
        struct ofpact_conjunction *conj = ofpact_put_CONJUNCTION(b);

        conj->id = f->parts[i].id;
        conj->clause = f->parts[i].clause;
        conj->n_clauses = f->parts[i].n_clauses;
    }
}

/* Fills '*out', with the actions in 'b'; without actions if 'f' is not
 * wanted. */
static void
export_flow(const struct flowset *fs, const struct entry *f, struct ofpbuf *b,
            struct flowset_flow *out)
{
    ofpbuf_clear(b);
    out->cookie = f->cookie;
    if (f->plain) {
        ofpbuf_put(b, f->ofpacts, f->ofpacts_len);
    } else if (f->n_parts) {
        put_parts(fs, f, b);
        if (!f->parts[0].n_clauses) {
            out->cookie = (f->cookie & ~(uint64_t) UINT32_MAX)
                          | f->parts[0].id;
        }
    }
    out->table = f->table;
    out->priority = f->priority;
    minimatch_expand(&f->match, &out->match);
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
            array[n++].text = minimatch_to_string(&f->match, NULL,
                                                  OFP_DEFAULT_PRIORITY);
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
    return !ovs_list_is_empty(&fs->dirty);
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
    size_t n = 0;
    struct entry *f;

    LIST_FOR_EACH_SAFE (f, dirty, &fs->dirty) {
        ovs_list_remove(&f->dirty);
        ovs_list_init(&f->dirty);
        n += settle_flow(fs, f, cb, aux);
        if (!is_wanted(f)) {
            destroy_flow(fs, f);
        }
    }
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
        destroy_flow(fs, f);
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
