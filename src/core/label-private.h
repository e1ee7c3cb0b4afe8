/* SPDX-License-Identifier: Apache-2.0
 *
 * What label.c and selector.c share. */

#ifndef LABEL_PRIVATE_H
#define LABEL_PRIVATE_H 1

#include "label.h"
#include "openvswitch/hmap.h"

/* A label's number leads to it. */
union label_slot {
    struct label *label;
    uint32_t next_free;         /* Of a number that no label has. */
};

struct label_pool {
    struct hmap labels;         /* Contains struct label. */
    union label_slot *slots;    /* By number: as many as there ever were
                                 * labels at one time. */
    size_t n_slots, allocated_slots;
    uint32_t first_free;        /* UINT32_MAX if all slots are in use. */
    struct hmap sets;           /* Contains struct label_set. */
    struct hmap selectors;      /* Contains struct selector, by text. */
};

/* The label "KEY=VALUE", made if it is new.  Give back with label_unref(). */
struct label *label_intern(struct label_pool *, const char *key,
                           const char *value);
void label_unref(struct label_pool *, struct label *);

#endif /* label-private.h */
