/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "dir-merge.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dir-file.h"
#include "hash.h"
#include "k8s.h"
#include "model.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "util.h"

struct dir_merge {
    struct model *model;
    struct hmap objects;        /* Contains "struct object"s by key. */
    struct ovs_list claimed;    /* Those that some claim is about, in order. */
    size_t n_in_force;
    bool keeps_adopted;         /* Objects that nobody claimed yet. */
};

/* There is one for each object of the cluster: mind the size. */
struct object {
    struct hmap_node node;
    struct dir_key *key;        /* As its last claim has it. */

    /* In force. */
    uint64_t source : 56;       /* Id of the claim it came from. */
    enum k8s_kind kind : 5;
    bool in_force : 1;
    bool good : 1;
    bool adopted : 1;           /* And never claimed. */

    /* Between begin and the next begin. */
    struct dir_claim *last;             /* NULL if there is none. */
    struct ovs_list claimed_node;       /* In 'claimed' if 'last' is set. */
};

struct dir_merge *
dir_merge_create(struct model *model)
{
    struct dir_merge *m = xzalloc(sizeof *m);

    m->model = model;
    hmap_init(&m->objects);
    ovs_list_init(&m->claimed);
    return m;
}

static void
destroy_object(struct dir_merge *m, struct object *o)
{
    hmap_remove(&m->objects, &o->node);
    dir_key_unref(o->key);
    free(o);
}

void
dir_merge_destroy(struct dir_merge *m)
{
    if (m) {
        struct object *o, *next;
        HMAP_FOR_EACH_SAFE (o, next, node, &m->objects) {
            destroy_object(m, o);
        }
        hmap_destroy(&m->objects);
        free(m);
    }
}

static struct object *
find_object(const struct dir_merge *m, const char *key, uint32_t hash)
{
    struct object *o;

    HMAP_FOR_EACH_WITH_HASH (o, node, hash, &m->objects) {
        if (!strcmp(o->key->text, key)) {
            return o;
        }
    }
    return NULL;
}

void
dir_merge_keep_adopted(struct dir_merge *m, bool keep)
{
    m->keeps_adopted = keep;
}

/* Adds an object that is not there.  Takes a reference to 'key'. */
static struct object *
add_object(struct dir_merge *m, struct dir_key *key, uint32_t hash)
{
    struct object *o = xzalloc(sizeof *o);

    o->key = key;
    hmap_insert(&m->objects, &o->node, hash);
    return o;
}

void
dir_merge_adopt(struct dir_merge *m)
{
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        struct hmap_position pos = { 0, 0 };
        const struct k8s_object *object;

        while ((object = model_next(m->model, kind, &pos))) {
            char *key = k8s_object_key(object);
            struct object *o = add_object(m, dir_key_create(key),
                                          hash_string(key, 0));

            o->kind = kind;
            o->good = k8s_object_is_whole(object);
            o->adopted = true;
            o->in_force = true;
            m->n_in_force++;
            free(key);
        }
    }
}

/* Claims. */

void
dir_merge_begin(struct dir_merge *m)
{
    struct object *o;

    LIST_FOR_EACH (o, claimed_node, &m->claimed) {
        o->last = NULL;
    }
    ovs_list_init(&m->claimed);
}

void
dir_merge_add(struct dir_merge *m, struct dir_claim *claim)
{
    uint32_t hash = hash_string(claim->key->text, 0);
    struct object *o = find_object(m, claim->key->text, hash);

    if (!o) {
        o = add_object(m, dir_key_ref(claim->key), hash);
    } else if (o->key != claim->key) {
        dir_key_unref(o->key);
        o->key = dir_key_ref(claim->key);
    }
    if (!o->last) {
        ovs_list_push_back(&m->claimed, &o->claimed_node);
    }
    o->adopted = false;
    claim->before = o->last;
    o->last = claim;
}

static struct dir_claim *
last_good(const struct object *o)
{
    struct dir_claim *claim = o->last;

    while (claim && !claim->good) {
        claim = claim->before;
    }
    return claim;
}

/* The claim that should be in force; NULL if what is in force should stay. */
static struct dir_claim *
choose(const struct object *o)
{
    struct dir_claim *good = last_good(o);

    if (o->last->good) {
        return o->last;
    } else if (o->in_force && o->good) {
        return NULL;
    } else if (good) {
        return good;
    } else {
        return o->last->usable ? o->last : NULL;
    }
}

bool
dir_merge_needs_reading(struct dir_merge *m)
{
    struct object *o;
    bool needs = false;

    LIST_FOR_EACH (o, claimed_node, &m->claimed) {
        struct dir_claim *chosen = choose(o);

        if (chosen && !chosen->object && chosen->id != o->source) {
            chosen->file->dirty = true;
            needs = true;
        }
    }
    return needs;
}

/* The model. */

static void
put(struct dir_merge *m, struct object *o, struct dir_claim *claim)
{
    struct k8s_object *object = claim->object;

    m->n_in_force += !o->in_force;
    o->in_force = true;
    o->kind = object->kind;
    o->good = claim->good && k8s_object_is_whole(object);
    o->source = claim->id;
    claim->object = NULL;
    model_put(m->model, object);
}

static void
take_out(struct dir_merge *m, const struct object *o)
{
    const char *name = strchr(o->key->text, ' ') + 1;
    const char *slash = strchr(name, '/');
    char *ns = slash ? xmemdup0(name, slash - name) : NULL;

    model_delete(m->model, o->kind, ns, slash ? slash + 1 : name);
    m->n_in_force--;
    free(ns);
}

static void
delete_unclaimed(struct dir_merge *m)
{
    struct object *o, *next;

    HMAP_FOR_EACH_SAFE (o, next, node, &m->objects) {
        if (!o->last && !(o->adopted && m->keeps_adopted)) {
            if (o->in_force) {
                take_out(m, o);
            }
            destroy_object(m, o);
        }
    }
}

void
dir_merge_apply(struct dir_merge *m)
{
    struct object *o;

    delete_unclaimed(m);
    LIST_FOR_EACH (o, claimed_node, &m->claimed) {
        struct dir_claim *chosen = choose(o);

        if (chosen && chosen->object && chosen->id != o->source) {
            put(m, o, chosen);
        }
    }
}

size_t
dir_merge_count(const struct dir_merge *m)
{
    return m->n_in_force;
}

bool
dir_merge_is_good(const struct dir_merge *m, const char *key)
{
    const struct object *o = find_object(m, key, hash_string(key, 0));

    return o && o->in_force && o->good;
}

void
dir_merge_for_each_duplicate(const struct dir_merge *m,
                             dir_merge_duplicate_cb *cb, void *aux)
{
    const struct object *o;

    LIST_FOR_EACH (o, claimed_node, &m->claimed) {
        if (o->last->before) {
            cb(o->last, o->last->before, aux);
        }
    }
}
