/* SPDX-License-Identifier: Apache-2.0
 *
 * Which rules decide about each pair of classes.  Many pairs have the same:
 * each list of rules is written once. */

#include <config.h>

#include "report-private.h"

#include <stdlib.h>
#include <string.h>

#include "ptrs.h"
#include "reach.h"
#include "util.h"
#include "verdict.h"

static void
add_reason(struct ptrs *found, size_t rule)
{
    const void *p = (const void *) (uintptr_t) (rule + 1);

    if (!ptrs_contains(found, p)) {
        ptrs_add(found, p);
    }
}

/* Adds the rules that have decided on this side. */
static void
collect_side(const struct report_writer *w, const struct verdict_side *side,
             enum k8s_direction direction, struct ptrs *found)
{
    for (size_t i = 0; i < side->n_reasons; i++) {
        const struct verdict_reason *reason = &side->reasons[i];

        add_reason(found, (report_find_policy(w, reason->policy)
                           ->first_rule[direction] + reason->rule));
    }
    for (int i = 0; i < K8S_N_TIERS; i++) {
        const struct verdict_tier *tier = &side->tiers[i];

        if (tier->policy) {
            add_reason(found, (report_find_policy(w, tier->policy)
                               ->first_rule[direction] + tier->rule));
        }
    }
}

static int
compare_pointers(const void *a_, const void *b_)
{
    const void *const *a = a_, *const *b = b_;

    return ((uintptr_t) *a > (uintptr_t) *b)
           - ((uintptr_t) *a < (uintptr_t) *b);
}

/* The number of a list of rules. */
static size_t
intern_list(struct report_writer *w, struct ptrs *found)
{
    struct ds text = DS_EMPTY_INITIALIZER;

    if (found->n) {
        qsort(found->p, found->n, sizeof *found->p, compare_pointers);
    }
    ds_put_char(&text, '[');
    for (size_t i = 0; i < found->n; i++) {
        ds_put_format(&text, "%s%"PRIuPTR, i ? "," : "",
                      (uintptr_t) found->p[i] - 1);
    }
    ds_put_char(&text, ']');

    struct shash_node *node = shash_find(&w->lists, ds_cstr(&text));
    if (!node) {
        size_t number = shash_count(&w->lists);

        ds_put_format(&w->list_text, "%s%s", number ? "," : "",
                      ds_cstr(&text));
        node = shash_add(&w->lists, ds_cstr(&text),
                         (void *) (uintptr_t) number);
    }
    ds_destroy(&text);
    return (uintptr_t) node->data;
}

/* Every rule that decides about some service of a pair. */
static void
find_reasons(struct report_writer *w, size_t from, size_t to,
             size_t lists[K8S_N_DIRECTIONS])
{
    struct ptrs found[K8S_N_DIRECTIONS] = {
        PTRS_INITIALIZER, PTRS_INITIALIZER
    };
    size_t n;
    struct reach_port *ports = reach_ports(w->report->reach, from, to, &n);

    for (size_t i = 0; i < n; i++) {
        struct verdict_query query;
        struct verdict verdict;

        if (!reach_query(w->report->reach, from, to, &ports[i], &query)) {
            break;
        }
        verdict_evaluate(w->report->model, &query, &verdict);
        for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
            collect_side(w, &verdict.side[d], d, &found[d]);
        }
        verdict_uninit(&verdict);
    }
    free(ports);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        lists[d] = intern_list(w, &found[d]);
        ptrs_uninit(&found[d]);
    }
}

void
report_put_reasons(struct report_writer *w)
{
    size_t n = reach_n_classes(w->report->reach);
    struct ds text[K8S_N_DIRECTIONS] = {
        DS_EMPTY_INITIALIZER, DS_EMPTY_INITIALIZER
    };

    if (n > REPORT_MAX_CLASSES_WITH_REASONS) {
        ds_put_cstr(w->s, ",\"reasons\":null,\"lists\":[]");
        return;
    }
    for (size_t i = 0; i < n * n; i++) {
        size_t lists[K8S_N_DIRECTIONS];

        find_reasons(w, i / n, i % n, lists);
        for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
            ds_put_format(&text[d], "%s%"PRIuSIZE, i ? "," : "", lists[d]);
        }
    }
    ds_put_format(w->s, ",\"reasons\":[[%s],[%s]],\"lists\":[%s]",
                  ds_cstr(&text[K8S_EGRESS]), ds_cstr(&text[K8S_INGRESS]),
                  ds_cstr(&w->list_text));
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        ds_destroy(&text[d]);
    }
}

