/* SPDX-License-Identifier: Apache-2.0
 *
 * rule: what is allowed, over sets: targets x peers x services.
 *
 * The intermediate form between policies and flows.  A rule is known by its
 * direction, peers and services; rules of any policies that agree in these are
 * one rule over the union of their targets: a thousand namespaces with the
 * same "allow from monitoring" policy are one conjunction.  Each policy's part
 * in it is a use.
 *
 * Rules of cluster policies are not shared: each has its place in the order of
 * its tier, its rung, and that is part of what it is.
 *
 * Peers are shared the same way: rules with equal peers have one struct
 * rule_peers, which knows the classes that are in any of its sets.
 *
 * Numbers: a rule's id is the hash of what it is, see number.h. */

#ifndef RULE_H
#define RULE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cover.h"
#include "k8s.h"
#include "number.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "ptrs.h"

struct ds;
struct groups;
struct netset;
struct partition_class;

/* Ports of one protocol.  All ports: 0..65535. */
struct rule_service {
    uint8_t protocol;
    uint16_t first, last;       /* Inclusive. */
};

/* One match on a service: protocol, and destination port under a mask (mask 0:
 * any port). */
struct rule_block {
    uint8_t protocol;
    struct cover_block port;
};

/* Who, on the other side. */
struct rule_peers {
    struct hmap_node node;      /* In the rules, by hash. */
    uint32_t hash;
    size_t n_refs;
    struct netset_list *nets;   /* NULL: no ipBlocks. */
    struct ptrs rules;          /* That have these peers. */
    struct ptrs pod_classes;    /* Announced classes in any of the groups. */
    struct ptrs net_classes;    /* Announced classes in 'nets'. */
    size_t n_groups;
    struct group *groups[];     /* Sorted by partition_set_compare(). */
};

/* Priorities of the flows of cluster policies' rules in the tables of their
 * tiers, see policy-order.c. */
#define RUNG_FIRST 60001
#define RUNG_LAST 1

/* The place of one rule of a cluster policy.  The rules at one rung, which are
 * several if it names ports, say the same. */
struct rung {
    struct ptrs *home;          /* Where the policy keeps it. */
    enum k8s_tier tier;
    enum k8s_action action;
    size_t index;               /* Of the rule in the policy. */
    uint16_t priority;          /* Of its flows; see policy-order.c. */
    uint32_t hash;              /* Of what it is, without the priority. */
    bool plain;                 /* More rules than clause flows can name. */
    struct ptrs rules;          /* "struct rule". */
};

struct rule {
    struct hmap_node node;      /* In the rules, by hash. */
    struct number id;           /* id.value, also the conj_id. */
    enum k8s_direction direction;
    struct rung *rung;          /* NULL: of NetworkPolicies, it allows. */
    struct rule_peers *peers;   /* NULL: any peer. */
    struct rule_service *services;      /* Sorted and disjoint. */
    size_t n_services;          /* 0: any service. */
    struct rule_block *blocks;  /* The services as matches. */
    size_t n_blocks;
    size_t n_refs;
    struct ptrs uses;           /* "struct policy_use", for explanations. */

    /* For compile.c. */
    struct ovs_list check;      /* In the list of rules to look at. */
    struct ptrs targets;        /* Target classes it is needed for. */
    enum rule_mode { RULE_OFF, RULE_PLAIN, RULE_CONJ } mode;
    bool universal;             /* It is about all targets: its flows need not
                                 * say which.  Cluster policies only. */
    bool emitted;               /* Its flows are in the flowset, ... */
    uint16_t priority;          /* ...at this priority... */
    uint8_t families;           /* ...for these families: RULE_V4, RULE_V6. */
};
#define RULE_V4 1
#define RULE_V6 2

/* The rules of one direction. */
struct rules {
    enum k8s_direction direction;
    struct groups *groups;
    struct netset *netset;
    struct hmap rules;
    struct hmap peers;
    struct number_pool numbers;
};

struct rules *rules_create(enum k8s_direction, struct groups *,
                           struct netset *);
void rules_destroy(struct rules *);

/* Sorts 'services', merges overlapping and adjoining ones.  Returns the new
 * length. */
size_t rule_services_normalize(struct rule_service *services, size_t n);

/* The rule for these peers and services, made if need be.  Takes over one
 * reference to each of 'groups' and to 'nets' (may be NULL).  'any_peer': no
 * groups and no nets.  n_services == 0: any service.  'rung' may be NULL. */
struct rule *rule_ref(struct rules *, struct rung *, bool any_peer,
                      const struct ptrs *groups, struct netset_list *nets,
                      const struct rule_service *services, size_t n_services);
/* Returns true if that was the last reference: then the caller lets go of what
 * it attached and calls rule_free(). */
bool rule_unref(struct rule *);
void rule_free(struct rules *, struct rule *);

/* Frees a rung without rules; with its last rule it goes by itself. */
void rung_free(struct rung *);

/* True for "any peer, any service", if it is of NetworkPolicies. */
bool rule_is_allow_all(const struct rule *);
/* Number of peer classes, pods and nets. */
size_t rule_count_peers(const struct rule *);

/* True if no set of 'p' before 'set' has 'class' in it: to visit each class
 * once. */
bool rule_peers_is_first(const struct rule_peers *p, const struct group *set,
                         const struct partition_class *class);

/* "TCP/80 UDP/53", "any". */
void rule_format_services(const struct rule *, struct ds *);
void rule_format_peers(const struct rule *, struct ds *);

#endif /* rule.h */
