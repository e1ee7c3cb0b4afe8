/* SPDX-License-Identifier: Apache-2.0
 *
 * dir-file: what one manifest file says.
 *
 * Half of the dir module: reads and parses one file when it changed, and
 * remembers which objects it claims and what is wrong with it.  Which of
 * several files has the last word about an object is dir.c's business.
 *
 * A file's parsed objects are handed on once (dir_claim.object) and not kept
 * twice; who needs one again asks for the file to be read again.
 *
 * A file that cannot be read, does not parse, or has a document whose name is
 * not readable goes on claiming what it claimed before. */

#ifndef DIR_FILE_H
#define DIR_FILE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "dir.h"
#include "doc.h"
#include "k8s.h"

struct label_pool;

/* One document's claim on one object. */
struct dir_claim {
    char *key;                  /* "KIND NS/NAME". */
    uint32_t hash;              /* Of 'key'. */
    uint64_t id;                /* Unique in this process, never 0. */
    bool good;                  /* Understood completely. */
    bool usable;                /* There is, or was, an object. */
    struct k8s_object *object;  /* Owned until somebody takes it; then NULL. */
    unsigned int line, column;  /* Of the document; 0 if unknown. */
};

struct dir_file {
    char *path;
    bool dirty;                 /* Read it again even if it looks the same. */
    bool writing;               /* Somebody is in the middle of writing. */
    bool seen;                  /* For dir.c's scan. */
    bool loaded;                /* It was parsed at least once. */
    bool understood;            /* And each object in it had a name. */

    /* What it looked like when it was read. */
    bool has_signature;
    struct stat signature;

    struct dir_claim *claims;
    size_t n_claims, allocated_claims;
    struct dir_problem *problems;       /* 'kept' only if no 'object'. */
    size_t n_problems, allocated_problems;
    size_t n_unlisted;          /* Problems above DIR_FILE_MAX_PROBLEMS. */
    size_t n_skipped;
    size_t n_warnings;
};

/* Problems above this many in one file are only counted. */
#define DIR_FILE_MAX_PROBLEMS 100

struct dir_file *dir_file_create(const char *path);
void dir_file_destroy(struct dir_file *);

/* Reads the file if it changed or is dirty.  Returns false if there is no such
 * file any more (or a directory instead), else true, whatever its contents. */
bool dir_file_read(struct dir_file *, struct label_pool *);

/* "FILE:LINE:COL" of a claim, or "FILE" (caller frees). */
char *dir_file_place(const struct dir_file *, const struct dir_claim *);

void dir_problem_uninit(struct dir_problem *);

#endif /* dir-file.h */
