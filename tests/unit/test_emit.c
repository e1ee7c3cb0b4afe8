/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules and classes made by hand, and the exact flows.  Table numbers are
 * those of the default base: 43 EgressTarget, 47 EgressRule, 49
 * IngressTarget, 53 IngressRule, 55 Commit, 57 Drop, 59 Report. */

#include <config.h>

#include "emit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/ofpbuf.h"
#include "util.h"

#include "flowset.h"
#include "flowtext.h"
#include "partition.h"
#include "rule.h"

static const struct pipeline_config config = {
    PIPELINE_DEFAULT_BASE, PIPELINE_DEFAULT_ZONE, false
};

struct fixture {
    struct flowset *fs;
    struct emit ingress, egress;
    struct partition_class targets[2];  /* Numbers 0x10 and 0x11. */
    struct partition_class pods[3];     /* 0x20 … */
    struct partition_class net;         /* 0x30 */
    struct rule_block blocks[2];        /* TCP 80, UDP 53. */
    struct rule_peers peers;
    struct rule rule;                   /* Number 7. */
};

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);

    f->fs = flowset_create(emit_allow_actions,
                           CONST_CAST(struct pipeline_config *, &config));
    f->ingress = (struct emit) { &config, f->fs, K8S_INGRESS };
    f->egress = (struct emit) { &config, f->fs, K8S_EGRESS };
    for (int i = 0; i < 2; i++) {
        f->targets[i].number.value = 0x10 + i;
    }
    for (int i = 0; i < 3; i++) {
        f->pods[i].number.value = 0x20 + i;
    }
    f->net.number.value = 0x30;
    f->blocks[0] = (struct rule_block) { IPPROTO_TCP, { 80, 0xffff } };
    f->blocks[1] = (struct rule_block) { IPPROTO_UDP, { 0x34, 0xfffc } };
    f->rule.id.value = 7;
    f->rule.priority = PRIORITY_CONJ;
    f->rule.families = RULE_V4;
    f->rule.blocks = f->blocks;
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    flowset_destroy(f->fs);
    ptrs_uninit(&f->rule.targets);
    ptrs_uninit(&f->peers.pod_classes);
    ptrs_uninit(&f->peers.net_classes);
    free(f);
    return 0;
}

/* Gives the rule so many of everything. */
static void
shape(struct fixture *f, enum rule_mode mode, int n_targets, int n_pods,
      int n_nets, int n_blocks)
{
    for (int i = 0; i < n_targets; i++) {
        ptrs_add(&f->rule.targets, &f->targets[i]);
    }
    for (int i = 0; i < n_pods; i++) {
        ptrs_add(&f->peers.pod_classes, &f->pods[i]);
    }
    for (int i = 0; i < n_nets; i++) {
        ptrs_add(&f->peers.net_classes, &f->net);
    }
    f->rule.mode = mode;
    f->rule.peers = n_pods || n_nets ? &f->peers : NULL;
    f->rule.n_blocks = n_blocks;
}

static void
expect_flows(const struct fixture *f, const char *want)
{
    char *got = flowtext_table(f->fs, -1);

    assert_string_equal(got, want);
    free(got);
}

static void
expect_rule(struct fixture *f, const struct emit *e, const char *want)
{
    emit_rule(e, &f->rule, true);
    expect_flows(f, want);
    emit_rule(e, &f->rule, false);
    expect_flows(f, "");
}

#define IN_RULE(PRIORITY, MATCH)                                        \
    ",table=53,priority=" PRIORITY MATCH " actions="
#define CLAUSE(MATCH, N)                                                \
    "cookie=0x6e70070000000000" IN_RULE("10000", MATCH)                 \
    "conjunction(7," N ")\n"
#define ALLOW(PRIORITY, MATCH)                                          \
    "cookie=0x6e70080000000007" IN_RULE(PRIORITY, MATCH)                \
    "set_field:0x7->reg8,goto_table:55\n"

/* Plain flows: one for each combination. */
static void
test_plain(void **state)
{
    struct fixture *f = *state;

    shape(f, RULE_PLAIN, 1, 1, 1, 2);
    expect_rule(
        f, &f->ingress,
        ALLOW("20000", ",tcp,reg4=0x10,reg5=0x20,tp_dst=80")
        ALLOW("20000", ",tcp,reg4=0x10,reg6=0x30,tp_dst=80")
        ALLOW("20000", ",udp,reg4=0x10,reg5=0x20,tp_dst=0x34/0xfffc")
        ALLOW("20000", ",udp,reg4=0x10,reg6=0x30,tp_dst=0x34/0xfffc"));
}

static void
test_plain_any(void **state)
{
    struct fixture *f = *state;

    shape(f, RULE_PLAIN, 2, 0, 0, 0);
    expect_rule(f, &f->ingress, ALLOW("20000", ",reg4=0x10")
                                ALLOW("20000", ",reg4=0x11"));
    emit_rule(&f->egress, &f->rule, true);
    expect_flows(f, "cookie=0x6e70080000000007,table=47,priority=20000,"
                    "reg1=0x10 actions=set_field:0x7->reg7,goto_table:49\n"
                    "cookie=0x6e70080000000007,table=47,priority=20000,"
                    "reg1=0x11 actions=set_field:0x7->reg7,goto_table:49\n");
}

/* Three clauses, and what satisfies them. */
static void
test_conjunction(void **state)
{
    struct fixture *f = *state;

    shape(f, RULE_CONJ, 2, 2, 1, 2);
    expect_rule(
        f, &f->ingress,
        ALLOW("10000", ",conj_id=7")
        CLAUSE(",reg4=0x10", "1/3")
        CLAUSE(",reg4=0x11", "1/3")
        CLAUSE(",reg5=0x20", "2/3")
        CLAUSE(",reg5=0x21", "2/3")
        CLAUSE(",reg6=0x30", "2/3")
        CLAUSE(",tcp,tp_dst=80", "3/3")
        CLAUSE(",udp,tp_dst=0x34/0xfffc", "3/3"));
}

/* Two clauses: a dimension that does not matter is left out. */
static void
test_two_clauses(void **state)
{
    struct fixture *f = *state;

    shape(f, RULE_CONJ, 1, 0, 0, 1);
    expect_rule(f, &f->ingress,
                ALLOW("10000", ",conj_id=7")
                CLAUSE(",reg4=0x10", "1/2")
                CLAUSE(",tcp,tp_dst=80", "2/2"));
    shape(f, RULE_CONJ, 0, 1, 0, 0);
    expect_rule(f, &f->ingress,
                ALLOW("10000", ",conj_id=7")
                CLAUSE(",reg4=0x10", "1/2")
                CLAUSE(",reg5=0x20", "2/2"));
}

/* Ports need a family in the match: S24. */
static void
test_families(void **state)
{
    struct fixture *f = *state;

    shape(f, RULE_PLAIN, 1, 0, 0, 1);
    assert_int_equal(emit_count_services(&f->rule, RULE_V4), 1);
    assert_int_equal(emit_count_services(&f->rule, RULE_V4 | RULE_V6), 2);
    assert_int_equal(emit_count_services(&f->rule, 0), 0);
    f->rule.families = RULE_V6;
    expect_rule(f, &f->ingress, ALLOW("20000", ",tcp6,reg4=0x10,tp_dst=80"));
    f->rule.families = RULE_V4 | RULE_V6;
    expect_rule(f, &f->ingress, ALLOW("20000", ",tcp,reg4=0x10,tp_dst=80")
                                ALLOW("20000", ",tcp6,reg4=0x10,tp_dst=80"));
}

/* S14: all ports of a protocol. */
static void
test_whole_protocol(void **state)
{
    struct fixture *f = *state;

    shape(f, RULE_PLAIN, 1, 0, 0, 1);
    f->blocks[0] = (struct rule_block) { IPPROTO_SCTP, { 0, 0 } };
    expect_rule(f, &f->ingress, ALLOW("20000", ",sctp,reg4=0x10"));
}

/* A class that comes or goes is just its own flows. */
static void
test_one_class(void **state)
{
    struct fixture *f = *state;

    shape(f, RULE_PLAIN, 1, 1, 0, 0);
    emit_rule(&f->ingress, &f->rule, true);
    emit_rule_peer(&f->ingress, &f->rule, &f->net, true, true);
    emit_rule_target(&f->ingress, &f->rule, &f->targets[1], true);
    expect_flows(f, ALLOW("20000", ",reg4=0x10,reg5=0x20")
                    ALLOW("20000", ",reg4=0x10,reg6=0x30")
                    ALLOW("20000", ",reg4=0x11,reg5=0x20"));
    emit_rule_peer(&f->ingress, &f->rule, &f->net, true, false);
    emit_rule_target(&f->ingress, &f->rule, &f->targets[1], false);
    emit_rule(&f->ingress, &f->rule, false);
    expect_flows(f, "");

    f->rule.mode = RULE_CONJ;
    emit_rule_target(&f->ingress, &f->rule, &f->targets[1], true);
    emit_rule_peer(&f->ingress, &f->rule, &f->pods[2], false, true);
    expect_flows(f, CLAUSE(",reg4=0x11", "1/2") CLAUSE(",reg5=0x22", "2/2"));
}

/* An egress drop is one of its own as long as no ingress class is known. */
static void
test_drop(void **state)
{
    struct fixture *f = *state;

    emit_drop(&f->ingress, &f->targets[0], true);
    emit_drop(&f->egress, &f->targets[0], true);
    expect_flows(f, "cookie=0x6e70090000000010,table=57,priority=100,"
                    "reg1=0x10,reg4=0 actions=goto_table:59\n"
                    "cookie=0x6e70090000000010,table=57,priority=100,"
                    "reg4=0x10 actions=goto_table:59\n");
    emit_drop(&f->ingress, &f->targets[0], false);
    emit_drop(&f->egress, &f->targets[0], false);
    expect_flows(f, "");
}

/* Reported, and on to the next stage: above recheck's marking. */
static void
test_audit(void **state)
{
    struct fixture *f = *state;

    emit_audit(&f->ingress, 0x10, true);
    emit_audit(&f->egress, 0x10, true);
    expect_flows(f, "cookie=0x6e700a0000000010,table=57,priority=2000,"
                    "reg0=0x10/0x10,reg4=0x10 "
                    "actions=resubmit(,59),resubmit(,55)\n"
                    "cookie=0x6e700a0000000010,table=57,priority=2000,"
                    "reg0=0x8/0x8,reg1=0x10,reg4=0 "
                    "actions=resubmit(,59),resubmit(,49)\n");
    emit_audit(&f->ingress, 0x10, false);
    emit_audit(&f->egress, 0x10, false);
    expect_flows(f, "");
}

static void
test_reports(void **state)
{
    struct fixture *f = *state;

#define REPORT(ID, PRIORITY, MATCH, METER)                              \
    "cookie=0x6e700b000000000" ID ",table=59,priority=" PRIORITY MATCH  \
    " actions=controller(max_len=192,id=28272,meter_id="  \
    METER ")\n"
    emit_reports(&f->ingress, true);
    emit_reports(&f->egress, true);
    expect_flows(f, REPORT("2", "130", ",reg0=0x8/0x8,reg4=0", "28273")
                    REPORT("0", "120", ",reg4=0", "28272")
                    REPORT("3", "110", ",reg0=0x10/0x10", "28273")
                    REPORT("1", "100", "", "28272"));
    emit_reports(&f->ingress, false);
    emit_reports(&f->egress, false);
    expect_flows(f, "");
}

static struct in6_addr
address(const char *s)
{
    struct in6_addr addr;

    assert_true(address_parse(s, &addr));
    return addr;
}

static void
set_addresses(struct fixture *f, uint32_t class)
{
    struct in6_addr v4 = address("10.0.0.1"), v6 = address("fd00::1");

    emit_target_address(&f->egress, &v4, class, false);
    emit_peer_address(&f->egress, &v6, class);
    emit_target_address(&f->ingress, &v6, class, false);
    emit_peer_address(&f->ingress, &v4, class);
}

/* S26: a target is exempt from itself. */
static void
test_addresses(void **state)
{
    struct fixture *f = *state;

    set_addresses(f, 0x10);
    expect_flows(
        f,
        "cookie=0x6e70060000000000,table=43,priority=200,ip,"
            "nw_src=10.0.0.1,nw_dst=10.0.0.1 actions=goto_table:49\n"
        "cookie=0x6e70030000000010,table=43,priority=100,ip,nw_src=10.0.0.1 "
            "actions=set_field:0x10->reg1,goto_table:44\n"
        "cookie=0x6e70040000000010,table=44,priority=100,ipv6,"
            "ipv6_dst=fd00::1 actions=set_field:0x10->reg2,goto_table:45\n"
        "cookie=0x6e70060000000000,table=49,priority=200,ipv6,"
            "ipv6_src=fd00::1,ipv6_dst=fd00::1 actions=goto_table:55\n"
        "cookie=0x6e70030000000010,table=49,priority=100,ipv6,"
            "ipv6_dst=fd00::1 actions=set_field:0x10->reg4,goto_table:50\n"
        "cookie=0x6e70040000000010,table=50,priority=100,ip,nw_src=10.0.0.1 "
            "actions=set_field:0x10->reg5,goto_table:51\n");
    set_addresses(f, 0x11);
    assert_int_equal(flowset_count(f->fs), 6);
    set_addresses(f, 0);
    expect_flows(f, "");
}

/* Longer prefixes first; class 0 is a flow too. */
static void
test_nets(void **state)
{
    static const char *const prefixes[] = {
        "10.0.0.0/8", "0.0.0.0/0", "fd00::/8", "fd00::1/128",
    };
    struct fixture *f = *state;

    for (int add = 1; add >= 0; add--) {
        for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
            struct prefix p;

            assert_true(prefix_parse(prefixes[i], &p));
            emit_net(&f->egress, &p, add, i);
        }
        expect_flows(
            f, !add ? "" :
            "cookie=0x6e70050000000003,table=45,priority=228,ipv6,"
                "ipv6_dst=fd00::1 actions=set_field:0x3->reg3,goto_table:46\n"
            "cookie=0x6e70050000000000,table=45,priority=108,ip,"
                "nw_dst=10.0.0.0/8 actions=set_field:0->reg3,goto_table:46\n"
            "cookie=0x6e70050000000002,table=45,priority=108,ipv6,"
                "ipv6_dst=fd00::/8 actions=set_field:0x2->reg3,goto_table:46\n"
            "cookie=0x6e70050000000001,table=45,priority=100,ip "
                "actions=set_field:0x1->reg3,goto_table:46\n");
    }
}

/* S27: the node, by address and port, and by mark. */
static void
test_node(void **state)
{
    struct fixture *f = *state;
    struct in6_addr addr = address("192.0.2.1");
    struct model_mark mark = { 0, 0 };

    emit_node_address(&f->ingress, &addr, 0xfffe, mark, true);
    expect_flows(f, "cookie=0x6e70060000000000,table=49,priority=200,ip,"
                    "in_port=LOCAL,nw_src=192.0.2.1 actions=goto_table:55\n");
    emit_node_address(&f->ingress, &addr, 0xfffe, mark, false);
    expect_flows(f, "");

    mark = (struct model_mark) { 0x20, 0xf0 };
    emit_node_address(&f->ingress, &addr, 0xfffe, mark, true);
    expect_flows(f, "cookie=0x6e70060000000000,table=49,priority=200,"
                    "pkt_mark=0x20/0xf0,ip,in_port=LOCAL,nw_src=192.0.2.1 "
                    "actions=goto_table:55\n");
    emit_node_address(&f->ingress, &addr, 0xfffe, mark, false);
    expect_flows(f, "");
}

/* S25: what the host translates is decided later. */
static void
test_service(void **state)
{
    struct fixture *f = *state;
    struct prefix p;

    assert_true(prefix_parse("10.96.0.0/12", &p));
    emit_service(&f->egress, &p, true);
    expect_flows(f, "cookie=0x6e70060000000001,table=43,priority=200,ip,"
                    "nw_dst=10.96.0.0/12 actions=goto_table:49\n");
    emit_service(&f->egress, &p, false);
    expect_flows(f, "");
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_plain),
        TEST(test_plain_any),
        TEST(test_conjunction),
        TEST(test_two_clauses),
        TEST(test_families),
        TEST(test_whole_protocol),
        TEST(test_one_class),
        TEST(test_drop),
        TEST(test_audit),
        TEST(test_reports),
        TEST(test_addresses),
        TEST(test_nets),
        TEST(test_node),
        TEST(test_service),
    };
#undef TEST

    return cmocka_run_group_tests_name("emit", tests, NULL, NULL);
}
