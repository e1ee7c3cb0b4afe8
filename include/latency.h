/* SPDX-License-Identifier: Apache-2.0
 *
 * latency: how long does a change take to be in the switch?
 *
 * From the moment at which the loop that took the change from its source woke
 * up, to the switch's reply that publishes its generation.  What became one
 * batch is one measurement. */

#ifndef LATENCY_H
#define LATENCY_H 1

#include <stdint.h>

#include "histogram.h"

struct latency;

/* Batches that may wait at a time; more of them count as one with the last. */
#define LATENCY_MAX_BATCHES 256

struct latency *latency_create(void);
void latency_destroy(struct latency *);

/* At 'now' (microseconds, monotonic) the model has 'generation'.  The first
 * call only says where to begin. */
void latency_note(struct latency *, uint64_t generation, long long int now);
/* At 'now' the switch has 'generation' (0: we do not know). */
void latency_done(struct latency *, uint64_t generation, long long int now);

/* How long the oldest change that is not in the switch has waited, in
 * microseconds; 0 if there is none. */
long long int latency_lag(const struct latency *, long long int now);
const struct histogram *latency_histogram(const struct latency *);

#endif /* latency.h */
