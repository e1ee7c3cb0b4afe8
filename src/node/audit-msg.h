/* SPDX-License-Identifier: Apache-2.0
 *
 * audit-msg: the OpenFlow messages that audit-link.c sends, except those that
 * every connection has.
 *
 * They know no connection.  Returned new, owned by the caller. */

#ifndef AUDIT_MSG_H
#define AUDIT_MSG_H 1

#include <stdint.h>

#include "openflow/openflow.h"

struct ofpbuf;
struct ofputil_switch_config;

/* Asks for the switch's configuration, and sets it as it is but for the bytes
 * of a packet that come here: unless it says how many it wants, a service
 * connection gets no packet. */
struct ofpbuf *audit_msg_get_config(enum ofp_version);
struct ofpbuf *audit_msg_set_config(enum ofp_version,
                                    const struct ofputil_switch_config *);

/* The id of our connection, by which packets come here alone, and that it
 * wants nothing but packets. */
struct ofpbuf *audit_msg_controller_id(enum ofp_version);
struct ofpbuf *audit_msg_async_config(enum ofp_version);

/* About the meter PIPELINE_METER(i).  'command' is OFPMC13_*; 'rate' is in
 * packets a second, 'burst' in packets. */
struct ofpbuf *audit_msg_meter_mod(enum ofp_version, uint16_t command, int i,
                                   uint32_t rate, uint32_t burst);
struct ofpbuf *audit_msg_meter_stats(enum ofp_version, int i);

#endif /* audit-msg.h */
