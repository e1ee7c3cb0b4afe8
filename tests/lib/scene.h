/* SPDX-License-Identifier: Apache-2.0
 *
 * scene: a cluster of YAML text and the compiler over it, for tests.
 *
 * Whatever is wrong with the text fails the test that is running. */

#ifndef SCENE_H
#define SCENE_H 1

#include <stddef.h>
#include <stdint.h>

#include "compile.h"

struct ds;

/* The node in every scene: its name and address. */
#define SCENE_NODE "n1"
#define SCENE_NODE_ADDRESS "192.168.0.1"

struct scene {
    struct label_pool *pool;
    struct model *model;
    struct compile *compile;
    struct flowset *fs;         /* The compiler's. */
};

/* An empty cluster whose static flows are already in the switch.  'config'
 * NULL: default tables, established: keep, no spoof guard. */
void scene_init(struct scene *, const struct compile_config *config);
void scene_uninit(struct scene *);

/* Puts every document of 'yaml' into the model. */
void scene_put(struct scene *, const char *yaml);
/* The same, but objects of other kinds are skipped, and one with an error may
 * be what can be enforced of it.  Appends a line that begins with "error: ",
 * "warning: " or "skipped: " for each to 'notes'. */
void scene_put_tolerant(struct scene *, const char *yaml, struct ds *notes);
/* Removes an object, which must be there.  'kind' as in YAML; 'ns' NULL for a
 * namespace. */
void scene_delete(struct scene *, const char *kind, const char *ns,
                  const char *name);

/* Runs the compiler; returns the number of changes that this means for the
 * switch, which takes them. */
size_t scene_run(struct scene *);
/* Puts, then runs. */
size_t scene_apply(struct scene *, const char *yaml);

/* The flows of a table as text, see flowtext.h (caller frees); and how
 * many. */
char *scene_flows(const struct scene *, enum pipeline_table);
size_t scene_count(const struct scene *, enum pipeline_table);

/* The class that the flow with this match ("nw_src=10.0.0.1") sets; 0 if there
 * is no such flow. */
uint32_t scene_class(const struct scene *, enum pipeline_table,
                     const char *match);

/* YAML of objects.  LABELS, PORTS and SPEC are the insides of flow
 * collections. */
#define SCENE_NAMESPACE(NAME, LABELS)                                   \
    "---\n"                                                             \
    "apiVersion: v1\n"                                                  \
    "kind: Namespace\n"                                                 \
    "metadata: {name: " NAME ", labels: {" LABELS "}}\n"
#define SCENE_ENFORCEMENT(NAME, ENFORCEMENT)                             \
    "---\n"                                                             \
    "apiVersion: v1\n"                                                  \
    "kind: Namespace\n"                                                 \
    "metadata: {name: " NAME ", annotations: {"                         \
    K8S_ENFORCEMENT_ANNOTATION ": " ENFORCEMENT "}}\n"
#define SCENE_POD(NS, NAME, LABELS, NODE, IP, PORTS)                    \
    "---\n"                                                             \
    "apiVersion: v1\n"                                                  \
    "kind: Pod\n"                                                       \
    "metadata: {namespace: " NS ", name: " NAME                         \
    ", labels: {" LABELS "}}\n"                                         \
    "spec: {nodeName: " NODE                                            \
    ", containers: [{name: c, ports: [" PORTS "]}]}\n"                  \
    "status: {phase: Running, podIP: '" IP "'}\n"
#define SCENE_POLICY(NS, NAME, SPEC)                                    \
    "---\n"                                                             \
    "apiVersion: networking.k8s.io/v1\n"                                \
    "kind: NetworkPolicy\n"                                             \
    "metadata: {namespace: " NS ", name: " NAME "}\n"                   \
    "spec: {" SPEC "}\n"

#endif /* scene.h */
