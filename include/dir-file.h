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

/* The name of an object, which all who claim it share. */
struct dir_key {
    uint32_t n_refs;
    char text[];                /* "KIND NS/NAME" or "KIND NAME". */
};

struct dir_key *dir_key_create(const char *text);
struct dir_key *dir_key_ref(struct dir_key *);
void dir_key_unref(struct dir_key *);

/* One document's claim on one object. */
struct dir_claim {
    struct dir_key *key;
    struct dir_file *file;
    struct dir_claim *before;   /* For dir_merge: on the same object. */
    uint64_t id : 56;           /* Unique in this process, never 0. */
    bool good : 1;              /* Understood completely. */
    bool usable : 1;            /* There is, or was, an object. */
    struct k8s_object *object;  /* Owned until somebody takes it; then NULL. */
    unsigned int line, column;  /* Of the document; 0 if unknown. */
};

/* Remarks of one kind about a file. */
struct dir_remarks {
    struct dir_problem *list;   /* The first DIR_FILE_MAX_PROBLEMS. */
    size_t n, allocated;
    size_t n_all;
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
    struct dir_remarks remarks[DIR_N_REMARKS];
};

/* Problems, and remarks of a kind, above this many in one file are only
 * counted. */
#define DIR_FILE_MAX_PROBLEMS 100

struct dir_file *dir_file_create(const char *path);
void dir_file_destroy(struct dir_file *);

/* Reads the file if it changed or is dirty.  Returns false if there is no such
 * file any more (or a directory instead), else true, whatever its contents. */
bool dir_file_read(struct dir_file *, struct label_pool *);

/* "FILE:LINE:COL" of a claim, or "FILE" (caller frees). */
char *dir_claim_place(const struct dir_claim *);

void dir_problem_uninit(struct dir_problem *);

/* For dir-file.c and dir-parse.c.  Adds an element; the problem's strings
 * become the file's, and its 'object' may be NULL. */
struct dir_claim *dir_file_add_claim(struct dir_file *);
void dir_file_add_problem(struct dir_file *, char *place, char *object,
                          char *message);
void dir_file_add_remark(struct dir_file *, enum dir_remark, char *place,
                         char *object, char *message);
void dir_file_clear_remarks(struct dir_file *);
/* Frees an array of 'n', and what is in it. */
void dir_claims_destroy(struct dir_claim *, size_t n);
void dir_problems_destroy(struct dir_problem *, size_t n);

#endif /* dir-file.h */
