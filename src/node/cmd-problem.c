/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd.h"

#include <stdlib.h>

#include "dir.h"
#include "kube.h"
#include "util.h"

static struct cmd_problem *
dir_to_problems(const struct dir *dir, size_t *n, size_t *n_all)
{
    const struct dir_problem *in = dir_problems(dir, n);
    struct cmd_problem *out = xmalloc((*n + 1) * sizeof *out);
    struct dir_status status;

    for (size_t i = 0; i < *n; i++) {
        out[i] = (struct cmd_problem) {
            .place = in[i].place,
            .object = in[i].object,
            .message = in[i].message,
            .kept = in[i].kept,
        };
    }
    dir_get_status(dir, &status);
    *n_all = status.n_problems;
    return out;
}

static struct cmd_problem *
kube_to_problems(struct kube *kube, size_t *n, size_t *n_all)
{
    const struct kube_problem *in = kube_problems(kube, n);
    struct cmd_problem *out = xmalloc((*n + 1) * sizeof *out);
    struct kube_status status;

    for (size_t i = 0; i < *n; i++) {
        out[i] = (struct cmd_problem) {
            .object = in[i].object,
            .message = in[i].message,
            .kept = in[i].kept,
        };
    }
    kube_get_status(kube, &status);
    *n_all = status.n_problems;
    return out;
}

struct cmd_problem *
cmd_problems(const struct cmd_context *c, size_t *n, size_t *n_all)
{
    return (c->dir
            ? dir_to_problems(c->dir, n, n_all)
            : kube_to_problems(c->kube, n, n_all));
}
