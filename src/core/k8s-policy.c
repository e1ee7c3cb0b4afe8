/* SPDX-License-Identifier: Apache-2.0
 *
 * NetworkPolicy of networking.k8s.io/v1.
 *
 * Fails closed: once podSelector is read the policy isolates, in both
 * directions if policyTypes is in error, and a rule with an error in it
 * matches nothing (it keeps its place, so that those behind it keep their
 * numbers).  A rule or a port with a field that we do not know grants nothing,
 * because that field would most likely narrow it (S42). */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "k8s-private.h"
#include "label.h"

/* Ports. */

static bool
parse_number(struct k8s_parser *p, const struct k8s_field *port,
             const struct k8s_field *end, struct k8s_port *out)
{
    int64_t first = 0, last = 0;

    if (!k8s_get_integer(p, port, 1, UINT16_MAX, &first)
        || !k8s_get_integer(p, end, 1, UINT16_MAX, &last)) {
        return false;
    }
    if (end->node && last < first) {
        return k8s_fail(p, end, "%"PRId64" is less than port, which is %"
                        PRId64, last, first);
    }
    out->first = first;
    out->last = end->node ? last : first;
    return true;
}

/* True if 'name' would be a number without quotes. */
static bool
is_number(const char *name)
{
    return name[0] && name[0] != '0' && !name[strspn(name, "0123456789")];
}

static bool
parse_port_name(struct k8s_parser *p, const struct k8s_field *port,
                struct k8s_port *out)
{
    const char *name = doc_node_string(port->node);

    if (is_number(name)) {
        return k8s_fail_text(p, port, name, "is a string: a number needs no "
                             "quotes");
    }
    if (!k8s_is_port_name(name)) {
        return k8s_fail_text(p, port, name, "is neither a number from 1 to "
                             "65535 nor a valid port name");
    }
    out->name = xstrdup(name);
    return true;
}

/* Fills all of 'out' but the protocol. */
static bool
parse_port_range(struct k8s_parser *p, const struct k8s_field *field,
                 struct k8s_port *out)
{
    struct k8s_field port = k8s_field_member(field, "port");
    struct k8s_field end = k8s_field_member(field, "endPort");

    out->last = UINT16_MAX;
    if (port.node && doc_node_type(port.node) == DOC_INTEGER) {
        return parse_number(p, &port, &end, out);
    }
    if (end.node) {
        return k8s_fail(p, &end, "needs a numeric port");
    }
    if (port.node && doc_node_type(port.node) == DOC_STRING) {
        return parse_port_name(p, &port, out);
    }
    return k8s_expect(p, &port, DOC_INTEGER);
}

static bool
parse_port(struct k8s_parser *p, const struct k8s_field *field,
           struct k8s_rule *rule)
{
    static const char *const known[] = {"port", "endPort", "protocol", NULL};
    struct k8s_field protocol = k8s_field_member(field, "protocol");
    struct k8s_port port = { .name = NULL };

    if (!k8s_expect(p, field, DOC_MAP)
        || !k8s_get_protocol(p, &protocol, &port.protocol)
        || !parse_port_range(p, field, &port)) {
        return false;
    }
    if (k8s_check_known(p, field, known, "this port matches nothing")) {
        rule->ports[rule->n_ports++] = port;
    } else {
        free(port.name);
    }
    return true;
}

static bool
parse_ports(struct k8s_parser *p, const struct k8s_field *field,
            struct k8s_rule *rule)
{
    size_t n;

    if (!k8s_get_count(p, field, DOC_LIST, p->limits.max_ports, &n)) {
        return false;
    }
    rule->any_port = !n;
    rule->ports = n ? xmalloc(n * sizeof *rule->ports) : NULL;

    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        struct k8s_field item = k8s_field_at(field, i);

        ok = parse_port(p, &item, rule) && ok;
    }
    return ok;
}

static bool
port_equals(const struct k8s_port *a, const struct k8s_port *b)
{
    return a->protocol == b->protocol
           && a->first == b->first
           && a->last == b->last
           && nullable_string_is_equal(a->name, b->name);
}

/* Rules. */

static bool
parse_peers(struct k8s_parser *p, const struct k8s_field *field,
            struct k8s_rule *rule)
{
    size_t n;

    if (!k8s_get_count(p, field, DOC_LIST, p->limits.max_peers, &n)) {
        return false;
    }
    rule->any_peer = !n;
    rule->peers = n ? xmalloc(n * sizeof *rule->peers) : NULL;

    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        struct k8s_field item = k8s_field_at(field, i);
        bool understood;

        if (k8s_peer_parse(p, &item, &rule->peers[rule->n_peers],
                           &understood)) {
            rule->n_peers += understood;
        } else {
            ok = false;
        }
    }
    return ok;
}

static void
clear_peers(struct k8s_rule *rule)
{
    for (size_t i = 0; i < rule->n_peers; i++) {
        k8s_peer_uninit(&rule->peers[i]);
    }
    free(rule->peers);
    rule->peers = NULL;
    rule->n_peers = 0;
    rule->any_peer = false;
}

void
k8s_rule_uninit(struct k8s_rule *rule)
{
    clear_peers(rule);
    for (size_t i = 0; i < rule->n_ports; i++) {
        free(rule->ports[i].name);
    }
    free(rule->ports);
}

static void
parse_rule(struct k8s_parser *p, const struct k8s_field *field,
           enum k8s_direction direction, struct k8s_rule *rule)
{
    const char *peers_name = direction == K8S_EGRESS ? "to" : "from";
    const char *const known[] = {peers_name, "ports", NULL};
    struct k8s_field peers = k8s_field_member(field, peers_name);
    struct k8s_field ports = k8s_field_member(field, "ports");

    memset(rule, 0, sizeof *rule);
    if (!k8s_expect(p, field, DOC_MAP)) {
        return;
    }

    bool ok = parse_peers(p, &peers, rule);
    ok = parse_ports(p, &ports, rule) && ok;
    bool known_all = k8s_check_known(p, field, known,
                                     "this rule matches nothing");
    if (!ok) {
        k8s_rule_uninit(rule);
        memset(rule, 0, sizeof *rule);
    } else if (!known_all) {
        clear_peers(rule);
    }
}

/* Reads the rules of a direction. */
static void
parse_rules(struct k8s_parser *p, const struct k8s_field *field,
            enum k8s_direction direction, struct k8s_policy *policy)
{
    size_t n;

    if (!k8s_get_count(p, field, DOC_LIST, p->limits.max_rules, &n) || !n) {
        return;
    }

    struct k8s_rule *rules = xmalloc(n * sizeof *rules);

    for (size_t i = 0; i < n; i++) {
        struct k8s_field item = k8s_field_at(field, i);

        parse_rule(p, &item, direction, &rules[i]);
    }
    policy->rules[direction] = rules;
    policy->n_rules[direction] = n;
}

static void
clear_rules(struct k8s_policy *policy, enum k8s_direction direction)
{
    for (size_t i = 0; i < policy->n_rules[direction]; i++) {
        k8s_rule_uninit(&policy->rules[direction][i]);
    }
    free(policy->rules[direction]);
    policy->rules[direction] = NULL;
    policy->n_rules[direction] = 0;
}

bool
k8s_rule_equals(const struct k8s_rule *a, const struct k8s_rule *b)
{
    if (a->any_peer != b->any_peer || a->n_peers != b->n_peers
        || a->any_port != b->any_port || a->n_ports != b->n_ports) {
        return false;
    }
    for (size_t i = 0; i < a->n_peers; i++) {
        if (!k8s_peer_equals(&a->peers[i], &b->peers[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < a->n_ports; i++) {
        if (!port_equals(&a->ports[i], &b->ports[i])) {
            return false;
        }
    }
    return true;
}

/* Policies. */

static bool
parse_type(struct k8s_parser *p, const struct k8s_field *field,
           struct k8s_policy *policy)
{
    const char *type;

    if (!k8s_get_string(p, field, &type)) {
        return false;
    }
    if (!strcmp(type, "Ingress")) {
        policy->isolates[K8S_INGRESS] = true;
    } else if (!strcmp(type, "Egress")) {
        policy->isolates[K8S_EGRESS] = true;
    } else {
        return k8s_fail_text(p, field, type, "is not Ingress or Egress");
    }
    return true;
}

/* True if there is something in 'egress', even something wrong. */
static bool
has_egress(const struct k8s_field *egress)
{
    return egress->node && (doc_node_type(egress->node) != DOC_LIST
                            || doc_node_count(egress->node));
}

static bool
parse_types(struct k8s_parser *p, const struct k8s_field *types,
            const struct k8s_field *egress, struct k8s_policy *policy)
{
    size_t n;

    if (!k8s_get_count(p, types, DOC_LIST, p->limits.max_values, &n)) {
        return false;
    }

    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        struct k8s_field type = k8s_field_at(types, i);

        ok = parse_type(p, &type, policy) && ok;
    }
    if (!n) {
        policy->isolates[K8S_INGRESS] = true;
        policy->isolates[K8S_EGRESS] = has_egress(egress);
    }
    return ok;
}

/* Reads what the policy needs to isolate its pods. */
static bool
parse_head(struct k8s_parser *p, const struct k8s_field *spec,
           struct k8s_policy *policy)
{
    static const char *const known[] = {
        "podSelector", "policyTypes", "ingress", "egress", NULL
    };
    struct k8s_field selector = k8s_field_member(spec, "podSelector");
    struct k8s_field types = k8s_field_member(spec, "policyTypes");
    struct k8s_field egress = k8s_field_member(spec, "egress");
    bool understood;

    if (!k8s_expect(p, spec, DOC_MAP)) {
        return false;
    }
    k8s_check_known(p, spec, known, NULL);
    policy->pods = k8s_selector_parse(p, &selector, NULL, &understood);
    if (!parse_types(p, &types, &egress, policy)) {
        for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS; d++) {
            policy->isolates[d] = true;
        }
    }
    return policy->pods != NULL;
}

/* Both directions are read even if only one isolates (S3): the other must be
 * valid as well, as for the API server. */
static void
parse_directions(struct k8s_parser *p, const struct k8s_field *spec,
                 struct k8s_policy *policy)
{
    for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS; d++) {
        struct k8s_field rules = k8s_field_member(spec,
                                                  k8s_direction_name(d));

        parse_rules(p, &rules, d, policy);
        if (!policy->isolates[d]) {
            clear_rules(policy, d);
        }
    }
}

struct k8s_object *
k8s_policy_parse(struct k8s_parser *p, const struct k8s_field *root,
                 const struct k8s_metadata *m)
{
    struct k8s_field spec = k8s_field_member(root, "spec");
    struct k8s_policy *policy = xzalloc(sizeof *policy);

    policy->up.kind = K8S_POLICY;
    policy->up.ns = xstrdup(m->ns);
    policy->up.name = xstrdup(m->name);
    policy->uid = nullable_xstrdup(m->uid);
    policy->created = m->created;

    /* The rules are read even then, for what is to say about them. */
    bool ok = parse_head(p, &spec, policy);
    if (!spec.node || doc_node_type(spec.node) == DOC_MAP) {
        parse_directions(p, &spec, policy);
    }
    if (!ok) {
        k8s_policy_uninit(policy);
        k8s_object_free(&policy->up);
        return NULL;
    }
    return &policy->up;
}

void
k8s_policy_uninit(struct k8s_policy *policy)
{
    for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS; d++) {
        clear_rules(policy, d);
    }
    selector_unref(policy->pods);
    free(policy->uid);
}

bool
k8s_policy_equals(const struct k8s_policy *a, const struct k8s_policy *b)
{
    if (a->pods != b->pods || !nullable_string_is_equal(a->uid, b->uid)
        || a->created != b->created) {
        return false;
    }
    for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (a->isolates[d] != b->isolates[d]
            || a->n_rules[d] != b->n_rules[d]) {
            return false;
        }
        for (size_t i = 0; i < a->n_rules[d]; i++) {
            if (!k8s_rule_equals(&a->rules[d][i], &b->rules[d][i])) {
                return false;
            }
        }
    }
    return true;
}

bool
k8s_policy_is_whole(const struct k8s_policy *policy)
{
    for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS; d++) {
        for (size_t i = 0; i < policy->n_rules[d]; i++) {
            const struct k8s_rule *rule = &policy->rules[d][i];

            if ((!rule->any_peer && !rule->n_peers)
                || (!rule->any_port && !rule->n_ports)) {
                return false;
            }
        }
    }
    return true;
}
