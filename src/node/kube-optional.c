/* SPDX-License-Identifier: Apache-2.0
 *
 * Kinds of objects that a cluster may lack: cluster policies, whose resource
 * definitions are installed on their own, and Nodes, which only some cluster
 * policies need.
 *
 * "No such kind" (404) means that there are no objects.  But API servers
 * before 1.23 say so for a moment when they start, of kinds that they do have;
 * so where there were objects it has to be said for a while.  When a kind is
 * removed from a running server its objects are deleted first, and the watch
 * tells of each.
 *
 * "You may not" (403) says nothing of objects: those that are known stay, and
 * that none can be known is a problem in status.  NetworkPolicies are enforced
 * all the same. */

#include <config.h>

#include "kube.h"

#include <stdlib.h>

#include "model.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

#include "kube-private.h"

VLOG_DEFINE_THIS_MODULE(kube_optional);

bool
kube_optional(const struct kube_kind *k)
{
    return k->kind == K8S_NODE || k8s_kind_is_cluster_policy(k->kind);
}

/* Nodes. */

static bool
rule_has_nodes(const struct k8s_rule *rule)
{
    for (size_t i = 0; i < rule->n_peers; i++) {
        if (rule->peers[i].nodes) {
            return true;
        }
    }
    return false;
}

static bool
policy_has_nodes(const struct k8s_cluster_policy *policy)
{
    for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS; d++) {
        for (size_t i = 0; i < policy->n_rules[d]; i++) {
            if (rule_has_nodes(&policy->rules[d][i].match)) {
                return true;
            }
        }
    }
    return false;
}

static bool
wants_nodes(const struct model *model)
{
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        struct hmap_position pos = { 0, 0 };
        const struct k8s_object *o;

        while (k8s_kind_is_cluster_policy(kind)
               && (o = model_next(model, kind, &pos))) {
            if (policy_has_nodes(k8s_cluster_policy_cast(o))) {
                return true;
            }
        }
    }
    return false;
}

/* Forgets all objects of the kind. */
static void
forget(struct kube_kind *k)
{
    struct sset none = SSET_INITIALIZER(&none);

    kube_store_retain(&k->kube->store, k->kind, &none);
    sset_destroy(&none);
}

void
kube_optional_update(struct kube *kube)
{
    struct kube_kind *k = &kube->kinds[K8S_NODE];

    if (!kube->store.cluster_changed) {
        return;
    }
    kube->store.cluster_changed = false;
    k->wanted = wants_nodes(kube->store.model);
    if (!k->wanted) {
        kube_kind_cancel(k);
        kube_retry_reset(&k->retry);
        forget(k);
        k->must_list = true;
        k->synced = false;
        k->missing = KUBE_PRESENT;
        free(k->error);
        k->error = NULL;
    }
}

/* What the cluster lacks. */

/* It is said that there is no such kind, and some objects say otherwise. */
static bool
is_doubtful(struct kube_kind *k)
{
    if (!model_count(k->kube->store.model, k->kind)) {
        return false;
    }
    if (!k->absent_since) {
        k->absent_since = time_msec();
    }
    return time_msec() - k->absent_since < k->kube->timing.absent;
}

/* What the server says (404, without words of its own) means that here. */
static char *
describe_doubt(const struct kube_kind *k)
{
    return xasprintf("HTTP 404: the API server has no %s of %s any more; "
                     "what is known of them stays in force until it has said "
                     "so for %g seconds", kube_kind_name(k),
                     k8s_api_version(k->kind),
                     k->kube->timing.absent / 1000.0);
}

static void
set_missing(struct kube_kind *k, enum kube_missing missing)
{
    if (k->missing != missing) {
        kube_retry_reset(&k->retry);
    }
    k->missing = missing;
    k->synced = true;
    k->must_list = true;
    k->done_ticket = k->ticket;
}

static void
set_absent(struct kube_kind *k)
{
    if (k->missing != KUBE_ABSENT) {
        VLOG_INFO("%s: not in this cluster, asking now and then",
                  kube_kind_name(k));
    }
    forget(k);
    free(k->error);
    k->error = NULL;
    set_missing(k, KUBE_ABSENT);
}

bool
kube_optional_refused(struct kube_kind *k, unsigned int code, char *error)
{
    if (!kube_optional(k) || (code != 404 && code != 403)) {
        return false;
    } else if (code == 403) {
        kube_store_complain(&k->kube->store, k->kind, error);
        set_missing(k, KUBE_FORBIDDEN);
    } else {
        bool doubtful = is_doubtful(k);

        free(error);
        error = doubtful ? describe_doubt(k) : NULL;
        if (!doubtful) {
            set_absent(k);
        }
    }
    kube_kind_fail(k, error);
    return true;
}

void
kube_optional_found(struct kube_kind *k)
{
    if (k->missing) {
        VLOG_INFO("%s: in this cluster now", kube_kind_name(k));
    }
    k->missing = KUBE_PRESENT;
    k->absent_since = 0;
}
