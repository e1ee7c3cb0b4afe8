/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "link.h"

#include <stdlib.h>

#include "emit.h"
#include "flowset.h"
#include "group.h"
#include "hash.h"
#include "link-private.h"
#include "netset.h"
#include "partition.h"
#include "policy.h"
#include "rule.h"
#include "util.h"

/* That many conjunctive rules share one band at most, however they hash. */
#define BAND_RULES ((size_t) 3500)
#define MAX_BAND_BITS 8

void
link_table_init(struct link_table *t, const struct emit *emit)
{
    t->emit = emit;
    hmap_init(&t->links);
    ovs_list_init(&t->check);
    hmapx_init(&t->reviews);
    t->n_conj = t->band_bits = t->families = 0;
}

void
link_table_uninit(struct link_table *t)
{
    ovs_assert(hmap_is_empty(&t->links));
    hmap_destroy(&t->links);
    hmapx_destroy(&t->reviews);
}

/* Targets. */

static bool
is_open(const struct partition_class *target)
{
    for (size_t i = 0; i < target->links.n; i++) {
        const struct link *l = target->links.p[i];

        if (rule_is_allow_all(l->rule)) {
            return true;
        }
    }
    return false;
}

/* After a rule "any peer, any service" came to or left 'target'. */
static void
review_target(struct link_table *t, struct partition_class *target)
{
    bool open = is_open(target);

    for (size_t i = 0; i < target->links.n; i++) {
        struct link *l = target->links.p[i];

        if (!l->rule->rung) {
            link_set_needed(t, l, !open || rule_is_allow_all(l->rule));
        }
    }
}

static uint32_t
hash_link(const struct rule *r, const struct partition_class *target)
{
    return hash_pointer(target, hash_pointer(r, 0));
}

static struct link *
find_link(const struct link_table *t, const struct rule *r,
          const struct partition_class *target)
{
    struct link *l;

    HMAP_FOR_EACH_WITH_HASH (l, node, hash_link(r, target), &t->links) {
        if (l->rule == r && l->target == target) {
            return l;
        }
    }
    return NULL;
}

static void
create_link(struct link_table *t, struct rule *r,
            struct partition_class *target)
{
    struct link *l = xzalloc(sizeof *l);
    bool open = !r->rung && is_open(target);

    l->rule = r;
    l->target = target;
    l->n_uses = 1;
    hmap_insert(&t->links, &l->node, hash_link(r, target));
    ptrs_add(&target->links, l);
    if (r->rung) {
        hmapx_add(&t->reviews, target);
    } else if (rule_is_allow_all(r)) {
        review_target(t, target);
    } else if (!open) {
        link_set_needed(t, l, true);
    }
}

static void
destroy_link(struct link_table *t, struct link *l)
{
    struct partition_class *target = l->target;
    bool was_allow_all = rule_is_allow_all(l->rule);
    bool in_order = l->rule->rung != NULL;

    link_set_needed(t, l, false);
    ptrs_remove(&target->links, l);
    hmap_remove(&t->links, &l->node);
    free(l);
    if (in_order) {
        hmapx_add(&t->reviews, target);
    } else if (was_allow_all) {
        review_target(t, target);
    }
}

static void
link_rule(struct link_table *t, struct rule *r, struct partition_class *target)
{
    struct link *l = find_link(t, r, target);

    if (l) {
        l->n_uses++;
    } else {
        create_link(t, r, target);
    }
}

static void
unlink_rule(struct link_table *t, struct rule *r,
            struct partition_class *target)
{
    struct link *l = find_link(t, r, target);

    if (!--l->n_uses) {
        destroy_link(t, l);
    }
}

void
link_table_add_use(struct link_table *t, struct policy_use *use)
{
    const struct ptrs *classes = &use->target->set.classes;

    for (size_t i = 0; i < classes->n; i++) {
        link_rule(t, use->rule, classes->p[i]);
    }
    link_check_later(t, use->rule);
}

void
link_table_remove_use(struct link_table *t, struct policy_use *use)
{
    const struct ptrs *classes = &use->target->set.classes;

    for (size_t i = 0; i < classes->n; i++) {
        unlink_rule(t, use->rule, classes->p[i]);
    }
    link_check_later(t, use->rule);
}

void
link_table_add_target(struct link_table *t, struct partition_class *target)
{
    for (size_t i = 0; i < target->n_sets; i++) {
        const struct group *g = CONTAINER_OF(target->sets[i], struct group,
                                             set);

        for (size_t j = 0; j < g->rules.n; j++) {
            const struct policy_use *use = g->rules.p[j];

            link_rule(t, use->rule, target);
        }
    }
    hmapx_add(&t->reviews, target);
}

void
link_table_remove_target(struct link_table *t, struct partition_class *target)
{
    while (target->links.n) {
        destroy_link(t, target->links.p[target->links.n - 1]);
    }
    hmapx_find_and_delete(&t->reviews, target);
    link_forget_target(t, target);
}

/* Peers. */

static void
add_peer(struct link_table *t, struct rule_peers *p,
         struct partition_class *class, bool is_net)
{
    for (size_t i = 0; i < p->rules.n; i++) {
        struct rule *r = p->rules.p[i];

        link_before_growth(t, r, 0, 1);
        if (r->emitted) {
            emit_rule_peer(t->emit, r, class, is_net, true);
        }
        link_check_later(t, r);
    }
    ptrs_add(is_net ? &p->net_classes : &p->pod_classes, class);
    ptrs_add(&class->links, p);
}

void
link_table_add_pods(struct link_table *t, struct partition_class *class)
{
    for (size_t i = 0; i < class->n_sets; i++) {
        struct group *g = CONTAINER_OF(class->sets[i], struct group, set);

        for (size_t j = 0; j < g->users.n; j++) {
            struct rule_peers *p = g->users.p[j];

            if (rule_peers_is_first(p, g, class)) {
                add_peer(t, p, class, false);
            }
        }
    }
}

void
link_table_add_nets(struct link_table *t, struct partition_class *class)
{
    for (size_t i = 0; i < class->n_sets; i++) {
        struct netset_list *list = CONTAINER_OF(class->sets[i],
                                                struct netset_list, set);

        for (size_t j = 0; j < list->users.n; j++) {
            struct rule_peers *p = list->users.p[j];

            if (!ptrs_contains(&class->links, p)) {
                add_peer(t, p, class, true);
            }
        }
    }
}

void
link_table_remove_peer(struct link_table *t, struct partition_class *class,
                       bool is_net)
{
    for (size_t i = 0; i < class->links.n; i++) {
        struct rule_peers *p = class->links.p[i];

        ptrs_remove(is_net ? &p->net_classes : &p->pod_classes, class);
        for (size_t j = 0; j < p->rules.n; j++) {
            struct rule *r = p->rules.p[j];

            if (r->emitted) {
                emit_rule_peer(t->emit, r, class, is_net, false);
            }
            link_check_later(t, r);
        }
    }
}

/* Flush. */

/* A conjunction that shares its priority with others. */
static bool
is_banded(const struct rule *r)
{
    return r->mode == RULE_CONJ && !r->rung;
}

void
link_table_forget_rule(struct link_table *t, struct rule *r)
{
    link_retract(t, r);
    t->n_conj -= is_banded(r);
    ovs_list_remove(&r->check);
    ovs_list_init(&r->check);
    if (r->rung) {
        link_check_siblings(t, r);
    }
}

/* The families in which 'r' can match at all. */
static uint8_t
rule_families(const struct link_table *t, const struct rule *r)
{
    const struct rule_peers *p = r->peers;
    uint8_t families = t->families;

    if (p && !p->n_groups) {
        families &= ((p->nets->has_v4 ? RULE_V4 : 0)
                     | (p->nets->has_v6 ? RULE_V6 : 0));
    }
    return families;
}

static enum rule_mode
choose_mode(const struct rule *r, uint8_t families)
{
    size_t n_peers = rule_count_peers(r);
    size_t n_services = emit_count_services(r, families);

    if (!r->targets.n || (r->peers && !n_peers)
        || (r->n_blocks && !n_services)) {
        return RULE_OFF;
    }
    return ((r->rung && r->rung->plain)
            || link_is_plain(r, r->targets.n, n_peers, n_services)
            ? RULE_PLAIN : RULE_CONJ);
}

static void
reform(struct link_table *t, struct rule *r)
{
    uint8_t families = rule_families(t, r);
    bool universal = r->rung && link_rule_is_universal(r);

    if (universal != r->universal) {
        link_retract(t, r);
        r->universal = universal;
    }

    enum rule_mode mode = choose_mode(r, families);

    if (mode != r->mode || (r->n_blocks && families != r->families)
        || (r->rung && r->emitted && r->priority != r->rung->priority)) {
        link_retract(t, r);
    }
    t->n_conj -= is_banded(r);
    r->mode = mode;
    r->families = families;
    t->n_conj += is_banded(r);
}

static unsigned int
choose_band_bits(const struct link_table *t)
{
    unsigned int bits = 0;

    if (t->n_conj > FLOWSET_MAX_PARTS) {
        while (bits < MAX_BAND_BITS && t->n_conj > BAND_RULES << bits) {
            bits++;
        }
    }
    return bits;
}

static void
check_all(struct link_table *t, struct rules *rules)
{
    struct rule *r;

    HMAP_FOR_EACH (r, node, &rules->rules) {
        link_check_later(t, r);
    }
}

/* Spreads the conjunctions over 'bits'. */
static void
reband(struct link_table *t, struct rules *rules, unsigned int bits)
{
    struct rule *r;

    t->band_bits = bits;
    HMAP_FOR_EACH (r, node, &rules->rules) {
        if (is_banded(r)) {
            link_retract(t, r);
            link_check_later(t, r);
        }
    }
}

static uint16_t
choose_priority(const struct link_table *t, const struct rule *r)
{
    uint32_t band = r->id.value & ((1u << t->band_bits) - 1);

    return r->rung ? r->rung->priority : PRIORITY_CONJ - band;
}

/* About how many flows and parts of flows 'r' is. */
static size_t
count_parts(const struct rule *r)
{
    return (1 + r->targets.n + rule_count_peers(r)
            + emit_count_services(r, r->families));
}

static bool
emit_checked(struct link_table *t, size_t *work)
{
    struct rule *r;

    LIST_FOR_EACH_SAFE (r, check, &t->check) {
        if (!*work) {
            return false;
        }
        *work -= MIN(*work, count_parts(r));
        ovs_list_remove(&r->check);
        ovs_list_init(&r->check);
        if (r->mode != RULE_OFF && !r->emitted) {
            r->priority = choose_priority(t, r);
            emit_rule(t->emit, r, true);
            r->emitted = true;
        }
    }
    return true;
}

bool
link_table_flush(struct link_table *t, struct rules *rules, uint8_t families,
                 size_t *work)
{
    unsigned int bits;
    struct rule *r;

    if (families != t->families) {
        t->families = families;
        check_all(t, rules);
    }
    link_review_tiers(t);
    LIST_FOR_EACH (r, check, &t->check) {
        reform(t, r);
    }
    bits = choose_band_bits(t);
    if (bits != t->band_bits) {
        reband(t, rules, bits);
    }
    return emit_checked(t, work);
}
