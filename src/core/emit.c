/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "emit-private.h"

#include "flow.h"
#include "flowset.h"
#include "openvswitch/match.h"
#include "packets.h"
#include "partition.h"
#include "rule.h"
#include "util.h"

static uint8_t
rule_table(const struct emit *e, const struct rule *r)
{
    return (!r->rung ? emit_table(e, TABLE_EGRESS_RULE, TABLE_INGRESS_RULE)
            : r->rung->tier == K8S_ADMIN
            ? emit_table(e, TABLE_EGRESS_ADMIN, TABLE_INGRESS_ADMIN)
            : emit_table(e, TABLE_EGRESS_BASELINE, TABLE_INGRESS_BASELINE));
}

/* One part of one flow of 'r'. */
static void
put_part(const struct emit *e, const struct rule *r, uint16_t priority,
         const struct match *match, uint8_t clause, uint8_t n_clauses,
         bool add)
{
    struct flowset_part part = {
        r->id.value, clause, n_clauses, r->rung ? r->rung->action : K8S_ACCEPT
    };

    if (add) {
        flowset_add_part(e->fs, rule_table(e, r), priority, match,
                         cookie_make(n_clauses ? COOKIE_CLAUSE : COOKIE_RULE,
                                     0), &part);
    } else {
        flowset_remove_part(e->fs, rule_table(e, r), priority, match, &part);
    }
}

static void
match_target(const struct emit *e, const struct partition_class *target,
             struct match *match)
{
    match_set_reg(match, REG_TARGET(e->direction), target->number.value);
}

static void
match_peer(const struct emit *e, const struct partition_class *peer,
           bool is_net, struct match *match)
{
    match_set_reg(match,
                  is_net ? REG_NET(e->direction) : REG_PEER(e->direction),
                  peer->number.value);
}

/* Matches on the 'i'-th service of 'r' for 'families'. */
static void
match_service(const struct rule *r, uint8_t families, size_t i,
              struct match *match)
{
    bool v6 = families == RULE_V6 || i >= r->n_blocks;
    const struct rule_block *b = &r->blocks[i % r->n_blocks];

    match_set_dl_type(match, htons(v6 ? ETH_TYPE_IPV6 : ETH_TYPE_IP));
    match_set_nw_proto(match, b->protocol);
    match_set_tp_dst_masked(match, htons(b->port.value), htons(b->port.mask));
}

size_t
emit_count_services(const struct rule *r, uint8_t families)
{
    return r->n_blocks * (!!(families & RULE_V4) + !!(families & RULE_V6));
}

static uint16_t
plain_priority(const struct rule *r)
{
    return r->rung ? r->priority : PRIORITY_ALLOW;
}

/* Plain flows: 'match' with each service, or alone. */
static void
put_plain_services(const struct emit *e, const struct rule *r,
                   const struct match *match, bool add)
{
    size_t n = emit_count_services(r, r->families);

    if (!r->n_blocks) {
        put_part(e, r, plain_priority(r), match, 0, 0, add);
    }
    for (size_t i = 0; i < n; i++) {
        struct match m = *match;

        match_service(r, r->families, i, &m);
        put_part(e, r, plain_priority(r), &m, 0, 0, add);
    }
}

static void
put_plain_peers(const struct emit *e, const struct rule *r,
                const struct match *match, const struct ptrs *classes,
                bool is_net, bool add)
{
    for (size_t i = 0; i < classes->n; i++) {
        struct match m = *match;

        match_peer(e, classes->p[i], is_net, &m);
        put_plain_services(e, r, &m, add);
    }
}

/* For all targets if 'target' is NULL. */
static void
put_plain_target(const struct emit *e, const struct rule *r,
                 const struct partition_class *target, bool add)
{
    struct match match;

    match_init_catchall(&match);
    if (target) {
        match_target(e, target, &match);
    }
    if (r->peers) {
        put_plain_peers(e, r, &match, &r->peers->pod_classes, false, add);
        put_plain_peers(e, r, &match, &r->peers->net_classes, true, add);
    } else {
        put_plain_services(e, r, &match, add);
    }
}

static uint8_t
count_clauses(const struct rule *r)
{
    return !r->universal + (r->peers != NULL) + (r->n_blocks > 0);
}

void
emit_rule_target(const struct emit *e, const struct rule *r,
                 const struct partition_class *target, bool add)
{
    if (r->universal) {
        return;
    } else if (r->mode == RULE_PLAIN) {
        put_plain_target(e, r, target, add);
    } else {
        struct match match;

        match_init_catchall(&match);
        match_target(e, target, &match);
        put_part(e, r, r->priority, &match, 0, count_clauses(r), add);
    }
}

void
emit_rule_peer(const struct emit *e, const struct rule *r,
               const struct partition_class *peer, bool is_net, bool add)
{
    struct match match;

    match_init_catchall(&match);
    match_peer(e, peer, is_net, &match);
    if (r->mode == RULE_CONJ) {
        put_part(e, r, r->priority, &match, !r->universal, count_clauses(r),
                 add);
        return;
    } else if (r->universal) {
        put_plain_services(e, r, &match, add);
        return;
    }
    for (size_t i = 0; i < r->targets.n; i++) {
        struct match m = match;

        match_target(e, r->targets.p[i], &m);
        put_plain_services(e, r, &m, add);
    }
}

static void
put_service_clauses(const struct emit *e, const struct rule *r, bool add)
{
    size_t n = emit_count_services(r, r->families);
    uint8_t n_clauses = count_clauses(r);

    for (size_t i = 0; i < n; i++) {
        struct match match;

        match_init_catchall(&match);
        match_service(r, r->families, i, &match);
        put_part(e, r, r->priority, &match, n_clauses - 1, n_clauses, add);
    }
}

static void
put_conj_id(const struct emit *e, const struct rule *r, bool add)
{
    struct match match;

    match_init_catchall(&match);
    match_set_conj_id(&match, r->id.value);
    put_part(e, r, r->priority, &match, 0, 0, add);
}

static void
put_peer_clauses(const struct emit *e, const struct rule *r,
                 const struct ptrs *classes, bool is_net, bool add)
{
    for (size_t i = 0; i < classes->n; i++) {
        emit_rule_peer(e, r, classes->p[i], is_net, add);
    }
}

void
emit_rule(const struct emit *e, const struct rule *r, bool add)
{
    if (r->rung && r->rung->action == K8S_DENY) {
        emit_deny(e, r, add);
    }
    if (r->universal && r->mode == RULE_PLAIN) {
        put_plain_target(e, r, NULL, add);
    }
    for (size_t i = 0; i < r->targets.n; i++) {
        emit_rule_target(e, r, r->targets.p[i], add);
    }
    if (r->mode == RULE_CONJ) {
        if (r->peers) {
            put_peer_clauses(e, r, &r->peers->pod_classes, false, add);
            put_peer_clauses(e, r, &r->peers->net_classes, true, add);
        }
        put_service_clauses(e, r, add);
        put_conj_id(e, r, add);
    }
}

void
emit_free(const struct emit *e, const struct partition_class *target,
          bool ask_baseline, bool add)
{
    enum pipeline_table baseline
        = (e->direction == K8S_EGRESS
           ? TABLE_EGRESS_BASELINE : TABLE_INGRESS_BASELINE);
    struct match match;

    match_init_catchall(&match);
    match_target(e, target, &match);
    emit_put_flow(e, emit_table(e, TABLE_EGRESS_RULE, TABLE_INGRESS_RULE),
                  PRIORITY_FREE, &match,
                  cookie_make(COOKIE_FREE, target->number.value), -1, 0,
                  ask_baseline ? baseline : emit_next_stage(e->direction),
                  add);
}
