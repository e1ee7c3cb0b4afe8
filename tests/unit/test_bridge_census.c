/* SPDX-License-Identifier: Apache-2.0
 *
 * Who else is on the bridge, and being let in. */

#include <config.h>

#include "bridge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

#include "flowset.h"
#include "ovs-fixture.h"
#include "rig.h"

/* What the census saw. */
struct census {
    struct rig rig;
    bool permit;
    int n_begun, n_ended;
    int n_ours, n_others;       /* Of the last one. */
};

static void
begin(void *census_)
{
    struct census *c = census_;

    c->n_begun++;
    c->n_ours = c->n_others = 0;
}

static void
see_flow(const struct flowset_flow *flow, void *census_)
{
    struct census *c = census_;

    *((flow->cookie & RIG_MASK) == RIG_MAGIC ? &c->n_ours : &c->n_others) += 1;
}

static char *
end(void *census_)
{
    struct census *c = census_;

    c->n_ended++;
    return c->permit ? NULL : xstrdup("somebody is there");
}

static void
census_init(struct census *c, bool permit, int msec)
{
    struct bridge_census census = { begin, see_flow, end, c };

    *c = (struct census) { .permit = permit };
    c->rig.fs = rig_create_flowset();
    rig_connect(&c->rig, "br0.mgmt");
    bridge_watch_others(c->rig.bridge, 40, 18, msec);
    bridge_set_census(c->rig.bridge, &census);
    bridge_enable(c->rig.bridge);
    rig_set_all_kinds(c->rig.fs);
}

static void
add_others(void)
{
    rig_run_ofctl("add-flow br0 'table=44,cookie=0x1,priority=7,"
                  "actions=drop'");
    rig_run_ofctl("add-flow br0 'table=44,cookie=0x1,priority=8,"
                  "actions=NORMAL'");
    rig_run_ofctl("add-flow br0 'table=0,cookie=0x2,actions=NORMAL'");
    rig_run_ofctl("add-flow br0 'table=58,cookie=0x2,actions=drop'");
}

/* Not let in, nothing of the switch changes, not even what is in our
 * tables. */
static void
test_barred(void **state)
{
    struct census c;

    add_others();
    census_init(&c, false, 600000);
    bridge_set_generation(c.rig.bridge, 1);
    rig_wait_state(&c.rig, "barred");
    assert_int_equal(c.n_begun, 1);
    assert_int_equal(c.n_others, 4);
    assert_int_equal(c.n_ours, 0);
    rig_run_ofctl("add-flow br0 'table=45,cookie=0x1,actions=drop'");
    rig_run(&c.rig);
    assert_int_equal(rig_count_flows(RIG_OURS), 0);
    assert_int_equal(rig_count_flows("cookie=0x1/-1"), 3);
    assert_int_equal(bridge_generation(c.rig.bridge), 0);
    assert_string_equal(rig_status(&c.rig).error, "somebody is there");

    /* It asks again. */
    c.permit = true;
    rig_wait_generation(&c.rig, 1);
    assert_int_equal(c.n_begun, 2);
    assert_int_equal(c.n_others, 5);
    assert_int_equal(rig_status(&c.rig).n_foreign, 3);
    assert_null(rig_status(&c.rig).error);
    rig_uninit(&c.rig);
}

static bool
has_removed(void *census_)
{
    struct census *c = census_;

    return (rig_status(&c->rig).n_foreign >= c->rig.n_foreign
            && !rig_count_flows("cookie=0x1/-1"));
}

/* What others had in our tables goes; the rest stays. */
static void
test_let_in(void **state)
{
    struct census c;

    add_others();
    census_init(&c, true, 600000);
    rig_wait_generation(&c.rig, 1);
    assert_int_equal(c.n_ended, 1);
    assert_int_equal(rig_status(&c.rig).n_foreign, 2);
    assert_int_equal(rig_count_flows("cookie=0x1/-1"), 0);
    assert_int_equal(rig_count_flows("cookie=0x2/-1"), 2);
    assert_int_equal(rig_count_flows(RIG_OURS), RIG_N_KINDS);
    rig_uninit(&c.rig);
}

/* A bridge that is held reads, but writes nothing, not even that; as soon as
 * it is not, the flows of others go that came before and meanwhile. */
static void
test_held(void **state)
{
    struct census c;

    add_others();
    census_init(&c, true, 600000);
    bridge_hold(c.rig.bridge, true);
    rig_wait_state(&c.rig, "idle");
    rig_run_ofctl("add-flow br0 'table=45,cookie=0x1,actions=drop'");
    rig_run(&c.rig);
    assert_int_equal(rig_count_flows("cookie=0x1/-1"), 3);
    assert_int_equal(rig_status(&c.rig).n_bundles, 0);

    bridge_hold(c.rig.bridge, false);
    rig_wait_generation(&c.rig, 1);
    c.rig.n_foreign = 3;
    rig_wait_for(&c.rig, has_removed);
    assert_int_equal(rig_count_flows("cookie=0x2/-1"), 2);
    assert_int_equal(rig_count_flows(RIG_OURS), RIG_N_KINDS);
    rig_uninit(&c.rig);
}

static bool
has_third_census(void *census_)
{
    const struct census *c = census_;

    return c->n_ended >= 3;
}

/* The periodic read-back is a census too, and every connection begins with
 * one. */
static void
test_again(void **state)
{
    struct census c;

    census_init(&c, true, 50);
    rig_wait_generation(&c.rig, 1);
    rig_wait_for(&c.rig, has_third_census);
    assert_int_equal(c.n_ours, RIG_N_KINDS);
    assert_int_equal(c.n_others, 0);
    assert_int_equal(rig_status(&c.rig).n_bundles, 1);

    ovs_fixture_stop_vswitchd(rig_ovs, 0);
    c.rig.n_connections = rig_status(&c.rig).n_connections;
    rig_wait_for(&c.rig, rig_has_lost_connection);
    c.permit = false;
    ovs_fixture_start_vswitchd(rig_ovs);
    rig_wait_state(&c.rig, "barred");
    assert_int_equal(rig_count_flows(RIG_OURS), 0);
    rig_uninit(&c.rig);
}

#define TEST(NAME) cmocka_unit_test_setup(NAME, rig_setup)

int
main(int argc OVS_UNUSED, char *argv[])
{
    const struct CMUnitTest tests[] = {
        TEST(test_barred),
        TEST(test_let_in),
        TEST(test_held),
        TEST(test_again),
    };
    int status;

    set_program_name(argv[0]);
    if (ovs_fixture_must_skip(&status)) {
        return status;
    }
    return cmocka_run_group_tests(tests, rig_setup_group, rig_teardown_group);
}
