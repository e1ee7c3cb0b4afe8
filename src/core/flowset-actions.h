/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared lists of actions, for flowset.c alone: a thousand addresses of one
 * class have flows with the same actions, which are kept once. */

#ifndef FLOWSET_ACTIONS_H
#define FLOWSET_ACTIONS_H 1

#include <stddef.h>

struct flowset_actions;
struct hmap;
struct ofpact;
struct ofpbuf;

/* The list in 'lists' with these actions, made if need be; NULL for none.
 * Give it back with _unref, which ignores NULL.  'wire' is scratch space. */
struct flowset_actions *flowset_actions_ref(struct hmap *lists,
                                            const struct ofpact *ofpacts,
                                            size_t ofpacts_len,
                                            struct ofpbuf *wire);
void flowset_actions_unref(struct hmap *lists, struct flowset_actions *);

/* Appends the actions to 'b'. */
void flowset_actions_put(const struct flowset_actions *, struct ofpbuf *b);

#endif /* flowset-actions.h */
