/* SPDX-License-Identifier: Apache-2.0
 *
 * flow-check: do the flows do what the policies say?
 *
 * verify.h with the flows of the compiler, for clusters and worlds. */

#ifndef FLOW_CHECK_H
#define FLOW_CHECK_H 1

#include <stddef.h>
#include <stdint.h>

#include "verify.h"

struct cluster;
struct compile;
struct compile_config;
struct model;
struct replica;
struct world;

/* Returns NULL, or in words what differs (caller frees).  Adds the number of
 * packets sent to '*n_cells'. */
char *flow_check_world(const struct world *, const struct verify_plan *,
                       size_t *n_cells);

/* The same for any flows and with the plan that verify.h makes. */
char *flow_check_proof(const struct model *, const struct compile *,
                       const struct replica *, size_t *n_cells);

/* Every address and every service that may matter to 'c'; free the arrays. */
void flow_check_everything(const struct cluster *c, struct verify_plan *);

/* The same for a world made from 'c'.  With 'seed' 0 the plan is everything
 * that may matter to 'c', else a sample of that. */
char *flow_check_cluster(const struct cluster *c,
                         const struct compile_config *, uint64_t seed,
                         size_t *n_cells);

#endif /* flow-check.h */
