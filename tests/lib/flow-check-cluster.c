/* SPDX-License-Identifier: Apache-2.0
 *
 * What to try on a small cluster: all that its policies may tell apart. */

#include <config.h>

#include "flow-check.h"

#include <string.h>

#include "cluster.h"
#include "compile.h"
#include "property.h"
#include "random-cluster.h"
#include "util.h"
#include "world.h"

enum {
    N_ADDRESSES = RANDOM_N_V4 + RANDOM_N_V6 + 2,
    MAX_SERVICES = (6 + CLUSTER_N_PODS * CLUSTER_MAX_PORTS
                    + ((CLUSTER_N_POLICIES + CLUSTER_N_TIERED)
                       * K8S_N_DIRECTIONS * CLUSTER_MAX_RULES
                       * CLUSTER_MAX_PORTS * 5)),
    SAMPLE_ADDRESSES = 14,
    SAMPLE_SERVICES = 6
};

static void
add_service(struct verify_service *services, size_t *n, uint8_t protocol,
            int port)
{
    if (port < 0 || port > UINT16_MAX) {
        return;
    }
    for (size_t i = 0; i < *n; i++) {
        if (services[i].protocol == protocol && services[i].port == port) {
            return;
        }
    }
    services[*n].protocol = protocol;
    services[(*n)++].port = port;
}

/* A port range's edges, and what lies just outside. */
static void
add_rule_services(const struct cluster_rule *rule,
                  struct verify_service *services, size_t *n)
{
    for (size_t i = 0; !rule->any_port && i < rule->n_ports; i++) {
        const struct cluster_port *p = &rule->ports[i];

        if (!p->name) {
            add_service(services, n, p->protocol, p->first);
            add_service(services, n, p->protocol, p->last);
            add_service(services, n, p->protocol, p->last + 1);
            add_service(services, n, p->protocol, p->first - 1);
            add_service(services, n, p->protocol, (p->first + p->last) / 2);
        }
    }
}

/* Every service that the cluster may tell apart. */
static size_t
collect_services(const struct cluster *c,
                 struct verify_service services[MAX_SERVICES])
{
    size_t n = 0;

    add_service(services, &n, IPPROTO_ICMP, 0);
    add_service(services, &n, IPPROTO_TCP, 80);
    add_service(services, &n, IPPROTO_UDP, 53);
    add_service(services, &n, IPPROTO_UDP, 4789);
    add_service(services, &n, IPPROTO_SCTP, 1000);
    add_service(services, &n, IPPROTO_GRE, 0);
    for (size_t i = 0; i < CLUSTER_N_PODS; i++) {
        const struct cluster_pod *p = &c->pods[i];

        for (size_t j = 0; p->present && j < p->n_ports; j++) {
            add_service(services, &n, p->ports[j].protocol,
                        p->ports[j].number);
        }
    }
    for (size_t i = 0; i < CLUSTER_N_POLICIES; i++) {
        const struct cluster_policy *p = &c->policies[i];

        for (int d = 0; p->present && d < K8S_N_DIRECTIONS; d++) {
            for (size_t j = 0; p->isolates[d] && j < p->n_rules[d]; j++) {
                add_rule_services(&p->rules[d][j], services, &n);
            }
        }
    }
    for (size_t i = 0; i < CLUSTER_N_TIERED; i++) {
        const struct cluster_tiered *t = &c->tiered[i];

        for (int d = 0; t->present && d < K8S_N_DIRECTIONS; d++) {
            for (size_t j = 0; j < t->n_rules[d]; j++) {
                add_rule_services(&t->rules[d][j].match, services, &n);
            }
        }
    }
    return n;
}

static size_t
collect_addresses(const struct cluster *c,
                  struct in6_addr addresses[N_ADDRESSES])
{
    size_t n = RANDOM_N_V4 + RANDOM_N_V6;

    memcpy(addresses, random_cluster_addresses(), n * sizeof *addresses);
    return n + cluster_node_addresses(c, &addresses[n]);
}

void
flow_check_everything(const struct cluster *c, struct verify_plan *plan)
{
    *plan = (struct verify_plan) {
        .addresses = xmalloc(N_ADDRESSES * sizeof *plan->addresses),
        .services = xmalloc(MAX_SERVICES * sizeof *plan->services),
    };
    plan->n_addresses = collect_addresses(c, plan->addresses);
    plan->n_services = collect_services(c, plan->services);
}

/* Moves a random choice of 'n_sample' of the 'n' elements to the front. */
static size_t
sample(struct rng *r, void *elements, size_t n, size_t size, size_t n_sample)
{
    uint8_t *p = elements, tmp[sizeof(struct in6_addr)];

    ovs_assert(size <= sizeof tmp);
    for (size_t i = 0; i < n_sample && i < n; i++) {
        size_t j = i + rng_below(r, n - i);

        memcpy(tmp, p + i * size, size);
        memcpy(p + i * size, p + j * size, size);
        memcpy(p + j * size, tmp, size);
    }
    return MIN(n, n_sample);
}

char *
flow_check_cluster(const struct cluster *c,
                   const struct compile_config *config, uint64_t seed,
                   size_t *n_cells)
{
    struct verify_plan plan;
    struct world world;
    char *error;

    flow_check_everything(c, &plan);
    if (seed) {
        struct rng r;

        rng_init(&r, seed);
        plan.n_addresses = sample(&r, plan.addresses, plan.n_addresses,
                                  sizeof *plan.addresses, SAMPLE_ADDRESSES);
        plan.n_services = sample(&r, plan.services, plan.n_services,
                                 sizeof *plan.services, SAMPLE_SERVICES);
    }
    world_init(&world, config);
    world_load(&world, c, NULL);
    error = flow_check_world(&world, &plan, n_cells);
    world_uninit(&world);
    free(plan.addresses);
    free(plan.services);
    return error;
}
