/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verify-private.h"

#include <string.h>

#include "k8s.h"
#include "label.h"
#include "model.h"
#include "ptrs.h"
#include "util.h"

static bool
selects(const struct model *model, const struct k8s_object *o,
        const struct k8s_pod *pod)
{
    if (k8s_kind_is_cluster_policy(o->kind)) {
        const struct k8s_cluster_policy *policy = k8s_cluster_policy_cast(o);

        return (selector_matches(policy->namespaces,
                                 model_namespace_labels(model, pod->up.ns))
                && selector_matches(policy->pods, pod->labels));
    }
    return (!strcmp(pod->up.ns, o->ns)
            && selector_matches(k8s_policy_cast(o)->pods, pod->labels));
}

static bool
selects_any(const struct model *model, const struct k8s_object *policy,
            const struct ptrs *pods)
{
    for (size_t i = 0; i < pods->n; i++) {
        if (selects(model, policy, pods->p[i])) {
            return true;
        }
    }
    return false;
}

/* Adds those of one kind. */
static void
add_policies(const struct model *model, enum k8s_kind kind,
             const struct ptrs *local, struct ptrs *policies)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *o;

    while ((o = model_next(model, kind, &pos))) {
        if (selects_any(model, o, local)) {
            ptrs_add(policies, o);
        }
    }
}

struct ptrs
verify_find_policies(const struct model *model)
{
    struct ptrs local = PTRS_INITIALIZER, policies = PTRS_INITIALIZER;
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *o;

    while ((o = model_next(model, K8S_POD, &pos))) {
        if (verify_is_local(model, k8s_pod_cast(o))) {
            ptrs_add(&local, o);
        }
    }
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        if (kind == K8S_POLICY || k8s_kind_is_cluster_policy(kind)) {
            add_policies(model, kind, &local, &policies);
        }
    }
    ptrs_uninit(&local);
    return policies;
}

void
verify_for_each_rule(const struct k8s_object *o, verify_rule_cb *cb, void *aux)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (o->kind == K8S_POLICY) {
            const struct k8s_policy *policy = k8s_policy_cast(o);

            for (size_t i = 0; i < policy->n_rules[d]; i++) {
                cb(&policy->rules[d][i], o->ns, aux);
            }
        } else {
            const struct k8s_cluster_policy *policy
                = k8s_cluster_policy_cast(o);

            for (size_t i = 0; i < policy->n_rules[d]; i++) {
                cb(&policy->rules[d][i].match, NULL, aux);
            }
        }
    }
}
