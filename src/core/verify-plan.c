/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verify-private.h"

#include <stdlib.h>
#include <string.h>

#include "k8s.h"
#include "label.h"
#include "model.h"
#include "ptrs.h"
#include "util.h"

/* The policies that select a pod of this node; no other policy decides about
 * it. */

static bool
selects_any(const struct k8s_policy *policy, const struct ptrs *pods)
{
    for (size_t i = 0; i < pods->n; i++) {
        const struct k8s_pod *pod = pods->p[i];

        if (!strcmp(pod->up.ns, policy->up.ns)
            && selector_matches(policy->pods, pod->labels)) {
            return true;
        }
    }
    return false;
}

static struct ptrs
find_policies(const struct model *model)
{
    struct ptrs local = PTRS_INITIALIZER, policies = PTRS_INITIALIZER;
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *o;

    while ((o = model_next(model, K8S_POD, &pos))) {
        if (verify_is_local(model, k8s_pod_cast(o))) {
            ptrs_add(&local, o);
        }
    }
    memset(&pos, 0, sizeof pos);
    while ((o = model_next(model, K8S_POLICY, &pos))) {
        if (selects_any(k8s_policy_cast(o), &local)) {
            ptrs_add(&policies, o);
        }
    }
    ptrs_uninit(&local);
    return policies;
}

struct verify_plan *
verify_plan_create(const struct verify *v)
{
    struct verify_plan *plan = xzalloc(sizeof *plan);
    struct ptrs policies = find_policies(v->model);

    plan->ours = true;
    verify_plan_addresses(v, &policies, plan);
    verify_plan_services(v, &policies, plan);
    ptrs_uninit(&policies);
    return plan;
}

void
verify_plan_destroy(struct verify_plan *plan)
{
    if (plan) {
        free(plan->addresses);
        free(plan->suspects);
        free(plan->services);
        free(plan);
    }
}
