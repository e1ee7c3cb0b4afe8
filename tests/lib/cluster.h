/* SPDX-License-Identifier: Apache-2.0
 *
 * cluster: a small cluster as plain memory.
 *
 * Names are small numbers and there are no pointers, so that a cluster is
 * copied by assignment, changed slot by slot and cut down to what makes a test
 * fail.  From it come the objects that a model takes, and text for people. */

#ifndef CLUSTER_H
#define CLUSTER_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "k8s.h"
#include "label.h"
#include "model.h"
#include "prefix.h"

struct ds;

enum {
    CLUSTER_N_SPACES = 4,
    CLUSTER_N_PODS = 12,
    CLUSTER_N_IFACES = 5,
    CLUSTER_N_POLICIES = 7,
    CLUSTER_N_TIERED = 6,
    CLUSTER_N_MACHINES = 3,
    CLUSTER_N_KEYS = 4,         /* The last: kubernetes.io/metadata.name. */
    CLUSTER_N_VALUES = 4,
    CLUSTER_N_PORT_NAMES = 3,
    CLUSTER_MAX_REQUIREMENTS = 3,
    CLUSTER_MAX_EXCEPTS = 3,
    CLUSTER_MAX_PEERS = 4,
    CLUSTER_MAX_PORTS = 4,
    CLUSTER_MAX_RULES = 3,
    CLUSTER_MAX_SERVICE_CIDRS = 2,
};

/* For each key 0 if it is absent, else 1 plus the number of its value. */
struct cluster_labels {
    uint8_t values[CLUSTER_N_KEYS];
};

struct cluster_requirement {
    uint8_t key;
    uint8_t op;                 /* enum selector_op. */
    uint8_t values;             /* Bits. */
};

struct cluster_selector {
    uint8_t n;
    struct cluster_requirement requirements[CLUSTER_MAX_REQUIREMENTS];
};

struct cluster_space {
    bool present;
    uint8_t enforcement;        /* enum k8s_enforcement. */
    struct cluster_labels labels;
};

enum cluster_node {
    CLUSTER_NO_NODE,
    CLUSTER_NODE_1,
    CLUSTER_NODE_2,
    CLUSTER_N_NODES
};

struct cluster_pod {
    bool present;
    bool has_v4, has_v6, has_uid;
    bool host_network, finished;
    uint8_t space;
    uint8_t node;               /* enum cluster_node. */
    uint8_t created;
    uint8_t n_ports;
    struct cluster_labels labels;
    struct {
        uint8_t name, protocol;
        uint16_t number;
    } ports[CLUSTER_MAX_PORTS];
    struct in6_addr v4, v6;
};

/* A local interface.  Its pod need not exist. */
struct cluster_iface {
    bool present;
    bool has_mac;
    uint8_t space, pod;
};

enum cluster_peer_kind {
    CLUSTER_PODS,               /* podSelector. */
    CLUSTER_SPACES,             /* namespaceSelector. */
    CLUSTER_BOTH,
    CLUSTER_BLOCK,              /* ipBlock. */
    CLUSTER_MACHINES            /* nodes; of cluster policies. */
};

struct cluster_peer {
    uint8_t kind;               /* enum cluster_peer_kind. */
    struct cluster_selector spaces, pods;
    struct prefix cidr;
    uint8_t n_excepts;
    struct prefix excepts[CLUSTER_MAX_EXCEPTS];
};

struct cluster_port {
    uint8_t protocol;
    uint8_t name;               /* 0: a number, else 1 plus the name's. */
    uint16_t first, last;
};

struct cluster_rule {
    bool any_peer, any_port;
    uint8_t n_peers, n_ports;
    struct cluster_peer peers[CLUSTER_MAX_PEERS];
    struct cluster_port ports[CLUSTER_MAX_PORTS];
};

struct cluster_policy {
    bool present;
    uint8_t space;
    bool isolates[K8S_N_DIRECTIONS];
    uint8_t n_rules[K8S_N_DIRECTIONS];
    struct cluster_selector pods;
    struct cluster_rule rules[K8S_N_DIRECTIONS][CLUSTER_MAX_RULES];
};

struct cluster_tiered_rule {
    uint8_t action;             /* enum k8s_action. */
    bool closed;                /* Not understood. */
    struct cluster_rule match;  /* Without ipBlocks and nodes for ingress. */
};

/* A cluster policy. */
struct cluster_tiered {
    bool present;
    bool old;                   /* AdminNetworkPolicy. */
    uint8_t tier;               /* enum k8s_tier. */
    uint16_t priority;
    struct cluster_selector spaces, pods;
    uint8_t n_rules[K8S_N_DIRECTIONS];
    struct cluster_tiered_rule rules[K8S_N_DIRECTIONS][CLUSTER_MAX_RULES];
};

/* A Node object. */
struct cluster_machine {
    bool present;
    bool has_v4, has_v6;
    uint8_t created;
    struct cluster_labels labels;
    struct in6_addr v4, v6;
};

/* Our node. */
struct cluster_surroundings {
    uint8_t node;               /* enum cluster_node. */
    bool has_v4, has_v6;        /* Addresses. */
    bool audit;                 /* For namespaces that do not say. */
    struct model_mark mark;
    uint8_t n_service_cidrs;
    struct prefix service_cidrs[CLUSTER_MAX_SERVICE_CIDRS];
};

struct cluster {
    struct cluster_surroundings here;
    struct cluster_space spaces[CLUSTER_N_SPACES];
    struct cluster_pod pods[CLUSTER_N_PODS];
    struct cluster_iface ifaces[CLUSTER_N_IFACES];
    struct cluster_policy policies[CLUSTER_N_POLICIES];
    struct cluster_tiered tiered[CLUSTER_N_TIERED];
    struct cluster_machine machines[CLUSTER_N_MACHINES];
};

/* Where the node's own traffic, and that of other nodes, comes in. */
#define CLUSTER_GATEWAY 0xfffe
#define CLUSTER_UPLINK 1

/* Words. */
const char *cluster_node_name(enum cluster_node);       /* NULL for no node. */
const char *cluster_port_name(unsigned int);
void cluster_space_name(unsigned int space, char name[8]);
void cluster_pod_name(unsigned int pod, char name[8]);
void cluster_policy_name(unsigned int policy, char name[8]);
void cluster_tiered_name(unsigned int policy, char name[8]);
enum k8s_kind cluster_tiered_kind(const struct cluster_tiered *);
void cluster_machine_name(unsigned int machine, char name[8]);
extern const char *const cluster_keys[CLUSTER_N_KEYS];
const char *cluster_value(unsigned int key, unsigned int value);

/* The node's addresses; returns how many. */
size_t cluster_node_addresses(const struct cluster *,
                              struct in6_addr addresses[2]);

/* Objects, as k8s_parse() would make them: the caller owns them. */
struct k8s_object *cluster_make_space(const struct cluster *,
                                      unsigned int space,
                                      struct label_pool *);
struct k8s_object *cluster_make_pod(const struct cluster *, unsigned int pod,
                                    struct label_pool *);
struct k8s_object *cluster_make_policy(const struct cluster *,
                                       unsigned int policy,
                                       struct label_pool *);
struct k8s_object *cluster_make_tiered(const struct cluster *,
                                       unsigned int policy,
                                       struct label_pool *);
struct k8s_object *cluster_make_machine(const struct cluster *,
                                        unsigned int machine,
                                        struct label_pool *);
/* The interfaces that are present; returns how many.  The strings in 'ports'
 * are malloc'd. */
size_t cluster_make_ports(const struct cluster *,
                          struct model_port ports[CLUSTER_N_IFACES]);
void cluster_free_ports(struct model_port ports[], size_t n);

/* As a YAML stream that ovs-netpold could read, with the interfaces and the
 * node as comments. */
void cluster_format(const struct cluster *, struct ds *);

#endif /* cluster.h */
