/* SPDX-License-Identifier: Apache-2.0
 *
 * What cluster policies say (C1 to C7). */

#include <config.h>

#include "verdict-private.h"

#include "label.h"
#include "model.h"
#include "util.h"

/* C3: subjects are pods, and hostNetwork pods are not. */
static bool
selects(const struct verdict_contact *c,
        const struct k8s_cluster_policy *policy, const struct k8s_pod *pod)
{
    return (selector_matches(policy->namespaces,
                             model_namespace_labels(c->model, pod->up.ns))
            && selector_matches(policy->pods, pod->labels));
}

/* The first rule of 'policy' that matches; its number of rules if none. */
static size_t
first_match(const struct verdict_contact *c, enum k8s_direction direction,
            const struct k8s_cluster_policy *policy)
{
    size_t i = 0;

    while (i < policy->n_rules[direction]
           && !verdict_rule_matches(c, direction,
                                    &policy->rules[direction][i].match,
                                    NULL)) {
        i++;
    }
    return i;
}

/* Of all policies with a rule that matches, the first in order counts.  A rule
 * that passes ends the tier like any other (C2). */
static void
ask_kind(const struct verdict_contact *c, enum k8s_direction direction,
         enum k8s_tier tier, const struct k8s_pod *pod, enum k8s_kind kind,
         struct verdict_tier *found)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;

    while ((object = model_next(c->model, kind, &pos))) {
        const struct k8s_cluster_policy *policy
            = k8s_cluster_policy_cast(object);

        if (policy->tier == tier && selects(c, policy, pod)) {
            size_t rule = first_match(c, direction, policy);

            if (rule < policy->n_rules[direction]
                && (!found->policy
                    || k8s_cluster_policy_compare(policy,
                                                  found->policy) < 0)) {
                found->policy = policy;
                found->rule = rule;
            }
        }
    }
}

void
verdict_ask_tier(const struct verdict_contact *c, enum k8s_direction direction,
                 enum k8s_tier tier, const struct k8s_pod *pod,
                 struct verdict_tier *found)
{
    *found = (struct verdict_tier) { NULL, 0 };
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        if (k8s_kind_is_cluster_policy(kind)) {
            ask_kind(c, direction, tier, pod, kind, found);
        }
    }
}

const struct k8s_cluster_rule *
verdict_tier_rule(const struct verdict_tier *tier,
                  enum k8s_direction direction)
{
    return tier->policy ? &tier->policy->rules[direction][tier->rule] : NULL;
}
