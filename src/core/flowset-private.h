/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the flowset share:
 *
 *     flowset.c           which flows are wanted
 *     flowset-export.c    what they are, seen from outside
 *     flowset-switch.c    what the switch has, and must be told */

#ifndef FLOWSET_PRIVATE_H
#define FLOWSET_PRIVATE_H 1

#include "flowset.h"
#include "flowset-match.h"
#include "openvswitch/hmap.h"
#include "openvswitch/ofpbuf.h"
#include "ptrs.h"

struct flowset_actions;

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

static inline const struct flowset_part *
entry_parts(const struct entry *f, size_t *n)
{
    *n = f->kind == KIND_PART ? 1 : f->kind == KIND_PARTS ? f->parts->n : 0;
    return f->kind == KIND_PARTS ? f->parts->p : &f->part;
}

static inline bool
entry_is_wanted(const struct entry *f)
{
    return f->kind != KIND_NONE;
}

struct entry *entry_find(struct flowset *, uint8_t table, uint16_t priority,
                         const struct match *);
struct entry *entry_get(struct flowset *, uint8_t table, uint16_t priority,
                        const struct match *);
void entry_destroy(struct flowset *, struct entry *);

/* The switch may have to be told of the flow. */
void entry_mark_dirty(struct flowset *, struct entry *);
/* Another version of the flow is wanted, or none. */
void entry_mark_changed(struct flowset *, struct entry *);
/* The flow is not wanted: it goes when the switch does not have it either. */
void entry_drop_unwanted(struct flowset *, struct entry *);

/* Fills '*out', with the actions in 'b'; without actions if the flow is not
 * wanted. */
void entry_export(const struct flowset *, const struct entry *,
                  struct ofpbuf *b, struct flowset_flow *out);

#endif /* flowset-private.h */
