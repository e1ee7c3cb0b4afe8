/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "flowset-private.h"

#include <stdlib.h>

#include "hash.h"
#include "openvswitch/ofp-actions.h"
#include "util.h"

/* Deltas. */

bool
flowset_is_dirty(const struct flowset *fs)
{
    return fs->dirty.n > 0;
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

/* Tells 'cb' what the switch must be told about 'f', if anything. */
static bool
settle_flow(struct flowset *fs, struct entry *f, flowset_change_cb *cb,
            void *aux)
{
    struct flowset_change change = { .delete = !entry_is_wanted(f) };
    bool differs;

    entry_export(fs, f, &fs->scratch, &change.flow);
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
        if (!entry_is_wanted(f)) {
            entry_destroy(fs, f);
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
    struct entry *f = entry_get(fs, flow->table, flow->priority, &flow->match);
    uint64_t digest = digest_flow(fs, flow);
    bool surprise = !f->in_switch || f->digest != digest;

    f->seen = true;
    f->in_switch = true;
    f->digest = digest;
    entry_mark_dirty(fs, f);
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
    if (entry_is_wanted(f)) {
        entry_mark_dirty(fs, f);
    } else {
        entry_drop_unwanted(fs, f);
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

    struct entry *f = entry_find(fs, flow->table, flow->priority,
                                &flow->match);
    return f && forget_flow(fs, f);
}

/* Aside. */

bool
flowset_set_aside(struct flowset *fs, const struct flowset_flow *flow)
{
    struct entry *f = entry_find(fs, flow->table, flow->priority,
                                 &flow->match);

    if (!f || !entry_is_wanted(f) || f->dirty) {
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

            entry_export(fs, f, &b, &flow);
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
                entry_mark_changed(fs, f);
            }
        }
    }
}
