/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verify-private.h"

#include <stdlib.h>
#include <string.h>

#include "k8s.h"
#include "model.h"
#include "packets.h"
#include "prefix.h"
#include "ptrs.h"
#include "util.h"

/* The addresses at which something begins or has just ended. */
struct edges {
    const struct model *model;
    struct in6_addr *p;
    size_t n, allocated;
};

/* From the lowest address that a packet may have on, and below the first that
 * is not for one host. */
static const char *const floors[] = { "1.0.0.0", "0:0:0:1::" };
static const char *const ceilings[] = { "224.0.0.0", "ff00::" };

static void
increment(struct in6_addr *addr)
{
    for (int i = 15; i >= 0 && !++addr->s6_addr[i]; i--) {
        continue;
    }
}

static void
add_edge(struct edges *e, const struct in6_addr *addr)
{
    if (e->n >= e->allocated) {
        e->p = x2nrealloc(e->p, &e->allocated, sizeof *e->p);
    }
    e->p[e->n++] = *addr;
}

static bool
is_somebody(const struct model *model, const struct in6_addr *addr)
{
    return (model_pod_by_address(model, addr)
            || model_is_node_address(model, addr));
}

static void
add_prefix(struct edges *e, const struct prefix *p)
{
    unsigned int n_bits = 128 - (p->is_v6 ? p->length : p->length + 96);
    struct in6_addr end = p->addr;

    /* Pods and the node are looked at anyway. */
    if (!n_bits && is_somebody(e->model, &p->addr)) {
        return;
    }
    for (unsigned int i = 0; i < n_bits; i++) {
        end.s6_addr[15 - i / 8] |= 1 << i % 8;
    }
    increment(&end);
    add_edge(e, &p->addr);
    if (address_is_v6(&end) == p->is_v6) {
        add_edge(e, &end);
    }
}

static void
add_block(struct edges *e, const struct k8s_ip_block *block)
{
    add_prefix(e, &block->cidr);
    for (size_t i = 0; i < block->n_excepts; i++) {
        add_prefix(e, &block->excepts[i]);
    }
}

static void
add_rule(const struct k8s_rule *rule, const char *ns OVS_UNUSED, void *e)
{
    for (size_t i = 0; i < rule->n_peers; i++) {
        if (rule->peers[i].block) {
            add_block(e, rule->peers[i].block);
        }
    }
}

/* Peers may be nodes. */
static void
add_nodes(struct edges *e)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *o;

    while ((o = model_next(e->model, K8S_NODE, &pos))) {
        const struct k8s_node *node = k8s_node_cast(o);

        for (size_t i = 0; i < node->n_addresses; i++) {
            struct prefix p;

            prefix_from_address(&node->addresses[i], &p);
            add_prefix(e, &p);
        }
    }
}

static void
add_ipv4_match(struct edges *e, ovs_be32 addr, ovs_be32 mask)
{
    if (mask && ip_is_cidr(mask)) {
        struct prefix p = { .length = ip_count_cidr_bits(mask) };

        in6_addr_set_mapped_ipv4(&p.addr, addr & mask);
        add_prefix(e, &p);
    }
}

static void
add_ipv6_match(struct edges *e, const struct in6_addr *addr,
               const struct in6_addr *mask)
{
    if (!ipv6_mask_is_any(mask) && ipv6_is_cidr(mask)) {
        struct prefix p = {
            .addr = ipv6_addr_bitand(addr, mask),
            .length = ipv6_count_cidr_bits(mask),
            .is_v6 = true,
        };

        add_prefix(e, &p);
    }
}

static void
add_flow(const struct flowset_flow *f, void *e_)
{
    const struct flow *flow = &f->match.flow, *mask = &f->match.wc.masks;
    struct edges *e = e_;

    if (flow->dl_type == htons(ETH_TYPE_IP)) {
        add_ipv4_match(e, flow->nw_src, mask->nw_src);
        add_ipv4_match(e, flow->nw_dst, mask->nw_dst);
    } else if (flow->dl_type == htons(ETH_TYPE_IPV6)) {
        add_ipv6_match(e, &flow->ipv6_src, &mask->ipv6_src);
        add_ipv6_match(e, &flow->ipv6_dst, &mask->ipv6_dst);
    }
}

static int
compare_addresses(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct in6_addr));
}

/* The first address from 'addr' on and below 'end' that is nobody's. */
static bool
find_nobody(const struct model *model, const struct in6_addr *end,
            struct in6_addr *addr)
{
    while (compare_addresses(addr, end) < 0) {
        if (!is_somebody(model, addr)) {
            return true;
        }
        increment(addr);
    }
    return false;
}

/* Appends a representative of each piece of the family's addresses to
 * '*addrs'. */
static void
cut(const struct edges *e, bool is_v6, struct edges *out)
{
    struct in6_addr start, ceiling;

    ovs_assert(address_parse(floors[is_v6], &start));
    ovs_assert(address_parse(ceilings[is_v6], &ceiling));
    for (size_t i = 0; i <= e->n; i++) {
        const struct in6_addr *end = i < e->n ? &e->p[i] : &ceiling;

        if (i < e->n && address_is_v6(end) != is_v6) {
            continue;
        }
        end = compare_addresses(end, &ceiling) < 0 ? end : &ceiling;
        if (compare_addresses(&start, end) < 0) {
            struct in6_addr addr = start;

            if (find_nobody(e->model, end, &addr)) {
                add_edge(out, &addr);
            }
            start = *end;
        }
    }
}

struct in6_addr *
verify_nobody(const struct verify *v, const struct ptrs *policies, size_t *n)
{
    struct edges e = { .model = v->model }, out = { .model = v->model };
    const struct prefix *cidrs;
    size_t n_cidrs;

    for (size_t i = 0; i < policies->n; i++) {
        verify_for_each_rule(policies->p[i], add_rule, &e);
    }
    add_nodes(&e);
    cidrs = model_service_cidrs(v->model, &n_cidrs);
    for (size_t i = 0; i < n_cidrs; i++) {
        add_prefix(&e, &cidrs[i]);
    }
    replica_for_each(v->replica, add_flow, &e);
    if (e.n) {
        qsort(e.p, e.n, sizeof *e.p, compare_addresses);
    }
    cut(&e, false, &out);
    cut(&e, true, &out);
    free(e.p);
    *n = out.n;
    return out.p;
}
