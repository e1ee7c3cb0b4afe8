/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "basis.h"
#include "bridge.h"
#include "cmd-private.h"
#include "dir.h"
#include "flowset.h"
#include "health.h"
#include "http.h"
#include "kube.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "pipeline.h"
#include "policy.h"
#include "ports.h"
#include "settings.h"
#include "util.h"

/* All that is told, in one place for both forms. */
struct status {
    uint64_t wanted, installed; /* Generations. */
    struct dir_status dir;      /* If there is one, */
    struct kube_status kube;    /* else this. */
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
    if (c->dir) {
        dir_get_status(c->dir, &s->dir);
    } else {
        kube_get_status(c->kube, &s->kube);
    }
    bridge_get_status(c->bridge, &s->bridge);
    s->n_local_pods = count_local_pods(c->model);
    model_ports(c->model, &s->n_ports);
}

/* Text. */

static void
format_dir(const struct cmd_context *c, const struct status *s, struct ds *ds)
{
    ds_put_format(ds, "directory    %s: %s, %"PRIuSIZE" files, %"PRIuSIZE
                  " objects, %"PRIuSIZE" skipped, %"PRIuSIZE" warnings\n",
                  dir_path(c->dir),
                  dir_is_synced(c->dir) ? "read" : "not read yet",
                  s->dir.n_files, s->dir.n_objects, s->dir.n_skipped,
                  s->dir.n_warnings);
}

static void
format_kinds(const struct kube_status *kube, struct ds *ds)
{
    for (enum k8s_kind k = 0; k < KUBE_N_KINDS; k++) {
        const struct kube_kind_status *kind = &kube->kinds[k];

        ds_put_format(ds, "%s%s %s", !k ? "" : k == K8S_NODE
                      ? ",\n             " : ", ", kind->name, kind->state);
    }
}

static void
format_kube(const struct cmd_context *c, const struct status *s,
            struct ds *ds)
{
    const char *error = kube_error(c->kube);

    ds_put_format(ds, "kubernetes   %s (%s): %s\n", s->kube.server,
                  s->kube.origin, error ? error : "followed");
    ds_put_cstr(ds, "             ");
    format_kinds(&s->kube, ds);
    ds_put_char(ds, '\n');
}

static void
format_sources(const struct cmd_context *c, const struct status *s,
               struct ds *ds)
{
    const char *problem = ports_problem(c->ports);

    if (c->dir) {
        format_dir(c, s, ds);
    } else {
        format_kube(c, s, ds);
    }
    ds_put_format(ds, "database     %s: %s, %"PRIuSIZE" pod interfaces\n",
                  c->settings->db,
                  (problem ? problem
                   : ports_is_connected(c->ports) ? "connected"
                   : "not connected"),
                  s->n_ports);
    if (ports_warning(c->ports)) {
        ds_put_format(ds, "warning      %s\n", ports_warning(c->ports));
    }
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
    ds_put_format(ds, "tampering    %"PRIu64" flows of ours deleted or "
                  "changed, put back %"PRIu64" times, %"PRIu64" of others "
                  "removed\n", b->n_tampered, b->n_repairs, b->n_foreign);
    if (b->error) {
        ds_put_format(ds, "last error   %s\n", b->error);
    }
}

/* While the daemon removes its flows nobody watches its health. */
static bool
get_ready(const struct cmd_context *c, struct ds *reasons)
{
    if (!c->health) {
        ds_put_cstr(reasons, "all flows are being removed\n");
        return false;
    }
    return health_is_ready(c->health, reasons);
}

/* The reasons are indented. */
static void
format_health(const struct cmd_context *c, struct ds *ds)
{
    const char *listen = c->settings->metrics_listen;
    const char *problem = c->http ? http_problem(c->http) : NULL;
    struct ds reasons = DS_EMPTY_INITIALIZER;

    ds_put_format(ds, "ready        %s\n",
                  get_ready(c, &reasons) ? "yes" : "no");
    for (char *line = ds_cstr(&reasons), *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        ds_put_format(ds, "  %.*s\n", (int) (end - line), line);
    }
    ds_destroy(&reasons);
    ds_put_format(ds, "metrics      %s%s%s\n", listen ? listen : "off",
                  problem ? ": " : c->http ? ": served" : "",
                  problem ? problem : "");
}

static void
format_attach(const struct cmd_context *c, struct ds *ds)
{
    const struct pipeline_config *p = c->pipeline;

    if (p->attach != ATTACH_CHAIN) {
        ds_put_format(ds, "attach       %s\n",
                      (p->attach == ATTACH_HOOK
                       ? "hook, in front of table 0"
                       : "normal, in place of table 0"));
        return;
    }
    ds_put_format(ds, "attach       chain, from table %d (%s) on to ",
                  pipeline_table(p, TABLE_ENTRY),
                  pipeline_table_names[TABLE_ENTRY]);
    if (p->next_table) {
        ds_put_format(ds, "table %d\n", p->next_table);
    } else {
        ds_put_format(ds, "table \"%s\", which is not there\n",
                      c->settings->next_table);
    }
}

static void
format_budget(const struct policies *policies, struct ds *ds)
{
    struct budget_status b;

    budget_get_status(policies_budget(policies), &b);
    ds_put_format(ds, "budget       %"PRIu64" flows by policies, %"PRIuSIZE
                  " beyond their limits\n", b.cost, b.n_out);
}

static void
format_problem(const struct cmd_problem *p, struct ds *ds)
{
    ds_put_cstr(ds, "  ");
    if (p->place) {
        ds_put_format(ds, "%s: ", p->place);
    }
    if (p->object) {
        ds_put_format(ds, "%s: ", p->object);
    }
    ds_put_format(ds, "%s%s\n", p->message,
                  p->kept ? " (the last good version stays)" : "");
}

static void
format_problems(const struct cmd_context *c, struct ds *ds)
{
    size_t n, n_all;
    struct cmd_problem *problems = cmd_problems(c, &n, &n_all);

    ds_put_format(ds, "problems     %"PRIuSIZE"\n", n_all);
    for (size_t i = 0; i < n; i++) {
        format_problem(&problems[i], ds);
    }
    if (n_all > n) {
        ds_put_format(ds, "  and %"PRIuSIZE" more\n", n_all - n);
    }
    cmd_problems_free(problems, n);
}

static size_t
count_cluster_policies(const struct model *model)
{
    size_t n = 0;

    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        n += (k8s_kind_is_cluster_policy(kind)
              ? model_count(model, kind) : 0);
    }
    return n;
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
    cmd_format_state(c, &ds);
    format_sources(c, s, &ds);
    format_switch(c, s, &ds);
    format_attach(c, &ds);
    cmd_format_audit(c, &ds);
    ds_put_format(&ds, "objects      %"PRIuSIZE" namespaces, %"PRIuSIZE
                  " pods (%"PRIuSIZE" here), %"PRIuSIZE" policies, %"PRIuSIZE
                  " cluster policies\n",
                  model_count(c->model, K8S_NAMESPACE),
                  model_count(c->model, K8S_POD), s->n_local_pods,
                  model_count(c->model, K8S_POLICY),
                  count_cluster_policies(c->model));
    format_health(c, &ds);
    if (c->policies) {
        format_budget(c->policies, &ds);
    }
    if (c->survey) {
        cmd_clashes_format(c->survey, &ds);
    }
    format_problems(c, &ds);
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
kind_to_json(const struct kube_kind_status *kind)
{
    struct json *json = json_object_create();

    put_string(json, "state", kind->state);
    put_string(json, "error", kind->error);
    put_bool(json, "synced", kind->synced);
    put_integer(json, "lists", kind->n_lists);
    put_integer(json, "watches", kind->n_watches);
    put_integer(json, "events", kind->n_events);
    return json;
}

static struct json *
reported_to_json(const struct kube_status *kube)
{
    struct json *json = json_object_create();

    put_integer(json, "sent", kube->n_events_sent);
    put_integer(json, "failed", kube->n_events_failed);
    put_integer(json, "dropped", kube->n_events_dropped);
    put_string(json, "error", kube->events_error);
    return json;
}

static struct json *
conditions_to_json(const struct kube_status *kube)
{
    struct json *json = json_object_create();

    put_integer(json, "written", kube->n_conditions_written);
    put_integer(json, "failed", kube->n_conditions_failed);
    put_string(json, "error", kube->conditions_error);
    return json;
}

static struct json *
kube_to_json(const struct cmd_context *c, const struct status *s)
{
    struct json *json = json_object_create();

    put_string(json, "server", s->kube.server);
    put_string(json, "origin", s->kube.origin);
    put_bool(json, "synced", kube_is_synced(c->kube));
    put_string(json, "error", kube_error(c->kube));
    put_integer(json, "warnings", s->kube.n_warnings);
    put_integer(json, "problems", s->kube.n_problems);
    put_integer(json, "checks", s->kube.n_checks);
    json_object_put(json, "reported", reported_to_json(&s->kube));
    json_object_put(json, "conditions", conditions_to_json(&s->kube));
    for (enum k8s_kind k = 0; k < KUBE_N_KINDS; k++) {
        const struct kube_kind_status *kind = &s->kube.kinds[k];

        json_object_put(json, kind->name, kind_to_json(kind));
    }
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
    put_string(json, "failMode", ports_fail_mode(c->ports));
    put_string(json, "warning", ports_warning(c->ports));
    put_integer(json, "ports", s->n_ports);
    return json;
}

static struct json *
switch_to_json(const struct cmd_context *c, const struct status *s)
{
    const struct bridge_status *b = &s->bridge;
    struct json *json = json_object_create();

    put_string(json, "bridge", c->settings->bridge);
    put_string(json, "attach", pipeline_attach_name(c->pipeline->attach));
    put_integer(json, "entryTable", pipeline_table(c->pipeline, TABLE_ENTRY));
    put_integer(json, "nextTable", c->pipeline->next_table);
    put_bool(json, "connected", b->connected);
    put_string(json, "state", b->state);
    put_string(json, "error", b->error);
    put_integer(json, "flows", flowset_count(c->flowset));
    put_integer(json, "conjunctions", flowset_count_parts(c->flowset));
    put_integer(json, "connections", b->n_connections);
    put_integer(json, "bundles", b->n_bundles);
    put_integer(json, "refused", b->n_refused);
    put_integer(json, "leftOut", b->n_left_out);
    put_integer(json, "flowMods", b->n_flow_mods);
    put_integer(json, "lastFlowMods", b->n_last_flow_mods);
    put_integer(json, "readBack", b->n_readback);
    put_bool(json, "watched", b->watched);
    put_integer(json, "tampered", b->n_tampered);
    put_integer(json, "repairs", b->n_repairs);
    put_integer(json, "foreign", b->n_foreign);
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
    put_integer(json, "clusterPolicies", count_cluster_policies(c->model));
    return json;
}

static struct json *
reasons_to_json(const struct ds *reasons)
{
    struct json *json = json_array_create_empty();
    char *lines = xstrdup(ds_cstr_ro(reasons)), *save = NULL;

    for (char *line = strtok_r(lines, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        json_array_add(json, json_string_create(line));
    }
    free(lines);
    return json;
}

static struct json *
health_to_json(const struct cmd_context *c)
{
    struct ds reasons = DS_EMPTY_INITIALIZER;
    struct json *json = json_object_create();

    put_bool(json, "ready", get_ready(c, &reasons));
    json_object_put(json, "reasons", reasons_to_json(&reasons));
    put_string(json, "listen", c->settings->metrics_listen);
    put_string(json, "problem", c->http ? http_problem(c->http) : NULL);
    ds_destroy(&reasons);
    return json;
}

static struct json *
budget_to_json(const struct policies *policies)
{
    struct json *json = json_object_create();
    struct budget_status b;

    budget_get_status(policies_budget(policies), &b);
    put_integer(json, "flows", b.cost);
    put_integer(json, "maxFlows", b.limits.total);
    put_integer(json, "namespaceFlows", b.max_ns_cost);
    put_integer(json, "maxNamespaceFlows", b.limits.ns);
    put_integer(json, "maxPolicyFlows", b.limits.policy);
    put_integer(json, "policiesOut", b.n_out);
    return json;
}

static struct json *
problems_to_json(const struct cmd_context *c)
{
    struct json *json = json_array_create_empty();
    size_t n, n_all;
    struct cmd_problem *problems = cmd_problems(c, &n, &n_all);

    for (size_t i = 0; i < n; i++) {
        struct json *item = json_object_create();

        put_string(item, "place", problems[i].place);
        put_string(item, "object", problems[i].object);
        put_string(item, "message", problems[i].message);
        put_bool(item, "kept", problems[i].kept);
        json_array_add(json, item);
    }
    cmd_problems_free(problems, n);
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
    put_string(json, "inForce", basis_name(c->basis->kind));
    json_object_put(json, "snapshot", cmd_state_to_json(c));
    if (c->dir) {
        json_object_put(json, "directory", dir_to_json(c, s));
    } else {
        json_object_put(json, "kubernetes", kube_to_json(c, s));
    }
    json_object_put(json, "database", ports_to_json(c, s));
    json_object_put(json, "switch", switch_to_json(c, s));
    json_object_put(json, "objects", objects_to_json(c, s));
    json_object_put(json, "denied", cmd_audit_to_json(c));
    json_object_put(json, "health", health_to_json(c));
    if (c->policies) {
        json_object_put(json, "budget", budget_to_json(c->policies));
    }
    if (c->survey) {
        json_object_put(json, "clashes", cmd_clashes_to_json(c->survey));
    }
    json_object_put(json, "problems", problems_to_json(c));

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
