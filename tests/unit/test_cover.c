/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

static const struct {
    uint16_t first, last;
    size_t n;
    struct cover_block blocks[COVER_MAX];
} cases[] = {
    { 80, 80, 1, {{ 80, 0xffff }} },
    { 0, 0, 1, {{ 0, 0xffff }} },
    { 0, 65535, 1, {{ 0, 0 }} },
    { 0, 32767, 1, {{ 0, 0x8000 }} },
    { 32768, 65535, 1, {{ 0x8000, 0x8000 }} },
    { 65535, 65535, 1, {{ 65535, 0xffff }} },
    { 80, 81, 1, {{ 80, 0xfffe }} },
    { 81, 82, 2, {{ 81, 0xffff }, { 82, 0xffff }} },
    { 1000, 1999, 7,
      {{ 1000, 0xfff8 }, { 1008, 0xfff0 }, { 1024, 0xfe00 },
       { 1536, 0xff00 }, { 1792, 0xff80 }, { 1920, 0xffc0 },
       { 1984, 0xfff0 }} },
};

static void
test_cases(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct cover_block blocks[COVER_MAX];

        assert_int_equal(cover_interval(cases[i].first, cases[i].last,
                                        blocks), cases[i].n);
        assert_memory_equal(blocks, cases[i].blocks,
                            cases[i].n * sizeof *blocks);
    }
}

/* The number of blocks of the best cover of first..last, seen from the aligned
 * block of 'size' at 'at': itself, or what its halves need. */
static size_t
count_best(uint32_t first, uint32_t last, uint32_t at, uint32_t size)
{
    uint32_t end = at + size - 1;

    if (last < at || end < first) {
        return 0;
    } else if (first <= at && end <= last) {
        return 1;
    }
    return (count_best(first, last, at, size / 2)
            + count_best(first, last, at + size / 2, size / 2));
}

/* Blocks ascend, touch, and begin and end where they should: so they are
 * disjoint and cover exactly.  And there are no fewer. */
static void
check_interval(uint16_t first, uint16_t last)
{
    struct cover_block blocks[COVER_MAX];
    size_t n = cover_interval(first, last, blocks);
    uint32_t at = first;

    assert_in_range(n, 1, COVER_MAX);
    for (size_t i = 0; i < n; i++) {
        uint32_t size = (uint16_t) ~blocks[i].mask + 1;

        assert_true(IS_POW2(size));
        assert_int_equal(blocks[i].value, at);
        assert_int_equal(blocks[i].value & ~blocks[i].mask, 0);
        at += size;
    }
    assert_int_equal(at, last + 1);
    assert_int_equal(n, count_best(first, last, 0, 1u << 16));
}

static void
test_small_intervals(void **state OVS_UNUSED)
{
    for (unsigned int first = 0; first < 256; first++) {
        for (unsigned int last = first; last < 256; last++) {
            check_interval(first, last);
        }
    }
}

static void
test_random_intervals(void **state OVS_UNUSED)
{
    uint32_t seed = 1;

    for (int i = 0; i < 20000; i++) {
        uint16_t a, b;

        seed = seed * 1664525 + 1013904223;
        a = seed >> 16;
        seed = seed * 1664525 + 1013904223;
        b = seed >> 16;
        check_interval(MIN(a, b), MAX(a, b));
    }
}

/* The worst case is what COVER_MAX says. */
static void
test_bound(void **state OVS_UNUSED)
{
    struct cover_block blocks[COVER_MAX];

    assert_int_equal(cover_interval(1, 65534, blocks), COVER_MAX);
    check_interval(1, 65534);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_small_intervals),
        cmocka_unit_test(test_random_intervals),
        cmocka_unit_test(test_bound),
    };

    return cmocka_run_group_tests_name("cover", tests, NULL, NULL);
}
