/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "layout-private.h"

#include <stdint.h>
#include <stdlib.h>

#include "util.h"

/* Cycles. */

enum mark { NEW, OPEN, DONE };

/* A depth-first search turns the edges that lead back to where it is.  The
 * depth is that of the graph, which is bounded by GRAPH_MAX_NODES. */
static void
visit(struct paper *p, size_t node, enum mark marks[])
{
    marks[node] = OPEN;
    for (size_t i = 0; i < p->n_links; i++) {
        struct link *link = &p->links[i];

        if (link->turned || link->loop || link->from != node) {
            continue;
        }
        if (marks[link->to] == OPEN) {
            link->turned = true;
        } else if (marks[link->to] == NEW) {
            visit(p, link->to, marks);
        }
    }
    marks[node] = DONE;
}

static void
break_cycles(struct paper *p)
{
    enum mark *marks = xcalloc(p->n_nodes, sizeof *marks);
    size_t *n_in = xcalloc(p->n_nodes, sizeof *n_in);

    for (size_t i = 0; i < p->n_links; i++) {
        n_in[p->links[i].to] += !p->links[i].loop;
    }
    /* Beginning at the sources keeps their edges as they are. */
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < p->n_nodes; i++) {
            if (marks[i] == NEW && (round || !n_in[i])) {
                visit(p, i, marks);
            }
        }
    }
    for (size_t i = 0; i < p->n_links; i++) {
        struct link *link = &p->links[i];

        if (link->turned) {
            size_t from = link->from;
            link->from = link->to;
            link->to = from;
        }
    }
    free(n_in);
    free(marks);
}

/* Ranks. */

/* The longest way to a node decides. */
static void
find_ranks(struct paper *p)
{
    bool changed = true;

    while (changed) {
        changed = false;
        for (size_t i = 0; i < p->n_links; i++) {
            const struct link *link = &p->links[i];
            size_t rank = p->spots[link->from].rank + 1;

            if (!link->loop && p->spots[link->to].rank < rank) {
                p->spots[link->to].rank = rank;
                changed = true;
            }
        }
    }
}

/* Sources come right before where they lead. */
static void
pull_sources(struct paper *p)
{
    for (size_t i = 0; i < p->n_nodes; i++) {
        size_t nearest = SIZE_MAX;
        bool source = true;

        for (size_t j = 0; j < p->n_links; j++) {
            const struct link *link = &p->links[j];

            if (link->loop) {
                continue;
            }
            source &= link->to != i;
            if (link->from == i) {
                nearest = MIN(nearest, p->spots[link->to].rank);
            }
        }
        if (source && nearest != SIZE_MAX) {
            p->spots[i].rank = nearest - 1;
        }
    }
}

static size_t
add_spot(struct paper *p, size_t rank)
{
    if (p->n_spots >= p->allocated_spots) {
        p->spots = x2nrealloc(p->spots, &p->allocated_spots,
                              sizeof *p->spots);
    }
    p->spots[p->n_spots] = (struct spot) { .rank = rank };
    return p->n_spots++;
}

static void
add_neighbour(size_t **array, size_t *n, size_t x)
{
    *array = xrealloc(*array, (*n + 1) * sizeof **array);
    (*array)[(*n)++] = x;
}

/* Lets each edge pass every rank on its way. */
static void
add_passages(struct paper *p)
{
    for (size_t i = 0; i < p->n_links; i++) {
        struct link *link = &p->links[i];
        size_t first = p->spots[link->from].rank;
        size_t last = p->spots[link->to].rank;

        if (link->loop) {
            continue;
        }
        link->n_spots = last - first + 1;
        link->spots = xmalloc(link->n_spots * sizeof *link->spots);
        link->spots[0] = link->from;
        link->spots[last - first] = link->to;
        for (size_t rank = first + 1; rank < last; rank++) {
            link->spots[rank - first] = add_spot(p, rank);
        }
        for (size_t j = 0; j + 1 < link->n_spots; j++) {
            struct spot *a = &p->spots[link->spots[j]];
            struct spot *b = &p->spots[link->spots[j + 1]];

            add_neighbour(&a->right, &a->n_right, link->spots[j + 1]);
            add_neighbour(&b->left, &b->n_left, link->spots[j]);
        }
    }
}

static void
fill_ranks(struct paper *p)
{
    for (size_t i = 0; i < p->n_spots; i++) {
        p->n_ranks = MAX(p->n_ranks, p->spots[i].rank + 1);
    }
    p->ranks = xcalloc(p->n_ranks, sizeof *p->ranks);
    p->rank_sizes = xcalloc(p->n_ranks, sizeof *p->rank_sizes);
    for (size_t i = 0; i < p->n_spots; i++) {
        struct spot *spot = &p->spots[i];

        if (i >= p->n_nodes || !layout_spot_is_alone(spot)) {
            spot->order = p->rank_sizes[spot->rank];
            add_neighbour(&p->ranks[spot->rank], &p->rank_sizes[spot->rank],
                          i);
        }
    }
}

static void
paper_uninit(struct paper *p)
{
    for (size_t i = 0; i < p->n_spots; i++) {
        free(p->spots[i].left);
        free(p->spots[i].right);
    }
    for (size_t i = 0; i < p->n_links; i++) {
        free(p->links[i].spots);
    }
    for (size_t i = 0; i < p->n_ranks; i++) {
        free(p->ranks[i]);
    }
    free(p->spots);
    free(p->links);
    free(p->ranks);
    free(p->rank_sizes);
}

void
layout(struct layout_node nodes[], size_t n_nodes,
       struct layout_edge edges[], size_t n_edges,
       const struct layout_gaps *gaps, double *width, double *height)
{
    struct paper p = { .gaps = gaps, .n_nodes = n_nodes, .n_links = n_edges };

    for (size_t i = 0; i < n_nodes; i++) {
        size_t spot = add_spot(&p, 0);
        p.spots[spot].width = nodes[i].width;
        p.spots[spot].height = nodes[i].height;
    }
    p.links = xcalloc(n_edges, sizeof *p.links);
    for (size_t i = 0; i < n_edges; i++) {
        p.links[i].from = edges[i].from;
        p.links[i].to = edges[i].to;
        p.links[i].loop = edges[i].from == edges[i].to;
    }
    break_cycles(&p);
    find_ranks(&p);
    pull_sources(&p);
    add_passages(&p);
    fill_ranks(&p);
    layout_place(&p, width, height);
    layout_draw_edges(&p, edges);
    for (size_t i = 0; i < n_nodes; i++) {
        nodes[i].x = p.spots[i].x;
        nodes[i].y = p.spots[i].y;
    }
    paper_uninit(&p);
}
