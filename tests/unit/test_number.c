/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "util.h"

/* Takes numbers for these hashes in turn. */
static const struct {
    const char *title;
    size_t n;
    struct {
        uint32_t hash, want;
    } take[4];
} cases[] = {
    { "the hash itself", 2, {{ 7, 7 }, { 9, 9 }} },
    { "the next one on a collision", 3, {{ 7, 7 }, { 7, 8 }, { 7, 9 }} },
    { "a hash that is another's number", 3, {{ 7, 7 }, { 7, 8 }, { 8, 9 }} },
    { "never 0", 2, {{ 0, 1 }, { 0, 2 }} },
    { "never 0 after the last number either", 3,
      {{ UINT32_MAX, UINT32_MAX }, { UINT32_MAX, 1 }, { 0, 2 }} },
};

static void
test_take(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct number numbers[4];
        struct number_pool pool;

        number_pool_init(&pool);
        for (size_t j = 0; j < cases[i].n; j++) {
            number_take(&pool, &numbers[j], cases[i].take[j].hash);
            if (numbers[j].value != cases[i].take[j].want) {
                fail_msg("%s: number %"PRIuSIZE" is %"PRIu32,
                         cases[i].title, j, numbers[j].value);
            }
        }
        for (size_t j = 0; j < cases[i].n; j++) {
            number_give_back(&pool, &numbers[j]);
        }
        number_pool_destroy(&pool);
    }
}

static void
test_give_back(void **state OVS_UNUSED)
{
    struct number a, b, c;
    struct number_pool pool;

    number_pool_init(&pool);
    number_take(&pool, &a, 5);
    number_take(&pool, &b, 5);
    number_give_back(&pool, &a);
    number_take(&pool, &c, 5);
    assert_int_equal(b.value, 6);
    assert_int_equal(c.value, 5);
    assert_ptr_equal(number_find(&pool, 5), &c);
    assert_ptr_equal(number_find(&pool, 6), &b);
    assert_null(number_find(&pool, 7));
    number_give_back(&pool, &b);
    number_give_back(&pool, &c);
    number_pool_destroy(&pool);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_give_back),
    };

    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
