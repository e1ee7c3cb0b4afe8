/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "flow-check.h"

#include <stdlib.h>
#include <string.h>

#include "classifier-switch.h"
#include "cluster.h"
#include "compile.h"
#include "flow.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "property.h"
#include "random-cluster.h"
#include "util.h"
#include "verdict.h"
#include "world.h"

struct check {
    const struct world *world;
    const struct compile_config *config;
    struct classifier_switch *sw;
    const struct flow_check_plan *plan;
    size_t n_cells;
    struct ds report;           /* What differs, if anything. */
};

/* Expectations. */

static bool
is_local(const struct model *model, const struct k8s_pod *pod)
{
    return pod && model_pod_is_local(model, pod);
}

/* What our node must do with the connection. */
static bool
expect(const struct model *model, const struct verdict_query *q)
{
    bool src_local = is_local(model, q->src.pod);
    bool dst_local = is_local(model, q->dst.pod);
    struct verdict v;
    bool allowed;

    if (src_local && dst_local) {
        return verdict_allows(model, q);
    } else if (!src_local && !dst_local) {
        return true;
    }
    verdict_evaluate(model, q, &v);
    allowed = v.side[src_local ? K8S_EGRESS : K8S_INGRESS].allowed;
    verdict_uninit(&v);
    return allowed;
}

/* Packets. */

static void
set_addresses(const struct in6_addr *src, const struct in6_addr *dst,
              struct flow *flow)
{
    if (address_is_v6(src)) {
        flow->dl_type = htons(ETH_TYPE_IPV6);
        flow->ipv6_src = *src;
        flow->ipv6_dst = *dst;
    } else {
        flow->dl_type = htons(ETH_TYPE_IP);
        flow->nw_src = in6_addr_get_mapped_ipv4(src);
        flow->nw_dst = in6_addr_get_mapped_ipv4(dst);
    }
}

static void
set_service(const struct flow_check_service *service, struct flow *flow)
{
    bool is_v6 = flow->dl_type == htons(ETH_TYPE_IPV6);

    flow->nw_proto = service->protocol;
    if (service->protocol == IPPROTO_ICMP) {
        flow->nw_proto = is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
        flow->tp_src = htons(is_v6 ? ICMP6_ECHO_REQUEST : ICMP4_ECHO_REQUEST);
    } else if (service->protocol != IPPROTO_GRE) {
        flow->tp_src = htons(40000);
        flow->tp_dst = htons(service->port);
    }
}

static const struct model_port *
find_port(const struct model *model, const struct k8s_pod *pod)
{
    size_t n;
    const struct model_port *ports = model_ports(model, &n);

    for (size_t i = 0; pod && i < n; i++) {
        if (!strcmp(ports[i].name, pod->up.name)
            && !strcmp(ports[i].ns, pod->up.ns)) {
            return &ports[i];
        }
    }
    return NULL;
}

static void
come_from(const struct model_port *port, struct flow *flow)
{
    flow->in_port.ofp_port = u16_to_ofp(port->ofport);
    flow->dl_src = port->mac;
    if (eth_addr_is_zero(port->mac)) {
        flow->dl_src = (struct eth_addr) ETH_ADDR_C(0a,01,02,03,04,05);
    }
}

/* Where a packet with this source address really comes in. */
static void
set_entry(const struct model *model, const struct verdict_endpoint *src,
          struct flow *flow)
{
    const struct model_port *port = find_port(model, src->pod);
    size_t n;
    const struct in6_addr *addrs = model_node_addresses(model, &n);

    flow->in_port.ofp_port = u16_to_ofp(CLUSTER_UPLINK);
    for (size_t i = 0; i < n; i++) {
        if (!memcmp(&addrs[i], &src->address, sizeof *addrs)) {
            flow->in_port.ofp_port = u16_to_ofp(CLUSTER_GATEWAY);
        }
    }
    if (port) {
        come_from(port, flow);
    }
}

/* Reports. */

static void
report(struct check *k, const char *what, const struct flow *packet,
       uint8_t ct_state, bool expected)
{
    struct classifier_outcome outcome;
    struct ds *s = &k->report;

    ds_put_format(s, "%s: expected %s\npacket: ", what,
                  expected ? "allowed" : "denied");
    flow_format(s, packet, NULL);
    ds_put_format(s, "\nct_state: 0x%x\nflows:\n", ct_state);
    classifier_switch_send(k->sw, packet, ct_state, &outcome, s);
    ds_put_format(s, "the switch: %s, %u commits%s\n",
                  outcome.passed ? "allowed" : "denied", outcome.n_commits,
                  outcome.marked ? ", marked" : "");
}

static void
report_verdict(struct check *k, const struct verdict_query *q)
{
    struct verdict v;

    verdict_evaluate(k->world->model, q, &v);
    verdict_format(q, &v, &k->report);
    ds_put_format(&k->report, "source %s, destination %s\n",
                  is_local(k->world->model, q->src.pod) ? "local" : "remote",
                  is_local(k->world->model, q->dst.pod) ? "local" : "remote");
    verdict_uninit(&v);
}

/* Cells: false if something differs. */

/* A denied packet is never committed, an allowed connection once. */
static bool
check_new(struct check *k, const struct verdict_query *q,
          const struct flow *packet, bool expected)
{
    uint8_t ct_state = CS_TRACKED | CS_NEW;
    struct classifier_outcome outcome;

    k->n_cells++;
    classifier_switch_send(k->sw, packet, ct_state, &outcome, NULL);
    if (outcome.passed == expected && outcome.n_commits == expected
        && !outcome.marked) {
        return true;
    }
    report(k, "new connection", packet, ct_state, expected);
    report_verdict(k, q);
    return false;
}

/* A connection that was there before: runs on, or is decided again. */
static bool
check_established(struct check *k, const struct verdict_query *q,
                  const struct flow *packet, bool expected)
{
    uint8_t ct_state = CS_TRACKED | CS_ESTABLISHED;
    bool passes = expected || !k->config->pipeline.recheck;
    struct classifier_outcome outcome;

    k->n_cells++;
    classifier_switch_send(k->sw, packet, ct_state, &outcome, NULL);
    if (outcome.passed == passes && outcome.n_commits == !passes
        && outcome.marked == !passes) {
        return true;
    }
    report(k, "running connection", packet, ct_state, passes);
    report_verdict(k, q);
    return false;
}

static bool
check_reply(struct check *k, const struct flow *packet)
{
    uint8_t ct_state = CS_TRACKED | CS_ESTABLISHED | CS_REPLY_DIR;
    struct classifier_outcome outcome;

    k->n_cells++;
    classifier_switch_send(k->sw, packet, ct_state, &outcome, NULL);
    if (outcome.passed && !outcome.n_commits) {
        return true;
    }
    report(k, "reply", packet, ct_state, true);
    return false;
}

static bool
check_cell(struct check *k, const struct in6_addr *src,
           const struct in6_addr *dst,
           const struct flow_check_service *service, bool established)
{
    const struct model *model = k->world->model;
    struct verdict_query q = {
        .src = { model_pod_by_address(model, src), *src },
        .dst = { model_pod_by_address(model, dst), *dst },
        .protocol = service->protocol,
        .port = service->port
    };
    struct flow packet;
    bool expected = expect(model, &q);

    memset(&packet, 0, sizeof packet);
    set_addresses(src, dst, &packet);
    set_service(service, &packet);
    set_entry(model, &q.src, &packet);
    return (check_new(k, &q, &packet, expected)
            && (!established || (check_established(k, &q, &packet, expected)
                                 && check_reply(k, &packet))));
}

/* A port sends as somebody else, or from another MAC address. */
static bool
check_spoof(struct check *k, const struct model_port *port,
            const struct in6_addr *src)
{
    const struct k8s_pod *owner = model_pod_by_address(k->world->model, src);
    bool own = (owner && !strcmp(owner->up.name, port->name)
                && !strcmp(owner->up.ns, port->ns));
    struct classifier_outcome outcome;
    struct flow packet;

    memset(&packet, 0, sizeof packet);
    set_addresses(src, src, &packet);
    set_service(&k->plan->services[0], &packet);
    come_from(port, &packet);
    if (own) {
        if (eth_addr_is_zero(port->mac)) {
            return true;
        }
        packet.dl_src.ea[5] ^= 1;
    }
    k->n_cells++;
    classifier_switch_send(k->sw, &packet, CS_TRACKED | CS_NEW, &outcome,
                           NULL);
    if (!outcome.passed && !outcome.n_commits) {
        return true;
    }
    report(k, own ? "somebody else's MAC" : "somebody else's address",
           &packet, CS_TRACKED | CS_NEW, false);
    return false;
}

static bool
check_spoofs(struct check *k)
{
    size_t n;
    const struct model_port *ports = model_ports(k->world->model, &n);

    for (size_t i = 0; k->config->spoof_guard && i < n; i++) {
        for (size_t j = 0; j < k->plan->n_addresses; j++) {
            if (!check_spoof(k, &ports[i], &k->plan->addresses[j])) {
                return false;
            }
        }
    }
    return true;
}

static bool
check_cells(struct check *k)
{
    const struct flow_check_plan *p = k->plan;

    for (size_t i = 0; i < p->n_addresses; i++) {
        for (size_t j = 0; j < p->n_addresses; j++) {
            const struct in6_addr *src = &p->addresses[i];
            const struct in6_addr *dst = &p->addresses[j];

            if (address_is_v6(src) != address_is_v6(dst)) {
                continue;
            }
            for (size_t s = 0; s < p->n_services; s++) {
                if (!check_cell(k, src, dst, &p->services[s], !s)) {
                    return false;
                }
            }
        }
    }
    return true;
}

char *
flow_check_world(const struct world *w, const struct flow_check_plan *plan,
                 size_t *n_cells)
{
    const struct compile_config *config = compile_config(w->compile);
    struct check k = {
        .world = w,
        .config = config,
        .sw = classifier_switch_create(&config->pipeline,
                                       compile_flowset(w->compile)),
        .plan = plan,
        .report = DS_EMPTY_INITIALIZER
    };

    if (check_cells(&k) && check_spoofs(&k)) {
        ds_clear(&k.report);
    }
    classifier_switch_destroy(k.sw);
    *n_cells += k.n_cells;
    return k.report.length ? ds_steal_cstr(&k.report) : NULL;
}

/* Plans. */

enum {
    N_ADDRESSES = RANDOM_N_V4 + RANDOM_N_V6 + 2,
    MAX_SERVICES = (5 + CLUSTER_N_PODS * CLUSTER_MAX_PORTS
                    + (CLUSTER_N_POLICIES * K8S_N_DIRECTIONS
                       * CLUSTER_MAX_RULES * CLUSTER_MAX_PORTS * 5)),
    SAMPLE_ADDRESSES = 14,
    SAMPLE_SERVICES = 6
};

static void
add_service(struct flow_check_service *services, size_t *n, uint8_t protocol,
            int port)
{
    if (port < 0 || port > UINT16_MAX) {
        return;
    }
    for (size_t i = 0; i < *n; i++) {
        if (services[i].protocol == protocol && services[i].port == port) {
            return;
        }
    }
    services[*n].protocol = protocol;
    services[(*n)++].port = port;
}

/* A port range's edges, and what lies just outside. */
static void
add_rule_services(const struct cluster_rule *rule,
                  struct flow_check_service *services, size_t *n)
{
    for (size_t i = 0; !rule->any_port && i < rule->n_ports; i++) {
        const struct cluster_port *p = &rule->ports[i];

        if (!p->name) {
            add_service(services, n, p->protocol, p->first);
            add_service(services, n, p->protocol, p->last);
            add_service(services, n, p->protocol, p->last + 1);
            add_service(services, n, p->protocol, p->first - 1);
            add_service(services, n, p->protocol, (p->first + p->last) / 2);
        }
    }
}

/* Every service that the cluster may tell apart. */
static size_t
collect_services(const struct cluster *c,
                 struct flow_check_service services[MAX_SERVICES])
{
    size_t n = 0;

    add_service(services, &n, IPPROTO_ICMP, 0);
    add_service(services, &n, IPPROTO_TCP, 80);
    add_service(services, &n, IPPROTO_UDP, 53);
    add_service(services, &n, IPPROTO_SCTP, 1000);
    add_service(services, &n, IPPROTO_GRE, 0);
    for (size_t i = 0; i < CLUSTER_N_PODS; i++) {
        const struct cluster_pod *p = &c->pods[i];

        for (size_t j = 0; p->present && j < p->n_ports; j++) {
            add_service(services, &n, p->ports[j].protocol,
                        p->ports[j].number);
        }
    }
    for (size_t i = 0; i < CLUSTER_N_POLICIES; i++) {
        const struct cluster_policy *p = &c->policies[i];

        for (int d = 0; p->present && d < K8S_N_DIRECTIONS; d++) {
            for (size_t j = 0; p->isolates[d] && j < p->n_rules[d]; j++) {
                add_rule_services(&p->rules[d][j], services, &n);
            }
        }
    }
    return n;
}

static size_t
collect_addresses(const struct cluster *c,
                  struct in6_addr addresses[N_ADDRESSES])
{
    size_t n = RANDOM_N_V4 + RANDOM_N_V6;

    memcpy(addresses, random_cluster_addresses(), n * sizeof *addresses);
    return n + cluster_node_addresses(c, &addresses[n]);
}

/* Moves a random choice of 'n_sample' of the 'n' elements to the front. */
static size_t
sample(struct rng *r, void *elements, size_t n, size_t size, size_t n_sample)
{
    uint8_t *p = elements, tmp[sizeof(struct in6_addr)];

    ovs_assert(size <= sizeof tmp);
    for (size_t i = 0; i < n_sample && i < n; i++) {
        size_t j = i + rng_below(r, n - i);

        memcpy(tmp, p + i * size, size);
        memcpy(p + i * size, p + j * size, size);
        memcpy(p + j * size, tmp, size);
    }
    return MIN(n, n_sample);
}

char *
flow_check_cluster(const struct cluster *c,
                   const struct compile_config *config, uint64_t seed,
                   size_t *n_cells)
{
    struct in6_addr addresses[N_ADDRESSES];
    struct flow_check_service services[MAX_SERVICES];
    size_t n_addresses = collect_addresses(c, addresses);
    size_t n_services = collect_services(c, services);
    struct world world;
    char *error;

    if (seed) {
        struct rng r;

        rng_init(&r, seed);
        n_addresses = sample(&r, addresses, n_addresses, sizeof *addresses,
                             SAMPLE_ADDRESSES);
        n_services = sample(&r, services, n_services, sizeof *services,
                            SAMPLE_SERVICES);
    }
    world_init(&world, config);
    world_load(&world, c, NULL);
    error = flow_check_world(&world,
                             &(struct flow_check_plan) {
                                 addresses, n_addresses, services, n_services
                             }, n_cells);
    world_uninit(&world);
    return error;
}
