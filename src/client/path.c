/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "path.h"

#include <stdlib.h>
#include <string.h>

#include "annotate.h"
#include "client.h"
#include "compile.h"
#include "detrace.h"
#include "model.h"
#include "objects.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vconn.h"
#include "pipeline.h"
#include "replica.h"
#include "switch.h"
#include "util.h"
#include "verify.h"

/* The switch's daemon. */
#define VSWITCHD "ovs-vswitchd"

static const struct pipeline_config *
get_pipeline(const struct path *p)
{
    return &compile_config(p->compile)->pipeline;
}

static void
split_lines(const char *text, struct svec *lines)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        svec_add_nocopy(lines, xmemdup0(text, length));
        text += length + (text[length] == '\n');
    }
}

static uint32_t
get_gateway(const struct path *p)
{
    return (p->objects->has_node ? p->objects->node.gateway
            : ofp_to_u16(OFPP_LOCAL));
}

static uint32_t
find_uplink(const struct path *p, const struct switch_port *ports, size_t n)
{
    return switch_find_uplink(p->objects->model,
                              compile_config(p->compile)->closes_unknown,
                              get_gateway(p), ports, n);
}

/* The packet, if what comes from elsewhere comes from 'uplink'. */
static void
make_packet(struct path *p, const struct replica *replica, uint32_t uplink)
{
    const struct verify v = {
        .model = p->objects->model,
        .config = compile_config(p->compile),
        .replica = replica,
        .gateway = get_gateway(p),
        .uplink = uplink,
    };

    verify_packet(&v, &p->query, &p->packet);
}

/* Sends it through the compiled flows. */
static void
run_flows(struct path *p)
{
    struct replica *replica = replica_create(get_pipeline(p));
    struct ds text = DS_EMPTY_INITIALIZER;
    struct replica_outcome outcome;

    replica_load(replica, compile_flowset(p->compile));
    replica_seal(replica);
    make_packet(p, replica, find_uplink(p, NULL, 0));
    replica_send(replica, &p->packet, CS_TRACKED | CS_NEW, &outcome, &text);
    p->passes = outcome.passed;
    split_lines(ds_cstr(&text), &p->flows);
    ds_destroy(&text);
    replica_destroy(replica);
}

void
path_init(struct path *p, struct objects *objects,
          const struct verdict_query *query)
{
    const struct verdict_endpoint *ends[] = { &query->src, &query->dst };

    memset(p, 0, sizeof *p);
    p->objects = objects;
    p->query = *query;
    p->compile = objects_compile(objects);
    p->annotation = annotation_create(p->compile, objects->model);
    p->detrace = detrace_create(p->annotation, objects->model,
                                get_pipeline(p));
    svec_init(&p->flows);
    svec_init(&p->trace);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        p->enforces[d] = (ends[d]->pod
                          && model_pod_is_local(objects->model, ends[d]->pod));
    }
    p->expected = verify_expect(objects->model, query);
    run_flows(p);
}

void
path_uninit(struct path *p)
{
    svec_destroy(&p->flows);
    svec_destroy(&p->trace);
    free(p->bridge);
    free(p->command);
    detrace_destroy(p->detrace);
    annotation_destroy(p->annotation);
    compile_destroy(p->compile);
}

bool
path_agrees(const struct path *p)
{
    return (p->passes == p->expected
            && (!p->bridge || p->switch_passes == p->expected));
}

/* The switch. */

static char *
find_entry_port(struct path *p, const char *bridge)
{
    struct switch_port *ports;
    struct vconn *vconn;
    size_t n;

    char *error = switch_open(bridge, &vconn);
    if (!error) {
        error = switch_get_ports(vconn, &ports, &n);
        vconn_close(vconn);
    }
    if (!error) {
        make_packet(p, NULL, find_uplink(p, ports, n));
        switch_ports_free(ports, n);
    }
    return error;
}

/* The table that a line of the trace is about, or -1. */
static int
line_table(const char *line)
{
    const char *s = line + strspn(line, " ");
    size_t n = strspn(s, "0123456789");

    return n && s[n] == '.' && s[n + 1] == ' ' ? atoi(s) : -1;
}

/* Sees in the trace which of our last tables it came to. */
static void
read_trace(struct path *p)
{
    int output = pipeline_table(get_pipeline(p), TABLE_OUTPUT);
    bool dropped = false;
    const char *line;
    size_t i;

    SVEC_FOR_EACH (i, line, &p->trace) {
        p->switch_passes |= line_table(line) == output;
        if (!strncmp(line, "Datapath actions: ", 18)) {
            dropped = !strcmp(line + 18, "drop");
        }
    }
    p->bridge_drops = p->switch_passes && dropped;
}

char *
path_ask_switch(struct path *p, const char *bridge)
{
    struct ds flow = DS_EMPTY_INITIALIZER;
    char *reply;

    char *error = find_entry_port(p, bridge);
    if (error) {
        return error;
    }
    verify_packet_format(&p->packet, &flow);
    const char *const words[] = {
        bridge, ds_cstr(&flow), "--ct-next", "trk,new"
    };
    p->command = xasprintf("ovs-appctl ofproto/trace %s '%s' --ct-next "
                           "trk,new", bridge, ds_cstr(&flow));
    if (!client_ask(VSWITCHD, "ofproto/trace", ARRAY_SIZE(words), words,
                    &reply, &error)) {
        error = NULL;
        split_lines(reply, &p->trace);
        free(reply);
        p->bridge = xstrdup(bridge);
        read_trace(p);
    }
    ds_destroy(&flow);
    return error;
}
