/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies over one small cluster, and the isolations and rules that they
 * become (see ruletext.h). */

#include <config.h>

#include "policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

#include "model.h"
#include "ruletext.h"
#include "scene.h"

/* Pods web and db are here, the others elsewhere. */
static const char cluster[] =
    SCENE_NAMESPACE("shop", "team: a")
    SCENE_NAMESPACE("ops", "team: b")
    SCENE_POD("shop", "web", "app: web", "n1", "10.0.0.1",
              "{name: http, containerPort: 8080}, "
              "{name: dns, containerPort: 53, protocol: UDP}")
    SCENE_POD("shop", "db", "app: db", "n1", "10.0.0.2",
              "{name: http, containerPort: 80}")
    SCENE_POD("shop", "far", "app: web", "n2", "10.0.0.3",
              "{name: http, containerPort: 9090}")
    SCENE_POD("ops", "mon", "app: mon", "n2", "10.0.0.4",
              "{name: http, containerPort: 8080}");

#define DB "podSelector: {matchLabels: {app: db}}, "
#define ALL "podSelector: {}, "
#define POLICY(SPEC) SCENE_POLICY("shop", "p", SPEC)
#define TARGET_DB "pods app=db of namespace shop"

static const struct {
    const char *title;
    const char *policies;
    const char *want;
} cases[] = {
    { "S1: everything in the namespace", POLICY(""),
      "ingress: shop/p isolates all pods of namespace shop\n" },
    { "S2: no types, egress rule", POLICY(ALL "egress: [{}]"),
      "egress: shop/p isolates all pods of namespace shop\n"
      "ingress: shop/p isolates all pods of namespace shop\n"
      "egress: from all pods of namespace shop, to anywhere, on any: "
          "shop/p[0]\n" },
    { "S3: a section without its type",
      POLICY(DB "policyTypes: [Egress], ingress: [{}]"),
      "egress: shop/p isolates " TARGET_DB "\n" },
    { "no pod of it here costs nothing else",
      SCENE_POLICY("ops", "p", ALL "ingress: [{}]"),
      "ingress: ops/p isolates all pods of namespace ops (no pod here)\n" },
    { "S8, S9, S10: peers",
      POLICY(DB "ingress: [{from: [{podSelector: {}}, "
             "{namespaceSelector: {}}, {namespaceSelector: {matchLabels: "
             "{team: b}}, podSelector: {matchLabels: {app: mon}}}]}]"),
      "ingress: shop/p isolates " TARGET_DB "\n"
      "ingress: to " TARGET_DB ", from all pods or all pods of namespace "
          "shop or pods app=mon of namespaces team=b, on any: shop/p[0]\n" },
    { "S21: blocks",
      POLICY(DB "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, "
             "except: [10.1.0.0/16]}}, {ipBlock: {cidr: 'fd00::/8'}}]}]"),
      "ingress: shop/p isolates " TARGET_DB "\n"
      "ingress: to " TARGET_DB ", from 10.0.0.0/8 except 10.1.0.0/16 or "
          "fd00::/8, on any: shop/p[0]\n" },
    { "S14, S15, S16: ports",
      POLICY(DB "ingress: [{ports: [{port: 80}, {port: 80, endPort: 90}, "
             "{protocol: UDP}]}]"),
      "ingress: shop/p isolates " TARGET_DB "\n"
      "ingress: to " TARGET_DB ", from anywhere, on TCP/80-90 UDP: "
          "shop/p[0]\n" },
    { "S17: a name on ingress is each target's number",
      POLICY(ALL "ingress: [{ports: [{port: http}, {port: 443}]}]"),
      "ingress: shop/p isolates all pods of namespace shop\n"
      "ingress: to all pods of namespace shop with TCP port http=80, from "
          "anywhere, on TCP/80: shop/p[0]\n"
      "ingress: to all pods of namespace shop with TCP port http=8080, from "
          "anywhere, on TCP/8080: shop/p[0]\n"
      "ingress: to all pods of namespace shop, from anywhere, on TCP/443: "
          "shop/p[0]\n" },
    { "S17: the protocol belongs to the name",
      POLICY(ALL "ingress: [{ports: [{port: dns}, "
             "{port: http, protocol: UDP}]}]"),
      "ingress: shop/p isolates all pods of namespace shop\n" },
    { "S18: a name on egress is each peer's number",
      POLICY(DB "policyTypes: [Egress], egress: [{to: [{podSelector: "
             "{matchLabels: {app: web}}}, {ipBlock: {cidr: 0.0.0.0/0}}], "
             "ports: [{port: http}]}]"),
      "egress: shop/p isolates " TARGET_DB "\n"
      "egress: from " TARGET_DB ", to pods app=web of namespace shop with "
          "TCP port http=80, on TCP/80: shop/p[0]\n"
      "egress: from " TARGET_DB ", to pods app=web of namespace shop with "
          "TCP port http=8080, on TCP/8080: shop/p[0]\n"
      "egress: from " TARGET_DB ", to pods app=web of namespace shop with "
          "TCP port http=9090, on TCP/9090: shop/p[0]\n" },
    { "S18: anywhere is any pod that has the name; no other",
      POLICY(DB "policyTypes: [Egress], "
             "egress: [{ports: [{port: dns, protocol: UDP}]}]"),
      "egress: shop/p isolates " TARGET_DB "\n"
      "egress: from " TARGET_DB ", to all pods with UDP port dns=53, on "
          "UDP/53: shop/p[0]\n" },
    { "S19: a name that nobody has",
      POLICY(DB "ingress: [{ports: [{port: nope}]}], "
             "egress: [{ports: [{port: nope}]}]"),
      "egress: shop/p isolates " TARGET_DB "\n"
      "ingress: shop/p isolates " TARGET_DB "\n" },
    { "S42: twice the same is once",
      POLICY(DB "ingress: [{from: [{podSelector: {}}, {podSelector: {}}], "
             "ports: [{port: 80}, {port: 80}]}, "
             "{from: [{podSelector: {}}], ports: [{port: 80}]}]"),
      "ingress: shop/p isolates " TARGET_DB "\n"
      "ingress: to " TARGET_DB ", from all pods of namespace shop, on "
          "TCP/80: shop/p[0] shop/p[1]\n" },
    { "rules of several policies that agree are one",
      POLICY(DB "ingress: [{ports: [{port: 80}]}]")
      SCENE_POLICY("shop", "q", "podSelector: {matchLabels: {app: web}}, "
                   "ingress: [{ports: [{port: 443}]}, {ports: [{port: 80}]}]"),
      "ingress: shop/p isolates " TARGET_DB "\n"
      "ingress: shop/q isolates pods app=web of namespace shop\n"
      "ingress: to " TARGET_DB " or pods app=web of namespace shop, from "
          "anywhere, on TCP/80: shop/p[0] shop/q[1]\n"
      "ingress: to pods app=web of namespace shop, from anywhere, on "
          "TCP/443: shop/q[0]\n" },
};

static void
expect_rules(const struct scene *s, const char *title, const char *want)
{
    char *got = ruletext_format(s->compile, s->model);

    if (strcmp(got, want)) {
        fail_msg("%s: got\n%s\ninstead of\n%s", title, got, want);
    }
    free(got);
}

static void
test_cases(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct scene s;

        scene_init(&s, NULL);
        scene_put(&s, cluster);
        scene_apply(&s, cases[i].policies);
        expect_rules(&s, cases[i].title, cases[i].want);
        scene_uninit(&s);
    }
}

/* All cases one after the other in one compiler, each instead of the one
 * before: in one batch, or with a look at nothing in between. */
static void
test_replaced(void **state OVS_UNUSED)
{
    struct scene s;

    scene_init(&s, NULL);
    scene_apply(&s, cluster);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        scene_apply(&s, cases[i].policies);
        expect_rules(&s, cases[i].title, cases[i].want);
        model_delete(s.model, K8S_POLICY, "shop", "p");
        model_delete(s.model, K8S_POLICY, "shop", "q");
        model_delete(s.model, K8S_POLICY, "ops", "p");
        if (i % 2) {
            scene_run(&s);
            expect_rules(&s, "none", "");
        }
    }
    scene_uninit(&s);
}

#define INGRESS_HTTP "ingress: shop/p isolates all pods of namespace shop\n"
#define TO_HTTP(N)                                                      \
    "ingress: to all pods of namespace shop with TCP port http=" N      \
    ", from anywhere, on TCP/" N ": shop/p[0]\n"

/* S17: numbers of a name come and go with the pods. */
static void
test_names_change(void **state OVS_UNUSED)
{
    struct scene s;

    scene_init(&s, NULL);
    scene_put(&s, cluster);
    scene_apply(&s, POLICY(ALL "ingress: [{ports: [{port: http}]}]"));
    expect_rules(&s, "before", INGRESS_HTTP TO_HTTP("80") TO_HTTP("8080"));
    scene_apply(&s, SCENE_POD("shop", "db", "app: db", "n1", "10.0.0.2",
                              "{name: http, containerPort: 81}"));
    expect_rules(&s, "changed", INGRESS_HTTP TO_HTTP("8080") TO_HTTP("81"));
    scene_delete(&s, "Pod", "shop", "web");
    scene_run(&s);
    expect_rules(&s, "one gone", INGRESS_HTTP TO_HTTP("81"));

    /* The pod from elsewhere moves in. */
    scene_apply(&s, SCENE_POD("shop", "far", "app: web", "n1", "10.0.0.3",
                              "{name: http, containerPort: 9090}"));
    expect_rules(&s, "local now", INGRESS_HTTP TO_HTTP("81")
                 TO_HTTP("9090"));
    scene_uninit(&s);
}

/* A policy wakes up with its first pod and sleeps after its last. */
static void
test_target_flips(void **state OVS_UNUSED)
{
    struct scene s;

    scene_init(&s, NULL);
    scene_apply(&s, POLICY(DB "ingress: [{}]"));
    expect_rules(&s, "no pod", "ingress: shop/p isolates " TARGET_DB
                               " (no pod here)\n");
    scene_apply(&s, cluster);
    expect_rules(&s, "pod", "ingress: shop/p isolates " TARGET_DB "\n"
                            "ingress: to " TARGET_DB ", from anywhere, on "
                            "any: shop/p[0]\n");
    scene_delete(&s, "Pod", "shop", "db");
    scene_run(&s);
    expect_rules(&s, "no pod again", "ingress: shop/p isolates " TARGET_DB
                                     " (no pod here)\n");
    scene_uninit(&s);
}

static void
test_find(void **state OVS_UNUSED)
{
    struct scene s;
    const struct policies *ps;

    scene_init(&s, NULL);
    ps = compile_policies(s.compile);
    scene_apply(&s, POLICY(ALL) SCENE_POLICY("ops", "p", ALL));
    assert_int_equal(policies_count(ps), 2);
    assert_non_null(policy_find(ps, "shop", "p"));
    assert_string_equal(policy_find(ps, "ops", "p")->ns, "ops");
    assert_null(policy_find(ps, "ops", "q"));
    scene_delete(&s, "NetworkPolicy", "ops", "p");
    scene_run(&s);
    assert_int_equal(policies_count(ps), 1);
    assert_null(policy_find(ps, "ops", "p"));
    scene_uninit(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_names_change),
        cmocka_unit_test(test_target_flips),
        cmocka_unit_test(test_find),
    };

    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
