/* SPDX-License-Identifier: Apache-2.0
 *
 * The order of the nodes of each rank, and where they go. */

#include <config.h>

#include "layout-private.h"

#include <stdlib.h>

#include "util.h"

#define N_SWEEPS 12             /* For few crossings. */
#define N_PULLS 24              /* For short edges. */

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

static void
pull_rank(struct paper *p, size_t rank)
{
    for (size_t i = 0; i < p->rank_sizes[rank]; i++) {
        struct spot *spot = &p->spots[p->ranks[rank][i]];
        size_t n = spot->n_left + spot->n_right;
        double sum = 0;

        for (size_t j = 0; j < spot->n_left; j++) {
            sum += layout_spot_middle(&p->spots[spot->left[j]]);
        }
        for (size_t j = 0; j < spot->n_right; j++) {
            sum += layout_spot_middle(&p->spots[spot->right[j]]);
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

        if (i >= p->n_nodes || !layout_spot_is_alone(spot)) {
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

        if (!layout_spot_is_alone(spot)) {
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

void
layout_place(struct paper *p, double *width, double *height)
{
    order_all(p);
    place_columns(p);
    place_rows(p);
    measure(p, width, height);
    place_alone(p, width, height);
}
