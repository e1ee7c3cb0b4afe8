/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "flowset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "byte-order.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofpbuf.h"
#include "util.h"

#include "flowtext.h"

/* The actions of an allow flow: "resubmit(,ID)". */
static void
put_allow(uint8_t table OVS_UNUSED, const struct flowset_part *part,
          struct ofpbuf *ofpacts, void *aux)
{
    struct ofpact_resubmit *resubmit = ofpact_put_RESUBMIT(ofpacts);

    assert_string_equal(aux, "aux");
    resubmit->in_port = OFPP_IN_PORT;
    resubmit->table_id = part->id;
}

static int
setup(void **state)
{
    *state = flowset_create(put_allow, CONST_CAST(char *, "aux"));
    return 0;
}

static int
teardown(void **state)
{
    flowset_destroy(*state);
    return 0;
}

/* A flow from text in ovs-ofctl syntax; free it with flow_uninit(). */
static void
flow_init(struct flowset_flow *flow, const char *text)
{
    enum ofputil_protocol protocols;
    struct ofputil_flow_mod fm;
    char *error = parse_ofp_flow_mod_str(&fm, text, NULL, NULL, OFPFC_ADD,
                                         &protocols);

    if (error) {
        fail_msg("%s: %s", text, error);
    }
    flow->table = fm.table_id;
    flow->priority = fm.priority;
    flow->cookie = ntohll(fm.new_cookie);
    minimatch_expand(&fm.match, &flow->match);
    minimatch_destroy(&fm.match);
    flow->ofpacts = CONST_CAST(struct ofpact *, fm.ofpacts);
    flow->ofpacts_len = fm.ofpacts_len;
}

static void
flow_uninit(struct flowset_flow *flow)
{
    free(flow->ofpacts);
}

static void
set(struct flowset *fs, const char *text)
{
    struct flowset_flow f;

    flow_init(&f, text);
    flowset_set(fs, f.table, f.priority, &f.match, f.cookie, f.ofpacts,
                f.ofpacts_len);
    flow_uninit(&f);
}

static void
unset(struct flowset *fs, const char *text)
{
    struct flowset_flow f;

    flow_init(&f, text);
    flowset_unset(fs, f.table, f.priority, &f.match);
    flow_uninit(&f);
}

/* 'n_clauses' 0: an allow flow.  'text' as for set(); its actions are
 * ignored. */
static void
add_part(struct flowset *fs, const char *text, uint32_t id, uint8_t clause,
         uint8_t n_clauses)
{
    struct flowset_part part = { id, clause, n_clauses };
    struct flowset_flow f;

    flow_init(&f, text);
    flowset_add_part(fs, f.table, f.priority, &f.match, f.cookie, &part);
    flow_uninit(&f);
}

static void
remove_part(struct flowset *fs, const char *text, uint32_t id, uint8_t clause)
{
    struct flowset_part part = { id, clause, 0 };
    struct flowset_flow f;

    flow_init(&f, text);
    flowset_remove_part(fs, f.table, f.priority, &f.match, &part);
    flow_uninit(&f);
}

static void
observe(struct flowset *fs, const char *text)
{
    struct flowset_flow f;

    flow_init(&f, text);
    flowset_observe(fs, &f);
    flow_uninit(&f);
}

/* Returns true if that was news. */
static bool
observe_one(struct flowset *fs, const char *text, bool gone)
{
    struct flowset_flow f;
    bool news;

    flow_init(&f, text);
    news = flowset_observe_one(fs, &f, gone);
    flow_uninit(&f);
    return news;
}

static void
expect_delta(struct flowset *fs, const char *want)
{
    char *got = flowtext_delta(fs);

    assert_string_equal(got, want);
    assert_false(flowset_is_dirty(fs));
    free(got);
}

static void
expect_flows(const struct flowset *fs, const char *want)
{
    char *got = flowtext_table(fs, -1);

    assert_string_equal(got, want);
    free(got);
}

/* Plain flows. */

#define WEB "table=1,priority=5,tcp,tp_dst=80"
#define WEB_OUT "cookie=0x0,table=1,priority=5,tcp,tp_dst=80"

static void
test_plain(void **state)
{
    struct flowset *fs = *state;

    set(fs, WEB " actions=drop");
    assert_true(flowset_is_dirty(fs));
    assert_int_equal(flowset_count(fs), 1);
    assert_int_equal(flowset_count_table(fs, 1), 1);
    assert_int_equal(flowset_count_table(fs, 0), 0);
    expect_delta(fs, "+ " WEB_OUT " actions=drop\n");
    expect_delta(fs, "");

    /* What is the same is no change, what differs is. */
    set(fs, WEB " actions=drop");
    expect_delta(fs, "");
    set(fs, WEB " actions=set_field:5->reg1,goto_table:2");
    expect_delta(fs, "+ " WEB_OUT
                     " actions=set_field:0x5->reg1,goto_table:2\n");
    set(fs, "cookie=0x7," WEB " actions=set_field:5->reg1,goto_table:2");
    expect_delta(fs, "+ cookie=0x7,table=1,priority=5,tcp,tp_dst=80 "
                     "actions=set_field:0x5->reg1,goto_table:2\n");
    assert_int_equal(flowset_count(fs), 1);

    unset(fs, WEB " actions=drop");
    assert_int_equal(flowset_count(fs), 0);
    assert_int_equal(flowset_count_table(fs, 1), 0);
    expect_delta(fs, "- cookie=0x7,table=1,priority=5,tcp,tp_dst=80 "
                     "actions=drop\n");
    expect_flows(fs, "");
}

/* Table, priority and match make the flow; how the match is written does
 * not. */
static void
test_identity(void **state)
{
    struct flowset *fs = *state;

    set(fs, "table=1,priority=5,ip,nw_src=10.0.0.1 actions=drop");
    set(fs, "table=1,priority=5,ip,nw_src=10.0.0.1/32 actions=drop");
    assert_int_equal(flowset_count(fs), 1);
    set(fs, "table=2,priority=5,ip,nw_src=10.0.0.1 actions=drop");
    set(fs, "table=1,priority=6,ip,nw_src=10.0.0.1 actions=drop");
    set(fs, "table=1,priority=5,ip,nw_src=10.0.0.0/31 actions=drop");
    assert_int_equal(flowset_count(fs), 4);
}

static void
test_tombstones(void **state)
{
    struct flowset *fs = *state;

    /* Never told, never deleted. */
    set(fs, WEB " actions=drop");
    unset(fs, WEB " actions=drop");
    expect_delta(fs, "");
    assert_false(flowset_is_dirty(fs));

    /* Gone and back: nothing to tell, unless it differs. */
    set(fs, WEB " actions=drop");
    flowtext_settle(fs);
    unset(fs, WEB " actions=drop");
    set(fs, WEB " actions=drop");
    expect_delta(fs, "");
    unset(fs, WEB " actions=drop");
    set(fs, WEB " actions=output:1");
    expect_delta(fs, "+ " WEB_OUT " actions=output:1\n");

    /* Back as a shared flow. */
    unset(fs, WEB " actions=drop");
    add_part(fs, WEB " actions=drop", 7, 0, 2);
    expect_delta(fs, "+ " WEB_OUT " actions=conjunction(7,1/2)\n");
    remove_part(fs, WEB " actions=drop", 7, 0);
    set(fs, WEB " actions=output:1");
    assert_int_equal(flowset_count(fs), 1);
    expect_delta(fs, "+ " WEB_OUT " actions=output:1\n");
}

/* Shared flows. */

static void
test_parts_are_sorted(void **state)
{
    struct flowset *fs = *state;

    add_part(fs, WEB " actions=drop", 300, 1, 3);
    add_part(fs, WEB " actions=drop", 5, 2, 3);
    add_part(fs, WEB " actions=drop", 300, 0, 3);
    add_part(fs, WEB " actions=drop", 40, 1, 2);
    assert_int_equal(flowset_count(fs), 1);
    assert_int_equal(flowset_count_parts(fs), 4);
    expect_delta(fs, "+ " WEB_OUT " actions=conjunction(5,3/3),"
                     "conjunction(40,2/2),conjunction(300,1/3),"
                     "conjunction(300,2/3)\n");

    remove_part(fs, WEB " actions=drop", 300, 0);
    remove_part(fs, WEB " actions=drop", 5, 2);
    expect_delta(fs, "+ " WEB_OUT " actions=conjunction(40,2/2),"
                     "conjunction(300,2/3)\n");
    remove_part(fs, WEB " actions=drop", 40, 1);
    remove_part(fs, WEB " actions=drop", 300, 1);
    assert_int_equal(flowset_count_parts(fs), 0);
    expect_delta(fs, "- " WEB_OUT " actions=drop\n");
}

/* The order of events does not show. */
static void
test_parts_are_the_same_again(void **state)
{
    struct flowset *fs = *state;

    for (uint32_t id = 1; id <= 20; id++) {
        add_part(fs, WEB " actions=drop", id, 0, 2);
    }
    flowtext_settle(fs);
    remove_part(fs, WEB " actions=drop", 1, 0);
    remove_part(fs, WEB " actions=drop", 20, 0);
    remove_part(fs, WEB " actions=drop", 7, 0);
    add_part(fs, WEB " actions=drop", 7, 0, 2);
    add_part(fs, WEB " actions=drop", 20, 0, 2);
    add_part(fs, WEB " actions=drop", 1, 0, 2);
    assert_true(flowset_is_dirty(fs));
    expect_delta(fs, "");
}

/* The lowest id gives the actions and the cookie. */
static void
test_allow_flows(void **state)
{
    struct flowset *fs = *state;
    const char *flow = "cookie=0x6e70080000000000," WEB " actions=drop";

#define ALLOW(ID, TABLE) "+ cookie=0x6e700800000000" ID ",table=1,priority=5" \
                         ",tcp,tp_dst=80 actions=resubmit(," TABLE ")\n"
    add_part(fs, flow, 20, 0, 0);
    expect_delta(fs, ALLOW("14", "20"));
    add_part(fs, flow, 30, 0, 0);
    expect_delta(fs, "");
    add_part(fs, flow, 10, 0, 0);
    expect_delta(fs, ALLOW("0a", "10"));
    assert_int_equal(flowset_count(fs), 1);
    assert_int_equal(flowset_count_parts(fs), 0);

    remove_part(fs, flow, 20, 0);
    expect_delta(fs, "");
    remove_part(fs, flow, 10, 0);
    expect_delta(fs, ALLOW("1e", "30"));
    remove_part(fs, flow, 30, 0);
    assert_int_equal(flowset_count(fs), 0);
#undef ALLOW
}

static void
test_many_parts(void **state)
{
    struct flowset *fs = *state;

    for (uint32_t i = 0; i < FLOWSET_MAX_PARTS; i++) {
        add_part(fs, WEB " actions=drop", (i * 2027) % 4093 + 1, 0, 2);
    }
    assert_int_equal(flowset_count_parts(fs), FLOWSET_MAX_PARTS);
    assert_int_equal(flowtext_settle(fs), 1);
    for (uint32_t i = 0; i < FLOWSET_MAX_PARTS; i++) {
        remove_part(fs, WEB " actions=drop", (i * 2027) % 4093 + 1, 0);
    }
    assert_int_equal(flowset_count(fs), 0);
    assert_int_equal(flowtext_settle(fs), 1);
}

/* Read-back. */

static void
test_observe(void **state)
{
    struct flowset *fs = *state;

    set(fs, "table=1,priority=1 actions=set_field:1->reg1,goto_table:2");
    set(fs, "table=1,priority=2 actions=drop");
    set(fs, "table=1,priority=3 actions=drop");
    add_part(fs, "table=1,priority=4,tcp actions=drop", 8, 1, 2);
    add_part(fs, "table=1,priority=4,tcp actions=drop", 9, 1, 2);
    flowset_observe_begin(fs);
    observe(fs, "table=1,priority=1 actions=set_field:1->reg1,goto_table:2");
    observe(fs, "table=1,priority=2 actions=output:1");
    observe(fs, "table=1,priority=4,tcp "
                "actions=conjunction(8,2/2),conjunction(9,2/2)");
    observe(fs, "table=1,priority=5 actions=drop");
    /* Nothing was believed to be there. */
    assert_int_equal(flowset_observe_end(fs), 4);
    expect_delta(fs, "+ cookie=0x0,table=1,priority=2 actions=drop\n"
                     "+ cookie=0x0,table=1,priority=3 actions=drop\n"
                     "- cookie=0x0,table=1,priority=5 actions=drop\n");
    assert_int_equal(flowset_count(fs), 4);
}

/* Believed to be there, and is not; wanted gone, and is not. */
static void
test_observe_corrects(void **state)
{
    struct flowset *fs = *state;

    set(fs, "table=1,priority=1 actions=drop");
    set(fs, "table=1,priority=2 actions=drop");
    set(fs, "table=1,priority=3 actions=drop");
    flowtext_settle(fs);
    unset(fs, "table=1,priority=2 actions=drop");
    unset(fs, "table=1,priority=3 actions=drop");
    flowset_observe_begin(fs);
    observe(fs, "table=1,priority=2 actions=drop");
    assert_int_equal(flowset_observe_end(fs), 2);
    expect_delta(fs, "+ cookie=0x0,table=1,priority=1 actions=drop\n"
                     "- cookie=0x0,table=1,priority=2 actions=drop\n");
}

static void
test_observe_one(void **state)
{
    struct flowset *fs = *state;

    set(fs, WEB " actions=drop");
    flowtext_settle(fs);
    assert_false(observe_one(fs, WEB " actions=drop", false));
    expect_delta(fs, "");
    assert_true(observe_one(fs, WEB " actions=output:9", false));
    expect_delta(fs, "+ " WEB_OUT " actions=drop\n");
    assert_true(observe_one(fs, WEB " actions=drop", true));
    expect_delta(fs, "+ " WEB_OUT " actions=drop\n");

    /* Strangers. */
    assert_false(observe_one(fs, "table=3,priority=3 actions=drop", true));
    expect_delta(fs, "");
    assert_true(observe_one(fs, "table=3,priority=3 actions=drop", false));
    assert_int_equal(flowset_count(fs), 1);
    expect_delta(fs, "- cookie=0x0,table=3,priority=3 actions=drop\n");

    /* Deleted behind our back before we could do it. */
    unset(fs, WEB " actions=drop");
    assert_true(observe_one(fs, WEB " actions=drop", true));
    expect_delta(fs, "");
}

/* Seen from outside. */

static void
test_sorted(void **state)
{
    struct flowset *fs = *state;

    set(fs, "table=2,priority=1 actions=drop");
    set(fs, "table=1,priority=1,udp actions=drop");
    set(fs, "table=1,priority=9 actions=drop");
    set(fs, "table=1,priority=1,tcp actions=drop");
    set(fs, "table=10,priority=100 actions=drop");
    expect_flows(fs, "cookie=0x0,table=1,priority=9 actions=drop\n"
                     "cookie=0x0,table=1,priority=1,tcp actions=drop\n"
                     "cookie=0x0,table=1,priority=1,udp actions=drop\n"
                     "cookie=0x0,table=2,priority=1 actions=drop\n"
                     "cookie=0x0,table=10,priority=100 actions=drop\n");
}

/* What is printed can be read, and means the same: a switch that has it needs
 * no change. */
static void
test_text_round_trip(void **state)
{
    static const char *const flows[] = {
        "cookie=0x0,table=0,priority=0 actions=drop",
        "cookie=0xffffffffffffffff,table=253,priority=65535,arp,"
            "in_port=LOCAL actions=LOCAL",
        "cookie=0x1,table=1,priority=1,conj_id=4294967295 "
            "actions=set_field:0xffffffff->reg8,goto_table:2",
        "cookie=0x1,table=1,priority=1,reg4=0x1,reg0=0x2/0x2 actions=drop",
        "cookie=0x1,table=1,priority=1,tcp6,ipv6_src=fd00::/8,"
            "tp_dst=0x50/0xfff0 actions=conjunction(1,1/2)",
        "cookie=0x1,table=1,priority=1,sctp,nw_dst=10.0.0.0/8,tp_dst=9 "
            "actions=ct(commit,zone=1)",
        "cookie=0x1,table=1,priority=1,ct_state=+est+trk,ip "
            "actions=ct(table=7,zone=40)",
    };
    struct flowset *fs = *state;

    for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
        struct ds s = DS_EMPTY_INITIALIZER, again = DS_EMPTY_INITIALIZER;
        struct flowset_flow f;

        set(fs, flows[i]);
        flow_init(&f, flows[i]);
        flowset_format_flow(&f, NULL, &s);
        flow_uninit(&f);
        observe(fs, ds_cstr(&s));
        expect_delta(fs, "");
        flow_init(&f, ds_cstr(&s));
        flowset_format_flow(&f, NULL, &again);
        flow_uninit(&f);
        assert_string_equal(ds_cstr(&s), ds_cstr(&again));
        ds_destroy(&s);
        ds_destroy(&again);
    }
    assert_int_equal(flowset_count(fs), ARRAY_SIZE(flows));
}

static void
set_aside(struct flowset *fs, const char *text, bool want)
{
    struct flowset_flow f;

    flow_init(&f, text);
    assert_int_equal(flowset_set_aside(fs, &f), want);
    flow_uninit(&f);
}

static void
count(const struct flowset_flow *flow OVS_UNUSED, void *n)
{
    ++*(size_t *) n;
}

static void
assert_delta(struct flowset *fs, const char *want)
{
    char *got = flowtext_delta(fs);

    assert_string_equal(got, want);
    free(got);
}

/* What the switch does not take is left alone, also by a read-back, until it
 * changes, is tried again or is not wanted. */
static void
test_aside(void **state)
{
    struct flowset *fs = *state;
    struct flowset_flow old;
    size_t n = 0;

    set(fs, "table=1,priority=5,actions=drop");
    set(fs, "table=2,priority=5,actions=output:1");
    set_aside(fs, "table=2,priority=5,actions=drop", false);    /* Dirty. */
    flowtext_settle(fs);
    set_aside(fs, "table=3,priority=5,actions=drop", false);    /* No such. */
    set_aside(fs, "table=2,priority=5,actions=drop", true);
    set_aside(fs, "table=2,priority=5,actions=drop", true);
    assert_int_equal(flowset_count_aside(fs), 1);
    flowset_for_each_aside(fs, count, &n);
    assert_int_equal(n, 1);

    /* The switch has nothing; then an older version. */
    flowset_observe_begin(fs);
    flowset_observe_end(fs);
    assert_delta(fs, "+ cookie=0x0,table=1,priority=5 actions=drop\n");
    flow_init(&old, "table=2,priority=5,actions=output:9");
    flowset_observe_one(fs, &old, false);
    flow_uninit(&old);
    assert_false(flowset_is_dirty(fs));

    flowset_retry_aside(fs);
    assert_int_equal(flowset_count_aside(fs), 0);
    assert_delta(fs, "+ cookie=0x0,table=2,priority=5 actions=output:1\n");

    set_aside(fs, "table=2,priority=5,actions=drop", true);
    set(fs, "table=2,priority=5,actions=output:2");
    assert_int_equal(flowset_count_aside(fs), 0);
    assert_delta(fs, "+ cookie=0x0,table=2,priority=5 actions=output:2\n");

    set_aside(fs, "table=2,priority=5,actions=drop", true);
    unset(fs, "table=2,priority=5,actions=drop");
    assert_int_equal(flowset_count_aside(fs), 0);
    assert_delta(fs, "- cookie=0x0,table=2,priority=5 actions=drop\n");
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_plain),
        TEST(test_identity),
        TEST(test_tombstones),
        TEST(test_parts_are_sorted),
        TEST(test_parts_are_the_same_again),
        TEST(test_allow_flows),
        TEST(test_many_parts),
        TEST(test_observe),
        TEST(test_observe_corrects),
        TEST(test_observe_one),
        TEST(test_aside),
        TEST(test_sorted),
        TEST(test_text_round_trip),
    };
#undef TEST

    return cmocka_run_group_tests_name("flowset", tests, NULL, NULL);
}
