/* SPDX-License-Identifier: Apache-2.0
 *
 * Which class an address is in, and addresses that are asked nothing. */

#include <config.h>

#include "emit-private.h"

#include <netinet/ip6.h>

#include "flow.h"
#include "openvswitch/match.h"
#include "openvswitch/ofpbuf.h"
#include "packets.h"
#include "util.h"

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
    uint8_t t = emit_table(e, TABLE_EGRESS_TARGET, TABLE_INGRESS_TARGET);
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
    emit_put_flow(e, t, PRIORITY_EXEMPT, &match, cookie_make(COOKIE_EXEMPT, 0),
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
    emit_put_flow(e, emit_table(e, TABLE_EGRESS_POD, TABLE_INGRESS_POD),
                  PRIORITY_CLASS, &match, cookie_make(COOKIE_PEER, class),
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
    emit_put_flow(e, emit_table(e, TABLE_EGRESS_NET, TABLE_INGRESS_NET),
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
    emit_put_flow(e, pipeline_table(e->pipeline, TABLE_EGRESS_TARGET),
                  PRIORITY_EXEMPT, &match, cookie_make(COOKIE_EXEMPT, 1), -1,
                  0, TABLE_INGRESS_TARGET, add);
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
    emit_put_flow(e, pipeline_table(e->pipeline, TABLE_INGRESS_TARGET),
                  PRIORITY_EXEMPT, &match, cookie_make(COOKIE_EXEMPT, 0), -1,
                  0, TABLE_COMMIT, add);
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
        emit_put_flow(e, pipeline_table(e->pipeline, TABLE_CONNTRACK),
                      PRIORITY_TUNNEL, &match, cookie_make(COOKIE_EXEMPT, 2),
                      -1, 0, TABLE_DROP, add);
    }
}
