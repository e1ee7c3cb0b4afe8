/* SPDX-License-Identifier: Apache-2.0
 *
 * What is found while objects are read, as findings. */

#include <config.h>

#include "lint.h"

#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "sset.h"
#include "util.h"

static const char *const names[] = {
    [LINT_REFUSED] = "refused",
    [LINT_IGNORED] = "ignored-field",
    [LINT_TWICE] = "defined-twice",
};

static const struct lint_rule *
find_rule(enum lint_problem problem)
{
    size_t n;
    const struct lint_rule *rules = lint_rules(&n);

    for (size_t i = 0; i < n; i++) {
        if (!strcmp(rules[i].name, names[problem])) {
            return &rules[i];
        }
    }
    OVS_NOT_REACHED();
}

/* Splits "KIND NS/NAME" or "KIND NAME"; '*copy' is to be freed. */
static void
split_object(struct lint *lint, const char *object, char **copy)
{
    char *rest = *copy = xstrdup(object ? object : "");
    const char *kind_name = strsep(&rest, " ");
    char *slash = rest ? strchr(rest, '/') : NULL;

    lint->kind = 0;
    while (lint->kind < K8S_N_KINDS
           && strcmp(kind_name, k8s_kind_name(lint->kind))) {
        lint->kind++;
    }
    if (slash) {
        *slash = '\0';
    }
    lint->ns = slash ? rest : "";
    lint->name = slash ? slash + 1 : rest ? rest : "";
}

/* The length of the path that 'message' begins with; no path has a space. */
static size_t
path_length(const char *message)
{
    size_t n = strcspn(message, " ");

    return n && message[n] && message[n - 1] == ':' ? n - 1 : 0;
}

void
lint_add_problem(struct lint *lint, enum lint_problem problem,
                 const char *place, const char *object, const char *message)
{
    size_t length = path_length(message);
    char *copy;

    lint->rule = find_rule(problem);
    split_object(lint, object, &copy);
    if (problem == LINT_IGNORED && k8s_kind_is_cluster_policy(lint->kind)
        && !strncmp(message, "apiVersion", length)) {
        /* There is a rule about deprecated kinds. */
        free(copy);
        return;
    }
    lint_find(lint, xmemdup0(message, length), "%s",
              message + (length ? length + 2 : 0));
    free(lint->findings[lint->n_findings - 1].place);
    lint->findings[lint->n_findings - 1].place = xstrdup(place);
    free(copy);
}

/* What lint_drop_needless() drops. */
struct needless {
    const struct model *model;
    const struct lint_rule *refused, *ignored;
    struct sset objects;        /* Those that are refused. */
    struct sset said;           /* What was said about them. */
};

static char *
object_key(const struct lint_finding *f)
{
    return xasprintf("%d %s/%s", f->kind, f->ns, f->name);
}

static char *
said_key(const struct lint_finding *f)
{
    return xasprintf("%s %s %s", f->place, f->path, f->message);
}

static bool
is_whole(const struct model *model, const struct lint_finding *f)
{
    const struct k8s_object *o
        = (f->kind == K8S_N_KINDS ? NULL
           : model_get(model, f->kind,
                       k8s_kind_has_namespace(f->kind) ? f->ns : NULL,
                       f->name));

    return !o || k8s_object_is_whole(o);
}

static bool
is_needless(const struct lint_finding *f, const void *needless_)
{
    const struct needless *needless = needless_;
    char *key = f->rule == needless->ignored ? said_key(f) : object_key(f);
    bool is = (f->rule == needless->refused ? false
               : f->rule == needless->ignored
               ? sset_contains(&needless->said, key)
               : (sset_contains(&needless->objects, key)
                  || !is_whole(needless->model, f)));

    free(key);
    return is;
}

void
lint_drop_needless(struct lint *lint)
{
    struct needless needless = {
        .model = lint->model,
        .refused = find_rule(LINT_REFUSED),
        .ignored = find_rule(LINT_IGNORED),
    };

    sset_init(&needless.objects);
    sset_init(&needless.said);
    for (size_t i = 0; i < lint->n_findings; i++) {
        const struct lint_finding *f = &lint->findings[i];

        if (f->rule == needless.refused) {
            sset_add_and_free(&needless.objects, object_key(f));
            sset_add_and_free(&needless.said, said_key(f));
        }
    }
    lint_drop(lint, is_needless, &needless);
    sset_destroy(&needless.objects);
    sset_destroy(&needless.said);
}
