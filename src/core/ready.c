/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ready.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/hmap.h"
#include "smap.h"
#include "util.h"

#include "histogram.h"
#include "model.h"

struct interface {
    struct hmap_node node;      /* In struct ready's 'interfaces'. */
    char *name, *ns, *pod;
    uint32_t ofport;
    long long int since;        /* When it came. */
    bool is_new;                /* After the first run. */
    bool is_ready;
    uint64_t generation;        /* That has it and its pod, 0 if none has. */
    bool seen;                  /* By this run. */
};

struct ready {
    struct hmap interfaces;     /* By name. */
    struct smap marks;
    struct histogram histogram;
    bool started;
    uint64_t generation, installed;     /* Last looked at. */
};

struct ready *
ready_create(void)
{
    struct ready *r = xzalloc(sizeof *r);

    hmap_init(&r->interfaces);
    smap_init(&r->marks);
    return r;
}

static void
forget(struct ready *r, struct interface *i)
{
    smap_remove(&r->marks, i->name);
    hmap_remove(&r->interfaces, &i->node);
    free(i->name);
    free(i->ns);
    free(i->pod);
    free(i);
}

void
ready_destroy(struct ready *r)
{
    struct interface *i;

    if (r) {
        HMAP_FOR_EACH_SAFE (i, node, &r->interfaces) {
            forget(r, i);
        }
        hmap_destroy(&r->interfaces);
        smap_destroy(&r->marks);
        free(r);
    }
}

static struct interface *
find(const struct ready *r, const char *name)
{
    struct interface *i;

    HMAP_FOR_EACH_WITH_HASH (i, node, hash_string(name, 0), &r->interfaces) {
        if (!strcmp(i->name, name)) {
            return i;
        }
    }
    return NULL;
}

static struct interface *
add(struct ready *r, const struct model_port *port, long long int now)
{
    struct interface *i = xzalloc(sizeof *i);

    i->name = xstrdup(port->interface);
    i->ns = xstrdup(port->ns);
    i->pod = xstrdup(port->name);
    i->ofport = port->ofport;
    i->since = now;
    i->is_new = r->started;
    hmap_insert(&r->interfaces, &i->node, hash_string(i->name, 0));
    return i;
}

/* The same interface, of the same pod, at the same port? */
static bool
is_same(const struct interface *i, const struct model_port *port)
{
    return (i->ofport == port->ofport && !strcmp(i->ns, port->ns)
            && !strcmp(i->pod, port->name));
}

/* Returns true if it became ready. */
static bool
look(struct ready *r, struct interface *i, const struct model *model,
     long long int now)
{
    if (i->is_ready) {
        return false;
    }
    if (!i->generation && model_get(model, K8S_POD, i->ns, i->pod)) {
        i->generation = r->generation;
    }
    if (!i->generation || r->installed < i->generation) {
        return false;
    }
    i->is_ready = true;
    smap_add_format(&r->marks, i->name, "%"PRIu64, i->generation);
    if (i->is_new) {
        histogram_add(&r->histogram, now - i->since);
    }
    return true;
}

/* Returns true if one that was ready is gone. */
static bool
sweep(struct ready *r)
{
    struct interface *i;
    bool changed = false;

    HMAP_FOR_EACH_SAFE (i, node, &r->interfaces) {
        if (i->seen) {
            i->seen = false;
        } else {
            changed |= i->is_ready;
            forget(r, i);
        }
    }
    return changed;
}

static bool
look_at_all(struct ready *r, const struct model *model, long long int now)
{
    size_t n;
    const struct model_port *ports = model_ports(model, &n);
    bool changed = false;

    for (size_t j = 0; j < n; j++) {
        struct interface *i = find(r, ports[j].interface);

        if (i && !is_same(i, &ports[j])) {
            changed |= i->is_ready;
            forget(r, i);
            i = NULL;
        }
        if (!i) {
            i = add(r, &ports[j], now);
        }
        i->seen = true;
        changed |= look(r, i, model, now);
    }
    return sweep(r) || changed;
}

bool
ready_run(struct ready *r, const struct model *model, uint64_t installed,
          long long int now)
{
    uint64_t generation = model_generation(model);
    bool first = !r->started;

    if ((first && !installed)
        || (generation == r->generation && installed == r->installed)) {
        return false;
    }
    r->generation = generation;
    r->installed = installed;

    bool changed = look_at_all(r, model, now);
    r->started = true;
    return changed || first;
}

const struct smap *
ready_marks(const struct ready *r)
{
    return &r->marks;
}

const struct histogram *
ready_histogram(const struct ready *r)
{
    return &r->histogram;
}
