/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "lint.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "k8s.h"
#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* docs/lint.md has a section for each, in this order. */
static const struct lint_rule rules[] = {
    { .name = "refused", .severity = LINT_ERROR,
      .help = "it, or some of it, is not understood or not in force" },
    { .name = "ignored-field", .severity = LINT_WARNING,
      .help = "a field or a value that is left out of account" },
    { .name = "defined-twice", .severity = LINT_WARNING,
      .help = "another file has an object of this name, too" },
    { .name = "selects-nobody", .severity = LINT_WARNING,
      .help = "the policy selects no pod",
      .check = lint_selects_nobody, .check_cluster = lint_subject_nobody },
    { .name = "peer-selects-nobody", .severity = LINT_WARNING,
      .help = "an item of from or to selects no pod",
      .check = lint_peer_selects_nobody },
    { .name = "dead-named-port", .severity = LINT_ERROR,
      .help = "no pod that it is about has a port of this name",
      .check = lint_dead_named_port,
      .check_cluster = lint_dead_cluster_port },
    { .name = "undeclared-port", .severity = LINT_INFO,
      .help = "no container that names its ports has this port",
      .check = lint_undeclared_port },
    { .name = "block-contains-pods", .severity = LINT_WARNING,
      .help = "an ipBlock contains addresses of pods",
      .check = lint_block_contains_pods },
    { .name = "egress-without-dns", .severity = LINT_WARNING,
      .help = "pods may connect to others, but not ask for their names",
      .check = lint_egress_without_dns },
    { .name = "selects-host-network", .severity = LINT_WARNING,
      .help = "the policy selects hostNetwork pods, on which it has no effect",
      .check = lint_selects_host_network },
    { .name = "empty-list", .severity = LINT_WARNING,
      .help = "an empty list of peers or ports, which means all of them",
      .check_document = lint_empty_list },
    { .name = "ignored-section", .severity = LINT_WARNING,
      .help = "rules for a direction that policyTypes leaves out",
      .check_document = lint_ignored_section },
    { .name = "missing-selector", .severity = LINT_INFO,
      .help = "no podSelector, which selects all pods of the namespace",
      .check_document = lint_missing_selector },
    { .name = "either-or", .severity = LINT_INFO,
      .help = "a namespaceSelector and a podSelector as two items, which are "
              "alternatives",
      .check = lint_either_or },
    { .name = "allows-everything", .severity = LINT_INFO,
      .help = "a rule that allows everything to everybody",
      .check = lint_allows_everything },
    { .name = "duplicate", .severity = LINT_WARNING,
      .help = "another policy says exactly the same",
      .check = lint_duplicate },
    { .name = "shadowed", .severity = LINT_INFO,
      .help = "another policy allows all of this, and more",
      .check = lint_shadowed },
    { .name = "equal-priority", .severity = LINT_WARNING,
      .help = "another cluster policy of the tier has the same priority",
      .check_cluster = lint_equal_priority },
    { .name = "unreached-rule", .severity = LINT_WARNING,
      .help = "an earlier rule of the cluster policy decides all of this",
      .check_cluster = lint_unreached_rule },
    { .name = "deprecated-kind", .severity = LINT_INFO,
      .help = "a cluster policy of a kind that ClusterNetworkPolicy replaced",
      .check_cluster = lint_deprecated_kind },
};

const struct lint_rule *
lint_rules(size_t *n)
{
    *n = ARRAY_SIZE(rules);
    return rules;
}

const char *
lint_severity_name(enum lint_severity severity)
{
    static const char *const names[] = {
        [LINT_INFO] = "info",
        [LINT_WARNING] = "warning",
        [LINT_ERROR] = "error",
    };

    return names[severity];
}

void
lint_init(struct lint *lint, const struct model *model)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;

    memset(lint, 0, sizeof *lint);
    lint->model = model;
    while ((object = model_next(model, K8S_POD, &pos))) {
        lint->knows_pods |= model_pod_is_live(k8s_pod_cast(object));
    }
}

static void
finding_uninit(struct lint_finding *f)
{
    free(f->ns);
    free(f->name);
    free(f->place);
    free(f->path);
    free(f->message);
}

void
lint_uninit(struct lint *lint)
{
    for (size_t i = 0; i < lint->n_findings; i++) {
        finding_uninit(&lint->findings[i]);
    }
    free(lint->findings);
    ptrs_uninit(&lint->pods);
}

static struct lint_finding *
add_finding(struct lint *lint)
{
    if (lint->n_findings >= lint->allocated_findings) {
        lint->findings = x2nrealloc(lint->findings, &lint->allocated_findings,
                                    sizeof *lint->findings);
    }
    return &lint->findings[lint->n_findings++];
}

void
lint_move(struct lint *from, struct lint *to)
{
    for (size_t i = 0; i < from->n_findings; i++) {
        *add_finding(to) = from->findings[i];
    }
    from->n_findings = 0;
    lint_uninit(from);
}

void
lint_drop(struct lint *lint,
          bool (*drop)(const struct lint_finding *, const void *aux),
          const void *aux)
{
    size_t n = 0;

    for (size_t i = 0; i < lint->n_findings; i++) {
        if (drop(&lint->findings[i], aux)) {
            finding_uninit(&lint->findings[i]);
        } else {
            lint->findings[n++] = lint->findings[i];
        }
    }
    lint->n_findings = n;
}

/* Where in the text that is looked at 'path' is. */
static char *
format_place(const struct lint *lint, const char *path)
{
    unsigned int line = 0, column = 0;

    if (!lint->document) {
        return xstrdup("");
    }
    doc_node_place(doc_node_find(lint->document, path), &line, &column);
    return (line ? xasprintf("%s:%u:%u", lint->file, line, column)
            : xstrdup(lint->file));
}

void
lint_find(struct lint *lint, char *path, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    *add_finding(lint) = (struct lint_finding) {
        .rule = lint->rule,
        .kind = lint->kind,
        .ns = xstrdup(lint->ns),
        .name = xstrdup(lint->name),
        .place = format_place(lint, path),
        .path = path,
        .message = xvasprintf(format, args),
    };
    va_end(args);
}

const char *
lint_peers_name(enum k8s_direction direction)
{
    return direction == K8S_EGRESS ? "to" : "from";
}

char *
lint_path(enum k8s_direction direction, size_t rule, const char *list,
          size_t i)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    ds_put_format(&s, "spec.%s[%"PRIuSIZE"]", k8s_direction_name(direction),
                  rule);
    if (list) {
        ds_put_format(&s, ".%s[%"PRIuSIZE"]", list, i);
    }
    return ds_steal_cstr(&s);
}

bool
lint_peer_selects(const struct lint *lint, const struct k8s_peer *peer,
                  const char *ns, const struct k8s_pod *pod)
{
    return (!peer->block && !peer->nodes
            && (peer->namespaces
                ? selector_matches(peer->namespaces,
                                   model_namespace_labels(lint->model,
                                                          pod->up.ns))
                : !strcmp(ns, pod->up.ns))
            && selector_matches(peer->pods, pod->labels));
}

size_t
lint_count_peers(const struct lint *lint, const struct k8s_peer *peer,
                 const char *ns)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;
    size_t n = 0;

    while ((object = model_next(lint->model, K8S_POD, &pos))) {
        const struct k8s_pod *pod = k8s_pod_cast(object);

        n += (model_pod_is_live(pod)
              && lint_peer_selects(lint, peer, ns, pod));
    }
    return n;
}

/* The live pods that 'policy' selects. */
static void
find_pods(struct lint *lint, const struct k8s_policy *policy)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;

    lint->pods.n = 0;
    while ((object = model_next(lint->model, K8S_POD, &pos))) {
        const struct k8s_pod *pod = k8s_pod_cast(object);

        if (model_pod_is_live(pod) && !strcmp(pod->up.ns, policy->up.ns)
            && selector_matches(policy->pods, pod->labels)) {
            ptrs_add(&lint->pods, pod);
        }
    }
}

static void
check_policies(struct lint *lint)
{
    size_t n;
    const struct k8s_object **policies = model_sorted(lint->model, K8S_POLICY,
                                                      &n);

    for (size_t i = 0; i < n; i++) {
        const struct k8s_policy *policy = k8s_policy_cast(policies[i]);

        lint->kind = K8S_POLICY;
        lint->ns = policy->up.ns;
        lint->name = policy->up.name;
        find_pods(lint, policy);
        for (size_t j = 0; j < ARRAY_SIZE(rules); j++) {
            if (rules[j].check) {
                lint->rule = &rules[j];
                rules[j].check(lint, policy);
            }
        }
    }
    free(policies);
}

/* The live pods that are subject to 'policy'. */
static void
find_subject(struct lint *lint, const struct k8s_cluster_policy *policy)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;

    lint->pods.n = 0;
    while ((object = model_next(lint->model, K8S_POD, &pos))) {
        const struct k8s_pod *pod = k8s_pod_cast(object);

        if (model_pod_is_subject(lint->model, policy, pod)) {
            ptrs_add(&lint->pods, pod);
        }
    }
}

static void
check_cluster_policies(struct lint *lint, enum k8s_kind kind)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;

    while ((object = model_next(lint->model, kind, &pos))) {
        const struct k8s_cluster_policy *policy
            = k8s_cluster_policy_cast(object);

        lint->kind = kind;
        lint->ns = "";
        lint->name = policy->up.name;
        find_subject(lint, policy);
        for (size_t j = 0; j < ARRAY_SIZE(rules); j++) {
            if (rules[j].check_cluster) {
                lint->rule = &rules[j];
                rules[j].check_cluster(lint, policy);
            }
        }
    }
}

void
lint_check_model(struct lint *lint)
{
    check_policies(lint);
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        if (k8s_kind_is_cluster_policy(kind)) {
            check_cluster_policies(lint, kind);
        }
    }
}

/* Documents. */

static const char *
string_at(const struct doc_node *node, const char *key)
{
    const struct doc_node *member = doc_node_get(node, key);

    return (member && doc_node_type(member) == DOC_STRING
            ? doc_node_string(member) : NULL);
}

/* Looks at a document, or at the items of a list; depth is that of the
 * document. */
static void
check_node(struct lint *lint, const struct doc_node *node,
           const struct doc_node *list)
{
    const struct doc_node *metadata = doc_node_get(node, "metadata");
    const struct doc_node *items = doc_node_get(node, "items");
    enum k8s_kind kind;

    if (doc_node_type(node) == DOC_MAP && k8s_is_list(node)) {
        for (size_t i = 0; items && doc_node_type(items) == DOC_LIST
                           && i < doc_node_count(items); i++) {
            check_node(lint, doc_node_at(items, i), node);
        }
    } else if (doc_node_type(node) == DOC_MAP
               && k8s_identify(node, list, &kind) && kind == K8S_POLICY) {
        const char *ns = string_at(metadata, "namespace");
        const char *name = string_at(metadata, "name");

        lint->kind = kind;
        lint->ns = ns ? ns : "default";
        lint->name = name ? name : "";
        lint->document = node;
        for (size_t j = 0; j < ARRAY_SIZE(rules); j++) {
            if (rules[j].check_document) {
                lint->rule = &rules[j];
                rules[j].check_document(lint, node);
            }
        }
        lint->document = NULL;
    }
}

void
lint_check_text(struct lint *lint, const char *name, const char *text,
                size_t size)
{
    struct doc **docs = NULL;
    struct doc *json = NULL;
    size_t n = 0;

    lint->file = name;
    if (string_ends_with(name, ".json")) {
        free(doc_parse_json(text, size, NULL, &json));
        if (json) {
            check_node(lint, doc_root(json), NULL);
            doc_destroy(json);
        }
        return;
    }
    free(doc_parse_yaml(text, size, NULL, &docs, &n));
    for (size_t i = 0; i < n; i++) {
        check_node(lint, doc_root(docs[i]), NULL);
        doc_destroy(docs[i]);
    }
    free(docs);
}

/* Order. */

static int
compare_findings(const void *a_, const void *b_)
{
    const struct lint_finding *a = a_, *b = b_;
    int cmp = (int) b->rule->severity - (int) a->rule->severity;

    cmp = cmp ? cmp : strcmp(a->ns, b->ns);
    cmp = cmp ? cmp : strcmp(a->name, b->name);
    cmp = cmp ? cmp : (int) a->kind - (int) b->kind;
    cmp = cmp ? cmp : (a->rule > b->rule) - (a->rule < b->rule);
    cmp = cmp ? cmp : strcmp(a->path, b->path);
    cmp = cmp ? cmp : strcmp(a->place, b->place);
    return cmp ? cmp : strcmp(a->message, b->message);
}

void
lint_sort(struct lint *lint)
{
    if (lint->n_findings) {
        qsort(lint->findings, lint->n_findings, sizeof *lint->findings,
              compare_findings);
    }
}
