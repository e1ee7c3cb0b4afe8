/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "agent-refusal.h"

#include <stdlib.h>

#include "bridge.h"
#include "compile.h"
#include "flowset.h"
#include "openvswitch/vlog.h"
#include "sset.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(agent_refusal);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(60, 30);

#define MAX_POLICIES 100

struct agent_refusal {
    struct compile *compile;
    struct sset policies;
    uint64_t n_left_out, n_refused;     /* When last looked at. */
};

struct agent_refusal *
agent_refusal_create(struct compile *compile)
{
    struct agent_refusal *ar = xzalloc(sizeof *ar);

    ar->compile = compile;
    sset_init(&ar->policies);
    return ar;
}

void
agent_refusal_destroy(struct agent_refusal *ar)
{
    if (ar) {
        sset_destroy(&ar->policies);
        free(ar);
    }
}

static bool
may_leave_out(const struct flowset_flow *flow, void *ar_)
{
    const struct agent_refusal *ar = ar_;

    return pipeline_only_allows(&compile_config(ar->compile)->pipeline,
                                flow->table, flow->cookie);
}

void
agent_refusal_attach(struct agent_refusal *ar, struct bridge *bridge)
{
    bridge_leave_out(bridge, may_leave_out, ar);
}

struct collection {
    const struct compile *compile;
    struct sset names;
};

static void
collect(const struct flowset_flow *flow, void *c_)
{
    struct collection *c = c_;

    if (sset_count(&c->names) < MAX_POLICIES) {
        compile_flow_policies(c->compile, flow, MAX_POLICIES, &c->names);
    }
}

void
agent_refusal_run(struct agent_refusal *ar, const struct bridge *bridge)
{
    struct collection c = { ar->compile, SSET_INITIALIZER(&c.names) };
    struct bridge_status status;
    const char *name;

    bridge_get_status(bridge, &status);
    if (status.n_left_out == ar->n_left_out
        && status.n_refused == ar->n_refused) {
        return;
    }
    ar->n_left_out = status.n_left_out;
    ar->n_refused = status.n_refused;
    flowset_for_each_aside(compile_flowset(ar->compile), collect, &c);
    SSET_FOR_EACH (name, &c.names) {
        if (!sset_contains(&ar->policies, name)) {
            VLOG_WARN_RL(&rl, "NetworkPolicy %s: the switch does not take a "
                         "flow of it, so it allows less than it says", name);
        }
    }
    sset_swap(&ar->policies, &c.names);
    sset_destroy(&c.names);
}

const struct sset *
agent_refusal_policies(const struct agent_refusal *ar)
{
    return &ar->policies;
}
