/* SPDX-License-Identifier: Apache-2.0
 *
 * Flows that the switch does not take, and all others. */

#include <config.h>

#include "bridge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/match.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofpbuf.h"
#include "util.h"

#include "flowset.h"
#include "ovs-fixture.h"
#include "rig.h"

/* Table 47 may be left out. */
static bool
may_leave_out(const struct flowset_flow *flow, void *aux OVS_UNUSED)
{
    return flow->table == 47;
}

static void
init(struct rig *rig)
{
    *rig = (struct rig) { .fs = rig_create_flowset() };
    rig_connect(rig, "br0.mgmt");
    bridge_leave_out(rig->bridge, may_leave_out, NULL);
    bridge_enable(rig->bridge);
}

static void
set_rule(struct flowset *fs, unsigned int i, const char *actions)
{
    char *text = xasprintf("table=47,priority=9,reg2=%u,actions=%s", i,
                           actions);

    rig_set_flow(fs, text);
    free(text);
}

static bool
has_left_out(void *rig_)
{
    return rig_status(rig_).n_left_out > 0;
}

static bool
has_left_nothing_out(void *rig_)
{
    struct bridge_status status = rig_status(rig_);

    return !status.n_left_out && !status.error;
}

/* One flow is refused in the middle of good ones; it is named. */
static void
test_one(void **state)
{
    struct rig rig;

    init(&rig);
    rig_set_nth_flow(rig.fs, 1, 1);
    set_rule(rig.fs, 1, "drop");
    rig_wait_generation(&rig, 1);

    rig_set_nth_flow(rig.fs, 1, 2);
    set_rule(rig.fs, 1, "group:99");
    set_rule(rig.fs, 2, "goto_table:48");
    rig_set_nth_flow(rig.fs, 2, 2);
    rig_wait_generation(&rig, 2);
    assert_int_equal(rig_status(&rig).n_left_out, 1);
    assert_int_equal(rig_status(&rig).n_refused, 1);
    assert_int_equal(rig_status(&rig).n_bundles, 2);
    assert_int_equal(rig_status(&rig).n_tampered, 0);
    assert_non_null(strstr(rig_status(&rig).error, "OFPBAC_BAD_OUT_GROUP"));
    assert_non_null(strstr(rig_status(&rig).error,
                           "table=47,priority=9,reg2=0x1 actions=group:99"));
    assert_int_equal(rig_count_flows(RIG_OURS), 4);
    /* Its last good version is there. */
    char *dump = ovs_fixture_run(rig_ovs, "ovs-ofctl -O OpenFlow15 --no-stats "
                                 "dump-flows br0 table=47,reg2=1");
    assert_non_null(strstr(dump, "actions=drop"));
    free(dump);

    /* It does not stop what comes after it. */
    rig_set_nth_flow(rig.fs, 3, 3);
    rig_wait_generation(&rig, 3);
    assert_int_equal(rig_status(&rig).n_refused, 1);

    /* And is gone with another version. */
    set_rule(rig.fs, 1, "goto_table:48");
    rig_wait_generation(&rig, 4);
    assert_int_equal(rig_status(&rig).n_left_out, 0);
    assert_null(rig_status(&rig).error);
    rig_uninit(&rig);
}

/* A flow that must not be left out stops everything, as ever. */
static void
test_not_this_one(void **state)
{
    struct rig rig;

    init(&rig);
    rig_wait_generation(&rig, 1);
    set_rule(rig.fs, 1, "goto_table:48");
    rig_set_flow(rig.fs, "table=44,priority=9,reg2=7,actions=group:99");
    bridge_set_generation(rig.bridge, 2);
    rig_wait_refused(&rig, 1);
    assert_int_equal(rig_status(&rig).n_left_out, 0);
    assert_int_equal(bridge_generation(rig.bridge), 1);
    assert_int_equal(rig_count_flows(RIG_OURS), 0);
    rig_uninit(&rig);
}

/* It is tried again without being told. */
static void
test_tried_again(void **state)
{
    struct rig rig;

    init(&rig);
    set_rule(rig.fs, 1, "group:99");
    rig_wait_generation(&rig, 1);
    rig_wait_for(&rig, has_left_out);
    rig_run_ofctl("add-group br0 group_id=99,type=all,bucket=output:1");
    rig_wait_for(&rig, has_left_nothing_out);
    assert_int_equal(rig_count_flows(RIG_OURS), 1);
    assert_null(rig_status(&rig).error);
    rig_uninit(&rig);
}

#define N_RULES 1000
#define LIMIT 100

/* A table that is full: what fits is in, and all else; not one try for each
 * flow that does not. */
static void
test_full_table(void **state)
{
    struct rig rig;

    free(ovs_fixture_run(
        rig_ovs, "ovs-vsctl -- --id=@t create Flow_Table flow_limit=%d "
        "overflow_policy=refuse -- set Bridge br0 flow_tables:47=@t", LIMIT));
    init(&rig);
    for (unsigned int i = 0; i < N_RULES; i++) {
        set_rule(rig.fs, i, "goto_table:48");
        rig_set_nth_flow(rig.fs, i, i);
    }
    rig_wait_generation(&rig, 1);
    assert_int_equal(rig_count_flows("table=44"), N_RULES);
    assert_in_range(rig_count_flows("table=47"), 1, LIMIT);
    assert_in_range(rig_status(&rig).n_refused, 5, 12);
    assert_int_equal(rig_status(&rig).n_left_out,
                     N_RULES - rig_count_flows("table=47"));
    assert_non_null(strstr(rig_status(&rig).error, "OFPFMFC_TABLE_FULL"));

    free(ovs_fixture_run(rig_ovs, "ovs-vsctl clear Bridge br0 flow_tables"));
    rig_wait_for(&rig, has_left_nothing_out);
    assert_int_equal(rig_count_flows("table=47"), N_RULES);
    rig_uninit(&rig);
}

/* Another connection, another try. */
static void
test_reconnect(void **state)
{
    struct rig rig;

    init(&rig);
    set_rule(rig.fs, 1, "group:99");
    set_rule(rig.fs, 2, "drop");
    rig_wait_generation(&rig, 1);
    assert_int_equal(rig_status(&rig).n_left_out, 1);
    ovs_fixture_stop_vswitchd(rig_ovs, 0);
    rig.n_connections = rig_status(&rig).n_connections;
    rig_wait_for(&rig, rig_has_lost_connection);
    ovs_fixture_start_vswitchd(rig_ovs);
    rig_run_ofctl("add-group br0 group_id=99,type=all,bucket=output:1");
    rig_wait_generation(&rig, 1);
    rig_wait_for(&rig, has_left_nothing_out);
    assert_int_equal(rig_count_flows(RIG_OURS), 2);
    rig_uninit(&rig);
}

#define TEST(NAME) cmocka_unit_test_setup(NAME, rig_setup)

int
main(int argc OVS_UNUSED, char *argv[])
{
    const struct CMUnitTest tests[] = {
        TEST(test_one),
        TEST(test_not_this_one),
        TEST(test_tried_again),
        TEST(test_full_table),
        TEST(test_reconnect),
    };
    int status;

    set_program_name(argv[0]);
    if (ovs_fixture_must_skip(&status)) {
        return status;
    }
    return cmocka_run_group_tests(tests, rig_setup_group, rig_teardown_group);
}
