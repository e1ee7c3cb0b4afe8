/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "flowset-actions.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/hmap.h"
#include "openvswitch/ofpbuf.h"
#include "util.h"

struct flowset_actions {
    struct hmap_node node;      /* In the lists, by content. */
    uint32_t n_refs;
    uint32_t size;              /* Bytes. */
    uint64_t ofpacts[];
};

struct flowset_actions *
flowset_actions_ref(struct hmap *lists, const struct ofpact *ofpacts,
                    size_t ofpacts_len)
{
    struct flowset_actions *a;

    if (!ofpacts_len) {
        return NULL;
    }

    uint32_t hash = hash_bytes(ofpacts, ofpacts_len, 0);
    HMAP_FOR_EACH_WITH_HASH (a, node, hash, lists) {
        if (a->size == ofpacts_len
            && !memcmp(a->ofpacts, ofpacts, ofpacts_len)) {
            a->n_refs++;
            return a;
        }
    }
    a = xmalloc(sizeof *a + ofpacts_len);
    a->n_refs = 1;
    a->size = ofpacts_len;
    memcpy(a->ofpacts, ofpacts, ofpacts_len);
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
