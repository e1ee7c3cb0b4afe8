/* SPDX-License-Identifier: Apache-2.0
 *
 * bridge: one OpenFlow connection to the bridge, which keeps the switch equal
 * to a flowset.
 *
 * A state machine over an rconn to RUNDIR/BRIDGE.mgmt, OpenFlow 1.4 or 1.5:
 *
 *   WAITING -> CONNECTING -> READBACK -> IDLE <-> UPDATING
 *
 * On each connection all flows that carry our cookie magic are read back into
 * the flowset; the differences then go out as one ordered, atomic bundle ended
 * by a barrier.  The barrier's reply publishes the generation: everything of
 * it is in the switch.  While a bundle is under way new changes collect for
 * the next one.  A refused bundle leaves the switch as it was (bundles are
 * atomic); the error names the flow and the flows are read back.  See
 * bridge_watch_others() for what others do.
 *
 * The first connection waits for bridge_enable(): until the sources are
 * complete the flows of an earlier run stay in force, and a connection made
 * before they were read would time out meanwhile. */

#ifndef BRIDGE_H
#define BRIDGE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bridge;
struct flowset;

/* 'target' is a vconn name such as "unix:/run/openvswitch/br0.mgmt".  'fs' is
 * borrowed and must outlive the bridge.  'cookie' and 'cookie_mask' tell our
 * flows from others'. */
struct bridge *bridge_create(const char *target, struct flowset *fs,
                             uint64_t cookie, uint64_t cookie_mask);
void bridge_destroy(struct bridge *);
void bridge_run(struct bridge *);
void bridge_wait(struct bridge *);

/* Let it connect and write. */
void bridge_enable(struct bridge *);

/* To be called before bridge_enable(): others may reach for our flows.  What
 * they delete or change is put back at once, and what they add to the
 * 'n_tables' tables from 'first_table' on, which are ours alone, is removed.
 * A switch that cannot tell what others do is read back every 'msec'
 * milliseconds or so, and any other one too, to be sure. */
void bridge_watch_others(struct bridge *, uint8_t first_table,
                         uint8_t n_tables, int msec);

/* 'generation' is what the flowset now stands for.  If nothing is dirty and
 * nothing under way it is published at once. */
void bridge_set_generation(struct bridge *, uint64_t generation);
/* The last generation known to be in the switch, 0 for none.  Goes back to 0
 * when the connection is lost, until the next read-back and barrier. */
uint64_t bridge_generation(const struct bridge *);

struct bridge_status {
    bool connected;
    const char *state;          /* "connecting", "readback" … */
    const char *error;          /* Last refusal, NULL if none since; owned by
                                 * the bridge. */
    uint64_t n_connections;
    uint64_t n_bundles;         /* Committed. */
    uint64_t n_refused;         /* Bundles. */
    uint64_t n_flow_mods;       /* In committed bundles. */
    uint64_t n_readback;        /* Flows read at the last read-back. */
    uint64_t n_last_flow_mods;  /* In the last committed bundle. */

    /* What others did. */
    bool watched;               /* The switch tells. */
    uint64_t n_tampered;        /* Flows of ours that they deleted or
                                 * changed. */
    uint64_t n_repairs;         /* Times that such flows were put back. */
    uint64_t n_foreign;         /* Flows of theirs removed from our tables. */
};
void bridge_get_status(const struct bridge *, struct bridge_status *);

#endif /* bridge.h */
