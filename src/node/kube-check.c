/* SPDX-License-Identifier: Apache-2.0
 *
 * The check.  After trouble the server may be another one, or have its data
 * from a backup.  One small consistent read tells: the namespace kube-system
 * has the uid that stands for the cluster, and the resourceVersion of a list
 * is the revision of the whole store. */

#include <config.h>

#include "kube.h"

#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

#include "kube-private.h"
#include "kubeconfig.h"

VLOG_DEFINE_THIS_MODULE(kube_check);

#define CHECK_PATH \
    "/api/v1/namespaces?fieldSelector=metadata.name%3Dkube-system"
#define CHECK_SECONDS 10
#define MAX_REPLY (1024 * 1024)

void
kube_check_cancel(struct kube *kube)
{
    kube_request_destroy(kube->check);
    kube->check = NULL;
}

/* Takes 'error'. */
static void
fail(struct kube *kube, char *error, unsigned int retry_after)
{
    kube_set_error(&kube->check_error, error, kube->config->server);
    kube_retry_later(kube, &kube->check_retry, retry_after);
}

/* True if 'older' is a revision before 'newer'.  Officially they mean nothing,
 * so what is not a number is never older. */
static bool
is_older(const char *older, const char *newer)
{
    unsigned long long int a, b;

    return (older && newer && str_to_ullong(older, 10, &a)
            && str_to_ullong(newer, 10, &b) && a < b);
}

/* Everything is listed again: 'why'. */
static void
distrust(struct kube *kube, const char *why)
{
    VLOG_WARN("%s: %s: listing everything again", kube->config->server, why);
    for (size_t i = 0; i < KUBE_N_KINDS; i++) {
        kube->kinds[i].must_list = true;
    }
}

static void
accept_server(struct kube *kube, const char *revision)
{
    kube->checked = true;
    if (!kube->known) {
        kube->known = true;
        VLOG_INFO("%s: connected", kube->config->server);
        return;
    }
    for (size_t i = 0; i < KUBE_N_KINDS; i++) {
        if (is_older(revision, kube->kinds[i].version)) {
            distrust(kube, "its history went backwards");
            return;
        }
    }
    if (time_msec() - kube->trouble > kube->timing.away) {
        distrust(kube, "it was away for long");
    }
}

/* Returns NULL if this is the cluster that we know, or why not. */
static char *
compare_cluster(struct kube *kube, const struct doc_node *list)
{
    const struct doc_node *items = doc_node_get(list, "items");
    const struct doc_node *item = (items && doc_node_type(items) == DOC_LIST
                                   && doc_node_count(items)
                                   ? doc_node_at(items, 0) : NULL);
    const char *uid = kube_get_string(doc_node_get(item, "metadata"), "uid");

    if (!kube->cluster) {
        kube->cluster = nullable_xstrdup(uid);
        return NULL;
    } else if (uid && !strcmp(uid, kube->cluster)) {
        return NULL;
    }
    return xasprintf("this is another cluster, its kube-system has %s %.64s "
                     "instead of %s; what is known stays in force until a "
                     "restart", uid ? "uid" : "no uid", uid ? uid : "",
                     kube->cluster);
}

static void
handle_reply(struct kube *kube, const struct kube_request *r)
{
    struct doc *doc = NULL;
    size_t size;

    const char *text = kube_request_data(r, &size);
    char *error = kube_parse(text, size, &doc);
    if (!error) {
        error = compare_cluster(kube, doc_root(doc));
    }
    if (error) {
        fail(kube, error, 0);
    } else {
        const struct doc_node *metadata = doc_node_get(doc_root(doc),
                                                       "metadata");

        kube_set_error(&kube->check_error, NULL, kube->config->server);
        kube_retry_reset(&kube->check_retry);
        accept_server(kube, kube_get_string(metadata, "resourceVersion"));
    }
    doc_destroy(doc);
}

static void
start(struct kube *kube)
{
    struct kube_get get = {
        .path = CHECK_PATH,
        .max_data = MAX_REPLY,
        .timeout = CHECK_SECONDS,
    };

    kube->n_checks++;
    kube->check = kube_get(kube, &get);
}

static void
finish(struct kube *kube)
{
    struct kube_request *r = kube->check;
    char *problem = kube_request_problem(r);

    kube->check = NULL;
    if (!problem) {
        handle_reply(kube, r);
    } else {
        bool cut = kube_request_error(r) != NULL;

        fail(kube, problem, kube_request_retry_after(r));
        if (cut && (time_msec() - kube_http_last_heard(kube->http)
                    >= CHECK_SECONDS * 1000)) {
            kube_request_destroy(r);
            kube_reset(kube);
            return;
        }
    }
    kube_request_destroy(r);
}

void
kube_check_run(struct kube *kube)
{
    if (!kube->checked && !kube->check
        && time_msec() >= kube->check_retry.at) {
        start(kube);
    }
    if (kube->check && kube_request_is_done(kube->check)) {
        finish(kube);
    }
}
