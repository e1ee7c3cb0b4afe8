/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by model.c (objects and changes), model-namespace.c,
 * model-address.c and model-port.c (interfaces and the node). */

#ifndef MODEL_PRIVATE_H
#define MODEL_PRIVATE_H 1

#include <string.h>

#include "hash.h"
#include "model.h"
#include "openvswitch/hmap.h"
#include "ptrs.h"
#include "util.h"

/* An object, by kind, namespace and name. */
struct model_entry {
    struct hmap_node node;      /* In 'objects[kind]'. */
    struct hmap_node uid_node;  /* In 'uids', for pods that have one. */
    struct k8s_object *object;
};

/* A live pod's or a node's claim to an address. */
struct model_claim {
    struct hmap_node node;      /* In 'claims', by address. */
    struct in6_addr address;
    struct model_entry *entry;
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

struct model_change_entry {
    struct hmap_node node;      /* In 'changed'. */
    struct model_change public;
};

struct model {
    struct label_pool *pool;
    struct hmap objects[K8S_N_KINDS];
    struct hmap uids;
    struct hmap claims;
    struct hmap spaces;
    bool audit;                 /* For namespaces that do not say. */
    struct model_port *ports;
    size_t n_ports;
    struct hmap port_pods;      /* "struct model_port_pod". */
    char *node_name;
    struct in6_addr *node_addresses;
    size_t n_node_addresses;
    struct model_mark node_mark;
    struct prefix *service_cidrs;
    size_t n_service_cidrs;
    uint64_t generation;
    struct hmap changed;
    struct model_change_entry **changes;    /* In order. */
    size_t n_changes, allocated_changes;
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

/* model.c: one more change to tell. */
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

/* model-address.c: 'e' is a pod or a node. */
void model_claim_addresses(struct model *, struct model_entry *e);
void model_disclaim_addresses(struct model *, struct model_entry *e);

/* model-port.c */
void model_clear_ports(struct model *);

#endif /* model-private.h */
