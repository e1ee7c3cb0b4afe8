/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "dir-parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dir-file.h"
#include "doc.h"
#include "k8s.h"
#include "label.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(dir_parse);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(60, 60);

struct parser {
    struct dir_file *file;
    struct label_pool *pool;
    const char *text;
    size_t size;
    bool is_json;
    enum dir_parse_result result;
    struct k8s_limits limits;

    struct doc **docs;
    size_t n_docs;

    /* JSON nodes do not know their place; these do.  Made for the first
     * error, because it is slow. */
    bool has_places;
    struct doc **places;
    size_t n_places;
};

/* Where in the file a node is: in which document, and if that is a list, which
 * item of it. */
struct where {
    const struct where *list;   /* NULL for a document. */
    size_t index;
};

/* Places. */

static size_t
document_index(const struct where *where)
{
    while (where->list) {
        where = where->list;
    }
    return where->index;
}

static void
format_path(const struct where *where, struct ds *path)
{
    if (where->list) {
        format_path(where->list, path);
        ds_put_format(path, "%sitems[%"PRIuSIZE"]",
                      path->length ? "." : "", where->index);
    }
}

static void
free_docs(struct doc **docs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        doc_destroy(docs[i]);
    }
    free(docs);
}

/* The document 'index' in a form that knows its places, or NULL. */
static const struct doc *
document_with_places(struct parser *p, size_t index)
{
    if (!p->is_json) {
        return p->docs[index];
    }
    if (!p->has_places) {
        free(doc_parse_yaml(p->text, p->size, NULL, &p->places,
                            &p->n_places));
        p->has_places = true;
    }
    return index < p->n_places ? p->places[index] : NULL;
}

/* Finds the line and column of 'path' below 'where'; 0 and 0 if unknown. */
static void
find_place(struct parser *p, const struct where *where, const char *path,
           unsigned int *line, unsigned int *column)
{
    const struct doc *doc = document_with_places(p, document_index(where));
    struct ds whole = DS_EMPTY_INITIALIZER;

    *line = *column = 0;
    format_path(where, &whole);
    if (path && path[0]) {
        ds_put_format(&whole, "%s%s", whole.length ? "." : "", path);
    }
    if (doc) {
        doc_node_place(doc_node_find(doc_root(doc), ds_cstr(&whole)),
                       line, column);
    }
    ds_destroy(&whole);
}

/* "FILE:LINE:COL" of 'path' below 'where', or "FILE" (caller frees). */
static char *
format_place(struct parser *p, const struct where *where, const char *path)
{
    unsigned int line, column;

    find_place(p, where, path, &line, &column);
    return (line
            ? xasprintf("%s:%u:%u", p->file->path, line, column)
            : xstrdup(p->file->path));
}

/* Adds a problem at 'path' below 'where'.  Takes 'message'. */
static void
complain(struct parser *p, const struct where *where, const char *path,
         const char *object, char *message)
{
    dir_file_add_problem(p->file, format_place(p, where, path),
                         nullable_xstrdup(object), message);
}

/* Objects. */

static void
report_warnings(struct parser *p, const struct where *where,
                const struct k8s_report *report, const char *key)
{
    for (size_t i = 0; i < report->n_warnings; i++) {
        const struct k8s_finding *warning = &report->warnings[i];

        VLOG_INFO_RL(&rl, "%s: %s: %s", p->file->path, key ? key : "object",
                     warning->text);
        dir_file_add_remark(p->file, DIR_WARNING,
                            format_place(p, where, warning->path),
                            nullable_xstrdup(key), xstrdup(warning->text));
    }
}

/* Appends 'before' and 'text' in quotes, unless there is no text. */
static void
put_text(struct ds *s, const char *before, const char *text)
{
    if (text) {
        ds_put_cstr(s, before);
        doc_format_quoted(text, s);
    }
}

/* Not an object of ours; what it says of itself was looked at by nobody. */
static void
skip(struct parser *p, const struct where *where, const struct doc_node *node)
{
    const struct doc_node *metadata = doc_node_get(node, "metadata");
    struct ds s = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&s, "not read:");
    put_text(&s, " kind ", doc_node_get_string(node, "kind"));
    put_text(&s, " of ", doc_node_get_string(node, "apiVersion"));
    put_text(&s, ", name ", doc_node_get_string(metadata, "name"));
    dir_file_add_remark(p->file, DIR_SKIPPED, format_place(p, where, NULL),
                        NULL, ds_steal_cstr(&s));
}

static void
complain_findings(struct parser *p, const struct where *where,
                  const struct k8s_finding *findings, size_t n,
                  const char *key)
{
    for (size_t i = 0; i < n; i++) {
        complain(p, where, findings[i].path, key, xstrdup(findings[i].text));
    }
}

/* What is wrong with an object.  A policy with a rule that is not understood
 * need not have an error, as it says itself what to do then (C6); but somebody
 * should know. */
static void
complain_report(struct parser *p, const struct where *where,
                const struct k8s_object *object,
                const struct k8s_report *report, const char *key)
{
    bool closed = object && !k8s_object_is_whole(object);

    complain_findings(p, where, report->errors, report->n_errors, key);
    if (report->error || closed) {
        complain_findings(p, where, report->warnings, report->n_closing, key);
    }
    if (closed && !report->error && !report->n_closing) {
        complain(p, where, NULL, key, xstrdup("some of it is not understood"));
    }
}

/* Takes 'object'. */
static void
claim(struct parser *p, const struct doc_node *node, const char *key,
      struct k8s_object *object, bool good)
{
    static uint64_t last_id;

    struct dir_claim *new = dir_file_add_claim(p->file);
    new->key = dir_key_create(key);
    new->id = ++last_id;
    new->good = good;
    new->usable = object != NULL;
    new->object = object;
    doc_node_place(node, &new->line, &new->column);
}

static void
visit_object(struct parser *p, enum k8s_kind kind, const struct doc_node *node,
             const struct where *where)
{
    struct k8s_report report;
    char *key;

    struct k8s_object *object = k8s_parse(kind, node, p->pool, &p->limits,
                                          &report, &key);
    report_warnings(p, where, &report, key);
    complain_report(p, where, object, &report, key);
    if (key) {
        claim(p, node, key, object, !report.error);
    } else {
        k8s_object_destroy(object);
        p->result = DIR_PARSE_NAMELESS;
    }
    free(key);
    k8s_report_uninit(&report);
}

static void visit(struct parser *, const struct doc_node *,
                  const struct doc_node *list, const struct where *);

static void
visit_list(struct parser *p, const struct doc_node *list,
           const struct where *where)
{
    const struct doc_node *items = doc_node_get(list, "items");
    enum doc_type type = items ? doc_node_type(items) : DOC_NULL;

    if (type == DOC_LIST) {
        for (size_t i = 0; i < doc_node_count(items); i++) {
            struct where item = { .list = where, .index = i };
            visit(p, doc_node_at(items, i), list, &item);
        }
    } else if (type != DOC_NULL) {
        complain(p, where, "items", NULL,
                 xasprintf("items: expected a list, not a %s",
                           doc_type_name(type)));
        p->result = DIR_PARSE_NAMELESS;
    }
}

/* Returns false if the document is of a kind that is none of our business. */
static bool
complain_unknown(struct parser *p, const struct where *where,
                 const struct doc_node *node, const struct doc_node *list)
{
    const char *path;
    char *message = k8s_explain_unknown(node, list, &path);

    if (!message) {
        return false;
    }
    complain(p, where, path, NULL, message);
    p->result = DIR_PARSE_NAMELESS;
    return true;
}

/* Looks at one document, or item of 'list'.  Recursion is bounded by the
 * depth of documents. */
static void
visit(struct parser *p, const struct doc_node *node,
      const struct doc_node *list, const struct where *where)
{
    enum k8s_kind kind;

    if (doc_node_type(node) == DOC_NULL) {
        /* An empty document, such as a comment between two "---". */
    } else if (doc_node_type(node) != DOC_MAP) {
        complain(p, where, NULL, NULL,
                 xasprintf("expected a map, not a %s",
                           doc_type_name(doc_node_type(node))));
        p->result = DIR_PARSE_NAMELESS;
    } else if (k8s_is_list(node)) {
        visit_list(p, node, where);
    } else if (k8s_identify(node, list, &kind)) {
        visit_object(p, kind, node, where);
    } else if (!list && !doc_node_get(node, "kind")) {
        complain(p, where, NULL, NULL, xstrdup("kind: missing"));
        p->result = DIR_PARSE_NAMELESS;
    } else if (!complain_unknown(p, where, node, list)) {
        skip(p, where, node);
    }
}

/* Text. */

static char *
parse_json(struct parser *p)
{
    struct doc *doc = NULL;
    char *error = doc_parse_json(p->text, p->size, NULL, &doc);

    if (doc) {
        p->docs = xmalloc(sizeof *p->docs);
        p->docs[p->n_docs++] = doc;
    }
    return error;
}

/* Adds the problem that the text as a whole has, of which 'error' is the
 * message, with "LINE:COL: " in front if the parser knew.  Takes 'error'. */
static void
complain_syntax(struct dir_file *file, char *error)
{
    unsigned int line, column;
    int n = 0;

    if (sscanf(error, "%u:%u: %n", &line, &column, &n) == 2 && n) {
        dir_file_add_problem(file, xasprintf("%s:%u:%u", file->path, line,
                                             column),
                             NULL, xstrdup(error + n));
        free(error);
    } else {
        dir_file_add_problem(file, xstrdup(file->path), NULL, error);
    }
}

enum dir_parse_result
dir_parse(struct dir_file *file, const char *text, size_t size,
          struct label_pool *pool)
{
    struct parser p = {
        .file = file,
        .pool = pool,
        .text = text,
        .size = size,
        .is_json = string_ends_with(file->path, ".json"),
        .result = DIR_PARSE_OK,
    };
    k8s_limits_default(&p.limits);

    char *error = (p.is_json
                   ? parse_json(&p)
                   : doc_parse_yaml(text, size, NULL, &p.docs, &p.n_docs));
    for (size_t i = 0; i < p.n_docs; i++) {
        struct where where = { .list = NULL, .index = i };
        visit(&p, doc_root(p.docs[i]), NULL, &where);
    }
    if (error) {
        complain_syntax(file, error);
        p.result = DIR_PARSE_FAILED;
    }
    free_docs(p.docs, p.n_docs);
    free_docs(p.places, p.n_places);
    return p.result;
}
