/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by reach.c (cells), reach-class.c (classes), reach-pod.c,
 * reach-node.c and reach-net.c (which pods, nodes and addresses outside are in
 * them), reach-word.c (what policies speak of), reach-cut.c (what to ask) and
 * reach-services.c (sets of services). */

#ifndef REACH_PRIVATE_H
#define REACH_PRIVATE_H 1

#include "k8s.h"
#include "openvswitch/hmap.h"
#include "openvswitch/shash.h"
#include "reach.h"

/* Families, as indexes. */
enum { REACH_V4, REACH_V6, REACH_N_FAMILIES };

/* What policies say about the other side, each once. */
struct reach_peer {
    const char *ns;             /* Own namespace, or NULL and then... */
    const struct selector *namespaces;  /* ...this. */
    const struct selector *pods;
};

/* Where intervals of ports begin: protocol << 16 | port. */
struct reach_cuts {
    uint32_t *at;
    size_t n, allocated;
    bool matter;                /* The service makes a difference at all. */
};

/* A rule of a policy in 'ns'. */
struct reach_rule {
    const struct k8s_rule *rule;
    const char *ns;
};

struct reach_words {
    struct reach_peer *peers;
    size_t n_peers, allocated_peers;
    const struct k8s_ip_block **blocks;
    size_t n_blocks, allocated_blocks;
    const struct selector **nodes;
    size_t n_nodes, allocated_nodes;
    struct shash port_names;    /* No data. */
    struct reach_cuts cuts;     /* Of policies of the whole cluster. */
};
void reach_words_init(struct reach_words *, const struct model *);
void reach_words_uninit(struct reach_words *);
/* Appends the numbers of the blocks that contain 'addr' to 'signature'. */
void reach_words_sign_address(const struct reach_words *,
                              const struct in6_addr *addr,
                              struct ds *signature);
/* The same for the selectors that match the labels of a node. */
void reach_words_sign_node(const struct reach_words *, const struct k8s_node *,
                           struct ds *signature);

void reach_cuts_uninit(struct reach_cuts *);
/* Adds what 'rule' distinguishes. */
void reach_cuts_add_rule(struct reach_cuts *, const struct k8s_rule *);

struct reach_class_node {
    struct hmap_node node;      /* By signature. */
    char *signature;
    size_t size;                /* Bytes of it. */
    struct reach_class class;
    struct reach_rule *rules[K8S_N_DIRECTIONS]; /* Of NetworkPolicies that
                                                 * select it. */
    size_t n_rules[K8S_N_DIRECTIONS];
};

struct reach {
    const struct model *model;
    struct reach_port port;     /* Asked about, if 'one_port'. */
    bool one_port;
    struct reach_words words;
    struct hmap by_signature;   /* "struct reach_class_node". */
    struct ptrs classes;        /* The same, by index. */
    struct hmap by_pod;         /* "struct reach_pod_node". */
    const struct reach_services **cells;
    struct hmap services;       /* "struct reach_services_node". */
    struct ptrs service_list;   /* "struct reach_services", by index. */
};

/* The class with this signature, or NULL. */
struct reach_class_node *reach_class_find(const struct reach *,
                                          const struct ds *signature);
/* The class with this signature, made if need be. */
struct reach_class_node *reach_class_get(struct reach *,
                                         const struct ds *signature);
void reach_add_pods(struct reach *);
void reach_add_nodes(struct reach *);
void reach_add_nets(struct reach *);
void reach_class_set_end(struct reach_class *, size_t member,
                         const struct k8s_pod *, const struct in6_addr *);
/* Fills 'cuts', sorted, with what can make a difference between the two: the
 * ports of those rules of either that are about the other, and the beginning
 * of each protocol. */
void reach_cut_pair(const struct reach *, const struct reach_class_node *from,
                    const struct reach_class_node *to,
                    struct reach_cuts *cuts);
/* 'pod' is in 'class'. */
void reach_note_pod(struct reach *, const struct k8s_pod *,
                    const struct reach_class *);
void reach_classes_uninit(struct reach *);

/* The one set that equals 'ranges' and 'others'. */
const struct reach_services *reach_services_intern(struct reach *, bool others,
                                                   const struct reach_range *,
                                                   size_t n);
void reach_services_uninit(struct reach *);

#endif /* reach-private.h */
