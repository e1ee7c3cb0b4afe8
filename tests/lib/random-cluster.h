/* SPDX-License-Identifier: Apache-2.0
 *
 * random-cluster: clusters, and what happens in them, at random.
 *
 * Small alphabets, so that selectors match some pods and not others, blocks
 * lie inside each other, policies overlap and pods fight over addresses. */

#ifndef RANDOM_CLUSTER_H
#define RANDOM_CLUSTER_H 1

#include <netinet/in.h>
#include <stddef.h>

#include "cluster.h"

struct ds;
struct rng;

/* Every address that pods have or blocks are made around, IPv4 first. */
enum { RANDOM_N_V4 = 11, RANDOM_N_V6 = 9 };
const struct in6_addr *random_cluster_addresses(void);

void random_cluster(struct cluster *, struct rng *);

/* Something that happens: one slot of the cluster becomes 'value'. */
struct cluster_event {
    enum cluster_event_type {
        EVENT_SPACE,
        EVENT_POD,
        EVENT_IFACE,
        EVENT_POLICY,
        EVENT_TIERED,
        EVENT_MACHINE,
        EVENT_NODE,
        EVENT_RUN               /* Nothing: the compiler runs. */
    } type;
    unsigned int index;
    union {
        struct cluster_space space;
        struct cluster_pod pod;
        struct cluster_iface iface;
        struct cluster_policy policy;
        struct cluster_tiered tiered;
        struct cluster_machine machine;
        struct cluster_surroundings here;
    } value;
};

/* A small change to 'c', in '*e'. */
void random_cluster_event(const struct cluster *c, struct rng *,
                          struct cluster_event *e);
/* "pod", ... */
const char *cluster_event_name(const struct cluster_event *);
/* Appends the slot of 'c' that 'e' is about. */
void cluster_format_slot(const struct cluster *c, const struct cluster_event *,
                         struct ds *);
/* Lets it happen. */
void cluster_event_apply(const struct cluster_event *, struct cluster *);

#endif /* random-cluster.h */
