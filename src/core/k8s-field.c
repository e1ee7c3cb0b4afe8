/* SPDX-License-Identifier: Apache-2.0
 *
 * Walking down a document, and messages that name the place. */

#include <config.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "k8s-private.h"

struct k8s_field
k8s_field_root(const struct doc_node *node)
{
    return (struct k8s_field) { .node = node };
}

struct k8s_field
k8s_field_member(const struct k8s_field *up, const char *name)
{
    const struct doc_node *node = doc_node_get(up->node, name);

    if (node && doc_node_type(node) == DOC_NULL) {
        node = NULL;
    }
    return (struct k8s_field) { .up = up, .name = name, .node = node };
}

struct k8s_field
k8s_field_at(const struct k8s_field *up, size_t i)
{
    bool is_map = doc_node_type(up->node) == DOC_MAP;

    return (struct k8s_field) {
        .up = up,
        .name = is_map ? doc_node_key(up->node, i) : NULL,
        .index = i,
        .node = doc_node_at(up->node, i),
    };
}

static bool
is_plain_word(const char *name)
{
    return !name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")];
}

static void
format_path(const struct k8s_field *field, struct ds *s)
{
    if (!field->up) {
        return;
    }
    format_path(field->up, s);
    if (!field->name) {
        ds_put_format(s, "[%"PRIuSIZE"]", field->index);
    } else if (!is_plain_word(field->name)) {
        ds_put_format(s, "[%s]", field->name);
    } else {
        ds_put_format(s, "%s%s", s->length ? "." : "", field->name);
    }
}

/* "PATH: ", or nothing at the root. */
static void
format_place(const struct k8s_field *field, struct ds *s)
{
    format_path(field, s);
    if (s->length) {
        ds_put_cstr(s, ": ");
    }
}

static char *
path_of(const struct k8s_field *field)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    format_path(field, &s);
    return ds_steal_cstr(&s);
}

/* Inserts a finding as the 'i'-th of a list; the last one goes if there are
 * too many.  Takes the strings. */
static void
insert_finding(struct k8s_finding **list, size_t *n, size_t i, char *path,
               char *text)
{
    struct k8s_finding last = { .path = path, .text = text };

    if (*n < K8S_MAX_FINDINGS) {
        *list = xrealloc(*list, (*n + 1) * sizeof **list);
        memmove(*list + i + 1, *list + i, (*n - i) * sizeof **list);
        (*list)[i] = last;
        ++*n;
        return;
    }
    if (i < *n) {
        last = (*list)[*n - 1];
        memmove(*list + i + 1, *list + i, (*n - i - 1) * sizeof **list);
        (*list)[i] = (struct k8s_finding) { .path = path, .text = text };
    }
    free(last.path);
    free(last.text);
}

bool
k8s_fail(struct k8s_parser *p, const struct k8s_field *field,
         const char *format, ...)
{
    struct k8s_report *report = p->report;
    struct ds s = DS_EMPTY_INITIALIZER;
    va_list args;

    format_place(field, &s);
    va_start(args, format);
    ds_put_format_valist(&s, format, args);
    va_end(args);
    insert_finding(&report->errors, &report->n_errors, report->n_errors,
                   path_of(field), ds_steal_cstr(&s));
    report->error = report->errors[0].text;
    report->error_path = report->errors[0].path;
    return false;
}

bool
k8s_fail_text(struct k8s_parser *p, const struct k8s_field *field,
              const char *text, const char *problem)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    doc_format_quoted(text, &s);
    k8s_fail(p, field, "%s %s", ds_cstr(&s), problem);
    ds_destroy(&s);
    return false;
}

/* Takes 'text'. */
static void
add_warning(struct k8s_parser *p, const struct k8s_field *field, char *text,
            bool closes)
{
    struct k8s_report *report = p->report;

    insert_finding(&report->warnings, &report->n_warnings,
                   closes ? report->n_closing : report->n_warnings,
                   path_of(field), text);
    report->n_closing += closes && report->n_closing < report->n_warnings;
}

void
k8s_warn(struct k8s_parser *p, const struct k8s_field *field,
         const char *format, ...)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    va_list args;

    format_place(field, &s);
    va_start(args, format);
    ds_put_format_valist(&s, format, args);
    va_end(args);
    add_warning(p, field, ds_steal_cstr(&s), false);
}

void
k8s_warn_text(struct k8s_parser *p, const struct k8s_field *field,
              const char *text, const char *problem)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    format_place(field, &s);
    doc_format_quoted(text, &s);
    ds_put_format(&s, " %s", problem);
    add_warning(p, field, ds_steal_cstr(&s), false);
}

void
k8s_warn_closed(struct k8s_parser *p, const struct k8s_field *field,
                const char *problem, const char *consequence)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    format_place(field, &s);
    ds_put_format(&s, "%s, %s", problem, consequence);
    add_warning(p, field, ds_steal_cstr(&s), true);
}

/* What a node is, in words. */
static void
format_found(const struct doc_node *node, struct ds *s)
{
    enum doc_type type = doc_node_type(node);

    switch (type) {
    case DOC_NULL:
        ds_put_cstr(s, "null");
        return;

    case DOC_LIST:
    case DOC_MAP:
        ds_put_format(s, "a %s", doc_type_name(type));
        return;

    case DOC_BOOL:
    case DOC_INTEGER:
    case DOC_REAL:
        ds_put_format(s, "%s %s", doc_type_name(type), doc_node_text(node));
        return;

    case DOC_STRING:
        ds_put_cstr(s, "string ");
        doc_format_quoted(doc_node_text(node), s);
        return;
    }
    OVS_NOT_REACHED();
}

bool
k8s_expect(struct k8s_parser *p, const struct k8s_field *field,
           enum doc_type type)
{
    if (!field->node || doc_node_type(field->node) == type) {
        return true;
    }

    struct ds found = DS_EMPTY_INITIALIZER;

    format_found(field->node, &found);
    k8s_fail(p, field, "expected %s %s, found %s",
             type == DOC_INTEGER ? "an" : "a", doc_type_name(type),
             ds_cstr(&found));
    ds_destroy(&found);
    return false;
}

bool
k8s_get_string(struct k8s_parser *p, const struct k8s_field *field,
               const char **value)
{
    if (!k8s_expect(p, field, DOC_STRING)) {
        return false;
    }
    if (field->node) {
        *value = doc_node_string(field->node);
    }
    return true;
}

bool
k8s_get_bool(struct k8s_parser *p, const struct k8s_field *field, bool *value)
{
    if (!k8s_expect(p, field, DOC_BOOL)) {
        return false;
    }
    if (field->node) {
        *value = doc_node_bool(field->node);
    }
    return true;
}

bool
k8s_get_integer(struct k8s_parser *p, const struct k8s_field *field,
                int64_t min, int64_t max, int64_t *value)
{
    if (!k8s_expect(p, field, DOC_INTEGER)) {
        return false;
    }
    if (field->node) {
        int64_t found = doc_node_integer(field->node);

        if (found < min || found > max) {
            return k8s_fail(p, field, "%s is not between %"PRId64" and %"
                            PRId64, doc_node_text(field->node), min, max);
        }
        *value = found;
    }
    return true;
}

bool
k8s_get_count(struct k8s_parser *p, const struct k8s_field *field,
              enum doc_type type, size_t max, size_t *n)
{
    *n = 0;
    if (!k8s_expect(p, field, type)) {
        return false;
    }
    if (field->node) {
        size_t count = doc_node_count(field->node);

        if (count > max) {
            return k8s_fail(p, field, "%"PRIuSIZE" %s, at most %"PRIuSIZE
                            " are allowed", count,
                            type == DOC_MAP ? "members" : "items", max);
        }
        *n = count;
    }
    return true;
}

static bool
is_one_of(const char *s, const char *const words[])
{
    for (size_t i = 0; words[i]; i++) {
        if (!strcmp(s, words[i])) {
            return true;
        }
    }
    return false;
}

bool
k8s_check_known(struct k8s_parser *p, const struct k8s_field *field,
                const char *const known[], const char *consequence)
{
    size_t n = field->node ? doc_node_count(field->node) : 0;
    bool all_known = true;

    for (size_t i = 0; i < n; i++) {
        const char *key = doc_node_key(field->node, i);

        if (!is_one_of(key, known)) {
            struct k8s_field member = { .up = field, .name = key };
            struct ds s = DS_EMPTY_INITIALIZER;

            format_place(field, &s);
            ds_put_cstr(&s, "unknown field ");
            doc_format_quoted(key, &s);
            ds_put_format(&s, ", %s",
                          consequence ? consequence : "it is ignored");
            add_warning(p, &member, ds_steal_cstr(&s), consequence != NULL);
            all_known = false;
        }
    }
    return all_known;
}

static void
free_findings(struct k8s_finding *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(list[i].path);
        free(list[i].text);
    }
    free(list);
}

void
k8s_report_uninit(struct k8s_report *report)
{
    free_findings(report->errors, report->n_errors);
    free_findings(report->warnings, report->n_warnings);
    memset(report, 0, sizeof *report);
}
