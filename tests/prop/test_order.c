/* SPDX-License-Identifier: Apache-2.0
 *
 * Whatever happened, and in whatever order: the flows are those that a new
 * compiler makes of what is there now. */

#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cluster.h"
#include "compile.h"
#include "openvswitch/dynamic-string.h"
#include "property.h"
#include "random-cluster.h"
#include "shrink-cluster.h"
#include "util.h"
#include "world.h"

enum {
    MAX_EVENTS = 60,
    CHECK_EVERY = 20            /* Events, on average. */
};

struct history {
    struct compile_config config;
    uint64_t seed;              /* Of the orders that a new compiler sees. */
    struct cluster start;
    size_t n;
    struct cluster_event events[MAX_EVENTS];
    bool check_after[MAX_EVENTS];
};

static void
random_history(struct rng *r, struct history *h)
{
    struct cluster now;

    h->seed = rng_next(r);
    world_random_config(r, &h->config);
    random_cluster(&h->start, r);
    if (rng_chance(r, 30)) {
        memset(&h->start, 0, sizeof h->start);
    }
    now = h->start;
    h->n = 1 + rng_below(r, MAX_EVENTS);
    for (size_t i = 0; i < h->n; i++) {
        random_cluster_event(&now, r, &h->events[i]);
        cluster_event_apply(&h->events[i], &now);
        h->check_after[i] = i + 1 == h->n || !rng_below(r, CHECK_EVERY);
    }
}

/* Says what differs line by line between two sorted texts. */
static void
put_difference(const char *old, const char *new, struct ds *s)
{
    const char *sides[2] = { old, new };

    for (int i = 0; i < 2; i++) {
        char *copy = xstrdup(sides[i]), *save = NULL;

        for (char *line = strtok_r(copy, "\n", &save); line;
             line = strtok_r(NULL, "\n", &save)) {
            if (!strstr(sides[!i], line)) {
                ds_put_format(s, "%c %s\n", "-+"[i], line);
            }
        }
        free(copy);
    }
}

/* Returns true if the flows of 'w' are those of 'c' made from nothing. */
static bool
equals_fresh(const struct world *w, const struct cluster *c,
             const struct history *h, struct ds *difference)
{
    struct ds is = DS_EMPTY_INITIALIZER, should = DS_EMPTY_INITIALIZER;
    struct world fresh;
    struct rng order;
    bool equal;

    rng_init(&order, h->seed);
    world_init(&fresh, &h->config);
    world_load(&fresh, c, &order);
    world_format_flows(w, &is);
    world_format_flows(&fresh, &should);
    world_uninit(&fresh);
    equal = !strcmp(ds_cstr(&is), ds_cstr(&should));
    if (!equal && difference) {
        put_difference(ds_cstr(&should), ds_cstr(&is), difference);
    }
    ds_destroy(&is);
    ds_destroy(&should);
    return equal;
}

/* Lets everything happen.  Returns true if all comparisons were equal. */
static bool
replay(const struct history *h, size_t *n_checks, struct ds *difference)
{
    struct cluster now = h->start;
    struct rng order;
    struct world w;
    bool ok = true;

    rng_init(&order, ~h->seed);
    world_init(&w, &h->config);
    world_load(&w, &now, &order);
    for (size_t i = 0; ok && i < h->n; i++) {
        world_happen(&w, &h->events[i], &now);
        if (h->check_after[i]) {
            compile_run(w.compile);
            ok = equals_fresh(&w, &now, h, difference);
            ++*n_checks;
        }
    }
    world_uninit(&w);
    return ok;
}

static bool
fails(const struct history *h)
{
    size_t n_checks = 0;

    return !replay(h, &n_checks, NULL);
}

static bool
fails_from(const struct cluster *start, void *h_)
{
    struct history *h = h_;
    struct cluster old = h->start;
    bool result;

    h->start = *start;
    result = fails(h);
    h->start = old;
    return result;
}

/* Drops events that are not needed to make it fail, later ones first, then
 * what is not needed of the start. */
static void
shrink(struct history *h)
{
    struct cluster start;

    for (size_t i = h->n; i-- > 0; ) {
        struct history smaller = *h;
        size_t n_after = --smaller.n - i;

        memmove(&smaller.events[i], &smaller.events[i + 1],
                n_after * sizeof *smaller.events);
        memmove(&smaller.check_after[i], &smaller.check_after[i + 1],
                n_after * sizeof *smaller.check_after);
        if (fails(&smaller)) {
            *h = smaller;
        }
    }
    start = h->start;
    shrink_cluster(&start, fails_from, h);
    h->start = start;
}

static void
put_history(const struct history *h, struct ds *s)
{
    struct cluster now = h->start;

    ds_put_cstr(s, "# The start:\n");
    cluster_format(&now, s);
    for (size_t i = 0; i < h->n; i++) {
        const struct cluster_event *e = &h->events[i];

        cluster_event_apply(e, &now);
        ds_put_format(s, "# Event %"PRIuSIZE": %s %u%s\n", i,
                      cluster_event_name(e), e->index,
                      h->check_after[i] ? ", then compared" : "");
        if (e->type != EVENT_RUN) {
            cluster_format_slot(&now, e, s);
        }
    }
}

static void
explain(const struct property *p, uint64_t seed, struct history *h)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    size_t n_checks = 0;

    shrink(h);
    put_history(h, &s);
    ds_put_cstr(&s, "# Flows, - from scratch, + after the events:\n");
    replay(h, &n_checks, &s);
    property_fail(p, seed, ds_cstr(&s));
}

static void
test_any_order_equals_from_scratch(void **state)
{
    struct history *h = xmalloc(sizeof *h);
    struct property p;
    size_t n_checks = 0;
    uint64_t seed;

    property_begin(&p, "order", 3000);
    while (property_next(&p, &seed)) {
        struct rng r;

        rng_init(&r, seed);
        random_history(&r, h);
        if (!replay(h, &n_checks, NULL)) {
            explain(&p, seed, h);
        }
    }
    property_end(&p, n_checks, "comparisons");
    free(h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_order_equals_from_scratch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
