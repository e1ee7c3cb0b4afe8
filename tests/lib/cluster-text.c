/* SPDX-License-Identifier: Apache-2.0
 *
 * A cluster as YAML. */

#include <config.h>

#include "cluster.h"

#include "openvswitch/dynamic-string.h"
#include "util.h"

static void
put_labels(const struct cluster_labels *labels, struct ds *s)
{
    const char *separator = "";

    ds_put_char(s, '{');
    for (unsigned int i = 0; i < CLUSTER_N_KEYS - 1; i++) {
        if (labels->values[i]) {
            ds_put_format(s, "%s%s: '%s'", separator, cluster_keys[i],
                          cluster_value(i, labels->values[i] - 1));
            separator = ", ";
        }
    }
    ds_put_char(s, '}');
}

static void
put_requirement(const struct cluster_requirement *r, struct ds *s)
{
    static const char *const ops[] = {
        [SELECTOR_IN] = "In",
        [SELECTOR_NOT_IN] = "NotIn",
        [SELECTOR_EXISTS] = "Exists",
        [SELECTOR_DOES_NOT_EXIST] = "DoesNotExist",
    };
    const char *separator = ", values: [";

    ds_put_format(s, "{key: %s, operator: %s", cluster_keys[r->key],
                  ops[r->op]);
    for (unsigned int i = 0; i < CLUSTER_N_VALUES; i++) {
        if (r->values & (1u << i)) {
            ds_put_format(s, "%s'%s'", separator, cluster_value(r->key, i));
            separator = ", ";
        }
    }
    ds_put_cstr(s, r->values ? "]}" : "}");
}

static void
put_selector(const struct cluster_selector *selector, struct ds *s)
{
    if (!selector->n) {
        ds_put_cstr(s, "{}");
        return;
    }
    ds_put_cstr(s, "{matchExpressions: [");
    for (size_t i = 0; i < selector->n; i++) {
        ds_put_cstr(s, i ? ", " : "");
        put_requirement(&selector->requirements[i], s);
    }
    ds_put_cstr(s, "]}");
}

static void
put_space(const struct cluster *c, unsigned int i, struct ds *s)
{
    ds_put_format(s, "---\napiVersion: v1\nkind: Namespace\n"
                  "metadata: {name: n%u, labels: ", i);
    put_labels(&c->spaces[i].labels, s);
    if (c->spaces[i].enforcement != K8S_ENFORCEMENT_UNSET) {
        ds_put_format(s, ", annotations: {%s: %s}", K8S_ENFORCEMENT_ANNOTATION,
                      k8s_enforcement_name(c->spaces[i].enforcement));
    }
    ds_put_cstr(s, "}\n");
}

static void
put_pod_spec(const struct cluster_pod *p, struct ds *s)
{
    const char *node = cluster_node_name(p->node);

    ds_put_cstr(s, "spec: {");
    if (node) {
        ds_put_format(s, "nodeName: %s, ", node);
    }
    if (p->host_network) {
        ds_put_cstr(s, "hostNetwork: true, ");
    }
    ds_put_cstr(s, "containers: [{name: c, ports: [");
    for (size_t i = 0; i < p->n_ports; i++) {
        ds_put_format(s, "%s{name: %s, protocol: %s, containerPort: %u}",
                      i ? ", " : "", cluster_port_name(p->ports[i].name),
                      k8s_protocol_name(p->ports[i].protocol),
                      p->ports[i].number);
    }
    ds_put_cstr(s, "]}]}\n");
}

static void
put_pod(const struct cluster *c, unsigned int i, struct ds *s)
{
    const struct cluster_pod *p = &c->pods[i];
    const char *separator = "";

    ds_put_format(s, "---\napiVersion: v1\nkind: Pod\n"
                  "metadata: {namespace: n%u, name: p%u, ", p->space, i);
    if (p->has_uid) {
        ds_put_format(s, "uid: uid-p%u, ", i);
    }
    if (p->created) {
        ds_put_format(s, "creationTimestamp: '1970-01-01T00:00:%02uZ', ",
                      p->created);
    }
    ds_put_cstr(s, "labels: ");
    put_labels(&p->labels, s);
    ds_put_cstr(s, "}\n");
    put_pod_spec(p, s);
    ds_put_format(s, "status: {phase: %s, podIPs: [",
                  p->finished ? "Succeeded" : "Running");
    if (p->has_v4) {
        ds_put_cstr(s, "{ip: ");
        address_format(&p->v4, s);
        ds_put_char(s, '}');
        separator = ", ";
    }
    if (p->has_v6) {
        ds_put_format(s, "%s{ip: '", separator);
        address_format(&p->v6, s);
        ds_put_cstr(s, "'}");
    }
    ds_put_cstr(s, "]}\n");
}

static void
put_block(const struct cluster_peer *peer, struct ds *s)
{
    ds_put_cstr(s, "{ipBlock: {cidr: '");
    prefix_format(&peer->cidr, s);
    ds_put_cstr(s, "', except: [");
    for (size_t i = 0; i < peer->n_excepts; i++) {
        ds_put_cstr(s, i ? ", '" : "'");
        prefix_format(&peer->excepts[i], s);
        ds_put_char(s, '\'');
    }
    ds_put_cstr(s, "]}}");
}

static void
put_peer(const struct cluster_peer *peer, struct ds *s)
{
    const char *separator = "";

    ds_put_cstr(s, "    - ");
    if (peer->kind == CLUSTER_BLOCK) {
        put_block(peer, s);
    } else {
        ds_put_char(s, '{');
        if (peer->kind != CLUSTER_PODS) {
            ds_put_cstr(s, "namespaceSelector: ");
            put_selector(&peer->spaces, s);
            separator = ", ";
        }
        if (peer->kind != CLUSTER_SPACES) {
            ds_put_format(s, "%spodSelector: ", separator);
            put_selector(&peer->pods, s);
        }
        ds_put_char(s, '}');
    }
    ds_put_char(s, '\n');
}

static void
put_port(const struct cluster_port *port, struct ds *s)
{
    ds_put_format(s, "    - {protocol: %s", k8s_protocol_name(port->protocol));
    if (port->name) {
        ds_put_format(s, ", port: %s", cluster_port_name(port->name - 1));
    } else if (port->first || port->last < UINT16_MAX) {
        ds_put_format(s, ", port: %u", port->first);
        if (port->last > port->first) {
            ds_put_format(s, ", endPort: %u", port->last);
        }
    }
    ds_put_cstr(s, "}\n");
}

static void
put_rule(const struct cluster_rule *rule, enum k8s_direction d, struct ds *s)
{
    const char *peers = d == K8S_EGRESS ? "to" : "from";

    if (rule->any_peer) {
        ds_put_format(s, "  - %s: []\n", peers);
    } else {
        ds_put_format(s, "  - %s:%s\n", peers,
                      rule->n_peers ? "" : "     # Nobody.");
        for (size_t i = 0; i < rule->n_peers; i++) {
            put_peer(&rule->peers[i], s);
        }
    }
    if (rule->any_port) {
        ds_put_cstr(s, "    ports: []\n");
    } else {
        ds_put_format(s, "    ports:%s\n",
                      rule->n_ports ? "" : "     # None.");
        for (size_t i = 0; i < rule->n_ports; i++) {
            put_port(&rule->ports[i], s);
        }
    }
}

static void
put_policy(const struct cluster *c, unsigned int i, struct ds *s)
{
    const struct cluster_policy *p = &c->policies[i];
    const char *types[2][2] = {
        { "", "Ingress" }, { "Egress", "Egress, Ingress" }
    };

    ds_put_format(s, "---\napiVersion: networking.k8s.io/v1\n"
                  "kind: NetworkPolicy\n"
                  "metadata: {namespace: n%u, name: np%u}\n"
                  "spec:\n  podSelector: ", p->space, i);
    put_selector(&p->pods, s);
    ds_put_format(s, "\n  policyTypes: [%s]\n",
                  types[p->isolates[K8S_EGRESS]][p->isolates[K8S_INGRESS]]);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (p->isolates[d] && p->n_rules[d]) {
            ds_put_format(s, "  %s:\n", k8s_direction_name(d));
            for (size_t j = 0; j < p->n_rules[d]; j++) {
                put_rule(&p->rules[d][j], d, s);
            }
        }
    }
}

static void
put_tiered_peer(const struct cluster_peer *peer, struct ds *s)
{
    ds_put_cstr(s, "    - ");
    if (peer->kind == CLUSTER_BLOCK) {
        ds_put_cstr(s, "{networks: ['");
        prefix_format(&peer->cidr, s);
        ds_put_cstr(s, "']}");
    } else if (peer->kind == CLUSTER_MACHINES) {
        ds_put_cstr(s, "{nodes: ");
        put_selector(&peer->pods, s);
        ds_put_char(s, '}');
    } else {
        ds_put_cstr(s, "{pods: {namespaceSelector: ");
        put_selector(&peer->spaces, s);
        ds_put_cstr(s, ", podSelector: ");
        put_selector(peer->kind == CLUSTER_SPACES
                     ? &(struct cluster_selector) { .n = 0 } : &peer->pods, s);
        ds_put_cstr(s, "}}");
    }
    ds_put_char(s, '\n');
}

static void
put_tiered_port(const struct cluster_port *port, struct ds *s)
{
    if (port->name) {
        ds_put_format(s, "    - {destinationNamedPort: %s}\n",
                      cluster_port_name(port->name - 1));
    } else {
        ds_put_format(s, "    - {%s: {destinationPort: {range: "
                      "{start: %u, end: %u}}}}\n",
                      port->protocol == IPPROTO_TCP ? "tcp"
                      : port->protocol == IPPROTO_UDP ? "udp" : "sctp",
                      port->first, port->last);
    }
}

static void
put_tiered_rule(const struct cluster_tiered_rule *rule, enum k8s_direction d,
                struct ds *s)
{
    const char *peers = d == K8S_EGRESS ? "to" : "from";

    ds_put_format(s, "  - action: %s\n    %s:%s\n",
                  k8s_action_name(rule->action), peers,
                  rule->closed ? " [{}]" : "");
    for (size_t i = 0; !rule->closed && i < rule->match.n_peers; i++) {
        put_tiered_peer(&rule->match.peers[i], s);
    }
    if (!rule->closed && !rule->match.any_port) {
        ds_put_cstr(s, "    protocols:\n");
        for (size_t i = 0; i < rule->match.n_ports; i++) {
            put_tiered_port(&rule->match.ports[i], s);
        }
    }
}

/* An AdminNetworkPolicy is written in words of today. */
static void
put_tiered(const struct cluster *c, unsigned int i, struct ds *s)
{
    const struct cluster_tiered *t = &c->tiered[i];

    ds_put_format(s, "---%s\napiVersion: policy.networking.k8s.io/v1alpha2\n"
                  "kind: ClusterNetworkPolicy\n"
                  "metadata: {name: cnp%u}\n"
                  "spec:\n  tier: %s\n  priority: %u\n"
                  "  subject: {pods: {namespaceSelector: ",
                  t->old ? "   # AdminNetworkPolicy." : "", i,
                  k8s_tier_name(t->old ? K8S_ADMIN : t->tier), t->priority);
    put_selector(&t->spaces, s);
    ds_put_cstr(s, ", podSelector: ");
    put_selector(&t->pods, s);
    ds_put_cstr(s, "}}\n");
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (t->n_rules[d]) {
            ds_put_format(s, "  %s:\n", k8s_direction_name(d));
            for (size_t j = 0; j < t->n_rules[d]; j++) {
                put_tiered_rule(&t->rules[d][j], d, s);
            }
        }
    }
}

static void
put_machine(const struct cluster *c, unsigned int i, struct ds *s)
{
    const struct cluster_machine *m = &c->machines[i];

    ds_put_format(s, "---\napiVersion: v1\nkind: Node\n"
                  "metadata: {name: m%u, labels: ", i);
    put_labels(&m->labels, s);
    if (m->created) {
        ds_put_format(s, ", creationTimestamp: '1970-01-01T00:00:%02uZ'",
                      m->created);
    }
    ds_put_cstr(s, "}\nstatus: {addresses: [");
    if (m->has_v4) {
        ds_put_cstr(s, "{type: InternalIP, address: ");
        address_format(&m->v4, s);
        ds_put_cstr(s, m->has_v6 ? "}, " : "}");
    }
    if (m->has_v6) {
        ds_put_cstr(s, "{type: InternalIP, address: '");
        address_format(&m->v6, s);
        ds_put_cstr(s, "'}");
    }
    ds_put_cstr(s, "]}\n");
}

static void
put_surroundings(const struct cluster *c, struct ds *s)
{
    const char *node = cluster_node_name(c->here.node);
    struct in6_addr addresses[2];
    size_t n = cluster_node_addresses(c, addresses);

    ds_put_format(s, "# Our node: %s", node ? node : "(unknown)");
    for (size_t i = 0; i < n; i++) {
        ds_put_char(s, ' ');
        address_format(&addresses[i], s);
    }
    if (c->here.mark.mask) {
        ds_put_cstr(s, ", mark ");
        model_mark_format(c->here.mark, s);
    }
    for (size_t i = 0; i < c->here.n_service_cidrs; i++) {
        ds_put_cstr(s, ", Services: ");
        prefix_format(&c->here.service_cidrs[i], s);
    }
    ds_put_char(s, '\n');
    for (unsigned int i = 0; i < CLUSTER_N_IFACES; i++) {
        const struct cluster_iface *iface = &c->ifaces[i];

        if (iface->present) {
            ds_put_format(s, "# OpenFlow port %u: pod n%u/p%u, MAC %s\n",
                          100 + i, iface->space, iface->pod,
                          iface->has_mac ? "known" : "unknown");
        }
    }
}

void
cluster_format(const struct cluster *c, struct ds *s)
{
    put_surroundings(c, s);
    for (unsigned int i = 0; i < CLUSTER_N_SPACES; i++) {
        if (c->spaces[i].present) {
            put_space(c, i, s);
        }
    }
    for (unsigned int i = 0; i < CLUSTER_N_PODS; i++) {
        if (c->pods[i].present) {
            put_pod(c, i, s);
        }
    }
    for (unsigned int i = 0; i < CLUSTER_N_POLICIES; i++) {
        if (c->policies[i].present) {
            put_policy(c, i, s);
        }
    }
    for (unsigned int i = 0; i < CLUSTER_N_TIERED; i++) {
        if (c->tiered[i].present) {
            put_tiered(c, i, s);
        }
    }
    for (unsigned int i = 0; i < CLUSTER_N_MACHINES; i++) {
        if (c->machines[i].present) {
            put_machine(c, i, s);
        }
    }
}
