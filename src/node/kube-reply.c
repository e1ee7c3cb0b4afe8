/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "kube.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "kube-private.h"

/* Longer messages are cut. */
#define MAX_MESSAGE 1000

/* Returns a copy of 'text' where everything outside of ASCII, and everything
 * escaped by number, is a question mark. */
static char *
make_plain(const char *text, size_t size)
{
    char *copy = xmemdup0(text, size);

    for (size_t i = 0; i < size; i++) {
        if ((unsigned char) copy[i] >= 0x80) {
            copy[i] = '?';
        } else if (copy[i] == '\\' && i + 5 < size && copy[i + 1] == 'u') {
            memset(&copy[i], '?', 6);
            i += 5;
        } else if (copy[i] == '\\') {
            i++;
        }
    }
    return copy;
}

char *
kube_parse(const char *text, size_t size, struct doc **doc)
{
    char *error = doc_parse_json(text, size, NULL, doc);

    if (error) {
        char *plain = make_plain(text, size);
        char *plain_error = doc_parse_json(plain, size, NULL, doc);

        free(plain);
        if (!plain_error) {
            free(error);
            return NULL;
        }
        free(plain_error);
    }
    return error;
}

const char *
kube_get_string(const struct doc_node *map, const char *key)
{
    const struct doc_node *node = doc_node_get(map, key);

    return (node && doc_node_type(node) == DOC_STRING
            ? doc_node_string(node) : NULL);
}

/* Makes one line of 's', which comes from outside. */
static void
put_message(struct ds *ds, const char *s)
{
    for (size_t i = 0; s[i] && i < MAX_MESSAGE; i++) {
        unsigned char c = s[i];

        ds_put_char(ds, c < ' ' || c == 0x7f ? ' ' : c);
    }
}

char *
kube_describe_status(const struct doc_node *status, unsigned int code)
{
    const char *message = kube_get_string(status, "message");
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "HTTP %u: ", code);
    put_message(&ds, message && message[0] ? message : "without a reason");
    return ds_steal_cstr(&ds);
}

char *
kube_request_problem(const struct kube_request *r)
{
    unsigned int code = kube_request_status(r);
    struct doc *doc = NULL;
    size_t size;

    if (!kube_request_is_done(r) || (!kube_request_error(r) && code == 200)) {
        return NULL;
    } else if (kube_request_error(r)) {
        return xstrdup(kube_request_error(r));
    }

    const char *text = kube_request_data(r, &size);
    free(kube_parse(text, size, &doc));
    char *problem = kube_describe_status(doc ? doc_root(doc) : NULL, code);
    doc_destroy(doc);
    return problem;
}

void
kube_put_escaped(struct ds *ds, const char *s)
{
    for (; *s; s++) {
        unsigned char c = *s;

        if (isalnum(c) || strchr("-_.~", c)) {
            ds_put_char(ds, c);
        } else {
            ds_put_format(ds, "%%%02X", c);
        }
    }
}
