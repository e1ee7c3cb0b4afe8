/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "doc-build.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

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

void
doc_build_init(struct doc_build *b, const struct doc_limits *limits)
{
    memset(b, 0, sizeof *b);
    if (limits) {
        b->limits = *limits;
    } else {
        doc_limits_default(&b->limits);
    }
    shash_init(&b->anchors);
}

void
doc_build_uninit(struct doc_build *b)
{
    shash_destroy(&b->anchors);
    doc_destroy(b->doc);
    free(b->frames);
    free(b->entries);
}

bool
doc_build_fail(struct doc_build *b, struct doc_place place,
               const char *format, ...)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    va_list args;

    ds_put_format(&s, "%"PRIu32":%"PRIu32": ", place.line, place.column);
    va_start(args, format);
    ds_put_format_valist(&s, format, args);
    va_end(args);

    ovs_assert(!b->error);
    b->error = ds_steal_cstr(&s);
    return false;
}

bool
doc_build_fail_quoted(struct doc_build *b, struct doc_place place,
                      const char *problem, const char *quoted)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    doc_format_quoted(quoted, &s);
    doc_build_fail(b, place, "%s %s", problem, ds_cstr(&s));
    ds_destroy(&s);
    return false;
}

static bool
fail_key(struct doc_build *b, struct doc_place place)
{
    return doc_build_fail(b, place, "a map's key must be a scalar");
}

static bool
fail_depth(struct doc_build *b, struct doc_place place)
{
    return doc_build_fail(b, place, "nested deeper than %"PRIuSIZE" levels",
                          b->limits.max_depth);
}

/* Nodes and keys. */

static struct frame *
top(struct doc_build *b)
{
    return b->n_frames ? &b->frames[b->n_frames - 1] : NULL;
}

/* True if the next node is the key of a map. */
static bool
needs_key(struct doc_build *b)
{
    struct frame *frame = top(b);

    return frame && frame->node.type == DOC_MAP && !frame->has_key;
}

static struct doc_place
place_of(const struct doc_node *node)
{
    return (struct doc_place) {node->line, node->column};
}

static bool
count_nodes(struct doc_build *b, size_t n, struct doc_place place)
{
    if (n > b->limits.max_nodes - b->n_nodes) {
        return doc_build_fail(b, place, "more than %"PRIuSIZE" values, "
                              "aliases expanded", b->limits.max_nodes);
    }
    b->n_nodes += n;
    return true;
}

/* Adds 'entry' to the innermost list or map. */
static bool
add_entry(struct doc_build *b, const struct doc_entry *entry,
          struct doc_place place)
{
    struct frame *frame = top(b);

    if (b->n_entries - frame->first >= b->limits.max_items) {
        return doc_build_fail(b, place, "more than %"PRIuSIZE" %s in one %s",
                              b->limits.max_items,
                              frame->node.type == DOC_MAP
                              ? "members" : "items",
                              doc_type_name(frame->node.type));
    }
    if (b->n_entries >= b->allocated_entries) {
        b->entries = x2nrealloc(b->entries, &b->allocated_entries,
                                sizeof *b->entries);
    }
    b->entries[b->n_entries++] = *entry;
    return true;
}

/* Begins a member of the innermost map.  'key' belongs to the document. */
static bool
add_key(struct doc_build *b, const char *key, bool is_merge,
        struct doc_place place)
{
    struct doc_entry entry = {
        .key = key,
        .line = place.line,
        .column = place.column,
        .is_merge = is_merge,
    };

    top(b)->has_key = true;
    return add_entry(b, &entry, place);
}

/* Puts a finished node where it belongs. */
static bool
add_node(struct doc_build *b, const struct doc_node *node, size_t height)
{
    struct frame *frame = top(b);

    if (!frame) {
        b->doc->root = *node;
        return true;
    }
    frame->height = MAX(frame->height, height + 1);
    if (frame->node.type == DOC_MAP) {
        b->entries[b->n_entries - 1].value = *node;
        frame->has_key = false;
        return true;
    }

    struct doc_entry entry = { .value = *node };

    return add_entry(b, &entry, place_of(node));
}

/* Anchors and aliases. */

static struct anchor *
add_anchor(struct doc_build *b, const char *name)
{
    if (!name) {
        return NULL;
    }

    struct anchor *anchor = doc_alloc(b->doc, sizeof *anchor);

    anchor->is_complete = false;
    shash_replace(&b->anchors, name, anchor);
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

/* Returns what 'name' names if it may stand here, or NULL after an error. */
static const struct anchor *
find_anchor(struct doc_build *b, const char *name, struct doc_place place)
{
    const struct anchor *anchor = shash_find_data(&b->anchors, name);

    if (!anchor) {
        doc_build_fail_quoted(b, place, "alias of an unknown anchor", name);
    } else if (!anchor->is_complete) {
        doc_build_fail_quoted(b, place, "alias inside of its own anchor",
                              name);
    } else if (b->n_aliases >= b->limits.max_aliases) {
        doc_build_fail(b, place, "more than %"PRIuSIZE" aliases in one "
                       "document", b->limits.max_aliases);
    } else if (b->n_frames + anchor->height > b->limits.max_depth) {
        fail_depth(b, place);
    } else {
        return anchor;
    }
    return NULL;
}

static bool
add_alias_key(struct doc_build *b, const struct doc_node *node)
{
    struct doc_place place = place_of(node);

    if (node->type == DOC_LIST || node->type == DOC_MAP) {
        return fail_key(b, place);
    }
    return add_key(b, doc_node_text(node), false, place);
}

bool
doc_build_alias(struct doc_build *b, const char *name, struct doc_place place)
{
    const struct anchor *anchor = find_anchor(b, name, place);

    if (!anchor) {
        return false;
    }

    struct doc_node node = anchor->node;

    node.line = place.line;
    node.column = place.column;
    b->n_aliases++;
    if (needs_key(b)) {
        return add_alias_key(b, &node);
    }
    return (count_nodes(b, anchor->weight, place)
            && add_node(b, &node, anchor->height));
}

/* Scalars, lists and maps. */

bool
doc_build_scalar(struct doc_build *b, const struct doc_node *node,
                 const char *anchor, bool is_merge)
{
    struct doc_place place = place_of(node);

    complete_anchor(add_anchor(b, anchor), node, 1, 0);
    if (needs_key(b)) {
        return add_key(b, doc_node_text(node), is_merge, place);
    }
    return count_nodes(b, 1, place) && add_node(b, node, 0);
}

bool
doc_build_open(struct doc_build *b, enum doc_type type, const char *anchor,
               struct doc_place place)
{
    if (needs_key(b)) {
        return fail_key(b, place);
    }
    if (b->n_frames >= b->limits.max_depth) {
        return fail_depth(b, place);
    }
    if (!count_nodes(b, 1, place)) {
        return false;
    }

    if (b->n_frames >= b->allocated_frames) {
        b->frames = x2nrealloc(b->frames, &b->allocated_frames,
                               sizeof *b->frames);
    }
    b->frames[b->n_frames++] = (struct frame) {
        .node = {
            .line = place.line,
            .column = place.column,
            .type = type,
        },
        .anchor = add_anchor(b, anchor),
        .first = b->n_entries,
        .start = b->n_nodes - 1,
        .height = 1,
    };
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

bool
doc_build_close(struct doc_build *b)
{
    struct frame frame = b->frames[--b->n_frames];
    size_t n = b->n_entries - frame.first;
    const struct doc_entry *entries = n ? &b->entries[frame.first] : NULL;

    if (frame.node.type == DOC_MAP) {
        b->error = doc_node_set_map(b->doc, &frame.node, entries, n,
                                    b->limits.max_items);
        if (b->error) {
            return false;
        }
    } else {
        set_list(b->doc, &frame.node, entries, n);
    }
    b->n_entries = frame.first;
    complete_anchor(frame.anchor, &frame.node, b->n_nodes - frame.start,
                    frame.height);
    return add_node(b, &frame.node, frame.height);
}

/* Documents. */

bool
doc_build_begin(struct doc_build *b, struct doc_place place)
{
    if (b->n_documents >= b->limits.max_documents) {
        return doc_build_fail(b, place, "more than %"PRIuSIZE" documents",
                              b->limits.max_documents);
    }
    b->n_documents++;
    b->n_aliases = 0;
    b->doc = doc_create();
    return true;
}

void
doc_build_end(struct doc_build *b)
{
    shash_clear(&b->anchors);
    if (b->doc->root.type == DOC_NULL) {
        doc_destroy(b->doc);
    } else {
        if (b->n_docs >= b->allocated_docs) {
            b->docs = x2nrealloc(b->docs, &b->allocated_docs, sizeof *b->docs);
        }
        b->docs[b->n_docs++] = b->doc;
    }
    b->doc = NULL;
}
