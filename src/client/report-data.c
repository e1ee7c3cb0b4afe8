/* SPDX-License-Identifier: Apache-2.0
 *
 * What the report's script knows: ends and their classes, a cell and reasons
 * for each pair of classes, policies and their rules.  Long arrays of numbers
 * are written as text at once. */

#include <config.h>

#include "report-private.h"

#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "model.h"
#include "reach.h"
#include "rows.h"
#include "util.h"

/* Writes a member of the object.  Takes 'json'. */
static void
put_json(struct report_writer *w, const char *name, struct json *json)
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

/* The addresses that are asked about for nodes, which have no networks. */
static void
put_node_addresses(const struct reach_class *class, struct json *array)
{
    for (size_t family = 0; family < 2; family++) {
        if (class->nodes.n && class->has_end[0][family]) {
            struct ds s = DS_EMPTY_INITIALIZER;

            address_format(&class->ends[0][family].address, &s);
            json_array_add(array,
                           json_string_create_nocopy(ds_steal_cstr(&s)));
        }
    }
}

static struct json *
networks_to_json(const struct reach *reach)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < reach_n_classes(reach); i++) {
        const struct reach_class *class = reach_class_at(reach, i);
        struct ds name = DS_EMPTY_INITIALIZER;

        if (class->pods.n) {
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
        put_node_addresses(class, nets);
        json_object_put(item, "networks", nets);
        json_object_put(item, "class", json_integer_create(i));
        json_array_add(array, item);
    }
    return array;
}

static void
put_cells(struct report_writer *w)
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
                      reach_class_at(reach, i)->pods.n ? "false" : "true");
    }
    ds_put_char(w->s, ']');
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
put_all(struct report_writer *w)
{
    static const char *const grains[] = { "pod", "app", "namespace" };
    const struct report *report = w->report;
    struct json *source = json_string_create(report->source);
    struct json *policies, *rules;

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
    put_json(w, "namespaces",
             json_integer_create(model_count(report->model,
                                             K8S_NAMESPACE)));
    put_json(w, "pods", pods_to_json(report->reach));
    put_json(w, "networks", networks_to_json(report->reach));
    put_json(w, "sets", rows_services_to_json(report->reach));
    put_cells(w);
    report_policies_to_json(w, &policies, &rules);
    put_json(w, "policies", policies);
    put_json(w, "rules", rules);
    report_put_isolating(w);
    report_put_reasons(w);
    ds_put_format(w->s, ",\"live\":%s}", report->live);
}

void
report_format_data(const struct report *report, struct ds *s)
{
    struct ds text = DS_EMPTY_INITIALIZER;
    struct report_writer w = { .report = report, .s = &text };

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
    report_policies_uninit(&w);
    shash_destroy(&w.lists);
    ds_destroy(&w.list_text);
    ds_destroy(&text);
}
