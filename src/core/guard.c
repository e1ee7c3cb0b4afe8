/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "guard.h"

#include <netinet/icmp6.h>
#include <stdlib.h>
#include <string.h>

#include "dhcp.h"
#include "flow.h"
#include "flowset.h"
#include "hash.h"
#include "k8s.h"
#include "model.h"
#include "openvswitch/hmap.h"
#include "openvswitch/match.h"
#include "openvswitch/ofpbuf.h"
#include "packets.h"
#include "pipeline.h"
#include "prefix.h"
#include "util.h"

#define MLD2_LISTENER_REPORT 143        /* RFC 3810. */

/* An address of a pod behind a local port: nobody else's. */
struct guard_address {
    struct hmap_node node;      /* In 'addresses'. */
    struct in6_addr addr;
    size_t n_ports;             /* That may use it: never 0. */
};

/* A port, and what its flows were made from. */
struct guard_port {
    struct hmap_node node;      /* In 'ports', by pod. */
    char *ns, *name;
    uint32_t ofport;
    struct eth_addr mac;        /* All zeros: unknown. */
    struct in6_addr *addresses;
    size_t n_addresses;
    bool unguarded;             /* May send from any address. */
    bool dirty;
    bool seen;
};

struct guard {
    const struct pipeline_config *config;
    struct flowset *fs;
    struct hmap ports;
    struct hmap addresses;
    uint32_t gateway;           /* 0 for none. */
    bool ports_changed;
    bool pods_changed;
};

struct guard *
guard_create(const struct pipeline_config *config, struct flowset *fs)
{
    struct guard *g = xzalloc(sizeof *g);

    g->config = config;
    g->fs = fs;
    hmap_init(&g->ports);
    hmap_init(&g->addresses);
    return g;
}

/* Flows of one port. */

static bool
has_address(const struct guard_port *p, const struct in6_addr *addr)
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
    if (!has_address(p, &addr)) {
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

static void
put_port(const struct guard *g, const struct guard_port *p, bool add)
{
    bool has_v4 = false, has_v6 = false;

    put_closed(g, p, add);
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
static void
put_strangers(const struct guard *g, const struct in6_addr *addr, bool add)
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

static uint32_t
hash_address(const struct in6_addr *addr)
{
    return hash_bytes(addr, sizeof *addr, 0);
}

static struct guard_address *
find_address(const struct guard *g, const struct in6_addr *addr)
{
    struct guard_address *a;

    HMAP_FOR_EACH_WITH_HASH (a, node, hash_address(addr), &g->addresses) {
        if (!memcmp(&a->addr, addr, sizeof *addr)) {
            return a;
        }
    }
    return NULL;
}

static void
ref_address(struct guard *g, const struct in6_addr *addr)
{
    struct guard_address *a = find_address(g, addr);

    if (!a) {
        a = xzalloc(sizeof *a);
        a->addr = *addr;
        hmap_insert(&g->addresses, &a->node, hash_address(addr));
        put_strangers(g, addr, true);
    }
    a->n_ports++;
}

static void
unref_address(struct guard *g, const struct in6_addr *addr)
{
    struct guard_address *a = find_address(g, addr);

    if (!--a->n_ports) {
        put_strangers(g, addr, false);
        hmap_remove(&g->addresses, &a->node);
        free(a);
    }
}

/* Packets of pods come from the gateway too, when the host has translated
 * their destination. */
static void
put_gateway(const struct guard *g, bool add)
{
    struct guard_port nobody = { .ofport = 0 };
    struct match match;

    match_init_catchall(&match);
    match_set_in_port(&match, u16_to_ofp(g->gateway));
    put_flow(g, &nobody, PRIORITY_GUARD_GATEWAY, &match, UNCHECKED, add);
}

void
guard_set_gateway(struct guard *g, uint32_t ofport)
{
    if (g && g->gateway != ofport) {
        if (g->gateway) {
            put_gateway(g, false);
        }
        g->gateway = ofport;
        if (g->gateway) {
            put_gateway(g, true);
        }
    }
}

/* Ports. */

static void
open_port(struct guard *g, const struct guard_port *p)
{
    put_port(g, p, true);
    for (size_t i = 0; i < p->n_addresses; i++) {
        ref_address(g, &p->addresses[i]);
    }
}

static void
close_port(struct guard *g, const struct guard_port *p)
{
    put_port(g, p, false);
    for (size_t i = 0; i < p->n_addresses; i++) {
        unref_address(g, &p->addresses[i]);
    }
}

static uint32_t
hash_key(const char *ns, const char *name)
{
    return hash_string(name, hash_string(ns, 0));
}

static struct guard_port *
find_port(const struct guard *g, const struct model_port *mp)
{
    struct guard_port *p;

    HMAP_FOR_EACH_WITH_HASH (p, node, hash_key(mp->ns, mp->name), &g->ports) {
        if (!strcmp(p->name, mp->name) && !strcmp(p->ns, mp->ns)
            && p->ofport == mp->ofport && eth_addr_equals(p->mac, mp->mac)
            && p->unguarded == mp->unguarded) {
            return p;
        }
    }
    return NULL;
}

static struct guard_port *
create_port(struct guard *g, const struct model_port *mp)
{
    struct guard_port *p = xzalloc(sizeof *p);

    p->ns = xstrdup(mp->ns);
    p->name = xstrdup(mp->name);
    p->ofport = mp->ofport;
    p->mac = mp->mac;
    p->unguarded = mp->unguarded;
    hmap_insert(&g->ports, &p->node, hash_key(p->ns, p->name));
    return p;
}

static void
free_port(struct guard *g, struct guard_port *p)
{
    hmap_remove(&g->ports, &p->node);
    free(p->ns);
    free(p->name);
    free(p->addresses);
    free(p);
}

void
guard_note_pod(struct guard *g, const char *ns, const char *name)
{
    struct guard_port *p;

    if (!g) {
        return;
    }
    HMAP_FOR_EACH_WITH_HASH (p, node, hash_key(ns, name), &g->ports) {
        p->dirty = true;
        g->pods_changed = true;
    }
}

void
guard_note_ports(struct guard *g)
{
    if (g) {
        g->ports_changed = true;
    }
}

/* The addresses that 'p' may use: those that its pod owns. */
static void
find_addresses(const struct model *model, struct guard_port *p)
{
    const struct k8s_object *o = model_get(model, K8S_POD, p->ns, p->name);
    const struct k8s_pod *pod = o ? k8s_pod_cast(o) : NULL;
    size_t n = pod && model_pod_is_live(pod) ? pod->n_addresses : 0;

    free(p->addresses);
    p->addresses = n ? xmalloc(n * sizeof *p->addresses) : NULL;
    p->n_addresses = 0;
    for (size_t i = 0; i < n; i++) {
        const struct in6_addr *addr = &pod->addresses[i];

        if (model_pod_by_address(model, addr) == pod
            && !has_address(p, addr)) {
            p->addresses[p->n_addresses++] = *addr;
        }
    }
}

static void
remove_vanished(struct guard *g)
{
    struct guard_port *p;

    HMAP_FOR_EACH_SAFE (p, node, &g->ports) {
        if (p->seen) {
            p->seen = false;
        } else {
            close_port(g, p);
            free_port(g, p);
        }
    }
}

/* One port number may pass from one pod to another: flows go before they
 * come. */
static void
update_ports(struct guard *g, const struct model *model)
{
    size_t n;
    const struct model_port *ports = model_ports(model, &n);
    struct guard_port *p;

    for (size_t i = 0; i < n; i++) {
        p = find_port(g, &ports[i]);
        if (p) {
            p->seen = true;
        }
    }
    remove_vanished(g);
    for (size_t i = 0; i < n; i++) {
        if (!find_port(g, &ports[i])) {
            p = create_port(g, &ports[i]);
            find_addresses(model, p);
            open_port(g, p);
        }
    }
    g->ports_changed = false;
}

static void
update_pods(struct guard *g, const struct model *model)
{
    struct guard_port *p;

    HMAP_FOR_EACH (p, node, &g->ports) {
        if (p->dirty) {
            close_port(g, p);
            find_addresses(model, p);
            open_port(g, p);
            p->dirty = false;
        }
    }
    g->pods_changed = false;
}

void
guard_run(struct guard *g, const struct model *model)
{
    if (g && g->ports_changed) {
        update_ports(g, model);
    }
    if (g && g->pods_changed) {
        update_pods(g, model);
    }
}

void
guard_destroy(struct guard *g)
{
    struct guard_address *a;
    struct guard_port *p;

    if (g) {
        HMAP_FOR_EACH_SAFE (p, node, &g->ports) {
            free_port(g, p);
        }
        hmap_destroy(&g->ports);
        HMAP_FOR_EACH_POP (a, node, &g->addresses) {
            free(a);
        }
        hmap_destroy(&g->addresses);
        free(g);
    }
}
