/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "settings-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "doc.h"
#include "util.h"

/* A configuration file is a dozen lines. */
#define MAX_FILE_SIZE 65536

/* Takes one member of the file's map.  Returns NULL or a message without the
 * key (caller frees). */
static char *
load_member(struct settings *settings, const char *key,
            const struct doc_node *value)
{
    const struct setting *setting = settings_find(key);

    if (!setting) {
        return xstrdup("no such setting");
    }
    switch (doc_node_type(value)) {
    case DOC_NULL:
    case DOC_LIST:
    case DOC_MAP:
        return xasprintf("expected a value, not a %s",
                         doc_type_name(doc_node_type(value)));
    case DOC_BOOL:
    case DOC_INTEGER:
    case DOC_REAL:
    case DOC_STRING:
        break;
    }

    /* A value that the command line overrides must be right all the same. */
    if (settings->flags & (UINT64_C(1) << (setting - settings_table))) {
        struct settings ignored;
        settings_init(&ignored);
        char *error = settings_store(&ignored, setting, doc_node_text(value));
        settings_uninit(&ignored);
        return error;
    }
    return settings_store(settings, setting, doc_node_text(value));
}

static char *
place_message(const char *name, const struct doc_node *node, const char *key,
              const char *error)
{
    unsigned int line, column;

    doc_node_place(node, &line, &column);
    return xasprintf("%s:%u:%u: %s%s%s", name, line, column,
                     key ? key : "", key ? ": " : "", error);
}

static char *
load_doc(struct settings *settings, const char *name, const struct doc *doc)
{
    const struct doc_node *root = doc_root(doc);

    if (doc_node_type(root) == DOC_NULL) {
        return NULL;
    } else if (doc_node_type(root) != DOC_MAP) {
        return place_message(name, root, NULL, "expected a map of settings");
    }
    for (size_t i = 0; i < doc_node_count(root); i++) {
        const struct doc_node *value = doc_node_at(root, i);
        const char *key = doc_node_key(root, i);

        char *error = load_member(settings, key, value);
        if (error) {
            char *message = place_message(name, value, key, error);
            free(error);
            return message;
        }
    }
    return NULL;
}

/* Reads the whole file, up to a byte more than allowed. */
static int
read_small_file(const char *name, char **text, size_t *size)
{
    FILE *stream = fopen(name, "r");
    if (!stream) {
        return errno;
    }

    *text = xmalloc(MAX_FILE_SIZE + 1);
    *size = fread(*text, 1, MAX_FILE_SIZE + 1, stream);
    int error = ferror(stream) ? errno : *size > MAX_FILE_SIZE ? EFBIG : 0;
    fclose(stream);
    if (error) {
        free(*text);
    }
    return error;
}

char *
settings_parse(struct settings *settings, const char *name, const char *text,
               size_t size)
{
    struct doc_limits limits;
    struct doc **docs;
    size_t n;

    doc_limits_default(&limits);
    limits.max_documents = 1;
    char *error = doc_parse_yaml(text, size, &limits, &docs, &n);
    if (error) {
        char *message = xasprintf("%s:%s", name, error);
        free(error);
        error = message;
    } else if (n) {
        error = load_doc(settings, name, docs[0]);
    }
    for (size_t i = 0; i < n; i++) {
        doc_destroy(docs[i]);
    }
    free(docs);
    return error;
}

char *
settings_load(struct settings *settings, const char *name)
{
    char *text = NULL;
    size_t size = 0;

    int errnum = read_small_file(name, &text, &size);
    if (errnum) {
        return xasprintf("%s: %s", name, ovs_strerror(errnum));
    }

    char *error = settings_parse(settings, name, text, size);
    free(text);
    return error;
}
