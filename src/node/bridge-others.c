/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "bridge-private.h"

#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/rconn.h"
#include "openvswitch/vlog.h"

#include "bridge-msg.h"

VLOG_DEFINE_THIS_MODULE(bridge_others);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(6, 6);

void
bridge_others_start(struct bridge *b)
{
    b->watch.paused = false;
    b->status.watched = b->readback_msec > 0;
    if (b->readback_msec) {
        b->monitor_xid = b->next_xid++;
        bridge_send_msg(b, bridge_msg_monitor_request(bridge_version(b),
                                                      b->monitor_xid));
    }
}

void
bridge_others_refused(struct bridge *b, enum ofperr error)
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

    if (b->held) {
        b->postponed = true;
        ofpbuf_delete(flow_mod);
    } else {
        rconn_send(b->rconn, flow_mod, b->removals);
    }
}

/* What 'msg' says may be older than what a read-back under way will say, or
 * newer. */
void
bridge_others_receive(struct bridge *b, struct ofpbuf *msg)
{
    if (!b->permitted) {
        b->missed = true;
        return;
    }

    struct bridge_watch_result result;
    int error = bridge_watch_receive(&b->watch, msg, remove_foreign, b,
                                     &result);

    if (error) {
        VLOG_WARN_RL(&rl, "%s: cannot read what others did (%s)",
                     rconn_get_name(b->rconn), ofperr_to_string(error));
    }
    b->status.n_foreign += result.n_foreign;
    bridge_note_tampering(b, result.n_tampered);
    if (error || result.incomplete
        || (b->state == BRIDGE_READBACK && result.n_tampered)) {
        b->again = true;
    }
}

/* True if as many removals wait as may: no more are taken from the switch. */
bool
bridge_others_is_flooded(const struct bridge *b)
{
    return (rconn_packet_counter_n_bytes(b->removals)
            >= BRIDGE_MAX_QUEUED_BYTES);
}
