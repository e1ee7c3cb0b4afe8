/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "property.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "util.h"

/* Random numbers. */

void
rng_init(struct rng *r, uint64_t seed)
{
    r->state = seed;
}

uint64_t
rng_next(struct rng *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t
rng_below(struct rng *r, uint32_t n)
{
    return (rng_next(r) >> 32) * n >> 32;
}

bool
rng_chance(struct rng *r, unsigned int percent)
{
    return rng_below(r, 100) < percent;
}

/* Cases. */

static double
now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec + ts.tv_nsec / 1e9;
}

static bool
get_number(const char *variable, uint64_t *value)
{
    const char *text = getenv(variable);
    char *end;

    if (!text || !text[0]) {
        return false;
    }
    *value = strtoull(text, &end, 0);
    if (*end) {
        fail_msg("%s: \"%s\" is not a number", variable, text);
    }
    return true;
}

void
property_begin(struct property *p, const char *name, size_t default_n)
{
    uint64_t n = default_n, times = 1;

    *p = (struct property) { .name = name };
    if (get_number("NETPOL_PROP_SEED", &p->first_seed)) {
        n = 1;
    } else {
        get_number("NETPOL_PROP_TIMES", &times);
        n *= times;
        p->first_seed = (uint64_t) time(NULL) * 1000000;
    }
    get_number("NETPOL_PROP_N", &n);
    p->n = n;
    p->started = now();
    printf("# %s: seeds from %"PRIu64" on\n", name, p->first_seed);
    fflush(stdout);
}

bool
property_next(struct property *p, uint64_t *seed)
{
    if (p->done >= p->n) {
        return false;
    }
    *seed = p->first_seed + p->done++;
    return true;
}

void
property_end(const struct property *p, size_t n_checks, const char *what)
{
    printf("# %s: %"PRIuSIZE" cases, %"PRIuSIZE" %s, %.1f s\n",
           p->name, p->done, n_checks, what, now() - p->started);
    fflush(stdout);
}

void
property_print(const char *text)
{
    while (text[0]) {
        size_t length = strcspn(text, "\n");

        printf("# %.*s\n", (int) length, text);
        text += length + (text[length] == '\n');
    }
    fflush(stdout);
}

void
property_fail(const struct property *p, uint64_t seed, const char *text)
{
    property_print(text);
    printf("# %s: run this case again with NETPOL_PROP_SEED=%"PRIu64"\n",
           p->name, seed);
    fflush(stdout);
    fail_msg("%s: seed %"PRIu64, p->name, seed);
}
