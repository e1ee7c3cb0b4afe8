/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "flowset-private.h"

#include <stdlib.h>
#include <string.h>

#include "flowset-actions.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-table.h"
#include "util.h"

static void
put_parts(const struct flowset *fs, const struct entry *f, struct ofpbuf *b)
{
    size_t n;
    const struct flowset_part *p = entry_parts(f, &n);

    if (!p[0].n_clauses) {
        fs->allow_actions(f->table, &p[0], b, fs->aux);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct ofpact_conjunction *conj = ofpact_put_CONJUNCTION(b);

        conj->id = p[i].id;
        conj->clause = p[i].clause;
        conj->n_clauses = p[i].n_clauses;
    }
}

/* The cookie, which names the rule that an allow flow credits. */
static uint64_t
entry_cookie(const struct entry *f)
{
    size_t n;
    const struct flowset_part *p = entry_parts(f, &n);

    return (n && !p[0].n_clauses
            ? (f->cookie & ~(uint64_t) UINT32_MAX) | p[0].id
            : f->cookie);
}

void
entry_export(const struct flowset *fs, const struct entry *f, struct ofpbuf *b,
            struct flowset_flow *out)
{
    ofpbuf_clear(b);
    if (f->kind == KIND_PLAIN) {
        flowset_actions_put(f->actions, b);
    } else if (entry_is_wanted(f)) {
        put_parts(fs, f, b);
    }
    out->cookie = entry_cookie(f);
    out->table = f->table;
    out->priority = f->priority;
    flowset_match_expand(f->shape, f->values, &out->match);
    out->ofpacts = b->data;
    out->ofpacts_len = b->size;
}

/* A flow to be sorted. */
struct sorted_flow {
    const struct entry *f;
    char *text;                 /* Of its match. */
};

static int
compare_flows(const void *a_, const void *b_)
{
    const struct sorted_flow *a = a_;
    const struct sorted_flow *b = b_;

    if (a->f->table != b->f->table) {
        return a->f->table < b->f->table ? -1 : 1;
    }
    if (a->f->priority != b->f->priority) {
        return a->f->priority > b->f->priority ? -1 : 1;
    }
    return strcmp(a->text, b->text);
}

static char *
format_match(const struct entry *f)
{
    struct match match;

    flowset_match_expand(f->shape, f->values, &match);
    return match_to_string(&match, NULL, OFP_DEFAULT_PRIORITY);
}

static void
for_each_sorted(const struct flowset *fs, struct ofpbuf *b, flowset_cb *cb,
                void *aux)
{
    struct sorted_flow *array;
    size_t n = 0;
    struct entry *f;

    array = xmalloc(MAX(fs->n_wanted, 1) * sizeof *array);
    HMAP_FOR_EACH (f, node, &fs->flows) {
        if (entry_is_wanted(f)) {
            array[n].f = f;
            array[n++].text = format_match(f);
        }
    }
    qsort(array, n, sizeof *array, compare_flows);
    for (size_t i = 0; i < n; i++) {
        struct flowset_flow flow;

        entry_export(fs, array[i].f, b, &flow);
        cb(&flow, aux);
        free(array[i].text);
    }
    free(array);
}

void
flowset_for_each(const struct flowset *fs, bool sorted, flowset_cb *cb,
                 void *aux)
{
    struct ofpbuf b;
    struct entry *f;

    ofpbuf_init(&b, 0);
    if (sorted) {
        for_each_sorted(fs, &b, cb, aux);
    } else {
        HMAP_FOR_EACH (f, node, &fs->flows) {
            if (entry_is_wanted(f)) {
                struct flowset_flow flow;

                entry_export(fs, f, &b, &flow);
                cb(&flow, aux);
            }
        }
    }
    ofpbuf_uninit(&b);
}

void
flowset_format_flow(const struct flowset_flow *flow,
                    const struct ofputil_table_map *names, struct ds *s)
{
    struct ofpact_format_params params = { .table_map = names, .s = s };

    ds_put_format(s, "cookie=0x%"PRIx64",table=", flow->cookie);
    ofputil_format_table(flow->table, names, s);
    ds_put_format(s, ",priority=%"PRIu16, flow->priority);

    size_t start = s->length;
    match_format(&flow->match, NULL, s, OFP_DEFAULT_PRIORITY);
    if (s->length > start) {
        char *match = xstrdup(ds_cstr(s) + start);

        ds_truncate(s, start);
        ds_put_format(s, ",%s", match);
        free(match);
    }
    ds_put_cstr(s, " actions=");
    ofpacts_format(flow->ofpacts, flow->ofpacts_len, &params);
}
