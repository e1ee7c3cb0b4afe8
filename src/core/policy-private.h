/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by policy.c (which there are), policy-expand.c and policy-order.c. */

#ifndef POLICY_PRIVATE_H
#define POLICY_PRIVATE_H 1

#include "policy.h"

struct group_port;
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

/* 'p' is to be expanded. */
static inline void
policy_mark_dirty(struct policies *ps, struct policy *p)
{
    ovs_list_remove(&p->dirty);
    ovs_list_push_back(&ps->dirty, &p->dirty);
}

/* policy-expand.c: the pods that 'p' is about in direction 'd', just those
 * that have 'port' if that is not NULL.  NULL if it says nothing about that
 * direction. */
struct group *policy_ref_target(struct policies *, const struct policy *p,
                                enum k8s_direction d, struct group_port *port);

/* See policies_expand(). */
void policy_expand_side(struct policies *, struct policy *,
                        enum k8s_direction, struct ptrs *new_uses,
                        struct ptrs *old_uses);

/* policy-order.c: the rung in 'side' of rule 'index' of 'p', made if need
 * be. */
struct rung *policy_rung(struct policy_side *side, const struct policy *p,
                         size_t index, enum k8s_action);

#endif /* policy-private.h */
