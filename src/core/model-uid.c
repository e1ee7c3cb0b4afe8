/* SPDX-License-Identifier: Apache-2.0
 *
 * Pods by uid.  Few networks name a port's pod by its uid, so the index is
 * made when somebody asks for the first time. */

#include <config.h>

#include <stdlib.h>

#include "model-private.h"

struct uid {
    struct hmap_node node;      /* In 'uids'. */
    const struct k8s_pod *pod;
};

static void
insert_uid(struct hmap *uids, const struct k8s_pod *pod)
{
    if (pod->uid) {
        struct uid *u = xmalloc(sizeof *u);

        u->pod = pod;
        hmap_insert(uids, &u->node, hash_string(pod->uid, 0));
    }
}

void
model_index_uid(struct model *m, const struct k8s_pod *pod)
{
    if (m->uids) {
        insert_uid(m->uids, pod);
    }
}

void
model_unindex_uid(struct model *m, const struct k8s_pod *pod)
{
    struct uid *u;

    if (!m->uids || !pod->uid) {
        return;
    }
    HMAP_FOR_EACH_WITH_HASH (u, node, hash_string(pod->uid, 0), m->uids) {
        if (u->pod == pod) {
            hmap_remove(m->uids, &u->node);
            free(u);
            return;
        }
    }
}

static struct hmap *
create_uids(const struct model *m)
{
    struct hmap *uids = xmalloc(sizeof *uids);
    const struct k8s_object *o;

    hmap_init(uids);
    HMAP_FOR_EACH (o, node, &m->objects[K8S_POD]) {
        insert_uid(uids, k8s_pod_cast(o));
    }
    return uids;
}

void
model_destroy_uids(struct model *m)
{
    struct uid *u;

    if (m->uids) {
        HMAP_FOR_EACH_POP (u, node, m->uids) {
            free(u);
        }
        hmap_destroy(m->uids);
        free(m->uids);
        m->uids = NULL;
    }
}

const struct k8s_pod *
model_pod_by_uid(const struct model *m, const char *uid)
{
    struct uid *u;

    if (!m->uids) {
        CONST_CAST(struct model *, m)->uids = create_uids(m);
    }
    HMAP_FOR_EACH_WITH_HASH (u, node, hash_string(uid, 0), m->uids) {
        if (!strcmp(u->pod->uid, uid)) {
            return u->pod;
        }
    }
    return NULL;
}
