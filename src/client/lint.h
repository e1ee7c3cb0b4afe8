/* SPDX-License-Identifier: Apache-2.0
 *
 * lint: policies that say something else than their authors think.
 *
 * A rule has a name, a severity and one function that looks at one policy; all
 * are in the table in lint.c, and docs/lint.md explains each.  Rules that ask
 * which pods there are stay silent where none are known, so that a folder of
 * policies alone can be checked, too.  Some mistakes can only be seen in what
 * was written, not in what it means: those rules look at documents. */

#ifndef LINT_H
#define LINT_H 1

#include <stdbool.h>
#include <stddef.h>

#include "k8s.h"
#include "openvswitch/compiler.h"
#include "ptrs.h"

struct doc_node;
struct model;
struct selector;

enum lint_severity {
    LINT_INFO,                  /* Perhaps meant so. */
    LINT_WARNING,               /* Probably not. */
    LINT_ERROR,                 /* Certainly not. */
    LINT_N_SEVERITIES
};
const char *lint_severity_name(enum lint_severity);     /* "warning" */

struct lint;

struct lint_rule {
    const char *name;           /* "selects-nobody" */
    enum lint_severity severity;
    const char *help;
    /* Call lint_find() for each mistake; none of them for what is found while
     * objects are read (lint-problem.c). */
    void (*check)(struct lint *, const struct k8s_policy *);
    void (*check_cluster)(struct lint *, const struct k8s_cluster_policy *);
    void (*check_document)(struct lint *, const struct doc_node *policy);
};
/* The table: array of '*n'. */
const struct lint_rule *lint_rules(size_t *n);

struct lint_finding {
    const struct lint_rule *rule;
    enum k8s_kind kind;         /* Of the policy, or of another object that
                                 * cannot be read; or K8S_N_KINDS, if it is
                                 * about a text. */
    char *ns, *name;            /* "" if unknown, or if it belongs to the
                                 * cluster. */
    char *place;                /* "FILE:LINE:COL", or "FILE", or "". */
    char *path;                 /* "spec.ingress[0].from[1]", or "". */
    char *message;
};

/* While policies are looked at. */
struct lint {
    const struct model *model;
    struct lint_finding *findings;
    size_t n_findings, allocated_findings;

    /* What is looked at now, and the pods that it selects. */
    const struct lint_rule *rule;
    enum k8s_kind kind;
    const char *ns, *name;
    const char *file;           /* With 'document', else NULL. */
    const struct doc_node *document;
    struct ptrs pods;           /* "struct k8s_pod", live. */
    bool knows_pods;            /* There are any in the model. */
};

void lint_init(struct lint *, const struct model *);
void lint_uninit(struct lint *);
/* Moves what 'from' found to 'to'; uninitialises 'from'. */
void lint_move(struct lint *from, struct lint *to);
/* Looks at all policies of the model. */
void lint_check_model(struct lint *);
/* Looks at what was written: all documents in 'text'. */
void lint_check_text(struct lint *, const char *name, const char *text,
                     size_t size);
/* Adds what is wrong with an object, or with a text if 'object' is NULL, as
 * the parser says it: 'message' may begin with a path. */
enum lint_problem {
    LINT_REFUSED,
    LINT_IGNORED,
    LINT_TWICE,
    LINT_N_PROBLEMS
};
void lint_add_problem(struct lint *, enum lint_problem, const char *place,
                      const char *object, const char *message);
/* Drops what else was found about objects that are not understood, and what
 * was found twice. */
void lint_drop_needless(struct lint *);
/* Drops findings of which 'drop' returns true. */
void lint_drop(struct lint *, bool (*drop)(const struct lint_finding *,
                                           const void *aux),
               const void *aux);

/* By severity, then namespace, name, kind, rule and path. */
void lint_sort(struct lint *);

/* For the rules.  'path' is taken over. */
void lint_find(struct lint *, char *path, const char *format, ...)
    OVS_PRINTF_FORMAT(3, 4);
/* That nobody is selected: "all pods in namespace shop: there are none".  'ns'
 * is that of the policy, NULL for one of the cluster. */
void lint_find_nobody(struct lint *, char *path, const struct k8s_peer *pods,
                      const char *ns);
/* "spec.ingress[2].from[1]"; with SIZE_MAX less of it (caller frees). */
char *lint_path(enum k8s_direction, size_t rule, const char *list, size_t i);
/* "from" or "to". */
const char *lint_peers_name(enum k8s_direction);
/* The number of live pods that 'peer' of a policy in 'ns' selects. */
size_t lint_count_peers(const struct lint *, const struct k8s_peer *,
                        const char *ns);
bool lint_peer_selects(const struct lint *, const struct k8s_peer *,
                       const char *ns, const struct k8s_pod *);
/* True if some destination of 'rule', of a policy in 'ns', has a port of
 * the name that 'port' has. */
bool lint_name_is_alive(const struct lint *, const char *ns,
                        enum k8s_direction, const struct k8s_rule *,
                        const struct k8s_port *);
/* True if 'a' selects all that 'b' does, because it asks for less; and if it
 * is about all that 'b' is about, for pods that may come, too.  Both are of
 * policies of one namespace, or of the cluster. */
bool lint_selector_is_broader(const struct selector *a,
                              const struct selector *b);
bool lint_rule_is_broader(const struct k8s_rule *a, const struct k8s_rule *b);
/* True if one of its peers, or ports, is; NULL is everybody, everything. */
bool lint_rule_has_peer(const struct k8s_rule *, const struct k8s_peer *);
bool lint_rule_has_port(const struct k8s_rule *, const struct k8s_port *);
bool lint_subject_is_broader(const struct k8s_cluster_policy *a,
                             const struct k8s_cluster_policy *b);

/* The rules. */
typedef void lint_check(struct lint *, const struct k8s_policy *);
lint_check lint_selects_nobody;         /* lint-select.c */
lint_check lint_peer_selects_nobody;
lint_check lint_selects_host_network;
lint_check lint_block_contains_pods;
lint_check lint_either_or;
lint_check lint_dead_named_port;        /* lint-port.c */
lint_check lint_undeclared_port;
lint_check lint_egress_without_dns;
lint_check lint_allows_everything;
lint_check lint_duplicate;              /* lint-cover.c */
lint_check lint_shadowed;
typedef void lint_check_cluster(struct lint *,
                                const struct k8s_cluster_policy *);
lint_check_cluster lint_subject_nobody;         /* lint-cluster.c */
lint_check_cluster lint_equal_priority;
lint_check_cluster lint_unreached_rule;
lint_check_cluster lint_dead_cluster_port;
lint_check_cluster lint_deprecated_kind;
/* lint-document.c */
void lint_empty_list(struct lint *, const struct doc_node *policy);
void lint_ignored_section(struct lint *, const struct doc_node *policy);
void lint_missing_selector(struct lint *, const struct doc_node *policy);

#endif /* lint.h */
