/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "compile-private.h"

#include "flowset.h"
#include "netset.h"
#include "partition.h"
#include "rule.h"
#include "util.h"

void
side_init(struct compile *c, enum k8s_direction d)
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

void
side_uninit(struct side *s)
{
    link_table_uninit(&s->links);
    tally_destroy(&s->audited);
    rules_destroy(s->rules);
    netset_destroy(s->netset);
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

void
side_announce(struct side *s)
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

void
side_flush_address(enum group_role role, const struct in6_addr *addr,
                   const struct group_told *old,
                   const struct group_told *new, void *compile_)
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

bool
side_flush(struct side *s, size_t *work)
{
    uint8_t families = ((s->n_targets[0] ? RULE_V4 : 0)
                        | (s->n_targets[1] ? RULE_V6 : 0));

    return (netset_flush(s->netset, flush_net, s, work)
            && link_table_flush(&s->links, s->rules, families, work));
}
