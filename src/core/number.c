/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "number.h"

#include "hash.h"

void
number_pool_init(struct number_pool *pool)
{
    hmap_init(&pool->used);
}

void
number_pool_destroy(struct number_pool *pool)
{
    hmap_destroy(&pool->used);
}

struct number *
number_find(const struct number_pool *pool, uint32_t value)
{
    struct number *n;

    HMAP_FOR_EACH_WITH_HASH (n, node, hash_int(value, 0), &pool->used) {
        if (n->value == value) {
            return n;
        }
    }
    return NULL;
}

void
number_take(struct number_pool *pool, struct number *n, uint32_t hash)
{
    n->value = hash;
    while (!n->value || number_find(pool, n->value)) {
        n->value++;
    }
    hmap_insert(&pool->used, &n->node, hash_int(n->value, 0));
}

void
number_give_back(struct number_pool *pool, struct number *n)
{
    hmap_remove(&pool->used, &n->node);
}
