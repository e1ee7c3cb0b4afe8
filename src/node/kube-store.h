/* SPDX-License-Identifier: Apache-2.0
 *
 * kube-store: what the API server says becomes objects in the model.
 *
 * Part of the kube module.  Nothing but the model's objects stays of a
 * document, and a record of what could not be understood: the last good
 * version of such an object stays in force, else what k8s_parse() could save
 * of it. */

#ifndef KUBE_STORE_H
#define KUBE_STORE_H 1

#include "k8s.h"
#include "openvswitch/shash.h"

struct doc_node;
struct kube_conditions;
struct kube_events;
struct kube_problem;
struct label_pool;
struct model;
struct sset;

struct kube_store {
    struct label_pool *pool;
    struct model *model;
    struct kube_events *events; /* Hears of problems. */
    struct kube_conditions *conditions; /* The same. */
    struct k8s_limits limits;
    struct shash problems;      /* "struct kube_problem"s by key. */
    size_t n_warnings;          /* Unknown fields, in all. */
    bool cluster_changed;       /* Cluster policies came or went since somebody
                                 * set this to false. */

    struct kube_problem *list;  /* Of problems, made on demand. */
    size_t n_list;
    bool list_is_current;
};

/* All are borrowed. */
void kube_store_init(struct kube_store *, struct label_pool *,
                     struct model *, struct kube_events *,
                     struct kube_conditions *);
void kube_store_uninit(struct kube_store *);
/* See kube_adopt(). */
void kube_store_adopt(struct kube_store *);

/* Puts the object 'node'.  Adds its key to 'seen' if that is not NULL. Returns
 * NULL or, if it has no name that could be read, a message (caller frees). */
char *kube_store_put(struct kube_store *, enum k8s_kind,
                     const struct doc_node *node, struct sset *seen)
    OVS_WARN_UNUSED_RESULT;
char *kube_store_delete(struct kube_store *, enum k8s_kind,
                        const struct doc_node *node) OVS_WARN_UNUSED_RESULT;

/* True if there is nothing of a kind, not even a problem. */
bool kube_store_is_empty(const struct kube_store *, enum k8s_kind);

/* Deletes all objects of a kind that are not in 'seen'.  Returns how many. */
size_t kube_store_retain(struct kube_store *, enum k8s_kind,
                         const struct sset *seen);

/* Records that some object of a kind could not be read at all, until the next
 * list that can. */
void kube_store_complain(struct kube_store *, enum k8s_kind,
                         const char *message);

/* Up to 'max' problems, sorted, borrowed until something is put or deleted. */
const struct kube_problem *kube_store_problems(struct kube_store *, size_t max,
                                               size_t *n);

#endif /* kube-store.h */
