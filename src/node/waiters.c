/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "waiters.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ovs-json.h"

#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"

struct waiter {
    struct ovs_list node;
    struct unixctl_conn *conn;
    uint64_t ticket;
    bool sources_done;
    uint64_t generation;        /* If 'sources_done'. */
    long long int deadline;
};

struct waiters {
    struct ovs_list list;
};

struct waiters *
waiters_create(void)
{
    struct waiters *ws = xmalloc(sizeof *ws);

    ovs_list_init(&ws->list);
    return ws;
}

void
waiters_add(struct waiters *ws, struct unixctl_conn *conn, uint64_t ticket,
            long long int timeout)
{
    struct waiter *w = xzalloc(sizeof *w);

    w->conn = conn;
    w->ticket = ticket;
    w->deadline = time_msec() + timeout;
    ovs_list_push_back(&ws->list, &w->node);
}

static void
dismiss(struct waiter *w)
{
    ovs_list_remove(&w->node);
    free(w);
}

void
waiters_destroy(struct waiters *ws)
{
    struct waiter *w;

    if (ws) {
        LIST_FOR_EACH_SAFE (w, node, &ws->list) {
            unixctl_command_reply_error(w->conn, "the daemon stops");
            dismiss(w);
        }
        free(ws);
    }
}

void
waiters_sources(struct waiters *ws, waiters_ticket_cb *is_read, void *aux,
                uint64_t generation)
{
    struct waiter *w;

    LIST_FOR_EACH (w, node, &ws->list) {
        if (!w->sources_done && is_read(w->ticket, aux)) {
            w->sources_done = true;
            w->generation = generation;
        }
    }
}

static void
reply_in_switch(struct waiter *w)
{
    char *reply = xasprintf("generation %"PRIu64" is in the switch",
                            w->generation);

    unixctl_command_reply(w->conn, reply);
    free(reply);
}

static void
reply_timeout(struct waiter *w, const char *problem)
{
    char *reply = xasprintf("timed out: %s",
                            problem ? problem
                            : w->sources_done ? "the switch is not up to date"
                            : "the sources have not been read again yet");

    unixctl_command_reply_error(w->conn, reply);
    free(reply);
}

void
waiters_switch(struct waiters *ws, bool in_sync, uint64_t generation,
               const char *problem)
{
    struct waiter *w;

    LIST_FOR_EACH_SAFE (w, node, &ws->list) {
        if (w->sources_done && in_sync && generation >= w->generation) {
            reply_in_switch(w);
            dismiss(w);
        } else if (time_msec() >= w->deadline) {
            reply_timeout(w, problem);
            dismiss(w);
        }
    }
}

void
waiters_wait(const struct waiters *ws)
{
    struct waiter *w;

    LIST_FOR_EACH (w, node, &ws->list) {
        poll_timer_wait_until(w->deadline);
    }
}
