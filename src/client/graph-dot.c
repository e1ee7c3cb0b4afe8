/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "graph.h"

#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

static void
put_quoted(const char *text, struct ds *s)
{
    ds_put_char(s, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            ds_put_char(s, '\\');
        }
        ds_put_char(s, *text);
    }
    ds_put_char(s, '"');
}

static void
put_id(const struct graph *g, size_t i, struct ds *s)
{
    const struct graph_node *node = &g->nodes[i];

    char *id = xasprintf("%s%s%s",
                         (node->kind == GRAPH_NET_TO
                          || node->kind == GRAPH_ANYBODY_TO ? "to " : ""),
                         node->name,
                         node->kind == GRAPH_SPACE ? "/(all)" : "");

    put_quoted(id, s);
    free(id);
}

static void
put_node(const struct graph *g, size_t i, struct ds *s)
{
    const struct graph_node *node = &g->nodes[i];
    const char *slash = strchr(node->name, '/');
    const char *shape = (!node->ns ? "ellipse"
                         : node->kind == GRAPH_SPACE ? "folder" : "box");

    ds_put_cstr(s, node->ns ? "    " : "  ");
    put_id(g, i, s);
    ds_put_cstr(s, " [label=");
    put_quoted((node->kind == GRAPH_SPACE ? "(all)"
                : node->ns && slash ? slash + 1 : node->name), s);
    ds_put_format(s, ", shape=%s%s];\n", shape,
                  (!node->ns || node->egress || node->ingress
                   ? "" : ", style=dashed"));
}

static void
put_cluster(const struct graph *g, const char *ns, size_t number, struct ds *s)
{
    ds_put_format(s, "  subgraph cluster_%"PRIuSIZE" {\n    label=", number);
    put_quoted(ns, s);
    ds_put_cstr(s, ";\n");
    for (size_t i = 0; i < g->n_nodes; i++) {
        if (g->nodes[i].ns && !strcmp(g->nodes[i].ns, ns)) {
            put_node(g, i, s);
        }
    }
    ds_put_cstr(s, "  }\n");
}

void
graph_format_dot(const struct graph *g, struct ds *s)
{
    const char *last = NULL;
    size_t n_clusters = 0;

    ds_put_cstr(s, "digraph policies {\n  rankdir=LR;\n"
                "  node [fontname=\"sans-serif\"];\n"
                "  edge [fontname=\"sans-serif\", fontsize=10];\n");
    for (size_t i = 0; i < g->n_nodes; i++) {
        const struct graph_node *node = &g->nodes[i];

        if (!node->ns) {
            put_node(g, i, s);
        } else if (node->kind == GRAPH_ROW
                   && (!last || strcmp(last, node->ns))) {
            /* Rows are sorted by namespace. */
            put_cluster(g, node->ns, n_clusters++, s);
            last = node->ns;
        }
    }
    for (size_t i = 0; i < g->n_edges; i++) {
        struct ds label = DS_EMPTY_INITIALIZER;

        ds_put_cstr(s, "  ");
        put_id(g, g->edges[i].from, s);
        ds_put_cstr(s, " -> ");
        put_id(g, g->edges[i].to, s);
        ds_put_cstr(s, " [label=");
        graph_format_edge(&g->edges[i], &label);
        put_quoted(ds_cstr(&label), s);
        ds_put_cstr(s, "];\n");
        ds_destroy(&label);
    }
    ds_put_cstr(s, "}\n");
}
