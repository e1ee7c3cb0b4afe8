/* SPDX-License-Identifier: Apache-2.0
 *
 * What changed.  The first batch names every object of the cluster; it lies in
 * large blocks of its own and leaves no holes between the objects, which
 * stay. */

#include <config.h>

#include <stdlib.h>

#include "model-private.h"

#define obstack_chunk_alloc xmalloc
#define obstack_chunk_free free

/* Bytes of a block but the first, large enough for malloc() to give it back
 * to the system. */
#define BLOCK_SIZE (256 * 1024)

static void
forget_changes(struct model *m)
{
    hmap_init(&m->changed);
    m->first_change = NULL;
    m->next_change = &m->first_change;
    m->change_mark = obstack_alloc(&m->change_store, 1);
}

void
model_changes_init(struct model *m)
{
    obstack_begin(&m->change_store, 1024);
    obstack_chunk_size(&m->change_store) = BLOCK_SIZE;
    forget_changes(m);
}

void
model_changes_uninit(struct model *m)
{
    hmap_destroy(&m->changed);
    obstack_free(&m->change_store, NULL);
}

static const char *
store_string(struct model *m, const char *s)
{
    return s ? obstack_copy0(&m->change_store, s, strlen(s)) : NULL;
}

static uint32_t
hash_change(enum model_change_type type, enum k8s_kind kind, const char *ns,
            const char *name)
{
    return hash_2words(type, hash_int(kind, model_hash_key(
                                    ns, name ? name : "")));
}

static struct model_change_entry *
find_change(const struct model *m, enum model_change_type type,
            enum k8s_kind kind, const char *ns, const char *name)
{
    struct model_change_entry *c;

    HMAP_FOR_EACH_WITH_HASH (c, node, hash_change(type, kind, ns, name),
                             &m->changed) {
        if (c->type == type && c->kind == kind
            && nullable_string_is_equal(c->ns, ns)
            && nullable_string_is_equal(c->name, name)) {
            return c;
        }
    }
    return NULL;
}

static void
note_change(struct model *m, enum model_change_type type, enum k8s_kind kind,
            const char *ns, const char *name)
{
    struct model_change_entry *c;

    m->generation++;
    if (find_change(m, type, kind, ns, name)) {
        return;
    }
    c = obstack_alloc(&m->change_store, sizeof *c);
    c->follower = NULL;
    c->next = NULL;
    c->type = type;
    c->kind = kind;
    c->ns = store_string(m, ns);
    c->name = store_string(m, name);
    hmap_insert(&m->changed, &c->node, hash_change(type, kind, ns, name));
    *m->next_change = c;
    m->next_change = &c->next;
}

void
model_note_change(struct model *m, enum model_change_type type,
                  const char *ns, const char *name)
{
    /* A pod that is known by name only is still that pod. */
    note_change(m, type, type == MODEL_POD ? K8S_POD : K8S_N_KINDS, ns, name);
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

/* Followers. */

void
model_follow(const struct k8s_pod *pod_, struct model_follower *f)
{
    struct k8s_pod *pod = CONST_CAST(struct k8s_pod *, pod_);

    ovs_assert(!pod->follower && !f->pod);
    pod->follower = f;
    f->pod = pod;
}

void
model_unfollow(struct model_follower *f)
{
    if (f->pod) {
        CONST_CAST(struct k8s_pod *, f->pod)->follower = NULL;
        f->pod = NULL;
    }
}

void
model_note_orphan(struct model *m, struct k8s_pod *pod)
{
    struct model_follower *f = pod->follower;

    if (f) {
        find_change(m, MODEL_POD, K8S_POD, pod->up.ns,
                    pod->up.name)->follower = f;
        model_unfollow(f);
    }
}

void
model_hand_over(struct k8s_pod *old, struct k8s_pod *pod)
{
    struct model_follower *f = old->follower;

    if (f) {
        model_unfollow(f);
        model_follow(pod, f);
    }
}

/* Taking. */

static size_t
text_size(const char *s)
{
    return s ? strlen(s) + 1 : 0;
}

/* Appends 's' at '*free'; NULL stays NULL. */
static char *
put_string(char **free, const char *s)
{
    size_t size = text_size(s);
    char *copy = s ? memcpy(*free, s, size) : NULL;

    *free += size;
    return copy;
}

size_t
model_take_changes(struct model *m, struct model_change **changes)
{
    size_t n = hmap_count(&m->changed);
    size_t size = MAX(n, 1) * sizeof **changes;
    const struct model_change_entry *c;

    for (c = m->first_change; c; c = c->next) {
        size += text_size(c->ns) + text_size(c->name);
    }

    struct model_change *change = *changes = xmalloc(size);
    char *text = (char *) (*changes + n);

    for (c = m->first_change; c; c = c->next) {
        change->type = c->type;
        change->kind = c->kind;
        change->ns = put_string(&text, c->ns);
        change->name = put_string(&text, c->name);
        change->follower = c->follower;
        change++;
    }
    hmap_destroy(&m->changed);
    obstack_free(&m->change_store, m->change_mark);
    forget_changes(m);
    return n;
}

void
model_changes_free(struct model_change *changes)
{
    free(changes);
}

uint64_t
model_generation(const struct model *m)
{
    return m->generation;
}
