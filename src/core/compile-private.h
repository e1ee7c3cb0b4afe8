/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the compiler share:
 *
 *     compile.c           the batch and its steps
 *     compile-side.c      one direction: its classes and addresses
 *     compile-node.c      the node's own addresses and the Services' */

#ifndef COMPILE_PRIVATE_H
#define COMPILE_PRIVATE_H 1

#include "compile.h"
#include "emit.h"
#include "group.h"
#include "link.h"
#include "tally.h"

/* One direction. */
struct side {
    enum k8s_direction direction;
    struct compile *compile;
    struct netset *netset;
    struct rules *rules;
    struct link_table links;
    struct emit emit;
    size_t n_targets[2];        /* Addresses of targets, IPv4 and IPv6. */
    struct tally audited;       /* Audited addresses by target class. */
};

struct compile {
    struct compile_config config;
    struct model *model;
    struct flowset *fs;
    struct groups *groups;
    struct policies *policies;
    struct guard *guard;
    struct side sides[K8S_N_DIRECTIONS];
    struct in6_addr *node_addresses;    /* Emitted. */
    size_t n_node_addresses;
    struct model_mark node_mark;        /* Emitted with them. */
    struct prefix *service_cidrs;       /* Emitted. */
    size_t n_service_cidrs;
    bool reports;               /* What is denied is reported. */
    uint32_t gateway;           /* OpenFlow port of the node's own traffic. */

    /* The batch under way. */
    bool busy;
    size_t step;                /* The next one. */
    struct ptrs old_uses;       /* To be detached when all is expanded. */
    size_t n_detached;
};

/* One direction. */

void side_init(struct compile *, enum k8s_direction);
void side_uninit(struct side *);

/* Says which classes came and went, then which addresses are of which: after
 * the former. */
void side_announce(struct side *);
void side_flush_address(enum group_role, const struct in6_addr *,
                        const struct group_told *old,
                        const struct group_told *new, void *compile);

/* Emits what changed of prefixes and rules, about '*work' of it; true if that
 * was all. */
bool side_flush(struct side *, size_t *work);

/* The node. */

/* Emits what the model says of the node and of Services. */
void node_update(struct compile *);
void node_uninit(struct compile *);

#endif /* compile-private.h */
