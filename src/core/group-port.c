/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "group-private.h"
#include "hash.h"
#include "util.h"

static struct group_port_name *
find_port_name(const struct groups *gs, const char *name)
{
    struct group_port_name *n;

    HMAP_FOR_EACH_WITH_HASH (n, node, hash_string(name, 0), &gs->port_names) {
        if (!strcmp(n->name, name)) {
            return n;
        }
    }
    return NULL;
}

static struct group_port_name *
get_port_name(struct groups *gs, const char *name)
{
    struct group_port_name *n = find_port_name(gs, name);

    if (!n) {
        n = xzalloc(sizeof *n);
        n->name = xstrdup(name);
        hmap_insert(&gs->port_names, &n->node, hash_string(name, 0));
    }
    return n;
}

static void
release_port_name(struct groups *gs, struct group_port_name *n)
{
    if (!n->ports.n && !n->watchers.n) {
        if (n->changed) {
            ptrs_remove(&gs->changed_port_names, n);
        }
        hmap_remove(&gs->port_names, &n->node);
        ptrs_uninit(&n->ports);
        ptrs_uninit(&n->watchers);
        free(n->name);
        free(n);
    }
}

size_t
group_count_port(const struct groups *gs, const char *name)
{
    const struct group_port_name *n = find_port_name(gs, name);
    size_t count = 0;

    for (size_t i = 0; n && i < n->ports.n; i++) {
        const struct group_port *port = n->ports.p[i];

        count += port->n_users > 0;
    }
    return count;
}

struct group_port_name *
group_watch_port(struct groups *gs, const char *name, const void *watcher)
{
    struct group_port_name *n = get_port_name(gs, name);

    ptrs_add(&n->watchers, watcher);
    return n;
}

void
group_unwatch_port(struct groups *gs, struct group_port_name *n,
                   const void *watcher)
{
    ptrs_remove(&n->watchers, watcher);
    release_port_name(gs, n);
}

struct ptrs
groups_take_port_changes(struct groups *gs)
{
    struct ptrs names = gs->changed_port_names;

    for (size_t i = 0; i < names.n; i++) {
        struct group_port_name *n = names.p[i];

        n->changed = false;
    }
    gs->changed_port_names = (struct ptrs) PTRS_INITIALIZER;
    return names;
}

static void
note_port_change(struct groups *gs, struct group_port_name *n)
{
    if (n->watchers.n && !n->changed) {
        n->changed = true;
        ptrs_add(&gs->changed_port_names, n);
    }
}

static struct group_port *
get_port(struct groups *gs, const struct k8s_named_port *np)
{
    struct group_port_name *n = get_port_name(gs, np->name);
    struct group_port *port;

    for (size_t i = 0; i < n->ports.n; i++) {
        port = n->ports.p[i];
        if (port->protocol == np->protocol && port->number == np->number) {
            return port;
        }
    }
    port = xzalloc(sizeof *port);
    port->protocol = np->protocol;
    port->number = np->number;
    port->name = n;
    port->self = port;
    ptrs_add(&n->ports, port);
    return port;
}

void
group_port_ref(struct group_port *port)
{
    port->n_refs++;
}

void
group_port_unref(struct groups *gs, struct group_port *port)
{
    if (!--port->n_refs) {
        struct group_port_name *n = port->name;

        ptrs_remove(&n->ports, port);
        free(port);
        release_port_name(gs, n);
    }
}

/* Counts a live member that has 'port', or its going. */
static void
count_port_user(struct groups *gs, struct group_port *port, bool local,
                int delta)
{
    bool had = port->n_users, had_local = port->n_local_users;

    port->n_users += delta;
    port->n_local_users += local ? delta : 0;
    if (had != !!port->n_users || had_local != !!port->n_local_users) {
        note_port_change(gs, port->name);
    }
}

static void
drop_ports(struct groups *gs, struct group_port **ports, size_t n, bool local)
{
    for (size_t i = 0; i < n; i++) {
        count_port_user(gs, ports[i], local, -1);
        group_port_unref(gs, ports[i]);
    }
    if (n > 1) {
        free(ports);
    }
}

/* New ports are counted before old ones are dropped, so that what stays is not
 * a change. */
void
group_member_set_ports(struct groups *gs, struct group_member *m, bool local,
                       const struct k8s_named_port *ports, size_t n)
{
    struct group_port **old = m->ports;
    size_t n_old = m->n_ports;

    m->ports = n > 1 ? xmalloc(n * sizeof *m->ports) : NULL;
    m->n_ports = n;
    for (size_t i = 0; i < n; i++) {
        struct group_port *port = get_port(gs, &ports[i]);

        if (n > 1) {
            m->ports[i] = port;
        } else {
            m->ports = &port->self;
        }
        group_port_ref(port);
        count_port_user(gs, port, local, 1);
    }
    drop_ports(gs, old, n_old, m->local);
    m->local = local;
}
