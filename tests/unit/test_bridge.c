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

#include "byte-order.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

#include "flowset.h"
#include "ovs-fixture.h"
#include "relay.h"

#define MAGIC UINT64_C(0x6e70000000000000)
#define MASK UINT64_C(0xffff000000000000)
#define OURS "cookie=0x6e70000000000000/0xffff000000000000"
#define TIMEOUT_MSEC 60000

static struct ovs_fixture *ovs;

/* A bridge and what it should have. */
struct rig {
    struct flowset *fs;
    struct bridge *bridge;
    struct relay *relay;        /* Or NULL. */

    /* To wait for. */
    uint64_t generation;
    uint64_t n_connections, n_refused, n_tampered, n_foreign;
    const char *state;
};

static void
allow_actions(uint8_t table, uint32_t id, struct ofpbuf *ofpacts, void *aux)
{
    ofpact_put_GOTO_TABLE(ofpacts)->table_id = table + 1;
}

static struct flowset *
create_flowset(void)
{
    return flowset_create(allow_actions, NULL);
}

static char *
socket_path(const char *name)
{
    return xasprintf("%s/%s", ovs_fixture_dir(ovs), name);
}

static void
rig_connect(struct rig *rig, const char *socket)
{
    char *target = xasprintf("unix:%s/%s", ovs_fixture_dir(ovs), socket);

    rig->bridge = bridge_create(target, rig->fs, MAGIC, MASK);
    free(target);
}

static void
rig_init(struct rig *rig)
{
    *rig = (struct rig) { .fs = create_flowset() };
    rig_connect(rig, "br0.mgmt");
    bridge_enable(rig->bridge);
}

static void
rig_uninit(struct rig *rig)
{
    bridge_destroy(rig->bridge);
    flowset_destroy(rig->fs);
    relay_destroy(rig->relay);
}

static void
rig_run(void *rig_)
{
    struct rig *rig = rig_;

    bridge_run(rig->bridge);
    if (rig->relay) {
        relay_run(rig->relay);
    }
}

static void
rig_wait(void *rig_)
{
    struct rig *rig = rig_;

    bridge_wait(rig->bridge);
    if (rig->relay) {
        relay_wait(rig->relay);
    }
}

static struct bridge_status
get_status(const struct rig *rig)
{
    struct bridge_status status;

    bridge_get_status(rig->bridge, &status);
    return status;
}

static bool
has_generation(void *rig_)
{
    struct rig *rig = rig_;

    return bridge_generation(rig->bridge) == rig->generation;
}

static bool
has_state(void *rig_)
{
    struct rig *rig = rig_;

    return !strcmp(get_status(rig).state, rig->state);
}

static bool
has_refused(void *rig_)
{
    struct rig *rig = rig_;
    struct bridge_status status = get_status(rig);

    return status.n_refused >= rig->n_refused && !strcmp(status.state, "idle");
}

static bool
has_lost_connection(void *rig_)
{
    struct rig *rig = rig_;
    struct bridge_status status = get_status(rig);

    return status.n_connections > rig->n_connections || !status.connected;
}

static bool
was_cut(void *rig_)
{
    struct rig *rig = rig_;

    return relay_n_cuts(rig->relay) && !get_status(rig).connected;
}

static bool
try_wait(struct rig *rig, bool (*done)(void *), int timeout_msec)
{
    return ovs_fixture_loop(
        &(struct ovs_fixture_loop) { rig_run, rig_wait, done, rig },
        timeout_msec);
}

static void
wait_for(struct rig *rig, bool (*done)(void *))
{
    if (!try_wait(rig, done, TIMEOUT_MSEC)) {
        struct bridge_status status = get_status(rig);

        fail_msg("gave up in state %s, generation %"PRIu64", error %s",
                 status.state, bridge_generation(rig->bridge),
                 status.error ? status.error : "none");
    }
}

static void
wait_generation(struct rig *rig, uint64_t generation)
{
    bridge_set_generation(rig->bridge, generation);
    rig->generation = generation;
    wait_for(rig, has_generation);
}

static void
wait_state(struct rig *rig, const char *state)
{
    rig->state = state;
    wait_for(rig, has_state);
}

static void
wait_refused(struct rig *rig, uint64_t n)
{
    rig->n_refused = n;
    wait_for(rig, has_refused);
}

/* Flows, from ovs-ofctl syntax. */

static void
change_flow(struct flowset *fs, const char *text, bool add)
{
    enum ofputil_protocol usable;
    struct ofputil_flow_mod fm;
    struct match match;
    char *error = parse_ofp_flow_mod_str(&fm, text, NULL, NULL,
                                         add ? OFPFC_ADD : OFPFC_DELETE_STRICT,
                                         &usable);

    if (error) {
        fail_msg("%s: %s", text, error);
    }
    minimatch_expand(&fm.match, &match);
    if (add) {
        flowset_set(fs, fm.table_id, fm.priority, &match,
                    MAGIC | ntohll(fm.new_cookie), fm.ofpacts, fm.ofpacts_len);
    } else {
        flowset_unset(fs, fm.table_id, fm.priority, &match);
    }
    free(CONST_CAST(struct ofpact *, fm.ofpacts));
    minimatch_destroy(&fm.match);
}

static void
set_flow(struct flowset *fs, const char *text)
{
    change_flow(fs, text, true);
}

static void
unset_flow(struct flowset *fs, const char *text)
{
    change_flow(fs, text, false);
}

/* Flow 'i' of a large set. */
static void
set_nth_flow(struct flowset *fs, unsigned int i, unsigned int reg)
{
    char *text = xasprintf("table=44,priority=200,ip,nw_dst=10.%u.%u.%u,"
                           "actions=load:%u->NXM_NX_REG2[],goto_table:45",
                           i >> 16 & 0xff, i >> 8 & 0xff, i & 0xff, reg);

    set_flow(fs, text);
    free(text);
}

static int
count_flows(const char *filter)
{
    char *out = ovs_fixture_run(
        ovs, "ovs-ofctl -O OpenFlow15 --no-stats dump-flows br0 '%s' "
        "| grep -c actions= || true", filter);
    int n = atoi(out);

    free(out);
    return n;
}

static void
run_ofctl(const char *command)
{
    free(ovs_fixture_run(ovs, "ovs-ofctl -O OpenFlow15 %s", command));
}

/* Tests. */

/* One of every kind that the pipeline uses. */
static const char *const all_kinds[] = {
    "table=0,priority=65535,cookie=0x1,reg0=0/1,"
    "actions=load:1->NXM_NX_REG0[0],resubmit(,40)",
    "table=40,priority=100,in_port=3,dl_src=02:00:00:00:00:01,ip,"
    "nw_src=10.0.0.1,actions=goto_table:41",
    "table=40,priority=100,arp,in_port=3,arp_spa=10.0.0.1,"
    "arp_sha=02:00:00:00:00:01,actions=goto_table:41",
    "table=40,priority=100,icmp6,in_port=3,icmp_type=136,icmp_code=0,"
    "nd_target=fd00::1,nd_tll=02:00:00:00:00:01,actions=goto_table:41",
    "table=40,priority=10,in_port=3,actions=drop",
    "table=41,priority=10,ip,actions=ct(zone=40,table=42)",
    "table=41,priority=10,ipv6,actions=ct(zone=40,table=42)",
    "table=42,priority=20,ct_state=+trk+inv,actions=goto_table:57",
    "table=42,priority=20,ct_state=+trk+est-rel+rpl,ct_mark=0/0x1,"
    "actions=goto_table:56",
    "table=44,priority=200,ipv6,ipv6_dst=fd00::/64,"
    "actions=load:7->NXM_NX_REG2[],goto_table:45",
    "table=47,priority=100,reg1=1,actions=conjunction(5,1/3)",
    "table=47,priority=100,reg2=7,actions=conjunction(5,2/3),"
    "conjunction(9,2/2)",
    "table=47,priority=100,tcp,tp_dst=0x1f40/0xfff8,"
    "actions=conjunction(5,3/3)",
    "table=47,priority=100,sctp,tp_dst=80,actions=conjunction(5,3/3)",
    "table=47,priority=100,conj_id=5,"
    "actions=load:5->NXM_NX_REG7[],goto_table:49",
    "table=55,priority=10,ip,actions=ct(commit,zone=40,"
    "exec(move:NXM_NX_REG7[]->NXM_NX_CT_LABEL[0..31],"
    "load:1->NXM_NX_CT_MARK[0])),goto_table:56",
    "table=56,priority=10,actions=resubmit(,0)",
    "table=57,priority=10,reg1=3,actions=note:01.02.03.04.05.06",
};

static void
set_all_kinds(struct flowset *fs)
{
    for (size_t i = 0; i < ARRAY_SIZE(all_kinds); i++) {
        set_flow(fs, all_kinds[i]);
    }
}

static void
test_all_kinds_read_back_equal(void **state)
{
    struct rig rig;

    rig_init(&rig);
    set_all_kinds(rig.fs);
    wait_generation(&rig, 3);
    assert_int_equal(get_status(&rig).n_bundles, 1);
    assert_int_equal(get_status(&rig).n_flow_mods, ARRAY_SIZE(all_kinds));
    assert_int_equal(count_flows(OURS), ARRAY_SIZE(all_kinds));
    rig_uninit(&rig);

    /* The same again, knowing nothing. */
    rig_init(&rig);
    set_all_kinds(rig.fs);
    wait_generation(&rig, 9);
    assert_int_equal(get_status(&rig).n_readback, ARRAY_SIZE(all_kinds));
    assert_int_equal(get_status(&rig).n_flow_mods, 0);
    assert_int_equal(get_status(&rig).n_bundles, 0);
    rig_uninit(&rig);
}

static void
test_waits_to_be_enabled(void **state)
{
    struct rig rig;

    run_ofctl("add-flow br0 "
              "'table=44,cookie=0x6e70000000000001,actions=drop'");
    rig = (struct rig) { .fs = create_flowset() };
    rig_connect(&rig, "br0.mgmt");
    set_nth_flow(rig.fs, 1, 1);
    bridge_set_generation(rig.bridge, 1);
    bridge_run(rig.bridge);
    assert_string_equal(get_status(&rig).state, "waiting");
    assert_false(get_status(&rig).connected);
    assert_int_equal(bridge_generation(rig.bridge), 0);
    assert_int_equal(count_flows(OURS), 1);
    assert_int_equal(count_flows("table=44,cookie=0x6e70000000000001/-1"), 1);

    bridge_enable(rig.bridge);
    assert_string_equal(get_status(&rig).state, "connecting");
    wait_generation(&rig, 1);
    assert_int_equal(get_status(&rig).n_last_flow_mods, 2);
    assert_int_equal(count_flows(OURS), 1);
    assert_int_equal(count_flows("table=44,ip,nw_dst=10.0.0.1"), 1);
    rig_uninit(&rig);
}

static void
test_generation_without_changes(void **state)
{
    struct rig rig;

    rig_init(&rig);
    wait_generation(&rig, 1);
    bridge_set_generation(rig.bridge, 2);
    assert_int_equal(bridge_generation(rig.bridge), 2);
    assert_int_equal(get_status(&rig).n_bundles, 0);

    /* Not at once if there is something to send. */
    set_nth_flow(rig.fs, 1, 1);
    bridge_set_generation(rig.bridge, 3);
    assert_int_equal(bridge_generation(rig.bridge), 2);
    wait_generation(&rig, 3);
    assert_int_equal(count_flows(OURS), 1);
    rig_uninit(&rig);
}

#define N_MANY 20000

static void
set_many(struct flowset *fs)
{
    for (unsigned int i = 0; i < N_MANY; i++) {
        set_nth_flow(fs, i, i);
    }
}

static void
test_many_flows(void **state)
{
    struct rig rig;

    rig_init(&rig);
    set_many(rig.fs);
    wait_generation(&rig, 1);
    assert_int_equal(get_status(&rig).n_bundles, 1);
    assert_int_equal(get_status(&rig).n_last_flow_mods, N_MANY);
    assert_int_equal(count_flows(OURS), N_MANY);

    /* Only what differs: a changed flow, a new one, one that went. */
    set_nth_flow(rig.fs, 5, 99);
    set_nth_flow(rig.fs, N_MANY, 1);
    unset_flow(rig.fs, "table=44,priority=200,ip,nw_dst=10.0.0.9");
    wait_generation(&rig, 2);
    assert_int_equal(get_status(&rig).n_last_flow_mods, 3);
    rig_uninit(&rig);

    /* And from a read-back. */
    rig_init(&rig);
    set_many(rig.fs);
    wait_generation(&rig, 1);
    assert_int_equal(get_status(&rig).n_readback, N_MANY);
    assert_int_equal(get_status(&rig).n_last_flow_mods, 3);
    rig_uninit(&rig);
}

static void
test_changes_during_bundle(void **state)
{
    struct rig rig;

    rig_init(&rig);
    wait_generation(&rig, 1);
    set_many(rig.fs);
    bridge_set_generation(rig.bridge, 2);
    wait_state(&rig, "updating");

    set_nth_flow(rig.fs, 5, 99);
    bridge_set_generation(rig.bridge, 3);
    assert_int_equal(bridge_generation(rig.bridge), 1);
    rig.generation = 2;
    wait_for(&rig, has_generation);
    assert_int_equal(count_flows("table=44,ip,nw_dst=10.0.0.5"), 1);
    assert_int_equal(get_status(&rig).n_last_flow_mods, N_MANY);
    wait_generation(&rig, 3);
    assert_int_equal(get_status(&rig).n_last_flow_mods, 1);
    assert_int_equal(get_status(&rig).n_bundles, 2);
    rig_uninit(&rig);
}

static void
test_leaves_foreign_flows(void **state)
{
    struct rig rig;

    /* In our tables and in table 0, and a stray of ours. */
    run_ofctl("add-flow br0 'table=44,cookie=0x1,priority=7,actions=drop'");
    run_ofctl("add-flow br0 'table=0,cookie=0x2,priority=7,actions=drop'");
    run_ofctl("add-flow br0 "
              "'table=44,cookie=0x6e70000000000005,priority=8,actions=drop'");
    rig_init(&rig);
    set_nth_flow(rig.fs, 1, 1);
    wait_generation(&rig, 1);
    assert_int_equal(get_status(&rig).n_readback, 1);
    assert_int_equal(count_flows("table=44,cookie=0x1/-1"), 1);
    assert_int_equal(count_flows("table=0,cookie=0x2/-1"), 1);
    assert_int_equal(count_flows(OURS), 1);

    /* Somebody took our flow over: it is his now. */
    run_ofctl("add-flow br0 'table=44,cookie=0x3,priority=200,ip,"
              "nw_dst=10.0.0.1,actions=drop'");
    unset_flow(rig.fs, "table=44,priority=200,ip,nw_dst=10.0.0.1");
    wait_generation(&rig, 2);
    assert_int_equal(count_flows("table=44,cookie=0x3/-1"), 1);
    rig_uninit(&rig);
}

/* Refusals. */

static void
assert_error_has(const struct rig *rig, const char *text)
{
    const char *error = get_status(rig).error;

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
    set_nth_flow(rig.fs, 1, 1);
    wait_generation(&rig, 1);

    /* Tables can only be left forward. */
    set_nth_flow(rig.fs, 1, 2);
    set_nth_flow(rig.fs, 2, 2);
    match_init_catchall(&match);
    match_set_reg(&match, 2, 7);
    ofpbuf_init(&ofpacts, 0);
    ofpact_put_GOTO_TABLE(&ofpacts)->table_id = 3;
    flowset_set(rig.fs, 44, 9, &match, MAGIC, ofpacts.data, ofpacts.size);
    ofpbuf_uninit(&ofpacts);
    bridge_set_generation(rig.bridge, 2);
    wait_refused(&rig, 1);
    assert_error_has(&rig, "OFPBIC_BAD_TABLE_ID");
    assert_error_has(&rig, "table=44,priority=9,reg2=0x7 "
                     "actions=goto_table:3");
    assert_int_equal(bridge_generation(rig.bridge), 1);
    assert_int_equal(get_status(&rig).n_bundles, 1);
    assert_int_equal(get_status(&rig).n_readback, 1);
    assert_int_equal(count_flows(OURS), 1);

    flowset_unset(rig.fs, 44, 9, &match);
    wait_generation(&rig, 3);
    assert_null(get_status(&rig).error);
    assert_int_equal(get_status(&rig).n_last_flow_mods, 2);
    rig_uninit(&rig);
}

static void
test_refused_for_a_group(void **state)
{
    const char *bad = "table=44,priority=9,ip,nw_dst=10.9.9.9";
    struct rig rig;

    rig_init(&rig);
    set_nth_flow(rig.fs, 1, 1);
    wait_generation(&rig, 1);

    set_nth_flow(rig.fs, 1, 2);
    set_nth_flow(rig.fs, 2, 2);
    set_flow(rig.fs, "table=44,priority=9,ip,nw_dst=10.9.9.9,"
             "actions=group:99");
    bridge_set_generation(rig.bridge, 2);
    wait_refused(&rig, 1);
    assert_error_has(&rig, "OFPBAC_BAD_OUT_GROUP");
    assert_error_has(&rig, "table=44,priority=9,ip,nw_dst=10.9.9.9 "
                     "actions=group:99");
    assert_int_equal(bridge_generation(rig.bridge), 1);
    assert_int_equal(get_status(&rig).n_bundles, 1);
    assert_int_equal(get_status(&rig).n_readback, 1);
    assert_int_equal(count_flows(OURS), 1);

    /* Other flows go at once. */
    unset_flow(rig.fs, bad);
    wait_generation(&rig, 3);
    assert_null(get_status(&rig).error);
    assert_int_equal(get_status(&rig).n_refused, 1);
    assert_int_equal(get_status(&rig).n_last_flow_mods, 2);
    assert_int_equal(count_flows(OURS), 2);
    rig_uninit(&rig);
}

static void
test_refused_when_committing(void **state)
{
    struct rig rig;

    free(ovs_fixture_run(
        ovs, "ovs-vsctl -- --id=@t create Flow_Table flow_limit=2 "
        "overflow_policy=refuse -- set Bridge br0 flow_tables:44=@t"));
    rig_init(&rig);
    set_nth_flow(rig.fs, 1, 1);
    set_nth_flow(rig.fs, 2, 1);
    wait_generation(&rig, 1);

    set_nth_flow(rig.fs, 1, 2);
    set_nth_flow(rig.fs, 3, 1);
    bridge_set_generation(rig.bridge, 2);
    wait_refused(&rig, 1);
    assert_error_has(&rig, "OFPFMFC_TABLE_FULL");
    assert_error_has(&rig, "nw_dst=10.0.0.3");
    assert_int_equal(bridge_generation(rig.bridge), 1);
    assert_int_equal(get_status(&rig).n_readback, 2);

    /* What was in the bundle before the bad flow is not in force. */
    char *dump = ovs_fixture_run(ovs, "ovs-ofctl -O OpenFlow15 --no-stats "
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
    set_flow(rig.fs, "table=44,actions=group:99");
    bridge_set_generation(rig.bridge, 1);
    wait_refused(&rig, 1);
    /* No storm: the second try comes a second after the first. */
    long long int start = time_msec();
    wait_refused(&rig, 2);
    assert_true(time_msec() - start >= 900);

    /* Now it works, though nobody told. */
    run_ofctl("add-group br0 group_id=99,type=all,bucket=output:1");
    wait_generation(&rig, 1);
    assert_int_equal(get_status(&rig).n_refused, 2);
    assert_null(get_status(&rig).error);
    assert_int_equal(count_flows(OURS), 1);
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

        flowset_add_part(fs, 47, 100, &match, MAGIC, &part);
    }
}

static void
test_longest_flow(void **state)
{
    struct rig rig;

    rig_init(&rig);
    add_parts(rig.fs, FLOWSET_MAX_PARTS);
    wait_generation(&rig, 1);
    rig_uninit(&rig);

    rig_init(&rig);
    add_parts(rig.fs, FLOWSET_MAX_PARTS);
    wait_generation(&rig, 2);
    assert_int_equal(get_status(&rig).n_readback, 1);
    assert_int_equal(get_status(&rig).n_bundles, 0);
    rig_uninit(&rig);
}

static void
test_flow_too_long(void **state)
{
    struct rig rig;

    rig_init(&rig);
    add_parts(rig.fs, 4200);
    set_nth_flow(rig.fs, 1, 1);
    bridge_set_generation(rig.bridge, 1);
    wait_refused(&rig, 1);
    assert_error_has(&rig, "too long");
    assert_error_has(&rig, "table=47,priority=100,reg2=0x7");
    assert_in_range(strlen(get_status(&rig).error), 100, 1200);
    assert_int_equal(count_flows(OURS), 0);
    rig_uninit(&rig);
}

/* What others do. */

/* Our tables are 40 to 57, as the flows of set_all_kinds() have it. */
static void
rig_watch(struct rig *rig, int msec)
{
    *rig = (struct rig) { .fs = create_flowset() };
    rig_connect(rig, "br0.mgmt");
    bridge_watch_others(rig->bridge, 40, 18, msec);
    bridge_enable(rig->bridge);
    set_all_kinds(rig->fs);
    wait_generation(rig, 1);
}

static bool
has_repaired(void *rig_)
{
    struct rig *rig = rig_;
    struct bridge_status status = get_status(rig);

    return (status.n_tampered >= rig->n_tampered
            && status.n_repairs >= (rig->n_tampered > 0)
            && status.n_foreign >= rig->n_foreign
            && !strcmp(status.state, "idle")
            && !flowset_is_dirty(rig->fs));
}

static char *
dump_all(void)
{
    return ovs_fixture_run(ovs, "ovs-ofctl -O OpenFlow15 --no-stats "
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
    run_ofctl(command);
    rig.n_tampered = n_tampered;
    rig.n_foreign = n_foreign;
    wait_for(&rig, has_repaired);
    assert_int_equal(get_status(&rig).n_tampered, n_tampered);
    assert_int_equal(get_status(&rig).n_foreign, n_foreign);

    /* The removals are not part of a bundle: one more to wait for. */
    set_nth_flow(rig.fs, 1, 1);
    wait_generation(&rig, 2);
    unset_flow(rig.fs, "table=44,priority=200,ip,nw_dst=10.0.0.1");
    wait_generation(&rig, 3);
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
        { "del-flows br0 " OURS, ARRAY_SIZE(all_kinds), 0 },
        { "del-flows br0", ARRAY_SIZE(all_kinds), 0 },
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
        free(ovs_fixture_run(ovs, "ovs-ofctl del-flows br0"));
    }
}

static void
test_watched_leaves_others_alone(void **state)
{
    struct rig rig;

    /* Whoever was in our tables before us may stay. */
    run_ofctl("add-flow br0 'table=44,cookie=0x1,priority=7,actions=drop'");
    rig_watch(&rig, 600000);
    assert_true(get_status(&rig).watched);
    run_ofctl("add-flow br0 'table=0,cookie=0x2,priority=7,actions=drop'");
    run_ofctl("add-flow br0 'table=39,cookie=0x2,priority=7,actions=drop'");
    run_ofctl("add-flow br0 'table=58,cookie=0x2,priority=7,actions=drop'");
    run_ofctl("mod-flows br0 'table=0,cookie=0x2/-1,actions=NORMAL'");
    run_ofctl("del-flows br0 'table=39,cookie=0x2/-1'");
    set_nth_flow(rig.fs, 1, 1);
    wait_generation(&rig, 2);
    assert_int_equal(count_flows("cookie=0x2/-1"), 2);
    assert_int_equal(count_flows("cookie=0x1/-1"), 1);
    assert_int_equal(get_status(&rig).n_tampered, 0);
    assert_int_equal(get_status(&rig).n_foreign, 0);
    assert_int_equal(get_status(&rig).n_bundles, 2);
    rig_uninit(&rig);
}

static bool
has_read_back(void *rig_)
{
    struct rig *rig = rig_;

    return get_status(rig).n_readback > 0;
}

/* Enough that the switch pauses its monitor, of others and then of ours. */
static void
test_watched_flood(void **state)
{
    char *file = socket_path("flood");
    FILE *stream = fopen(file, "w");
    struct rig rig;

    for (int i = 0; i < N_MANY; i++) {
        fprintf(stream, "table=45,priority=7,cookie=0x7,ip,"
                "nw_dst=11.0.%d.%d,actions=drop\n", i >> 8, i & 0xff);
    }
    fclose(stream);
    rig_watch(&rig, 600000);
    set_many(rig.fs);
    wait_generation(&rig, 2);
    assert_int_equal(get_status(&rig).n_tampered, 0);

    free(ovs_fixture_run(ovs, "ovs-ofctl -O OpenFlow15 --bundle add-flows "
                         "br0 %s", file));
    rig.n_foreign = N_MANY;
    wait_for(&rig, has_repaired);
    run_ofctl("del-flows br0 table=44");
    rig.n_tampered = N_MANY + 1;
    wait_for(&rig, has_repaired);
    assert_int_equal(count_flows(OURS), N_MANY + ARRAY_SIZE(all_kinds));
    assert_int_equal(count_flows("cookie=0x7/-1"), 0);
    assert_int_equal(get_status(&rig).n_tampered, N_MANY + 1);
    assert_int_equal(get_status(&rig).n_foreign, N_MANY);

    /* It was paused: there was no other reason for this. */
    wait_for(&rig, has_read_back);
    assert_int_equal(get_status(&rig).n_tampered, N_MANY + 1);
    rig_uninit(&rig);
    free(file);
}

static void
test_periodic_readback_changes_nothing(void **state)
{
    struct rig rig;

    rig_watch(&rig, 100);
    assert_int_equal(get_status(&rig).n_readback, 0);
    wait_for(&rig, has_read_back);
    assert_int_equal(get_status(&rig).n_readback, ARRAY_SIZE(all_kinds));
    assert_int_equal(get_status(&rig).n_bundles, 1);
    assert_int_equal(get_status(&rig).n_tampered, 0);
    assert_int_equal(get_status(&rig).n_connections, 1);
    rig_uninit(&rig);
}

/* Without a monitor the read-back has to do. */
static void
test_switch_without_monitor(void **state)
{
    char *listen = socket_path("relay.sock");
    char *target = socket_path("br0.mgmt");
    struct rig rig = { .fs = create_flowset() };

    rig.relay = relay_create(listen, target);
    relay_hide_monitors(rig.relay);
    rig_connect(&rig, "relay.sock");
    bridge_watch_others(rig.bridge, 40, 18, 100);
    bridge_enable(rig.bridge);
    set_all_kinds(rig.fs);
    wait_generation(&rig, 1);
    assert_false(get_status(&rig).watched);
    assert_int_equal(get_status(&rig).n_connections, 1);

    run_ofctl("del-flows br0 table=47");
    run_ofctl("mod-flows br0 'table=44,actions=drop'");
    rig.n_tampered = 6;
    wait_for(&rig, has_repaired);
    assert_int_equal(get_status(&rig).n_tampered, 6);
    assert_int_equal(count_flows(OURS), ARRAY_SIZE(all_kinds));
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
    set_all_kinds(rig.fs);
    wait_generation(&rig, 1);
    ovs_fixture_stop_vswitchd(ovs, 0);
    rig.n_connections = get_status(&rig).n_connections;
    wait_for(&rig, has_lost_connection);
    assert_int_equal(bridge_generation(rig.bridge), 0);
    assert_string_equal(get_status(&rig).state, "connecting");

    ovs_fixture_start_vswitchd(ovs);
    wait_generation(&rig, 1);
    assert_int_equal(get_status(&rig).n_readback, 0);
    assert_int_equal(get_status(&rig).n_connections, 2);
    assert_int_equal(count_flows(OURS), ARRAY_SIZE(all_kinds));
    rig_uninit(&rig);
}

static void
test_switch_dies_in_bundle(void **state)
{
    struct rig rig;

    rig_init(&rig);
    wait_generation(&rig, 1);
    set_many(rig.fs);
    bridge_set_generation(rig.bridge, 2);
    wait_state(&rig, "updating");
    ovs_fixture_stop_vswitchd(ovs, SIGKILL);
    rig.n_connections = get_status(&rig).n_connections;
    wait_for(&rig, has_lost_connection);
    assert_int_equal(bridge_generation(rig.bridge), 0);

    ovs_fixture_start_vswitchd(ovs);
    wait_generation(&rig, 2);
    assert_int_equal(count_flows(OURS), N_MANY);
    assert_int_equal(get_status(&rig).n_refused, 0);
    rig_uninit(&rig);
}

static void
test_connection_cut_in_bundle(void **state)
{
    char *listen = socket_path("relay.sock");
    char *target = socket_path("br0.mgmt");
    struct rig rig = { .fs = create_flowset() };

    rig.relay = relay_create(listen, target);
    rig_connect(&rig, "relay.sock");
    bridge_enable(rig.bridge);
    set_nth_flow(rig.fs, 0, 1);
    wait_generation(&rig, 1);

    relay_cut_after(rig.relay, 1000000);
    set_many(rig.fs);
    bridge_set_generation(rig.bridge, 2);
    wait_for(&rig, was_cut);
    assert_int_equal(bridge_generation(rig.bridge), 0);
    assert_int_equal(get_status(&rig).n_bundles, 1);
    assert_int_equal(count_flows(OURS), 1);

    wait_generation(&rig, 2);
    assert_int_equal(get_status(&rig).n_readback, 1);
    assert_true(get_status(&rig).n_connections >= 2);
    assert_int_equal(get_status(&rig).n_last_flow_mods, N_MANY);
    assert_int_equal(count_flows(OURS), N_MANY);
    rig_uninit(&rig);
    free(listen);
    free(target);
}

static void
test_connection_cut_when_idle(void **state)
{
    char *listen = socket_path("relay.sock");
    char *target = socket_path("br0.mgmt");
    struct rig rig = { .fs = create_flowset() };

    rig.relay = relay_create(listen, target);
    rig_connect(&rig, "relay.sock");
    bridge_enable(rig.bridge);
    set_all_kinds(rig.fs);
    wait_generation(&rig, 1);
    relay_cut_after(rig.relay, 0);
    wait_for(&rig, was_cut);

    /* Changes made meanwhile go out afterwards, and only they. */
    run_ofctl("del-flows br0 table=47");
    set_nth_flow(rig.fs, 0, 1);
    wait_generation(&rig, 2);
    assert_int_equal(get_status(&rig).n_last_flow_mods, 5 + 1);
    assert_int_equal(count_flows(OURS), ARRAY_SIZE(all_kinds) + 1);
    rig_uninit(&rig);
    free(listen);
    free(target);
}

static void
test_no_switch_yet(void **state)
{
    struct rig rig = { .fs = create_flowset() };

    rig_connect(&rig, "br1.mgmt");
    bridge_enable(rig.bridge);
    set_nth_flow(rig.fs, 0, 1);
    bridge_set_generation(rig.bridge, 1);
    rig_run(&rig);
    assert_string_equal(get_status(&rig).state, "connecting");
    assert_false(get_status(&rig).connected);

    free(ovs_fixture_run(ovs, "ovs-vsctl add-br br1"));
    wait_generation(&rig, 1);
    assert_true(get_status(&rig).connected);
    free(ovs_fixture_run(ovs, "ovs-vsctl del-br br1"));
    rig_uninit(&rig);
}

/* OpenFlow 1.4 only. */
static void
test_openflow14(void **state)
{
    struct rig rig;

    free(ovs_fixture_run(ovs, "ovs-vsctl set Bridge br0 "
                         "protocols=OpenFlow10,OpenFlow14"));
    rig_init(&rig);
    set_all_kinds(rig.fs);
    wait_generation(&rig, 1);
    rig_uninit(&rig);

    rig_init(&rig);
    set_all_kinds(rig.fs);
    wait_generation(&rig, 2);
    assert_int_equal(get_status(&rig).n_readback, ARRAY_SIZE(all_kinds));
    assert_int_equal(get_status(&rig).n_bundles, 0);
    rig_uninit(&rig);

    rig_watch(&rig, 600000);
    free(ovs_fixture_run(ovs, "ovs-ofctl del-flows br0 table=47"));
    rig.n_tampered = 5;
    wait_for(&rig, has_repaired);
    assert_true(get_status(&rig).watched);
    rig_uninit(&rig);
}

static int
setup_group(void **state)
{
    ovs = ovs_fixture_create();
    return 0;
}

static int
teardown_group(void **state)
{
    ovs_fixture_destroy(ovs);
    return 0;
}

static int
setup(void **state)
{
    /* A test that failed may have left anything. */
    ovs_fixture_start_ovsdb(ovs);
    ovs_fixture_start_vswitchd(ovs);
    free(ovs_fixture_run(ovs, "ovs-vsctl --if-exists del-br br0"));
    free(ovs_fixture_run(ovs, "ovs-vsctl add-br br0 -- "
                         "set Bridge br0 fail-mode=secure"));
    return 0;
}

#define TEST(NAME) cmocka_unit_test_setup(NAME, setup)

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
    return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
