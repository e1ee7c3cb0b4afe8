/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "k8s.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "k8s-private.h"
#include "label.h"

/* Every namespace has this label with its name (S12). */
#define NAME_LABEL "kubernetes.io/metadata.name"

void
k8s_limits_default(struct k8s_limits *limits)
{
    *limits = (struct k8s_limits) {
        .max_rules = 5000,
        .max_peers = 20000,
        .max_ports = 5000,
        .max_excepts = 5000,
        .max_labels = 2000,
        .max_values = 5000,
        .max_addresses = 16,
        .max_containers = 500,
        .max_container_ports = 1000,
        .max_node_addresses = 100,
    };
}

/* Namespaces. */

/* A word that we do not know opens nothing. */
static enum k8s_enforcement
parse_enforcement(struct k8s_parser *p, const struct k8s_field *root)
{
    struct k8s_field metadata = k8s_field_member(root, "metadata");
    struct k8s_field annotations = k8s_field_member(&metadata, "annotations");
    struct k8s_field field = k8s_field_member(&annotations,
                                              K8S_ENFORCEMENT_ANNOTATION);
    enum k8s_enforcement enforcement = K8S_ENFORCEMENT_UNSET;

    if (field.node
        && (doc_node_type(field.node) != DOC_STRING
            || !k8s_enforcement_parse(doc_node_string(field.node),
                                      &enforcement))) {
        k8s_warn_text(p, &field, doc_node_text(field.node),
                      "is neither \"enforce\" nor \"audit\", enforcing");
        enforcement = K8S_ENFORCE;
    }
    return enforcement;
}

static struct k8s_object *
parse_namespace(struct k8s_parser *p, const struct k8s_field *root,
                const struct k8s_metadata *m)
{
    struct k8s_namespace *ns = xzalloc(sizeof *ns);
    size_t n = m->n_labels;
    struct label_pair *pairs = xmalloc((n + 1) * sizeof *pairs);

    if (n) {
        memcpy(pairs, m->labels, n * sizeof *pairs);
    }
    pairs[n] = (struct label_pair) {NAME_LABEL, m->name};

    ns->up.kind = K8S_NAMESPACE;
    ns->up.name = xstrdup(m->name);
    ns->labels = label_set_create(p->pool, pairs, n + 1);
    ns->enforcement = parse_enforcement(p, root);
    free(pairs);
    return &ns->up;
}

/* All kinds. */

static char *
format_key(enum k8s_kind kind, const char *ns, const char *name)
{
    return xasprintf("%s %s%s%s", k8s_kind_name(kind), ns ? ns : "",
                     ns ? "/" : "", name);
}

char *
k8s_object_key(const struct k8s_object *o)
{
    return format_key(o->kind, o->ns, o->name);
}

static struct k8s_object *
parse_kind(struct k8s_parser *p, enum k8s_kind kind,
           const struct k8s_field *root, const struct k8s_metadata *m)
{
    switch (kind) {
    case K8S_NAMESPACE:
        return parse_namespace(p, root, m);
    case K8S_POD:
        return k8s_pod_parse(p, root, m);
    case K8S_POLICY:
        return k8s_policy_parse(p, root, m);
    case K8S_NODE:
        return k8s_node_parse(p, root, m);
    case K8S_CLUSTER_POLICY:
    case K8S_ADMIN_POLICY:
    case K8S_BASELINE_POLICY:
        return k8s_cluster_policy_parse(p, kind, root, m);
    case K8S_N_KINDS:
        break;
    }
    OVS_NOT_REACHED();
}

struct k8s_object *
k8s_parse(enum k8s_kind kind, const struct doc_node *node,
          struct label_pool *pool, const struct k8s_limits *limits,
          struct k8s_report *report, char **key)
{
    struct k8s_parser p = { .pool = pool, .report = report };
    struct k8s_field root = k8s_field_root(node);
    struct k8s_object *object = NULL;
    struct k8s_metadata m;

    *key = NULL;
    memset(report, 0, sizeof *report);
    if (limits) {
        p.limits = *limits;
    } else {
        k8s_limits_default(&p.limits);
    }

    if (k8s_metadata_parse_key(&p, &root, kind, &m)) {
        *key = format_key(kind, m.ns, m.name);
        if (k8s_metadata_parse(&p, &root, &m)) {
            object = parse_kind(&p, kind, &root, &m);
        }
    }
    k8s_metadata_uninit(&m);
    return object;
}

void
k8s_object_destroy(struct k8s_object *object)
{
    if (!object) {
        return;
    }
    switch (object->kind) {
    case K8S_NAMESPACE:
        label_set_unref(k8s_namespace_cast(object)->labels);
        break;
    case K8S_POD:
        k8s_pod_uninit(k8s_pod_cast(object));
        break;
    case K8S_POLICY:
        k8s_policy_uninit(k8s_policy_cast(object));
        break;
    case K8S_NODE:
        k8s_node_uninit(k8s_node_cast(object));
        break;
    case K8S_CLUSTER_POLICY:
    case K8S_ADMIN_POLICY:
    case K8S_BASELINE_POLICY:
        k8s_cluster_policy_uninit(k8s_cluster_policy_cast(object));
        break;
    case K8S_N_KINDS:
        OVS_NOT_REACHED();
    }
    k8s_object_free(object);
}

static bool
namespaces_equal(const struct k8s_namespace *a, const struct k8s_namespace *b)
{
    return a->labels == b->labels && a->enforcement == b->enforcement;
}

bool
k8s_object_equals(const struct k8s_object *a, const struct k8s_object *b)
{
    switch (a->kind) {
    case K8S_NAMESPACE:
        return namespaces_equal(k8s_namespace_cast(a), k8s_namespace_cast(b));
    case K8S_POD:
        return k8s_pod_equals(k8s_pod_cast(a), k8s_pod_cast(b));
    case K8S_POLICY:
        return k8s_policy_equals(k8s_policy_cast(a), k8s_policy_cast(b));
    case K8S_NODE:
        return k8s_node_equals(k8s_node_cast(a), k8s_node_cast(b));
    case K8S_CLUSTER_POLICY:
    case K8S_ADMIN_POLICY:
    case K8S_BASELINE_POLICY:
        return k8s_cluster_policy_equals(k8s_cluster_policy_cast(a),
                                         k8s_cluster_policy_cast(b));
    case K8S_N_KINDS:
        break;
    }
    OVS_NOT_REACHED();
}

bool
k8s_object_is_whole(const struct k8s_object *o)
{
    return (o->kind == K8S_POLICY ? k8s_policy_is_whole(k8s_policy_cast(o))
            : k8s_kind_is_cluster_policy(o->kind)
            ? k8s_cluster_policy_is_whole(k8s_cluster_policy_cast(o))
            : true);
}
