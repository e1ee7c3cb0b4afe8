/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd.h"

#include <stdlib.h>

#include "bridge.h"
#include "dir.h"
#include "kube.h"
#include "policy.h"
#include "sset.h"
#include "util.h"

/* Policies beyond their budget that are told of one by one. */
#define MAX_POLICIES 1000

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

/* Appends policies that are beyond their budget. */
static struct cmd_problem *
add_policies(const struct policies *policies, struct cmd_problem *problems,
             size_t *n, size_t *n_all)
{
    struct ptrs out = policies_out(policies);
    size_t n_told = MIN(out.n, MAX_POLICIES);

    *n_all += out.n;
    problems = xrealloc(problems, (*n + n_told + 1) * sizeof *problems);
    for (size_t i = 0; i < n_told; i++) {
        const struct policy *p = out.p[i];

        problems[(*n)++] = (struct cmd_problem) {
            .object = xasprintf("NetworkPolicy %s/%s", p->ns, p->name),
            .message = budget_describe(policies_budget(policies), &p->budget),
            .owned = true,
        };
    }
    ptrs_uninit(&out);
    return problems;
}

/* Appends policies of which the switch does not take a flow. */
static struct cmd_problem *
add_refused(const struct cmd_context *c, struct cmd_problem *problems,
            size_t *n, size_t *n_all)
{
    struct bridge_status status;
    const char *name;

    bridge_get_status(c->bridge, &status);
    problems = xrealloc(problems, ((*n + sset_count(c->refused) + 1)
                                   * sizeof *problems));
    SSET_FOR_EACH (name, c->refused) {
        problems[(*n)++] = (struct cmd_problem) {
            .object = xasprintf("NetworkPolicy %s", name),
            .message = xasprintf("allows less than it says: %s",
                                 status.error ? status.error : "refused"),
            .owned = true,
        };
        ++*n_all;
    }
    return problems;
}

struct cmd_problem *
cmd_problems(const struct cmd_context *c, size_t *n, size_t *n_all)
{
    struct cmd_problem *problems = (c->dir
                                    ? dir_to_problems(c->dir, n, n_all)
                                    : kube_to_problems(c->kube, n, n_all));

    if (c->policies) {
        problems = add_policies(c->policies, problems, n, n_all);
    }
    if (c->refused) {
        problems = add_refused(c, problems, n, n_all);
    }
    return problems;
}

struct cmd_problem *
cmd_remarks(const struct cmd_context *c, enum dir_remark kind, size_t *n)
{
    *n = 0;
    if (!c->dir) {
        return NULL;
    }

    const struct dir_problem **in = dir_remarks(c->dir, kind, n);
    struct cmd_problem *out = xmalloc((*n + 1) * sizeof *out);
    for (size_t i = 0; i < *n; i++) {
        out[i] = (struct cmd_problem) {
            .place = in[i]->place,
            .object = in[i]->object,
            .message = in[i]->message,
        };
    }
    free(in);
    return out;
}

void
cmd_problems_free(struct cmd_problem *problems, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (problems[i].owned) {
            free(CONST_CAST(char *, problems[i].object));
            free(CONST_CAST(char *, problems[i].message));
        }
    }
    free(problems);
}
