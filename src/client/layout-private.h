/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by layout.c (ranks), layout-place.c (places) and layout-edge.c. */

#ifndef LAYOUT_PRIVATE_H
#define LAYOUT_PRIVATE_H 1

#include "layout.h"

/* A node, or a place where a long edge passes a rank. */
struct spot {
    double width, height, x, y;
    size_t rank;
    size_t order;               /* In its rank. */
    double weight;              /* What it is sorted by. */
    size_t *left, *right;       /* Neighbours in the ranks beside. */
    size_t n_left, n_right;
};

/* An edge, from left to right. */
struct link {
    size_t from, to;            /* Nodes. */
    bool turned;                /* It really goes the other way. */
    bool loop;                  /* From a node to itself. */
    size_t *spots;              /* All that it passes, both ends too. */
    size_t n_spots;
    double start_y, end_y;      /* Where it touches its ends. */
};

struct paper {
    const struct layout_gaps *gaps;
    size_t n_nodes;
    struct spot *spots;         /* The nodes come first. */
    size_t n_spots, allocated_spots;
    struct link *links;
    size_t n_links;
    size_t **ranks;             /* The spots of each, in order. */
    size_t *rank_sizes;
    size_t n_ranks;
};

static inline bool
layout_spot_is_alone(const struct spot *spot)
{
    return !spot->n_left && !spot->n_right;
}

static inline double
layout_spot_middle(const struct spot *spot)
{
    return spot->y + spot->height / 2;
}

/* Orders the ranks and gives every spot its place; returns the size of the
 * page. */
void layout_place(struct paper *, double *width, double *height);
/* Fills 'edges' with points. */
void layout_draw_edges(struct paper *, struct layout_edge edges[]);

#endif /* layout-private.h */
