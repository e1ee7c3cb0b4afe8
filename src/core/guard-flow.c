/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include <netinet/icmp6.h>
#include <string.h>

#include "dhcp.h"
#include "flow.h"
#include "flowset.h"
#include "guard-private.h"
#include "openvswitch/match.h"
#include "openvswitch/ofpbuf.h"
#include "packets.h"
#include "pipeline.h"
#include "prefix.h"
#include "util.h"

#define MLD2_LISTENER_REPORT 143        /* RFC 3810. */

/* Flows of one port. */

bool
guard_port_has_address(const struct guard_port *p, const struct in6_addr *addr)
{
    for (size_t i = 0; i < p->n_addresses; i++) {
        if (!memcmp(&p->addresses[i], addr, sizeof *addr)) {
            return true;
        }
    }
    return false;
}

enum guard_verdict { OPEN, UNCHECKED, CLOSED };

static void
put_flow(const struct guard *g, const struct guard_port *p, uint16_t priority,
         const struct match *match, enum guard_verdict verdict, bool add)
{
    uint8_t table = pipeline_table(g->config, TABLE_SPOOF_GUARD);
    uint64_t stub[16];
    struct ofpbuf ofpacts;

    if (!add) {
        flowset_unset(g->fs, table, priority, match);
        return;
    }
    ofpbuf_use_stub(&ofpacts, stub, sizeof stub);
    if (verdict == OPEN) {
        pipeline_put_set_reg(REG_FLAGS, REG_FLAG_FROM_POD, &ofpacts);
    }
    pipeline_put_goto(g->config,
                      verdict == CLOSED ? TABLE_DROP : TABLE_CONNTRACK,
                      &ofpacts);
    flowset_set(g->fs, table, priority, match,
                cookie_make(COOKIE_GUARD, p->ofport),
                ofpacts.data, ofpacts.size);
    ofpbuf_uninit(&ofpacts);
}

/* Matches on the port, and on its MAC address where that is known. */
static void
match_port(const struct guard_port *p, struct match *match)
{
    match_init_catchall(match);
    match_set_in_port(match, u16_to_ofp(p->ofport));
    if (!eth_addr_is_zero(p->mac)) {
        match_set_dl_src(match, p->mac);
    }
}

static void
match_icmp6(const struct guard_port *p, uint8_t type, struct match *match)
{
    match_port(p, match);
    match_set_dl_type(match, htons(ETH_TYPE_IPV6));
    match_set_nw_proto(match, IPPROTO_ICMPV6);
    match_set_icmp_type(match, type);
}

static void
put_ipv4(const struct guard *g, const struct guard_port *p, ovs_be32 addr,
         bool add)
{
    struct match match;

    match_port(p, &match);
    match_set_dl_type(&match, htons(ETH_TYPE_IP));
    match_set_nw_src(&match, addr);
    put_flow(g, p, PRIORITY_GUARD_OPEN, &match, OPEN, add);

    /* ARP that says "I am 'addr'", or asks whether somebody is. */
    for (int probe = 0; probe < 2; probe++) {
        match_port(p, &match);
        match_set_dl_type(&match, htons(ETH_TYPE_ARP));
        match_set_nw_src(&match, probe ? 0 : addr);
        if (probe) {
            match_set_nw_dst(&match, addr);
            match_set_nw_proto(&match, ARP_OP_REQUEST);
        }
        if (!eth_addr_is_zero(p->mac)) {
            match_set_arp_sha(&match, p->mac);
        }
        put_flow(g, p, PRIORITY_GUARD_OPEN, &match, OPEN, add);
    }
}

static void
put_dhcp(const struct guard *g, const struct guard_port *p, bool add)
{
    struct match match;

    match_port(p, &match);
    match_set_dl_type(&match, htons(ETH_TYPE_IP));
    match_set_nw_proto(&match, IPPROTO_UDP);
    match_set_nw_src(&match, 0);
    match_set_nw_dst(&match, htonl(INADDR_BROADCAST));
    match_set_tp_src(&match, htons(DHCP_CLIENT_PORT));
    match_set_tp_dst(&match, htons(DHCP_SERVER_PORT));
    put_flow(g, p, PRIORITY_GUARD_OPEN, &match, OPEN, add);
}

/* Neighbour discovery about the link-layer address: the port's own, or no
 * option at all. */
static void
put_link_layer(const struct guard *g, const struct guard_port *p,
               const struct match *match, bool is_target, bool add)
{
    if (eth_addr_is_zero(p->mac)) {
        put_flow(g, p, PRIORITY_GUARD_NEVER, match, OPEN, add);
        return;
    }
    for (int absent = 0; absent < 2; absent++) {
        struct eth_addr mac = absent ? eth_addr_zero : p->mac;
        struct match m = *match;

        if (is_target) {
            match_set_arp_tha(&m, mac);
        } else {
            match_set_arp_sha(&m, mac);
        }
        put_flow(g, p, PRIORITY_GUARD_NEVER, &m, OPEN, add);
    }
}

/* IPv6 from 'addr', under 'mask': solicitations from it, advertisements of it,
 * anything else. */
static void
put_ipv6(const struct guard *g, const struct guard_port *p,
         const struct in6_addr *addr, const struct in6_addr *mask, bool add)
{
    struct match match;

    match_icmp6(p, ND_NEIGHBOR_SOLICIT, &match);
    match_set_ipv6_src_masked(&match, addr, mask);
    put_link_layer(g, p, &match, false, add);

    match_icmp6(p, ND_NEIGHBOR_ADVERT, &match);
    match_set_nd_target_masked(&match, addr, mask);
    put_link_layer(g, p, &match, true, add);

    match_port(p, &match);
    match_set_dl_type(&match, htons(ETH_TYPE_IPV6));
    match_set_ipv6_src_masked(&match, addr, mask);
    put_flow(g, p, PRIORITY_GUARD_OPEN, &match, OPEN, add);
}

/* What an interface sends before it has an address: duplicate address
 * detection, router solicitation and multicast listener reports from "::". */
static void
put_unspecified(const struct guard *g, const struct guard_port *p, bool add)
{
    static const uint8_t types[] = {
        ND_NEIGHBOR_SOLICIT, ND_ROUTER_SOLICIT, MLD2_LISTENER_REPORT
    };

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct match match;

        match_icmp6(p, types[i], &match);
        match_set_ipv6_src(&match, &in6addr_any);
        if (types[i] == ND_NEIGHBOR_SOLICIT && !eth_addr_is_zero(p->mac)) {
            match_set_arp_sha(&match, eth_addr_zero);
        }
        put_flow(g, p, PRIORITY_GUARD_NEVER, &match, OPEN, add);
    }
}

static void
put_link_local(const struct guard *g, const struct guard_port *p, bool add)
{
    struct in6_addr addr, mask = in6addr_exact;

    if (eth_addr_is_zero(p->mac)) {
        memset(&addr, 0, sizeof addr);
        addr.s6_addr[0] = 0xfe;
        addr.s6_addr[1] = 0x80;
        mask = ipv6_create_mask(64);
    } else {
        in6_generate_lla(p->mac, &addr);
    }
    if (!guard_port_has_address(p, &addr)) {
        put_ipv6(g, p, &addr, &mask, add);
    }
}

static void
put_closed(const struct guard *g, const struct guard_port *p, bool add)
{
    struct match match;

    match_init_catchall(&match);
    match_set_in_port(&match, u16_to_ofp(p->ofport));
    put_flow(g, p, PRIORITY_GUARD_CLOSED, &match, CLOSED, add);
}

/* Nobody knows yet by which addresses others would reach the pod, only its MAC
 * address. */
static void
put_unreachable(const struct guard *g, const struct guard_port *p, bool add)
{
    static const ovs_be16 types[] = {
        CONSTANT_HTONS(ETH_TYPE_IP), CONSTANT_HTONS(ETH_TYPE_IPV6)
    };
    uint8_t table = pipeline_table(g->config, TABLE_INGRESS_TARGET);

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        uint64_t stub[4];
        struct ofpbuf ofpacts;
        struct match match;

        match_init_catchall(&match);
        match_set_dl_dst(&match, p->mac);
        match_set_dl_type(&match, types[i]);
        if (!add) {
            flowset_unset(g->fs, table, PRIORITY_TARGET_CLOSED, &match);
            continue;
        }
        ofpbuf_use_stub(&ofpacts, stub, sizeof stub);
        pipeline_put_goto(g->config, TABLE_DROP, &ofpacts);
        flowset_set(g->fs, table, PRIORITY_TARGET_CLOSED, &match,
                    cookie_make(COOKIE_GUARD, p->ofport),
                    ofpacts.data, ofpacts.size);
        ofpbuf_uninit(&ofpacts);
    }
}

/* Between the neighbour discovery that is allowed and IPv6 in general. */
static void
put_closed_nd(const struct guard *g, const struct guard_port *p, bool add)
{
    for (uint8_t type = ND_NEIGHBOR_SOLICIT; type <= ND_NEIGHBOR_ADVERT;
         type++) {
        struct guard_port any_mac = *p;
        struct match match;

        any_mac.mac = eth_addr_zero;
        match_icmp6(&any_mac, type, &match);
        put_flow(g, p, PRIORITY_GUARD_NEVER - 1, &match, CLOSED, add);
    }
}

/* A pod all the same: everything but its addresses is as for others. */
static void
put_unguarded(const struct guard *g, const struct guard_port *p, bool add)
{
    struct match match;

    match_init_catchall(&match);
    match_set_in_port(&match, u16_to_ofp(p->ofport));
    put_flow(g, p, PRIORITY_GUARD_OPEN, &match, OPEN, add);
}

void
guard_put_port(const struct guard *g, const struct guard_port *p, bool add)
{
    bool has_v4 = false, has_v6 = false;

    put_closed(g, p, add);
    if (p->is_starting && !eth_addr_is_zero(p->mac)) {
        put_unreachable(g, p, add);
    }
    if (p->unguarded) {
        if (p->n_addresses) {
            put_unguarded(g, p, add);
        }
        return;
    }
    for (size_t i = 0; i < p->n_addresses; i++) {
        const struct in6_addr *addr = &p->addresses[i];

        if (address_is_v6(addr)) {
            put_ipv6(g, p, addr, &in6addr_exact, add);
            has_v6 = true;
        } else {
            put_ipv4(g, p, in6_addr_get_mapped_ipv4(addr), add);
            has_v4 = true;
        }
    }
    if (has_v4) {
        put_dhcp(g, p, add);
    }
    if (has_v6) {
        put_link_local(g, p, add);
        put_unspecified(g, p, add);
        put_closed_nd(g, p, add);
    }
}

/* Strangers: whatever comes from neither a pod's port, the node's own nor the
 * gateway, so from an uplink or a tunnel. */

static void
put_stranger(const struct guard *g, const struct match *match, bool add)
{
    static const struct guard_port nobody;

    put_flow(g, &nobody, PRIORITY_GUARD_STRANGER, match, CLOSED, add);
}

/* Strangers neither send from 'addr' nor say that it is theirs. */
void
guard_put_strangers(const struct guard *g, const struct in6_addr *addr,
                    bool add)
{
    bool is_v6 = address_is_v6(addr);
    struct match match;

    match_init_catchall(&match);
    if (is_v6) {
        match_set_dl_type(&match, htons(ETH_TYPE_IPV6));
        match_set_ipv6_src(&match, addr);
    } else {
        match_set_dl_type(&match, htons(ETH_TYPE_IP));
        match_set_nw_src(&match, in6_addr_get_mapped_ipv4(addr));
    }
    put_stranger(g, &match, add);

    match_init_catchall(&match);
    if (is_v6) {
        match_set_dl_type(&match, htons(ETH_TYPE_IPV6));
        match_set_nw_proto(&match, IPPROTO_ICMPV6);
        match_set_icmp_type(&match, ND_NEIGHBOR_ADVERT);
        match_set_nd_target(&match, addr);
    } else {
        match_set_dl_type(&match, htons(ETH_TYPE_ARP));
        match_set_nw_src(&match, in6_addr_get_mapped_ipv4(addr));
    }
    put_stranger(g, &match, add);
}

/* Packets of pods come from the gateway too, when the host has translated
 * their destination. */
void
guard_put_gateway(const struct guard *g, bool add)
{
    struct guard_port nobody = { .ofport = 0 };
    struct match match;

    match_init_catchall(&match);
    match_set_in_port(&match, u16_to_ofp(g->gateway));
    put_flow(g, &nobody, PRIORITY_GUARD_GATEWAY, &match, UNCHECKED, add);
}

/* Ports that are known to be no pod's, and others. */

static void
put_port_open(const struct guard *g, uint32_t ofport, ofp_port_t in_port,
              bool add)
{
    struct guard_port p = { .ofport = ofport };
    struct match match;

    match_init_catchall(&match);
    match_set_in_port(&match, in_port);
    put_flow(g, &p, PRIORITY_GUARD_KNOWN, &match, UNCHECKED, add);
}

void
guard_put_known(const struct guard *g, uint32_t ofport, bool add)
{
    put_port_open(g, ofport, u16_to_ofp(ofport), add);
}

/* What a controller, or ovs-ofctl, sends into the bridge has no port. */
void
guard_put_unknown(const struct guard *g)
{
    static const struct guard_port nobody;
    struct match match;

    put_port_open(g, 0, OFPP_CONTROLLER, true);
    put_port_open(g, 0, OFPP_NONE, true);
    match_init_catchall(&match);
    put_flow(g, &nobody, PRIORITY_GUARD_UNKNOWN, &match, CLOSED, true);
}
