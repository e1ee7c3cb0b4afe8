/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bitmap.h"
#include "model-private.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "util.h"

static struct model_port_pod *
find_port_pod(const struct model *m, const char *ns, const char *name)
{
    struct model_port_pod *p;

    HMAP_FOR_EACH_WITH_HASH (p, node, model_hash_key(ns, name),
                             &m->port_pods) {
        if (model_keys_equal(p->ns, p->name, ns, name)) {
            return p;
        }
    }
    return NULL;
}

static void
free_port(struct model_port *port)
{
    free(port->ns);
    free(port->name);
    free(port->interface);
}

void
model_clear_ports(struct model *m)
{
    struct model_port_pod *p;

    HMAP_FOR_EACH_SAFE (p, node, &m->port_pods) {
        hmap_remove(&m->port_pods, &p->node);
        free(p->ns);
        free(p->name);
        free(p);
    }
    for (size_t i = 0; i < m->n_ports; i++) {
        free_port(&m->ports[i]);
    }
    free(m->ports);
    m->ports = NULL;
    m->n_ports = 0;
}

static int
compare_ports(const void *a_, const void *b_)
{
    const struct model_port *a = a_;
    const struct model_port *b = b_;
    int cmp = strcmp(a->ns, b->ns);

    cmp = cmp ? cmp : strcmp(a->name, b->name);
    cmp = cmp ? cmp : strcmp(a->interface, b->interface);
    return cmp ? cmp : (a->ofport > b->ofport) - (a->ofport < b->ofport);
}

static bool
ports_equal(const struct model_port *a, const struct model_port *b)
{
    return !compare_ports(a, b) && eth_addr_equals(a->mac, b->mac)
           && a->unguarded == b->unguarded;
}

/* Notes the pods whose ports differ between the two sorted arrays. */
static bool
note_port_changes(struct model *m, const struct model_port *a, size_t n_a,
                  const struct model_port *b, size_t n_b)
{
    bool changed = false;
    size_t i = 0, j = 0;

    while (i < n_a || j < n_b) {
        int cmp = (i >= n_a ? 1 : j >= n_b ? -1
                   : compare_ports(&a[i], &b[j]));
        const struct model_port *p = cmp <= 0 ? &a[i] : &b[j];

        if (cmp || !ports_equal(&a[i], &b[j])) {
            model_note_change(m, MODEL_POD, p->ns, p->name);
            changed = true;
        }
        i += cmp <= 0;
        j += cmp >= 0;
    }
    return changed;
}

/* Drops all but the first port of each number from sorted 'ports'.  Returns
 * the new length. */
static size_t
drop_duplicates(struct model_port *ports, size_t n)
{
    unsigned long *seen = bitmap_allocate(MODEL_MAX_OFPORT + 1);
    size_t n_unique = 0;

    for (size_t i = 0; i < n; i++) {
        if (bitmap_is_set(seen, ports[i].ofport)) {
            free_port(&ports[i]);
        } else {
            bitmap_set1(seen, ports[i].ofport);
            ports[n_unique++] = ports[i];
        }
    }
    bitmap_free(seen);
    return n_unique;
}

bool
model_set_ports(struct model *m, const struct model_port ports[], size_t n)
{
    struct model_port *copy = xmalloc(MAX(n, 1) * sizeof *copy);

    for (size_t i = 0; i < n; i++) {
        copy[i] = ports[i];
        copy[i].ns = xstrdup(ports[i].ns);
        copy[i].name = xstrdup(ports[i].name);
        copy[i].interface = xstrdup(ports[i].interface);
    }
    qsort(copy, n, sizeof *copy, compare_ports);
    n = drop_duplicates(copy, n);

    bool changed = note_port_changes(m, m->ports, m->n_ports, copy, n);
    model_clear_ports(m);
    m->ports = copy;
    m->n_ports = n;
    for (size_t i = 0; i < n; i++) {
        if (!find_port_pod(m, copy[i].ns, copy[i].name)) {
            struct model_port_pod *p = xmalloc(sizeof *p);

            p->ns = xstrdup(copy[i].ns);
            p->name = xstrdup(copy[i].name);
            hmap_insert(&m->port_pods, &p->node,
                        model_hash_key(p->ns, p->name));
        }
    }
    if (changed) {
        model_note_change(m, MODEL_PORTS, NULL, NULL);
    }
    return changed;
}

const struct model_port *
model_ports(const struct model *m, size_t *n)
{
    *n = m->n_ports;
    return m->ports;
}

static int
compare_numbers(const void *a_, const void *b_)
{
    const uint32_t *a = a_;
    const uint32_t *b = b_;

    return (*a > *b) - (*a < *b);
}

bool
model_set_strangers(struct model *m, const uint32_t ofports[], size_t n)
{
    uint32_t *copy = n ? xmemdup(ofports, n * sizeof *ofports) : NULL;
    size_t n_unique = 0;

    if (n) {
        qsort(copy, n, sizeof *copy, compare_numbers);
    }
    for (size_t i = 0; i < n; i++) {
        if (!i || copy[i] != copy[i - 1]) {
            copy[n_unique++] = copy[i];
        }
    }
    if (n_unique == m->n_strangers
        && (!n || !memcmp(copy, m->strangers, n_unique * sizeof *copy))) {
        free(copy);
        return false;
    }
    free(m->strangers);
    m->strangers = copy;
    m->n_strangers = n_unique;
    model_note_change(m, MODEL_PORTS, NULL, NULL);
    return true;
}

const uint32_t *
model_strangers(const struct model *m, size_t *n)
{
    *n = m->n_strangers;
    return m->strangers;
}

/* The node. */

bool
model_set_node_name(struct model *m, const char *name)
{
    struct k8s_object *o;

    if (nullable_string_is_equal(m->node_name, name)) {
        return false;
    }
    free(m->node_name);
    m->node_name = nullable_xstrdup(name);
    model_note_change(m, MODEL_NODE, NULL, NULL);
    HMAP_FOR_EACH (o, node, &m->objects[K8S_POD]) {
        model_note_pod(m, k8s_pod_cast(o));
    }
    return true;
}

const char *
model_node_name(const struct model *m)
{
    return m->node_name;
}

bool
model_set_node_addresses(struct model *m, const struct in6_addr addrs[],
                         size_t n)
{
    if (n == m->n_node_addresses
        && (!n || !memcmp(addrs, m->node_addresses, n * sizeof *addrs))) {
        return false;
    }
    free(m->node_addresses);
    m->node_addresses = n ? xmemdup(addrs, n * sizeof *addrs) : NULL;
    m->n_node_addresses = n;
    model_note_change(m, MODEL_NODE, NULL, NULL);
    return true;
}

const struct in6_addr *
model_node_addresses(const struct model *m, size_t *n)
{
    *n = m->n_node_addresses;
    return m->node_addresses;
}

bool
model_is_node_address(const struct model *m, const struct in6_addr *addr)
{
    size_t n;
    const struct in6_addr *addrs = model_node_addresses(m, &n);

    for (size_t i = 0; i < n; i++) {
        if (!memcmp(&addrs[i], addr, sizeof *addr)) {
            return true;
        }
    }
    return false;
}

bool
model_set_node_mark(struct model *m, struct model_mark mark)
{
    if (mark.value == m->node_mark.value && mark.mask == m->node_mark.mask) {
        return false;
    }
    m->node_mark = mark;
    model_note_change(m, MODEL_NODE, NULL, NULL);
    return true;
}

struct model_mark
model_node_mark(const struct model *m)
{
    return m->node_mark;
}

bool
model_mark_parse(const char *s, struct model_mark *mark)
{
    const char *slash = strchr(s, '/');
    char *value = slash ? xmemdup0(s, slash - s) : xstrdup(s);
    unsigned int v, mask = UINT32_MAX;
    bool ok = (str_to_uint(value, 0, &v)
               && (!slash || str_to_uint(slash + 1, 0, &mask))
               && v && !(v & ~mask));

    free(value);
    if (ok) {
        *mark = (struct model_mark) { v, mask };
    }
    return ok;
}

void
model_mark_format(struct model_mark mark, struct ds *s)
{
    ds_put_format(s, "0x%"PRIx32, mark.value);
    if (mark.mask != UINT32_MAX) {
        ds_put_format(s, "/0x%"PRIx32, mark.mask);
    }
}

static bool
prefixes_equal(const struct prefix *a, const struct prefix *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (prefix_compare(&a[i], &b[i])) {
            return false;
        }
    }
    return true;
}

bool
model_set_service_cidrs(struct model *m, const struct prefix cidrs[], size_t n)
{
    if (n == m->n_service_cidrs
        && prefixes_equal(cidrs, m->service_cidrs, n)) {
        return false;
    }
    free(m->service_cidrs);
    m->service_cidrs = n ? xmemdup(cidrs, n * sizeof *cidrs) : NULL;
    m->n_service_cidrs = n;
    model_note_change(m, MODEL_NODE, NULL, NULL);
    return true;
}

const struct prefix *
model_service_cidrs(const struct model *m, size_t *n)
{
    *n = m->n_service_cidrs;
    return m->service_cidrs;
}

bool
model_is_service_address(const struct model *m, const struct in6_addr *addr)
{
    for (size_t i = 0; i < m->n_service_cidrs; i++) {
        if (prefix_contains_address(&m->service_cidrs[i], addr)) {
            return true;
        }
    }
    return false;
}

bool
model_pod_is_local(const struct model *m, const struct k8s_pod *pod)
{
    return (model_pod_is_live(pod)
            && ((m->node_name && pod->node && !strcmp(pod->node, m->node_name))
                || find_port_pod(m, pod->up.ns, pod->up.name)));
}
