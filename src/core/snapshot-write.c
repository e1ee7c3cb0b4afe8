/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "snapshot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "k8s.h"
#include "k8s-private.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "pipeline.h"
#include "sha1.h"
#include "sset.h"
#include "util.h"

/* Handed to the caller when there is that much. */
#define PIECE (64 * 1024)

void
snapshot_node_init(struct snapshot_node *node)
{
    *node = (struct snapshot_node) {
        .table_base = PIPELINE_DEFAULT_BASE,
        .zone = PIPELINE_DEFAULT_ZONE,
        .spoof_guard = true,
    };
}

void
snapshot_node_uninit(struct snapshot_node *node)
{
    free(node->bridge);
    free(node->gateway_port);
    snapshot_node_init(node);
}

/* The NodeState. */

static void
put_string(const char *name, const char *value, struct ds *s)
{
    if (value) {
        ds_put_format(s, "\"%s\":", name);
        json_string_escape(value, s);
        ds_put_char(s, ',');
    }
}

static const char *
bool_text(bool value)
{
    return value ? "true" : "false";
}

static void
write_refused(const struct model *model, struct ds *s)
{
    const char **names = sset_sort(model_refused(model));

    for (size_t i = 0; names[i]; i++) {
        ds_put_format(s, "%s\"%s\"", i ? "," : "", names[i]);
    }
    free(names);
}

static void
write_settings(const struct model *model, const struct snapshot_node *node,
               struct ds *s)
{
    size_t n;
    const struct prefix *cidrs = model_service_cidrs(model, &n);

    ds_put_cstr(s, "\"spec\":{");
    put_string("bridge", node->bridge, s);
    if (model_node_mark(model).mask) {
        ds_put_cstr(s, "\"nodeMark\":\"");
        model_mark_format(model_node_mark(model), s);
        ds_put_cstr(s, "\",");
    }
    put_string("attach", pipeline_attach_name(node->attach), s);
    if (node->attach == ATTACH_CHAIN) {
        ds_put_format(s, "\"nextTable\":%u,", node->next_table);
    }
    put_string("newPorts", node->closes_unknown ? "closed" : "open", s);
    put_string("enforcement", model_audit(model) ? "audit" : "enforce", s);
    ds_put_format(s, "\"tableBase\":%u,\"zone\":%u,\"established\":\"%s\","
                  "\"spoofGuard\":%s,\"reports\":%s,\"serviceCIDRs\":[",
                  node->table_base, node->zone,
                  node->recheck ? "recheck" : "keep",
                  bool_text(node->spoof_guard), bool_text(node->reports));
    for (size_t i = 0; i < n; i++) {
        ds_put_cstr(s, i ? ",\"" : "\"");
        prefix_format(&cidrs[i], s);
        ds_put_char(s, '"');
    }
    ds_put_cstr(s, "],\"refused\":[");
    write_refused(model, s);
    ds_put_format(s, "],\"limits\":{\"policy\":%"PRIu32",\"namespace\":%"
                  PRIu32",\"total\":%"PRIu32"}}", node->limits.policy,
                  node->limits.ns, node->limits.total);
}

static void
write_port(const struct model_port *port, struct ds *s)
{
    ds_put_char(s, '{');
    put_string("interface", port->interface, s);
    put_string("namespace", port->ns, s);
    put_string("pod", port->name, s);
    if (!eth_addr_is_zero(port->mac)) {
        ds_put_format(s, "\"mac\":\""ETH_ADDR_FMT"\",",
                      ETH_ADDR_ARGS(port->mac));
    }
    ds_put_format(s, "\"spoofGuard\":%s,\"ofport\":%"PRIu32"}",
                  bool_text(!port->unguarded), port->ofport);
}

static void
write_surroundings(const struct model *model, struct ds *s)
{
    size_t n;

    const struct in6_addr *addrs = model_node_addresses(model, &n);
    ds_put_cstr(s, "\"addresses\":[");
    for (size_t i = 0; i < n; i++) {
        ds_put_cstr(s, i ? ",\"" : "\"");
        address_format(&addrs[i], s);
        ds_put_char(s, '"');
    }

    const uint32_t *others = model_strangers(model, &n);
    ds_put_cstr(s, "],\"otherPorts\":[");
    for (size_t i = 0; i < n; i++) {
        ds_put_format(s, "%s%"PRIu32, i ? "," : "", others[i]);
    }

    const struct model_port *ports = model_ports(model, &n);
    ds_put_cstr(s, "],\"ports\":[");
    for (size_t i = 0; i < n; i++) {
        ds_put_cstr(s, i ? "," : "");
        write_port(&ports[i], s);
    }
    ds_put_char(s, ']');
}

static void
write_node(const struct model *model, const struct snapshot_node *node,
           struct ds *s)
{
    ds_put_cstr(s, "{\"apiVersion\":\""SNAPSHOT_API_VERSION"\","
                "\"kind\":\"NodeState\",");
    if (model_node_name(model)) {
        ds_put_cstr(s, "\"metadata\":{\"name\":");
        json_string_escape(model_node_name(model), s);
        ds_put_cstr(s, "},");
    }
    write_settings(model, node, s);
    ds_put_format(s, ",\"status\":{\"generation\":%"PRIu64",",
                  node->generation);
    if (node->written) {
        ds_put_cstr(s, "\"written\":\"");
        k8s_format_time(node->written, s);
        ds_put_cstr(s, "\",");
    }
    put_string("gatewayPort", node->gateway_port, s);
    ds_put_format(s, "\"gateway\":%"PRIu32",", node->gateway);
    write_surroundings(model, s);
    ds_put_cstr(s, "}}");
}

/* The document. */

struct writer {
    struct ds s;                /* Not handed on yet. */
    struct sha1_ctx sha1;       /* Of all that was. */
    snapshot_write_cb *cb;
    void *aux;
};

static void
hand_on(struct writer *w)
{
    sha1_update(&w->sha1, ds_cstr(&w->s), w->s.length);
    w->cb(ds_cstr(&w->s), w->s.length, w->aux);
    ds_clear(&w->s);
}

static void
write_kind(struct writer *w, const struct model *model, enum k8s_kind kind)
{
    size_t n;
    const struct k8s_object **objects = model_sorted(model, kind, &n);

    for (size_t i = 0; i < n; i++) {
        ds_put_cstr(&w->s, ",\n");
        k8s_write(objects[i], &w->s);
        if (w->s.length >= PIECE) {
            hand_on(w);
        }
    }
    free(objects);
}

/* What stands behind the part that the checksum covers. */
static void
write_seal(const uint8_t digest[SHA1_DIGEST_SIZE], struct ds *s)
{
    ds_put_format(s, ",\"metadata\":{\"checksum\":\"sha1:"SHA1_FMT"\"}}\n",
                  SHA1_ARGS(digest));
}

void
snapshot_write(const struct model *model, const struct snapshot_node *node,
               snapshot_write_cb *cb, void *aux)
{
    struct writer w = { .s = DS_EMPTY_INITIALIZER, .cb = cb, .aux = aux };
    uint8_t digest[SHA1_DIGEST_SIZE];

    sha1_init(&w.sha1);
    ds_put_cstr(&w.s, "{\"apiVersion\":\"v1\",\"kind\":\"List\","
                "\"items\":[\n");
    write_node(model, node, &w.s);
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        write_kind(&w, model, kind);
    }
    ds_put_cstr(&w.s, "\n]");
    hand_on(&w);
    sha1_final(&w.sha1, digest);
    write_seal(digest, &w.s);
    cb(ds_cstr(&w.s), w.s.length, aux);
    ds_destroy(&w.s);
}

bool
snapshot_is_intact(const char *text, size_t size)
{
    static const uint8_t any[SHA1_DIGEST_SIZE];
    struct ds seal = DS_EMPTY_INITIALIZER;
    uint8_t digest[SHA1_DIGEST_SIZE];
    bool intact = false;

    write_seal(any, &seal);
    if (size <= SNAPSHOT_MAX_SIZE && size >= seal.length) {
        size_t covered = size - seal.length;

        sha1_bytes(text, covered, digest);
        ds_clear(&seal);
        write_seal(digest, &seal);
        intact = !memcmp(text + covered, ds_cstr(&seal), seal.length);
    }
    ds_destroy(&seal);
    return intact;
}

static void
append(const char *text, size_t size, void *s)
{
    ds_put_buffer(s, text, size);
}

char *
snapshot_to_string(const struct model *model, const struct snapshot_node *node)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    snapshot_write(model, node, append, &s);
    return ds_steal_cstr(&s);
}
