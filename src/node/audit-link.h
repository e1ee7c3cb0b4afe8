/* SPDX-License-Identifier: Apache-2.0
 *
 * audit-link: the OpenFlow connection on which the switch tells of denied
 * packets.
 *
 * It is one of its own, beside the bridge's, so that a flood of packets delays
 * no bundle.  On each connection it makes the meters (pipeline.h), which
 * cannot be in a bundle, and asks for the copies that the flows of the Report
 * table send.  Only when it is ready may those flows be in the switch: a flow
 * that names a meter that is not there is refused, and its whole bundle with
 * it.  Their statistics are read now and then, and show both how many packets
 * did not get here and whether somebody removed them. */

#ifndef AUDIT_LINK_H
#define AUDIT_LINK_H 1

#include <stdbool.h>
#include <stdint.h>

struct audit_link;
struct ofp_header;

/* Called with each packet-in.  Returns 0 for a packet that was dropped, 1 for
 * one that audit mode let through, -1 for any other. */
typedef int audit_link_cb(const struct ofp_header *, void *aux);

/* 'target' is a vconn name.  The meters let 'rate' packets a second through,
 * after at most 'burst' at once. */
struct audit_link *audit_link_create(const char *target, uint32_t rate,
                                     uint32_t burst, audit_link_cb *,
                                     void *aux);
/* Lets it connect. */
void audit_link_enable(struct audit_link *);
/* One that just removes the meters, see audit_link_is_settled(). */
struct audit_link *audit_link_create_cleanup(const char *target);
void audit_link_destroy(struct audit_link *);
void audit_link_run(struct audit_link *);
void audit_link_wait(struct audit_link *);

/* The meters are there. */
bool audit_link_is_ready(const struct audit_link *);
/* It is known, at least once, whether the switch can do it (or, for a cleanup,
 * they are gone), or it did not say in time. */
bool audit_link_is_settled(const struct audit_link *);
/* NULL, or why nothing is told; owned by the link. */
const char *audit_link_problem(const struct audit_link *);

/* Packets that came to the meters but not to us since the link was made: the
 * meters held them back, or the switch had no room for them in its queue.  Not
 * more than it is, and exact about a second after the last packet.  [1] is
 * what audit mode let through. */
void audit_link_get_suppressed(const struct audit_link *, uint64_t n[2]);

#endif /* audit-link.h */
