/* SPDX-License-Identifier: Apache-2.0
 *
 * Cluster policies and their subjects. */

#include <config.h>

#include "model.h"

#include <stdlib.h>

#include "label.h"
#include "util.h"

bool
model_pod_is_subject(const struct model *m,
                     const struct k8s_cluster_policy *policy,
                     const struct k8s_pod *pod)
{
    return (model_pod_is_live(pod)
            && selector_matches(policy->namespaces,
                                model_namespace_labels(m, pod->up.ns))
            && selector_matches(policy->pods, pod->labels));
}

static int
compare_order(const void *a_, const void *b_)
{
    const struct k8s_cluster_policy *const *a = a_, *const *b = b_;

    return ((*a)->tier != (*b)->tier ? ((*a)->tier > (*b)->tier ? 1 : -1)
            : k8s_cluster_policy_compare(*a, *b));
}

const struct k8s_cluster_policy **
model_cluster_policies(const struct model *m, size_t *n)
{
    const struct k8s_cluster_policy **policies;
    size_t n_all = 0;

    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        n_all += k8s_kind_is_cluster_policy(kind) ? model_count(m, kind) : 0;
    }
    policies = xmalloc(MAX(n_all, 1) * sizeof *policies);
    *n = 0;
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        struct hmap_position pos = { 0, 0 };
        const struct k8s_object *object;

        while (k8s_kind_is_cluster_policy(kind)
               && (object = model_next(m, kind, &pos))) {
            policies[(*n)++] = k8s_cluster_policy_cast(object);
        }
    }
    qsort(policies, *n, sizeof *policies, compare_order);
    return policies;
}
