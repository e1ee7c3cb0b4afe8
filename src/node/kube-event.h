/* SPDX-License-Identifier: Apache-2.0
 *
 * kube-event: one Event, as it is remembered and as the API server reads it.
 *
 * Part of the kube module.  When it is sent, and how often, is for
 * kube-events.c to decide. */

#ifndef KUBE_EVENT_H
#define KUBE_EVENT_H 1

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "k8s.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"

/* Bytes of a message: the API server's own bound.  Longer ones are cut. */
#define KUBE_EVENT_MAX_MESSAGE 1024

/* Something that happened, of which an Event shall tell. */
struct kube_event {
    enum k8s_kind kind;
    const char *ns, *name;      /* 'ns' is NULL outside of namespaces. */
    const char *uid;            /* Or NULL. */
    const char *reason;         /* "Refused". */
    const char *message;
};

/* All occurrences of one. */
struct kube_event_record {
    struct hmap_node node;      /* In 'records', by 'hash'. */
    struct ovs_list list_node;  /* In 'idle' or 'pending'. */
    uint64_t hash;
    enum k8s_kind kind;
    char *ns, *name, *uid, *reason, *message;
    uint64_t count;             /* Occurrences. */
    time_t first, last;         /* Of them, by the wall clock. */
    bool active;                /* It is still so. */
    bool pending;               /* In 'pending'. */
    bool created;               /* We created the Event, or saw that it is
                                 * there. */
    uint64_t sent, told;        /* The count that the request under way says,
                                 * and the last one that the server took. */
    long long int renew_at;
    unsigned int n_attempts;
};

/* Of all of 'event'; the same in every process and on every node. */
uint64_t kube_event_hash(const struct kube_event *event);

/* No occurrence yet, and in no list.  'hash' is kube_event_hash(). */
struct kube_event_record *kube_event_record_create(const struct kube_event *,
                                                   uint64_t hash);
/* Must be in no list. */
void kube_event_record_destroy(struct kube_event_record *);

/* Where the Event is: of what is in no namespace, that is "default". */
const char *kube_event_ns(const struct kube_event_record *);
/* Depends on nothing but the hash and the object's name (caller frees). */
char *kube_event_name(const struct kube_event_record *);

/* The JSON that creates the Event, 'instance' (or NULL) being who says it, and
 * the merge patch that raises its count (caller frees). */
char *kube_event_creation(const struct kube_event_record *,
                          const char *instance);
char *kube_event_patch(const struct kube_event_record *);

#endif /* kube-event.h */
