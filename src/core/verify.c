/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verify-private.h"

#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "model.h"
#include "packets.h"
#include "prefix.h"
#include "util.h"

#define NEW_CONNECTION (CS_TRACKED | CS_NEW)
#define RUNNING_CONNECTION (CS_TRACKED | CS_ESTABLISHED)

struct check {
    const struct verify *v;
    const struct verify_plan *plan;
    struct verify_credits *credits;      /* NULL if nobody asks. */
    struct verify_result *result;
    bool *wanted;               /* For each address of the plan: with all
                                 * others of its family. */
    uint64_t step;              /* Every so many cells are checked. */
};

/* A connection with all that is known about it. */
struct cell {
    const struct verdict_query *query;
    struct flow packet;
    bool allowed;               /* As expected. */
    bool never;                 /* Dropped before connection tracking. */
};

/* Cells. */

static bool
are_reports_due(const struct check *k, const struct cell *c,
                const struct replica_outcome *outcome)
{
    return (c->never ? !outcome->n_reports
            : verify_reports_are_due(k->v->model, c->query, c->allowed,
                                     outcome));
}

static void
report(struct check *k, const char *what, const struct cell *c,
       const struct flow *packet, uint8_t ct_state, bool expected,
       const struct replica_outcome *outcome)
{
    struct verify_result *r = k->result;

    r->n_wrong++;
    if (r->n_mismatches < VERIFY_MAX_MISMATCHES) {
        r->mismatches[r->n_mismatches++] = (struct verify_mismatch) {
            .what = what,
            .query = *c->query,
            .packet = *packet,
            .ct_state = ct_state,
            .expected = expected,
            .outcome = *outcome,
        };
    }
}

static void
send_packet(struct check *k, const struct flow *packet, uint8_t ct_state,
            struct replica_outcome *outcome)
{
    k->result->n_packets++;
    replica_send(k->v->replica, packet, ct_state, outcome, NULL);
}

/* A denied packet is never committed, an allowed connection once. */
static bool
check_new(struct check *k, const struct cell *c)
{
    struct replica_outcome outcome;
    const char *what = NULL;

    send_packet(k, &c->packet, NEW_CONNECTION, &outcome);
    if (outcome.strange) {
        what = "a flow that does what ours never do";
    } else if (outcome.passed != c->allowed) {
        what = "new connection";
    } else if (outcome.n_commits != c->allowed || outcome.marked) {
        what = "connection tracking";
    } else if (k->credits && !c->never
               && !verify_credits_are_due(k->credits, k->v->model, c->query,
                                          &outcome)) {
        what = "the wrong rule gets the credit";
    } else if (!are_reports_due(k, c, &outcome)) {
        what = "the wrong drop flow counts it";
    }
    if (what) {
        report(k, what, c, &c->packet, NEW_CONNECTION, c->allowed, &outcome);
    }
    return !what;
}

/* A connection that was there before: runs on, or is decided again. */
static bool
check_established(struct check *k, const struct cell *c)
{
    bool passes = (c->allowed
                   || (!k->v->config->pipeline.recheck && !c->never));
    bool marks = !passes && !c->never;
    struct replica_outcome outcome;

    send_packet(k, &c->packet, RUNNING_CONNECTION, &outcome);
    if (!outcome.strange && outcome.passed == passes
        && outcome.n_commits == marks && outcome.marked == marks) {
        return true;
    }
    report(k, "running connection", c, &c->packet, RUNNING_CONNECTION, passes,
           &outcome);
    return false;
}

static bool
check_reply(struct check *k, const struct cell *c)
{
    uint8_t ct_state = RUNNING_CONNECTION | CS_REPLY_DIR;
    struct replica_outcome outcome;

    send_packet(k, &c->packet, ct_state, &outcome);
    if (!outcome.strange && outcome.passed == !c->never
        && !outcome.n_commits) {
        return true;
    }
    report(k, "reply", c, &c->packet, ct_state, !c->never, &outcome);
    return false;
}

/* What has the node's address but is not from the node gets what the policies
 * would say. */
static bool
check_pretence(struct check *k, const struct cell *c, const char *what,
               const struct flow *packet, bool allowed)
{
    struct replica_outcome outcome;

    send_packet(k, packet, NEW_CONNECTION, &outcome);
    if (!outcome.strange && outcome.passed == allowed) {
        return true;
    }
    report(k, what, c, packet, NEW_CONNECTION, allowed, &outcome);
    return false;
}

/* From elsewhere, or without the node's mark if there is one. */
static bool
check_pretender(struct check *k, const struct cell *c)
{
    struct flow packet = c->packet;
    struct verdict v;
    bool allowed;

    if (!model_is_node_address(k->v->model, &c->query->src.address)) {
        return true;
    }
    verdict_evaluate(k->v->model, c->query, &v);
    allowed = (v.side[K8S_INGRESS].exemption != VERDICT_OWN_NODE
               || v.side[K8S_INGRESS].policies_allow
               || verify_is_audited(k->v->model, c->query->dst.pod));
    verdict_uninit(&v);
    if (!verify_is_local(k->v->model, c->query->dst.pod)) {
        return true;
    }
    packet.in_port.ofp_port = u16_to_ofp(k->v->uplink);
    if (k->v->uplink != k->v->gateway
        && !check_pretence(k, c, "the node's address from elsewhere", &packet,
                           allowed)) {
        return false;
    }
    packet = c->packet;
    packet.pkt_mark = 0;
    return (!c->packet.pkt_mark
            || check_pretence(k, c, "the node's address without its mark",
                              &packet, allowed));
}

static bool
is_tunnel_port(uint16_t port)
{
    for (size_t i = 0; i < VERIFY_N_TUNNELS; i++) {
        if (verify_tunnel_ports[i] == port) {
            return true;
        }
    }
    return false;
}

/* To a tunnel port of the node, from a pod here (S43). */
static bool
is_for_tunnel(const struct check *k, const struct verdict_query *q)
{
    return (q->protocol == IPPROTO_UDP && is_tunnel_port(q->port)
            && verify_is_local(k->v->model, q->src.pod)
            && model_is_node_address(k->v->model, &q->dst.address)
            && !model_is_node_address(k->v->model, &q->src.address));
}

/* Only the guard knows that a packet is a pod's. */
static bool
is_known_as_pods(const struct check *k, const struct verdict_query *q)
{
    return (k->v->config->spoof_guard
            && verify_find_port(k->v->model, q->src.pod));
}

static void
check_cell(struct check *k, const struct verdict_query *q,
           const struct flow *packet, bool established)
{
    struct cell c = { .query = q, .packet = *packet };

    k->result->n_checked++;
    c.never = is_for_tunnel(k, q);
    if (c.never && !is_known_as_pods(k, q)) {
        return;
    }
    c.allowed = verify_expect(k->v->model, q);
    verify_set_service(q->protocol, q->port, &c.packet);
    if (check_new(k, &c) && check_pretender(k, &c) && established) {
        ignore(check_established(k, &c) && check_reply(k, &c));
    }
}

static void
init_query(const struct check *k, size_t i, size_t j, struct verdict_query *q)
{
    const struct in6_addr *src = &k->plan->addresses[i];
    const struct in6_addr *dst = &k->plan->addresses[j];

    *q = (struct verdict_query) {
        .src = { model_pod_by_address(k->v->model, src), *src },
        .dst = { model_pod_by_address(k->v->model, dst), *dst },
    };
}

/* The cells of a pair, of which the first has number 'index'. */
static void
check_pair(struct check *k, size_t i, size_t j, uint64_t index)
{
    const struct verify_plan *p = k->plan;
    struct verdict_query q;
    struct flow packet;

    init_query(k, i, j, &q);
    verify_packet(k->v, &q, &packet);
    for (size_t s = 0; s < p->n_services; s++) {
        if (!((index + s) % k->step)) {
            q.protocol = p->services[s].protocol;
            q.port = p->services[s].port;
            check_cell(k, &q, &packet, !s);
        }
    }
}

/* Marks the addresses that are to be tried with all others: local pods, and
 * one of each family to see that nobody is in the way of the rest. */
static void
mark_wanted(struct check *k)
{
    const struct verify_plan *p = k->plan;
    bool seen[2] = { false, false };

    k->wanted = xcalloc(p->n_addresses, sizeof *k->wanted);
    for (size_t i = 0; i < p->n_addresses; i++) {
        const struct in6_addr *addr = &p->addresses[i];
        const struct k8s_pod *pod = model_pod_by_address(k->v->model, addr);

        k->wanted[i] = (!p->ours || !seen[address_is_v6(addr)]
                        || verify_is_local(k->v->model, pod));
        seen[address_is_v6(addr)] = true;
    }
}

static bool
is_pair(const struct check *k, size_t i, size_t j)
{
    return ((address_is_v6(&k->plan->addresses[i])
             == address_is_v6(&k->plan->addresses[j]))
            && (k->wanted[i] || k->wanted[j]));
}

static void
check_pairs(struct check *k, bool count)
{
    const struct verify_plan *p = k->plan;
    uint64_t index = 0;

    for (size_t i = 0; i < p->n_addresses; i++) {
        for (size_t j = 0; j < p->n_addresses; j++) {
            if (is_pair(k, i, j)) {
                if (!count) {
                    check_pair(k, i, j, index);
                }
                index += p->n_services;
            }
        }
    }
    k->result->n_cells = index;
}

/* Spoofing. */

/* A port sends as somebody else, or from another MAC address.  A link-local
 * address is no pod's in particular. */
static void
check_spoof(struct check *k, const struct model_port *port,
            const struct in6_addr *src)
{
    const struct k8s_pod *owner = model_pod_by_address(k->v->model, src);
    bool own = (owner && !strcmp(owner->up.name, port->name)
                && !strcmp(owner->up.ns, port->ns));
    struct verdict_query q = {
        .src = { owner, *src }, .dst = { owner, *src },
        .protocol = IPPROTO_ICMP,
    };
    struct cell c = { .query = &q };
    struct replica_outcome outcome;
    struct flow packet;

    if (in6_is_lla(CONST_CAST(struct in6_addr *, src))) {
        return;
    }
    verify_packet(k->v, &q, &packet);
    verify_come_from(port, &packet);
    if (own) {
        if (eth_addr_is_zero(port->mac)) {
            return;
        }
        packet.dl_src.ea[5] ^= 1;
    }
    send_packet(k, &packet, NEW_CONNECTION, &outcome);
    if (outcome.strange || outcome.passed || outcome.n_commits) {
        report(k, own ? "somebody else's MAC" : "somebody else's address",
               &c, &packet, NEW_CONNECTION, false, &outcome);
    }
}

static void
check_spoofs(struct check *k)
{
    const struct verify_plan *p = k->plan;
    size_t n;
    const struct model_port *ports = model_ports(k->v->model, &n);

    for (size_t i = 0; k->v->config->spoof_guard && i < n; i++) {
        if (ports[i].unguarded) {
            continue;
        }
        for (size_t j = 0; j < p->n_addresses; j++) {
            check_spoof(k, &ports[i], &p->addresses[j]);
        }
        for (size_t j = 0; j < p->n_suspects; j++) {
            check_spoof(k, &ports[i], &p->suspects[j]);
        }
    }
}

/* The run. */

static uint64_t
gcd(uint64_t a, uint64_t b)
{
    return b ? gcd(b, a % b) : a;
}

/* A step that leaves out no service of a plan for long. */
static uint64_t
choose_step(const struct verify_plan *plan, uint64_t n_cells,
            uint64_t max_cells)
{
    uint64_t step = 1;

    if (n_cells > max_cells) {
        step = DIV_ROUND_UP(n_cells, MAX(max_cells, 1));
        while (gcd(step, plan->n_services) != 1) {
            step++;
        }
    }
    return step;
}

void
verify_run(const struct verify *v, const struct verify_plan *plan,
           uint64_t max_cells, struct verify_result *result)
{
    struct check k = {
        .v = v,
        .plan = plan,
        .credits = v->compile ? verify_credits_create(v->compile) : NULL,
        .result = result,
    };

    memset(result, 0, sizeof *result);
    mark_wanted(&k);
    check_pairs(&k, true);
    k.step = choose_step(plan, result->n_cells, max_cells);
    check_pairs(&k, false);
    check_spoofs(&k);
    verify_credits_destroy(k.credits);
    free(k.wanted);
}
