/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verify-private.h"

#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "k8s.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "ptrs.h"
#include "sset.h"
#include "util.h"

/* A range that something tells apart from the rest. */
struct range {
    uint8_t protocol;
    uint16_t first, last;
};

struct ranges {
    struct range *p;
    size_t n, allocated;
    const struct verify *v;
    struct verify_plan *plan;
    struct sset names;          /* Of ports that were looked at. */
    bool protocols[256];        /* Others that flows look for. */
};

static const uint8_t with_ports[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };

static bool
has_ports(uint8_t protocol)
{
    return memchr(with_ports, protocol, sizeof with_ports) != NULL;
}

static void
add_range(struct ranges *r, uint8_t protocol, uint16_t first, uint16_t last)
{
    if (r->n >= r->allocated) {
        r->p = x2nrealloc(r->p, &r->allocated, sizeof *r->p);
    }
    r->p[r->n++] = (struct range) { protocol, first, last };
}

/* What policies tell apart. */

/* All numbers that somebody gives the name. */
static void
add_named(struct ranges *r, const struct k8s_port *port)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *o;

    while ((o = model_next(r->v->model, K8S_POD, &pos))) {
        const struct k8s_pod *pod = k8s_pod_cast(o);

        for (size_t i = 0; i < pod->n_ports; i++) {
            const struct k8s_named_port *p = &pod->ports[i];

            if ((!port->protocol || p->protocol == port->protocol)
                && !strcmp(p->name, port->name)) {
                add_range(r, p->protocol, p->number, p->number);
            }
        }
    }
}

static void
add_rule(const struct k8s_rule *rule, const char *ns OVS_UNUSED, void *r_)
{
    struct ranges *r = r_;

    for (size_t i = 0; i < rule->n_ports; i++) {
        const struct k8s_port *port = &rule->ports[i];
        char *key;

        if (!port->name) {
            add_range(r, port->protocol, port->first, port->last);
            continue;
        }
        key = xasprintf("%d/%s", port->protocol, port->name);
        if (sset_add_and_free(&r->names, key)) {
            add_named(r, port);
        }
    }
}

/* The node's tunnel ports (S43). */
static void
add_tunnels(struct ranges *r)
{
    size_t n;

    model_node_addresses(r->v->model, &n);
    for (size_t i = 0; n && i < VERIFY_N_TUNNELS; i++) {
        uint16_t port = verify_tunnel_ports[i];

        add_range(r, IPPROTO_UDP, port, port);
    }
}

/* What flows tell apart. */

bool
verify_is_selective(const struct verify *v, const struct flowset_flow *f)
{
    int table = f->table - v->config->pipeline.base;
    enum cookie_kind kind = cookie_kind(f->cookie);

    return (table >= TABLE_EGRESS_TARGET
            || (kind != COOKIE_STATIC && kind != COOKIE_GUARD));
}

static void
add_flow(const struct flowset_flow *f, void *r_)
{
    struct ranges *r = r_;
    const struct flow *flow = &f->match.flow, *mask = &f->match.wc.masks;
    uint16_t value = ntohs(flow->tp_dst), wild = ~ntohs(mask->tp_dst);

    if (!mask->nw_proto || !verify_is_selective(r->v, f)) {
        return;
    }
    if (mask->nw_proto != UINT8_MAX || (has_ports(flow->nw_proto)
                                        && (wild & (wild + 1)))) {
        r->plan->incomplete = true;     /* Not a range. */
    } else if (has_ports(flow->nw_proto)) {
        add_range(r, flow->nw_proto, value, value | wild);
    } else {
        r->protocols[flow->nw_proto] = true;
    }
}

/* Cutting. */

static int
compare_ranges(const void *a_, const void *b_)
{
    const struct range *a = a_, *b = b_;

    return (a->protocol != b->protocol ? a->protocol - b->protocol
            : a->first != b->first ? a->first - b->first
            : a->last - b->last);
}

static void
sort_ranges(struct ranges *r)
{
    size_t n = 0;

    if (!r->n) {
        return;
    }
    qsort(r->p, r->n, sizeof *r->p, compare_ranges);
    for (size_t i = 0; i < r->n; i++) {
        if (!n || compare_ranges(&r->p[n - 1], &r->p[i])) {
            r->p[n++] = r->p[i];
        }
    }
    r->n = n;
}

static void
add_service(struct verify_plan *plan, uint8_t protocol, uint16_t port)
{
    plan->services = xrealloc(plan->services, ((plan->n_services + 1)
                                               * sizeof *plan->services));
    plan->services[plan->n_services++]
        = (struct verify_service) { protocol, port };
}

/* The ranges that contain a port, as text. */
static char *
sign(const struct ranges *r, uint8_t protocol, uint16_t port)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < r->n; i++) {
        const struct range *x = &r->p[i];

        if (x->protocol == protocol && port >= x->first && port <= x->last) {
            ds_put_format(&s, "%"PRIuSIZE" ", i);
        }
    }
    return ds_steal_cstr(&s);
}

/* One port for each set of ranges that ports are in: they all begin where a
 * range begins or behind one that ends. */
static void
cut(struct ranges *r, uint8_t protocol)
{
    struct sset seen = SSET_INITIALIZER(&seen);
    bool *edges = xcalloc(UINT16_MAX + 2, sizeof *edges);

    edges[1] = true;            /* Rather than 0. */
    for (size_t i = 0; i < r->n; i++) {
        if (r->p[i].protocol == protocol) {
            edges[r->p[i].first] = true;
            edges[r->p[i].last + 1] = true;
        }
    }
    for (unsigned int port = 0; port <= UINT16_MAX; port++) {
        if (edges[port]
            && sset_add_and_free(&seen, sign(r, protocol, port))) {
            add_service(r->plan, protocol, port);
        }
    }
    free(edges);
    sset_destroy(&seen);
}

void
verify_plan_services(const struct verify *v, const struct ptrs *policies,
                     struct verify_plan *plan)
{
    struct ranges r = { .v = v, .plan = plan };

    sset_init(&r.names);
    for (size_t i = 0; i < policies->n; i++) {
        verify_for_each_rule(policies->p[i], add_rule, &r);
    }
    add_tunnels(&r);
    replica_for_each(v->replica, add_flow, &r);
    sset_destroy(&r.names);
    sort_ranges(&r);

    add_service(plan, IPPROTO_ICMP, 0);
    for (size_t i = 0; i < ARRAY_SIZE(with_ports); i++) {
        cut(&r, with_ports[i]);
    }
    r.protocols[IPPROTO_GRE] = true;
    r.protocols[IPPROTO_ICMP] = r.protocols[IPPROTO_ICMPV6] = false;
    for (size_t i = 0; i < ARRAY_SIZE(r.protocols); i++) {
        if (r.protocols[i]) {
            add_service(plan, i, 0);
        }
    }
    free(r.p);
}
