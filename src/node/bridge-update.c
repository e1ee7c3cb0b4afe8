/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "bridge-private.h"

#include <inttypes.h>
#include <stdlib.h>

#include "openvswitch/ofp-bundle.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-util.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/rconn.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

#include "bridge-msg.h"
#include "flowset.h"

VLOG_DEFINE_THIS_MODULE(bridge_update);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(6, 6);

#define MIN_RETRY_MSEC 1000
#define MAX_RETRY_MSEC 30000

static void
send_control(struct bridge *b, enum ofp14_bundle_ctrl_type type)
{
    b->control_xid = b->next_xid++;
    bridge_send_msg(b, bridge_msg_bundle_control(bridge_version(b),
                                                 b->control_xid, type));
}

/* Gives up on the bundle because of 'b->refusal': the switch is as it was
 * before it, and 'fs' has to learn that. */
static void
refuse(struct bridge *b)
{
    char *why = b->refusal;

    b->refusal = NULL;
    b->status.n_refused++;
    if (bridge_aside_split(b, why)) {
        free(why);
        bridge_readback_start(b);
        return;
    }
    VLOG_WARN_RL(&rl, "%s: %s", rconn_get_name(b->rconn), why);
    free(b->error);
    b->error = why;
    b->refused = b->generation;
    b->retry_msec = (b->retry_msec
                     ? MIN(b->retry_msec * 2, MAX_RETRY_MSEC)
                     : MIN_RETRY_MSEC);
    b->retry_at = time_msec() + b->retry_msec;
    bridge_readback_start(b);
}

static void
add_change(const struct flowset_change *change, void *b_)
{
    struct bridge *b = b_;

    if (!bridge_msg_put_change(&b->mods, change, b->cookie, b->cookie_mask,
                               bridge_version(b), b->next_xid)) {
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
    bridge_reset(b);
    b->generation = b->wanted;
    b->first_xid = b->next_xid;
    flowset_take_delta(b->fs, add_change, b);

    if (b->refusal) {
        refuse(b);
    } else if (!b->n_mods) {
        bridge_publish(b, b->generation);
    } else {
        VLOG_DBG("%s: sending %"PRIuSIZE" flow_mods for generation %"PRIu64,
                 rconn_get_name(b->rconn), b->n_mods, b->generation);
        b->state = BRIDGE_STREAMING;
    }
}

/* Sends what the connection takes.  The first message opens the bundle.  One
 * that the switch refuses is just left out of it, hence the close request: its
 * reply says that all were looked at, and only then may the bundle be
 * committed. */
void
bridge_update_stream(struct bridge *b)
{
    while (b->ofs < b->mods.size) {
        if (rconn_packet_counter_n_bytes(b->queued)
            >= BRIDGE_MAX_QUEUED_BYTES) {
            return;
        }
        if (bridge_send_msg(b, bridge_msg_bundle_add(bridge_msg_next(&b->mods,
                                                              &b->ofs)))) {
            return;
        }
    }
    b->state = BRIDGE_CLOSING;
    send_control(b, OFPBCT_CLOSE_REQUEST);
}

static void
finish_bundle(struct bridge *b)
{
    b->status.n_bundles++;
    b->status.n_flow_mods += b->n_mods;
    b->status.n_last_flow_mods = b->n_mods;
    b->state = BRIDGE_IDLE;
    VLOG_DBG("%s: generation %"PRIu64" is in the switch",
             rconn_get_name(b->rconn), b->generation);
    bridge_publish(b, b->generation);
    bridge_reset(b);
}

/* The switch answers a commit after it did it, so there need be no barrier. */
void
bridge_update_receive(struct bridge *b, const struct ofp_header *oh)
{
    struct ofputil_bundle_ctrl_msg ctrl;

    if (ofputil_decode_bundle_ctrl(oh, &ctrl)
        || ntohl(oh->xid) != b->control_xid) {
        return;
    }
    if (b->state == BRIDGE_CLOSING && ctrl.type == OFPBCT_CLOSE_REPLY) {
        b->state = BRIDGE_COMMITTING;
        send_control(b, OFPBCT_COMMIT_REQUEST);
    } else if (b->state == BRIDGE_COMMITTING
               && ctrl.type == OFPBCT_COMMIT_REPLY) {
        finish_bundle(b);
    } else if (b->state == BRIDGE_DISCARDING
               && ctrl.type == OFPBCT_DISCARD_REPLY) {
        refuse(b);
    }
}

/* Says what the switch refused, given the request's 'xid'. */
static char *
describe_refusal(const struct bridge *b, uint32_t xid, enum ofperr error)
{
    const char *name = ofperr_get_name(error);
    size_t i = xid - b->first_xid;
    size_t ofs = 0;

    if (i >= b->n_mods) {
        return xasprintf("bundle refused: %s", name);
    }
    while (i--) {
        bridge_msg_next(&b->mods, &ofs);
    }

    char *flow = bridge_msg_describe(bridge_msg_next(&b->mods, &ofs));
    char *text = xasprintf("flow refused: %s: %s", name, flow);
    free(flow);
    return text;
}

/* The first refusal tells most. */
static void
note_refusal(struct bridge *b, uint32_t xid, enum ofperr error)
{
    if (!b->refusal) {
        size_t i = xid - b->first_xid;

        b->refusal = describe_refusal(b, xid, error);
        b->bad_mod = i < b->n_mods ? i + 1 : 0;
        b->bad_error = error;
    }
}

bool
bridge_update_receive_error(struct bridge *b, uint32_t xid, enum ofperr error)
{
    if (b->state < BRIDGE_STREAMING
        || xid - b->first_xid >= b->next_xid - b->first_xid) {
        return false;
    }
    note_refusal(b, xid, error);
    if (b->state == BRIDGE_STREAMING || b->state == BRIDGE_CLOSING) {
        b->state = BRIDGE_DISCARDING;
        send_control(b, OFPBCT_DISCARD_REQUEST);
    } else if (xid == b->control_xid) {
        /* Not committed; or there was nothing to discard. */
        refuse(b);
    }
    return true;
}

/* When a bundle may go out. */
long long int
bridge_update_at(const struct bridge *b)
{
    return (b->retry_msec && b->wanted == b->refused ? b->retry_at
            : b->n_pending ? b->repair_at
            : 0);
}

void
bridge_update_run(struct bridge *b)
{
    bridge_aside_run(b, false);
    if (!flowset_is_dirty(b->fs)) {
        bridge_publish(b, b->wanted);
    } else if (time_msec() >= bridge_update_at(b)) {
        start_bundle(b);
    }
}
