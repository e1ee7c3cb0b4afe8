/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "kube-event.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "ovs-json.h"

#include "timeval.h"
#include "util.h"

#define COMPONENT "ovs-netpold"

/* Names of Events: what is left of the object's before a dot and the hash. */
#define MAX_PREFIX 200

static void
hash_text(uint32_t hash[2], const char *s)
{
    hash[0] = hash_string(s ? s : "", hash[0]);
    hash[1] = hash_string(s ? s : "", hash[1]);
}

uint64_t
kube_event_hash(const struct kube_event *event)
{
    uint32_t hash[2] = { 1, 2 };

    hash_text(hash, k8s_kind_name(event->kind));
    hash_text(hash, event->ns);
    hash_text(hash, event->name);
    hash_text(hash, event->uid);
    hash_text(hash, event->reason);
    hash_text(hash, event->message);
    return (uint64_t) hash[0] << 32 | hash[1];
}

/* A copy of 'message' that is short enough and ends with a whole character. */
static char *
shorten(const char *message)
{
    size_t length = strlen(message);

    if (length > KUBE_EVENT_MAX_MESSAGE) {
        length = KUBE_EVENT_MAX_MESSAGE;
        while (length && ((unsigned char) message[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    return xmemdup0(message, length);
}

struct kube_event_record *
kube_event_record_create(const struct kube_event *event, uint64_t hash)
{
    struct kube_event_record *r = xzalloc(sizeof *r);

    r->hash = hash;
    r->kind = event->kind;
    r->ns = nullable_xstrdup(event->ns);
    r->name = xstrdup(event->name);
    r->uid = nullable_xstrdup(event->uid);
    r->reason = xstrdup(event->reason);
    r->message = shorten(event->message);
    r->first = time_wall();
    return r;
}

void
kube_event_record_destroy(struct kube_event_record *r)
{
    if (r) {
        free(r->ns);
        free(r->name);
        free(r->uid);
        free(r->reason);
        free(r->message);
        free(r);
    }
}

/* What is sent. */

const char *
kube_event_ns(const struct kube_event_record *r)
{
    return r->ns ? r->ns : "default";
}

char *
kube_event_name(const struct kube_event_record *r)
{
    size_t length = MIN(strlen(r->name), MAX_PREFIX);

    while (length && !isalnum((unsigned char) r->name[length - 1])) {
        length--;
    }
    return xasprintf("%.*s.%016"PRIx64, (int) length, r->name, r->hash);
}

static void
put_time(struct json *json, const char *member, time_t t)
{
    char text[64];
    struct tm tm;

    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
    json_object_put_string(json, member, text);
}

static struct json *
involved_object(const struct kube_event_record *r)
{
    struct json *json = json_object_create();

    json_object_put_string(json, "kind", k8s_kind_name(r->kind));
    json_object_put_string(json, "apiVersion", k8s_api_version(r->kind));
    if (r->ns) {
        json_object_put_string(json, "namespace", r->ns);
    }
    json_object_put_string(json, "name", r->name);
    if (r->uid) {
        json_object_put_string(json, "uid", r->uid);
    }
    return json;
}

static struct json *
event_source(const char *instance)
{
    struct json *json = json_object_create();

    json_object_put_string(json, "component", COMPONENT);
    if (instance) {
        json_object_put_string(json, "host", instance);
    }
    return json;
}

static struct json *
event_metadata(const struct kube_event_record *r)
{
    struct json *json = json_object_create();

    json_object_put(json, "name",
                    json_string_create_nocopy(kube_event_name(r)));
    json_object_put_string(json, "namespace", kube_event_ns(r));
    return json;
}

/* Serializes and frees 'json' (caller frees the text). */
static char *
to_text(struct json *json)
{
    char *text = json_to_string(json, 0);

    json_destroy(json);
    return text;
}

char *
kube_event_creation(const struct kube_event_record *r, const char *instance)
{
    struct json *json = json_object_create();

    json_object_put_string(json, "apiVersion", "v1");
    json_object_put_string(json, "kind", "Event");
    json_object_put(json, "metadata", event_metadata(r));
    json_object_put(json, "involvedObject", involved_object(r));
    json_object_put(json, "source", event_source(instance));
    json_object_put_string(json, "type", "Warning");
    json_object_put_string(json, "reason", r->reason);
    json_object_put_string(json, "message", r->message);
    put_time(json, "firstTimestamp", r->first);
    put_time(json, "lastTimestamp", r->last);
    json_object_put(json, "count", json_integer_create(r->count));
    return to_text(json);
}

char *
kube_event_patch(const struct kube_event_record *r)
{
    struct json *json = json_object_create();

    put_time(json, "lastTimestamp", r->last);
    json_object_put(json, "count", json_integer_create(r->count));
    return to_text(json);
}
