/* SPDX-License-Identifier: Apache-2.0
 *
 * Which addresses outside of the cluster the policies cannot tell apart. */

#include <config.h>

#include "reach-private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

struct prefixes {
    struct prefix *p;
    size_t n, allocated;
};

static void
add_prefix(struct prefixes *v, const struct prefix *prefix)
{
    if (v->n >= v->allocated) {
        v->p = x2nrealloc(v->p, &v->allocated, sizeof *v->p);
    }
    v->p[v->n++] = *prefix;
}

static int
compare_prefixes(const void *a, const void *b)
{
    return prefix_compare(a, b);
}

static void
sort_unique(struct prefixes *v)
{
    size_t n = 0;

    qsort(v->p, v->n, sizeof *v->p, compare_prefixes);
    for (size_t i = 0; i < v->n; i++) {
        if (!n || prefix_compare(&v->p[i], &v->p[n - 1])) {
            v->p[n++] = v->p[i];
        }
    }
    v->n = n;
}

/* True if some pod has an address of this family, or there are no pods. */
static bool
family_is_used(const struct reach *r, int family)
{
    bool any = false;

    for (size_t i = 0; i < r->classes.n; i++) {
        const struct reach_class_node *node = r->classes.p[i];

        any |= node->class.pods.n > 0;
        if (node->class.pods.n && node->class.has_end[0][family]) {
            return true;
        }
    }
    return !any;
}

/* Everything that policies name, and everything. */
static void
collect(const struct reach *r, struct prefixes *v)
{
    static const char *const whole[] = { "0.0.0.0/0", "::/0" };

    for (int family = 0; family < REACH_N_FAMILIES; family++) {
        struct prefix prefix;

        ovs_assert(prefix_parse(whole[family], &prefix));
        add_prefix(v, &prefix);
    }
    for (size_t i = 0; i < r->words.n_blocks; i++) {
        const struct k8s_ip_block *block = r->words.blocks[i];

        add_prefix(v, &block->cidr);
        for (size_t j = 0; j < block->n_excepts; j++) {
            add_prefix(v, &block->excepts[j]);
        }
    }
    sort_unique(v);
}

/* Moves '*addr' to the one behind 'prefix'.  Returns false if there is
 * none. */
static bool
step_over(const struct prefix *prefix, struct in6_addr *addr)
{
    unsigned int length = prefix->length + (prefix->is_v6 ? 0 : 96);
    int first = prefix->is_v6 ? 0 : 12;

    *addr = prefix->addr;
    if (!length) {
        return false;
    }
    /* Adds one at bit number 'length' - 1 and carries. */
    unsigned int step = 1u << (7 - (length - 1) % 8);
    for (int i = (length - 1) / 8; i >= first; i--) {
        unsigned int sum = addr->s6_addr[i] + step;

        addr->s6_addr[i] = sum;
        if (sum <= 0xff) {
            return true;
        }
        step = 1;
    }
    return false;
}

/* The most specific prefix in 'inner', which are sorted, that contains 'addr',
 * or NULL. */
static const struct prefix *
find_inner(const struct prefix *inner, size_t n, const struct in6_addr *addr)
{
    for (size_t i = 0; i < n; i++) {
        if (prefix_contains_address(&inner[i], addr)) {
            return &inner[i];
        }
    }
    return NULL;
}

static bool
is_known(const struct model *model, const struct in6_addr *addr)
{
    return (model_is_node_address(model, addr)
            || model_pod_by_address(model, addr)
            || model_node_by_address(model, addr));
}

/* An address that is in 'prefix', in none of the 'n' in 'inner', which are
 * inside of it, and nobody's that we know.  Returns false if there is none. */
static bool
find_address(const struct model *model, const struct prefix *prefix,
             const struct prefix *inner, size_t n, struct in6_addr *addr)
{
    *addr = prefix->addr;
    for (;;) {
        const struct prefix *taken = find_inner(inner, n, addr);
        struct prefix single;

        if (!taken) {
            if (!is_known(model, addr)) {
                return true;
            }
            prefix_from_address(addr, &single);
            taken = &single;
        }
        if (!step_over(taken, addr)
            || !prefix_contains_address(prefix, addr)) {
            return false;
        }
    }
}

static void
sign_stranger(const struct reach *r, const struct in6_addr *addr,
              struct ds *signature)
{
    ds_put_cstr(signature, "net");
    reach_words_sign_address(&r->words, addr, signature);
}

const struct reach_class *
reach_class_of_stranger(const struct reach *r, const struct in6_addr *addr)
{
    struct ds signature = DS_EMPTY_INITIALIZER;

    sign_stranger(r, addr, &signature);
    const struct reach_class_node *node = reach_class_find(r, &signature);
    ds_destroy(&signature);
    return node ? &node->class : NULL;
}

static void
add_net(struct reach *r, const struct prefix *prefix,
        const struct in6_addr *addr)
{
    struct ds signature = DS_EMPTY_INITIALIZER;

    sign_stranger(r, addr, &signature);
    struct reach_class *class = &reach_class_get(r, &signature)->class;
    class->nets = xrealloc(class->nets,
                           (class->n_nets + 1) * sizeof *class->nets);
    class->nets[class->n_nets++] = *prefix;
    reach_class_set_end(class, 0, NULL, addr);
    ds_destroy(&signature);
}

void
reach_add_nets(struct reach *r)
{
    bool used[REACH_N_FAMILIES];
    struct prefixes v = { NULL, 0, 0 };
    struct in6_addr addr;

    for (int family = 0; family < REACH_N_FAMILIES; family++) {
        used[family] = family_is_used(r, family);
    }
    collect(r, &v);
    for (size_t i = 0; i < v.n; i++) {
        size_t n_inner = 0;

        while (i + 1 + n_inner < v.n
               && prefix_contains(&v.p[i], &v.p[i + 1 + n_inner])) {
            n_inner++;
        }
        if (used[v.p[i].is_v6 ? REACH_V6 : REACH_V4]
            && find_address(r->model, &v.p[i], &v.p[i + 1], n_inner, &addr)
            && !model_is_service_address(r->model, &addr)) {
            add_net(r, &v.p[i], &addr);
        }
    }
    free(v.p);
}

static void
format_nodes(const struct reach_class *class, struct ds *s)
{
    const struct k8s_node *node = class->nodes.p[0];

    ds_put_format(s, "node%s %s", class->nodes.n > 1 ? "s" : "",
                  node->up.name);
    if (class->nodes.n > 1) {
        ds_put_format(s, " and %"PRIu32" more", class->nodes.n - 1);
    }
}

void
reach_format_nets(const struct reach_class *class, struct ds *s)
{
    bool whole[REACH_N_FAMILIES] = { false, false };

    if (class->nodes.n) {
        format_nodes(class, s);
        return;
    }
    for (size_t i = 0; i < class->n_nets; i++) {
        if (!class->nets[i].length) {
            whole[class->nets[i].is_v6 ? REACH_V6 : REACH_V4] = true;
        }
    }
    if (whole[REACH_V4] || whole[REACH_V6]) {
        ds_put_cstr(s, "elsewhere");
        return;
    }
    prefix_format(&class->nets[0], s);
    if (class->n_nets > 1) {
        ds_put_format(s, " and %"PRIuSIZE" more", class->n_nets - 1);
    }
}
