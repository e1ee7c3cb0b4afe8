/* SPDX-License-Identifier: Apache-2.0
 *
 * The flows of a rule while classes come and go. */

#include <config.h>

#include "link-private.h"

#include "emit.h"
#include "rule.h"
#include "util.h"

void
link_check_later(struct link_table *t, struct rule *r)
{
    if (ovs_list_is_empty(&r->check)) {
        ovs_list_push_back(&t->check, &r->check);
    }
}

void
link_retract(struct link_table *t, struct rule *r)
{
    if (r->emitted) {
        emit_rule(t->emit, r, false);
        r->emitted = false;
    }
}

bool
link_is_plain(const struct rule *r, size_t n_targets, size_t n_peers,
              size_t n_services)
{
    size_t product = r->universal ? 1 : n_targets;
    size_t sum = r->universal ? 0 : n_targets;

    if (r->peers) {
        product *= n_peers;
        sum += n_peers;
    }
    if (r->n_blocks) {
        product *= n_services;
        sum += n_services;
    }
    return product <= sum + 1;
}

void
link_before_growth(struct link_table *t, struct rule *r, size_t more_targets,
                   size_t more_peers)
{
    if (r->emitted && r->mode == RULE_PLAIN
        && !link_is_plain(r, r->targets.n + more_targets,
                          rule_count_peers(r) + more_peers,
                          emit_count_services(r, r->families))) {
        link_retract(t, r);
    }
}

void
link_set_needed(struct link_table *t, struct link *l, bool needed)
{
    struct rule *r = l->rule;

    if (l->needed == needed) {
        return;
    }
    l->needed = needed;
    if (needed) {
        link_before_growth(t, r, 1, 0);
        ptrs_add(&r->targets, l->target);
    } else {
        ptrs_remove(&r->targets, l->target);
    }
    if (r->emitted) {
        emit_rule_target(t->emit, r, l->target, needed);
    }
    link_check_later(t, r);
}
