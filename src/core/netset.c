/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "netset.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "k8s.h"
#include "openvswitch/dynamic-string.h"
#include "skiplist.h"
#include "util.h"

/* A prefix is the cidr or an except of a list's block. */
struct mention {
    struct netset_list *list;
    size_t block;               /* Index. */
    bool is_except;
};

struct net_node {
    struct hmap_node node;      /* In 'nodes', by prefix. */
    struct ovs_list dirty;      /* In 'dirty', or empty. */
    struct prefix prefix;
    struct mention *mentions;
    size_t n_mentions, allocated_mentions;
    struct partition_class *class;
    uint32_t flow_class;        /* What the flow sets. */
    bool has_flow;
};

struct netset {
    struct hmap lists;
    struct hmap nodes;
    struct skiplist *order;     /* The nodes by prefix_compare(). */
    size_t n_lengths[2][129];   /* Nodes by family and prefix length. */
    struct ovs_list dirty;
    struct ovs_list touched;    /* Classified but not flushed. */
    struct ovs_list flushed;    /* Until all are. */
    struct ptrs dead;           /* Lists to be freed. */
    uint64_t round;             /* Number of the current find_sets(). */
    struct partition partition;
};

static int
compare_nodes(const void *a_, const void *b_, const void *aux OVS_UNUSED)
{
    const struct net_node *a = a_;
    const struct net_node *b = b_;

    return prefix_compare(&a->prefix, &b->prefix);
}

struct netset *
netset_create(void)
{
    struct netset *ns = xzalloc(sizeof *ns);

    hmap_init(&ns->lists);
    hmap_init(&ns->nodes);
    ns->order = skiplist_create(compare_nodes, NULL);
    ovs_list_init(&ns->dirty);
    ovs_list_init(&ns->touched);
    ovs_list_init(&ns->flushed);
    partition_init(&ns->partition);
    return ns;
}

struct partition *
netset_partition(const struct netset *ns)
{
    return CONST_CAST(struct partition *, &ns->partition);
}

/* Nodes. */

static struct net_node *
find_node(const struct netset *ns, const struct prefix *prefix)
{
    struct net_node *n;

    HMAP_FOR_EACH_WITH_HASH (n, node, prefix_hash(prefix, 0), &ns->nodes) {
        if (!prefix_compare(&n->prefix, prefix)) {
            return n;
        }
    }
    return NULL;
}

static struct net_node *
get_node(struct netset *ns, const struct prefix *prefix)
{
    struct net_node *n = find_node(ns, prefix);

    if (!n) {
        n = xzalloc(sizeof *n);
        n->prefix = *prefix;
        ovs_list_init(&n->dirty);
        hmap_insert(&ns->nodes, &n->node, prefix_hash(prefix, 0));
        skiplist_insert(ns->order, n);
        ns->n_lengths[prefix->is_v6][prefix->length]++;
    }
    return n;
}

static void
free_node(struct netset *ns, struct net_node *n)
{
    hmap_remove(&ns->nodes, &n->node);
    skiplist_delete(ns->order, n);
    ns->n_lengths[n->prefix.is_v6][n->prefix.length]--;
    ovs_list_remove(&n->dirty);
    free(n->mentions);
    free(n);
}

static void
mark_dirty(struct netset *ns, struct net_node *n)
{
    ovs_list_remove(&n->dirty);
    ovs_list_push_back(&ns->dirty, &n->dirty);
}

/* 'prefix' and everything in use inside it. */
static void
mark_inside(struct netset *ns, const struct prefix *prefix)
{
    struct net_node key = { .prefix = *prefix };
    struct skiplist_node *s;

    for (s = skiplist_forward_to(ns->order, &key); s; s = skiplist_next(s)) {
        struct net_node *n = skiplist_get_data(s);

        if (!prefix_contains(prefix, &n->prefix)) {
            break;
        }
        mark_dirty(ns, n);
    }
}

static void
add_mention(struct netset *ns, const struct prefix *prefix,
            struct netset_list *list, size_t block, bool is_except)
{
    struct net_node *n = get_node(ns, prefix);

    if (n->n_mentions >= n->allocated_mentions) {
        n->mentions = x2nrealloc(n->mentions, &n->allocated_mentions,
                                 sizeof *n->mentions);
    }
    n->mentions[n->n_mentions++] = (struct mention) { list, block, is_except };
}

static void
remove_mention(struct netset *ns, const struct prefix *prefix,
               const struct netset_list *list, size_t block, bool is_except)
{
    struct net_node *n = find_node(ns, prefix);

    for (size_t i = 0; i < n->n_mentions; i++) {
        const struct mention *m = &n->mentions[i];

        if (m->list == list && m->block == block
            && m->is_except == is_except) {
            n->mentions[i] = n->mentions[--n->n_mentions];
            return;
        }
    }
    OVS_NOT_REACHED();
}

static void
mention_list(struct netset *ns, struct netset_list *list, bool add)
{
    for (size_t i = 0; i < list->n_blocks; i++) {
        const struct k8s_ip_block *b = &list->blocks[i];

        if (add) {
            add_mention(ns, &b->cidr, list, i, false);
        } else {
            remove_mention(ns, &b->cidr, list, i, false);
        }
        for (size_t j = 0; j < b->n_excepts; j++) {
            if (add) {
                add_mention(ns, &b->excepts[j], list, i, true);
            } else {
                remove_mention(ns, &b->excepts[j], list, i, true);
            }
        }
    }
    for (size_t i = 0; i < list->n_blocks; i++) {
        mark_inside(ns, &list->blocks[i].cidr);
    }
}

/* Lists. */

static int
compare_prefixes(const void *a_, const void *b_)
{
    return prefix_compare(a_, b_);
}

/* Sorts the excepts of 'b' and drops duplicates. */
static void
normalize_excepts(struct k8s_ip_block *b)
{
    size_t n = 0;

    if (b->n_excepts > 1) {
        qsort(b->excepts, b->n_excepts, sizeof *b->excepts, compare_prefixes);
    }
    for (size_t i = 0; i < b->n_excepts; i++) {
        if (!n || prefix_compare(&b->excepts[n - 1], &b->excepts[i])) {
            b->excepts[n++] = b->excepts[i];
        }
    }
    b->n_excepts = n;
}

static int
compare_blocks(const void *a_, const void *b_)
{
    const struct k8s_ip_block *a = a_;
    const struct k8s_ip_block *b = b_;
    int cmp = prefix_compare(&a->cidr, &b->cidr);

    if (!cmp && a->n_excepts != b->n_excepts) {
        cmp = a->n_excepts < b->n_excepts ? -1 : 1;
    }
    for (size_t i = 0; !cmp && i < a->n_excepts; i++) {
        cmp = prefix_compare(&a->excepts[i], &b->excepts[i]);
    }
    return cmp;
}

/* A sorted copy without duplicates; returns its length. */
static size_t
copy_blocks(const struct k8s_ip_block *const blocks[], size_t n,
            struct k8s_ip_block **copyp)
{
    struct k8s_ip_block *copy = xmalloc(n * sizeof *copy);
    size_t n_unique = 0;

    for (size_t i = 0; i < n; i++) {
        copy[i] = *blocks[i];
        copy[i].excepts = copy[i].n_excepts
            ? xmemdup(blocks[i]->excepts,
                      blocks[i]->n_excepts * sizeof *blocks[i]->excepts)
            : NULL;
        normalize_excepts(&copy[i]);
    }
    qsort(copy, n, sizeof *copy, compare_blocks);
    for (size_t i = 0; i < n; i++) {
        if (n_unique && !compare_blocks(&copy[n_unique - 1], &copy[i])) {
            free(copy[i].excepts);
        } else {
            copy[n_unique++] = copy[i];
        }
    }
    *copyp = copy;
    return n_unique;
}

static char *
blocks_text(const struct k8s_ip_block *blocks, size_t n)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < n; i++) {
        ds_put_cstr(&s, i ? "," : "");
        prefix_format(&blocks[i].cidr, &s);
        for (size_t j = 0; j < blocks[i].n_excepts; j++) {
            ds_put_char(&s, '-');
            prefix_format(&blocks[i].excepts[j], &s);
        }
    }
    return ds_steal_cstr(&s);
}

static void
free_blocks(struct k8s_ip_block *blocks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(blocks[i].excepts);
    }
    free(blocks);
}

static struct netset_list *
find_list(const struct netset *ns, const char *text)
{
    struct netset_list *list;

    HMAP_FOR_EACH_WITH_HASH (list, node, hash_string(text, 0), &ns->lists) {
        if (!strcmp(list->set.text, text)) {
            return list;
        }
    }
    return NULL;
}

static struct netset_list *
create_list(struct netset *ns, struct k8s_ip_block *blocks, size_t n,
            char *text)
{
    struct netset_list *list = xzalloc(sizeof *list);

    list->blocks = blocks;
    list->n_blocks = n;
    list->excepted = xcalloc(n, sizeof *list->excepted);
    for (size_t i = 0; i < n; i++) {
        list->has_v4 |= !blocks[i].cidr.is_v6;
        list->has_v6 |= blocks[i].cidr.is_v6;
    }
    partition_set_init(&list->set, text);
    hmap_insert(&ns->lists, &list->node, list->set.hash);
    mention_list(ns, list, true);
    return list;
}

struct netset_list *
netset_ref(struct netset *ns, const struct k8s_ip_block *const blocks[],
           size_t n)
{
    struct k8s_ip_block *copy;
    size_t n_copy = copy_blocks(blocks, n, &copy);
    char *text = blocks_text(copy, n_copy);
    struct netset_list *list = find_list(ns, text);

    if (list) {
        free_blocks(copy, n_copy);
        free(text);
    } else {
        list = create_list(ns, copy, n_copy, text);
    }
    list->n_refs++;
    return list;
}

void
netset_unref(struct netset *ns, struct netset_list *list)
{
    if (!--list->n_refs) {
        hmap_remove(&ns->lists, &list->node);
        mention_list(ns, list, false);
        ptrs_add(&ns->dead, list);
    }
}

static void
free_list(struct netset_list *list)
{
    partition_set_uninit(&list->set);
    ptrs_uninit(&list->users);
    free(list->excepted);
    free_blocks(list->blocks, list->n_blocks);
    free(list);
}

void
netset_reap(struct netset *ns)
{
    for (size_t i = 0; i < ns->dead.n; i++) {
        free_list(ns->dead.p[i]);
    }
    ptrs_uninit(&ns->dead);
}

/* Classification. */

/* The nodes that contain 'n', itself included, longest first.  Returns how
 * many. */
static size_t
find_around(const struct netset *ns, const struct net_node *n,
            struct net_node *around[129])
{
    size_t n_around = 0;

    for (int length = n->prefix.length; length >= 0; length--) {
        if (ns->n_lengths[n->prefix.is_v6][length]) {
            struct prefix prefix = n->prefix;
            struct net_node *found;

            prefix_truncate(&prefix, length);
            found = find_node(ns, &prefix);
            if (found) {
                around[n_around++] = found;
            }
        }
    }
    return n_around;
}

/* Marks the blocks that have an except around the element. */
static void
mark_excepted(struct netset *ns, struct net_node *const around[],
              size_t n_around)
{
    ns->round++;
    for (size_t i = 0; i < n_around; i++) {
        for (size_t j = 0; j < around[i]->n_mentions; j++) {
            const struct mention *m = &around[i]->mentions[j];

            if (m->is_except) {
                m->list->excepted[m->block] = ns->round;
            }
        }
    }
}

/* The lists that contain the element 'n', sorted, in '*sets'.  Returns how
 * many. */
static size_t
find_sets(struct netset *ns, const struct net_node *n,
          struct partition_set ***sets)
{
    struct net_node *around[129];
    size_t n_around = find_around(ns, n, around);
    struct ptrs found = PTRS_INITIALIZER;

    mark_excepted(ns, around, n_around);
    for (size_t i = 0; i < n_around; i++) {
        for (size_t j = 0; j < around[i]->n_mentions; j++) {
            const struct mention *m = &around[i]->mentions[j];

            if (!m->is_except
                && m->list->excepted[m->block] != ns->round) {
                ptrs_add(&found, &m->list->set);
            }
        }
    }
    *sets = (struct partition_set **) found.p;
    return partition_sets_sort(*sets, found.n);
}

static void
classify_node(struct netset *ns, struct net_node *n)
{
    struct partition_set **sets = NULL;
    size_t n_sets = n->n_mentions ? find_sets(ns, n, &sets) : 0;

    if (!partition_class_is(n->class, sets, n_sets)) {
        struct partition_class *old = n->class;

        n->class = partition_enter(&ns->partition, sets, n_sets);
        partition_leave(&ns->partition, old);
    }
    free(sets);
}

bool
netset_classify(struct netset *ns, size_t *work)
{
    struct net_node *n;

    LIST_FOR_EACH_SAFE (n, dirty, &ns->dirty) {
        if (!*work) {
            return false;
        }
        --*work;
        classify_node(ns, n);
        ovs_list_remove(&n->dirty);
        ovs_list_push_back(&ns->touched, &n->dirty);
    }
    return true;
}

/* Flows. */

/* The class of the nearest prefix in use around 'n'. */
static uint32_t
class_around(const struct netset *ns, const struct net_node *n)
{
    struct net_node *around[129];
    size_t n_around = find_around(ns, n, around);

    for (size_t i = 0; i < n_around; i++) {
        if (around[i] != n && around[i]->n_mentions) {
            return partition_class_number(around[i]->class);
        }
    }
    return 0;
}

static void
flush_node(struct netset *ns, struct net_node *n, netset_cb *cb, void *aux)
{
    uint32_t class = partition_class_number(n->class);
    bool needed = n->n_mentions && class != class_around(ns, n);

    if (needed != n->has_flow || (needed && class != n->flow_class)) {
        cb(&n->prefix, needed, class, aux);
        n->has_flow = needed;
        n->flow_class = class;
    }
}

/* A prefix that goes is there until all are flushed: it may be around another
 * one. */
bool
netset_flush(struct netset *ns, netset_cb *cb, void *aux, size_t *work)
{
    struct net_node *n;

    LIST_FOR_EACH_SAFE (n, dirty, &ns->touched) {
        if (!*work) {
            return false;
        }
        --*work;
        flush_node(ns, n, cb, aux);
        ovs_list_remove(&n->dirty);
        ovs_list_push_back(&ns->flushed, &n->dirty);
    }
    LIST_FOR_EACH_SAFE (n, dirty, &ns->flushed) {
        ovs_list_remove(&n->dirty);
        ovs_list_init(&n->dirty);
        if (!n->n_mentions) {
            free_node(ns, n);
        }
    }
    return true;
}

void
netset_destroy(struct netset *ns)
{
    struct netset_list *list;
    struct net_node *n;

    if (!ns) {
        return;
    }
    partition_destroy(&ns->partition);
    HMAP_FOR_EACH_SAFE (n, node, &ns->nodes) {
        free_node(ns, n);
    }
    skiplist_destroy(ns->order, NULL);
    HMAP_FOR_EACH_SAFE (list, node, &ns->lists) {
        hmap_remove(&ns->lists, &list->node);
        free_list(list);
    }
    netset_reap(ns);
    hmap_destroy(&ns->lists);
    hmap_destroy(&ns->nodes);
    free(ns);
}
