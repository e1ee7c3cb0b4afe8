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
 * All functions accept a NULL guard and do nothing: no spoof guard. */

#ifndef GUARD_H
#define GUARD_H 1

struct flowset;
struct guard;
struct model;
struct pipeline_config;

/* Both are borrowed and must outlive the guard. */
struct guard *guard_create(const struct pipeline_config *, struct flowset *);
void guard_destroy(struct guard *);

/* The pod, or the set of ports, changed in the model. */
void guard_note_pod(struct guard *, const char *ns, const char *name);
void guard_note_ports(struct guard *);
/* Brings the flows up to date. */
void guard_run(struct guard *, const struct model *);

#endif /* guard.h */
