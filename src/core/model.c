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
    hmap_init(&m->uids);
    hmap_init(&m->claims);
    hmap_init(&m->spaces);
    hmap_init(&m->port_pods);
    hmap_init(&m->changed);
    return m;
}

/* Changes. */

static void
note_change(struct model *m, enum model_change_type type, enum k8s_kind kind,
            const char *ns, const char *name)
{
    uint32_t hash = hash_2words(type, hash_int(kind, model_hash_key(
                                    ns, name ? name : "")));
    struct model_change_entry *c;

    m->generation++;
    HMAP_FOR_EACH_WITH_HASH (c, node, hash, &m->changed) {
        if (c->public.type == type && c->public.kind == kind
            && nullable_string_is_equal(c->public.ns, ns)
            && nullable_string_is_equal(c->public.name, name)) {
            return;
        }
    }
    c = xmalloc(sizeof *c);
    c->public.type = type;
    c->public.kind = kind;
    c->public.ns = nullable_xstrdup(ns);
    c->public.name = nullable_xstrdup(name);
    hmap_insert(&m->changed, &c->node, hash);
    if (m->n_changes >= m->allocated_changes) {
        m->changes = x2nrealloc(m->changes, &m->allocated_changes,
                                sizeof *m->changes);
    }
    m->changes[m->n_changes++] = c;
}

void
model_note_change(struct model *m, enum model_change_type type,
                  const char *ns, const char *name)
{
    note_change(m, type, K8S_N_KINDS, ns, name);
}

void
model_note_object(struct model *m, enum model_change_type type,
                  const struct k8s_object *o)
{
    note_change(m, type, o->kind, o->ns, o->name);
}

void
model_note_pod(struct model *m, const struct k8s_pod *pod)
{
    model_note_object(m, MODEL_POD, &pod->up);
}

size_t
model_take_changes(struct model *m, struct model_change **changes)
{
    size_t n = m->n_changes;

    *changes = xmalloc(MAX(n, 1) * sizeof **changes);
    for (size_t i = 0; i < n; i++) {
        (*changes)[i] = m->changes[i]->public;
        free(m->changes[i]);
    }
    free(m->changes);
    m->changes = NULL;
    m->n_changes = m->allocated_changes = 0;
    hmap_destroy(&m->changed);
    hmap_init(&m->changed);
    return n;
}

void
model_changes_free(struct model_change *changes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(changes[i].ns);
        free(changes[i].name);
    }
    free(changes);
}

uint64_t
model_generation(const struct model *m)
{
    return m->generation;
}

/* Objects. */

static struct model_entry *
find_entry(const struct model *m, enum k8s_kind kind,
           const char *ns, const char *name)
{
    struct model_entry *e;

    HMAP_FOR_EACH_WITH_HASH (e, node, model_hash_key(ns, name),
                             &m->objects[kind]) {
        if (model_keys_equal(e->object->ns, e->object->name, ns, name)) {
            return e;
        }
    }
    return NULL;
}

const struct k8s_object *
model_get(const struct model *m, enum k8s_kind kind,
          const char *ns, const char *name)
{
    const struct model_entry *e = find_entry(m, kind, ns, name);

    return e ? e->object : NULL;
}

const struct k8s_pod *
model_pod_by_uid(const struct model *m, const char *uid)
{
    struct model_entry *e;

    HMAP_FOR_EACH_WITH_HASH (e, uid_node, hash_string(uid, 0), &m->uids) {
        const struct k8s_pod *pod = k8s_pod_cast(e->object);

        if (!strcmp(pod->uid, uid)) {
            return pod;
        }
    }
    return NULL;
}

static void
link_namespace(struct model *m, const struct k8s_namespace *ns)
{
    model_set_space(m, ns->up.name, label_set_ref(ns->labels),
                    ns->enforcement);
}

/* What follows from an object's being there; note_* say what differs. */
static void
link_object(struct model *m, struct model_entry *e)
{
    struct k8s_object *o = e->object;

    switch (o->kind) {
    case K8S_NAMESPACE:
        model_use_space(m, o->name);
        link_namespace(m, k8s_namespace_cast(o));
        break;
    case K8S_POD:
        model_use_space(m, o->ns);
        if (k8s_pod_cast(o)->uid) {
            hmap_insert(&m->uids, &e->uid_node,
                        hash_string(k8s_pod_cast(o)->uid, 0));
        }
        model_claim_addresses(m, e);
        model_note_pod(m, k8s_pod_cast(o));
        break;
    case K8S_POLICY:
        model_use_space(m, o->ns);
        model_add_policy(m, k8s_policy_cast(o));
        model_note_object(m, MODEL_POLICY, o);
        break;
    case K8S_NODE:
        model_claim_addresses(m, e);
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
unlink_object(struct model *m, struct model_entry *e)
{
    struct k8s_object *o = e->object;

    switch (o->kind) {
    case K8S_NAMESPACE:
        model_set_space(m, o->name, model_default_labels(m, o->name),
                        K8S_ENFORCEMENT_UNSET);
        model_unuse_space(m, o->name);
        break;
    case K8S_POD:
        model_disclaim_addresses(m, e);
        if (k8s_pod_cast(o)->uid) {
            hmap_remove(&m->uids, &e->uid_node);
        }
        model_note_pod(m, k8s_pod_cast(o));
        model_unuse_space(m, o->ns);
        break;
    case K8S_POLICY:
        model_note_object(m, MODEL_POLICY, o);
        model_remove_policy(m, k8s_policy_cast(o));
        model_unuse_space(m, o->ns);
        break;
    case K8S_NODE:
        model_disclaim_addresses(m, e);
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
replace_object(struct model *m, struct model_entry *e,
               struct k8s_object *object)
{
    struct k8s_object *old = e->object;

    if (object->kind == K8S_NAMESPACE) {
        e->object = object;
        link_namespace(m, k8s_namespace_cast(object));
    } else {
        unlink_object(m, e);
        e->object = object;
        link_object(m, e);
    }
    k8s_object_destroy(old);
}

bool
model_put(struct model *m, struct k8s_object *object)
{
    struct model_entry *e = find_entry(m, object->kind, object->ns,
                                       object->name);

    if (!e) {
        e = xzalloc(sizeof *e);
        e->object = object;
        hmap_insert(&m->objects[object->kind], &e->node,
                    model_hash_key(object->ns, object->name));
        link_object(m, e);
    } else if (k8s_object_equals(e->object, object)) {
        k8s_object_destroy(object);
        return false;
    } else {
        replace_object(m, e, object);
    }
    return true;
}

bool
model_delete(struct model *m, enum k8s_kind kind, const char *ns,
             const char *name)
{
    struct model_entry *e = find_entry(m, kind, ns, name);

    if (!e) {
        return false;
    }
    unlink_object(m, e);
    hmap_remove(&m->objects[kind], &e->node);
    k8s_object_destroy(e->object);
    free(e);
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
    struct model_entry *e;

    *n = 0;
    HMAP_FOR_EACH (e, node, &m->objects[kind]) {
        array[(*n)++] = e->object;
    }
    qsort(array, *n, sizeof *array, compare_objects);
    return array;
}

const struct k8s_object *
model_next(const struct model *m, enum k8s_kind kind,
           struct hmap_position *pos)
{
    struct hmap_node *node = hmap_at_position(&m->objects[kind], pos);

    return node ? CONTAINER_OF(node, struct model_entry, node)->object : NULL;
}

void
model_destroy(struct model *m)
{
    struct model_change *changes;
    struct model_entry *e;
    size_t n;

    if (!m) {
        return;
    }
    for (int kind = K8S_N_KINDS - 1; kind >= 0; kind--) {
        HMAP_FOR_EACH_SAFE (e, node, &m->objects[kind]) {
            unlink_object(m, e);
            hmap_remove(&m->objects[kind], &e->node);
            k8s_object_destroy(e->object);
            free(e);
        }
        hmap_destroy(&m->objects[kind]);
    }
    model_clear_ports(m);
    hmap_destroy(&m->port_pods);
    hmap_destroy(&m->uids);
    hmap_destroy(&m->claims);
    hmap_destroy(&m->spaces);
    free(m->node_name);
    free(m->node_addresses);
    free(m->service_cidrs);
    n = model_take_changes(m, &changes);
    model_changes_free(changes, n);
    hmap_destroy(&m->changed);
    free(m);
}
