/* SPDX-License-Identifier: Apache-2.0
 *
 * budget: which policies cost more flows than they may.
 *
 * Whoever may write policies in one namespace must not be able to fill the
 * switch of a node for all others.  So a policy, the policies of a namespace,
 * and all policies that matter on a node together have limits.  What a policy
 * costs is what it would cost alone: see policy_cost() and
 * docs/design/0003-budgets.md.
 *
 * A policy is in or out as a whole.  Where the sum is too large those that are
 * older stay, so that nobody is pushed out by what comes later: items are
 * taken in the order of their creation, then of namespace and name, and each
 * one that still fits is in.  So who is out depends on the set of policies
 * only, not on the order in which they were seen.
 *
 * A policy that is out costs nothing. */

#ifndef BUDGET_H
#define BUDGET_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/list.h"

/* In flows; 0 for no limit. */
struct budget_limits {
    uint32_t policy;
    uint32_t ns;
    uint32_t total;
};

/* Which limit an item is beyond. */
enum budget_excess {
    BUDGET_FITS,
    BUDGET_POLICY,
    BUDGET_NAMESPACE,
    BUDGET_TOTAL,
};

/* A member of what has a cost. */
struct budget_item {
    struct ovs_list node;       /* In its namespace; empty if it costs
                                 * nothing. */
    struct budget_ns *ns;       /* NULL if it costs nothing. */
    const char *name;           /* The owner's. */
    int64_t created;            /* Seconds since the epoch; 0 if unknown, which
                                 * counts as old. */
    uint64_t cost;
    enum budget_excess excess;  /* As of the last budget_run(). */
};

void budget_item_init(struct budget_item *, const char *name);

struct budget *budget_create(const struct budget_limits *);
void budget_destroy(struct budget *);

/* The cost of an item of namespace 'ns' is now this; 0 takes it out of the
 * books, as must be done before it is freed. */
void budget_set(struct budget *, struct budget_item *, const char *ns,
                int64_t created, uint64_t cost);

/* Reckons again.  Calls 'cb' for each item whose excess is another one. */
typedef void budget_cb(struct budget_item *, void *aux);
void budget_run(struct budget *, budget_cb *, void *aux);

struct budget_status {
    struct budget_limits limits;
    uint64_t cost;              /* Of those that are in. */
    uint64_t max_ns_cost;       /* Of the namespace that costs most. */
    size_t n_out;               /* Policies that are out. */
};
void budget_get_status(const struct budget *, struct budget_status *);

/* Why 'item' is out, or NULL if it is not; caller frees. */
char *budget_describe(const struct budget *, const struct budget_item *);

#endif /* budget.h */
