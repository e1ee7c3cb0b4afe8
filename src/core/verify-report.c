/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verify-private.h"

#include "k8s.h"
#include "model.h"
#include "pipeline.h"

/* By the target class that denied, and the rule if one did. */
static bool
is_report_due(const struct replica_outcome *outcome,
              const struct replica_report *r, bool audit)
{
    uint32_t target = outcome->targets[r->what.direction];
    uint32_t rule = outcome->rules[r->what.direction];
    uint64_t cookie = (audit ? cookie_make(COOKIE_AUDIT, target)
                       : rule ? cookie_make(COOKIE_DENY, rule)
                       : cookie_make(COOKIE_DROP, target));

    return (r->what.audit == audit && r->what.target == target
            && r->what.rule == rule && r->cookie == cookie);
}

bool
verify_is_audited(const struct model *model, const struct k8s_pod *pod)
{
    return (verify_is_local(model, pod)
            && model_namespace_is_audited(model, pod->up.ns));
}

/* Each direction that policies deny is reported once; nothing comes after a
 * drop. */
static bool
are_audits_due(const struct model *model, const struct verdict_query *q,
               const struct replica_outcome *outcome)
{
    const struct verdict_endpoint *ends[] = { &q->src, &q->dst };
    bool due = true, passed = true;
    struct verdict v;
    size_t n = 0;

    verdict_evaluate(model, q, &v);
    for (int d = 0; d < K8S_N_DIRECTIONS && passed; d++) {
        const struct verdict_side *side = &v.side[d];

        if (verify_is_local(model, ends[d]->pod)
            && (!side->allowed || side->audited)) {
            const struct replica_report *r = &outcome->reports[n];

            passed = side->allowed;
            due &= (n++ < outcome->n_reports && r->what.direction == d
                    && is_report_due(outcome, r, side->audited));
        }
    }
    verdict_uninit(&v);
    return due && n == outcome->n_reports;
}

bool
verify_reports_are_due(const struct model *model,
                       const struct verdict_query *q, bool allowed,
                       const struct replica_outcome *outcome)
{
    if (verify_is_audited(model, q->src.pod)
        || verify_is_audited(model, q->dst.pod)) {
        return are_audits_due(model, q, outcome);
    }
    return (outcome->n_reports == !allowed
            && (allowed || is_report_due(outcome, &outcome->reports[0],
                                         false)));
}
