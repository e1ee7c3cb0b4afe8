/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by link.c (which rule applies to which class), link-form.c (its flows
 * while classes come and go) and link-tier.c (rules in an order). */

#ifndef LINK_PRIVATE_H
#define LINK_PRIVATE_H 1

#include "link.h"

/* A rule applies to a target class. */
struct link {
    struct hmap_node node;      /* In the table. */
    struct rule *rule;
    struct partition_class *target;
    size_t n_uses;
    bool needed;                /* In rule->targets. */
};

/* link-form.c */

/* The form of 'r' will be decided again. */
void link_check_later(struct link_table *, struct rule *r);
/* Takes the flows of 'r' away. */
void link_retract(struct link_table *, struct rule *r);
/* True if a rule of these sizes as plain flows is not larger than as a
 * conjunction. */
bool link_is_plain(const struct rule *, size_t n_targets, size_t n_peers,
                   size_t n_services);
/* Before a class is added to 'r': plain flows that would become too many are
 * taken away now, not multiplied first. */
void link_before_growth(struct link_table *, struct rule *r,
                        size_t more_targets, size_t more_peers);
void link_set_needed(struct link_table *, struct link *, bool needed);

/* link-tier.c: decides which links of the targets under review are needed, and
 * which rules are too many for conjunctions. */
void link_review_tiers(struct link_table *);
/* True if 'r', of a cluster policy, applies to all target classes. */
bool link_rule_is_universal(const struct rule *r);
/* After 'r' left its rung, which may be few enough now. */
void link_check_siblings(struct link_table *, const struct rule *r);
/* Takes what is there for the target itself out of the flowset. */
void link_forget_target(struct link_table *, struct partition_class *);

#endif /* link-private.h */
