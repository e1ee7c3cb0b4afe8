/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "label.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

/* Up to this many values and requirements in one row of a table. */
#define MAX_VALUES 4
#define MAX_REQS 4

struct req {
    const char *key;
    enum selector_op op;
    const char *values[MAX_VALUES];
};

static int
setup(void **state)
{
    *state = label_pool_create();
    return 0;
}

static int
teardown(void **state)
{
    /* Aborts if a test leaked a reference. */
    label_pool_destroy(*state);
    return 0;
}

static struct selector *
make_selector(struct label_pool *pool, const struct req reqs[MAX_REQS])
{
    struct selector_requirement out[MAX_REQS];
    size_t n = 0;

    for (size_t i = 0; i < MAX_REQS && reqs[i].key; i++) {
        out[n].key = reqs[i].key;
        out[n].op = reqs[i].op;
        out[n].values = CONST_CAST(const char **, reqs[i].values);
        out[n].n_values = 0;
        while (out[n].n_values < MAX_VALUES
               && reqs[i].values[out[n].n_values]) {
            out[n].n_values++;
        }
        n++;
    }
    return selector_create(pool, out, n);
}

static void
test_pool_destroy_null(void **state)
{
    label_pool_destroy(NULL);
    label_set_unref(NULL);
    selector_unref(NULL);
    assert_null(label_set_ref(NULL));
    assert_null(selector_ref(NULL));
}

static void
test_equal_sets_are_one(void **state)
{
    struct label_pool *pool = *state;
    const struct label_pair ab[] = {{"a", "1"}, {"b", "2"}};
    const struct label_pair ba[] = {{"b", "2"}, {"a", "1"}};
    const struct label_pair a[] = {{"a", "1"}};
    struct label_set *x = label_set_create(pool, ab, 2);
    struct label_set *y = label_set_create(pool, ba, 2);
    struct label_set *z = label_set_create(pool, a, 1);

    assert_ptr_equal(x, y);
    assert_ptr_not_equal(x, z);
    /* Labels are shared between sets. */
    assert_ptr_equal(label_set_at(x, 0), label_set_at(z, 0));

    label_set_unref(x);
    assert_string_equal(label_set_get(y, "b"), "2");
    label_set_unref(y);
    label_set_unref(z);
}

static void
test_set_contents(void **state)
{
    const struct label_pair pairs[] = {
        {"c", "3"}, {"a", "1"}, {"b", "old"}, {"ab", ""}, {"b", "new"},
    };
    struct label_set *set = label_set_create(*state, pairs,
                                             ARRAY_SIZE(pairs));
    static const char *const want[][2] = {
        {"a", "1"}, {"ab", ""}, {"b", "new"}, {"c", "3"},
    };

    assert_int_equal(label_set_count(set), ARRAY_SIZE(want));
    for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
        const struct label *label = label_set_at(set, i);

        assert_string_equal(label_key(label), want[i][0]);
        assert_string_equal(label_value(label), want[i][1]);
        assert_string_equal(label_set_get(set, want[i][0]), want[i][1]);
    }
    assert_null(label_set_get(set, ""));
    assert_null(label_set_get(set, "aa"));
    assert_null(label_set_get(set, "d"));
    label_set_unref(set);
}

static void
test_empty_set(void **state)
{
    struct label_set *a = label_set_create(*state, NULL, 0);
    struct label_set *b = label_set_create(*state, NULL, 0);

    assert_ptr_equal(a, b);
    assert_int_equal(label_set_count(a), 0);
    assert_null(label_set_get(a, "a"));
    label_set_unref(a);
    label_set_unref(b);
}

/* What nobody uses is not there. */
static void
test_stats(void **state)
{
    const struct label_pair pairs[] = {{"a", "1"}, {"b", "2"}};
    struct label_pool *pool = *state;
    struct label_set *ab = label_set_create(pool, pairs, 2);
    struct label_set *a = label_set_create(pool, pairs, 1);
    struct label_pool_stats stats;

    label_pool_get_stats(pool, &stats);
    assert_int_equal(stats.n_labels, 2);
    assert_int_equal(stats.n_sets, 2);
    assert_int_equal(stats.n_selectors, 0);
    label_set_unref(ab);
    label_pool_get_stats(pool, &stats);
    assert_int_equal(stats.n_labels, 1);
    assert_int_equal(stats.n_sets, 1);
    label_set_unref(a);
}

static void
test_key_and_value_do_not_run_together(void **state)
{
    const struct label_pair x[] = {{"ab", "c"}};
    const struct label_pair y[] = {{"a", "bc"}};
    struct label_set *a = label_set_create(*state, x, 1);
    struct label_set *b = label_set_create(*state, y, 1);

    assert_ptr_not_equal(a, b);
    assert_int_not_equal(label_hash(label_set_at(a, 0)),
                         label_hash(label_set_at(b, 0)));
    label_set_unref(a);
    label_set_unref(b);
}

static void
test_selector_text(void **state)
{
    static const struct {
        struct req reqs[MAX_REQS];
        const char *text;
    } cases[] = {
        {{{NULL}}, ""},
        {{{"app", SELECTOR_IN, {"web"}}}, "app=web"},
        {{{"app", SELECTOR_IN, {""}}}, "app="},
        {{{"app", SELECTOR_NOT_IN, {"web"}}}, "app!=web"},
        {{{"tier", SELECTOR_IN, {"b", "a", "b"}}}, "tier in (a,b)"},
        {{{"tier", SELECTOR_IN, {"b", "b"}}}, "tier=b"},
        {{{"tier", SELECTOR_NOT_IN, {"b", "a"}}}, "tier notin (a,b)"},
        {{{"x", SELECTOR_EXISTS, {NULL}}}, "x"},
        {{{"x", SELECTOR_DOES_NOT_EXIST, {NULL}}}, "!x"},
        {{{"x", SELECTOR_IN, {NULL}}}, "x in ()"},
        {{{"x", SELECTOR_NOT_IN, {NULL}}}, ""},
        {{{"debug", SELECTOR_DOES_NOT_EXIST, {NULL}},
          {"tier", SELECTOR_IN, {"a", "b"}},
          {"app", SELECTOR_IN, {"web"}}}, "app=web,!debug,tier in (a,b)"},
        {{{"a", SELECTOR_EXISTS, {NULL}},
          {"a", SELECTOR_IN, {"2"}},
          {"a", SELECTOR_IN, {"1"}},
          {"a", SELECTOR_EXISTS, {NULL}}}, "a=1,a=2,a"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct selector *s = make_selector(*state, cases[i].reqs);

        assert_string_equal(selector_text(s), cases[i].text);
        assert_int_equal(selector_is_empty(s), !cases[i].text[0]);
        selector_unref(s);
    }
}

static void
test_equal_selectors_are_one(void **state)
{
    static const struct req x[MAX_REQS] = {
        {"a", SELECTOR_IN, {"1", "2"}}, {"b", SELECTOR_EXISTS, {NULL}},
    };
    static const struct req y[MAX_REQS] = {
        {"b", SELECTOR_EXISTS, {NULL}}, {"a", SELECTOR_IN, {"2", "1", "2"}},
        {"b", SELECTOR_EXISTS, {NULL}},
    };
    static const struct req z[MAX_REQS] = {
        {"a", SELECTOR_IN, {"1"}}, {"b", SELECTOR_EXISTS, {NULL}},
    };
    struct selector *a = make_selector(*state, x);
    struct selector *b = make_selector(*state, y);
    struct selector *c = make_selector(*state, z);

    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, c);
    selector_unref(a);
    assert_string_equal(selector_text(b), "a in (1,2),b");
    selector_unref(b);
    selector_unref(c);
}

/* S11: NotIn and DoesNotExist match where the key is absent; a required empty
 * value does not match an absent key. */
static void
test_s11_matching(void **state)
{
    static const struct label_pair pairs[] = {
        {"app", "web"}, {"empty", ""}, {"tier", "front"},
    };
    static const struct {
        struct req reqs[MAX_REQS];
        const char *unmet;      /* NULL: matches. */
    } cases[] = {
        {{{NULL}}, NULL},
        {{{"app", SELECTOR_IN, {"web"}}}, NULL},
        {{{"app", SELECTOR_IN, {"db"}}}, "app=db"},
        {{{"app", SELECTOR_IN, {"a", "web", "z"}}}, NULL},
        {{{"app", SELECTOR_IN, {"a", "z"}}}, "app in (a,z)"},
        {{{"app", SELECTOR_IN, {NULL}}}, "app in ()"},
        {{{"no", SELECTOR_IN, {"web"}}}, "no=web"},
        {{{"no", SELECTOR_IN, {""}}}, "no="},
        {{{"empty", SELECTOR_IN, {""}}}, NULL},
        {{{"app", SELECTOR_NOT_IN, {"web"}}}, "app!=web"},
        {{{"app", SELECTOR_NOT_IN, {"db"}}}, NULL},
        {{{"no", SELECTOR_NOT_IN, {"web"}}}, NULL},
        {{{"empty", SELECTOR_NOT_IN, {""}}}, "empty!="},
        {{{"no", SELECTOR_NOT_IN, {""}}}, NULL},
        {{{"app", SELECTOR_EXISTS, {NULL}}}, NULL},
        {{{"empty", SELECTOR_EXISTS, {NULL}}}, NULL},
        {{{"no", SELECTOR_EXISTS, {NULL}}}, "no"},
        {{{"app", SELECTOR_DOES_NOT_EXIST, {NULL}}}, "!app"},
        {{{"no", SELECTOR_DOES_NOT_EXIST, {NULL}}}, NULL},
        {{{"app", SELECTOR_IN, {"web"}},
          {"tier", SELECTOR_IN, {"front"}}}, NULL},
        {{{"app", SELECTOR_IN, {"web"}},
          {"tier", SELECTOR_IN, {"back"}}}, "tier=back"},
        {{{"app", SELECTOR_IN, {"web"}},
          {"app", SELECTOR_IN, {"db"}}}, "app=db"},
    };
    struct label_set *set = label_set_create(*state, pairs,
                                             ARRAY_SIZE(pairs));

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct selector *s = make_selector(*state, cases[i].reqs);
        char *why = selector_why_not(s, set);

        assert_int_equal(selector_matches(s, set), !cases[i].unmet);
        if (cases[i].unmet) {
            assert_string_equal(why, cases[i].unmet);
        } else {
            assert_null(why);
        }
        free(why);
        selector_unref(s);
    }
    label_set_unref(set);
}

static void
test_required_label(void **state)
{
    static const struct {
        struct req reqs[MAX_REQS];
        const char *key;        /* NULL: none. */
    } cases[] = {
        {{{NULL}}, NULL},
        {{{"app", SELECTOR_EXISTS, {NULL}}}, NULL},
        {{{"app", SELECTOR_IN, {"a", "b"}}}, NULL},
        {{{"app", SELECTOR_NOT_IN, {"v"}}}, NULL},
        {{{"app", SELECTOR_IN, {"v"}}}, "app"},
        {{{"x", SELECTOR_IN, {"v"}}, {"b", SELECTOR_IN, {"v"}},
          {"a", SELECTOR_EXISTS, {NULL}}}, "b"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct selector *s = make_selector(*state, cases[i].reqs);
        const struct label *label = selector_required_label(s);

        if (cases[i].key) {
            const struct label_pair pair = {cases[i].key, "v"};
            struct label_set *set = label_set_create(*state, &pair, 1);

            assert_ptr_equal(label, label_set_at(set, 0));
            label_set_unref(set);
        } else {
            assert_null(label);
        }
        selector_unref(s);
    }
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_destroy_null),
        TEST(test_equal_sets_are_one),
        TEST(test_set_contents),
        TEST(test_empty_set),
        TEST(test_stats),
        TEST(test_key_and_value_do_not_run_together),
        TEST(test_selector_text),
        TEST(test_equal_selectors_are_one),
        TEST(test_s11_matching),
        TEST(test_required_label),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
