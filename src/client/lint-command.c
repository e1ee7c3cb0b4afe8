/* SPDX-License-Identifier: Apache-2.0
 *
 * The command lint. */

#include <config.h>

#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "columns.h"
#include "lint.h"
#include "objects.h"
#include "openvswitch/dynamic-string.h"
#include "terminal.h"
#include "util.h"

static enum client_colour
colour_of(enum lint_severity severity)
{
    return (severity == LINT_ERROR ? CLIENT_RED
            : severity == LINT_WARNING ? CLIENT_YELLOW : CLIENT_CYAN);
}

static void
format_finding(const struct lint_finding *f, bool colour,
               struct columns *columns)
{
    const char *severity = lint_severity_name(f->rule->severity);

    columns_add_nocopy(columns, client_painted(colour,
                                               colour_of(f->rule->severity),
                                               severity));
    columns_add_nocopy(columns,
                       (k8s_kind_is_cluster_policy(f->kind)
                        ? xasprintf("%s %s", k8s_kind_name(f->kind), f->name)
                        : xasprintf("%s/%s", f->ns, f->name)));
    columns_add(columns, f->rule->name);
    columns_add_nocopy(columns, xasprintf("%s%s%s", f->path,
                                          f->path[0] ? ": " : "",
                                          f->message));
}

/* How many findings there are of each severity. */
static void
count(const struct lint *lint, size_t counts[LINT_N_SEVERITIES])
{
    memset(counts, 0, LINT_N_SEVERITIES * sizeof *counts);
    for (size_t i = 0; i < lint->n_findings; i++) {
        counts[lint->findings[i].rule->severity]++;
    }
}

static void
print_text(const struct lint *lint, const size_t counts[])
{
    bool colour = client_wants_colour(stdout);
    struct ds s = DS_EMPTY_INITIALIZER;
    struct columns columns;

    columns_init(&columns, 4);
    for (size_t i = 0; i < lint->n_findings; i++) {
        format_finding(&lint->findings[i], colour, &columns);
    }
    columns_format(&columns, &s);
    columns_destroy(&columns);
    if (lint->n_findings) {
        ds_put_char(&s, '\n');
    }
    for (int i = LINT_N_SEVERITIES - 1; i >= 0; i--) {
        ds_put_format(&s, "%"PRIuSIZE" %s%s%s", counts[i],
                      lint_severity_name(i), counts[i] == 1 ? "" : "s",
                      i ? ", " : "\n");
    }
    client_print(ds_cstr(&s));
    ds_destroy(&s);
}

static struct json *
finding_to_json(const struct lint_finding *f)
{
    struct json *json = json_object_create();

    json_object_put_string(json, "rule", f->rule->name);
    json_object_put_string(json, "severity",
                           lint_severity_name(f->rule->severity));
    json_object_put_string(json, "kind", k8s_kind_name(f->kind));
    json_object_put_string(json, "namespace", f->ns);
    json_object_put_string(json, "name", f->name);
    json_object_put_string(json, "path", f->path);
    json_object_put_string(json, "message", f->message);
    return json;
}

static void
print_json(const struct lint *lint, const size_t counts[], size_t n_refused)
{
    static const char *const plurals[] = {
        [LINT_INFO] = "infos",
        [LINT_WARNING] = "warnings",
        [LINT_ERROR] = "errors",
    };
    struct json *json = json_object_create();
    struct json *findings = json_array_create_empty();

    for (size_t i = 0; i < lint->n_findings; i++) {
        json_array_add(findings, finding_to_json(&lint->findings[i]));
    }
    json_object_put(json, "findings", findings);
    for (int i = 0; i < LINT_N_SEVERITIES; i++) {
        json_object_put(json, plurals[i], json_integer_create(counts[i]));
    }
    json_object_put(json, "problems", json_integer_create(n_refused));

    char *text = json_to_string(json, JSSF_PRETTY | JSSF_SORT);
    client_print(text);
    free(text);
    json_destroy(json);
}

/* Leaves only what is about namespace 'ns'. */
static void
keep_namespace(struct lint *lint, const char *ns)
{
    size_t n = 0;

    for (size_t i = 0; i < lint->n_findings; i++) {
        struct lint_finding *f = &lint->findings[i];

        if (!strcmp(f->ns, ns)) {
            struct lint_finding kept = *f;
            *f = lint->findings[n];
            lint->findings[n++] = kept;
        }
    }
    for (size_t i = n; i < lint->n_findings; i++) {
        free(lint->findings[i].ns);
        free(lint->findings[i].name);
        free(lint->findings[i].path);
        free(lint->findings[i].message);
    }
    lint->n_findings = n;
}

static void
check_text(const char *name, const char *text, size_t size, void *lint)
{
    lint_check_text(lint, name, text, size);
}

/* What could not be read at all is an error, whatever else is found. */
static int
exit_code(const struct client_options *options, const size_t counts[],
          size_t n_refused)
{
    for (int i = options->fail_on; i < LINT_N_SEVERITIES; i++) {
        if (counts[i]) {
            return CLIENT_NO;
        }
    }
    return n_refused ? CLIENT_NO : CLIENT_OK;
}

int
client_lint(const struct client_command *command,
            const struct client_options *options, const char *const args[])
{
    size_t counts[LINT_N_SEVERITIES];
    struct objects objects;
    struct lint texts, lint;

    objects_init(&objects);
    lint_init(&texts, objects.model);
    objects.on_text = check_text;
    objects.aux = &texts;
    if (!objects_load(&objects, command, options)) {
        lint_uninit(&texts);
        objects_uninit(&objects);
        return CLIENT_ERROR;
    }
    lint_init(&lint, objects.model);
    lint_check_model(&lint);
    lint_move(&texts, &lint);
    if (options->ns) {
        keep_namespace(&lint, options->ns);
    }
    lint_sort(&lint);
    count(&lint, counts);
    if (options->format == CLIENT_JSON) {
        print_json(&lint, counts, objects.n_problems);
    } else {
        print_text(&lint, counts);
    }
    lint_uninit(&lint);
    objects_uninit(&objects);
    return exit_code(options, counts, objects.n_problems);
}
