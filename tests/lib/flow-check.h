/* SPDX-License-Identifier: Apache-2.0
 *
 * flow-check: do the flows do what the policies say?
 *
 * Sends the first packet of many connections through a switch that has the
 * compiler's flows, and compares with what the reference evaluator says,
 * restricted to what this node enforces: egress where the source is a pod of
 * ours, ingress where the destination is. */

#ifndef FLOW_CHECK_H
#define FLOW_CHECK_H 1

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

struct cluster;
struct compile_config;
struct world;

/* A service: what verdict_query says about it. */
struct flow_check_service {
    uint8_t protocol;
    uint16_t port;
};

/* What to try: every ordered pair of addresses of one family, with every
 * service. */
struct flow_check_plan {
    const struct in6_addr *addresses;
    size_t n_addresses;
    const struct flow_check_service *services;
    size_t n_services;
};

/* Returns NULL, or in words what differs (caller frees).  Adds the number of
 * packets sent to '*n_cells'. */
char *flow_check_world(const struct world *, const struct flow_check_plan *,
                       size_t *n_cells);

/* The same for a world made from 'c'.  With 'seed' 0 the plan is everything
 * that may matter to 'c', else a sample of that. */
char *flow_check_cluster(const struct cluster *c,
                         const struct compile_config *, uint64_t seed,
                         size_t *n_cells);

#endif /* flow-check.h */
