/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "rule.h"

#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "hash.h"
#include "netset.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

struct rules *
rules_create(enum k8s_direction direction, struct groups *groups,
             struct netset *netset)
{
    struct rules *rs = xzalloc(sizeof *rs);

    rs->direction = direction;
    rs->groups = groups;
    rs->netset = netset;
    hmap_init(&rs->rules);
    hmap_init(&rs->peers);
    number_pool_init(&rs->numbers);
    return rs;
}

void
rules_destroy(struct rules *rs)
{
    if (rs) {
        ovs_assert(hmap_is_empty(&rs->rules));
        hmap_destroy(&rs->rules);
        hmap_destroy(&rs->peers);
        number_pool_destroy(&rs->numbers);
        free(rs);
    }
}

/* Services. */

static int
compare_services(const void *a_, const void *b_)
{
    const struct rule_service *a = a_;
    const struct rule_service *b = b_;

    return (a->protocol != b->protocol ? a->protocol - b->protocol
            : a->first != b->first ? a->first - b->first
            : a->last - b->last);
}

size_t
rule_services_normalize(struct rule_service *services, size_t n)
{
    size_t n_merged = 0;

    if (n > 1) {
        qsort(services, n, sizeof *services, compare_services);
    }
    for (size_t i = 0; i < n; i++) {
        struct rule_service *last = n_merged ? &services[n_merged - 1] : NULL;

        if (last && last->protocol == services[i].protocol
            && services[i].first <= (uint32_t) last->last + 1) {
            last->last = MAX(last->last, services[i].last);
        } else {
            services[n_merged++] = services[i];
        }
    }
    return n_merged;
}

static void
add_blocks(struct rule *r, const struct rule_service *service)
{
    struct cover_block cover[COVER_MAX];
    size_t n = cover_interval(service->first, service->last, cover);

    r->blocks = xrealloc(r->blocks,
                         (r->n_blocks + n) * sizeof *r->blocks);
    for (size_t i = 0; i < n; i++) {
        r->blocks[r->n_blocks++]
            = (struct rule_block) { service->protocol, cover[i] };
    }
}

/* Peers. */

static uint32_t
hash_peers(const struct ptrs *groups, const struct netset_list *nets)
{
    uint32_t hash = nets ? nets->set.hash : 0;

    for (size_t i = 0; i < groups->n; i++) {
        const struct group *g = groups->p[i];

        hash = hash_add(hash, g->set.hash);
    }
    return hash_finish(hash, groups->n);
}

static struct rule_peers *
find_peers(const struct rules *rs, uint32_t hash, const struct ptrs *groups,
           const struct netset_list *nets)
{
    struct rule_peers *p;

    HMAP_FOR_EACH_WITH_HASH (p, node, hash, &rs->peers) {
        if (p->nets == nets && p->n_groups == groups->n
            && (!groups->n || !memcmp(p->groups, groups->p,
                                      groups->n * sizeof *groups->p))) {
            return p;
        }
    }
    return NULL;
}

bool
rule_peers_is_first(const struct rule_peers *p, const struct group *set,
                    const struct partition_class *class)
{
    for (size_t i = 0; p->groups[i] != set; i++) {
        if (partition_class_has(class, &p->groups[i]->set)) {
            return false;
        }
    }
    return true;
}

/* Registers 'p' with its sets, and the classes that they already have with
 * 'p'. */
static void
connect_peers(struct rule_peers *p)
{
    for (size_t i = 0; i < p->n_groups; i++) {
        struct group *g = p->groups[i];

        ptrs_add(&g->users, p);
        for (size_t j = 0; j < g->set.classes.n; j++) {
            struct partition_class *c = g->set.classes.p[j];

            if (rule_peers_is_first(p, g, c)) {
                ptrs_add(&p->pod_classes, c);
                ptrs_add(&c->links, p);
            }
        }
    }
    if (p->nets) {
        ptrs_add(&p->nets->users, p);
        for (size_t j = 0; j < p->nets->set.classes.n; j++) {
            struct partition_class *c = p->nets->set.classes.p[j];

            ptrs_add(&p->net_classes, c);
            ptrs_add(&c->links, p);
        }
    }
}

static void
disconnect_classes(const struct rule_peers *p, struct ptrs *classes)
{
    for (size_t i = 0; i < classes->n; i++) {
        struct partition_class *c = classes->p[i];

        ptrs_remove(&c->links, p);
    }
    ptrs_uninit(classes);
}

static void
free_peers(struct rules *rs, struct rule_peers *p)
{
    disconnect_classes(p, &p->pod_classes);
    disconnect_classes(p, &p->net_classes);
    for (size_t i = 0; i < p->n_groups; i++) {
        ptrs_remove(&p->groups[i]->users, p);
        group_unref(rs->groups, p->groups[i]);
    }
    if (p->nets) {
        ptrs_remove(&p->nets->users, p);
        netset_unref(rs->netset, p->nets);
    }
    hmap_remove(&rs->peers, &p->node);
    ptrs_uninit(&p->rules);
    free(p);
}

/* Sorts 'groups'; gives back the extra reference of duplicates. */
static void
normalize_groups(struct rules *rs, struct ptrs *groups)
{
    size_t n = 0;

    partition_sets_order((struct partition_set **) groups->p, groups->n);
    for (size_t i = 0; i < groups->n; i++) {
        if (n && groups->p[n - 1] == groups->p[i]) {
            group_unref(rs->groups, groups->p[i]);
        } else {
            groups->p[n++] = groups->p[i];
        }
    }
    groups->n = n;
}

static struct rule_peers *
get_peers(struct rules *rs, struct ptrs *groups, struct netset_list *nets)
{
    struct rule_peers *p;
    uint32_t hash;

    normalize_groups(rs, groups);
    hash = hash_peers(groups, nets);
    p = find_peers(rs, hash, groups, nets);
    if (p) {
        for (size_t i = 0; i < groups->n; i++) {
            group_unref(rs->groups, groups->p[i]);
        }
        if (nets) {
            netset_unref(rs->netset, nets);
        }
        return p;
    }
    p = xzalloc(sizeof *p + groups->n * sizeof *p->groups);
    p->hash = hash;
    p->nets = nets;
    p->n_groups = groups->n;
    if (groups->n) {
        memcpy(p->groups, groups->p, groups->n * sizeof *p->groups);
    }
    hmap_insert(&rs->peers, &p->node, hash);
    connect_peers(p);
    return p;
}

/* Rules. */

static uint32_t
hash_rule(const struct rules *rs, const struct rung *rung,
          const struct rule_peers *peers,
          const struct rule_service *services, size_t n)
{
    uint32_t hash = hash_int(rs->direction, peers ? peers->hash : 1);

    if (rung) {
        hash = hash_add(hash, rung->hash);
    }
    for (size_t i = 0; i < n; i++) {
        hash = hash_add(hash, services[i].protocol);
        hash = hash_add(hash, (uint32_t) services[i].first << 16
                              | services[i].last);
    }
    return hash_finish(hash, n);
}

static struct rule *
find_rule(const struct rules *rs, uint32_t hash, const struct rung *rung,
          const struct rule_peers *peers,
          const struct rule_service *services, size_t n)
{
    struct rule *r;

    HMAP_FOR_EACH_WITH_HASH (r, node, hash, &rs->rules) {
        if (r->rung == rung && r->peers == peers && r->n_services == n) {
            size_t i = 0;

            while (i < n && !compare_services(&r->services[i], &services[i])) {
                i++;
            }
            if (i == n) {
                return r;
            }
        }
    }
    return NULL;
}

static struct rule *
create_rule(struct rules *rs, uint32_t hash, struct rung *rung,
            struct rule_peers *peers, const struct rule_service *services,
            size_t n)
{
    struct rule *r = xzalloc(sizeof *r);

    r->direction = rs->direction;
    r->rung = rung;
    if (rung) {
        ptrs_add(&rung->rules, r);
    }
    r->peers = peers;
    r->n_services = n;
    r->services = n ? xmemdup(services, n * sizeof *services) : NULL;
    for (size_t i = 0; i < n; i++) {
        add_blocks(r, &services[i]);
    }
    ovs_list_init(&r->check);
    number_take(&rs->numbers, &r->id, hash);
    hmap_insert(&rs->rules, &r->node, hash);
    if (peers) {
        peers->n_refs++;
        ptrs_add(&peers->rules, r);
    }
    return r;
}

struct rule *
rule_ref(struct rules *rs, struct rung *rung, bool any_peer,
         const struct ptrs *groups, struct netset_list *nets,
         const struct rule_service *services, size_t n)
{
    struct rule_peers *peers = NULL;
    struct rule *r;
    uint32_t hash;

    if (!any_peer) {
        struct ptrs copy = PTRS_INITIALIZER;

        for (size_t i = 0; i < groups->n; i++) {
            ptrs_add(&copy, groups->p[i]);
        }
        peers = get_peers(rs, &copy, nets);
        ptrs_uninit(&copy);
    }
    hash = hash_rule(rs, rung, peers, services, n);
    r = find_rule(rs, hash, rung, peers, services, n);
    if (!r) {
        r = create_rule(rs, hash, rung, peers, services, n);
    }
    r->n_refs++;
    return r;
}

bool
rule_unref(struct rule *r)
{
    return !--r->n_refs;
}

void
rung_free(struct rung *rung)
{
    ptrs_remove(rung->home, rung);
    ptrs_uninit(&rung->rules);
    free(rung);
}

void
rule_free(struct rules *rs, struct rule *r)
{
    if (r->peers) {
        ptrs_remove(&r->peers->rules, r);
        if (!--r->peers->n_refs) {
            free_peers(rs, r->peers);
        }
    }
    if (r->rung) {
        ptrs_remove(&r->rung->rules, r);
        if (!r->rung->rules.n) {
            rung_free(r->rung);
        }
    }
    number_give_back(&rs->numbers, &r->id);
    hmap_remove(&rs->rules, &r->node);
    ovs_list_remove(&r->check);
    ptrs_uninit(&r->targets);
    ptrs_uninit(&r->uses);
    free(r->services);
    free(r->blocks);
    free(r);
}

bool
rule_is_allow_all(const struct rule *r)
{
    return !r->rung && !r->peers && !r->n_services;
}

size_t
rule_count_peers(const struct rule *r)
{
    return r->peers ? r->peers->pod_classes.n + r->peers->net_classes.n : 0;
}

/* Text. */

void
rule_format_services(const struct rule *r, struct ds *s)
{
    if (!r->n_services) {
        ds_put_cstr(s, "any");
    }
    for (size_t i = 0; i < r->n_services; i++) {
        const struct rule_service *v = &r->services[i];
        struct k8s_port port = { v->protocol, NULL, v->first, v->last };

        ds_put_cstr(s, i ? " " : "");
        k8s_format_port(&port, s);
    }
}

void
rule_format_peers(const struct rule *r, struct ds *s)
{
    if (!r->peers) {
        ds_put_cstr(s, "any");
        return;
    }
    for (size_t i = 0; i < r->peers->n_groups; i++) {
        ds_put_format(s, "%s%s", i ? " " : "", r->peers->groups[i]->set.text);
    }
    if (r->peers->nets) {
        ds_put_format(s, "%s%s", r->peers->n_groups ? " " : "",
                      r->peers->nets->set.text);
    }
}
