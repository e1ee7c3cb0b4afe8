/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "compile.h"

#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "flow.h"
#include "flowset.h"
#include "group.h"
#include "guard.h"
#include "link.h"
#include "model.h"
#include "netset.h"
#include "partition.h"
#include "policy.h"
#include "rule.h"
#include "tally.h"
#include "util.h"

/* One direction. */
struct side {
    enum k8s_direction direction;
    struct compile *compile;
    struct netset *netset;
    struct rules *rules;
    struct link_table links;
    struct emit emit;
    size_t n_targets[2];        /* Addresses of targets, IPv4 and IPv6. */
    struct tally audited;       /* Audited addresses by target class. */
};

struct compile {
    struct compile_config config;
    struct model *model;
    struct flowset *fs;
    struct groups *groups;
    struct policies *policies;
    struct guard *guard;
    struct side sides[K8S_N_DIRECTIONS];
    struct in6_addr *node_addresses;    /* Emitted. */
    size_t n_node_addresses;
    struct model_mark node_mark;        /* Emitted with them. */
    struct prefix *service_cidrs;       /* Emitted. */
    size_t n_service_cidrs;
    bool reports;               /* What is denied is reported. */
    uint32_t gateway;           /* OpenFlow port of the node's own traffic. */

    /* The batch under way. */
    bool busy;
    size_t step;                /* The next one. */
    struct ptrs old_uses;       /* To be detached when all is expanded. */
    size_t n_detached;
};

static void
init_side(struct compile *c, enum k8s_direction d)
{
    struct side *s = &c->sides[d];

    s->direction = d;
    s->compile = c;
    s->netset = netset_create();
    s->rules = rules_create(d, c->groups, s->netset);
    s->emit = (struct emit) { &c->config.pipeline, c->fs, d };
    link_table_init(&s->links, &s->emit);
    tally_init(&s->audited);
}

struct compile *
compile_create(const struct compile_config *config, struct label_pool *pool,
               struct model *model)
{
    struct compile *c = xzalloc(sizeof *c);
    struct rules *rules[K8S_N_DIRECTIONS];
    struct netset *netsets[K8S_N_DIRECTIONS];

    c->config = *config;
    c->model = model;
    c->gateway = ofp_to_u16(OFPP_LOCAL);
    c->fs = flowset_create(emit_allow_actions, &c->config.pipeline);
    c->groups = groups_create();
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        init_side(c, d);
        rules[d] = c->sides[d].rules;
        netsets[d] = c->sides[d].netset;
    }
    c->policies = policies_create(pool, c->groups, &config->limits, netsets,
                                  rules);
    c->guard = (config->spoof_guard
                ? guard_create(&c->config.pipeline, c->fs,
                               config->closes_unknown)
                : NULL);
    pipeline_install(&c->config.pipeline, c->fs);
    return c;
}

/* Uses. */

static void
attach_uses(struct compile *c, const struct ptrs *uses)
{
    for (size_t i = 0; i < uses->n; i++) {
        struct policy_use *use = uses->p[i];
        struct side *s = &c->sides[use->direction];

        ptrs_add(&use->target->rules, use);
        ptrs_add(&use->rule->uses, use);
        link_table_add_use(&s->links, use);
    }
}

static void
detach_use(struct compile *c, struct policy_use *use)
{
    struct side *s = &c->sides[use->direction];

    ptrs_remove(&use->target->rules, use);
    ptrs_remove(&use->rule->uses, use);
    link_table_remove_use(&s->links, use);
    if (rule_unref(use->rule)) {
        link_table_forget_rule(&s->links, use->rule);
        rule_free(s->rules, use->rule);
    }
    policy_use_release(c->policies, use);
}

/* Brings the rules of cluster policies into order. */
static void
order_policies(struct compile *c)
{
    struct ptrs moved = PTRS_INITIALIZER;

    policies_order(c->policies, &moved);
    for (size_t i = 0; i < moved.n; i++) {
        struct rule *r = moved.p[i];

        link_table_move_rule(&c->sides[r->direction].links, r);
    }
    ptrs_uninit(&moved);
}

/* Which policies the targets that came or went, and the port names that have
 * other numbers, matter to. */
static void
note_policies(struct compile *c)
{
    struct ptrs flips = groups_take_flips(c->groups);
    struct ptrs ports = groups_take_port_changes(c->groups);

    for (size_t i = 0; i < flips.n; i++) {
        policies_note_flip(c->policies, flips.p[i]);
    }
    for (size_t i = 0; i < ports.n; i++) {
        const struct group_port_name *name = ports.p[i];

        policies_note_port(c->policies, &name->watchers);
    }
    ptrs_uninit(&flips);
    ptrs_uninit(&ports);
}

/* Classes. */

static void
target_gone(struct partition_class *class, void *side_)
{
    struct side *s = side_;

    link_table_remove_target(&s->links, class);
    if (group_class_is_isolated(class)) {
        emit_drop(&s->emit, class, false);
    }
}

static void
target_come(struct partition_class *class, void *side_)
{
    struct side *s = side_;

    link_table_add_target(&s->links, class);
    if (group_class_is_isolated(class)) {
        emit_drop(&s->emit, class, true);
    }
}

static void
pod_class_gone(struct partition_class *class, void *side_)
{
    struct side *s = side_;

    link_table_remove_peer(&s->links, class, false);
}

static void
pod_class_come(struct partition_class *class, void *side_)
{
    struct side *s = side_;

    link_table_add_pods(&s->links, class);
}

static void
net_class_gone(struct partition_class *class, void *side_)
{
    struct side *s = side_;

    link_table_remove_peer(&s->links, class, true);
}

static void
net_class_come(struct partition_class *class, void *side_)
{
    struct side *s = side_;

    link_table_add_nets(&s->links, class);
}

static void
announce(struct side *s)
{
    struct groups *groups = s->compile->groups;

    partition_announce(groups_partition(groups, GROUP_TARGET(s->direction)),
                       target_gone, target_come, s);
    partition_announce(groups_partition(groups, GROUP_PEER(s->direction)),
                       pod_class_gone, pod_class_come, s);
    partition_announce(netset_partition(s->netset),
                       net_class_gone, net_class_come, s);
}

/* Addresses. */

/* The first audited address of a class brings its flow, the last one takes it
 * along. */
static void
flush_audit(struct side *s, const struct group_told *old,
            const struct group_told *new)
{
    if (new->audit && tally_add(&s->audited, new->class) == 1) {
        emit_audit(&s->emit, new->class, true);
    }
    if (old->audit && tally_subtract(&s->audited, old->class) == 0) {
        emit_audit(&s->emit, old->class, false);
    }
}

static void
flush_address(enum group_role role, const struct in6_addr *addr,
              const struct group_told *old, const struct group_told *new,
              void *compile_)
{
    struct compile *c = compile_;
    struct side *s = &c->sides[role % K8S_N_DIRECTIONS];

    if (role == GROUP_TARGET(s->direction)) {
        s->n_targets[address_is_v6(addr)] += !old->class - !new->class;
        emit_target_address(&s->emit, addr, new->class, new->audit);
        flush_audit(s, old, new);
    } else {
        emit_peer_address(&s->emit, addr, new->class);
    }
}

static void
flush_net(const struct prefix *p, bool needed, uint32_t class, void *side_)
{
    const struct side *s = side_;

    emit_net(&s->emit, p, needed, class);
}

static bool
flush_side(struct side *s, size_t *work)
{
    uint8_t families = ((s->n_targets[0] ? RULE_V4 : 0)
                        | (s->n_targets[1] ? RULE_V6 : 0));

    return (netset_flush(s->netset, flush_net, s, work)
            && link_table_flush(&s->links, s->rules, families, work));
}

/* The node. */

static bool
contains_address(const struct in6_addr *addrs, size_t n,
                 const struct in6_addr *addr)
{
    for (size_t i = 0; i < n; i++) {
        if (!memcmp(&addrs[i], addr, sizeof *addr)) {
            return true;
        }
    }
    return false;
}

/* Emits what is in 'a' but not in 'b'. */
static void
emit_node_difference(struct compile *c, const struct in6_addr *a, size_t n_a,
                     const struct in6_addr *b, size_t n_b, bool add)
{
    for (size_t i = 0; i < n_a; i++) {
        if (!contains_address(b, n_b, &a[i])
            && !contains_address(a, i, &a[i])) {
            if (c->gateway) {
                emit_node_address(&c->sides[K8S_INGRESS].emit, &a[i],
                                  c->gateway, c->node_mark, add);
            }
            emit_tunnel(&c->sides[K8S_INGRESS].emit, &a[i], add);
        }
    }
}

/* Removes what the node's addresses, gateway and mark stand for. */
static void
forget_node(struct compile *c)
{
    emit_node_difference(c, c->node_addresses, c->n_node_addresses, NULL, 0,
                         false);
    c->n_node_addresses = 0;
}

static void
update_node(struct compile *c)
{
    struct model_mark mark = model_node_mark(c->model);
    size_t n;
    const struct in6_addr *addrs = model_node_addresses(c->model, &n);

    if (mark.value != c->node_mark.value || mark.mask != c->node_mark.mask) {
        forget_node(c);
        c->node_mark = mark;
    }
    emit_node_difference(c, c->node_addresses, c->n_node_addresses,
                         addrs, n, false);
    emit_node_difference(c, addrs, n,
                         c->node_addresses, c->n_node_addresses, true);
    free(c->node_addresses);
    c->node_addresses = n ? xmemdup(addrs, n * sizeof *addrs) : NULL;
    c->n_node_addresses = n;
}

static bool
contains_prefix(const struct prefix *prefixes, size_t n,
                const struct prefix *p)
{
    for (size_t i = 0; i < n; i++) {
        if (!prefix_compare(&prefixes[i], p)) {
            return true;
        }
    }
    return false;
}

/* Emits what is in 'a' but not in 'b'. */
static void
emit_service_difference(struct compile *c, const struct prefix *a, size_t n_a,
                        const struct prefix *b, size_t n_b, bool add)
{
    for (size_t i = 0; i < n_a; i++) {
        if (!contains_prefix(b, n_b, &a[i]) && !contains_prefix(a, i, &a[i])) {
            emit_service(&c->sides[K8S_EGRESS].emit, &a[i], add);
        }
    }
}

static void
update_services(struct compile *c)
{
    size_t n;
    const struct prefix *cidrs = model_service_cidrs(c->model, &n);

    emit_service_difference(c, c->service_cidrs, c->n_service_cidrs,
                            cidrs, n, false);
    emit_service_difference(c, cidrs, n,
                            c->service_cidrs, c->n_service_cidrs, true);
    free(c->service_cidrs);
    c->service_cidrs = n ? xmemdup(cidrs, n * sizeof *cidrs) : NULL;
    c->n_service_cidrs = n;
}

bool
compile_set_gateway(struct compile *c, uint32_t ofport)
{
    if (c->gateway == ofport) {
        return false;
    }
    forget_node(c);
    c->gateway = ofport;
    guard_set_gateway(c->guard, ofport == ofp_to_u16(OFPP_LOCAL) ? 0 : ofport);
    update_node(c);
    return true;
}

bool
compile_set_next_table(struct compile *c, uint8_t table)
{
    if (c->config.pipeline.next_table == table) {
        return false;
    }
    c->config.pipeline.next_table = table;
    pipeline_install_next(&c->config.pipeline, c->fs);
    return true;
}

bool
compile_set_reports(struct compile *c, bool reports)
{
    if (c->reports == reports) {
        return false;
    }
    c->reports = reports;
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        emit_reports(&c->sides[d].emit, reports);
    }
    return true;
}

/* The run. */

static void
apply_change(struct compile *c, const struct model_change *change)
{
    switch (change->type) {
    case MODEL_NAMESPACE:
        groups_update_namespace(c->groups, c->model, change->ns);
        break;
    case MODEL_POD:
        groups_update_pod(c->groups, c->model, change->ns, change->name,
                          change->follower);
        guard_note_pod(c->guard, change->ns, change->name);
        break;
    case MODEL_POLICY:
        policies_update(c->policies, c->model, change->ns, change->name);
        break;
    case MODEL_CLUSTER_POLICY:
        policies_update_cluster(c->policies, c->model, change->kind,
                                change->name);
        break;
    case MODEL_OTHER_NODE:
        groups_update_node(c->groups, c->model, change->name);
        break;
    case MODEL_PORTS:
        guard_note_ports(c->guard);
        break;
    case MODEL_NODE:
        update_node(c);
        update_services(c);
        break;
    default:
        OVS_NOT_REACHED();
    }
}

/* From changed groups and policies to flows, in steps.  Each does about
 * '*work' of its share, takes that off it, and returns true when it is
 * through. */
typedef bool step_func(struct compile *, size_t *work);

static bool
step_targets(struct compile *c, size_t *work OVS_UNUSED)
{
    groups_evaluate_targets(c->groups);
    note_policies(c);
    order_policies(c);
    policies_weigh(c->policies);
    return true;
}

static bool
step_expand(struct compile *c, size_t *work)
{
    struct ptrs new_uses = PTRS_INITIALIZER;
    bool done = policies_expand(c->policies, &new_uses, &c->old_uses, work);

    attach_uses(c, &new_uses);
    ptrs_uninit(&new_uses);
    return done;
}

static bool
step_detach(struct compile *c, size_t *work)
{
    for (; c->n_detached < c->old_uses.n; c->n_detached++) {
        if (!*work) {
            return false;
        }
        --*work;
        detach_use(c, c->old_uses.p[c->n_detached]);
    }
    ptrs_uninit(&c->old_uses);
    c->n_detached = 0;
    policies_reap(c->policies);
    return true;
}

static bool
step_classify(struct compile *c, size_t *work)
{
    groups_evaluate(c->groups);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (!netset_classify(c->sides[d].netset, work)) {
            return false;
        }
    }
    return true;
}

static bool
step_announce(struct compile *c, size_t *work OVS_UNUSED)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        announce(&c->sides[d]);
    }
    groups_flush(c->groups, c->model, flush_address, c);
    return true;
}

static bool
step_flush(struct compile *c, size_t *work)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (!flush_side(&c->sides[d], work)) {
            return false;
        }
    }
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        netset_reap(c->sides[d].netset);
    }
    groups_reap(c->groups);
    return true;
}

static step_func *const steps[] = {
    step_targets, step_expand, step_detach, step_classify, step_announce,
    step_flush,
};

static bool
run_steps(struct compile *c, size_t work)
{
    while (steps[c->step](c, &work)) {
        c->step = (c->step + 1) % ARRAY_SIZE(steps);
        if (!c->step) {
            return true;
        }
    }
    return false;
}

static bool
is_about_member(const struct model_change *change)
{
    return change->type == MODEL_POD || change->type == MODEL_OTHER_NODE;
}

/* Takes the model's changes.  Returns false if there are none. */
static bool
begin(struct compile *c)
{
    struct model_change *changes;
    size_t n = model_take_changes(c->model, &changes);

    /* Members first: new groups then look only at those that did not
     * change. */
    for (int members = 1; members >= 0; members--) {
        for (size_t i = 0; i < n; i++) {
            if (is_about_member(&changes[i]) == members) {
                apply_change(c, &changes[i]);
            }
        }
    }
    model_changes_free(changes);
    return n > 0;
}

bool
compile_step(struct compile *c, size_t work)
{
    if (!c->busy) {
        c->busy = begin(c);
    }
    if (c->busy && run_steps(c, work)) {
        guard_run(c->guard, c->model);
        c->busy = false;
    }
    return !c->busy;
}

bool
compile_is_busy(const struct compile *c)
{
    return c->busy;
}

bool
compile_run(struct compile *c)
{
    if (!c->busy && !(c->busy = begin(c))) {
        return false;
    }
    while (!compile_step(c, SIZE_MAX)) {
        continue;
    }
    return true;
}

/* Observers. */

struct flowset *
compile_flowset(struct compile *c)
{
    return c->fs;
}

const struct compile_config *
compile_config(const struct compile *c)
{
    return &c->config;
}

const struct groups *
compile_groups(const struct compile *c)
{
    return c->groups;
}

const struct policies *
compile_policies(const struct compile *c)
{
    return c->policies;
}

const struct rules *
compile_rules(const struct compile *c, enum k8s_direction d)
{
    return c->sides[d].rules;
}

const struct netset *
compile_netset(const struct compile *c, enum k8s_direction d)
{
    return c->sides[d].netset;
}

static size_t
count_classes(const struct partition *p)
{
    return hmap_count(&p->classes);
}

void
compile_get_stats(const struct compile *c, struct compile_stats *stats)
{
    stats->n_members = groups_count_members(c->groups);
    stats->n_policies = policies_count(c->policies);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        const struct side *s = &c->sides[d];

        stats->n_rules[d] = hmap_count(&s->rules->rules);
        stats->n_target_classes[d]
            = count_classes(groups_partition(c->groups, GROUP_TARGET(d)));
        stats->n_peer_classes[d]
            = count_classes(groups_partition(c->groups, GROUP_PEER(d)));
        stats->n_net_classes[d] = count_classes(netset_partition(s->netset));
    }
    stats->n_flows = flowset_count(c->fs);
    stats->n_conjunctions = flowset_count_parts(c->fs);
}

void
compile_destroy(struct compile *c)
{
    if (!c) {
        return;
    }
    while (c->busy && !run_steps(c, SIZE_MAX)) {
        continue;
    }
    policies_clear(c->policies);
    while (!run_steps(c, SIZE_MAX)) {
        continue;
    }
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        link_table_uninit(&c->sides[d].links);
        tally_destroy(&c->sides[d].audited);
        rules_destroy(c->sides[d].rules);
        netset_destroy(c->sides[d].netset);
    }
    policies_destroy(c->policies);
    groups_destroy(c->groups);
    guard_destroy(c->guard);
    flowset_destroy(c->fs);
    free(c->node_addresses);
    free(c->service_cidrs);
    free(c);
}
