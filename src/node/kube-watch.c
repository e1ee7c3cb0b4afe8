/* SPDX-License-Identifier: Apache-2.0
 *
 * Watches: a line of JSON for each event. */

#include <config.h>

#include "kube.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "doc.h"
#include "openvswitch/vlog.h"
#include "random.h"
#include "timeval.h"
#include "util.h"

#include "kube-private.h"

VLOG_DEFINE_THIS_MODULE(kube_watch);

/* One event, or several that came at once. */
#define MAX_DATA (16 * 1024 * 1024)

/* A server that does not end a watch when it should gets this many seconds
 * more. */
#define GRACE_SECONDS 30

#define MAX_VERSION 1024

void
kube_watch_start(struct kube_kind *k)
{
    unsigned int length = k->kube->timing.watch;
    unsigned int seconds = (length + random_range(length)) / 1000 + 1;
    struct ds path = DS_EMPTY_INITIALIZER;

    ds_put_format(&path, "%s?watch=1&allowWatchBookmarks=true"
                  "&timeoutSeconds=%u&resourceVersion=", kube_kind_path(k),
                  seconds);
    kube_put_escaped(&path, k->version);

    struct kube_get get = {
        .path = ds_cstr(&path),
        .max_data = MAX_DATA,
        .timeout = seconds + GRACE_SECONDS,
    };
    k->request = kube_get(k->kube, &get);
    ds_destroy(&path);

    k->state = KUBE_WATCHING;
    k->established = false;
    k->watch_start = time_msec();
    k->watch_length = seconds * 1000LL;
    k->n_watches++;
}

/* Takes the resourceVersion of 'object'. */
static void
advance(struct kube_kind *k, const struct doc_node *object)
{
    const char *version = kube_get_string(doc_node_get(object, "metadata"),
                                          "resourceVersion");

    if (version && version[0] && strlen(version) <= MAX_VERSION) {
        free(k->version);
        k->version = xstrdup(version);
    }
}

/* How long ago was an object created that is new?  To the second, and by two
 * clocks: good enough to see that news are late. */
static void
measure_delay(struct kube_kind *k, const struct doc_node *object)
{
    const char *created = kube_get_string(doc_node_get(object, "metadata"),
                                          "creationTimestamp");
    struct tm tm = { .tm_isdst = 0 };

    if (created && strptime(created, "%Y-%m-%dT%H:%M:%SZ", &tm)) {
        histogram_add(&k->kube->watch_delay,
                      time_wall_usec() - timegm(&tm) * 1000000LL);
    }
}

/* The server ends the watch with a Status. */
static void
handle_error(struct kube_kind *k, const struct doc_node *status)
{
    const struct doc_node *node = doc_node_get(status, "code");
    int64_t code = (node && doc_node_type(node) == DOC_INTEGER
                    ? doc_node_integer(node) : 0);
    char *error = kube_describe_status(status, code);

    if (code == 410) {
        VLOG_INFO("%s: listing again: %s", kube_kind_name(k), error);
        free(error);
        error = NULL;
        k->must_list = true;
    } else {
        kube_suspect(k->kube);
    }
    kube_kind_fail(k, error);
}

/* Takes 'error'. */
static void
complain(struct kube_kind *k, char *error)
{
    kube_store_complain(&k->kube->store, k->kind, error);
    free(error);
}

static void
handle_event(struct kube_kind *k, const struct doc_node *event)
{
    const struct doc_node *object = doc_node_get(event, "object");
    const char *type = kube_get_string(event, "type");
    char *error = NULL;

    if (!type || !object) {
        error = xstrdup("an event without type or object");
    } else if (!strcmp(type, "ERROR")) {
        handle_error(k, object);
        return;
    } else if (!strcmp(type, "ADDED") || !strcmp(type, "MODIFIED")) {
        error = kube_store_put(&k->kube->store, k->kind, object, NULL);
        if (!strcmp(type, "ADDED")) {
            measure_delay(k, object);
        }
    } else if (!strcmp(type, "DELETED")) {
        error = kube_store_delete(&k->kube->store, k->kind, object);
    }
    if (error) {
        complain(k, error);
    }
    kube_retry_reset(&k->retry);
    advance(k, object);
}

static void
handle_line(struct kube_kind *k, const char *text, size_t size)
{
    struct doc *doc = NULL;
    char *error = kube_parse(text, size, &doc);

    k->n_events++;
    if (error) {
        complain(k, error);
    } else {
        handle_event(k, doc_root(doc));
    }
    doc_destroy(doc);
}

/* Handles all complete lines.  Returns false if the watch ended with one. */
static bool
handle_lines(struct kube_kind *k)
{
    size_t size, done = 0;
    const char *text = kube_request_data(k->request, &size);
    const char *end;

    while ((end = memchr(text + done, '\n', size - done))) {
        size_t length = end - (text + done);

        if (length) {
            handle_line(k, text + done, length);
            if (k->state != KUBE_WATCHING) {
                return false;
            }
        }
        done += length + 1;
    }
    kube_request_consume(k->request, done);
    return true;
}

/* The server ended the watch, as it does when its time is over.  If it did so
 * early, it may be about to stop. */
static void
end(struct kube_kind *k)
{
    if (time_msec() < k->watch_start + k->watch_length / 10 * 9) {
        kube_suspect(k->kube);
        kube_kind_fail(k, NULL);
    } else {
        kube_kind_cancel(k);
        kube_retry_reset(&k->retry);
    }
}

/* The watch failed before or after it was accepted.  Where there was a kind
 * and is none, a list tells what that means. */
static void
fail(struct kube_kind *k, char *error)
{
    unsigned int code = kube_request_status(k->request);
    bool is_gone = code == 404 && kube_optional(k);

    if (code == 410 || is_gone) {
        k->must_list = true;
        VLOG_INFO("%s: listing again: %s", kube_kind_name(k),
                  is_gone ? "the API server does not know them" : error);
        free(error);
        error = NULL;
    }
    kube_kind_fail(k, error);
}

void
kube_watch_run(struct kube_kind *k)
{
    if (kube_request_status(k->request) == 200) {
        if (!k->established) {
            k->established = true;
            kube_set_error(&k->error, NULL, kube_kind_name(k));
        }
        if (!handle_lines(k)) {
            return;
        }
    }

    char *error = kube_request_problem(k->request);
    if (error) {
        fail(k, error);
    } else if (kube_request_is_done(k->request)) {
        end(k);
    }
}
