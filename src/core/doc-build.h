/* SPDX-License-Identifier: Apache-2.0
 *
 * doc-build: documents from a stream of events, within limits.
 *
 * The reader of a syntax says what it meets: a document begins, a list opens,
 * a scalar, an alias.  This module puts the nodes together, without recursion,
 * and watches every limit but that of the size.
 *
 * Functions that return bool return false when they noted an error, after
 * which only doc_build_uninit() may be called. */

#ifndef DOC_BUILD_H
#define DOC_BUILD_H 1

#include "doc-private.h"
#include "openvswitch/shash.h"

struct doc_place {
    uint32_t line, column;      /* From 1. */
};

struct doc_build {
    struct doc_limits limits;
    char *error;                /* "LINE:COL: message". */

    struct doc **docs;          /* Finished. */
    size_t n_docs, allocated_docs;
    size_t n_documents;         /* Those that were skipped included. */

    struct doc *doc;            /* Being built, or NULL. */
    struct shash anchors;       /* Contains struct anchor. */
    struct frame *frames;       /* Lists and maps that are open. */
    size_t n_frames, allocated_frames;
    struct doc_entry *entries;  /* Finished children of all of them, one after
                                 * the other. */
    size_t n_entries, allocated_entries;
    size_t n_aliases;
    size_t n_nodes;             /* Of all documents. */
};

/* 'limits' NULL means the defaults.  doc_build_uninit() frees all but 'docs'
 * and 'error', which the caller takes. */
void doc_build_init(struct doc_build *, const struct doc_limits *limits);
void doc_build_uninit(struct doc_build *);

/* Note an error. */
bool doc_build_fail(struct doc_build *, struct doc_place,
                    const char *format, ...) OVS_PRINTF_FORMAT(3, 4);
/* Same: 'PROBLEM "QUOTED"'. */
bool doc_build_fail_quoted(struct doc_build *, struct doc_place,
                           const char *problem, const char *quoted);

/* A document.  One that is null is dropped. */
bool doc_build_begin(struct doc_build *, struct doc_place);
void doc_build_end(struct doc_build *);

/* A list or map.  'anchor' is its name for aliases, or NULL. */
bool doc_build_open(struct doc_build *, enum doc_type, const char *anchor,
                    struct doc_place);
bool doc_build_close(struct doc_build *);

/* A scalar, as value or as a map's key; 'is_merge' if as key it is the merge
 * key.  'node' has its place, and its text belongs to 'doc'. */
bool doc_build_scalar(struct doc_build *, const struct doc_node *node,
                      const char *anchor, bool is_merge);

/* What was named 'name' again, as value or as a map's key. */
bool doc_build_alias(struct doc_build *, const char *name, struct doc_place);

#endif /* doc-build.h */
