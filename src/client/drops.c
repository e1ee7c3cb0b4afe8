/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "drops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "client.h"
#include "model.h"
#include "name.h"
#include "objects.h"
#include "openvswitch/dynamic-string.h"
#include "terminal.h"
#include "timeval.h"
#include "util.h"

/* Between questions, when followed. */
#define FOLLOW_MSEC 300

/* Asks for the records from number 'since' on.  Returns NULL or a message
 * (caller frees). */
static char *
ask(const char *target, uint64_t since, struct json **answer)
{
    char *word = xasprintf("%"PRIu64, since);
    const char *const words[] = { word };
    char *reply, *error = NULL;

    *answer = NULL;
    if (!client_ask(target, "drops", 1, words, &reply, &error)) {
        *answer = json_from_string(reply);
        free(reply);
        error = NULL;
        if ((*answer)->type != JSON_OBJECT) {
            json_destroy(*answer);
            error = xstrdup("the daemon's answer makes no sense");
        }
    }
    free(word);
    return error;
}

static int
complain(const struct client_command *command,
         const struct client_options *options, char *error)
{
    client_complain_of_daemon(command, options->target, error);
    free(error);
    return CLIENT_ERROR;
}

static void
print_json(const struct json *json)
{
    char *text = json_to_string(json, JSSF_SORT);

    client_print(text);
    free(text);
}

static void
print_list(const struct json *answer, const struct drops_filter *filter,
           bool is_json)
{
    if (is_json) {
        struct json *json = drops_to_json(answer, filter);

        print_json(json);
        json_destroy(json);
    } else {
        struct ds s = DS_EMPTY_INITIALIZER;

        drops_format(answer, filter, client_wants_colour(stdout), &s);
        client_print(ds_cstr(&s));
        ds_destroy(&s);
    }
}

static void
print_record(const struct json *record, bool is_json)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    if (is_json) {
        print_json(record);
        return;
    }
    drops_format_record(record, client_wants_colour(stdout), &s);
    client_print(ds_cstr(&s));
    ds_destroy(&s);
}

static void
print_records(const struct json *answer, const struct drops_filter *filter,
              bool is_json)
{
    const struct json *records
        = shash_find_data(json_object(answer), "records");

    if (!records || records->type != JSON_ARRAY) {
        return;
    }
    for (size_t i = 0; i < records->array.n; i++) {
        if (drops_matches(filter, records->array.elems[i])) {
            print_record(records->array.elems[i], is_json);
        }
    }
}

/* Says, among the lines, how many packets have no line. */
static void
print_gap(uint64_t n, bool is_json)
{
    if (is_json) {
        struct json *json = json_object_create();

        json_object_put(json, "suppressed", json_integer_create(n));
        print_json(json);
        json_destroy(json);
    } else {
        printf("... and %"PRIu64" more packets: the rate is limited\n", n);
    }
}

/* Until a signal ends it.  A daemon that was started again begins to count
 * anew. */
static int
follow(const struct client_command *command,
       const struct client_options *options,
       const struct drops_filter *filter)
{
    bool is_json = options->format == CLIENT_JSON;
    uint64_t next = UINT64_C(1) << 62, suppressed = 0;
    bool first = true;

    for (;;) {
        struct json *answer;
        char *error = ask(options->target, next, &answer);

        if (error) {
            return complain(command, options, error);
        }
        uint64_t n = drops_suppressed(answer, filter->audit);
        if (drops_next(answer) < next && !first) {
            next = 1;
            suppressed = 0;
        } else {
            print_records(answer, filter, is_json);
            next = drops_next(answer);
            if (!first && n > suppressed) {
                print_gap(n - suppressed, is_json);
            }
            suppressed = n;
            first = false;
        }
        json_destroy(answer);
        fflush(stdout);
        xnanosleep(FOLLOW_MSEC * UINT64_C(1000000));
    }
}

/* Whom a filter names should be in the cluster or, if that is past, in a
 * record.  Returns NULL or a message (caller frees). */
static char *
check_filter(const char *target, const struct json *answer,
             const struct drops_filter *f)
{
    bool pod = f->pod && !drops_know(answer, f->pod, NULL);
    bool policy = f->policy && !drops_know(answer, NULL, f->policy);
    struct policy_name name;
    struct objects o;

    if (!pod && !policy) {
        return NULL;
    }
    objects_init(&o);
    char *error = objects_add_daemon(&o, target);
    if (!error && pod) {
        const char *slash = strchr(f->pod, '/');
        char *ns = xmemdup0(f->pod, slash - f->pod);

        error = (model_get(o.model, K8S_POD, ns, slash + 1) ? NULL
                 : xasprintf("there is no pod \"%s\", and no record of one",
                             f->pod));
        free(ns);
    }
    if (!error && policy && policy_name_parse(f->policy, &name)) {
        error = (objects_find_policy(&o, &name) ? NULL
                 : xasprintf("there is no policy \"%s\", and no record of one",
                             f->policy));
        policy_name_uninit(&name);
    }
    objects_uninit(&o);
    return error;
}

/* Says so, but who is followed may still come. */
static void
warn_of_filter(const struct client_command *command, const char *target,
               const struct drops_filter *filter)
{
    struct json *answer;
    char *error = ask(target, 0, &answer);

    if (!error) {
        error = check_filter(target, answer, filter);
        if (error) {
            client_complain("%s: %s", command->name, error);
        }
        json_destroy(answer);
    }
    free(error);
}

int
client_drops(const struct client_command *command,
             const struct client_options *options,
             const char *const args[])
{
    struct drops_filter filter = {
        .audit = options->audit,
        .pod = options->pod,
        .policy = options->policy,
    };
    struct json *answer;

    if (options->follow) {
        warn_of_filter(command, options->target, &filter);
        return follow(command, options, &filter);
    }
    char *error = ask(options->target, 0, &answer);
    if (error) {
        return complain(command, options, error);
    }
    error = check_filter(options->target, answer, &filter);
    if (!error) {
        print_list(answer, &filter, options->format == CLIENT_JSON);
    }
    json_destroy(answer);
    return error ? complain(command, options, error) : CLIENT_OK;
}
