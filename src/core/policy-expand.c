/* SPDX-License-Identifier: Apache-2.0
 *
 * What a policy says becomes uses of rules. */

#include <config.h>

#include <stdlib.h>

#include "group.h"
#include "netset.h"
#include "policy-private.h"
#include "rule.h"
#include "util.h"

struct group *
policy_ref_target(struct policies *ps, const struct policy *p,
                  enum k8s_direction d, struct group_port *port)
{
    enum group_role role = GROUP_TARGET(d);

    if (p->spec && p->spec->isolates[d]) {
        return group_ref(ps->groups, role, p->ns, NULL, p->spec->pods, port);
    } else if (p->cluster && p->cluster->n_rules[d]) {
        return group_ref(ps->groups, role, NULL, p->cluster->namespaces,
                         p->cluster->pods, port);
    }
    return NULL;
}

/* Expansion of one rule of one policy. */
struct expansion {
    struct policies *ps;
    struct policy *policy;
    enum k8s_direction direction;
    size_t index;
    const struct k8s_rule *rule;
    const struct k8s_cluster_rule *cluster;     /* NULL: of a NetworkPolicy. */
    bool out;                   /* Beyond the budget: no uses. */
    struct ptrs *new_uses;
};

static struct group *
ref_peer(const struct expansion *x, const struct k8s_peer *peer,
         struct group_port *port)
{
    struct groups *groups = x->ps->groups;
    enum group_role role = GROUP_PEER(x->direction);

    return (peer->nodes
            ? group_ref(groups, role, GROUP_NODES, NULL, peer->nodes, NULL)
            : group_ref(groups, role, x->policy->ns, peer->namespaces,
                        peer->pods, port));
}

/* The groups of the peers of 'x', just those pods that have 'port' if that is
 * not NULL; the caller owns a reference to each. */
static struct ptrs
collect_groups(const struct expansion *x, struct group_port *port)
{
    struct groups *groups = x->ps->groups;
    enum group_role role = GROUP_PEER(x->direction);
    struct ptrs found = PTRS_INITIALIZER;

    if (x->rule->any_peer && port) {
        struct selector *all = x->ps->everything;

        ptrs_add(&found, group_ref(groups, role, NULL, all, all, port));
    }
    for (size_t i = 0; !x->rule->any_peer && i < x->rule->n_peers; i++) {
        const struct k8s_peer *peer = &x->rule->peers[i];

        /* Only pods have names for ports. */
        if (!peer->block && !(peer->nodes && port)) {
            ptrs_add(&found, ref_peer(x, peer, port));
        }
    }
    return found;
}

static struct netset_list *
collect_nets(const struct expansion *x)
{
    struct ptrs blocks = PTRS_INITIALIZER;
    struct netset_list *nets = NULL;

    for (size_t i = 0; !x->rule->any_peer && i < x->rule->n_peers; i++) {
        if (x->rule->peers[i].block) {
            ptrs_add(&blocks, x->rule->peers[i].block);
        }
    }
    if (blocks.n) {
        nets = netset_ref(x->ps->netsets[x->direction],
                          (const struct k8s_ip_block *const *) blocks.p,
                          blocks.n);
    }
    ptrs_uninit(&blocks);
    return nets;
}

/* The rung of 'x', made if need be; NULL for a NetworkPolicy. */
static struct rung *
get_rung(const struct expansion *x)
{
    const struct policy *p = x->policy;
    struct policy_side *side = &x->policy->sides[x->direction];

    return (x->cluster
            ? policy_rung(side, p, x->index, x->cluster->action) : NULL);
}

/* Adds a use by the targets, just those that have 'target_port' if that is not
 * NULL.  With 'peer_port', just the pods among the peers that have it.  A rule
 * that grants nothing (S7) makes no target group: its class would keep its
 * number until the end of the batch, and an equal one get another. */
static void
add_use(const struct expansion *x, struct group_port *target_port,
        struct group_port *peer_port, const struct rule_service *services,
        size_t n_services)
{
    bool any_peer = x->rule->any_peer && !peer_port;
    struct ptrs groups = collect_groups(x, peer_port);
    struct netset_list *nets = peer_port ? NULL : collect_nets(x);

    if (any_peer || groups.n || nets) {
        struct policy_use *use = xzalloc(sizeof *use);

        use->policy = x->policy;
        use->direction = x->direction;
        use->index = x->index;
        use->target = policy_ref_target(x->ps, x->policy, x->direction,
                                        target_port);
        use->rule = rule_ref(x->ps->rules[x->direction], get_rung(x),
                             any_peer, &groups, nets, services, n_services);
        ptrs_add(&x->policy->sides[x->direction].uses, use);
        ptrs_add(x->new_uses, use);
    }
    ptrs_uninit(&groups);
}

/* The ports that are numbers, or all. */
static void
expand_numbers(const struct expansion *x)
{
    const struct k8s_rule *kr = x->rule;
    struct rule_service *services;
    size_t n;

    if (kr->any_port) {
        add_use(x, NULL, NULL, NULL, 0);
        return;
    }
    services = xmalloc(MAX(kr->n_ports, 1) * sizeof *services);
    n = policy_numbers(kr, services);
    if (n) {
        add_use(x, NULL, NULL, services, n);
    }
    free(services);
}

static void
expand_named_port(const struct expansion *x, const struct k8s_port *kp,
                  const struct group_port_name *name)
{
    for (size_t i = 0; i < name->ports.n; i++) {
        struct group_port *port = name->ports.p[i];
        struct rule_service service = { port->protocol, port->number,
                                        port->number };
        bool ingress = x->direction == K8S_INGRESS;

        if ((!kp->protocol || port->protocol == kp->protocol)
            && (ingress ? port->n_local_users : port->n_users)) {
            add_use(x, ingress ? port : NULL, ingress ? NULL : port,
                    &service, 1);
        }
    }
}

static void
expand_rule(const struct expansion *x)
{
    struct policy_side *side = &x->policy->sides[x->direction];

    if (!x->out) {
        expand_numbers(x);
    }
    for (size_t i = 0; !x->rule->any_port && i < x->rule->n_ports; i++) {
        const struct k8s_port *kp = &x->rule->ports[i];

        if (kp->name) {
            struct group_port_name *name
                = group_watch_port(x->ps->groups, kp->name, x->policy);

            ptrs_add(&side->ports, name);
            if (!x->out) {
                expand_named_port(x, kp, name);
            }
        }
    }
}

static void
unwatch_ports(struct policies *ps, struct policy *p, struct ptrs *ports)
{
    for (size_t i = 0; i < ports->n; i++) {
        group_unwatch_port(ps->groups, ports->p[i], p);
    }
    ptrs_uninit(ports);
}

/* What is new is referenced before what is old is given back, so that what
 * stays never goes. */
static void
retarget(struct policies *ps, struct policy *p, struct policy_side *side)
{
    struct group *old = side->target;

    if (old == side->next_target) {
        return;
    }
    side->target = side->next_target;
    if (side->target) {
        side->target->n_refs++;
        ptrs_add(&side->target->users, p);
    }
    if (old) {
        ptrs_remove(&old->users, p);
        group_unref(ps->groups, old);
    }
}

static void
expand_rules(struct policies *ps, struct policy *p, enum k8s_direction d,
             struct ptrs *new_uses)
{
    static const struct k8s_cluster_rule closed = {
        .action = K8S_DENY, .match = { .any_peer = true, .any_port = true },
    };
    const struct k8s_cluster_policy *cp = p->cluster;
    bool squeezed = p->sides[d].squeezed;
    size_t n = cp ? (squeezed ? 1 : cp->n_rules[d]) : p->spec->n_rules[d];

    for (size_t i = 0; i < n; i++) {
        const struct k8s_cluster_rule *cr
            = !cp ? NULL : squeezed ? &closed : &cp->rules[d][i];
        struct expansion x = {
            ps, p, d, i, cr ? &cr->match : &p->spec->rules[d][i], cr,
            p->budget.excess != BUDGET_FITS, new_uses
        };

        expand_rule(&x);
    }
}

void
policy_expand_side(struct policies *ps, struct policy *p, enum k8s_direction d,
                   struct ptrs *new_uses, struct ptrs *old_uses)
{
    struct policy_side *side = &p->sides[d];
    struct ptrs uses = side->uses, ports = side->ports;

    side->uses = side->ports = (struct ptrs) PTRS_INITIALIZER;
    retarget(ps, p, side);
    if (side->target && side->target->n_members) {
        expand_rules(ps, p, d, new_uses);
    }
    for (size_t i = 0; i < uses.n; i++) {
        ptrs_add(old_uses, uses.p[i]);
    }
    ptrs_uninit(&uses);
    unwatch_ports(ps, p, &ports);
}
