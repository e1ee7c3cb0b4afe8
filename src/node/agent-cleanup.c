/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "agent-private.h"

#include <stdlib.h>

#include "audit.h"
#include "bridge.h"
#include "flowset.h"
#include "ports.h"
#include "smap.h"
#include "unixctl.h"
#include "util.h"

void
agent_start_cleanup(struct agent *a)
{
    const struct smap nothing = SMAP_INITIALIZER(&nothing);

    a->cleanup = true;
    agent_stop_observers(a);
    a->empty = flowset_create(NULL, NULL);
    agent_connect_bridge(a, a->empty);
    bridge_enable(a->bridge);
    ports_clear_table_names(a->ports);
    ports_set_ready(a->ports, &nothing);
}

/* When the flows that name them are gone. */
static void
remove_meters(struct agent *a)
{
    if (!a->audit) {
        char *target = agent_bridge_target(a);

        a->audit = audit_create_cleanup(target);
        free(target);
    }
    audit_run(a->audit);
}

void
agent_run_cleanup(struct agent *a)
{
    ports_run(a->ports);
    bridge_set_generation(a->bridge, 1);
    bridge_run(a->bridge);
    if (bridge_generation(a->bridge)) {
        remove_meters(a);
    }
    if (a->flush && agent_is_done(a)) {
        unixctl_command_reply(a->flush, "all flows are removed, "
                              "the daemon stops");
        a->flush = NULL;
    }
}

const char *
agent_cleanup_problem(const struct agent *a, bool *hopeless)
{
    const char *problem = ports_problem(a->ports);
    struct bridge_status status;

    *hopeless = ports_is_bridge_missing(a->ports);
    if (problem) {
        return problem;
    }
    bridge_get_status(a->bridge, &status);
    return (!status.connected ? "no connection to the switch"
            : status.error ? status.error
            : "the switch or its database does not answer");
}

bool
agent_is_done(const struct agent *a)
{
    return a->cleanup && bridge_generation(a->bridge)
           && ports_is_settled(a->ports)
           && a->audit && audit_is_settled(a->audit);
}
