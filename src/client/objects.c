/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "objects.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "compile.h"
#include "dir-file.h"
#include "dir-merge.h"
#include "dir-parse.h"
#include "dir.h"
#include "doc.h"
#include "k8s.h"
#include "label.h"
#include "model.h"
#include "name.h"
#include "svec.h"
#include "terminal.h"
#include "util.h"

/* What messages call standard input. */
#define STDIN_NAME "<stdin>"

static void
init(struct objects *o, struct label_pool *pool)
{
    *o = (struct objects) { .pool = pool, .model = model_create(pool) };
    snapshot_node_init(&o->node);
}

void
objects_init(struct objects *o)
{
    init(o, label_pool_create());
}

void
objects_init_beside(struct objects *o, const struct objects *other)
{
    init(o, other->pool);
    o->shares_pool = true;
}

void
objects_uninit(struct objects *o)
{
    snapshot_node_uninit(&o->node);
    model_destroy(o->model);
    if (!o->shares_pool) {
        label_pool_destroy(o->pool);
    }
}

char *
objects_copy(struct objects *o, const struct objects *other)
{
    char *text = snapshot_to_string(other->model, &other->node);

    snapshot_node_uninit(&o->node);
    char *error = snapshot_read(text, strlen(text), o->pool, o->model,
                                &o->node);
    o->has_node = other->has_node;
    free(text);
    return error;
}

static void
tell_problem(struct objects *o, const struct dir_problem *problem)
{
    o->n_problems++;
    o->n_refused += !problem->duplicate;
    if (o->on_problem) {
        o->on_problem(problem, false, o->aux);
    } else {
        char *s = dir_problem_format(problem);

        fprintf(stderr, "%s\n", s);
        free(s);
    }
}

static void
tell_warning(struct objects *o, const struct dir_problem *problem)
{
    if (o->on_problem) {
        o->on_problem(problem, true, o->aux);
    }
}

/* Texts. */

/* Reads all of 'stream', but of what is too big for a document no more than
 * shows that it is. */
static int
slurp(FILE *stream, char **text, size_t *size)
{
    struct doc_limits limits;
    size_t allocated = 65536, n = 0, chunk;
    char *buf = xmalloc(allocated);

    doc_limits_default(&limits);
    while ((chunk = fread(buf + n, 1, allocated - n, stream))) {
        n += chunk;
        if (n > limits.max_size) {
            break;
        }
        if (n == allocated) {
            buf = x2nrealloc(buf, &allocated, 1);
        }
    }
    if (ferror(stream)) {
        int error = errno;
        free(buf);
        return error;
    }
    *text = buf;
    *size = n;
    return 0;
}

/* Directories. */

static int
is_manifest(const struct dirent *entry)
{
    const char *name = entry->d_name;

    return (name[0] != '.'
            && (string_ends_with(name, ".yaml")
                || string_ends_with(name, ".yml")
                || string_ends_with(name, ".json")));
}

/* What cannot be read is a problem that was told. */
static void
tell_texts(const struct objects *o, const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, is_manifest, alphasort);

    for (int i = 0; i < n; i++) {
        char *name = xasprintf("%s/%s", path, entries[i]->d_name);
        FILE *stream = fopen(name, "r");
        char *text = NULL;
        size_t size = 0;

        if (stream && !slurp(stream, &text, &size)) {
            o->on_text(name, text, size, o->aux);
        }
        if (stream) {
            fclose(stream);
        }
        free(text);
        free(name);
        free(entries[i]);
    }
    if (n >= 0) {
        free(entries);
    }
}

static void
tell_dir(struct objects *o, const struct dir *dir)
{
    size_t n, n_warnings;
    const struct dir_problem *problems = dir_problems(dir, &n);
    const struct dir_problem **warnings = dir_remarks(dir, DIR_WARNING,
                                                      &n_warnings);

    for (size_t i = 0; i < n; i++) {
        tell_problem(o, &problems[i]);
    }
    for (size_t i = 0; i < n_warnings; i++) {
        tell_warning(o, warnings[i]);
    }
    free(warnings);
}

char *
objects_add_dir(struct objects *o, const char *path)
{
    struct dir *dir = dir_create(path, o->pool, o->model);

    dir_refresh(dir);
    tell_dir(o, dir);
    bool synced = dir_is_synced(dir);
    dir_destroy(dir);
    if (synced && o->on_text) {
        tell_texts(o, path);
    }
    return synced ? NULL : xasprintf("%s: no manifests", path);
}

/* True if 'text' is what the daemon says: its node comes first. */
static bool
is_snapshot(const char *text, size_t size)
{
    char *head = xmemdup0(text, MIN(size, 256));
    bool is = strstr(head, "\"" SNAPSHOT_API_VERSION "\"") != NULL;

    free(head);
    return is;
}

static char *
add_snapshot(struct objects *o, const char *text, size_t size)
{
    snapshot_node_uninit(&o->node);
    o->has_node = true;
    return snapshot_read(text, size, o->pool, o->model, &o->node);
}

/* Reads 'name' and parses it into '*file', which is there even on errors if
 * it is not NULL. */
static char *
read_file(struct objects *o, const char *name, struct dir_file **file)
{
    bool is_stdin = !strcmp(name, "-");
    FILE *stream = is_stdin ? stdin : fopen(name, "r");
    char *text = NULL;
    size_t size = 0;

    int errnum = stream ? slurp(stream, &text, &size) : errno;
    if (stream && !is_stdin) {
        fclose(stream);
    }
    if (errnum) {
        return xasprintf("%s: %s", name, ovs_strerror(errnum));
    }

    char *error = NULL;
    *file = dir_file_create(is_stdin ? STDIN_NAME : name);
    if (is_snapshot(text, size)) {
        char *reason = add_snapshot(o, text, size);
        error = reason ? xasprintf("%s: %s", (*file)->path, reason) : NULL;
        free(reason);
    } else {
        dir_parse(*file, text, size, o->pool);
        if (o->on_text) {
            o->on_text((*file)->path, text, size, o->aux);
        }
    }
    free(text);
    return error;
}

static void
tell_duplicate(const struct dir_claim *winner, const struct dir_claim *loser,
               void *o)
{
    char *place = dir_claim_place(winner);
    char *other = dir_claim_place(loser);
    char *message = xasprintf("is in %s too, which does not count", other);
    struct dir_problem problem = {
        .place = place,
        .object = winner->key->text,
        .message = message,
        .duplicate = true,
    };

    tell_problem(o, &problem);
    free(message);
    free(place);
    free(other);
}

static void
tell_file(struct objects *o, const struct dir_file *file)
{
    const struct dir_remarks *warnings = &file->remarks[DIR_WARNING];

    for (size_t i = 0; i < file->n_problems; i++) {
        tell_problem(o, &file->problems[i]);
    }
    for (size_t i = 0; i < warnings->n; i++) {
        tell_warning(o, &warnings->list[i]);
    }
}

/* Puts what the files claim into the model. */
static void
apply(struct objects *o, struct dir_file *files[], size_t n)
{
    struct dir_merge *merge = dir_merge_create(o->model);

    dir_merge_begin(merge);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < files[i]->n_claims; j++) {
            dir_merge_add(merge, &files[i]->claims[j]);
        }
        tell_file(o, files[i]);
    }
    dir_merge_for_each_duplicate(merge, tell_duplicate, o);
    dir_merge_apply(merge);
    dir_merge_destroy(merge);
}

char *
objects_add_files(struct objects *o, const struct svec *names)
{
    struct dir_file **files = xcalloc(names->n, sizeof *files);
    char *error = NULL;
    size_t n = 0;

    while (n < names->n && !error) {
        error = read_file(o, names->names[n], &files[n]);
        n += files[n] != NULL;
    }
    if (!error) {
        apply(o, files, n);
    }
    for (size_t i = 0; i < n; i++) {
        dir_file_destroy(files[i]);
    }
    free(files);
    return error;
}

/* The daemon. */

char *
objects_add_daemon(struct objects *o, const char *target)
{
    char *text, *error;

    if (client_ask(target, "objects", 0, NULL, &text, &error)) {
        return error;
    }

    error = add_snapshot(o, text, strlen(text));
    free(text);
    return error;
}

/* Questions. */

const struct k8s_object *
objects_find_policy(const struct objects *o, const struct policy_name *name)
{
    const struct k8s_object *found = NULL;

    if (name->kind != K8S_N_KINDS) {
        return model_get(o->model, name->kind, name->ns, name->name);
    }
    for (enum k8s_kind kind = 0; !found && kind < K8S_N_KINDS; kind++) {
        if (k8s_kind_is_cluster_policy(kind)) {
            found = model_get(o->model, kind, NULL, name->name);
        }
    }
    return found;
}

bool
objects_know_namespace(const struct objects *o, const char *ns)
{
    static const enum k8s_kind kinds[] = { K8S_POD, K8S_POLICY };
    bool know = model_get(o->model, K8S_NAMESPACE, NULL, ns);

    for (size_t i = 0; i < ARRAY_SIZE(kinds) && !know; i++) {
        struct hmap_position pos = { 0, 0 };
        const struct k8s_object *object;

        while (!know && (object = model_next(o->model, kinds[i], &pos))) {
            know = !strcmp(object->ns, ns);
        }
    }
    return know;
}

/* Flows. */

struct compile *
objects_compile(const struct objects *o)
{
    struct compile_config config = {
        .pipeline = {
            .base = o->node.table_base,
            .zone = o->node.zone,
            .recheck = o->node.recheck,
            .attach = o->node.attach,
            .next_table = o->node.next_table,
        },
        .spoof_guard = o->node.spoof_guard,
        .limits = o->node.limits,
        .closes_unknown = o->node.closes_unknown,
    };
    struct compile *compile = compile_create(&config, o->pool, o->model);

    if (o->has_node) {
        compile_set_gateway(compile, o->node.gateway);
        compile_set_reports(compile, o->node.reports);
    }
    compile_run(compile);
    return compile;
}

/* A port for each pod. */
static void
assume_ports(struct model *model)
{
    size_t n_pods, n = 0;
    const struct k8s_object **pods = model_sorted(model, K8S_POD, &n_pods);
    struct model_port *ports = xcalloc(n_pods, sizeof *ports);

    for (size_t i = 0; i < n_pods && n < MODEL_MAX_OFPORT; i++) {
        if (model_pod_is_live(k8s_pod_cast(pods[i]))) {
            ports[n] = (struct model_port) {
                .ns = pods[i]->ns, .name = pods[i]->name,
                .interface = pods[i]->name, .ofport = n + 1,
            };
            n++;
        }
    }
    model_set_ports(model, ports, n);
    free(ports);
    free(pods);
}

void
objects_assume_node(struct objects *o, const char *name)
{
    if (name) {
        model_set_node_name(o->model, name);
    } else {
        assume_ports(o->model);
    }
}

char *
objects_check_ports(const struct objects *o)
{
    return (o->has_node ? NULL
            : xstrdup("manifests do not say on which ports of a bridge pods "
                      "are: ask the daemon, or take what 'ovs-netpol objects' "
                      "prints"));
}

static bool
is_empty(const struct model *model)
{
    for (int i = 0; i < K8S_N_KINDS; i++) {
        if (model_count(model, i)) {
            return false;
        }
    }
    return true;
}

bool
objects_load(struct objects *o, const struct client_command *command,
             const struct client_options *options)
{
    bool offline = options->dir || options->files.n;
    char *error = (offline ? NULL
                   : objects_add_daemon(o, options->target));

    if (error) {
        client_complain_of_daemon(command, options->target, error);
        free(error);
        return false;
    }
    if (options->dir) {
        error = objects_add_dir(o, options->dir);
    }
    if (!error && options->files.n) {
        error = objects_add_files(o, &options->files);
    }
    if (!error && offline && is_empty(o->model)
        && !(o->on_problem && o->n_refused)) {
        error = xstrdup("no namespaces, pods or policies to think about");
    }
    if (error) {
        client_complain("%s: %s", command->name, error);
        free(error);
        return false;
    }
    return true;
}
