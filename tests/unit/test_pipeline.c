/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-table.h"
#include "openvswitch/ofpbuf.h"
#include "util.h"

#include "flowset.h"
#include "flowtext.h"
#include "k8s.h"

static const struct pipeline_config configs[] = {
    { PIPELINE_DEFAULT_BASE, PIPELINE_DEFAULT_ZONE, false },
    { PIPELINE_DEFAULT_BASE, PIPELINE_DEFAULT_ZONE, true },
    { 1, 1, true },
    { PIPELINE_MAX_BASE, UINT16_MAX, false },
};

static struct flowset *
install(const struct pipeline_config *config)
{
    struct flowset *fs = flowset_create(NULL, NULL);

    pipeline_install(config, fs);
    return fs;
}

/* What the flows look like, table by table. */
struct survey {
    const struct pipeline_config *config;
    size_t n_flows[N_TABLES];
    bool has_miss[N_TABLES];
    bool is_reached[N_TABLES];
    size_t n_hooks;
    size_t n_ct;
};

static void
note_target(struct survey *s, uint8_t table)
{
    int offset = table - s->config->base;

    if (table) {
        assert_in_range(offset, 0, N_TABLES - 1);
        s->is_reached[offset] = true;
    }
}

static void
survey_action(struct survey *s, const struct flowset_flow *flow,
              const struct ofpact *a)
{
    switch (a->type) {
    case OFPACT_GOTO_TABLE:
        /* OpenFlow allows only forward. */
        assert_true(ofpact_get_GOTO_TABLE(a)->table_id > flow->table);
        note_target(s, ofpact_get_GOTO_TABLE(a)->table_id);
        break;
    case OFPACT_RESUBMIT:
        note_target(s, ofpact_get_RESUBMIT(a)->table_id);
        break;
    case OFPACT_CT:
        s->n_ct++;
        assert_int_equal(ofpact_get_CT(a)->zone_imm, s->config->zone);
        assert_null(ofpact_get_CT(a)->zone_src.field);
        if (ofpact_get_CT(a)->recirc_table != NX_CT_RECIRC_NONE) {
            note_target(s, ofpact_get_CT(a)->recirc_table);
        }
        break;
    default:
        break;
    }
}

static void
survey_flow(const struct flowset_flow *flow, void *survey_)
{
    struct survey *s = survey_;
    const struct ofpact *a;

    assert_true(flow->cookie == cookie_make(COOKIE_STATIC, 0));
    if (!flow->table) {
        s->n_hooks++;
    } else {
        int offset = flow->table - s->config->base;

        assert_in_range(offset, 0, N_TABLES - 1);
        s->n_flows[offset]++;
        s->has_miss[offset] |= (!flow->priority
                                && flow_wildcards_is_catchall(
                                    &flow->match.wc));
    }
    OFPACT_FOR_EACH (a, flow->ofpacts, flow->ofpacts_len) {
        survey_action(s, flow, a);
    }
}

/* Tables to which only flows of policies lead. */
static bool
is_for_policies(enum pipeline_table t)
{
    return (t == TABLE_EGRESS_POD || t == TABLE_INGRESS_POD
            || t == TABLE_EGRESS_BASELINE || t == TABLE_INGRESS_BASELINE
            || t == TABLE_REPORT);
}

/* No table lacks a miss flow, except Commit, which has one for each family and
 * gets nothing else; every table is reached, and nothing outside ours but
 * table 0. */
static void
test_static_flows(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
        struct survey s = { .config = &configs[i] };
        struct flowset *fs = install(&configs[i]);

        flowset_for_each(fs, false, survey_flow, &s);
        assert_int_equal(s.n_hooks, 1);
        assert_true(s.n_ct > 2);
        for (int t = 0; t < N_TABLES; t++) {
            if (!s.has_miss[t] && t != TABLE_COMMIT) {
                fail_msg("%s has no miss flow", pipeline_table_names[t]);
            }
            if (!s.is_reached[t] && !is_for_policies(t)) {
                fail_msg("%s is not reached", pipeline_table_names[t]);
            }
        }
        assert_true(s.n_flows[TABLE_COMMIT] >= 2);
        flowset_destroy(fs);
    }
}

/* S33: what differs between the two modes. */
static void
test_recheck(void **state OVS_UNUSED)
{
    struct flowset *keep = install(&configs[0]);
    struct flowset *recheck = install(&configs[1]);
    uint8_t conn_state = pipeline_table(&configs[0], TABLE_CONN_STATE);
    char *keep_text = flowtext_table(keep, conn_state);
    char *recheck_text = flowtext_table(recheck, conn_state);

    assert_non_null(strstr(keep_text, ",ct_state=+est+trk actions=goto_table:"
                                      "56\n"));
    assert_null(strstr(keep_text, "ct_mark"));
    assert_null(strstr(recheck_text, ",ct_state=+est+trk actions"));
    assert_non_null(strstr(recheck_text, ",ct_state=+est+rpl+trk,"
                                         "ct_mark=0x1/0x1 "
                                         "actions=goto_table:57\n"));
    free(keep_text);
    free(recheck_text);
    flowset_destroy(keep);
    flowset_destroy(recheck);
}

/* What the specification wants whatever the policies say. */
static const struct {
    const char *title;
    enum pipeline_table table;
    const char *flow;           /* Priority, match, actions. */
} always[] = {
    { "S29: related is allowed", TABLE_CONN_STATE,
      "100,ct_state=+rel+trk actions=goto_table:56" },
    { "invalid is not", TABLE_CONN_STATE,
      "200,ct_state=+inv+trk actions=goto_table:57" },
    { "S30: ARP", TABLE_CONNTRACK, "300,arp actions=goto_table:56" },
    { "S30: neighbour solicitation", TABLE_CONNTRACK,
      "300,icmp6,icmp_type=135 actions=goto_table:56" },
    { "S30: neighbour advertisement", TABLE_CONNTRACK,
      "300,icmp6,icmp_type=136 actions=goto_table:56" },
    { "S30: multicast listeners", TABLE_CONNTRACK,
      "300,icmp6,ipv6_dst=ff02::/16,icmp_type=143 actions=goto_table:56" },
    { "S30: DHCP", TABLE_CONNTRACK,
      "250,udp,nw_dst=255.255.255.255,tp_src=68,tp_dst=67 "
      "actions=goto_table:56" },
    { "S31: no multicast from a pod", TABLE_CONNTRACK,
      "200,ip,reg0=0x2/0x2,nw_dst=224.0.0.0/4 actions=goto_table:57" },
    { "S31: no IPv6 multicast from a pod", TABLE_CONNTRACK,
      "200,ipv6,reg0=0x2/0x2,ipv6_dst=ff00::/8 actions=goto_table:57" },
    { "S31: no broadcast from a pod", TABLE_CONNTRACK,
      "200,ip,reg0=0x2/0x2,nw_dst=255.255.255.255 actions=goto_table:57" },
    { "S31: no other ethertypes from a pod", TABLE_CONNTRACK,
      "50,reg0=0x2/0x2 actions=goto_table:57" },
    { "S32: fragments go through conntrack like the rest", TABLE_CONNTRACK,
      "100,ip actions=ct(table=42,zone=40)" },
    { "S32: those of IPv6 too", TABLE_CONNTRACK,
      "100,ipv6 actions=ct(table=42,zone=40)" },
    { "no rule, no leave", TABLE_EGRESS_RULE, "0 actions=goto_table:57" },
    { "no rule, no entry", TABLE_INGRESS_RULE, "0 actions=goto_table:57" },
    { "not isolated", TABLE_EGRESS_TARGET, "0 actions=goto_table:49" },
};

static void
test_always(void **state OVS_UNUSED)
{
    struct flowset *fs = install(&configs[0]);
    char *text = flowtext_table(fs, -1);

    for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
        char *line = xasprintf("cookie=0x6e70010000000000,table=%d,"
                               "priority=%s\n",
                               pipeline_table(&configs[0], always[i].table),
                               always[i].flow);

        if (!strstr(text, line)) {
            fail_msg("%s: no %s", always[i].title, line);
        }
        free(line);
    }
    free(text);
    flowset_destroy(fs);
}

#define CLEAN "set_field:0->xxreg0,set_field:0->xxreg1,set_field:0->reg8"

static void
expect_table(const struct pipeline_config *config, struct flowset *fs,
             enum pipeline_table t, const char *actions)
{
    char *text = flowtext_table(fs, pipeline_table(config, t));
    char *want = xasprintf("cookie=0x6e70010000000000,table=%d,priority=0 "
                           "actions=%s\n", pipeline_table(config, t), actions);

    assert_string_equal(text, want);
    free(text);
    free(want);
}

/* In front of the bridge's own flows, once. */
static void
test_hook(void **state OVS_UNUSED)
{
    const struct pipeline_config *config = &configs[2];
    struct flowset *fs = install(config);
    char *hook = flowtext_table(fs, 0);

    assert_string_equal(hook, "cookie=0x6e70010000000000,table=0,"
                              "priority=65500,reg0=0/0x1 "
                              "actions=resubmit(,19)\n");
    expect_table(config, fs, TABLE_ENTRY, CLEAN ",resubmit(,1)");
    expect_table(config, fs, TABLE_OUTPUT, "ct_clear," CLEAN
                 ",set_field:0x1/0x1->reg0,resubmit(,0)");
    free(hook);
    flowset_destroy(fs);
}

/* Ours are all that the bridge needs. */
static void
test_normal(void **state OVS_UNUSED)
{
    const struct pipeline_config config = {
        .base = 1, .zone = 1, .attach = ATTACH_NORMAL
    };
    struct flowset *fs = install(&config);
    char *first = flowtext_table(fs, 0);

    assert_string_equal(first, "cookie=0x6e70010000000000,table=0,"
                               "priority=65500,reg0=0/0x1 "
                               "actions=resubmit(,19)\n");
    expect_table(&config, fs, TABLE_OUTPUT, "NORMAL");
    free(first);
    flowset_destroy(fs);
}

static void
test_attach_names(void **state OVS_UNUSED)
{
    enum pipeline_attach attach = ATTACH_NORMAL;

    for (enum pipeline_attach a = ATTACH_HOOK; a <= ATTACH_NORMAL; a++) {
        assert_true(pipeline_attach_parse(pipeline_attach_name(a), &attach));
        assert_int_equal(attach, a);
    }
    assert_false(pipeline_attach_parse("Hook", &attach));
    assert_int_equal(attach, ATTACH_NORMAL);
}

/* Others' flows lead to ours, and ours to theirs. */
static void
test_chain(void **state OVS_UNUSED)
{
    struct pipeline_config config = {
        .base = 1, .zone = 1, .attach = ATTACH_CHAIN
    };
    struct flowset *fs = install(&config);
    char *text = flowtext_table(fs, 0);
    size_t n = flowset_count(fs);

    assert_string_equal(text, "");
    free(text);
    text = flowtext_table(fs, pipeline_table(&config, TABLE_OUTPUT));
    assert_string_equal(text, "");
    free(text);

    config.next_table = 200;
    pipeline_install_next(&config, fs);
    expect_table(&config, fs, TABLE_OUTPUT,
                 "ct_clear," CLEAN ",resubmit(,200)");
    config.next_table = 99;
    pipeline_install_next(&config, fs);
    expect_table(&config, fs, TABLE_OUTPUT,
                 "ct_clear," CLEAN ",resubmit(,99)");
    assert_int_equal(flowset_count(fs), n + 1);
    flowset_destroy(fs);
}

static void
test_table_map(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
        struct ofputil_table_map *map = pipeline_table_map(&configs[i]);

        for (int t = 0; t < N_TABLES; t++) {
            struct ds s = DS_EMPTY_INITIALIZER;
            uint8_t number;

            assert_true(ofputil_table_from_string(pipeline_table_names[t],
                                                  map, &number));
            assert_int_equal(number, pipeline_table(&configs[i], t));
            ofputil_format_table(number, map, &s);
            assert_string_equal(ds_cstr(&s), pipeline_table_names[t]);
            ds_destroy(&s);
            assert_true(pipeline_table_purposes[t][0] != '\0');
        }
        pipeline_table_map_destroy(map);
    }
    pipeline_table_map_destroy(NULL);
}

/* Table 254 is Open vSwitch's own. */
static void
test_bounds(void **state OVS_UNUSED)
{
    const struct pipeline_config config = { .base = 40 };

    assert_true(PIPELINE_MAX_BASE + N_TABLES - 1 < 254);
    assert_false(pipeline_has_table(&config, 39));
    assert_true(pipeline_has_table(&config, 40));
    assert_true(pipeline_has_table(&config, 40 + N_TABLES - 1));
    assert_false(pipeline_has_table(&config, 40 + N_TABLES));
    assert_true(PIPELINE_DEFAULT_BASE <= PIPELINE_MAX_BASE);
}

static void
test_registers(void **state OVS_UNUSED)
{
    static const int registers[] = {
        REG_FLAGS,
        REG_TARGET(K8S_EGRESS), REG_PEER(K8S_EGRESS), REG_NET(K8S_EGRESS),
        REG_TARGET(K8S_INGRESS), REG_PEER(K8S_INGRESS), REG_NET(K8S_INGRESS),
        REG_RULE(K8S_EGRESS), REG_RULE(K8S_INGRESS),
    };

    assert_int_equal(ARRAY_SIZE(registers), N_REGISTERS);
    for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
        assert_int_equal(registers[i], i);
    }
}

static void
test_cookies(void **state OVS_UNUSED)
{
    uint64_t cookie = cookie_make(COOKIE_DROP, UINT32_MAX);

    assert_true(cookie == UINT64_C(0x6e700900ffffffff));
    assert_int_equal(cookie_kind(cookie), COOKIE_DROP);
    assert_int_equal(cookie_id(cookie), UINT32_MAX);
    assert_true((cookie & COOKIE_MAGIC_MASK) == COOKIE_MAGIC);
}

static void
test_report(void **state OVS_UNUSED)
{
    static const struct {
        uint32_t flags, egress, ingress;
        struct pipeline_report want;
    } cases[] = {
        { 0x0, 0x10, 0, { K8S_EGRESS, false, 0x10 } },
        { 0xa, 0x10, 0, { K8S_EGRESS, true, 0x10 } },
        { 0x0, 0, 0x20, { K8S_INGRESS, false, 0x20 } },
        { 0x8, 0x10, 0x20, { K8S_INGRESS, false, 0x20 } },
        { 0x10, 0x10, 0x20, { K8S_INGRESS, true, 0x20 } },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct flow flow = { .regs[REG_FLAGS] = cases[i].flags };
        struct pipeline_report got;

        flow.regs[REG_TARGET(K8S_EGRESS)] = cases[i].egress;
        flow.regs[REG_TARGET(K8S_INGRESS)] = cases[i].ingress;
        pipeline_get_report(&flow, &got);
        assert_int_equal(got.direction, cases[i].want.direction);
        assert_int_equal(got.audit, cases[i].want.audit);
        assert_int_equal(got.target, cases[i].want.target);
    }
}

static void
test_actions(void **state OVS_UNUSED)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct ofpact_format_params params = { .s = &s };
    struct ofpbuf ofpacts;

    ofpbuf_init(&ofpacts, 0);
    pipeline_put_set_reg(8, 0x12345678, &ofpacts);
    pipeline_put_set_flag(REG_FLAG_AUDIT(K8S_INGRESS), &ofpacts);
    pipeline_put_resubmit(&configs[0], TABLE_REPORT, &ofpacts);
    pipeline_put_goto(&configs[0], TABLE_DROP, &ofpacts);
    ofpacts_format(ofpacts.data, ofpacts.size, &params);
    assert_string_equal(ds_cstr(&s),
                        "set_field:0x12345678->reg8,"
                        "set_field:0x10/0x10->reg0,"
                        "resubmit(,59),goto_table:57");
    ofpbuf_uninit(&ofpacts);
    ds_destroy(&s);
}

/* Only rule flows of NetworkPolicies, and reports, may be missing without
 * letting more through. */
static void
test_only_allows(void **state OVS_UNUSED)
{
    static const struct {
        enum pipeline_table table;
        enum cookie_kind kind;
        bool want;
    } cases[] = {
        { TABLE_EGRESS_RULE, COOKIE_CLAUSE, true },
        { TABLE_EGRESS_RULE, COOKIE_RULE, true },
        { TABLE_INGRESS_RULE, COOKIE_CLAUSE, true },
        { TABLE_INGRESS_RULE, COOKIE_RULE, true },
        { TABLE_INGRESS_RULE, COOKIE_STATIC, false },
        { TABLE_INGRESS_ADMIN, COOKIE_RULE, false },
        { TABLE_EGRESS_BASELINE, COOKIE_CLAUSE, false },
        { TABLE_EGRESS_TARGET, COOKIE_TARGET, false },
        { TABLE_EGRESS_POD, COOKIE_PEER, false },
        { TABLE_EGRESS_NET, COOKIE_NET, false },
        { TABLE_SPOOF_GUARD, COOKIE_GUARD, false },
        { TABLE_DROP, COOKIE_DROP, false },
        { TABLE_DROP, COOKIE_AUDIT, false },
        { TABLE_REPORT, COOKIE_REPORT, true },
        { TABLE_REPORT, COOKIE_STATIC, false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        uint8_t table = pipeline_table(&configs[0], cases[i].table);
        uint64_t cookie = cookie_make(cases[i].kind, 7);

        assert_int_equal(pipeline_only_allows(&configs[0], table, cookie),
                         cases[i].want);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_static_flows),
        cmocka_unit_test(test_recheck),
        cmocka_unit_test(test_always),
        cmocka_unit_test(test_hook),
        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_attach_names),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_table_map),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_registers),
        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_only_allows),
    };

    return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
