/* SPDX-License-Identifier: Apache-2.0
 *
 * reach: who reaches whom, and with what services.
 *
 * Asks the evaluator (verdict.h) about all pairs, but not about every pair:
 * pods that no policy can tell apart are one class (same policies select them,
 * same peers match them, same numbers behind the port names in use, in the
 * same ipBlocks), and so are addresses outside of the cluster that are in the
 * same ipBlocks.  The cost is classes x classes, whatever the number of pods.
 *
 * A cell is a set of services.  The services that are asked about are those
 * that can make a difference: the ports in those rules of both ends that are
 * about the other cut each protocol into intervals, and one port of each is
 * asked about; one more question stands for everything without ports, and is
 * the only one where ports make no difference.
 *
 * What a pod is asked about: its first address of a family that both ends
 * have, IPv4 if they have both.  A pod that has no address yet is asked about
 * as 0.0.0.0, which no ipBlock but the widest contains.  hostNetwork and
 * finished pods are nobody (S37, S40), the node itself is left out.
 *
 * Where cluster policies have nodes as peers, the Nodes are someone, too, by
 * their labels and the ipBlocks that they are in: each by its first address of
 * a family that is its own (C4).  Else their addresses are nobody's.
 *
 * Ownership: a reach borrows the model, which must not change; what it returns
 * is borrowed from both. */

#ifndef REACH_H
#define REACH_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"
#include "prefix.h"
#include "ptrs.h"
#include "verdict.h"

struct ds;
struct json;
struct k8s_pod;
struct model;

/* More classes than this are refused: their table would not fit. */
#define REACH_MAX_CLASSES 6000

/* One service to ask about. */
struct reach_port {
    uint8_t protocol;           /* IPPROTO_TCP, _UDP or _SCTP; IPPROTO_ICMP for
                                 * ping. */
    uint16_t number;            /* 0 for ping. */
};

struct reach_range {
    uint8_t protocol;           /* IPPROTO_TCP, _UDP or _SCTP. */
    uint16_t first, last;       /* Inclusive, from 1. */
};

/* A set of services; equal sets are one. */
struct reach_services {
    size_t index;               /* Among those of this reach. */
    bool all, none;
    bool others;                /* ICMP and all else without ports. */
    size_t n_ranges;
    struct reach_range ranges[];        /* Sorted, not adjoining. */
};

/* Those who cannot be told apart. */
struct reach_class {
    size_t index;               /* Among the classes of this reach. */
    struct ptrs pods;           /* "struct k8s_pod", sorted; none: outside. */
    struct ptrs nodes;          /* "struct k8s_node", sorted; none unless it is
                                 * outside and has no networks. */
    bool restricted[K8S_N_DIRECTIONS];  /* Some policy has a say in what they
                                         * may do. */
    /* Outside: the networks that lead here, without what is more specific, and
     * whose addresses the policies do not tell apart. */
    struct prefix *nets;
    size_t n_nets;

    /* For reach.c: one or two members by family. */
    struct verdict_endpoint ends[2][2];
    bool has_end[2][2];
};

struct reach;

/* Asks about all services, or about 'port' if that is not NULL.  Returns NULL
 * and '*reach', or a message (caller frees). */
char *reach_create(const struct model *, const struct reach_port *port,
                   struct reach **reach) OVS_WARN_UNUSED_RESULT;
void reach_destroy(struct reach *);

size_t reach_n_classes(const struct reach *);
const struct reach_class *reach_class_at(const struct reach *, size_t i);
/* The class of a pod that is someone, or NULL. */
const struct reach_class *reach_class_of(const struct reach *,
                                         const struct k8s_pod *);

/* The class of an address outside that is in the same ipBlocks as 'addr', or
 * NULL. */
const struct reach_class *reach_class_of_stranger(const struct reach *,
                                                  const struct in6_addr *addr);

/* What members of class 'from' may use of (other) members of class 'to'.  NULL
 * if there is nothing to ask: a pod and itself, two addresses outside. */
const struct reach_services *reach_cell(const struct reach *, size_t from,
                                        size_t to);

/* All sets that are in some cell, by index. */
size_t reach_n_services(const struct reach *);
const struct reach_services *reach_services_at(const struct reach *, size_t i);

/* Fills '*query' with a question whose answer is the cell's.  Returns false if
 * there is nothing to ask. */
bool reach_query(const struct reach *, size_t from, size_t to,
                 const struct reach_port *port, struct verdict_query *query);

/* The ports to ask about to know a whole cell, one of each interval, and ping:
 * array of '*n' (caller frees). */
struct reach_port *reach_ports(const struct reach *, size_t from, size_t to,
                               size_t *n);

/* Who is outside: "10.0.0.0/8", "203.0.113.0/24 and 2 more", "elsewhere",
 * "node n1", "nodes n1 and 2 more". */
void reach_format_nets(const struct reach_class *, struct ds *);
/* "all", "none", "TCP/80,443 UDP/53 ICMP". */
void reach_format_services(const struct reach_services *, struct ds *);
/* An array of protocol, first, last; ICMP without the latter two. */
struct json *reach_services_to_json(const struct reach_services *);

/* The number of services in common and not: true if 'a' has some that 'b' has
 * not. */
bool reach_services_exceed(const struct reach_services *a,
                           const struct reach_services *b);

#endif /* reach.h */
