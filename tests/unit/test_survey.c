/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "survey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

#include "flowset.h"
#include "flowtext.h"

static const struct pipeline_config config = { .base = 40, .zone = 40 };

static void
see(struct survey *s, const char *text)
{
    struct flowset_flow flow;

    flowtext_parse(text, &flow);
    survey_see_flow(s, &flow);
    free(flow.ofpacts);
}

#define MAX_FLOWS 3

/* Flows, and how many of them clash; 0 for every kind that is not named. */
static const struct {
    const char *flows[MAX_FLOWS];
    size_t want[SURVEY_N_KINDS];
} cases[] = {
    /* A bridge that learns, with a tunnel. */
    {{ "priority=0,actions=NORMAL" }, { 0 }},
    {{ "priority=100,in_port=1,actions=set_field:5->tun_id,resubmit(,10)",
       "table=10,actions=NORMAL" }, { 0 }},

    {{ "table=39,actions=drop", "table=99,actions=drop" }, { 0 }},
    {{ "table=40,actions=drop", "table=45,ip,actions=NORMAL" },
     { [SURVEY_TABLE] = 2 }},
    /* There nothing else matters. */
    {{ "table=41,ip,reg1=1,actions=ct(zone=40,table=42)" },
     { [SURVEY_TABLE] = 1 }},

    {{ "priority=65499,ip,actions=drop" }, { 0 }},
    {{ "priority=65500,ip,actions=drop", "priority=65535,actions=NORMAL" },
     { [SURVEY_HOOK] = 2 }},
    {{ "priority=65535,reg0=1/1,actions=NORMAL",
       "priority=65535,reg0=0/1,actions=NORMAL" },
     { [SURVEY_HOOK] = 1, [SURVEY_REGISTER] = 2 }},
    {{ "table=1,priority=65535,actions=drop" }, { 0 }},

    {{ "ip,actions=ct(zone=41,table=2)" }, { 0 }},
    {{ "ip,actions=ct(zone=40,table=2)",
       "table=3,ip,actions=ct(commit,zone=40,exec(load:1->NXM_NX_CT_MARK[]))",
       "table=3,ipv6,actions=clone(ct(commit,zone=40))" },
     { [SURVEY_ZONE] = 3 }},
    {{ "ip,actions=load:3->NXM_NX_REG9[],ct(zone=NXM_NX_REG9[0..15],table=2)"
     }, { 0 }},

    /* Who reads what he wrote finds it; other registers are as they were. */
    {{ "actions=load:1->NXM_NX_REG0[],resubmit(,2)", "table=2,reg0=1,actions=1"
     }, { 0 }},
    {{ "table=2,reg1=1,actions=1", "table=2,xxreg1=1,actions=2" }, { 0 }},
    {{ "table=2,reg0=1,actions=1", "table=2,xxreg0=1,actions=2",
       "table=2,xreg0=1,actions=3" }, { [SURVEY_REGISTER] = 3 }},
    {{ "table=2,actions=output:NXM_NX_REG0[]",
       "table=2,ip,actions=move:NXM_NX_REG0[]->NXM_NX_REG10[]",
       "table=2,ipv6,actions=push:NXM_NX_REG0[],pop:NXM_NX_REG4[]" },
     { [SURVEY_REGISTER] = 3 }},
    {{ "table=2,reg0=1,actions=1", "actions=load:0->NXM_NX_XXREG0[],1" },
     { 0 }},

    /* The guard bit matters to who comes back to table 0. */
    {{ "actions=load:5->NXM_NX_REG0[],resubmit(,9)", "table=9,actions=NORMAL"
     }, { 0 }},
    {{ "actions=load:5->NXM_NX_REG0[],resubmit(,9)",
       "table=9,actions=resubmit(,0)" }, { [SURVEY_REGISTER] = 1 }},
    {{ "actions=load:5->NXM_NX_REG0[],resubmit(,9)",
       "table=9,ip,actions=ct(zone=3,table=0)" }, { [SURVEY_REGISTER] = 1 }},

    {{ "cookie=0xdeff105,actions=NORMAL" }, { [SURVEY_OWNER] = 1 }},
};

static void
see_case(struct survey *s, size_t i)
{
    for (size_t j = 0; j < MAX_FLOWS && cases[i].flows[j]; j++) {
        see(s, cases[i].flows[j]);
    }
}

static void
test_clashes(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct survey s;

        survey_init(&s, &config);
        see_case(&s, i);
        survey_finish(&s);
        for (int k = 0; k < SURVEY_N_KINDS; k++) {
            char *text = survey_describe(&s, k);

            if (survey_count(&s, k) != cases[i].want[k]
                || !text != !cases[i].want[k]) {
                fail_msg("case %"PRIuSIZE": %s: %"PRIuSIZE", not %"PRIuSIZE
                         ": %s", i, survey_kind_name(k), survey_count(&s, k),
                         cases[i].want[k], text ? text : "(none)");
            }
            free(text);
        }
        survey_uninit(&s);
    }
}

static void
test_words(void **state OVS_UNUSED)
{
    char *tables = xasprintf(
        "flows of others are in our tables 40 to %d: 1, the first: "
        "cookie=0x0,table=44,priority=32768 actions=drop", 40 + N_TABLES - 1);
    const char *const want[SURVEY_N_KINDS] = {
        [SURVEY_OWNER] = "the bridge is programmed by Antrea (port "
            "antrea-gw0)",
        [SURVEY_TABLE] = tables,
        [SURVEY_HOOK] = "flows of others come before ours in table 0, what "
            "they match is not judged: 1, the first: "
            "cookie=0x9,table=0,priority=65535 actions=NORMAL",
        [SURVEY_ZONE] = "flows of others use our connection tracking zone "
            "40: 2, the first: cookie=0x0,table=1,priority=32768,ip "
            "actions=ct(zone=40)",
        [SURVEY_REGISTER] = "flows of others use reg0, where our guard bit "
            "is: 1, the first: cookie=0x0,table=2,priority=32768,reg0=0x1 "
            "actions=drop",
    };
    struct survey s;

    survey_init(&s, &config);
    owners_see_port(&s.owners, "antrea-gw0");
    see(&s, "table=44,actions=drop");
    see(&s, "cookie=9,priority=65535,actions=NORMAL");
    see(&s, "table=1,ip,actions=ct(zone=40)");
    see(&s, "table=1,ipv6,actions=ct(zone=40)");
    see(&s, "table=2,reg0=1,actions=drop");
    survey_finish(&s);
    for (int k = 0; k < SURVEY_N_KINDS; k++) {
        char *text = survey_describe(&s, k);

        assert_string_equal(text, want[k]);
        free(text);
    }
    survey_uninit(&s);
    free(tables);
}

/* Without a hook in table 0 nothing of ours is there. */
static void
test_chained(void **state OVS_UNUSED)
{
    struct pipeline_config chained = config;
    struct survey s;

    chained.attach = ATTACH_CHAIN;
    survey_init(&s, &chained);
    see(&s, "priority=65535,actions=resubmit(,40)");
    see(&s, "actions=load:5->NXM_NX_REG0[],resubmit(,0)");
    see(&s, "table=2,ip,actions=ct(zone=40)");
    survey_finish(&s);
    for (int k = 0; k < SURVEY_N_KINDS; k++) {
        assert_int_equal(survey_count(&s, k), k == SURVEY_ZONE);
    }
    survey_uninit(&s);
}

static void
see_ours(const struct flowset_flow *flow, void *s)
{
    survey_see_flow(s, flow);
}

/* Our own flows do not clash, whatever they do; and the hook is where we say
 * it is. */
static void
test_ours(void **state OVS_UNUSED)
{
    struct flowset *fs = flowset_create(NULL, NULL);
    struct survey s;

    pipeline_install(&config, fs);
    survey_init(&s, &config);
    flowset_for_each(fs, false, see_ours, &s);
    survey_finish(&s);
    assert_int_equal(s.n_ours, flowset_count(fs));
    assert_int_equal(s.n_foreign, 0);
    for (int k = 0; k < SURVEY_N_KINDS; k++) {
        assert_int_equal(survey_count(&s, k), 0);
    }
    survey_uninit(&s);

    char *hook = flowtext_table(fs, 0);
    char *priority = xasprintf("priority=%d,", PRIORITY_HOOK);
    assert_non_null(strstr(hook, priority));
    free(priority);
    free(hook);
    flowset_destroy(fs);
}

/* An example is not longer than anybody would read. */
static void
test_long_flow(void **state OVS_UNUSED)
{
    char actions[4096] = "table=44,actions=";
    struct survey s;

    for (int i = 1; i < 300; i++) {
        char *one = xasprintf("output:%d,", i);

        ovs_strlcpy(actions + strlen(actions), one,
                    sizeof actions - strlen(actions));
        free(one);
    }
    survey_init(&s, &config);
    see(&s, actions);
    survey_finish(&s);
    assert_in_range(strlen(s.clashes[SURVEY_TABLE].example), 500, 520);
    survey_uninit(&s);
}

int
main(int argc OVS_UNUSED, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clashes),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_chained),
        cmocka_unit_test(test_ours),
        cmocka_unit_test(test_long_flow),
    };

    set_program_name(argv[0]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
