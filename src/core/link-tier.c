/* SPDX-License-Identifier: Apache-2.0
 *
 * Which rules of cluster policies does a target class need?
 *
 * All that decide, but for rules of the Baseline tier where a NetworkPolicy
 * isolates the class.  Of those that pass to the next tier, the ones that have
 * something to pass by: a rule behind them, in the same tier, that decides.
 *
 * A rule whose subject is every pod applies to every class that is asked, so
 * its flows do not name targets; what it decides about a class that did not
 * need it is what happens anyway.
 *
 * A class that nobody isolates has no business in the rule table: one flow
 * there sends it on, to the Baseline tier if that has something to say. */

#include <config.h>

#include "link-private.h"

#include "emit.h"
#include "flowset.h"
#include "group.h"
#include "partition.h"
#include "policy.h"
#include "rule.h"
#include "util.h"

/* For each tier the place of the last rule that decides about 'target', or
 * INT_MAX. */
static void
find_last(const struct partition_class *target, int last[K8S_N_TIERS])
{
    for (int i = 0; i < K8S_N_TIERS; i++) {
        last[i] = INT_MAX;
    }
    for (size_t i = 0; i < target->links.n; i++) {
        const struct link *l = target->links.p[i];
        const struct rung *rung = l->rule->rung;

        if (rung && rung->action != K8S_PASS) {
            last[rung->tier] = MIN(last[rung->tier], rung->priority);
        }
    }
}

static void
review(struct link_table *t, struct partition_class *target)
{
    bool isolated = group_class_is_isolated(target);
    bool ask_baseline = false;
    int last[K8S_N_TIERS];

    find_last(target, last);
    for (size_t i = 0; i < target->links.n; i++) {
        struct link *l = target->links.p[i];
        const struct rung *rung = l->rule->rung;

        if (rung) {
            bool needed = ((rung->action != K8S_PASS
                            || rung->priority > last[rung->tier])
                           && !(rung->tier == K8S_BASELINE && isolated));

            link_set_needed(t, l, needed);
            ask_baseline |= needed && rung->tier == K8S_BASELINE;
        }
    }
    if (!isolated) {
        emit_free(t->emit, target, ask_baseline, true);
    }
}

/* All rules at one rung have a part in one clause flow at most. */
static void
check_rungs(struct link_table *t)
{
    struct rule *r;

    LIST_FOR_EACH (r, check, &t->check) {
        struct rung *rung = r->rung;

        if (rung && rung->plain != (rung->rules.n > FLOWSET_MAX_PARTS)) {
            rung->plain = !rung->plain;
            for (size_t i = 0; i < rung->rules.n; i++) {
                link_check_later(t, rung->rules.p[i]);
            }
        }
    }
}

void
link_review_tiers(struct link_table *t)
{
    struct hmapx_node *node;

    HMAPX_FOR_EACH (node, &t->reviews) {
        review(t, node->data);
    }
    hmapx_clear(&t->reviews);
    check_rungs(t);
}

bool
link_rule_is_universal(const struct rule *r)
{
    for (size_t i = 0; i < r->uses.n; i++) {
        const struct policy_use *use = r->uses.p[i];

        if (group_is_universal(use->target)) {
            return true;
        }
    }
    return false;
}

void
link_check_siblings(struct link_table *t, const struct rule *r)
{
    const struct ptrs *rules = &r->rung->rules;

    if (r->rung->plain && rules->n > 1) {
        link_check_later(t, rules->p[rules->p[0] == r]);
    }
}

void
link_forget_target(struct link_table *t, struct partition_class *target)
{
    if (!group_class_is_isolated(target)) {
        emit_free(t->emit, target, false, false);
    }
}

void
link_table_move_rule(struct link_table *t, struct rule *r)
{
    link_check_later(t, r);
    for (size_t i = 0; i < r->uses.n; i++) {
        const struct policy_use *use = r->uses.p[i];
        const struct ptrs *classes = &use->target->set.classes;

        for (size_t j = 0; j < classes->n; j++) {
            hmapx_add(&t->reviews, classes->p[j]);
        }
    }
}
