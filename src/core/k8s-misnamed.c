/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents that were meant to be of a kind that we use, and are not. */

#include <config.h>

#include "k8s.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "doc.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* So many letters may be wrong in a name of at least so many. */
#define MAX_EDITS 2
#define MIN_LENGTH 9

/* Longer names are none of ours. */
#define MAX_LENGTH 64

static bool
is_same_letter(char a, char b)
{
    return tolower((unsigned char) a) == tolower((unsigned char) b);
}

/* The number of letters to insert, delete or replace to make 'b' of 'a'; the
 * case does not matter.  Both have at most MAX_LENGTH letters. */
static size_t
count_edits(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[MAX_LENGTH + 1];

    for (size_t j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t replaced = diagonal + !is_same_letter(a[i - 1], b[j - 1]);

            diagonal = row[j];
            row[j] = MIN(replaced, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_len];
}

/* True if somebody who wrote 'a' may have meant 'b'. */
static bool
is_close(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return (a_len <= MAX_LENGTH && b_len <= MAX_LENGTH
            && (count_edits(a, a_len, b, b_len)
                <= (b_len < MIN_LENGTH ? 0 : MAX_EDITS)));
}

/* The text of a member that is one word, or NULL. */
static const char *
word_at(const struct doc_node *node, const char *name)
{
    const struct doc_node *member = node ? doc_node_get(node, name) : NULL;
    enum doc_type type = member ? doc_node_type(member) : DOC_NULL;

    return (type == DOC_NULL || type == DOC_LIST || type == DOC_MAP
            ? NULL : doc_node_text(member));
}

/* The length of 'kind' without "List" at its end. */
static size_t
item_length(const char *kind)
{
    static const char suffix[] = "List";
    size_t length = strlen(kind), n = strlen(suffix);

    return (length > n && is_close(kind + length - n, n, suffix, n)
            ? length - n : length);
}

/* The length of the group in 'api_version'; 0 for that of the core. */
static size_t
group_length(const char *api_version)
{
    const char *slash = strchr(api_version, '/');

    return slash ? slash - api_version : 0;
}

/* True if the group of 'api_version' is one of Kubernetes itself, or nearly
 * that of 'wanted'.  Others may have kinds of the same names. */
static bool
is_our_group(const char *api_version, const char *wanted)
{
    static const char suffix[] = ".k8s.io";
    size_t length = group_length(api_version), n = strlen(suffix);

    return (!memchr(api_version, '.', length)
            || (length > n && is_close(api_version + length - n, n, suffix, n))
            || is_close(api_version, length, wanted, group_length(wanted)));
}

static char *
suggest(const char *field, const char *text, const char *wanted,
        const char *suffix)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    ds_put_format(&s, "%s: ", field);
    if (text) {
        doc_format_quoted(text, &s);
        ds_put_cstr(&s, " is unknown");
    } else {
        ds_put_cstr(&s, "missing");
    }
    ds_put_format(&s, ", want \"%s%s\"", wanted, suffix);
    return ds_steal_cstr(&s);
}

/* What is wrong with 'kind', of which 'length' letters count, and
 * 'api_version' (may be NULL) if they were meant to be 'k'; or NULL. */
static char *
compare(const char *kind, size_t length, const char *api_version,
        enum k8s_kind k, const char **path)
{
    const char *name = k8s_kind_name(k);
    const char *wanted = k8s_api_version(k);

    if (!is_close(kind, length, name, strlen(name))
        || (api_version && !is_our_group(api_version, wanted))) {
        return NULL;
    }
    if (length != strlen(name) || strncmp(kind, name, length)) {
        *path = "kind";
        return suggest("kind", kind, name, kind[length] ? "List" : "");
    }
    *path = "apiVersion";
    return suggest("apiVersion", api_version, wanted, "");
}

char *
k8s_explain_unknown(const struct doc_node *node, const struct doc_node *list,
                    const char **path)
{
    const char *kind = word_at(node, "kind");
    const char *api_version = word_at(node, "apiVersion");
    bool is_list = doc_node_get(node, "items") != NULL;
    char *message = NULL;

    if (!kind) {
        kind = word_at(list, "kind");
        api_version = api_version ? api_version : word_at(list, "apiVersion");
        is_list = true;
    }
    if (kind) {
        size_t length = is_list ? item_length(kind) : strlen(kind);

        for (enum k8s_kind k = 0; !message && k < K8S_N_KINDS; k++) {
            message = compare(kind, length, api_version, k, path);
        }
        if (!message && is_list && !strcasecmp(kind, "List")
            && strcmp(kind, "List")) {
            *path = "kind";
            message = suggest("kind", kind, "List", "");
        }
    }
    return message;
}
