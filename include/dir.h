/* SPDX-License-Identifier: Apache-2.0
 *
 * dir: a directory of manifests as a source of objects.
 *
 * Reads every *.yaml, *.yml and *.json in one directory (not recursive, no dot
 * files) and keeps a model equal to it.  inotify says when to look again,
 * after a short pause so that a burst of events is one snapshot; only files
 * that changed (device, inode, size, mtime, ctime) are parsed again, and a
 * file that is being written is left alone until it is closed.  A snapshot is
 * applied as a whole.
 *
 * What cannot be read never undoes what is in force: a bad object keeps its
 * last good version, a file that does not parse keeps the objects that it had,
 * and both are listed as problems until they are fixed.  Without a last good
 * version, a policy with a valid podSelector isolates its pods and the rules
 * that were not understood grant nothing (see k8s_parse()).
 *
 * One key in two files: the file that sorts last wins, and it is a problem. */

#ifndef DIR_H
#define DIR_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

struct dir;
struct label_pool;
struct model;

/* A directory with more files than this is not read at all. */
#define DIR_MAX_FILES 32768

/* 'model' and 'pool' are borrowed and must outlive the dir. */
struct dir *dir_create(const char *path, struct label_pool *pool,
                       struct model *model);
/* To be called first of all: takes what is in the model for what an earlier
 * run read.  What the files do not have goes away as soon as each of them was
 * understood once.  A policy with rules that match nothing is not a good
 * version. */
void dir_adopt(struct dir *);
void dir_destroy(struct dir *);
void dir_run(struct dir *);
void dir_wait(struct dir *);

const char *dir_path(const struct dir *);

/* Looks again now, whatever inotify says, and applies what is there. */
void dir_refresh(struct dir *);

/* True once a whole snapshot was applied. */
bool dir_is_synced(const struct dir *);

/* NULL, or why the directory itself cannot be read or watched now: what was
 * read before stays in force.  One of the problems, too. */
const char *dir_error(const struct dir *);

struct dir_problem {
    char *place;                /* "FILE:LINE:COL", or "FILE". */
    char *object;               /* "NetworkPolicy NS/NAME", or NULL. */
    char *message;              /* "spec…: …". */
    bool kept;                  /* The last good version is in force. */
    bool duplicate;             /* It is in another file, too. */
};
/* Current problems, borrowed until the next run or refresh.  At most a
 * thousand; dir_status.n_problems counts all. */
const struct dir_problem *dir_problems(const struct dir *, size_t *n);
/* "FILE:LINE:COL: OBJECT: message" (caller frees). */
char *dir_problem_format(const struct dir_problem *);

/* What is no problem, but worth a look. */
enum dir_remark {
    DIR_WARNING,                /* A field or a value that does nothing. */
    DIR_SKIPPED,                /* A document of a kind that we do not use. */
    DIR_N_REMARKS
};
/* Current remarks of one kind, without 'kept': an array of '*n' to be freed,
 * of elements that are borrowed until the next run or refresh.  At most a
 * thousand, a hundred of each file; dir_status counts all. */
const struct dir_problem **dir_remarks(const struct dir *, enum dir_remark,
                                       size_t *n);

struct dir_status {
    size_t n_files;
    size_t n_objects;           /* In force. */
    size_t n_skipped;           /* Documents of kinds that we do not use. */
    size_t n_warnings;
    size_t n_problems;          /* Also those that dir_problems() omits. */
    uint64_t n_snapshots;       /* Applied so far. */
};
void dir_get_status(const struct dir *, struct dir_status *);

#endif /* dir.h */
