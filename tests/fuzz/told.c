/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "told.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flowset.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-match.h"
#include "openvswitch/ofp-protocol.h"
#include "openvswitch/ofpbuf.h"
#include "util.h"

void
told_init(struct told *t)
{
    shash_init(&t->flows);
}

void
told_uninit(struct told *t)
{
    shash_destroy_free_data(&t->flows);
}

void
told_copy(struct told *t, const struct told *from)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &from->flows) {
        shash_add_once(&t->flows, node->name, xstrdup(node->data));
    }
}

/* Makes it text, and 'b' empty. */
static void
put_bytes(struct ds *s, struct ofpbuf *b)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = b->data;
    char *text = ds_put_uninit(s, 2 * b->size);

    for (size_t i = 0; i < b->size; i++) {
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 15];
    }
    ofpbuf_uninit(b);
}

static char *
format_key(const struct flowset_flow *flow)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct ofpbuf b;

    ofpbuf_init(&b, 0);
    ofputil_put_ofp11_match(&b, &flow->match, OFPUTIL_P_OF15_OXM);
    ds_put_format(&s, "%u %u ", flow->table, flow->priority);
    put_bytes(&s, &b);
    return ds_steal_cstr(&s);
}

static char *
format_rest(const struct flowset_flow *flow)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct ofpbuf b;

    ofpbuf_init(&b, 0);
    ofpacts_put_openflow_instructions(flow->ofpacts, flow->ofpacts_len, &b,
                                      OFP15_VERSION);
    ds_put_format(&s, "%"PRIx64" ", flow->cookie);
    put_bytes(&s, &b);
    return ds_steal_cstr(&s);
}

char *
told_name(const struct flowset_flow *flow)
{
    char *key = format_key(flow);
    char *name = xasprintf("%s %"PRIx64, key, flow->cookie);

    free(key);
    return name;
}

bool
told_put(struct told *t, const struct flowset_flow *flow)
{
    char *key = format_key(flow), *rest = format_rest(flow);
    char *old = shash_replace(&t->flows, key, rest);
    bool news = !old || strcmp(old, rest);

    free(key);
    free(old);
    return news;
}

bool
told_remove(struct told *t, const struct flowset_flow *flow)
{
    char *key = format_key(flow);
    char *old = shash_find_and_delete(&t->flows, key);

    free(key);
    free(old);
    return old != NULL;
}

bool
told_equals(const struct told *a, const struct told *b)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &a->flows) {
        const char *other = shash_find_data(&b->flows, node->name);

        if (!other || strcmp(other, node->data)) {
            return false;
        }
    }
    return shash_count(&a->flows) == shash_count(&b->flows);
}
