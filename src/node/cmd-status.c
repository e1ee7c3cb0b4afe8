/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ovs-json.h"

#include "bridge.h"
#include "dir.h"
#include "flowset.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "ports.h"
#include "settings.h"
#include "util.h"

/* All that is told, in one place for both forms. */
struct status {
    uint64_t wanted, installed; /* Generations. */
    struct dir_status dir;
    struct bridge_status bridge;
    size_t n_local_pods, n_ports;
};

static size_t
count_local_pods(const struct model *model)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;
    size_t n = 0;

    while ((object = model_next(model, K8S_POD, &pos))) {
        n += model_pod_is_local(model, k8s_pod_cast(object));
    }
    return n;
}

static void
collect(const struct cmd_context *c, struct status *s)
{
    s->wanted = model_generation(c->model);
    s->installed = bridge_generation(c->bridge);
    dir_get_status(c->dir, &s->dir);
    bridge_get_status(c->bridge, &s->bridge);
    s->n_local_pods = count_local_pods(c->model);
    model_ports(c->model, &s->n_ports);
}

/* Text. */

static void
format_sources(const struct cmd_context *c, const struct status *s,
               struct ds *ds)
{
    const char *problem = ports_problem(c->ports);

    ds_put_format(ds, "directory    %s: %s, %"PRIuSIZE" files, %"PRIuSIZE
                  " objects, %"PRIuSIZE" skipped, %"PRIuSIZE" warnings\n",
                  dir_path(c->dir),
                  dir_is_synced(c->dir) ? "read" : "not read yet",
                  s->dir.n_files, s->dir.n_objects, s->dir.n_skipped,
                  s->dir.n_warnings);
    ds_put_format(ds, "database     %s: %s, %"PRIuSIZE" pod interfaces\n",
                  c->settings->db,
                  (problem ? problem
                   : ports_is_connected(c->ports) ? "connected"
                   : "not connected"),
                  s->n_ports);
}

static void
format_switch(const struct cmd_context *c, const struct status *s,
              struct ds *ds)
{
    const struct bridge_status *b = &s->bridge;

    ds_put_format(ds, "switch       %s: %s, %"PRIuSIZE" flows, %"PRIuSIZE
                  " conjunctions, %"PRIu64" bundles, %"PRIu64" refused\n",
                  c->settings->bridge, b->state, flowset_count(c->flowset),
                  flowset_count_parts(c->flowset), b->n_bundles,
                  b->n_refused);
    if (b->error) {
        ds_put_format(ds, "last error   %s\n", b->error);
    }
}

static void
format_problems(const struct cmd_context *c, const struct status *s,
                struct ds *ds)
{
    size_t n;
    const struct dir_problem *problems = dir_problems(c->dir, &n);

    ds_put_format(ds, "problems     %"PRIuSIZE"\n", s->dir.n_problems);
    for (size_t i = 0; i < n; i++) {
        char *line = dir_problem_format(&problems[i]);
        ds_put_format(ds, "  %s\n", line);
        free(line);
    }
    if (s->dir.n_problems > n) {
        ds_put_format(ds, "  and %"PRIuSIZE" more\n", s->dir.n_problems - n);
    }
}

static char *
to_text(const struct cmd_context *c, const struct status *s)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "ovs-netpold  %s, bridge %s, node %s\n", VERSION,
                  c->settings->bridge,
                  c->settings->node ? c->settings->node : "without a name");
    ds_put_format(&ds, "generation   %"PRIu64", %"PRIu64" in the switch\n",
                  s->wanted, s->installed);
    format_sources(c, s, &ds);
    format_switch(c, s, &ds);
    ds_put_format(&ds, "objects      %"PRIuSIZE" namespaces, %"PRIuSIZE
                  " pods (%"PRIuSIZE" here), %"PRIuSIZE" policies\n",
                  model_count(c->model, K8S_NAMESPACE),
                  model_count(c->model, K8S_POD), s->n_local_pods,
                  model_count(c->model, K8S_POLICY));
    format_problems(c, s, &ds);
    return ds_steal_cstr(&ds);
}

/* JSON. */

static void
put_integer(struct json *object, const char *name, uint64_t value)
{
    json_object_put(object, name, json_integer_create(value));
}

static void
put_bool(struct json *object, const char *name, bool value)
{
    json_object_put(object, name, json_boolean_create(value));
}

static void
put_string(struct json *object, const char *name, const char *value)
{
    json_object_put(object, name,
                    value ? json_string_create(value) : json_null_create());
}

static struct json *
dir_to_json(const struct cmd_context *c, const struct status *s)
{
    struct json *json = json_object_create();

    put_string(json, "path", dir_path(c->dir));
    put_bool(json, "synced", dir_is_synced(c->dir));
    put_integer(json, "files", s->dir.n_files);
    put_integer(json, "objects", s->dir.n_objects);
    put_integer(json, "skipped", s->dir.n_skipped);
    put_integer(json, "warnings", s->dir.n_warnings);
    put_integer(json, "problems", s->dir.n_problems);
    put_integer(json, "snapshots", s->dir.n_snapshots);
    return json;
}

static struct json *
ports_to_json(const struct cmd_context *c, const struct status *s)
{
    struct json *json = json_object_create();

    put_string(json, "remote", c->settings->db);
    put_bool(json, "connected", ports_is_connected(c->ports));
    put_bool(json, "synced", ports_is_ready(c->ports));
    put_string(json, "problem", ports_problem(c->ports));
    put_integer(json, "ports", s->n_ports);
    return json;
}

static struct json *
switch_to_json(const struct cmd_context *c, const struct status *s)
{
    const struct bridge_status *b = &s->bridge;
    struct json *json = json_object_create();

    put_string(json, "bridge", c->settings->bridge);
    put_bool(json, "connected", b->connected);
    put_string(json, "state", b->state);
    put_string(json, "error", b->error);
    put_integer(json, "flows", flowset_count(c->flowset));
    put_integer(json, "conjunctions", flowset_count_parts(c->flowset));
    put_integer(json, "connections", b->n_connections);
    put_integer(json, "bundles", b->n_bundles);
    put_integer(json, "refused", b->n_refused);
    put_integer(json, "flowMods", b->n_flow_mods);
    put_integer(json, "lastFlowMods", b->n_last_flow_mods);
    put_integer(json, "readBack", b->n_readback);
    return json;
}

static struct json *
objects_to_json(const struct cmd_context *c, const struct status *s)
{
    struct json *json = json_object_create();

    put_integer(json, "namespaces", model_count(c->model, K8S_NAMESPACE));
    put_integer(json, "pods", model_count(c->model, K8S_POD));
    put_integer(json, "localPods", s->n_local_pods);
    put_integer(json, "policies", model_count(c->model, K8S_POLICY));
    return json;
}

static struct json *
problems_to_json(const struct dir *dir)
{
    struct json *json = json_array_create_empty();
    size_t n;
    const struct dir_problem *problems = dir_problems(dir, &n);

    for (size_t i = 0; i < n; i++) {
        struct json *item = json_object_create();

        put_string(item, "place", problems[i].place);
        put_string(item, "object", problems[i].object);
        put_string(item, "message", problems[i].message);
        put_bool(item, "kept", problems[i].kept);
        json_array_add(json, item);
    }
    return json;
}

static char *
to_json(const struct cmd_context *c, const struct status *s)
{
    struct json *generation = json_object_create();
    struct json *json = json_object_create();

    put_integer(generation, "model", s->wanted);
    put_integer(generation, "switch", s->installed);
    put_string(json, "version", VERSION);
    put_string(json, "node", c->settings->node);
    json_object_put(json, "generation", generation);
    json_object_put(json, "directory", dir_to_json(c, s));
    json_object_put(json, "database", ports_to_json(c, s));
    json_object_put(json, "switch", switch_to_json(c, s));
    json_object_put(json, "objects", objects_to_json(c, s));
    json_object_put(json, "problems", problems_to_json(c->dir));

    char *text = json_to_string(json, JSSF_PRETTY | JSSF_SORT);
    json_destroy(json);
    return text;
}

char *
cmd_status(const struct cmd_context *context, bool json)
{
    struct status status;

    collect(context, &status);
    return (json
            ? to_json(context, &status)
            : to_text(context, &status));
}
