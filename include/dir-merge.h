/* SPDX-License-Identifier: Apache-2.0
 *
 * dir-merge: which file has the last word about an object.
 *
 * Part of the dir module.  Given the claims of all files, in order, makes the
 * model equal to them:
 *
 * - The last claim on a key wins.
 * - If that is not good, the last good version stays in force; else an earlier
 *   good claim counts; else what could be understood of the last one.
 * - An object that nobody claims any more goes. */

#ifndef DIR_MERGE_H
#define DIR_MERGE_H 1

#include <stdbool.h>
#include <stddef.h>

struct dir_claim;
struct dir_merge;
struct model;

struct dir_merge *dir_merge_create(struct model *);
void dir_merge_destroy(struct dir_merge *);

/* Takes all objects of the model for its own: what an earlier run had.  Those
 * that nobody claims go, as others do, or stay until somebody has claimed them
 * once. */
void dir_merge_adopt(struct dir_merge *);
void dir_merge_keep_adopted(struct dir_merge *, bool keep);

/* A new look at all claims.  Between dir_merge_begin() and dir_merge_apply(),
 * add each claim of each file; the files must live until then. */
void dir_merge_begin(struct dir_merge *);
void dir_merge_add(struct dir_merge *, struct dir_claim *);

/* A claim that comes into force again because another went has given its
 * object away.  Marks such claims' files dirty and returns true if there are
 * any: read those and begin again. */
bool dir_merge_needs_reading(struct dir_merge *);

/* Changes the model. */
void dir_merge_apply(struct dir_merge *);

/* Objects in force. */
size_t dir_merge_count(const struct dir_merge *);
/* True if a good version of 'key' is in force. */
bool dir_merge_is_good(const struct dir_merge *, const char *key);

/* Calls 'cb' for each key with more than one claim.  'loser' is the claim
 * before 'winner', the last. */
typedef void dir_merge_duplicate_cb(const struct dir_claim *winner,
                                    const struct dir_claim *loser, void *aux);
void dir_merge_for_each_duplicate(const struct dir_merge *,
                                  dir_merge_duplicate_cb *, void *aux);

#endif /* dir-merge.h */
