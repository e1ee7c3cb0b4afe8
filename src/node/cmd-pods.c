/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "columns.h"
#include "k8s.h"
#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "prefix.h"
#include "util.h"

static bool
isolates(const struct k8s_policy *policy, enum k8s_direction direction,
         const struct k8s_pod *pod)
{
    return (policy->isolates[direction]
            && !strcmp(policy->up.ns, pod->up.ns)
            && selector_matches(policy->pods, pod->labels));
}

static bool
port_is_of(const struct model_port *port, const struct k8s_pod *pod)
{
    return !strcmp(port->ns, pod->up.ns) && !strcmp(port->name, pod->up.name);
}

/* All policies of each sort, in the order in which they are named. */
struct all_policies {
    const struct k8s_object **policies;
    const struct k8s_cluster_policy **clusters;
    size_t n_policies, n_clusters;
};

/* Calls 'row' for each local pod. */
typedef void row_func(const struct model *, const struct k8s_pod *,
                      const struct all_policies *, void *aux);

static void
for_each_local_pod(const struct model *model, row_func *row, void *aux)
{
    size_t n_pods;
    const struct k8s_object **pods = model_sorted(model, K8S_POD, &n_pods);
    struct all_policies all;

    all.policies = model_sorted(model, K8S_POLICY, &all.n_policies);
    all.clusters = model_cluster_policies(model, &all.n_clusters);
    for (size_t i = 0; i < n_pods; i++) {
        const struct k8s_pod *pod = k8s_pod_cast(pods[i]);
        if (model_pod_is_local(model, pod)) {
            row(model, pod, &all, aux);
        }
    }
    free(pods);
    free(all.policies);
    free(all.clusters);
}

/* The next of the cluster policies with rules about 'pod', from number '*i'
 * on, or NULL.  Advances '*i' past it. */
static const struct k8s_cluster_policy *
next_cluster_policy(const struct model *model, const struct k8s_pod *pod,
                    enum k8s_direction direction,
                    const struct all_policies *all, size_t *i)
{
    while (*i < all->n_clusters) {
        const struct k8s_cluster_policy *policy = all->clusters[(*i)++];

        if (policy->n_rules[direction]
            && model_pod_is_subject(model, policy, pod)) {
            return policy;
        }
    }
    return NULL;
}

static bool
has_cluster_policies(const struct model *model)
{
    bool has = false;

    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        has |= k8s_kind_is_cluster_policy(kind) && model_count(model, kind);
    }
    return has;
}

/* Text. */

/* Without those for cluster policies. */
#define N_COLUMNS 6

static void
put_item(struct ds *s, const char *item)
{
    ds_put_format(s, "%s%s", s->length ? "," : "", item);
}

static void
add_ports(struct columns *columns, const struct model *model,
          const struct k8s_pod *pod)
{
    struct ds names = DS_EMPTY_INITIALIZER, numbers = DS_EMPTY_INITIALIZER;
    size_t n;
    const struct model_port *ports = model_ports(model, &n);

    for (size_t i = 0; i < n; i++) {
        if (port_is_of(&ports[i], pod)) {
            put_item(&names, ports[i].interface);
            ds_put_format(&numbers, "%s%"PRIu32, numbers.length ? "," : "",
                          ports[i].ofport);
        }
    }
    columns_add_nocopy(columns, ds_steal_cstr(&names));
    columns_add_nocopy(columns, ds_steal_cstr(&numbers));
}

static void
add_addresses(struct columns *columns, const struct model *model,
              const struct k8s_pod *pod)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < pod->n_addresses; i++) {
        ds_put_cstr(&s, i ? "," : "");
        address_format(&pod->addresses[i], &s);
        if (model_pod_lost(model, pod, &pod->addresses[i])) {
            ds_put_cstr(&s, "(lost)");
        }
    }
    columns_add_nocopy(columns, ds_steal_cstr(&s));
}

static void
add_isolation(struct columns *columns, const struct k8s_pod *pod,
              enum k8s_direction direction, const struct all_policies *all)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < all->n_policies; i++) {
        if (isolates(k8s_policy_cast(all->policies[i]), direction, pod)) {
            put_item(&s, all->policies[i]->name);
        }
    }
    columns_add_nocopy(columns, ds_steal_cstr(&s));
}

static void
add_cluster_policies(struct columns *columns, const struct model *model,
                     const struct k8s_pod *pod, enum k8s_direction direction,
                     const struct all_policies *all)
{
    const struct k8s_cluster_policy *policy;
    struct ds s = DS_EMPTY_INITIALIZER;
    size_t i = 0;

    while ((policy = next_cluster_policy(model, pod, direction, all, &i))) {
        ds_put_format(&s, "%s%s:%s", s.length ? "," : "",
                      k8s_tier_name(policy->tier), policy->up.name);
    }
    columns_add_nocopy(columns, ds_steal_cstr(&s));
}

static void
add_row(const struct model *model, const struct k8s_pod *pod,
        const struct all_policies *all, void *columns_)
{
    struct columns *columns = columns_;

    columns_add_nocopy(columns, xasprintf("%s/%s", pod->up.ns, pod->up.name));
    add_ports(columns, model, pod);
    add_addresses(columns, model, pod);
    add_isolation(columns, pod, K8S_EGRESS, all);
    add_isolation(columns, pod, K8S_INGRESS, all);
    if (columns->n_columns > N_COLUMNS) {
        add_cluster_policies(columns, model, pod, K8S_EGRESS, all);
        add_cluster_policies(columns, model, pod, K8S_INGRESS, all);
    }
}

/* Few clusters have cluster policies; the others have a narrower table. */
static char *
to_text(const struct model *model)
{
    static const char *const titles[] = {
        "POD", "INTERFACE", "OFPORT", "ADDRESSES", "EGRESS ISOLATED BY",
        "INGRESS ISOLATED BY", "EGRESS SUBJECT OF", "INGRESS SUBJECT OF",
    };
    struct ds s = DS_EMPTY_INITIALIZER;
    struct columns columns;

    columns_init(&columns, (has_cluster_policies(model) ? ARRAY_SIZE(titles)
                            : N_COLUMNS));
    for (size_t i = 0; i < columns.n_columns; i++) {
        columns_add(&columns, titles[i]);
    }
    for_each_local_pod(model, add_row, &columns);
    columns_format(&columns, &s);
    columns_destroy(&columns);
    return ds_steal_cstr(&s);
}

/* JSON. */

static struct json *
ports_to_json(const struct model *model, const struct k8s_pod *pod)
{
    struct json *json = json_array_create_empty();
    size_t n;
    const struct model_port *ports = model_ports(model, &n);

    for (size_t i = 0; i < n; i++) {
        if (port_is_of(&ports[i], pod)) {
            struct json *item = json_object_create();
            json_object_put_string(item, "name", ports[i].interface);
            json_object_put(item, "ofport",
                            json_integer_create(ports[i].ofport));
            json_array_add(json, item);
        }
    }
    return json;
}

/* Without 'model' all addresses, else those that newer pods own. */
static struct json *
addresses_to_json(const struct k8s_pod *pod, const struct model *model)
{
    struct json *json = json_array_create_empty();

    for (size_t i = 0; i < pod->n_addresses; i++) {
        struct ds s = DS_EMPTY_INITIALIZER;

        if (!model || model_pod_lost(model, pod, &pod->addresses[i])) {
            address_format(&pod->addresses[i], &s);
            json_array_add(json,
                           json_string_create_nocopy(ds_steal_cstr(&s)));
        }
    }
    return json;
}

static struct json *
isolation_to_json(const struct k8s_pod *pod, enum k8s_direction direction,
                  const struct all_policies *all)
{
    struct json *json = json_array_create_empty();

    for (size_t i = 0; i < all->n_policies; i++) {
        if (isolates(k8s_policy_cast(all->policies[i]), direction, pod)) {
            json_array_add(json, json_string_create(all->policies[i]->name));
        }
    }
    return json;
}

static struct json *
cluster_policies_to_json(const struct model *model, const struct k8s_pod *pod,
                         enum k8s_direction direction,
                         const struct all_policies *all)
{
    struct json *json = json_array_create_empty();
    const struct k8s_cluster_policy *p;
    size_t i = 0;

    while ((p = next_cluster_policy(model, pod, direction, all, &i))) {
        struct json *item = json_object_create();

        json_object_put_string(item, "kind", k8s_kind_name(p->up.kind));
        json_object_put_string(item, "name", p->up.name);
        json_object_put_string(item, "tier", k8s_tier_name(p->tier));
        json_object_put(item, "priority", json_integer_create(p->priority));
        json_array_add(json, item);
    }
    return json;
}

static void
add_json(const struct model *model, const struct k8s_pod *pod,
         const struct all_policies *all, void *array_)
{
    struct json *isolated = json_object_create();
    struct json *subject = json_object_create();
    struct json *item = json_object_create();

    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        json_object_put(isolated, k8s_direction_name(d),
                        isolation_to_json(pod, d, all));
        json_object_put(subject, k8s_direction_name(d),
                        cluster_policies_to_json(model, pod, d, all));
    }
    json_object_put_string(item, "namespace", pod->up.ns);
    json_object_put_string(item, "name", pod->up.name);
    json_object_put(item, "interfaces", ports_to_json(model, pod));
    json_object_put(item, "addresses", addresses_to_json(pod, NULL));
    json_object_put(item, "lostAddresses", addresses_to_json(pod, model));
    json_object_put(item, "isolatedBy", isolated);
    json_object_put(item, "clusterPolicies", subject);
    json_array_add(array_, item);
}

static char *
to_json(const struct model *model)
{
    struct json *array = json_array_create_empty();

    for_each_local_pod(model, add_json, array);
    char *text = json_to_string(array, JSSF_PRETTY | JSSF_SORT);
    json_destroy(array);
    return text;
}

char *
cmd_pods(const struct cmd_context *context, bool json)
{
    return json ? to_json(context->model) : to_text(context->model);
}
