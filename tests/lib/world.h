/* SPDX-License-Identifier: Apache-2.0
 *
 * world: a model and its compiler, fed from a cluster. */

#ifndef WORLD_H
#define WORLD_H 1

#include <stdbool.h>

#include "cluster.h"
#include "compile.h"

struct cluster_event;
struct ds;
struct model;
struct rng;

struct world {
    struct label_pool *pool;
    struct model *model;
    struct compile *compile;
    unsigned int n_runs;        /* Of the compiler. */
};

void world_init(struct world *, const struct compile_config *);
void world_uninit(struct world *);

/* Puts all of 'c' into an empty world and compiles; in an order of 'rng', with
 * runs of the compiler in between, unless that is NULL. */
void world_load(struct world *, const struct cluster *c, struct rng *rng);

/* Lets 'e' happen in '*c' and in the world's model (EVENT_RUN: compiles). */
void world_happen(struct world *, const struct cluster_event *e,
                  struct cluster *c);

/* All flows, sorted, one a line. */
void world_format_flows(const struct world *, struct ds *);

/* What of compile_config the cases vary. */
void world_random_config(struct rng *, struct compile_config *);

#endif /* world.h */
