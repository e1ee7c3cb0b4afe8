/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verify-private.h"

#include <stdlib.h>

#include "compile.h"
#include "hash.h"
#include "openvswitch/hmap.h"
#include "policy.h"
#include "rule.h"
#include "util.h"

/* Rules by id. */
struct credit {
    struct hmap_node node;
    const struct rule *rule;
};

struct verify_credits {
    struct hmap rules[K8S_N_DIRECTIONS];        /* "struct credit". */
};

struct verify_credits *
verify_credits_create(const struct compile *compile)
{
    struct verify_credits *cs = xmalloc(sizeof *cs);

    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        const struct rule *r;

        hmap_init(&cs->rules[d]);
        HMAP_FOR_EACH (r, node, &compile_rules(compile, d)->rules) {
            struct credit *c = xmalloc(sizeof *c);

            c->rule = r;
            hmap_insert(&cs->rules[d], &c->node, hash_int(r->id.value, 0));
        }
    }
    return cs;
}

void
verify_credits_destroy(struct verify_credits *cs)
{
    for (int d = 0; cs && d < K8S_N_DIRECTIONS; d++) {
        struct credit *c;

        HMAP_FOR_EACH_POP (c, node, &cs->rules[d]) {
            free(c);
        }
        hmap_destroy(&cs->rules[d]);
    }
    free(cs);
}

static const struct rule *
find_rule(const struct verify_credits *cs, enum k8s_direction d, uint32_t id)
{
    const struct credit *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, hash_int(id, 0), &cs->rules[d]) {
        if (c->rule->id.value == id) {
            return c->rule;
        }
    }
    return NULL;
}

/* The tier whose rule decides, or NULL. */
static const struct verdict_tier *
deciding_tier(const struct verdict_side *side)
{
    return (side->decider == VERDICT_BY_ADMIN ? &side->tiers[K8S_ADMIN]
            : side->decider == VERDICT_BY_BASELINE
            ? &side->tiers[K8S_BASELINE] : NULL);
}

/* 'use' is of a rule that decides. */
static bool
is_reason(const struct policy_use *use, const struct verdict_side *side)
{
    const struct verdict_tier *tier = deciding_tier(side);

    if (tier) {
        return (use->policy->cluster == tier->policy
                && use->index == tier->rule);
    }
    for (size_t i = 0; i < side->n_reasons; i++) {
        if (use->policy->spec == side->reasons[i].policy
            && use->index == side->reasons[i].rule) {
            return true;
        }
    }
    return false;
}

/* The rule 'id' is one of those that decide, and 0 where none did.  Nobody is
 * asked after a denial. */
static bool
is_credit_due(const struct verify_credits *cs,
              const struct verdict_side *side, enum k8s_direction d,
              uint32_t id)
{
    const struct rule *r = find_rule(cs, d, id);

    if (side->decider == VERDICT_BY_EXEMPTION
        || side->decider == VERDICT_BY_DEFAULT) {
        return !id;
    }
    for (size_t i = 0; r && i < r->uses.n; i++) {
        if (is_reason(r->uses.p[i], side)) {
            return true;
        }
    }
    return (!id && !deciding_tier(side)
            && (side->audited || !side->allowed));
}

bool
verify_credits_are_due(const struct verify_credits *cs,
                       const struct model *model,
                       const struct verdict_query *q,
                       const struct replica_outcome *outcome)
{
    const struct verdict_endpoint *ends[] = { &q->src, &q->dst };
    bool due = true, asked = true;
    struct verdict v;

    verdict_evaluate(model, q, &v);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (asked && verify_is_local(model, ends[d]->pod)) {
            due &= is_credit_due(cs, &v.side[d], d, outcome->rules[d]);
            asked = v.side[d].allowed;
        } else {
            due &= !outcome->rules[d];
        }
    }
    verdict_uninit(&v);
    return due;
}
