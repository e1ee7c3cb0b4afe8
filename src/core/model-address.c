/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include <stdlib.h>

#include "model-private.h"

bool
model_pod_is_live(const struct k8s_pod *pod)
{
    return !pod->host_network && !pod->finished;
}

static bool
pod_is_newer(const struct k8s_pod *a, const struct k8s_pod *b)
{
    int cmp;

    if (a->created != b->created) {
        return a->created > b->created;
    }
    cmp = strcmp(a->uid ? a->uid : "", b->uid ? b->uid : "");
    cmp = cmp ? cmp : strcmp(a->up.ns, b->up.ns);
    return (cmp ? cmp : strcmp(a->up.name, b->up.name)) > 0;
}

/* What 'o' claims; nothing if it is a pod that does not count. */
static const struct in6_addr *
claimed_addresses(const struct k8s_object *o, size_t *n)
{
    if (o->kind == K8S_NODE) {
        *n = k8s_node_cast(o)->n_addresses;
        return k8s_node_cast(o)->addresses;
    }
    *n = model_pod_is_live(k8s_pod_cast(o)) ? k8s_pod_cast(o)->n_addresses : 0;
    return k8s_pod_cast(o)->addresses;
}

static bool
has_address(const struct k8s_object *o, const struct in6_addr *addr)
{
    size_t n;
    const struct in6_addr *addrs = claimed_addresses(o, &n);

    for (size_t i = 0; i < n; i++) {
        if (!memcmp(&addrs[i], addr, sizeof *addr)) {
            return true;
        }
    }
    return false;
}

const struct k8s_pod *
model_pod_by_address(const struct model *m, const struct in6_addr *addr)
{
    const struct k8s_pod *owner = NULL;
    struct model_claim *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, address_hash(addr, 0), &m->claims) {
        const struct k8s_object *o = c->owner;

        if (o->kind == K8S_POD && has_address(o, addr)
            && (!owner || pod_is_newer(k8s_pod_cast(o), owner))) {
            owner = k8s_pod_cast(o);
        }
    }
    return owner;
}

bool
model_pod_owns(const struct model *m, const struct k8s_pod *pod,
               const struct in6_addr *addr)
{
    return has_address(&pod->up, addr)
           && (!pod->contested || model_pod_by_address(m, addr) == pod);
}

bool
model_pod_lost(const struct model *m, const struct k8s_pod *pod,
               const struct in6_addr *addr)
{
    return (pod->contested && has_address(&pod->up, addr)
            && model_pod_by_address(m, addr) != pod);
}

static bool
node_is_newer(const struct k8s_node *a, const struct k8s_node *b)
{
    return (a->created != b->created ? a->created > b->created
            : strcmp(a->up.name, b->up.name) > 0);
}

const struct k8s_node *
model_node_by_address(const struct model *m, const struct in6_addr *addr)
{
    const struct k8s_node *owner = NULL;
    struct model_claim *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, address_hash(addr, 0), &m->claims) {
        const struct k8s_object *o = c->owner;

        if (!has_address(o, addr)) {
            continue;
        } else if (o->kind == K8S_POD) {
            return NULL;
        } else if (!owner || node_is_newer(k8s_node_cast(o), owner)) {
            owner = k8s_node_cast(o);
        }
    }
    return owner;
}

static void
contest(const struct k8s_object *o)
{
    if (o->kind == K8S_POD) {
        CONST_CAST(struct k8s_pod *, k8s_pod_cast(o))->contested = true;
    }
}

/* Everyone else who claims 'addr' may have won or lost it. */
static void
note_rivals(struct model *m, const struct k8s_object *o,
            const struct in6_addr *addr)
{
    struct model_claim *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, address_hash(addr, 0), &m->claims) {
        const struct k8s_object *rival = c->owner;

        if (rival != o && has_address(rival, addr)) {
            contest(o);
            contest(rival);
            model_note_object(m, (rival->kind == K8S_POD
                                  ? MODEL_POD : MODEL_OTHER_NODE), rival);
        }
    }
}

void
model_claim_addresses(struct model *m, const struct k8s_object *o)
{
    size_t n;
    const struct in6_addr *addrs = claimed_addresses(o, &n);

    for (size_t i = 0; i < n; i++) {
        struct model_claim *c = xmalloc(sizeof *c);

        c->owner = o;
        hmap_insert(&m->claims, &c->node, address_hash(&addrs[i], 0));
        note_rivals(m, o, &addrs[i]);
    }
}

static void
drop_claim(struct model *m, const struct k8s_object *o,
           const struct in6_addr *addr)
{
    struct model_claim *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, address_hash(addr, 0), &m->claims) {
        if (c->owner == o) {
            hmap_remove(&m->claims, &c->node);
            free(c);
            return;
        }
    }
}

void
model_disclaim_addresses(struct model *m, const struct k8s_object *o)
{
    size_t n;
    const struct in6_addr *addrs = claimed_addresses(o, &n);

    for (size_t i = 0; i < n; i++) {
        drop_claim(m, o, &addrs[i]);
        note_rivals(m, o, &addrs[i]);
    }
}
