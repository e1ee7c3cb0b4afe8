/* SPDX-License-Identifier: Apache-2.0
 *
 * Ten thousand conjunctions that share a port, or a target: no flow gets more
 * conjunction() actions than Open vSwitch shows again, and the flows still do
 * what the policies say. */

#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cluster.h"
#include "compile.h"
#include "flow-check.h"
#include "flowset.h"
#include "model.h"
#include "openvswitch/ofp-actions.h"
#include "packets.h"
#include "property.h"
#include "util.h"
#include "world.h"

#define NS "many"

/* Policy i lets in the pods from number i on that its width tells, on all of
 * 'services'. */
struct many {
    struct world world;
    unsigned int n_targets;
    unsigned int width;
    const struct verify_service *services;
    size_t n_services;
};

/* Objects. */

static struct in6_addr
peer_address(unsigned int i)
{
    return in6_addr_mapped_ipv4(htonl(0x0a800000 + 1 + i));
}

static struct in6_addr
target_address(unsigned int i)
{
    return in6_addr_mapped_ipv4(htonl(0x0a000000 + 1 + i));
}

static void
put_pod(struct many *m, const char *name, const char *node,
        const struct in6_addr *addr, const char *key)
{
    struct label_pair pairs[2] = { { key, name }, { "kind", key } };
    struct k8s_pod *pod = xzalloc(sizeof *pod);

    pod->up.kind = K8S_POD;
    pod->up.ns = xstrdup(NS);
    pod->up.name = xstrdup(name);
    pod->node = xstrdup(node);
    pod->labels = label_set_create(m->world.pool, pairs, 2);
    pod->addresses = xmemdup(addr, sizeof *addr);
    pod->n_addresses = 1;
    model_put(m->world.model, &pod->up);
}

static void
put_peer(struct many *m, unsigned int i)
{
    struct in6_addr addr = peer_address(i);
    char name[16];

    snprintf(name, sizeof name, "c%u", i);
    put_pod(m, name, "node-2", &addr, "client");
}

static void
put_target(struct many *m, unsigned int i)
{
    struct in6_addr addr = target_address(i);
    char name[16];

    snprintf(name, sizeof name, "s%u", i);
    put_pod(m, name, "node-1", &addr, "server");
}

static struct selector *
select_label(struct many *m, const char *key, const char *value)
{
    struct selector_requirement req = {
        .key = key, .op = SELECTOR_IN, .values = &value, .n_values = 1
    };

    return selector_create(m->world.pool, &req, 1);
}

static struct k8s_policy *
make_policy(const char *name, struct selector *pods)
{
    struct k8s_policy *policy = xzalloc(sizeof *policy);

    policy->up.kind = K8S_POLICY;
    policy->up.ns = xstrdup(NS);
    policy->up.name = xstrdup(name);
    policy->pods = pods;
    policy->isolates[K8S_INGRESS] = true;
    return policy;
}

static void
add_peers(struct many *m, unsigned int i, struct k8s_rule *rule)
{
    rule->n_peers = m->width;
    rule->peers = xcalloc(m->width, sizeof *rule->peers);
    for (unsigned int j = 0; j < m->width; j++) {
        char client[16];

        snprintf(client, sizeof client, "c%u", i + j);
        rule->peers[j].pods = select_label(m, "client", client);
    }
}

static void
put_policy(struct many *m, unsigned int i)
{
    char name[16];
    struct k8s_policy *policy;
    struct k8s_rule *rule = xzalloc(sizeof *rule);

    snprintf(name, sizeof name, "np%u", i);
    policy = make_policy(name, select_label(m, "kind", "server"));
    add_peers(m, i, rule);
    rule->n_ports = m->n_services;
    rule->ports = xcalloc(m->n_services, sizeof *rule->ports);
    for (size_t j = 0; j < m->n_services; j++) {
        rule->ports[j].protocol = m->services[j].protocol;
        rule->ports[j].first = rule->ports[j].last = m->services[j].port;
    }
    policy->rules[K8S_INGRESS] = rule;
    policy->n_rules[K8S_INGRESS] = 1;
    model_put(m->world.model, &policy->up);
}

/* A policy of its own for each target, so that each is a class. */
static void
tell_targets_apart(struct many *m)
{
    for (unsigned int i = 0; i < m->n_targets; i++) {
        struct k8s_policy *policy;
        char name[16];

        snprintf(name, sizeof name, "s%u", i);
        policy = make_policy(name, select_label(m, "server", name));
        model_put(m->world.model, &policy->up);
    }
}

static void
many_init(struct many *m, unsigned int n_policies)
{
    struct compile_config config = {
        .pipeline = {
            .base = PIPELINE_DEFAULT_BASE, .zone = PIPELINE_DEFAULT_ZONE
        }
    };

    world_init(&m->world, &config);
    model_set_node_name(m->world.model, "node-1");
    for (unsigned int i = 0; i < m->n_targets; i++) {
        put_target(m, i);
    }
    for (unsigned int i = 0; i < n_policies + m->width; i++) {
        put_peer(m, i);
    }
    tell_targets_apart(m);
    for (unsigned int i = 0; i < n_policies; i++) {
        put_policy(m, i);
    }
    compile_run(m->world.compile);
}

/* Checks. */

struct sizes {
    size_t n_flows, n_conjunctions, n_ids, max_parts;
};

static void
measure_flow(const struct flowset_flow *flow, void *sizes_)
{
    struct sizes *sizes = sizes_;
    const struct ofpact *a;
    size_t n = 0;

    OFPACT_FOR_EACH (a, flow->ofpacts, flow->ofpacts_len) {
        n += a->type == OFPACT_CONJUNCTION;
    }
    sizes->n_flows++;
    sizes->n_conjunctions += n;
    sizes->n_ids += flow->match.wc.masks.conj_id != 0;
    sizes->max_parts = MAX(sizes->max_parts, n);
}

static struct sizes
measure(const struct many *m)
{
    struct sizes sizes = { 0, 0, 0, 0 };

    flowset_for_each(compile_flowset(m->world.compile), false, measure_flow,
                     &sizes);
    return sizes;
}

/* 'n_policies' conjunctions are in the flowset, none too large, and nothing
 * else but what 'm' says. */
static void
check_sizes(const struct many *m, size_t n_policies)
{
    struct sizes sizes = measure(m);
    size_t clauses = m->n_targets + m->width + m->n_services;

    assert_int_equal(sizes.n_ids, n_policies);
    assert_int_equal(sizes.n_conjunctions, n_policies * clauses);
    assert_true(sizes.max_parts <= FLOWSET_MAX_PARTS);
    assert_int_equal(sizes.n_flows, flowset_count(
                         compile_flowset(m->world.compile)));
}

/* Tries pairs of some targets and peers, among them the last ones. */
static void
check_verdicts(const struct many *m, unsigned int n_policies)
{
    static struct verify_service services[] = {
        { IPPROTO_TCP, 443 }, { IPPROTO_TCP, 444 }, { IPPROTO_UDP, 53 },
        { IPPROTO_ICMP, 0 }
    };
    unsigned int end = n_policies + m->width;
    unsigned int peers[] = { 0, 1, 4086, 4087, 4088, end - 2, end - 1, end };
    struct in6_addr addresses[ARRAY_SIZE(peers) + 2];
    size_t n = 0, n_cells = 0;
    char *error;

    for (size_t i = 0; i < ARRAY_SIZE(peers); i++) {
        addresses[n++] = peer_address(peers[i]);
    }
    addresses[n++] = target_address(0);
    addresses[n++] = target_address(m->n_targets - 1);
    error = flow_check_world(&m->world,
                             &(struct verify_plan) {
                                 addresses, n, services, ARRAY_SIZE(services)
                             }, &n_cells);
    if (error) {
        property_print(error);
        free(error);
        fail();
    }
}

static void
count_change(const struct flowset_change *change, void *aux)
{
}

static size_t
settle(struct many *m)
{
    compile_run(m->world.compile);
    return flowset_take_delta(compile_flowset(m->world.compile), count_change,
                              NULL);
}

/* A second pod with the labels of a peer costs one flow: only ingress knows of
 * it. */
static void
check_arrival(struct many *m)
{
    struct in6_addr addr = in6_addr_mapped_ipv4(htonl(0x0affff01));
    struct k8s_pod *twin;
    const struct k8s_object *o
        = model_get(m->world.model, K8S_POD, NS, "c7");

    settle(m);
    twin = xzalloc(sizeof *twin);
    twin->up.kind = K8S_POD;
    twin->up.ns = xstrdup(NS);
    twin->up.name = xstrdup("twin");
    twin->labels = label_set_ref(k8s_pod_cast(o)->labels);
    twin->addresses = xmemdup(&addr, sizeof addr);
    twin->n_addresses = 1;
    model_put(m->world.model, &twin->up);
    assert_int_equal(settle(m), 1);
    model_delete(m->world.model, K8S_POD, NS, "twin");
    assert_int_equal(settle(m), 1);
}

static void
delete_policies(struct many *m, unsigned int from, unsigned int to)
{
    for (unsigned int i = from; i < to; i++) {
        char name[16];

        snprintf(name, sizeof name, "np%u", i);
        assert_true(model_delete(m->world.model, K8S_POLICY, NS, name));
    }
    compile_run(m->world.compile);
}

/* Three targets, two peers, two ports: every rule is for all targets, and all
 * share tcp/443. */
static void
test_ten_thousand_share_a_port(void **state)
{
    static struct verify_service services[] = {
        { IPPROTO_TCP, 443 }, { IPPROTO_UDP, 53 }
    };
    struct many m = {
        .n_targets = 3, .width = 2, .services = services, .n_services = 2
    };

    many_init(&m, 10000);
    check_sizes(&m, 10000);
    check_verdicts(&m, 10000);
    check_arrival(&m);
    world_uninit(&m.world);
}

/* One target with more rules than one flow can name; then with just as many as
 * it can, and one more again. */
static void
test_one_target_with_many_rules(void **state)
{
    static struct verify_service services[] = {
        { IPPROTO_TCP, 443 }, { IPPROTO_TCP, 80 }, { IPPROTO_UDP, 53 }
    };
    struct many m = {
        .n_targets = 1, .width = 3, .services = services, .n_services = 3
    };

    many_init(&m, 5000);
    check_sizes(&m, 5000);
    check_verdicts(&m, 5000);
    delete_policies(&m, FLOWSET_MAX_PARTS, 5000);
    check_sizes(&m, FLOWSET_MAX_PARTS);
    assert_int_equal(measure(&m).max_parts, FLOWSET_MAX_PARTS);
    check_verdicts(&m, FLOWSET_MAX_PARTS);
    put_policy(&m, FLOWSET_MAX_PARTS);
    compile_run(m.world.compile);
    check_sizes(&m, FLOWSET_MAX_PARTS + 1);
    check_verdicts(&m, FLOWSET_MAX_PARTS + 1);
    delete_policies(&m, 0, FLOWSET_MAX_PARTS + 1);
    check_sizes(&m, 0);
    world_uninit(&m.world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ten_thousand_share_a_port),
        cmocka_unit_test(test_one_target_with_many_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
