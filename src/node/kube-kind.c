/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "kube.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/poll-loop.h"
#include "timeval.h"
#include "util.h"

#include "kube-private.h"

static const struct {
    const char *path;
    const char *name;
} resources[KUBE_N_KINDS] = {
    [K8S_NAMESPACE] = { "/api/v1/namespaces", "namespaces" },
    [K8S_POD] = { "/api/v1/pods", "pods" },
    [K8S_POLICY] = { "/apis/networking.k8s.io/v1/networkpolicies",
                     "networkpolicies" },
    [K8S_NODE] = { "/api/v1/nodes", "nodes" },
    [K8S_CLUSTER_POLICY] = {
        "/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies",
        "clusternetworkpolicies" },
    [K8S_ADMIN_POLICY] = {
        "/apis/policy.networking.k8s.io/v1alpha1/adminnetworkpolicies",
        "adminnetworkpolicies" },
    [K8S_BASELINE_POLICY] = {
        "/apis/policy.networking.k8s.io/v1alpha1/baselineadminnetworkpolicies",
        "baselineadminnetworkpolicies" },
};

const char *
kube_kind_path(const struct kube_kind *k)
{
    return resources[k->kind].path;
}

const char *
kube_kind_name(const struct kube_kind *k)
{
    return resources[k->kind].name;
}

void
kube_kind_init(struct kube_kind *k, struct kube *kube, enum k8s_kind kind)
{
    memset(k, 0, sizeof *k);
    k->kube = kube;
    k->kind = kind;
    k->wanted = kind != K8S_NODE;
    k->must_list = true;
    sset_init(&k->seen);
    split_init(&k->split);
}

void
kube_kind_cancel(struct kube_kind *k)
{
    kube_request_destroy(k->request);
    k->request = NULL;
    k->state = KUBE_WAITING;
    sset_clear(&k->seen);
    split_uninit(&k->split);
    split_init(&k->split);
    free(k->next);
    k->next = NULL;
}

void
kube_kind_uninit(struct kube_kind *k)
{
    kube_kind_cancel(k);
    split_uninit(&k->split);
    sset_destroy(&k->seen);
    free(k->error);
    free(k->version);
}

/* What a failure says about the server as a whole: a cut connection or an
 * internal error may be the start of anything. */
static bool
is_suspicious(const struct kube_request *r)
{
    return kube_request_error(r) || kube_request_status(r) >= 500;
}

void
kube_kind_fail(struct kube_kind *k, char *error)
{
    unsigned int retry_after = kube_request_retry_after(k->request);

    if (is_suspicious(k->request)) {
        kube_suspect(k->kube);
    }
    if (error) {
        kube_set_error(&k->error, error, kube_kind_name(k));
    }
    kube_kind_cancel(k);
    kube_retry_later(k->kube, &k->retry, retry_after);
}

/* When to ask next, if nothing is asked for: of what the cluster lacks, at
 * once if somebody waits for news and it was not asked for since. */
static long long int
next_attempt(const struct kube_kind *k)
{
    return k->missing && k->ticket < k->kube->ticket ? 0 : k->retry.at;
}

void
kube_kind_run(struct kube_kind *k)
{
    if (k->state == KUBE_WATCHING
        && (k->must_list || k->done_ticket < k->kube->ticket)) {
        k->must_list = true;
        kube_kind_cancel(k);
    }
    if (k->state == KUBE_WAITING && k->wanted && k->kube->checked
        && time_msec() >= next_attempt(k)) {
        if (k->must_list) {
            kube_list_start(k);
        } else {
            kube_watch_start(k);
        }
    }

    if (k->state == KUBE_LISTING) {
        kube_list_run(k);
    } else if (k->state == KUBE_WATCHING) {
        kube_watch_run(k);
    }
}

void
kube_kind_wait(const struct kube_kind *k)
{
    if (k->state == KUBE_WAITING && k->wanted && k->kube->checked) {
        poll_timer_wait_until(next_attempt(k));
    }
    if (k->state == KUBE_WATCHING
        && (k->must_list || k->done_ticket < k->kube->ticket)) {
        poll_immediate_wake();
    }
    if (k->request && kube_request_is_done(k->request)) {
        poll_immediate_wake();
    }
}
