/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd-status.h"

#include <inttypes.h>
#include <string.h>

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

/* Warnings, and documents skipped, that are told of one by one. */
#define MAX_REMARKS 20

static void
format_dir(const struct cmd_context *c, const struct cmd_status *s,
           struct ds *ds)
{
    const char *error = dir_error(c->dir);

    ds_put_format(ds, "directory    %s: %s, %"PRIuSIZE" files, %"PRIuSIZE
                  " objects, %"PRIuSIZE" skipped, %"PRIuSIZE" warnings\n",
                  dir_path(c->dir),
                  (error ? error
                   : dir_is_synced(c->dir) ? "read" : "not read yet"),
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
format_kube(const struct cmd_context *c, const struct cmd_status *s,
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
format_sources(const struct cmd_context *c, const struct cmd_status *s,
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
format_switch(const struct cmd_context *c, const struct cmd_status *s,
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

/* The reasons are indented. */
static void
format_health(const struct cmd_context *c, const struct cmd_status *s,
              struct ds *ds)
{
    const char *listen = c->settings->metrics_listen;
    const char *problem = c->http ? http_problem(c->http) : NULL;

    ds_put_format(ds, "ready        %s\n", s->ready ? "yes" : "no");
    for (const char *line = ds_cstr_ro(&s->reasons), *end; *line;
         line = end + 1) {
        end = strchr(line, '\n');
        ds_put_format(ds, "  %.*s\n", (int) (end - line), line);
    }
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

/* Of 'n_all', 'n' are in 'problems'. */
static void
format_list(const char *title, const struct cmd_problem *problems, size_t n,
            size_t n_all, struct ds *ds)
{
    ds_put_format(ds, "%-12s %"PRIuSIZE"\n", title, n_all);
    for (size_t i = 0; i < n; i++) {
        format_problem(&problems[i], ds);
    }
    if (n_all > n) {
        ds_put_format(ds, "  and %"PRIuSIZE" more\n", n_all - n);
    }
}

static void
format_problems(const struct cmd_context *c, struct ds *ds)
{
    size_t n, n_all;
    struct cmd_problem *problems = cmd_problems(c, &n, &n_all);

    format_list("problems", problems, n, n_all, ds);
    cmd_problems_free(problems, n);
}

static void
format_remarks(const struct cmd_context *c, enum dir_remark kind,
               const char *title, size_t n_all, struct ds *ds)
{
    size_t n;
    struct cmd_problem *remarks = cmd_remarks(c, kind, &n);

    if (n_all) {
        format_list(title, remarks, MIN(n, MAX_REMARKS), n_all, ds);
    }
    cmd_problems_free(remarks, n);
}

static void
format_objects(const struct cmd_context *c, const struct cmd_status *s,
               struct ds *ds)
{
    ds_put_format(ds, "objects      %"PRIuSIZE" namespaces, %"PRIuSIZE
                  " pods (%"PRIuSIZE" here", model_count(c->model,
                                                         K8S_NAMESPACE),
                  model_count(c->model, K8S_POD), s->n_local_pods);
    if (s->n_losers) {
        ds_put_format(ds, ", %"PRIuSIZE" lost an address to a newer one",
                      s->n_losers);
    }
    ds_put_format(ds, "), %"PRIuSIZE" policies, %"PRIuSIZE
                  " cluster policies\n", model_count(c->model, K8S_POLICY),
                  s->n_cluster_policies);
}

char *
cmd_status_to_text(const struct cmd_context *c, const struct cmd_status *s)
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
    format_objects(c, s, &ds);
    format_health(c, s, &ds);
    if (c->policies) {
        format_budget(c->policies, &ds);
    }
    if (c->survey) {
        cmd_clashes_format(c->survey, &ds);
    }
    format_problems(c, &ds);
    if (c->dir) {
        format_remarks(c, DIR_WARNING, "warnings", s->dir.n_warnings, &ds);
        format_remarks(c, DIR_SKIPPED, "skipped", s->dir.n_skipped, &ds);
    }
    return ds_steal_cstr(&ds);
}
