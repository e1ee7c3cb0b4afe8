/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies and their rules, in words. */

#include <config.h>

#include "report-private.h"

#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "hash.h"
#include "label.h"
#include "model.h"
#include "reach.h"
#include "util.h"

const struct report_policy *
report_find_policy(const struct report_writer *w, const void *object)
{
    const struct report_policy *p;

    HMAP_FOR_EACH_WITH_HASH (p, node, hash_pointer(object, 0), &w->policies) {
        if (p->object == object) {
            return p;
        }
    }
    OVS_NOT_REACHED();
}

static struct report_policy *
add_policy(struct report_writer *w, const void *object)
{
    struct report_policy *p = xzalloc(sizeof *p);

    p->object = object;
    p->index = w->n_policies++;
    hmap_insert(&w->policies, &p->node, hash_pointer(object, 0));
    return p;
}

static struct json *
rule_to_json(struct report_writer *w, const struct report_policy *policy,
             int direction, size_t index, const struct k8s_rule *rule,
             const char *ns, const char *action)
{
    struct ds peers = DS_EMPTY_INITIALIZER, ports = DS_EMPTY_INITIALIZER;
    struct json *item = json_object_create();

    for (size_t i = 0; i < rule->n_peers && !rule->any_peer; i++) {
        ds_put_cstr(&peers, i ? "; or " : "");
        k8s_format_peer(&rule->peers[i], ns, &peers);
    }
    for (size_t i = 0; i < rule->n_ports && !rule->any_port; i++) {
        ds_put_cstr(&ports, i ? ", " : "");
        k8s_format_port(&rule->ports[i], &ports);
    }
    if (!peers.length) {
        ds_put_cstr(&peers, rule->any_peer ? "anybody" : "nobody");
    }
    if (!ports.length) {
        ds_put_cstr(&ports, rule->any_port ? "everything" : "nothing");
    }
    char *what = xasprintf("%s%s", action, ds_cstr(&ports));
    ds_destroy(&ports);
    json_object_put(item, "policy", json_integer_create(policy->index));
    json_object_put(item, "direction", json_integer_create(direction));
    json_object_put(item, "index", json_integer_create(index));
    json_object_put(item, "peers",
                    json_string_create_nocopy(ds_steal_cstr(&peers)));
    json_object_put(item, "ports", json_string_create_nocopy(what));
    w->n_rules++;
    return item;
}

static struct json *
policy_to_json(char *text, size_t n_pods, const bool directions[])
{
    struct json *item = json_object_create();
    struct json *isolates = json_array_create_empty();

    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (directions[d]) {
            json_array_add(isolates,
                           json_string_create(k8s_direction_name(d)));
        }
    }
    json_object_put(item, "text", json_string_create_nocopy(text));
    json_object_put(item, "pods", json_integer_create(n_pods));
    json_object_put(item, "isolates", isolates);
    return item;
}

/* The live pods that selectors select; in one namespace, or where
 * 'namespaces' says. */
static size_t
count_pods(const struct model *model, const char *ns,
           const struct selector *namespaces, const struct selector *pods)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;
    size_t n = 0;

    while ((object = model_next(model, K8S_POD, &pos))) {
        const struct k8s_pod *pod = k8s_pod_cast(object);

        n += (model_pod_is_live(pod)
              && (ns ? !strcmp(ns, pod->up.ns)
                  : selector_matches(namespaces,
                                     model_namespace_labels(model,
                                                            pod->up.ns)))
              && selector_matches(pods, pod->labels));
    }
    return n;
}

static struct json *
network_policy_to_json(struct report_writer *w,
                       const struct k8s_policy *policy, struct json *rules)
{
    struct report_policy *p = add_policy(w, policy);

    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        p->first_rule[d] = w->n_rules;
        for (size_t i = 0; i < policy->n_rules[d]; i++) {
            json_array_add(rules, rule_to_json(w, p, d, i,
                                               &policy->rules[d][i],
                                               policy->up.ns, ""));
        }
    }
    return policy_to_json(xasprintf("%s/%s", policy->up.ns, policy->up.name),
                          count_pods(w->report->model, policy->up.ns, NULL,
                                     policy->pods),
                          policy->isolates);
}

static struct json *
cluster_policy_to_json(struct report_writer *w,
                       const struct k8s_cluster_policy *policy,
                       struct json *rules)
{
    const bool isolates[K8S_N_DIRECTIONS] = { false, false };
    struct report_policy *p = add_policy(w, policy);

    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        p->first_rule[d] = w->n_rules;
        for (size_t i = 0; i < policy->n_rules[d]; i++) {
            const struct k8s_cluster_rule *rule = &policy->rules[d][i];
            char *action = xasprintf("%s: ", k8s_action_name(rule->action));

            json_array_add(rules, rule_to_json(w, p, d, i, &rule->match, "",
                                               action));
            free(action);
        }
    }
    return policy_to_json(xasprintf("%s (%s %u)", policy->up.name,
                                    k8s_tier_name(policy->tier),
                                    policy->priority),
                          count_pods(w->report->model, NULL,
                                     policy->namespaces, policy->pods),
                          isolates);
}

void
report_policies_to_json(struct report_writer *w, struct json **policiesp,
                        struct json **rulesp)
{
    struct json *policies = json_array_create_empty();
    struct json *rules = json_array_create_empty();

    for (int kind = 0; kind < K8S_N_KINDS; kind++) {
        bool cluster = k8s_kind_is_cluster_policy(kind);
        size_t n;

        if (kind != K8S_POLICY && !cluster) {
            continue;
        }
        const struct k8s_object **sorted = model_sorted(w->report->model,
                                                        kind, &n);
        for (size_t i = 0; i < n; i++) {
            json_array_add(policies,
                           cluster
                           ? cluster_policy_to_json(
                               w, k8s_cluster_policy_cast(sorted[i]), rules)
                           : network_policy_to_json(
                               w, k8s_policy_cast(sorted[i]), rules));
        }
        free(sorted);
    }
    *policiesp = policies;
    *rulesp = rules;
}

/* The policies that have a say about a pod. */
static void
put_isolating(struct report_writer *w, const struct k8s_pod *pod,
              enum k8s_direction direction)
{
    const char *comma = "";
    size_t n;
    const struct k8s_policy *const *policies
        = model_namespace_policies(w->report->model, pod->up.ns, &n);

    for (size_t i = 0; i < n; i++) {
        if (policies[i]->isolates[direction]
            && selector_matches(policies[i]->pods, pod->labels)) {
            ds_put_format(w->s, "%s%"PRIuSIZE, comma,
                          report_find_policy(w, policies[i])->index);
            comma = ",";
        }
    }
}

void
report_put_isolating(struct report_writer *w)
{
    const struct reach *reach = w->report->reach;

    ds_put_cstr(w->s, ",\"isolating\":[");
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        ds_put_cstr(w->s, d ? ",[" : "[");
        for (size_t i = 0; i < reach_n_classes(reach); i++) {
            const struct reach_class *class = reach_class_at(reach, i);

            ds_put_cstr(w->s, i ? ",[" : "[");
            if (class->pods.n) {
                put_isolating(w, class->pods.p[0], d);
            }
            ds_put_char(w->s, ']');
        }
        ds_put_char(w->s, ']');
    }
    ds_put_char(w->s, ']');
}

void
report_policies_uninit(struct report_writer *w)
{
    struct report_policy *p;

    HMAP_FOR_EACH_POP (p, node, &w->policies) {
        free(p);
    }
    hmap_destroy(&w->policies);
}
