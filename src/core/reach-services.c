/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "reach-private.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "ovs-json.h"
#include "util.h"

struct reach_services_node {
    struct hmap_node node;
    struct reach_services services;     /* Last: it has an open end. */
};

static bool
covers_all(bool others, const struct reach_range *ranges, size_t n)
{
    size_t n_whole = 0;

    for (size_t i = 0; i < n; i++) {
        n_whole += ranges[i].first == 1 && ranges[i].last == UINT16_MAX;
    }
    return others && n_whole == 3;
}

static bool
ranges_equal(const struct reach_services *s, bool others,
             const struct reach_range *ranges, size_t n)
{
    if (s->others != others || s->n_ranges != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (s->ranges[i].protocol != ranges[i].protocol
            || s->ranges[i].first != ranges[i].first
            || s->ranges[i].last != ranges[i].last) {
            return false;
        }
    }
    return true;
}

const struct reach_services *
reach_services_intern(struct reach *r, bool others,
                      const struct reach_range *ranges, size_t n)
{
    struct reach_services_node *node;
    uint32_t hash = hash_boolean(others, 0);

    for (size_t i = 0; i < n; i++) {
        hash = hash_3words(hash, ranges[i].protocol,
                           (uint32_t) ranges[i].first << 16 | ranges[i].last);
    }
    HMAP_FOR_EACH_WITH_HASH (node, node, hash, &r->services) {
        if (ranges_equal(&node->services, others, ranges, n)) {
            return &node->services;
        }
    }

    node = xzalloc(sizeof *node + n * sizeof *ranges);
    node->services.index = r->service_list.n;
    node->services.others = others;
    node->services.none = !others && !n;
    node->services.all = covers_all(others, ranges, n);
    node->services.n_ranges = n;
    if (n) {
        memcpy(node->services.ranges, ranges, n * sizeof *ranges);
    }
    hmap_insert(&r->services, &node->node, hash);
    ptrs_add(&r->service_list, &node->services);
    return &node->services;
}

void
reach_services_uninit(struct reach *r)
{
    struct reach_services_node *node;

    HMAP_FOR_EACH_POP (node, node, &r->services) {
        free(node);
    }
    hmap_destroy(&r->services);
    ptrs_uninit(&r->service_list);
}

/* Appends "/80" or "/80-90", or nothing for all ports. */
static void
format_range(const struct reach_range *range, bool first, struct ds *s)
{
    if (range->first == 1 && range->last == UINT16_MAX) {
        return;
    }
    ds_put_format(s, "%s%u", first ? "/" : ",", range->first);
    if (range->last != range->first) {
        ds_put_format(s, "-%u", range->last);
    }
}

void
reach_format_services(const struct reach_services *services, struct ds *s)
{
    uint8_t protocol = 0;

    if (services->all || services->none) {
        ds_put_cstr(s, services->all ? "all" : "none");
        return;
    }
    for (size_t i = 0; i < services->n_ranges; i++) {
        const struct reach_range *range = &services->ranges[i];
        bool first = range->protocol != protocol;

        if (first) {
            ds_put_format(s, "%s%s", i ? " " : "",
                          k8s_protocol_name(range->protocol));
            protocol = range->protocol;
        }
        format_range(range, first, s);
    }
    if (services->others) {
        ds_put_format(s, "%sICMP", services->n_ranges ? " " : "");
    }
}

struct json *
reach_services_to_json(const struct reach_services *services)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < services->n_ranges; i++) {
        const struct reach_range *range = &services->ranges[i];
        struct json *item = json_object_create();

        json_object_put_string(item, "protocol",
                               k8s_protocol_name(range->protocol));
        json_object_put(item, "first", json_integer_create(range->first));
        json_object_put(item, "last", json_integer_create(range->last));
        json_array_add(array, item);
    }
    if (services->others) {
        struct json *item = json_object_create();

        json_object_put_string(item, "protocol", "ICMP");
        json_array_add(array, item);
    }
    return array;
}

/* True if 'range' lies in one range of 'services': they do not adjoin. */
static bool
has_range(const struct reach_services *services,
          const struct reach_range *range)
{
    for (size_t i = 0; i < services->n_ranges; i++) {
        const struct reach_range *other = &services->ranges[i];

        if (other->protocol == range->protocol
            && other->first <= range->first && other->last >= range->last) {
            return true;
        }
    }
    return false;
}

bool
reach_services_exceed(const struct reach_services *a,
                      const struct reach_services *b)
{
    if (a->others && !b->others) {
        return true;
    }
    for (size_t i = 0; i < a->n_ranges; i++) {
        if (!has_range(b, &a->ranges[i])) {
            return true;
        }
    }
    return false;
}
