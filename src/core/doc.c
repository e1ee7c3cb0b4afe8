/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "doc.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "doc-private.h"

#define MIN_CHUNK 4096
#define MAX_CHUNK (1024 * 1024)

struct doc_chunk {
    struct doc_chunk *next;
    max_align_t data[];
};

void
doc_limits_default(struct doc_limits *limits)
{
    *limits = (struct doc_limits) {
        .max_size = 256 * 1024 * 1024,
        .max_documents = 100 * 1000,
        .max_depth = 64,
        .max_aliases = 1000,
        .max_items = 1000 * 1000,
        .max_nodes = 20 * 1000 * 1000,
    };
}

struct doc *
doc_create(void)
{
    return xzalloc(sizeof(struct doc));
}

void
doc_destroy(struct doc *doc)
{
    if (doc) {
        struct doc_chunk *next;

        for (struct doc_chunk *c = doc->chunks; c; c = next) {
            next = c->next;
            free(c);
        }
        free(doc);
    }
}

static void *
add_chunk(struct doc *doc, size_t size)
{
    struct doc_chunk *chunk = xmalloc(sizeof *chunk + size);

    chunk->next = doc->chunks;
    doc->chunks = chunk;
    return chunk->data;
}

static void *
take(struct doc *doc, size_t size)
{
    void *p = doc->free;

    doc->free += size;
    doc->n_free -= size;
    return p;
}

static void *
alloc_bytes(struct doc *doc, size_t size)
{
    if (size > doc->n_free) {
        if (size >= MAX_CHUNK / 4) {
            /* Big enough for a chunk of its own. */
            return add_chunk(doc, size);
        }
        doc->chunk_size = MIN(MAX(MIN_CHUNK, doc->chunk_size * 2), MAX_CHUNK);
        doc->chunk_size = MAX(doc->chunk_size, size);
        doc->free = add_chunk(doc, doc->chunk_size);
        doc->n_free = doc->chunk_size;
    }
    return take(doc, size);
}

void *
doc_alloc(struct doc *doc, size_t size)
{
    size_t pad = -(uintptr_t) doc->free % sizeof(uint64_t);

    if (pad > doc->n_free) {
        doc->n_free = 0;
    } else if (pad) {
        take(doc, pad);
    }
    return alloc_bytes(doc, MAX(size, 1));
}

char *
doc_copy(struct doc *doc, const char *s, size_t n)
{
    char *copy = alloc_bytes(doc, n + 1);

    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

static struct doc_number *
make_number(struct doc *doc, const char *text, size_t n)
{
    struct doc_number *number = doc_alloc(doc, sizeof *number + n + 1);

    memcpy(number->text, text, n);
    number->text[n] = '\0';
    return number;
}

void
doc_node_set_integer(struct doc *doc, struct doc_node *node, int64_t value,
                     const char *text, size_t n)
{
    struct doc_number *number = make_number(doc, text, n);

    number->integer = value;
    node->type = DOC_INTEGER;
    node->number = number;
}

void
doc_node_set_real(struct doc *doc, struct doc_node *node, double value,
                  const char *text, size_t n)
{
    struct doc_number *number = make_number(doc, text, n);

    number->real = value;
    node->type = DOC_REAL;
    node->number = number;
}

const struct doc_node *
doc_root(const struct doc *doc)
{
    return &doc->root;
}

enum doc_type
doc_node_type(const struct doc_node *node)
{
    return node->type;
}

const char *
doc_type_name(enum doc_type type)
{
    switch (type) {
    case DOC_NULL: return "null";
    case DOC_BOOL: return "bool";
    case DOC_INTEGER: return "integer";
    case DOC_REAL: return "real";
    case DOC_STRING: return "string";
    case DOC_LIST: return "list";
    case DOC_MAP: return "map";
    }
    OVS_NOT_REACHED();
}

void
doc_node_place(const struct doc_node *node, unsigned int *line,
               unsigned int *column)
{
    *line = node->line;
    *column = node->column;
}

bool
doc_node_bool(const struct doc_node *node)
{
    ovs_assert(node->type == DOC_BOOL);
    return node->boolean;
}

int64_t
doc_node_integer(const struct doc_node *node)
{
    ovs_assert(node->type == DOC_INTEGER);
    return node->number->integer;
}

double
doc_node_real(const struct doc_node *node)
{
    ovs_assert(node->type == DOC_REAL);
    return node->number->real;
}

const char *
doc_node_string(const struct doc_node *node)
{
    ovs_assert(node->type == DOC_STRING);
    return node->text;
}

const char *
doc_node_text(const struct doc_node *node)
{
    switch ((enum doc_type) node->type) {
    case DOC_NULL:
    case DOC_BOOL:
    case DOC_STRING:
        return node->text;

    case DOC_INTEGER:
    case DOC_REAL:
        return node->number->text;

    case DOC_LIST:
    case DOC_MAP:
        return "";
    }
    OVS_NOT_REACHED();
}

void
doc_format_quoted(const char *s, struct ds *out)
{
    enum { MAX_QUOTED = 80 };   /* Bytes. */
    size_t n = strnlen(s, MAX_QUOTED + 1);
    bool cut = n > MAX_QUOTED;

    if (cut) {
        /* Not in the middle of a UTF-8 character. */
        for (n = MAX_QUOTED; n && ((unsigned char) s[n] & 0xc0) == 0x80; n--) {
            continue;
        }
    }

    ds_put_char(out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = s[i];

        if (c < ' ' || c == 0x7f) {
            ds_put_format(out, "\\x%02x", c);
        } else {
            if (c == '"' || c == '\\') {
                ds_put_char(out, '\\');
            }
            ds_put_char(out, c);
        }
    }
    ds_put_cstr(out, cut ? "...\"" : "\"");
}

size_t
doc_node_count(const struct doc_node *node)
{
    return node->n;
}

const struct doc_node *
doc_node_at(const struct doc_node *node, size_t i)
{
    ovs_assert(i < node->n);
    return (node->type == DOC_MAP ? &node->members[i].value
            : &node->items[i]);
}

const char *
doc_node_key(const struct doc_node *node, size_t i)
{
    ovs_assert(node->type == DOC_MAP && i < node->n);
    return node->members[i].key;
}

static const struct doc_node *
get(const struct doc_node *node, const char *key, size_t length)
{
    if (node && node->type == DOC_MAP) {
        for (size_t i = 0; i < node->n; i++) {
            const struct doc_member *m = &node->members[i];

            if (!strncmp(m->key, key, length) && !m->key[length]) {
                return &m->value;
            }
        }
    }
    return NULL;
}

const struct doc_node *
doc_node_get(const struct doc_node *node, const char *key)
{
    return get(node, key, strlen(key));
}

const char *
doc_node_get_string(const struct doc_node *node, const char *key)
{
    const struct doc_node *member = doc_node_get(node, key);

    return (member && member->type == DOC_STRING
            ? doc_node_string(member) : NULL);
}

/* The child of 'node' that "[TEXT]" means, or NULL. */
static const struct doc_node *
get_bracketed(const struct doc_node *node, const char *text, size_t length)
{
    if (node->type == DOC_MAP) {
        return get(node, text, length);
    }
    if (node->type == DOC_LIST && length
        && strspn(text, "0123456789") == length) {
        unsigned long long i = strtoull(text, NULL, 10);

        return i < node->n ? doc_node_at(node, i) : NULL;
    }
    return NULL;
}

const struct doc_node *
doc_node_find(const struct doc_node *node, const char *path)
{
    while (*path) {
        const struct doc_node *child;

        if (*path == '.') {
            path++;
        }
        if (*path == '[') {
            size_t length = strcspn(++path, "]");

            child = get_bracketed(node, path, length);
            path += length + (path[length] == ']');
        } else {
            size_t length = strcspn(path, ".[");

            child = get(node, path, length);
            path += length;
        }
        if (!child) {
            break;
        }
        node = child;
    }
    return node;
}
