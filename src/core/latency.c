/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "latency.h"

#include <stdlib.h>

#include "util.h"

/* Changes up to 'generation' that came at 'start'. */
struct batch {
    uint64_t generation;
    long long int start;
};

struct latency {
    struct batch batches[LATENCY_MAX_BATCHES];  /* A ring, oldest first. */
    size_t first, n;
    uint64_t noted;             /* The last generation, 0 before the first. */
    struct histogram histogram;
};

struct latency *
latency_create(void)
{
    return xzalloc(sizeof(struct latency));
}

void
latency_destroy(struct latency *l)
{
    free(l);
}

static struct batch *
batch_at(struct latency *l, size_t i)
{
    return &l->batches[(l->first + i) % LATENCY_MAX_BATCHES];
}

void
latency_note(struct latency *l, uint64_t generation, long long int now)
{
    if (!l->noted) {
        l->noted = generation;
    } else if (generation != l->noted) {
        l->noted = generation;
        if (l->n < LATENCY_MAX_BATCHES) {
            *batch_at(l, l->n++) = (struct batch) { generation, now };
        } else {
            batch_at(l, l->n - 1)->generation = generation;
        }
    }
}

void
latency_done(struct latency *l, uint64_t generation, long long int now)
{
    while (l->n && batch_at(l, 0)->generation <= generation) {
        histogram_add(&l->histogram, now - batch_at(l, 0)->start);
        l->first = (l->first + 1) % LATENCY_MAX_BATCHES;
        l->n--;
    }
}

long long int
latency_lag(const struct latency *l, long long int now)
{
    return l->n ? now - l->batches[l->first].start : 0;
}

const struct histogram *
latency_histogram(const struct latency *l)
{
    return &l->histogram;
}
