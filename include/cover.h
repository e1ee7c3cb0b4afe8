/* SPDX-License-Identifier: Apache-2.0
 *
 * cover: an integer interval as the fewest value/mask blocks.
 *
 * OpenFlow matches a port range only as bit masks: 1000..1999 is
 * 0x3e8/0xfff8, 0x3f0/0xfff0 and so on.  Greedy from the low end is minimal
 * for aligned blocks: at most 2 * 16 - 2 of them. */

#ifndef COVER_H
#define COVER_H 1

#include <stddef.h>
#include <stdint.h>

#define COVER_MAX 30

struct cover_block {
    uint16_t value, mask;
};

/* Covers first..last inclusive; 'first' <= 'last'.  Returns the number of
 * blocks, 1..COVER_MAX, in ascending order. */
size_t cover_interval(uint16_t first, uint16_t last,
                      struct cover_block blocks[COVER_MAX]);

#endif /* cover.h */
