/* SPDX-License-Identifier: Apache-2.0
 *
 * What a pod's coming, going and moving costs: flows for each address, however
 * many policies there are, as long as others of its kind are there.
 *
 * A pod elsewhere is a peer only: one flow for each direction and address.
 * One of ours may be a target too: another flow for its class, and one that
 * exempts its traffic to itself. */

#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cluster.h"
#include "compile.h"
#include "flowset.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "property.h"
#include "random-cluster.h"
#include "util.h"
#include "world.h"

/* The slot of the pod that comes and goes. */
#define GUEST (CLUSTER_N_PODS - 1)

/* Flows for each direction and address at most. */
enum { COST_PEER = 1, COST_TARGET = 2 };

struct visit {
    struct world world;
    struct cluster cluster;
    struct ds errors;
    size_t n_steps;
};

static void
put_change(const struct flowset_change *change, void *s)
{
    ds_put_cstr(s, change->delete ? "- " : "+ ");
    flowset_format_flow(&change->flow, NULL, s);
    ds_put_char(s, '\n');
}

/* The guest becomes 'guest'; that may change 'limit' flows. */
static void
step(struct visit *v, const char *what, const struct cluster_pod *guest,
     size_t limit)
{
    struct cluster_event e = {
        .type = EVENT_POD, .index = GUEST, .value.pod = *guest
    };
    struct ds changes = DS_EMPTY_INITIALIZER;
    size_t n;

    world_happen(&v->world, &e, &v->cluster);
    compile_run(v->world.compile);
    n = flowset_take_delta(compile_flowset(v->world.compile), put_change,
                           &changes);
    if (n > limit) {
        ds_put_format(&v->errors, "%s: %"PRIuSIZE" flows changed, not at most "
                      "%"PRIuSIZE":\n%s", what, n, limit, ds_cstr(&changes));
        cluster_format(&v->cluster, &v->errors);
    }
    v->n_steps++;
    ds_destroy(&changes);
}

/* The pod of slot 'i' if it is live, else NULL. */
static const struct cluster_pod *
find_host(const struct visit *v, unsigned int i)
{
    const struct cluster_pod *p = &v->cluster.pods[i];

    return (i != GUEST && p->present && !p->host_network && !p->finished
            ? p : NULL);
}

/* True if slot 'i' is a pod of ours that owns what addresses it has. */
static bool
is_sound_local(const struct visit *v, unsigned int i)
{
    const struct cluster_pod *p = &v->cluster.pods[i];
    const struct model *model = v->world.model;
    char ns[8], name[8];
    const struct k8s_object *o;

    cluster_space_name(p->space, ns);
    cluster_pod_name(i, name);
    o = model_get(model, K8S_POD, ns, name);
    return (model_pod_is_local(model, k8s_pod_cast(o))
            && (!p->has_v4
                || &model_pod_by_address(model, &p->v4)->up == o)
            && (!p->has_v6
                || &model_pod_by_address(model, &p->v6)->up == o));
}

/* A pod that is like 'host' in all that selectors see, with addresses of the
 * same families. */
static struct cluster_pod
make_guest(const struct cluster_pod *host, enum cluster_node node)
{
    struct cluster_pod guest = *host;

    guest.node = node;
    ovs_assert(address_parse("10.9.9.9", &guest.v4));
    ovs_assert(address_parse("fd00:9::9", &guest.v6));
    return guest;
}

/* True if 'a' has addresses of all families that 'b' has. */
static bool
has_families(const struct cluster_pod *a, const struct cluster_pod *b)
{
    return a->has_v4 >= b->has_v4 && a->has_v6 >= b->has_v6;
}

/* The guest, like the pod in slot 'i', comes, moves to be like each other pod
 * in the same namespace, and goes. */
static void
visit(struct visit *v, unsigned int i, enum cluster_node node, size_t cost)
{
    struct cluster_pod guest = make_guest(&v->cluster.pods[i], node);
    size_t limit = K8S_N_DIRECTIONS * (guest.has_v4 + guest.has_v6);
    bool is_target = cost > COST_PEER;

    step(v, "a pod comes", &guest, limit * cost);
    for (unsigned int j = 0; j < CLUSTER_N_PODS; j++) {
        const struct cluster_pod *other = find_host(v, j);

        if (other && other->space == guest.space
            && (!is_target || (is_sound_local(v, j)
                               && has_families(other, &guest)))) {
            struct cluster_pod moved = make_guest(other, node);

            moved.has_v4 = guest.has_v4;
            moved.has_v6 = guest.has_v6;
            step(v, "a pod moves", &moved, limit * cost);
        }
    }
    guest.present = false;
    step(v, "a pod goes", &guest, limit * cost);
}

static void
ignore_change(const struct flowset_change *change, void *aux)
{
}

static char *
visit_all(uint64_t seed, size_t *n_steps)
{
    struct visit v = { .errors = DS_EMPTY_INITIALIZER };
    struct compile_config config;
    struct rng r;

    rng_init(&r, seed);
    world_random_config(&r, &config);
    random_cluster(&v.cluster, &r);
    v.cluster.pods[GUEST].present = false;
    for (unsigned int i = 0; i < CLUSTER_N_IFACES; i++) {
        v.cluster.ifaces[i].present &= v.cluster.ifaces[i].pod != GUEST;
    }
    world_init(&v.world, &config);
    world_load(&v.world, &v.cluster, NULL);
    flowset_take_delta(compile_flowset(v.world.compile), ignore_change, NULL);
    for (unsigned int i = 0; i < CLUSTER_N_PODS && !v.errors.length; i++) {
        if (find_host(&v, i)) {
            visit(&v, i, CLUSTER_NODE_2, COST_PEER);
            if (v.cluster.here.node == CLUSTER_NODE_1
                && is_sound_local(&v, i)) {
                visit(&v, i, CLUSTER_NODE_1, COST_PEER + COST_TARGET);
            }
        }
    }
    world_uninit(&v.world);
    *n_steps += v.n_steps;
    return v.errors.length ? ds_steal_cstr(&v.errors) : NULL;
}

static void
test_pods_cost_flows_for_addresses_only(void **state)
{
    struct property p;
    size_t n_steps = 0;
    uint64_t seed;

    property_begin(&p, "cost", 3000);
    while (property_next(&p, &seed)) {
        char *error = visit_all(seed, &n_steps);

        if (error) {
            property_fail(&p, seed, error);
        }
    }
    property_end(&p, n_steps, "steps");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pods_cost_flows_for_addresses_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
