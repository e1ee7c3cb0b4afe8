/* SPDX-License-Identifier: Apache-2.0
 *
 * audit: what policies denied, packet by packet.
 *
 * Flows of the Report table send copies of denied packets, at the rate of a
 * meter, over an OpenFlow connection of audit's own (src/node/audit-link.h).
 * Each becomes a record, with the names that pods and policies have at that
 * moment; the last AUDIT_MAX_RECORDS stay in memory for `ovs-netpol drops`,
 * and a line of JSON goes to the log, if there is one.
 *
 * Each packet that a policy denied comes once: egress before ingress, and a
 * packet that is dropped goes no further.  One that audit mode let through
 * (docs/semantics.md) comes once for each direction that would have denied it,
 * and its record says "audit" instead of "drop".
 *
 * What the meters hold back is counted by the switch; a bucket in here, which
 * is larger, protects the log should somebody change the meters.
 *
 * An observer: nothing waits for it, and it waits for nobody.  Its one word in
 * the course of things is audit_is_ready(). */

#ifndef AUDIT_H
#define AUDIT_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "k8s.h"

/* Some 400 bytes each; with the longest names, and the most policies that a
 * record lists, 4 kB. */
#define AUDIT_MAX_RECORDS 1000

struct audit;
struct compile;
struct json;
struct model;

struct audit_config {
    const char *target;         /* Of the bridge: a vconn name. */
    uint32_t rate, burst;       /* Packets a second, and at once, for each of
                                 * dropped and let through. */
    const char *log;            /* See audit-log.h; NULL for none. */
    const char *node;           /* Name for the records, or NULL. */
};

/* 'model' and 'compile' are borrowed. */
struct audit *audit_create(const struct audit_config *, const struct model *,
                           const struct compile *);
/* Lets it connect: whether the bridge is for us is known. */
void audit_enable(struct audit *);
/* One that does nothing but remove the meters, after which it is settled. */
struct audit *audit_create_cleanup(const char *target);
void audit_destroy(struct audit *);
void audit_run(struct audit *);
void audit_wait(struct audit *);
/* Opens the log anew. */
void audit_reopen(struct audit *);

/* The switch has the meters: the flows that name them may be told to it
 * (compile_set_reports()), and must be withdrawn when this ends. */
bool audit_is_ready(const struct audit *);
/* It is known whether the switch can do it.  Before that, the first bundle
 * should wait, or it would take away what an earlier run left. */
bool audit_is_settled(const struct audit *);

/* Counts of packets, [0] dropped and [1] let through by audit mode. */
struct audit_stats {
    uint64_t n_reported[K8S_N_DIRECTIONS][2];   /* Records made. */
    uint64_t n_suppressed[2];   /* Held back by the switch, or here. */
    uint64_t n_logged, n_unlogged;      /* Lines written, and lost. */
    const char *problem;        /* Why nothing is reported, or NULL. */
    const char *log_problem;    /* Why the last line was lost, or NULL. */
};
void audit_get_stats(const struct audit *, struct audit_stats *);

/* Records that are kept, up to AUDIT_MAX_RECORDS. */
size_t audit_n_records(const struct audit *);
/* The records from number 'since' on, as the answer to `drops`; the schema is
 * in ovs-netpol(1). */
struct json *audit_to_json(const struct audit *, uint64_t since);

#endif /* audit.h */
