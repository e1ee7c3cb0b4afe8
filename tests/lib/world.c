/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "world.h"

#include <string.h>

#include "flowset.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"
#include "property.h"
#include "random-cluster.h"

void
world_init(struct world *w, const struct compile_config *config)
{
    const uint32_t uplink = CLUSTER_UPLINK;

    w->pool = label_pool_create();
    w->model = model_create(w->pool);
    w->compile = compile_create(config, w->pool, w->model);
    model_set_strangers(w->model, &uplink, 1);
    w->n_runs = 0;
}

void
world_uninit(struct world *w)
{
    compile_destroy(w->compile);
    model_destroy(w->model);
    label_pool_destroy(w->pool);
}

void
world_random_config(struct rng *r, struct compile_config *config)
{
    memset(config, 0, sizeof *config);
    config->pipeline.base = (rng_chance(r, 80) ? PIPELINE_DEFAULT_BASE
                             : 1 + rng_below(r, PIPELINE_MAX_BASE));
    config->pipeline.zone = PIPELINE_DEFAULT_ZONE;
    config->pipeline.recheck = rng_chance(r, 25);
    config->pipeline.attach = (rng_chance(r, 50) ? ATTACH_HOOK
                               : rng_chance(r, 50) ? ATTACH_CHAIN
                               : ATTACH_NORMAL);
    config->pipeline.next_table = (config->pipeline.attach != ATTACH_CHAIN ? 0
                                   : config->pipeline.base > 1 ? 1 : 253);
    config->spoof_guard = rng_chance(r, 85);
    config->closes_unknown = rng_chance(r, 50);
}

/* Slots. */

static void
put_surroundings(struct world *w, const struct cluster *c)
{
    struct in6_addr addresses[2];
    size_t n = cluster_node_addresses(c, addresses);

    model_set_node_name(w->model, cluster_node_name(c->here.node));
    model_set_node_addresses(w->model, addresses, n);
    model_set_audit(w->model, c->here.audit);
    model_set_node_mark(w->model, c->here.mark);
    model_set_service_cidrs(w->model, c->here.service_cidrs,
                            c->here.n_service_cidrs);
}

static void
put_ports(struct world *w, const struct cluster *c)
{
    struct model_port ports[CLUSTER_N_IFACES];
    size_t n = cluster_make_ports(c, ports);

    model_set_ports(w->model, ports, n);
    cluster_free_ports(ports, n);
}

static void
put_space(struct world *w, const struct cluster *c, unsigned int i)
{
    if (c->spaces[i].present) {
        model_put(w->model, cluster_make_space(c, i, w->pool));
    }
}

static void
put_pod(struct world *w, const struct cluster *c, unsigned int i)
{
    if (c->pods[i].present) {
        model_put(w->model, cluster_make_pod(c, i, w->pool));
    }
}

static void
put_policy(struct world *w, const struct cluster *c, unsigned int i)
{
    if (c->policies[i].present) {
        model_put(w->model, cluster_make_policy(c, i, w->pool));
    }
}

static void
put_tiered(struct world *w, const struct cluster *c, unsigned int i)
{
    if (c->tiered[i].present) {
        model_put(w->model, cluster_make_tiered(c, i, w->pool));
    }
}

static void
put_machine(struct world *w, const struct cluster *c, unsigned int i)
{
    if (c->machines[i].present) {
        model_put(w->model, cluster_make_machine(c, i, w->pool));
    }
}

/* All slots in a row. */
enum {
    FIRST_POD = CLUSTER_N_SPACES,
    FIRST_POLICY = FIRST_POD + CLUSTER_N_PODS,
    FIRST_TIERED = FIRST_POLICY + CLUSTER_N_POLICIES,
    FIRST_MACHINE = FIRST_TIERED + CLUSTER_N_TIERED,
    SLOT_PORTS = FIRST_MACHINE + CLUSTER_N_MACHINES,
    SLOT_SURROUNDINGS,
    N_SLOTS
};

static void
put_slot(struct world *w, const struct cluster *c, unsigned int slot)
{
    if (slot < FIRST_POD) {
        put_space(w, c, slot);
    } else if (slot < FIRST_POLICY) {
        put_pod(w, c, slot - FIRST_POD);
    } else if (slot < FIRST_TIERED) {
        put_policy(w, c, slot - FIRST_POLICY);
    } else if (slot < FIRST_MACHINE) {
        put_tiered(w, c, slot - FIRST_TIERED);
    } else if (slot < SLOT_PORTS) {
        put_machine(w, c, slot - FIRST_MACHINE);
    } else if (slot == SLOT_PORTS) {
        put_ports(w, c);
    } else {
        put_surroundings(w, c);
    }
}

/* In slices that differ from run to run. */
static void
run_compiler(struct world *w)
{
    size_t work = 1 + ++w->n_runs % 5 * 13;

    while (!compile_step(w->compile, work)) {
        continue;
    }
}

void
world_load(struct world *w, const struct cluster *c, struct rng *rng)
{
    unsigned int order[N_SLOTS];

    for (unsigned int i = 0; i < N_SLOTS; i++) {
        unsigned int j = rng ? rng_below(rng, i + 1) : i;

        order[i] = order[j];
        order[j] = i;
    }
    for (unsigned int i = 0; i < N_SLOTS; i++) {
        put_slot(w, c, order[i]);
        if (rng && rng_chance(rng, 10)) {
            run_compiler(w);
        }
    }
    run_compiler(w);
}

/* Events. */

static void
delete(struct world *w, enum k8s_kind kind, unsigned int space,
       unsigned int index)
{
    char ns[8], name[8];

    cluster_space_name(space, ns);
    if (kind == K8S_NAMESPACE) {
        cluster_space_name(index, name);
    } else if (kind == K8S_POD) {
        cluster_pod_name(index, name);
    } else {
        cluster_policy_name(index, name);
    }
    model_delete(w->model, kind, kind == K8S_NAMESPACE ? NULL : ns, name);
}

static void
follow_pod(struct world *w, const struct cluster *c, unsigned int i,
           const struct cluster_pod *old)
{
    const struct cluster_pod *pod = &c->pods[i];

    if (old->present && (!pod->present || pod->space != old->space)) {
        delete(w, K8S_POD, old->space, i);
    }
    put_pod(w, c, i);
}

static void
follow_policy(struct world *w, const struct cluster *c, unsigned int i,
              const struct cluster_policy *old)
{
    const struct cluster_policy *policy = &c->policies[i];

    if (old->present && (!policy->present || policy->space != old->space)) {
        delete(w, K8S_POLICY, old->space, i);
    }
    put_policy(w, c, i);
}

static void
follow_tiered(struct world *w, const struct cluster *c, unsigned int i,
              const struct cluster_tiered *old)
{
    const struct cluster_tiered *t = &c->tiered[i];
    char name[8];

    if (old->present
        && (!t->present
            || cluster_tiered_kind(t) != cluster_tiered_kind(old))) {
        cluster_tiered_name(i, name);
        model_delete(w->model, cluster_tiered_kind(old), NULL, name);
    }
    put_tiered(w, c, i);
}

static void
follow_machine(struct world *w, const struct cluster *c, unsigned int i)
{
    char name[8];

    if (!c->machines[i].present) {
        cluster_machine_name(i, name);
        model_delete(w->model, K8S_NODE, NULL, name);
    }
    put_machine(w, c, i);
}

void
world_happen(struct world *w, const struct cluster_event *e,
             struct cluster *c)
{
    struct cluster old = *c;

    cluster_event_apply(e, c);
    switch (e->type) {
    case EVENT_SPACE:
        put_space(w, c, e->index);
        if (!c->spaces[e->index].present) {
            delete(w, K8S_NAMESPACE, e->index, e->index);
        }
        break;
    case EVENT_POD:
        follow_pod(w, c, e->index, &old.pods[e->index]);
        break;
    case EVENT_POLICY:
        follow_policy(w, c, e->index, &old.policies[e->index]);
        break;
    case EVENT_TIERED:
        follow_tiered(w, c, e->index, &old.tiered[e->index]);
        break;
    case EVENT_MACHINE:
        follow_machine(w, c, e->index);
        break;
    case EVENT_IFACE:
        put_ports(w, c);
        break;
    case EVENT_NODE:
        put_surroundings(w, c);
        break;
    case EVENT_RUN:
        run_compiler(w);
        break;
    default:
        OVS_NOT_REACHED();
    }
}

/* Flows. */

static void
put_flow(const struct flowset_flow *flow, void *s)
{
    flowset_format_flow(flow, NULL, s);
    ds_put_char(s, '\n');
}

void
world_format_flows(const struct world *w, struct ds *s)
{
    flowset_for_each(compile_flowset(w->compile), true, put_flow, s);
}
