/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "flowset-match.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "packets.h"
#include "tun-metadata.h"
#include "util.h"

void
flowset_shapes_init(struct flowset_shapes *shapes)
{
    hmap_init(&shapes->shapes);
}

static void
free_shape(struct flowset_shapes *shapes, struct flowset_shape *shape)
{
    hmap_remove(&shapes->shapes, &shape->node);
    free(shape->tun_md);
    free(shape);
}

void
flowset_shapes_uninit(struct flowset_shapes *shapes)
{
    struct flowset_shape *shape;

    HMAP_FOR_EACH_SAFE (shape, node, &shapes->shapes) {
        free_shape(shapes, shape);
    }
    hmap_destroy(&shapes->shapes);
}

/* Copies the words of 'flow' that are in 'map'.  Returns how many. */
static size_t
gather(const struct flow *flow, struct flowmap map, uint64_t *words)
{
    size_t n = 0;
    size_t i;

    FLOWMAP_FOR_EACH_INDEX (i, map) {
        words[n++] = flow_u64_value(flow, i);
    }
    return n;
}

static struct flowset_shape *
find_shape(const struct flowset_shapes *shapes, struct flowmap map,
           const uint64_t *words, size_t n, uint32_t hash)
{
    struct flowset_shape *shape;

    HMAP_FOR_EACH_WITH_HASH (shape, node, hash, &shapes->shapes) {
        if (flowmap_equal(shape->map, map)
            && !memcmp(shape->words, words, n * sizeof *words)) {
            return shape;
        }
    }
    return NULL;
}

static struct flowset_shape *
create_shape(struct flowset_shapes *shapes, const struct match *match,
             struct flowmap map, const uint64_t *words, size_t n,
             uint32_t hash)
{
    struct flowset_shape *shape = xzalloc(sizeof *shape + n * sizeof *words);

    shape->map = map;
    shape->n = n;
    shape->tun_md = tun_metadata_allocation_clone(&match->tun_md);
    memcpy(shape->words, words, n * sizeof *words);
    hmap_insert(&shapes->shapes, &shape->node, hash);
    return shape;
}

/* Open vSwitch gives every match on a field of Ethernet the packet type
 * Ethernet, when it reads one and when it lists its flows; ours must compare
 * equal to those. */
static const struct match *
with_packet_type(const struct match *match, struct match *stub)
{
    const struct flow *mask = &match->wc.masks;

    if (mask->packet_type || (!mask->dl_type && eth_addr_is_zero(mask->dl_src)
                              && eth_addr_is_zero(mask->dl_dst))) {
        return match;
    }
    *stub = *match;
    match_set_default_packet_type(stub);
    return stub;
}

void
flowset_key_init(struct flowset_key *key, struct flowset_shapes *shapes,
                 const struct match *match, bool create)
{
    struct match stub;
    struct miniflow mask;
    uint64_t words[FLOW_U64S];

    match = with_packet_type(match, &stub);
    flowmap_init(&mask.map);
    miniflow_map_init(&mask, &match->wc.masks);

    size_t n = gather(&match->wc.masks, mask.map, words);
    uint32_t hash = hash_bytes(words, n * sizeof *words, n);
    key->shape = find_shape(shapes, mask.map, words, n, hash);
    if (!key->shape && create) {
        key->shape = create_shape(shapes, match, mask.map, words, n, hash);
    }
    gather(&match->flow, mask.map, key->values);
    key->hash = hash_bytes(key->values, n * sizeof *words, hash);
}

void
flowset_shape_ref(struct flowset_shape *shape)
{
    shape->n_refs++;
}

void
flowset_shape_unref(struct flowset_shapes *shapes, struct flowset_shape *shape)
{
    if (!--shape->n_refs) {
        free_shape(shapes, shape);
    }
}

void
flowset_match_expand(const struct flowset_shape *shape,
                     const uint64_t *values, struct match *match)
{
    uint64_t *flow = (uint64_t *) &match->flow;
    uint64_t *mask = (uint64_t *) &match->wc.masks;
    size_t n = 0;
    size_t i;

    match_init_catchall(match);
    FLOWMAP_FOR_EACH_INDEX (i, shape->map) {
        flow[i] = values[n];
        mask[i] = shape->words[n++];
    }
    tun_metadata_allocation_copy(&match->tun_md, shape->tun_md);
}
