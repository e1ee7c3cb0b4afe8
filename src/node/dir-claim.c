/* SPDX-License-Identifier: Apache-2.0
 *
 * What a manifest file holds: claims on objects, problems and remarks. */

#include <config.h>

#include "dir-file.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

struct dir_key *
dir_key_create(const char *text)
{
    size_t size = strlen(text) + 1;
    struct dir_key *key = xmalloc(sizeof *key + size);

    key->n_refs = 1;
    memcpy(key->text, text, size);
    return key;
}

struct dir_key *
dir_key_ref(struct dir_key *key)
{
    key->n_refs++;
    return key;
}

void
dir_key_unref(struct dir_key *key)
{
    if (key && !--key->n_refs) {
        free(key);
    }
}

struct dir_claim *
dir_file_add_claim(struct dir_file *file)
{
    if (file->n_claims >= file->allocated_claims) {
        file->claims = x2nrealloc(file->claims, &file->allocated_claims,
                                  sizeof *file->claims);
    }

    struct dir_claim *claim = &file->claims[file->n_claims++];
    memset(claim, 0, sizeof *claim);
    claim->file = file;
    return claim;
}

char *
dir_claim_place(const struct dir_claim *claim)
{
    const char *path = claim->file->path;

    return (claim->line
            ? xasprintf("%s:%u:%u", path, claim->line, claim->column)
            : xstrdup(path));
}

void
dir_claims_destroy(struct dir_claim *claims, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        dir_key_unref(claims[i].key);
        k8s_object_destroy(claims[i].object);
    }
    free(claims);
}

void
dir_file_add_problem(struct dir_file *file, char *place, char *object,
                     char *message)
{
    if (file->n_problems >= DIR_FILE_MAX_PROBLEMS) {
        file->n_unlisted++;
        free(place);
        free(object);
        free(message);
        return;
    }

    if (file->n_problems >= file->allocated_problems) {
        file->problems = x2nrealloc(file->problems, &file->allocated_problems,
                                    sizeof *file->problems);
    }
    file->problems[file->n_problems++] = (struct dir_problem) {
        .place = place,
        .object = object,
        .message = message,
    };
}

void
dir_file_add_remark(struct dir_file *file, enum dir_remark kind, char *place,
                    char *object, char *message)
{
    struct dir_remarks *r = &file->remarks[kind];
    struct dir_problem remark = {
        .place = place,
        .object = object,
        .message = message,
    };

    r->n_all++;
    if (r->n >= DIR_FILE_MAX_PROBLEMS) {
        dir_problem_uninit(&remark);
        return;
    }
    if (r->n >= r->allocated) {
        r->list = x2nrealloc(r->list, &r->allocated, sizeof *r->list);
    }
    r->list[r->n++] = remark;
}

void
dir_file_clear_remarks(struct dir_file *file)
{
    for (enum dir_remark kind = 0; kind < DIR_N_REMARKS; kind++) {
        struct dir_remarks *r = &file->remarks[kind];

        dir_problems_destroy(r->list, r->n);
        *r = (struct dir_remarks) { .list = NULL };
    }
}

void
dir_problem_uninit(struct dir_problem *problem)
{
    free(problem->place);
    free(problem->object);
    free(problem->message);
}

void
dir_problems_destroy(struct dir_problem *problems, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        dir_problem_uninit(&problems[i]);
    }
    free(problems);
}
