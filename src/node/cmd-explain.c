/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd.h"

#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "k8s.h"
#include "openvswitch/dynamic-string.h"
#include "query.h"
#include "sset.h"
#include "util.h"
#include "verdict.h"

/* The keys of the objects that have a part in the answer. */
static void
collect_parts(const struct verdict_query *q, const struct verdict *v,
              struct sset *keys)
{
    if (q->src.pod) {
        sset_add_and_free(keys, k8s_object_key(&q->src.pod->up));
    }
    if (q->dst.pod) {
        sset_add_and_free(keys, k8s_object_key(&q->dst.pod->up));
    }
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        const struct verdict_side *side = &v->side[d];

        for (size_t i = 0; i < side->n_isolating; i++) {
            sset_add_and_free(keys, k8s_object_key(&side->isolating[i]->up));
        }
    }
}

/* What is wrong with those, which is why they may say something else than
 * their owners believe. */
static void
collect_notes(const struct cmd_context *c, const struct sset *keys,
              struct sset *notes)
{
    size_t n, n_all;
    struct cmd_problem *problems = cmd_problems(c, &n, &n_all);

    for (size_t i = 0; i < n; i++) {
        const struct cmd_problem *p = &problems[i];

        if (p->object && sset_contains(keys, p->object)) {
            sset_add_and_free(notes, xasprintf(
                "%s: %s%s", p->object, p->message,
                p->kept ? " (the last good version stays)" : ""));
        }
    }
    cmd_problems_free(problems, n);
}

static char *
to_json(const struct cmd_context *c, const struct verdict_query *q,
        const struct verdict *v, const char **notes, size_t n)
{
    struct json *json = query_to_json(c->model, q, v);
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < n; i++) {
        json_array_add(array, json_string_create(notes[i]));
    }
    json_object_put(json, "notes", array);

    char *text = json_to_string(json, JSSF_PRETTY | JSSF_SORT);
    json_destroy(json);
    return text;
}

static char *
to_text(const struct cmd_context *c, const struct verdict_query *q,
        const struct verdict *v, const char **notes, size_t n)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    query_format(c->model, q, v, &s);
    for (size_t i = 0; i < n; i++) {
        ds_put_format(&s, "  note     %s\n", notes[i]);
    }
    return ds_steal_cstr(&s);
}

char *
cmd_explain(const struct cmd_context *c, const char *src, const char *dst,
            bool json, char **answer)
{
    struct sset notes = SSET_INITIALIZER(&notes);
    struct sset keys = SSET_INITIALIZER(&keys);
    struct verdict_query query;
    struct verdict verdict;

    char *error = query_parse(c->model, src, dst, &query);
    if (error) {
        return error;
    }
    verdict_evaluate(c->model, &query, &verdict);
    collect_parts(&query, &verdict, &keys);
    collect_notes(c, &keys, &notes);

    const char **sorted = sset_sort(&notes);
    *answer = (json ? to_json : to_text)(c, &query, &verdict, sorted,
                                         sset_count(&notes));
    free(sorted);
    verdict_uninit(&verdict);
    sset_destroy(&keys);
    sset_destroy(&notes);
    return NULL;
}
