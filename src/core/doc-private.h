/* SPDX-License-Identifier: Apache-2.0
 *
 * doc-private: how a document lies in memory, for those who build one.
 *
 * Nodes and strings are carved from a few big chunks that the document owns
 * and frees as a whole.  The children of a list or map are one array, so a
 * node costs 24 bytes (a member 32) plus its text.  A YAML alias copies the
 * node, and so shares the children of what it names. */

#ifndef DOC_PRIVATE_H
#define DOC_PRIVATE_H 1

#include "doc.h"

struct doc_member;
struct doc_number;

struct doc_node {
    uint32_t line, column;      /* From 1; 0 if unknown. */
    uint32_t n;                 /* Number of children. */
    uint8_t type;               /* enum doc_type. */
    bool boolean;               /* DOC_BOOL. */
    union {
        const char *text;       /* DOC_NULL, DOC_BOOL, DOC_STRING. */
        const struct doc_number *number;        /* DOC_INTEGER, DOC_REAL. */
        const struct doc_node *items;           /* DOC_LIST. */
        const struct doc_member *members;       /* DOC_MAP. */
    };
};

struct doc_member {
    const char *key;
    struct doc_node value;
};

struct doc_number {
    union {
        int64_t integer;
        double real;
    };
    char text[];
};

struct doc {
    struct doc_node root;
    struct doc_chunk *chunks;
    size_t chunk_size;          /* Of the newest chunk. */
    char *free;                 /* What is left of it. */
    size_t n_free;
};

struct doc *doc_create(void);
/* Memory that lives as long as the document, good for any struct here. */
void *doc_alloc(struct doc *, size_t size);
/* A copy of 'n' bytes and a NUL. */
char *doc_copy(struct doc *, const char *s, size_t n);

/* Give a node its value and leave its place alone.  'text' is as the user
 * wrote it, 'n' bytes. */
void doc_node_set_integer(struct doc *, struct doc_node *, int64_t,
                          const char *text, size_t n);
void doc_node_set_real(struct doc *, struct doc_node *, double,
                       const char *text, size_t n);

/* The type that YAML's core schema gives an untagged plain scalar, and its
 * value.  's' is NUL-terminated. */
struct doc_scalar {
    enum doc_type type;
    bool boolean;
    int64_t integer;
    double real;
};
void doc_scalar_resolve(const char *s, struct doc_scalar *);

/* One member of a map under construction. */
struct doc_entry {
    const char *key;
    uint32_t line, column;      /* Of the key. */
    bool is_merge;              /* The key is YAML's merge key. */
    struct doc_node value;
};

/* Makes 'map' a DOC_MAP of 'entries'.  A key twice is an error, and so are
 * more than 'max_items' members; merge keys are resolved.  Returns NULL or
 * "LINE:COL: message". */
char *doc_node_set_map(struct doc *, struct doc_node *map,
                       const struct doc_entry entries[], size_t n,
                       size_t max_items) OVS_WARN_UNUSED_RESULT;

#endif /* doc-private.h */
