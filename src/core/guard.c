/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "guard.h"

#include <stdlib.h>
#include <string.h>

#include "guard-private.h"
#include "hash.h"
#include "k8s.h"
#include "model.h"
#include "packets.h"
#include "pipeline.h"
#include "util.h"

struct guard *
guard_create(const struct pipeline_config *config, struct flowset *fs,
             bool closes_unknown)
{
    struct guard *g = xzalloc(sizeof *g);

    g->config = config;
    g->fs = fs;
    hmap_init(&g->ports);
    hmap_init(&g->addresses);
    g->closes_unknown = closes_unknown;
    if (closes_unknown) {
        guard_put_unknown(g);
    }
    return g;
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
        guard_put_strangers(g, addr, true);
    }
    a->n_ports++;
}

static void
unref_address(struct guard *g, const struct in6_addr *addr)
{
    struct guard_address *a = find_address(g, addr);

    if (!--a->n_ports) {
        guard_put_strangers(g, addr, false);
        hmap_remove(&g->addresses, &a->node);
        free(a);
    }
}

void
guard_set_gateway(struct guard *g, uint32_t ofport)
{
    if (g && g->gateway != ofport) {
        if (g->gateway) {
            guard_put_gateway(g, false);
        }
        g->gateway = ofport;
        if (g->gateway) {
            guard_put_gateway(g, true);
        }
    }
}

/* Ports. */

static void
open_port(struct guard *g, const struct guard_port *p)
{
    guard_put_port(g, p, true);
    for (size_t i = 0; i < p->n_addresses; i++) {
        ref_address(g, &p->addresses[i]);
    }
}

static void
close_port(struct guard *g, const struct guard_port *p)
{
    guard_put_port(g, p, false);
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

    p->is_starting = pod && model_pod_is_live(pod) && !pod->n_addresses;
    free(p->addresses);
    p->addresses = n ? xmalloc(n * sizeof *p->addresses) : NULL;
    p->n_addresses = 0;
    for (size_t i = 0; i < n; i++) {
        const struct in6_addr *addr = &pod->addresses[i];

        if (model_pod_owns(model, pod, addr)
            && !guard_port_has_address(p, addr)) {
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

/* Both arrays are sorted. */
static void
update_strangers(struct guard *g, const struct model *model)
{
    size_t n, i = 0, j = 0;
    const uint32_t *new = model_strangers(model, &n);

    while (i < g->n_strangers || j < n) {
        uint32_t old_port = i < g->n_strangers ? g->strangers[i] : UINT32_MAX;
        uint32_t new_port = j < n ? new[j] : UINT32_MAX;

        if (old_port != new_port) {
            guard_put_known(g, MIN(old_port, new_port), new_port < old_port);
        }
        i += old_port <= new_port;
        j += new_port <= old_port;
    }
    free(g->strangers);
    g->strangers = n ? xmemdup(new, n * sizeof *new) : NULL;
    g->n_strangers = n;
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
        if (g->closes_unknown) {
            update_strangers(g, model);
        }
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
        free(g->strangers);
        free(g);
    }
}
