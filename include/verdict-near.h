/* SPDX-License-Identifier: Apache-2.0
 *
 * verdict-near: rules that nearly allowed, and what was in the way.
 *
 * "Denied" is the answer; "app=web is wanted, it has app=wbe" is what people
 * need.  For each rule of the policies that isolate one end, this looks which
 * of its peers and ports came closest to the connection that was asked about,
 * and says what keeps them from it.  Like the evaluator it works on the
 * objects and knows nothing of the compiler.
 *
 * What comes closest is a matter of taste: each obstacle has a distance, a
 * smaller one where a single word of a manifest may be wrong (a port, the
 * value of a label), a greater one where the rule is about something else. */

#ifndef VERDICT_NEAR_H
#define VERDICT_NEAR_H 1

#include <stddef.h>

#include "k8s.h"

struct ds;
struct json;
struct model;
struct verdict;
struct verdict_query;

/* What is in the way; a rule may have one of the first group (who) and one of
 * the second (for what). */
enum verdict_obstacle {
    VERDICT_NEAR_OK,            /* Nothing. */

    VERDICT_NEAR_POD_LABEL,     /* The pod lacks a label. */
    VERDICT_NEAR_NS_LABEL,      /* Its namespace lacks one. */
    VERDICT_NEAR_OTHER_NS,      /* A podSelector alone means pods of the
                                 * policy's own namespace (S8). */
    VERDICT_NEAR_EXCEPT,        /* In the ipBlock, but in an except. */
    VERDICT_NEAR_BLOCK,         /* Not in the ipBlock. */
    VERDICT_NEAR_NOT_A_POD,     /* Pods are wanted, this is an address. */
    VERDICT_NEAR_HOST_NETWORK,  /* The same, of a hostNetwork pod or the
                                 * node (S40). */
    VERDICT_NEAR_NOBODY,        /* The rule has no peer that it
                                 * understands. */

    VERDICT_NEAR_PORT,          /* Another port of the same protocol. */
    VERDICT_NEAR_PROTOCOL,      /* Another protocol, or ping, which has no
                                 * ports (S28). */
    VERDICT_NEAR_UNDEFINED,     /* A named port that the destination does not
                                 * define (S19). */
    VERDICT_NEAR_NAMED,         /* It does, but with another number. */
    VERDICT_NEAR_NAME_BLOCK,    /* A named port for an ipBlock (S18). */
};
/* "pod-label", ... */
const char *verdict_obstacle_name(enum verdict_obstacle);

struct verdict_near {
    const struct k8s_policy *policy;
    size_t rule;                /* Index into policy->rules[direction]. */
    enum verdict_obstacle who, what;
    unsigned int distance;
    char *why;                  /* In words. */
};

/* The rules of the policies in 'v' that isolate in 'direction' and do not
 * allow, nearest first, at most 'max'; '*n' gets their number and '*n_all'
 * that of all.  Free with verdict_near_free(). */
struct verdict_near *verdict_find_near(const struct model *,
                                       const struct verdict_query *,
                                       const struct verdict *v,
                                       enum k8s_direction, size_t max,
                                       size_t *n, size_t *n_all);
void verdict_near_free(struct verdict_near *, size_t n);

/* For a direction that is denied: lines for people, a few of them; nothing if
 * there is no rule at all. */
void verdict_format_near(const struct model *, const struct verdict_query *,
                         const struct verdict *, enum k8s_direction,
                         struct ds *);
/* An array; the schema is in ovs-netpol(1). */
struct json *verdict_near_to_json(const struct model *,
                                  const struct verdict_query *,
                                  const struct verdict *, enum k8s_direction);

#endif /* verdict-near.h */
