/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "kube-split.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

void
kube_split_init(struct kube_split *s)
{
    memset(s, 0, sizeof *s);
    ds_init(&s->item);
    ds_init(&s->rest);
}

void
kube_split_uninit(struct kube_split *s)
{
    ds_destroy(&s->item);
    ds_destroy(&s->rest);
}

bool
kube_split_is_complete(const struct kube_split *s)
{
    return s->rest.length && !s->depth && !s->in_string;
}

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Stores 'n' bytes where they belong. */
static void
keep(struct kube_split *s, const char *p, size_t n)
{
    ds_put_buffer(s->in_item ? &s->item : &s->rest, p, n);
}

static void
end_item(struct kube_split *s, kube_split_cb *cb, void *aux)
{
    if (s->in_item) {
        cb(ds_cstr(&s->item), s->item.length, aux);
        ds_clear(&s->item);
        s->in_item = false;
    }
}

/* Takes bytes of a string, up to and with the quote that ends it.  Returns how
 * many. */
static size_t
take_string(struct kube_split *s, const char *p, size_t n)
{
    size_t i;

    for (i = 0; i < n && s->in_string; i++) {
        if (s->escaped) {
            s->escaped = false;
        } else if (p[i] == '\\') {
            s->escaped = true;
        } else if (p[i] == '"') {
            break;
        }
        if (!s->in_items && s->word_length < sizeof s->word) {
            s->word[s->word_length++] = p[i];
        }
    }
    bool ends = i < n;
    keep(s, p, i + ends);
    s->in_string = !ends;
    return i + ends;
}

static bool
word_is_items(const struct kube_split *s)
{
    return s->word_length == 5 && !memcmp(s->word, "items", 5);
}

/* Takes a byte that is in no string, but may begin one. */
static void
take_byte(struct kube_split *s, char c)
{
    keep(s, &c, 1);
    if (c == '"') {
        s->in_string = true;
        s->word_length = 0;
    } else if (c == '{' || c == '[') {
        s->in_items |= c == '[' && s->depth == 1 && word_is_items(s);
        s->depth++;
    } else if (c == '}' || c == ']') {
        s->depth -= s->depth > 0;
        s->word_length = 0;
    }
}

/* Takes a byte of the list of items that is in none of them, or ends one. */
static void
take_between(struct kube_split *s, char c, kube_split_cb *cb, void *aux)
{
    if (c == ',') {
        end_item(s, cb, aux);
    } else if (c == ']') {
        end_item(s, cb, aux);
        s->in_items = false;
        take_byte(s, c);
    } else {
        s->in_item = true;
        take_byte(s, c);
    }
}

char *
kube_split_feed(struct kube_split *s, const char *p, size_t n,
                kube_split_cb *cb, void *aux)
{
    while (n) {
        size_t taken = 1;

        if (s->in_string) {
            taken = take_string(s, p, n);
        } else if (is_space(*p)) {
            /* Means nothing. */
        } else if (s->in_items && s->depth == 2) {
            take_between(s, *p, cb, aux);
        } else {
            take_byte(s, *p);
        }
        p += taken;
        n -= taken;
        if (s->item.length > KUBE_SPLIT_MAX_ITEM) {
            return xasprintf("one item has more than %d bytes",
                             KUBE_SPLIT_MAX_ITEM);
        } else if (s->rest.length > KUBE_SPLIT_MAX_REST) {
            return xasprintf("a list without its items has more than %d bytes",
                             KUBE_SPLIT_MAX_REST);
        }
    }
    return NULL;
}
