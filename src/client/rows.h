/* SPDX-License-Identifier: Apache-2.0
 *
 * rows: the pods, nodes and networks of a reach, as people call them.
 *
 * A row is a pod, an app or a namespace, nodes that policies do not tell
 * apart, or a network outside.  It has members of one or more classes
 * (reach.h), so what one row may do with another may differ from pod to pod.
 *
 * The app of a pod is its label app.kubernetes.io/name, app or k8s-app,
 * whichever it has first; without them it is an app of its own. */

#ifndef ROWS_H
#define ROWS_H 1

#include <stdbool.h>
#include <stddef.h>

#include "client.h"
#include "ptrs.h"

struct json;
struct k8s_pod;
struct model;
struct reach;
struct reach_class;
struct reach_services;

struct row_member {
    const struct reach_class *class;
    size_t n_pods;              /* Of this class in this row; 0: outside. */
};

struct row {
    char *name;                 /* "shop/web", "shop", "node n1",
                                 * "203.0.113.0/24". */
    const char *ns;             /* Its namespace, or NULL: outside. */
    bool aside;                 /* Not in the namespace that was asked for:
                                 * such rows are not asked about each other. */
    struct row_member *members;
    size_t n_members;
    size_t n_pods;
};

struct rows {
    const struct reach *reach;
    struct row *rows;           /* Sorted by name, outside last. */
    size_t n;
};

/* With 'ns', pods of other namespaces are rows by namespace, "ops/(all)". */
void rows_init(struct rows *, const struct reach *, enum client_grain,
               const char *ns);
void rows_uninit(struct rows *);

/* Asks 'model' what the options say: --port, --by (apps by default) and -n.
 * Complains and returns false if that makes no sense. */
bool rows_ask(struct rows *, struct reach **, const struct model *,
              const struct client_command *, const struct client_options *);

/* "shop/web": what app a pod is of (caller frees). */
char *rows_app_of(const struct k8s_pod *);

/* Appends to 'sets' the "struct reach_services" that pods of row 'from' may
 * use of those of row 'to', each once: none if there is nothing to ask, one if
 * that does not differ from pod to pod. */
void rows_cell(const struct rows *, size_t from, size_t to,
               struct ptrs *sets);
/* The number of pairs of different pods, or of a pod and a network. */
size_t rows_n_pairs(const struct rows *, size_t from, size_t to);

/* An array of name, namespace, pods, networks, nodes. */
struct json *rows_to_json(const struct rows *);
/* All sets of services that cells speak of, by index: an array of text,
 * services. */
struct json *rows_services_to_json(const struct reach *);

#endif /* rows.h */
