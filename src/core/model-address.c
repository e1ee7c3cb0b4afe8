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

const struct k8s_pod *
model_pod_by_address(const struct model *m, const struct in6_addr *addr)
{
    const struct k8s_pod *owner = NULL;
    struct model_claim *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, address_hash(addr, 0), &m->claims) {
        const struct k8s_pod *pod = k8s_pod_cast(c->entry->object);

        if (!memcmp(&c->address, addr, sizeof *addr)
            && (!owner || pod_is_newer(pod, owner))) {
            owner = pod;
        }
    }
    return owner;
}

/* Everyone else who claims one of the addresses of 'pod' may have won or lost
 * it. */
static void
note_rivals(struct model *m, const struct k8s_pod *pod)
{
    for (size_t i = 0; i < pod->n_addresses; i++) {
        const struct in6_addr *addr = &pod->addresses[i];
        struct model_claim *c;

        HMAP_FOR_EACH_WITH_HASH (c, node, address_hash(addr, 0), &m->claims) {
            if (c->entry->object != &pod->up
                && !memcmp(&c->address, addr, sizeof *addr)) {
                model_note_pod(m, k8s_pod_cast(c->entry->object));
            }
        }
    }
}

void
model_claim_addresses(struct model *m, struct model_entry *e)
{
    const struct k8s_pod *pod = k8s_pod_cast(e->object);

    if (!model_pod_is_live(pod)) {
        return;
    }
    for (size_t i = 0; i < pod->n_addresses; i++) {
        struct model_claim *c = xmalloc(sizeof *c);

        c->address = pod->addresses[i];
        c->entry = e;
        hmap_insert(&m->claims, &c->node, address_hash(&c->address, 0));
    }
    note_rivals(m, pod);
}

static void
drop_claim(struct model *m, const struct model_entry *e,
           const struct in6_addr *addr)
{
    struct model_claim *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, address_hash(addr, 0), &m->claims) {
        if (c->entry == e && !memcmp(&c->address, addr, sizeof *addr)) {
            hmap_remove(&m->claims, &c->node);
            free(c);
            return;
        }
    }
}

void
model_disclaim_addresses(struct model *m, struct model_entry *e)
{
    const struct k8s_pod *pod = k8s_pod_cast(e->object);

    if (!model_pod_is_live(pod)) {
        return;
    }
    for (size_t i = 0; i < pod->n_addresses; i++) {
        drop_claim(m, e, &pod->addresses[i]);
    }
    note_rivals(m, pod);
}
