/* SPDX-License-Identifier: Apache-2.0
 *
 * The command graph. */

#include <config.h>

#include "client.h"

#include <stdlib.h>

#include "graph.h"
#include "objects.h"
#include "openvswitch/dynamic-string.h"
#include "reach.h"
#include "rows.h"
#include "terminal.h"
#include "util.h"

static int
draw(const struct client_command *command,
     const struct client_options *options, const struct rows *rows)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct graph graph;

    if (rows->n > GRAPH_MAX_NODES) {
        client_complain("%s: %"PRIuSIZE" rows are more than %d; try --by or "
                        "-n", command->name, rows->n, GRAPH_MAX_NODES);
        return CLIENT_ERROR;
    }
    graph_init(&graph, rows);
    if (graph.n_edges > GRAPH_MAX_EDGES) {
        client_complain("%s: %"PRIuSIZE" paths are more than %d; try --by or "
                        "-n", command->name, graph.n_edges, GRAPH_MAX_EDGES);
        graph_uninit(&graph);
        return CLIENT_ERROR;
    }
    if (options->format == CLIENT_DOT) {
        graph_format_dot(&graph, &s);
    } else {
        graph_format_svg(&graph, &s);
    }
    client_print(ds_cstr(&s));
    ds_destroy(&s);
    graph_uninit(&graph);
    return CLIENT_OK;
}

int
client_graph(const struct client_command *command,
             const struct client_options *options,
             const char *const args[])
{
    struct objects objects;
    struct reach *reach;
    struct rows rows;
    int code = CLIENT_ERROR;

    objects_init(&objects);
    if (objects_load(&objects, command, options)
        && rows_ask(&rows, &reach, objects.model, command, options)) {
        code = draw(command, options, &rows);
        rows_uninit(&rows);
        reach_destroy(reach);
    }
    objects_uninit(&objects);
    return code;
}
