/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "label.h"
#include "model-private.h"

struct model *
model_create(struct label_pool *pool)
{
    struct model *m = xzalloc(sizeof *m);

    m->pool = pool;
    m->generation = 1;
    for (int i = 0; i < K8S_N_KINDS; i++) {
        hmap_init(&m->objects[i]);
    }
    sset_init(&m->refused);
    hmap_init(&m->claims);
    hmap_init(&m->spaces);
    hmap_init(&m->port_pods);
    model_changes_init(m);
    return m;
}

/* Objects. */

static struct k8s_object *
find_object(const struct model *m, enum k8s_kind kind,
            const char *ns, const char *name)
{
    struct k8s_object *o;

    HMAP_FOR_EACH_WITH_HASH (o, node, model_hash_key(ns, name),
                             &m->objects[kind]) {
        if (model_keys_equal(o->ns, o->name, ns, name)) {
            return o;
        }
    }
    return NULL;
}

const struct k8s_object *
model_get(const struct model *m, enum k8s_kind kind,
          const char *ns, const char *name)
{
    return find_object(m, kind, ns, name);
}

static void
link_namespace(struct model *m, const struct k8s_namespace *ns)
{
    model_set_space(m, ns->up.name, label_set_ref(ns->labels),
                    ns->enforcement);
}

/* What follows from an object's being there; note_* say what differs. */
static void
link_object(struct model *m, struct k8s_object *o)
{
    switch (o->kind) {
    case K8S_NAMESPACE:
        model_use_space(m, o->name);
        link_namespace(m, k8s_namespace_cast(o));
        break;
    case K8S_POD:
        model_use_space(m, o->ns);
        model_index_uid(m, k8s_pod_cast(o));
        model_claim_addresses(m, o);
        model_note_pod(m, k8s_pod_cast(o));
        break;
    case K8S_POLICY:
        model_use_space(m, o->ns);
        model_add_policy(m, k8s_policy_cast(o));
        model_note_object(m, MODEL_POLICY, o);
        break;
    case K8S_NODE:
        model_claim_addresses(m, o);
        model_note_object(m, MODEL_OTHER_NODE, o);
        break;
    case K8S_CLUSTER_POLICY:
    case K8S_ADMIN_POLICY:
    case K8S_BASELINE_POLICY:
        model_note_object(m, MODEL_CLUSTER_POLICY, o);
        break;
    case K8S_N_KINDS:
    default:
        OVS_NOT_REACHED();
    }
}

static void
unlink_object(struct model *m, struct k8s_object *o)
{
    switch (o->kind) {
    case K8S_NAMESPACE:
        model_set_space(m, o->name, model_default_labels(m, o->name),
                        K8S_ENFORCEMENT_UNSET);
        model_unuse_space(m, o->name);
        break;
    case K8S_POD:
        model_disclaim_addresses(m, o);
        model_unindex_uid(m, k8s_pod_cast(o));
        model_note_pod(m, k8s_pod_cast(o));
        model_unuse_space(m, o->ns);
        break;
    case K8S_POLICY:
        model_note_object(m, MODEL_POLICY, o);
        model_remove_policy(m, k8s_policy_cast(o));
        model_unuse_space(m, o->ns);
        break;
    case K8S_NODE:
        model_disclaim_addresses(m, o);
        model_note_object(m, MODEL_OTHER_NODE, o);
        break;
    case K8S_CLUSTER_POLICY:
    case K8S_ADMIN_POLICY:
    case K8S_BASELINE_POLICY:
        model_note_object(m, MODEL_CLUSTER_POLICY, o);
        break;
    case K8S_N_KINDS:
    default:
        OVS_NOT_REACHED();
    }
}

/* A namespace's labels move in one step, or two equal sets would look like a
 * change. */
static void
replace_object(struct model *m, struct k8s_object *old,
               struct k8s_object *object)
{
    struct hmap *objects = &m->objects[object->kind];

    if (object->kind == K8S_NAMESPACE) {
        hmap_replace(objects, &old->node, &object->node);
        link_namespace(m, k8s_namespace_cast(object));
    } else {
        unlink_object(m, old);
        if (object->kind == K8S_POD) {
            model_hand_over(k8s_pod_cast(old), k8s_pod_cast(object));
        }
        hmap_replace(objects, &old->node, &object->node);
        link_object(m, object);
    }
    k8s_object_destroy(old);
}

bool
model_put(struct model *m, struct k8s_object *object)
{
    struct k8s_object *old = find_object(m, object->kind, object->ns,
                                         object->name);

    if (!old) {
        hmap_insert(&m->objects[object->kind], &object->node,
                    model_hash_key(object->ns, object->name));
        link_object(m, object);
    } else if (k8s_object_equals(old, object)) {
        k8s_object_destroy(object);
        return false;
    } else {
        replace_object(m, old, object);
    }
    return true;
}

bool
model_delete(struct model *m, enum k8s_kind kind, const char *ns,
             const char *name)
{
    struct k8s_object *o = find_object(m, kind, ns, name);

    if (!o) {
        return false;
    }
    unlink_object(m, o);
    if (kind == K8S_POD) {
        model_note_orphan(m, k8s_pod_cast(o));
    }
    hmap_remove(&m->objects[kind], &o->node);
    k8s_object_destroy(o);
    return true;
}

size_t
model_count(const struct model *m, enum k8s_kind kind)
{
    return hmap_count(&m->objects[kind]);
}

static int
compare_objects(const void *a_, const void *b_)
{
    const struct k8s_object *const *a = a_;
    const struct k8s_object *const *b = b_;
    int cmp = strcmp((*a)->ns ? (*a)->ns : "", (*b)->ns ? (*b)->ns : "");

    return cmp ? cmp : strcmp((*a)->name, (*b)->name);
}

const struct k8s_object **
model_sorted(const struct model *m, enum k8s_kind kind, size_t *n)
{
    size_t count = model_count(m, kind);
    const struct k8s_object **array = xmalloc(MAX(count, 1) * sizeof *array);
    struct k8s_object *o;

    *n = 0;
    HMAP_FOR_EACH (o, node, &m->objects[kind]) {
        array[(*n)++] = o;
    }
    qsort(array, *n, sizeof *array, compare_objects);
    return array;
}

const struct k8s_object *
model_next(const struct model *m, enum k8s_kind kind,
           struct hmap_position *pos)
{
    struct hmap_node *node = hmap_at_position(&m->objects[kind], pos);

    return node ? CONTAINER_OF(node, struct k8s_object, node) : NULL;
}

void
model_destroy(struct model *m)
{
    struct k8s_object *o;

    if (!m) {
        return;
    }
    for (int kind = K8S_N_KINDS - 1; kind >= 0; kind--) {
        HMAP_FOR_EACH_SAFE (o, node, &m->objects[kind]) {
            unlink_object(m, o);
            hmap_remove(&m->objects[kind], &o->node);
            k8s_object_destroy(o);
        }
        hmap_destroy(&m->objects[kind]);
    }
    model_clear_ports(m);
    hmap_destroy(&m->port_pods);
    model_destroy_uids(m);
    hmap_destroy(&m->claims);
    hmap_destroy(&m->spaces);
    sset_destroy(&m->refused);
    free(m->strangers);
    free(m->node_name);
    free(m->node_addresses);
    free(m->service_cidrs);
    model_changes_uninit(m);
    free(m);
}
