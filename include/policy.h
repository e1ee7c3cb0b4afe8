/* SPDX-License-Identifier: Apache-2.0
 *
 * policy: NetworkPolicies become isolations and uses of rules, and cluster
 * policies uses of rules in an order.
 *
 * A policy has, for each direction that it isolates or has rules for, a target
 * group: the local pods that it selects.  While that group is empty nothing
 * else of the policy exists: a policy that concerns no pod of this node costs
 * its target groups.
 *
 * A rule of a policy with named ports becomes several: one for its numbers,
 * and one for each number that the name has, over just those targets (ingress,
 * S17) or peers (egress, S18) that have it.
 *
 * The order of cluster policies' rules is that of the priorities of their
 * flows, see policy-order.c. */

#ifndef POLICY_H
#define POLICY_H 1

#include <stddef.h>

#include "k8s.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "budget.h"
#include "ptrs.h"

struct ds;
struct group;
struct groups;
struct label_pool;
struct model;
struct netset;
struct policies;
struct k8s_rule;
struct rule;
struct rule_service;
struct rules;

/* What one rule of one policy contributes. */
struct policy_use {
    struct policy *policy;
    enum k8s_direction direction;
    size_t index;               /* Of the rule in the policy. */
    struct group *target;
    struct rule *rule;
};

struct policy_side {
    struct group *target;       /* NULL: not isolated in this direction. */
    struct group *next_target;  /* Will be at the next expansion. */
    struct ptrs uses;           /* "struct policy_use". */
    struct ptrs ports;          /* "struct group_port_name", watched. */

    /* Of cluster policies. */
    struct ptrs rungs;          /* "struct rung", those with rules. */
    uint16_t top;               /* Priority of the first rule's flows. */
    bool squeezed;              /* No room for its rules: closed. */
};

struct policy {
    struct hmap_node node;      /* In the policies, by namespace and name, or
                                 * in the cluster policies, by kind and
                                 * name. */
    struct ovs_list dirty;      /* In the list of those to expand, or empty. */
    enum k8s_kind kind;
    char *ns, *name;            /* 'ns' is NULL for cluster policies. */
    /* In the model: the one that fits 'kind'; NULL: gone. */
    const struct k8s_policy *spec;
    const struct k8s_cluster_policy *cluster;
    struct budget_item budget;  /* Out: it has targets, but no uses.  Cluster
                                 * policies never are. */
    struct policy_side sides[K8S_N_DIRECTIONS];
};

/* 'limits' is copied. */
struct policies *policies_create(struct label_pool *, struct groups *,
                                 const struct budget_limits *limits,
                                 struct netset *netsets[K8S_N_DIRECTIONS],
                                 struct rules *rules[K8S_N_DIRECTIONS]);
void policies_destroy(struct policies *);
size_t policies_count(const struct policies *);         /* NetworkPolicies. */
size_t policies_count_cluster(const struct policies *);
const struct policy *policy_find(const struct policies *, const char *ns,
                                 const char *name);

const struct policy *policy_find_cluster(const struct policies *,
                                         enum k8s_kind, const char *name);
/* "NS/NAME", or "KIND NAME" of a cluster policy. */
void policy_format_name(const struct policy *, struct ds *);

/* Tells that a policy changed in the model.  Its new target groups exist from
 * now on, so that pods can be evaluated. */
void policies_update(struct policies *, const struct model *,
                     const char *ns, const char *name);
void policies_update_cluster(struct policies *, const struct model *,
                             enum k8s_kind, const char *name);

/* Brings the cluster policies into order.  Adds the rules that have to move to
 * 'moved': their flows' priorities differ from those of their rungs. */
void policies_order(struct policies *, struct ptrs *moved);

/* Tells that a target group is no longer, or newly, empty; that a port name
 * has other numbers. */
void policies_note_flip(struct policies *, const struct group *target);
void policies_note_port(struct policies *, const struct ptrs *watchers);

/* Reckons what the policies that are due cost.  Those that are in or out for
 * that reason are due too. */
void policies_weigh(struct policies *);
const struct budget *policies_budget(const struct policies *);
/* Those that are out ("struct policy"), by namespace and name; caller frees
 * with ptrs_uninit(). */
struct ptrs policies_out(const struct policies *);

/* What 'policy' would cost in flows if it were alone, with the numbers that
 * port names have now: docs/design/0003-budgets.md. */
uint64_t policy_cost(const struct k8s_policy *policy, const struct groups *);
/* Peers, excepts and ports in it: about how much there is to expand. */
size_t policy_count_items(const struct policy *);
/* The ports of 'rule' that are numbers, merged: 'services' has room for all of
 * its ports.  Returns how many they are. */
size_t policy_numbers(const struct k8s_rule *rule,
                      struct rule_service *services);

/* Expands what is due: about '*work' peers and ports of them, which it takes
 * off it.  Returns true if that was all.  Adds new uses to 'new_uses' and uses
 * that are over to 'old_uses'; the caller attaches the former to, and, when
 * all is expanded, detaches the latter from, their targets and rules, then
 * calls policy_use_release() for the latter. */
bool policies_expand(struct policies *, struct ptrs *new_uses,
                     struct ptrs *old_uses, size_t *work);
/* Frees policies that are gone, after all their uses are. */
void policies_reap(struct policies *);
/* As if every policy were gone from the model. */
void policies_clear(struct policies *);

/* Gives back the target and frees 'use'.  The rule is the caller's. */
void policy_use_release(struct policies *, struct policy_use *use);

#endif /* policy.h */
