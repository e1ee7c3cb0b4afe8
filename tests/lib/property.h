/* SPDX-License-Identifier: Apache-2.0
 *
 * property: seeds for tests that try random cases.
 *
 * Each case is made from one 64-bit seed and nothing else.  Cases count up
 * from a first seed, which is the time unless NETPOL_PROP_SEED gives it; then
 * there is one case.  NETPOL_PROP_TIMES multiplies the number of cases that a
 * test has by itself; NETPOL_PROP_N sets the number either way. */

#ifndef PROPERTY_H
#define PROPERTY_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A generator of random numbers (splitmix64). */
struct rng {
    uint64_t state;
};
void rng_init(struct rng *, uint64_t seed);
uint64_t rng_next(struct rng *);
/* 0..n - 1. */
uint32_t rng_below(struct rng *, uint32_t n);
/* True in 'percent' of 100 cases. */
bool rng_chance(struct rng *, unsigned int percent);

/* The cases of one test. */
struct property {
    const char *name;
    uint64_t first_seed;
    size_t n;                   /* Number of cases. */
    size_t done;
    double started;             /* Seconds. */
};

/* Prints the first seed. */
void property_begin(struct property *, const char *name, size_t default_n);
/* The next case's seed in '*seed'; false after the last case. */
bool property_next(struct property *, uint64_t *seed);
/* Prints the number of cases, 'n_checks' of 'what' in them, and the time. */
void property_end(const struct property *, size_t n_checks, const char *what);

/* Prints 'text' as TAP comment lines. */
void property_print(const char *text);
/* Prints how to run the case again, and 'text', and fails the test. */
void property_fail(const struct property *, uint64_t seed, const char *text);

#endif /* property.h */
