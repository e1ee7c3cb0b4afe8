/* SPDX-License-Identifier: Apache-2.0
 *
 * classifier-switch: a switch just large enough for our pipeline.
 *
 * Flows live in Open vSwitch's own classifier, one for each table, which
 * resolves conjunctions as ovs-vswitchd does.  The actions that the pipeline
 * uses are interpreted here.  Table 0 holds our hook only: a packet that
 * misses it with the guard bit set has been handed back to the bridge. */

#ifndef CLASSIFIER_SWITCH_H
#define CLASSIFIER_SWITCH_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pipeline.h"

struct classifier_switch;
struct ds;
struct flow;
struct flowset;

/* With the wanted flows of the set. */
struct classifier_switch *classifier_switch_create(
    const struct pipeline_config *, const struct flowset *);
void classifier_switch_destroy(struct classifier_switch *);

struct classifier_outcome {
    bool passed;                /* Handed back to the bridge. */
    unsigned int n_commits;     /* ct(commit) actions... */
    bool marked;                /* ...of which one set ct_mark[0]. */
    uint32_t targets[2];        /* At the end: the classes of the targets... */
    uint32_t rules[2];          /* ...and the rules, see pipeline.h. */
    uint64_t cookie;            /* Of the last flow that it matched. */
};

/* Sends one packet through.  'ct_state' (CS_*) is what conntrack will find.
 * If 'trace' is not NULL, the flows that it matches are appended. */
void classifier_switch_send(const struct classifier_switch *,
                            const struct flow *packet, uint8_t ct_state,
                            struct classifier_outcome *, struct ds *trace);

#endif /* classifier-switch.h */
