/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "tally.h"

#include <stdlib.h>

#include "hash.h"
#include "util.h"

struct tally_entry {
    struct hmap_node node;      /* In 'entries', by number. */
    uint32_t number;
    size_t count;
};

void
tally_init(struct tally *t)
{
    hmap_init(&t->entries);
}

void
tally_destroy(struct tally *t)
{
    struct tally_entry *e;

    HMAP_FOR_EACH_SAFE (e, node, &t->entries) {
        hmap_remove(&t->entries, &e->node);
        free(e);
    }
    hmap_destroy(&t->entries);
}

static struct tally_entry *
find_entry(const struct tally *t, uint32_t number)
{
    struct tally_entry *e;

    HMAP_FOR_EACH_WITH_HASH (e, node, hash_int(number, 0), &t->entries) {
        if (e->number == number) {
            return e;
        }
    }
    return NULL;
}

size_t
tally_add(struct tally *t, uint32_t number)
{
    struct tally_entry *e = find_entry(t, number);

    if (!e) {
        e = xzalloc(sizeof *e);
        e->number = number;
        hmap_insert(&t->entries, &e->node, hash_int(number, 0));
    }
    return ++e->count;
}

size_t
tally_subtract(struct tally *t, uint32_t number)
{
    struct tally_entry *e = find_entry(t, number);
    size_t count = --e->count;

    if (!count) {
        hmap_remove(&t->entries, &e->node);
        free(e);
    }
    return count;
}
