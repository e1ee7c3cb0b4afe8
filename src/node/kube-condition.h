/* SPDX-License-Identifier: Apache-2.0
 *
 * kube-condition: a condition in the status of a ClusterNetworkPolicy that is
 * not enforced as it is written, for `kubectl describe`.
 *
 * Part of the kube module.  The condition "ovs-netpol.io/Accepted" is "False";
 * "True" only replaces a "False" that is over.  All nodes want the same words,
 * so one of them writes: each waits for a random time, sees in its watch
 * whether somebody was faster, and says which version of the object it knows,
 * so that the API server refuses all but the first.  Who has written about a
 * generation of an object once does not do so again: nodes of two versions do
 * not fight.  The conditions of others stay.
 *
 * As with Events, nobody waits for it, and a failure is said once.  An object
 * that is not valid any more (422), since its definition changed, gets none
 * and does not hold up others.
 * docs/design/0005-conditions.md has the reasons. */

#ifndef KUBE_CONDITION_H
#define KUBE_CONDITION_H 1

#include <stdint.h>

#include "openvswitch/shash.h"

struct doc_node;
struct kube;
struct kube_request;

/* Bounds: policies; conditions of one policy; milliseconds until we write, at
 * most; between two writes; and after a failure. */
#define KUBE_CONDITIONS_MAX 1000
#define KUBE_CONDITIONS_MAX_OTHERS 32
#define KUBE_CONDITIONS_JITTER_MSEC 3000
#define KUBE_CONDITIONS_MSEC 1000
#define KUBE_CONDITIONS_RETRY_MSEC (5 * 60 * 1000)

struct kube_conditions {
    struct shash records;       /* "struct kube_condition_record" by name. */
    struct kube_request *request;
    char *asked;                /* Whose condition 'request' writes. */
    long long int next_at;      /* Not before. */
    char *error;
    uint64_t n_written, n_failed;
};

void kube_conditions_init(struct kube_conditions *);
void kube_conditions_uninit(struct kube_conditions *);

/* The ClusterNetworkPolicy 'name' is 'object', and 'problem' is what is wrong
 * with it, or NULL. */
void kube_conditions_note(struct kube_conditions *, const char *name,
                          const struct doc_node *object, const char *problem);
void kube_conditions_forget(struct kube_conditions *, const char *name);

void kube_conditions_run(struct kube *);
void kube_conditions_wait(const struct kube *);
/* Gives up the request under way. */
void kube_conditions_cancel(struct kube *);

#endif /* kube-condition.h */
