/* SPDX-License-Identifier: Apache-2.0
 *
 * diff: what a change would do, before it is done.
 *
 * Two models stand side by side in one label pool: what there is, and a copy
 * with the new objects put and the deleted ones gone.  What may differ is
 * looked at one after the other: the objects, who reaches whom, the flows of
 * this node, and connections that run. */

#ifndef DIFF_H
#define DIFF_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "k8s.h"
#include "openvswitch/types.h"
#include "svec.h"
#include "verdict.h"

struct json;
struct model;
struct objects;

/* An object that differs. */
struct diff_object {
    enum diff_change { DIFF_ADDED, DIFF_CHANGED, DIFF_DELETED } change;
    enum k8s_kind kind;
    const char *ns, *name;      /* In one of the models; 'ns' may be NULL. */
};

/* Access that pairs of pods of two apps, or of an app and a network, have
 * before and after. */
struct diff_access {
    char *from, *to;            /* "shop/web", "203.0.113.0/24". */
    char *before, *after;       /* "TCP/80", "none". */
    bool gains, loses;          /* At least one of them. */
    size_t n_pairs;
};

/* A connection that runs and would not be allowed. */
struct diff_connection {
    uint8_t protocol;
    struct in6_addr src, dst;
    uint16_t src_port, dst_port;        /* 0 without ports. */
    char *from, *to;            /* The pods, or the addresses. */
};

struct diff {
    const struct objects *before, *after;
    struct diff_object *objects;
    size_t n_objects;
    struct diff_access *access; /* Sorted. */
    size_t n_access;
    struct svec added_flows, removed_flows;     /* In ovs-ofctl syntax. */
    bool knows_connections;     /* The switch was asked, ... */
    size_t n_tracked;           /* ...and has so many in our zone, ... */
    struct diff_connection *connections;        /* ...and these would be
                                                 * hit. */
    size_t n_connections;
};

/* Finds all but connections.  Returns NULL, or a message (caller frees); then
 * 'd' is to be uninitialised, too. */
char *diff_init(struct diff *d, const struct objects *before,
                const struct objects *after) OVS_WARN_UNUSED_RESULT;
void diff_uninit(struct diff *);

/* True if anything differs. */
bool diff_has_changes(const struct diff *);

/* diff-access.c, diff-flow.c: parts of diff_init(). */
char *diff_find_access(struct diff *) OVS_WARN_UNUSED_RESULT;
void diff_find_flows(struct diff *);

/* Parses what `ovs-appctl dpctl/dump-conntrack` prints and finds the
 * connections that would be hit; sets 'knows_connections'.  Lines that are not
 * understood are skipped. */
void diff_find_connections(struct diff *, const char *text);

char *diff_to_text(const struct diff *, bool colour, bool flows);
/* The schema is in ovs-netpol(1). */
struct json *diff_to_json(const struct diff *, bool flows);

#endif /* diff.h */
