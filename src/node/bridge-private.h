/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the bridge module share.
 *
 * bridge.c          the connection, and whose turn it is
 * bridge-readback.c what is in the switch?
 * bridge-update.c   from the flowset into the switch, and refusals
 * bridge-aside.c    flows that the switch does not take
 * bridge-others.c   what others do to the flows: asks bridge-watch.c
 * bridge-watch.c    reads the updates of a flow monitor
 * bridge-request.c  asynchronous messages and requests of other modules
 * bridge-msg.c      messages */

#ifndef BRIDGE_PRIVATE_H
#define BRIDGE_PRIVATE_H 1

#include "bridge.h"

#include "openflow/openflow.h"
#include "openvswitch/list.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/types.h"

#include "bridge-watch.h"

struct rconn;
struct rconn_packet_counter;

/* So that two who undo each other's work do not do only that. */
#define BRIDGE_MIN_REPAIR_MSEC 20
/* Bytes to queue before others get their turn. */
#define BRIDGE_MAX_QUEUED_BYTES (512 * 1024)

enum bridge_state {
    BRIDGE_WAITING,             /* Not enabled yet. */
    BRIDGE_CONNECTING,          /* No connection. */
    BRIDGE_READBACK,            /* Asked for our flows. */
    BRIDGE_BARRED,              /* Not let in by the census. */
    BRIDGE_IDLE,                /* Nothing asked. */
    BRIDGE_STREAMING,           /* Sending the messages of a bundle. */
    BRIDGE_CLOSING,             /* Sent all and asked to close. */
    BRIDGE_COMMITTING,          /* Asked to commit. */
    BRIDGE_DISCARDING,          /* Something was refused: asked to discard. */
};

struct bridge {
    struct rconn *rconn;
    unsigned int seqno;         /* Of the connection. */
    enum bridge_state state;
    bool held;                  /* Writes nothing. */
    char *target;

    struct flowset *fs;
    ovs_be64 cookie, cookie_mask;
    uint64_t wanted;            /* Generation of 'fs'. */
    uint64_t published;         /* Generation in the switch, or 0. */

    uint32_t next_xid;

    /* READBACK.  Replies wait until they are complete, so that 'fs' may change
     * meanwhile and a broken read-back leaves no trace. */
    uint32_t readback_xid;
    struct ovs_list replies;    /* Contains "struct ofpbuf"s. */

    /* The bundle.  It is built first and then streamed, because an open bundle
     * that idles times out.  Its messages have the xids from 'first_xid' (each
     * flow_mod, then the control requests) to 'next_xid', exclusive. */
    struct ofpbuf mods;         /* See bridge_msg_put_change(). */
    size_t n_mods;
    size_t ofs;                 /* In 'mods': the next one to send. */
    uint32_t first_xid;
    uint32_t control_xid;       /* Of the request to close, commit, discard. */
    uint64_t generation;        /* That the switch will have. */
    char *refusal;              /* First error, or NULL. */
    struct rconn_packet_counter *queued;

    /* After a refusal. */
    char *error;                /* The last one, or NULL. */
    uint64_t refused;           /* Its generation. */
    int retry_msec;             /* 0 if the last bundle was accepted. */
    long long int retry_at;

    /* What is left out. */
    bridge_may_cb *may_leave_out;       /* Or NULL. */
    void *may_aux;
    size_t bad_mod;             /* Of the bundle, from 1 on; 0 for none. */
    enum ofperr bad_error;
    unsigned int n_splits;      /* Refused one after the other. */
    char *aside;                /* The last one, or NULL. */
    int aside_msec;             /* Between tries. */
    long long int aside_at;     /* The next one; 0 for none. */

    /* Who else is there. */
    struct bridge_census census;
    bool permitted;             /* On this connection. */

    /* What others do. */
    struct bridge_watch watch;
    int readback_msec;          /* Between read-backs, 0 for not watched. */
    long long int readback_at;  /* The next one. */
    bool again;                 /* No, at once. */
    bool missed;                /* An update that we may not handle yet. */
    bool postponed;             /* A removal, because we are held. */
    bool audit;                 /* READBACK: nothing new is expected. */
    uint32_t monitor_xid;
    uint64_t n_pending;         /* Flows to put back. */
    long long int repair_at;    /* Not before. */
    struct rconn_packet_counter *removals;

    /* Of other modules. */
    struct ovs_list requests;   /* See bridge-request.c. */
    struct ovs_list subscribers;
    uint32_t request_xid;

    bool in_sync;               /* Since the connection: for the log. */
    struct bridge_status status;        /* Just the counters. */
};

/* bridge.c. */
int bridge_send_msg(struct bridge *, struct ofpbuf *);
/* Forgets what was under way. */
void bridge_reset(struct bridge *);
/* The switch has 'generation'. */
void bridge_publish(struct bridge *, uint64_t generation);

/* bridge-readback.c.  An audit is a read-back in which nothing new is
 * expected. */
void bridge_readback_start(struct bridge *);
void bridge_readback_audit(struct bridge *);
bool bridge_readback_is_due(const struct bridge *);
void bridge_readback_receive(struct bridge *, const struct ofpbuf *);
void bridge_note_tampering(struct bridge *, uint64_t n);

/* bridge-update.c. */
void bridge_update_run(struct bridge *);
/* When a bundle may go out. */
long long int bridge_update_at(const struct bridge *);
void bridge_update_stream(struct bridge *);
void bridge_update_receive(struct bridge *, const struct ofp_header *);
/* Returns true if 'xid' is one of the bundle's. */
bool bridge_update_receive_error(struct bridge *, uint32_t xid, enum ofperr);

/* bridge-aside.c. */
/* 'b->bad_mod' was refused for 'why'.  Returns true if it is left out. */
bool bridge_aside_split(struct bridge *, const char *why);
/* Everything else is in the switch. */
void bridge_aside_settle(struct bridge *);
/* Lets them be tried again: 'now', or when it is time. */
void bridge_aside_run(struct bridge *, bool now);

/* bridge-others.c. */
void bridge_others_start(struct bridge *);
void bridge_others_receive(struct bridge *, struct ofpbuf *);
void bridge_others_refused(struct bridge *, enum ofperr);
bool bridge_others_is_flooded(const struct bridge *);

/* bridge-request.c. */
void bridge_request_init(struct bridge *);
void bridge_request_uninit(struct bridge *);
void bridge_request_connected(struct bridge *);
/* Returns true if another module waited for the message. */
bool bridge_request_receive(struct bridge *, enum ofptype, struct ofpbuf *);
/* Nothing more will be answered. */
void bridge_request_disconnected(struct bridge *);

#endif /* bridge-private.h */
