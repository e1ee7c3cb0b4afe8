/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "switch.h"

#include <stdlib.h>

#include "byte-order.h"
#include "dirs.h"
#include "flow.h"
#include "model.h"
#include "openvswitch/list.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-port.h"
#include "openvswitch/ofp-util.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/vconn.h"
#include "pipeline.h"
#include "socket-util.h"
#include "util.h"

#define VERSIONS ((1u << OFP14_VERSION) | (1u << OFP15_VERSION))
#define TIMEOUT_MSEC 5000

char *
switch_open(const char *bridge, struct vconn **vconn)
{
    char *name = xasprintf("unix:%s/%s.mgmt", ovs_rundir(), bridge);
    int error = vconn_open_block(name, VERSIONS, DSCP_DEFAULT, TIMEOUT_MSEC,
                                 vconn);
    char *message = (error
                     ? xasprintf("%s: %s", name, ovs_retval_to_string(error))
                     : NULL);

    free(name);
    return message;
}

static enum ofputil_protocol
get_protocol(const struct vconn *vconn)
{
    return ofputil_protocol_from_ofp_version(vconn_get_version(vconn));
}

/* Flows. */

static char *
dump_table(struct vconn *vconn, uint8_t table, uint64_t cookie,
           uint64_t cookie_mask, flowset_cb *cb, void *aux)
{
    struct ofputil_flow_stats_request request = {
        .cookie = htonll(cookie),
        .cookie_mask = htonll(cookie_mask),
        .out_port = OFPP_ANY,
        .out_group = OFPG_ANY,
        .table_id = table,
    };
    struct ofputil_flow_stats *all;
    size_t n;

    match_init_catchall(&request.match);
    int error = vconn_dump_flows(vconn, &request, get_protocol(vconn), &all,
                                 &n);
    if (error) {
        return xasprintf("%s: cannot read the flows of table %d: %s",
                         vconn_get_name(vconn), table,
                         ofperr_to_string(error));
    }
    for (size_t i = 0; i < n; i++) {
        struct flowset_flow flow = {
            .table = all[i].table_id,
            .priority = all[i].priority,
            .cookie = ntohll(all[i].cookie),
            .match = all[i].match,
            .ofpacts = CONST_CAST(struct ofpact *, all[i].ofpacts),
            .ofpacts_len = all[i].ofpacts_len,
        };

        cb(&flow, aux);
        free(CONST_CAST(struct ofpact *, all[i].ofpacts));
    }
    free(all);
    return NULL;
}

char *
switch_for_each_flow(struct vconn *vconn, const struct pipeline_config *config,
                     flowset_cb *cb, void *aux)
{
    char *error = dump_table(vconn, 0, COOKIE_MAGIC, COOKIE_MAGIC_MASK, cb,
                             aux);

    for (int t = 0; !error && t < N_TABLES; t++) {
        error = dump_table(vconn, pipeline_table(config, t), 0, 0, cb, aux);
    }
    return error;
}

/* Ports. */

static void
add_port(const struct ofputil_phy_port *port, struct switch_port **ports,
         size_t *n, size_t *allocated)
{
    if (*n >= *allocated) {
        *ports = x2nrealloc(*ports, allocated, sizeof **ports);
    }
    (*ports)[(*n)++] = (struct switch_port) {
        .number = ofp_to_u16(port->port_no),
        .name = xstrdup(port->name),
    };
}

static int
read_ports(const struct ofpbuf *reply, struct switch_port **ports, size_t *n,
           size_t *allocated)
{
    const struct ofp_header *oh = reply->data;
    struct ofpbuf b = ofpbuf_const_initializer(oh, ntohs(oh->length));
    struct ofputil_phy_port port;
    int error;

    ofpraw_pull_assert(&b);
    while (!(error = ofputil_pull_phy_port(oh->version, &b, &port))) {
        add_port(&port, ports, n, allocated);
    }
    return error == EOF ? 0 : error;
}

char *
switch_get_ports(struct vconn *vconn, struct switch_port **ports, size_t *n)
{
    struct ovs_list requests = OVS_LIST_INITIALIZER(&requests), replies;
    struct ofpbuf *request = ofputil_encode_port_desc_stats_request(
        vconn_get_version(vconn), OFPP_ANY);
    size_t allocated = 0;
    struct ofpbuf *reply;

    *ports = NULL;
    *n = 0;
    ovs_list_init(&replies);
    ovs_list_push_back(&requests, &request->list_node);
    int error = vconn_transact_multipart(vconn, &requests, &replies);
    LIST_FOR_EACH_POP (reply, list_node, &replies) {
        error = error ? error : read_ports(reply, ports, n, &allocated);
        ofpbuf_delete(reply);
    }
    if (!error) {
        return NULL;
    }
    switch_ports_free(*ports, *n);
    *ports = NULL;
    *n = 0;
    return xasprintf("%s: cannot read the ports: %s", vconn_get_name(vconn),
                     ofperr_to_string(error));
}

void
switch_ports_free(struct switch_port *ports, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(ports[i].name);
    }
    free(ports);
}

static uint32_t
find_stranger(const struct model *model, uint32_t gateway)
{
    size_t n;
    const uint32_t *ofports = model_strangers(model, &n);

    for (size_t i = 0; i < n; i++) {
        if (ofports[i] != gateway) {
            return ofports[i];
        }
    }
    return gateway;
}

uint32_t
switch_find_uplink(const struct model *model, bool closed, uint32_t gateway,
                   const struct switch_port *ports, size_t n)
{
    size_t n_pods;
    const struct model_port *pods = model_ports(model, &n_pods);
    uint32_t unused = gateway < MODEL_MAX_OFPORT ? gateway + 1 : 1;

    if (closed) {
        return find_stranger(model, gateway);
    }
    for (size_t i = 0; i < n; i++) {
        bool is_pod = false;

        for (size_t j = 0; j < n_pods; j++) {
            is_pod |= pods[j].ofport == ports[i].number;
        }
        if (!is_pod && ports[i].number != gateway
            && ports[i].number <= MODEL_MAX_OFPORT) {
            return ports[i].number;
        }
    }
    for (size_t j = 0; j < n_pods; j++) {
        unused = MAX(unused, pods[j].ofport + 1);
    }
    return MIN(unused, MODEL_MAX_OFPORT);
}
