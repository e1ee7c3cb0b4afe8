/* SPDX-License-Identifier: Apache-2.0
 *
 * graph: allowed paths as a picture.
 *
 * Nodes are rows (rows.h): apps, pods or namespaces, and networks outside.  An
 * edge is a path that policies allow: there is none between two that no policy
 * restricts, which talk anyway, or everything would be joined to everything.
 * Where all of a namespace, or everybody, may do the same, that is one node
 * and one edge, and who may do more has another edge.  A network is a node as
 * a source and another as a destination, so that it does not close circles,
 * and none if nothing leads there. */

#ifndef GRAPH_H
#define GRAPH_H 1

#include <stdbool.h>
#include <stddef.h>

#include "rows.h"

struct ds;

/* More is not readable. */
#define GRAPH_MAX_NODES 400
#define GRAPH_MAX_EDGES 2000

enum graph_kind {
    GRAPH_ROW,
    GRAPH_SPACE,                /* All rows of a namespace. */
    GRAPH_NET,                  /* Outside, as a source. */
    GRAPH_NET_TO,               /* As a destination. */
    GRAPH_ANYBODY,              /* All rows, as a source... */
    GRAPH_ANYBODY_TO            /* ...and as a destination. */
};

struct graph_node {
    enum graph_kind kind;
    const char *name;           /* Of the row: "shop/web"; of a namespace. */
    const char *ns;             /* NULL: outside. */
    size_t n_pods;
    bool egress, ingress;       /* Policies restrict it. */
    size_t n_edges;
};

struct graph_edge {
    size_t from, to;            /* Nodes. */
    const struct reach_services *services;      /* NULL: differs from pod to
                                                 * pod. */
};

struct graph {
    struct graph_node *nodes;
    size_t n_nodes;
    struct graph_edge *edges;
    size_t n_edges, allocated_edges;
};

/* 'rows' is borrowed and must outlive the graph. */
void graph_init(struct graph *, const struct rows *rows);
void graph_uninit(struct graph *);

/* "TCP/80,443", "all", "differs". */
void graph_format_edge(const struct graph_edge *, struct ds *);

/* In the language of Graphviz. */
void graph_format_dot(const struct graph *, struct ds *);
/* An SVG document, for light and dark. */
void graph_format_svg(const struct graph *, struct ds *);
/* The same without the style, for a page that has it. */
void graph_format_svg_element(const struct graph *, struct ds *);

#endif /* graph.h */
