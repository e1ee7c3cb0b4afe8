/* SPDX-License-Identifier: Apache-2.0
 *
 * bridge: one OpenFlow connection to the bridge, which keeps the switch equal
 * to a flowset.
 *
 * A state machine over an rconn to RUNDIR/BRIDGE.mgmt, OpenFlow 1.4 or 1.5:
 *
 *   WAITING -> CONNECTING -> READBACK -> IDLE <-> UPDATING
 *                                |
 *                              BARRED
 *
 * On each connection all flows that carry our cookie magic are read back into
 * the flowset; the differences then go out as one ordered, atomic bundle.  The
 * reply to its commit publishes the generation: everything of it is in the
 * switch.  While a bundle is under way new changes collect for
 * the next one.  A refused bundle leaves the switch as it was (bundles are
 * atomic); the error names the flow, the flows are read back, and it is tried
 * again, later or without that flow: see bridge_leave_out().  See
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

#include "openvswitch/ofp-msgs.h"

struct bridge;
struct flowset;
struct flowset_flow;
struct ofpbuf;

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

/* While it is held, an enabled bridge reads but writes nothing, and publishes
 * no generation. */
void bridge_hold(struct bridge *, bool held);
/* True if the flows were read back on this connection; then n_readback of the
 * status says how many there were. */
bool bridge_has_read(const struct bridge *);

/* To be called before bridge_enable(): others may reach for our flows.  What
 * they delete or change is put back at once, and what they have or add in the
 * 'n_tables' tables from 'first_table' on, which are ours alone, is removed.
 * A switch that cannot tell what others do is read back every 'msec'
 * milliseconds or so, and any other one too, to be sure. */
void bridge_watch_others(struct bridge *, uint8_t first_table,
                         uint8_t n_tables, int msec);

/* To be called before bridge_enable(): who else is on the bridge?  At each
 * read-back, before anything is written, 'begin' is called, 'flow' for each
 * flow of the switch, ours too, and 'end', which returns NULL or why we may
 * not go on (callee frees).  Then the bridge keeps its hands off, and asks
 * again every 5 seconds.
 *
 * A read-back that fails is begun anew, without 'end'. */
struct bridge_census {
    void (*begin)(void *aux);
    void (*flow)(const struct flowset_flow *, void *aux);
    char *(*end)(void *aux);
    void *aux;
};
void bridge_set_census(struct bridge *, const struct bridge_census *);

/* A bundle is refused as a whole for one flow that the switch does not take.
 * If 'may' returns true for that flow, it is left out and the rest goes in at
 * once.  It is tried again when it changes, and every minute or so. */
typedef bool bridge_may_cb(const struct flowset_flow *, void *aux);
void bridge_leave_out(struct bridge *, bridge_may_cb *may, void *aux);

/* 'generation' is what the flowset now stands for.  If nothing is dirty and
 * nothing under way it is published at once. */
void bridge_set_generation(struct bridge *, uint64_t generation);
/* The last generation known to be in the switch, 0 for none.  Goes back to 0
 * when the connection is lost, until the next read-back and commit. */
uint64_t bridge_generation(const struct bridge *);

struct bridge_status {
    bool connected;
    const char *state;          /* "connecting", "readback" … */
    const char *error;          /* Last refusal, or what is left out for it,
                                 * NULL if none since; owned by the bridge. */
    uint64_t n_left_out;        /* Flows. */
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

/* Other modules on the same connection: packet-ins, counters, meters.
 *
 * Callbacks are called from bridge_run() and may send; they must not destroy
 * the bridge.  'msg' is a whole OpenFlow message, borrowed, to be given to the
 * decoder of its type.  Messages go out in the order in which they are sent,
 * with those of the flows; what an on_connect callback sends (meters, which
 * messages to get) is in the switch before any flow. */
typedef void bridge_message_cb(struct bridge *, struct ofpbuf *msg, void *aux);

/* 'cb' is called, with 'msg' NULL, on each new connection. */
void bridge_on_connect(struct bridge *, bridge_message_cb *, void *aux);
/* 'cb' gets each message of 'type' that nobody asked for. */
void bridge_subscribe(struct bridge *, enum ofptype type, bridge_message_cb *,
                      void *aux);

/* The version to encode for: that of the last connection. */
int bridge_version(const struct bridge *);
/* Sends 'msg', which becomes the bridge's, with an xid of the bridge's choice.
 * Lost if there is no connection. */
void bridge_send(struct bridge *, struct ofpbuf *msg);
/* The same with an answer: 'cb' gets each message of it, and in the end once
 * NULL and an error: 0; an OFPERR_* if the switch refused; ENOTCONN if the
 * connection went.  There must be a connection.  A barrier finds the end, so a
 * request that has no reply, like a meter_mod, is good too. */
typedef void bridge_reply_cb(struct bridge *, struct ofpbuf *reply, int error,
                             void *aux);
void bridge_request(struct bridge *, struct ofpbuf *request, bridge_reply_cb *,
                    void *aux);
/* No callback with 'aux' will be called any more. */
void bridge_forget(struct bridge *, const void *aux);

#endif /* bridge.h */
