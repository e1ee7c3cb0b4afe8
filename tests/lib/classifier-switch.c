/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "classifier-switch.h"

#include <stdlib.h>
#include <string.h>

#include "classifier.h"
#include "flow.h"
#include "flowset.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/meta-flow.h"
#include "openvswitch/ofp-actions.h"
#include "ovs-rcu.h"
#include "packets.h"
#include "ptrs.h"
#include "util.h"

/* More tables than this in a row is a loop. */
#define MAX_HOPS 64

struct switch_flow {
    struct cls_rule rule;
    uint64_t cookie;
    uint8_t table;
    size_t ofpacts_len;
    struct ofpact *ofpacts;
};

struct classifier_switch {
    struct pipeline_config config;
    struct classifier tables[1 + N_TABLES];     /* 0, and from the base on. */
    struct ptrs flows;
    struct ofputil_table_map *names;
};

/* NULL if there is no such table. */
static struct classifier *
find_table(const struct classifier_switch *sw, uint8_t table)
{
    size_t i = table ? table - sw->config.base + 1 : 0;

    return (i <= N_TABLES
            ? CONST_CAST(struct classifier *, &sw->tables[i]) : NULL);
}

/* Loading. */

static struct cls_conjunction *
collect_conjunctions(const struct flowset_flow *flow, size_t *n)
{
    struct cls_conjunction *conjs = NULL;
    const struct ofpact *a;

    *n = 0;
    OFPACT_FOR_EACH (a, flow->ofpacts, flow->ofpacts_len) {
        if (a->type == OFPACT_CONJUNCTION) {
            const struct ofpact_conjunction *c = ofpact_get_CONJUNCTION(a);

            /* Room is made by powers of two. */
            if (!(*n & (*n - 1))) {
                conjs = xrealloc(conjs, MAX(1, *n * 2) * sizeof *conjs);
            }
            conjs[(*n)++] = (struct cls_conjunction) {
                .id = c->id, .clause = c->clause, .n_clauses = c->n_clauses
            };
        }
    }
    return conjs;
}

static void
load_flow(const struct flowset_flow *flow, void *sw_)
{
    struct classifier_switch *sw = sw_;
    struct switch_flow *f = xmalloc(sizeof *f);
    struct classifier *table = find_table(sw, flow->table);
    size_t n;
    struct cls_conjunction *conjs = collect_conjunctions(flow, &n);

    ovs_assert(table);
    f->cookie = flow->cookie;
    f->table = flow->table;
    f->ofpacts_len = flow->ofpacts_len;
    f->ofpacts = (flow->ofpacts_len
                  ? xmemdup(flow->ofpacts, flow->ofpacts_len) : NULL);
    cls_rule_init(&f->rule, &flow->match, flow->priority);
    classifier_insert(table, &f->rule, OVS_VERSION_MIN, conjs, n);
    ptrs_add(&sw->flows, f);
    free(conjs);
}

struct classifier_switch *
classifier_switch_create(const struct pipeline_config *config,
                         const struct flowset *fs)
{
    struct classifier_switch *sw = xzalloc(sizeof *sw);

    sw->config = *config;
    sw->names = pipeline_table_map(config);
    for (size_t i = 0; i < ARRAY_SIZE(sw->tables); i++) {
        classifier_init(&sw->tables[i], flow_segment_u64s);
        classifier_defer(&sw->tables[i]);
    }
    flowset_for_each(fs, false, load_flow, sw);
    for (size_t i = 0; i < ARRAY_SIZE(sw->tables); i++) {
        classifier_publish(&sw->tables[i]);
    }
    return sw;
}

void
classifier_switch_destroy(struct classifier_switch *sw)
{
    if (!sw) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(sw->tables); i++) {
        classifier_defer(&sw->tables[i]);
    }
    for (size_t i = 0; i < sw->flows.n; i++) {
        struct switch_flow *f = sw->flows.p[i];

        classifier_remove_assert(find_table(sw, f->table), &f->rule);
        cls_rule_destroy(&f->rule);
        free(f->ofpacts);
        free(f);
    }
    for (size_t i = 0; i < ARRAY_SIZE(sw->tables); i++) {
        classifier_publish(&sw->tables[i]);
        classifier_destroy(&sw->tables[i]);
    }
    ptrs_uninit(&sw->flows);
    pipeline_table_map_destroy(sw->names);
    free(sw);
    ovsrcu_quiesce();
}

/* Sending. */

struct passage {
    const struct classifier_switch *sw;
    struct flow flow;
    uint8_t ct_state;
    unsigned int n_hops;
    struct classifier_outcome *outcome;
    struct ds *trace;
};

static void
put_trace(const struct passage *x, const struct switch_flow *f)
{
    struct flowset_flow flow = {
        .table = f->table,
        .priority = f->rule.priority,
        .cookie = f->cookie,
        .ofpacts = f->ofpacts,
        .ofpacts_len = f->ofpacts_len
    };

    minimatch_expand(&f->rule.match, &flow.match);
    flowset_format_flow(&flow, x->sw->names, x->trace);
    ds_put_char(x->trace, '\n');
}

static void
set_field(const struct ofpact_set_field *sf, struct flow *flow)
{
    mf_set_flow_value_masked(sf->field, sf->value, ofpact_set_field_mask(sf),
                             flow);
}

static void
commit(struct passage *x, const struct ofpact_conntrack *ct)
{
    const struct ofpact *a;

    x->outcome->n_commits++;
    OFPACT_FOR_EACH (a, ct->actions, ofpact_ct_get_action_len(ct)) {
        if (a->type == OFPACT_SET_FIELD) {
            struct flow scratch = { .ct_mark = 0 };

            set_field(ofpact_get_SET_FIELD(a), &scratch);
            x->outcome->marked |= scratch.ct_mark & 1;
        } else {
            ovs_assert(a->type == OFPACT_REG_MOVE);
        }
    }
}

/* Executes the actions of 'f'.  Returns the next table, or -1. */
static int
act(struct passage *x, const struct switch_flow *f)
{
    const struct ofpact *a;
    int next = -1;

    OFPACT_FOR_EACH (a, f->ofpacts, f->ofpacts_len) {
        ovs_assert(next < 0);
        switch ((int) a->type) {
        case OFPACT_SET_FIELD:
            set_field(ofpact_get_SET_FIELD(a), &x->flow);
            break;
        case OFPACT_GOTO_TABLE:
            next = ofpact_get_GOTO_TABLE(a)->table_id;
            break;
        case OFPACT_RESUBMIT:
            next = ofpact_get_RESUBMIT(a)->table_id;
            break;
        case OFPACT_CT:
            if (ofpact_get_CT(a)->flags & NX_CT_F_COMMIT) {
                commit(x, ofpact_get_CT(a));
            }
            if (ofpact_get_CT(a)->recirc_table != NX_CT_RECIRC_NONE) {
                next = ofpact_get_CT(a)->recirc_table;
                x->flow.ct_state = x->ct_state;
            }
            break;
        default:
            OVS_NOT_REACHED();
        }
    }
    return next;
}

static const struct switch_flow *
look_up(const struct passage *x, int table)
{
    struct classifier *cls = find_table(x->sw, table);
    const struct cls_rule *rule;

    ovs_assert(cls);
    rule = classifier_lookup(cls, OVS_VERSION_MAX - 1,
                             CONST_CAST(struct flow *, &x->flow), NULL);
    return rule ? CONTAINER_OF(rule, struct switch_flow, rule) : NULL;
}

void
classifier_switch_send(const struct classifier_switch *sw,
                       const struct flow *packet, uint8_t ct_state,
                       struct classifier_outcome *outcome, struct ds *trace)
{
    struct passage x = {
        .sw = sw,
        .flow = *packet,
        .ct_state = ct_state,
        .outcome = outcome,
        .trace = trace
    };
    int table = 0;

    memset(outcome, 0, sizeof *outcome);
    while (table >= 0) {
        const struct switch_flow *f = look_up(&x, table);

        ovs_assert(x.n_hops++ < MAX_HOPS);
        if (!f) {
            outcome->passed = !table && (x.flow.regs[REG_FLAGS]
                                         & REG_FLAG_GUARD);
            break;
        }
        outcome->cookie = f->cookie;
        if (trace) {
            put_trace(&x, f);
        }
        table = act(&x, f);
    }
    for (int d = 0; d < 2; d++) {
        outcome->targets[d] = x.flow.regs[REG_TARGET(d)];
        outcome->rules[d] = x.flow.regs[REG_RULE(d)];
    }
}
