/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "split.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

void
split_init(struct split *s)
{
    memset(s, 0, sizeof *s);
    s->max_item = SPLIT_MAX_ITEM;
    ds_init(&s->item);
    ds_init(&s->rest);
}

void
split_uninit(struct split *s)
{
    ds_destroy(&s->item);
    ds_destroy(&s->rest);
}

bool
split_is_complete(const struct split *s)
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
keep(struct split *s, const char *p, size_t n)
{
    ds_put_buffer(s->in_item ? &s->item : &s->rest, p, n);
}

static void
end_item(struct split *s, split_cb *cb, void *aux)
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
take_string(struct split *s, const char *p, size_t n)
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
word_is_items(const struct split *s)
{
    return s->word_length == 5 && !memcmp(s->word, "items", 5);
}

/* Takes a byte that is in no string, but may begin one. */
static void
take_byte(struct split *s, char c)
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
take_between(struct split *s, char c, split_cb *cb, void *aux)
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
split_feed(struct split *s, const char *p, size_t n, split_cb *cb, void *aux)
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
        if (s->item.length > s->max_item) {
            return xasprintf("one item has more than %"PRIuSIZE" bytes",
                             s->max_item);
        } else if (s->rest.length > SPLIT_MAX_REST) {
            return xasprintf("a list without its items has more than %d bytes",
                             SPLIT_MAX_REST);
        }
    }
    return NULL;
}
