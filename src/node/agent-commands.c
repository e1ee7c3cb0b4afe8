/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "agent-private.h"

#include <stdlib.h>

#include "annotate.h"
#include "audit.h"
#include "compile.h"
#include "dir.h"
#include "kube.h"
#include "openvswitch/vlog.h"
#include "ports.h"
#include "unixctl.h"
#include "util.h"
#include "waiters.h"

#include "agent-refusal.h"
#include "agent-survey.h"

VLOG_DEFINE_THIS_MODULE(agent_commands);

/* `wait` without a number of milliseconds. */
#define DEFAULT_WAIT_MSEC 30000

static void
handle_wait(struct unixctl_conn *conn, int argc, const char *argv[],
            void *agent_)
{
    struct agent *a = agent_;
    unsigned int timeout = DEFAULT_WAIT_MSEC;

    if (argc > 1 && !str_to_uint(argv[1], 10, &timeout)) {
        unixctl_command_reply_error(conn, "want a number of milliseconds");
    } else if (a->cleanup) {
        unixctl_command_reply_error(conn, "the daemon is cleaning up");
    } else {
        uint64_t ticket = ports_sync_begin(a->ports);

        if (a->dir) {
            dir_refresh(a->dir);
        } else {
            kube_sync_begin(a->kube, ticket);
        }
        waiters_add(a->waiters, conn, ticket, timeout);
    }
}

static void
handle_flush(struct unixctl_conn *conn, int argc OVS_UNUSED,
             const char *argv[] OVS_UNUSED, void *agent_)
{
    struct agent *a = agent_;

    if (a->flush) {
        unixctl_command_reply_error(conn, "already under way");
        return;
    }
    VLOG_INFO("asked to remove all flows and stop");
    a->flush = conn;
    agent_start_cleanup(a);
}

static void
handle_flows(struct unixctl_conn *conn, int argc OVS_UNUSED,
             const char *argv[] OVS_UNUSED, void *agent_)
{
    const struct agent *a = agent_;
    char *text = annotate_flows(a->compile, a->model);

    unixctl_command_reply(conn, text);
    free(text);
}

void
agent_register_commands(struct agent *a)
{
    a->cmd = (struct cmd_context) {
        .settings = a->settings,
        .model = a->model,
        .dir = a->dir,
        .kube = a->kube,
        .ports = a->ports,
        .flowset = compile_flowset(a->compile),
        .pipeline = &compile_config(a->compile)->pipeline,
        .bridge = a->bridge,
        .policies = compile_policies(a->compile),
        .refused = agent_refusal_policies(a->refusal),
        .survey = agent_survey_last(a->survey),
        .health = a->health,
        .http = a->http,
        .state = a->state,
        .basis = &a->basis,
        .audit = a->audit,
    };
    cmd_register(&a->cmd);
    unixctl_command_register("wait", "[MILLISECONDS]", 0, 1, handle_wait, a);
    unixctl_command_register("flush", "", 0, 0, handle_flush, a);
    unixctl_command_register("flows", "", 0, 0, handle_flows, a);
}
