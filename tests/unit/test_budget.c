/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "util.h"

#define MAX_ITEMS 8

/* Items "a", "b" … of a namespace each, and who is out in the end. */
static const struct {
    struct budget_limits limits;
    struct {
        const char *ns;
        int64_t created;
        uint64_t cost;
        enum budget_excess want;
    } items[MAX_ITEMS];
    uint64_t want_cost;
} cases[] = {
    /* No limits. */
    {{ 0, 0, 0 }, {{ "n", 1, 1u << 31, BUDGET_FITS },
                   { "n", 1, 1u << 31, BUDGET_FITS }}, UINT64_C(1) << 32 },
    /* One of its own is too large; exactly the limit is not. */
    {{ 10, 0, 0 }, {{ "n", 1, 10, BUDGET_FITS }, { "n", 2, 11, BUDGET_POLICY },
                    { "m", 3, 9, BUDGET_FITS }}, 19 },
    /* The older stays, whatever its name; what still fits is in. */
    {{ 0, 10, 0 }, {{ "n", 9, 6, BUDGET_NAMESPACE },
                    { "n", 2, 6, BUDGET_FITS },
                    { "n", 10, 4, BUDGET_FITS },
                    { "n", 11, 1, BUDGET_NAMESPACE },
                    { "m", 99, 10, BUDGET_FITS }}, 20 },
    /* Of the same age, by name; unknown is old. */
    {{ 0, 10, 0 }, {{ "n", 5, 5, BUDGET_FITS }, { "n", 5, 5,
                      BUDGET_NAMESPACE }, { "n", 0, 5, BUDGET_FITS }}, 10 },
    /* What is out for another reason does not count. */
    {{ 10, 15, 25 }, {{ "n", 1, 11, BUDGET_POLICY },
                      { "n", 2, 10, BUDGET_FITS },
                      { "n", 3, 10, BUDGET_NAMESPACE },
                      { "m", 4, 10, BUDGET_FITS }, { "o", 5, 6, BUDGET_TOTAL },
                      { "o", 6, 5, BUDGET_FITS }}, 25 },
    /* In all: by age, then by namespace. */
    {{ 0, 0, 10 }, {{ "n", 5, 5, BUDGET_FITS }, { "m", 5, 5, BUDGET_FITS },
                    { "o", 5, 5, BUDGET_TOTAL }}, 10 },
};

static void
ignore_item(struct budget_item *item OVS_UNUSED, void *aux OVS_UNUSED)
{
}

struct fixture {
    struct budget *budget;
    struct budget_item items[MAX_ITEMS];
    char names[MAX_ITEMS][2];
};

static void
init(struct fixture *f, const struct budget_limits *limits)
{
    f->budget = budget_create(limits);
    for (size_t i = 0; i < MAX_ITEMS; i++) {
        f->names[i][0] = 'a' + i;
        f->names[i][1] = '\0';
        budget_item_init(&f->items[i], f->names[i]);
    }
}

static void
uninit(struct fixture *f)
{
    for (size_t i = 0; i < MAX_ITEMS; i++) {
        budget_set(f->budget, &f->items[i], NULL, 0, 0);
    }
    budget_run(f->budget, ignore_item, NULL);
    budget_destroy(f->budget);
}

static void
set_item(struct fixture *f, size_t c, size_t i)
{
    if (cases[c].items[i].ns) {
        budget_set(f->budget, &f->items[i], cases[c].items[i].ns,
                   cases[c].items[i].created, cases[c].items[i].cost);
    }
}

static void
check_case(struct fixture *f, size_t c)
{
    struct budget_status status;
    size_t n_out = 0;

    for (size_t i = 0; i < MAX_ITEMS; i++) {
        if (f->items[i].excess != cases[c].items[i].want) {
            fail_msg("case %"PRIuSIZE", item %"PRIuSIZE": %d, not %d", c, i,
                     f->items[i].excess, cases[c].items[i].want);
        }
        n_out += f->items[i].excess != BUDGET_FITS;
    }
    budget_get_status(f->budget, &status);
    assert_int_equal(status.cost, cases[c].want_cost);
    assert_int_equal(status.n_out, n_out);
}

static void
test_cases(void **state OVS_UNUSED)
{
    for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
        struct fixture f;

        init(&f, &cases[c].limits);
        for (size_t i = 0; i < MAX_ITEMS; i++) {
            set_item(&f, c, i);
        }
        budget_run(f.budget, ignore_item, NULL);
        check_case(&f, c);
        uninit(&f);
    }
}

/* Seen in any order, with others that come and go, the end is the same. */
static void
test_any_order(void **state OVS_UNUSED)
{
    for (int round = 0; round < 2000; round++) {
        size_t c = random_range(ARRAY_SIZE(cases));
        struct fixture f;

        init(&f, &cases[c].limits);
        for (int n = random_range(40); n; n--) {
            size_t i = random_range(MAX_ITEMS);

            budget_set(f.budget, &f.items[i], NULL, 0, 0);
            budget_set(f.budget, &f.items[i], random_range(2) ? "n" : "x",
                       random_range(20), random_range(20));
            if (!random_range(3)) {
                budget_run(f.budget, ignore_item, NULL);
            }
        }
        for (size_t i = 0; i < MAX_ITEMS; i++) {
            budget_set(f.budget, &f.items[i], NULL, 0, 0);
            set_item(&f, c, i);
            if (!random_range(3)) {
                budget_run(f.budget, ignore_item, NULL);
            }
        }
        budget_run(f.budget, ignore_item, NULL);
        check_case(&f, c);
        uninit(&f);
    }
}

static void
note_call(struct budget_item *item, void *names)
{
    strcat(names, item->name);
}

/* Who changes sides is told, nobody else. */
static void
test_calls(void **state OVS_UNUSED)
{
    static const struct budget_limits limits = { 0, 10, 0 };
    char called[16] = "";
    struct fixture f;

    init(&f, &limits);
    budget_set(f.budget, &f.items[0], "n", 1, 6);
    budget_set(f.budget, &f.items[1], "n", 2, 6);
    budget_run(f.budget, note_call, called);
    assert_string_equal(called, "b");
    budget_run(f.budget, note_call, called);
    assert_string_equal(called, "b");

    budget_set(f.budget, &f.items[0], "n", 1, 4);
    budget_run(f.budget, note_call, called);
    assert_string_equal(called, "bb");
    assert_int_equal(f.items[1].excess, BUDGET_FITS);
    uninit(&f);
}

static void
test_words(void **state OVS_UNUSED)
{
    static const struct budget_limits limits = { 10, 0, 0 };
    struct fixture f;

    init(&f, &limits);
    budget_set(f.budget, &f.items[0], "n", 1, 11);
    budget_set(f.budget, &f.items[1], "n", 1, 10);
    budget_run(f.budget, ignore_item, NULL);
    char *text = budget_describe(f.budget, &f.items[0]);
    assert_string_equal(text, "would cost 11 flows, beyond the limit of 10 "
                        "for a policy (max-policy-flows): it allows nothing, "
                        "its pods are isolated");
    free(text);
    assert_null(budget_describe(f.budget, &f.items[1]));
    uninit(&f);
}

int
main(int argc OVS_UNUSED, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_words),
    };

    set_program_name(argv[0]);
    random_set_seed(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
