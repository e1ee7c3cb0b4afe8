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

struct claim_ref {
    struct dir_file *file;
    struct dir_claim *claim;    /* NULL if there is none. */
};

struct object {
    struct hmap_node node;
    char *key;

    /* In force. */
    bool in_force;
    bool good;
    bool adopted;               /* And never claimed. */
    uint64_t source;            /* Id of the claim it came from. */
    enum k8s_kind kind;
    char *ns, *name;

    /* Claims, between begin and the next begin. */
    struct ovs_list claimed_node;       /* In 'claimed' if 'last' is set. */
    struct claim_ref last, before_last, last_good;
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
    free(o->key);
    free(o->ns);
    free(o->name);
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
        if (!strcmp(o->key, key)) {
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

/* Puts the name of 'object' into 'o', which is in force from now on. */
static void
name_object(struct dir_merge *m, struct object *o,
            const struct k8s_object *object)
{
    o->kind = object->kind;
    o->ns = nullable_xstrdup(object->ns);
    o->name = xstrdup(object->name);
    o->in_force = true;
    m->n_in_force++;
}

void
dir_merge_adopt(struct dir_merge *m)
{
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        struct hmap_position pos = { 0, 0 };
        const struct k8s_object *object;

        while ((object = model_next(m->model, kind, &pos))) {
            struct object *o = xzalloc(sizeof *o);

            o->key = k8s_object_key(object);
            o->good = k8s_object_is_whole(object);
            o->adopted = true;
            name_object(m, o, object);
            hmap_insert(&m->objects, &o->node, hash_string(o->key, 0));
        }
    }
}

/* Claims. */

void
dir_merge_begin(struct dir_merge *m)
{
    struct object *o;

    LIST_FOR_EACH (o, claimed_node, &m->claimed) {
        memset(&o->last, 0, sizeof o->last);
        memset(&o->before_last, 0, sizeof o->before_last);
        memset(&o->last_good, 0, sizeof o->last_good);
    }
    ovs_list_init(&m->claimed);
}

void
dir_merge_add(struct dir_merge *m, struct dir_file *file,
              struct dir_claim *claim)
{
    struct claim_ref ref = { .file = file, .claim = claim };
    struct object *o = find_object(m, claim->key, claim->hash);

    if (!o) {
        o = xzalloc(sizeof *o);
        o->key = xstrdup(claim->key);
        hmap_insert(&m->objects, &o->node, claim->hash);
    }
    if (!o->last.claim) {
        ovs_list_push_back(&m->claimed, &o->claimed_node);
    }
    o->adopted = false;
    o->before_last = o->last;
    o->last = ref;
    if (claim->good) {
        o->last_good = ref;
    }
}

/* The claim that should be in force; none if what is in force should stay. */
static struct claim_ref
choose(const struct object *o)
{
    struct claim_ref none = { NULL, NULL };

    if (o->last.claim->good) {
        return o->last;
    } else if (o->in_force && o->good) {
        return none;
    } else if (o->last_good.claim) {
        return o->last_good;
    } else {
        return o->last.claim->usable ? o->last : none;
    }
}

bool
dir_merge_needs_reading(struct dir_merge *m)
{
    struct object *o;
    bool needs = false;

    LIST_FOR_EACH (o, claimed_node, &m->claimed) {
        struct claim_ref chosen = choose(o);

        if (chosen.claim && !chosen.claim->object
            && chosen.claim->id != o->source) {
            chosen.file->dirty = true;
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

    if (!o->in_force) {
        name_object(m, o, object);
    }
    o->good = claim->good && k8s_object_is_whole(object);
    o->source = claim->id;
    claim->object = NULL;
    model_put(m->model, object);
}

static void
delete_unclaimed(struct dir_merge *m)
{
    struct object *o, *next;

    HMAP_FOR_EACH_SAFE (o, next, node, &m->objects) {
        if (!o->last.claim && !(o->adopted && m->keeps_adopted)) {
            if (o->in_force) {
                model_delete(m->model, o->kind, o->ns, o->name);
                m->n_in_force--;
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
        struct claim_ref chosen = choose(o);

        if (chosen.claim && chosen.claim->object
            && chosen.claim->id != o->source) {
            put(m, o, chosen.claim);
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
        if (o->before_last.claim) {
            cb(o->last.file, o->last.claim, o->before_last.file,
               o->before_last.claim, aux);
        }
    }
}
