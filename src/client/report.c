/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "graph.h"
#include "model.h"
#include "objects.h"
#include "openvswitch/dynamic-string.h"
#include "reach.h"
#include "report-text.h"
#include "rows.h"
#include "terminal.h"
#include "util.h"

/* What the daemon is asked for its part of the page; what it refuses to say is
 * left out. */
static const struct question {
    const char *name;
    int n_words;                /* "-o json". */
} questions[] = { { "status", 2 }, { "counters", 0 }, { "drops", 0 } };

/* Appends the picture, by app or as coarse as it must be. */
static void
put_graph(const struct report *report, struct ds *s)
{
    static const enum client_grain grains[] = {
        CLIENT_BY_APP, CLIENT_BY_NAMESPACE
    };

    for (size_t i = 0; i < ARRAY_SIZE(grains); i++) {
        struct rows rows;
        struct graph graph;
        bool fits;

        rows_init(&rows, report->reach, grains[i], NULL);
        fits = rows.n <= GRAPH_MAX_NODES;
        if (fits) {
            graph_init(&graph, &rows);
            fits = graph.n_edges <= GRAPH_MAX_EDGES / 4;
            if (fits) {
                graph_format_svg_element(&graph, s);
            }
            graph_uninit(&graph);
        }
        rows_uninit(&rows);
        if (fits) {
            return;
        }
    }
    ds_put_cstr(s, "<p class=\"muted\">There are too many paths for a "
                "picture; <code>ovs-netpol graph -n NAMESPACE</code> draws a "
                "part.</p>");
}

static void
put_page(const struct report *report, struct ds *s)
{
    for (size_t i = 0; report_page[i]; i++) {
        const char *line = report_page[i];
        const char *graph = strstr(line, "@GRAPH@\n");
        const char *data = strstr(line, "@DATA@\n");

        if (graph) {
            ds_put_buffer(s, line, graph - line);
            put_graph(report, s);
        } else if (data) {
            ds_put_buffer(s, line, data - line);
            report_format_data(report, s);
        } else {
            ds_put_cstr(s, line);
        }
    }
}

/* Asks the daemon what it has besides objects: a JSON object. */
static char *
ask_daemon(const char *target)
{
    static const char *const words[] = { "-o", "json" };
    struct json *live = json_object_create();

    for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
        const struct question *q = &questions[i];
        char *reply, *error;

        if (client_ask(target, q->name, q->n_words, words, &reply, &error)) {
            free(error);
        } else {
            struct json *json = json_from_string(reply);

            if (json->type == JSON_OBJECT || json->type == JSON_ARRAY) {
                json_object_put(live, q->name, json);
            } else {
                json_destroy(json);
            }
            free(reply);
        }
    }
    char *text = json_to_string(live, JSSF_SORT);
    json_destroy(live);
    return text;
}

/* "Manifests in DIR", "FILE", "ovs-netpold of node n1". */
static char *
describe_source(const struct client_options *options,
                const struct objects *objects)
{
    if (options->dir && options->files.n) {
        return xasprintf("Manifests in %s and %"PRIuSIZE" more file%s",
                         options->dir, options->files.n,
                         options->files.n == 1 ? "" : "s");
    } else if (options->dir) {
        return xasprintf("Manifests in %s", options->dir);
    } else if (options->files.n == 1) {
        return xasprintf("Objects in %s", options->files.names[0]);
    } else if (options->files.n) {
        return xasprintf("Objects in %"PRIuSIZE" files", options->files.n);
    }
    return xasprintf("What %s knows, generation %"PRIu64, options->target,
                     objects->node.generation);
}

/* Bounds before work. */
static bool
is_small_enough(const struct client_command *command,
                const struct reach *reach)
{
    if (reach_n_classes(reach) > REPORT_MAX_CLASSES) {
        client_complain("%s: policies tell %"PRIuSIZE" kinds of pods and "
                        "networks apart, which are more than %d for a page",
                        command->name, reach_n_classes(reach),
                        REPORT_MAX_CLASSES);
        return false;
    }
    return true;
}

static int
write_report(const struct client_command *command,
             const struct client_options *options,
             const struct objects *objects, const struct reach *reach)
{
    bool offline = options->dir || options->files.n;
    char *source = describe_source(options, objects);
    struct report report = {
        .model = objects->model,
        .reach = reach,
        .source = source,
        .by = options->by,
        .by_given = options->by_given,
        .ns = options->ns,
        .port = options->port,
    };
    struct ds s = DS_EMPTY_INITIALIZER;
    int code = CLIENT_ERROR;

    report.live = offline ? xstrdup("{}") : ask_daemon(options->target);
    if (is_small_enough(command, reach)) {
        put_page(&report, &s);
        client_print(ds_cstr(&s));
        code = CLIENT_OK;
    }
    ds_destroy(&s);
    free(report.live);
    free(source);
    return code;
}

int
client_report(const struct client_command *command,
              const struct client_options *options,
              const char *const args[])
{
    struct objects objects;
    struct reach *reach;
    int code = CLIENT_ERROR;

    objects_init(&objects);
    if (objects_load(&objects, command, options)) {
        char *error = reach_create(objects.model, NULL, &reach);

        if (error) {
            client_complain("%s: %s", command->name, error);
            free(error);
        } else {
            code = write_report(command, options, &objects, reach);
            reach_destroy(reach);
        }
    }
    objects_uninit(&objects);
    return code;
}
