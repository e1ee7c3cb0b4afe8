/* SPDX-License-Identifier: Apache-2.0
 *
 * The points that edges pass. */

#include <config.h>

#include "layout-private.h"

#include <stdlib.h>

#include "util.h"

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
            .towards = layout_spot_middle(&p->spots[next]),
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
        struct layout_point point = { spot->x, layout_spot_middle(spot) };

        if (i == 0) {
            point = (struct layout_point) { spot->x + spot->width,
                                            link->start_y };
        } else if (i == n - 1) {
            point.y = link->end_y;
        }
        edge->points[link->turned ? n - 1 - i : i] = point;
    }
}

void
layout_draw_edges(struct paper *p, struct layout_edge edges[])
{
    spread_all(p);
    for (size_t i = 0; i < p->n_links; i++) {
        if (p->links[i].loop) {
            draw_loop(&p->spots[edges[i].from], &edges[i]);
        } else {
            draw_link(p, &p->links[i], &edges[i]);
        }
    }
}
