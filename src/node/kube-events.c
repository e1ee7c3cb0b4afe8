/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "kube-events.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "random.h"
#include "timeval.h"
#include "util.h"

#include "kube-private.h"

VLOG_DEFINE_THIS_MODULE(kube_events);

#define REQUEST_SECONDS 10
#define MAX_REPLY (64 * 1024)
#define MIN_RETRY_MSEC 1000
#define MAX_RETRY_MSEC (5 * 60 * 1000)

/* How long until an Event is asked for again: API servers forget after an
 * hour, unless told otherwise. */
#define MIN_RENEWAL_MSEC (45 * 60 * 1000)
#define MAX_RENEWAL_MSEC (55 * 60 * 1000)

void
kube_events_init(struct kube_events *e)
{
    memset(e, 0, sizeof *e);
    hmap_init(&e->records);
    ovs_list_init(&e->idle);
    ovs_list_init(&e->pending);
    e->n_tokens = KUBE_EVENTS_BURST;
    e->token_at = time_msec();
}

static void
destroy_record(struct kube_events *e, struct kube_event_record *r)
{
    hmap_remove(&e->records, &r->node);
    ovs_list_remove(&r->list_node);
    kube_event_record_destroy(r);
}

void
kube_events_uninit(struct kube_events *e)
{
    struct kube_event_record *r, *next;

    HMAP_FOR_EACH_SAFE (r, next, node, &e->records) {
        destroy_record(e, r);
    }
    hmap_destroy(&e->records);
    free(e->instance);
    free(e->error);
}

/* Records. */

static struct kube_event_record *
find_record(const struct kube_events *e, uint64_t hash)
{
    struct kube_event_record *r;

    HMAP_FOR_EACH_WITH_HASH (r, node, hash, &e->records) {
        if (r->hash == hash) {
            return r;
        }
    }
    return NULL;
}

/* NULL if there is no room. */
static struct kube_event_record *
create_record(struct kube_events *e, const struct kube_event *event,
              uint64_t hash)
{
    struct kube_event_record *r;

    if (hmap_count(&e->records) >= KUBE_EVENTS_MAX) {
        if (ovs_list_is_empty(&e->idle)) {
            return NULL;
        }
        destroy_record(e, CONTAINER_OF(ovs_list_front(&e->idle),
                                       struct kube_event_record, list_node));
    }
    r = kube_event_record_create(event, hash);
    ovs_list_push_back(&e->idle, &r->list_node);
    hmap_insert(&e->records, &r->node, hash);
    return r;
}

static void
set_pending(struct kube_events *e, struct kube_event_record *r, bool pending)
{
    ovs_list_remove(&r->list_node);
    ovs_list_push_back(pending ? &e->pending : &e->idle, &r->list_node);
    r->pending = pending;
    r->n_attempts = 0;
}

void
kube_events_add(struct kube_events *e, const struct kube_event *event)
{
    uint64_t hash = kube_event_hash(event);
    struct kube_event_record *r = find_record(e, hash);

    if (!r) {
        r = create_record(e, event, hash);
    }
    if (!r) {
        e->n_dropped++;
        return;
    }
    r->count++;
    r->last = time_wall();
    r->active = true;
    if (!r->pending) {
        set_pending(e, r, true);
    }
}

void
kube_events_end(struct kube_events *e, enum k8s_kind kind, const char *ns,
                const char *name, const char *reason)
{
    struct kube_event_record *r;

    HMAP_FOR_EACH (r, node, &e->records) {
        if (r->kind == kind && !strcmp(r->name, name)
            && nullable_string_is_equal(r->ns, ns)
            && !strcmp(r->reason, reason)) {
            r->active = false;
        }
    }
}

/* Requests. */

/* A record that the API server knows has another count; any other is made, or
 * made again if it was forgotten. */
static bool
must_patch(const struct kube_event_record *r)
{
    return r->created && r->count > r->told;
}

static void
send_first(struct kube *kube)
{
    struct kube_events *e = &kube->events;
    struct kube_event_record *r
        = CONTAINER_OF(ovs_list_front(&e->pending), struct kube_event_record,
                       list_node);
    bool patch = must_patch(r);
    char *name = patch ? kube_event_name(r) : xstrdup("");
    char *path = xasprintf("/api/v1/namespaces/%s/events%s%s",
                           kube_event_ns(r), patch ? "/" : "", name);
    char *body = (patch ? kube_event_patch(r)
                  : kube_event_creation(r, e->instance));
    struct kube_get get = {
        .path = path,
        .method = patch ? "PATCH" : "POST",
        .body = body,
        .type = (patch ? "application/merge-patch+json"
                       : "application/json"),
        .max_data = MAX_REPLY,
        .timeout = REQUEST_SECONDS,
    };

    e->request = kube_http_get(kube->http, &get);
    r->sent = r->count;
    free(name);
    free(path);
    free(body);
}

/* What comes back. */

/* The Event is there and says 'told'; it may have happened again since. */
static void
succeed(struct kube_events *e, struct kube_event_record *r, uint64_t told)
{
    kube_set_error(&e->error, NULL, "events");
    e->n_failures = 0;
    r->created = true;
    r->told = told;
    if (must_patch(r)) {
        return;
    }
    e->n_sent++;
    r->renew_at = time_msec() + MIN_RENEWAL_MSEC
                  + random_range(MAX_RENEWAL_MSEC - MIN_RENEWAL_MSEC);
    set_pending(e, r, false);
}

static void
give_up(struct kube_events *e, struct kube_event_record *r)
{
    e->n_failed++;
    r->renew_at = time_msec() + MAX_RENEWAL_MSEC;
    set_pending(e, r, false);
}

/* The server may take it later. */
static bool
is_temporary(const struct kube_request *request)
{
    unsigned int status = kube_request_status(request);

    return (kube_request_error(request) || status >= 500 || status == 429
            || status == 408);
}

static void
back_off(struct kube_events *e)
{
    unsigned int shift = MIN(e->n_failures, 16);

    e->n_failures++;
    e->retry_at = time_msec() + MIN((long long int) MIN_RETRY_MSEC << shift,
                                    MAX_RETRY_MSEC);
}

static void
fail(struct kube *kube, struct kube_event_record *r)
{
    struct kube_events *e = &kube->events;

    kube_set_error(&e->error, kube_request_problem(e->request), "events");
    back_off(e);
    if (!is_temporary(e->request)
        || ++r->n_attempts >= KUBE_EVENTS_MAX_ATTEMPTS) {
        give_up(e, r);
    }
}

static void
finish(struct kube *kube)
{
    struct kube_events *e = &kube->events;
    struct kube_event_record *r
        = CONTAINER_OF(ovs_list_front(&e->pending), struct kube_event_record,
                       list_node);
    unsigned int status = (kube_request_error(e->request)
                           ? 0 : kube_request_status(e->request));
    bool patched = must_patch(r);

    if (status == 404 && patched) {
        r->created = false;     /* Forgotten: it is made again. */
    } else if (status >= 200 && status < 300) {
        succeed(e, r, r->sent);
    } else if (status == 409 && !patched) {
        /* Somebody has said it: that is enough, unless it happened to us again
         * since we said it. */
        succeed(e, r, MAX(r->told, 1));
    } else {
        fail(kube, r);
    }
    kube_request_destroy(e->request);
    e->request = NULL;
}

/* Running. */

static void
refill(struct kube_events *e)
{
    long long int now = time_msec();
    long long int n = (now - e->token_at) / KUBE_EVENTS_MSEC;

    if (n > 0) {
        e->n_tokens = MIN(e->n_tokens + n, KUBE_EVENTS_BURST);
        e->token_at += n * KUBE_EVENTS_MSEC;
    }
}

/* Of records with nothing to send the one that waits for longest is first, but
 * times vary: a renewal that is some minutes late does no harm. */
static void
renew(struct kube_events *e)
{
    while (!ovs_list_is_empty(&e->idle)) {
        struct kube_event_record *r
            = CONTAINER_OF(ovs_list_front(&e->idle), struct kube_event_record,
                           list_node);

        if (time_msec() < r->renew_at) {
            return;
        } else if (r->active) {
            r->created = false;
            set_pending(e, r, true);
        } else {
            destroy_record(e, r);
        }
    }
}

static bool
has_work(const struct kube *kube)
{
    return (kube->checked && kube_is_synced(kube)
            && !ovs_list_is_empty(&kube->events.pending));
}

void
kube_events_run(struct kube *kube)
{
    struct kube_events *e = &kube->events;

    if (e->request && kube_request_is_done(e->request)) {
        finish(kube);
    }
    renew(e);
    refill(e);
    if (!e->request && has_work(kube) && e->n_tokens
        && time_msec() >= e->retry_at) {
        e->n_tokens--;
        send_first(kube);
    }
}

void
kube_events_wait(const struct kube *kube)
{
    const struct kube_events *e = &kube->events;

    if (e->request) {
        if (kube_request_is_done(e->request)) {
            poll_immediate_wake();
        }
    } else if (has_work(kube)) {
        poll_timer_wait_until(
            MAX(e->retry_at,
                e->n_tokens ? 0 : e->token_at + KUBE_EVENTS_MSEC));
    }
    if (!ovs_list_is_empty(&e->idle)) {
        const struct kube_event_record *r
            = CONTAINER_OF(ovs_list_front(&e->idle), struct kube_event_record,
                           list_node);

        poll_timer_wait_until(r->renew_at);
    }
}

void
kube_events_cancel(struct kube *kube)
{
    kube_request_destroy(kube->events.request);
    kube->events.request = NULL;
}
