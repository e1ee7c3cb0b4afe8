/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dir-file.h"
#include "dir-merge.h"
#include "dir-watch.h"
#include "model.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "sset.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(dir);

/* Problems, and remarks of a kind, above this many are only counted. */
#define MAX_PROBLEMS 1000

/* A file can change between being read and being read again; then what is in
 * force stays until the next look. */
#define MAX_READINGS 3

struct dir {
    char *path;
    struct label_pool *pool;
    struct dir_watch *watch;
    struct dir_merge *merge;
    struct shash files;         /* Contains "struct dir_file"s by path. */
    bool synced;
    char *error;                /* About the directory itself, or NULL. */
    uint64_t n_snapshots;

    struct dir_problem *problems;
    size_t n_problems, allocated_problems;
    size_t n_unlisted;          /* Problems above MAX_PROBLEMS. */
};

static bool
is_manifest(const char *name)
{
    return (name[0] != '.'
            && (string_ends_with(name, ".yaml")
                || string_ends_with(name, ".yml")
                || string_ends_with(name, ".json")));
}

/* A mounted ConfigMap changes all its files at once by renaming the symbolic
 * link "..data" that they lead through. */
static bool
is_interesting(const char *name)
{
    return is_manifest(name) || !strncmp(name, "..", 2);
}

static char *
join(const char *path, const char *name)
{
    return xasprintf("%s%s%s",
                     path, string_ends_with(path, "/") ? "" : "/", name);
}

/* Finds or makes the file 'name'. */
static struct dir_file *
get_file(struct dir *dir, const char *name)
{
    char *path = join(dir->path, name);
    struct dir_file *file = shash_find_data(&dir->files, path);

    if (!file) {
        file = dir_file_create(path);
        shash_add(&dir->files, path, file);
    }
    free(path);
    return file;
}

/* Something happened to file 'name', or to we do not know what. */
static void
handle_event(const char *name, enum dir_watch_event event, void *dir_)
{
    struct dir *dir = dir_;

    if (name) {
        if (is_manifest(name)) {
            struct dir_file *file = get_file(dir, name);
            file->dirty = true;
            file->writing = event == DIR_WATCH_WRITING;
        }
    } else {
        struct shash_node *node;
        SHASH_FOR_EACH (node, &dir->files) {
            struct dir_file *file = node->data;
            file->dirty = true;
            file->writing = false;
        }
    }
}

struct dir *
dir_create(const char *path, struct label_pool *pool, struct model *model)
{
    struct dir *dir = xzalloc(sizeof *dir);

    dir->path = xstrdup(path);
    dir->pool = pool;
    dir->watch = dir_watch_create(path, is_interesting, handle_event, dir);
    dir->merge = dir_merge_create(model);
    shash_init(&dir->files);
    return dir;
}

void
dir_adopt(struct dir *dir)
{
    dir_merge_adopt(dir->merge);
}

static void
free_problems(struct dir_problem *problems, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        dir_problem_uninit(&problems[i]);
    }
    free(problems);
}

void
dir_destroy(struct dir *dir)
{
    if (dir) {
        struct shash_node *node;
        SHASH_FOR_EACH (node, &dir->files) {
            dir_file_destroy(node->data);
        }
        shash_destroy(&dir->files);
        dir_merge_destroy(dir->merge);
        dir_watch_destroy(dir->watch);
        free_problems(dir->problems, dir->n_problems);
        free(dir->error);
        free(dir->path);
        free(dir);
    }
}

const char *
dir_path(const struct dir *dir)
{
    return dir->path;
}

/* Problems. */

/* Takes the strings. */
static void
add_problem(struct dir *dir, char *place, char *object, char *message,
            bool kept)
{
    struct dir_problem problem = {
        .place = place,
        .object = object,
        .message = message,
        .kept = kept,
    };

    if (dir->n_problems >= MAX_PROBLEMS) {
        dir->n_unlisted++;
        dir_problem_uninit(&problem);
        return;
    }
    if (dir->n_problems >= dir->allocated_problems) {
        dir->problems = x2nrealloc(dir->problems, &dir->allocated_problems,
                                   sizeof *dir->problems);
    }
    dir->problems[dir->n_problems++] = problem;
}

static void
add_file_problems(struct dir *dir, const struct dir_file *file)
{
    for (size_t i = 0; i < file->n_problems; i++) {
        const struct dir_problem *p = &file->problems[i];

        add_problem(dir, xstrdup(p->place), nullable_xstrdup(p->object),
                    xstrdup(p->message),
                    (p->object
                     ? dir_merge_is_good(dir->merge, p->object)
                     : p->kept));
    }
    dir->n_unlisted += file->n_unlisted;
}

static void
add_duplicate(const struct dir_claim *winner, const struct dir_claim *loser,
              void *dir_)
{
    struct dir *dir = dir_;
    char *loser_place = dir_claim_place(loser);
    size_t n = dir->n_problems;

    add_problem(dir, dir_claim_place(winner),
                xstrdup(winner->key->text),
                xasprintf("is in %s too, which does not count", loser_place),
                false);
    if (dir->n_problems > n) {
        dir->problems[n].duplicate = true;
    }
    free(loser_place);
}

/* Says each problem in the log when it is new. */
static void
log_problems(const struct dir *dir, const struct dir_problem *old,
             size_t n_old)
{
    struct sset known = SSET_INITIALIZER(&known);

    for (size_t i = 0; i < n_old; i++) {
        sset_add_and_free(&known, dir_problem_format(&old[i]));
    }
    for (size_t i = 0; i < dir->n_problems; i++) {
        char *s = dir_problem_format(&dir->problems[i]);
        if (!sset_contains(&known, s)) {
            VLOG_WARN("%s", s);
        }
        free(s);
    }
    if (n_old && !dir->n_problems) {
        VLOG_INFO("%s: no problems left", dir->path);
    }
    sset_destroy(&known);
}

char *
dir_problem_format(const struct dir_problem *p)
{
    return xasprintf("%s: %s%s%s%s", p->place, p->object ? p->object : "",
                     p->object ? ": " : "", p->message,
                     p->kept ? " (the last good version stays)" : "");
}

/* Makes the list of problems anew. */
static void
collect_problems(struct dir *dir, const struct shash_node **files)
{
    struct dir_problem *old = dir->problems;
    size_t n_old = dir->n_problems;

    dir->problems = NULL;
    dir->n_problems = dir->allocated_problems = dir->n_unlisted = 0;
    if (dir->error) {
        add_problem(dir, xstrdup(dir->path), NULL, xstrdup(dir->error),
                    dir->synced);
    }
    for (size_t i = 0; i < shash_count(&dir->files); i++) {
        add_file_problems(dir, files[i]->data);
    }
    dir_merge_for_each_duplicate(dir->merge, add_duplicate, dir);
    log_problems(dir, old, n_old);
    free_problems(old, n_old);
}

const struct dir_problem *
dir_problems(const struct dir *dir, size_t *n)
{
    *n = dir->n_problems;
    return dir->problems;
}

const struct dir_problem **
dir_remarks(const struct dir *dir, enum dir_remark kind, size_t *n)
{
    const struct shash_node **files = shash_sort(&dir->files);
    const struct dir_problem **out = xmalloc(MAX_PROBLEMS * sizeof *out);

    *n = 0;
    for (size_t i = 0; i < shash_count(&dir->files); i++) {
        const struct dir_file *file = files[i]->data;
        const struct dir_remarks *r = &file->remarks[kind];

        for (size_t j = 0; j < r->n && *n < MAX_PROBLEMS; j++) {
            out[(*n)++] = &r->list[j];
        }
    }
    free(files);
    return out;
}

/* The snapshot. */

/* Finds out which files there are.  Returns NULL, or why not (caller frees);
 * then 'dir->files' may have more files than before, but none less. */
static char *
scan(struct dir *dir)
{
    struct dirent *entry;
    size_t n = 0;

    DIR *stream = opendir(dir->path);
    if (!stream) {
        return xasprintf("cannot read directory: %s", ovs_strerror(errno));
    }

    struct shash_node *node;
    SHASH_FOR_EACH (node, &dir->files) {
        struct dir_file *file = node->data;
        file->seen = false;
    }
    while ((errno = 0, entry = readdir(stream)) && n <= DIR_MAX_FILES) {
        if (is_manifest(entry->d_name)) {
            get_file(dir, entry->d_name)->seen = true;
            n++;
        }
    }
    int error = errno;
    closedir(stream);
    return (error
            ? xasprintf("cannot read directory: %s", ovs_strerror(error))
            : n > DIR_MAX_FILES
            ? xasprintf("more than %d files", DIR_MAX_FILES)
            : NULL);
}

/* Reads the files that changed and forgets those that are gone. */
static void
read_files(struct dir *dir)
{
    struct shash_node *node, *next;

    SHASH_FOR_EACH_SAFE (node, next, &dir->files) {
        struct dir_file *file = node->data;

        if (!file->seen || !dir_file_read(file, dir->pool)) {
            shash_delete(&dir->files, node);
            dir_file_destroy(file);
        }
    }
}

static void
add_claims(struct dir *dir, const struct shash_node **files)
{
    dir_merge_begin(dir->merge);
    for (size_t i = 0; i < shash_count(&dir->files); i++) {
        struct dir_file *file = files[i]->data;

        for (size_t j = 0; j < file->n_claims; j++) {
            dir_merge_add(dir->merge, &file->claims[j]);
        }
    }
}

/* False if there may be objects that no file could tell us of. */
static bool
understood_all(const struct dir *dir)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &dir->files) {
        const struct dir_file *file = node->data;

        if (!file->understood) {
            return false;
        }
    }
    return true;
}

/* Makes the model equal to what the files say.  Returns the files, sorted. */
static const struct shash_node **
apply(struct dir *dir)
{
    const struct shash_node **files;

    for (int i = 1;; i++) {
        read_files(dir);
        files = shash_sort(&dir->files);
        add_claims(dir, files);
        if (i == MAX_READINGS || !dir_merge_needs_reading(dir->merge)) {
            break;
        }
        free(files);
    }
    dir_merge_keep_adopted(dir->merge, !understood_all(dir));
    dir_merge_apply(dir->merge);
    return files;
}

void
dir_refresh(struct dir *dir)
{
    /* First the events, then the watch, then the files: whatever happens after
     * a file was read makes an event that is still to come. */
    dir_watch_run(dir->watch);
    int watch_error = dir_watch_begin(dir->watch);

    const struct shash_node **files;
    char *error = scan(dir);
    if (error) {
        dir_watch_retry(dir->watch);
        files = shash_sort(&dir->files);
    } else {
        files = apply(dir);
        dir->synced = true;
        dir->n_snapshots++;
        if (watch_error) {
            error = xasprintf("cannot watch directory: %s",
                              ovs_strerror(watch_error));
        }
    }
    free(dir->error);
    dir->error = error;
    collect_problems(dir, files);
    free(files);
}

void
dir_run(struct dir *dir)
{
    dir_watch_run(dir->watch);
    if (dir_watch_is_due(dir->watch)) {
        dir_refresh(dir);
    }
}

void
dir_wait(struct dir *dir)
{
    dir_watch_wait(dir->watch);
}

bool
dir_is_synced(const struct dir *dir)
{
    return dir->synced;
}

const char *
dir_error(const struct dir *dir)
{
    return dir->error;
}

void
dir_get_status(const struct dir *dir, struct dir_status *status)
{
    struct shash_node *node;

    *status = (struct dir_status) {
        .n_files = shash_count(&dir->files),
        .n_objects = dir_merge_count(dir->merge),
        .n_problems = dir->n_problems + dir->n_unlisted,
        .n_snapshots = dir->n_snapshots,
    };
    SHASH_FOR_EACH (node, &dir->files) {
        const struct dir_file *file = node->data;

        status->n_skipped += file->remarks[DIR_SKIPPED].n_all;
        status->n_warnings += file->remarks[DIR_WARNING].n_all;
    }
}
