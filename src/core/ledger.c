/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ledger.h"

#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "hash.h"
#include "openvswitch/match.h"
#include "pipeline.h"
#include "policy.h"
#include "ptrs.h"
#include "rule.h"
#include "util.h"

#include "ledger-account.h"
#include "ledger-find.h"

/* A flow that has counted something.  That its key is just a digest is good
 * enough for statistics. */
struct meter {
    struct hmap_node node;      /* In 'meters', by 'key'. */
    uint64_t key;
    struct ledger_count last;
    bool seen;                  /* In the reading under way. */
};

/* What a flow has counted since the last reading. */
struct delta {
    enum k8s_direction direction;
    enum ledger_verdict verdict;
    bool by_rule;
    uint32_t id;
    uint32_t target;            /* Of a rule's flow: the class, 0 if the flow
                                 * does not say. */
    struct ledger_count count;
};

/* Each complete reading sweeps what is gone: none of these outgrows what there
 * is. */
struct ledger {
    struct compile *compile;
    size_t max;                 /* Accounts in each of the two. */
    struct hmap meters;         /* Of flows that the switch has. */
    struct hmap items;          /* "struct ledger_item", of rules and target
                                 * classes that there are. */
    struct ledger_accounts policies, namespaces;
    struct ledger_account tiers[K8S_N_TIERS];
    struct delta *deltas;       /* Of the reading under way. */
    size_t n_deltas, allocated_deltas;
};

const char *
ledger_verdict_name(enum ledger_verdict verdict)
{
    static const char *const names[LEDGER_N_VERDICTS] = {
        [LEDGER_ALLOWED] = "allowed",
        [LEDGER_DENIED] = "denied",
        [LEDGER_AUDITED] = "audited",
    };

    return names[verdict];
}

struct ledger *
ledger_create(struct compile *compile, size_t max)
{
    struct ledger *l = xzalloc(sizeof *l);

    l->compile = compile;
    l->max = max;
    hmap_init(&l->meters);
    hmap_init(&l->items);
    ledger_accounts_init(&l->policies);
    ledger_accounts_init(&l->namespaces);
    for (enum k8s_tier tier = 0; tier < K8S_N_TIERS; tier++) {
        l->tiers[tier].kind = K8S_CLUSTER_POLICY;
        l->tiers[tier].tier = tier;
    }
    return l;
}

void
ledger_destroy(struct ledger *l)
{
    struct ledger_item *item;
    struct meter *m;

    if (!l) {
        return;
    }
    HMAP_FOR_EACH_POP (m, node, &l->meters) {
        free(m);
    }
    HMAP_FOR_EACH_POP (item, node, &l->items) {
        free(item);
    }
    hmap_destroy(&l->meters);
    hmap_destroy(&l->items);
    ledger_accounts_uninit(&l->policies);
    ledger_accounts_uninit(&l->namespaces);
    free(l->deltas);
    free(l);
}

static void
add_count(struct ledger_count *sum, const struct ledger_count *count)
{
    sum->packets += count->packets;
    sum->bytes += count->bytes;
}

/* Reading. */

static struct meter *
get_meter(struct ledger *l, const struct ledger_flow *flow)
{
    uint32_t basis = (uint32_t) flow->table << 16 | flow->priority;
    uint64_t key = ((uint64_t) match_hash(flow->match, basis) << 32
                    | match_hash(flow->match, ~basis));
    struct meter *m;

    HMAP_FOR_EACH_WITH_HASH (m, node, hash_uint64(key), &l->meters) {
        if (m->key == key) {
            return m;
        }
    }
    m = xzalloc(sizeof *m);
    m->key = key;
    hmap_insert(&l->meters, &m->node, hash_uint64(key));
    return m;
}

/* A counter that is lower than it was has begun anew. */
static struct ledger_count
advance(struct meter *m, const struct ledger_count *now)
{
    struct ledger_count delta = *now;

    if (now->packets >= m->last.packets && now->bytes >= m->last.bytes) {
        delta.packets -= m->last.packets;
        delta.bytes -= m->last.bytes;
    }
    m->last = *now;
    m->seen = true;
    return delta;
}

static enum k8s_direction
table_direction(const struct ledger *l, uint8_t table)
{
    return (table < pipeline_table(&compile_config(l->compile)->pipeline,
                                   TABLE_INGRESS_TARGET)
            ? K8S_EGRESS : K8S_INGRESS);
}

/* The value of 'reg' if 'match' has all of it, else 0. */
static uint32_t
exact_register(const struct match *match, int reg)
{
    return (match->wc.masks.regs[reg] == UINT32_MAX
            ? match->flow.regs[reg] : 0);
}

/* What a cluster policy denies is counted where it ends, and what it passes on
 * where that is decided. */
static bool
is_allowing(const struct ledger *l, enum k8s_direction d, uint32_t id)
{
    const struct rule *r = ledger_find_rule(l->compile, d, id);

    return !r || !r->rung || r->rung->action == K8S_ACCEPT;
}

/* Returns false if 'flow' is of no kind that counts. */
static bool
identify(const struct ledger *l, const struct ledger_flow *flow,
         struct delta *delta)
{
    enum cookie_kind kind = cookie_kind(flow->cookie);

    delta->id = cookie_id(flow->cookie);
    delta->by_rule = kind == COOKIE_RULE || kind == COOKIE_DENY;
    if (kind == COOKIE_RULE) {
        delta->verdict = LEDGER_ALLOWED;
        delta->direction = table_direction(l, flow->table);
        delta->target = exact_register(flow->match,
                                       REG_TARGET(delta->direction));
        return is_allowing(l, delta->direction, delta->id);
    } else if (kind == COOKIE_DENY) {
        delta->verdict = LEDGER_DENIED;
        delta->direction = (exact_register(flow->match, REG_RULE(K8S_EGRESS))
                            ? K8S_EGRESS : K8S_INGRESS);
        delta->target = 0;
    } else if (kind == COOKIE_DROP || kind == COOKIE_AUDIT) {
        delta->verdict = (kind == COOKIE_DROP
                          ? LEDGER_DENIED : LEDGER_AUDITED);
        delta->direction = (exact_register(flow->match,
                                           REG_TARGET(K8S_EGRESS))
                            ? K8S_EGRESS : K8S_INGRESS);
        delta->target = delta->id;
    } else {
        return false;
    }
    return true;
}

void
ledger_read(struct ledger *l, const struct ledger_flow *flow)
{
    struct delta delta;

    /* What has never counted needs no meter. */
    if (!flow->count.packets || !identify(l, flow, &delta)) {
        return;
    }
    delta.count = advance(get_meter(l, flow), &flow->count);
    if (delta.count.packets || delta.count.bytes) {
        if (l->n_deltas >= l->allocated_deltas) {
            l->deltas = x2nrealloc(l->deltas, &l->allocated_deltas,
                                   sizeof *l->deltas);
        }
        l->deltas[l->n_deltas++] = delta;
    }
}

void
ledger_item_policies(const struct ledger *l, const struct ledger_item *item,
                     struct ptrs *policies)
{
    ledger_find_policies(l->compile, item->direction, item->by_rule, item->id,
                         item->by_rule ? 0 : item->id, policies);
}

bool
ledger_item_tier(const struct ledger *l, const struct ledger_item *item,
                 enum k8s_tier *tier)
{
    const struct rule *r = (item->by_rule
                            ? ledger_find_rule(l->compile, item->direction,
                                               item->id)
                            : NULL);

    if (!r || !r->rung) {
        return false;
    }
    *tier = r->rung->tier;
    return true;
}

/* Booking. */

static struct ledger_item *
get_item(struct ledger *l, const struct delta *d)
{
    uint32_t hash = hash_3words(d->id, d->direction, d->verdict);
    struct ledger_item *item;

    HMAP_FOR_EACH_WITH_HASH (item, node, hash, &l->items) {
        if (item->id == d->id && item->direction == d->direction
            && item->verdict == d->verdict && item->by_rule == d->by_rule) {
            return item;
        }
    }
    item = xzalloc(sizeof *item);
    item->id = d->id;
    item->direction = d->direction;
    item->verdict = d->verdict;
    item->by_rule = d->by_rule;
    hmap_insert(&l->items, &item->node, hash);
    return item;
}

static struct ledger_account *
policy_account(struct ledger *l, const struct policy *p, enum k8s_tier tier)
{
    return ledger_accounts_get(&l->policies, p->kind, tier, p->ns, p->name,
                               l->max);
}

/* Of all that is denied in the namespace of 'p', or for a cluster policy in
 * the tier. */
static struct ledger_account *
denied_account(struct ledger *l, const struct policy *p, enum k8s_tier tier)
{
    return (p->ns ? ledger_accounts_get(&l->namespaces, K8S_NAMESPACE, 0,
                                        p->ns, NULL, l->max)
            : &l->tiers[tier]);
}

static void
credit(struct ledger_account *account, const struct delta *d)
{
    add_count(&account->counts[d->direction][d->verdict], &d->count);
}

/* The policies that isolate a target are of its namespace; a rule of a cluster
 * policy is of that one alone. */
static void
book(struct ledger *l, const struct delta *d)
{
    const struct rule *r = (d->by_rule
                            ? ledger_find_rule(l->compile, d->direction, d->id)
                            : NULL);
    enum k8s_tier tier = r && r->rung ? r->rung->tier : 0;
    struct ptrs policies = PTRS_INITIALIZER;

    ledger_find_policies(l->compile, d->direction, d->by_rule, d->id,
                         d->target, &policies);
    if (policies.n) {
        add_count(&get_item(l, d)->count, &d->count);
        if (d->verdict != LEDGER_ALLOWED) {
            credit(denied_account(l, policies.p[0], tier), d);
        }
    }
    for (size_t i = 0; i < policies.n; i++) {
        credit(policy_account(l, policies.p[i], tier), d);
    }
    ptrs_uninit(&policies);
}

static void
sweep_meters(struct ledger *l, bool complete)
{
    struct meter *m;

    HMAP_FOR_EACH_SAFE (m, node, &l->meters) {
        if (complete && !m->seen) {
            hmap_remove(&l->meters, &m->node);
            free(m);
        } else {
            m->seen = false;
        }
    }
}

static void
sweep_items(struct ledger *l)
{
    struct ledger_item *item;

    HMAP_FOR_EACH_SAFE (item, node, &l->items) {
        if (item->by_rule
            ? !ledger_find_rule(l->compile, item->direction, item->id)
            : !ledger_find_target(l->compile, item->direction, item->id)) {
            hmap_remove(&l->items, &item->node);
            free(item);
        }
    }
}

/* A cluster policy that went to the other tier begins anew there. */
static bool
is_policy_there(const struct ledger *l, const struct ledger_account *account)
{
    const struct policies *policies = compile_policies(l->compile);
    const struct policy *p
        = (account->ns ? policy_find(policies, account->ns, account->name)
           : policy_find_cluster(policies, account->kind, account->name));

    return p && (!p->cluster || p->cluster->tier == account->tier);
}

static void
sweep_policies(struct ledger *l)
{
    struct ledger_account *account;

    HMAP_FOR_EACH_SAFE (account, node, &l->policies.map) {
        if (!is_policy_there(l, account)) {
            ledger_accounts_remove(&l->policies, account);
        }
    }
}

static bool
has_policy_of(const struct ledger *l, const char *ns)
{
    const struct ledger_account *account;

    HMAP_FOR_EACH (account, node, &l->policies.map) {
        if (account->ns && !strcmp(account->ns, ns)) {
            return true;
        }
    }
    return hmap_count(&l->policies.map) >= l->max;
}

static void
sweep_namespaces(struct ledger *l)
{
    struct ledger_account *account;

    HMAP_FOR_EACH_SAFE (account, node, &l->namespaces.map) {
        if (!has_policy_of(l, account->ns)) {
            ledger_accounts_remove(&l->namespaces, account);
        }
    }
}

void
ledger_finish(struct ledger *l, bool complete)
{
    for (size_t i = 0; i < l->n_deltas; i++) {
        book(l, &l->deltas[i]);
    }
    l->n_deltas = 0;
    sweep_meters(l, complete);
    sweep_items(l);
    sweep_policies(l);
    sweep_namespaces(l);
}

/* What others see. */

size_t
ledger_n_flows(const struct ledger *l)
{
    return hmap_count(&l->meters);
}

static int
compare_items(const void *a_, const void *b_)
{
    const struct ledger_item *const *a = a_, *const *b = b_;

    return ((*a)->count.packets != (*b)->count.packets
            ? ((*a)->count.packets > (*b)->count.packets ? -1 : 1)
            : (*a)->id != (*b)->id ? ((*a)->id < (*b)->id ? -1 : 1)
            : (int) (*a)->verdict - (int) (*b)->verdict);
}

const struct ledger_item **
ledger_items(const struct ledger *l, size_t *n)
{
    const struct ledger_item **items = xmalloc(
        MAX(hmap_count(&l->items), 1) * sizeof *items);
    const struct ledger_item *item;

    *n = 0;
    HMAP_FOR_EACH (item, node, &l->items) {
        items[(*n)++] = item;
    }
    qsort(items, *n, sizeof *items, compare_items);
    return items;
}

const struct ledger_account **
ledger_policies(const struct ledger *l, size_t *n)
{
    return ledger_accounts_sort(&l->policies, n);
}

const struct ledger_account **
ledger_namespaces(const struct ledger *l, size_t *n)
{
    return ledger_accounts_sort(&l->namespaces, n);
}

const struct ledger_account *
ledger_tier(const struct ledger *l, enum k8s_tier tier)
{
    return &l->tiers[tier];
}

const struct ledger_account *
ledger_other_policies(const struct ledger *l)
{
    return &l->policies.other;
}

const struct ledger_account *
ledger_other_namespaces(const struct ledger *l)
{
    return &l->namespaces.other;
}
