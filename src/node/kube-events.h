/* SPDX-License-Identifier: Apache-2.0
 *
 * kube-events: Events on objects that are not enforced as they are written,
 * for `kubectl get events`.
 *
 * Part of the kube module.  Occurrences with the same object, reason and
 * message are one record and one Event with a count.  Its name depends on just
 * these, so that a restarted daemon, and the daemons of all nodes that say the
 * same, speak of one Event: the API server tells whoever comes second that it
 * exists, and that is all right.  As long as the trouble lasts the Event is
 * asked for again from time to time, since API servers forget Events after an
 * hour.
 *
 * Nobody waits for Events: they go out one at a time, slowly, only while all
 * else is well, and what cannot be sent is counted, logged once and
 * forgotten. */

#ifndef KUBE_EVENTS_H
#define KUBE_EVENTS_H 1

#include <stdbool.h>
#include <stdint.h>

#include "k8s.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"

#include "kube-event.h"

struct kube;
struct kube_request;

/* Bounds: records; Events in a row, and milliseconds between them afterwards;
 * attempts. */
#define KUBE_EVENTS_MAX 256
#define KUBE_EVENTS_BURST 20
#define KUBE_EVENTS_MSEC 2000
#define KUBE_EVENTS_MAX_ATTEMPTS 5

struct kube_events {
    char *instance;             /* Who says it: the node, or NULL. */
    struct hmap records;        /* "struct kube_event_record". */
    struct ovs_list idle;       /* Records with nothing to send, the one that
                                 * waits for longest first. */
    struct ovs_list pending;    /* Those to be sent, in order. */

    struct kube_request *request;       /* For the first one of 'pending'. */
    unsigned int n_tokens;
    long long int token_at;     /* When 'n_tokens' was right. */
    unsigned int n_failures;    /* In a row. */
    long long int retry_at;
    char *error;

    uint64_t n_sent, n_failed, n_dropped;
};

void kube_events_init(struct kube_events *);
void kube_events_uninit(struct kube_events *);

/* It happened (again). */
void kube_events_add(struct kube_events *, const struct kube_event *);
/* It is over, whatever 'message' said. */
void kube_events_end(struct kube_events *, enum k8s_kind, const char *ns,
                     const char *name, const char *reason);

void kube_events_run(struct kube *);
void kube_events_wait(const struct kube *);
/* Gives up the request under way, to be sent again. */
void kube_events_cancel(struct kube *);

#endif /* kube-events.h */
