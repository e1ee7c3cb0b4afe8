/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the kube module share.
 *
 * kube.c       the whole: order, status, barrier
 * kube-check.c is this the server that we knew?
 * kube-kind.c  one kind of objects: when to list and when to watch
 * kube-optional.c  kinds that the cluster may lack
 * kube-list.c  lists, in pages
 * kube-watch.c watches
 * kube-reply.c what replies say that are not what was asked for
 * kube-store.c objects into the model
 * kube-condition.c  what is wrong with cluster policies, into their status
 * kube-events.c  what is wrong with objects, back to the API server
 * kube-event.c  one Event: its record, its JSON
 * kube-http.c  requests
 *
 * split.c of the core takes lists apart. */

#ifndef KUBE_PRIVATE_H
#define KUBE_PRIVATE_H 1

#include "histogram.h"
#include "kube.h"
#include "kube-condition.h"
#include "kube-events.h"
#include "kube-http.h"
#include "kube-store.h"
#include "split.h"
#include "sset.h"

struct doc;
struct doc_node;

/* When to try again. */
struct kube_retry {
    unsigned int n_failures;    /* In a row. */
    long long int at;           /* By time_msec(). */
};

enum kube_state {
    KUBE_WAITING,               /* For the next attempt. */
    KUBE_LISTING,
    KUBE_WATCHING,
};

/* Why the cluster's list of an optional kind is taken for empty. */
enum kube_missing {
    KUBE_PRESENT,
    KUBE_ABSENT,                /* The cluster does not know the kind. */
    KUBE_FORBIDDEN,             /* We may not list it. */
};

/* One kind of objects. */
struct kube_kind {
    struct kube *kube;
    enum k8s_kind kind;
    bool wanted;                /* Somebody needs these objects. */
    enum kube_missing missing;
    long long int absent_since; /* The first time in a row that the cluster did
                                 * not know the kind, or 0. */
    enum kube_state state;
    struct kube_request *request;       /* NULL if waiting. */
    struct kube_retry retry;
    char *error;                /* Why there is no watch, or NULL. */

    bool synced;                /* A list was complete. */
    bool must_list;             /* 'version' is of no use. */
    char *version;              /* resourceVersion to watch from. */

    /* The list that is under way. */
    struct split split;
    bool retains;               /* Something was there that may be gone. */
    struct sset seen;           /* If so, the keys of all objects in it. */
    char *next;                 /* "continue" of the next page. */
    unsigned int page_size;
    bool has_unreadable;
    uint64_t ticket;            /* Tickets that it, or the last one, is good
                                 * for. */

    uint64_t done_ticket;       /* Tickets up to this one are served. */
    bool established;           /* The watch was accepted. */
    long long int watch_start, watch_length;    /* Milliseconds. */
    uint64_t n_lists, n_watches, n_events;
};

struct kube {
    struct kubeconfig *config;
    struct kube_timing timing;
    struct kube_http *http;
    struct kube_store store;
    struct kube_events events;
    struct kube_conditions conditions;
    struct kube_kind kinds[KUBE_N_KINDS];
    uint64_t ticket;            /* The last one asked for. */
    long long int last_start;   /* Of any request. */
    char *summary;              /* What kube_error() returned. */
    struct histogram watch_delay;

    /* The check. */
    bool checked;               /* The server was looked at since the last
                                 * trouble. */
    bool known;                 /* It was ever checked. */
    long long int trouble;      /* When the trouble began. */
    struct kube_request *check;
    struct kube_retry check_retry;
    char *check_error;
    char *cluster;              /* Uid of its kube-system, or NULL. */
    uint64_t n_checks;
};

/* kube.c. */
struct kube_request *kube_get(struct kube *, const struct kube_get *);
void kube_retry_later(const struct kube *, struct kube_retry *,
                      unsigned int retry_after);
void kube_retry_reset(struct kube_retry *);
/* The server has to be checked before anything else is asked. */
void kube_suspect(struct kube *);
/* Gives up all requests and connections. */
void kube_reset(struct kube *);
/* Replaces '*old' by 'new' (which may be NULL) and says so in the log if they
 * differ.  Takes 'new'. */
void kube_set_error(char **old, char *new, const char *what);

/* kube-check.c. */
void kube_check_run(struct kube *);
void kube_check_cancel(struct kube *);

/* kube-kind.c. */
void kube_kind_init(struct kube_kind *, struct kube *, enum k8s_kind);
void kube_kind_uninit(struct kube_kind *);
void kube_kind_run(struct kube_kind *);
void kube_kind_wait(const struct kube_kind *);
/* Gives up the request under way. */
void kube_kind_cancel(struct kube_kind *);
/* The request failed: 'error' (taken) is why, or NULL if that needs no
 * words. */
void kube_kind_fail(struct kube_kind *, char *error);
/* "/api/v1/pods", "pods". */
const char *kube_kind_path(const struct kube_kind *);
const char *kube_kind_name(const struct kube_kind *);

/* kube-optional.c. */
/* True if enforcement goes on without this kind. */
bool kube_optional(const struct kube_kind *);
/* Finds out anew which kinds are wanted, if policies changed. */
void kube_optional_update(struct kube *);
/* The server refused a list with 'code' and the message 'error'.  Returns true
 * (and takes 'error') if that may be so, or is about to be. */
bool kube_optional_refused(struct kube_kind *, unsigned int code, char *error);
/* The server has the kind, we may list it. */
void kube_optional_found(struct kube_kind *);

/* kube-list.c, kube-watch.c. */
void kube_list_start(struct kube_kind *);
void kube_list_run(struct kube_kind *);
void kube_watch_start(struct kube_kind *);
void kube_watch_run(struct kube_kind *);

/* kube-reply.c. */
/* Like doc_parse_json(), but gets along with characters that JSON parsers
 * refuse and an API server lets through; nothing that we use has such. */
char *kube_parse(const char *text, size_t size, struct doc **)
    OVS_WARN_UNUSED_RESULT;
/* The string member 'key' of 'map', or NULL. */
const char *kube_get_string(const struct doc_node *map, const char *key);
/* The HTTP code and the message of a Status object, for people (caller
 * frees). */
char *kube_describe_status(const struct doc_node *status, unsigned int code);
/* NULL if 'request' goes well so far, else what is wrong (caller frees).  A
 * failure is only known when it is done. */
char *kube_request_problem(const struct kube_request *);
/* Appends 's' as it stands in the value of a query. */
void kube_put_escaped(struct ds *, const char *s);

#endif /* kube-private.h */
