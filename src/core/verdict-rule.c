/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a rule about a connection? */

#include <config.h>

#include "verdict-private.h"

#include <string.h>

#include "label.h"
#include "model.h"

static const struct k8s_pod *
peer_pod(const struct verdict_contact *c, enum k8s_direction direction)
{
    return direction == K8S_EGRESS ? c->dst : c->src;
}

static const struct in6_addr *
peer_address(const struct verdict_contact *c, enum k8s_direction direction)
{
    return (direction == K8S_EGRESS
            ? &c->query->dst.address : &c->query->src.address);
}

/* Peers. */

static bool
node_matches(const struct verdict_contact *c, const struct k8s_peer *peer,
             const struct in6_addr *addr)
{
    const struct k8s_node *node = model_node_by_address(c->model, addr);

    return node && selector_matches(peer->nodes, node->labels);
}

/* 'ns' is the policy's own namespace. */
static bool
selectors_match(const struct verdict_contact *c, const struct k8s_peer *peer,
                const char *ns, const struct k8s_pod *pod)
{
    if (!peer->namespaces) {
        return (!strcmp(pod->up.ns, ns)
                && selector_matches(peer->pods, pod->labels));
    }
    return (selector_matches(peer->namespaces,
                             model_namespace_labels(c->model, pod->up.ns))
            && selector_matches(peer->pods, pod->labels));
}

static bool
peer_matches(const struct verdict_contact *c, enum k8s_direction direction,
             const struct k8s_peer *peer, const char *ns)
{
    const struct k8s_pod *pod = peer_pod(c, direction);

    return (peer->block
            ? k8s_ip_block_contains(peer->block, peer_address(c, direction))
            : peer->nodes
            ? node_matches(c, peer, peer_address(c, direction))
            : pod && selectors_match(c, peer, ns, pod));
}

/* Ports. */

static bool
pod_names_port(const struct k8s_pod *pod, const char *name,
               uint8_t protocol, uint16_t number)
{
    for (size_t i = 0; i < pod->n_ports; i++) {
        const struct k8s_named_port *port = &pod->ports[i];

        if (port->protocol == protocol && port->number == number
            && !strcmp(port->name, name)) {
            return true;
        }
    }
    return false;
}

/* A name means what the destination says it means, in both directions (S17,
 * S18); without a protocol, in any of them (C5). */
static bool
port_matches(const struct verdict_contact *c, const struct k8s_port *port)
{
    const struct verdict_query *q = c->query;

    if (port->protocol && port->protocol != q->protocol) {
        return false;
    }
    return (port->name
            ? c->dst && pod_names_port(c->dst, port->name,
                                       q->protocol, q->port)
            : q->port >= port->first && q->port <= port->last);
}

/* Rules. */

/* 'no_pod': the peer is an ipBlock or a node, which as a destination is not a
 * pod and so has no names for ports (S18). */
static bool
some_port_matches(const struct verdict_contact *c,
                  enum k8s_direction direction, const struct k8s_rule *rule,
                  bool no_pod)
{
    bool nameless = no_pod && direction == K8S_EGRESS;

    if (rule->any_port) {
        return true;
    }
    for (size_t i = 0; i < rule->n_ports; i++) {
        const struct k8s_port *port = &rule->ports[i];

        if (!(nameless && port->name) && port_matches(c, port)) {
            return true;
        }
    }
    return false;
}

bool
verdict_rule_matches(const struct verdict_contact *c,
                     enum k8s_direction direction,
                     const struct k8s_rule *rule, const char *ns)
{
    if (rule->any_peer) {
        return some_port_matches(c, direction, rule, false);
    }
    for (size_t i = 0; i < rule->n_peers; i++) {
        const struct k8s_peer *peer = &rule->peers[i];

        if (peer_matches(c, direction, peer, ns)
            && some_port_matches(c, direction, rule, !peer->pods)) {
            return true;
        }
    }
    return false;
}
