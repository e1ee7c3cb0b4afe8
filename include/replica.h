/* SPDX-License-Identifier: Apache-2.0
 *
 * replica: a switch just large enough for our pipeline.
 *
 * Flows live in Open vSwitch's own classifier, one for each table, which
 * resolves conjunctions as ovs-vswitchd does.  The actions that the pipeline
 * uses are interpreted here, and those that change nothing for the packet
 * (meters, copies for a controller) are passed over.  Whatever else a flow
 * does, which then is somebody else's, makes the packet's fate "strange".
 *
 * Table 0 holds our hook only: a packet that misses it is the bridge's, as one
 * that we let through if the guard bit is set, else as one that we were never
 * asked about.  With attach: chain packets come in at Entry, and are let
 * through when they reach the next table.  One that is let through with
 * registers of ours or connection tracking left in it is "strange" too.
 *
 * Used to check flows against the reference evaluator, see verify.h. */

#ifndef REPLICA_H
#define REPLICA_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowset.h"
#include "pipeline.h"

struct ds;
struct flow;
struct replica;

struct replica *replica_create(const struct pipeline_config *);
void replica_destroy(struct replica *);

/* Adds a copy of one flow.  Returns false if its table is none of ours, or if
 * a flow with that table, priority and match is there. */
bool replica_add(struct replica *, const struct flowset_flow *);
/* Adds the wanted flows of a set. */
void replica_load(struct replica *, const struct flowset *);
/* Has to be called between adding and sending. */
void replica_seal(struct replica *);

size_t replica_count(const struct replica *);
/* Calls 'cb' for each flow, in the order of adding. */
void replica_for_each(const struct replica *, flowset_cb *, void *aux);

/* The actions of the flow that 'packet' matches in a table, as bytes; NULL and
 * 0 if it has none or there is no such flow, which '*found' tells apart. */
const void *replica_look_up(const struct replica *, enum pipeline_table,
                            const struct flow *packet, size_t *size,
                            bool *found);

struct replica_outcome {
    bool passed;                /* The bridge has it. */
    bool strange;               /* It met a flow that does what ours never do:
                                 * 'passed' is false and means nothing. */
    bool guarded;               /* Passed, and our tables were asked. */
    unsigned int n_commits;     /* ct(commit) actions... */
    bool marked;                /* ...of which one set ct_mark[0]. */
    uint32_t targets[2];        /* At the last flow: the targets... */
    uint32_t rules[2];          /* ...and the rules, see pipeline.h. */

    /* What came to the Report table: the cookie of the flow that sent it
     * there, and what it is about.  More than two are strange. */
    size_t n_reports;
    struct replica_report {
        uint64_t cookie;
        struct pipeline_report what;
    } reports[2];
};

/* Sends one packet through.  'ct_state' (CS_*) is what conntrack will find.
 * If 'trace' is not NULL, the flows that it matches are appended, a line
 * each. */
void replica_send(const struct replica *, const struct flow *packet,
                  uint8_t ct_state, struct replica_outcome *,
                  struct ds *trace);

#endif /* replica.h */
