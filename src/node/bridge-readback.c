/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "bridge-private.h"

#include <inttypes.h>
#include <stdlib.h>

#include "byte-order.h"
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

/* Until we ask again whether we may. */
#define BARRED_MSEC 5000

/* True if flows of others matter. */
static bool
wants_all(const struct bridge *b)
{
    return b->census.flow || b->watch.n_tables;
}

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
    bridge_send_msg(b, bridge_msg_flow_request(
                        bridge_version(b), b->readback_xid, b->cookie,
                        wants_all(b) ? 0 : b->cookie_mask));
}

void
bridge_note_tampering(struct bridge *b, uint64_t n)
{
    b->status.n_tampered += n;
    b->n_pending += n;
}

/* A read-back that is complete. */
struct readback {
    struct bridge *bridge;
    uint64_t n_ours;
    struct ovs_list removals;   /* Contains "struct ofpbuf"s: flow_mods that
                                 * delete flows of others from our tables. */
    size_t n_removals;
    char *first_removal;
};

static void
add_removal(struct readback *r, const struct flowset_flow *flow)
{
    struct ofpbuf *msg = bridge_msg_delete(flow, bridge_version(r->bridge));

    ovs_list_push_back(&r->removals, &msg->list_node);
    if (!r->n_removals++) {
        r->first_removal = bridge_msg_describe_flow(flow);
    }
}

static void
see_flow(const struct flowset_flow *flow, void *readback_)
{
    struct readback *r = readback_;
    struct bridge *b = r->bridge;

    if (!((htonll(flow->cookie) ^ b->cookie) & b->cookie_mask)) {
        flowset_observe(b->fs, flow);
        r->n_ours++;
    } else if (bridge_watch_has_table(&b->watch, flow->table)) {
        add_removal(r, flow);
    }
    if (b->census.flow) {
        b->census.flow(flow, b->census.aux);
    }
}

/* Returns 0 or an error, after which nothing is known for sure. */
static int
read_replies(struct readback *r, size_t *n_surprises)
{
    struct bridge *b = r->bridge;
    struct ofpbuf *reply;
    int error = 0;

    if (b->census.begin) {
        b->census.begin(b->census.aux);
    }
    flowset_observe_begin(b->fs);
    LIST_FOR_EACH_POP (reply, list_node, &b->replies) {
        if (!error) {
            error = bridge_msg_for_each_flow(reply, see_flow, r);
        }
        ofpbuf_delete(reply);
    }
    *n_surprises = flowset_observe_end(b->fs);
    return error;
}

static void
send_removals(struct readback *r)
{
    struct bridge *b = r->bridge;
    struct ofpbuf *msg;

    if (b->held) {
        b->postponed |= r->n_removals > 0;
        return;
    }
    if (r->n_removals) {
        VLOG_WARN("%s: removing %"PRIuSIZE" flows of somebody else from our "
                  "tables, the first: %s", rconn_get_name(b->rconn),
                  r->n_removals, r->first_removal);
        b->status.n_foreign += r->n_removals;
    }
    LIST_FOR_EACH_POP (msg, list_node, &r->removals) {
        rconn_send(b->rconn, msg, b->removals);
    }
}

/* All is known.  The first time this is when we are let in, or not. */
static void
apply_readback(struct readback *r, size_t n_surprises)
{
    struct bridge *b = r->bridge;
    char *refusal = b->census.end ? b->census.end(b->census.aux) : NULL;

    if (refusal) {
        free(b->error);
        b->error = refusal;
        b->state = BRIDGE_BARRED;
        b->readback_at = time_msec() + BARRED_MSEC;
        return;
    }
    b->status.n_readback = r->n_ours;
    b->again |= b->missed;
    b->missed = false;
    b->permitted = true;
    b->state = BRIDGE_IDLE;
    send_removals(r);
    if (b->audit) {
        bridge_note_tampering(b, n_surprises);
    }
}

static void
finish_readback(struct bridge *b)
{
    struct readback r = { .bridge = b };
    size_t n_surprises;
    int error;

    ovs_list_init(&r.removals);
    error = read_replies(&r, &n_surprises);
    if (error) {
        VLOG_WARN_RL(&rl, "%s: cannot read flows (%s), reconnecting",
                     rconn_get_name(b->rconn), ofperr_to_string(error));
        rconn_reconnect(b->rconn);
    } else {
        apply_readback(&r, n_surprises);
    }
    ofpbuf_list_delete(&r.removals);
    free(r.first_removal);
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
    bool due = time_msec() >= b->readback_at;

    return (b->state == BRIDGE_BARRED ? due
            : b->again || (b->readback_msec && due));
}

void
bridge_readback_audit(struct bridge *b)
{
    bridge_readback_start(b);
    b->audit = true;
}
