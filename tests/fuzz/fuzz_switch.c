/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_switch: what a switch says.
 *
 * Either what comes on an OpenFlow connection of a bridge that has the flows
 * of a small cluster: flows that are read back, updates of the flow monitor,
 * packets that were denied.  Or, if the first byte is a character, what
 * ovs-ofctl and ovs-appctl print of it, for `ovs-netpol detrace`.
 *
 * Whatever the switch says it has, we know that and nothing else; what we then
 * send it is understood by Open vSwitch, and makes it have the flows of the
 * cluster.  After a message that we cannot read a new connection finds
 * them. */

#include <config.h>

#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "byte-order.h"
#include "detrace.h"
#include "flowset.h"
#include "node/audit-packet.h"
#include "node/audit-record.h"
#include "node/bridge-msg.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-msgs.h"
#include "ovs-json.h"
#include "pipeline.h"
#include "switch.h"
#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Longest description of a flow, in bytes. */
#define MAX_TEXT 1027

/* Text. */

/* Everything that is said about a line is on lines of its own, and blanks
 * around the line mean nothing. */
static void
try_line(const struct cluster *cluster, const char *line)
{
    struct ds out = DS_EMPTY_INITIALIZER, again = DS_EMPTY_INITIALIZER;
    char *wide = xasprintf(" %s ", line);
    size_t n = 0;

    detrace_line(cluster->detrace, line, "# ", &out);
    detrace_line(cluster->detrace, wide, "# ", &again);
    ovs_assert(!strcmp(ds_cstr(&out), ds_cstr(&again)));
    for (const char *s = ds_cstr(&out); *s; s = strchr(s, '\n') + 1) {
        ovs_assert(!strncmp(s, "# ", 2) && strchr(s, '\n'));
        ovs_assert(++n <= DETRACE_MAX_NAMES);
    }
    free(wide);
    ds_destroy(&out);
    ds_destroy(&again);
}

static void
try_text(const struct cluster *cluster, const uint8_t *data, size_t size)
{
    char *copy = xmemdup0((const char *) data, size), *rest = copy, *line;

    while ((line = strsep(&rest, "\n"))) {
        char *own = xstrdup(line);      /* Nothing is behind it. */

        try_line(cluster, own);
        free(own);
    }
    free(copy);
}

void
switch_try_flow_text(const struct cluster *cluster,
                     const struct flowset_flow *flow)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    char *text = bridge_msg_describe_flow(flow);

    ovs_assert(text[0] && strlen(text) <= MAX_TEXT);
    for (const char *p = text; *p; p++) {
        ovs_assert(*p >= ' ' && *p <= '~');
    }
    free(text);
    flowset_format_flow(flow, NULL, &s);
    try_line(cluster, ds_cstr(&s));
    ds_destroy(&s);
}

/* Packets. */

static bool
has_ports(uint8_t protocol)
{
    return (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP
            || protocol == IPPROTO_SCTP);
}

/* A packet that is reported has a record, which is JSON. */
static void
receive_packet(const struct cluster *cluster, const struct ofpbuf *msg)
{
    struct audit_packet p;

    if (!audit_packet_parse(msg->data, &p)) {
        return;
    }
    ovs_assert(!p.has_ports || has_ports(p.protocol));
    struct json *record = audit_record_create(&p, cluster->model,
                                              cluster->compile, "n1", 1, 0);
    char *text = json_to_string(record, 0);
    struct json *copy = json_from_string(text);

    ovs_assert(json_equal(record, copy));
    json_destroy(copy);
    free(text);
    json_destroy(record);
}

/* Messages. */

static void
receive(struct connection *c, struct ofpbuf *msg)
{
    const struct ofp_header *oh = msg->data;
    enum ofptype type;

    if (ofptype_decode(&type, oh) || oh->version != c->version) {
        return;
    } else if (type == OFPTYPE_FLOW_STATS_REPLY) {
        switch_receive_flows(c, msg);
    } else if (type == OFPTYPE_FLOW_MONITOR_STATS_REPLY) {
        switch_receive_updates(c, msg);
    } else if (type == OFPTYPE_PACKET_IN) {
        receive_packet(c->cluster, msg);
    }
}

/* The next message, at '*ofs' which moves on, or NULL if there is no whole one
 * any more (caller frees). */
static struct ofpbuf *
next_message(const uint8_t *data, size_t size, size_t *ofs)
{
    const uint8_t *start = data + *ofs;
    struct ofp_header oh;

    if (size - *ofs < sizeof oh) {
        return NULL;
    }
    memcpy(&oh, start, sizeof oh);
    size_t length = ntohs(oh.length);
    if (length < sizeof oh || length > size - *ofs) {
        return NULL;
    }
    *ofs += length;
    return ofpbuf_clone_data(start, length);
}

static void
try_connection(struct cluster *cluster, const uint8_t *data, size_t size)
{
    struct connection c = {
        .cluster = cluster,
        .version = data[0] == OFP14_VERSION ? OFP14_VERSION : OFP15_VERSION,
        .watch = {
            .fs = cluster->fs,
            .cookie = htonll(COOKIE_MAGIC),
            .cookie_mask = htonll(COOKIE_MAGIC_MASK),
            .first_table = PIPELINE_DEFAULT_BASE,
            .n_tables = N_TABLES,
        },
    };
    struct ofpbuf *msg;
    size_t ofs = 0;

    ovs_list_init(&c.replies);
    told_init(&c.told);
    told_copy(&c.told, &cluster->wanted);
    while (!c.lost && (msg = next_message(data, size, &ofs))) {
        receive(&c, msg);
        ofpbuf_delete(msg);
    }
    ofpbuf_list_delete(&c.replies);
    switch_read_wanted(&c);
    told_uninit(&c.told);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cluster *cluster = switch_cluster();

    if (size && data[0] < ' ' && data[0] != '\n') {
        try_connection(cluster, data, size);
    } else {
        try_text(cluster, data, size);
    }
    return 0;
}
