/* SPDX-License-Identifier: Apache-2.0
 *
 * policy: NetworkPolicies become isolations and uses of rules.
 *
 * A policy has, for each direction that it isolates, a target group: the local
 * pods that it selects.  While that group is empty nothing else of the policy
 * exists: a policy that concerns no pod of this node costs its target groups.
 *
 * A rule of a policy with named ports becomes several: one for its numbers,
 * and one for each number that the name has, over just those targets (ingress,
 * S17) or peers (egress, S18) that have it. */

#ifndef POLICY_H
#define POLICY_H 1

#include <stddef.h>

#include "k8s.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "budget.h"
#include "ptrs.h"

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
};

struct policy {
    struct hmap_node node;      /* In the policies, by namespace and name. */
    struct ovs_list dirty;      /* In the list of those to expand, or empty. */
    char *ns, *name;
    const struct k8s_policy *spec;      /* In the model; NULL: gone. */
    struct budget_item budget;  /* Out: it has targets, but no uses. */
    struct policy_side sides[K8S_N_DIRECTIONS];
};

/* 'limits' is copied. */
struct policies *policies_create(struct label_pool *, struct groups *,
                                 const struct budget_limits *limits,
                                 struct netset *netsets[K8S_N_DIRECTIONS],
                                 struct rules *rules[K8S_N_DIRECTIONS]);
void policies_destroy(struct policies *);
size_t policies_count(const struct policies *);
const struct policy *policy_find(const struct policies *, const char *ns,
                                 const char *name);

/* Tells that a policy changed in the model.  Its new target groups exist from
 * now on, so that pods can be evaluated. */
void policies_update(struct policies *, const struct model *,
                     const char *ns, const char *name);

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
