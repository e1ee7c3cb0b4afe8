/* SPDX-License-Identifier: Apache-2.0
 *
 * kube: the Kubernetes API as a source of objects.
 *
 * Lists Namespaces, Pods, NetworkPolicies and cluster policies in pages and
 * then watches them, and keeps a model equal to what the API server says.
 * Nothing blocks.
 *
 * The kinds of cluster policies are optional: a cluster that does not have
 * them, or does not let us read them, is one without such policies.  It is
 * asked again, every half a minute in the end.  Nodes are followed as long as
 * some policy has them as peers, as they are large and change often.
 *
 * What cannot be read never undoes what is in force: while the API server is
 * away the model stays as it is; an object that does not parse keeps its last
 * good version, or isolates its pods and grants nothing (see k8s_parse()), and
 * is a problem until it changes.  Only a complete list says that objects are
 * gone.
 *
 * What is wrong with an object goes back to the API server as an Event on it,
 * see kube-events.h, and with a ClusterNetworkPolicy as a condition in its
 * status, see kube-condition.h.
 *
 * After each loss of the connection the server is looked at before it is
 * believed: is it the same cluster, and has its history not gone backwards?
 * docs/design/0002-what-an-api-server-may-say.md has the reasons. */

#ifndef KUBE_H
#define KUBE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "k8s.h"

struct histogram;
struct kube;
struct kubeconfig;
struct label_pool;
struct model;

/* Times, in milliseconds. */
struct kube_timing {
    unsigned int min_backoff, max_backoff;      /* Between attempts. */
    unsigned int watch;         /* How long a watch lasts; at random up to
                                 * twice as long. */
    unsigned int silence;       /* When a server that says nothing is taken for
                                 * gone. */
    unsigned int away;          /* After being without the server for this
                                 * long, everything is listed again. */
    unsigned int absent;        /* How long a server must not know a kind, of
                                 * which there were objects, to be believed. */
};
void kube_timing_default(struct kube_timing *);

/* 'pool' and 'model' are borrowed and must outlive the kube, which takes
 * 'config'.  'timing' NULL means the defaults. */
struct kube *kube_create(struct kubeconfig *config, const struct kube_timing *,
                         struct label_pool *pool, struct model *model);
/* To be called first of all: the model has what an earlier run read.  What the
 * cluster does not have goes away with the lists, as always; a policy with
 * rules that match nothing is not a good version. */
void kube_adopt(struct kube *);
void kube_destroy(struct kube *);
void kube_run(struct kube *);
void kube_wait(struct kube *);

/* Who says what Events say: the name of the node, or NULL. */
void kube_set_instance(struct kube *, const char *instance);

/* An Event on an object that is not enforced as it is written, for another
 * reason than that it cannot be read; and that it is over.  'ns' is NULL for
 * what is in no namespace.  'reason' is one word. */
void kube_report(struct kube *, enum k8s_kind, const char *ns,
                 const char *name, const char *reason, const char *message);
void kube_report_end(struct kube *, enum k8s_kind, const char *ns,
                     const char *name, const char *reason);

/* True once the lists of all kinds were complete that the cluster has and that
 * are needed. */
bool kube_is_synced(const struct kube *);

/* NULL if the model follows the cluster now, or why not, for people.  Owned by
 * 'kube', until the next run. */
const char *kube_error(const struct kube *);

/* The barrier: everything that was in the cluster at the time of
 * kube_sync_begin() is in the model when kube_sync_is_done() says so.  The
 * caller numbers the tickets, each higher than those before. */
void kube_sync_begin(struct kube *, uint64_t ticket);
bool kube_sync_is_done(const struct kube *, uint64_t ticket);

/* The kinds that are followed: all. */
#define KUBE_N_KINDS K8S_N_KINDS

struct kube_problem {
    char *object;               /* "NetworkPolicy NS/NAME". */
    char *message;              /* "spec…: …". */
    bool kept;                  /* The last good version is in force. */
};
/* Current problems, sorted, borrowed until the next run.  At most a thousand;
 * kube_status.n_problems counts all. */
const struct kube_problem *kube_problems(struct kube *, size_t *n);
/* "OBJECT: message" (caller frees). */
char *kube_problem_format(const struct kube_problem *);

/* Strings are owned by the kube. */
struct kube_status {
    const char *server;         /* URL. */
    const char *origin;         /* Where that is from. */
    size_t n_problems;
    size_t n_warnings;
    uint64_t n_checks;          /* Of the server, see above. */
    uint64_t n_events_sent;     /* Events that the server took, */
    uint64_t n_events_failed;   /* did not take, */
    uint64_t n_events_dropped;  /* was not asked to, as they were too many. */
    const struct histogram *watch_delay;        /* From the creation of an
                                                 * object to its event. */
    const char *events_error;   /* The last failure, if none went well since;
                                 * else NULL. */
    uint64_t n_conditions_written, n_conditions_failed;
    const char *conditions_error;       /* As above. */
    struct kube_kind_status {
        const char *name;       /* "networkpolicies" */
        const char *state;      /* "listing", "watching" or "waiting";
                                 * "absent", "forbidden" or "not needed". */
        const char *error;      /* The last one, if it still matters. */
        bool synced;
        uint64_t n_lists, n_watches, n_events;
    } kinds[KUBE_N_KINDS];
};
void kube_get_status(const struct kube *, struct kube_status *);

#endif /* kube.h */
