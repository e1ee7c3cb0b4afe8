/* SPDX-License-Identifier: Apache-2.0
 *
 * bridge-msg: the OpenFlow messages that bridge.c sends and reads.
 *
 * Pure functions between flowset's view of a flow and OpenFlow 1.4 or 1.5;
 * they know no connection and keep no state.  Messages are returned new, owned
 * by the caller. */

#ifndef BRIDGE_MSG_H
#define BRIDGE_MSG_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openflow/openflow.h"
#include "openvswitch/types.h"

#include "flowset.h"

struct ofpbuf;

/* Bundles are atomic and in order; the id is the only one of a connection. */
struct ofpbuf *bridge_msg_bundle_control(enum ofp_version, uint32_t xid,
                                         enum ofp14_bundle_ctrl_type);
/* Wraps 'flow_mod', whose xid the result has too. */
struct ofpbuf *bridge_msg_bundle_add(const struct ofp_header *flow_mod);

/* Appends the flow_mod for 'change' to 'mods', a series of messages that each
 * know their own length.  A deletion touches only a flow whose cookie matches.
 * Returns 0, or EMSGSIZE if no OpenFlow message can carry the flow. */
int bridge_msg_put_change(struct ofpbuf *mods, const struct flowset_change *,
                          ovs_be64 cookie, ovs_be64 cookie_mask,
                          enum ofp_version, uint32_t xid);
/* The message of 'mods' at '*ofs', which moves on to the next one, or NULL at
 * the end. */
const struct ofp_header *bridge_msg_next(const struct ofpbuf *mods,
                                         size_t *ofs);
/* What such a message says.  Actions go to 'ofpacts'.  Returns false if it
 * cannot be read. */
bool bridge_msg_read_change(const struct ofp_header *,
                            struct flowset_change *, struct ofpbuf *ofpacts);
/* What 'flow_mod' adds or deletes in ovs-ofctl syntax, cut off if very long;
 * caller frees. */
char *bridge_msg_describe(const struct ofp_header *flow_mod);
char *bridge_msg_describe_change(const struct flowset_change *);
char *bridge_msg_describe_flow(const struct flowset_flow *);

/* The flow_mod, with xid 0, that deletes just 'flow', cookie and all. */
struct ofpbuf *bridge_msg_delete(const struct flowset_flow *flow,
                                 enum ofp_version);

/* Asks for all flows with that cookie, in any table. */
struct ofpbuf *bridge_msg_flow_request(enum ofp_version, uint32_t xid,
                                       ovs_be64 cookie, ovs_be64 cookie_mask);
/* Asks to be told of each flow that others add, change or delete from now
 * on. */
struct ofpbuf *bridge_msg_monitor_request(enum ofp_version, uint32_t xid);
/* Calls 'cb' for each flow in 'reply'.  Returns 0 or an errno or OFPERR value,
 * after which it may have been called for some. */
int bridge_msg_for_each_flow(struct ofpbuf *reply, flowset_cb *cb, void *aux);

#endif /* bridge-msg.h */
