/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "layout.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#define N_SWEEPS 12             /* For few crossings. */
#define N_PULLS 24              /* For short edges. */

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

static bool
is_alone(const struct spot *spot)
{
    return !spot->n_left && !spot->n_right;
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

        if (i >= p->n_nodes || !is_alone(spot)) {
            spot->order = p->rank_sizes[spot->rank];
            add_neighbour(&p->ranks[spot->rank], &p->rank_sizes[spot->rank],
                          i);
        }
    }
}

/* Order. */

static void
sort_rank(struct paper *p, size_t rank)
{
    size_t *spots = p->ranks[rank];

    /* Insertion: stable, and ranks are short. */
    for (size_t i = 1; i < p->rank_sizes[rank]; i++) {
        size_t spot = spots[i];
        size_t j = i;

        while (j && p->spots[spots[j - 1]].weight > p->spots[spot].weight) {
            spots[j] = spots[j - 1];
            j--;
        }
        spots[j] = spot;
    }
    for (size_t i = 0; i < p->rank_sizes[rank]; i++) {
        p->spots[spots[i]].order = i;
    }
}

static void
order_rank(struct paper *p, size_t rank, bool by_left)
{
    for (size_t i = 0; i < p->rank_sizes[rank]; i++) {
        struct spot *spot = &p->spots[p->ranks[rank][i]];
        const size_t *others = by_left ? spot->left : spot->right;
        size_t n = by_left ? spot->n_left : spot->n_right;

        spot->weight = n ? 0 : spot->order;
        for (size_t j = 0; j < n; j++) {
            spot->weight += (double) p->spots[others[j]].order / n;
        }
    }
    sort_rank(p, rank);
}

static void
order_all(struct paper *p)
{
    for (int i = 0; i < N_SWEEPS; i++) {
        for (size_t j = 0; j < p->n_ranks; j++) {
            order_rank(p, i % 2 ? p->n_ranks - 1 - j : j, i % 2 == 0);
        }
    }
}

/* Places. */

/* Spots that stand as close as they may, and where the first of them would be
 * if it were up to them all. */
struct block {
    double y;
    size_t n;
};

/* Moves the spots of a rank apart, keeping their order, so that the squares of
 * the ways they move are the least: each wants to be where it is, and those
 * that are in each other's way meet in the middle (isotonic regression by
 * pooling adjacent violators). */
static void
separate(struct paper *p, size_t rank)
{
    size_t n = p->rank_sizes[rank], n_blocks = 0, at = 0;
    struct block *blocks = xmalloc((n + 1) * sizeof *blocks);
    double offset = 0;

    for (size_t i = 0; i < n; i++) {
        const struct spot *spot = &p->spots[p->ranks[rank][i]];
        struct block block = { spot->y - offset, 1 };

        while (n_blocks && blocks[n_blocks - 1].y > block.y) {
            const struct block *above = &blocks[--n_blocks];

            block.y = ((block.y * block.n + above->y * above->n)
                       / (block.n + above->n));
            block.n += above->n;
        }
        blocks[n_blocks++] = block;
        offset += spot->height + p->gaps->node;
    }
    offset = 0;
    for (size_t i = 0; i < n_blocks; i++) {
        for (size_t j = 0; j < blocks[i].n; j++) {
            struct spot *spot = &p->spots[p->ranks[rank][at++]];

            spot->y = blocks[i].y + offset;
            offset += spot->height + p->gaps->node;
        }
    }
    free(blocks);
}

static double
middle(const struct spot *spot)
{
    return spot->y + spot->height / 2;
}

static void
pull_rank(struct paper *p, size_t rank)
{
    for (size_t i = 0; i < p->rank_sizes[rank]; i++) {
        struct spot *spot = &p->spots[p->ranks[rank][i]];
        size_t n = spot->n_left + spot->n_right;
        double sum = 0;

        for (size_t j = 0; j < spot->n_left; j++) {
            sum += middle(&p->spots[spot->left[j]]);
        }
        for (size_t j = 0; j < spot->n_right; j++) {
            sum += middle(&p->spots[spot->right[j]]);
        }
        spot->y = n ? sum / n - spot->height / 2 : spot->y;
    }
    separate(p, rank);
}

static void
place_columns(struct paper *p)
{
    double x = 0;

    for (size_t rank = 0; rank < p->n_ranks; rank++) {
        double width = 0;

        for (size_t i = 0; i < p->rank_sizes[rank]; i++) {
            width = MAX(width, p->spots[p->ranks[rank][i]].width);
        }
        for (size_t i = 0; i < p->rank_sizes[rank]; i++) {
            struct spot *spot = &p->spots[p->ranks[rank][i]];

            spot->x = x + (width - spot->width) / 2;
        }
        x += width + p->gaps->rank;
    }
}

static void
place_rows(struct paper *p)
{
    for (size_t rank = 0; rank < p->n_ranks; rank++) {
        separate(p, rank);
    }
    for (int i = 0; i < N_PULLS; i++) {
        for (size_t rank = 0; rank < p->n_ranks; rank++) {
            pull_rank(p, i % 2 ? p->n_ranks - 1 - rank : rank);
        }
    }
}

/* Moves everything to the origin; returns the size. */
static void
measure(struct paper *p, double *width, double *height)
{
    double top = 0, bottom = 0;
    bool any = false;

    *width = 0;
    for (size_t i = 0; i < p->n_spots; i++) {
        const struct spot *spot = &p->spots[i];

        if (i >= p->n_nodes || !is_alone(spot)) {
            top = any ? MIN(top, spot->y) : spot->y;
            bottom = any ? MAX(bottom, spot->y + spot->height)
                         : spot->y + spot->height;
            *width = MAX(*width, spot->x + spot->width);
            any = true;
        }
    }
    for (size_t i = 0; i < p->n_spots; i++) {
        p->spots[i].y -= top;
    }
    *height = bottom - top;
}

/* Those without edges go below, in lines. */
static void
place_alone(struct paper *p, double *width, double *height)
{
    double x = 0, y = *height ? *height + 2 * p->gaps->node : 0, line = 0;
    double right = MAX(*width, 640);

    for (size_t i = 0; i < p->n_nodes; i++) {
        struct spot *spot = &p->spots[i];

        if (!is_alone(spot)) {
            continue;
        }
        if (x && x + spot->width > right) {
            x = 0;
            y += line + p->gaps->node;
            line = 0;
        }
        spot->x = x;
        spot->y = y;
        x += spot->width + p->gaps->node;
        line = MAX(line, spot->height);
        *width = MAX(*width, spot->x + spot->width);
        *height = MAX(*height, spot->y + spot->height);
    }
}

/* Edges. */

/* An edge to the node itself leaves and comes back on the right. */
static void
draw_loop(const struct spot *spot, struct layout_edge *edge)
{
    double x = spot->x + spot->width;

    edge->n_points = 4;
    edge->points = xmalloc(edge->n_points * sizeof *edge->points);
    edge->points[0] = (struct layout_point) { x, spot->y + spot->height / 4 };
    edge->points[1] = (struct layout_point) { x + 22, spot->y };
    edge->points[2] = (struct layout_point) { x + 22,
                                              spot->y + spot->height };
    edge->points[3] = (struct layout_point) { x, (spot->y
                                                  + spot->height * 3 / 4) };
}

/* An end of an edge at a node, and how high it comes from there. */
struct touch {
    double towards;
    double *y;
};

static int
compare_touches(const void *a_, const void *b_)
{
    const struct touch *a = a_, *b = b_;

    return (a->towards > b->towards) - (a->towards < b->towards);
}

/* Spreads the ends of edges over one side of a node. */
static void
spread(struct paper *p, size_t node, bool right, struct touch touches[])
{
    const struct spot *spot = &p->spots[node];
    size_t n = 0;

    for (size_t i = 0; i < p->n_links; i++) {
        struct link *link = &p->links[i];

        if (link->loop || (right ? link->from : link->to) != node) {
            continue;
        }
        size_t next = link->spots[right ? 1 : link->n_spots - 2];
        touches[n++] = (struct touch) {
            .towards = middle(&p->spots[next]),
            .y = right ? &link->start_y : &link->end_y,
        };
    }
    qsort(touches, n, sizeof *touches, compare_touches);
    for (size_t i = 0; i < n; i++) {
        *touches[i].y = spot->y + spot->height * (i + 1) / (n + 1);
    }
}

static void
spread_all(struct paper *p)
{
    struct touch *touches = xcalloc(p->n_links + 1, sizeof *touches);

    for (size_t i = 0; i < p->n_nodes; i++) {
        spread(p, i, false, touches);
        spread(p, i, true, touches);
    }
    free(touches);
}

static void
draw_link(const struct paper *p, const struct link *link,
          struct layout_edge *edge)
{
    size_t n = link->n_spots;

    edge->n_points = n;
    edge->points = xmalloc(n * sizeof *edge->points);
    for (size_t i = 0; i < n; i++) {
        const struct spot *spot = &p->spots[link->spots[i]];
        struct layout_point point = { spot->x, middle(spot) };

        if (i == 0) {
            point = (struct layout_point) { spot->x + spot->width,
                                            link->start_y };
        } else if (i == n - 1) {
            point.y = link->end_y;
        }
        edge->points[link->turned ? n - 1 - i : i] = point;
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
    order_all(&p);
    place_columns(&p);
    place_rows(&p);
    measure(&p, width, height);
    place_alone(&p, width, height);
    spread_all(&p);

    for (size_t i = 0; i < n_nodes; i++) {
        nodes[i].x = p.spots[i].x;
        nodes[i].y = p.spots[i].y;
    }
    for (size_t i = 0; i < n_edges; i++) {
        if (p.links[i].loop) {
            draw_loop(&p.spots[edges[i].from], &edges[i]);
        } else {
            draw_link(&p, &p.links[i], &edges[i]);
        }
    }
    paper_uninit(&p);
}
