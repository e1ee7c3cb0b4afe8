/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "bridge-private.h"

#include <stdlib.h>

#include "openvswitch/ofpbuf.h"
#include "openvswitch/rconn.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

#include "bridge-msg.h"
#include "flowset.h"

VLOG_DEFINE_THIS_MODULE(bridge_aside);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(6, 6);

/* With the doubling below, enough for any table. */
#define MAX_SPLITS 20
#define MIN_ASIDE_MSEC 2000
#define MAX_ASIDE_MSEC 60000

void
bridge_leave_out(struct bridge *b, bridge_may_cb *may, void *aux)
{
    b->may_leave_out = may;
    b->may_aux = aux;
}

static bool
set_aside(struct bridge *b, const struct ofp_header *flow_mod, int table)
{
    struct flowset_change change;
    struct ofpbuf ofpacts;
    bool ok;

    ofpbuf_init(&ofpacts, 0);
    ok = (bridge_msg_read_change(flow_mod, &change, &ofpacts)
          && !change.delete
          && (table < 0 || change.flow.table == table)
          && b->may_leave_out(&change.flow, b->may_aux)
          && flowset_set_aside(b->fs, &change.flow));
    ofpbuf_uninit(&ofpacts);
    return ok;
}

static int
mod_table(const struct ofp_header *flow_mod)
{
    struct flowset_change change;
    struct ofpbuf ofpacts;
    int table;

    ofpbuf_init(&ofpacts, 0);
    table = (bridge_msg_read_change(flow_mod, &change, &ofpacts)
             ? change.flow.table : -1);
    ofpbuf_uninit(&ofpacts);
    return table;
}

/* A table that is full takes no other flow either.  The switch names one at a
 * time, so after each time twice as many go with it. */
static void
set_more_aside(struct bridge *b, size_t ofs, int table)
{
    size_t more = (1u << b->n_splits) - 1;
    const struct ofp_header *flow_mod;

    while (more && (flow_mod = bridge_msg_next(&b->mods, &ofs))) {
        more -= set_aside(b, flow_mod, table);
    }
}

bool
bridge_aside_split(struct bridge *b, const char *why)
{
    const struct ofp_header *flow_mod = NULL;
    size_t ofs = 0;

    if (!b->may_leave_out || !b->bad_mod || b->n_splits >= MAX_SPLITS) {
        return false;
    }
    for (size_t i = 0; i < b->bad_mod; i++) {
        flow_mod = bridge_msg_next(&b->mods, &ofs);
    }
    if (!set_aside(b, flow_mod, -1)) {
        return false;
    }
    if (b->bad_error == OFPERR_OFPFMFC_TABLE_FULL) {
        set_more_aside(b, ofs, mod_table(flow_mod));
    }
    if (!b->n_splits++ && !b->aside) {
        VLOG_WARN_RL(&rl, "%s: %s: left out", rconn_get_name(b->rconn), why);
    }
    free(b->aside);
    b->aside = xstrdup(why);
    return true;
}

void
bridge_aside_settle(struct bridge *b)
{
    b->n_splits = 0;
    if (!flowset_count_aside(b->fs)) {
        free(b->aside);
        b->aside = NULL;
        b->aside_msec = 0;
        b->aside_at = 0;
    } else if (!b->aside_at) {
        b->aside_msec = (b->aside_msec
                         ? MIN(b->aside_msec * 2, MAX_ASIDE_MSEC)
                         : MIN_ASIDE_MSEC);
        b->aside_at = time_msec() + b->aside_msec;
    }
}

void
bridge_aside_run(struct bridge *b, bool now)
{
    if (now || (b->aside_at && time_msec() >= b->aside_at)) {
        b->aside_at = 0;
        flowset_retry_aside(b->fs);
    }
}
