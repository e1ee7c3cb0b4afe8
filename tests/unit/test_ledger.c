/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flowset.h"
#include "openvswitch/match.h"
#include "policy.h"
#include "ptrs.h"
#include "scene.h"
#include "util.h"

/* Two policies that say the same of different pods; a third one that isolates
 * one of them as well. */
#define FROM_WEB                                                        \
    "ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]"
#define CLUSTER                                                         \
    SCENE_POD("shop", "web", "app: web", "n2", "10.0.0.1", "")          \
    SCENE_POD("shop", "db", "app: db", "n1", "10.0.0.2", "")            \
    SCENE_POD("shop", "log", "app: log", "n1", "10.0.0.3", "")          \
    SCENE_POLICY("shop", "db", "podSelector: {matchLabels: {app: db}}, " \
                 FROM_WEB)                                              \
    SCENE_POLICY("shop", "log", "podSelector: {matchLabels: {app: log}}, " \
                 FROM_WEB)                                              \
    SCENE_POLICY("shop", "none", "podSelector: {matchLabels: {app: log}}")

struct fixture {
    struct scene scene;
    struct ledger *ledger;
};

static int
setup(void **state)
{
    struct fixture *f = xmalloc(sizeof *f);

    scene_init(&f->scene, NULL);
    f->ledger = ledger_create(f->scene.compile, 100);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    ledger_destroy(f->ledger);
    scene_uninit(&f->scene);
    free(f);
    return 0;
}

/* A reading in which each flow of a kind, of those about 'target' if that is
 * not 0, has the same count. */
struct reading {
    struct ledger *ledger;
    enum cookie_kind kind;
    uint32_t target;
    uint64_t packets;
    size_t n;                   /* Flows that were read. */
};

static void
read_flow(const struct flowset_flow *flow, void *r_)
{
    struct reading *r = r_;

    if (cookie_kind(flow->cookie) != r->kind
        || (r->target
            && flow->match.flow.regs[REG_TARGET(K8S_INGRESS)] != r->target)) {
        return;
    }
    r->n++;
    ledger_read(r->ledger, &(struct ledger_flow) {
        .table = flow->table,
        .priority = flow->priority,
        .cookie = flow->cookie,
        .match = &flow->match,
        .count = { r->packets, r->packets * 100 },
    });
}

static size_t
read_all(struct fixture *f, enum cookie_kind kind, uint32_t target,
         uint64_t packets)
{
    struct reading r = { f->ledger, kind, target, packets, 0 };

    flowset_for_each(f->scene.fs, false, read_flow, &r);
    return r.n;
}

static void
read_once(struct fixture *f, enum cookie_kind kind, uint32_t target,
          uint64_t packets)
{
    assert_int_not_equal(read_all(f, kind, target, packets), 0);
    ledger_finish(f->ledger, true);
}

static uint64_t
policy_packets(const struct fixture *f, const char *name,
               enum ledger_verdict verdict)
{
    size_t n;
    const struct ledger_account **accounts = ledger_policies(f->ledger, &n);
    uint64_t packets = 0;

    for (size_t i = 0; i < n; i++) {
        assert_string_equal(accounts[i]->ns, "shop");
        if (!strcmp(accounts[i]->name, name)) {
            packets = accounts[i]->counts[K8S_INGRESS][verdict].packets;
            assert_int_equal(accounts[i]->counts[K8S_INGRESS][verdict].bytes,
                             100 * packets);
            assert_int_equal(accounts[i]->counts[K8S_EGRESS][verdict].packets,
                             0);
        }
    }
    free(accounts);
    return packets;
}

static void
expect_tier(const struct fixture *f, enum k8s_tier tier, uint64_t packets)
{
    const struct ledger_account *a = ledger_tier(f->ledger, tier);

    assert_int_equal(a->counts[K8S_INGRESS][LEDGER_DENIED].packets, packets);
    assert_int_equal(a->tier, tier);
    assert_true(k8s_kind_is_cluster_policy(a->kind));
    assert_null(a->name);
}

static uint64_t
namespace_packets(const struct fixture *f, enum ledger_verdict verdict)
{
    size_t n;
    const struct ledger_account **accounts = ledger_namespaces(f->ledger, &n);
    uint64_t packets = 0;

    if (n) {
        assert_int_equal(n, 1);
        assert_string_equal(accounts[0]->ns, "shop");
        assert_null(accounts[0]->name);
        packets = accounts[0]->counts[K8S_INGRESS][verdict].packets;
    }
    free(accounts);
    return packets;
}

static uint32_t
target_of(const struct fixture *f, const char *address)
{
    char *match = xasprintf("nw_dst=%s", address);
    uint32_t class = scene_class(&f->scene, TABLE_INGRESS_TARGET, match);

    free(match);
    assert_int_not_equal(class, 0);
    return class;
}

/* A flow that says its target is about the policies of that one. */
static void
test_allowed(void **state)
{
    struct fixture *f = *state;

    scene_apply(&f->scene, CLUSTER);
    read_once(f, COOKIE_RULE, target_of(f, "10.0.0.2"), 5);
    assert_int_equal(policy_packets(f, "db", LEDGER_ALLOWED), 5);
    assert_int_equal(policy_packets(f, "log", LEDGER_ALLOWED), 0);
    assert_int_equal(policy_packets(f, "none", LEDGER_ALLOWED), 0);
    assert_int_equal(namespace_packets(f, LEDGER_DENIED), 0);
}

/* All that isolate. */
static void
test_denied(void **state)
{
    struct fixture *f = *state;

    scene_apply(&f->scene, CLUSTER);
    read_once(f, COOKIE_DROP, target_of(f, "10.0.0.3"), 7);
    assert_int_equal(policy_packets(f, "db", LEDGER_DENIED), 0);
    assert_int_equal(policy_packets(f, "log", LEDGER_DENIED), 7);
    assert_int_equal(policy_packets(f, "none", LEDGER_DENIED), 7);
    assert_int_equal(namespace_packets(f, LEDGER_DENIED), 7);
}

static void
test_audited(void **state)
{
    struct fixture *f = *state;

    scene_apply(&f->scene, SCENE_ENFORCEMENT("shop", "audit") CLUSTER);
    read_once(f, COOKIE_AUDIT, 0, 3);
    assert_int_equal(policy_packets(f, "db", LEDGER_AUDITED), 3);
    assert_int_equal(policy_packets(f, "db", LEDGER_DENIED), 0);
    assert_int_equal(namespace_packets(f, LEDGER_AUDITED), 6);
}

/* A conjunction does not say for which target it fired. */
static void
test_conjunction(void **state)
{
    struct fixture *f = *state;
    size_t n;

    scene_apply(&f->scene, CLUSTER
                SCENE_POD("shop", "app", "app: web, a: b", "n2", "10.0.0.4",
                          "")
                SCENE_POD("shop", "a", "a: b", "n2", "10.0.0.5", "")
                SCENE_POD("shop", "d", "app: web, d: b", "n2", "10.0.0.6", "")
                SCENE_POLICY("shop", "more", "podSelector: {matchExpressions: "
                             "[{key: app, operator: In, values: [db, log]}]}, "
                             "ingress: [{from: [{podSelector: {matchLabels: "
                             "{a: b}}}, {podSelector: {matchLabels: "
                             "{d: b}}}]}]"));
    assert_true(scene_count(&f->scene, TABLE_INGRESS_RULE) > 0);
    read_once(f, COOKIE_RULE, 0, 2);
    const struct ledger_item **items = ledger_items(f->ledger, &n);
    assert_true(n >= 2);
    for (size_t i = 0; i < n; i++) {
        struct ptrs policies = PTRS_INITIALIZER;

        assert_int_equal(items[i]->verdict, LEDGER_ALLOWED);
        assert_int_equal(items[i]->direction, K8S_INGRESS);
        ledger_item_policies(f->ledger, items[i], &policies);
        assert_in_range(policies.n, 1, 2);
        ptrs_uninit(&policies);
    }
    free(items);
    assert_int_not_equal(policy_packets(f, "db", LEDGER_ALLOWED), 0);
    assert_int_not_equal(policy_packets(f, "log", LEDGER_ALLOWED), 0);
    assert_int_not_equal(policy_packets(f, "more", LEDGER_ALLOWED), 0);
}

/* Only what is new counts, and a flow that was made anew begins at 0. */
static void
test_deltas(void **state)
{
    struct fixture *f = *state;
    uint32_t db;

    scene_apply(&f->scene, CLUSTER);
    db = target_of(f, "10.0.0.2");
    read_once(f, COOKIE_DROP, db, 10);
    read_once(f, COOKIE_DROP, db, 10);
    assert_int_equal(policy_packets(f, "db", LEDGER_DENIED), 10);
    read_once(f, COOKIE_DROP, db, 15);
    assert_int_equal(policy_packets(f, "db", LEDGER_DENIED), 15);
    read_once(f, COOKIE_DROP, db, 4);
    assert_int_equal(policy_packets(f, "db", LEDGER_DENIED), 19);

    /* Gone, and back with more than before. */
    ledger_finish(f->ledger, true);
    read_once(f, COOKIE_DROP, db, 6);
    assert_int_equal(policy_packets(f, "db", LEDGER_DENIED), 25);

    /* Just not read. */
    ledger_finish(f->ledger, false);
    read_once(f, COOKIE_DROP, db, 7);
    assert_int_equal(policy_packets(f, "db", LEDGER_DENIED), 26);
}

/* Who is gone has no counters any more. */
static void
test_gone(void **state)
{
    struct fixture *f = *state;
    size_t n;

    scene_apply(&f->scene, CLUSTER);
    read_once(f, COOKIE_DROP, 0, 10);
    assert_int_equal(policy_packets(f, "none", LEDGER_DENIED), 10);
    assert_int_equal(ledger_n_flows(f->ledger), 2);
    scene_delete(&f->scene, "NetworkPolicy", "shop", "none");
    scene_run(&f->scene);
    ledger_finish(f->ledger, true);
    assert_int_equal(ledger_n_flows(f->ledger), 0);
    assert_int_equal(policy_packets(f, "none", LEDGER_DENIED), 0);
    assert_int_equal(policy_packets(f, "log", LEDGER_DENIED), 10);
    free(ledger_items(f->ledger, &n));
    assert_int_equal(n, 2);

    scene_delete(&f->scene, "NetworkPolicy", "shop", "log");
    scene_delete(&f->scene, "NetworkPolicy", "shop", "db");
    scene_run(&f->scene);
    ledger_finish(f->ledger, true);
    free(ledger_items(f->ledger, &n));
    assert_int_equal(n, 0);
    free(ledger_policies(f->ledger, &n));
    assert_int_equal(n, 0);
    free(ledger_namespaces(f->ledger, &n));
    assert_int_equal(n, 0);
}

/* A reading of flows that we have no use for any more. */
static void
test_late(void **state)
{
    struct fixture *f = *state;
    size_t n;

    scene_apply(&f->scene, CLUSTER);
    assert_int_equal(read_all(f, COOKIE_DROP, 0, 10), 2);
    scene_delete(&f->scene, "NetworkPolicy", "shop", "db");
    scene_run(&f->scene);
    ledger_finish(f->ledger, true);
    assert_int_equal(policy_packets(f, "db", LEDGER_DENIED), 0);
    assert_int_equal(policy_packets(f, "log", LEDGER_DENIED), 10);
    free(ledger_items(f->ledger, &n));
    assert_int_equal(n, 1);
}

/* What there is no room for is one sum. */
static void
test_bound(void **state)
{
    struct fixture *f = *state;
    const struct ledger_account *other;
    size_t n;

    ledger_destroy(f->ledger);
    f->ledger = ledger_create(f->scene.compile, 1);
    scene_apply(&f->scene, CLUSTER);
    read_once(f, COOKIE_DROP, target_of(f, "10.0.0.2"), 4);
    read_once(f, COOKIE_DROP, target_of(f, "10.0.0.3"), 5);
    free(ledger_policies(f->ledger, &n));
    assert_int_equal(n, 1);
    assert_int_equal(policy_packets(f, "db", LEDGER_DENIED), 4);
    other = ledger_other_policies(f->ledger);
    assert_null(other->ns);
    assert_int_equal(other->counts[K8S_INGRESS][LEDGER_DENIED].packets, 10);
    assert_int_equal(namespace_packets(f, LEDGER_DENIED), 9);

    ledger_destroy(f->ledger);
    f->ledger = ledger_create(f->scene.compile, 0);
    read_once(f, COOKIE_DROP, 0, 4);
    free(ledger_policies(f->ledger, &n));
    assert_int_equal(n, 0);
    other = ledger_other_namespaces(f->ledger);
    assert_int_equal(other->counts[K8S_INGRESS][LEDGER_DENIED].packets, 8);
}

#define CLUSTER_POLICY(TIER)                                            \
    "---\n"                                                             \
    "apiVersion: policy.networking.k8s.io/v1alpha2\n"                   \
    "kind: ClusterNetworkPolicy\n"                                      \
    "metadata: {name: strict}\n"                                        \
    "spec: {tier: " TIER ", priority: 1, subject: {namespaces: {}},\n"  \
    " ingress: [{action: Deny, from: [{namespaces: {}}]}]}\n"

/* What cluster policies deny is that of their tier, and of no namespace. */
static void
test_tiers(void **state)
{
    struct fixture *f = *state;
    const struct ledger_account **accounts;
    const struct ledger_item **items;
    enum k8s_tier tier;
    size_t n;

    /* A pod that nobody isolates, for the Baseline. */
    scene_apply(&f->scene, CLUSTER CLUSTER_POLICY("Admin")
                SCENE_POD("shop", "free", "app: free", "n1", "10.0.0.4", ""));
    read_once(f, COOKIE_DENY, 0, 4);
    accounts = ledger_policies(f->ledger, &n);
    assert_int_equal(n, 1);
    assert_null(accounts[0]->ns);
    assert_string_equal(accounts[0]->name, "strict");
    assert_int_equal(accounts[0]->kind, K8S_CLUSTER_POLICY);
    assert_int_equal(accounts[0]->tier, K8S_ADMIN);
    assert_int_equal(accounts[0]->counts[K8S_INGRESS][LEDGER_DENIED].packets,
                     4);
    free(accounts);
    items = ledger_items(f->ledger, &n);
    assert_int_equal(n, 1);
    assert_true(ledger_item_tier(f->ledger, items[0], &tier));
    assert_int_equal(tier, K8S_ADMIN);
    free(items);
    expect_tier(f, K8S_ADMIN, 4);
    expect_tier(f, K8S_BASELINE, 0);
    assert_int_equal(namespace_packets(f, LEDGER_DENIED), 0);
    assert_int_equal(ledger_other_namespaces(f->ledger)
                     ->counts[K8S_INGRESS][LEDGER_DENIED].packets, 0);

    /* In the other tier it begins anew; what the tier had stays. */
    scene_apply(&f->scene, CLUSTER_POLICY("Baseline"));
    ledger_finish(f->ledger, true);
    free(ledger_policies(f->ledger, &n));
    assert_int_equal(n, 0);
    read_once(f, COOKIE_DENY, 0, 5);
    accounts = ledger_policies(f->ledger, &n);
    assert_int_equal(n, 1);
    assert_int_equal(accounts[0]->tier, K8S_BASELINE);
    free(accounts);
    expect_tier(f, K8S_ADMIN, 4);
    expect_tier(f, K8S_BASELINE, 5);

    /* NetworkPolicies are of no tier. */
    read_once(f, COOKIE_DROP, target_of(f, "10.0.0.2"), 7);
    items = ledger_items(f->ledger, &n);
    assert_int_equal(n, 2);
    assert_false(ledger_item_tier(f->ledger, items[0], &tier));
    free(items);
}

/* Other kinds of flows mean nothing here. */
static void
test_other_flows(void **state)
{
    struct fixture *f = *state;
    size_t n;

    scene_apply(&f->scene, CLUSTER);
    read_once(f, COOKIE_STATIC, 0, 4);
    read_once(f, COOKIE_TARGET, 0, 4);
    read_once(f, COOKIE_PEER, 0, 4);
    read_once(f, COOKIE_DROP, 0, 0);
    free(ledger_items(f->ledger, &n));
    assert_int_equal(n, 0);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_allowed),
        TEST(test_denied),
        TEST(test_audited),
        TEST(test_conjunction),
        TEST(test_deltas),
        TEST(test_gone),
        TEST(test_late),
        TEST(test_bound),
        TEST(test_tiers),
        TEST(test_other_flows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
