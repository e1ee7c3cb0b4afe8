/* SPDX-License-Identifier: Apache-2.0
 *
 * Matches in little memory, for flowset.c alone.
 *
 * There are many flows and few masks: nearly all of our flows match on one
 * register or one address.  So the mask is kept once, as a shape, and a flow
 * has only its values: the 64-bit words of "struct flow" that the mask is not
 * zero in. */

#ifndef FLOWSET_MATCH_H
#define FLOWSET_MATCH_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"
#include "openvswitch/hmap.h"
#include "openvswitch/match.h"

/* A mask. */
struct flowset_shape {
    struct hmap_node node;      /* In the shapes, by map and words. */
    size_t n_refs;              /* Flows. */
    struct flowmap map;         /* Words that are not zero. */
    struct tun_metadata_allocation *tun_md;     /* Of the first match, or
                                                 * NULL. */
    size_t n;                   /* Number of words. */
    uint64_t words[];
};

struct flowset_shapes {
    struct hmap shapes;
};

void flowset_shapes_init(struct flowset_shapes *);
/* No flow may have a shape any more. */
void flowset_shapes_uninit(struct flowset_shapes *);

/* A match taken apart, to be looked for. */
struct flowset_key {
    struct flowset_shape *shape;        /* NULL: no flow has this mask. */
    uint32_t hash;              /* Of the values. */
    uint64_t values[FLOW_U64S]; /* The first shape->n count. */
};

/* Takes 'match' apart.  Its shape is made if need be and 'create', and then
 * goes away with flowset_shape_unref(). */
void flowset_key_init(struct flowset_key *, struct flowset_shapes *,
                      const struct match *match, bool create);

static inline bool
flowset_key_equals(const struct flowset_key *key,
                   const struct flowset_shape *shape, const uint64_t *values)
{
    return (key->shape == shape
            && !memcmp(key->values, values, shape->n * sizeof *values));
}

void flowset_shape_ref(struct flowset_shape *);
void flowset_shape_unref(struct flowset_shapes *, struct flowset_shape *);

/* The match that has this shape and these values. */
void flowset_match_expand(const struct flowset_shape *,
                          const uint64_t *values, struct match *);

#endif /* flowset-match.h */
