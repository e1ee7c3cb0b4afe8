/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "label.h"
#include "packets.h"
#include "util.h"

/* An object, by kind, namespace and name. */
struct entry {
    struct hmap_node node;      /* In 'objects[kind]'. */
    struct hmap_node uid_node;  /* In 'uids', for pods that have one. */
    struct k8s_object *object;
};

/* One live pod's claim to an address. */
struct claim {
    struct hmap_node node;      /* In 'claims', by address. */
    struct in6_addr address;
    struct entry *entry;
};

/* A namespace that something names, whether or not it has an object. */
struct space {
    struct hmap_node node;      /* In 'spaces'. */
    char *name;
    struct label_set *labels;
    size_t n_users;             /* Pods, policies, and its own object. */
};

struct change {
    struct hmap_node node;      /* In 'changed'. */
    struct model_change public;
};

struct model {
    struct label_pool *pool;
    struct hmap objects[K8S_N_KINDS];
    struct hmap uids;
    struct hmap claims;
    struct hmap spaces;
    struct model_port *ports;
    size_t n_ports;
    struct hmap port_pods;      /* "struct port_pod", pods that have ports. */
    char *node_name;
    struct in6_addr *node_addresses;
    size_t n_node_addresses;
    uint64_t generation;
    struct hmap changed;
    struct change **changes;    /* In order. */
    size_t n_changes, allocated_changes;
};

/* A pod that some port names. */
struct port_pod {
    struct hmap_node node;
    char *ns, *name;
};

static uint32_t
hash_key(const char *ns, const char *name)
{
    return hash_string(name, ns ? hash_string(ns, 0) : 0);
}

static bool
keys_equal(const char *ns_a, const char *name_a,
           const char *ns_b, const char *name_b)
{
    return !strcmp(name_a, name_b) && nullable_string_is_equal(ns_a, ns_b);
}

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
note_change(struct model *m, enum model_change_type type,
            const char *ns, const char *name)
{
    uint32_t hash = hash_int(type, hash_key(ns, name ? name : ""));
    struct change *c;

    m->generation++;
    HMAP_FOR_EACH_WITH_HASH (c, node, hash, &m->changed) {
        if (c->public.type == type
            && nullable_string_is_equal(c->public.ns, ns)
            && nullable_string_is_equal(c->public.name, name)) {
            return;
        }
    }
    c = xmalloc(sizeof *c);
    c->public.type = type;
    c->public.ns = nullable_xstrdup(ns);
    c->public.name = nullable_xstrdup(name);
    hmap_insert(&m->changed, &c->node, hash);
    if (m->n_changes >= m->allocated_changes) {
        m->changes = x2nrealloc(m->changes, &m->allocated_changes,
                                sizeof *m->changes);
    }
    m->changes[m->n_changes++] = c;
}

static void
note_pod(struct model *m, const struct k8s_pod *pod)
{
    note_change(m, MODEL_POD, pod->up.ns, pod->up.name);
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

/* Namespaces. */

static struct space *
find_space(const struct model *m, const char *name)
{
    struct space *s;

    HMAP_FOR_EACH_WITH_HASH (s, node, hash_string(name, 0), &m->spaces) {
        if (!strcmp(s->name, name)) {
            return s;
        }
    }
    return NULL;
}

static struct label_set *
default_labels(struct model *m, const char *name)
{
    struct label_pair pair = { "kubernetes.io/metadata.name", name };

    return label_set_create(m->pool, &pair, 1);
}

static struct space *
use_space(struct model *m, const char *name)
{
    struct space *s = find_space(m, name);

    if (!s) {
        s = xzalloc(sizeof *s);
        s->name = xstrdup(name);
        s->labels = default_labels(m, name);
        hmap_insert(&m->spaces, &s->node, hash_string(name, 0));
    }
    s->n_users++;
    return s;
}

static void
unuse_space(struct model *m, const char *name)
{
    struct space *s = find_space(m, name);

    if (!--s->n_users) {
        hmap_remove(&m->spaces, &s->node);
        label_set_unref(s->labels);
        free(s->name);
        free(s);
    }
}

/* Takes ownership of 'labels'. */
static void
set_space_labels(struct model *m, const char *name, struct label_set *labels)
{
    struct space *s = find_space(m, name);

    if (s->labels != labels) {
        label_set_unref(s->labels);
        s->labels = labels;
        note_change(m, MODEL_NAMESPACE, name, NULL);
    } else {
        label_set_unref(labels);
    }
}

const struct label_set *
model_namespace_labels(const struct model *m, const char *ns)
{
    const struct space *s = find_space(m, ns);

    return s ? s->labels : NULL;
}

/* Addresses. */

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
    struct claim *c;

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
        struct claim *c;

        HMAP_FOR_EACH_WITH_HASH (c, node, address_hash(addr, 0), &m->claims) {
            if (c->entry->object != &pod->up
                && !memcmp(&c->address, addr, sizeof *addr)) {
                note_pod(m, k8s_pod_cast(c->entry->object));
            }
        }
    }
}

static void
claim_addresses(struct model *m, struct entry *e)
{
    const struct k8s_pod *pod = k8s_pod_cast(e->object);

    if (!model_pod_is_live(pod)) {
        return;
    }
    for (size_t i = 0; i < pod->n_addresses; i++) {
        struct claim *c = xmalloc(sizeof *c);

        c->address = pod->addresses[i];
        c->entry = e;
        hmap_insert(&m->claims, &c->node, address_hash(&c->address, 0));
    }
    note_rivals(m, pod);
}

static void
drop_claim(struct model *m, const struct entry *e, const struct in6_addr *addr)
{
    struct claim *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, address_hash(addr, 0), &m->claims) {
        if (c->entry == e && !memcmp(&c->address, addr, sizeof *addr)) {
            hmap_remove(&m->claims, &c->node);
            free(c);
            return;
        }
    }
}

static void
disclaim_addresses(struct model *m, struct entry *e)
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

/* Objects. */

static struct entry *
find_entry(const struct model *m, enum k8s_kind kind,
           const char *ns, const char *name)
{
    struct entry *e;

    HMAP_FOR_EACH_WITH_HASH (e, node, hash_key(ns, name), &m->objects[kind]) {
        if (keys_equal(e->object->ns, e->object->name, ns, name)) {
            return e;
        }
    }
    return NULL;
}

const struct k8s_object *
model_get(const struct model *m, enum k8s_kind kind,
          const char *ns, const char *name)
{
    const struct entry *e = find_entry(m, kind, ns, name);

    return e ? e->object : NULL;
}

const struct k8s_pod *
model_pod_by_uid(const struct model *m, const char *uid)
{
    struct entry *e;

    HMAP_FOR_EACH_WITH_HASH (e, uid_node, hash_string(uid, 0), &m->uids) {
        const struct k8s_pod *pod = k8s_pod_cast(e->object);

        if (!strcmp(pod->uid, uid)) {
            return pod;
        }
    }
    return NULL;
}

/* What follows from an object's being there; note_* say what differs. */
static void
link_object(struct model *m, struct entry *e)
{
    struct k8s_object *o = e->object;

    switch (o->kind) {
    case K8S_NAMESPACE:
        use_space(m, o->name);
        set_space_labels(m, o->name,
                         label_set_ref(k8s_namespace_cast(o)->labels));
        break;
    case K8S_POD:
        use_space(m, o->ns);
        if (k8s_pod_cast(o)->uid) {
            hmap_insert(&m->uids, &e->uid_node,
                        hash_string(k8s_pod_cast(o)->uid, 0));
        }
        claim_addresses(m, e);
        note_pod(m, k8s_pod_cast(o));
        break;
    case K8S_POLICY:
        use_space(m, o->ns);
        note_change(m, MODEL_POLICY, o->ns, o->name);
        break;
    case K8S_N_KINDS:
    default:
        OVS_NOT_REACHED();
    }
}

static void
unlink_object(struct model *m, struct entry *e)
{
    struct k8s_object *o = e->object;

    switch (o->kind) {
    case K8S_NAMESPACE:
        set_space_labels(m, o->name, default_labels(m, o->name));
        unuse_space(m, o->name);
        break;
    case K8S_POD:
        disclaim_addresses(m, e);
        if (k8s_pod_cast(o)->uid) {
            hmap_remove(&m->uids, &e->uid_node);
        }
        note_pod(m, k8s_pod_cast(o));
        unuse_space(m, o->ns);
        break;
    case K8S_POLICY:
        note_change(m, MODEL_POLICY, o->ns, o->name);
        unuse_space(m, o->ns);
        break;
    case K8S_N_KINDS:
    default:
        OVS_NOT_REACHED();
    }
}

/* A namespace's labels move in one step, or two equal sets would look like a
 * change. */
static void
replace_object(struct model *m, struct entry *e, struct k8s_object *object)
{
    struct k8s_object *old = e->object;

    if (object->kind == K8S_NAMESPACE) {
        e->object = object;
        set_space_labels(m, object->name,
                         label_set_ref(k8s_namespace_cast(object)->labels));
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
    struct entry *e = find_entry(m, object->kind, object->ns, object->name);

    if (!e) {
        e = xzalloc(sizeof *e);
        e->object = object;
        hmap_insert(&m->objects[object->kind], &e->node,
                    hash_key(object->ns, object->name));
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
    struct entry *e = find_entry(m, kind, ns, name);

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
    struct entry *e;

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

    return node ? CONTAINER_OF(node, struct entry, node)->object : NULL;
}

/* Ports. */

static struct port_pod *
find_port_pod(const struct model *m, const char *ns, const char *name)
{
    struct port_pod *p;

    HMAP_FOR_EACH_WITH_HASH (p, node, hash_key(ns, name), &m->port_pods) {
        if (keys_equal(p->ns, p->name, ns, name)) {
            return p;
        }
    }
    return NULL;
}

static void
clear_ports(struct model *m)
{
    struct port_pod *p;

    HMAP_FOR_EACH_SAFE (p, node, &m->port_pods) {
        hmap_remove(&m->port_pods, &p->node);
        free(p->ns);
        free(p->name);
        free(p);
    }
    for (size_t i = 0; i < m->n_ports; i++) {
        free(m->ports[i].ns);
        free(m->ports[i].name);
        free(m->ports[i].interface);
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
    return !compare_ports(a, b) && eth_addr_equals(a->mac, b->mac);
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
            note_change(m, MODEL_POD, p->ns, p->name);
            changed = true;
        }
        i += cmp <= 0;
        j += cmp >= 0;
    }
    return changed;
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

    bool changed = note_port_changes(m, m->ports, m->n_ports, copy, n);
    clear_ports(m);
    m->ports = copy;
    m->n_ports = n;
    for (size_t i = 0; i < n; i++) {
        if (!find_port_pod(m, copy[i].ns, copy[i].name)) {
            struct port_pod *p = xmalloc(sizeof *p);

            p->ns = xstrdup(copy[i].ns);
            p->name = xstrdup(copy[i].name);
            hmap_insert(&m->port_pods, &p->node, hash_key(p->ns, p->name));
        }
    }
    if (changed) {
        note_change(m, MODEL_PORTS, NULL, NULL);
    }
    return changed;
}

const struct model_port *
model_ports(const struct model *m, size_t *n)
{
    *n = m->n_ports;
    return m->ports;
}

/* The node. */

bool
model_set_node_name(struct model *m, const char *name)
{
    struct entry *e;

    if (nullable_string_is_equal(m->node_name, name)) {
        return false;
    }
    free(m->node_name);
    m->node_name = nullable_xstrdup(name);
    note_change(m, MODEL_NODE, NULL, NULL);
    HMAP_FOR_EACH (e, node, &m->objects[K8S_POD]) {
        note_pod(m, k8s_pod_cast(e->object));
    }
    return true;
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
    note_change(m, MODEL_NODE, NULL, NULL);
    return true;
}

const struct in6_addr *
model_node_addresses(const struct model *m, size_t *n)
{
    *n = m->n_node_addresses;
    return m->node_addresses;
}

bool
model_pod_is_local(const struct model *m, const struct k8s_pod *pod)
{
    return (model_pod_is_live(pod)
            && ((m->node_name && pod->node && !strcmp(pod->node, m->node_name))
                || find_port_pod(m, pod->up.ns, pod->up.name)));
}

void
model_destroy(struct model *m)
{
    struct model_change *changes;
    struct entry *e;
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
    clear_ports(m);
    hmap_destroy(&m->port_pods);
    hmap_destroy(&m->uids);
    hmap_destroy(&m->claims);
    hmap_destroy(&m->spaces);
    free(m->node_name);
    free(m->node_addresses);
    n = model_take_changes(m, &changes);
    model_changes_free(changes, n);
    hmap_destroy(&m->changed);
    free(m);
}
