/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of fuzz_switch share:
 *
 *     fuzz_switch.c       the connection and the text
 *     switch-cluster.c    the cluster whose flows the switch has
 *     switch-flows.c      what is said about flows, and what we answer */

#ifndef SWITCH_H
#define SWITCH_H 1

#include <stdbool.h>
#include <stddef.h>

#include "openflow/openflow.h"
#include "openvswitch/list.h"
#include "openvswitch/ofpbuf.h"

#include "node/bridge-watch.h"
#include "told.h"

struct compile;
struct detrace;
struct flowset;
struct flowset_flow;
struct model;

/* A cluster and what it is compiled to. */
struct cluster {
    struct model *model;
    struct compile *compile;
    struct flowset *fs;         /* In the state of one whose flows the switch
                                 * has. */
    struct detrace *detrace;
    struct told wanted;
    struct flowset_flow *flows; /* The same, from the flow_mods that add
                                 * them. */
    size_t n_flows;
};

/* A connection. */
struct connection {
    struct cluster *cluster;
    enum ofp_version version;
    struct told told;           /* Flows with our cookie in the switch. */
    struct ovs_list replies;    /* Of a read-back that is not complete. */
    struct bridge_watch watch;
    bool lost;                  /* Something could not be read. */
};

/* switch-cluster.c.  There is only one, made by the first call. */
struct cluster *switch_cluster(void);

/* switch-flows.c. */
/* A message of a read-back, and one of the flow monitor. */
void switch_receive_flows(struct connection *, const struct ofpbuf *msg);
void switch_receive_updates(struct connection *, struct ofpbuf *msg);
/* The connection is a new one, on which the switch has just what is wanted:
 * nothing needs to be said. */
void switch_read_wanted(struct connection *);

/* fuzz_switch.c.  The text of a flow goes to the log, and through `ovs-netpol
 * detrace`. */
void switch_try_flow_text(const struct cluster *, const struct flowset_flow *);

#endif /* switch.h */
