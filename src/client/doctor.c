/* SPDX-License-Identifier: Apache-2.0
 *
 * `doctor`: is the installation right? */

#include <config.h>

#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>

#include "answer.h"
#include "client.h"
#include "columns.h"
#include "terminal.h"
#include "util.h"

/* Certificates and time stamps are worth nothing before this: 2024. */
#define OLDEST_TIME 1704067200

const char *
doctor_result_name(enum doctor_result result)
{
    static const char *const names[] = {
        [DOCTOR_OK] = "ok",
        [DOCTOR_UNKNOWN] = "unknown",
        [DOCTOR_WARNING] = "warning",
        [DOCTOR_BAD] = "bad",
    };

    return names[result];
}

void
doctor_add(struct doctor *d, const char *name, enum doctor_result result,
           const char *fix, const char *format, ...)
{
    va_list args;

    if (d->n >= d->allocated) {
        d->checks = x2nrealloc(d->checks, &d->allocated, sizeof *d->checks);
    }
    va_start(args, format);
    d->checks[d->n++] = (struct doctor_check) {
        name, result, xvasprintf(format, args), fix
    };
    va_end(args);
}

/* This machine. */

void
doctor_check_machine(struct doctor *d)
{
    struct timex timex = { .modes = 0 };
    int state = adjtimex(&timex);

    if (time(NULL) < OLDEST_TIME) {
        doctor_add(d, "clock", DOCTOR_BAD, "set it",
                   "it is before 2024: certificates will not be valid");
    } else if (state == TIME_ERROR) {
        doctor_add(d, "clock", DOCTOR_UNKNOWN, NULL,
                   "the kernel does not know whether it is right");
    } else {
        doctor_add(d, "clock", DOCTOR_OK, NULL, "is kept right");
    }
}

/* What there is to look at. */

static void
ask_daemon(struct doctor *d)
{
    static const char *const words[] = { "-o", "json" };
    const char *target = d->options->target;
    char *error = NULL;

    d->status = answer_ask(target, "status", 2, words, &d->daemon_error);
    if (d->status) {
        d->pods = answer_ask(target, "pods", 2, words, &error);
        free(error);
        if (client_ask(target, "vlog/list", 0, NULL, &d->log_levels, &error)) {
            free(error);
        }
    }
    d->bridge = d->options->bridge;
    if (!d->bridge && d->status) {
        d->bridge = answer_string(d->status, "switch.bridge");
    }
}

static void
ask_vswitchd(struct doctor *d)
{
    char *error;

    if (client_ask("ovs-vswitchd", "version", 0, NULL, &d->vswitchd_version,
                   &error)) {
        free(error);
    }
}

static void
doctor_init(struct doctor *d, const struct client_options *options)
{
    *d = (struct doctor) { .options = options };
    ask_daemon(d);
    ask_vswitchd(d);
    d->db_error = db_read(answer_string(d->status, "database.remote"),
                          d->bridge, &d->db);
    d->has_db = !d->db_error;
}

static void
doctor_uninit(struct doctor *d)
{
    for (size_t i = 0; i < d->n; i++) {
        free(d->checks[i].text);
    }
    free(d->checks);
    json_destroy(d->status);
    json_destroy(d->pods);
    free(d->daemon_error);
    free(d->log_levels);
    free(d->vswitchd_version);
    db_facts_uninit(&d->db);
    free(d->db_error);
}

/* Printing. */

static char *
to_text(const struct doctor *d, bool colour)
{
    static const enum client_colour colours[] = {
        [DOCTOR_OK] = CLIENT_GREEN,
        [DOCTOR_UNKNOWN] = CLIENT_DIM,
        [DOCTOR_WARNING] = CLIENT_YELLOW,
        [DOCTOR_BAD] = CLIENT_RED,
    };
    struct ds s = DS_EMPTY_INITIALIZER;
    struct columns c;

    columns_init(&c, 3);
    for (size_t i = 0; i < d->n; i++) {
        const struct doctor_check *check = &d->checks[i];

        columns_add_nocopy(&c, client_painted(
            colour, colours[check->result],
            doctor_result_name(check->result)));
        columns_add(&c, check->name);
        columns_add_nocopy(&c, (check->fix
                                ? xasprintf("%s [%s]", check->text, check->fix)
                                : xstrdup(check->text)));
    }
    columns_format(&c, &s);
    columns_destroy(&c);
    return ds_steal_cstr(&s);
}

static bool
is_ok(const struct doctor *d)
{
    for (size_t i = 0; i < d->n; i++) {
        if (d->checks[i].result == DOCTOR_BAD) {
            return false;
        }
    }
    return true;
}

static char *
to_json(const struct doctor *d)
{
    struct json *json = json_object_create();
    struct json *checks = json_array_create_empty();

    for (size_t i = 0; i < d->n; i++) {
        const struct doctor_check *check = &d->checks[i];
        struct json *item = json_object_create();

        json_object_put_string(item, "name", check->name);
        json_object_put_string(item, "result",
                               doctor_result_name(check->result));
        json_object_put_string(item, "text", check->text);
        json_object_put(item, "fix", (check->fix
                                      ? json_string_create(check->fix)
                                      : json_null_create()));
        json_array_add(checks, item);
    }
    json_object_put(json, "ok", json_boolean_create(is_ok(d)));
    json_object_put(json, "checks", checks);

    char *text = json_to_string(json, JSSF_PRETTY | JSSF_SORT);
    json_destroy(json);
    return text;
}

int
client_doctor(const struct client_command *command OVS_UNUSED,
              const struct client_options *options,
              const char *const args[] OVS_UNUSED)
{
    struct doctor d;

    doctor_init(&d, options);
    doctor_check_daemon(&d);
    doctor_check_switch(&d);
    doctor_check_machine(&d);

    char *text = (options->format == CLIENT_JSON
                  ? to_json(&d)
                  : to_text(&d, client_wants_colour(stdout)));
    int code = is_ok(&d) ? CLIENT_OK : CLIENT_NO;
    client_print(text);
    free(text);
    doctor_uninit(&d);
    return code;
}
