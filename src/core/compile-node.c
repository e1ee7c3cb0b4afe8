/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "compile-private.h"

#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "guard.h"
#include "model.h"
#include "util.h"

static bool
contains_address(const struct in6_addr *addrs, size_t n,
                 const struct in6_addr *addr)
{
    for (size_t i = 0; i < n; i++) {
        if (!memcmp(&addrs[i], addr, sizeof *addr)) {
            return true;
        }
    }
    return false;
}

/* Emits what is in 'a' but not in 'b'. */
static void
emit_node_difference(struct compile *c, const struct in6_addr *a, size_t n_a,
                     const struct in6_addr *b, size_t n_b, bool add)
{
    for (size_t i = 0; i < n_a; i++) {
        if (!contains_address(b, n_b, &a[i])
            && !contains_address(a, i, &a[i])) {
            if (c->gateway) {
                emit_node_address(&c->sides[K8S_INGRESS].emit, &a[i],
                                  c->gateway, c->node_mark, add);
            }
            emit_tunnel(&c->sides[K8S_INGRESS].emit, &a[i], add);
        }
    }
}

/* Removes what the node's addresses, gateway and mark stand for. */
static void
forget_node(struct compile *c)
{
    emit_node_difference(c, c->node_addresses, c->n_node_addresses, NULL, 0,
                         false);
    c->n_node_addresses = 0;
}

static void
update_addresses(struct compile *c)
{
    struct model_mark mark = model_node_mark(c->model);
    size_t n;
    const struct in6_addr *addrs = model_node_addresses(c->model, &n);

    if (mark.value != c->node_mark.value || mark.mask != c->node_mark.mask) {
        forget_node(c);
        c->node_mark = mark;
    }
    emit_node_difference(c, c->node_addresses, c->n_node_addresses,
                         addrs, n, false);
    emit_node_difference(c, addrs, n,
                         c->node_addresses, c->n_node_addresses, true);
    free(c->node_addresses);
    c->node_addresses = n ? xmemdup(addrs, n * sizeof *addrs) : NULL;
    c->n_node_addresses = n;
}

static bool
contains_prefix(const struct prefix *prefixes, size_t n,
                const struct prefix *p)
{
    for (size_t i = 0; i < n; i++) {
        if (!prefix_compare(&prefixes[i], p)) {
            return true;
        }
    }
    return false;
}

/* Emits what is in 'a' but not in 'b'. */
static void
emit_service_difference(struct compile *c, const struct prefix *a, size_t n_a,
                        const struct prefix *b, size_t n_b, bool add)
{
    for (size_t i = 0; i < n_a; i++) {
        if (!contains_prefix(b, n_b, &a[i]) && !contains_prefix(a, i, &a[i])) {
            emit_service(&c->sides[K8S_EGRESS].emit, &a[i], add);
        }
    }
}

static void
update_services(struct compile *c)
{
    size_t n;
    const struct prefix *cidrs = model_service_cidrs(c->model, &n);

    emit_service_difference(c, c->service_cidrs, c->n_service_cidrs,
                            cidrs, n, false);
    emit_service_difference(c, cidrs, n,
                            c->service_cidrs, c->n_service_cidrs, true);
    free(c->service_cidrs);
    c->service_cidrs = n ? xmemdup(cidrs, n * sizeof *cidrs) : NULL;
    c->n_service_cidrs = n;
}

void
node_update(struct compile *c)
{
    update_addresses(c);
    update_services(c);
}

void
node_uninit(struct compile *c)
{
    free(c->node_addresses);
    free(c->service_cidrs);
}

bool
compile_set_gateway(struct compile *c, uint32_t ofport)
{
    if (c->gateway == ofport) {
        return false;
    }
    forget_node(c);
    c->gateway = ofport;
    guard_set_gateway(c->guard, ofport == ofp_to_u16(OFPP_LOCAL) ? 0 : ofport);
    update_addresses(c);
    return true;
}
