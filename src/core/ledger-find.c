/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ledger-find.h"

#include "compile.h"
#include "group.h"
#include "number.h"
#include "partition.h"
#include "policy.h"
#include "ptrs.h"
#include "rule.h"
#include "util.h"

const struct rule *
ledger_find_rule(struct compile *c, enum k8s_direction d, uint32_t id)
{
    struct number *n = number_find(&compile_rules(c, d)->numbers, id);

    return n ? CONTAINER_OF(n, struct rule, id) : NULL;
}

const struct partition_class *
ledger_find_target(struct compile *c, enum k8s_direction d, uint32_t id)
{
    const struct partition *p
        = groups_partition(compile_groups(c), GROUP_TARGET(d));
    struct number *n = number_find(&p->numbers, id);

    return n ? CONTAINER_OF(n, struct partition_class, number) : NULL;
}

static void
add_policy(struct ptrs *policies, const struct policy *policy)
{
    if (!ptrs_contains(policies, policy)) {
        ptrs_add(policies, policy);
    }
}

/* All that have the rule, for 'target' unless that is NULL. */
static void
add_rule_policies(const struct rule *r, const struct partition_class *target,
                  struct ptrs *policies)
{
    for (size_t i = 0; i < r->uses.n; i++) {
        const struct policy_use *use = r->uses.p[i];

        if (!target || partition_class_has(target, &use->target->set)) {
            add_policy(policies, use->policy);
        }
    }
}

/* All that isolate. */
static void
add_target_policies(const struct partition_class *target,
                    struct ptrs *policies)
{
    for (size_t i = 0; i < target->n_sets; i++) {
        const struct group *g = CONTAINER_OF(target->sets[i], struct group,
                                             set);

        for (size_t j = 0; g->isolates && j < g->users.n; j++) {
            add_policy(policies, g->users.p[j]);
        }
    }
}

void
ledger_find_policies(struct compile *c, enum k8s_direction d, bool by_rule,
                     uint32_t id, uint32_t target_id, struct ptrs *policies)
{
    const struct partition_class *target
        = target_id ? ledger_find_target(c, d, target_id) : NULL;

    if (by_rule) {
        const struct rule *r = ledger_find_rule(c, d, id);

        if (r) {
            add_rule_policies(r, target, policies);
        }
    } else if (target) {
        add_target_policies(target, policies);
    }
}
