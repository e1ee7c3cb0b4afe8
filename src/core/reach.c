/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "reach-private.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "model.h"
#include "util.h"

size_t
reach_n_classes(const struct reach *r)
{
    return r->classes.n;
}

static const struct reach_class_node *
class_node(const struct reach *r, size_t i)
{
    return r->classes.p[i];
}

const struct reach_class *
reach_class_at(const struct reach *r, size_t i)
{
    return &class_node(r, i)->class;
}

size_t
reach_n_services(const struct reach *r)
{
    return r->service_list.n;
}

const struct reach_services *
reach_services_at(const struct reach *r, size_t i)
{
    return r->service_list.p[i];
}

const struct reach_services *
reach_cell(const struct reach *r, size_t from, size_t to)
{
    return r->cells[from * r->classes.n + to];
}

/* Questions. */

/* The two ends to ask about.  Returns false if there are none, else true, and
 * '*family' is -1 if they have none in common. */
static bool
find_ends(const struct reach *r, size_t from, size_t to,
          struct verdict_query *query, int *family)
{
    const struct reach_class *src = reach_class_at(r, from);
    const struct reach_class *dst = reach_class_at(r, to);
    size_t member = from == to;

    if ((!src->pods.n && !dst->pods.n) || (from == to && src->pods.n < 2)) {
        return false;
    }
    *family = -1;
    for (int f = 0; f < REACH_N_FAMILIES && *family < 0; f++) {
        if (src->has_end[0][f] && dst->has_end[member][f]) {
            query->src = src->ends[0][f];
            query->dst = dst->ends[member][f];
            *family = f;
        }
    }
    return true;
}

static void
set_port(struct verdict_query *query, const struct reach_port *port,
         int family)
{
    query->protocol = (port->protocol == IPPROTO_ICMP && family == REACH_V6
                       ? IPPROTO_ICMPV6 : port->protocol);
    query->port = port->number;
}

bool
reach_query(const struct reach *r, size_t from, size_t to,
            const struct reach_port *port, struct verdict_query *query)
{
    int family;

    if (!find_ends(r, from, to, query, &family) || family < 0) {
        return false;
    }
    set_port(query, port, family);
    return true;
}

struct reach_port *
reach_ports(const struct reach *r, size_t from, size_t to, size_t *n)
{
    struct reach_cuts cuts = { .at = NULL };

    reach_cut_pair(r, class_node(r, from), class_node(r, to), &cuts);
    struct reach_port *ports = xmalloc((cuts.n + 1) * sizeof *ports);
    for (size_t i = 0; i < cuts.n; i++) {
        ports[i].protocol = cuts.at[i] >> 16;
        ports[i].number = cuts.at[i];
    }
    ports[cuts.n] = (struct reach_port) { IPPROTO_ICMP, 0 };
    *n = cuts.n + 1;
    reach_cuts_uninit(&cuts);
    return ports;
}

/* Cells. */

/* Intervals that are found one after the other. */
struct collector {
    struct reach_range *ranges;
    size_t n, allocated;
};

static void
collect_range(struct collector *c, uint8_t protocol, uint16_t first,
              uint16_t last)
{
    struct reach_range *before = c->n ? &c->ranges[c->n - 1] : NULL;

    if (before && before->protocol == protocol && before->last + 1 == first) {
        before->last = last;
        return;
    }
    if (c->n >= c->allocated) {
        c->ranges = x2nrealloc(c->ranges, &c->allocated, sizeof *c->ranges);
    }
    c->ranges[c->n++] = (struct reach_range) { protocol, first, last };
}

/* Where the interval that begins at cut number 'i' ends. */
static uint16_t
interval_end(const struct reach_cuts *cuts, size_t i)
{
    return (i + 1 < cuts->n && cuts->at[i + 1] >> 16 == cuts->at[i] >> 16
            ? cuts->at[i + 1] - 1 : UINT16_MAX);
}

/* All or none. */
static const struct reach_services *
all_or_none(struct reach *r, bool all)
{
    static const struct reach_range ranges[] = {
        { IPPROTO_TCP, 1, UINT16_MAX },
        { IPPROTO_UDP, 1, UINT16_MAX },
        { IPPROTO_SCTP, 1, UINT16_MAX },
    };

    return reach_services_intern(r, all, ranges,
                                 all ? ARRAY_SIZE(ranges) : 0);
}

/* Without a family in common there is nothing that passes. */
static const struct reach_services *
ask_one(struct reach *r, size_t from, size_t to)
{
    struct verdict_query query;
    int family;

    if (!find_ends(r, from, to, &query, &family)) {
        return NULL;
    }
    if (family >= 0) {
        set_port(&query, &r->port, family);
    }
    return all_or_none(r, family >= 0 && verdict_allows(r->model, &query));
}

/* What the pair may use.  'cuts' and 'collector' are for scratch. */
static const struct reach_services *
ask_all(struct reach *r, size_t from, size_t to, struct reach_cuts *cuts,
        struct collector *collector)
{
    const struct reach_port ping = { IPPROTO_ICMP, 0 };
    struct verdict_query query;
    int family;

    if (!find_ends(r, from, to, &query, &family)) {
        return NULL;
    } else if (family < 0) {
        return all_or_none(r, false);
    }
    set_port(&query, &ping, family);
    bool others = verdict_allows(r->model, &query);
    reach_cut_pair(r, class_node(r, from), class_node(r, to), cuts);
    if (!cuts->matter) {
        return all_or_none(r, others);
    }

    collector->n = 0;
    for (size_t i = 0; i < cuts->n; i++) {
        query.protocol = cuts->at[i] >> 16;
        query.port = cuts->at[i];
        if (verdict_allows(r->model, &query)) {
            collect_range(collector, query.protocol, query.port,
                          interval_end(cuts, i));
        }
    }
    return reach_services_intern(r, others, collector->ranges, collector->n);
}

static void
fill_cells(struct reach *r)
{
    struct reach_cuts cuts = { .at = NULL };
    struct collector collector = { NULL, 0, 0 };
    size_t n = r->classes.n;

    r->cells = xcalloc(n * n, sizeof *r->cells);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            r->cells[i * n + j] = (r->one_port
                                   ? ask_one(r, i, j)
                                   : ask_all(r, i, j, &cuts, &collector));
        }
    }
    reach_cuts_uninit(&cuts);
    free(collector.ranges);
}

char *
reach_create(const struct model *model, const struct reach_port *port,
             struct reach **reach)
{
    struct reach *r = xzalloc(sizeof *r);

    r->model = model;
    r->one_port = port != NULL;
    if (port) {
        r->port = *port;
    }
    hmap_init(&r->by_signature);
    hmap_init(&r->by_pod);
    hmap_init(&r->services);
    reach_words_init(&r->words, model);
    reach_add_pods(r);
    reach_add_nodes(r);
    reach_add_nets(r);
    if (r->classes.n > REACH_MAX_CLASSES) {
        char *error = xasprintf("policies tell %"PRIuSIZE" kinds of pods, "
                                "nodes and networks apart, which are more "
                                "than %d",
                                reach_n_classes(r), REACH_MAX_CLASSES);
        reach_destroy(r);
        return error;
    }
    fill_cells(r);
    *reach = r;
    return NULL;
}

void
reach_destroy(struct reach *r)
{
    if (!r) {
        return;
    }
    free(r->cells);
    reach_services_uninit(r);
    reach_classes_uninit(r);
    reach_words_uninit(&r->words);
    free(r);
}
