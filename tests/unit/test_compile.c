/* SPDX-License-Identifier: Apache-2.0
 *
 * What events cost, and what of the flows no other test looks at.  Policies
 * and their flows as a whole are in tests/golden; that the flows do what the
 * policies say is for tests/prop. */

#include <config.h>

#include "compile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-actions.h"
#include "packets.h"
#include "util.h"

#include "flowset.h"
#include "flowtext.h"
#include "model.h"
#include "scene.h"

static int
setup(void **state)
{
    struct scene *s = xmalloc(sizeof *s);

    scene_init(s, NULL);
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

#define WEB(IP) SCENE_POD("shop", "web", "app: web", "n1", IP, \
                          "{name: http, containerPort: 80}")
#define DB(IP) SCENE_POD("shop", "db", "app: db", "n1", IP, "")
#define FAR(IP) SCENE_POD("shop", "far", "app: web", "n2", IP, "")
#define ALL "podSelector: {}, "
#define FROM_WEB "{from: [{podSelector: {matchLabels: {app: web}}}]}"

static char *
all_flows(const struct scene *s)
{
    return flowtext_table(s->fs, -1);
}

/* Without policies there is nothing but what is always there. */
static void
test_nothing(void **state)
{
    struct scene *s = *state;
    size_t n = flowset_count(s->fs);

    assert_int_equal(scene_apply(s, WEB("10.0.0.1") DB("10.0.0.2")), 0);
    assert_int_equal(flowset_count(s->fs), n);
    assert_int_equal(scene_count(s, TABLE_EGRESS_TARGET), 1);
    assert_int_equal(scene_count(s, TABLE_INGRESS_TARGET), 2);  /* S27. */
    assert_false(compile_run(s->compile));
}

/* What changes nothing costs nothing. */
static void
test_no_news(void **state)
{
    const char *policy = SCENE_POLICY("shop", "p", ALL "ingress: [" FROM_WEB
                                      "], egress: [{ports: [{port: http}]}]");
    struct scene *s = *state;

    scene_apply(s, WEB("10.0.0.1") DB("10.0.0.2"));
    assert_true(scene_apply(s, policy) > 0);
    assert_int_equal(scene_apply(s, policy), 0);

    /* Labels and ports that no selector asks for. */
    assert_int_equal(scene_apply(s, SCENE_POD("shop", "db", "app: db, x: y",
                                              "n1", "10.0.0.2",
                                              "{name: sql, "
                                              "containerPort: 5432}")), 0);
    assert_int_equal(scene_apply(s, SCENE_NAMESPACE("shop", "a: b")), 0);
    /* S42: the same policy under another name. */
    assert_int_equal(scene_apply(s, SCENE_POLICY("shop", "q", ALL "ingress: ["
                                                 FROM_WEB "]")), 0);

    /* Gone and back within one batch. */
    scene_delete(s, "NetworkPolicy", "shop", "p");
    scene_delete(s, "Pod", "shop", "db");
    assert_int_equal(scene_apply(s, policy), 4);
    scene_delete(s, "NetworkPolicy", "shop", "p");
    assert_int_equal(scene_apply(s, policy), 0);
    assert_int_equal(scene_apply(s, policy), 0);
}

/* A pod that joins a class, moves or goes costs its own flows alone, however
 * many policies name it. */
static void
test_pod_costs(void **state)
{
    struct scene *s = *state;

    scene_put(s, WEB("10.0.0.1") DB("10.0.0.2") FAR("10.0.0.3"));
    for (int i = 0; i < 20; i++) {
        char *policy = xasprintf(
            SCENE_POLICY("shop", "p%d", "podSelector: {matchLabels: "
                         "{app: db}}, ingress: [{from: [{podSelector: "
                         "{matchLabels: {app: web}}}], "
                         "ports: [{port: %d}]}]"), i, 1000 + i);

        scene_put(s, policy);
        free(policy);
    }
    scene_run(s);
    /* Another pod of a class that is there. */
    assert_int_equal(scene_apply(s, SCENE_POD("shop", "more", "app: web",
                                              "n2", "10.0.0.4", "")), 1);
    /* It moves: one address goes, one comes. */
    assert_int_equal(scene_apply(s, SCENE_POD("shop", "more", "app: web",
                                              "n2", "10.0.0.5", "")), 2);
    scene_delete(s, "Pod", "shop", "more");
    assert_int_equal(scene_run(s), 1);
    /* A target: its class and its way to itself. */
    assert_int_equal(scene_apply(s, SCENE_POD("shop", "db2", "app: db", "n1",
                                              "10.0.0.6", "")), 2);
    assert_int_equal(scene_apply(s, SCENE_POD("shop", "db2", "app: db", "n1",
                                              "10.0.0.7", "")), 4);
}

/* S34: a pod that changes its labels changes its class, once. */
static void
test_relabel(void **state)
{
    struct scene *s = *state;
    uint32_t class;

    scene_put(s, WEB("10.0.0.1") DB("10.0.0.2") FAR("10.0.0.3"));
    scene_apply(s, SCENE_POLICY("shop", "p", "podSelector: {matchLabels: "
                                "{app: db}}, ingress: [" FROM_WEB "]"));
    class = scene_class(s, TABLE_INGRESS_POD, "nw_src=10.0.0.3");
    assert_int_not_equal(class, 0);
    assert_int_equal(class, scene_class(s, TABLE_INGRESS_POD,
                                        "nw_src=10.0.0.1"));
    assert_int_equal(scene_apply(s, SCENE_POD("shop", "far", "app: old", "n2",
                                              "10.0.0.3", "")), 1);
    assert_int_equal(scene_class(s, TABLE_INGRESS_POD, "nw_src=10.0.0.3"), 0);
    assert_int_equal(scene_apply(s, FAR("10.0.0.3")), 1);
    assert_int_equal(scene_class(s, TABLE_INGRESS_POD, "nw_src=10.0.0.3"),
                     class);
}

/* S35: after the last policy the pod is free. */
static void
test_policy_goes(void **state)
{
    struct scene *s = *state;
    char *before, *after;

    scene_apply(s, WEB("10.0.0.1") DB("10.0.0.2"));
    before = all_flows(s);
    scene_apply(s, SCENE_POLICY("shop", "p", ALL)
                   SCENE_POLICY("shop", "q", ALL "ingress: [" FROM_WEB "]"));
    scene_delete(s, "NetworkPolicy", "shop", "p");
    scene_run(s);
    assert_int_not_equal(scene_class(s, TABLE_INGRESS_TARGET,
                                     "nw_dst=10.0.0.2"), 0);
    scene_delete(s, "NetworkPolicy", "shop", "q");
    scene_run(s);
    after = all_flows(s);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

/* The last policy goes while its pod changes. */
static void
test_policy_and_pod_at_once(void **state)
{
    struct scene *s = *state;

    scene_apply(s, WEB("10.0.0.1") SCENE_POLICY("shop", "p", ALL));
    scene_put(s, SCENE_POD("shop", "web", "app: other", "n1", "10.0.0.1",
                           ""));
    scene_delete(s, "NetworkPolicy", "shop", "p");
    scene_run(s);
    assert_int_equal(scene_class(s, TABLE_INGRESS_TARGET, "nw_dst=10.0.0.1"),
                     0);
    assert_int_equal(scene_apply(s, DB("10.0.0.2")), 0);
    assert_int_equal(scene_count(s, TABLE_DROP), 1);
}

/* A namespace goes into audit and back: just the flows of its targets'
 * addresses, and one for their class. */
static void
test_audit(void **state)
{
    struct scene *s = *state;
    char *targets, *drops;

    scene_apply(s, WEB("10.0.0.1") DB("10.0.0.2")
                SCENE_POLICY("shop", "p", ALL));
    assert_int_equal(scene_count(s, TABLE_DROP), 2);
    assert_int_equal(scene_apply(s, SCENE_ENFORCEMENT("shop", "audit")), 3);
    drops = scene_flows(s, TABLE_DROP);
    assert_non_null(strstr(drops, "reg0=0x10/0x10"));
    free(drops);
    targets = scene_flows(s, TABLE_INGRESS_TARGET);
    assert_non_null(strstr(targets, "nw_dst=10.0.0.1 actions="
                                    "set_field:0x10/0x10->reg0,"));
    free(targets);

    /* The last address takes the flow along. */
    scene_delete(s, "Pod", "shop", "web");
    scene_run(s);
    assert_int_equal(scene_count(s, TABLE_DROP), 3);
    assert_int_equal(scene_apply(s, SCENE_ENFORCEMENT("shop", "enforce")), 2);
    assert_int_equal(scene_count(s, TABLE_DROP), 2);
}

/* S39: the flows go where the address goes. */
static void
test_address_moves(void **state)
{
    struct scene *s = *state;
    uint32_t class;

    scene_apply(s, WEB("10.0.0.1")
                SCENE_POLICY("shop", "p", "podSelector: {matchLabels: "
                             "{app: db}}"));
    assert_int_equal(scene_count(s, TABLE_DROP), 1);
    assert_int_equal(scene_apply(s, DB("10.0.0.9")), 3);
    class = scene_class(s, TABLE_INGRESS_TARGET, "nw_dst=10.0.0.9");
    scene_delete(s, "Pod", "shop", "web");
    assert_int_equal(scene_apply(s, DB("10.0.0.1")), 4);
    assert_int_equal(scene_class(s, TABLE_INGRESS_TARGET, "nw_dst=10.0.0.1"),
                     class);
}

/* "Any peer, any service" makes a target's other rules needless. */
static void
test_allow_all(void **state)
{
    struct scene *s = *state;
    size_t n;

    scene_put(s, WEB("10.0.0.1") DB("10.0.0.2"));
    scene_apply(s, SCENE_POLICY("shop", "p", ALL "ingress: [" FROM_WEB "]"));
    n = scene_count(s, TABLE_INGRESS_RULE);
    scene_apply(s, SCENE_POLICY("shop", "open", ALL "ingress: [{}]"));
    assert_int_equal(scene_count(s, TABLE_INGRESS_RULE), 1 + 1);
    scene_delete(s, "NetworkPolicy", "shop", "open");
    scene_run(s);
    assert_int_equal(scene_count(s, TABLE_INGRESS_RULE), n);
}

/* S24: ports are matched for the families that targets have. */
static void
test_families(void **state)
{
    struct scene *s = *state;

    scene_put(s, WEB("10.0.0.1"));
    scene_apply(s, SCENE_POLICY("shop", "p", ALL "ingress: [{ports: "
                                "[{port: 80}]}]"));
    assert_int_equal(scene_count(s, TABLE_INGRESS_RULE), 1 + 1);
    scene_apply(s, DB("fd00::2"));
    assert_int_equal(scene_count(s, TABLE_INGRESS_RULE), 1 + 2);
    scene_apply(s, DB("fd00::3"));
    scene_delete(s, "Pod", "shop", "db");
    scene_run(s);
    assert_int_equal(scene_count(s, TABLE_INGRESS_RULE), 1 + 1);
    scene_apply(s, WEB("fd00::1"));
    assert_int_equal(scene_count(s, TABLE_INGRESS_RULE), 1 + 1);
}

/* Many conjunctions. */

#define MAX_RULES 16384

/* What the clause and conj_id flows say about one rule. */
struct seen {
    uint32_t id;
    uint16_t priority;
    uint8_t clauses;            /* A bit for each. */
    bool allows;
};

struct load {
    uint16_t min_priority;
    size_t max_parts, n_seen;
    struct seen seen[MAX_RULES];
};

static struct seen *
see(struct load *load, uint32_t id, uint16_t priority)
{
    struct seen *seen;
    size_t i = id % MAX_RULES;

    while (load->seen[i].id && load->seen[i].id != id) {
        i = (i + 1) % MAX_RULES;
    }
    seen = &load->seen[i];
    if (!seen->id) {
        assert_true(++load->n_seen < MAX_RULES);
        seen->id = id;
        seen->priority = priority;
    }
    assert_int_equal(seen->priority, priority);
    return seen;
}

static void
measure_flow(const struct flowset_flow *flow, void *load_)
{
    struct load *load = load_;
    const struct ofpact *a;
    size_t n = 0;

    if (flow->match.wc.masks.conj_id) {
        see(load, flow->match.flow.conj_id, flow->priority)->allows = true;
    }
    OFPACT_FOR_EACH (a, flow->ofpacts, flow->ofpacts_len) {
        if (a->type == OFPACT_CONJUNCTION) {
            const struct ofpact_conjunction *c = ofpact_get_CONJUNCTION(a);

            see(load, c->id, flow->priority)->clauses |= 1 << c->clause;
            assert_int_equal(c->n_clauses, 3);
            n++;
        }
    }
    if (n) {
        load->min_priority = MIN(load->min_priority, flow->priority);
        load->max_parts = MAX(load->max_parts, n);
    }
}

/* Each rule is complete, at one priority. */
static void
check_load(const struct load *load, size_t n_rules)
{
    assert_int_equal(load->n_seen, n_rules);
    for (size_t i = 0; i < MAX_RULES; i++) {
        if (load->seen[i].id) {
            assert_int_equal(load->seen[i].clauses, 7);
            assert_true(load->seen[i].allows);
        }
    }
}

static struct load *
measure(const struct scene *s)
{
    struct load *load = xzalloc(sizeof *load);

    load->min_priority = UINT16_MAX;
    flowset_for_each(s->fs, false, measure_flow, load);
    return load;
}

/* A policy with 'n' rules from the 'first'-th on that need a conjunction each:
 * for three targets, several peers, and all for the same port. */
static void
put_conjunctions(struct scene *s, const char *name, size_t first, size_t n)
{
    struct ds yaml = DS_EMPTY_INITIALIZER;

    ds_put_format(&yaml, "apiVersion: networking.k8s.io/v1\n"
                         "kind: NetworkPolicy\n"
                         "metadata: {namespace: shop, name: %s}\n"
                         "spec:\n  podSelector: {}\n  ingress:\n", name);
    for (size_t i = first; i < first + n; i++) {
        ds_put_format(&yaml, "  - ports: [{port: 443}]\n"
                             "    from:\n"
                             "    - podSelector: {}\n"
                             "    - ipBlock: {cidr: 172.16.%"PRIuSIZE
                             ".%"PRIuSIZE"/32}\n", i / 256, i % 256);
    }
    scene_put(s, ds_cstr(&yaml));
    ds_destroy(&yaml);
}

/* Three pods that are in three target and three peer classes. */
static void
put_three_classes(struct scene *s)
{
    for (int i = 0; i < 3; i++) {
        char *pod = xasprintf(SCENE_POD("shop", "p%d", "l%d: x", "n1",
                                        "10.0.0.%d", ""), i, i, i);
        char *policy = xasprintf(SCENE_POLICY("shop", "p%d", "podSelector: "
                                              "{matchLabels: {l%d: x}}, "
                                              "ingress: [{from: [{podSelector:"
                                              " {matchLabels: {l%d: x}}}]}]"),
                                 i, i, i);

        scene_put(s, pod);
        scene_put(s, policy);
        free(pod);
        free(policy);
    }
}

/* No flow gets more conjunction() actions than Open vSwitch shows. */
static void
test_bands(void **state)
{
    struct scene *s = *state;
    struct compile_stats stats;
    struct load *load;
    char *small, *again;

    put_three_classes(s);
    put_conjunctions(s, "many", 0, FLOWSET_MAX_PARTS);
    scene_run(s);
    load = measure(s);
    check_load(load, FLOWSET_MAX_PARTS);
    assert_int_equal(load->max_parts, FLOWSET_MAX_PARTS);
    assert_int_equal(load->min_priority, PRIORITY_CONJ);
    free(load);
    small = all_flows(s);

    put_conjunctions(s, "many", 0, FLOWSET_MAX_PARTS + 1);
    scene_run(s);
    load = measure(s);
    check_load(load, FLOWSET_MAX_PARTS + 1);
    assert_true(load->max_parts < FLOWSET_MAX_PARTS * 2 / 3);
    assert_int_equal(load->min_priority, PRIORITY_CONJ - 1);
    free(load);
    compile_get_stats(s->compile, &stats);
    assert_int_equal(stats.n_conjunctions,
                     (FLOWSET_MAX_PARTS + 1) * (3 + 4 + 1));

    put_conjunctions(s, "many", 0, FLOWSET_MAX_PARTS);
    scene_run(s);
    again = all_flows(s);
    assert_string_equal(small, again);
    free(small);
    free(again);
}

/* 10,000 rules of one node that share tcp/443. */
static void
test_many_rules(void **state)
{
    struct scene *s = *state;
    struct load *load;

    put_three_classes(s);
    put_conjunctions(s, "one", 0, 5000);
    put_conjunctions(s, "two", 5000, 5000);
    scene_run(s);
    load = measure(s);
    check_load(load, 10000);
    assert_true(load->max_parts <= FLOWSET_MAX_PARTS);
    free(load);

    /* Two thirds of them go. */
    scene_delete(s, "NetworkPolicy", "shop", "two");
    put_conjunctions(s, "one", 0, 3333);
    scene_run(s);
    load = measure(s);
    check_load(load, 3333);
    assert_int_equal(load->min_priority, PRIORITY_CONJ);
    free(load);
}

/* S27: the node's traffic comes in where the gateway is. */
static void
test_gateway(void **state)
{
    struct scene *s = *state;
    const struct model_mark mark = { 1, UINT32_MAX };
    struct in6_addr addrs[2];
    char *text;

    assert_false(compile_set_gateway(s->compile, 0xfffe));
    assert_true(compile_set_gateway(s->compile, 7));
    text = scene_flows(s, TABLE_INGRESS_TARGET);
    assert_non_null(strstr(text, "priority=200,ip,in_port=7,"
                                 "nw_src=192.168.0.1 "));
    assert_null(strstr(text, "LOCAL"));
    free(text);

    assert_true(address_parse("192.168.0.2", &addrs[0]));
    assert_true(address_parse("fd00::2", &addrs[1]));
    model_set_node_addresses(s->model, addrs, 2);
    scene_run(s);
    assert_int_equal(scene_count(s, TABLE_INGRESS_TARGET), 1 + 2);
    assert_true(compile_set_gateway(s->compile, 0));
    assert_int_equal(scene_count(s, TABLE_INGRESS_TARGET), 1);
    /* Pods may be able to reach the tunnel ports all the same. */
    text = scene_flows(s, TABLE_CONNTRACK);
    assert_non_null(strstr(text, "udp,reg0=0x2/0x2,nw_dst=192.168.0.2,"
                                 "tp_dst=4789 "));
    free(text);
    model_set_node_addresses(s->model, addrs, 1);
    scene_run(s);
    assert_int_equal(scene_count(s, TABLE_INGRESS_TARGET), 1);
    assert_true(compile_set_gateway(s->compile, 0xfffe));
    assert_int_equal(scene_count(s, TABLE_INGRESS_TARGET), 2);

    assert_true(model_set_node_mark(s->model, mark));
    assert_false(model_set_node_mark(s->model, mark));
    scene_run(s);
    text = scene_flows(s, TABLE_INGRESS_TARGET);
    assert_non_null(strstr(text, "priority=200,pkt_mark=0x1,ip,"));
    free(text);
    assert_int_equal(scene_count(s, TABLE_INGRESS_TARGET), 2);
}

static void
test_next_table(void **state)
{
    const struct compile_config config = {
        .pipeline = { .base = 40, .zone = 40, .attach = ATTACH_CHAIN },
    };
    struct scene s;
    char *text;

    scene_init(&s, &config);
    assert_int_equal(scene_count(&s, TABLE_OUTPUT), 0);
    assert_true(compile_set_next_table(s.compile, 7));
    assert_false(compile_set_next_table(s.compile, 7));
    assert_true(compile_set_next_table(s.compile, 8));
    text = scene_flows(&s, TABLE_OUTPUT);
    assert_non_null(strstr(text, ",resubmit(,8)\n"));
    assert_int_equal(scene_count(&s, TABLE_OUTPUT), 1);
    free(text);
    scene_uninit(&s);
}

/* S25: Service addresses go past the egress rules. */
static void
test_services(void **state)
{
    struct scene *s = *state;
    struct prefix cidrs[3];

    assert_true(prefix_parse("10.96.0.0/12", &cidrs[0]));
    assert_true(prefix_parse("fd00:96::/108", &cidrs[1]));
    cidrs[2] = cidrs[0];
    model_set_service_cidrs(s->model, cidrs, 3);
    assert_int_equal(scene_run(s), 2);
    assert_int_equal(scene_count(s, TABLE_EGRESS_TARGET), 1 + 2);
    model_set_service_cidrs(s->model, &cidrs[1], 1);
    assert_int_equal(scene_run(s), 1);
    model_set_service_cidrs(s->model, NULL, 0);
    assert_int_equal(scene_run(s), 1);
    assert_int_equal(scene_count(s, TABLE_EGRESS_TARGET), 1);
}

/* The spoof guard stands only where it is asked for. */
static void
test_guard(void **state OVS_UNUSED)
{
    for (int guard = 0; guard < 2; guard++) {
        struct compile_config config = {
            .pipeline = { 100, 7, true }, .spoof_guard = guard,
        };
        struct model_port port = {
            .ns = CONST_CAST(char *, "shop"),
            .name = CONST_CAST(char *, "web"),
            .interface = CONST_CAST(char *, "veth0"), .ofport = 3,
        };
        struct scene s;

        scene_init(&s, &config);
        model_set_ports(s.model, &port, 1);
        scene_run(&s);
        assert_int_equal(scene_count(&s, TABLE_SPOOF_GUARD), 2 + guard);
        scene_apply(&s, WEB("10.0.0.1"));
        assert_int_equal(scene_count(&s, TABLE_SPOOF_GUARD), 2 + 7 * guard);
        assert_int_equal(compile_config(s.compile)->pipeline.base, 100);
        scene_uninit(&s);
    }
}

static void
test_stats(void **state)
{
    struct scene *s = *state;
    struct compile_stats stats;

    scene_put(s, WEB("10.0.0.1") DB("10.0.0.2") FAR("10.0.0.3"));
    scene_apply(s, SCENE_POLICY("shop", "p", "podSelector: {matchLabels: "
                                "{app: db}}, ingress: [" FROM_WEB ", "
                                "{from: [{ipBlock: {cidr: 10.1.0.0/16}}]}]"));
    compile_get_stats(s->compile, &stats);
    assert_int_equal(stats.n_members, 3);
    assert_int_equal(stats.n_policies, 1);
    assert_int_equal(stats.n_rules[K8S_INGRESS], 2);
    assert_int_equal(stats.n_rules[K8S_EGRESS], 0);
    assert_int_equal(stats.n_target_classes[K8S_INGRESS], 1);
    assert_int_equal(stats.n_target_classes[K8S_EGRESS], 0);
    assert_int_equal(stats.n_peer_classes[K8S_INGRESS], 1);
    assert_int_equal(stats.n_net_classes[K8S_INGRESS], 1);
    assert_int_equal(stats.n_flows, flowset_count(s->fs));
    assert_int_equal(stats.n_conjunctions, 0);
}

/* However things came about, the flows are the same. */
static void
test_order_does_not_matter(void **state)
{
    static const char *const parts[] = {
        WEB("10.0.0.1"), DB("10.0.0.2"), FAR("10.0.0.3"),
        SCENE_NAMESPACE("shop", "team: a"),
        SCENE_POLICY("shop", "p", ALL "ingress: [" FROM_WEB ", {from: "
                     "[{namespaceSelector: {matchLabels: {team: a}}}], "
                     "ports: [{port: http}]}]"),
        SCENE_POLICY("shop", "q", ALL "egress: [{to: [{ipBlock: {cidr: "
                     "10.0.0.0/8, except: [10.0.0.2/32]}}]}]"),
    };
    struct scene *s = *state;
    char *want;

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        scene_put(s, parts[i]);
    }
    scene_run(s);
    want = all_flows(s);
    for (size_t first = 0; first < ARRAY_SIZE(parts); first++) {
        struct scene other;
        char *got;

        scene_init(&other, NULL);
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
            scene_apply(&other, parts[(first + i * 5) % ARRAY_SIZE(parts)]);
        }
        got = all_flows(&other);
        assert_string_equal(got, want);
        free(got);
        scene_uninit(&other);
    }
    free(want);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing),
        TEST(test_no_news),
        TEST(test_pod_costs),
        TEST(test_relabel),
        TEST(test_policy_goes),
        TEST(test_policy_and_pod_at_once),
        TEST(test_audit),
        TEST(test_address_moves),
        TEST(test_allow_all),
        TEST(test_families),
        TEST(test_bands),
        TEST(test_many_rules),
        TEST(test_gateway),
        cmocka_unit_test(test_next_table),
        TEST(test_services),
        cmocka_unit_test(test_guard),
        TEST(test_stats),
        TEST(test_order_does_not_matter),
    };
#undef TEST

    return cmocka_run_group_tests_name("compile", tests, NULL, NULL);
}
