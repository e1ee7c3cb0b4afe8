/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "kube.h"

#include <stdlib.h>
#include <string.h>

#include "kubeconfig.h"
#include "model.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "random.h"
#include "timeval.h"
#include "util.h"

#include "kube-private.h"

VLOG_DEFINE_THIS_MODULE(kube);

/* A server that asks us to wait for longer is not obeyed. */
#define MAX_RETRY_AFTER 60

/* Problems above this many are only counted. */
#define MAX_PROBLEMS 1000

void
kube_timing_default(struct kube_timing *timing)
{
    *timing = (struct kube_timing) {
        .min_backoff = 100,
        .max_backoff = 30 * 1000,
        .watch = 5 * 60 * 1000,
        .silence = 90 * 1000,
        .away = 60 * 1000,
        .absent = 30 * 1000,
    };
}

struct kube *
kube_create(struct kubeconfig *config, const struct kube_timing *timing,
            struct label_pool *pool, struct model *model)
{
    struct kube *kube = xzalloc(sizeof *kube);

    kube->config = config;
    if (timing) {
        kube->timing = *timing;
    } else {
        kube_timing_default(&kube->timing);
    }
    kube->http = kube_http_create(config);
    kube_events_init(&kube->events);
    kube_conditions_init(&kube->conditions);
    kube_store_init(&kube->store, pool, model, &kube->events,
                    &kube->conditions);
    for (size_t i = 0; i < KUBE_N_KINDS; i++) {
        kube_kind_init(&kube->kinds[i], kube, i);
    }
    VLOG_INFO("%s: following the cluster (%s)", config->server,
              config->origin);
    return kube;
}

void
kube_adopt(struct kube *kube)
{
    kube_store_adopt(&kube->store);
}

void
kube_destroy(struct kube *kube)
{
    if (kube) {
        kube_check_cancel(kube);
        kube_events_cancel(kube);
        kube_conditions_cancel(kube);
        for (size_t i = 0; i < KUBE_N_KINDS; i++) {
            kube_kind_uninit(&kube->kinds[i]);
        }
        kube_store_uninit(&kube->store);
        kube_events_uninit(&kube->events);
        kube_conditions_uninit(&kube->conditions);
        kube_http_destroy(kube->http);
        kubeconfig_destroy(kube->config);
        free(kube->check_error);
        free(kube->cluster);
        free(kube->summary);
        free(kube);
    }
}

/* For the other files. */

struct kube_request *
kube_get(struct kube *kube, const struct kube_get *get)
{
    if (!get->quiet) {
        kube->last_start = time_msec();
    }
    return kube_http_get(kube->http, get);
}

void
kube_retry_later(const struct kube *kube, struct kube_retry *retry,
                 unsigned int retry_after)
{
    const struct kube_timing *t = &kube->timing;
    unsigned int shift = MIN(retry->n_failures, 16);
    unsigned int limit = MIN((uint64_t) t->min_backoff << shift,
                             t->max_backoff);
    long long int delay = limit / 2 + random_range(limit / 2 + 1);

    delay = MAX(delay, MIN(retry_after, MAX_RETRY_AFTER) * 1000LL);
    retry->n_failures++;
    retry->at = time_msec() + delay;
}

void
kube_retry_reset(struct kube_retry *retry)
{
    retry->n_failures = 0;
    retry->at = 0;
}

void
kube_suspect(struct kube *kube)
{
    if (kube->checked) {
        kube->checked = false;
        kube->trouble = time_msec();
    }
}

void
kube_reset(struct kube *kube)
{
    kube_check_cancel(kube);
    kube_events_cancel(kube);
    kube_conditions_cancel(kube);
    for (size_t i = 0; i < KUBE_N_KINDS; i++) {
        kube_kind_cancel(&kube->kinds[i]);
    }
    kube_http_close(kube->http);
    kube_suspect(kube);
}

void
kube_set_error(char **old, char *new, const char *what)
{
    if (new && (!*old || strcmp(*old, new))) {
        VLOG_WARN("%s: %s", what, new);
    } else if (!new && *old) {
        VLOG_INFO("%s: works again", what);
    }
    free(*old);
    *old = new;
}

void
kube_set_instance(struct kube *kube, const char *instance)
{
    free(kube->events.instance);
    kube->events.instance = nullable_xstrdup(instance);
}

/* NULL if it is not known. */
static const char *
get_uid(const struct k8s_object *object)
{
    return (!object ? NULL
            : object->kind == K8S_POLICY ? k8s_policy_cast(object)->uid
            : object->kind == K8S_POD ? k8s_pod_cast(object)->uid
            : NULL);
}

void
kube_report(struct kube *kube, enum k8s_kind kind, const char *ns,
            const char *name, const char *reason, const char *message)
{
    kube_events_add(&kube->events, &(struct kube_event) {
        .kind = kind,
        .ns = ns,
        .name = name,
        .uid = get_uid(model_get(kube->store.model, kind, ns, name)),
        .reason = reason,
        .message = message,
    });
}

void
kube_report_end(struct kube *kube, enum k8s_kind kind, const char *ns,
                const char *name, const char *reason)
{
    kube_events_end(&kube->events, kind, ns, name, reason);
}

/* Running. */

static bool
has_requests(const struct kube *kube)
{
    if (kube->check) {
        return true;
    }
    for (size_t i = 0; i < KUBE_N_KINDS; i++) {
        if (kube->kinds[i].request) {
            return true;
        }
    }
    return false;
}

/* When the server will have been silent for too long. */
static long long int
silence_deadline(const struct kube *kube)
{
    return MAX(kube_http_last_heard(kube->http), kube->last_start)
           + kube->timing.silence;
}

static void
check_silence(struct kube *kube)
{
    if (has_requests(kube) && time_msec() >= silence_deadline(kube)) {
        VLOG_WARN("%s: nothing heard for %u ms, connecting again",
                  kube->config->server, kube->timing.silence);
        kube_reset(kube);
    }
}

void
kube_run(struct kube *kube)
{
    kube_http_run(kube->http);
    kube_check_run(kube);
    for (size_t i = 0; i < KUBE_N_KINDS; i++) {
        kube_kind_run(&kube->kinds[i]);
    }
    kube_optional_update(kube);
    kube_events_run(kube);
    kube_conditions_run(kube);
    check_silence(kube);
}

void
kube_wait(struct kube *kube)
{
    kube_http_wait(kube->http);
    if (kube->check) {
        if (kube_request_is_done(kube->check)) {
            poll_immediate_wake();
        }
    } else if (!kube->checked) {
        poll_timer_wait_until(kube->check_retry.at);
    }
    for (size_t i = 0; i < KUBE_N_KINDS; i++) {
        kube_kind_wait(&kube->kinds[i]);
    }
    kube_events_wait(kube);
    kube_conditions_wait(kube);
    if (has_requests(kube)) {
        poll_timer_wait_until(silence_deadline(kube));
    }
}

/* Status. */

bool
kube_is_synced(const struct kube *kube)
{
    for (size_t i = 0; i < KUBE_N_KINDS; i++) {
        if (kube->kinds[i].wanted && !kube->kinds[i].synced) {
            return false;
        }
    }
    return true;
}

/* Returns what 'k' has to complain about (caller frees), or NULL. */
static char *
describe_kind(const struct kube_kind *k)
{
    return (!k->wanted || k->missing
            ? NULL
            : k->error
            ? xasprintf("%s: %s", kube_kind_name(k), k->error)
            : !k->synced
            ? xasprintf("%s: not listed yet", kube_kind_name(k))
            : k->state == KUBE_WAITING
            ? xasprintf("%s: not watched now", kube_kind_name(k))
            : NULL);
}

const char *
kube_error(const struct kube *kube_)
{
    struct kube *kube = CONST_CAST(struct kube *, kube_);

    free(kube->summary);
    kube->summary = (kube->check_error
                     ? xasprintf("%s: %s", kube->config->server,
                                 kube->check_error)
                     : NULL);
    for (size_t i = 0; !kube->summary && i < KUBE_N_KINDS; i++) {
        kube->summary = describe_kind(&kube->kinds[i]);
    }
    return kube->summary;
}

void
kube_sync_begin(struct kube *kube, uint64_t ticket)
{
    ovs_assert(ticket > kube->ticket);
    kube->ticket = ticket;
}

bool
kube_sync_is_done(const struct kube *kube, uint64_t ticket)
{
    for (size_t i = 0; i < KUBE_N_KINDS; i++) {
        const struct kube_kind *k = &kube->kinds[i];

        if (k->wanted && k->done_ticket < ticket) {
            return false;
        }
    }
    return true;
}

const struct kube_problem *
kube_problems(struct kube *kube, size_t *n)
{
    return kube_store_problems(&kube->store, MAX_PROBLEMS, n);
}

char *
kube_problem_format(const struct kube_problem *p)
{
    return xasprintf("%s: %s%s", p->object, p->message,
                     p->kept ? " (the last good version stays)" : "");
}

static const char *
kind_state(const struct kube_kind *k)
{
    static const char *const states[] = {
        [KUBE_WAITING] = "waiting",
        [KUBE_LISTING] = "listing",
        [KUBE_WATCHING] = "watching",
    };

    return (!k->wanted ? "not needed"
            : k->missing == KUBE_ABSENT ? "absent"
            : k->missing == KUBE_FORBIDDEN ? "forbidden"
            : states[k->state]);
}

void
kube_get_status(const struct kube *kube, struct kube_status *status)
{
    *status = (struct kube_status) {
        .server = kube->config->server,
        .origin = kube->config->origin,
        .n_problems = shash_count(&kube->store.problems),
        .n_warnings = kube->store.n_warnings,
        .n_checks = kube->n_checks,
        .n_events_sent = kube->events.n_sent,
        .n_events_failed = kube->events.n_failed,
        .n_events_dropped = kube->events.n_dropped,
        .watch_delay = &kube->watch_delay,
        .events_error = kube->events.error,
        .n_conditions_written = kube->conditions.n_written,
        .n_conditions_failed = kube->conditions.n_failed,
        .conditions_error = kube->conditions.error,
    };
    for (size_t i = 0; i < KUBE_N_KINDS; i++) {
        const struct kube_kind *k = &kube->kinds[i];

        status->kinds[i] = (struct kube_kind_status) {
            .name = kube_kind_name(k),
            .state = kind_state(k),
            .error = k->error,
            .synced = k->synced || !k->wanted,
            .n_lists = k->n_lists,
            .n_watches = k->n_watches,
            .n_events = k->n_events,
        };
    }
}
