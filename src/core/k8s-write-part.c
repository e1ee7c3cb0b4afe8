/* SPDX-License-Identifier: Apache-2.0
 *
 * What objects of several kinds have in common, to JSON. */

#include <config.h>

#include <inttypes.h>
#include <string.h>

#include "ovs-json.h"

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "k8s-write.h"
#include "label.h"

/* No more than an object may have by default: see k8s_limits. */
#define MAX_LABELS 2000

void
k8s_write_separate(bool *first, struct ds *s)
{
    if (!*first) {
        ds_put_char(s, ',');
    }
    *first = false;
}

static void
put_member(const char *name, const char *value, bool *first, struct ds *s)
{
    k8s_write_separate(first, s);
    json_string_escape(name, s);
    ds_put_char(s, ':');
    json_string_escape(value, s);
}

/* metadata. */

/* Namespaces get their name as a label by the parser (S12). */
static bool
is_implied(const struct k8s_object *o, const struct label *label)
{
    return (o->kind == K8S_NAMESPACE
            && !strcmp(label_key(label), "kubernetes.io/metadata.name"));
}

void
k8s_write_labels(const struct k8s_object *o, const struct label_set *labels,
                 struct ds *s)
{
    bool first = true;

    ds_put_cstr(s, ",\"labels\":{");
    for (size_t i = 0; i < label_set_count(labels); i++) {
        const struct label *label = label_set_at(labels, i);

        if (!is_implied(o, label)) {
            put_member(label_key(label), label_value(label), &first, s);
        }
    }
    ds_put_char(s, '}');
}

void
k8s_write_head(const struct k8s_object *o, const char *uid, struct ds *s)
{
    bool first = true;

    ds_put_format(s, "{\"apiVersion\":\"%s\",\"kind\":\"%s\",\"metadata\":{",
                  k8s_api_version(o->kind), k8s_kind_name(o->kind));
    if (o->ns) {
        put_member("namespace", o->ns, &first, s);
    }
    put_member("name", o->name, &first, s);
    if (uid) {
        put_member("uid", uid, &first, s);
    }
}

void
k8s_write_created(int64_t created, struct ds *s)
{
    if (created) {
        ds_put_cstr(s, ",\"creationTimestamp\":\"");
        k8s_format_time(created, s);
        ds_put_char(s, '"');
    }
}

/* Selectors. */

static bool
wants_one_value(const struct selector_requirement *req)
{
    return req->op == SELECTOR_IN && req->n_values == 1;
}

/* A requirement that can stand in matchLabels: the first of its key that wants
 * one value. */
static bool
is_match_label(const struct selector *selector, size_t i)
{
    struct selector_requirement req, earlier;

    selector_get(selector, i, &req);
    if (!wants_one_value(&req)) {
        return false;
    }
    while (i--) {
        selector_get(selector, i, &earlier);
        if (strcmp(req.key, earlier.key)) {
            break;
        } else if (wants_one_value(&earlier)) {
            return false;
        }
    }
    return true;
}

static void
write_expression(const struct selector_requirement *req, bool *first,
                 struct ds *s)
{
    static const char *const operators[] = {
        [SELECTOR_IN] = "In",
        [SELECTOR_NOT_IN] = "NotIn",
        [SELECTOR_EXISTS] = "Exists",
        [SELECTOR_DOES_NOT_EXIST] = "DoesNotExist",
    };

    k8s_write_separate(first, s);
    ds_put_format(s, "{\"key\":\"%s\",\"operator\":\"%s\"", req->key,
                  operators[req->op]);
    for (size_t i = 0; i < req->n_values; i++) {
        ds_put_format(s, "%s\"%s\"", i ? "," : ",\"values\":[",
                      req->values[i]);
    }
    ds_put_cstr(s, req->n_values ? "]}" : "}");
}

/* matchLabels holds no more than it may. */
void
k8s_write_selector(const struct selector *selector, struct ds *s)
{
    struct ds rest = DS_EMPTY_INITIALIZER;
    bool first_label = true, first = true;
    size_t n_labels = 0;

    ds_put_cstr(s, "{\"matchLabels\":{");
    for (size_t i = 0; i < selector_count(selector); i++) {
        struct selector_requirement req;

        selector_get(selector, i, &req);
        if (is_match_label(selector, i) && n_labels < MAX_LABELS) {
            n_labels++;
            put_member(req.key, req.values[0], &first_label, s);
        } else {
            write_expression(&req, &first, &rest);
        }
    }
    ds_put_char(s, '}');
    if (!first) {
        ds_put_format(s, ",\"matchExpressions\":[%s]", ds_cstr(&rest));
    }
    ds_put_char(s, '}');
    ds_destroy(&rest);
}
