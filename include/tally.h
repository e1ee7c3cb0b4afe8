/* SPDX-License-Identifier: Apache-2.0
 *
 * tally: how many of each number. */

#ifndef TALLY_H
#define TALLY_H 1

#include <stddef.h>
#include <stdint.h>

#include "openvswitch/hmap.h"

struct tally {
    struct hmap entries;        /* Numbers with a count above 0. */
};

void tally_init(struct tally *);
void tally_destroy(struct tally *);

/* One more, or one less, of 'number'; there must be one to subtract.  Returns
 * how many there are now. */
size_t tally_add(struct tally *, uint32_t number);
size_t tally_subtract(struct tally *, uint32_t number);

#endif /* tally.h */
