/* SPDX-License-Identifier: Apache-2.0
 *
 * split: takes the items out of the text of a list while it comes.
 *
 * A page of 500 pods is megabytes of JSON and a multiple of that as a tree;
 * item by item it is kilobytes.  What remains of the list is a small JSON text
 * of its own, with "items":[]. */

#ifndef SPLIT_H
#define SPLIT_H 1

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/compiler.h"
#include "openvswitch/dynamic-string.h"

/* Bytes of one item, unless 'max_item' is changed, and of the list without its
 * items. */
#define SPLIT_MAX_ITEM (8 * 1024 * 1024)
#define SPLIT_MAX_REST (64 * 1024)

struct split {
    size_t max_item;            /* Bytes. */
    struct ds item;             /* What came of the current item. */
    struct ds rest;             /* Everything else. */
    unsigned int depth;
    bool in_string, escaped;
    bool in_items;              /* Between the brackets of "items". */
    bool in_item;
    char word[8];               /* Start of the last string in 'rest'. */
    size_t word_length;
};

void split_init(struct split *);
void split_uninit(struct split *);

/* Takes the next bytes and calls 'cb' with each item that is complete.
 * Returns NULL, or a message (caller frees) if a bound is broken; then no more
 * may be fed. */
typedef void split_cb(const char *text, size_t size, void *aux);
char *split_feed(struct split *, const char *, size_t,
                 split_cb *, void *aux) OVS_WARN_UNUSED_RESULT;

/* True if a whole document came. */
bool split_is_complete(const struct split *);

#endif /* split.h */
