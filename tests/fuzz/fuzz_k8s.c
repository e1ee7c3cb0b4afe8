/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_k8s: any bytes as a manifest, YAML and JSON, and what the parsers of
 * documents and objects make of them.  What they understand can be written and
 * read again. */

#include <config.h>

#include <stdint.h>
#include <stdlib.h>

#include "doc.h"
#include "k8s.h"
#include "label.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Writes the object and reads that. */
static void
try_again(const struct k8s_object *object, struct label_pool *pool)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct k8s_report report;
    struct doc *doc = NULL;
    enum k8s_kind kind;
    char *key;

    k8s_write(object, &s);
    char *error = doc_parse_json(ds_cstr(&s), s.length, NULL, &doc);
    ovs_assert(!error);
    ovs_assert(k8s_identify(doc_root(doc), NULL, &kind));

    struct k8s_object *copy = k8s_parse(kind, doc_root(doc), pool, NULL,
                                        &report, &key);
    ovs_assert(copy && !report.error && k8s_object_equals(object, copy));
    k8s_object_destroy(copy);
    k8s_report_uninit(&report);
    free(key);
    doc_destroy(doc);
    ds_destroy(&s);
}

static void
try_object(const struct doc_node *node, const struct doc_node *list,
           struct label_pool *pool)
{
    struct k8s_report report;
    enum k8s_kind kind;
    char *key;

    if (doc_node_type(node) != DOC_MAP || !k8s_identify(node, list, &kind)) {
        return;
    }

    struct k8s_object *object = k8s_parse(kind, node, pool, NULL, &report,
                                          &key);
    ovs_assert(!object || k8s_object_equals(object, object));
    ovs_assert(object || report.error);
    if (object) {
        try_again(object, pool);
    }
    k8s_object_destroy(object);
    k8s_report_uninit(&report);
    free(key);
}

static void
try_document(struct doc *doc, struct label_pool *pool)
{
    const struct doc_node *root = doc_root(doc);

    if (k8s_is_list(root)) {
        const struct doc_node *items = doc_node_get(root, "items");
        size_t n = items ? doc_node_count(items) : 0;

        for (size_t i = 0; i < n; i++) {
            try_object(doc_node_at(items, i), root, pool);
        }
    } else {
        try_object(root, NULL, pool);
    }
    doc_destroy(doc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct label_pool *pool = label_pool_create();
    const char *text = (const char *) data;
    struct doc **docs = NULL;
    struct doc *doc = NULL;
    size_t n = 0;

    char *error = doc_parse_yaml(text, size, NULL, &docs, &n);
    for (size_t i = 0; i < n; i++) {
        try_document(docs[i], pool);
    }
    free(docs);
    free(error);

    error = doc_parse_json(text, size, NULL, &doc);
    ovs_assert(!error == (doc != NULL));
    if (doc) {
        try_document(doc, pool);
    }
    free(error);
    label_pool_destroy(pool);
    return 0;
}
