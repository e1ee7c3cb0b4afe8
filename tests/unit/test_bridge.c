/* SPDX-License-Identifier: Apache-2.0
 *
 * bridge against a real switch. */

#include <config.h>

#include "bridge.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/match.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofpbuf.h"
#include "timeval.h"
#include "util.h"

#include "flowset.h"
#include "ovs-fixture.h"
#include "relay.h"
#include "rig.h"

static void
test_all_kinds_read_back_equal(void **state)
{
    struct rig rig;

    rig_init(&rig);
    rig_set_all_kinds(rig.fs);
    rig_wait_generation(&rig, 3);
    assert_int_equal(rig_status(&rig).n_bundles, 1);
    assert_int_equal(rig_status(&rig).n_flow_mods, RIG_N_KINDS);
    assert_int_equal(rig_count_flows(RIG_OURS), RIG_N_KINDS);
    rig_uninit(&rig);

    /* The same again, knowing nothing. */
    rig_init(&rig);
    rig_set_all_kinds(rig.fs);
    rig_wait_generation(&rig, 9);
    assert_int_equal(rig_status(&rig).n_readback, RIG_N_KINDS);
    assert_int_equal(rig_status(&rig).n_flow_mods, 0);
    assert_int_equal(rig_status(&rig).n_bundles, 0);
    rig_uninit(&rig);
}

static void
test_waits_to_be_enabled(void **state)
{
    struct rig rig;

    rig_run_ofctl("add-flow br0 "
                  "'table=44,cookie=0x6e70000000000001,actions=drop'");
    rig = (struct rig) { .fs = rig_create_flowset() };
    rig_connect(&rig, "br0.mgmt");
    rig_set_nth_flow(rig.fs, 1, 1);
    bridge_set_generation(rig.bridge, 1);
    bridge_run(rig.bridge);
    assert_string_equal(rig_status(&rig).state, "waiting");
    assert_false(rig_status(&rig).connected);
    assert_int_equal(bridge_generation(rig.bridge), 0);
    assert_int_equal(rig_count_flows(RIG_OURS), 1);
    assert_int_equal(
        rig_count_flows("table=44,cookie=0x6e70000000000001/-1"), 1);

    bridge_enable(rig.bridge);
    assert_string_equal(rig_status(&rig).state, "connecting");
    rig_wait_generation(&rig, 1);
    assert_int_equal(rig_status(&rig).n_last_flow_mods, 2);
    assert_int_equal(rig_count_flows(RIG_OURS), 1);
    assert_int_equal(rig_count_flows("table=44,ip,nw_dst=10.0.0.1"), 1);
    rig_uninit(&rig);
}

static void
test_generation_without_changes(void **state)
{
    struct rig rig;

    rig_init(&rig);
    rig_wait_generation(&rig, 1);
    bridge_set_generation(rig.bridge, 2);
    assert_int_equal(bridge_generation(rig.bridge), 2);
    assert_int_equal(rig_status(&rig).n_bundles, 0);

    /* Not at once if there is something to send. */
    rig_set_nth_flow(rig.fs, 1, 1);
    bridge_set_generation(rig.bridge, 3);
    assert_int_equal(bridge_generation(rig.bridge), 2);
    rig_wait_generation(&rig, 3);
    assert_int_equal(rig_count_flows(RIG_OURS), 1);
    rig_uninit(&rig);
}

#define N_MANY 20000

static void
set_many(struct flowset *fs)
{
    for (unsigned int i = 0; i < N_MANY; i++) {
        rig_set_nth_flow(fs, i, i);
    }
}

static void
test_many_flows(void **state)
{
    struct rig rig;

    rig_init(&rig);
    set_many(rig.fs);
    rig_wait_generation(&rig, 1);
    assert_int_equal(rig_status(&rig).n_bundles, 1);
    assert_int_equal(rig_status(&rig).n_last_flow_mods, N_MANY);
    assert_int_equal(rig_count_flows(RIG_OURS), N_MANY);

    /* Only what differs: a changed flow, a new one, one that went. */
    rig_set_nth_flow(rig.fs, 5, 99);
    rig_set_nth_flow(rig.fs, N_MANY, 1);
    rig_unset_flow(rig.fs, "table=44,priority=200,ip,nw_dst=10.0.0.9");
    rig_wait_generation(&rig, 2);
    assert_int_equal(rig_status(&rig).n_last_flow_mods, 3);
    rig_uninit(&rig);

    /* And from a read-back. */
    rig_init(&rig);
    set_many(rig.fs);
    rig_wait_generation(&rig, 1);
    assert_int_equal(rig_status(&rig).n_readback, N_MANY);
    assert_int_equal(rig_status(&rig).n_last_flow_mods, 3);
    rig_uninit(&rig);
}

static void
test_changes_during_bundle(void **state)
{
    struct rig rig;

    rig_init(&rig);
    rig_wait_generation(&rig, 1);
    set_many(rig.fs);
    bridge_set_generation(rig.bridge, 2);
    rig_wait_state(&rig, "updating");

    rig_set_nth_flow(rig.fs, 5, 99);
    bridge_set_generation(rig.bridge, 3);
    assert_int_equal(bridge_generation(rig.bridge), 1);
    rig_wait_published(&rig, 2);
    assert_int_equal(rig_count_flows("table=44,ip,nw_dst=10.0.0.5"), 1);
    assert_int_equal(rig_status(&rig).n_last_flow_mods, N_MANY);
    rig_wait_generation(&rig, 3);
    assert_int_equal(rig_status(&rig).n_last_flow_mods, 1);
    assert_int_equal(rig_status(&rig).n_bundles, 2);
    rig_uninit(&rig);
}

static void
test_leaves_foreign_flows(void **state)
{
    struct rig rig;

    /* In our tables and in table 0, and a stray of ours. */
    rig_run_ofctl("add-flow br0 "
                  "'table=44,cookie=0x1,priority=7,actions=drop'");
    rig_run_ofctl("add-flow br0 'table=0,cookie=0x2,priority=7,actions=drop'");
    rig_run_ofctl("add-flow br0 "
                  "'table=44,cookie=0x6e70000000000005,priority=8,"
                  "actions=drop'");
    rig_init(&rig);
    rig_set_nth_flow(rig.fs, 1, 1);
    rig_wait_generation(&rig, 1);
    assert_int_equal(rig_status(&rig).n_readback, 1);
    assert_int_equal(rig_count_flows("table=44,cookie=0x1/-1"), 1);
    assert_int_equal(rig_count_flows("table=0,cookie=0x2/-1"), 1);
    assert_int_equal(rig_count_flows(RIG_OURS), 1);

    /* Somebody took our flow over: it is his now. */
    rig_run_ofctl("add-flow br0 'table=44,cookie=0x3,priority=200,ip,"
                  "nw_dst=10.0.0.1,actions=drop'");
    rig_unset_flow(rig.fs, "table=44,priority=200,ip,nw_dst=10.0.0.1");
    rig_wait_generation(&rig, 2);
    assert_int_equal(rig_count_flows("table=44,cookie=0x3/-1"), 1);
    rig_uninit(&rig);
}

/* Refusals. */

static void
assert_error_has(const struct rig *rig, const char *text)
{
    const char *error = rig_status(rig).error;

    if (!error || !strstr(error, text)) {
        fail_msg("\"%s\" lacks \"%s\"", error ? error : "(none)", text);
    }
}

/* The switch refuses some flows as soon as they are put into the bundle,
 * others (see below) when it is committed. */
static void
test_refused_while_adding(void **state)
{
    struct ofpbuf ofpacts;
    struct match match;
    struct rig rig;

    rig_init(&rig);
    rig_set_nth_flow(rig.fs, 1, 1);
    rig_wait_generation(&rig, 1);

    /* Tables can only be left forward. */
    rig_set_nth_flow(rig.fs, 1, 2);
    rig_set_nth_flow(rig.fs, 2, 2);
    match_init_catchall(&match);
    match_set_reg(&match, 2, 7);
    ofpbuf_init(&ofpacts, 0);
    ofpact_put_GOTO_TABLE(&ofpacts)->table_id = 3;
    flowset_set(rig.fs, 44, 9, &match, RIG_MAGIC, ofpacts.data, ofpacts.size);
    ofpbuf_uninit(&ofpacts);
    bridge_set_generation(rig.bridge, 2);
    rig_wait_refused(&rig, 1);
    assert_error_has(&rig, "OFPBIC_BAD_TABLE_ID");
    assert_error_has(&rig, "table=44,priority=9,reg2=0x7 "
                     "actions=goto_table:3");
    assert_int_equal(bridge_generation(rig.bridge), 1);
    assert_int_equal(rig_status(&rig).n_bundles, 1);
    assert_int_equal(rig_status(&rig).n_readback, 1);
    assert_int_equal(rig_count_flows(RIG_OURS), 1);

    flowset_unset(rig.fs, 44, 9, &match);
    rig_wait_generation(&rig, 3);
    assert_null(rig_status(&rig).error);
    assert_int_equal(rig_status(&rig).n_last_flow_mods, 2);
    rig_uninit(&rig);
}

static void
test_refused_for_a_group(void **state)
{
    const char *bad = "table=44,priority=9,ip,nw_dst=10.9.9.9";
    struct rig rig;

    rig_init(&rig);
    rig_set_nth_flow(rig.fs, 1, 1);
    rig_wait_generation(&rig, 1);

    rig_set_nth_flow(rig.fs, 1, 2);
    rig_set_nth_flow(rig.fs, 2, 2);
    rig_set_flow(rig.fs, "table=44,priority=9,ip,nw_dst=10.9.9.9,"
             "actions=group:99");
    bridge_set_generation(rig.bridge, 2);
    rig_wait_refused(&rig, 1);
    assert_error_has(&rig, "OFPBAC_BAD_OUT_GROUP");
    assert_error_has(&rig, "table=44,priority=9,ip,nw_dst=10.9.9.9 "
                     "actions=group:99");
    assert_int_equal(bridge_generation(rig.bridge), 1);
    assert_int_equal(rig_status(&rig).n_bundles, 1);
    assert_int_equal(rig_status(&rig).n_readback, 1);
    assert_int_equal(rig_count_flows(RIG_OURS), 1);

    /* Other flows go at once. */
    rig_unset_flow(rig.fs, bad);
    rig_wait_generation(&rig, 3);
    assert_null(rig_status(&rig).error);
    assert_int_equal(rig_status(&rig).n_refused, 1);
    assert_int_equal(rig_status(&rig).n_last_flow_mods, 2);
    assert_int_equal(rig_count_flows(RIG_OURS), 2);
    rig_uninit(&rig);
}

static void
test_refused_when_committing(void **state)
{
    struct rig rig;

    free(ovs_fixture_run(
        rig_ovs, "ovs-vsctl -- --id=@t create Flow_Table flow_limit=2 "
        "overflow_policy=refuse -- set Bridge br0 flow_tables:44=@t"));
    rig_init(&rig);
    rig_set_nth_flow(rig.fs, 1, 1);
    rig_set_nth_flow(rig.fs, 2, 1);
    rig_wait_generation(&rig, 1);

    rig_set_nth_flow(rig.fs, 1, 2);
    rig_set_nth_flow(rig.fs, 3, 1);
    bridge_set_generation(rig.bridge, 2);
    rig_wait_refused(&rig, 1);
    assert_error_has(&rig, "OFPFMFC_TABLE_FULL");
    assert_error_has(&rig, "nw_dst=10.0.0.3");
    assert_int_equal(bridge_generation(rig.bridge), 1);
    assert_int_equal(rig_status(&rig).n_readback, 2);

    /* What was in the bundle before the bad flow is not in force. */
    char *dump = ovs_fixture_run(rig_ovs, "ovs-ofctl -O OpenFlow15 --no-stats "
                                 "dump-flows br0 table=44,ip,nw_dst=10.0.0.1");
    assert_non_null(strstr(dump, "0x1->reg2"));
    free(dump);
    rig_uninit(&rig);
}

static void
test_retries_after_refusal(void **state)
{
    struct rig rig;

    rig_init(&rig);
    rig_set_flow(rig.fs, "table=44,actions=group:99");
    bridge_set_generation(rig.bridge, 1);
    rig_wait_refused(&rig, 1);
    /* No storm: the second try comes a second after the first. */
    long long int start = time_msec();
    rig_wait_refused(&rig, 2);
    assert_true(time_msec() - start >= 900);

    /* Now it works, though nobody told. */
    rig_run_ofctl("add-group br0 group_id=99,type=all,bucket=output:1");
    rig_wait_generation(&rig, 1);
    assert_int_equal(rig_status(&rig).n_refused, 2);
    assert_null(rig_status(&rig).error);
    assert_int_equal(rig_count_flows(RIG_OURS), 1);
    rig_uninit(&rig);
}

static void
add_parts(struct flowset *fs, unsigned int n)
{
    struct match match;

    match_init_catchall(&match);
    match_set_reg(&match, 2, 7);
    for (unsigned int i = 0; i < n; i++) {
        struct flowset_part part = { .id = i, .clause = 1, .n_clauses = 2 };

        flowset_add_part(fs, 47, 100, &match, RIG_MAGIC, &part);
    }
}

static void
test_longest_flow(void **state)
{
    struct rig rig;

    rig_init(&rig);
    add_parts(rig.fs, FLOWSET_MAX_PARTS);
    rig_wait_generation(&rig, 1);
    rig_uninit(&rig);

    rig_init(&rig);
    add_parts(rig.fs, FLOWSET_MAX_PARTS);
    rig_wait_generation(&rig, 2);
    assert_int_equal(rig_status(&rig).n_readback, 1);
    assert_int_equal(rig_status(&rig).n_bundles, 0);
    rig_uninit(&rig);
}

static void
test_flow_too_long(void **state)
{
    struct rig rig;

    rig_init(&rig);
    add_parts(rig.fs, 4200);
    rig_set_nth_flow(rig.fs, 1, 1);
    bridge_set_generation(rig.bridge, 1);
    rig_wait_refused(&rig, 1);
    assert_error_has(&rig, "too long");
    assert_error_has(&rig, "table=47,priority=100,reg2=0x7");
    assert_in_range(strlen(rig_status(&rig).error), 100, 1200);
    assert_int_equal(rig_count_flows(RIG_OURS), 0);
    rig_uninit(&rig);
}

/* What others do. */

/* Our tables are 40 to 57, as the flows of rig_set_all_kinds() have it. */
static void
rig_watch(struct rig *rig, int msec)
{
    *rig = (struct rig) { .fs = rig_create_flowset() };
    rig_connect(rig, "br0.mgmt");
    bridge_watch_others(rig->bridge, 40, 18, msec);
    bridge_enable(rig->bridge);
    rig_set_all_kinds(rig->fs);
    rig_wait_generation(rig, 1);
}

static bool
has_repaired(void *rig_)
{
    struct rig *rig = rig_;
    struct bridge_status status = rig_status(rig);

    return (status.n_tampered >= rig->n_tampered
            && status.n_repairs >= (rig->n_tampered > 0)
            && status.n_foreign >= rig->n_foreign
            && !strcmp(status.state, "idle")
            && !flowset_is_dirty(rig->fs));
}

static char *
dump_all(void)
{
    return ovs_fixture_run(rig_ovs, "ovs-ofctl -O OpenFlow15 --no-stats "
                           "dump-flows br0 | sort");
}

/* Somebody runs ovs-ofctl with 'command', which hits 'n_tampered' flows of
 * ours and adds 'n_foreign' to our tables: soon all is as it was. */
static void
check_repair(const char *command, uint64_t n_tampered, uint64_t n_foreign)
{
    struct rig rig;

    rig_watch(&rig, 600000);
    char *want = dump_all();
    rig_run_ofctl(command);
    rig.n_tampered = n_tampered;
    rig.n_foreign = n_foreign;
    rig_wait_for(&rig, has_repaired);
    assert_int_equal(rig_status(&rig).n_tampered, n_tampered);
    assert_int_equal(rig_status(&rig).n_foreign, n_foreign);

    /* The removals are not part of a bundle: one more to wait for. */
    rig_set_nth_flow(rig.fs, 1, 1);
    rig_wait_generation(&rig, 2);
    rig_unset_flow(rig.fs, "table=44,priority=200,ip,nw_dst=10.0.0.1");
    rig_wait_generation(&rig, 3);
    char *got = dump_all();
    assert_string_equal(got, want);
    free(got);
    free(want);
    rig_uninit(&rig);
}

static void
test_tampering(void **state)
{
    static const struct {
        const char *command;
        uint64_t n_tampered, n_foreign;
    } cases[] = {
        { "del-flows br0 " RIG_OURS, RIG_N_KINDS, 0 },
        { "del-flows br0", RIG_N_KINDS, 0 },
        { "del-flows br0 'ip,nw_src=10.0.0.1'", 1, 0 },
        { "del-flows br0 table=47", 5, 0 },
        { "--strict del-flows br0 'table=0,priority=65535,reg0=0/1'", 1, 0 },
        { "mod-flows br0 'table=44,actions=drop'", 1, 0 },
        { "add-flow br0 'table=0,priority=65535,cookie=0x7,reg0=0/1,"
          "actions=drop'", 1, 0 },
        { "add-flow br0 'table=44,cookie=0x6e70000000000005,"
          "priority=8,actions=drop'", 1, 0 },
        { "add-flow br0 'table=30,cookie=0x6e70000000000005,"
          "priority=8,actions=drop'", 1, 0 },
        { "add-flow br0 'table=44,cookie=0x7,priority=999,ip,"
          "actions=goto_table:50'", 0, 1 },
        { "add-flow br0 'table=41,cookie=0x7,priority=10,ip,"
          "actions=goto_table:50'", 1, 0 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_repair(cases[i].command, cases[i].n_tampered,
                     cases[i].n_foreign);
        free(ovs_fixture_run(rig_ovs, "ovs-ofctl del-flows br0"));
    }
}

static void
test_watched_leaves_others_alone(void **state)
{
    struct rig rig;

    rig_watch(&rig, 600000);
    assert_true(rig_status(&rig).watched);
    rig_run_ofctl("add-flow br0 'table=0,cookie=0x2,priority=7,actions=drop'");
    rig_run_ofctl("add-flow br0 "
                  "'table=39,cookie=0x2,priority=7,actions=drop'");
    rig_run_ofctl("add-flow br0 "
                  "'table=58,cookie=0x2,priority=7,actions=drop'");
    rig_run_ofctl("mod-flows br0 'table=0,cookie=0x2/-1,actions=NORMAL'");
    rig_run_ofctl("del-flows br0 'table=39,cookie=0x2/-1'");
    rig_set_nth_flow(rig.fs, 1, 1);
    rig_wait_generation(&rig, 2);
    assert_int_equal(rig_count_flows("cookie=0x2/-1"), 2);
    assert_int_equal(rig_status(&rig).n_tampered, 0);
    assert_int_equal(rig_status(&rig).n_foreign, 0);
    assert_int_equal(rig_status(&rig).n_bundles, 2);
    rig_uninit(&rig);
}

static bool
has_read_back(void *rig_)
{
    struct rig *rig = rig_;

    return rig_status(rig).n_readback > 0;
}

/* Enough that the switch pauses its monitor, of others and then of ours. */
static void
test_watched_flood(void **state)
{
    char *file = rig_socket_path("flood");
    FILE *stream = fopen(file, "w");
    struct rig rig;

    for (int i = 0; i < N_MANY; i++) {
        fprintf(stream, "table=45,priority=7,cookie=0x7,ip,"
                "nw_dst=11.0.%d.%d,actions=drop\n", i >> 8, i & 0xff);
    }
    fclose(stream);
    rig_watch(&rig, 600000);
    set_many(rig.fs);
    rig_wait_generation(&rig, 2);
    assert_int_equal(rig_status(&rig).n_tampered, 0);

    free(ovs_fixture_run(rig_ovs, "ovs-ofctl -O OpenFlow15 --bundle add-flows "
                         "br0 %s", file));
    rig.n_foreign = N_MANY;
    rig_wait_for(&rig, has_repaired);
    rig_run_ofctl("del-flows br0 table=44");
    rig.n_tampered = N_MANY + 1;
    rig_wait_for(&rig, has_repaired);
    assert_int_equal(rig_count_flows(RIG_OURS), N_MANY + RIG_N_KINDS);
    assert_int_equal(rig_count_flows("cookie=0x7/-1"), 0);
    assert_int_equal(rig_status(&rig).n_tampered, N_MANY + 1);
    assert_int_equal(rig_status(&rig).n_foreign, N_MANY);

    /* It was paused: there was no other reason for this. */
    rig_wait_for(&rig, has_read_back);
    assert_int_equal(rig_status(&rig).n_tampered, N_MANY + 1);
    rig_uninit(&rig);
    free(file);
}

static void
test_periodic_readback_changes_nothing(void **state)
{
    struct rig rig;

    rig_watch(&rig, 100);
    assert_int_equal(rig_status(&rig).n_readback, 0);
    rig_wait_for(&rig, has_read_back);
    assert_int_equal(rig_status(&rig).n_readback, RIG_N_KINDS);
    assert_int_equal(rig_status(&rig).n_bundles, 1);
    assert_int_equal(rig_status(&rig).n_tampered, 0);
    assert_int_equal(rig_status(&rig).n_connections, 1);
    rig_uninit(&rig);
}

/* Without a monitor the read-back has to do. */
static void
test_switch_without_monitor(void **state)
{
    char *listen = rig_socket_path("relay.sock");
    char *target = rig_socket_path("br0.mgmt");
    struct rig rig = { .fs = rig_create_flowset() };

    rig.relay = relay_create(listen, target);
    relay_hide_monitors(rig.relay);
    rig_connect(&rig, "relay.sock");
    bridge_watch_others(rig.bridge, 40, 18, 100);
    bridge_enable(rig.bridge);
    rig_set_all_kinds(rig.fs);
    rig_wait_generation(&rig, 1);
    assert_false(rig_status(&rig).watched);
    assert_int_equal(rig_status(&rig).n_connections, 1);

    rig_run_ofctl("del-flows br0 table=47");
    rig_run_ofctl("mod-flows br0 'table=44,actions=drop'");
    rig.n_tampered = 6;
    rig_wait_for(&rig, has_repaired);
    assert_int_equal(rig_status(&rig).n_tampered, 6);
    assert_int_equal(rig_count_flows(RIG_OURS), RIG_N_KINDS);
    rig_uninit(&rig);
    free(listen);
    free(target);
}

/* Connections. */

static void
test_switch_restarts(void **state)
{
    struct rig rig;

    rig_init(&rig);
    rig_set_all_kinds(rig.fs);
    rig_wait_generation(&rig, 1);
    ovs_fixture_stop_vswitchd(rig_ovs, 0);
    rig.n_connections = rig_status(&rig).n_connections;
    rig_wait_for(&rig, rig_has_lost_connection);
    assert_int_equal(bridge_generation(rig.bridge), 0);
    assert_string_equal(rig_status(&rig).state, "connecting");

    ovs_fixture_start_vswitchd(rig_ovs);
    rig_wait_generation(&rig, 1);
    assert_int_equal(rig_status(&rig).n_readback, 0);
    assert_int_equal(rig_status(&rig).n_connections, 2);
    assert_int_equal(rig_count_flows(RIG_OURS), RIG_N_KINDS);
    rig_uninit(&rig);
}

static void
test_switch_dies_in_bundle(void **state)
{
    struct rig rig;

    rig_init(&rig);
    rig_wait_generation(&rig, 1);
    set_many(rig.fs);
    bridge_set_generation(rig.bridge, 2);
    rig_wait_state(&rig, "updating");
    ovs_fixture_stop_vswitchd(rig_ovs, SIGKILL);
    rig.n_connections = rig_status(&rig).n_connections;
    rig_wait_for(&rig, rig_has_lost_connection);
    assert_int_equal(bridge_generation(rig.bridge), 0);

    ovs_fixture_start_vswitchd(rig_ovs);
    rig_wait_generation(&rig, 2);
    assert_int_equal(rig_count_flows(RIG_OURS), N_MANY);
    assert_int_equal(rig_status(&rig).n_refused, 0);
    rig_uninit(&rig);
}

static void
test_connection_cut_in_bundle(void **state)
{
    char *listen = rig_socket_path("relay.sock");
    char *target = rig_socket_path("br0.mgmt");
    struct rig rig = { .fs = rig_create_flowset() };

    rig.relay = relay_create(listen, target);
    rig_connect(&rig, "relay.sock");
    bridge_enable(rig.bridge);
    rig_set_nth_flow(rig.fs, 0, 1);
    rig_wait_generation(&rig, 1);

    relay_cut_after(rig.relay, 1000000);
    set_many(rig.fs);
    bridge_set_generation(rig.bridge, 2);
    rig_wait_for(&rig, rig_was_cut);
    assert_int_equal(bridge_generation(rig.bridge), 0);
    assert_int_equal(rig_status(&rig).n_bundles, 1);
    assert_int_equal(rig_count_flows(RIG_OURS), 1);

    rig_wait_generation(&rig, 2);
    assert_int_equal(rig_status(&rig).n_readback, 1);
    assert_true(rig_status(&rig).n_connections >= 2);
    assert_int_equal(rig_status(&rig).n_last_flow_mods, N_MANY);
    assert_int_equal(rig_count_flows(RIG_OURS), N_MANY);
    rig_uninit(&rig);
    free(listen);
    free(target);
}

static void
test_connection_cut_when_idle(void **state)
{
    char *listen = rig_socket_path("relay.sock");
    char *target = rig_socket_path("br0.mgmt");
    struct rig rig = { .fs = rig_create_flowset() };

    rig.relay = relay_create(listen, target);
    rig_connect(&rig, "relay.sock");
    bridge_enable(rig.bridge);
    rig_set_all_kinds(rig.fs);
    rig_wait_generation(&rig, 1);
    relay_cut_after(rig.relay, 0);
    rig_wait_for(&rig, rig_was_cut);

    /* Changes made meanwhile go out afterwards, and only they. */
    rig_run_ofctl("del-flows br0 table=47");
    rig_set_nth_flow(rig.fs, 0, 1);
    rig_wait_generation(&rig, 2);
    assert_int_equal(rig_status(&rig).n_last_flow_mods, 5 + 1);
    assert_int_equal(rig_count_flows(RIG_OURS), RIG_N_KINDS + 1);
    rig_uninit(&rig);
    free(listen);
    free(target);
}

static void
test_no_switch_yet(void **state)
{
    struct rig rig = { .fs = rig_create_flowset() };

    rig_connect(&rig, "br1.mgmt");
    bridge_enable(rig.bridge);
    rig_set_nth_flow(rig.fs, 0, 1);
    bridge_set_generation(rig.bridge, 1);
    rig_run(&rig);
    assert_string_equal(rig_status(&rig).state, "connecting");
    assert_false(rig_status(&rig).connected);

    free(ovs_fixture_run(rig_ovs, "ovs-vsctl add-br br1"));
    rig_wait_generation(&rig, 1);
    assert_true(rig_status(&rig).connected);
    free(ovs_fixture_run(rig_ovs, "ovs-vsctl del-br br1"));
    rig_uninit(&rig);
}

/* OpenFlow 1.4 only. */
static void
test_openflow14(void **state)
{
    struct rig rig;

    free(ovs_fixture_run(rig_ovs, "ovs-vsctl set Bridge br0 "
                         "protocols=OpenFlow10,OpenFlow14"));
    rig_init(&rig);
    rig_set_all_kinds(rig.fs);
    rig_wait_generation(&rig, 1);
    rig_uninit(&rig);

    rig_init(&rig);
    rig_set_all_kinds(rig.fs);
    rig_wait_generation(&rig, 2);
    assert_int_equal(rig_status(&rig).n_readback, RIG_N_KINDS);
    assert_int_equal(rig_status(&rig).n_bundles, 0);
    rig_uninit(&rig);

    rig_watch(&rig, 600000);
    free(ovs_fixture_run(rig_ovs, "ovs-ofctl del-flows br0 table=47"));
    rig.n_tampered = 5;
    rig_wait_for(&rig, has_repaired);
    assert_true(rig_status(&rig).watched);
    rig_uninit(&rig);
}

#define TEST(NAME) cmocka_unit_test_setup(NAME, rig_setup)

int
main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_kinds_read_back_equal),
        TEST(test_waits_to_be_enabled),
        TEST(test_generation_without_changes),
        TEST(test_many_flows),
        TEST(test_changes_during_bundle),
        TEST(test_leaves_foreign_flows),
        TEST(test_refused_while_adding),
        TEST(test_refused_for_a_group),
        TEST(test_refused_when_committing),
        TEST(test_retries_after_refusal),
        TEST(test_longest_flow),
        TEST(test_flow_too_long),
        TEST(test_tampering),
        TEST(test_watched_leaves_others_alone),
        TEST(test_watched_flood),
        TEST(test_periodic_readback_changes_nothing),
        TEST(test_switch_without_monitor),
        TEST(test_switch_restarts),
        TEST(test_switch_dies_in_bundle),
        TEST(test_connection_cut_in_bundle),
        TEST(test_connection_cut_when_idle),
        TEST(test_no_switch_yet),
        TEST(test_openflow14),
    };
    int status;

    set_program_name(argv[0]);
    if (ovs_fixture_must_skip(&status)) {
        return status;
    }
    return cmocka_run_group_tests(tests, rig_setup_group, rig_teardown_group);
}
