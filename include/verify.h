/* SPDX-License-Identifier: Apache-2.0
 *
 * verify: do the flows do what the policies say?  All of it.
 *
 * Sends the first packet of many connections through a replica of the switch
 * and compares what happens with what the reference evaluator says, restricted
 * to what this node enforces: egress where the source is a pod of ours,
 * ingress where the destination is.  One such comparison is a cell.
 *
 * Which cells are enough?  Two addresses need only one representative if
 * nothing that decides can tell them apart:
 *
 * - not the evaluator: every selector and every ipBlock of the policies that
 *   select a pod of this node says the same of both, and so do their named
 *   ports and what else is special (local, the node's, a Service);
 * - not the flows: in every table both match flows with the same actions, as a
 *   source and as a destination, and no flow that looks at an address together
 *   with other things looks at one of them alone.
 *
 * The same goes for ports: the intervals between all edges that policies or
 * flows have, of which those in exactly the same ranges are one.  So a plan
 * made by verify_plan_create() has a cell for every combination of these
 * classes, which proves the flows for all addresses and all ports, and grows
 * with the number of classes, not of pods.  Classes come from the objects and
 * the flows as they are: the compiler's classes are not asked.
 *
 * What is not in a cell: packets that are neither TCP, UDP, SCTP nor an echo
 * request have one protocol for all; source ports, fragments and the flows
 * that are always there for neighbour discovery and the like.  Those are held
 * against the compiler's flow by flow by the callers, see verify-diff.c. */

#ifndef VERIFY_H
#define VERIFY_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"
#include "replica.h"
#include "verdict.h"

struct compile;
struct compile_config;
struct ds;
struct model;

/* What is to be verified; all borrowed. */
struct verify {
    const struct model *model;
    const struct compile_config *config;
    const struct replica *replica;
    uint32_t gateway;           /* OpenFlow port of the node's own traffic, */
    uint32_t uplink;            /* and of what comes from elsewhere; the same
                                 * if there is no such port. */
    const struct compile *compile;      /* To check who gets the credit, or
                                         * NULL. */
};

/* A service: what verdict_query says about it.  ICMP is echo. */
struct verify_service {
    uint8_t protocol;
    uint16_t port;
};

/* What to try: every ordered pair of addresses of one family, with every
 * service. */
struct verify_plan {
    struct in6_addr *addresses;
    size_t n_addresses;
    struct verify_service *services;
    size_t n_services;
    bool ours;                  /* Leave out what no local pod is part of, but
                                 * for a few. */
    struct in6_addr *suspects;  /* With 'addresses', what ports are tried
                                 * with as forged sources. */
    size_t n_suspects;
    bool incomplete;            /* Somebody's flows cut the address space into
                                 * more pieces than are looked at. */
};

/* A representative of each class. */
struct verify_plan *verify_plan_create(const struct verify *);
void verify_plan_destroy(struct verify_plan *);

/* One cell that is wrong. */
struct verify_mismatch {
    const char *what;           /* In words. */
    struct verdict_query query;
    struct flow packet;
    uint8_t ct_state;           /* CS_*, as conntrack finds it. */
    bool expected;              /* What the policies say: allowed? */
    struct replica_outcome outcome;
};

#define VERIFY_MAX_MISMATCHES 10

struct verify_result {
    uint64_t n_cells;           /* In the plan. */
    uint64_t n_checked;
    uint64_t n_packets;         /* Sent; some cells need several. */
    uint64_t n_wrong;
    struct verify_mismatch mismatches[VERIFY_MAX_MISMATCHES];   /* First. */
    size_t n_mismatches;
};

/* Checks every cell of the plan, or evenly distributed ones if that are more
 * than 'max_cells'; then, if there is a spoof guard, that each local port may
 * send with no other address than its own. */
void verify_run(const struct verify *, const struct verify_plan *,
                uint64_t max_cells, struct verify_result *);

/* One line: who, to whom, what the policies say and what the flows do. */
void verify_mismatch_summary(const struct verify_mismatch *, struct ds *);
/* The arguments of `ovs-appctl ofproto/trace` behind the bridge that show the
 * packet's way through the real switch. */
void verify_mismatch_trace(const struct verify_mismatch *, struct ds *);
/* The flows that the packet matches, a line each. */
void verify_mismatch_flows(const struct verify *,
                           const struct verify_mismatch *, struct ds *);
/* All of it and the evaluator's reasons, several lines. */
void verify_mismatch_format(const struct verify *,
                            const struct verify_mismatch *, struct ds *);

/* The packet that opens the connection of 'query', where it really comes in.
 * */
void verify_packet(const struct verify *, const struct verdict_query *query,
                   struct flow *packet);
/* As `ovs-appctl ofproto/trace BRIDGE` takes it. */
void verify_packet_format(const struct flow *packet, struct ds *);
/* What this node must do with it. */
bool verify_expect(const struct model *, const struct verdict_query *);

#endif /* verify.h */
