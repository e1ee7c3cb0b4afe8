/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML to documents.  Works on libyaml's events, without recursion: 'frames'
 * are the lists and maps that are open, 'entries' the finished children of all
 * of them, one after the other. */

#include <config.h>

#include "doc.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "util.h"

#include "doc-private.h"

#define YAML_ORG "tag:yaml.org,2002:"

/* A node that has a name.  Lives in the document. */
struct anchor {
    bool is_complete;           /* False while we are inside of the node. */
    struct doc_node node;
    size_t weight;              /* Nodes in it, aliases expanded. */
    size_t height;              /* Levels of lists and maps in it. */
};

/* A list or map that is open. */
struct frame {
    struct doc_node node;       /* So far only type and place. */
    struct anchor *anchor;      /* May be NULL. */
    size_t first;               /* Index of the first child in 'entries'. */
    size_t start;               /* 'n_nodes' when it began. */
    size_t height;
    bool has_key;               /* The last entry still needs its value. */
};

struct reader {
    yaml_parser_t parser;
    const char *text;
    size_t size;
    struct doc_limits limits;
    char *error;

    struct doc **docs;
    size_t n_docs, allocated_docs;
    size_t n_documents;         /* Those that were skipped included. */

    struct doc *doc;            /* Being read, or NULL. */
    struct shash anchors;       /* Contains struct anchor. */
    struct frame *frames;
    size_t n_frames, allocated_frames;
    struct doc_entry *entries;
    size_t n_entries, allocated_entries;
    size_t n_aliases;
    size_t n_nodes;             /* Of all documents. */
};

/* Notes the error "LINE:COL: message".  Returns false. */
static bool OVS_PRINTF_FORMAT(3, 4)
fail(struct reader *r, const yaml_mark_t *mark, const char *format, ...)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    va_list args;

    ds_put_format(&s, "%"PRIuSIZE":%"PRIuSIZE": ", mark->line + 1,
                  mark->column + 1);
    va_start(args, format);
    ds_put_format_valist(&s, format, args);
    va_end(args);

    ovs_assert(!r->error);
    r->error = ds_steal_cstr(&s);
    return false;
}

static bool OVS_PRINTF_FORMAT(4, 5)
fail_quoted(struct reader *r, const yaml_mark_t *mark, const char *quoted,
            const char *format, ...)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    va_list args;

    va_start(args, format);
    ds_put_format_valist(&s, format, args);
    va_end(args);
    ds_put_char(&s, ' ');
    doc_format_quoted(quoted, &s);

    fail(r, mark, "%s", ds_cstr(&s));
    ds_destroy(&s);
    return false;
}

/* Building. */

static struct frame *
top(struct reader *r)
{
    return r->n_frames ? &r->frames[r->n_frames - 1] : NULL;
}

/* True if the next node is the key of a map. */
static bool
needs_key(struct reader *r)
{
    struct frame *frame = top(r);

    return frame && frame->node.type == DOC_MAP && !frame->has_key;
}

static void
set_place(struct doc_node *node, const yaml_mark_t *mark)
{
    node->line = MIN(mark->line + 1, UINT32_MAX);
    node->column = MIN(mark->column + 1, UINT32_MAX);
}

static bool
count_nodes(struct reader *r, size_t n, const yaml_mark_t *mark)
{
    if (n > r->limits.max_nodes - r->n_nodes) {
        return fail(r, mark, "more than %"PRIuSIZE" values, aliases expanded",
                    r->limits.max_nodes);
    }
    r->n_nodes += n;
    return true;
}

static struct doc_entry *
add_entry(struct reader *r)
{
    if (r->n_entries >= r->allocated_entries) {
        r->entries = x2nrealloc(r->entries, &r->allocated_entries,
                                sizeof *r->entries);
    }
    return &r->entries[r->n_entries++];
}

static bool
check_items(struct reader *r, const struct frame *frame,
            const yaml_mark_t *mark)
{
    if (r->n_entries - frame->first >= r->limits.max_items) {
        return fail(r, mark, "more than %"PRIuSIZE" %s in one %s",
                    r->limits.max_items,
                    frame->node.type == DOC_MAP ? "members" : "items",
                    doc_type_name(frame->node.type));
    }
    return true;
}

/* Begins a member of the innermost map.  'key' belongs to the document. */
static bool
add_key(struct reader *r, const char *key, bool is_merge,
        const yaml_mark_t *mark)
{
    struct doc_node place;

    if (!check_items(r, top(r), mark)) {
        return false;
    }
    set_place(&place, mark);
    *add_entry(r) = (struct doc_entry) {
        .key = key,
        .line = place.line,
        .column = place.column,
        .is_merge = is_merge,
    };
    top(r)->has_key = true;
    return true;
}

/* Puts a finished node where it belongs. */
static bool
add_node(struct reader *r, const struct doc_node *node, size_t height,
         const yaml_mark_t *mark)
{
    struct frame *frame = top(r);

    if (!frame) {
        r->doc->root = *node;
        return true;
    }
    frame->height = MAX(frame->height, height + 1);
    if (frame->node.type == DOC_MAP) {
        r->entries[r->n_entries - 1].value = *node;
        frame->has_key = false;
        return true;
    }
    if (!check_items(r, frame, mark)) {
        return false;
    }
    *add_entry(r) = (struct doc_entry) { .value = *node };
    return true;
}

/* Anchors and aliases. */

static struct anchor *
add_anchor(struct reader *r, const yaml_char_t *name)
{
    if (!name) {
        return NULL;
    }

    struct anchor *anchor = doc_alloc(r->doc, sizeof *anchor);

    anchor->is_complete = false;
    shash_replace(&r->anchors, (const char *) name, anchor);
    return anchor;
}

static void
complete_anchor(struct anchor *anchor, const struct doc_node *node,
                size_t weight, size_t height)
{
    if (anchor) {
        anchor->is_complete = true;
        anchor->node = *node;
        anchor->weight = weight;
        anchor->height = height;
    }
}

static bool
check_alias(struct reader *r, const struct anchor *anchor, const char *name,
            const yaml_mark_t *mark)
{
    if (!anchor) {
        return fail_quoted(r, mark, name, "alias of an unknown anchor");
    }
    if (!anchor->is_complete) {
        return fail_quoted(r, mark, name, "alias inside of its own anchor");
    }
    if (r->n_aliases >= r->limits.max_aliases) {
        return fail(r, mark, "more than %"PRIuSIZE" aliases in one document",
                    r->limits.max_aliases);
    }
    if (r->n_frames + anchor->height > r->limits.max_depth) {
        return fail(r, mark, "nested deeper than %"PRIuSIZE" levels",
                    r->limits.max_depth);
    }
    return true;
}

static bool
add_alias_key(struct reader *r, const struct anchor *anchor,
              const yaml_mark_t *mark)
{
    if (anchor->node.type == DOC_LIST || anchor->node.type == DOC_MAP) {
        return fail(r, mark, "a map's key must be a scalar");
    }
    return add_key(r, doc_node_text(&anchor->node), false, mark);
}

static bool
read_alias(struct reader *r, const yaml_event_t *event)
{
    const yaml_mark_t *mark = &event->start_mark;
    const char *name = (const char *) event->data.alias.anchor;
    const struct anchor *anchor = shash_find_data(&r->anchors, name);

    if (!check_alias(r, anchor, name, mark)) {
        return false;
    }
    r->n_aliases++;
    if (needs_key(r)) {
        return add_alias_key(r, anchor, mark);
    }

    struct doc_node node = anchor->node;

    set_place(&node, mark);
    return (count_nodes(r, anchor->weight, mark)
            && add_node(r, &node, anchor->height, mark));
}

/* Scalars. */

/* Gives 'node' the type that the core schema says.  'text' belongs to the
 * document. */
static void
resolve_plain(struct reader *r, struct doc_node *node, const char *text,
              size_t n)
{
    struct doc_scalar scalar;

    doc_scalar_resolve(text, &scalar);
    if (scalar.type == DOC_INTEGER) {
        doc_node_set_integer(r->doc, node, scalar.integer, text, n);
    } else if (scalar.type == DOC_REAL) {
        doc_node_set_real(r->doc, node, scalar.real, text, n);
    } else {
        node->type = scalar.type;
        node->boolean = scalar.type == DOC_BOOL && scalar.boolean;
        node->text = text;
    }
}

/* Same, for a scalar with a tag, which must agree with the text. */
static bool
resolve_tagged(struct reader *r, struct doc_node *node, const char *text,
               size_t n, const char *tag, const yaml_mark_t *mark)
{
    static const struct {
        const char *tag;
        enum doc_type type;
    } tags[] = {
        {YAML_ORG "null", DOC_NULL},
        {YAML_ORG "bool", DOC_BOOL},
        {YAML_ORG "int", DOC_INTEGER},
        {YAML_ORG "float", DOC_REAL},
    };

    if (!strcmp(tag, "!") || !strcmp(tag, YAML_ORG "str")) {
        node->type = DOC_STRING;
        node->text = text;
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
        if (!strcmp(tag, tags[i].tag)) {
            resolve_plain(r, node, text, n);
            if (node->type != tags[i].type) {
                return fail_quoted(r, mark, text, "not a YAML %s:",
                                   doc_type_name(tags[i].type));
            }
            return true;
        }
    }
    return fail_quoted(r, mark, tag, "unsupported tag");
}

static bool
resolve(struct reader *r, struct doc_node *node, const yaml_event_t *event,
        const char *text)
{
    const char *tag = (const char *) event->data.scalar.tag;
    size_t n = event->data.scalar.length;

    memset(node, 0, sizeof *node);
    set_place(node, &event->start_mark);
    if (tag) {
        return resolve_tagged(r, node, text, n, tag, &event->start_mark);
    }
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        resolve_plain(r, node, text, n);
    } else {
        node->type = DOC_STRING;
        node->text = text;
    }
    return true;
}

static bool
read_scalar(struct reader *r, const yaml_event_t *event)
{
    const yaml_mark_t *mark = &event->start_mark;
    const char *value = (const char *) event->data.scalar.value;
    size_t n = event->data.scalar.length;
    struct doc_node node;

    if (memchr(value, '\0', n)) {
        return fail(r, mark, "a string may not contain a NUL character");
    }

    const char *text = doc_copy(r->doc, value, n);

    if (!resolve(r, &node, event, text)) {
        return false;
    }
    complete_anchor(add_anchor(r, event->data.scalar.anchor), &node, 1, 0);
    if (needs_key(r)) {
        bool is_merge = (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE
                         && !strcmp(text, "<<"));

        return add_key(r, text, is_merge, mark);
    }
    return count_nodes(r, 1, mark) && add_node(r, &node, 0, mark);
}

/* Lists and maps. */

static bool
open_frame(struct reader *r, enum doc_type type, const yaml_char_t *anchor,
           const yaml_char_t *tag_, const yaml_mark_t *mark)
{
    const char *tag = (const char *) tag_;
    const char *core = type == DOC_MAP ? YAML_ORG "map" : YAML_ORG "seq";

    if (needs_key(r)) {
        return fail(r, mark, "a map's key must be a scalar");
    }
    if (tag && strcmp(tag, "!") && strcmp(tag, core)) {
        return fail_quoted(r, mark, tag, "unsupported tag");
    }
    if (r->n_frames >= r->limits.max_depth) {
        return fail(r, mark, "nested deeper than %"PRIuSIZE" levels",
                    r->limits.max_depth);
    }
    if (!count_nodes(r, 1, mark)) {
        return false;
    }

    if (r->n_frames >= r->allocated_frames) {
        r->frames = x2nrealloc(r->frames, &r->allocated_frames,
                               sizeof *r->frames);
    }

    struct frame *frame = &r->frames[r->n_frames++];

    memset(frame, 0, sizeof *frame);
    frame->node.type = type;
    set_place(&frame->node, mark);
    frame->anchor = add_anchor(r, anchor);
    frame->first = r->n_entries;
    frame->start = r->n_nodes - 1;
    frame->height = 1;
    return true;
}

static void
set_list(struct doc *doc, struct doc_node *list,
         const struct doc_entry entries[], size_t n)
{
    struct doc_node *items = doc_alloc(doc, n * sizeof *items);

    for (size_t i = 0; i < n; i++) {
        items[i] = entries[i].value;
    }
    list->items = items;
    list->n = n;
}

static bool
close_frame(struct reader *r, const yaml_event_t *event)
{
    struct frame frame = r->frames[--r->n_frames];
    size_t n = r->n_entries - frame.first;
    const struct doc_entry *entries = n ? &r->entries[frame.first] : NULL;

    if (frame.node.type == DOC_MAP) {
        r->error = doc_node_set_map(r->doc, &frame.node, entries, n,
                                    r->limits.max_items);
        if (r->error) {
            return false;
        }
    } else {
        set_list(r->doc, &frame.node, entries, n);
    }
    r->n_entries = frame.first;
    complete_anchor(frame.anchor, &frame.node, r->n_nodes - frame.start,
                    frame.height);
    return add_node(r, &frame.node, frame.height, &event->start_mark);
}

/* Documents. */

static bool
open_document(struct reader *r, const yaml_event_t *event)
{
    if (r->n_documents >= r->limits.max_documents) {
        return fail(r, &event->start_mark, "more than %"PRIuSIZE" documents",
                    r->limits.max_documents);
    }
    r->n_documents++;
    r->n_aliases = 0;
    r->doc = doc_create();
    return true;
}

static void
close_document(struct reader *r)
{
    shash_clear(&r->anchors);
    if (r->doc->root.type == DOC_NULL) {
        doc_destroy(r->doc);
    } else {
        if (r->n_docs >= r->allocated_docs) {
            r->docs = x2nrealloc(r->docs, &r->allocated_docs, sizeof *r->docs);
        }
        r->docs[r->n_docs++] = r->doc;
    }
    r->doc = NULL;
}

static bool
handle_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return open_document(r, event);
    case YAML_DOCUMENT_END_EVENT:
        close_document(r);
        return true;
    case YAML_ALIAS_EVENT:
        return read_alias(r, event);
    case YAML_SCALAR_EVENT:
        return read_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_frame(r, DOC_LIST, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag, &event->start_mark);
    case YAML_MAPPING_START_EVENT:
        return open_frame(r, DOC_MAP, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag, &event->start_mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_frame(r, event);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
        return true;
    }
    OVS_NOT_REACHED();
}

/* Finds the line and column of byte 'offset'. */
static yaml_mark_t
locate(const struct reader *r, size_t offset)
{
    yaml_mark_t mark = {.index = offset};

    for (size_t i = 0; i < MIN(offset, r->size); i++) {
        if (r->text[i] == '\n') {
            mark.line++;
            mark.column = 0;
        } else {
            mark.column++;
        }
    }
    return mark;
}

static bool
fail_syntax(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem ? p->problem : "cannot be read";

    if (p->error == YAML_READER_ERROR) {
        yaml_mark_t mark = locate(r, p->problem_offset);

        return fail(r, &mark, "%s", problem);
    }
    return fail(r, &p->problem_mark, "%s%s%s", p->context ? p->context : "",
                p->context ? ": " : "", problem);
}

static bool
read_stream(struct reader *r)
{
    for (;;) {
        yaml_event_t event;

        if (!yaml_parser_parse(&r->parser, &event)) {
            return fail_syntax(r);
        }

        bool ok = handle_event(r, &event);
        bool end = event.type == YAML_STREAM_END_EVENT;

        yaml_event_delete(&event);
        if (!ok || end) {
            return ok;
        }
    }
}

static void
init_reader(struct reader *r, const char *text, size_t size,
            const struct doc_limits *limits)
{
    memset(r, 0, sizeof *r);
    if (limits) {
        r->limits = *limits;
    } else {
        doc_limits_default(&r->limits);
    }
    r->text = text;
    r->size = size;
    shash_init(&r->anchors);
    if (!yaml_parser_initialize(&r->parser)) {
        out_of_memory();
    }
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *) text,
                                 size);
}

static void
uninit_reader(struct reader *r)
{
    yaml_parser_delete(&r->parser);
    shash_destroy(&r->anchors);
    doc_destroy(r->doc);
    free(r->frames);
    free(r->entries);
}

char *
doc_parse_yaml(const char *text, size_t size, const struct doc_limits *limits,
               struct doc ***docs, size_t *n)
{
    struct reader r;

    init_reader(&r, text, size, limits);
    if (size > r.limits.max_size) {
        r.error = xasprintf("1:1: more than %"PRIuSIZE" bytes",
                            r.limits.max_size);
    } else {
        read_stream(&r);
    }
    uninit_reader(&r);

    *docs = r.docs;
    *n = r.n_docs;
    return r.error;
}
