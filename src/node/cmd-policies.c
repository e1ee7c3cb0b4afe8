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
    const struct k8s_policy *policy;    /* Both are NULL if nothing is in */
    const struct k8s_cluster_policy *cluster;   /* force. */
    size_t n_local_pods;                /* That it selects. */
    struct svec problems;
    bool kept;                  /* The problems are not about what is in
                                 * force. */
};

/* The rows by "NS/NAME" or "KIND NAME". */
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

static size_t
count_subjects(const struct model *model,
               const struct k8s_cluster_policy *policy,
               const struct k8s_object **pods, size_t n_pods)
{
    size_t n = 0;

    for (size_t i = 0; i < n_pods; i++) {
        n += model_pod_is_subject(model, policy, k8s_pod_cast(pods[i]));
    }
    return n;
}

static void
note_closed_rules(struct row *row)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        for (size_t i = 0; i < row->cluster->n_rules[d]; i++) {
            const struct k8s_cluster_rule *rule = &row->cluster->rules[d][i];

            if (rule->closed) {
                svec_add_nocopy(&row->problems, xasprintf(
                    "%s[%"PRIuSIZE"] was not understood and %s",
                    k8s_direction_name(d), i, rule->action == K8S_ACCEPT
                    ? "matches nothing" : "denies everything"));
            }
        }
    }
}

static void
collect_cluster_policies(const struct model *model, enum k8s_kind kind,
                         struct shash *rows)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;
    size_t n_pods;
    const struct k8s_object **pods = local_pods(model, &n_pods);

    while ((object = model_next(model, kind, &pos))) {
        char *key = xasprintf("%s %s", k8s_kind_name(kind), object->name);
        struct row *row = get_row(rows, key);

        row->cluster = k8s_cluster_policy_cast(object);
        row->n_local_pods = count_subjects(model, row->cluster, pods, n_pods);
        note_closed_rules(row);
        free(key);
    }
    free(pods);
}

static int
compare_order(const void *a_, const void *b_)
{
    const struct row *const *a = a_, *const *b = b_;
    const struct k8s_cluster_policy *x = (*a)->cluster, *y = (*b)->cluster;

    return (x->tier != y->tier ? (int) x->tier - (int) y->tier
            : k8s_cluster_policy_compare(x, y));
}

/* Which of two policies of one priority is asked first is not defined (C7). */
static void
note_equal_priorities(const struct shash *rows)
{
    struct row **sorted = xmalloc(MAX(shash_count(rows), 1) * sizeof *sorted);
    struct shash_node *node;
    size_t n = 0;

    SHASH_FOR_EACH (node, rows) {
        struct row *row = node->data;

        if (row->cluster) {
            sorted[n++] = row;
        }
    }
    qsort(sorted, n, sizeof *sorted, compare_order);
    for (size_t i = 1; i < n; i++) {
        const struct k8s_cluster_policy *before = sorted[i - 1]->cluster;
        const struct k8s_cluster_policy *policy = sorted[i]->cluster;

        if (before->tier == policy->tier
            && before->priority == policy->priority) {
            svec_add_nocopy(&sorted[i]->problems, xasprintf(
                "has priority %"PRIu16" like %s %s, which by its name is "
                "asked before it", policy->priority,
                k8s_kind_name(before->up.kind), before->up.name));
        }
    }
    free(sorted);
}

/* The key of the row that a problem of 'object', "KIND NS/NAME", belongs to;
 * NULL if it is not of a policy. */
static const char *
problem_key(const char *object)
{
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        const char *name = k8s_kind_name(kind);
        size_t length = strlen(name);

        if (!strncmp(object, name, length) && object[length] == ' ') {
            return (kind == K8S_POLICY ? object + length + 1
                    : k8s_kind_is_cluster_policy(kind) ? object : NULL);
        }
    }
    return NULL;
}

static void
collect_problems(const struct cmd_context *context, struct shash *rows)
{
    size_t n, n_all;
    struct cmd_problem *problems = cmd_problems(context, &n, &n_all);

    for (size_t i = 0; i < n; i++) {
        const struct cmd_problem *p = &problems[i];

        const char *key = p->object ? problem_key(p->object) : NULL;

        if (key) {
            struct row *row = get_row(rows, key);
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

/* True if the policy says anything about direction 'd'; then '*n' is the
 * number of its rules. */
static bool
get_rules(const struct row *row, enum k8s_direction d, size_t *n)
{
    if (row->cluster) {
        *n = row->cluster->n_rules[d];
        return *n;
    } else if (row->policy) {
        *n = row->policy->n_rules[d];
        return row->policy->isolates[d];
    }
    return false;
}

static void
add_name(struct columns *columns, const char *key, const struct row *row)
{
    if (row->cluster) {
        columns_add_nocopy(columns, xasprintf(
            "%s (%s %"PRIu16")", key, k8s_tier_name(row->cluster->tier),
            row->cluster->priority));
    } else {
        columns_add(columns, key);
    }
}

static void
add_directions(struct columns *columns, const struct row *row)
{
    struct ds names = DS_EMPTY_INITIALIZER, numbers = DS_EMPTY_INITIALIZER;
    size_t n;

    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (get_rules(row, d, &n)) {
            const char *comma = names.length ? "," : "";

            ds_put_format(&names, "%s%s", comma, k8s_direction_name(d));
            ds_put_format(&numbers, "%s%"PRIuSIZE, comma, n);
        }
    }
    columns_add_nocopy(columns, ds_steal_cstr(&names));
    columns_add_nocopy(columns, ds_steal_cstr(&numbers));
}

static const char *
describe_state(const struct row *row)
{
    return (!row->policy && !row->cluster ? "refused"
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

        add_name(&columns, sorted[i]->name, row);
        columns_add_nocopy(&columns, xasprintf("%"PRIuSIZE,
                                               row->n_local_pods));
        add_directions(&columns, row);
        columns_add(&columns, describe_state(row));
    }
    columns_format(&columns, &s);
    columns_destroy(&columns);
    format_problems(sorted, n, &s);
    return ds_steal_cstr(&s);
}

/* JSON. */

/* The number of rules for each direction that the policy says anything
 * about. */
static struct json *
rules_to_json(const struct row *row)
{
    struct json *json = json_object_create();
    size_t n;

    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (get_rules(row, d, &n)) {
            json_object_put(json, k8s_direction_name(d),
                            json_integer_create(n));
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

/* From "NS/NAME" or "KIND NAME". */
static void
put_name(const char *key, struct json *json)
{
    size_t length = strcspn(key, " /");
    bool cluster = key[length] == ' ';
    char *head = xmemdup0(key, length);

    json_object_put_string(json, "kind",
                           cluster ? head : k8s_kind_name(K8S_POLICY));
    json_object_put(json, "namespace", (cluster ? json_null_create()
                                        : json_string_create(head)));
    json_object_put_string(json, "name", key + length + 1);
    free(head);
}

static struct json *
row_to_json(const char *key, const struct row *row)
{
    struct json *json = json_object_create();

    put_name(key, json);
    if (row->cluster) {
        json_object_put_string(json, "tier",
                               k8s_tier_name(row->cluster->tier));
        json_object_put(json, "priority",
                        json_integer_create(row->cluster->priority));
    }
    json_object_put(json, "inForce",
                    json_boolean_create(row->policy || row->cluster));
    json_object_put(json, "kept", json_boolean_create(row->kept));
    json_object_put(json, "localPods",
                    json_integer_create(row->n_local_pods));
    json_object_put(json, "rules", rules_to_json(row));
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
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        if (k8s_kind_is_cluster_policy(kind)) {
            collect_cluster_policies(context->model, kind, &rows);
        }
    }
    note_equal_priorities(&rows);
    collect_problems(context, &rows);

    size_t n = shash_count(&rows);
    const struct shash_node **sorted = shash_sort(&rows);
    char *text = json ? to_json(sorted, n) : to_text(sorted, n);
    free(sorted);
    destroy_rows(&rows);
    return text;
}
