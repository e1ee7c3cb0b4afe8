/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "dir-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dir-parse.h"
#include "label.h"
#include "openvswitch/vlog.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(dir_file);

struct dir_file *
dir_file_create(const char *path)
{
    struct dir_file *file = xzalloc(sizeof *file);

    file->path = xstrdup(path);
    return file;
}

void
dir_file_destroy(struct dir_file *file)
{
    if (file) {
        dir_claims_destroy(file->claims, file->n_claims);
        dir_problems_destroy(file->problems, file->n_problems);
        dir_file_clear_remarks(file);
        free(file->path);
        free(file);
    }
}

/* Reading. */

static bool
same_signature(const struct stat *a, const struct stat *b)
{
    return (a->st_dev == b->st_dev
            && a->st_ino == b->st_ino
            && a->st_size == b->st_size
            && a->st_mtim.tv_sec == b->st_mtim.tv_sec
            && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec
            && a->st_ctim.tv_sec == b->st_ctim.tv_sec
            && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec);
}

/* Reads up to 'max' + 1 bytes of 'fd', so that the parser, not we, refuses
 * what is too big. */
static int
slurp(int fd, size_t expected, size_t max, char **text, size_t *size)
{
    size_t allocated = MIN(expected, max) + 1;
    char *buf = xmalloc(allocated);
    size_t n = 0;

    for (;;) {
        ssize_t chunk = read(fd, buf + n, allocated - n);
        if (chunk < 0 && errno == EINTR) {
            continue;
        } else if (chunk < 0) {
            int error = errno;
            free(buf);
            return error;
        }
        n += chunk;
        if (!chunk || n > max) {
            break;
        }
        if (n == allocated) {
            allocated = MIN(allocated * 2, max + 1);
            buf = xrealloc(buf, allocated);
        }
    }
    *text = buf;
    *size = n;
    return 0;
}

/* Opens the file and stats it.  O_NONBLOCK, because opening a FIFO would wait
 * for a writer. */
static int
open_regular(const char *path, int *fdp, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno;
    }

    int error = (fstat(fd, st) ? errno
                 : S_ISREG(st->st_mode) ? 0
                 : S_ISDIR(st->st_mode) ? EISDIR : EINVAL);
    if (error) {
        close(fd);
        return error;
    }
    *fdp = fd;
    return 0;
}

/* What the file said until now, while it is read anew. */
struct before {
    struct dir_claim *claims;
    size_t n_claims;
    struct dir_problem *problems;
    size_t n_problems;
};

/* Takes the contents out of 'file'. */
static void
take_contents(struct dir_file *file, struct before *before)
{
    before->claims = file->claims;
    before->n_claims = file->n_claims;
    before->problems = file->problems;
    before->n_problems = file->n_problems;
    file->claims = NULL;
    file->n_claims = file->allocated_claims = 0;
    file->problems = NULL;
    file->n_problems = file->allocated_problems = 0;
    file->n_unlisted = 0;
    dir_file_clear_remarks(file);
}

static int
compare_claims(const void *a_, const void *b_)
{
    const struct dir_claim *a = a_, *b = b_;

    return strcmp(a->key->text, b->key->text);
}

/* Lets 'file' go on claiming what it claimed before and does not claim now. */
static void
keep_claims(struct dir_file *file, struct before *before)
{
    size_t n_new = file->n_claims;
    struct dir_claim *sorted = xmalloc(n_new * sizeof *sorted);

    if (n_new) {
        memcpy(sorted, file->claims, n_new * sizeof *sorted);
        qsort(sorted, n_new, sizeof *sorted, compare_claims);
    }
    for (size_t i = 0; i < before->n_claims; i++) {
        struct dir_claim *old = &before->claims[i];

        if (!n_new || !bsearch(old, sorted, n_new, sizeof *sorted,
                               compare_claims)) {
            *dir_file_add_claim(file) = *old;
            old->key = NULL;
            old->object = NULL;
        }
    }
    free(sorted);
}

/* Gives back what growing in steps took too much. */
static void
shrink_claims(struct dir_file *file)
{
    if (file->n_claims < file->allocated_claims) {
        file->claims = xrealloc(file->claims,
                                file->n_claims * sizeof *file->claims);
        file->allocated_claims = file->n_claims;
    }
}

/* The problems that are about the file as a whole: it says what it said
 * before. */
static void
mark_kept(struct dir_file *file)
{
    for (size_t i = 0; i < file->n_problems; i++) {
        file->problems[i].kept = !file->problems[i].object && file->n_claims;
    }
}

/* Replaces what is known by the result of parsing 'text'. */
static void
parse(struct dir_file *file, const char *text, size_t size,
      struct label_pool *pool)
{
    struct before before;
    take_contents(file, &before);

    enum dir_parse_result result = dir_parse(file, text, size, pool);
    if (result == DIR_PARSE_FAILED && file->loaded) {
        dir_claims_destroy(file->claims, file->n_claims);
        file->claims = NULL;
        file->n_claims = file->allocated_claims = 0;
    }
    if (result != DIR_PARSE_OK) {
        keep_claims(file, &before);
        if (before.n_claims) {
            mark_kept(file);
        }
    }
    shrink_claims(file);
    file->loaded = true;
    file->understood |= result == DIR_PARSE_OK;

    dir_claims_destroy(before.claims, before.n_claims);
    dir_problems_destroy(before.problems, before.n_problems);
}

/* 'file' cannot be read: say so instead of what was said before. */
static void
refuse(struct dir_file *file, const char *reason)
{
    dir_problems_destroy(file->problems, file->n_problems);
    file->problems = NULL;
    file->n_problems = file->allocated_problems = file->n_unlisted = 0;
    file->has_signature = false;
    dir_file_add_problem(file, xstrdup(file->path), NULL,
                          xstrdup(reason));
    mark_kept(file);
}

static const char *
describe_error(int error)
{
    return error == EINVAL ? "not a regular file" : ovs_strerror(error);
}

/* True if the name leads nowhere.  A dangling symbolic link is still there. */
static bool
is_gone(const char *path)
{
    struct stat st;

    return lstat(path, &st) && (errno == ENOENT || errno == ENOTDIR);
}

bool
dir_file_read(struct dir_file *file, struct label_pool *pool)
{
    struct doc_limits limits;
    struct stat st;
    char *text = NULL;
    size_t size = 0;
    int fd = -1;

    /* A file that is truncated and not yet written again looks as if all its
     * objects were deleted.  The event of its closing will come. */
    if (file->writing) {
        refuse(file, "is being written");
        file->dirty = true;
        return !is_gone(file->path);
    }

    int error = open_regular(file->path, &fd, &st);
    if (!error) {
        if (!file->dirty && file->has_signature
            && same_signature(&file->signature, &st)) {
            close(fd);
            return true;
        }
        doc_limits_default(&limits);
        error = slurp(fd, st.st_size, limits.max_size, &text, &size);
        close(fd);
    }
    if (error) {
        if (error == EISDIR || is_gone(file->path)) {
            return false;
        }
        refuse(file, describe_error(error));
        return true;
    }

    VLOG_DBG("%s: reading %"PRIuSIZE" bytes", file->path, size);
    file->signature = st;
    file->has_signature = true;
    file->dirty = false;
    parse(file, text, size, pool);
    free(text);
    return true;
}
