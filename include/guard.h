/* SPDX-License-Identifier: Apache-2.0
 *
 * guard: what a local port may send: only as its own pod.
 *
 * A port that names a pod is closed until the pod and its addresses are known
 * (S36).  Then it may send IP from the pod's addresses, ARP and neighbour
 * discovery that speak of nothing but these and its MAC address (where that is
 * known), its link-local address derived from the MAC, and a DHCP client's
 * request.  All of it is marked as coming from a pod; what a pod may not send
 * whatever its addresses (router advertisements, DHCP server replies,
 * multicast) is in flows/static.flows.
 *
 * While the pod has no address, nothing new is let through to its MAC address
 * either: nobody could say which policies that is subject to.  (An interface
 * whose pod is gone does not count: its MAC address may be in use elsewhere.)
 *
 * A port that opted out ('unguarded') sends from any address once its pod's
 * addresses are known.  Strangers (ports that name no pod: uplinks, tunnels)
 * may not use a local pod's address, in IP, ARP or neighbour advertisements.
 *
 * A port that nobody has told us of yet may become a pod's: it can be kept
 * closed from its first packet on, until it is known to be a pod's or a
 * stranger's (model_set_strangers()).
 *
 * All functions accept a NULL guard and do nothing: no spoof guard. */

#ifndef GUARD_H
#define GUARD_H 1

#include <stdbool.h>
#include <stdint.h>

struct flowset;
struct guard;
struct model;
struct pipeline_config;

/* Both are borrowed and must outlive the guard.  With 'closes_unknown' a port
 * that is neither a pod's nor known to be none is closed. */
struct guard *guard_create(const struct pipeline_config *, struct flowset *,
                           bool closes_unknown);
void guard_destroy(struct guard *);

/* The OpenFlow port behind which the host translates addresses, 0 for none:
 * what comes from there may carry a local pod's address, other than from an
 * uplink or a tunnel.  OFPP_LOCAL always may. */
void guard_set_gateway(struct guard *, uint32_t ofport);
/* The pod, or the set of ports, changed in the model. */
void guard_note_pod(struct guard *, const char *ns, const char *name);
void guard_note_ports(struct guard *);
/* Brings the flows up to date. */
void guard_run(struct guard *, const struct model *);

#endif /* guard.h */
