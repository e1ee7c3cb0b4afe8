/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd-status.h"

#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "basis.h"
#include "cmd.h"
#include "cmd-private.h"
#include "flowset.h"
#include "http.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "pipeline.h"
#include "policy.h"
#include "ports.h"
#include "settings.h"
#include "util.h"

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
dir_to_json(const struct cmd_context *c, const struct cmd_status *s)
{
    struct json *json = json_object_create();

    put_string(json, "path", dir_path(c->dir));
    put_bool(json, "synced", dir_is_synced(c->dir));
    put_string(json, "error", dir_error(c->dir));
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
kube_to_json(const struct cmd_context *c, const struct cmd_status *s)
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
ports_to_json(const struct cmd_context *c, const struct cmd_status *s)
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
switch_to_json(const struct cmd_context *c, const struct cmd_status *s)
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
objects_to_json(const struct cmd_context *c, const struct cmd_status *s)
{
    struct json *json = json_object_create();

    put_integer(json, "namespaces", model_count(c->model, K8S_NAMESPACE));
    put_integer(json, "pods", model_count(c->model, K8S_POD));
    put_integer(json, "localPods", s->n_local_pods);
    put_integer(json, "lostAddress", s->n_losers);
    put_integer(json, "policies", model_count(c->model, K8S_POLICY));
    put_integer(json, "clusterPolicies", s->n_cluster_policies);
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
health_to_json(const struct cmd_context *c, const struct cmd_status *s)
{
    struct json *json = json_object_create();

    put_bool(json, "ready", s->ready);
    json_object_put(json, "reasons", reasons_to_json(&s->reasons));
    put_string(json, "listen", c->settings->metrics_listen);
    put_string(json, "problem", c->http ? http_problem(c->http) : NULL);
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

/* Takes 'problems'. */
static struct json *
problems_to_json(struct cmd_problem *problems, size_t n)
{
    struct json *json = json_array_create_empty();

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

/* What is wrong, and what is worth a look. */
static void
put_problems(struct json *json, const struct cmd_context *c)
{
    size_t n, n_all;
    struct cmd_problem *list = cmd_problems(c, &n, &n_all);

    json_object_put(json, "problems", problems_to_json(list, n));
    if (c->dir) {
        list = cmd_remarks(c, DIR_WARNING, &n);
        json_object_put(json, "warnings", problems_to_json(list, n));
        list = cmd_remarks(c, DIR_SKIPPED, &n);
        json_object_put(json, "skipped", problems_to_json(list, n));
    }
}

char *
cmd_status_to_json(const struct cmd_context *c, const struct cmd_status *s)
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
    json_object_put(json, "health", health_to_json(c, s));
    if (c->policies) {
        json_object_put(json, "budget", budget_to_json(c->policies));
    }
    if (c->survey) {
        json_object_put(json, "clashes", cmd_clashes_to_json(c->survey));
    }
    put_problems(json, c);

    char *text = json_to_string(json, JSSF_PRETTY | JSSF_SORT);
    json_destroy(json);
    return text;
}
