/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "agent-ports.h"

#include <stdlib.h>

#include "compile.h"
#include "flow.h"
#include "model.h"
#include "openvswitch/vlog.h"
#include "pipeline.h"
#include "ports.h"
#include "settings.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(agent_ports);

struct agent_ports {
    const struct settings *settings;
    struct ports *ports;
    struct model *model;
    struct compile *compile;
    char *problem;              /* NULL, or why the next table is not known, or
                                 * not any more. */
    unsigned int seqno;         /* Of 'ports' last put into the model. */
    uint64_t generation;        /* Of the model then. */
};

struct agent_ports *
agent_ports_create(const struct settings *settings, struct ports *ports,
                   struct model *model, struct compile *compile)
{
    struct agent_ports *ap = xzalloc(sizeof *ap);

    ap->settings = settings;
    ap->ports = ports;
    ap->model = model;
    ap->compile = compile;
    return ap;
}

void
agent_ports_destroy(struct agent_ports *ap)
{
    if (ap) {
        free(ap->problem);
        free(ap);
    }
}

static void
update_gateway(struct agent_ports *ap)
{
    const char *name = ap->settings->gateway_port;

    compile_set_gateway(ap->compile,
                        (name ? ports_find_ofport(ap->ports, name)
                         : ofp_to_u16(OFPP_LOCAL)));
}

/* NULL, or why 'table', -1 for none, is not where to send packets. */
static char *
next_table_problem(const struct agent_ports *ap, const char *name, int table)
{
    const struct pipeline_config *config
        = &compile_config(ap->compile)->pipeline;

    return (table < 0
            ? xasprintf("next-table: bridge %s has no table, or more than "
                        "one, with the name \"%s\"",
                        ap->settings->bridge, name)
            : !table || table > PIPELINE_MAX_TABLE
              || pipeline_has_table(config, table)
            ? xasprintf("next-table: \"%s\" is table %d, which cannot be "
                        "the next one", name, table)
            : NULL);
}

/* Resolves the name of the next table.  While there is no such name the last
 * number stays. */
static void
update_next_table(struct agent_ports *ap)
{
    const char *name = ap->settings->next_table;

    if (!name || settings_next_table(ap->settings)) {
        return;
    }

    int table = ports_find_table(ap->ports, name);
    char *problem = next_table_problem(ap, name, table);
    if (problem && !nullable_string_is_equal(problem, ap->problem)) {
        VLOG_WARN("%s", problem);
    }
    free(ap->problem);
    ap->problem = problem;
    if (!problem && compile_set_next_table(ap->compile, table)) {
        VLOG_INFO("what is allowed goes on to table %d, \"%s\"", table, name);
    }
}

static void
update_strangers(struct agent_ports *ap)
{
    uint32_t *ofports;
    size_t n = ports_get_strangers(ap->ports, ap->model, &ofports);

    model_set_strangers(ap->model, ofports, n);
    free(ofports);
}

/* Which pod a port belongs to may depend on the pods too, see
 * ports_get(). */
static bool
is_current(const struct agent_ports *ap)
{
    return (ports_seqno(ap->ports) == ap->seqno
            && model_generation(ap->model) == ap->generation);
}

void
agent_ports_run(struct agent_ports *ap)
{
    struct model_port *ports;
    size_t n;

    ports_run(ap->ports);
    if (!ports_is_ready(ap->ports) || is_current(ap)) {
        return;
    }
    n = ports_get(ap->ports, ap->model, &ports);
    for (size_t i = 0; i < n && ap->settings->no_spoof_guard; i++) {
        ports[i].unguarded = true;
    }
    model_set_ports(ap->model, ports, n);
    ports_free(ports, n);
    update_strangers(ap);
    update_gateway(ap);
    update_next_table(ap);
    ap->seqno = ports_seqno(ap->ports);
    ap->generation = model_generation(ap->model);
}

char *const *
agent_ports_problem(const struct agent_ports *ap)
{
    return &ap->problem;
}
