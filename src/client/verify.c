/* SPDX-License-Identifier: Apache-2.0
 *
 * `verify`: holds the flows against the policies. */

#include <config.h>

#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "compile.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "openvswitch/vconn.h"
#include "pipeline.h"
#include "proof.h"
#include "switch.h"
#include "terminal.h"
#include "util.h"

/* The daemon works on while we look; try again so often when what it knows has
 * changed meanwhile. */
#define MAX_TRIES 5
#define WAIT_MSEC "10000"

static void
proof_init(struct proof *p)
{
    memset(p, 0, sizeof *p);
    objects_init(&p->objects);
    svec_init(&p->differences);
}

static void
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

/* The run. */

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

    char *error = switch_open(p->bridge, &vconn);
    if (!error) {
        error = read_switch(p, vconn);
        vconn_close(vconn);
    }
    return error;
}

/* Gets objects and flows. */
static bool
collect(struct proof *p, const struct client_command *command,
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

/* What the daemon knows is in the switch, soon. */
static void
settle(const struct client_command *command, const char *target)
{
    const char *const words[] = { WAIT_MSEC };
    char *reply, *error;

    if (client_ask(target, "wait", 1, words, &reply, &error)) {
        client_complain("%s: wait: %s", command->name, error);
        free(error);
    } else {
        free(reply);
    }
}

/* True if the daemon's model is the one that we have. */
static bool
is_current(const struct proof *p, const char *target)
{
    const char *const words[] = { "-o", "json" };
    char *reply, *error;

    if (client_ask(target, "status", 2, words, &reply, &error)) {
        free(error);
        return true;            /* Gone; nothing changes any more. */
    }
    struct json *json = json_from_string(reply);
    const struct json *generation
        = (json->type == JSON_OBJECT
           ? shash_find_data(json_object(json), "generation") : NULL);
    const struct json *model
        = (generation && generation->type == JSON_OBJECT
           ? shash_find_data(json_object(generation), "model") : NULL);
    bool current = (model && model->type == JSON_INTEGER
                    && (uint64_t) json_integer(model)
                       == p->objects.node.generation);
    json_destroy(json);
    free(reply);
    return current;
}

/* As collect(), but objects and flows belong together. */
static bool
collect_in_agreement(struct proof *p, const struct client_command *command,
                     const struct client_options *options)
{
    bool offline = options->dir || options->files.n;

    for (int i = 0; i < MAX_TRIES; i++) {
        proof_uninit(p);
        proof_init(p);
        if (!offline) {
            settle(command, options->target);
        }
        if (!collect(p, command, options)) {
            return false;
        } else if (offline || is_current(p, options->target)) {
            return true;
        }
    }
    client_complain("%s: the cluster changes all the time; what is wrong "
                    "below may be right in a moment", command->name);
    return true;
}

int
client_verify(const struct client_command *command,
              const struct client_options *options,
              const char *const args[] OVS_UNUSED)
{
    struct proof p;
    int code = CLIENT_ERROR;

    proof_init(&p);
    if (collect_in_agreement(&p, command, options)) {
        p.plan = verify_plan_create(&p.verify);
        verify_run(&p.verify, p.plan, options->max_cells, &p.result);

        char *text = (options->format == CLIENT_JSON
                      ? proof_to_json(&p)
                      : proof_to_text(&p, client_wants_colour(stdout)));
        client_print(text);
        free(text);
        code = proof_is_ok(&p) ? CLIENT_OK : CLIENT_NO;
    }
    proof_uninit(&p);
    return code;
}
