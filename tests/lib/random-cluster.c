/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "random-cluster.h"

#include <string.h>

#include "util.h"
#include "property.h"

/* Addresses. */

/* The first few of each family are pods'. */
enum { N_POD_V4 = 7, N_POD_V6 = 6 };
static const char *const address_texts[] = {
    "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.1.1", "10.0.1.2",
    "10.1.0.1", "10.128.0.1", "192.0.2.1", "192.0.2.128", "8.8.8.8",
    "fd00::1", "fd00::2", "fd00::3", "fd00::4", "fd00::1:1", "fd00:1::1",
    "fd80::1", "2001:db8::1", "2001:db8::8000:1",
};
BUILD_ASSERT_DECL(ARRAY_SIZE(address_texts) == RANDOM_N_V4 + RANDOM_N_V6);

const struct in6_addr *
random_cluster_addresses(void)
{
    static struct in6_addr addresses[ARRAY_SIZE(address_texts)];
    static bool ready;

    for (size_t i = 0; !ready && i < ARRAY_SIZE(address_texts); i++) {
        ovs_assert(address_parse(address_texts[i], &addresses[i]));
    }
    ready = true;
    return addresses;
}

/* Labels. */

static unsigned int
random_space(struct rng *r)
{
    return rng_below(r, rng_chance(r, 70) ? 2 : CLUSTER_N_SPACES);
}

static uint8_t
random_enforcement(struct rng *r)
{
    return (rng_chance(r, 70) ? K8S_ENFORCEMENT_UNSET
            : rng_chance(r, 80) ? K8S_AUDIT : K8S_ENFORCE);
}

static void
random_labels(struct rng *r, struct cluster_labels *labels)
{
    memset(labels, 0, sizeof *labels);
    for (unsigned int i = 0; i < CLUSTER_N_KEYS - 1; i++) {
        if (rng_chance(r, i ? 40 : 80)) {
            labels->values[i] = 1 + rng_below(r, CLUSTER_N_VALUES);
        }
    }
}

static void
random_requirement(struct rng *r, bool of_space,
                   struct cluster_requirement *req)
{
    req->key = rng_chance(r, 60) ? 0 : rng_below(r, CLUSTER_N_KEYS - 1);
    if (of_space && rng_chance(r, 40)) {
        req->key = CLUSTER_N_KEYS - 1;
    }
    req->op = rng_below(r, 4);
    req->values = 0;
    if (req->op == SELECTOR_IN || req->op == SELECTOR_NOT_IN) {
        while (!req->values) {
            req->values = rng_below(r, 1u << CLUSTER_N_VALUES);
            if (rng_chance(r, 50)) {
                req->values = 1u << rng_below(r, CLUSTER_N_VALUES);
            }
        }
    }
}

static void
random_selector(struct rng *r, bool of_space, struct cluster_selector *s)
{
    memset(s, 0, sizeof *s);
    if (rng_chance(r, 60)) {
        s->n = 1;
        if (rng_chance(r, 25)) {
            s->n += rng_below(r, CLUSTER_MAX_REQUIREMENTS);
        }
    }
    for (size_t i = 0; i < s->n; i++) {
        random_requirement(r, of_space, &s->requirements[i]);
    }
}

/* Pods. */

static uint8_t
random_protocol(struct rng *r)
{
    static const uint8_t protocols[] = {
        IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP
    };

    return protocols[rng_below(r, ARRAY_SIZE(protocols))];
}

static void
random_addresses(struct rng *r, unsigned int index, struct cluster_pod *p)
{
    const struct in6_addr *addresses = random_cluster_addresses();
    unsigned int i = index % N_POD_V4, j = index % N_POD_V6;

    if (rng_chance(r, 20)) {
        i = rng_below(r, N_POD_V4);
        j = rng_below(r, N_POD_V6);
    }
    p->v4 = addresses[i];
    p->v6 = addresses[RANDOM_N_V4 + j];
    p->has_v4 = rng_chance(r, 85);
    p->has_v6 = rng_chance(r, 60);
}

static void
random_named_ports(struct rng *r, struct cluster_pod *p)
{
    static const uint16_t numbers[] = { 53, 80, 81, 8080 };

    p->n_ports = rng_below(r, CLUSTER_MAX_PORTS + 1);
    for (size_t i = 0; i < p->n_ports; i++) {
        p->ports[i].name = rng_below(r, CLUSTER_N_PORT_NAMES);
        p->ports[i].protocol = random_protocol(r);
        p->ports[i].number = numbers[rng_below(r, ARRAY_SIZE(numbers))];
    }
}

static void
random_pod(struct rng *r, unsigned int index, struct cluster_pod *p)
{
    memset(p, 0, sizeof *p);
    p->present = true;
    p->space = random_space(r);
    p->node = (rng_chance(r, 60) ? CLUSTER_NODE_1
               : rng_below(r, CLUSTER_N_NODES));
    p->created = rng_chance(r, 50) ? rng_below(r, 3) : 0;
    p->has_uid = rng_chance(r, 70);
    p->host_network = rng_chance(r, 6);
    p->finished = rng_chance(r, 6);
    random_labels(r, &p->labels);
    random_addresses(r, index, p);
    random_named_ports(r, p);
}

static void
random_iface(const struct cluster *c, struct rng *r, struct cluster_iface *f)
{
    memset(f, 0, sizeof *f);
    f->present = true;
    f->has_mac = rng_chance(r, 60);
    f->pod = rng_below(r, CLUSTER_N_PODS);
    f->space = (rng_chance(r, 90) ? c->pods[f->pod].space : random_space(r));
}

/* Policies. */

static uint8_t
random_length(struct rng *r, bool is_v6)
{
    static const uint8_t v4[] = { 0, 1, 7, 8, 9, 16, 24, 25, 30, 31, 32 };
    static const uint8_t v6[] = {
        0, 7, 8, 9, 16, 32, 48, 64, 96, 97, 112, 126, 127, 128
    };

    return (is_v6 ? v6[rng_below(r, ARRAY_SIZE(v6))]
            : v4[rng_below(r, ARRAY_SIZE(v4))]);
}

static void
random_prefix(struct rng *r, struct prefix *p)
{
    const struct in6_addr *addresses = random_cluster_addresses();
    bool is_v6 = rng_chance(r, 35);
    unsigned int i = (is_v6 ? RANDOM_N_V4 + rng_below(r, RANDOM_N_V6)
                      : rng_below(r, RANDOM_N_V4));

    memset(p, 0, sizeof *p);
    prefix_from_address(&addresses[i], p);
    prefix_truncate(p, random_length(r, is_v6));
}

/* Excepts are what falls into the cidr by chance, which gives nested and equal
 * ones too. */
static void
random_block(struct rng *r, struct cluster_peer *peer)
{
    unsigned int tries = rng_below(r, 12);

    random_prefix(r, &peer->cidr);
    for (unsigned int i = 0; i < tries; i++) {
        struct prefix p;

        random_prefix(r, &p);
        if (peer->n_excepts < CLUSTER_MAX_EXCEPTS
            && p.length > peer->cidr.length
            && prefix_contains(&peer->cidr, &p)) {
            peer->excepts[peer->n_excepts++] = p;
        }
    }
}

static void
random_peer(struct rng *r, struct cluster_peer *peer)
{
    memset(peer, 0, sizeof *peer);
    peer->kind = rng_below(r, 4);
    if (peer->kind == CLUSTER_BLOCK) {
        random_block(r, peer);
    } else {
        random_selector(r, true, &peer->spaces);
        random_selector(r, false, &peer->pods);
    }
}

static void
random_port(struct rng *r, struct cluster_port *port)
{
    static const uint16_t edges[] = {
        1, 3, 52, 53, 80, 81, 443, 1000, 1999, 8080, 30000, 32767, 65534, 65535
    };
    unsigned int i = rng_below(r, ARRAY_SIZE(edges));

    memset(port, 0, sizeof *port);
    port->protocol = random_protocol(r);
    if (rng_chance(r, 30)) {
        port->name = 1 + rng_below(r, CLUSTER_N_PORT_NAMES);
    } else if (rng_chance(r, 15)) {
        port->last = UINT16_MAX;
    } else {
        port->first = port->last = edges[i];
        if (rng_chance(r, 35)) {
            port->last = edges[i + rng_below(r, ARRAY_SIZE(edges) - i)];
        }
    }
}

static void
random_rule(struct rng *r, struct cluster_rule *rule)
{
    memset(rule, 0, sizeof *rule);
    rule->any_peer = rng_chance(r, 25);
    rule->any_port = rng_chance(r, 40);
    if (!rule->any_peer && !rng_chance(r, 3)) {
        rule->n_peers = 1 + rng_below(r, CLUSTER_MAX_PEERS);
    }
    if (!rule->any_port && !rng_chance(r, 3)) {
        rule->n_ports = 1 + rng_below(r, CLUSTER_MAX_PORTS);
    }
    for (size_t i = 0; i < rule->n_peers; i++) {
        random_peer(r, &rule->peers[i]);
    }
    for (size_t i = 0; i < rule->n_ports; i++) {
        random_port(r, &rule->ports[i]);
    }
}

/* Every fourth policy shares a rule with others, as happens with templates. */
static void
random_policy(const struct cluster *c, struct rng *r, struct cluster_policy *p)
{
    memset(p, 0, sizeof *p);
    p->present = true;
    p->space = random_space(r);
    random_selector(r, false, &p->pods);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        const struct cluster_policy *other
            = &c->policies[rng_below(r, CLUSTER_N_POLICIES)];

        p->isolates[d] = rng_chance(r, 65);
        if (!p->isolates[d]) {
            continue;
        }
        p->n_rules[d] = rng_below(r, CLUSTER_MAX_RULES + 1);
        for (size_t i = 0; i < p->n_rules[d]; i++) {
            random_rule(r, &p->rules[d][i]);
        }
        if (rng_chance(r, 25) && other->present && other->n_rules[d]
            && p->n_rules[d]) {
            p->rules[d][0] = other->rules[d][0];
        }
    }
}

/* Cluster policies. */

static void
random_tiered_peer(struct rng *r, enum k8s_direction d,
                   struct cluster_peer *peer)
{
    memset(peer, 0, sizeof *peer);
    peer->kind = rng_chance(r, 50) ? CLUSTER_SPACES : CLUSTER_BOTH;
    if (d == K8S_EGRESS && rng_chance(r, 45)) {
        peer->kind = rng_chance(r, 65) ? CLUSTER_BLOCK : CLUSTER_MACHINES;
    }
    if (peer->kind == CLUSTER_BLOCK) {
        random_prefix(r, &peer->cidr);
    } else {
        random_selector(r, true, &peer->spaces);
        random_selector(r, false, &peer->pods);
    }
}

static void
random_tiered_rule(struct rng *r, enum k8s_direction d,
                   struct cluster_tiered_rule *rule)
{
    struct cluster_rule *match = &rule->match;

    memset(rule, 0, sizeof *rule);
    rule->action = rng_below(r, 3);
    rule->closed = rng_chance(r, 3);
    match->any_port = rng_chance(r, 50);
    match->n_peers = 1 + rng_below(r, CLUSTER_MAX_PEERS);
    match->n_ports = match->any_port ? 0 : 1 + rng_below(r, CLUSTER_MAX_PORTS);
    for (size_t i = 0; i < match->n_peers; i++) {
        random_tiered_peer(r, d, &match->peers[i]);
    }
    for (size_t i = 0; i < match->n_ports; i++) {
        struct cluster_port *port = &match->ports[i];

        random_port(r, port);
        if (!port->name && !port->first) {
            port->first = 1;
        }
    }
}

/* Often with the same priority, and often about everybody. */
static void
random_tiered(struct rng *r, struct cluster_tiered *t)
{
    memset(t, 0, sizeof *t);
    t->present = true;
    t->old = rng_chance(r, 15);
    t->tier = t->old ? K8S_ADMIN : rng_below(r, K8S_N_TIERS);
    t->priority = rng_chance(r, 70) ? rng_below(r, 4) : 998 + rng_below(r, 3);
    if (rng_chance(r, 60)) {
        random_selector(r, true, &t->spaces);
        random_selector(r, false, &t->pods);
    }
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        t->n_rules[d] = rng_below(r, CLUSTER_MAX_RULES + 1);
        for (size_t i = 0; i < t->n_rules[d]; i++) {
            random_tiered_rule(r, d, &t->rules[d][i]);
        }
    }
}

/* At an address that a pod may have, too. */
static void
random_machine(struct rng *r, struct cluster_machine *m)
{
    const struct in6_addr *addresses = random_cluster_addresses();

    memset(m, 0, sizeof *m);
    m->present = true;
    random_labels(r, &m->labels);
    m->created = rng_chance(r, 50) ? rng_below(r, 3) : 0;
    m->has_v4 = rng_chance(r, 90);
    m->has_v6 = rng_chance(r, 50);
    m->v4 = addresses[N_POD_V4 - 1 + rng_below(r, RANDOM_N_V4 - N_POD_V4)];
    m->v6 = addresses[RANDOM_N_V4 + N_POD_V6 - 1
                      + rng_below(r, RANDOM_N_V6 - N_POD_V6)];
}

static void
random_surroundings(struct rng *r, struct cluster_surroundings *here)
{
    memset(here, 0, sizeof *here);
    here->node = rng_below(r, CLUSTER_N_NODES);
    here->has_v4 = rng_chance(r, 80);
    here->has_v6 = rng_chance(r, 60);
    here->audit = rng_chance(r, 10);
    if (rng_chance(r, 20)) {
        here->n_service_cidrs = 1 + rng_below(r, CLUSTER_MAX_SERVICE_CIDRS);
    }
    if (rng_chance(r, 30)) {
        here->mark.value = 1 + rng_below(r, 3);
        here->mark.mask = rng_chance(r, 50) ? 0x3 : UINT32_MAX;
    }
    for (size_t i = 0; i < here->n_service_cidrs; i++) {
        random_prefix(r, &here->service_cidrs[i]);
    }
}

static void
random_order(struct cluster *c, struct rng *r)
{
    for (unsigned int i = 1 + rng_below(r, CLUSTER_N_TIERED); i > 0; i--) {
        random_tiered(r, &c->tiered[i - 1]);
    }
    for (unsigned int i = rng_below(r, CLUSTER_N_MACHINES + 1); i > 0; i--) {
        random_machine(r, &c->machines[i - 1]);
    }
}

void
random_cluster(struct cluster *c, struct rng *r)
{
    memset(c, 0, sizeof *c);
    random_surroundings(r, &c->here);
    c->here.node = rng_chance(r, 85) ? CLUSTER_NODE_1 : CLUSTER_NO_NODE;
    for (unsigned int i = 0; i < CLUSTER_N_SPACES; i++) {
        c->spaces[i].present = rng_chance(r, 80);
        random_labels(r, &c->spaces[i].labels);
        c->spaces[i].enforcement = random_enforcement(r);
    }
    for (unsigned int i = 2 + rng_below(r, CLUSTER_N_PODS - 1); i > 0; i--) {
        random_pod(r, i - 1, &c->pods[i - 1]);
    }
    for (unsigned int i = rng_below(r, CLUSTER_N_IFACES + 1); i > 0; i--) {
        random_iface(c, r, &c->ifaces[i - 1]);
    }
    for (unsigned int i = 1 + rng_below(r, CLUSTER_N_POLICIES); i > 0; i--) {
        random_policy(c, r, &c->policies[i - 1]);
    }
    if (rng_chance(r, 60)) {
        random_order(c, r);
    }
}

/* Events. */

static void
change_pod(const struct cluster *c, struct rng *r, struct cluster_event *e)
{
    struct cluster_pod *p = &e->value.pod;

    *p = c->pods[e->index];
    if (!p->present) {
        random_pod(r, e->index, p);
        return;
    }
    switch (rng_below(r, 7)) {
    case 0:
        p->present = false;
        break;
    case 1:
        random_labels(r, &p->labels);
        break;
    case 2:
        random_addresses(r, e->index, p);
        break;
    case 3:
        random_named_ports(r, p);
        break;
    case 4:
        p->finished = !p->finished;
        break;
    case 5:
        p->node = rng_below(r, CLUSTER_N_NODES);
        break;
    default:
        random_pod(r, e->index, p);
        break;
    }
}

static void
change_policy(const struct cluster *c, struct rng *r, struct cluster_event *e)
{
    struct cluster_policy *p = &e->value.policy;
    unsigned int d = rng_below(r, K8S_N_DIRECTIONS);

    *p = c->policies[e->index];
    if (!p->present) {
        random_policy(c, r, p);
        return;
    }
    switch (rng_below(r, 5)) {
    case 0:
        p->present = false;
        break;
    case 1:
        random_selector(r, false, &p->pods);
        break;
    case 2:
        p->isolates[d] = !p->isolates[d];
        break;
    case 3:
        if (p->n_rules[d]) {
            random_rule(r, &p->rules[d][rng_below(r, p->n_rules[d])]);
        }
        break;
    default:
        random_policy(c, r, p);
        break;
    }
}

static void
change_tiered(const struct cluster *c, struct rng *r, struct cluster_event *e)
{
    struct cluster_tiered *t = &e->value.tiered;
    unsigned int d = rng_below(r, K8S_N_DIRECTIONS);

    *t = c->tiered[e->index];
    if (!t->present) {
        random_tiered(r, t);
        return;
    }
    switch (rng_below(r, 6)) {
    case 0:
        t->present = false;
        break;
    case 1:
        random_selector(r, true, &t->spaces);
        break;
    case 2:
        t->priority = rng_below(r, 5);
        break;
    case 3:
        if (t->n_rules[d]) {
            random_tiered_rule(r, d,
                               &t->rules[d][rng_below(r, t->n_rules[d])]);
        }
        break;
    case 4:
        if (t->n_rules[d]) {
            t->rules[d][rng_below(r, t->n_rules[d])].action = rng_below(r, 3);
        }
        break;
    default:
        random_tiered(r, t);
        break;
    }
}

static void
change_machine(const struct cluster *c, struct rng *r,
               struct cluster_event *e)
{
    e->value.machine = c->machines[e->index];
    if (e->value.machine.present && rng_chance(r, 50)) {
        e->value.machine.present = false;
    } else {
        random_machine(r, &e->value.machine);
    }
}

static void
change_space(const struct cluster *c, struct rng *r, struct cluster_event *e)
{
    e->value.space = c->spaces[e->index];
    if (rng_chance(r, 40)) {
        e->value.space.present = !e->value.space.present;
    } else if (rng_chance(r, 40)) {
        e->value.space.enforcement = random_enforcement(r);
    } else {
        random_labels(r, &e->value.space.labels);
    }
}

static void
change_iface(const struct cluster *c, struct rng *r, struct cluster_event *e)
{
    e->value.iface = c->ifaces[e->index];
    if (e->value.iface.present && rng_chance(r, 50)) {
        e->value.iface.present = false;
    } else {
        random_iface(c, r, &e->value.iface);
    }
}

void
random_cluster_event(const struct cluster *c, struct rng *r,
                     struct cluster_event *e)
{
    unsigned int dice = rng_below(r, 100);

    memset(e, 0, sizeof *e);
    if (dice < 30) {
        e->type = EVENT_POD;
        e->index = rng_below(r, CLUSTER_N_PODS);
        change_pod(c, r, e);
    } else if (dice < 42) {
        e->type = EVENT_TIERED;
        e->index = rng_below(r, CLUSTER_N_TIERED);
        change_tiered(c, r, e);
    } else if (dice < 46) {
        e->type = EVENT_MACHINE;
        e->index = rng_below(r, CLUSTER_N_MACHINES);
        change_machine(c, r, e);
    } else if (dice < 60) {
        e->type = EVENT_POLICY;
        e->index = rng_below(r, CLUSTER_N_POLICIES);
        change_policy(c, r, e);
    } else if (dice < 67) {
        e->type = EVENT_SPACE;
        e->index = rng_below(r, CLUSTER_N_SPACES);
        change_space(c, r, e);
    } else if (dice < 73) {
        e->type = EVENT_IFACE;
        e->index = rng_below(r, CLUSTER_N_IFACES);
        change_iface(c, r, e);
    } else if (dice < 75) {
        e->type = EVENT_NODE;
        random_surroundings(r, &e->value.here);
    } else {
        e->type = EVENT_RUN;
    }
}

void
cluster_event_apply(const struct cluster_event *e, struct cluster *c)
{
    switch (e->type) {
    case EVENT_SPACE:
        c->spaces[e->index] = e->value.space;
        break;
    case EVENT_POD:
        c->pods[e->index] = e->value.pod;
        break;
    case EVENT_IFACE:
        c->ifaces[e->index] = e->value.iface;
        break;
    case EVENT_POLICY:
        c->policies[e->index] = e->value.policy;
        break;
    case EVENT_TIERED:
        c->tiered[e->index] = e->value.tiered;
        break;
    case EVENT_MACHINE:
        c->machines[e->index] = e->value.machine;
        break;
    case EVENT_NODE:
        c->here = e->value.here;
        break;
    case EVENT_RUN:
        break;
    default:
        OVS_NOT_REACHED();
    }
}

const char *
cluster_event_name(const struct cluster_event *e)
{
    static const char *const names[] = {
        [EVENT_SPACE] = "namespace",
        [EVENT_POD] = "pod",
        [EVENT_IFACE] = "interface",
        [EVENT_POLICY] = "policy",
        [EVENT_TIERED] = "cluster policy",
        [EVENT_MACHINE] = "Node object",
        [EVENT_NODE] = "node",
        [EVENT_RUN] = "run of the compiler",
    };

    return names[e->type];
}

/* Everything but the slot is cut out. */
void
cluster_format_slot(const struct cluster *c, const struct cluster_event *e,
                    struct ds *s)
{
    struct cluster alone = { .here = c->here };
    unsigned int i = e->index;

    switch (e->type) {
    case EVENT_SPACE:
        alone.spaces[i] = c->spaces[i];
        break;
    case EVENT_POD:
        alone.pods[i] = c->pods[i];
        break;
    case EVENT_IFACE:
        alone.ifaces[i] = c->ifaces[i];
        break;
    case EVENT_POLICY:
        alone.policies[i] = c->policies[i];
        break;
    case EVENT_TIERED:
        alone.tiered[i] = c->tiered[i];
        break;
    case EVENT_MACHINE:
        alone.machines[i] = c->machines[i];
        break;
    case EVENT_NODE:
    case EVENT_RUN:
        break;
    default:
        OVS_NOT_REACHED();
    }
    cluster_format(&alone, s);
}
