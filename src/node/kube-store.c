/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "kube-store.h"

#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "kube-private.h"
#include "label.h"
#include "model.h"
#include "openvswitch/vlog.h"
#include "sset.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(kube_store);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(60, 60);

/* Of Events. */
#define REASON "Refused"
/* In place of a name. */
#define UNREADABLE "(unreadable)"

void
kube_store_init(struct kube_store *s, struct label_pool *pool,
                struct model *model, struct kube_events *events,
                struct kube_conditions *conditions)
{
    memset(s, 0, sizeof *s);
    s->pool = pool;
    s->model = model;
    s->events = events;
    s->conditions = conditions;
    s->cluster_changed = true;
    k8s_limits_default(&s->limits);
    shash_init(&s->problems);
}

static void
destroy_problem(struct kube_problem *p)
{
    if (p) {
        free(p->object);
        free(p->message);
        free(p);
    }
}

void
kube_store_uninit(struct kube_store *s)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &s->problems) {
        destroy_problem(node->data);
    }
    shash_destroy(&s->problems);
    free(s->list);
}

/* Keys are "KIND NS/NAME" or "KIND NAME".  Splits a copy of 'key'. */
static char *
split_key(const char *key, const char **ns, const char **name)
{
    char *copy = xstrdup(strchr(key, ' ') + 1);
    char *slash = strchr(copy, '/');

    *ns = slash ? copy : NULL;
    *name = slash ? slash + 1 : copy;
    if (slash) {
        *slash = '\0';
    }
    return copy;
}

static bool
has_object(const struct kube_store *s, enum k8s_kind kind, const char *key)
{
    const char *ns, *name;
    char *copy = split_key(key, &ns, &name);
    bool has = model_get(s->model, kind, ns, name) != NULL;

    free(copy);
    return has;
}

static const char *
problem_suffix(const struct kube_problem *p)
{
    return p->kept ? " (the last good version stays)" : "";
}

/* Events. */

static void
emit_event(struct kube_store *s, enum k8s_kind kind, const char *key,
           const char *uid, const struct kube_problem *p)
{
    const char *ns, *name;
    char *copy = split_key(key, &ns, &name);
    char *message = xasprintf("%s%s", p->message, problem_suffix(p));

    kube_events_add(s->events, &(struct kube_event) {
        .kind = kind,
        .ns = ns,
        .name = name,
        .uid = uid,
        .reason = REASON,
        .message = message,
    });
    free(message);
    free(copy);
}

static void
end_event(struct kube_store *s, enum k8s_kind kind, const char *key)
{
    const char *ns, *name;
    char *copy = split_key(key, &ns, &name);

    kube_events_end(s->events, kind, ns, name, REASON);
    free(copy);
}

/* Problems. */

static void
forget_problem(struct kube_store *s, enum k8s_kind kind, const char *key)
{
    struct kube_problem *p = shash_find_and_delete(&s->problems, key);

    if (p) {
        VLOG_INFO("%s: no problem any more", key);
        end_event(s, kind, key);
        destroy_problem(p);
        s->list_is_current = false;
    }
}

/* Records that 'key', whose uid is 'uid' or not known (NULL), has the problem
 * 'message', and may 'keep' its last good version.  Returns true if that
 * stays. */
static bool
remember_problem(struct kube_store *s, enum k8s_kind kind, const char *key,
                 const char *uid, const char *message, bool keep)
{
    struct kube_problem *p = shash_find_data(&s->problems, key);

    if (!p) {
        p = xzalloc(sizeof *p);
        p->object = xstrdup(key);
        p->kept = has_object(s, kind, key);
        shash_add(&s->problems, key, p);
    }
    p->kept = p->kept && keep;
    if (!p->message || strcmp(p->message, message)) {
        free(p->message);
        p->message = xstrdup(message);
        VLOG_WARN_RL(&rl, "%s: %s%s", key, message, problem_suffix(p));
        if (!strstr(key, UNREADABLE)) {
            end_event(s, kind, key);
            emit_event(s, kind, key, uid, p);
        }
    }
    s->list_is_current = false;
    return p->kept;
}

static void
adopt_problem(struct kube_store *s, const struct k8s_object *object)
{
    struct kube_problem *p = xzalloc(sizeof *p);

    p->object = k8s_object_key(object);
    p->message = xstrdup("some of it was not understood when it was last "
                         "seen");
    shash_add(&s->problems, p->object, p);
}

/* What was refused in part when it was read is no last good version. */
void
kube_store_adopt(struct kube_store *s)
{
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        struct hmap_position pos = { 0, 0 };
        const struct k8s_object *object;

        while ((object = model_next(s->model, kind, &pos))) {
            if (!k8s_object_is_whole(object)) {
                adopt_problem(s, object);
            }
        }
    }
    s->list_is_current = false;
    s->cluster_changed = true;
}

void
kube_store_complain(struct kube_store *s, enum k8s_kind kind,
                    const char *message)
{
    char *key = xasprintf("%s " UNREADABLE, k8s_kind_name(kind));

    remember_problem(s, kind, key, NULL, message, true);
    free(key);
}

const struct kube_problem *
kube_store_problems(struct kube_store *s, size_t max, size_t *n)
{
    if (!s->list_is_current) {
        const struct shash_node **nodes = shash_sort(&s->problems);

        s->n_list = MIN(shash_count(&s->problems), max);
        free(s->list);
        s->list = xmalloc((s->n_list + 1) * sizeof *s->list);
        for (size_t i = 0; i < s->n_list; i++) {
            const struct kube_problem *p = nodes[i]->data;
            s->list[i] = *p;
        }
        free(nodes);
        s->list_is_current = true;
    }
    *n = s->n_list;
    return s->list;
}

/* Objects. */

static void
count_warnings(struct kube_store *s, const struct k8s_report *report,
               const char *key)
{
    for (size_t i = 0; i < report->n_warnings; i++) {
        VLOG_DBG_RL(&rl, "%s: %s", key ? key : "object",
                    report->warnings[i].text);
    }
    s->n_warnings += report->n_warnings;
}

/* What is wrong with 'object', or NULL.  A cluster policy with a rule that is
 * not understood has no error: it says itself what to do then (C6). */
static const char *
get_problem(const struct k8s_object *object, const struct k8s_report *report)
{
    return (report->error ? report->error
            : !object || k8s_object_is_whole(object) ? NULL
            : report->n_warnings ? report->warnings[0].text
            : "some of it is not understood");
}

/* Takes 'object'. */
static void
put(struct kube_store *s, enum k8s_kind kind, const char *key, const char *uid,
    struct k8s_object *object, const struct k8s_report *report)
{
    const char *problem = get_problem(object, report);

    s->cluster_changed |= k8s_kind_is_cluster_policy(kind);
    if (!problem) {
        forget_problem(s, kind, key);
    } else if (remember_problem(s, kind, key, uid, problem,
                                report->error != NULL)) {
        k8s_object_destroy(object);
        object = NULL;
    }
    if (object) {
        model_put(s->model, object);
    }
}

/* The older kinds have no place for it. */
static void
note_condition(struct kube_store *s, enum k8s_kind kind, const char *key,
               const struct doc_node *node, const char *problem)
{
    if (kind == K8S_CLUSTER_POLICY) {
        kube_conditions_note(s->conditions, strchr(key, ' ') + 1, node,
                             problem);
    }
}

/* NULL if there is none. */
static const char *
get_uid(const struct doc_node *node)
{
    return kube_get_string(doc_node_get(node, "metadata"), "uid");
}

char *
kube_store_put(struct kube_store *s, enum k8s_kind kind,
               const struct doc_node *node, struct sset *seen)
{
    struct k8s_report report;
    char *error = NULL;
    char *key;

    struct k8s_object *object = k8s_parse(kind, node, s->pool, &s->limits,
                                          &report, &key);
    count_warnings(s, &report, key);
    if (key) {
        if (seen) {
            sset_add(seen, key);
        }
        note_condition(s, kind, key, node, get_problem(object, &report));
        put(s, kind, key, get_uid(node), object, &report);
        free(key);
    } else {
        k8s_object_destroy(object);
        error = nullable_xstrdup(report.error);
    }
    k8s_report_uninit(&report);
    return error;
}

static void
delete(struct kube_store *s, enum k8s_kind kind, const char *key)
{
    const char *ns, *name;
    char *copy = split_key(key, &ns, &name);

    s->cluster_changed |= k8s_kind_is_cluster_policy(kind);
    if (kind == K8S_CLUSTER_POLICY) {
        kube_conditions_forget(s->conditions, name);
    }
    forget_problem(s, kind, key);
    model_delete(s->model, kind, ns, name);
    free(copy);
}

char *
kube_store_delete(struct kube_store *s, enum k8s_kind kind,
                  const struct doc_node *node)
{
    struct k8s_report report;
    char *error = NULL;
    char *key;

    k8s_object_destroy(k8s_parse(kind, node, s->pool, &s->limits, &report,
                                 &key));
    if (key) {
        delete(s, kind, key);
        free(key);
    } else {
        error = nullable_xstrdup(report.error);
    }
    k8s_report_uninit(&report);
    return error;
}

/* Adds the keys of a kind that the model or the problems have to 'gone',
 * unless they are in 'seen'. */
static void
find_gone(const struct kube_store *s, enum k8s_kind kind,
          const struct sset *seen, struct sset *gone)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;
    const struct shash_node *node;

    while ((object = model_next(s->model, kind, &pos))) {
        char *key = k8s_object_key(object);

        if (!sset_contains(seen, key)) {
            sset_add(gone, key);
        }
        free(key);
    }
    SHASH_FOR_EACH (node, &s->problems) {
        size_t length = strcspn(node->name, " ");

        if (length == strlen(k8s_kind_name(kind))
            && !strncmp(node->name, k8s_kind_name(kind), length)
            && !sset_contains(seen, node->name)) {
            sset_add(gone, node->name);
        }
    }
}

bool
kube_store_is_empty(const struct kube_store *s, enum k8s_kind kind)
{
    struct sset nothing = SSET_INITIALIZER(&nothing);
    struct sset gone = SSET_INITIALIZER(&gone);
    bool empty = !model_count(s->model, kind);

    if (empty) {
        find_gone(s, kind, &nothing, &gone);
        empty = sset_is_empty(&gone);
    }
    sset_destroy(&gone);
    sset_destroy(&nothing);
    return empty;
}

size_t
kube_store_retain(struct kube_store *s, enum k8s_kind kind,
                  const struct sset *seen)
{
    struct sset gone = SSET_INITIALIZER(&gone);
    const char *key;

    find_gone(s, kind, seen, &gone);
    SSET_FOR_EACH (key, &gone) {
        delete(s, kind, key);
    }

    size_t n = sset_count(&gone);
    sset_destroy(&gone);
    return n;
}
