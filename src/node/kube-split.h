/* SPDX-License-Identifier: Apache-2.0
 *
 * kube-split: takes the items out of the text of a list while it comes.
 *
 * Part of the kube module.  A page of 500 pods is megabytes of JSON and a
 * multiple of that as a tree; item by item it is kilobytes.  What remains of
 * the list is a small JSON text of its own, with "items":[]. */

#ifndef KUBE_SPLIT_H
#define KUBE_SPLIT_H 1

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/compiler.h"
#include "openvswitch/dynamic-string.h"

/* Bytes of one item, and of the list without its items. */
#define KUBE_SPLIT_MAX_ITEM (8 * 1024 * 1024)
#define KUBE_SPLIT_MAX_REST (64 * 1024)

struct kube_split {
    struct ds item;             /* What came of the current item. */
    struct ds rest;             /* Everything else. */
    unsigned int depth;
    bool in_string, escaped;
    bool in_items;              /* Between the brackets of "items". */
    bool in_item;
    char word[8];               /* Start of the last string in 'rest'. */
    size_t word_length;
};

void kube_split_init(struct kube_split *);
void kube_split_uninit(struct kube_split *);

/* Takes the next bytes and calls 'cb' with each item that is complete.
 * Returns NULL, or a message (caller frees) if a bound is broken; then no more
 * may be fed. */
typedef void kube_split_cb(const char *text, size_t size, void *aux);
char *kube_split_feed(struct kube_split *, const char *, size_t,
                      kube_split_cb *, void *aux) OVS_WARN_UNUSED_RESULT;

/* True if a whole document came. */
bool kube_split_is_complete(const struct kube_split *);

#endif /* kube-split.h */
