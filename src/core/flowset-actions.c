/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "flowset-actions.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/hmap.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofpbuf.h"
#include "util.h"

struct flowset_actions {
    struct hmap_node node;      /* In the lists, by content. */
    uint32_t n_refs;
    uint32_t size;              /* Bytes of 'ofpacts'. */
    uint32_t wire_size;         /* Bytes of the same as OpenFlow, which follow.
                                 * They tell lists apart: "struct ofpact" has
                                 * bytes that nobody sets. */
    uint64_t ofpacts[];
};

static uint8_t *
get_wire(struct flowset_actions *a)
{
    return (uint8_t *) a->ofpacts + a->size;
}

struct flowset_actions *
flowset_actions_ref(struct hmap *lists, const struct ofpact *ofpacts,
                    size_t ofpacts_len, struct ofpbuf *wire)
{
    struct flowset_actions *a;

    if (!ofpacts_len) {
        return NULL;
    }

    ofpbuf_clear(wire);
    ofpacts_put_openflow_instructions(ofpacts, ofpacts_len, wire,
                                      OFP15_VERSION);
    uint32_t hash = hash_bytes(wire->data, wire->size, 0);
    HMAP_FOR_EACH_WITH_HASH (a, node, hash, lists) {
        if (a->wire_size == wire->size
            && !memcmp(get_wire(a), wire->data, wire->size)) {
            a->n_refs++;
            return a;
        }
    }
    a = xmalloc(sizeof *a + ofpacts_len + wire->size);
    a->n_refs = 1;
    a->size = ofpacts_len;
    a->wire_size = wire->size;
    memcpy(a->ofpacts, ofpacts, ofpacts_len);
    memcpy(get_wire(a), wire->data, wire->size);
    hmap_insert(lists, &a->node, hash);
    return a;
}

void
flowset_actions_unref(struct hmap *lists, struct flowset_actions *a)
{
    if (a && !--a->n_refs) {
        hmap_remove(lists, &a->node);
        free(a);
    }
}

void
flowset_actions_put(const struct flowset_actions *a, struct ofpbuf *b)
{
    if (a) {
        ofpbuf_put(b, a->ofpacts, a->size);
    }
}
