/* SPDX-License-Identifier: Apache-2.0
 *
 * Cluster policies and nodes back to JSON. */

#include <config.h>

#include <inttypes.h>

#include "ovs-json.h"

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "k8s-write.h"
#include "label.h"

/* Networks of one peer (C8). */
#define MAX_NETWORKS 25

void
k8s_write_node(const struct k8s_node *node, struct ds *s)
{
    k8s_write_head(&node->up, NULL, s);
    k8s_write_labels(&node->up, node->labels, s);
    k8s_write_created(node->created, s);
    ds_put_cstr(s, "},\"status\":{\"addresses\":[");
    for (size_t i = 0; i < node->n_addresses; i++) {
        ds_put_format(s, "%s{\"type\":\"InternalIP\",\"address\":\"",
                      i ? "," : "");
        address_format(&node->addresses[i], s);
        ds_put_cstr(s, "\"}");
    }
    ds_put_cstr(s, "]}}");
}

/* "namespaces" or "pods", whichever says it. */
static void
write_pods(const struct selector *namespaces, const struct selector *pods,
           struct ds *s)
{
    bool all = selector_is_empty(pods);

    ds_put_cstr(s, all ? "{\"namespaces\":"
                : "{\"pods\":{\"namespaceSelector\":");
    k8s_write_selector(namespaces, s);
    if (!all) {
        ds_put_cstr(s, ",\"podSelector\":");
        k8s_write_selector(pods, s);
        ds_put_char(s, '}');
    }
    ds_put_char(s, '}');
}

/* Networks from the first of 'rule' on, as many as one peer may have.  Returns
 * their number. */
static size_t
write_networks(const struct k8s_peer *peers, size_t n, struct ds *s)
{
    size_t i;

    ds_put_cstr(s, "{\"networks\":[");
    for (i = 0; i < n && i < MAX_NETWORKS && peers[i].block; i++) {
        ds_put_cstr(s, i ? ",\"" : "\"");
        prefix_format(&peers[i].block->cidr, s);
        ds_put_char(s, '"');
    }
    ds_put_cstr(s, "]}");
    return i;
}

static void
write_peers(const struct k8s_cluster_rule *rule, enum k8s_direction d,
            struct ds *s)
{
    const struct k8s_rule *match = &rule->match;
    size_t i = 0;

    ds_put_format(s, ",\"%s\":[", d == K8S_EGRESS ? "to" : "from");
    if (rule->closed) {
        ds_put_cstr(s, K8S_WRITE_REFUSED);
    }
    while (i < match->n_peers) {
        const struct k8s_peer *peer = &match->peers[i];

        ds_put_cstr(s, i ? "," : "");
        if (peer->block) {
            i += write_networks(peer, match->n_peers - i, s);
            continue;
        } else if (peer->nodes) {
            ds_put_cstr(s, "{\"nodes\":");
            k8s_write_selector(peer->nodes, s);
            ds_put_char(s, '}');
        } else {
            write_pods(peer->namespaces, peer->pods, s);
        }
        i++;
    }
    ds_put_char(s, ']');
}

static void
write_protocol(const struct k8s_port *port, struct ds *s)
{
    if (port->name) {
        ds_put_format(s, "{\"destinationNamedPort\":\"%s\"}", port->name);
        return;
    }
    ds_put_format(s, "{\"%s\":{\"destinationPort\":",
                  port->protocol == IPPROTO_TCP ? "tcp"
                  : port->protocol == IPPROTO_UDP ? "udp" : "sctp");
    if (port->first == port->last) {
        ds_put_format(s, "{\"number\":%"PRIu16"}", port->first);
    } else {
        ds_put_format(s, "{\"range\":{\"start\":%"PRIu16",\"end\":%"PRIu16
                      "}}", port->first, port->last);
    }
    ds_put_cstr(s, "}}");
}

/* In v1alpha1. */
static void
write_old_port(const struct k8s_port *port, struct ds *s)
{
    const char *protocol = k8s_protocol_name(port->protocol);

    if (port->name) {
        ds_put_format(s, "{\"namedPort\":\"%s\"}", port->name);
    } else if (port->first == port->last) {
        ds_put_format(s, "{\"portNumber\":{\"protocol\":\"%s\",\"port\":%"
                      PRIu16"}}", protocol, port->first);
    } else {
        ds_put_format(s, "{\"portRange\":{\"protocol\":\"%s\",\"start\":%"
                      PRIu16",\"end\":%"PRIu16"}}", protocol, port->first,
                      port->last);
    }
}

static void
write_ports(const struct k8s_rule *match, bool old, struct ds *s)
{
    ds_put_cstr(s, old ? ",\"ports\":[" : ",\"protocols\":[");
    for (size_t i = 0; i < match->n_ports; i++) {
        ds_put_cstr(s, i ? "," : "");
        if (old) {
            write_old_port(&match->ports[i], s);
        } else {
            write_protocol(&match->ports[i], s);
        }
    }
    ds_put_char(s, ']');
}

static void
write_rule(const struct k8s_cluster_rule *rule, enum k8s_direction d, bool old,
           struct ds *s)
{
    bool allow = old && rule->action == K8S_ACCEPT;

    ds_put_format(s, "{\"action\":\"%s\"",
                  allow ? "Allow" : k8s_action_name(rule->action));
    if (rule->name) {
        ds_put_cstr(s, ",\"name\":");
        json_string_escape(rule->name, s);
    }
    write_peers(rule, d, s);
    if (!rule->match.any_port) {
        write_ports(&rule->match, old, s);
    }
    ds_put_char(s, '}');
}

void
k8s_write_cluster_policy(const struct k8s_cluster_policy *policy, struct ds *s)
{
    enum k8s_kind kind = policy->up.kind;

    k8s_write_head(&policy->up, NULL, s);
    ds_put_cstr(s, "},\"spec\":{");
    if (kind == K8S_CLUSTER_POLICY) {
        ds_put_format(s, "\"tier\":\"%s\",", k8s_tier_name(policy->tier));
    }
    if (kind != K8S_BASELINE_POLICY) {
        ds_put_format(s, "\"priority\":%"PRIu16",", policy->priority);
    }
    ds_put_cstr(s, "\"subject\":");
    write_pods(policy->namespaces, policy->pods, s);
    for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS; d++) {
        ds_put_format(s, ",\"%s\":[", k8s_direction_name(d));
        for (size_t i = 0; i < policy->n_rules[d]; i++) {
            ds_put_cstr(s, i ? "," : "");
            write_rule(&policy->rules[d][i], d, kind != K8S_CLUSTER_POLICY, s);
        }
        ds_put_char(s, ']');
    }
    ds_put_cstr(s, "}}");
}
