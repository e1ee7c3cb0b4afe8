/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules about ports. */

#include <config.h>

#include "lint.h"

#include <netinet/in.h>
#include <string.h>

#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

#define DNS_PORT 53

static bool
has_name(const struct k8s_pod *pod, const struct k8s_port *port)
{
    for (size_t i = 0; i < pod->n_ports; i++) {
        if ((pod->ports[i].protocol == port->protocol || !port->protocol)
            && !strcmp(pod->ports[i].name, port->name)) {
            return true;
        }
    }
    return false;
}

/* True if 'rule' lets talk to 'pod', ports aside. */
static bool
leads_to(const struct lint *lint, const struct k8s_rule *rule, const char *ns,
         const struct k8s_pod *pod)
{
    for (size_t i = 0; i < rule->n_peers; i++) {
        if (lint_peer_selects(lint, &rule->peers[i], ns, pod)) {
            return true;
        }
    }
    return rule->any_peer;
}

bool
lint_name_is_alive(const struct lint *lint, const char *ns,
                   enum k8s_direction direction, const struct k8s_rule *rule,
                   const struct k8s_port *port)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;

    if (direction == K8S_INGRESS) {
        for (size_t i = 0; i < lint->pods.n; i++) {
            if (has_name(lint->pods.p[i], port)) {
                return true;
            }
        }
        return false;
    }
    while ((object = model_next(lint->model, K8S_POD, &pos))) {
        const struct k8s_pod *pod = k8s_pod_cast(object);

        if (model_pod_is_live(pod) && has_name(pod, port)
            && leads_to(lint, rule, ns, pod)) {
            return true;
        }
    }
    return false;
}

/* Without pods selected there is another finding. */
void
lint_dead_named_port(struct lint *lint, const struct k8s_policy *policy)
{
    for (int d = 0; d < K8S_N_DIRECTIONS && lint->pods.n; d++) {
        for (size_t i = 0; i < policy->n_rules[d]; i++) {
            const struct k8s_rule *rule = &policy->rules[d][i];

            for (size_t j = 0; j < rule->n_ports; j++) {
                const struct k8s_port *port = &rule->ports[j];

                if (port->name && !lint_name_is_alive(lint, policy->up.ns, d,
                                                      rule, port)) {
                    lint_find(lint, lint_path(d, i, "ports", j),
                              "no %s has a %s port named \"%s\", so that this "
                              "allows nothing",
                              (d == K8S_INGRESS ? "pod that is selected"
                               : "pod that it leads to"),
                              k8s_protocol_name(port->protocol), port->name);
                }
            }
        }
    }
}

/* True if a container of 'pod' has a port in the range. */
static bool
declares(const struct k8s_pod *pod, const struct k8s_port *port)
{
    for (size_t i = 0; i < pod->n_ports; i++) {
        if (pod->ports[i].protocol == port->protocol
            && pod->ports[i].number >= port->first
            && pod->ports[i].number <= port->last) {
            return true;
        }
    }
    return false;
}

/* True if all pods that are selected name ports, and none of them this. */
static bool
is_undeclared(const struct lint *lint, const struct k8s_port *port)
{
    for (size_t i = 0; i < lint->pods.n; i++) {
        const struct k8s_pod *pod = lint->pods.p[i];

        if (!pod->n_ports || declares(pod, port)) {
            return false;
        }
    }
    return lint->pods.n > 0;
}

void
lint_undeclared_port(struct lint *lint, const struct k8s_policy *policy)
{
    for (size_t i = 0; i < policy->n_rules[K8S_INGRESS]; i++) {
        const struct k8s_rule *rule = &policy->rules[K8S_INGRESS][i];

        for (size_t j = 0; j < rule->n_ports; j++) {
            struct ds text = DS_EMPTY_INITIALIZER;

            k8s_format_port(&rule->ports[j], &text);
            if (!rule->ports[j].name
                && is_undeclared(lint, &rule->ports[j])) {
                lint_find(lint, lint_path(K8S_INGRESS, i, "ports", j),
                          "the containers that are selected name their ports, "
                          "and %s is none of them", ds_cstr(&text));
            }
            ds_destroy(&text);
        }
    }
}

/* DNS. */

static bool
allows_dns(const struct k8s_rule *rule)
{
    for (size_t i = 0; i < rule->n_ports; i++) {
        const struct k8s_port *port = &rule->ports[i];

        /* A name may stand for any number. */
        if (port->protocol == IPPROTO_UDP
            && (port->name || (port->first <= DNS_PORT
                               && port->last >= DNS_PORT))) {
            return true;
        }
    }
    return rule->any_port;
}

/* True if a policy that isolates 'pod' for egress lets it ask. */
static bool
pod_may_ask(const struct model *model, const struct k8s_pod *pod)
{
    size_t n;
    const struct k8s_policy *const *policies
        = model_namespace_policies(model, pod->up.ns, &n);

    for (size_t i = 0; i < n; i++) {
        const struct k8s_policy *policy = policies[i];

        if (policy->isolates[K8S_EGRESS]
            && selector_matches(policy->pods, pod->labels)) {
            for (size_t j = 0; j < policy->n_rules[K8S_EGRESS]; j++) {
                if (allows_dns(&policy->rules[K8S_EGRESS][j])) {
                    return true;
                }
            }
        }
    }
    return false;
}

/* A policy that denies everything means it; networks outside may be asked for
 * by address. */
static bool
leads_to_pods(const struct k8s_policy *policy)
{
    for (size_t i = 0; i < policy->n_rules[K8S_EGRESS]; i++) {
        const struct k8s_rule *rule = &policy->rules[K8S_EGRESS][i];

        for (size_t j = 0; j < rule->n_peers; j++) {
            if (!rule->peers[j].block) {
                return true;
            }
        }
    }
    return false;
}

void
lint_egress_without_dns(struct lint *lint, const struct k8s_policy *policy)
{
    const char *example = NULL;
    size_t n = 0;

    if (!policy->isolates[K8S_EGRESS] || !leads_to_pods(policy)) {
        return;
    }
    for (size_t i = 0; i < lint->pods.n; i++) {
        const struct k8s_pod *pod = lint->pods.p[i];

        if (!pod_may_ask(lint->model, pod)) {
            example = (!example || strcmp(pod->up.name, example) < 0
                       ? pod->up.name : example);
            n++;
        }
    }
    if (n) {
        lint_find(lint, xstrdup("spec.egress"),
                  "%"PRIuSIZE" pod%s, such as %s, may connect to other pods "
                  "but not to any UDP/53, to ask for their names", n,
                  n == 1 ? "" : "s", example);
    }
}

void
lint_allows_everything(struct lint *lint, const struct k8s_policy *policy)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        for (size_t i = 0; i < policy->n_rules[d]; i++) {
            const struct k8s_rule *rule = &policy->rules[d][i];

            if (rule->any_peer && rule->any_port) {
                lint_find(lint, lint_path(d, i, NULL, 0),
                          "allows everything %s everybody",
                          lint_peers_name(d));
            }
        }
    }
}
