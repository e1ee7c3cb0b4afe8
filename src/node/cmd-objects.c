/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd.h"

#include "ovs-json.h"

#include "audit.h"
#include "flow.h"
#include "model.h"
#include "pipeline.h"
#include "ports.h"
#include "settings.h"
#include "snapshot.h"
#include "timeval.h"

void
cmd_describe_node(const struct cmd_context *c, struct snapshot_node *node)
{
    const char *gateway_port = c->settings->gateway_port;

    *node = (struct snapshot_node) {
        .bridge = c->settings->bridge,
        .gateway_port = c->settings->gateway_port,
        .gateway = (gateway_port
                    ? ports_find_ofport(c->ports, gateway_port)
                    : ofp_to_u16(OFPP_LOCAL)),
        .table_base = c->settings->table_base,
        .zone = c->settings->zone,
        .recheck = c->settings->recheck,
        .attach = c->settings->attach,
        .next_table = c->pipeline->next_table,
        .spoof_guard = true,
        .reports = c->audit && audit_is_ready(c->audit),
        .limits = c->settings->limits,
        .closes_unknown = !c->settings->unknown_open,
        .generation = model_generation(c->model),
        .written = time_wall(),
    };
}

char *
cmd_objects(const struct cmd_context *c)
{
    struct snapshot_node node;

    cmd_describe_node(c, &node);
    return snapshot_to_string(c->model, &node);
}
