/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "histogram.h"

const uint64_t histogram_bounds[HISTOGRAM_N_BOUNDS] = {
    100, 250, 500,
    1000, 2500, 5000,
    10000, 25000, 50000,
    100000, 250000, 500000,
    1000000, 2500000, 5000000,
    10000000,
};

void
histogram_add(struct histogram *h, int64_t usec)
{
    uint64_t value = usec > 0 ? usec : 0;
    size_t i = 0;

    while (i < HISTOGRAM_N_BOUNDS && value > histogram_bounds[i]) {
        i++;
    }
    h->counts[i]++;
    h->sum += value;
}

uint64_t
histogram_count(const struct histogram *h)
{
    uint64_t n = 0;

    for (size_t i = 0; i <= HISTOGRAM_N_BOUNDS; i++) {
        n += h->counts[i];
    }
    return n;
}
