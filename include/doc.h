/* SPDX-License-Identifier: Apache-2.0
 *
 * doc: a parsed YAML or JSON document, read-only.
 *
 * One tree whatever the syntax, so that the rest of the program does not know
 * which it was.  Each node knows its place.  A tree is bounded in size, depth
 * and aliases before it is built (struct doc_limits): what comes from outside
 * cannot make us allocate without limit.
 *
 * doc-yaml.c alone includes libyaml, doc-json.c alone jansson.
 *
 * Ownership: a struct doc owns its nodes and strings; nodes are borrowed. */

#ifndef DOC_H
#define DOC_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

struct doc;
struct doc_node;
struct ds;

enum doc_type {
    DOC_NULL,
    DOC_BOOL,
    DOC_INTEGER,
    DOC_REAL,
    DOC_STRING,
    DOC_LIST,
    DOC_MAP,
};

/* Every bound has a default in doc.c, which doc_limits_default() gives. */
struct doc_limits {
    size_t max_size;            /* Bytes of a file or message. */
    size_t max_documents;       /* YAML documents in one file. */
    size_t max_depth;           /* Nested lists and maps. */
    size_t max_aliases;         /* YAML aliases in one document. */
    size_t max_items;           /* Items of one list or map. */
    size_t max_nodes;           /* Nodes in all, aliases expanded. */
};
void doc_limits_default(struct doc_limits *);

/* Parses 'size' bytes of YAML (JSON is read too) with any number of documents.
 * Returns NULL and the documents in '*docs' (array of '*n', caller frees each
 * with doc_destroy() and the array with free()).  On a syntax error or a
 * broken limit returns "LINE:COL: message" (caller frees) and in '*docs' the
 * documents before it.  'limits' NULL means the defaults.
 *
 * Scalars are typed as in the YAML 1.2 core schema, with YAML 1.1's yes/no
 * left as strings (as sigs.k8s.io/yaml does not, but a label "yes" must not
 * turn into a bool), and so are integers with leading zeros, which YAML 1.1
 * reads as octal and 1.2 as decimal.  An integer that needs more than 64 bits
 * is a DOC_REAL.  A key twice in one map is an error; merge keys ("<<") work.
 * Documents that are empty or null are skipped. */
char *doc_parse_yaml(const char *text, size_t size, const struct doc_limits *,
                     struct doc ***docs, size_t *n) OVS_WARN_UNUSED_RESULT;

/* Same, for one JSON text.  Fast; nodes do not know their line. */
char *doc_parse_json(const char *text, size_t size, const struct doc_limits *,
                     struct doc **) OVS_WARN_UNUSED_RESULT;
void doc_destroy(struct doc *);

const struct doc_node *doc_root(const struct doc *);

enum doc_type doc_node_type(const struct doc_node *);
const char *doc_type_name(enum doc_type);

/* Line and column, from 1; 0 and 0 if unknown. */
void doc_node_place(const struct doc_node *, unsigned int *line,
                    unsigned int *column);

/* Values.  The node must have the type. */
bool doc_node_bool(const struct doc_node *);
int64_t doc_node_integer(const struct doc_node *);
double doc_node_real(const struct doc_node *);
const char *doc_node_string(const struct doc_node *);   /* NUL-terminated. */

/* The scalar as the user wrote it, for messages; "" for lists and maps. */
const char *doc_node_text(const struct doc_node *);

/* Appends 's' in double quotes, with control characters escaped and cut when
 * it is long, as it should stand in a message. */
void doc_format_quoted(const char *s, struct ds *);

/* Lists and maps: number of items or members (0 for scalars). */
size_t doc_node_count(const struct doc_node *);
/* The 'i'-th item of a list, or value of a map's 'i'-th member. */
const struct doc_node *doc_node_at(const struct doc_node *, size_t i);
/* The key of a map's 'i'-th member. */
const char *doc_node_key(const struct doc_node *, size_t i);
/* The member 'key' of a map, or NULL if 'node' is NULL, not a map, or lacks
 * it.  A member that is null is returned as a DOC_NULL node. */
const struct doc_node *doc_node_get(const struct doc_node *, const char *key);
/* The text of such a member if it is a string, else NULL. */
const char *doc_node_get_string(const struct doc_node *, const char *key);

/* The node at a path such as "items[3].spec.ingress[0]" below 'node'; if the
 * path leads nowhere, the deepest node on the way.  A key that is not a plain
 * word stands in brackets: "metadata.labels[app.kubernetes.io/name]".  To find
 * the place of an error in a text that was parsed without places. */
const struct doc_node *doc_node_find(const struct doc_node *,
                                     const char *path);

#endif /* doc.h */
