/* SPDX-License-Identifier: Apache-2.0
 *
 * `policy KIND/NAME`: everything about one policy of the cluster. */

#include <config.h>

#include "dossier.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "label.h"
#include "model.h"
#include "util.h"

static void
put_subject(const struct dossier *d, const struct k8s_cluster_policy *policy,
            struct json *json, struct ds *text)
{
    struct json *pods = json_array_create_empty();
    struct hmap_position pos = { 0, 0 };
    size_t n_pods = 0, n_here = 0;
    const struct k8s_object *o;

    while ((o = model_next(d->objects.model, K8S_POD, &pos))) {
        const struct k8s_pod *pod = k8s_pod_cast(o);

        if (model_pod_is_subject(d->objects.model, policy, pod)) {
            n_pods++;
            if (model_pod_is_local(d->objects.model, pod)) {
                n_here++;
                json_array_add(pods, answer_name(o->ns, o->name));
            }
        }
    }
    const char *labels = selector_text(policy->pods);
    const char *ns_labels = selector_text(policy->namespaces);
    answer_fact(text, "subject", "%s%s of %s%s", labels[0] ? "pods " : "all "
                "pods", labels, ns_labels[0] ? "namespaces " : "all "
                "namespaces", ns_labels);
    answer_fact(text, "", "%"PRIuSIZE" pods, %"PRIuSIZE" here", n_pods,
                n_here);
    json_object_put_string(json, "podSelector", labels);
    json_object_put_string(json, "namespaceSelector", ns_labels);
    json_object_put(json, "selected", json_integer_create(n_pods));
    json_object_put(json, "local", pods);
}

static struct json *
put_rule(const struct k8s_cluster_rule *rule, enum k8s_direction d, size_t i,
         struct ds *text)
{
    struct json *json = json_object_create();
    struct ds s = DS_EMPTY_INITIALIZER;

    dossier_format_rule(&rule->match, NULL, d, &s);
    answer_fact(text, "", "  [%"PRIuSIZE"] %s%s%s%s %s%s", i,
                k8s_action_name(rule->action), rule->name ? " \"" : "",
                rule->name ? rule->name : "", rule->name ? "\"" : "",
                ds_cstr(&s), rule->closed ? " (not understood: closed)" : "");
    json_object_put_string(json, "action", k8s_action_name(rule->action));
    json_object_put(json, "name", (rule->name ? json_string_create(rule->name)
                                   : json_null_create()));
    json_object_put_string(json, "text", ds_cstr(&s));
    json_object_put(json, "understood", json_boolean_create(!rule->closed));
    ds_destroy(&s);
    return json;
}

static void
put_rules(const struct k8s_cluster_policy *policy, enum k8s_direction d,
          struct json *json, struct ds *text)
{
    struct json *rules = json_array_create_empty();

    answer_fact(text, k8s_direction_name(d), "%"PRIuSIZE" rules",
                policy->n_rules[d]);
    for (size_t i = 0; i < policy->n_rules[d]; i++) {
        json_array_add(rules, put_rule(&policy->rules[d][i], d, i, text));
    }
    json_object_put(json, k8s_direction_name(d), rules);
}

struct json *
dossier_describe_cluster(const struct dossier *d,
                         const struct k8s_cluster_policy *policy,
                         struct ds *text)
{
    struct json *json = json_object_create();
    const char *kind = k8s_kind_name(policy->up.kind);

    json_object_put_string(json, "kind", kind);
    json_object_put_string(json, "name", policy->up.name);
    json_object_put_string(json, "tier", k8s_tier_name(policy->tier));
    json_object_put(json, "priority", json_integer_create(policy->priority));
    answer_fact(text, "policy", "%s %s, tier %s, priority %"PRIu16, kind,
                policy->up.name, k8s_tier_name(policy->tier),
                policy->priority);
    put_subject(d, policy, json, text);
    for (enum k8s_direction i = 0; i < K8S_N_DIRECTIONS; i++) {
        put_rules(policy, i, json, text);
    }
    char *key = k8s_object_key(&policy->up);
    json_object_put(json, "problems", dossier_put_problems(d, key, text));
    free(key);
    json_object_put(json, "counters",
                    dossier_put_counters(d, &policy->up, text));
    return json;
}
