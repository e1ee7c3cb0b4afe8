/* SPDX-License-Identifier: Apache-2.0
 *
 * The command lint. */

#include <config.h>

#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "answer.h"
#include "columns.h"
#include "dir.h"
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

/* "NS/NAME" of a NetworkPolicy, "KIND NAME" or "KIND NS/NAME" of others; "-"
 * if it is about a text. */
static char *
format_object(const struct lint_finding *f)
{
    return (f->kind == K8S_N_KINDS ? xstrdup("-")
            : f->kind == K8S_POLICY ? xasprintf("%s/%s", f->ns, f->name)
            : xasprintf("%s %s%s%s", k8s_kind_name(f->kind), f->ns,
                        f->ns[0] ? "/" : "", f->name));
}

static void
format_finding(const struct lint_finding *f, bool colour,
               struct columns *columns)
{
    const char *severity = lint_severity_name(f->rule->severity);

    columns_add_nocopy(columns, client_painted(colour,
                                               colour_of(f->rule->severity),
                                               severity));
    columns_add_nocopy(columns, format_object(f));
    columns_add(columns, f->rule->name);
    columns_add_nocopy(columns, xasprintf("%s%s%s%s%s",
                                          f->place, f->place[0] ? ": " : "",
                                          f->path, f->path[0] ? ": " : "",
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
    json_object_put_string(json, "kind", (f->kind == K8S_N_KINDS ? ""
                                          : k8s_kind_name(f->kind)));
    json_object_put_string(json, "namespace", f->ns);
    json_object_put_string(json, "name", f->name);
    json_object_put_string(json, "place", f->place);
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

/* True if it is not about namespace 'ns', but about another or the cluster; a
 * text may be about all of them. */
static bool
is_elsewhere(const struct lint_finding *f, const void *ns)
{
    return f->kind != K8S_N_KINDS && strcmp(f->ns, ns);
}

static bool
is_namespace(const struct objects *objects, const struct lint *lint,
             const char *ns)
{
    bool is = objects_know_namespace(objects, ns);

    for (size_t i = 0; i < lint->n_findings && !is; i++) {
        is = !strcmp(lint->findings[i].ns, ns);
    }
    return is;
}

/* While objects are read. */

static void
add_text(const char *name, const char *text, size_t size, void *lint)
{
    lint_check_text(lint, name, text, size);
}

static void
add_problem(const struct dir_problem *p, bool is_warning, void *lint)
{
    lint_add_problem(lint, (is_warning ? LINT_IGNORED
                            : p->duplicate ? LINT_TWICE : LINT_REFUSED),
                     p->place, p->object, p->message);
}

static size_t
add_answers(struct lint *lint, enum lint_problem problem,
            const struct json *list)
{
    for (size_t i = 0; i < answer_count(list); i++) {
        const struct json *p = answer_at(list, i);

        lint_add_problem(lint, problem, answer_string(p, "place"),
                         answer_get(p, "object") ? answer_string(p, "object")
                         : NULL, answer_string(p, "message"));
    }
    return answer_count(list);
}

/* What the daemon read and did not understand is not among its objects.
 * Returns the number of problems, or -1 after complaining. */
static ssize_t
ask_daemon(const struct client_command *command,
           const struct client_options *options, struct lint *lint)
{
    static const char *const words[] = { "-o", "json" };
    char *error = NULL;
    struct json *status = answer_ask(options->target, "status", 2, words,
                                     &error);

    if (!status) {
        client_complain("%s: %s", command->name, error);
        free(error);
        return -1;
    }
    size_t n = add_answers(lint, LINT_REFUSED, answer_get(status, "problems"));
    add_answers(lint, LINT_IGNORED, answer_get(status, "warnings"));
    json_destroy(status);
    return n;
}

/* Reads the objects, with what is to say about them. */
static bool
load(const struct client_command *command,
     const struct client_options *options, struct objects *objects,
     struct lint *lint)
{
    objects->on_text = add_text;
    objects->on_problem = add_problem;
    objects->aux = lint;
    if (!objects_load(objects, command, options)) {
        return false;
    }
    if (!options->dir && !options->files.n) {
        ssize_t n = ask_daemon(command, options, lint);

        objects->n_problems = MAX(n, 0);
        return n >= 0;
    }
    return true;
}

/* The command. */

static int
exit_code(const struct client_options *options, const size_t counts[])
{
    for (int i = options->fail_on; i < LINT_N_SEVERITIES; i++) {
        if (counts[i]) {
            return CLIENT_NO;
        }
    }
    return CLIENT_OK;
}

static int
answer(const struct client_options *options, struct lint *lint,
       size_t n_problems)
{
    size_t counts[LINT_N_SEVERITIES];

    lint_drop_needless(lint);
    if (options->ns) {
        lint_drop(lint, is_elsewhere, options->ns);
    }
    lint_sort(lint);
    count(lint, counts);
    if (options->format == CLIENT_JSON) {
        print_json(lint, counts, n_problems);
    } else {
        print_text(lint, counts);
    }
    return exit_code(options, counts);
}

int
client_lint(const struct client_command *command,
            const struct client_options *options, const char *const args[])
{
    struct objects objects;
    struct lint found, lint;
    int code = CLIENT_ERROR;

    objects_init(&objects);
    lint_init(&found, objects.model);
    if (!load(command, options, &objects, &found)) {
        lint_uninit(&found);
        objects_uninit(&objects);
        return CLIENT_ERROR;
    }
    lint_init(&lint, objects.model);
    lint_check_model(&lint);
    lint_move(&found, &lint);
    if (options->ns && !is_namespace(&objects, &lint, options->ns)) {
        client_complain("%s: there is nothing in namespace \"%s\"",
                        command->name, options->ns);
    } else {
        code = answer(options, &lint, objects.n_problems);
    }
    lint_uninit(&lint);
    objects_uninit(&objects);
    return code;
}
