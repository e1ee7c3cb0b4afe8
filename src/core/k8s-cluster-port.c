/* SPDX-License-Identifier: Apache-2.0
 *
 * What a cluster policy's rule says about protocols and ports: "protocols" of
 * v1alpha2, "ports" of v1alpha1. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "k8s-private.h"

static bool
parse_name(struct k8s_parser *p, const struct k8s_field *field,
           struct k8s_port *port)
{
    const char *name = NULL;

    if (!k8s_get_string(p, field, &name)) {
        return false;
    }
    if (!k8s_is_port_name(name)) {
        return k8s_fail_text(p, field, name, "is not a valid port name");
    }
    port->protocol = 0;
    port->name = xstrdup(name);
    return true;
}

/* Reads a port number that must be there. */
static bool
parse_number(struct k8s_parser *p, const struct k8s_field *field,
             uint16_t *number)
{
    int64_t value = 0;

    if (!field->node) {
        return k8s_fail(p, field, "missing");
    }
    if (!k8s_get_integer(p, field, 1, UINT16_MAX, &value)) {
        return false;
    }
    *number = value;
    return true;
}

static bool
parse_single(struct k8s_parser *p, const struct k8s_field *field,
             struct k8s_port *port)
{
    if (!parse_number(p, field, &port->first)) {
        return false;
    }
    port->last = port->first;
    return true;
}

/* Reads "start" and "end". */
static bool
parse_range(struct k8s_parser *p, const struct k8s_field *field,
            struct k8s_port *port)
{
    struct k8s_field start = k8s_field_member(field, "start");
    struct k8s_field end = k8s_field_member(field, "end");

    if (!k8s_expect(p, field, DOC_MAP)
        || !parse_number(p, &start, &port->first)
        || !parse_number(p, &end, &port->last)) {
        return false;
    }
    return (port->first <= port->last
            || k8s_fail(p, &end, "%"PRIu16" is less than start, which is %"
                        PRIu16, port->last, port->first));
}

/* v1alpha2. */

/* Reads "tcp", "udp" or "sctp". */
static bool
parse_transport(struct k8s_parser *p, const struct k8s_field *field,
                struct k8s_cluster_context *c, struct k8s_port *port)
{
    static const char *const known[] = {"destinationPort", NULL};
    static const char *const known_port[] = {"number", "range", NULL};
    static const char *const known_range[] = {"start", "end", NULL};
    struct k8s_field destination, value;

    port->protocol = (!strcmp(field->name, "tcp") ? IPPROTO_TCP
                      : !strcmp(field->name, "udp") ? IPPROTO_UDP
                      : IPPROTO_SCTP);
    if (!k8s_cluster_choose(p, field, known, c, &destination)
        || !k8s_cluster_choose(p, &destination, known_port, c, &value)) {
        return false;
    }
    if (!value.node) {
        return true;
    } else if (!strcmp(value.name, "range")) {
        if (!k8s_check_known(p, &value, known_range, c->consequence)) {
            c->understood = false;
        }
        return parse_range(p, &value, port);
    }
    return parse_single(p, &value, port);
}

static bool
parse_protocol(struct k8s_parser *p, const struct k8s_field *field,
               struct k8s_cluster_context *c, struct k8s_port *port)
{
    static const char *const known[] = {
        "tcp", "udp", "sctp", "destinationNamedPort", NULL
    };
    struct k8s_field chosen;

    if (!k8s_cluster_choose(p, field, known, c, &chosen)) {
        return false;
    }
    return (!chosen.node ? true
            : !strcmp(chosen.name, "destinationNamedPort")
            ? parse_name(p, &chosen, port)
            : parse_transport(p, &chosen, c, port));
}

/* v1alpha1. */

static bool
parse_old_number(struct k8s_parser *p, const struct k8s_field *field,
                 struct k8s_port *port)
{
    struct k8s_field number = k8s_field_member(field, "port");

    return k8s_expect(p, field, DOC_MAP) && parse_single(p, &number, port);
}

/* Reads one item of "ports". */
static bool
parse_old_port(struct k8s_parser *p, const struct k8s_field *field,
               struct k8s_cluster_context *c, struct k8s_port *port)
{
    static const char *const known[] = {
        "portNumber", "portRange", "namedPort", NULL
    };
    static const char *const known_number[] = {"protocol", "port", NULL};
    static const char *const known_range[] = {
        "protocol", "start", "end", NULL
    };
    struct k8s_field chosen;

    if (!k8s_cluster_choose(p, field, known, c, &chosen)) {
        return false;
    }
    if (!chosen.node) {
        return true;
    } else if (!strcmp(chosen.name, "namedPort")) {
        return parse_name(p, &chosen, port);
    }

    bool is_range = !strcmp(chosen.name, "portRange");
    struct k8s_field protocol = k8s_field_member(&chosen, "protocol");

    if (!(is_range ? parse_range(p, &chosen, port)
          : parse_old_number(p, &chosen, port))
        || !k8s_get_protocol(p, &protocol, &port->protocol)) {
        return false;
    }
    if (!k8s_check_known(p, &chosen, is_range ? known_range : known_number,
                         c->consequence)) {
        c->understood = false;
    }
    return true;
}

/* Both. */

/* A network or a node has no names for ports, so that such a pair never
 * matches; the API says that one cannot use it. */
static void
warn_of_names(struct k8s_parser *p, const struct k8s_field *field,
              const struct k8s_rule *rule)
{
    bool named = false, nameless = false;

    for (size_t i = 0; i < rule->n_ports; i++) {
        named |= rule->ports[i].name != NULL;
    }
    for (size_t i = 0; i < rule->n_peers; i++) {
        nameless |= !rule->peers[i].pods;
    }
    if (named && nameless) {
        k8s_warn(p, field, "a named port matches no network and no node");
    }
}

bool
k8s_cluster_ports_parse(struct k8s_parser *p, const struct k8s_field *field,
                        struct k8s_cluster_context *c, struct k8s_rule *rule)
{
    bool old = c->kind != K8S_CLUSTER_POLICY;
    struct k8s_field list = k8s_field_member(field,
                                             old ? "ports" : "protocols");
    size_t n;

    rule->any_port = !list.node;
    if (!list.node) {
        return true;
    }
    if (!k8s_cluster_get_list(p, &list, c->max_items, &n)) {
        return false;
    }
    rule->ports = xcalloc(n, sizeof *rule->ports);
    for (size_t i = 0; i < n; i++) {
        struct k8s_field item = k8s_field_at(&list, i);
        struct k8s_port *port = &rule->ports[rule->n_ports++];

        if (!(old ? parse_old_port(p, &item, c, port)
              : parse_protocol(p, &item, c, port))) {
            return false;
        }
    }
    warn_of_names(p, &list, rule);
    return true;
}
