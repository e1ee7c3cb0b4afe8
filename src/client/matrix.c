/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "matrix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "k8s.h"
#include "model.h"
#include "objects.h"
#include "openvswitch/dynamic-string.h"
#include "reach.h"
#include "terminal.h"
#include "util.h"

static const char *
grain_name(enum client_grain by)
{
    return (by == CLIENT_BY_POD ? "pod"
            : by == CLIENT_BY_APP ? "app" : "namespace");
}

static struct json *
port_to_json(const struct client_port *port)
{
    if (!port->given) {
        return json_null_create();
    }

    struct json *json = json_object_create();
    json_object_put_string(json, "protocol",
                           k8s_protocol_name(port->protocol));
    json_object_put(json, "port", (port->number
                                   ? json_integer_create(port->number)
                                   : json_null_create()));
    return json;
}

static struct json *
cell_to_json(const struct rows *rows, size_t from, size_t to)
{
    struct json *cell = json_array_create_empty();
    struct ptrs sets = PTRS_INITIALIZER;

    rows_cell(rows, from, to, &sets);
    for (size_t i = 0; i < sets.n; i++) {
        const struct reach_services *services = sets.p[i];

        json_array_add(cell, json_integer_create(services->index));
    }
    ptrs_uninit(&sets);
    return cell;
}

struct json *
matrix_to_json(const struct matrix *m)
{
    struct json *json = json_object_create();
    struct json *cells = json_array_create_empty();

    json_object_put_string(json, "by", grain_name(m->by));
    json_object_put(json, "namespace", (m->ns ? json_string_create(m->ns)
                                        : json_null_create()));
    json_object_put(json, "port", port_to_json(&m->port));
    json_object_put(json, "rows", rows_to_json(&m->rows));
    json_object_put(json, "services", rows_services_to_json(m->rows.reach));
    for (size_t i = 0; i < m->rows.n; i++) {
        struct json *row = json_array_create_empty();

        for (size_t j = 0; j < m->rows.n; j++) {
            json_array_add(row, cell_to_json(&m->rows, i, j));
        }
        json_array_add(cells, row);
    }
    json_object_put(json, "cells", cells);
    return json;
}

static int
print(const struct client_command *command,
      const struct client_options *options, const struct matrix *m)
{
    bool json = options->format == CLIENT_JSON;
    int max = json ? MATRIX_MAX_JSON_ROWS : MATRIX_MAX_TEXT_ROWS;

    if (m->rows.n > max) {
        client_complain("%s: %"PRIuSIZE" rows are more than %d; try --by or "
                        "-n", command->name, m->rows.n, max);
        return CLIENT_ERROR;
    }
    if (json) {
        struct json *object = matrix_to_json(m);
        char *text = json_to_string(object, JSSF_SORT);
        client_print(text);
        free(text);
        json_destroy(object);
    } else {
        struct ds s = DS_EMPTY_INITIALIZER;
        matrix_format(m, client_wants_colour(stdout), &s);
        client_print(ds_cstr(&s));
        ds_destroy(&s);
    }
    return CLIENT_OK;
}

static int
answer(const struct client_command *command,
       const struct client_options *options, const struct model *model)
{
    struct reach *reach;
    struct matrix m = {
        .by = options->by_given ? options->by : CLIENT_BY_APP,
        .ns = options->ns,
        .port = options->port,
    };

    if (!rows_ask(&m.rows, &reach, model, command, options)) {
        return CLIENT_ERROR;
    }
    int code = print(command, options, &m);
    rows_uninit(&m.rows);
    reach_destroy(reach);
    return code;
}

int
client_matrix(const struct client_command *command,
              const struct client_options *options,
              const char *const args[])
{
    struct objects objects;

    if (options->format == CLIENT_HTML) {
        return client_report(command, options, args);
    }
    objects_init(&objects);
    int code = (objects_load(&objects, command, options)
                ? answer(command, options, objects.model) : CLIENT_ERROR);
    objects_uninit(&objects);
    return code;
}
