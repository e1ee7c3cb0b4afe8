/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "kube-condition.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "doc.h"
#include "hash.h"
#include "openvswitch/json.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovs-json.h"
#include "random.h"
#include "timeval.h"
#include "util.h"

#include "kube-private.h"

VLOG_DEFINE_THIS_MODULE(kube_condition);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(60, 60);

#define TYPE "ovs-netpol.io/Accepted"
#define RESOURCE "/apis/policy.networking.k8s.io/v1alpha2" \
                 "/clusternetworkpolicies"
#define MAX_MESSAGE 1024
#define REQUEST_SECONDS 10
#define MAX_REPLY (1024 * 1024)

/* What the condition should say. */
struct wish {
    const char *status, *reason, *message;
    int64_t generation;
};

struct kube_condition_record {
    char *body;                 /* To be sent, or NULL. */
    long long int at;           /* When. */
    uint32_t hash;              /* Of the wish that 'body' is about, */
    uint32_t told;              /* and of the last one that we sent, or 0. */
};

void
kube_conditions_init(struct kube_conditions *c)
{
    memset(c, 0, sizeof *c);
    shash_init(&c->records);
}

static void
destroy_record(struct kube_condition_record *r)
{
    if (r) {
        free(r->body);
        free(r);
    }
}

void
kube_conditions_uninit(struct kube_conditions *c)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &c->records) {
        destroy_record(node->data);
    }
    shash_destroy(&c->records);
    free(c->asked);
    free(c->error);
}

void
kube_conditions_forget(struct kube_conditions *c, const char *name)
{
    destroy_record(shash_find_and_delete(&c->records, name));
}

/* What stands in the object. */

static int64_t
get_integer(const struct doc_node *map, const char *key)
{
    const struct doc_node *node = doc_node_get(map, key);

    return (node && doc_node_type(node) == DOC_INTEGER
            ? doc_node_integer(node) : 0);
}

static bool
member_is(const struct doc_node *map, const char *key, const char *value)
{
    const char *s = kube_get_string(map, key);

    return s && !strcmp(s, value);
}

static const struct doc_node *
get_conditions(const struct doc_node *object, size_t *n)
{
    const struct doc_node *status = doc_node_get(object, "status");
    const struct doc_node *list = doc_node_get(status, "conditions");

    *n = (list && doc_node_type(list) == DOC_LIST
          ? doc_node_count(list) : 0);
    return list;
}

/* Ours, or NULL. */
static const struct doc_node *
find_ours(const struct doc_node *object)
{
    size_t n;
    const struct doc_node *list = get_conditions(object, &n);

    for (size_t i = 0; i < n; i++) {
        if (member_is(doc_node_at(list, i), "type", TYPE)) {
            return doc_node_at(list, i);
        }
    }
    return NULL;
}

static bool
is_granted(const struct doc_node *ours, const struct wish *wish)
{
    return (ours && member_is(ours, "status", wish->status)
            && member_is(ours, "reason", wish->reason)
            && member_is(ours, "message", wish->message)
            && get_integer(ours, "observedGeneration") == wish->generation);
}

/* What is sent: a merge patch, which has all conditions. */

/* A copy of a condition of somebody else. */
static struct json *
copy_condition(const struct doc_node *condition)
{
    static const char *const members[] = {
        "type", "status", "reason", "message", "lastTransitionTime",
    };
    struct json *json = json_object_create();

    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        const char *s = kube_get_string(condition, members[i]);

        if (s) {
            json_object_put_string(json, members[i], s);
        }
    }
    if (doc_node_get(condition, "observedGeneration")) {
        json_object_put(json, "observedGeneration", json_integer_create(
            get_integer(condition, "observedGeneration")));
    }
    return json;
}

/* 'ours' is what it was, or NULL. */
static struct json *
make_condition(const struct wish *wish, const struct doc_node *ours)
{
    const char *since = (ours && member_is(ours, "status", wish->status)
                         ? kube_get_string(ours, "lastTransitionTime") : NULL);
    struct json *json = json_object_create();
    time_t now = time_wall();
    char text[64];
    struct tm tm;

    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    json_object_put_string(json, "type", TYPE);
    json_object_put_string(json, "status", wish->status);
    json_object_put_string(json, "reason", wish->reason);
    json_object_put_string(json, "message", wish->message);
    json_object_put_string(json, "lastTransitionTime", since ? since : text);
    json_object_put(json, "observedGeneration",
                    json_integer_create(wish->generation));
    return json;
}

/* NULL if that cannot be said. */
static char *
make_body(const struct doc_node *object, const struct wish *wish)
{
    const char *version = kube_get_string(doc_node_get(object, "metadata"),
                                          "resourceVersion");
    const struct doc_node *ours = find_ours(object);
    struct json *conditions = json_array_create_empty();
    struct json *metadata = json_object_create();
    struct json *status = json_object_create();
    struct json *body = json_object_create();
    size_t n;
    const struct doc_node *list = get_conditions(object, &n);

    for (size_t i = 0; i < MIN(n, KUBE_CONDITIONS_MAX_OTHERS); i++) {
        if (doc_node_at(list, i) != ours) {
            json_array_add(conditions, copy_condition(doc_node_at(list, i)));
        }
    }
    json_array_add(conditions, make_condition(wish, ours));
    json_object_put(status, "conditions", conditions);
    json_object_put_string(metadata, "resourceVersion",
                           version ? version : "");
    json_object_put(body, "metadata", metadata);
    json_object_put(body, "status", status);

    char *text = (version && n <= KUBE_CONDITIONS_MAX_OTHERS
                  ? json_to_string(body, 0) : NULL);
    json_destroy(body);
    return text;
}

/* Wishes. */

static uint32_t
hash_wish(const struct wish *wish)
{
    uint32_t hash = hash_string(wish->message,
                                hash_string(wish->status, 0));

    hash = hash_int(wish->generation, hash);
    return hash ? hash : 1;
}

/* What is being said right now may turn out to be refused. */
static void
ask(struct kube_conditions *c, const char *name,
    const struct doc_node *object, const struct wish *wish)
{
    struct kube_condition_record *r = shash_find_data(&c->records, name);
    uint32_t hash = hash_wish(wish);

    if (!r && shash_count(&c->records) < KUBE_CONDITIONS_MAX) {
        r = xzalloc(sizeof *r);
        shash_add(&c->records, name, r);
    }
    if (!r || (r->told == hash && !(c->asked && !strcmp(c->asked, name)))) {
        return;
    }
    if (!r->body) {
        r->at = time_msec() + random_range(KUBE_CONDITIONS_JITTER_MSEC);
    }
    free(r->body);
    r->body = make_body(object, wish);
    r->hash = hash;
}

/* A copy of 'message' that is short enough and ends with a whole character. */
static char *
shorten(const char *message)
{
    size_t length = strlen(message);

    if (length > MAX_MESSAGE) {
        length = MAX_MESSAGE;
        while (length && ((unsigned char) message[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    return xmemdup0(message, length);
}

void
kube_conditions_note(struct kube_conditions *c, const char *name,
                     const struct doc_node *object, const char *problem)
{
    const struct doc_node *ours = find_ours(object);
    char *message = shorten(problem ? problem : "all of it is understood");
    struct wish wish = {
        .status = problem ? "False" : "True",
        .reason = problem ? "NotUnderstood" : "Understood",
        .message = message,
        .generation = get_integer(doc_node_get(object, "metadata"),
                                  "generation"),
    };

    if (is_granted(ours, &wish) || (!problem && !ours)) {
        struct kube_condition_record *r = shash_find_data(&c->records, name);

        if (r) {
            free(r->body);
            r->body = NULL;
        }
    } else {
        ask(c, name, object, &wish);
    }
    free(message);
}

/* Requests. */

static struct shash_node *
find_due(const struct kube_conditions *c)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &c->records) {
        const struct kube_condition_record *r = node->data;

        if (r->body && time_msec() >= r->at) {
            return node;
        }
    }
    return NULL;
}

static void
write_condition(struct kube *kube, const struct shash_node *node)
{
    struct kube_conditions *c = &kube->conditions;
    struct kube_condition_record *r = node->data;
    char *path = xasprintf(RESOURCE "/%s/status?fieldManager=ovs-netpol",
                           node->name);
    struct kube_get get = {
        .path = path,
        .method = "PATCH",
        .body = r->body,
        .type = "application/merge-patch+json",
        .max_data = MAX_REPLY,
        .timeout = REQUEST_SECONDS,
    };

    c->request = kube_http_get(kube->http, &get);
    c->asked = xstrdup(node->name);
    c->next_at = time_msec() + KUBE_CONDITIONS_MSEC;
    r->told = r->hash;
    free(r->body);
    r->body = NULL;
    free(path);
}

/* The object is none that its definition would take today, and so its status
 * cannot be changed either.  That is about no other object. */
static void
log_invalid(const struct kube_conditions *c)
{
    char *problem = kube_request_problem(c->request);

    VLOG_WARN_RL(&rl, "ClusterNetworkPolicy %s: its status cannot be written: "
                 "%s", c->asked, problem);
    free(problem);
}

/* Whoever was faster (409), or deleted it (404): the watch tells.  What fails
 * otherwise is not said again, until the object or we change. */
static void
finish(struct kube_conditions *c)
{
    struct kube_condition_record *r = shash_find_data(&c->records, c->asked);
    unsigned int status = (kube_request_error(c->request)
                           ? 0 : kube_request_status(c->request));

    if (status == 409 || status == 404) {
        if (r) {
            r->told = 0;
        }
    } else if (status == 200) {
        c->n_written++;
        kube_set_error(&c->error, NULL, "conditions");
    } else if (status == 422) {
        c->n_failed++;
        log_invalid(c);
    } else {
        c->n_failed++;
        c->next_at = time_msec() + KUBE_CONDITIONS_RETRY_MSEC;
        kube_set_error(&c->error, kube_request_problem(c->request),
                       "conditions");
    }
    free(c->asked);
    c->asked = NULL;
    kube_request_destroy(c->request);
    c->request = NULL;
}

static bool
is_well(const struct kube *kube)
{
    return (kube->checked
            && kube->kinds[K8S_CLUSTER_POLICY].state == KUBE_WATCHING
            && kube_is_synced(kube));
}

void
kube_conditions_run(struct kube *kube)
{
    struct kube_conditions *c = &kube->conditions;

    if (c->request && kube_request_is_done(c->request)) {
        finish(c);
    }
    if (!c->request && is_well(kube) && time_msec() >= c->next_at) {
        const struct shash_node *node = find_due(c);

        if (node) {
            write_condition(kube, node);
        }
    }
}

void
kube_conditions_wait(const struct kube *kube)
{
    const struct kube_conditions *c = &kube->conditions;
    const struct shash_node *node;

    if (c->request) {
        if (kube_request_is_done(c->request)) {
            poll_immediate_wake();
        }
        return;
    }
    SHASH_FOR_EACH (node, &c->records) {
        const struct kube_condition_record *r = node->data;

        if (r->body && is_well(kube)) {
            poll_timer_wait_until(MAX(r->at, c->next_at));
        }
    }
}

void
kube_conditions_cancel(struct kube *kube)
{
    struct kube_conditions *c = &kube->conditions;

    kube_request_destroy(c->request);
    c->request = NULL;
    free(c->asked);
    c->asked = NULL;
}
