/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "counters.h"

#include <errno.h>
#include <stdlib.h>

#include "byte-order.h"
#include "openvswitch/list.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"

#include "bridge-msg.h"
#include "bridge.h"
#include "ledger.h"
#include "pipeline.h"

VLOG_DEFINE_THIS_MODULE(counters);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

/* The kinds of flows that count. */
static const enum cookie_kind kinds[] = {
    COOKIE_RULE, COOKIE_DENY, COOKIE_DROP, COOKIE_AUDIT,
};
#define KIND_MASK (UINT64_C(0xff) << 40)

/* Somebody who asked "counters". */
struct waiter {
    struct ovs_list node;
    struct unixctl_conn *conn;
    uint64_t reading;           /* Answered when this one is over. */
};

struct counters {
    struct bridge *bridge;
    struct ledger *ledger;
    int msec;
    long long int wanted_until; /* By time_msec(). */
    long long int read_at;      /* The next reading. */
    size_t n_open;              /* Requests of the reading under way. */
    int error;                  /* Of the reading under way. */
    uint64_t n_begun;           /* Readings. */
    uint64_t n_readings, n_failures;
    struct ovs_list waiters;    /* "struct waiter", oldest first. */
};

/* unixctl keeps a command for ever; this is who answers it now, or NULL. */
static struct counters *the_counters;
static unixctl_cb_func handle_counters;

static void
register_command(struct counters *c)
{
    static bool registered;

    the_counters = c;
    if (!registered) {
        unixctl_command_register("counters", "", 0, 0, handle_counters, NULL);
        registered = true;
    }
}

struct counters *
counters_create(struct bridge *bridge, struct compile *compile, int msec,
                size_t max)
{
    struct counters *c = xzalloc(sizeof *c);

    c->bridge = bridge;
    c->ledger = ledger_create(compile, max);
    c->msec = msec;
    ovs_list_init(&c->waiters);
    register_command(c);
    return c;
}

static void
answer(struct waiter *w, const char *error, const char *text)
{
    if (error) {
        unixctl_command_reply_error(w->conn, error);
    } else {
        unixctl_command_reply(w->conn, text);
    }
    ovs_list_remove(&w->node);
    free(w);
}

static void
answer_all(struct counters *c, const char *error)
{
    struct waiter *w;

    LIST_FOR_EACH_SAFE (w, node, &c->waiters) {
        answer(w, error, NULL);
    }
}

void
counters_destroy(struct counters *c)
{
    if (c) {
        the_counters = NULL;
        answer_all(c, "the daemon stops");
        bridge_forget(c->bridge, c);
        ledger_destroy(c->ledger);
        free(c);
    }
}

/* Reading. */

/* Gives the flows of 'reply' to the ledger.  Returns 0 or an error. */
static int
read_reply(struct ledger *ledger, struct ofpbuf *reply)
{
    struct ofpbuf ofpacts;
    int error;

    ofpbuf_init(&ofpacts, 0);
    for (;;) {
        struct ofputil_flow_stats stats;

        ofpbuf_clear(&ofpacts);
        error = ofputil_decode_flow_stats_reply(&stats, reply, false,
                                                &ofpacts);
        if (error) {
            break;
        }
        if (stats.packet_count == UINT64_MAX) {
            continue;           /* Unknown. */
        }
        ledger_read(ledger, &(struct ledger_flow) {
            .table = stats.table_id,
            .priority = stats.priority,
            .cookie = ntohll(stats.cookie),
            .match = &stats.match,
            .count = { stats.packet_count, stats.byte_count },
        });
    }
    ofpbuf_uninit(&ofpacts);
    return error == EOF ? 0 : error;
}

static void
finish(struct counters *c)
{
    struct waiter *w;
    char *text;

    ledger_finish(c->ledger, !c->error);
    if (c->error) {
        c->n_failures++;
        VLOG_INFO_RL(&rl, "cannot read the counters of flows (%s)",
                     ofperr_to_string(c->error));
        answer_all(c, "the switch does not tell");
        return;
    }
    c->n_readings++;
    text = ovs_list_is_empty(&c->waiters) ? NULL : counters_format(c->ledger);
    LIST_FOR_EACH_SAFE (w, node, &c->waiters) {
        if (w->reading <= c->n_begun) {
            answer(w, NULL, text);
        }
    }
    free(text);
}

static void
receive(struct bridge *bridge OVS_UNUSED, struct ofpbuf *reply, int error,
        void *c_)
{
    struct counters *c = c_;

    if (reply) {
        error = read_reply(c->ledger, reply);
    }
    if (error && !c->error) {
        c->error = error;
    }
    if (!reply && !--c->n_open) {
        finish(c);
    }
}

static void
start(struct counters *c)
{
    c->n_begun++;
    c->n_open = ARRAY_SIZE(kinds);
    c->error = 0;
    c->read_at = time_msec() + c->msec;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        bridge_request(c->bridge,
                       bridge_msg_flow_request(
                           bridge_version(c->bridge), 0,
                           htonll(cookie_make(kinds[i], 0)),
                           htonll(COOKIE_MAGIC_MASK | KIND_MASK)),
                       receive, c);
    }
}

/* What is read before the switch agrees with us has nobody to tell it to. */
static bool
can_read(const struct counters *c)
{
    return !c->n_open && bridge_generation(c->bridge);
}

static bool
is_waited_for(const struct counters *c)
{
    return !ovs_list_is_empty(&c->waiters);
}

void
counters_run(struct counters *c)
{
    if (!can_read(c)) {
        if (!c->n_open && is_waited_for(c)) {
            answer_all(c, "no connection to the switch");
        }
    } else if (is_waited_for(c)
               || (time_msec() >= c->read_at
                   && time_msec() < c->wanted_until)) {
        start(c);
    }
}

void
counters_wait(struct counters *c)
{
    if (can_read(c)) {
        if (is_waited_for(c)) {
            poll_immediate_wake();
        } else if (c->read_at < c->wanted_until) {
            poll_timer_wait_until(c->read_at);
        }
    }
}

/* Questions. */

void
counters_want(struct counters *c)
{
    c->wanted_until = time_msec() + COUNTERS_WANTED_MSEC;
}

/* A reading that is under way may have passed what the asker means. */
static void
handle_counters(struct unixctl_conn *conn, int argc OVS_UNUSED,
                const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    struct counters *c = the_counters;
    struct waiter *w;

    if (!c) {
        unixctl_command_reply_error(conn, "all flows are being removed");
        return;
    }
    w = xmalloc(sizeof *w);
    w->conn = conn;
    w->reading = c->n_begun + 1;
    ovs_list_push_back(&c->waiters, &w->node);
    counters_want(c);
}

const struct ledger *
counters_ledger(const struct counters *c)
{
    return c->ledger;
}

uint64_t
counters_n_readings(const struct counters *c)
{
    return c->n_readings;
}

uint64_t
counters_n_failures(const struct counters *c)
{
    return c->n_failures;
}
