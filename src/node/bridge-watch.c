/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "bridge-watch.h"

#include <stdlib.h>

#include "byte-order.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-monitor.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/vlog.h"
#include "util.h"

#include "bridge-msg.h"

VLOG_DEFINE_THIS_MODULE(bridge_watch);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(6, 6);

struct batch {
    struct bridge_watch *watch;
    enum ofp_version version;
    void (*remove)(struct ofpbuf *, void *aux);
    void *aux;
    struct bridge_watch_result *result;
};

bool
bridge_watch_has_table(const struct bridge_watch *w, uint8_t table)
{
    return table >= w->first_table && table - w->first_table < w->n_tables;
}

static void
report_foreign(const struct batch *b, const struct flowset_flow *flow)
{
    if (!VLOG_DROP_WARN(&rl)) {
        char *text = bridge_msg_describe_flow(flow);

        VLOG_WARN("removing a flow of somebody else from a table of ours: %s",
                  text);
        free(text);
    }
    b->result->n_foreign++;
}

/* 'flow' is not ours.  It takes the place of ours if it is equal but for the
 * actions. */
static void
handle_foreign(const struct batch *b, const struct flowset_flow *flow)
{
    bool replaced = flowset_observe_one(b->watch->fs, flow, true);

    b->result->n_tampered += replaced;
    if (bridge_watch_has_table(b->watch, flow->table)) {
        if (!replaced) {
            report_foreign(b, flow);
        }
        b->remove(bridge_msg_delete(flow, b->version), b->aux);
    }
}

static void
handle_flow(const struct batch *b, const struct ofputil_flow_update *update)
{
    struct bridge_watch *w = b->watch;
    struct flowset_flow flow = {
        .table = update->table_id,
        .priority = update->priority,
        .cookie = ntohll(update->cookie),
        .match = update->match,
        .ofpacts = CONST_CAST(struct ofpact *, update->ofpacts),
        .ofpacts_len = update->ofpacts_len,
    };
    bool gone = update->event == OFPFME_REMOVED;

    if ((update->cookie ^ w->cookie) & w->cookie_mask) {
        if (!gone) {
            handle_foreign(b, &flow);
        }
    } else if (w->paused) {
        b->result->incomplete = true;   /* Perhaps our own change. */
    } else {
        b->result->n_tampered += flowset_observe_one(w->fs, &flow, gone);
    }
}

static void
handle_update(const struct batch *b, const struct ofputil_flow_update *update)
{
    switch (update->event) {
    case OFPFME_INITIAL:
    case OFPFME_ADDED:
    case OFPFME_REMOVED:
    case OFPFME_MODIFIED:
        handle_flow(b, update);
        break;

    case OFPFME_PAUSED:
        b->watch->paused = true;
        break;

    case OFPFME_RESUMED:
        b->watch->paused = false;
        b->result->incomplete = true;
        break;

    case OFPFME_ABBREV:
        break;                  /* Our own. */
    }
}

int
bridge_watch_receive(struct bridge_watch *w, struct ofpbuf *msg,
                     void (*remove)(struct ofpbuf *, void *aux), void *aux,
                     struct bridge_watch_result *result)
{
    const struct ofp_header *oh = msg->data;
    struct batch batch = { w, oh->version, remove, aux, result };
    struct ofputil_flow_update update;
    struct ofpbuf ofpacts;
    int error;

    *result = (struct bridge_watch_result) { .n_tampered = 0 };
    ofpbuf_init(&ofpacts, 0);
    while (!(error = ofputil_decode_flow_update(&update, msg, &ofpacts))) {
        handle_update(&batch, &update);
    }
    ofpbuf_uninit(&ofpacts);
    return error == EOF ? 0 : error;
}
