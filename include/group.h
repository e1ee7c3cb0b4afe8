/* SPDX-License-Identifier: Apache-2.0
 *
 * group: which pods does each selector in use select?
 *
 * A group is a set of pods: the pods of one namespace, or of the namespaces
 * that a selector matches, whose labels match a pod selector and which, if the
 * group asks for a named port, have it.  Or it is a set of nodes: for us these
 * are the members of a namespace that has no name.  Groups are shared: the
 * same selector in a thousand policies is one group.
 *
 * A group has a role: it holds targets (local pods to which policies apply) or
 * peers (pods anywhere that rules name), for one direction.  Each role is a
 * partition of its own, see partition.h.
 *
 * A member is a live pod or a node.  It is in at most one class of each role.
 *
 * What an event costs.  A pod looks only at the groups of the scopes that its
 * namespace is in, found by its labels; a new group looks only at the pods of
 * its scope.  Members that changed are evaluated in two steps, targets first,
 * because which peers are in use depends on which targets exist. */

#ifndef GROUP_H
#define GROUP_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "k8s.h"
#include "model.h"
#include "openvswitch/hmap.h"
#include "partition.h"
#include "ptrs.h"

struct ds;
struct groups;

enum group_role {
    GROUP_TARGET_EGRESS,
    GROUP_TARGET_INGRESS,
    GROUP_PEER_EGRESS,
    GROUP_PEER_INGRESS,
    GROUP_N_ROLES
};
#define GROUP_TARGET(DIRECTION) ((enum group_role) (DIRECTION))
#define GROUP_PEER(DIRECTION) ((enum group_role) (2 + (DIRECTION)))

/* A named port that live pods have, and one number that it has there. */
struct group_port {
    uint8_t protocol;
    uint16_t number;
    size_t n_users;             /* Live members that have it. */
    size_t n_local_users;       /* Local ones of them. */
    size_t n_refs;              /* Members and groups. */
    struct group_port_name *name;
    struct group_port *self;    /* Itself: an array of one. */
};

/* A port name: all numbers that it has, and who wants to know. */
struct group_port_name {
    struct hmap_node node;      /* In the groups, by name. */
    char *name;
    struct ptrs ports;          /* "struct group_port". */
    struct ptrs watchers;       /* Opaque, see group_watch_port(). */
    bool changed;               /* Since groups_take_port_changes(). */
};

struct group {
    struct partition_set set;   /* First. */
    struct hmap_node node;      /* In the groups, by set.text. */
    enum group_role role;
    struct group_scope *scope;
    struct selector *pods;
    struct group_port *port;    /* NULL: any pod. */
    bool isolates;              /* Targets: of NetworkPolicies, which isolate
                                 * them; not the subject of a cluster
                                 * policy. */
    size_t n_refs;
    size_t n_members;
    bool was_empty;             /* At the last group_take_flips(). */
    bool flipping;              /* In the flips. */
    struct ptrs rules;          /* Targets: for the user, see rule.h. */
    struct ptrs users;          /* For the user: policies, peer lists. */
};

/* What the flow of an address says. */
struct group_told {
    uint32_t class;             /* 0: there is no flow. */
    bool audit;                 /* Targets: what policies deny to or from the
                                 * address is let through, see model.h. */
};

/* A live pod or a node.  Most are in no class: what only the others need is
 * elsewhere. */
struct group_member {
    struct model_follower up;   /* Of the pod, or of what stands for a node,
                                 * see group-node.c. */
    struct group_space *space;  /* Its namespace. */
    struct group_port **ports;  /* The port's 'self' if it is only one. */
    struct partition_class **classes;   /* By role; shared if all NULL. */
    struct group_addresses *addresses;  /* What the switch was told of its
                                         * addresses, or NULL. */
    uint32_t space_index;       /* In the namespace's members, or
                                 * UINT32_MAX. */
    uint32_t n_ports;
    bool live : 1;              /* False: on its way out. */
    bool local : 1;
    bool stale : 1;             /* To be evaluated. */
    bool touched : 1;           /* To be flushed. */
    bool node : 1;              /* A node. */
};

struct groups *groups_create(void);
void groups_destroy(struct groups *);
struct partition *groups_partition(const struct groups *, enum group_role);
size_t groups_count_members(const struct groups *);
size_t groups_count(const struct groups *, enum group_role);

/* The namespace of nodes. */
#define GROUP_NODES ""

/* Groups.  'namespaces' NULL means the namespace 'ns' (then not NULL), 'port'
 * NULL any pod.  Targets of one namespace are those of NetworkPolicies.  A new
 * group has the right members among those that are not stale; stale ones
 * follow when they are evaluated.  An unref'd group stays in memory until
 * groups_reap(). */
struct group *group_ref(struct groups *, enum group_role, const char *ns,
                        struct selector *namespaces, struct selector *pods,
                        struct group_port *port);
void group_unref(struct groups *, struct group *);

/* Target groups that became empty or stopped being so since the last call.
 * Caller frees with ptrs_uninit(). */
struct ptrs groups_take_flips(struct groups *);
/* Port names whose numbers changed since the last call, same. */
struct ptrs groups_take_port_changes(struct groups *);

/* How many numbers pods have for the port 'name', with any protocol. */
size_t group_count_port(const struct groups *, const char *name);
/* A port name to ask for numbers and to hear of changes; 'watcher' is added to
 * 'watchers'. */
struct group_port_name *group_watch_port(struct groups *, const char *name,
                                         const void *watcher);
void group_unwatch_port(struct groups *, struct group_port_name *,
                        const void *watcher);

/* Tells of a change in the model: of a pod (also when its locality or the
 * ownership of an address changed), with the follower that the change names;
 * or of a namespace's labels or whether it is audited. */
void groups_update_pod(struct groups *, const struct model *,
                       const char *ns, const char *name,
                       struct model_follower *);
void groups_update_node(struct groups *, const struct model *,
                        const char *name);
void groups_update_namespace(struct groups *, const struct model *,
                             const char *ns);

/* Evaluates stale members: first for targets only, then for all roles (groups
 * may have come and gone in between), after which they are not stale. */
void groups_evaluate_targets(struct groups *);
void groups_evaluate(struct groups *);

/* Flushes the members that changed: calls 'cb' for each address and role of
 * which 'new' differs from what it was told last, 'old'.  All calls with class
 * 0 come first, so that an address may move between pods. */
typedef void group_address_cb(enum group_role, const struct in6_addr *,
                              const struct group_told *old,
                              const struct group_told *new, void *aux);
void groups_flush(struct groups *, const struct model *, group_address_cb *,
                  void *aux);

/* Frees groups that nobody uses, after the partitions' announcements. */
void groups_reap(struct groups *);

/* In words: "pods app=web of namespace shop". */
void group_format(const struct group *, struct ds *);
/* True if all members are in 'g', whoever they are. */
bool group_is_universal(const struct group *g);
/* True if a NetworkPolicy isolates the members of a target class. */
bool group_class_is_isolated(const struct partition_class *);

/* The member that a node is, or NULL. */
const struct group_member *group_member_of_node(const struct groups *,
                                                const char *name);
/* The member that a pod is, or NULL. */
const struct group_member *group_member_of(const struct k8s_pod *);

#endif /* group.h */
