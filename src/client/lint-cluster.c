/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules about cluster policies. */

#include <config.h>

#include "lint.h"

#include <string.h>

#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* The subject. */

void
lint_subject_nobody(struct lint *lint, const struct k8s_cluster_policy *policy)
{
    const struct k8s_peer subject = {
        .namespaces = policy->namespaces,
        .pods = policy->pods,
    };

    if (lint->knows_pods && !lint->pods.n) {
        lint_find_nobody(lint, xstrdup("spec.subject"), &subject, NULL);
    }
}

/* Order. */

bool
lint_subject_is_broader(const struct k8s_cluster_policy *a,
                        const struct k8s_cluster_policy *b)
{
    return (lint_selector_is_broader(a->namespaces, b->namespaces)
            && lint_selector_is_broader(a->pods, b->pods));
}

/* True if both policies are about some pod: one of those that there are, else
 * whatever pods come. */
static bool
subjects_overlap(const struct lint *lint, const struct k8s_cluster_policy *a,
                 const struct k8s_cluster_policy *b)
{
    for (size_t i = 0; i < lint->pods.n; i++) {
        if (model_pod_is_subject(lint->model, a, lint->pods.p[i])) {
            return true;
        }
    }
    return lint_subject_is_broader(a, b) || lint_subject_is_broader(b, a);
}

static bool
has_rules_of_one_direction(const struct k8s_cluster_policy *a,
                           const struct k8s_cluster_policy *b)
{
    return ((a->n_rules[K8S_EGRESS] && b->n_rules[K8S_EGRESS])
            || (a->n_rules[K8S_INGRESS] && b->n_rules[K8S_INGRESS]));
}

/* The policy that is asked before 'policy' for no other reason than its name
 * or kind; the last of them, or NULL. */
static const struct k8s_cluster_policy *
find_predecessor(const struct lint *lint,
                 const struct k8s_cluster_policy *policy)
{
    const struct k8s_cluster_policy *found = NULL;

    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        struct hmap_position pos = { 0, 0 };
        const struct k8s_object *object;

        while (k8s_kind_is_cluster_policy(kind)
               && (object = model_next(lint->model, kind, &pos))) {
            const struct k8s_cluster_policy *other
                = k8s_cluster_policy_cast(object);

            if (other->tier == policy->tier
                && other->priority == policy->priority
                && k8s_cluster_policy_compare(other, policy) < 0
                && has_rules_of_one_direction(other, policy)
                && subjects_overlap(lint, other, policy)
                && (!found || k8s_cluster_policy_compare(other, found) > 0)) {
                found = other;
            }
        }
    }
    return found;
}

void
lint_equal_priority(struct lint *lint, const struct k8s_cluster_policy *policy)
{
    const struct k8s_cluster_policy *before = find_predecessor(lint, policy);

    if (before) {
        lint_find(lint, xstrdup("spec.priority"),
                  "is %"PRIu16", like that of %s %s, about the same pods: "
                  "which is asked first is not defined; here %s is, by its "
                  "%s", policy->priority, k8s_kind_name(before->up.kind),
                  before->up.name, before->up.name,
                  strcmp(before->up.name, policy->up.name) ? "name" : "kind");
    }
}

/* Ports. */

void
lint_dead_cluster_port(struct lint *lint,
                       const struct k8s_cluster_policy *policy)
{
    const char *ports = (policy->up.kind == K8S_CLUSTER_POLICY ? "protocols"
                         : "ports");

    for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS && lint->pods.n; d++) {
        for (size_t i = 0; i < policy->n_rules[d]; i++) {
            const struct k8s_rule *rule = &policy->rules[d][i].match;

            for (size_t j = 0; j < rule->n_ports; j++) {
                const struct k8s_port *port = &rule->ports[j];

                if (port->name && !lint_name_is_alive(lint, "", d, rule,
                                                      port)) {
                    lint_find(lint, lint_path(d, i, ports, j),
                              "no %s has a port named \"%s\", so that this "
                              "matches nothing",
                              (d == K8S_INGRESS ? "pod of the subject"
                               : "pod that it leads to"), port->name);
                }
            }
        }
    }
}

void
lint_deprecated_kind(struct lint *lint,
                     const struct k8s_cluster_policy *policy)
{
    if (policy->up.kind != K8S_CLUSTER_POLICY) {
        lint_find(lint, xstrdup("apiVersion"),
                  "%s is deprecated, write a ClusterNetworkPolicy of %s "
                  "in tier %s", k8s_kind_name(policy->up.kind),
                  k8s_api_version(K8S_CLUSTER_POLICY),
                  k8s_tier_name(policy->tier));
    }
}
