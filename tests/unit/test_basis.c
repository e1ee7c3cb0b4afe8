/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "basis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "util.h"

enum {
    SYNCED = 1 << 0, PORTS = 1 << 1, NEWS = 1 << 2, READ = 1 << 3,
    FLOWS = 1 << 4
};

static struct basis_facts
facts(unsigned int bits, long long int now)
{
    return (struct basis_facts) {
        .is_synced = bits & SYNCED,
        .has_ports = bits & PORTS,
        .has_news = bits & NEWS,
        .has_read = bits & READ,
        .has_flows = bits & FLOWS,
        .now = now,
    };
}

/* From the start, with one look at the facts. */
static void
test_first_look(void **state)
{
    static const struct {
        bool restored, stays_open;
        unsigned int bits;
        enum basis_kind kind;
        bool wants_flows;
    } rows[] = {
        { false, false, 0, BASIS_UNKNOWN, false },
        { false, false, PORTS, BASIS_UNKNOWN, true },
        { false, false, PORTS | READ, BASIS_CLOSED, true },
        { false, false, PORTS | READ | FLOWS, BASIS_UNKNOWN, true },
        { false, false, PORTS | SYNCED, BASIS_SOURCES, false },
        { false, true, PORTS, BASIS_UNKNOWN, false },
        { false, true, PORTS | READ, BASIS_UNKNOWN, false },
        { true, false, 0, BASIS_UNKNOWN, false },
        { true, false, PORTS, BASIS_SNAPSHOT, false },
        { true, true, PORTS, BASIS_SNAPSHOT, false },
        { true, false, PORTS | NEWS, BASIS_SNAPSHOT, false },
        { true, false, PORTS | SYNCED, BASIS_SOURCES, false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct basis b = {
            .restored = rows[i].restored,
            .stays_open = rows[i].stays_open
        };
        struct basis_facts f = facts(rows[i].bits, 5);

        assert_int_equal(basis_wants_flows(&b, &f), rows[i].wants_flows);
        assert_int_equal(basis_run(&b, &f), rows[i].kind != BASIS_UNKNOWN);
        assert_int_equal(b.kind, rows[i].kind);
    }
}

/* News wait for the rest, or for as long as it takes to doubt that there will
 * be any. */
static void
test_hold(void **state)
{
    struct basis b = { .restored = true };
    struct basis_facts f = facts(PORTS, 1000);

    assert_true(basis_run(&b, &f));
    assert_int_equal(basis_wake_at(&b), 0);
    f = facts(PORTS | NEWS, 2000);
    assert_false(basis_run(&b, &f));
    f = facts(PORTS, 3000);
    assert_false(basis_run(&b, &f));
    f = facts(PORTS | NEWS, 4000);
    assert_false(basis_run(&b, &f));
    assert_int_equal(basis_wake_at(&b), 4000 + BASIS_HOLD_MSEC);
    f = facts(PORTS, 4000 + BASIS_HOLD_MSEC - 1);
    assert_false(basis_run(&b, &f));
    f = facts(PORTS, 4000 + BASIS_HOLD_MSEC);
    assert_true(basis_run(&b, &f));
    assert_int_equal(basis_wake_at(&b), 0);
    f = facts(PORTS | NEWS, 20000);
    assert_false(basis_run(&b, &f));
    f = facts(PORTS | NEWS | SYNCED, 20001);
    assert_true(basis_run(&b, &f));
    assert_int_equal(b.kind, BASIS_SOURCES);
    assert_int_equal(basis_wake_at(&b), 0);
}

/* Once closed, ports stay so until the sources are there, whatever flows the
 * switch has then: they are ours. */
static void
test_closed(void **state)
{
    struct basis b = { .restored = false };
    struct basis_facts f = facts(PORTS | READ, 1);

    assert_true(basis_run(&b, &f));
    f = facts(PORTS | READ | FLOWS, 2);
    assert_true(basis_run(&b, &f));
    assert_false(basis_wants_flows(&b, &f));
    assert_string_equal(basis_name(b.kind), "closed");
    f = facts(PORTS | NEWS, 3);
    assert_false(basis_run(&b, &f));
    f = facts(PORTS | SYNCED, 4);
    assert_true(basis_run(&b, &f));
    assert_string_equal(basis_name(b.kind), "sources");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_look),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
