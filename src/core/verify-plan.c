/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verify-private.h"

#include <stdlib.h>

#include "ptrs.h"
#include "util.h"

struct verify_plan *
verify_plan_create(const struct verify *v)
{
    struct verify_plan *plan = xzalloc(sizeof *plan);
    struct ptrs policies = verify_find_policies(v->model);

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
