/* SPDX-License-Identifier: Apache-2.0
 *
 * k8s: documents become typed, validated Kubernetes objects.
 *
 * The only place that knows Kubernetes field names.  What comes out has its
 * defaults applied (policyTypes S2, protocol S15, kubernetes.io/metadata.name
 * S12) and keeps the difference between empty and missing where it matters.
 * Only what the compiler needs stays in memory.
 *
 * Errors name the field's path: 'spec.ingress[0].from[1].ipBlock.cidr:
 * "10.0.0.0/33" is not a CIDR'.
 *
 * Sources: the type comments of networking.k8s.io/v1 and v1 ("API" in
 * docs/semantics.md), and the descriptions in the custom resource definitions
 * of policy.networking.k8s.io ("CNP"). */

#ifndef K8S_H
#define K8S_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"
#include "openvswitch/hmap.h"
#include "prefix.h"

struct doc_node;
struct ds;
struct label_pool;
struct label_set;
struct model_follower;
struct selector;

enum k8s_kind {
    K8S_NAMESPACE,
    K8S_POD,
    K8S_POLICY,                 /* networking.k8s.io/v1 NetworkPolicy. */
    K8S_NODE,

    /* Cluster policies, of policy.networking.k8s.io: */
    K8S_CLUSTER_POLICY,         /* v1alpha2 ClusterNetworkPolicy. */
    K8S_ADMIN_POLICY,           /* v1alpha1 AdminNetworkPolicy, and ... */
    K8S_BASELINE_POLICY,        /* ...BaselineAdminNetworkPolicy. */
    K8S_N_KINDS
};
const char *k8s_kind_name(enum k8s_kind);       /* "NetworkPolicy" */
const char *k8s_api_version(enum k8s_kind);
/* Objects of this kind live in a namespace. */
bool k8s_kind_has_namespace(enum k8s_kind);
/* Objects of this kind are "struct k8s_cluster_policy". */
bool k8s_kind_is_cluster_policy(enum k8s_kind);

enum k8s_direction {
    K8S_EGRESS,
    K8S_INGRESS,
    K8S_N_DIRECTIONS
};
const char *k8s_direction_name(enum k8s_direction);     /* "egress" */

/* "TCP", "UDP", "SCTP" from IPPROTO_*; others as a number, "ICMP" for both
 * IPPROTO_ICMP and IPPROTO_ICMPV6.  Static or thread-local storage. */
const char *k8s_protocol_name(uint8_t protocol);

/* What all kinds have in common: first member of each. */
struct k8s_object {
    struct hmap_node node;      /* For the model. */
    enum k8s_kind kind;
    uint32_t size;              /* Bytes of this block of memory, if strings
                                 * and arrays of the object lie inside of it
                                 * (pods are many: one block each), or 0. */
    char *ns;                   /* NULL for cluster-scoped kinds. */
    char *name;
};

/* Whether what the policies deny is dropped, or let through and only noted. */
enum k8s_enforcement {
    K8S_ENFORCEMENT_UNSET,
    K8S_ENFORCE,
    K8S_AUDIT,
};
/* The annotation of a namespace that says so. */
#define K8S_ENFORCEMENT_ANNOTATION "ovs-netpol.io/enforcement"
/* "enforce" or "audit"; returns false for other words. */
bool k8s_enforcement_parse(const char *, enum k8s_enforcement *);
const char *k8s_enforcement_name(enum k8s_enforcement);

struct k8s_namespace {
    struct k8s_object up;
    struct label_set *labels;   /* With kubernetes.io/metadata.name (S12). */
    enum k8s_enforcement enforcement;
};

struct k8s_named_port {
    char *name;
    uint8_t protocol;           /* IPPROTO_TCP, _UDP or _SCTP. */
    uint16_t number;            /* 1..65535. */
};

/* The most that limits may allow; the API allows two. */
#define K8S_MAX_ADDRESSES 255

struct k8s_pod {
    struct k8s_object up;
    struct model_follower *follower;    /* For the model. */
    char *uid;                  /* May be NULL. */
    char *node;                 /* spec.nodeName, may be NULL. */
    struct label_set *labels;
    struct in6_addr *addresses; /* status.podIPs, or podIP (S41). */
    struct k8s_named_port *ports;       /* Of all containers (S20), named ones
                                         * only, sorted, unique. */
    int64_t created;            /* Seconds since the epoch; 0 if unknown. */
    uint32_t n_ports;
    uint8_t n_addresses;        /* At most K8S_MAX_ADDRESSES. */
    bool host_network;          /* S40. */
    bool finished;              /* Phase Succeeded or Failed (S37). */
    bool contested;             /* For the model: somebody else has, or had,
                                 * one of the addresses. */
};

struct k8s_node {
    struct k8s_object up;
    struct label_set *labels;
    struct in6_addr *addresses; /* status.addresses that are IP addresses. */
    size_t n_addresses;
    int64_t created;            /* Seconds since the epoch; 0 if unknown. */
};

struct k8s_ip_block {
    struct prefix cidr;
    struct prefix *excepts;     /* Each inside 'cidr' (API). */
    size_t n_excepts;
};

/* One item of from/to: an ipBlock, nodes, or selectors of pods. */
struct k8s_peer {
    struct k8s_ip_block *block; /* Else NULL. */
    struct selector *nodes;     /* Else NULL.  Cluster policies only. */
    struct selector *namespaces;        /* NULL: the policy's own (S8). */
    struct selector *pods;      /* Empty selector if missing (S9). NULL only if
                                 * 'block' or 'nodes'. */
};

/* One item of ports. */
struct k8s_port {
    uint8_t protocol;           /* IPPROTO_TCP, _UDP or _SCTP; 0 for any of
                                 * them that has 'name' (C5). */
    char *name;                 /* A named port, or NULL. */
    uint16_t first, last;       /* Inclusive; 0 and 65535 for all (S14).
                                 * Unused if 'name'. */
};

struct k8s_rule {
    bool any_peer;              /* from/to null, missing or [] (S6). */
    struct k8s_peer *peers;
    size_t n_peers;             /* May be 0 with !any_peer: matches nothing. */
    bool any_port;              /* ports null, missing or [] (S13). */
    struct k8s_port *ports;
    size_t n_ports;
};

struct k8s_policy {
    struct k8s_object up;
    char *uid;                  /* May be NULL. */
    int64_t created;            /* Seconds since the epoch; 0 if unknown. */
    struct selector *pods;      /* spec.podSelector (S1). */
    bool isolates[K8S_N_DIRECTIONS];    /* policyTypes with default (S2). */
    struct k8s_rule *rules[K8S_N_DIRECTIONS];   /* None unless it isolates
                                                 * (S3). */
    size_t n_rules[K8S_N_DIRECTIONS];
};

enum k8s_tier {
    K8S_ADMIN,                  /* Before NetworkPolicies. */
    K8S_BASELINE,               /* After them. */
    K8S_N_TIERS
};
const char *k8s_tier_name(enum k8s_tier);       /* "Admin" */

enum k8s_action {
    K8S_ACCEPT,
    K8S_DENY,
    K8S_PASS,                   /* On to the next tier (C2). */
};
const char *k8s_action_name(enum k8s_action);   /* "Accept" */

/* A rule that was not understood fails closed (C6): one that accepts matches
 * nothing, any other denies everything, whatever it was meant to do. */
struct k8s_cluster_rule {
    enum k8s_action action;
    bool closed;                /* Not understood; 'match' and 'action' say
                                 * what becomes of it. */
    char *name;                 /* May be NULL. */
    struct k8s_rule match;      /* Peers have selectors of namespaces and pods,
                                 * a block without excepts, or nodes. */
};

/* ClusterNetworkPolicy, and what came before it, translated. */
#define K8S_MAX_PRIORITY 1000
struct k8s_cluster_policy {
    struct k8s_object up;       /* Of one of three kinds. */
    enum k8s_tier tier;
    uint16_t priority;          /* 0..K8S_MAX_PRIORITY, lower wins (C1). */
    struct selector *namespaces;        /* The subject (C3). */
    struct selector *pods;
    struct k8s_cluster_rule *rules[K8S_N_DIRECTIONS];
    size_t n_rules[K8S_N_DIRECTIONS];
};
/* The order in which cluster policies of one tier are asked: by priority, then
 * by name, then by kind (C1, C7).  Like strcmp(). */
int k8s_cluster_policy_compare(const struct k8s_cluster_policy *,
                               const struct k8s_cluster_policy *);

/* Bounds on one object; the defaults are what the API server and etcd would
 * let through at most, rounded up.  Bounds on cluster policies are in their
 * API: 25 rules, peers, networks and protocols, 100 in v1alpha1 (C8). */
struct k8s_limits {
    size_t max_rules;           /* Rules of one policy and direction. */
    size_t max_peers;           /* Peers of one rule. */
    size_t max_ports;           /* Ports of one rule. */
    size_t max_excepts;         /* Excepts of one ipBlock. */
    size_t max_labels;          /* Labels of one object. */
    size_t max_values;          /* Values of one selector requirement. */
    size_t max_addresses;       /* Addresses of one pod. */
    size_t max_containers;      /* Containers of one pod. */
    size_t max_container_ports; /* Ports of one container. */
    size_t max_node_addresses;  /* status.addresses of one node. */
};
void k8s_limits_default(struct k8s_limits *);

/* True if 'node' is a list kind (kind ends in "List" and 'items' is there, or
 * kind "List"). */
bool k8s_is_list(const struct doc_node *);

/* What a document claims to be.  Returns true and the kind in '*kind' if it is
 * one that we use, with an apiVersion that we know.  Inside a typed list
 * (PodList) items may lack kind and apiVersion: pass the list as 'list', else
 * NULL. */
bool k8s_identify(const struct doc_node *, const struct doc_node *list,
                  enum k8s_kind *kind);

/* Of a map that k8s_identify() does not know: NULL if it is something else, as
 * a Deployment is; or if it was probably meant to be of one of our kinds, what
 * is wrong, "PATH: message" (caller frees), and the PATH in '*path': the kind
 * is misspelt, or apiVersion is missing, misspelt or another. */
char *k8s_explain_unknown(const struct doc_node *, const struct doc_node *list,
                          const char **path);

/* One thing that the parser found. */
struct k8s_finding {
    char *text;                 /* "PATH: message" */
    char *path;                 /* PATH, or that of the unknown field. */
};

/* More errors, or warnings, about one object help nobody. */
#define K8S_MAX_FINDINGS 20

/* What the parser says about an object. */
struct k8s_report {
    const char *error;          /* The first error, or NULL, ... */
    const char *error_path;     /* ...and its path; both as in 'errors'. */
    struct k8s_finding *errors;
    size_t n_errors;
    struct k8s_finding *warnings;       /* Unknown fields (S42, C6), old
                                         * versions. */
    size_t n_warnings;
    size_t n_closing;           /* So many of the warnings, the first ones, say
                                 * why something grants nothing or denies all;
                                 * the others are harmless. */
};
void k8s_report_uninit(struct k8s_report *);

/* Makes an object of 'node', which k8s_identify() said is 'kind'.  'limits'
 * NULL means the defaults.  An object without metadata.namespace, of a kind
 * that has one, is in "default", as for kubectl.
 *
 * Without error: returns the object (caller owns).
 * With error in 'report': returns NULL if not even metadata can be trusted; or
 * what can be enforced of it without opening anything: a NetworkPolicy with a
 * valid podSelector keeps isolating, in both directions if policyTypes was not
 * understood, and a rule that was not matches nothing, in its place; one with
 * a valid tier, priority and subject keeps its place in the order, and fails
 * closed (C6) where it was not understood.  The caller prefers the object's
 * last good version to that.
 * For other kinds, NULL.
 *
 * '*key' is set to "KIND NS/NAME" for messages whenever metadata.name could be
 * read (caller frees), else to NULL. */
struct k8s_object *k8s_parse(enum k8s_kind, const struct doc_node *node,
                             struct label_pool *, const struct k8s_limits *,
                             struct k8s_report *report, char **key);
void k8s_object_destroy(struct k8s_object *);

/* True if the two mean the same to the compiler (same kind and key taken for
 * granted). */
bool k8s_object_equals(const struct k8s_object *, const struct k8s_object *);

/* "KIND NS/NAME" (caller frees), the key of k8s_parse(). */
char *k8s_object_key(const struct k8s_object *);
/* False for a policy with a rule that was not understood, and matches nothing
 * or, in a cluster policy, may deny everything. */
bool k8s_object_is_whole(const struct k8s_object *);

/* Appends the object as JSON on one line, with only the fields that are kept:
 * k8s_parse() makes an equal object of it.  What matches nothing, because it
 * was not understood, becomes a peer or a port with the one field
 * "ovs-netpol.io/refused", which is not understood either. */
void k8s_write(const struct k8s_object *, struct ds *);

static inline struct k8s_namespace *
k8s_namespace_cast(const struct k8s_object *o)
{
    return (struct k8s_namespace *) o;
}

static inline struct k8s_pod *
k8s_pod_cast(const struct k8s_object *o)
{
    return (struct k8s_pod *) o;
}

static inline struct k8s_policy *
k8s_policy_cast(const struct k8s_object *o)
{
    return (struct k8s_policy *) o;
}

static inline struct k8s_node *
k8s_node_cast(const struct k8s_object *o)
{
    return (struct k8s_node *) o;
}

static inline struct k8s_cluster_policy *
k8s_cluster_policy_cast(const struct k8s_object *o)
{
    return (struct k8s_cluster_policy *) o;
}

/* True if 'addr' is in the block, but in none of its exceptions. */
bool k8s_ip_block_contains(const struct k8s_ip_block *,
                           const struct in6_addr *addr);

/* Words for people and for canonical keys. */
void k8s_format_peer(const struct k8s_peer *, const char *ns, struct ds *);
/* "TCP/80-90", "TCP/http", or "http" if of any protocol. */
void k8s_format_port(const struct k8s_port *, struct ds *);
void k8s_format_block(const struct k8s_ip_block *, struct ds *);

#endif /* k8s.h */
