/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies cost, those that cost too much, and work in slices. */

#include <config.h>

#include "compile.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "sset.h"
#include "util.h"

#include "flowset.h"
#include "flowtext.h"
#include "policy.h"
#include "scene.h"

#define WEB(NAME, IP, NUMBER)                                           \
    SCENE_POD("shop", NAME, "app: web", "n1", IP,                       \
              "{name: http, containerPort: " NUMBER "}")
#define ALL "podSelector: {}, "
#define BLOCKS "{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, "    \
    "10.2.0.0/16]}}, {ipBlock: {cidr: 'fd00::/8'}}"
#define PODS "{podSelector: {matchLabels: {app: web}}}"

static uint64_t
cost_of(const struct scene *s, const char *name)
{
    return policy_find(compile_policies(s->compile), "shop",
                       name)->budget.cost;
}

/* The cost in the first column, of a policy with this spec. */
static void
test_cost(void **state OVS_UNUSED)
{
    static const struct {
        uint64_t want;
        const char *spec;
    } cases[] = {
        { 2, ALL "ingress: []" },
        { 4, ALL "policyTypes: [Ingress, Egress]" },
        /* A target and a conj_id. */
        { 4, ALL "ingress: [{}]" },
        { 8, ALL "ingress: [{}], egress: [{}]" },
        { 5, ALL "ingress: [{from: [" PODS "]}]" },
        /* Prefixes, excepts too. */
        { 2 + 2 + 4, ALL "ingress: [{from: [" BLOCKS "]}]" },
        { 4 + 2 + 5, ALL "egress: [{to: [" BLOCKS ", " PODS "]}]" },
        /* Blocks of ports, for two families; 1000-1999 is seven. */
        { 2 + 2 + 2, ALL "ingress: [{ports: [{port: 80}]}]" },
        { 2 + 2 + 2, ALL "ingress: [{ports: [{port: 80}, {port: 81}, "
          "{port: 80}]}]" },
        { 2 + 2 + 14, ALL "ingress: [{ports: [{port: 1000, "
          "endPort: 1999}]}]" },
        { 2 + 2 + 1 + 16, ALL "ingress: [{from: [" PODS "], ports: [{port: "
          "1000, endPort: 1999}, {port: 53, protocol: UDP}]}]" },
        /* A port name has two numbers here, each a rule of its own. */
        { 2 + 2 * (2 + 2), ALL "ingress: [{ports: [{port: http}]}]" },
        { 2 + 3 * (2 + 1 + 2), ALL "ingress: [{from: [" PODS "], ports: "
          "[{port: http}, {port: 9}]}]" },
        { 2, ALL "ingress: [{ports: [{port: nobody}]}]" },
        /* Nobody here is meant. */
        { 0, "podSelector: {matchLabels: {no: one}}, ingress: [{}]" },
    };
    struct scene s;

    scene_init(&s, NULL);
    scene_put(&s, WEB("web1", "10.0.0.1", "80") WEB("web2", "10.0.0.2",
                                                   "8080"));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *text = xasprintf(SCENE_POLICY("shop", "p", "%s"),
                               cases[i].spec);

        scene_apply(&s, text);
        if (cost_of(&s, "p") != cases[i].want) {
            fail_msg("%s: %"PRIu64", not %"PRIu64, cases[i].spec,
                     cost_of(&s, "p"), cases[i].want);
        }
        free(text);
    }
    scene_uninit(&s);
}

static void
init(struct scene *s, uint32_t policy, uint32_t ns, uint32_t total)
{
    struct compile_config config = {
        .pipeline = { .base = 40, .zone = 40 },
        .limits = { policy, ns, total },
    };

    scene_init(s, &config);
    scene_put(s, WEB("web1", "10.0.0.1", "80") WEB("web2", "10.0.0.2", "8080")
              SCENE_POD("other", "db", "app: db", "n1", "10.0.0.3", ""));
}

static char *
ingress_rules(const struct scene *s)
{
    return scene_flows(s, TABLE_INGRESS_RULE);
}

/* Its pods are isolated and it allows nothing; everybody else is served. */
static void
test_too_large(void **state OVS_UNUSED)
{
    struct scene s;
    char *rules;

    init(&s, 10, 0, 0);
    scene_apply(&s, SCENE_POLICY("other", "ok", ALL "ingress: [{ports: "
                                 "[{port: 5432}]}]")
                SCENE_POLICY("shop", "large", ALL "ingress: [{ports: [{port: "
                             "1000, endPort: 1999}]}]"));
    rules = ingress_rules(&s);
    assert_null(strstr(rules, "tp_dst=0x"));
    assert_non_null(strstr(rules, "tp_dst=5432"));
    free(rules);
    assert_true(scene_class(&s, TABLE_INGRESS_TARGET, "nw_dst=10.0.0.1"));

    struct ptrs out = policies_out(compile_policies(s.compile));
    assert_int_equal(out.n, 1);
    const struct policy *p = out.p[0];
    assert_string_equal(p->name, "large");
    assert_int_equal(p->budget.excess, BUDGET_POLICY);
    ptrs_uninit(&out);

    /* It shrinks. */
    scene_apply(&s, SCENE_POLICY("shop", "large", ALL "ingress: [{ports: "
                                 "[{port: 1000}]}]"));
    rules = ingress_rules(&s);
    assert_non_null(strstr(rules, "tp_dst=1000"));
    free(rules);
    out = policies_out(compile_policies(s.compile));
    assert_int_equal(out.n, 0);
    ptrs_uninit(&out);
    scene_uninit(&s);
}

/* The numbers of a port name come and go. */
static void
test_port_names(void **state OVS_UNUSED)
{
    struct scene s;

    init(&s, 10, 0, 0);
    scene_apply(&s, SCENE_POLICY("shop", "p", ALL "ingress: [{ports: "
                                 "[{port: http}]}]"));
    assert_int_equal(cost_of(&s, "p"), 10);
    assert_true(scene_count(&s, TABLE_INGRESS_RULE) > 1);
    scene_apply(&s, WEB("web3", "10.0.0.4", "8081"));
    assert_int_equal(cost_of(&s, "p"), 14);
    assert_int_equal(scene_count(&s, TABLE_INGRESS_RULE), 1);
    scene_delete(&s, "Pod", "shop", "web3");
    scene_run(&s);
    assert_int_equal(cost_of(&s, "p"), 10);
    assert_true(scene_count(&s, TABLE_INGRESS_RULE) > 1);
    scene_uninit(&s);
}

/* Who is out depends on what there is, not on how it came; and whoever was
 * out is in when there is room. */
static void
test_any_order(void **state OVS_UNUSED)
{
    static const char *const policies[] = {
        SCENE_POLICY("shop", "a", ALL "ingress: [{ports: [{port: 1}]}]"),
        SCENE_POLICY("shop", "b", ALL "ingress: [{ports: [{port: 2}]}]"),
        SCENE_POLICY("shop", "c", ALL "ingress: [{ports: [{port: 3}]}]"),
        SCENE_POLICY("other", "d", ALL "ingress: [{ports: [{port: 4}]}]"),
        SCENE_POLICY("other", "e", ALL "policyTypes: [Egress], egress: "
                     "[{ports: [{port: 5}]}]"),
    };
    char *want = NULL;

    for (size_t first = 0; first < ARRAY_SIZE(policies); first++) {
        struct scene s;

        init(&s, 0, 12, 18);
        for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
            scene_apply(&s, policies[(first + i * 3) % ARRAY_SIZE(policies)]);
        }
        char *got = flowtext_table(s.fs, -1);
        if (want) {
            assert_string_equal(got, want);
            free(got);
        } else {
            want = got;
        }
        /* other/d, other/e, shop/a; shop/b does not fit into the total. */
        assert_null(strstr(want, "tp_dst=2"));
        assert_non_null(strstr(want, "tp_dst=5"));

        scene_delete(&s, "NetworkPolicy", "other", "e");
        scene_run(&s);
        got = ingress_rules(&s);
        assert_non_null(strstr(got, "tp_dst=2"));
        assert_null(strstr(got, "tp_dst=3"));
        free(got);
        scene_uninit(&s);
    }
    free(want);
}

struct search {
    const struct scene *scene;
    struct sset names;
};

static void
find_policies(const struct flowset_flow *flow, void *search_)
{
    struct search *s = search_;

    compile_flow_policies(s->scene->compile, flow, 3, &s->names);
}

/* Whose flows they are: clauses, and allow flows of rules that are shared. */
static void
test_flow_policies(void **state OVS_UNUSED)
{
    struct scene s;
    struct search search = { &s, SSET_INITIALIZER(&search.names) };

    init(&s, 0, 0, 0);
    scene_apply(&s, SCENE_POLICY("shop", "nothing", ALL "ingress: []"));
    flowset_for_each(s.fs, false, find_policies, &search);
    assert_true(sset_is_empty(&search.names));

    scene_apply(&s, SCENE_POLICY("shop", "a", ALL "ingress: [{from: [" BLOCKS
                                 "], ports: [{port: 1}, {port: 5}]}]")
                SCENE_POLICY("shop", "b", ALL "egress: [{}]")
                SCENE_POLICY("shop", "c", ALL "egress: [{}]"));
    flowset_for_each(s.fs, false, find_policies, &search);
    assert_int_equal(sset_count(&search.names), 3);
    assert_true(sset_contains(&search.names, "shop/a"));
    assert_true(sset_contains(&search.names, "shop/b"));
    assert_true(sset_contains(&search.names, "shop/c"));
    sset_destroy(&search.names);
    scene_uninit(&s);
}

static void
put_cluster(struct scene *s, int seed)
{
    for (int i = 0; i < 12; i++) {
        char *text = xasprintf(
            SCENE_POLICY("shop", "p%d", ALL "ingress: [{from: [" PODS ", "
                         "{ipBlock: {cidr: 10.%d.0.0/16, except: "
                         "[10.%d.1.0/24]}}], ports: [{port: http}, "
                         "{port: %d, endPort: 30000}]}]"),
            i, (i * seed) % 5, (i * seed) % 5, 1000 + i * seed);

        scene_put(s, text);
        free(text);
    }
}

/* However thin the slices, the flows are those of a single run, and a batch
 * that is under way takes no news. */
static void
test_slices(void **state OVS_UNUSED)
{
    struct scene whole, sliced;

    init(&whole, 0, 0, 0);
    init(&sliced, 0, 0, 0);
    for (int seed = 1; seed < 6; seed++) {
        size_t n_slices = 0;

        put_cluster(&whole, seed);
        put_cluster(&sliced, seed);
        assert_true(compile_run(whole.compile));
        assert_false(compile_is_busy(whole.compile));
        while (!compile_step(sliced.compile, seed)) {
            assert_true(compile_is_busy(sliced.compile));
            n_slices++;
        }
        assert_true(n_slices > 20);
        assert_true(compile_step(sliced.compile, 1));

        char *want = flowtext_table(whole.fs, -1);
        char *got = flowtext_table(sliced.fs, -1);
        assert_string_equal(got, want);
        free(want);
        free(got);
    }
    scene_uninit(&whole);

    /* The end comes in the middle of one. */
    put_cluster(&sliced, 9);
    assert_false(compile_step(sliced.compile, 3));
    scene_uninit(&sliced);
}

int
main(int argc OVS_UNUSED, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cost),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_port_names),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_flow_policies),
        cmocka_unit_test(test_slices),
    };

    set_program_name(argv[0]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
