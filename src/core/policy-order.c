/* SPDX-License-Identifier: Apache-2.0
 *
 * The order of cluster policies, as priorities of flows.
 *
 * In the table of a tier every rule of a cluster policy has a priority of its
 * own, its rung, so that one priority never has two verdicts.  Rungs depend on
 * nothing but what cluster policies there are: a restart finds the flows that
 * it would make.
 *
 * A policy's rules stand one below the other.  The first would like to stand
 * at a place that depends on spec.priority alone, SPACING below that of the
 * next more urgent priority.  So policies whose priorities differ do not move
 * when others come and go.  Where more rules share a priority than there is
 * room for they push those behind them down, and where these would fall off
 * the end they all stand as close as they must.
 *
 * RUNG_FIRST - RUNG_LAST rules have room in a direction of a
 * tier.  A policy that has none, and all behind it, deny everything at
 * RUNG_LAST: not to be in force must not open anything. */

#include <config.h>

#include <stdlib.h>

#include "hash.h"
#include "policy-private.h"
#include "rule.h"
#include "util.h"

#define SPACING 59

BUILD_ASSERT_DECL(RUNG_FIRST - SPACING * K8S_MAX_PRIORITY
                  > RUNG_LAST);

static int
compare_policies(const void *a_, const void *b_)
{
    const struct policy *const *a = a_;
    const struct policy *const *b = b_;

    return k8s_cluster_policy_compare((*a)->cluster, (*b)->cluster);
}

/* The policies of 'tier' in order. */
static struct ptrs
sort_tier(const struct policies *ps, enum k8s_tier tier)
{
    struct ptrs sorted = PTRS_INITIALIZER;
    struct policy *p;

    HMAP_FOR_EACH (p, node, &ps->cluster) {
        if (p->cluster && p->cluster->tier == tier) {
            ptrs_add(&sorted, p);
        }
    }
    if (sorted.n) {
        qsort(sorted.p, sorted.n, sizeof *sorted.p, compare_policies);
    }
    return sorted;
}

static uint16_t
rung_priority(const struct policy_side *side, size_t index)
{
    return side->squeezed ? RUNG_LAST : side->top - index;
}

/* Moves 'p', which may be where it should be. */
static void
place(struct policies *ps, struct policy *p, enum k8s_direction d,
      uint16_t top, bool squeezed, struct ptrs *moved)
{
    struct policy_side *side = &p->sides[d];

    if (side->squeezed != squeezed) {
        policy_mark_dirty(ps, p);
    } else if (side->top == top) {
        return;
    }
    side->top = top;
    side->squeezed = squeezed;
    for (size_t i = 0; i < side->rungs.n; i++) {
        struct rung *rung = side->rungs.p[i];

        rung->priority = rung_priority(side, rung->index);
        for (size_t j = 0; j < rung->rules.n; j++) {
            ptrs_add(moved, rung->rules.p[j]);
        }
    }
}

/* How many of the policies have room, and in '*n_rules' how many rules they
 * have. */
static size_t
count_fitting(const struct ptrs *sorted, enum k8s_direction d, int *n_rules)
{
    const int room = RUNG_FIRST - RUNG_LAST;
    size_t i;

    *n_rules = 0;
    for (i = 0; i < sorted->n; i++) {
        const struct policy *p = sorted->p[i];
        int n = p->cluster->n_rules[d];

        if (*n_rules + n > room) {
            break;
        }
        *n_rules += n;
    }
    return i;
}

static void
place_all(struct policies *ps, const struct ptrs *sorted, enum k8s_direction d,
          struct ptrs *moved)
{
    int next = RUNG_FIRST, left;
    size_t n_fitting = count_fitting(sorted, d, &left);

    for (size_t i = 0; i < sorted->n; i++) {
        struct policy *p = sorted->p[i];
        int n = p->cluster->n_rules[d];
        int top = RUNG_FIRST - SPACING * p->cluster->priority;

        if (!n) {
            continue;
        } else if (i >= n_fitting) {
            place(ps, p, d, RUNG_LAST, true, moved);
            continue;
        }
        top = MAX(MIN(top, next), RUNG_LAST + left);
        place(ps, p, d, top, false, moved);
        next = top - n;
        left -= n;
    }
}

void
policies_order(struct policies *ps, struct ptrs *moved)
{
    if (!ps->order_changed) {
        return;
    }
    ps->order_changed = false;
    for (enum k8s_tier tier = 0; tier < K8S_N_TIERS; tier++) {
        struct ptrs sorted = sort_tier(ps, tier);

        for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS; d++) {
            place_all(ps, &sorted, d, moved);
        }
        ptrs_uninit(&sorted);
    }
}

struct rung *
policy_rung(struct policy_side *side, const struct policy *p, size_t index,
            enum k8s_action action)
{
    enum k8s_tier tier = p->cluster->tier;
    uint32_t hash = hash_string(p->name, p->kind);
    struct rung *rung;

    for (size_t i = 0; i < side->rungs.n; i++) {
        rung = side->rungs.p[i];
        if (rung->index == index && rung->tier == tier
            && rung->action == action) {
            return rung;
        }
    }
    rung = xzalloc(sizeof *rung);
    rung->home = &side->rungs;
    rung->tier = tier;
    rung->action = action;
    rung->index = index;
    rung->priority = rung_priority(side, index);
    rung->hash = hash_3words(hash, tier << 8 | action, index);
    ptrs_add(&side->rungs, rung);
    return rung;
}
