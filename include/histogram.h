/* SPDX-License-Identifier: Apache-2.0
 *
 * histogram: how long things took, in buckets for Prometheus.
 *
 * All of ours have the same bounds, from 100 microseconds to 10 seconds, so
 * that they can be drawn over each other. */

#ifndef HISTOGRAM_H
#define HISTOGRAM_H 1

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_N_BOUNDS 16
/* Upper bounds, inclusive, in microseconds, rising. */
extern const uint64_t histogram_bounds[HISTOGRAM_N_BOUNDS];

/* All zeros is empty. */
struct histogram {
    uint64_t counts[HISTOGRAM_N_BOUNDS + 1];    /* The last one: above all. */
    uint64_t sum;               /* Microseconds. */
};

/* One more, that took 'usec' (a negative one counts as 0). */
void histogram_add(struct histogram *, int64_t usec);
uint64_t histogram_count(const struct histogram *);

#endif /* histogram.h */
