/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "bridge-private.h"

#include <inttypes.h>

#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/rconn.h"
#include "openvswitch/vlog.h"
#include "random.h"
#include "timeval.h"

#include "bridge-msg.h"
#include "flowset.h"

VLOG_DEFINE_THIS_MODULE(bridge_readback);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(6, 6);

void
bridge_readback_start(struct bridge *b)
{
    bridge_reset(b);
    b->readback_xid = b->next_xid++;
    b->state = BRIDGE_READBACK;
    b->audit = false;
    b->again = false;
    /* Nodes that started together need not do this together. */
    b->readback_at = (time_msec() + b->readback_msec
                      + random_range(b->readback_msec / 10 + 1));
    bridge_send_msg(b, bridge_msg_flow_request(bridge_version(b),
                                               b->readback_xid,
                                               b->cookie, b->cookie_mask));
}

void
bridge_note_tampering(struct bridge *b, uint64_t n)
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
        b->state = BRIDGE_IDLE;
        if (b->audit) {
            bridge_note_tampering(b, n_surprises);
        }
    }
}

void
bridge_readback_receive(struct bridge *b, const struct ofpbuf *msg)
{
    const struct ofp_header *oh = msg->data;

    if (b->state != BRIDGE_READBACK || ntohl(oh->xid) != b->readback_xid) {
        return;
    }

    struct ofpbuf *reply = ofpbuf_clone_data(oh, ntohs(oh->length));
    ovs_list_push_back(&b->replies, &reply->list_node);
    if (!ofpmp_more(oh)) {
        finish_readback(b);
    }
}

/* True if it is time to look whether all is as we believe. */
bool
bridge_readback_is_due(const struct bridge *b)
{
    return b->again || (b->readback_msec && time_msec() >= b->readback_at);
}

void
bridge_readback_audit(struct bridge *b)
{
    bridge_readback_start(b);
    b->audit = true;
}
