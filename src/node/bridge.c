/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "bridge.h"

#include <errno.h>
#include <stdlib.h>

#include "byte-order.h"
#include "openvswitch/list.h"
#include "openvswitch/ofp-bundle.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-util.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/rconn.h"
#include "openvswitch/vlog.h"
#include "random.h"
#include "socket-util.h"
#include "timeval.h"
#include "util.h"

#include "bridge-msg.h"
#include "bridge-watch.h"
#include "flowset.h"

VLOG_DEFINE_THIS_MODULE(bridge);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(6, 6);

#define VERSIONS ((1u << OFP14_VERSION) | (1u << OFP15_VERSION))
#define PROBE_SECONDS 5
/* The switch is on this machine: look for it often, so that a restarted one
 * gets its flows soon. */
#define MAX_RECONNECT_SECONDS 1
#define MIN_RETRY_MSEC 1000
#define MAX_RETRY_MSEC 30000
/* So that two who undo each other's work do not do only that. */
#define MIN_REPAIR_MSEC 20
/* Messages to handle and bytes to queue before others get their turn. */
#define MAX_MESSAGES 64
#define MAX_QUEUED_BYTES (512 * 1024)

enum bridge_state {
    WAITING,                    /* Not enabled yet. */
    CONNECTING,                 /* No connection. */
    READBACK,                   /* Asked for our flows. */
    IDLE,                       /* Nothing asked. */
    STREAMING,                  /* Bundle open, sending its messages. */
    CLOSING,                    /* Sent all and asked to close. */
    COMMITTING,                 /* Sent the commit and a barrier. */
    DISCARDING,                 /* Something was refused: sent the discard and
                                 * a barrier. */
};

struct bridge {
    struct rconn *rconn;
    unsigned int seqno;         /* Of the connection. */
    enum bridge_state state;
    char *target;

    struct flowset *fs;
    ovs_be64 cookie, cookie_mask;
    uint64_t wanted;            /* Generation of 'fs'. */
    uint64_t published;         /* Generation in the switch, or 0. */

    uint32_t next_xid;
    uint32_t barrier_xid;       /* COMMITTING and DISCARDING. */

    /* READBACK.  Replies wait until they are complete, so that 'fs' may change
     * meanwhile and a broken read-back leaves no trace. */
    uint32_t readback_xid;
    struct ovs_list replies;    /* Contains "struct ofpbuf"s. */

    /* The bundle.  It is built first and then streamed, because an open bundle
     * that idles times out.  Its messages have the xids from 'open_xid' (open
     * request, then each flow_mod) to 'next_xid', exclusive. */
    struct ofpbuf mods;         /* See bridge_msg_put_change(). */
    size_t n_mods;
    size_t ofs;                 /* In 'mods': the next one to send. */
    uint32_t open_xid;
    uint64_t generation;        /* That the switch will have. */
    char *refusal;              /* First error, or NULL. */
    struct rconn_packet_counter *queued;

    /* After a refusal. */
    char *error;                /* The last one, or NULL. */
    uint64_t refused;           /* Its generation. */
    int retry_msec;             /* 0 if the last bundle was accepted. */
    long long int retry_at;

    /* What others do. */
    struct bridge_watch watch;
    int readback_msec;          /* Between read-backs, 0 for not watched. */
    long long int readback_at;  /* The next one. */
    bool again;                 /* No, at once. */
    bool audit;                 /* READBACK: nothing new is expected. */
    uint32_t monitor_xid;
    uint64_t n_pending;         /* Flows to put back. */
    long long int repair_at;    /* Not before. */
    struct rconn_packet_counter *removals;

    bool in_sync;               /* Since the connection: for the log. */
    struct bridge_status status;        /* Just the counters. */
};

struct bridge *
bridge_create(const char *target, struct flowset *fs,
              uint64_t cookie, uint64_t cookie_mask)
{
    struct bridge *b = xzalloc(sizeof *b);

    b->rconn = rconn_create(PROBE_SECONDS, MAX_RECONNECT_SECONDS,
                            DSCP_DEFAULT, VERSIONS);
    b->target = xstrdup(target);
    b->seqno = rconn_get_connection_seqno(b->rconn);
    b->state = WAITING;
    b->fs = fs;
    b->cookie = htonll(cookie);
    b->cookie_mask = htonll(cookie_mask);
    b->next_xid = 1;
    ovs_list_init(&b->replies);
    ofpbuf_init(&b->mods, 0);
    b->queued = rconn_packet_counter_create();
    b->removals = rconn_packet_counter_create();
    b->watch = (struct bridge_watch) {
        .fs = fs,
        .cookie = b->cookie,
        .cookie_mask = b->cookie_mask,
    };
    return b;
}

/* Forgets what was under way. */
static void
reset(struct bridge *b)
{
    ofpbuf_list_delete(&b->replies);
    ofpbuf_uninit(&b->mods);
    ofpbuf_init(&b->mods, 0);
    b->n_mods = 0;
    b->ofs = 0;
    free(b->refusal);
    b->refusal = NULL;
}

void
bridge_destroy(struct bridge *b)
{
    if (b) {
        reset(b);
        ofpbuf_uninit(&b->mods);
        rconn_destroy(b->rconn);
        rconn_packet_counter_destroy(b->queued);
        rconn_packet_counter_destroy(b->removals);
        free(b->error);
        free(b->target);
        free(b);
    }
}

static int
send_msg(struct bridge *b, struct ofpbuf *msg)
{
    return rconn_send(b->rconn, msg, b->queued);
}

static enum ofp_version
get_version(const struct bridge *b)
{
    return rconn_get_version(b->rconn);
}

static int
send_control(struct bridge *b, enum ofp14_bundle_ctrl_type type, uint32_t xid)
{
    return send_msg(b, bridge_msg_bundle_control(get_version(b), xid, type));
}

static void
send_barrier(struct bridge *b)
{
    struct ofpbuf *msg = ofputil_encode_barrier_request(get_version(b));
    struct ofp_header *oh = msg->data;

    b->barrier_xid = b->next_xid++;
    oh->xid = htonl(b->barrier_xid);
    send_msg(b, msg);
}

/* What others deleted or changed is as it was. */
static void
finish_repair(struct bridge *b)
{
    VLOG_WARN_RL(&rl, "%s: %"PRIu64" of our flows were deleted or changed by "
                 "somebody else, put back",
                 rconn_get_name(b->rconn), b->n_pending);
    b->n_pending = 0;
    b->status.n_repairs++;
    b->repair_at = time_msec() + MIN_REPAIR_MSEC;
}

/* The switch has 'generation'. */
static void
publish(struct bridge *b, uint64_t generation)
{
    b->published = generation;
    b->retry_msec = 0;
    free(b->error);
    b->error = NULL;
    if (!b->in_sync) {
        b->in_sync = true;
        VLOG_INFO("%s: in sync, %"PRIu64" flows were there",
                  rconn_get_name(b->rconn), b->status.n_readback);
    }
    if (b->n_pending && !flowset_is_dirty(b->fs)) {
        finish_repair(b);
    }
}

/* Read-back. */

static void
start_readback(struct bridge *b)
{
    reset(b);
    b->readback_xid = b->next_xid++;
    b->state = READBACK;
    b->audit = false;
    b->again = false;
    /* Nodes that started together need not do this together. */
    b->readback_at = (time_msec() + b->readback_msec
                      + random_range(b->readback_msec / 10 + 1));
    send_msg(b, bridge_msg_flow_request(get_version(b), b->readback_xid,
                                        b->cookie, b->cookie_mask));
}

static void
note_tampering(struct bridge *b, uint64_t n)
{
    b->status.n_tampered += n;
    b->n_pending += n;
}

static void
finish_readback(struct bridge *b)
{
    size_t n_surprises;
    struct ofpbuf *reply;
    uint64_t n = 0;
    int error = 0;

    flowset_observe_begin(b->fs);
    LIST_FOR_EACH_POP (reply, list_node, &b->replies) {
        if (!error) {
            error = bridge_msg_observe(reply, b->fs, &n);
        }
        ofpbuf_delete(reply);
    }
    n_surprises = flowset_observe_end(b->fs);

    if (error) {
        VLOG_WARN_RL(&rl, "%s: cannot read flows (%s), reconnecting",
                     rconn_get_name(b->rconn), ofperr_to_string(error));
        rconn_reconnect(b->rconn);
    } else {
        b->status.n_readback = n;
        b->state = IDLE;
        if (b->audit) {
            note_tampering(b, n_surprises);
        }
    }
}

static void
receive_flows(struct bridge *b, const struct ofpbuf *msg)
{
    const struct ofp_header *oh = msg->data;

    if (b->state != READBACK || ntohl(oh->xid) != b->readback_xid) {
        return;
    }

    struct ofpbuf *reply = ofpbuf_clone_data(oh, ntohs(oh->length));
    ovs_list_push_back(&b->replies, &reply->list_node);
    if (!ofpmp_more(oh)) {
        finish_readback(b);
    }
}

/* True if it is time to look whether all is as we believe. */
static bool
must_audit(const struct bridge *b)
{
    return b->again || (b->readback_msec && time_msec() >= b->readback_at);
}

static void
start_audit(struct bridge *b)
{
    start_readback(b);
    b->audit = true;
}

/* What others do. */

static void
start_watch(struct bridge *b)
{
    b->watch.paused = false;
    b->status.watched = b->readback_msec > 0;
    if (b->readback_msec) {
        b->monitor_xid = b->next_xid++;
        send_msg(b, bridge_msg_monitor_request(get_version(b),
                                               b->monitor_xid));
    }
}

static void
refuse_watch(struct bridge *b, enum ofperr error)
{
    b->status.watched = false;
    VLOG_INFO("%s: the switch does not tell what others do (%s), looking for "
              "it every %d s", rconn_get_name(b->rconn),
              ofperr_get_name(error), b->readback_msec / 1000);
}

static void
remove_foreign(struct ofpbuf *flow_mod, void *b_)
{
    struct bridge *b = b_;

    rconn_send(b->rconn, flow_mod, b->removals);
}

/* What 'msg' says may be older than what a read-back under way will say, or
 * newer. */
static void
receive_updates(struct bridge *b, struct ofpbuf *msg)
{
    struct bridge_watch_result result;
    int error = bridge_watch_receive(&b->watch, msg, remove_foreign, b,
                                     &result);

    if (error) {
        VLOG_WARN_RL(&rl, "%s: cannot read what others did (%s)",
                     rconn_get_name(b->rconn), ofperr_to_string(error));
    }
    b->status.n_foreign += result.n_foreign;
    note_tampering(b, result.n_tampered);
    if (error || result.incomplete
        || (b->state == READBACK && result.n_tampered)) {
        b->again = true;
    }
}

/* True if as many removals wait as may: no more are taken from the switch. */
static bool
is_flooded(const struct bridge *b)
{
    return rconn_packet_counter_n_bytes(b->removals) >= MAX_QUEUED_BYTES;
}

/* Bundle. */

/* Gives up on the bundle: the switch is as it was before it, and 'fs' has to
 * learn that.  Takes ownership of 'why'. */
static void
refuse(struct bridge *b, char *why)
{
    VLOG_WARN_RL(&rl, "%s: %s", rconn_get_name(b->rconn), why);
    free(b->error);
    b->error = why;
    b->status.n_refused++;
    b->refused = b->generation;
    b->retry_msec = (b->retry_msec
                     ? MIN(b->retry_msec * 2, MAX_RETRY_MSEC)
                     : MIN_RETRY_MSEC);
    b->retry_at = time_msec() + b->retry_msec;
    start_readback(b);
}

static void
add_change(const struct flowset_change *change, void *b_)
{
    struct bridge *b = b_;

    if (!bridge_msg_put_change(&b->mods, change, b->cookie, b->cookie_mask,
                               get_version(b), b->next_xid)) {
        b->next_xid++;
        b->n_mods++;
    } else if (!b->refusal) {
        char *flow = bridge_msg_describe_change(change);

        b->refusal = xasprintf("flow too long for OpenFlow: %s", flow);
        free(flow);
    }
}

static void
start_bundle(struct bridge *b)
{
    reset(b);
    b->generation = b->wanted;
    b->open_xid = b->next_xid++;
    flowset_take_delta(b->fs, add_change, b);

    if (b->refusal) {
        char *why = b->refusal;

        b->refusal = NULL;
        refuse(b, why);
    } else if (!b->n_mods) {
        publish(b, b->generation);
    } else {
        VLOG_DBG("%s: sending %"PRIuSIZE" flow_mods for generation %"PRIu64,
                 rconn_get_name(b->rconn), b->n_mods, b->generation);
        b->state = STREAMING;
        send_control(b, OFPBCT_OPEN_REQUEST, b->open_xid);
    }
}

/* Sends what the connection takes.  A message that the switch refuses is just
 * left out of the bundle, hence the close request: its reply says that all
 * were looked at, and only then may the bundle be committed. */
static void
stream(struct bridge *b)
{
    while (b->ofs < b->mods.size) {
        if (rconn_packet_counter_n_bytes(b->queued) >= MAX_QUEUED_BYTES) {
            return;
        }
        if (send_msg(b, bridge_msg_bundle_add(bridge_msg_next(&b->mods,
                                                              &b->ofs)))) {
            return;
        }
    }
    b->state = CLOSING;
    send_control(b, OFPBCT_CLOSE_REQUEST, b->next_xid++);
}

static void
receive_bundle_control(struct bridge *b, const struct ofp_header *oh)
{
    struct ofputil_bundle_ctrl_msg ctrl;

    if (b->state == CLOSING
        && !ofputil_decode_bundle_ctrl(oh, &ctrl)
        && ctrl.type == OFPBCT_CLOSE_REPLY) {
        b->state = COMMITTING;
        send_control(b, OFPBCT_COMMIT_REQUEST, b->next_xid++);
        send_barrier(b);
    }
}

static void
finish_bundle(struct bridge *b)
{
    b->status.n_bundles++;
    b->status.n_flow_mods += b->n_mods;
    b->status.n_last_flow_mods = b->n_mods;
    b->state = IDLE;
    VLOG_DBG("%s: generation %"PRIu64" is in the switch",
             rconn_get_name(b->rconn), b->generation);
    publish(b, b->generation);
    reset(b);
}

static void
receive_barrier(struct bridge *b, const struct ofp_header *oh)
{
    if ((b->state != COMMITTING && b->state != DISCARDING)
        || ntohl(oh->xid) != b->barrier_xid) {
        return;
    }

    if (b->refusal) {
        char *why = b->refusal;

        b->refusal = NULL;
        refuse(b, why);
    } else {
        finish_bundle(b);
    }
}

/* Errors. */

/* Says what the switch refused, given the request's 'xid'. */
static char *
describe_refusal(const struct bridge *b, uint32_t xid, enum ofperr error)
{
    const char *name = ofperr_get_name(error);
    size_t n = xid - b->open_xid;
    size_t ofs = 0;

    if (!n || n > b->n_mods) {
        return xasprintf("bundle refused: %s", name);
    }
    while (--n) {
        bridge_msg_next(&b->mods, &ofs);
    }

    char *flow = bridge_msg_describe(bridge_msg_next(&b->mods, &ofs));
    char *text = xasprintf("flow refused: %s: %s", name, flow);
    free(flow);
    return text;
}

static void
receive_bundle_error(struct bridge *b, uint32_t xid, enum ofperr error)
{
    if (b->refusal) {
        return;                 /* The first one tells most. */
    }
    b->refusal = describe_refusal(b, xid, error);
    if (b->state == STREAMING || b->state == CLOSING) {
        b->state = DISCARDING;
        send_control(b, OFPBCT_DISCARD_REQUEST, b->next_xid++);
        send_barrier(b);
    }
}

static void
receive_error(struct bridge *b, const struct ofp_header *oh)
{
    enum ofperr error = ofperr_decode_msg(oh, NULL);
    uint32_t xid = ntohl(oh->xid);

    if (b->state >= STREAMING
        && xid - b->open_xid < b->next_xid - b->open_xid) {
        receive_bundle_error(b, xid, error);
    } else if (b->state == READBACK && xid == b->readback_xid) {
        VLOG_WARN_RL(&rl, "%s: read-back refused (%s), reconnecting",
                     rconn_get_name(b->rconn), ofperr_get_name(error));
        rconn_reconnect(b->rconn);
    } else if (b->status.watched && xid == b->monitor_xid) {
        refuse_watch(b, error);
    } else {
        VLOG_DBG("%s: stray error %s",
                 rconn_get_name(b->rconn), ofperr_get_name(error));
    }
}

/* The loop. */

static void
check_connection(struct bridge *b)
{
    unsigned int seqno = rconn_get_connection_seqno(b->rconn);

    if (seqno == b->seqno) {
        return;
    }
    b->seqno = seqno;
    reset(b);
    b->published = 0;
    b->in_sync = false;
    if (rconn_is_connected(b->rconn)) {
        b->status.n_connections++;
        start_watch(b);
        start_readback(b);
    } else {
        b->state = CONNECTING;
    }
}

/* Messages that nobody asked for (packet-ins, flows removed, ports …) do not
 * come on a service connection unless configured, and are none of ours. */
static void
receive(struct bridge *b, struct ofpbuf *msg)
{
    const struct ofp_header *oh = msg->data;
    enum ofptype type;

    if (ofptype_decode(&type, oh)) {
        return;
    }
    if (type == OFPTYPE_ECHO_REQUEST) {
        rconn_send(b->rconn, ofputil_encode_echo_reply(oh), NULL);
    } else if (type == OFPTYPE_FLOW_STATS_REPLY) {
        receive_flows(b, msg);
    } else if (type == OFPTYPE_FLOW_MONITOR_STATS_REPLY) {
        receive_updates(b, msg);
    } else if (type == OFPTYPE_BUNDLE_CONTROL) {
        receive_bundle_control(b, oh);
    } else if (type == OFPTYPE_BARRIER_REPLY) {
        receive_barrier(b, oh);
    } else if (type == OFPTYPE_ERROR) {
        receive_error(b, oh);
    }
}

/* When a bundle may go out. */
static long long int
update_at(const struct bridge *b)
{
    return (b->retry_msec && b->wanted == b->refused ? b->retry_at
            : b->n_pending ? b->repair_at
            : 0);
}

static void
update(struct bridge *b)
{
    if (!flowset_is_dirty(b->fs)) {
        publish(b, b->wanted);
    } else if (time_msec() >= update_at(b)) {
        start_bundle(b);
    }
}

void
bridge_run(struct bridge *b)
{
    rconn_run(b->rconn);
    check_connection(b);
    for (int i = 0; i < MAX_MESSAGES && !is_flooded(b); i++) {
        struct ofpbuf *msg = rconn_recv(b->rconn);

        if (!msg) {
            break;
        }
        receive(b, msg);
        ofpbuf_delete(msg);
        check_connection(b);
    }
    check_connection(b);

    if (b->state == IDLE) {
        update(b);
    }
    if (b->state == IDLE && must_audit(b)) {
        start_audit(b);
    }
    if (b->state == STREAMING) {
        stream(b);
    }
}

static void
wait_idle(const struct bridge *b)
{
    if (flowset_is_dirty(b->fs)) {
        poll_timer_wait_until(update_at(b));
    } else if (b->published != b->wanted || b->n_pending) {
        poll_immediate_wake();
    }
    if (b->again) {
        poll_immediate_wake();
    } else if (b->readback_msec) {
        poll_timer_wait_until(b->readback_at);
    }
}

void
bridge_wait(struct bridge *b)
{
    rconn_run_wait(b->rconn);
    if (!is_flooded(b)) {
        rconn_recv_wait(b->rconn);
    }
    if (b->seqno != rconn_get_connection_seqno(b->rconn)) {
        poll_immediate_wake();
    } else if (b->state == IDLE) {
        wait_idle(b);
    }
    /* STREAMING stops only when the connection is full, and rconn_run_wait()
     * wakes up when it drains. */
}

void
bridge_enable(struct bridge *b)
{
    if (b->state == WAITING) {
        b->state = CONNECTING;
        rconn_connect(b->rconn, b->target, NULL);
        /* rconn does not probe Unix sockets unless told again. */
        rconn_set_probe_interval(b->rconn, PROBE_SECONDS);
    }
}

void
bridge_watch_others(struct bridge *b, uint8_t first_table, uint8_t n_tables,
                    int msec)
{
    b->watch.first_table = first_table;
    b->watch.n_tables = n_tables;
    b->readback_msec = msec;
}

void
bridge_set_generation(struct bridge *b, uint64_t generation)
{
    b->wanted = generation;
    if (b->state == IDLE && !flowset_is_dirty(b->fs)) {
        publish(b, generation);
    }
}

uint64_t
bridge_generation(const struct bridge *b)
{
    return b->published;
}

void
bridge_get_status(const struct bridge *b, struct bridge_status *status)
{
    static const char *const names[] = {
        [WAITING] = "waiting",
        [CONNECTING] = "connecting",
        [READBACK] = "readback",
        [IDLE] = "idle",
        [STREAMING] = "updating",
        [CLOSING] = "updating",
        [COMMITTING] = "updating",
        [DISCARDING] = "updating",
    };

    *status = b->status;
    status->connected = rconn_is_connected(b->rconn);
    status->watched = b->status.watched && status->connected;
    status->state = names[b->state];
    status->error = b->error;
}
