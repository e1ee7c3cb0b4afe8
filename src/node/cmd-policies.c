/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd.h"

#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "columns.h"
#include "k8s.h"
#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "svec.h"
#include "util.h"

/* A policy that is in force, or one of which nothing is. */
struct row {
    const struct k8s_policy *policy;    /* NULL if nothing is in force. */
    size_t n_local_pods;                /* That it selects. */
    struct svec problems;
    bool kept;                  /* The problems are not about what is in
                                 * force. */
};

/* The rows by "NS/NAME". */
static struct row *
get_row(struct shash *rows, const char *key)
{
    struct row *row = shash_find_data(rows, key);

    if (!row) {
        row = xzalloc(sizeof *row);
        svec_init(&row->problems);
        shash_add(rows, key, row);
    }
    return row;
}

static size_t
count_selected(const struct k8s_policy *policy,
               const struct k8s_object **pods, size_t n_pods)
{
    size_t n = 0;

    for (size_t i = 0; i < n_pods; i++) {
        n += (!strcmp(pods[i]->ns, policy->up.ns)
              && selector_matches(policy->pods,
                                  k8s_pod_cast(pods[i])->labels));
    }
    return n;
}

/* The local pods: array of '*n' (caller frees). */
static const struct k8s_object **
local_pods(const struct model *model, size_t *n)
{
    size_t n_pods;
    const struct k8s_object **pods = model_sorted(model, K8S_POD, &n_pods);

    *n = 0;
    for (size_t i = 0; i < n_pods; i++) {
        if (model_pod_is_local(model, k8s_pod_cast(pods[i]))) {
            pods[(*n)++] = pods[i];
        }
    }
    return pods;
}

static void
collect_policies(const struct model *model, struct shash *rows)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;
    size_t n_pods;
    const struct k8s_object **pods = local_pods(model, &n_pods);

    while ((object = model_next(model, K8S_POLICY, &pos))) {
        const struct k8s_policy *policy = k8s_policy_cast(object);
        char *key = xasprintf("%s/%s", object->ns, object->name);
        struct row *row = get_row(rows, key);

        row->policy = policy;
        row->n_local_pods = count_selected(policy, pods, n_pods);
        free(key);
    }
    free(pods);
}

static void
collect_problems(const struct cmd_context *context, struct shash *rows)
{
    const char *kind = k8s_kind_name(K8S_POLICY);
    size_t kind_length = strlen(kind), n, n_all;
    struct cmd_problem *problems = cmd_problems(context, &n, &n_all);

    for (size_t i = 0; i < n; i++) {
        const struct cmd_problem *p = &problems[i];

        if (p->object && !strncmp(p->object, kind, kind_length)
            && p->object[kind_length] == ' ') {
            struct row *row = get_row(rows, p->object + kind_length + 1);
            svec_add_nocopy(&row->problems,
                            xasprintf("%s%s%s", p->place ? p->place : "",
                                      p->place ? ": " : "", p->message));
            row->kept = p->kept;
        }
    }
    cmd_problems_free(problems, n);
}

static void
destroy_rows(struct shash *rows)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, rows) {
        struct row *row = node->data;
        svec_destroy(&row->problems);
    }
    shash_destroy_free_data(rows);
}

/* Text. */

static void
add_directions(struct columns *columns, const struct k8s_policy *policy)
{
    struct ds names = DS_EMPTY_INITIALIZER, numbers = DS_EMPTY_INITIALIZER;

    for (int d = 0; policy && d < K8S_N_DIRECTIONS; d++) {
        if (policy->isolates[d]) {
            const char *comma = names.length ? "," : "";

            ds_put_format(&names, "%s%s", comma, k8s_direction_name(d));
            ds_put_format(&numbers, "%s%"PRIuSIZE, comma, policy->n_rules[d]);
        }
    }
    columns_add_nocopy(columns, ds_steal_cstr(&names));
    columns_add_nocopy(columns, ds_steal_cstr(&numbers));
}

static const char *
describe_state(const struct row *row)
{
    return (!row->policy ? "refused"
            : !row->problems.n ? "ok"
            : row->kept ? "last good version"
            : "see below");
}

static void
format_problems(const struct shash_node **sorted, size_t n, struct ds *s)
{
    bool first = true;

    for (size_t i = 0; i < n; i++) {
        const struct row *row = sorted[i]->data;
        const char *problem;
        size_t j;

        SVEC_FOR_EACH (j, problem, &row->problems) {
            ds_put_format(s, "%s%s: %s\n", first ? "\n" : "",
                          sorted[i]->name, problem);
            first = false;
        }
    }
}

static char *
to_text(const struct shash_node **sorted, size_t n)
{
    static const char *const titles[] = {
        "POLICY", "PODS HERE", "DIRECTIONS", "RULES", "STATE"
    };
    struct ds s = DS_EMPTY_INITIALIZER;
    struct columns columns;

    columns_init(&columns, ARRAY_SIZE(titles));
    for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
        columns_add(&columns, titles[i]);
    }
    for (size_t i = 0; i < n; i++) {
        const struct row *row = sorted[i]->data;

        columns_add(&columns, sorted[i]->name);
        columns_add_nocopy(&columns, xasprintf("%"PRIuSIZE,
                                               row->n_local_pods));
        add_directions(&columns, row->policy);
        columns_add(&columns, describe_state(row));
    }
    columns_format(&columns, &s);
    columns_destroy(&columns);
    format_problems(sorted, n, &s);
    return ds_steal_cstr(&s);
}

/* JSON. */

/* The number of rules for each direction that the policy isolates. */
static struct json *
rules_to_json(const struct k8s_policy *policy)
{
    struct json *json = json_object_create();

    for (int d = 0; policy && d < K8S_N_DIRECTIONS; d++) {
        if (policy->isolates[d]) {
            json_object_put(json, k8s_direction_name(d),
                            json_integer_create(policy->n_rules[d]));
        }
    }
    return json;
}

static struct json *
problems_to_json(const struct row *row)
{
    struct json *json = json_array_create_empty();
    const char *problem;
    size_t i;

    SVEC_FOR_EACH (i, problem, &row->problems) {
        json_array_add(json, json_string_create(problem));
    }
    return json;
}

static struct json *
row_to_json(const char *key, const struct row *row)
{
    struct json *json = json_object_create();
    const char *slash = strchr(key, '/');
    size_t ns_length = slash ? slash - key : 0;

    json_object_put(json, "namespace",
                    json_string_create_nocopy(xmemdup0(key, ns_length)));
    json_object_put_string(json, "name", slash ? slash + 1 : key);
    json_object_put(json, "inForce",
                    json_boolean_create(row->policy != NULL));
    json_object_put(json, "kept", json_boolean_create(row->kept));
    json_object_put(json, "localPods",
                    json_integer_create(row->n_local_pods));
    json_object_put(json, "rules", rules_to_json(row->policy));
    json_object_put(json, "problems", problems_to_json(row));
    return json;
}

static char *
to_json(const struct shash_node **sorted, size_t n)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < n; i++) {
        json_array_add(array, row_to_json(sorted[i]->name, sorted[i]->data));
    }
    char *text = json_to_string(array, JSSF_PRETTY | JSSF_SORT);
    json_destroy(array);
    return text;
}

char *
cmd_policies(const struct cmd_context *context, bool json)
{
    struct shash rows = SHASH_INITIALIZER(&rows);

    collect_policies(context->model, &rows);
    collect_problems(context, &rows);

    size_t n = shash_count(&rows);
    const struct shash_node **sorted = shash_sort(&rows);
    char *text = json ? to_json(sorted, n) : to_text(sorted, n);
    free(sorted);
    destroy_rows(&rows);
    return text;
}
