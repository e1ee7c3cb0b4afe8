/* SPDX-License-Identifier: Apache-2.0
 *
 * number: deterministic numbers for classes and rules.
 *
 * A number is the hash of what it stands for, so that it is the same after a
 * restart; two things with one hash get neighbouring numbers.  Never 0. */

#ifndef NUMBER_H
#define NUMBER_H 1

#include <stdint.h>

#include "openvswitch/hmap.h"

struct number {
    struct hmap_node node;
    uint32_t value;
};

struct number_pool {
    struct hmap used;
};

void number_pool_init(struct number_pool *);
void number_pool_destroy(struct number_pool *);

/* Gives '*n' the first free value from 'hash' on. */
void number_take(struct number_pool *, struct number *n, uint32_t hash);
void number_give_back(struct number_pool *, struct number *n);

/* The number with this value, or NULL. */
struct number *number_find(const struct number_pool *, uint32_t value);

#endif /* number.h */
