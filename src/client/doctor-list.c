/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of checks: what was found, for people and for programs. */

#include <config.h>

#include "doctor.h"

#include <stdarg.h>
#include <stdlib.h>

#include "ovs-json.h"

#include "columns.h"
#include "openvswitch/dynamic-string.h"
#include "terminal.h"
#include "util.h"

static const char *
result_name(enum doctor_result result)
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
        name, result, xvasprintf(format, args),
        nullable_xstrdup(fix)
    };
    va_end(args);
}

void
doctor_checks_uninit(struct doctor *d)
{
    for (size_t i = 0; i < d->n; i++) {
        free(d->checks[i].text);
        free(d->checks[i].fix);
    }
    free(d->checks);
}

bool
doctor_is_ok(const struct doctor *d)
{
    for (size_t i = 0; i < d->n; i++) {
        if (d->checks[i].result == DOCTOR_BAD) {
            return false;
        }
    }
    return true;
}

char *
doctor_to_text(const struct doctor *d, bool colour)
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
            colour, colours[check->result], result_name(check->result)));
        columns_add(&c, check->name);
        columns_add_nocopy(&c, (check->fix
                                ? xasprintf("%s [%s]", check->text, check->fix)
                                : xstrdup(check->text)));
    }
    columns_format(&c, &s);
    columns_destroy(&c);
    return ds_steal_cstr(&s);
}

char *
doctor_to_json(const struct doctor *d)
{
    struct json *json = json_object_create();
    struct json *checks = json_array_create_empty();

    for (size_t i = 0; i < d->n; i++) {
        const struct doctor_check *check = &d->checks[i];
        struct json *item = json_object_create();

        json_object_put_string(item, "name", check->name);
        json_object_put_string(item, "result", result_name(check->result));
        json_object_put_string(item, "text", check->text);
        json_object_put(item, "fix", (check->fix
                                      ? json_string_create(check->fix)
                                      : json_null_create()));
        json_array_add(checks, item);
    }
    json_object_put(json, "ok", json_boolean_create(doctor_is_ok(d)));
    json_object_put(json, "checks", checks);

    char *text = json_to_string(json, JSSF_PRETTY | JSSF_SORT);
    json_destroy(json);
    return text;
}
