/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util.h"

static void
test_counts(void **state OVS_UNUSED)
{
    struct tally t;

    tally_init(&t);
    assert_int_equal(tally_add(&t, 7), 1);
    assert_int_equal(tally_add(&t, 7), 2);
    assert_int_equal(tally_add(&t, 0), 1);
    assert_int_equal(tally_add(&t, UINT32_MAX), 1);
    assert_int_equal(tally_subtract(&t, 7), 1);
    assert_int_equal(tally_subtract(&t, 7), 0);
    assert_int_equal(hmap_count(&t.entries), 2);
    assert_int_equal(tally_add(&t, 7), 1);
    tally_destroy(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
    };

    return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
