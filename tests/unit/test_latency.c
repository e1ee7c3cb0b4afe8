/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "latency.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int
setup(void **state)
{
    *state = latency_create();
    return 0;
}

static int
teardown(void **state)
{
    latency_destroy(*state);
    return 0;
}

static void
assert_measured(const struct latency *l, uint64_t n, uint64_t usec)
{
    const struct histogram *h = latency_histogram(l);

    assert_int_equal(histogram_count(h), n);
    assert_int_equal(h->sum, usec);
}

/* What was there at the beginning is no change. */
static void
test_first(void **state)
{
    struct latency *l = *state;

    latency_note(l, 17, 100);
    assert_int_equal(latency_lag(l, 500), 0);
    latency_done(l, 17, 500);
    assert_measured(l, 0, 0);
}

static void
test_one(void **state)
{
    struct latency *l = *state;

    latency_note(l, 1, 0);
    latency_note(l, 3, 1000);
    latency_note(l, 3, 2000);
    assert_int_equal(latency_lag(l, 4000), 3000);
    latency_done(l, 2, 5000);
    assert_measured(l, 0, 0);
    latency_done(l, 3, 6000);
    assert_measured(l, 1, 5000);
    assert_int_equal(latency_lag(l, 7000), 0);
    latency_done(l, 3, 8000);
    assert_measured(l, 1, 5000);
}

/* Batches that came while another one was under way. */
static void
test_several(void **state)
{
    struct latency *l = *state;

    latency_note(l, 1, 0);
    latency_note(l, 2, 100);
    latency_note(l, 5, 200);
    latency_note(l, 6, 300);
    latency_done(l, 2, 1000);
    assert_measured(l, 1, 900);
    assert_int_equal(latency_lag(l, 1000), 800);
    latency_done(l, 6, 2000);
    assert_measured(l, 3, 900 + 1800 + 1700);
}

/* The connection was lost: nothing is known to be there. */
static void
test_unknown(void **state)
{
    struct latency *l = *state;

    latency_note(l, 1, 0);
    latency_note(l, 2, 100);
    latency_done(l, 0, 200);
    assert_measured(l, 0, 0);
    assert_int_equal(latency_lag(l, 300), 200);
}

/* More than are kept: they count with the last one, and none is lost. */
static void
test_bound(void **state)
{
    struct latency *l = *state;

    latency_note(l, 1, 0);
    for (unsigned int i = 0; i < LATENCY_MAX_BATCHES + 10; i++) {
        latency_note(l, 2 + i, 10);
    }
    latency_done(l, 1 + LATENCY_MAX_BATCHES, 20);
    assert_measured(l, LATENCY_MAX_BATCHES - 1,
                    10 * (LATENCY_MAX_BATCHES - 1));
    assert_int_equal(latency_lag(l, 20), 10);
    latency_done(l, 1 + LATENCY_MAX_BATCHES + 10, 20);
    assert_measured(l, LATENCY_MAX_BATCHES, 10 * LATENCY_MAX_BATCHES);
    assert_int_equal(latency_lag(l, 20), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_several, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bound, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
