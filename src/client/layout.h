/* SPDX-License-Identifier: Apache-2.0
 *
 * layout: where the nodes of a graph go on paper, from left to right.
 *
 * The classic way (Sugiyama, Tagawa and Toda, 1981): turn the edges that close
 * cycles, give each node a rank, let long edges pass through invisible nodes,
 * order each rank so that few edges cross, then move nodes towards their
 * neighbours.  Deterministic, and good enough for a page. */

#ifndef LAYOUT_H
#define LAYOUT_H 1

#include <stdbool.h>
#include <stddef.h>

struct layout_node {
    double width, height;       /* Given. */
    double x, y;                /* Found: upper left corner. */
};

struct layout_point {
    double x, y;
};

struct layout_edge {
    size_t from, to;            /* Given; two nodes. */
    /* Found: points from the one's border to the other's, at least two.
     * Caller frees. */
    struct layout_point *points;
    size_t n_points;
};

struct layout_gaps {
    double rank;                /* Between ranks, for edges and their names. */
    double node;                /* Between nodes of a rank. */
};

/* Returns the size of the page in '*width' and '*height'.  Nodes without edges
 * stand below the others. */
void layout(struct layout_node nodes[], size_t n_nodes,
            struct layout_edge edges[], size_t n_edges,
            const struct layout_gaps *, double *width, double *height);

#endif /* layout.h */
