/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects back to JSON. */

#include <config.h>

#include <inttypes.h>
#include <string.h>

#include "ovs-json.h"

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "k8s-write.h"
#include "label.h"

/* No more than an object may have by default: see k8s_limits. */
#define MAX_CONTAINER_PORTS 1000

static void
write_namespace(const struct k8s_namespace *ns, struct ds *s)
{
    k8s_write_head(&ns->up, NULL, s);
    k8s_write_labels(&ns->up, ns->labels, s);
    if (ns->enforcement != K8S_ENFORCEMENT_UNSET) {
        ds_put_format(s, ",\"annotations\":{\"%s\":\"%s\"}",
                      K8S_ENFORCEMENT_ANNOTATION,
                      k8s_enforcement_name(ns->enforcement));
    }
    ds_put_cstr(s, "}}");
}

/* Pods. */

/* Which container a port is of is not known any more, and does not matter. */
static void
write_named_ports(const struct k8s_pod *pod, struct ds *s)
{
    ds_put_cstr(s, ",\"containers\":[{\"ports\":[");
    for (size_t i = 0; i < pod->n_ports; i++) {
        const struct k8s_named_port *port = &pod->ports[i];

        if (i) {
            ds_put_cstr(s, i % MAX_CONTAINER_PORTS ? "," : "]},{\"ports\":[");
        }
        ds_put_format(s, "{\"name\":\"%s\",\"containerPort\":%"PRIu16
                      ",\"protocol\":\"%s\"}", port->name, port->number,
                      k8s_protocol_name(port->protocol));
    }
    ds_put_cstr(s, "]}]");
}

static void
write_spec(const struct k8s_pod *pod, struct ds *s)
{
    ds_put_format(s, ",\"spec\":{\"hostNetwork\":%s",
                  pod->host_network ? "true" : "false");
    if (pod->node) {
        ds_put_cstr(s, ",\"nodeName\":");
        json_string_escape(pod->node, s);
    }
    if (pod->n_ports) {
        write_named_ports(pod, s);
    }
    ds_put_char(s, '}');
}

static void
write_status(const struct k8s_pod *pod, struct ds *s)
{
    ds_put_cstr(s, ",\"status\":{");
    if (pod->finished) {
        ds_put_cstr(s, "\"phase\":\"Succeeded\",");
    }
    ds_put_cstr(s, "\"podIPs\":[");
    for (size_t i = 0; i < pod->n_addresses; i++) {
        ds_put_cstr(s, i ? ",{\"ip\":\"" : "{\"ip\":\"");
        address_format(&pod->addresses[i], s);
        ds_put_cstr(s, "\"}");
    }
    ds_put_cstr(s, "]}");
}

static void
write_pod(const struct k8s_pod *pod, struct ds *s)
{
    k8s_write_head(&pod->up, pod->uid, s);
    k8s_write_labels(&pod->up, pod->labels, s);
    k8s_write_created(pod->created, s);
    ds_put_char(s, '}');
    write_spec(pod, s);
    write_status(pod, s);
    ds_put_char(s, '}');
}

/* Policies. */

static void
write_block(const struct k8s_ip_block *block, struct ds *s)
{
    ds_put_cstr(s, "{\"ipBlock\":{\"cidr\":\"");
    prefix_format(&block->cidr, s);
    ds_put_char(s, '"');
    for (size_t i = 0; i < block->n_excepts; i++) {
        ds_put_cstr(s, i ? ",\"" : ",\"except\":[\"");
        prefix_format(&block->excepts[i], s);
        ds_put_char(s, '"');
    }
    ds_put_cstr(s, block->n_excepts ? "]}}" : "}}");
}

static void
write_peer(const struct k8s_peer *peer, struct ds *s)
{
    if (peer->block) {
        write_block(peer->block, s);
        return;
    }
    ds_put_char(s, '{');
    if (peer->namespaces) {
        ds_put_cstr(s, "\"namespaceSelector\":");
        k8s_write_selector(peer->namespaces, s);
        ds_put_char(s, ',');
    }
    ds_put_cstr(s, "\"podSelector\":");
    k8s_write_selector(peer->pods, s);
    ds_put_char(s, '}');
}

static void
write_port(const struct k8s_port *port, struct ds *s)
{
    ds_put_format(s, "{\"protocol\":\"%s\"",
                  k8s_protocol_name(port->protocol));
    if (port->name) {
        ds_put_format(s, ",\"port\":\"%s\"", port->name);
    } else if (port->first) {
        ds_put_format(s, ",\"port\":%"PRIu16, port->first);
        if (port->last != port->first) {
            ds_put_format(s, ",\"endPort\":%"PRIu16, port->last);
        }
    }
    ds_put_char(s, '}');
}

static void
write_peers(const struct k8s_rule *rule, enum k8s_direction direction,
            struct ds *s)
{
    ds_put_format(s, "\"%s\":[", direction == K8S_EGRESS ? "to" : "from");
    for (size_t i = 0; i < rule->n_peers; i++) {
        ds_put_cstr(s, i ? "," : "");
        write_peer(&rule->peers[i], s);
    }
    ds_put_cstr(s, rule->n_peers ? "]" : K8S_WRITE_REFUSED "]");
}

static void
write_ports(const struct k8s_rule *rule, struct ds *s)
{
    ds_put_cstr(s, "\"ports\":[");
    for (size_t i = 0; i < rule->n_ports; i++) {
        ds_put_cstr(s, i ? "," : "");
        write_port(&rule->ports[i], s);
    }
    ds_put_cstr(s, rule->n_ports ? "]" : K8S_WRITE_REFUSED "]");
}

static void
write_rule(const struct k8s_rule *rule, enum k8s_direction direction,
           struct ds *s)
{
    bool first = true;

    ds_put_char(s, '{');
    if (!rule->any_peer) {
        k8s_write_separate(&first, s);
        write_peers(rule, direction, s);
    }
    if (!rule->any_port) {
        k8s_write_separate(&first, s);
        write_ports(rule, s);
    }
    ds_put_char(s, '}');
}

static void
write_rules(const struct k8s_policy *policy, enum k8s_direction d,
            struct ds *s)
{
    ds_put_format(s, ",\"%s\":[", k8s_direction_name(d));
    for (size_t i = 0; i < policy->n_rules[d]; i++) {
        ds_put_cstr(s, i ? "," : "");
        write_rule(&policy->rules[d][i], d, s);
    }
    ds_put_char(s, ']');
}

static void
write_policy(const struct k8s_policy *policy, struct ds *s)
{
    static const char *const types[] = {
        [K8S_EGRESS] = "Egress",
        [K8S_INGRESS] = "Ingress",
    };
    bool first = true;

    k8s_write_head(&policy->up, policy->uid, s);
    k8s_write_created(policy->created, s);
    ds_put_cstr(s, "},\"spec\":{\"podSelector\":");
    k8s_write_selector(policy->pods, s);
    ds_put_cstr(s, ",\"policyTypes\":[");
    for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (policy->isolates[d]) {
            k8s_write_separate(&first, s);
            ds_put_format(s, "\"%s\"", types[d]);
        }
    }
    ds_put_char(s, ']');
    for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (policy->n_rules[d]) {
            write_rules(policy, d, s);
        }
    }
    ds_put_cstr(s, "}}");
}

void
k8s_write(const struct k8s_object *o, struct ds *s)
{
    switch (o->kind) {
    case K8S_NAMESPACE:
        write_namespace(k8s_namespace_cast(o), s);
        return;
    case K8S_POD:
        write_pod(k8s_pod_cast(o), s);
        return;
    case K8S_POLICY:
        write_policy(k8s_policy_cast(o), s);
        return;
    case K8S_NODE:
        k8s_write_node(k8s_node_cast(o), s);
        return;
    case K8S_CLUSTER_POLICY:
    case K8S_ADMIN_POLICY:
    case K8S_BASELINE_POLICY:
        k8s_write_cluster_policy(k8s_cluster_policy_cast(o), s);
        return;
    case K8S_N_KINDS:
        break;
    }
    OVS_NOT_REACHED();
}
