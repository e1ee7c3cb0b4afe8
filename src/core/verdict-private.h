/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by verdict.c (who is who, NetworkPolicies), verdict-tier.c (cluster
 * policies) and verdict-rule.c (is a rule about a connection?); and, of what
 * they say in words, by verdict-text.c, verdict-tier-text.c and
 * verdict-rule-text.c. */

#ifndef VERDICT_PRIVATE_H
#define VERDICT_PRIVATE_H 1

#include "verdict.h"

/* A query with both ends looked at: who of them is a pod, as far as policies
 * are concerned. */
struct verdict_contact {
    const struct model *model;
    const struct verdict_query *query;
    const struct k8s_pod *src, *dst;    /* NULL: not a pod. */
    bool from_node;                     /* The source is our own node. */
};

/* verdict-rule.c: true if 'rule' is about this connection.  'ns': the
 * namespace of its policy, or NULL. */
bool verdict_rule_matches(const struct verdict_contact *, enum k8s_direction,
                          const struct k8s_rule *rule, const char *ns);

/* verdict-tier.c: what the tier says about 'pod', the subject: '*found' gets
 * the rule that matches first, or none. */
void verdict_ask_tier(const struct verdict_contact *, enum k8s_direction,
                      enum k8s_tier, const struct k8s_pod *pod,
                      struct verdict_tier *found);
/* The rule that was found, or NULL. */
const struct k8s_cluster_rule *verdict_tier_rule(const struct verdict_tier *,
                                                 enum k8s_direction);

/* verdict-rule-text.c: "to … , ports …" */
void verdict_format_rule(const struct k8s_rule *, const char *ns,
                         enum k8s_direction, struct ds *);

/* verdict-tier-text.c: what the tier's rule, which there is, did, in words. */
void verdict_format_tier(const struct verdict_side *, enum k8s_tier,
                         enum k8s_direction, struct ds *);
/* Who decides, and the tiers' rules. */
void verdict_put_tiers(const struct verdict_side *, enum k8s_direction,
                       struct json *side);

#endif /* verdict-private.h */
