/* SPDX-License-Identifier: Apache-2.0
 *
 * What the report's script knows: ends and their classes, a cell and reasons
 * for each pair of classes, policies and their rules.  Long arrays of numbers
 * are written as text at once. */

#include <config.h>

#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "hash.h"
#include "k8s.h"
#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "openvswitch/shash.h"
#include "reach.h"
#include "rows.h"
#include "util.h"
#include "verdict.h"

/* A policy of either sort, and where its rules are among all. */
struct policy {
    struct hmap_node node;      /* By pointer. */
    const void *object;
    size_t index;
    size_t first_rule[K8S_N_DIRECTIONS];
};

struct writer {
    const struct report *report;
    struct ds *s;
    struct hmap policies;       /* "struct policy". */
    size_t n_policies, n_rules;
    struct shash lists;         /* Of rules, as text; data: the number. */
    struct ds list_text;
};

static void
put_json(struct writer *w, const char *name, struct json *json)
{
    ds_put_format(w->s, ",\"%s\":", name);
    json_to_ds(json, 0, w->s);
    json_destroy(json);
}

/* Ends. */

static struct json *
pods_to_json(const struct reach *reach)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < reach_n_classes(reach); i++) {
        const struct reach_class *class = reach_class_at(reach, i);

        for (size_t j = 0; j < class->pods.n; j++) {
            const struct k8s_pod *pod = class->pods.p[j];
            struct json *item = json_object_create();
            char *app = rows_app_of(pod);

            json_object_put_string(item, "namespace", pod->up.ns);
            json_object_put_string(item, "name", pod->up.name);
            json_object_put(item, "app", json_string_create_nocopy(app));
            json_object_put(item, "class", json_integer_create(i));
            json_array_add(array, item);
        }
    }
    return array;
}

static struct json *
networks_to_json(const struct reach *reach)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < reach_n_classes(reach); i++) {
        const struct reach_class *class = reach_class_at(reach, i);
        struct ds name = DS_EMPTY_INITIALIZER;

        if (!class->n_nets) {
            continue;
        }
        reach_format_nets(class, &name);
        struct json *item = json_object_create();
        struct json *nets = json_array_create_empty();
        json_object_put(item, "name",
                        json_string_create_nocopy(ds_steal_cstr(&name)));
        for (size_t j = 0; j < class->n_nets; j++) {
            struct ds net = DS_EMPTY_INITIALIZER;

            prefix_format(&class->nets[j], &net);
            json_array_add(nets,
                           json_string_create_nocopy(ds_steal_cstr(&net)));
        }
        json_object_put(item, "networks", nets);
        json_object_put(item, "class", json_integer_create(i));
        json_array_add(array, item);
    }
    return array;
}

static struct json *
sets_to_json(const struct reach *reach)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < reach_n_services(reach); i++) {
        const struct reach_services *services = reach_services_at(reach, i);
        struct json *item = json_object_create();
        struct ds text = DS_EMPTY_INITIALIZER;

        reach_format_services(services, &text);
        json_object_put(item, "text",
                        json_string_create_nocopy(ds_steal_cstr(&text)));
        json_object_put(item, "services", reach_services_to_json(services));
        json_array_add(array, item);
    }
    return array;
}

static void
put_cells(struct writer *w)
{
    const struct reach *reach = w->report->reach;
    size_t n = reach_n_classes(reach);

    ds_put_format(w->s, ",\"classes\":%"PRIuSIZE",\"cells\":[", n);
    for (size_t i = 0; i < n * n; i++) {
        const struct reach_services *services = reach_cell(reach, i / n,
                                                           i % n);

        ds_put_format(w->s, "%s%d", i ? "," : "",
                      services ? (int) services->index : -1);
    }
    ds_put_cstr(w->s, "],\"outside\":[");
    for (size_t i = 0; i < n; i++) {
        ds_put_format(w->s, "%s%s", i ? "," : "",
                      reach_class_at(reach, i)->n_nets ? "true" : "false");
    }
    ds_put_char(w->s, ']');
}

/* Policies. */

static const struct policy *
find_policy(const struct writer *w, const void *object)
{
    const struct policy *p;

    HMAP_FOR_EACH_WITH_HASH (p, node, hash_pointer(object, 0), &w->policies) {
        if (p->object == object) {
            return p;
        }
    }
    OVS_NOT_REACHED();
}

static struct policy *
add_policy(struct writer *w, const void *object)
{
    struct policy *p = xzalloc(sizeof *p);

    p->object = object;
    p->index = w->n_policies++;
    hmap_insert(&w->policies, &p->node, hash_pointer(object, 0));
    return p;
}

static struct json *
rule_to_json(struct writer *w, const struct policy *policy, int direction,
             size_t index, const struct k8s_rule *rule, const char *ns,
             const char *action)
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
network_policy_to_json(struct writer *w, const struct k8s_policy *policy,
                       struct json *rules)
{
    struct policy *p = add_policy(w, policy);

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
cluster_policy_to_json(struct writer *w,
                       const struct k8s_cluster_policy *policy,
                       struct json *rules)
{
    const bool isolates[K8S_N_DIRECTIONS] = { false, false };
    struct policy *p = add_policy(w, policy);

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

static void
put_policies(struct writer *w)
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
    put_json(w, "policies", policies);
    put_json(w, "rules", rules);
}

/* The policies that have a say about a pod. */
static void
put_isolating(struct writer *w, const struct k8s_pod *pod,
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
                          find_policy(w, policies[i])->index);
            comma = ",";
        }
    }
}

static void
put_all_isolating(struct writer *w)
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

/* Reasons. */

static void
add_reason(struct ptrs *found, size_t rule)
{
    const void *p = (const void *) (uintptr_t) (rule + 1);

    if (!ptrs_contains(found, p)) {
        ptrs_add(found, p);
    }
}

/* Adds the rules that have decided on this side. */
static void
collect_side(const struct writer *w, const struct verdict_side *side,
             enum k8s_direction direction, struct ptrs *found)
{
    for (size_t i = 0; i < side->n_reasons; i++) {
        const struct verdict_reason *reason = &side->reasons[i];

        add_reason(found, (find_policy(w, reason->policy)
                           ->first_rule[direction] + reason->rule));
    }
    for (int i = 0; i < K8S_N_TIERS; i++) {
        const struct verdict_tier *tier = &side->tiers[i];

        if (tier->policy) {
            add_reason(found, (find_policy(w, tier->policy)
                               ->first_rule[direction] + tier->rule));
        }
    }
}

static int
compare_pointers(const void *a_, const void *b_)
{
    const void *const *a = a_, *const *b = b_;

    return ((uintptr_t) *a > (uintptr_t) *b)
           - ((uintptr_t) *a < (uintptr_t) *b);
}

/* The number of a list of rules. */
static size_t
intern_list(struct writer *w, struct ptrs *found)
{
    struct ds text = DS_EMPTY_INITIALIZER;

    if (found->n) {
        qsort(found->p, found->n, sizeof *found->p, compare_pointers);
    }
    ds_put_char(&text, '[');
    for (size_t i = 0; i < found->n; i++) {
        ds_put_format(&text, "%s%"PRIuPTR, i ? "," : "",
                      (uintptr_t) found->p[i] - 1);
    }
    ds_put_char(&text, ']');

    struct shash_node *node = shash_find(&w->lists, ds_cstr(&text));
    if (!node) {
        size_t number = shash_count(&w->lists);

        ds_put_format(&w->list_text, "%s%s", number ? "," : "",
                      ds_cstr(&text));
        node = shash_add(&w->lists, ds_cstr(&text),
                         (void *) (uintptr_t) number);
    }
    ds_destroy(&text);
    return (uintptr_t) node->data;
}

/* Every rule that decides about some service of a pair. */
static void
find_reasons(struct writer *w, size_t from, size_t to,
             size_t lists[K8S_N_DIRECTIONS])
{
    struct ptrs found[K8S_N_DIRECTIONS] = {
        PTRS_INITIALIZER, PTRS_INITIALIZER
    };
    size_t n;
    struct reach_port *ports = reach_ports(w->report->reach, from, to, &n);

    for (size_t i = 0; i < n; i++) {
        struct verdict_query query;
        struct verdict verdict;

        if (!reach_query(w->report->reach, from, to, &ports[i], &query)) {
            break;
        }
        verdict_evaluate(w->report->model, &query, &verdict);
        for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
            collect_side(w, &verdict.side[d], d, &found[d]);
        }
        verdict_uninit(&verdict);
    }
    free(ports);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        lists[d] = intern_list(w, &found[d]);
        ptrs_uninit(&found[d]);
    }
}

static void
put_reasons(struct writer *w)
{
    size_t n = reach_n_classes(w->report->reach);
    struct ds text[K8S_N_DIRECTIONS] = {
        DS_EMPTY_INITIALIZER, DS_EMPTY_INITIALIZER
    };

    if (n > REPORT_MAX_CLASSES_WITH_REASONS) {
        ds_put_cstr(w->s, ",\"reasons\":null,\"lists\":[]");
        return;
    }
    for (size_t i = 0; i < n * n; i++) {
        size_t lists[K8S_N_DIRECTIONS];

        find_reasons(w, i / n, i % n, lists);
        for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
            ds_put_format(&text[d], "%s%"PRIuSIZE, i ? "," : "", lists[d]);
        }
    }
    ds_put_format(w->s, ",\"reasons\":[[%s],[%s]],\"lists\":[%s]",
                  ds_cstr(&text[K8S_EGRESS]), ds_cstr(&text[K8S_INGRESS]),
                  ds_cstr(&w->list_text));
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        ds_destroy(&text[d]);
    }
}

/* All of it. */

/* "TCP/80", "ICMP", or null. */
static struct json *
port_to_json(const struct client_port *port)
{
    const char *protocol = k8s_protocol_name(port->protocol);

    return (!port->given ? json_null_create()
            : port->number ? json_string_create_nocopy(
                xasprintf("%s/%u", protocol, port->number))
            : json_string_create(protocol));
}

static void
put_all(struct writer *w)
{
    static const char *const grains[] = { "pod", "app", "namespace" };
    const struct report *report = w->report;
    struct json *source = json_string_create(report->source);

    ds_put_cstr(w->s, "{\"source\":");
    json_to_ds(source, 0, w->s);
    json_destroy(source);
    put_json(w, "by", (report->by_given
                       ? json_string_create(grains[report->by])
                       : json_null_create()));
    put_json(w, "from", (report->ns
                         ? json_string_create_nocopy(
                             xasprintf("%s/", report->ns))
                         : json_null_create()));
    put_json(w, "service", port_to_json(&report->port));
    put_json(w, "namespaces", json_integer_create(
                 model_count(report->model, K8S_NAMESPACE)));
    put_json(w, "pods", pods_to_json(report->reach));
    put_json(w, "networks", networks_to_json(report->reach));
    put_json(w, "sets", sets_to_json(report->reach));
    put_cells(w);
    put_policies(w);
    put_all_isolating(w);
    put_reasons(w);
    ds_put_format(w->s, ",\"live\":%s}", report->live);
}

void
report_format_data(const struct report *report, struct ds *s)
{
    struct ds text = DS_EMPTY_INITIALIZER;
    struct writer w = { .report = report, .s = &text };
    struct policy *p;

    hmap_init(&w.policies);
    shash_init(&w.lists);
    ds_init(&w.list_text);
    put_all(&w);
    for (const char *c = ds_cstr(&text); *c; c++) {
        /* It occurs in strings only, and nothing else can end the element. */
        if (*c == '<') {
            ds_put_cstr(s, "\\u003c");
        } else {
            ds_put_char(s, *c);
        }
    }
    HMAP_FOR_EACH_POP (p, node, &w.policies) {
        free(p);
    }
    hmap_destroy(&w.policies);
    shash_destroy(&w.lists);
    ds_destroy(&w.list_text);
    ds_destroy(&text);
}
