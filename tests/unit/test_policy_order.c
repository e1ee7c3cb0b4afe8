/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the rules of cluster policies stand, and what moves. */

#include <config.h>

#include "policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "compile.h"
#include "flowset.h"
#include "label.h"
#include "model.h"
#include "rule.h"
#include "scene.h"

static const char cluster[] =
    SCENE_NAMESPACE("shop", "team: a")
    SCENE_POD("shop", "web", "app: web", "n1", "10.0.0.1", "")
    SCENE_POD("shop", "far", "app: far", "n2", "10.0.0.2", "");

/* An Admin policy with 'n' rules for ingress, in turn Accept and Deny. */
static void
put(struct scene *s, const char *name, int priority, size_t n)
{
    struct ds yaml = DS_EMPTY_INITIALIZER;

    ds_put_format(&yaml, "apiVersion: policy.networking.k8s.io/v1alpha2\n"
                  "kind: ClusterNetworkPolicy\nmetadata: {name: %s}\n"
                  "spec:\n  tier: Admin\n  priority: %d\n"
                  "  subject: {namespaces: {}}\n  ingress:\n", name, priority);
    for (size_t i = 0; i < n; i++) {
        ds_put_format(&yaml, "  - {action: %s, from: [{namespaces: {}}]}\n",
                      i % 2 ? "Deny" : "Accept");
    }
    scene_put(s, ds_cstr(&yaml));
    ds_destroy(&yaml);
}

static void
drop(struct scene *s, const char *name)
{
    scene_delete(s, "ClusterNetworkPolicy", NULL, name);
}

static uint16_t
top(const struct scene *s, const char *name)
{
    const struct policy *p
        = policy_find_cluster(compile_policies(s->compile),
                              K8S_CLUSTER_POLICY, name);

    assert_non_null(p);
    assert_false(p->sides[K8S_INGRESS].squeezed);
    return p->sides[K8S_INGRESS].top;
}

static int
setup(void **state)
{
    struct scene *s = xmalloc(sizeof *s);

    scene_init(s, NULL);
    model_set_node_name(s->model, "n1");
    scene_put(s, cluster);
    scene_run(s);
    *state = s;
    return 0;
}

static int
teardown(void **state)
{
    scene_uninit(*state);
    free(*state);
    return 0;
}

/* C1. */
static void
test_each_priority_has_its_place(void **state)
{
    struct scene *s = *state;

    put(s, "first", 0, 25);
    put(s, "last", 1000, 25);
    scene_run(s);
    assert_int_equal(top(s, "first"), RUNG_FIRST);
    assert_true(top(s, "last") - 25 > RUNG_LAST);

    put(s, "middle", 500, 25);
    assert_true(scene_run(s) <= 2 * 25 + 1);
    assert_int_equal(top(s, "first"), RUNG_FIRST);
    assert_true(top(s, "first") > top(s, "middle"));
    assert_true(top(s, "middle") > top(s, "last"));
}

/* C7: those of one priority stand one below the other; the next priority gives
 * way only when these are too many. */
static void
test_crowded_priority(void **state)
{
    struct scene *s = *state;
    uint16_t next, far;

    put(s, "a", 10, 25);
    put(s, "b", 10, 25);
    put(s, "next", 11, 1);
    put(s, "far", 13, 1);
    scene_run(s);
    next = top(s, "next");
    far = top(s, "far");
    assert_int_equal(top(s, "b"), top(s, "a") - 25);
    assert_int_equal(next, top(s, "a") - 59);

    put(s, "c", 10, 25);
    scene_run(s);
    assert_int_equal(top(s, "c"), top(s, "b") - 25);
    assert_int_equal(top(s, "next"), top(s, "c") - 25);
    assert_int_equal(top(s, "far"), far);

    drop(s, "c");
    scene_run(s);
    assert_int_equal(top(s, "next"), next);
}

/* At the end of the room everything moves up. */
static void
test_crowded_end(void **state)
{
    struct scene *s = *state;
    char name[16];

    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "p%02d", i);
        put(s, name, 1000, 25);
    }
    scene_run(s);
    assert_int_equal(top(s, "p00"), RUNG_LAST + 50 * 25);
    assert_int_equal(top(s, "p49"), RUNG_LAST + 25);
}

/* C8: what has no room denies everything, and so does all behind it. */
static void
test_no_room(void **state)
{
    const int room = (RUNG_FIRST - RUNG_LAST) / 25;
    struct scene *s = *state;
    const struct policy *p;
    char name[16];

    for (int i = 0; i < room; i++) {
        snprintf(name, sizeof name, "p%04d", i);
        put(s, name, 1 + i % 900, 25);
    }
    put(s, "z", 1000, 1);
    scene_run(s);
    p = policy_find_cluster(compile_policies(s->compile), K8S_CLUSTER_POLICY,
                            "z");
    assert_true(p->sides[K8S_INGRESS].squeezed);
    assert_int_equal(p->sides[K8S_INGRESS].rungs.n, 1);

    const struct rung *rung = p->sides[K8S_INGRESS].rungs.p[0];
    const struct rule *r = rung->rules.p[0];
    assert_int_equal(rung->action, K8S_DENY);
    assert_int_equal(r->priority, RUNG_LAST);
    assert_true(!r->peers && !r->n_services);

    drop(s, "p0000");
    scene_run(s);
    assert_int_equal(top(s, "z"), RUNG_LAST + 1);
}

/* A priority that is edited moves that policy's flows: each rule has one, and
 * the flow of what it denies stays. */
static void
test_edit_moves_one(void **state)
{
    struct scene *s = *state;

    put(s, "a", 10, 2);
    put(s, "b", 20, 4);
    put(s, "c", 30, 2);
    scene_run(s);
    put(s, "b", 15, 4);
    assert_int_equal(scene_run(s), 2 * 4);
    put(s, "b", 15, 4);
    assert_int_equal(scene_run(s), 0);
}

/* A pod elsewhere that matches a peer costs one flow. */
static void
test_peer_costs_one_flow(void **state)
{
    struct scene *s = *state;

    put(s, "a", 10, 5);
    scene_run(s);
    assert_int_equal(scene_apply(s, SCENE_POD("shop", "new", "app: far", "n2",
                                              "10.0.0.9", "")), 1);
}

/* The flows of a rule about everybody do not name targets; those of one about
 * everybody of a team do. */
static void
test_everybody(void **state)
{
    static const char format[] =
        "apiVersion: policy.networking.k8s.io/v1alpha2\n"
        "kind: ClusterNetworkPolicy\nmetadata: {name: p}\n"
        "spec: {tier: Admin, priority: 7, subject: {namespaces: %s},\n"
        " ingress: [{action: Deny, from: [{namespaces: {}}]}]}\n";
    static const char *const subjects[] = {
        "{}", "{matchLabels: {team: a}}", "{}"
    };
    struct scene *s = *state;

    for (size_t i = 0; i < ARRAY_SIZE(subjects); i++) {
        char *yaml = xasprintf(format, subjects[i]), *flows;

        scene_apply(s, yaml);
        flows = scene_flows(s, TABLE_INGRESS_ADMIN);
        assert_non_null(strstr(flows, "reg5="));
        assert_int_equal(strstr(flows, "reg4=") != NULL, i == 1);
        free(flows);
        free(yaml);
    }
}

/* Pass costs nothing where nothing follows (C2). */
static void
test_pass(void **state)
{
    static const char format[] =
        "apiVersion: policy.networking.k8s.io/v1alpha2\n"
        "kind: ClusterNetworkPolicy\nmetadata: {name: %s}\n"
        "spec: {tier: Admin, priority: %d, subject: {namespaces: {}},\n"
        " ingress: [{action: %s, from: [{namespaces: {}}]}]}\n";
    struct scene *s = *state;
    char *yaml = xasprintf(format, "pass", 10, "Pass");

    scene_apply(s, yaml);
    assert_int_equal(scene_count(s, TABLE_INGRESS_ADMIN), 1);
    free(yaml);

    yaml = xasprintf(format, "deny", 20, "Deny");
    scene_apply(s, yaml);
    assert_int_equal(scene_count(s, TABLE_INGRESS_ADMIN), 3);
    free(yaml);

    yaml = xasprintf(format, "deny", 5, "Deny");
    scene_apply(s, yaml);
    assert_int_equal(scene_count(s, TABLE_INGRESS_ADMIN), 2);
    free(yaml);

    drop(s, "deny");
    scene_run(s);
    assert_int_equal(scene_count(s, TABLE_INGRESS_ADMIN), 1);
}

/* More numbers for a port's name than a clause flow can name: the rules are
 * plain, and conjunctions again when they are fewer. */
static void
test_many_numbers(void **state)
{
    const int n_pods = 5, per_pod = 900;
    struct scene *s = *state;
    struct ds yaml = DS_EMPTY_INITIALIZER;

    for (int i = 0; i < n_pods; i++) {
        ds_put_format(&yaml, "---\napiVersion: v1\nkind: Pod\n"
                      "metadata: {namespace: shop, name: many%d}\n"
                      "spec:\n  nodeName: n2\n  containers:\n  - ports:\n",
                      i);
        for (int j = 0; j < per_pod; j++) {
            ds_put_format(&yaml, "    - {name: http, containerPort: %d}\n",
                          1 + i * per_pod + j);
        }
        ds_put_format(&yaml, "status: {podIP: 10.0.9.%d}\n", i + 1);
    }
    scene_put(s, ds_cstr(&yaml));
    ds_destroy(&yaml);
    /* Two classes of targets, so that conjunctions would be smaller. */
    scene_put(s, SCENE_POD("shop", "two", "app: two", "n1", "10.0.0.3", "")
              SCENE_POLICY("shop", "p", "podSelector: {matchLabels: "
                           "{app: two}}, policyTypes: [Egress]"));
    scene_apply(s, "apiVersion: policy.networking.k8s.io/v1alpha2\n"
                "kind: ClusterNetworkPolicy\nmetadata: {name: many}\n"
                "spec: {tier: Admin, priority: 1, subject: {namespaces: {}},\n"
                " egress: [{action: Deny, to: [{namespaces: {}}],\n"
                " protocols: [{destinationNamedPort: http}]}]}\n");

    const struct policy *p
        = policy_find_cluster(compile_policies(s->compile), K8S_CLUSTER_POLICY,
                              "many");
    const struct rung *rung = p->sides[K8S_EGRESS].rungs.p[0];
    assert_int_equal(rung->rules.n, n_pods * per_pod);
    assert_true(rung->plain);
    assert_int_equal(flowset_count_parts(s->fs), 0);

    scene_delete(s, "Pod", "shop", "many0");
    scene_run(s);
    rung = p->sides[K8S_EGRESS].rungs.p[0];
    assert_int_equal(rung->rules.n, (n_pods - 1) * per_pod);
    assert_false(rung->plain);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_each_priority_has_its_place),
        TEST(test_crowded_priority),
        TEST(test_crowded_end),
        TEST(test_no_room),
        TEST(test_edit_moves_one),
        TEST(test_peer_costs_one_flow),
        TEST(test_everybody),
        TEST(test_pass),
        TEST(test_many_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
