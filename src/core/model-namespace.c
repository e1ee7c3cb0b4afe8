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
        free(s->name);
        free(s);
    }
}

void
model_set_space_labels(struct model *m, const char *name,
                       struct label_set *labels)
{
    struct model_space *s = find_space(m, name);

    if (s->labels != labels) {
        label_set_unref(s->labels);
        s->labels = labels;
        model_note_change(m, MODEL_NAMESPACE, name, NULL);
    } else {
        label_set_unref(labels);
    }
}

const struct label_set *
model_namespace_labels(const struct model *m, const char *ns)
{
    const struct model_space *s = find_space(m, ns);

    return s ? s->labels : NULL;
}
