/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "replica.h"

#include <stdlib.h>
#include <string.h>

#include "classifier.h"
#include "flow.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/meta-flow.h"
#include "openvswitch/ofp-actions.h"
#include "ovs-rcu.h"
#include "packets.h"
#include "ptrs.h"
#include "util.h"

/* More tables than this in a row is a loop. */
#define MAX_HOPS 64

struct replica_flow {
    struct cls_rule rule;
    uint64_t cookie;
    uint8_t table;
    size_t ofpacts_len;
    struct ofpact *ofpacts;
};

struct replica {
    struct pipeline_config config;
    struct classifier tables[1 + N_TABLES];     /* 0, and from the base on. */
    struct ptrs flows;
    struct ofputil_table_map *names;
};

/* NULL if there is no such table. */
static struct classifier *
find_table(const struct replica *r, uint8_t table)
{
    uint8_t base = r->config.base;
    size_t i = table ? table - base + 1 : 0;

    if (table && (table < base || table >= base + N_TABLES)) {
        return NULL;
    }
    return CONST_CAST(struct classifier *, &r->tables[i]);
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

bool
replica_add(struct replica *r, const struct flowset_flow *flow)
{
    struct classifier *table = find_table(r, flow->table);
    struct replica_flow *f = xmalloc(sizeof *f);
    size_t n;

    cls_rule_init(&f->rule, &flow->match, flow->priority);
    if (!table || classifier_find_rule_exactly(table, &f->rule,
                                               OVS_VERSION_MIN)) {
        cls_rule_destroy(&f->rule);
        free(f);
        return false;
    }
    f->cookie = flow->cookie;
    f->table = flow->table;
    f->ofpacts_len = flow->ofpacts_len;
    f->ofpacts = (flow->ofpacts_len
                  ? xmemdup(flow->ofpacts, flow->ofpacts_len) : NULL);

    struct cls_conjunction *conjs = collect_conjunctions(flow, &n);
    classifier_insert(table, &f->rule, OVS_VERSION_MIN, conjs, n);
    free(conjs);
    ptrs_add(&r->flows, f);
    return true;
}

static void
load_flow(const struct flowset_flow *flow, void *r)
{
    ovs_assert(replica_add(r, flow));
}

void
replica_load(struct replica *r, const struct flowset *fs)
{
    flowset_for_each(fs, false, load_flow, r);
}

struct replica *
replica_create(const struct pipeline_config *config)
{
    struct replica *r = xzalloc(sizeof *r);

    r->config = *config;
    r->names = pipeline_table_map(config);
    for (size_t i = 0; i < ARRAY_SIZE(r->tables); i++) {
        classifier_init(&r->tables[i], flow_segment_u64s);
        classifier_defer(&r->tables[i]);
    }
    return r;
}

void
replica_seal(struct replica *r)
{
    for (size_t i = 0; i < ARRAY_SIZE(r->tables); i++) {
        classifier_publish(&r->tables[i]);
    }
}

void
replica_destroy(struct replica *r)
{
    if (!r) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(r->tables); i++) {
        classifier_defer(&r->tables[i]);
    }
    for (size_t i = 0; i < r->flows.n; i++) {
        struct replica_flow *f = r->flows.p[i];

        classifier_remove_assert(find_table(r, f->table), &f->rule);
        cls_rule_destroy(&f->rule);
        free(f->ofpacts);
        free(f);
    }
    for (size_t i = 0; i < ARRAY_SIZE(r->tables); i++) {
        classifier_publish(&r->tables[i]);
        classifier_destroy(&r->tables[i]);
    }
    ptrs_uninit(&r->flows);
    pipeline_table_map_destroy(r->names);
    free(r);
    ovsrcu_quiesce();
}

/* Looking. */

size_t
replica_count(const struct replica *r)
{
    return r->flows.n;
}

static void
init_flow(const struct replica_flow *f, struct flowset_flow *flow)
{
    *flow = (struct flowset_flow) {
        .table = f->table,
        .priority = f->rule.priority,
        .cookie = f->cookie,
        .ofpacts = f->ofpacts,
        .ofpacts_len = f->ofpacts_len
    };
    minimatch_expand(&f->rule.match, &flow->match);
}

void
replica_for_each(const struct replica *r, flowset_cb *cb, void *aux)
{
    for (size_t i = 0; i < r->flows.n; i++) {
        struct flowset_flow flow;

        init_flow(r->flows.p[i], &flow);
        cb(&flow, aux);
    }
}

static const struct replica_flow *
find_flow(const struct replica *r, uint8_t table, const struct flow *packet)
{
    const struct cls_rule *rule
        = classifier_lookup(find_table(r, table), OVS_VERSION_MAX - 1,
                            CONST_CAST(struct flow *, packet), NULL);

    return rule ? CONTAINER_OF(rule, struct replica_flow, rule) : NULL;
}

const void *
replica_look_up(const struct replica *r, enum pipeline_table table,
                const struct flow *packet, size_t *size, bool *found)
{
    const struct replica_flow *f
        = find_flow(r, pipeline_table(&r->config, table), packet);

    *found = f != NULL;
    *size = f ? f->ofpacts_len : 0;
    return f ? f->ofpacts : NULL;
}

/* Sending. */

struct passage {
    const struct replica *replica;
    struct flow flow;
    uint8_t ct_state;
    unsigned int n_hops;
    struct replica_outcome *outcome;
    struct ds *trace;
};

/* Where packets come in, and where those go that are let through. */
static uint8_t
first_table(const struct pipeline_config *config)
{
    return (config->attach == ATTACH_CHAIN
            ? pipeline_table(config, TABLE_ENTRY) : 0);
}

static uint8_t
last_table(const struct pipeline_config *config)
{
    return config->attach == ATTACH_CHAIN ? config->next_table : 0;
}

static void
put_trace(const struct passage *x, const struct replica_flow *f)
{
    struct flowset_flow flow;

    init_flow(f, &flow);
    flowset_format_flow(&flow, x->replica->names, x->trace);
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
        }
    }
}

/* Returns the next table, or 'next'. */
static int
track(struct passage *x, const struct ofpact_conntrack *ct, int next)
{
    if (ct->flags & NX_CT_F_COMMIT) {
        commit(x, ct);
    }
    if (ct->recirc_table != NX_CT_RECIRC_NONE) {
        next = ct->recirc_table;
        x->flow.ct_state = x->ct_state;
    }
    return next;
}

/* 'f' sends the packet to table 'next'. */
static void
note_report(struct passage *x, const struct replica_flow *f, int next)
{
    struct replica_outcome *outcome = x->outcome;

    if (next != pipeline_table(&x->replica->config, TABLE_REPORT)) {
        return;
    } else if (outcome->n_reports >= ARRAY_SIZE(outcome->reports)) {
        outcome->strange = true;
    } else {
        struct replica_report *r = &outcome->reports[outcome->n_reports++];

        r->cookie = f->cookie;
        pipeline_get_report(&x->flow, &r->what);
    }
}

/* Out of the switch. */
static void
forward(struct passage *x, const struct ofpact_output *output)
{
    if (x->replica->config.attach != ATTACH_NORMAL
        || output->port != OFPP_NORMAL) {
        x->outcome->strange = true;
    }
    x->outcome->passed = true;
    x->outcome->guarded = true;
}

static void pass_through(struct passage *, int table);

/* Executes the actions of 'f'.  Returns the next table, or -1. */
static int
act(struct passage *x, const struct replica_flow *f)
{
    const struct ofpact *a;
    int next = -1;

    OFPACT_FOR_EACH (a, f->ofpacts, f->ofpacts_len) {
        x->outcome->strange |= next >= 0;
        switch ((int) a->type) {
        case OFPACT_SET_FIELD:
            set_field(ofpact_get_SET_FIELD(a), &x->flow);
            break;
        case OFPACT_GOTO_TABLE:
            next = ofpact_get_GOTO_TABLE(a)->table_id;
            note_report(x, f, next);
            break;
        case OFPACT_RESUBMIT:
            note_report(x, f, ofpact_get_RESUBMIT(a)->table_id);
            pass_through(x, ofpact_get_RESUBMIT(a)->table_id);
            break;
        case OFPACT_OUTPUT:
            forward(x, ofpact_get_OUTPUT(a));
            break;
        case OFPACT_CT_CLEAR:
            x->flow.ct_state = 0;
            break;
        case OFPACT_CT:
            next = track(x, ofpact_get_CT(a), next);
            break;
        case OFPACT_METER:
        case OFPACT_CONTROLLER:
        case OFPACT_NOTE:
            break;
        default:
            x->outcome->strange = true;
            break;
        }
    }
    return next;
}

/* The packet is with the bridge's own flows.  If we let it through, nothing of
 * ours is left in it but the guard. */
static void
leave(struct passage *x)
{
    const struct pipeline_config *config = &x->replica->config;
    uint32_t flags = x->flow.regs[REG_FLAGS];
    bool is_hook = config->attach == ATTACH_HOOK;
    uint32_t left = is_hook ? flags & ~REG_FLAG_GUARD : flags;

    x->outcome->passed = true;
    x->outcome->guarded = !is_hook || flags & REG_FLAG_GUARD;
    for (int i = 1; i < N_REGISTERS; i++) {
        left |= x->flow.regs[i];
    }
    if (x->outcome->guarded && (left || x->flow.ct_state)) {
        x->outcome->passed = false;
        x->outcome->strange = true;
    }
}

static void
note_registers(struct passage *x)
{
    for (int d = 0; d < 2; d++) {
        x->outcome->targets[d] = x->flow.regs[REG_TARGET(d)];
        x->outcome->rules[d] = x->flow.regs[REG_RULE(d)];
    }
}

/* From 'table' on, until there is no next one. */
static void
pass_through(struct passage *x, int table)
{
    const struct pipeline_config *config = &x->replica->config;
    const struct replica_flow *f;

    do {
        bool is_ours = find_table(x->replica, table) != NULL;

        f = is_ours ? find_flow(x->replica, table, &x->flow) : NULL;
        if (!f && table == last_table(config)) {
            leave(x);
            break;
        } else if (!is_ours || x->n_hops++ >= MAX_HOPS) {
            x->outcome->strange = true;
            break;
        } else if (!f) {
            break;
        }
        note_registers(x);
        if (x->trace) {
            put_trace(x, f);
        }
        table = act(x, f);
    } while (table >= 0 && !x->outcome->strange);
}

void
replica_send(const struct replica *r, const struct flow *packet,
             uint8_t ct_state, struct replica_outcome *outcome,
             struct ds *trace)
{
    struct passage x = {
        .replica = r,
        .flow = *packet,
        .ct_state = ct_state,
        .outcome = outcome,
        .trace = trace
    };

    memset(outcome, 0, sizeof *outcome);
    pass_through(&x, first_table(&r->config));
    outcome->passed &= !outcome->strange;
}
