/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cover.h"

#include "util.h"

size_t
cover_interval(uint16_t first, uint16_t last,
               struct cover_block blocks[COVER_MAX])
{
    uint32_t at = first, end = (uint32_t) last + 1;
    size_t n = 0;

    ovs_assert(first <= last);
    while (at < end) {
        /* The largest block that is aligned at 'at' and does not pass 'end'.
         * */
        uint32_t size = at ? at & -at : 1u << 16;

        while (size > end - at) {
            size >>= 1;
        }
        blocks[n].value = at;
        blocks[n++].mask = ~(size - 1);
        at += size;
    }
    return n;
}
