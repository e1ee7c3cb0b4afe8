/* SPDX-License-Identifier: Apache-2.0
 *
 * NetworkPolicyPeer: an ipBlock, or selectors. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "k8s-private.h"
#include "label.h"

/* What a warning about an unknown field says.  A field that we do not know
 * would most likely narrow the peer, so the peer grants nothing (S42). */
static const char consequence[] = "this peer matches nothing";

/* ipBlock. */

static int
compare_prefixes(const void *a, const void *b)
{
    return prefix_compare(a, b);
}

bool
k8s_get_cidr(struct k8s_parser *p, const struct k8s_field *field,
             struct prefix *prefix)
{
    const char *text = NULL;

    if (!k8s_get_string(p, field, &text)) {
        return false;
    }
    if (!text) {
        return k8s_fail(p, field, "missing");
    }
    if (!prefix_parse(text, prefix)) {
        return k8s_fail_text(p, field, text, "is not a CIDR");
    }
    return true;
}

static bool
parse_except(struct k8s_parser *p, const struct k8s_field *field,
             const struct prefix *cidr, struct prefix *except)
{
    if (!k8s_get_cidr(p, field, except)) {
        return false;
    }
    if (!prefix_contains(cidr, except) || except->length == cidr->length) {
        struct ds s = DS_EMPTY_INITIALIZER;

        prefix_format(cidr, &s);
        k8s_fail(p, field, "\"%s\" is not strictly within %s",
                 doc_node_string(field->node), ds_cstr(&s));
        ds_destroy(&s);
        return false;
    }
    return true;
}

static void
sort_excepts(struct k8s_ip_block *block)
{
    size_t n = 0;

    qsort(block->excepts, block->n_excepts, sizeof *block->excepts,
          compare_prefixes);
    for (size_t i = 0; i < block->n_excepts; i++) {
        if (!n || prefix_compare(&block->excepts[i], &block->excepts[n - 1])) {
            block->excepts[n++] = block->excepts[i];
        }
    }
    block->n_excepts = n;
}

static bool
parse_excepts(struct k8s_parser *p, const struct k8s_field *field,
              struct k8s_ip_block *block)
{
    size_t n;

    if (!k8s_get_count(p, field, DOC_LIST, p->limits.max_excepts, &n)) {
        return false;
    }
    if (!n) {
        return true;
    }
    block->excepts = xmalloc(n * sizeof *block->excepts);
    for (size_t i = 0; i < n; i++) {
        struct k8s_field item = k8s_field_at(field, i);

        if (!parse_except(p, &item, &block->cidr, &block->excepts[i])) {
            return false;
        }
        block->n_excepts++;
    }
    sort_excepts(block);
    return true;
}

static void
destroy_block(struct k8s_ip_block *block)
{
    if (block) {
        free(block->excepts);
        free(block);
    }
}

static bool
parse_block(struct k8s_parser *p, const struct k8s_field *field,
            struct k8s_ip_block **blockp, bool *understood)
{
    static const char *const known[] = {"cidr", "except", NULL};
    struct k8s_field cidr = k8s_field_member(field, "cidr");
    struct k8s_field except = k8s_field_member(field, "except");

    if (!k8s_expect(p, field, DOC_MAP)) {
        return false;
    }
    if (!k8s_check_known(p, field, known, consequence)) {
        *understood = false;
    }

    struct k8s_ip_block *block = xzalloc(sizeof *block);

    if (!k8s_get_cidr(p, &cidr, &block->cidr)
        || !parse_excepts(p, &except, block)) {
        destroy_block(block);
        return false;
    }
    *blockp = block;
    return true;
}

static bool
blocks_equal(const struct k8s_ip_block *a, const struct k8s_ip_block *b)
{
    if (!a || !b) {
        return a == b;
    }
    if (prefix_compare(&a->cidr, &b->cidr) || a->n_excepts != b->n_excepts) {
        return false;
    }
    for (size_t i = 0; i < a->n_excepts; i++) {
        if (prefix_compare(&a->excepts[i], &b->excepts[i])) {
            return false;
        }
    }
    return true;
}

/* Peers. */

static bool
parse_selectors(struct k8s_parser *p, const struct k8s_field *namespaces,
                const struct k8s_field *pods, struct k8s_peer *peer,
                bool *understood)
{
    if (namespaces->node) {
        peer->namespaces = k8s_selector_parse(p, namespaces, consequence,
                                              understood);
        if (!peer->namespaces) {
            return false;
        }
    }
    peer->pods = k8s_selector_parse(p, pods, consequence, understood);
    return peer->pods;
}

static bool
parse_peer(struct k8s_parser *p, const struct k8s_field *field,
           struct k8s_peer *peer, bool *understood)
{
    static const char *const known[] = {
        "ipBlock", "namespaceSelector", "podSelector", NULL
    };
    struct k8s_field block = k8s_field_member(field, "ipBlock");
    struct k8s_field namespaces = k8s_field_member(field,
                                                   "namespaceSelector");
    struct k8s_field pods = k8s_field_member(field, "podSelector");

    if (!k8s_expect(p, field, DOC_MAP)) {
        return false;
    }
    if (!k8s_check_known(p, field, known, consequence)) {
        *understood = false;
    }
    if (block.node) {
        if (namespaces.node || pods.node) {
            return k8s_fail(p, field, "ipBlock may not stand together with "
                            "podSelector or namespaceSelector");
        }
        return parse_block(p, &block, &peer->block, understood);
    }
    if (!namespaces.node && !pods.node && *understood) {
        return k8s_fail(p, field, "needs ipBlock, podSelector or "
                        "namespaceSelector");
    }
    return parse_selectors(p, &namespaces, &pods, peer, understood);
}

bool
k8s_peer_parse(struct k8s_parser *p, const struct k8s_field *field,
               struct k8s_peer *peer, bool *understood)
{
    struct k8s_peer new = { .block = NULL };
    bool ok;

    *understood = true;
    ok = parse_peer(p, field, &new, understood);
    if (ok && *understood) {
        *peer = new;
    } else {
        k8s_peer_uninit(&new);
    }
    return ok;
}

void
k8s_peer_uninit(struct k8s_peer *peer)
{
    destroy_block(peer->block);
    selector_unref(peer->nodes);
    selector_unref(peer->namespaces);
    selector_unref(peer->pods);
}

bool
k8s_peer_equals(const struct k8s_peer *a, const struct k8s_peer *b)
{
    return a->nodes == b->nodes
           && a->namespaces == b->namespaces
           && a->pods == b->pods
           && blocks_equal(a->block, b->block);
}

bool
k8s_ip_block_contains(const struct k8s_ip_block *block,
                      const struct in6_addr *addr)
{
    bool contains = prefix_contains_address(&block->cidr, addr);

    for (size_t i = 0; contains && i < block->n_excepts; i++) {
        contains = !prefix_contains_address(&block->excepts[i], addr);
    }
    return contains;
}
