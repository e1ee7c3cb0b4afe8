/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "proof.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "compile.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vconn.h"
#include "pipeline.h"
#include "switch.h"
#include "terminal.h"
#include "util.h"

void
proof_init(struct proof *p)
{
    memset(p, 0, sizeof *p);
    objects_init(&p->objects);
    svec_init(&p->differences);
}

void
proof_uninit(struct proof *p)
{
    svec_destroy(&p->differences);
    verify_plan_destroy(p->plan);
    replica_destroy(p->replica);
    compile_destroy(p->compile);
    objects_uninit(&p->objects);
}

bool
proof_is_complete(const struct proof *p)
{
    return (p->result.n_checked == p->result.n_cells
            && !p->plan->incomplete);
}

bool
proof_is_ok(const struct proof *p)
{
    return !p->result.n_wrong && !p->n_missing && !p->n_foreign;
}

/* The flows of the switch. */

struct reading {
    struct proof *proof;
    struct flowset *wanted;
    struct ofputil_table_map *names;
};

static void
read_flow(const struct flowset_flow *flow, void *reading_)
{
    struct reading *r = reading_;

    replica_add(r->proof->replica, flow);
    flowset_observe(r->wanted, flow);
}

/* Of what is not ours just the match is known. */
static char *
describe(const struct reading *r, const struct flowset_change *change)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&s, change->delete ? "not ours: " : "missing or changed: ");
    flowset_format_flow(&change->flow, r->names, &s);
    if (change->delete) {
        char *actions = strstr(ds_cstr(&s), " actions=");

        ds_truncate(&s, actions ? actions - s.string : s.length);
    }
    return ds_steal_cstr(&s);
}

static void
note_difference(const struct flowset_change *change, void *reading_)
{
    struct reading *r = reading_;
    struct proof *p = r->proof;

    if (change->delete) {
        p->n_foreign++;
    } else {
        p->n_missing++;
    }
    if (p->differences.n < PROOF_MAX_DIFFERENCES) {
        svec_add_nocopy(&p->differences, describe(r, change));
    }
}

static void
choose_uplink(struct proof *p, const struct switch_port *ports, size_t n)
{
    bool closed = compile_config(p->compile)->closes_unknown;

    p->verify.uplink = switch_find_uplink(p->objects.model, closed,
                                          p->verify.gateway, ports, n);
}

static char *
read_switch(struct proof *p, struct vconn *vconn)
{
    const struct pipeline_config *config
        = &compile_config(p->compile)->pipeline;
    struct reading reading = {
        .proof = p,
        .wanted = compile_flowset(p->compile),
        .names = pipeline_table_map(config),
    };
    struct switch_port *ports;
    size_t n;

    flowset_observe_begin(reading.wanted);
    char *error = switch_for_each_flow(vconn, config, read_flow, &reading);
    flowset_observe_end(reading.wanted);
    if (!error) {
        flowset_take_delta(reading.wanted, note_difference, &reading);
        error = switch_get_ports(vconn, &ports, &n);
    }
    if (!error) {
        choose_uplink(p, ports, n);
        switch_ports_free(ports, n);
    }
    pipeline_table_map_destroy(reading.names);
    return error;
}

static char *
get_flows(struct proof *p)
{
    struct vconn *vconn;

    p->replica = replica_create(&compile_config(p->compile)->pipeline);
    if (!p->bridge) {
        replica_load(p->replica, compile_flowset(p->compile));
        choose_uplink(p, NULL, 0);
        return NULL;
    }

    char *error = objects_check_ports(&p->objects);
    if (!error) {
        error = switch_open(p->bridge, &vconn);
    }
    if (!error) {
        error = read_switch(p, vconn);
        vconn_close(vconn);
    }
    return error;
}

bool
proof_collect(struct proof *p, const struct client_command *command,
              const struct client_options *options)
{
    bool offline = options->dir || options->files.n;

    if (!objects_load(&p->objects, command, options)) {
        return false;
    }
    if (!p->objects.has_node || options->node) {
        objects_assume_node(&p->objects, options->node);
    }
    p->compile = objects_compile(&p->objects);
    p->bridge = (options->bridge ? options->bridge
                 : offline ? NULL : p->objects.node.bridge);
    p->verify = (struct verify) {
        .model = p->objects.model,
        .config = compile_config(p->compile),
        .compile = p->compile,
        .gateway = (p->objects.has_node ? p->objects.node.gateway
                    : ofp_to_u16(OFPP_LOCAL)),
    };

    char *error = get_flows(p);
    if (error) {
        client_complain("%s: %s", command->name, error);
        free(error);
        return false;
    }
    replica_seal(p->replica);
    p->verify.replica = p->replica;
    return true;
}
