/* SPDX-License-Identifier: Apache-2.0
 *
 * shrink-cluster: the little of a cluster that still makes a test fail. */

#ifndef SHRINK_CLUSTER_H
#define SHRINK_CLUSTER_H 1

#include <stdbool.h>

struct cluster;

/* Simplifies '*c' step by step as long as 'fails' returns true. */
typedef bool shrink_fails(const struct cluster *c, void *aux);
void shrink_cluster(struct cluster *c, shrink_fails *fails, void *aux);

#endif /* shrink-cluster.h */
