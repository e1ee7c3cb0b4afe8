/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by model.c (objects), model-change.c, model-namespace.c,
 * model-address.c, model-uid.c and model-port.c (interfaces and the node). */

#ifndef MODEL_PRIVATE_H
#define MODEL_PRIVATE_H 1

#include <obstack.h>
#include <string.h>

#include "hash.h"
#include "model.h"
#include "openvswitch/hmap.h"
#include "ptrs.h"
#include "sset.h"
#include "util.h"

/* A live pod's or a node's claim to an address. */
struct model_claim {
    struct hmap_node node;      /* In 'claims', by address. */
    const struct k8s_object *owner;     /* Which has the address. */
};

/* A namespace that something names, whether or not it has an object. */
struct model_space {
    struct hmap_node node;      /* In 'spaces'. */
    char *name;
    struct label_set *labels;
    enum k8s_enforcement enforcement;
    size_t n_users;             /* Pods, policies, and its own object. */
    struct ptrs policies;       /* "struct k8s_policy" of this namespace. */
};

/* A change, in 'change_store' with its strings. */
struct model_change_entry {
    struct hmap_node node;      /* In 'changed'. */
    struct model_change_entry *next;    /* In order. */
    enum model_change_type type;
    enum k8s_kind kind;
    const char *ns, *name;      /* NULL as in "struct model_change". */
    struct model_follower *follower;    /* The same. */
};

struct model {
    struct label_pool *pool;
    struct hmap objects[K8S_N_KINDS];
    struct hmap *uids;          /* NULL until a uid is looked for. */
    struct hmap claims;
    struct hmap spaces;
    bool audit;                 /* For namespaces that do not say. */
    struct sset refused;        /* Policies, "NS/NAME". */
    struct model_port *ports;
    size_t n_ports;
    uint32_t *strangers;        /* Sorted. */
    size_t n_strangers;
    struct hmap port_pods;      /* "struct model_port_pod". */
    char *node_name;
    struct in6_addr *node_addresses;
    size_t n_node_addresses;
    struct model_mark node_mark;
    struct prefix *service_cidrs;
    size_t n_service_cidrs;
    uint64_t generation;
    struct hmap changed;        /* "struct model_change_entry". */
    struct model_change_entry *first_change, **next_change;
    struct obstack change_store;
    void *change_mark;          /* Its first object, to free all. */
};

/* A pod that some port names. */
struct model_port_pod {
    struct hmap_node node;
    char *ns, *name;
};

static inline uint32_t
model_hash_key(const char *ns, const char *name)
{
    return hash_string(name, ns ? hash_string(ns, 0) : 0);
}

static inline bool
model_keys_equal(const char *ns_a, const char *name_a,
                 const char *ns_b, const char *name_b)
{
    return !strcmp(name_a, name_b) && nullable_string_is_equal(ns_a, ns_b);
}

/* model-change.c: one more change to tell. */
void model_changes_init(struct model *);
void model_changes_uninit(struct model *);
/* The pod goes, as was noted; 'old' is replaced by 'pod'. */
void model_note_orphan(struct model *, struct k8s_pod *);
void model_hand_over(struct k8s_pod *old, struct k8s_pod *pod);
void model_note_change(struct model *, enum model_change_type,
                       const char *ns, const char *name);
void model_note_object(struct model *, enum model_change_type,
                       const struct k8s_object *);
void model_note_pod(struct model *, const struct k8s_pod *);

/* model-namespace.c: something names the namespace, or does not any more. */
void model_use_space(struct model *, const char *name);
void model_unuse_space(struct model *, const char *name);
/* A policy is one of its namespace's, which is in use, or no longer. */
void model_add_policy(struct model *, const struct k8s_policy *);
void model_remove_policy(struct model *, const struct k8s_policy *);
/* The labels of a namespace without an object. */
struct label_set *model_default_labels(struct model *, const char *name);
/* Takes ownership of 'labels'. */
void model_set_space(struct model *, const char *name,
                     struct label_set *labels, enum k8s_enforcement);

/* model-address.c: the object is a pod or a node. */
void model_claim_addresses(struct model *, const struct k8s_object *);
void model_disclaim_addresses(struct model *, const struct k8s_object *);

/* model-uid.c */
void model_index_uid(struct model *, const struct k8s_pod *);
void model_unindex_uid(struct model *, const struct k8s_pod *);
void model_destroy_uids(struct model *);

/* model-port.c */
void model_clear_ports(struct model *);

#endif /* model-private.h */
