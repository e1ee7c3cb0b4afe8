/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON to documents.  jansson knows no bounds, so a first pass over the text
 * counts what a tree would hold; then jansson parses, and its tree is copied.
 *
 * jansson's json_object() and the like are also names in libopenvswitch; this
 * file calls only functions and macros that are jansson's alone. */

#include <config.h>

#include "doc.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "doc-private.h"

/* The first pass. */

struct scan {
    const char *text;
    size_t size;
    const struct doc_limits *limits;
    size_t depth;
    size_t n_nodes;
    size_t *n_items;            /* For each level, max_depth of them. */
    bool just_opened;           /* A list or map that has no item yet. */
};

/* Returns "LINE:COL: 'message'" for the byte at 'offset'. */
static char *
locate(const struct scan *scan, size_t offset, const char *message,
       size_t limit)
{
    unsigned int line = 1, column = 1;

    for (size_t i = 0; i < offset; i++) {
        if (scan->text[i] == '\n') {
            line++;
            column = 1;
        } else {
            column++;
        }
    }
    return xasprintf("%u:%u: %s %"PRIuSIZE, line, column, message, limit);
}

/* Returns the offset of the quote that ends the string that begins at 'i'. */
static size_t
skip_string(const struct scan *scan, size_t i)
{
    for (i++; i < scan->size && scan->text[i] != '"'; i++) {
        i += scan->text[i] == '\\';
    }
    return i;
}

static char *
count_item(struct scan *scan, size_t i)
{
    scan->just_opened = false;
    if (++scan->n_nodes > scan->limits->max_nodes) {
        return locate(scan, i, "too many values, the limit is",
                      scan->limits->max_nodes);
    }
    if (scan->depth
        && ++scan->n_items[scan->depth - 1] > scan->limits->max_items) {
        return locate(scan, i, "too many items or members, the limit is",
                      scan->limits->max_items);
    }
    return NULL;
}

static char *
enter(struct scan *scan, size_t i)
{
    if (scan->depth >= scan->limits->max_depth) {
        return locate(scan, i, "nested too deep, the limit is",
                      scan->limits->max_depth);
    }
    scan->n_items[scan->depth++] = 0;
    scan->just_opened = true;
    return NULL;
}

/* Handles what is at '*i' and moves '*i' to its last byte. */
static char *
scan_token(struct scan *scan, size_t *i)
{
    char c = scan->text[*i];
    char *error = NULL;

    switch (c) {
    case ' ': case '\t': case '\n': case '\r': case ':':
        return NULL;

    case ']': case '}':
        scan->depth -= scan->depth > 0;
        scan->just_opened = false;
        return NULL;

    case ',':
        return count_item(scan, *i);
    }

    if (scan->just_opened) {
        error = count_item(scan, *i);
    }
    if (c == '"') {
        *i = skip_string(scan, *i);
    } else if (!error && (c == '[' || c == '{')) {
        error = enter(scan, *i);
    }
    return error;
}

static char *
check_limits(const char *text, size_t size, const struct doc_limits *limits)
{
    struct scan scan = {
        .text = text,
        .size = size,
        .limits = limits,
        .n_nodes = 1,
        .n_items = xcalloc(limits->max_depth, sizeof *scan.n_items),
    };
    char *error = NULL;

    if (size > limits->max_size) {
        error = locate(&scan, 0, "too many bytes, the limit is",
                       limits->max_size);
    }
    for (size_t i = 0; !error && i < size; i++) {
        error = scan_token(&scan, &i);
    }
    free(scan.n_items);
    return error;
}

/* The copy. */

static void convert(struct doc *, json_t *, struct doc_node *);

static void
convert_list(struct doc *doc, json_t *json, struct doc_node *node)
{
    size_t n = json_array_size(json);
    struct doc_node *items = doc_alloc(doc, n * sizeof *items);

    for (size_t i = 0; i < n; i++) {
        convert(doc, json_array_get(json, i), &items[i]);
    }
    node->type = DOC_LIST;
    node->items = items;
    node->n = n;
}

static void
convert_map(struct doc *doc, json_t *json, struct doc_node *node)
{
    size_t n = json_object_size(json);
    struct doc_member *member = doc_alloc(doc, n * sizeof *member);
    const char *key;
    json_t *value;

    node->type = DOC_MAP;
    node->members = member;
    node->n = n;
    json_object_foreach (json, key, value) {
        member->key = doc_copy(doc, key, strlen(key));
        convert(doc, value, &member->value);
        member++;
    }
}

static void
convert_number(struct doc *doc, json_t *json, struct doc_node *node)
{
    char text[64];

    if (json_is_integer(json)) {
        long long int value = json_integer_value(json);
        int n = snprintf(text, sizeof text, "%lld", value);

        doc_node_set_integer(doc, node, value, text, n);
    } else {
        double value = json_real_value(json);
        int n = snprintf(text, sizeof text, "%.17g", value);

        doc_node_set_real(doc, node, value, text, n);
    }
}

static void
convert(struct doc *doc, json_t *json, struct doc_node *node)
{
    memset(node, 0, sizeof *node);
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        convert_map(doc, json, node);
        return;

    case JSON_ARRAY:
        convert_list(doc, json, node);
        return;

    case JSON_STRING:
        node->type = DOC_STRING;
        node->text = doc_copy(doc, json_string_value(json),
                              json_string_length(json));
        return;

    case JSON_INTEGER:
    case JSON_REAL:
        convert_number(doc, json, node);
        return;

    case JSON_TRUE:
    case JSON_FALSE:
        node->type = DOC_BOOL;
        node->boolean = json_is_true(json);
        node->text = node->boolean ? "true" : "false";
        return;

    case JSON_NULL:
        node->type = DOC_NULL;
        node->text = "null";
        return;
    }
    OVS_NOT_REACHED();
}

/* jansson's message quotes the text, whatever is in it. */
static char *
format_error(const json_error_t *error)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    ds_put_format(&s, "%d:%d: ", MAX(error->line, 1), MAX(error->column, 1));
    for (const char *p = error->text; *p; p++) {
        ds_put_char(&s, (unsigned char) *p < ' ' || *p == 0x7f ? ' ' : *p);
    }
    return ds_steal_cstr(&s);
}

/* jansson's tree is short-lived: carving it from a pool, and never freeing its
 * parts, takes a third of the time.  The hooks have no argument, hence the
 * variable; it and they are set only while json_loadb() runs. */
static __thread struct doc *pool;

static void *
pool_malloc(size_t size)
{
    return doc_alloc(pool, size);
}

static void
pool_free(void *p OVS_UNUSED)
{
}

/* Returns a tree that lives in 'memory', and is not to be freed. */
static json_t *
load(struct doc *memory, const char *text, size_t size, json_error_t *error)
{
    json_malloc_t old_malloc;
    json_free_t old_free;

    json_get_alloc_funcs(&old_malloc, &old_free);
    pool = memory;
    json_set_alloc_funcs(pool_malloc, pool_free);

    json_t *json = json_loadb(text, size,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, error);

    json_set_alloc_funcs(old_malloc, old_free);
    pool = NULL;
    return json;
}

char *
doc_parse_json(const char *text, size_t size,
               const struct doc_limits *limits_, struct doc **docp)
{
    struct doc_limits limits;
    json_error_t json_error;

    if (limits_) {
        limits = *limits_;
    } else {
        doc_limits_default(&limits);
    }

    char *error = check_limits(text, size, &limits);
    if (error) {
        return error;
    }

    struct doc *memory = doc_create();
    json_t *json = load(memory, text, size, &json_error);

    if (json) {
        *docp = doc_create();
        convert(*docp, json, &(*docp)->root);
    } else {
        error = format_error(&json_error);
    }
    doc_destroy(memory);
    return error;
}
