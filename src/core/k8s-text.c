/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "k8s.h"

#include <string.h>

#include "label.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

const char *
k8s_direction_name(enum k8s_direction direction)
{
    return direction == K8S_EGRESS ? "egress" : "ingress";
}

bool
k8s_enforcement_parse(const char *name, enum k8s_enforcement *enforcement)
{
    bool audit = !strcmp(name, "audit");

    if (!audit && strcmp(name, "enforce")) {
        return false;
    }
    *enforcement = audit ? K8S_AUDIT : K8S_ENFORCE;
    return true;
}

const char *
k8s_enforcement_name(enum k8s_enforcement enforcement)
{
    return enforcement == K8S_AUDIT ? "audit" : "enforce";
}

const char *
k8s_tier_name(enum k8s_tier tier)
{
    return tier == K8S_ADMIN ? "Admin" : "Baseline";
}

const char *
k8s_action_name(enum k8s_action action)
{
    return (action == K8S_ACCEPT ? "Accept"
            : action == K8S_DENY ? "Deny" : "Pass");
}

const char *
k8s_protocol_name(uint8_t protocol)
{
    static __thread char number[4];

    switch (protocol) {
    case IPPROTO_TCP:
        return "TCP";
    case IPPROTO_UDP:
        return "UDP";
    case IPPROTO_SCTP:
        return "SCTP";
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
        return "ICMP";
    default:
        snprintf(number, sizeof number, "%u", protocol);
        return number;
    }
}

void
k8s_format_block(const struct k8s_ip_block *b, struct ds *s)
{
    prefix_format(&b->cidr, s);
    for (size_t i = 0; i < b->n_excepts; i++) {
        ds_put_cstr(s, i ? ", " : " except ");
        prefix_format(&b->excepts[i], s);
    }
}

void
k8s_format_peer(const struct k8s_peer *peer, const char *ns, struct ds *s)
{
    if (peer->block) {
        k8s_format_block(peer->block, s);
        return;
    }
    if (peer->nodes) {
        if (selector_is_empty(peer->nodes)) {
            ds_put_cstr(s, "all nodes");
        } else {
            ds_put_format(s, "nodes %s", selector_text(peer->nodes));
        }
        return;
    }
    if (selector_is_empty(peer->pods)) {
        ds_put_cstr(s, "all pods");
    } else {
        ds_put_format(s, "pods %s", selector_text(peer->pods));
    }
    if (!peer->namespaces) {
        ds_put_format(s, " in namespace %s", ns);
    } else if (!selector_is_empty(peer->namespaces)) {
        ds_put_format(s, " in namespaces %s", selector_text(peer->namespaces));
    } else {
        ds_put_cstr(s, " in all namespaces");
    }
}

void
k8s_format_port(const struct k8s_port *port, struct ds *s)
{
    const char *protocol = k8s_protocol_name(port->protocol);

    if (port->name && !port->protocol) {
        ds_put_cstr(s, port->name);
    } else if (port->name) {
        ds_put_format(s, "%s/%s", protocol, port->name);
    } else if (!port->first && port->last == UINT16_MAX) {
        ds_put_format(s, "%s", protocol);
    } else if (port->first == port->last) {
        ds_put_format(s, "%s/%"PRIu16, protocol, port->first);
    } else {
        ds_put_format(s, "%s/%"PRIu16"-%"PRIu16, protocol, port->first,
                      port->last);
    }
}
