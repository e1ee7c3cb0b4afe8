/* SPDX-License-Identifier: Apache-2.0
 *
 * verdict: the reference evaluator.
 *
 * Answers "may SRC talk to DST?" straight from the objects, as the
 * specification is written (docs/semantics.md): for each tier, for each
 * policy, for each rule, for each peer.  Naive on purpose, and it shares
 * nothing with the compiler: the property tests hold the two against each
 * other.  It also says why, which feeds explain.
 *
 * May include label, k8s, model and what they need; nothing of the
 * compiler. */

#ifndef VERDICT_H
#define VERDICT_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "k8s.h"
#include "model.h"

struct ds;
struct json;

/* One end.  With 'pod' the address must be one of the pod's.  A source with an
 * address of the node counts as the node, whatever 'pod' says. */
struct verdict_endpoint {
    const struct k8s_pod *pod;  /* NULL: not a live pod. */
    struct in6_addr address;
};

struct verdict_query {
    struct verdict_endpoint src, dst;
    uint8_t protocol;           /* IPPROTO_*; IPPROTO_ICMP or IPPROTO_ICMPV6
                                 * for ping. */
    uint16_t port;              /* Destination port; ignored unless protocol is
                                 * TCP, UDP or SCTP. */
};

/* A rule that allows. */
struct verdict_reason {
    const struct k8s_policy *policy;
    size_t rule;                /* Index into policy->rules[direction]. */
};

/* The first rule of a tier that matches (C1). */
struct verdict_tier {
    const struct k8s_cluster_policy *policy;    /* NULL: none, or the tier was
                                                 * not asked. */
    size_t rule;                /* Index into policy->rules[direction]. */
};

struct verdict_side {
    enum verdict_exemption {
        VERDICT_NOT_EXEMPT,
        VERDICT_SELF,           /* A pod to its own address (S26). */
        VERDICT_OWN_NODE,       /* The node to its pod (S27), ingress only;
                                 * if there is a 'node_mark', this holds for
                                 * packets that carry it, and for others what
                                 * the policies say. */
        VERDICT_SERVICE,        /* To a Service address (S25), egress only:
                                 * decided when it is translated. */
        VERDICT_TUNNEL,         /* To a tunnel port of the node (S43), egress
                                 * only: never allowed. */
        VERDICT_MANY,           /* To a multicast or broadcast address (S31),
                                 * egress only: never allowed, but for what
                                 * S30 says. */
        VERDICT_NOT_A_POD,      /* This end is not a live pod. */
    } exemption;
    enum verdict_decider {
        VERDICT_BY_EXEMPTION,
        VERDICT_BY_ADMIN,       /* tiers[K8S_ADMIN]. */
        VERDICT_BY_POLICIES,    /* NetworkPolicies: this end is isolated. */
        VERDICT_BY_BASELINE,    /* tiers[K8S_BASELINE]. */
        VERDICT_BY_DEFAULT,     /* Nobody: allowed. */
    } decider;
    struct verdict_tier tiers[K8S_N_TIERS];
    bool isolated;              /* Some NetworkPolicy selects this end
                                 * (rule 1), whoever decides. */
    bool policies_allow;        /* What policies alone say, but for the
                                 * exemption. */
    bool allowed;
    bool audited;               /* Allowed just because its namespace is
                                 * audited: policies deny. */
    const struct k8s_policy **isolating;        /* Sorted by name. */
    size_t n_isolating;
    struct verdict_reason *reasons;             /* Every rule that allows. */
    size_t n_reasons;
};

struct verdict {
    bool allowed;               /* Both sides. */
    bool audited;               /* Allowed, and at least one side audited. */
    struct model_mark node_mark;        /* See VERDICT_OWN_NODE. */
    struct verdict_side side[K8S_N_DIRECTIONS];
};

/* The node's own pods are those that model_pod_is_local() says: S27 exempts
 * traffic from the node's addresses to those only.  Query of two families:
 * denied on both sides.  Free 'v' with verdict_uninit(). */
void verdict_evaluate(const struct model *, const struct verdict_query *,
                      struct verdict *v);
void verdict_uninit(struct verdict *);

/* Just the answer, without reasons and without allocation. */
bool verdict_allows(const struct model *, const struct verdict_query *);

/* The same for one direction: what the node of that end enforces. */
bool verdict_side_allows(const struct model *, const struct verdict_query *,
                         enum k8s_direction);

/* Fills 'e' from "NS/POD" or an address.  For a pod, takes the first address
 * of the family of 'like' if that is not NULL and it has one, else its first.
 * An address that a live pod owns gives that pod.  Returns NULL, or a message
 * (caller frees). */
char *verdict_endpoint_parse(const struct model *, const char *s,
                             const struct in6_addr *like,
                             struct verdict_endpoint *e);

/* Several lines for people: the verdict, then for each direction which rule of
 * a cluster policy decides or passes, who isolates, which rules allow, in
 * words. */
void verdict_format(const struct verdict_query *, const struct verdict *,
                    struct ds *);
/* Just the question: "SRC -> DST:PORT/PROTOCOL". */
void verdict_format_query(const struct verdict_query *, struct ds *);
/* The verdict for programs; the schema is in ovs-netpol(1). */
struct json *verdict_to_json(const struct verdict_query *,
                             const struct verdict *);

#endif /* verdict.h */
