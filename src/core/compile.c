/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "compile-private.h"

#include <stdlib.h>

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
#include "util.h"

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
        side_init(c, d);
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
        node_update(c);
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
        side_announce(&c->sides[d]);
    }
    groups_flush(c->groups, c->model, side_flush_address, c);
    return true;
}

static bool
step_flush(struct compile *c, size_t *work)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (!side_flush(&c->sides[d], work)) {
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
        side_uninit(&c->sides[d]);
    }
    policies_destroy(c->policies);
    groups_destroy(c->groups);
    guard_destroy(c->guard);
    flowset_destroy(c->fs);
    node_uninit(c);
    free(c);
}
