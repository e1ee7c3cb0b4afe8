/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* Words. */

const char *const cluster_keys[CLUSTER_N_KEYS] = {
    "app", "tier", "env", "kubernetes.io/metadata.name"
};

const char *
cluster_value(unsigned int key, unsigned int value)
{
    static const char *const values[CLUSTER_N_VALUES] = { "", "a", "b", "c" };
    static const char *const names[CLUSTER_N_SPACES] = {
        "n0", "n1", "n2", "n3"
    };

    return key == CLUSTER_N_KEYS - 1 ? names[value] : values[value];
}

const char *
cluster_node_name(enum cluster_node node)
{
    static const char *const names[CLUSTER_N_NODES] = {
        NULL, "node-1", "node-2"
    };

    return names[node];
}

const char *
cluster_port_name(unsigned int name)
{
    static const char *const names[CLUSTER_N_PORT_NAMES] = {
        "http", "dns", "web"
    };

    return names[name];
}

void
cluster_space_name(unsigned int space, char name[8])
{
    snprintf(name, 8, "n%u", space % 1000);
}

void
cluster_pod_name(unsigned int pod, char name[8])
{
    snprintf(name, 8, "p%u", pod % 1000);
}

void
cluster_policy_name(unsigned int policy, char name[8])
{
    snprintf(name, 8, "np%u", policy % 1000);
}

void
cluster_tiered_name(unsigned int policy, char name[8])
{
    snprintf(name, 8, "cnp%u", policy % 1000);
}

enum k8s_kind
cluster_tiered_kind(const struct cluster_tiered *t)
{
    return t->old ? K8S_ADMIN_POLICY : K8S_CLUSTER_POLICY;
}

void
cluster_machine_name(unsigned int machine, char name[8])
{
    snprintf(name, 8, "m%u", machine % 1000);
}

size_t
cluster_node_addresses(const struct cluster *c, struct in6_addr addresses[2])
{
    size_t n = 0;

    if (c->here.has_v4) {
        address_parse("172.16.0.1", &addresses[n++]);
    }
    if (c->here.has_v6) {
        address_parse("fd00:172::1", &addresses[n++]);
    }
    return n;
}

/* Labels. */

static struct label_set *
make_labels(const struct cluster_labels *labels, const char *name,
            struct label_pool *pool)
{
    struct label_pair pairs[CLUSTER_N_KEYS];
    size_t n = 0;

    for (unsigned int i = 0; i < CLUSTER_N_KEYS - 1; i++) {
        if (labels->values[i]) {
            pairs[n].key = cluster_keys[i];
            pairs[n++].value = cluster_value(i, labels->values[i] - 1);
        }
    }
    if (name) {
        pairs[n].key = cluster_keys[CLUSTER_N_KEYS - 1];
        pairs[n++].value = name;
    }
    return label_set_create(pool, pairs, n);
}

static struct selector *
make_selector(const struct cluster_selector *s, struct label_pool *pool)
{
    struct selector_requirement reqs[CLUSTER_MAX_REQUIREMENTS];
    const char *values[CLUSTER_MAX_REQUIREMENTS][CLUSTER_N_VALUES];

    for (size_t i = 0; i < s->n; i++) {
        const struct cluster_requirement *r = &s->requirements[i];

        reqs[i].key = cluster_keys[r->key];
        reqs[i].op = r->op;
        reqs[i].values = values[i];
        reqs[i].n_values = 0;
        for (unsigned int j = 0; j < CLUSTER_N_VALUES; j++) {
            if (r->values & (1u << j)) {
                values[i][reqs[i].n_values++] = cluster_value(r->key, j);
            }
        }
    }
    return selector_create(pool, reqs, s->n);
}

/* Objects. */

struct k8s_object *
cluster_make_space(const struct cluster *c, unsigned int i,
                   struct label_pool *pool)
{
    struct k8s_namespace *ns = xzalloc(sizeof *ns);
    char name[8];

    cluster_space_name(i, name);
    ns->up.kind = K8S_NAMESPACE;
    ns->up.name = xstrdup(name);
    ns->labels = make_labels(&c->spaces[i].labels, name, pool);
    ns->enforcement = c->spaces[i].enforcement;
    return &ns->up;
}

static int
compare_named_ports(const void *a_, const void *b_)
{
    const struct k8s_named_port *a = a_;
    const struct k8s_named_port *b = b_;
    int cmp = strcmp(a->name, b->name);

    cmp = cmp ? cmp : a->protocol - b->protocol;
    return cmp ? cmp : a->number - b->number;
}

/* Sorted and unique, as k8s.h says. */
static void
make_named_ports(const struct cluster_pod *cp, struct k8s_pod *pod)
{
    pod->ports = xcalloc(CLUSTER_MAX_PORTS, sizeof *pod->ports);
    for (size_t i = 0; i < cp->n_ports; i++) {
        struct k8s_named_port port = {
            .name = CONST_CAST(char *, cluster_port_name(cp->ports[i].name)),
            .protocol = cp->ports[i].protocol,
            .number = cp->ports[i].number
        };
        bool twice = false;

        for (size_t j = 0; j < pod->n_ports; j++) {
            twice |= !compare_named_ports(&pod->ports[j], &port);
        }
        if (!twice) {
            port.name = xstrdup(port.name);
            pod->ports[pod->n_ports++] = port;
        }
    }
    qsort(pod->ports, pod->n_ports, sizeof *pod->ports, compare_named_ports);
}

struct k8s_object *
cluster_make_pod(const struct cluster *c, unsigned int i,
                 struct label_pool *pool)
{
    const struct cluster_pod *cp = &c->pods[i];
    struct k8s_pod *pod = xzalloc(sizeof *pod);
    char name[8], ns[8];

    cluster_pod_name(i, name);
    cluster_space_name(cp->space, ns);
    pod->up.kind = K8S_POD;
    pod->up.ns = xstrdup(ns);
    pod->up.name = xstrdup(name);
    pod->uid = cp->has_uid ? xasprintf("uid-%s", name) : NULL;
    pod->node = nullable_xstrdup(cluster_node_name(cp->node));
    pod->labels = make_labels(&cp->labels, NULL, pool);
    pod->addresses = xcalloc(2, sizeof *pod->addresses);
    if (cp->has_v4) {
        pod->addresses[pod->n_addresses++] = cp->v4;
    }
    if (cp->has_v6) {
        pod->addresses[pod->n_addresses++] = cp->v6;
    }
    make_named_ports(cp, pod);
    pod->created = cp->created;
    pod->host_network = cp->host_network;
    pod->finished = cp->finished;
    return &pod->up;
}

static int
compare_prefixes(const void *a, const void *b)
{
    return prefix_compare(a, b);
}

/* Sorted, each once. */
static void
make_excepts(const struct cluster_peer *cp, struct k8s_ip_block *block)
{
    struct prefix excepts[CLUSTER_MAX_EXCEPTS];

    memcpy(excepts, cp->excepts, sizeof excepts);
    qsort(excepts, cp->n_excepts, sizeof *excepts, compare_prefixes);
    block->excepts = xcalloc(CLUSTER_MAX_EXCEPTS, sizeof *block->excepts);
    for (size_t i = 0; i < cp->n_excepts; i++) {
        if (!i || prefix_compare(&excepts[i], &excepts[i - 1])) {
            block->excepts[block->n_excepts++] = excepts[i];
        }
    }
}

static void
make_peer(const struct cluster_peer *cp, struct label_pool *pool,
          struct k8s_peer *peer)
{
    if (cp->kind == CLUSTER_BLOCK) {
        struct k8s_ip_block *block = xzalloc(sizeof *block);

        block->cidr = cp->cidr;
        make_excepts(cp, block);
        peer->block = block;
        return;
    } else if (cp->kind == CLUSTER_MACHINES) {
        peer->nodes = make_selector(&cp->pods, pool);
        return;
    }
    if (cp->kind != CLUSTER_PODS) {
        peer->namespaces = make_selector(&cp->spaces, pool);
    }
    peer->pods = (cp->kind == CLUSTER_SPACES
                  ? selector_create(pool, NULL, 0)
                  : make_selector(&cp->pods, pool));
}

static void
make_rule(const struct cluster_rule *cr, struct label_pool *pool,
          struct k8s_rule *rule)
{
    rule->any_peer = cr->any_peer;
    rule->any_port = cr->any_port;
    rule->n_peers = cr->any_peer ? 0 : cr->n_peers;
    rule->n_ports = cr->any_port ? 0 : cr->n_ports;
    rule->peers = (rule->n_peers
                   ? xcalloc(rule->n_peers, sizeof *rule->peers) : NULL);
    rule->ports = (rule->n_ports
                   ? xcalloc(rule->n_ports, sizeof *rule->ports) : NULL);
    for (size_t i = 0; i < rule->n_peers; i++) {
        make_peer(&cr->peers[i], pool, &rule->peers[i]);
    }
    for (size_t i = 0; i < rule->n_ports; i++) {
        const struct cluster_port *cp = &cr->ports[i];

        rule->ports[i].protocol = cp->protocol;
        rule->ports[i].name
            = cp->name ? xstrdup(cluster_port_name(cp->name - 1)) : NULL;
        rule->ports[i].first = cp->first;
        rule->ports[i].last = cp->name ? UINT16_MAX : cp->last;
    }
}

struct k8s_object *
cluster_make_policy(const struct cluster *c, unsigned int i,
                    struct label_pool *pool)
{
    const struct cluster_policy *cp = &c->policies[i];
    struct k8s_policy *policy = xzalloc(sizeof *policy);
    char name[8], ns[8];

    cluster_policy_name(i, name);
    cluster_space_name(cp->space, ns);
    policy->up.kind = K8S_POLICY;
    policy->up.ns = xstrdup(ns);
    policy->up.name = xstrdup(name);
    policy->pods = make_selector(&cp->pods, pool);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        size_t n = cp->isolates[d] ? cp->n_rules[d] : 0;

        policy->isolates[d] = cp->isolates[d];
        policy->n_rules[d] = n;
        policy->rules[d] = n ? xcalloc(n, sizeof *policy->rules[d]) : NULL;
        for (size_t j = 0; j < n; j++) {
            make_rule(&cp->rules[d][j], pool, &policy->rules[d][j]);
        }
    }
    return &policy->up;
}

/* A rule that is not understood fails closed (C6). */
static void
make_tiered_rule(const struct cluster_tiered_rule *cr,
                 struct label_pool *pool, struct k8s_cluster_rule *rule)
{
    rule->action = cr->action;
    rule->closed = cr->closed;
    if (cr->closed) {
        rule->action = cr->action == K8S_ACCEPT ? K8S_ACCEPT : K8S_DENY;
        rule->match.any_peer = rule->action == K8S_DENY;
        rule->match.any_port = true;
        return;
    }
    make_rule(&cr->match, pool, &rule->match);
    for (size_t i = 0; i < rule->match.n_ports; i++) {
        struct k8s_port *port = &rule->match.ports[i];

        /* C5. */
        if (port->name) {
            port->protocol = 0;
            port->last = 0;
        }
    }
}

struct k8s_object *
cluster_make_tiered(const struct cluster *c, unsigned int i,
                    struct label_pool *pool)
{
    const struct cluster_tiered *ct = &c->tiered[i];
    struct k8s_cluster_policy *policy = xzalloc(sizeof *policy);
    char name[8];

    cluster_tiered_name(i, name);
    policy->up.kind = cluster_tiered_kind(ct);
    policy->up.name = xstrdup(name);
    policy->tier = ct->old ? K8S_ADMIN : ct->tier;
    policy->priority = ct->priority;
    policy->namespaces = make_selector(&ct->spaces, pool);
    policy->pods = make_selector(&ct->pods, pool);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        size_t n = ct->n_rules[d];

        policy->n_rules[d] = n;
        policy->rules[d] = n ? xcalloc(n, sizeof *policy->rules[d]) : NULL;
        for (size_t j = 0; j < n; j++) {
            make_tiered_rule(&ct->rules[d][j], pool, &policy->rules[d][j]);
        }
    }
    return &policy->up;
}

struct k8s_object *
cluster_make_machine(const struct cluster *c, unsigned int i,
                     struct label_pool *pool)
{
    const struct cluster_machine *cm = &c->machines[i];
    struct k8s_node *node = xzalloc(sizeof *node);
    char name[8];

    cluster_machine_name(i, name);
    node->up.kind = K8S_NODE;
    node->up.name = xstrdup(name);
    node->labels = make_labels(&cm->labels, NULL, pool);
    node->created = cm->created;
    node->addresses = xcalloc(2, sizeof *node->addresses);
    if (cm->has_v4) {
        node->addresses[node->n_addresses++] = cm->v4;
    }
    if (cm->has_v6) {
        node->addresses[node->n_addresses++] = cm->v6;
    }
    return &node->up;
}

size_t
cluster_make_ports(const struct cluster *c,
                   struct model_port ports[CLUSTER_N_IFACES])
{
    size_t n = 0;

    for (unsigned int i = 0; i < CLUSTER_N_IFACES; i++) {
        const struct cluster_iface *iface = &c->ifaces[i];
        struct model_port *port = &ports[n];
        char ns[8], name[8];

        if (!iface->present) {
            continue;
        }
        cluster_space_name(iface->space, ns);
        cluster_pod_name(iface->pod, name);
        port->ns = xstrdup(ns);
        port->name = xstrdup(name);
        port->interface = xasprintf("veth%u", i);
        port->ofport = 100 + i;
        port->unguarded = false;
        port->mac = (iface->has_mac
                     ? (struct eth_addr) ETH_ADDR_C(0a,00,00,00,00,00)
                     : (struct eth_addr) ETH_ADDR_C(00,00,00,00,00,00));
        port->mac.ea[5] = iface->has_mac ? 100 + i : 0;
        n++;
    }
    return n;
}

void
cluster_free_ports(struct model_port ports[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(ports[i].ns);
        free(ports[i].name);
        free(ports[i].interface);
    }
}
