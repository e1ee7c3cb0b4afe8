/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "answer.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "openvswitch/shash.h"
#include "util.h"

#define LABEL_WIDTH 12

struct json *
answer_ask(const char *target, const char *command, int argc,
           const char *const argv[], char **error)
{
    char *reply;

    if (client_ask(target, command, argc, argv, &reply, error)) {
        return NULL;
    }

    struct json *json = json_from_string(reply);
    free(reply);
    if (json->type == JSON_STRING) {
        /* That is how json_from_string() says that something is wrong. */
        *error = xasprintf("not JSON: %s", json_string(json));
        json_destroy(json);
        return NULL;
    }
    return json;
}

const struct json *
answer_get(const struct json *json, const char *path)
{
    while (json && path[0]) {
        size_t length = strcspn(path, ".");
        char *name = xmemdup0(path, length);

        json = (json->type == JSON_OBJECT
                ? shash_find_data(json_object(json), name) : NULL);
        free(name);
        path += length + (path[length] == '.');
    }
    return json;
}

const char *
answer_string(const struct json *json, const char *path)
{
    json = answer_get(json, path);
    return json && json->type == JSON_STRING ? json_string(json) : "";
}

int64_t
answer_integer(const struct json *json, const char *path)
{
    json = answer_get(json, path);
    return json && json->type == JSON_INTEGER ? json_integer(json) : 0;
}

bool
answer_bool(const struct json *json, const char *path)
{
    json = answer_get(json, path);
    return json && json->type == JSON_TRUE;
}

size_t
answer_count(const struct json *json)
{
    return json && json->type == JSON_ARRAY ? json_array(json)->n : 0;
}

const struct json *
answer_at(const struct json *json, size_t i)
{
    return json_array(json)->elems[i];
}

bool
answer_is(const struct json *json, const char *ns, const char *name)
{
    return (!strcmp(answer_string(json, "namespace"), ns)
            && !strcmp(answer_string(json, "name"), name));
}

struct json *
answer_name(const char *ns, const char *name)
{
    struct json *json = json_object_create();

    json_object_put_string(json, "namespace", ns);
    json_object_put_string(json, "name", name);
    return json;
}

void
answer_fact(struct ds *s, const char *label, const char *format, ...)
{
    va_list args;

    ds_put_format(s, "%-*s ", LABEL_WIDTH, label);
    va_start(args, format);
    ds_put_format_valist(s, format, args);
    va_end(args);
    ds_put_char(s, '\n');
}
