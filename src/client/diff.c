/* SPDX-License-Identifier: Apache-2.0
 *
 * Which objects differ; and the command. */

#include <config.h>

#include "diff.h"

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
#include "util.h"

/* The program of the switch, which knows its connections. */
#define SWITCH "ovs-vswitchd"

/* Objects. */

static void
add_object(struct diff *d, enum diff_change change,
           const struct k8s_object *object)
{
    d->objects = xrealloc(d->objects, ((d->n_objects + 1)
                                       * sizeof *d->objects));
    d->objects[d->n_objects++] = (struct diff_object) {
        .change = change,
        .kind = object->kind,
        .ns = object->ns,
        .name = object->name,
    };
}

/* Notes objects of 'from' that 'to' lacks or, unless 'lacking', has otherwise.
 * Both share a label pool, so that they can be compared. */
static void
compare_kind(struct diff *d, const struct model *from, const struct model *to,
             enum k8s_kind kind, bool backwards)
{
    size_t n;
    const struct k8s_object **sorted = model_sorted(from, kind, &n);

    for (size_t i = 0; i < n; i++) {
        const struct k8s_object *other = model_get(to, kind, sorted[i]->ns,
                                                   sorted[i]->name);

        if (!other) {
            add_object(d, backwards ? DIFF_DELETED : DIFF_ADDED, sorted[i]);
        } else if (!backwards && !k8s_object_equals(sorted[i], other)) {
            add_object(d, DIFF_CHANGED, sorted[i]);
        }
    }
    free(sorted);
}

static void
find_objects(struct diff *d)
{
    for (int kind = 0; kind < K8S_N_KINDS; kind++) {
        compare_kind(d, d->after->model, d->before->model, kind, false);
        compare_kind(d, d->before->model, d->after->model, kind, true);
    }
}

char *
diff_init(struct diff *d, const struct objects *before,
          const struct objects *after)
{
    memset(d, 0, sizeof *d);
    d->before = before;
    d->after = after;
    svec_init(&d->added_flows);
    svec_init(&d->removed_flows);
    find_objects(d);
    diff_find_flows(d);
    return diff_find_access(d);
}

void
diff_uninit(struct diff *d)
{
    for (size_t i = 0; i < d->n_access; i++) {
        free(d->access[i].from);
        free(d->access[i].to);
        free(d->access[i].before);
        free(d->access[i].after);
    }
    for (size_t i = 0; i < d->n_connections; i++) {
        free(d->connections[i].from);
        free(d->connections[i].to);
    }
    free(d->objects);
    free(d->access);
    free(d->connections);
    svec_destroy(&d->added_flows);
    svec_destroy(&d->removed_flows);
}

bool
diff_has_changes(const struct diff *d)
{
    return (d->n_objects || d->n_access || d->added_flows.n
            || d->removed_flows.n || d->n_connections);
}

/* --delete. */

/* Deletes "KIND/NAMESPACE/NAME" or "KIND/NAME". */
static char *
delete_object(struct model *model, const char *what)
{
    char *copy = xstrdup(what), *rest = copy;
    const char *kind_name = strsep(&rest, "/");
    const char *first = strsep(&rest, "/");
    enum k8s_kind kind = name_parse_kind(kind_name, strlen(kind_name));
    char *error = NULL;

    if (kind == K8S_N_KINDS || !first) {
        error = xasprintf("--delete=%s: want KIND/NAMESPACE/NAME, or "
                          "KIND/NAME for kinds that have no namespace", what);
    } else if (!model_delete(model, kind, rest ? first : NULL,
                             rest ? rest : first)) {
        error = xasprintf("--delete=%s: there is no such object", what);
    }
    free(copy);
    return error;
}

/* The command. */

/* What is not understood cannot be compared: without it everything may look
 * the same. */
static char *
check_understood(const struct objects *o)
{
    return (o->n_refused
            ? xstrdup("nothing is compared, because not everything was "
                      "understood") : NULL);
}

/* Fills '*after' with what 'before' has and the options change. */
static bool
load_after(const struct client_command *command,
           const struct client_options *options, const struct objects *before,
           struct objects *after)
{
    char *error = objects_copy(after, before);

    if (!error && options->files.n) {
        error = objects_add_files(after, &options->files);
    }
    if (!error) {
        error = check_understood(after);
    }
    for (size_t i = 0; !error && i < options->deletes.n; i++) {
        error = delete_object(after->model, options->deletes.names[i]);
    }
    if (error) {
        client_complain("%s: %s", command->name, error);
        free(error);
        return false;
    }
    return true;
}

/* What there is: the daemon's, or --dir's and --base's objects. */
static bool
load_before(const struct client_command *command,
            const struct client_options *options, struct objects *before)
{
    struct client_options base = *options;

    svec_init(&base.files);
    if (options->base) {
        svec_add(&base.files, options->base);
    }
    bool ok = objects_load(before, command, &base);
    svec_destroy(&base.files);
    char *error = ok ? check_understood(before) : NULL;
    if (error) {
        client_complain("%s: %s", command->name, error);
        free(error);
        return false;
    }
    if (ok && !before->has_node) {
        objects_assume_node(before, NULL);
    }
    return ok;
}

/* Asks the switch of this machine, if the objects are from its daemon.  That
 * it does not answer is no reason to be silent about the rest. */
static void
find_connections(const struct client_command *command,
                 const struct client_options *options, struct diff *d)
{
    char *zone, *reply, *error;

    if (options->dir || options->base) {
        return;
    }
    zone = xasprintf("zone=%u", d->before->node.zone);
    const char *const words[] = { zone };
    if (client_ask(SWITCH, "dpctl/dump-conntrack", 1, words, &reply,
                   &error)) {
        client_complain("%s: no connections: %s", command->name, error);
        free(error);
    } else {
        diff_find_connections(d, reply);
        free(reply);
    }
    free(zone);
}

static void
print(const struct client_options *options, const struct diff *d)
{
    char *text;

    if (options->format == CLIENT_JSON) {
        struct json *json = diff_to_json(d, options->flows);
        text = json_to_string(json, JSSF_PRETTY | JSSF_SORT);
        json_destroy(json);
    } else {
        text = diff_to_text(d, client_wants_colour(stdout), options->flows);
    }
    client_print(text);
    free(text);
}

static int
compare(const struct client_command *command,
        const struct client_options *options, const struct objects *before,
        const struct objects *after)
{
    struct diff d;
    int code;

    char *error = diff_init(&d, before, after);
    if (error) {
        client_complain("%s: %s", command->name, error);
        free(error);
        code = CLIENT_ERROR;
    } else {
        find_connections(command, options, &d);
        print(options, &d);
        code = diff_has_changes(&d) ? CLIENT_NO : CLIENT_OK;
    }
    diff_uninit(&d);
    return code;
}

int
client_diff(const struct client_command *command,
            const struct client_options *options, const char *const args[])
{
    struct objects before, after;
    int code = CLIENT_ERROR;

    if (!options->files.n && !options->deletes.n) {
        client_complain("%s: nothing to change: want -f or --delete",
                        command->name);
        return CLIENT_ERROR;
    }
    if (options->base && !strcmp(options->base, "-")
        && svec_contains_unsorted(&options->files, "-")) {
        client_complain("%s: standard input can be read once", command->name);
        return CLIENT_ERROR;
    }
    objects_init(&before);
    if (load_before(command, options, &before)) {
        objects_init_beside(&after, &before);
        if (load_after(command, options, &before, &after)) {
            code = compare(command, options, &before, &after);
        }
        objects_uninit(&after);
    }
    objects_uninit(&before);
    return code;
}
