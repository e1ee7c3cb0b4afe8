/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
test_bounds_rise(void **state)
{
    for (size_t i = 1; i < HISTOGRAM_N_BOUNDS; i++) {
        assert_true(histogram_bounds[i - 1] < histogram_bounds[i]);
    }
}

/* A bound belongs to its bucket, as Prometheus's "le" says. */
static void
test_add(void **state)
{
    struct histogram h = { .sum = 0 };

    for (size_t i = 0; i < HISTOGRAM_N_BOUNDS; i++) {
        histogram_add(&h, histogram_bounds[i]);
        assert_int_equal(h.counts[i], 1);
        histogram_add(&h, histogram_bounds[i] + 1);
        assert_int_equal(h.counts[i + 1], 1);
        h.counts[i + 1] = 0;
    }
    assert_int_equal(histogram_count(&h), HISTOGRAM_N_BOUNDS);
}

static void
test_extremes(void **state)
{
    struct histogram h = { .sum = 0 };

    histogram_add(&h, -5);
    assert_int_equal(h.counts[0], 1);
    assert_int_equal(h.sum, 0);
    histogram_add(&h, INT64_MAX);
    assert_int_equal(h.counts[HISTOGRAM_N_BOUNDS], 1);
    assert_int_equal(h.sum, INT64_MAX);
    assert_int_equal(histogram_count(&h), 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds_rise),
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_extremes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
