/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "k8s.h"
#include "label.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "reach.h"
#include "terminal.h"
#include "util.h"

char *
rows_app_of(const struct k8s_pod *pod)
{
    static const char *const keys[] = {
        "app.kubernetes.io/name", "app", "k8s-app"
    };

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const char *app = label_set_get(pod->labels, keys[i]);

        if (app && app[0]) {
            return xasprintf("%s/%s", pod->up.ns, app);
        }
    }
    return xasprintf("%s/%s", pod->up.ns, pod->up.name);
}

static char *
row_name(const struct k8s_pod *pod, enum client_grain by, bool aside)
{
    if (aside) {
        return xasprintf("%s/(all)", pod->up.ns);
    } else if (by == CLIENT_BY_NAMESPACE) {
        return xstrdup(pod->up.ns);
    } else if (by == CLIENT_BY_APP) {
        return rows_app_of(pod);
    }
    return xasprintf("%s/%s", pod->up.ns, pod->up.name);
}

/* Adds to a row one more member of a class, which came last if it came
 * before: classes are gone through one after the other. */
static void
add_member(struct row *row, const struct reach_class *class, size_t n_pods)
{
    if (!row->n_members
        || row->members[row->n_members - 1].class != class) {
        row->members = xrealloc(row->members, ((row->n_members + 1)
                                               * sizeof *row->members));
        row->members[row->n_members++] = (struct row_member) {
            .class = class,
        };
    }
    row->members[row->n_members - 1].n_pods += n_pods;
    row->n_pods += n_pods;
}

static void
add_pods(struct shash *rows, const struct reach_class *class,
         enum client_grain by, const char *ns)
{
    for (size_t i = 0; i < class->pods.n; i++) {
        const struct k8s_pod *pod = class->pods.p[i];
        bool aside = ns && strcmp(ns, pod->up.ns);
        char *name = row_name(pod, by, aside);
        struct row *row = shash_find_data(rows, name);

        if (!row) {
            row = xzalloc(sizeof *row);
            row->name = xstrdup(name);
            row->ns = pod->up.ns;
            row->aside = aside;
            shash_add(rows, name, row);
        }
        add_member(row, class, 1);
        free(name);
    }
}

static void
add_row(struct rows *rows, struct row row)
{
    rows->rows = xrealloc(rows->rows, (rows->n + 1) * sizeof *rows->rows);
    rows->rows[rows->n++] = row;
}

static void
add_net(struct rows *rows, const struct reach_class *class, const char *ns)
{
    struct row row = { .aside = ns != NULL };
    struct ds name = DS_EMPTY_INITIALIZER;

    reach_format_nets(class, &name);
    row.name = ds_steal_cstr(&name);
    add_member(&row, class, 0);
    add_row(rows, row);
}

void
rows_init(struct rows *rows, const struct reach *reach, enum client_grain by,
          const char *ns)
{
    struct shash by_name = SHASH_INITIALIZER(&by_name);
    size_t n = reach_n_classes(reach);

    *rows = (struct rows) { .reach = reach };
    for (size_t i = 0; i < n; i++) {
        add_pods(&by_name, reach_class_at(reach, i), by, ns);
    }
    const struct shash_node **sorted = shash_sort(&by_name);
    for (size_t i = 0; i < shash_count(&by_name); i++) {
        add_row(rows, *(const struct row *) sorted[i]->data);
    }
    free(sorted);
    shash_destroy_free_data(&by_name);
    for (size_t i = 0; i < n; i++) {
        if (!reach_class_at(reach, i)->pods.n) {
            add_net(rows, reach_class_at(reach, i), ns);
        }
    }
}

void
rows_uninit(struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        free(rows->rows[i].name);
        free(rows->rows[i].members);
    }
    free(rows->rows);
}

void
rows_cell(const struct rows *rows, size_t from, size_t to, struct ptrs *sets)
{
    const struct row *src = &rows->rows[from], *dst = &rows->rows[to];

    if (src->aside && dst->aside) {
        return;
    }
    for (size_t i = 0; i < src->n_members; i++) {
        for (size_t j = 0; j < dst->n_members; j++) {
            const struct row_member *a = &src->members[i];
            const struct row_member *b = &dst->members[j];
            const struct reach_services *services
                = reach_cell(rows->reach, a->class->index, b->class->index);
            /* The class has more pods, but this row has just the one. */
            bool itself = from == to && i == j && a->n_pods < 2;

            if (services && !itself && !ptrs_contains(sets, services)) {
                ptrs_add(sets, services);
            }
        }
    }
}

size_t
rows_n_pairs(const struct rows *rows, size_t from, size_t to)
{
    const struct row *src = &rows->rows[from], *dst = &rows->rows[to];

    if (!src->n_pods && !dst->n_pods) {
        return 0;
    } else if (from == to) {
        return src->n_pods * (src->n_pods - 1);
    }
    return MAX(src->n_pods, 1) * MAX(dst->n_pods, 1);
}

static struct json *
nets_to_json(const struct row *row)
{
    struct json *array = json_array_create_empty();
    const struct reach_class *class = row->members[0].class;

    for (size_t i = 0; i < class->n_nets; i++) {
        struct ds s = DS_EMPTY_INITIALIZER;

        prefix_format(&class->nets[i], &s);
        json_array_add(array, json_string_create_nocopy(ds_steal_cstr(&s)));
    }
    return array;
}

static struct json *
nodes_to_json(const struct row *row)
{
    struct json *array = json_array_create_empty();
    const struct reach_class *class = row->members[0].class;

    for (size_t i = 0; i < class->nodes.n; i++) {
        const struct k8s_node *node = class->nodes.p[i];

        json_array_add(array, json_string_create(node->up.name));
    }
    return array;
}

struct json *
rows_to_json(const struct rows *rows)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < rows->n; i++) {
        const struct row *row = &rows->rows[i];
        struct json *item = json_object_create();

        json_object_put_string(item, "name", row->name);
        json_object_put(item, "namespace",
                        (row->ns ? json_string_create(row->ns)
                         : json_null_create()));
        json_object_put(item, "pods", json_integer_create(row->n_pods));
        json_object_put(item, "networks", nets_to_json(row));
        json_object_put(item, "nodes", nodes_to_json(row));
        json_array_add(array, item);
    }
    return array;
}

/* True if some row is of pods, in namespace 'ns' if that is not NULL. */
static bool
has_pods(const struct rows *rows, const char *ns)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->rows[i].ns && (!ns || !strcmp(rows->rows[i].ns, ns))) {
            return true;
        }
    }
    return false;
}

bool
rows_ask(struct rows *rows, struct reach **reach, const struct model *model,
         const struct client_command *command,
         const struct client_options *options)
{
    const struct reach_port port = { options->port.protocol,
                                     options->port.number };
    const char *ns = options->ns;

    char *error = reach_create(model, options->port.given ? &port : NULL,
                               reach);
    if (!error) {
        rows_init(rows, *reach,
                  options->by_given ? options->by : CLIENT_BY_APP, ns);
        if (has_pods(rows, ns)) {
            return true;
        }
        rows_uninit(rows);
        reach_destroy(*reach);
        error = (ns ? xasprintf("there are no pods in namespace \"%s\"", ns)
                 : xstrdup("there are no pods"));
    }
    client_complain("%s: %s", command->name, error);
    free(error);
    return false;
}

struct json *
rows_services_to_json(const struct reach *reach)
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
