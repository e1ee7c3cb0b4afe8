/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "emit-private.h"

#include <netinet/ip6.h>

#include "flow.h"
#include "flowset.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofpbuf.h"
#include "packets.h"
#include "partition.h"
#include "rule.h"
#include "util.h"

/* Tables of a direction. */

static uint8_t
table(const struct emit *e, enum pipeline_table egress,
      enum pipeline_table ingress)
{
    return pipeline_table(e->pipeline,
                          e->direction == K8S_EGRESS ? egress : ingress);
}

static uint8_t
rule_table(const struct emit *e, const struct rule *r)
{
    return (!r->rung ? table(e, TABLE_EGRESS_RULE, TABLE_INGRESS_RULE)
            : r->rung->tier == K8S_ADMIN
            ? table(e, TABLE_EGRESS_ADMIN, TABLE_INGRESS_ADMIN)
            : table(e, TABLE_EGRESS_BASELINE, TABLE_INGRESS_BASELINE));
}

enum pipeline_table
emit_next_stage(enum k8s_direction d)
{
    return d == K8S_EGRESS ? TABLE_INGRESS_TARGET : TABLE_COMMIT;
}

/* Where a packet goes that a rule in 'table' passes. */
static enum pipeline_table
next_tier(const struct pipeline_config *config, uint8_t table_id,
          enum k8s_direction d)
{
    enum pipeline_table t = table_id - config->base;

    return (t == TABLE_EGRESS_ADMIN ? TABLE_EGRESS_RULE
            : t == TABLE_INGRESS_ADMIN ? TABLE_INGRESS_RULE
            : emit_next_stage(d));
}

void
emit_allow_actions(uint8_t table_id, const struct flowset_part *part,
                   struct ofpbuf *ofpacts, void *config_)
{
    const struct pipeline_config *config = config_;
    enum k8s_direction d
        = (table_id < pipeline_table(config, TABLE_INGRESS_TARGET)
           ? K8S_EGRESS : K8S_INGRESS);

    if (part->verdict == K8S_PASS) {
        pipeline_put_goto(config, next_tier(config, table_id, d), ofpacts);
        return;
    }
    pipeline_put_set_reg(REG_RULE(d), part->id, ofpacts);
    pipeline_put_goto(config, (part->verdict == K8S_DENY
                               ? TABLE_DROP : emit_next_stage(d)), ofpacts);
}

void
emit_put_actions(const struct emit *e, uint8_t table_id, uint16_t priority,
                 const struct match *match, uint64_t cookie,
                 const struct ofpbuf *ofpacts, bool add)
{
    if (add) {
        flowset_set(e->fs, table_id, priority, match, cookie, ofpacts->data,
                    ofpacts->size);
    } else {
        flowset_unset(e->fs, table_id, priority, match);
    }
}

/* Sets or unsets a flow that puts 'value' into register 'reg', unless that is
 * negative, and goes to 'next'. */
static void
put_flow(const struct emit *e, uint8_t table_id, uint16_t priority,
         const struct match *match, uint64_t cookie, int reg, uint32_t value,
         enum pipeline_table next, bool add)
{
    uint64_t stub[16];
    struct ofpbuf ofpacts;

    ofpbuf_use_stub(&ofpacts, stub, sizeof stub);
    if (reg >= 0) {
        pipeline_put_set_reg(reg, value, &ofpacts);
    }
    pipeline_put_goto(e->pipeline, next, &ofpacts);
    emit_put_actions(e, table_id, priority, match, cookie, &ofpacts, add);
    ofpbuf_uninit(&ofpacts);
}

/* Rules. */

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
    put_flow(e, table(e, TABLE_EGRESS_RULE, TABLE_INGRESS_RULE),
             PRIORITY_FREE, &match,
             cookie_make(COOKIE_FREE, target->number.value), -1, 0,
             ask_baseline ? baseline : emit_next_stage(e->direction), add);
}

/* Addresses. */

/* Matches on one's own side ('own') or the other side of the connection, as
 * source or destination according to the direction. */
static void
match_prefix(const struct emit *e, bool own, const struct prefix *p,
             struct match *match)
{
    bool source = own == (e->direction == K8S_EGRESS);

    if (p->is_v6) {
        struct in6_addr mask = ipv6_create_mask(p->length);

        match_set_dl_type(match, htons(ETH_TYPE_IPV6));
        if (source) {
            match_set_ipv6_src_masked(match, &p->addr, &mask);
        } else {
            match_set_ipv6_dst_masked(match, &p->addr, &mask);
        }
    } else {
        ovs_be32 addr = in6_addr_get_mapped_ipv4(&p->addr);
        ovs_be32 mask = be32_prefix_mask(p->length);

        match_set_dl_type(match, htons(ETH_TYPE_IP));
        if (source) {
            match_set_nw_src_masked(match, addr, mask);
        } else {
            match_set_nw_dst_masked(match, addr, mask);
        }
    }
}

static void
match_address(const struct emit *e, bool own, const struct in6_addr *addr,
              struct match *match)
{
    struct prefix p;

    prefix_from_address(addr, &p);
    match_prefix(e, own, &p, match);
}

static void
put_target_actions(const struct emit *e, uint32_t class, bool audit,
                   struct ofpbuf *ofpacts)
{
    if (audit) {
        pipeline_put_set_flag(REG_FLAG_AUDIT(e->direction), ofpacts);
    }
    pipeline_put_set_reg(REG_TARGET(e->direction), class, ofpacts);
    pipeline_put_goto(e->pipeline, (e->direction == K8S_EGRESS
                                    ? TABLE_EGRESS_POD : TABLE_INGRESS_POD),
                      ofpacts);
}

void
emit_target_address(const struct emit *e, const struct in6_addr *addr,
                    uint32_t class, bool audit)
{
    uint8_t t = table(e, TABLE_EGRESS_TARGET, TABLE_INGRESS_TARGET);
    uint64_t stub[16];
    struct ofpbuf ofpacts;
    struct match match;

    ofpbuf_use_stub(&ofpacts, stub, sizeof stub);
    put_target_actions(e, class, audit, &ofpacts);
    match_init_catchall(&match);
    match_address(e, true, addr, &match);
    emit_put_actions(e, t, PRIORITY_CLASS, &match,
                     cookie_make(COOKIE_TARGET, class), &ofpacts, class != 0);
    ofpbuf_uninit(&ofpacts);

    match_address(e, false, addr, &match);
    put_flow(e, t, PRIORITY_EXEMPT, &match, cookie_make(COOKIE_EXEMPT, 0),
             -1, 0, emit_next_stage(e->direction), class != 0);
}

void
emit_peer_address(const struct emit *e, const struct in6_addr *addr,
                  uint32_t class)
{
    enum pipeline_table nets
        = e->direction == K8S_EGRESS ? TABLE_EGRESS_NET : TABLE_INGRESS_NET;
    struct match match;

    match_init_catchall(&match);
    match_address(e, false, addr, &match);
    put_flow(e, table(e, TABLE_EGRESS_POD, TABLE_INGRESS_POD), PRIORITY_CLASS,
             &match, cookie_make(COOKIE_PEER, class),
             REG_PEER(e->direction), class, nets, class != 0);
}

void
emit_net(const struct emit *e, const struct prefix *p, bool add,
         uint32_t class)
{
    enum pipeline_table rules = (e->direction == K8S_EGRESS
                                 ? TABLE_EGRESS_ADMIN : TABLE_INGRESS_ADMIN);
    struct match match;

    match_init_catchall(&match);
    match_prefix(e, false, p, &match);
    put_flow(e, table(e, TABLE_EGRESS_NET, TABLE_INGRESS_NET),
             PRIORITY_PREFIX + p->length, &match,
             cookie_make(COOKIE_NET, class), REG_NET(e->direction), class,
             rules, add);
}

void
emit_service(const struct emit *e, const struct prefix *p, bool add)
{
    struct match match;

    match_init_catchall(&match);
    match_prefix(e, false, p, &match);
    put_flow(e, pipeline_table(e->pipeline, TABLE_EGRESS_TARGET),
             PRIORITY_EXEMPT, &match, cookie_make(COOKIE_EXEMPT, 1), -1, 0,
             TABLE_INGRESS_TARGET, add);
}

void
emit_node_address(const struct emit *e, const struct in6_addr *addr,
                  uint32_t gateway, struct model_mark mark, bool add)
{
    struct match match;

    match_init_catchall(&match);
    match_set_in_port(&match, u16_to_ofp(gateway));
    match_set_pkt_mark_masked(&match, mark.value, mark.mask);
    match_address(e, false, addr, &match);
    put_flow(e, pipeline_table(e->pipeline, TABLE_INGRESS_TARGET),
             PRIORITY_EXEMPT, &match, cookie_make(COOKIE_EXEMPT, 0), -1, 0,
             TABLE_COMMIT, add);
}

void
emit_tunnel(const struct emit *e, const struct in6_addr *addr, bool add)
{
    static const uint16_t ports[] = { 4789, 6081, 8472 };

    for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
        struct match match;

        match_init_catchall(&match);
        match_set_reg_masked(&match, REG_FLAGS, REG_FLAG_FROM_POD,
                             REG_FLAG_FROM_POD);
        match_address(e, e->direction == K8S_INGRESS, addr, &match);
        match_set_nw_proto(&match, IPPROTO_UDP);
        match_set_tp_dst(&match, htons(ports[i]));
        put_flow(e, pipeline_table(e->pipeline, TABLE_CONNTRACK),
                 PRIORITY_TUNNEL, &match, cookie_make(COOKIE_EXEMPT, 2), -1,
                 0, TABLE_DROP, add);
    }
}
