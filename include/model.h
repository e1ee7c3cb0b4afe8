/* SPDX-License-Identifier: Apache-2.0
 *
 * model: what we know of the cluster, and what changed since last asked.
 *
 * The store of the objects that sources deliver: namespaces, pods, nodes and
 * policies by kind, namespace and name, and the local interfaces ("ports") by
 * pod.
 * Each real change bumps the generation; an object put again with the same
 * meaning changes nothing.
 *
 * The model also answers who owns an address.  Only live pods do: not
 * finished (S37), not hostNetwork (S40).  When two live pods claim one
 * address, the newest wins (S39): later 'created', then greater uid, then
 * greater namespace and name.
 *
 * Ownership: the model owns what was put; what it returns is borrowed until
 * the next change. */

#ifndef MODEL_H
#define MODEL_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "k8s.h"
#include "openvswitch/hmap.h"
#include "openvswitch/types.h"

struct ds;
struct label_pool;
struct model;
struct sset;

/* 'pool' is borrowed and must outlive the model. */
struct model *model_create(struct label_pool *pool);
void model_destroy(struct model *);

/* Takes ownership of 'object'.  Returns true if that changed anything. */
bool model_put(struct model *, struct k8s_object *object);
/* 'ns' is NULL for kinds without a namespace.  Returns true if it was
 * there. */
bool model_delete(struct model *, enum k8s_kind, const char *ns,
                  const char *name);

const struct k8s_object *model_get(const struct model *, enum k8s_kind,
                                   const char *ns, const char *name);
size_t model_count(const struct model *, enum k8s_kind);
/* All objects of a kind, sorted by namespace and name: array of '*n' borrowed
 * pointers (caller frees the array). */
const struct k8s_object **model_sorted(const struct model *, enum k8s_kind,
                                       size_t *n);
/* The next object of a kind, in no particular order and without allocating, or
 * NULL after the last.  Start with '*pos' all zeros; the model must not change
 * meanwhile. */
const struct k8s_object *model_next(const struct model *, enum k8s_kind,
                                    struct hmap_position *pos);

/* The labels of namespace 'ns'.  A namespace without an object of its own (a
 * directory that has only pods, or events out of order) has just
 * kubernetes.io/metadata.name (S12).  NULL only if nothing in the model ever
 * named 'ns'. */
const struct label_set *model_namespace_labels(const struct model *,
                                               const char *ns);

/* What becomes of packets that policies deny to or from the pods of a
 * namespace that does not say: enforced (the default) or only audited.
 * Returns true if that changed anything. */
bool model_set_audit(struct model *, bool audit);
bool model_audit(const struct model *);
/* True if nothing that concerns the pods of 'ns' is dropped by policies. */
bool model_namespace_is_audited(const struct model *, const char *ns);

/* Policies ("NS/NAME") that are refused as a whole: they isolate and allow
 * nothing.  This is something that was found out, no change of the model. */
void model_set_refused(struct model *, const struct sset *names);
const struct sset *model_refused(const struct model *);
bool model_is_refused(const struct model *, const struct k8s_policy *);

/* The policies that live in namespace 'ns', in no particular order: a borrowed
 * array of '*n'. */
const struct k8s_policy *const *model_namespace_policies(const struct model *,
                                                         const char *ns,
                                                         size_t *n);

/* True if 'pod' counts as an endpoint: live and on the pod network. */
bool model_pod_is_live(const struct k8s_pod *);
/* The pod that owns 'addr', the newest that has it, or NULL. */
const struct k8s_pod *model_pod_by_address(const struct model *,
                                           const struct in6_addr *addr);
/* True if it is 'pod', which is in the model. */
bool model_pod_owns(const struct model *, const struct k8s_pod *pod,
                    const struct in6_addr *addr);
/* True if 'pod' is live and has 'addr', but a newer pod owns it. */
bool model_pod_lost(const struct model *, const struct k8s_pod *pod,
                    const struct in6_addr *addr);
/* The node that has 'addr' among its status.addresses, the newest of several;
 * NULL if there is none, or if a live pod has the address. */
const struct k8s_node *model_node_by_address(const struct model *,
                                             const struct in6_addr *addr);
/* The pod with this metadata.uid, or NULL. */
const struct k8s_pod *model_pod_by_uid(const struct model *, const char *uid);

/* Highest OpenFlow port number of an interface. */
#define MODEL_MAX_OFPORT 0xfeff

/* A local interface that names its pod. */
struct model_port {
    char *ns, *name;            /* The pod. */
    char *interface;            /* Interface name, for people. */
    uint32_t ofport;            /* 1..MODEL_MAX_OFPORT. */
    struct eth_addr mac;        /* All zeros if unknown. */
    bool unguarded;             /* Opted out of the spoof guard. */
};
/* Replaces all ports by copies of the 'n' in 'ports'.  Two interfaces may name
 * one pod.  Of several with one number, which the database may have for a
 * moment, just the first pod's counts.  Returns true if that changed anything.
 * */
bool model_set_ports(struct model *, const struct model_port ports[],
                     size_t n);
const struct model_port *model_ports(const struct model *, size_t *n);

/* The OpenFlow ports of the bridge that are known to be no pod's: uplinks,
 * tunnels.  Returns true if that changed anything. */
bool model_set_strangers(struct model *, const uint32_t ofports[], size_t n);
/* Sorted, each once. */
const uint32_t *model_strangers(const struct model *, size_t *n);

/* The node: its name (NULL: unknown; pods with this spec.nodeName are local
 * too) and its own addresses, whose traffic is exempt from ingress policy
 * (S27).  Return true if that changed anything. */
bool model_set_node_name(struct model *, const char *name);
const char *model_node_name(const struct model *);
bool model_set_node_addresses(struct model *, const struct in6_addr[],
                              size_t n);
const struct in6_addr *model_node_addresses(const struct model *, size_t *n);
bool model_is_node_address(const struct model *, const struct in6_addr *);

/* The packet mark by which one knows what the node itself sends: of what comes
 * from its addresses, only packets that carry 'value' in the bits of 'mask'
 * are exempt (S27).  A 'mask' of 0: all are. */
struct model_mark {
    uint32_t value, mask;       /* 'value' has no bits outside 'mask'. */
};
/* Returns true if that changed anything. */
bool model_set_node_mark(struct model *, struct model_mark);
struct model_mark model_node_mark(const struct model *);

/* "VALUE[/MASK]", in decimal, octal or hexadecimal.  Returns false if 's' is
 * not that, or if some packet without a mark would match. */
bool model_mark_parse(const char *s, struct model_mark *);
void model_mark_format(struct model_mark, struct ds *);     /* Hexadecimal. */

/* Destinations that the host translates (Service addresses, S25).  Returns
 * true if that changed anything. */
bool model_set_service_cidrs(struct model *, const struct prefix[], size_t n);
const struct prefix *model_service_cidrs(const struct model *, size_t *n);
/* True if 'addr' is in one of them. */
bool model_is_service_address(const struct model *, const struct in6_addr *);

/* A pod that we enforce for: live, and with an interface here or with our
 * node's name. */
bool model_pod_is_local(const struct model *, const struct k8s_pod *);

/* True if 'pod' is live and a subject of the cluster policy (C3). */
bool model_pod_is_subject(const struct model *,
                          const struct k8s_cluster_policy *,
                          const struct k8s_pod *);
/* The cluster policies of all kinds, as they are asked: tier by tier, in each
 * the first one first.  Array of '*n' borrowed pointers (caller frees the
 * array). */
const struct k8s_cluster_policy **model_cluster_policies(const struct model *,
                                                         size_t *n);

/* Number of changes so far, plus 1. */
uint64_t model_generation(const struct model *);

/* Whoever takes the changes, and only he, can have something of his own that
 * goes with a pod: when the pod is put again, its follower goes over to the
 * new object at once. */
struct model_follower {
    const struct k8s_pod *pod;  /* As it is now; NULL when it was deleted. */
};
void model_follow(const struct k8s_pod *, struct model_follower *);
void model_unfollow(struct model_follower *);

/* Changes since the last model_take_changes(), for the compiler. */
enum model_change_type {
    MODEL_NAMESPACE,            /* Labels of 'ns' differ, or whether it is
                                 * audited. */
    MODEL_POD,                  /* The pod, its addresses or locality. */
    MODEL_POLICY,
    MODEL_CLUSTER_POLICY,
    MODEL_OTHER_NODE,           /* A Node object, this node's too. */
    MODEL_PORTS,                /* Some port. */
    MODEL_NODE,                 /* Name or addresses of the node, or Service
                                 * CIDRs. */
};
struct model_change {
    enum model_change_type type;
    enum k8s_kind kind;         /* K8S_N_KINDS unless it is about an object. */
    char *ns;                   /* NULL where it makes no sense. */
    char *name;
    struct model_follower *follower;    /* Of a pod that was deleted; NULL if
                                         * it had none, or was not.  A pod of
                                         * that name may be there again. */
};
/* Moves the changes to '*changes' (array of the returned length; at most one
 * for each object, in order of first occurrence).  Free with
 * model_changes_free().  An object whose address was won or lost to another is
 * in the list too. */
size_t model_take_changes(struct model *, struct model_change **changes);
void model_changes_free(struct model_change *);

#endif /* model.h */
