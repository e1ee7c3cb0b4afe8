/* SPDX-License-Identifier: Apache-2.0
 *
 * world: a cluster of YAML text and the compiler over it, for tests.
 *
 * Whatever is wrong with the text fails the test that is running. */

#ifndef WORLD_H
#define WORLD_H 1

#include <stddef.h>
#include <stdint.h>

#include "compile.h"

/* The node in every world: its name and address. */
#define WORLD_NODE "n1"
#define WORLD_NODE_ADDRESS "192.168.0.1"

struct world {
    struct label_pool *pool;
    struct model *model;
    struct compile *compile;
    struct flowset *fs;         /* The compiler's. */
};

/* An empty cluster whose static flows are already in the switch.  'config'
 * NULL: default tables, established: keep, no spoof guard. */
void world_init(struct world *, const struct compile_config *config);
void world_uninit(struct world *);

/* Puts every document of 'yaml' into the model. */
void world_put(struct world *, const char *yaml);
/* The same for a "Kind NS/NAME" or "Kind NAME" that must be there. */
void world_delete(struct world *, const char *kind, const char *ns,
                  const char *name);

/* Runs the compiler; returns the number of changes that this means for the
 * switch, which takes them. */
size_t world_run(struct world *);
/* Puts, then runs. */
size_t world_apply(struct world *, const char *yaml);

/* The flows of a table as text, see flowtext.h; and how many. */
char *world_flows(const struct world *, enum pipeline_table);
size_t world_count(const struct world *, enum pipeline_table);

/* The class that register 'reg' gets in 'table' for packets that match 'match'
 * ("nw_src=10.0.0.1"); 0 if there is no such flow. */
uint32_t world_class(const struct world *, enum pipeline_table,
                     const char *match);

/* YAML of objects.  LABELS, SPEC are the insides of flow mappings. */
#define WORLD_NAMESPACE(NAME, LABELS)                                   \
    "---\n"                                                             \
    "apiVersion: v1\n"                                                  \
    "kind: Namespace\n"                                                 \
    "metadata: {name: " NAME ", labels: {" LABELS "}}\n"
#define WORLD_POD(NS, NAME, LABELS, NODE, IP, PORTS)                    \
    "---\n"                                                             \
    "apiVersion: v1\n"                                                  \
    "kind: Pod\n"                                                       \
    "metadata: {namespace: " NS ", name: " NAME ", labels: {" LABELS "}}\n" \
    "spec: {nodeName: " NODE ", containers: [{name: c, ports: [" PORTS "]}]}\n" \
    "status: {phase: Running, podIP: '" IP "'}\n"
#define WORLD_POLICY(NS, NAME, SPEC)                                    \
    "---\n"                                                             \
    "apiVersion: networking.k8s.io/v1\n"                                \
    "kind: NetworkPolicy\n"                                             \
    "metadata: {namespace: " NS ", name: " NAME "}\n"                   \
    "spec: {" SPEC "}\n"

#endif /* world.h */
