/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "bridge-private.h"

#include <stdlib.h>

#include "byte-order.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-util.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/rconn.h"
#include "openvswitch/vlog.h"
#include "socket-util.h"
#include "timeval.h"
#include "util.h"

#include "flowset.h"

VLOG_DEFINE_THIS_MODULE(bridge);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(6, 6);

#define VERSIONS ((1u << OFP14_VERSION) | (1u << OFP15_VERSION))
#define PROBE_SECONDS 5
/* The switch is on this machine: look for it often, so that a restarted one
 * gets its flows soon. */
#define MAX_RECONNECT_SECONDS 1
/* Messages to handle before others get their turn. */
#define MAX_MESSAGES 64

struct bridge *
bridge_create(const char *target, struct flowset *fs,
              uint64_t cookie, uint64_t cookie_mask)
{
    struct bridge *b = xzalloc(sizeof *b);

    b->rconn = rconn_create(PROBE_SECONDS, MAX_RECONNECT_SECONDS,
                            DSCP_DEFAULT, VERSIONS);
    b->target = xstrdup(target);
    b->seqno = rconn_get_connection_seqno(b->rconn);
    b->state = BRIDGE_WAITING;
    b->fs = fs;
    b->cookie = htonll(cookie);
    b->cookie_mask = htonll(cookie_mask);
    b->next_xid = 1;
    bridge_request_init(b);
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

void
bridge_reset(struct bridge *b)
{
    ofpbuf_list_delete(&b->replies);
    ofpbuf_uninit(&b->mods);
    ofpbuf_init(&b->mods, 0);
    b->n_mods = 0;
    b->bad_mod = 0;
    b->ofs = 0;
    free(b->refusal);
    b->refusal = NULL;
}

void
bridge_destroy(struct bridge *b)
{
    if (b) {
        bridge_reset(b);
        bridge_request_uninit(b);
        ofpbuf_uninit(&b->mods);
        rconn_destroy(b->rconn);
        rconn_packet_counter_destroy(b->queued);
        rconn_packet_counter_destroy(b->removals);
        free(b->error);
        free(b->aside);
        free(b->target);
        free(b);
    }
}

int
bridge_send_msg(struct bridge *b, struct ofpbuf *msg)
{
    return rconn_send(b->rconn, msg, b->queued);
}

int
bridge_version(const struct bridge *b)
{
    return rconn_get_version(b->rconn);
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
    b->repair_at = time_msec() + BRIDGE_MIN_REPAIR_MSEC;
}

void
bridge_publish(struct bridge *b, uint64_t generation)
{
    b->published = generation;
    b->retry_msec = 0;
    free(b->error);
    b->error = NULL;
    bridge_aside_settle(b);
    if (!b->in_sync) {
        b->in_sync = true;
        VLOG_INFO("%s: in sync, %"PRIu64" flows were there",
                  rconn_get_name(b->rconn), b->status.n_readback);
    }
    if (b->n_pending && !flowset_is_dirty(b->fs)) {
        finish_repair(b);
    }
}

static void
receive_error(struct bridge *b, const struct ofp_header *oh)
{
    enum ofperr error = ofperr_decode_msg(oh, NULL);
    uint32_t xid = ntohl(oh->xid);

    if (bridge_update_receive_error(b, xid, error)) {
        return;
    }
    if (b->state == BRIDGE_READBACK && xid == b->readback_xid) {
        VLOG_WARN_RL(&rl, "%s: read-back refused (%s), reconnecting",
                     rconn_get_name(b->rconn), ofperr_get_name(error));
        rconn_reconnect(b->rconn);
    } else if (b->status.watched && xid == b->monitor_xid) {
        bridge_others_refused(b, error);
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
    bridge_reset(b);
    bridge_request_disconnected(b);
    b->published = 0;
    b->in_sync = false;
    b->missed = false;
    b->permitted = !b->census.end;
    if (rconn_is_connected(b->rconn)) {
        b->status.n_connections++;
        bridge_request_connected(b);
        bridge_aside_run(b, true);
        bridge_others_start(b);
        bridge_readback_start(b);
    } else {
        b->state = BRIDGE_CONNECTING;
    }
}

/* Messages that nobody asked for (packet-ins, flows removed, ports …) do not
 * come on a service connection unless configured. */
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
    } else if (bridge_request_receive(b, type, msg)) {
        return;
    } else if (type == OFPTYPE_FLOW_STATS_REPLY) {
        bridge_readback_receive(b, msg);
    } else if (type == OFPTYPE_FLOW_MONITOR_STATS_REPLY) {
        bridge_others_receive(b, msg);
    } else if (type == OFPTYPE_BUNDLE_CONTROL) {
        bridge_update_receive(b, oh);
    } else if (type == OFPTYPE_ERROR) {
        receive_error(b, oh);
    }
}

void
bridge_run(struct bridge *b)
{
    rconn_run(b->rconn);
    check_connection(b);
    for (int i = 0; i < MAX_MESSAGES && !bridge_others_is_flooded(b); i++) {
        struct ofpbuf *msg = rconn_recv(b->rconn);

        if (!msg) {
            break;
        }
        receive(b, msg);
        ofpbuf_delete(msg);
        check_connection(b);
    }
    check_connection(b);

    if (b->state == BRIDGE_IDLE && !b->held) {
        bridge_update_run(b);
    }
    if (b->state == BRIDGE_IDLE && bridge_readback_is_due(b)) {
        bridge_readback_audit(b);
    } else if (b->state == BRIDGE_BARRED && bridge_readback_is_due(b)) {
        bridge_readback_start(b);
    }
    if (b->state == BRIDGE_STREAMING) {
        bridge_update_stream(b);
    }
}

static void
wait_idle(const struct bridge *b)
{
    if (b->held) {
        /* Nothing goes out. */
    } else if (flowset_is_dirty(b->fs)) {
        poll_timer_wait_until(bridge_update_at(b));
    } else if (b->published != b->wanted || b->n_pending) {
        poll_immediate_wake();
    } else if (b->aside_at) {
        poll_timer_wait_until(b->aside_at);
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
    if (!bridge_others_is_flooded(b)) {
        rconn_recv_wait(b->rconn);
    }
    if (b->seqno != rconn_get_connection_seqno(b->rconn)) {
        poll_immediate_wake();
    } else if (b->state == BRIDGE_IDLE) {
        wait_idle(b);
    } else if (b->state == BRIDGE_BARRED) {
        poll_timer_wait_until(b->readback_at);
    }
    /* STREAMING stops only when the connection is full, and rconn_run_wait()
     * wakes up when it drains. */
}

void
bridge_enable(struct bridge *b)
{
    if (b->state == BRIDGE_WAITING) {
        b->state = BRIDGE_CONNECTING;
        rconn_connect(b->rconn, b->target, NULL);
        /* rconn does not probe Unix sockets unless told again. */
        rconn_set_probe_interval(b->rconn, PROBE_SECONDS);
    }
}

void
bridge_hold(struct bridge *b, bool held)
{
    b->held = held;
    if (!held && b->postponed) {
        b->postponed = false;
        b->again = true;
    }
}

bool
bridge_has_read(const struct bridge *b)
{
    return b->state >= BRIDGE_IDLE;
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
bridge_set_census(struct bridge *b, const struct bridge_census *census)
{
    b->census = *census;
}

void
bridge_set_generation(struct bridge *b, uint64_t generation)
{
    b->wanted = generation;
    if (b->state == BRIDGE_IDLE && !b->held && !flowset_is_dirty(b->fs)) {
        bridge_publish(b, generation);
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
        [BRIDGE_WAITING] = "waiting",
        [BRIDGE_CONNECTING] = "connecting",
        [BRIDGE_READBACK] = "readback",
        [BRIDGE_BARRED] = "barred",
        [BRIDGE_IDLE] = "idle",
        [BRIDGE_STREAMING] = "updating",
        [BRIDGE_CLOSING] = "updating",
        [BRIDGE_COMMITTING] = "updating",
        [BRIDGE_DISCARDING] = "updating",
    };

    *status = b->status;
    status->connected = rconn_is_connected(b->rconn);
    status->watched = b->status.watched && status->connected;
    status->state = names[b->state];
    status->error = b->error ? b->error : b->aside;
    status->n_left_out = flowset_count_aside(b->fs);
}
