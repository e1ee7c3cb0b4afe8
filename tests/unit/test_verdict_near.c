/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verdict-near.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "ovs-json.h"
#include "util.h"

#include "model.h"
#include "query.h"
#include "scene.h"
#include "verdict.h"

#define POD(NS, NAME, LABELS, ADDRESS, SPEC)                            \
    "---\n"                                                             \
    "{apiVersion: v1, kind: Pod, metadata: {namespace: " NS ", name: "  \
    NAME ", labels: {" LABELS "}}, spec: {" SPEC "},"                   \
    " status: {podIP: " ADDRESS "}}\n"
#define POLICY(SPEC)                                                    \
    "---\n"                                                             \
    "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy,"           \
    " metadata: {namespace: shop, name: p}, spec: {" SPEC "}}\n"
#define FOR_DB "podSelector: {matchLabels: {app: db}}, "

static const char cluster[] =
    "{apiVersion: v1, kind: Namespace, metadata: {name: ops,"
    " labels: {team: b}}}\n"
    POD("shop", "db", "app: db", "10.0.0.1", "containers: [{name: c, ports: "
        "[{name: sql, containerPort: 5432}]}]")
    POD("shop", "web", "app: web", "10.0.0.2", "")
    POD("ops", "mon", "app: mon", "10.0.0.3", "")
    POD("ops", "agent", "app: mon", "192.168.0.9", "hostNetwork: true");

static struct scene scene;

static int
setup(void **state)
{
    scene_init(&scene, NULL);
    scene_put(&scene, cluster);
    return 0;
}

static int
teardown(void **state)
{
    scene_uninit(&scene);
    return 0;
}

/* Asks 'src' to 'dst' about 'policy'. */
static void
ask(const char *policy, const char *src, const char *dst,
    struct verdict_query *query, struct verdict *v)
{
    scene_put(&scene, policy);
    assert_null(query_parse(scene.model, src, dst, query));
    verdict_evaluate(scene.model, query, v);
}

struct near_case {
    const char *policy;
    const char *src, *dst;
    enum verdict_obstacle who, what;
    const char *why;
};

static const struct near_case ingress_cases[] = {
    { POLICY(FOR_DB "ingress: [{from: [{podSelector: {matchLabels: "
             "{app: wbe}}}]}]"),
      "shop/web", "shop/db:5432", VERDICT_NEAR_POD_LABEL, VERDICT_NEAR_OK,
      "shop/web is not app=wbe (it has app=web)" },
    { POLICY(FOR_DB "ingress: [{from: [{podSelector: {matchExpressions: "
             "[{key: tier, operator: In, values: [a, b]}]}}]}]"),
      "shop/web", "shop/db:5432", VERDICT_NEAR_POD_LABEL, VERDICT_NEAR_OK,
      "shop/web is not tier in (a,b) (it has no label tier)" },
    { POLICY(FOR_DB "ingress: [{from: [{podSelector: {matchExpressions: "
             "[{key: app, operator: DoesNotExist}]}}]}]"),
      "shop/web", "shop/db:5432", VERDICT_NEAR_POD_LABEL, VERDICT_NEAR_OK,
      "shop/web is not !app (it has app=web)" },
    { POLICY(FOR_DB "ingress: [{from: [{namespaceSelector: {matchLabels: "
             "{team: a}}}]}]"),
      "ops/mon", "shop/db:5432", VERDICT_NEAR_NS_LABEL, VERDICT_NEAR_OK,
      "namespace ops is not team=a (it has team=b)" },
    { POLICY(FOR_DB "ingress: [{from: [{podSelector: {matchLabels: "
             "{app: mon}}}]}]"),
      "ops/mon", "shop/db:5432", VERDICT_NEAR_OTHER_NS, VERDICT_NEAR_OK,
      "without a namespaceSelector it is about pods of namespace shop only" },
    { POLICY(FOR_DB "ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24, "
             "except: [192.0.2.64/26]}}]}]"),
      "192.0.2.65", "shop/db:5432", VERDICT_NEAR_EXCEPT, VERDICT_NEAR_OK,
      "192.0.2.65 is in the except 192.0.2.64/26" },
    { POLICY(FOR_DB "ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}]"),
      "192.0.3.1", "shop/db:5432", VERDICT_NEAR_BLOCK, VERDICT_NEAR_OK,
      "192.0.3.1 is not in 192.0.2.0/24" },
    { POLICY(FOR_DB "ingress: [{from: [{namespaceSelector: {}}]}]"),
      "192.0.3.1", "shop/db:5432", VERDICT_NEAR_NOT_A_POD, VERDICT_NEAR_OK,
      "192.0.3.1 is not a pod" },
    { POLICY(FOR_DB "ingress: [{from: [{namespaceSelector: {}}]}]"),
      "ops/agent", "shop/db:5432", VERDICT_NEAR_HOST_NETWORK, VERDICT_NEAR_OK,
      "192.168.0.9 is a node's address, and pods on the host network are "
      "matched by ipBlock only" },
    { POLICY(FOR_DB "ingress: [{ports: [{port: 5433}, {port: 80}]}]"),
      "shop/web", "shop/db:5432", VERDICT_NEAR_OK, VERDICT_NEAR_PORT,
      "it allows TCP/5433, not 5432" },
    { POLICY(FOR_DB "ingress: [{ports: [{port: 5432, protocol: UDP}]}]"),
      "shop/web", "shop/db:5432", VERDICT_NEAR_OK, VERDICT_NEAR_PROTOCOL,
      "it allows UDP/5432, not TCP" },
    { POLICY(FOR_DB "ingress: [{ports: [{port: 5432}]}]"),
      "shop/web", "shop/db", VERDICT_NEAR_OK, VERDICT_NEAR_PROTOCOL,
      "it allows TCP/5432, not ICMP, which takes a rule without ports" },
    { POLICY(FOR_DB "ingress: [{ports: [{port: mysql}]}]"),
      "shop/web", "shop/db:5432", VERDICT_NEAR_OK, VERDICT_NEAR_UNDEFINED,
      "the destination has no TCP port \"mysql\"" },
    { POLICY(FOR_DB "ingress: [{ports: [{port: sql}]}]"),
      "shop/web", "shop/db:80", VERDICT_NEAR_OK, VERDICT_NEAR_NAMED,
      "port \"sql\" of the destination is TCP/5432" },
    /* Both, and of two peers the nearer one. */
    { POLICY(FOR_DB "ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}, "
             "{podSelector: {matchLabels: {app: api}}}], "
             "ports: [{port: 443}]}]"),
      "shop/web", "shop/db:5432", VERDICT_NEAR_POD_LABEL, VERDICT_NEAR_PORT,
      "shop/web is not app=api (it has app=web); it allows TCP/443, not "
      "5432" },
};

static const struct near_case egress_cases[] = {
    { POLICY(FOR_DB "policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: "
             "10.0.0.0/8}}], ports: [{port: sql}]}]"),
      "shop/db", "shop/web:5432", VERDICT_NEAR_OK, VERDICT_NEAR_NAME_BLOCK,
      "port \"sql\" is a name, which nobody gives to a port of an ipBlock" },
    { POLICY(FOR_DB "policyTypes: [Egress], egress: [{to: [{podSelector: "
             "{matchLabels: {app: api}}}]}]"),
      "shop/db", "shop/web:5432", VERDICT_NEAR_POD_LABEL, VERDICT_NEAR_OK,
      "shop/web is not app=api (it has app=web)" },
};

static void
check_case(const struct near_case *c, enum k8s_direction d)
{
    struct verdict_query query;
    struct verdict_near *nears;
    struct verdict v;
    size_t n, n_all;

    ask(c->policy, c->src, c->dst, &query, &v);
    assert_false(v.allowed);
    nears = verdict_find_near(scene.model, &query, &v, d, 5, &n, &n_all);
    assert_int_equal(n, 1);
    assert_int_equal(n_all, 1);
    assert_string_equal(nears[0].why, c->why);
    assert_int_equal(nears[0].who, c->who);
    assert_int_equal(nears[0].what, c->what);
    verdict_near_free(nears, n);
    verdict_uninit(&v);
}

static void
test_obstacles(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(ingress_cases); i++) {
        check_case(&ingress_cases[i], K8S_INGRESS);
    }
    for (size_t i = 0; i < ARRAY_SIZE(egress_cases); i++) {
        check_case(&egress_cases[i], K8S_EGRESS);
    }
}

/* The nearest first, and not more than are wanted. */
static void
test_order(void **state)
{
    struct verdict_query query;
    struct verdict_near *nears;
    struct verdict v;
    size_t n, n_all;

    ask(POLICY(FOR_DB "ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}, "
               "{from: [{podSelector: {matchLabels: {app: api}}}]}, "
               "{ports: [{port: sql}]}]"),
        "shop/web", "shop/db:80", &query, &v);
    nears = verdict_find_near(scene.model, &query, &v, K8S_INGRESS, 2, &n,
                              &n_all);
    assert_int_equal(n, 2);
    assert_int_equal(n_all, 3);
    assert_int_equal(nears[0].rule, 2);
    assert_int_equal(nears[1].rule, 1);
    verdict_near_free(nears, n);
    verdict_uninit(&v);
}

/* A rule that allows is not near. */
static void
test_allowed(void **state)
{
    struct verdict_query query;
    struct verdict v;
    size_t n, n_all;

    ask(POLICY(FOR_DB "ingress: [{from: [{podSelector: {}}]}, "
               "{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}]"),
        "shop/web", "shop/db:80", &query, &v);
    assert_true(v.allowed);
    struct verdict_near *nears = verdict_find_near(
        scene.model, &query, &v, K8S_INGRESS, 5, &n, &n_all);
    assert_int_equal(n, 1);
    assert_int_equal(nears[0].rule, 1);
    verdict_near_free(nears, n);
    verdict_uninit(&v);
}

/* A policy that could not be understood grants nothing. */
static void
test_nobody(void **state)
{
    struct ds notes = DS_EMPTY_INITIALIZER;
    struct verdict_query query;
    struct verdict v;
    size_t n, n_all;

    scene_put_tolerant(&scene, POLICY(FOR_DB "ingress: [{from: [{ipBlock: "
                                      "{cidr: 10.0.0.0/33}}]}]"), &notes);
    assert_null(query_parse(scene.model, "shop/web", "shop/db:80", &query));
    verdict_evaluate(scene.model, &query, &v);
    struct verdict_near *nears = verdict_find_near(
        scene.model, &query, &v, K8S_INGRESS, 5, &n, &n_all);
    assert_int_equal(n, 1);
    assert_int_equal(nears[0].who, VERDICT_NEAR_NOBODY);
    verdict_near_free(nears, n);
    verdict_uninit(&v);
    ds_destroy(&notes);
}

/* What people and programs get, by way of the whole answer. */
static void
test_answer(void **state)
{
    char *text;

    scene_put(&scene, POLICY(FOR_DB "ingress: [{ports: [{port: 5433}]}, "
                             "{from: [{podSelector: {matchLabels: "
                             "{app: api}}}]}, {ports: [{port: 1}]}, "
                             "{ports: [{port: 2}]}]"));
    assert_null(query_answer(scene.model, "shop/web", "shop/db:5432", false,
                             &text));
    assert_non_null(strstr(text, "\n  nearly shop/p ingress[0]: it allows "
                           "TCP/5433, not 5432\n     and shop/p "));
    assert_non_null(strstr(text, "\n         and 1 more rules"));
    free(text);

    assert_null(query_answer(scene.model, "shop/web", "shop/db:5432", true,
                             &text));
    assert_non_null(strstr(text, "\"obstacles\": [\n          \"port\"]"));
    free(text);

    /* Where nothing is denied there is nothing to say. */
    assert_null(query_answer(scene.model, "shop/web", "shop/db:5433", false,
                             &text));
    assert_null(strstr(text, "nearly"));
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_obstacles, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_allowed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answer, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
