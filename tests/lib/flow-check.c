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
#include "policy.h"
#include "rule.h"
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

/* What our node must do with the connection: '*v' restricted to the ends that
 * are ours. */
static bool
expect(const struct model *model, const struct verdict_query *q,
       const struct verdict *v)
{
    return ((!is_local(model, q->src.pod) || v->side[K8S_EGRESS].allowed)
            && (!is_local(model, q->dst.pod) || v->side[K8S_INGRESS].allowed));
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
report_verdict(struct check *k, const struct verdict_query *q,
               const struct verdict *v)
{
    verdict_format(q, v, &k->report);
    ds_put_format(&k->report, "source %s, destination %s\n",
                  is_local(k->world->model, q->src.pod) ? "local" : "remote",
                  is_local(k->world->model, q->dst.pod) ? "local" : "remote");
}

/* Cells: false if something differs. */

/* A connection with all that is known about it. */
struct cell {
    const struct verdict_query *query;
    const struct verdict *verdict;
    struct flow packet;
    bool allowed;               /* As expected. */
    bool never;                 /* Dropped before connection tracking. */
};

static const struct rule *
find_rule(const struct compile *compile, enum k8s_direction d, uint32_t id)
{
    const struct rule *r;

    HMAP_FOR_EACH (r, node, &compile_rules(compile, d)->rules) {
        if (r->id.value == id) {
            return r;
        }
    }
    return NULL;
}

/* The rule 'id' is one of those that allow, and 0 where none was asked. */
static bool
is_credit_due(const struct check *k, const struct verdict_side *side,
              enum k8s_direction d, uint32_t id)
{
    const struct rule *r = find_rule(k->world->compile, d, id);

    for (size_t i = 0; r && i < r->uses.n; i++) {
        const struct policy_use *use = r->uses.p[i];

        for (size_t j = 0; j < side->n_reasons; j++) {
            if (use->policy->spec == side->reasons[j].policy
                && use->index == side->reasons[j].rule) {
                return true;
            }
        }
    }
    return !id && (side->exemption || !side->isolated);
}

static bool
are_credits_due(const struct check *k, const struct cell *c,
                const struct classifier_outcome *outcome)
{
    const struct verdict_endpoint *ends[] = { &c->query->src, &c->query->dst };

    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (is_local(k->world->model, ends[d]->pod)
            ? !is_credit_due(k, &c->verdict->side[d], d, outcome->rules[d])
            : outcome->rules[d]) {
            return false;
        }
    }
    return true;
}

/* A denied packet ends at the default drop of the target that denied it, or
 * at none's. */
static bool
is_blame_due(const struct cell *c, const struct classifier_outcome *outcome)
{
    if (c->never) {
        return outcome->cookie == cookie_make(COOKIE_STATIC, 0);
    }

    uint32_t target = (outcome->targets[K8S_INGRESS]
                       ? outcome->targets[K8S_INGRESS]
                       : outcome->targets[K8S_EGRESS]);

    return outcome->cookie == cookie_make(COOKIE_DROP, target);
}

/* A denied packet is never committed, an allowed connection once. */
static bool
check_new(struct check *k, const struct cell *c)
{
    uint8_t ct_state = CS_TRACKED | CS_NEW;
    struct classifier_outcome outcome;
    const char *what = "new connection";

    k->n_cells++;
    classifier_switch_send(k->sw, &c->packet, ct_state, &outcome, NULL);
    if (outcome.passed == c->allowed && outcome.n_commits == c->allowed
        && !outcome.marked) {
        if (c->allowed ? are_credits_due(k, c, &outcome)
            : is_blame_due(c, &outcome)) {
            return true;
        }
        what = c->allowed ? "wrong rule gets the credit" : "wrong drop flow";
    }
    report(k, what, &c->packet, ct_state, c->allowed);
    report_verdict(k, c->query, c->verdict);
    return false;
}

/* A connection that was there before: runs on, or is decided again. */
static bool
check_established(struct check *k, const struct cell *c)
{
    uint8_t ct_state = CS_TRACKED | CS_ESTABLISHED;
    bool passes = c->allowed || (!k->config->pipeline.recheck && !c->never);
    bool marks = !passes && !c->never;
    struct classifier_outcome outcome;

    k->n_cells++;
    classifier_switch_send(k->sw, &c->packet, ct_state, &outcome, NULL);
    if (outcome.passed == passes && outcome.n_commits == marks
        && outcome.marked == marks) {
        return true;
    }
    report(k, "running connection", &c->packet, ct_state, passes);
    report_verdict(k, c->query, c->verdict);
    return false;
}

static bool
check_reply(struct check *k, const struct cell *c)
{
    uint8_t ct_state = CS_TRACKED | CS_ESTABLISHED | CS_REPLY_DIR;
    struct classifier_outcome outcome;

    k->n_cells++;
    classifier_switch_send(k->sw, &c->packet, ct_state, &outcome, NULL);
    if (outcome.passed == !c->never && !outcome.n_commits) {
        return true;
    }
    report(k, "reply", &c->packet, ct_state, !c->never);
    return false;
}

/* The node's address from elsewhere is not the node: what the policies would
 * say if it were not exempt. */
static bool
check_pretender(struct check *k, const struct cell *c)
{
    const struct verdict_side *side = &c->verdict->side[K8S_INGRESS];
    uint8_t ct_state = CS_TRACKED | CS_NEW;
    bool allowed = !side->isolated || side->n_reasons;
    struct classifier_outcome outcome;
    struct flow packet = c->packet;

    if (side->exemption != VERDICT_OWN_NODE) {
        return true;
    }
    packet.in_port.ofp_port = u16_to_ofp(CLUSTER_UPLINK);
    k->n_cells++;
    classifier_switch_send(k->sw, &packet, ct_state, &outcome, NULL);
    if (outcome.passed == allowed) {
        return true;
    }
    report(k, "the node's address from elsewhere", &packet, ct_state, allowed);
    report_verdict(k, c->query, c->verdict);
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
    struct cell c = { .query = &q };
    struct verdict v;
    bool ok;

    verdict_evaluate(model, &q, &v);
    c.verdict = &v;
    c.never = v.side[K8S_EGRESS].exemption == VERDICT_TUNNEL;
    c.allowed = expect(model, &q, &v);
    set_addresses(src, dst, &c.packet);
    set_service(service, &c.packet);
    set_entry(model, &q.src, &c.packet);
    /* Only the guard knows that a packet is a pod's. */
    if (c.never && (!k->config->spoof_guard || !find_port(model, q.src.pod))) {
        verdict_uninit(&v);
        return true;
    }
    ok = check_new(k, &c) && check_pretender(k, &c);
    if (established) {
        ok = ok && check_established(k, &c) && check_reply(k, &c);
    }
    verdict_uninit(&v);
    return ok;
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
