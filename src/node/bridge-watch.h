/* SPDX-License-Identifier: Apache-2.0
 *
 * bridge-watch: what others do to the flows of the bridge.
 *
 * Reads the updates of a flow monitor.  The switch leaves our own changes out
 * (it abbreviates them), so each update is the work of somebody else:
 *
 * - A flow of ours that was deleted, changed or replaced, or one with our
 *   cookie that we did not make: the flowset is told, and the next bundle sets
 *   it right.
 * - A flow of somebody else in a table of ours: it is removed, whatever it
 *   does, as it could only get in our way.
 *
 * When it cannot keep up the switch pauses the monitor and then sends what was
 * added or changed meanwhile, our own flows too.  Then only a read-back
 * tells. */

#ifndef BRIDGE_WATCH_H
#define BRIDGE_WATCH_H 1

#include <stdbool.h>
#include <stdint.h>

#include "openflow/openflow.h"
#include "openvswitch/types.h"

struct flowset;
struct ofpbuf;

struct bridge_watch {
    struct flowset *fs;
    ovs_be64 cookie, cookie_mask;       /* Of our flows. */
    uint8_t first_table, n_tables;      /* Ours alone. */
    bool paused;
};

struct bridge_watch_result {
    uint64_t n_tampered;        /* Flows that are not what we took them
                                 * for. */
    uint64_t n_foreign;         /* Flows of others in our tables that took no
                                 * place of ours. */
    bool incomplete;            /* A read-back is needed. */
};

/* True if 'table' is ours alone. */
bool bridge_watch_has_table(const struct bridge_watch *, uint8_t table);
/* Handles one message of the monitor.  Calls 'remove' with each flow_mod to
 * send, which becomes the callee's.  Returns 0 or an errno or OFPERR value,
 * after which some updates may have been handled. */
int bridge_watch_receive(struct bridge_watch *, struct ofpbuf *msg,
                         void (*remove)(struct ofpbuf *, void *aux),
                         void *aux, struct bridge_watch_result *);

#endif /* bridge-watch.h */
