/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "partition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

#define N_SETS 4

struct fixture {
    struct partition p;
    struct partition_set sets[N_SETS];
    size_t n_come, n_gone;      /* Since the last announce(). */
    uint32_t last_come, last_gone;
};

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);

    partition_init(&f->p);
    for (int i = 0; i < N_SETS; i++) {
        partition_set_init(&f->sets[i], xasprintf("set %c", 'a' + i));
    }
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    partition_destroy(&f->p);
    for (int i = 0; i < N_SETS; i++) {
        partition_set_uninit(&f->sets[i]);
    }
    free(f);
    return 0;
}

static void
note_come(struct partition_class *c, void *f_)
{
    struct fixture *f = f_;

    f->n_come++;
    f->last_come = c->number.value;
    assert_true(c->n_members > 0);
    for (size_t i = 0; i < c->n_sets; i++) {
        assert_true(ptrs_contains(&c->sets[i]->classes, c));
    }
}

static void
note_gone(struct partition_class *c, void *f_)
{
    struct fixture *f = f_;

    f->n_gone++;
    f->last_gone = c->number.value;
    assert_int_equal(c->n_members, 0);
    assert_int_equal(f->n_come, 0);     /* Going comes first. */
}

static void
announce(struct fixture *f, size_t n_come, size_t n_gone)
{
    f->n_come = f->n_gone = 0;
    partition_announce(&f->p, note_gone, note_come, f);
    assert_int_equal(f->n_come, n_come);
    assert_int_equal(f->n_gone, n_gone);
}

/* Enters the sets of 'which', such as "ca". */
static struct partition_class *
enter(struct fixture *f, const char *which)
{
    struct partition_set *sets[2 * N_SETS];
    size_t n = 0;

    for (; *which; which++) {
        sets[n++] = &f->sets[*which - 'a'];
    }
    n = partition_sets_sort(sets, n);
    return partition_enter(&f->p, sets, n);
}

static void
test_signature(void **state)
{
    struct fixture *f = *state;
    struct partition_class *ab = enter(f, "ab");

    assert_ptr_equal(enter(f, "ba"), ab);
    assert_ptr_equal(enter(f, "abab"), ab);
    assert_int_equal(ab->n_members, 3);
    assert_ptr_not_equal(enter(f, "a"), ab);
    assert_ptr_not_equal(enter(f, "abc"), ab);
    assert_null(enter(f, ""));
    announce(f, 3, 0);
}

static void
test_questions(void **state)
{
    struct fixture *f = *state;
    struct partition_class *ab = enter(f, "ab");
    struct partition_set *a = &f->sets[0], *b = &f->sets[1];
    struct partition_set *both[] = { a, b };

    partition_sets_order(both, 2);
    assert_true(partition_class_has(ab, a));
    assert_true(partition_class_has(ab, b));
    assert_false(partition_class_has(ab, &f->sets[2]));
    assert_false(partition_class_has(NULL, a));
    assert_true(partition_class_is(ab, both, 2));
    assert_false(partition_class_is(ab, both, 1));
    assert_false(partition_class_is(NULL, both, 2));
    assert_true(partition_class_is(NULL, NULL, 0));
    assert_int_equal(partition_class_number(NULL), 0);
    assert_int_equal(partition_class_number(ab), ab->number.value);
}

/* Orders are total, and the same whatever the order of creation. */
static void
test_order(void **state)
{
    struct fixture *f = *state;
    struct partition_set *sets[2 * N_SETS];

    for (int i = 0; i < 2 * N_SETS; i++) {
        sets[i] = &f->sets[(i * 3) % N_SETS];
    }
    assert_int_equal(partition_sets_sort(sets, 2 * N_SETS), N_SETS);
    for (int i = 1; i < N_SETS; i++) {
        assert_true(partition_set_compare(sets[i - 1], sets[i]) < 0);
        assert_true(partition_set_compare(sets[i], sets[i - 1]) > 0);
        assert_true(partition_set_compare(sets[i], sets[i]) == 0);
    }
}

static void
test_announce(void **state)
{
    struct fixture *f = *state;
    struct partition_class *a = enter(f, "a"), *b = enter(f, "b");

    assert_int_equal(f->sets[0].classes.n, 0);
    assert_int_equal(a->number.value, 0);
    announce(f, 2, 0);

    uint32_t number = a->number.value;
    assert_int_not_equal(number, 0);
    announce(f, 0, 0);
    assert_int_equal(f->sets[0].classes.n, 1);

    /* Left and entered again within one batch: nothing happened. */
    partition_leave(&f->p, a);
    assert_ptr_equal(enter(f, "a"), a);
    announce(f, 0, 0);

    /* Entered and left within one batch: same. */
    partition_leave(&f->p, enter(f, "c"));
    announce(f, 0, 0);

    partition_leave(&f->p, a);
    enter(f, "d");
    announce(f, 1, 1);
    assert_int_equal(f->last_gone, number);
    assert_int_equal(f->sets[0].classes.n, 0);

    partition_leave(&f->p, b);
    partition_leave(&f->p, NULL);
    announce(f, 0, 1);
}

/* A number depends on the signature alone. */
static void
test_numbers_are_stable(void **state)
{
    struct fixture *f = *state;
    struct partition_class *ab = enter(f, "ab"), *c = enter(f, "c");
    void *other_state;

    announce(f, 2, 0);
    setup(&other_state);

    struct fixture *other = other_state;
    struct partition_class *other_c = enter(other, "c");
    enter(other, "abcd");
    struct partition_class *other_ab = enter(other, "ba");
    announce(other, 3, 0);
    assert_int_equal(other_c->number.value, c->number.value);
    assert_int_equal(other_ab->number.value, ab->number.value);
    assert_int_not_equal(ab->number.value, c->number.value);
    teardown(&other_state);
}

/* Classes of one hash that come in one batch get the same numbers whatever
 * their order, and whatever was passed through on the way. */
static void
test_numbers_of_one_hash(void **state)
{
    static const char *const orders[] = { "abc", "cba", "bac" };
    uint32_t want[3] = { 0, 0, 0 };

    for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
        struct partition_class *classes[3];
        void *other_state;

        setup(&other_state);

        struct fixture *f = other_state;
        for (size_t j = 0; j < 4; j++) {
            f->sets[j].hash = 7;
        }
        struct partition_class *passing = enter(f, "d");
        for (size_t j = 0; j < 3; j++) {
            char set[] = { orders[i][j], '\0' };

            classes[set[0] - 'a'] = enter(f, set);
        }
        partition_leave(&f->p, passing);
        announce(f, 3, 0);
        for (size_t j = 0; j < 3; j++) {
            want[j] = i ? want[j] : classes[j]->number.value;
            assert_int_equal(classes[j]->number.value, want[j]);
        }
        teardown(&other_state);
    }
}

/* Leaving and coming back in different batches gives the number back. */
static void
test_numbers_are_given_back(void **state)
{
    struct fixture *f = *state;
    struct partition_class *a = enter(f, "a");

    announce(f, 1, 0);

    uint32_t number = a->number.value;
    partition_leave(&f->p, a);
    announce(f, 0, 1);
    enter(f, "a");
    announce(f, 1, 0);
    assert_int_equal(f->last_come, number);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_signature),
        TEST(test_questions),
        TEST(test_order),
        TEST(test_announce),
        TEST(test_numbers_are_stable),
        TEST(test_numbers_of_one_hash),
        TEST(test_numbers_are_given_back),
    };
#undef TEST

    return cmocka_run_group_tests_name("partition", tests, NULL, NULL);
}
