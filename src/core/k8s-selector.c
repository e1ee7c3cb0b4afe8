/* SPDX-License-Identifier: Apache-2.0
 *
 * LabelSelector of meta/v1. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "k8s-private.h"
#include "label.h"

/* A selector in the making: strings are the document's, the arrays of values
 * are ours. */
struct draft {
    struct selector_requirement *reqs;
    size_t n;
};

static struct selector_requirement *
add_requirement(struct draft *d, size_t n_values)
{
    struct selector_requirement *req = &d->reqs[d->n++];

    memset(req, 0, sizeof *req);
    if (n_values) {
        req->values = xmalloc(n_values * sizeof *req->values);
    }
    return req;
}

static void
add_label(struct draft *d, const struct label_pair *pair)
{
    struct selector_requirement *req = add_requirement(d, 1);

    req->key = pair->key;
    req->op = SELECTOR_IN;
    req->values[0] = pair->value;
    req->n_values = 1;
}

static bool
parse_operator(struct k8s_parser *p, const struct k8s_field *field,
               enum selector_op *op)
{
    static const char *const names[] = {
        [SELECTOR_IN] = "In",
        [SELECTOR_NOT_IN] = "NotIn",
        [SELECTOR_EXISTS] = "Exists",
        [SELECTOR_DOES_NOT_EXIST] = "DoesNotExist",
    };
    const char *name = NULL;

    if (!k8s_get_string(p, field, &name)) {
        return false;
    }
    if (!name) {
        return k8s_fail(p, field, "missing");
    }
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!strcmp(name, names[i])) {
            *op = i;
            return true;
        }
    }
    return k8s_fail_text(p, field, name,
                         "is not In, NotIn, Exists or DoesNotExist");
}

static bool
parse_key(struct k8s_parser *p, const struct k8s_field *field,
          const char **key)
{
    if (!k8s_get_string(p, field, key)) {
        return false;
    }
    if (!*key) {
        return k8s_fail(p, field, "missing");
    }
    if (!k8s_is_label_key(*key)) {
        return k8s_fail_text(p, field, *key, "is not a label key");
    }
    return true;
}

static bool
parse_values(struct k8s_parser *p, const struct k8s_field *values, size_t n,
             struct selector_requirement *req)
{
    for (size_t i = 0; i < n; i++) {
        struct k8s_field value = k8s_field_at(values, i);
        const char *text;

        if (!k8s_get_string(p, &value, &text)) {
            return false;
        }
        if (!k8s_is_label_value(text)) {
            return k8s_fail_text(p, &value, text, "is not a label value");
        }
        req->values[req->n_values++] = text;
    }
    return true;
}

/* One item of matchExpressions. */
static bool
parse_expression(struct k8s_parser *p, const struct k8s_field *field,
                 const char *consequence, bool *understood, struct draft *d)
{
    static const char *const known[] = {"key", "operator", "values", NULL};
    struct k8s_field key = k8s_field_member(field, "key");
    struct k8s_field operator = k8s_field_member(field, "operator");
    struct k8s_field values = k8s_field_member(field, "values");
    size_t n;

    if (!k8s_expect(p, field, DOC_MAP)
        || !k8s_get_count(p, &values, DOC_LIST, p->limits.max_values, &n)) {
        return false;
    }

    struct selector_requirement *req = add_requirement(d, n);

    if (!parse_key(p, &key, &req->key)
        || !parse_operator(p, &operator, &req->op)
        || !parse_values(p, &values, n, req)) {
        return false;
    }

    bool wants_values = req->op == SELECTOR_IN || req->op == SELECTOR_NOT_IN;
    if (wants_values != (n > 0)) {
        return k8s_fail(p, &values, wants_values
                        ? "operators In and NotIn need at least one value"
                        : "operators Exists and DoesNotExist take no values");
    }
    if (!k8s_check_known(p, field, known, consequence)) {
        *understood = false;
    }
    return true;
}

static bool
parse_draft(struct k8s_parser *p, const struct k8s_field *field,
            const char *consequence, bool *understood, struct draft *d)
{
    struct k8s_field match = k8s_field_member(field, "matchLabels");
    struct k8s_field expressions = k8s_field_member(field,
                                                    "matchExpressions");
    struct label_pair *pairs;
    size_t n_pairs, n;

    if (!k8s_get_count(p, &expressions, DOC_LIST, p->limits.max_labels, &n)
        || !k8s_get_labels(p, &match, &pairs, &n_pairs)) {
        return false;
    }

    d->reqs = xmalloc(MAX(n + n_pairs, 1) * sizeof *d->reqs);
    for (size_t i = 0; i < n_pairs; i++) {
        add_label(d, &pairs[i]);
    }
    free(pairs);
    for (size_t i = 0; i < n; i++) {
        struct k8s_field item = k8s_field_at(&expressions, i);

        if (!parse_expression(p, &item, consequence, understood, d)) {
            return false;
        }
    }
    return true;
}

struct selector *
k8s_selector_parse(struct k8s_parser *p, const struct k8s_field *field,
                   const char *consequence, bool *understood)
{
    static const char *const known[] = {
        "matchLabels", "matchExpressions", NULL
    };
    struct selector *selector = NULL;
    struct draft d = {NULL, 0};

    if (!k8s_expect(p, field, DOC_MAP)) {
        return NULL;
    }
    if (!k8s_check_known(p, field, known, consequence)) {
        *understood = false;
    }
    if (parse_draft(p, field, consequence, understood, &d)) {
        selector = selector_create(p->pool, d.reqs, d.n);
    }

    for (size_t i = 0; i < d.n; i++) {
        free(d.reqs[i].values);
    }
    free(d.reqs);
    return selector;
}
