/* SPDX-License-Identifier: Apache-2.0
 *
 * dossier: everything about one pod or one policy. */

#ifndef DOSSIER_H
#define DOSSIER_H 1

#include <stdbool.h>
#include <stddef.h>

#include "k8s.h"
#include "objects.h"

struct client_command;
struct client_options;
struct ds;
struct json;

struct dossier {
    struct objects objects;
    struct compile *compile;
    bool live;                  /* From the daemon, */
    struct json *status;        /* which said this; each may be NULL. */
    struct json *counters;
    struct json *drops;
};

/* Gets the objects, compiles them, and asks the daemon for the rest unless it
 * is to work offline.  On errors complains and returns false; uninitialise it
 * either way. */
bool dossier_init(struct dossier *, const struct client_command *,
                  const struct client_options *);
void dossier_uninit(struct dossier *);

/* The object that the word "NS/NAME" names, or NULL after complaining. */
const struct k8s_object *dossier_find(const struct dossier *,
                                      const struct client_command *,
                                      enum k8s_kind, const char *word);

/* What is wrong with the object "KIND NS/NAME", as the daemon says: facts, and
 * the same as a JSON array; empty if nothing is. */
struct json *dossier_put_problems(const struct dossier *, const char *key,
                                  struct ds *text);
/* Facts about it, and the same as JSON. */
struct json *dossier_describe_cluster(const struct dossier *,
                                      const struct k8s_cluster_policy *,
                                      struct ds *text);

/* What the daemon counted of a policy: facts, and its entry in the daemon's
 * counters; null if there is none. */
struct json *dossier_put_counters(const struct dossier *,
                                  const struct k8s_object *policy,
                                  struct ds *text);

/* Prints one or the other, as the options want it. */
void dossier_print(const struct json *, const char *text,
                   const struct client_options *);

/* "from pods app=web of namespace shop, ports TCP/80" */
void dossier_format_rule(const struct k8s_rule *, const char *ns,
                         enum k8s_direction, struct ds *);
/* Rule 'i' of a policy: "NS/NAME ingress[0]: from ..." */
void dossier_format_policy_rule(const struct k8s_policy *, enum k8s_direction,
                                size_t i, struct ds *);

/* True if 'peer' of a policy in 'ns' selects 'pod' now.  Its labels are
 * looked at, or its addresses. */
bool dossier_is_peer(const struct model *, const struct k8s_peer *,
                     const char *ns, const struct k8s_pod *pod);

/* One record of `drops` as a line. */
void dossier_format_drop(const struct json *record, struct ds *);
/* True if it is about that pod, or blames that policy. */
bool dossier_drop_has_pod(const struct json *record, const char *ns,
                          const char *name);
bool dossier_drop_has_policy(const struct json *record, const char *ns,
                             const char *name);

typedef bool dossier_drop_filter(const struct json *record, const char *ns,
                                 const char *name);
/* The last few records of which 'filter' is true: JSON, and facts. */
struct json *dossier_drops(const struct dossier *, dossier_drop_filter *,
                           const char *ns, const char *name);
void dossier_format_drops(const struct json *drops, struct ds *);

#endif /* dossier.h */
