/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by policy.c and policy-order.c. */

#ifndef POLICY_PRIVATE_H
#define POLICY_PRIVATE_H 1

#include "policy.h"

struct rung;

struct policies {
    struct groups *groups;
    struct netset *netsets[K8S_N_DIRECTIONS];
    struct rules *rules[K8S_N_DIRECTIONS];
    struct hmap policies;       /* "struct policy"s in a namespace. */
    struct hmap cluster;        /* The others. */
    struct budget *budget;      /* Of NetworkPolicies. */
    bool order_changed;         /* A cluster policy did. */
    struct ovs_list dirty;
    struct ptrs gone;           /* To be freed by policies_reap(). */
    struct selector *everything;
};

/* policy.c: 'p' is to be expanded. */
void policy_mark_dirty(struct policies *, struct policy *p);

/* policy-order.c: the rung in 'side' of rule 'index' of 'p', made if need
 * be. */
struct rung *policy_rung(struct policy_side *side, const struct policy *p,
                         size_t index, enum k8s_action);

#endif /* policy-private.h */
