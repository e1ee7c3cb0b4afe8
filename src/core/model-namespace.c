/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include <stdlib.h>

#include "label.h"
#include "model-private.h"

static struct model_space *
find_space(const struct model *m, const char *name)
{
    struct model_space *s;

    HMAP_FOR_EACH_WITH_HASH (s, node, hash_string(name, 0), &m->spaces) {
        if (!strcmp(s->name, name)) {
            return s;
        }
    }
    return NULL;
}

struct label_set *
model_default_labels(struct model *m, const char *name)
{
    struct label_pair pair = { "kubernetes.io/metadata.name", name };

    return label_set_create(m->pool, &pair, 1);
}

void
model_use_space(struct model *m, const char *name)
{
    struct model_space *s = find_space(m, name);

    if (!s) {
        s = xzalloc(sizeof *s);
        s->name = xstrdup(name);
        s->labels = model_default_labels(m, name);
        hmap_insert(&m->spaces, &s->node, hash_string(name, 0));
    }
    s->n_users++;
}

void
model_unuse_space(struct model *m, const char *name)
{
    struct model_space *s = find_space(m, name);

    if (!--s->n_users) {
        hmap_remove(&m->spaces, &s->node);
        label_set_unref(s->labels);
        ptrs_uninit(&s->policies);
        free(s->name);
        free(s);
    }
}

void
model_set_space(struct model *m, const char *name, struct label_set *labels,
                enum k8s_enforcement enforcement)
{
    struct model_space *s = find_space(m, name);

    if (s->labels != labels || s->enforcement != enforcement) {
        label_set_unref(s->labels);
        s->labels = labels;
        s->enforcement = enforcement;
        model_note_change(m, MODEL_NAMESPACE, name, NULL);
    } else {
        label_set_unref(labels);
    }
}

bool
model_set_audit(struct model *m, bool audit)
{
    struct model_space *s;

    if (m->audit == audit) {
        return false;
    }
    m->audit = audit;
    HMAP_FOR_EACH (s, node, &m->spaces) {
        if (s->enforcement == K8S_ENFORCEMENT_UNSET) {
            model_note_change(m, MODEL_NAMESPACE, s->name, NULL);
        }
    }
    return true;
}

bool
model_audit(const struct model *m)
{
    return m->audit;
}

bool
model_namespace_is_audited(const struct model *m, const char *ns)
{
    const struct model_space *s = find_space(m, ns);

    return (s && s->enforcement != K8S_ENFORCEMENT_UNSET
            ? s->enforcement == K8S_AUDIT : m->audit);
}

const struct label_set *
model_namespace_labels(const struct model *m, const char *ns)
{
    const struct model_space *s = find_space(m, ns);

    return s ? s->labels : NULL;
}

void
model_add_policy(struct model *m, const struct k8s_policy *policy)
{
    ptrs_add(&find_space(m, policy->up.ns)->policies, policy);
}

void
model_remove_policy(struct model *m, const struct k8s_policy *policy)
{
    ptrs_remove(&find_space(m, policy->up.ns)->policies, policy);
}

const struct k8s_policy *const *
model_namespace_policies(const struct model *m, const char *ns, size_t *n)
{
    const struct model_space *s = find_space(m, ns);

    *n = s ? s->policies.n : 0;
    return s ? (const struct k8s_policy *const *) s->policies.p : NULL;
}

/* Refused policies. */

void
model_set_refused(struct model *m, const struct sset *names)
{
    if (!sset_equals(&m->refused, names)) {
        sset_destroy(&m->refused);
        sset_clone(&m->refused, names);
    }
}

const struct sset *
model_refused(const struct model *m)
{
    return &m->refused;
}

bool
model_is_refused(const struct model *m, const struct k8s_policy *policy)
{
    bool refused = false;

    if (!sset_is_empty(&m->refused)) {
        char *name = xasprintf("%s/%s", policy->up.ns, policy->up.name);

        refused = sset_contains(&m->refused, name);
        free(name);
    }
    return refused;
}
