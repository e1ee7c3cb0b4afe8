/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the files of verify.
 *
 * verify.c          the run: every cell of a plan
 * verify-credit.c   was it the right rule?
 * verify-report.c   is who was denied reported, as what it is?
 * verify-plan.c     what to try
 * verify-policy.c   the policies that matter here
 * verify-class.c    addresses that nothing tells apart
 * verify-address.c  addresses of nobody
 * verify-service.c  services that nothing tells apart
 * verify-packet.c   the packets
 * verify-text.c     what is wrong, in words */

#ifndef VERIFY_PRIVATE_H
#define VERIFY_PRIVATE_H 1

#include "ptrs.h"
#include "verify.h"

struct ds;
struct k8s_object;
struct k8s_pod;
struct k8s_rule;
struct model_port;

/* UDP ports of the node to which pods never send (S43). */
#define VERIFY_N_TUNNELS 3
extern const uint16_t verify_tunnel_ports[VERIFY_N_TUNNELS];

/* verify-packet.c */
bool verify_is_local(const struct model *, const struct k8s_pod *);
/* The pod's port, or NULL. */
const struct model_port *verify_find_port(const struct model *,
                                          const struct k8s_pod *);
void verify_set_addresses(const struct in6_addr *src,
                          const struct in6_addr *dst, struct flow *);
void verify_set_service(uint8_t protocol, uint16_t port, struct flow *);
/* The packet comes from that port, as the pod there sends. */
void verify_come_from(const struct model_port *, struct flow *);
/* Where a packet with this source address really comes in. */
void verify_set_entry(const struct verify *, const struct verdict_endpoint *,
                      struct flow *);

/* verify-credit.c: the rules of 'compile', which must not change meanwhile. */
struct verify_credits;
struct verify_credits *verify_credits_create(const struct compile *);
void verify_credits_destroy(struct verify_credits *);
/* In each direction that this node enforces the rule that 'outcome' names is
 * one of those that decide, and none is named where none does.  Nobody is
 * asked after a denial. */
bool verify_credits_are_due(const struct verify_credits *,
                            const struct model *,
                            const struct verdict_query *,
                            const struct replica_outcome *);

/* verify-report.c: policies only note what they deny of this local pod. */
bool verify_is_audited(const struct model *, const struct k8s_pod *);
/* A packet that is denied, and it alone, is reported by the default drop of
 * the target that denied it, unless it is only noted: then every direction
 * that denies it is. */
bool verify_reports_are_due(const struct model *,
                            const struct verdict_query *, bool allowed,
                            const struct replica_outcome *);

/* verify-policy.c: those of any kind that select a pod of this node; no other
 * policy decides about it.  "struct k8s_object", for the caller to uninit. */
struct ptrs verify_find_policies(const struct model *);
/* Calls 'cb' for each rule of a policy of any kind; 'ns' is
 * NULL for a cluster policy's. */
typedef void verify_rule_cb(const struct k8s_rule *, const char *ns,
                            void *aux);
void verify_for_each_rule(const struct k8s_object *policy, verify_rule_cb *,
                          void *aux);

/* verify-class.c: fills the plan's addresses and suspects.  'policies' are
 * verify_find_policies()'s. */
void verify_plan_addresses(const struct verify *, const struct ptrs *policies,
                           struct verify_plan *);

/* verify-address.c: one address of each piece that the edges of all prefixes,
 * in policies and flows, cut the address space into, and that no pod owns.
 * Array of '*n' (caller frees). */
struct in6_addr *verify_nobody(const struct verify *,
                               const struct ptrs *policies, size_t *n);

/* verify-service.c */
/* True if what the flow tells apart matters: not if it is one of those that
 * are always there, in front of the tables that decide. */
bool verify_is_selective(const struct verify *, const struct flowset_flow *);
void verify_plan_services(const struct verify *, const struct ptrs *policies,
                          struct verify_plan *);

#endif /* verify-private.h */
