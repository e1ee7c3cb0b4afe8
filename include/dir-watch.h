/* SPDX-License-Identifier: Apache-2.0
 *
 * dir-watch: inotify on one directory, and when to look at it.
 *
 * Part of the dir module.  A burst of events is one look: it is due
 * DIR_WATCH_QUIET_MS after the last event and at most DIR_WATCH_LIMIT_MS after
 * the first.  A directory that cannot be watched, because it is not there
 * (yet, or any more) or because the kernel has no watches left, is looked at
 * every DIR_WATCH_RETRY_MS. */

#ifndef DIR_WATCH_H
#define DIR_WATCH_H 1

#include <stdbool.h>

struct dir_watch;

#define DIR_WATCH_QUIET_MS 20
#define DIR_WATCH_LIMIT_MS 200
#define DIR_WATCH_RETRY_MS 500

enum dir_watch_event {
    DIR_WATCH_CHANGED,          /* Somehow. */
    DIR_WATCH_WRITING,          /* Somebody writes and has it still open. */
    DIR_WATCH_LOST,             /* Events are missing; 'name' is NULL. */
};

/* 'name' has no directory part. */
typedef void dir_watch_cb(const char *name, enum dir_watch_event, void *aux);
/* Says which names matter. */
typedef bool dir_watch_filter(const char *name);

struct dir_watch *dir_watch_create(const char *path, dir_watch_filter *,
                                   dir_watch_cb *, void *aux);
void dir_watch_destroy(struct dir_watch *);

/* Takes the events that came and tells the callback. */
void dir_watch_run(struct dir_watch *);
void dir_watch_wait(const struct dir_watch *);

/* Is it time to look? */
bool dir_watch_is_due(const struct dir_watch *);
/* Somebody looks now: from here on, events are about what comes after.
 * Returns 0, or why the directory is not watched. */
int dir_watch_begin(struct dir_watch *);
/* The look failed: look again soon. */
void dir_watch_retry(struct dir_watch *);

#endif /* dir-watch.h */
