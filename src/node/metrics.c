/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "audit.h"
#include "bridge.h"
#include "compile.h"
#include "counters.h"
#include "dir.h"
#include "flowset.h"
#include "health.h"
#include "kube.h"
#include "latency.h"
#include "ledger.h"
#include "model.h"
#include "pipeline.h"
#include "policy.h"
#include "ports.h"
#include "ready.h"
#include "settings.h"
#include "timeval.h"
#include "util.h"

#include "metrics-text.h"

/* A sample without labels. */
static void
put(struct metrics_writer *w, enum metric metric, double value)
{
    metrics_put(w, metric, value, NULL);
}

/* With one label. */
static void
put1(struct metrics_writer *w, enum metric metric, double value,
     const char *label)
{
    metrics_put(w, metric, value, &label);
}

static void
put_state(const struct metrics_context *c, struct metrics_writer *w)
{
    put1(w, METRIC_BUILD, 1, VERSION);
    put(w, METRIC_READY, health_is_ready(c->health, NULL));
    put1(w, METRIC_GENERATION, model_generation(c->model), "model");
    put1(w, METRIC_GENERATION, bridge_generation(c->bridge), "switch");
    put(w, METRIC_LAG, latency_lag(c->latency, time_usec()) / 1e6);
    metrics_put_histogram(w, METRIC_INSTALL, latency_histogram(c->latency));
}

/* Sources. */

/* A value of each kind of objects that the API server is asked for. */
static void
put_kinds(const struct kube_status *kube, struct metrics_writer *w,
          enum metric metric, double value(const struct kube_kind_status *))
{
    for (enum k8s_kind k = 0; k < KUBE_N_KINDS; k++) {
        put1(w, metric, value(&kube->kinds[k]), kube->kinds[k].name);
    }
}

static double
get_synced(const struct kube_kind_status *kind)
{
    return kind->synced;
}

static double
get_up(const struct kube_kind_status *kind)
{
    return kind->synced && !kind->error;
}

static double
get_lists(const struct kube_kind_status *kind)
{
    return kind->n_lists;
}

static double
get_watches(const struct kube_kind_status *kind)
{
    return kind->n_watches;
}

static double
get_events(const struct kube_kind_status *kind)
{
    return kind->n_events;
}

static void
put_sources(const struct metrics_context *c, struct metrics_writer *w)
{
    struct kube_status kube;

    if (c->kube) {
        kube_get_status(c->kube, &kube);
        put_kinds(&kube, w, METRIC_SOURCE_SYNCED, get_synced);
    } else {
        put1(w, METRIC_SOURCE_SYNCED, dir_is_synced(c->dir), "directory");
    }
    put1(w, METRIC_SOURCE_SYNCED, ports_is_ready(c->ports), "database");
    if (c->kube) {
        put_kinds(&kube, w, METRIC_SOURCE_UP, get_up);
    } else {
        put1(w, METRIC_SOURCE_UP, dir_is_synced(c->dir) && !dir_error(c->dir),
             "directory");
    }
    put1(w, METRIC_SOURCE_UP,
         ports_is_connected(c->ports) && !ports_problem(c->ports), "database");
    if (c->kube) {
        put_kinds(&kube, w, METRIC_SOURCE_LISTS, get_lists);
        put_kinds(&kube, w, METRIC_SOURCE_WATCHES, get_watches);
        put_kinds(&kube, w, METRIC_SOURCE_EVENTS, get_events);
        metrics_put_histogram(w, METRIC_WATCH_DELAY, kube.watch_delay);
        put(w, METRIC_API_CHECKS, kube.n_checks);
        put1(w, METRIC_EVENTS, kube.n_events_sent, "sent");
        put1(w, METRIC_EVENTS, kube.n_events_failed, "failed");
        put1(w, METRIC_EVENTS, kube.n_events_dropped, "dropped");
    }
}

static size_t
count_problems(const struct metrics_context *c)
{
    struct kube_status kube;
    struct dir_status dir;

    if (c->kube) {
        kube_get_status(c->kube, &kube);
        return kube.n_problems;
    }
    dir_get_status(c->dir, &dir);
    return dir.n_problems;
}

static void
put_objects(const struct metrics_context *c, struct metrics_writer *w)
{
    size_t n_ports;

    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        put1(w, METRIC_OBJECTS, model_count(c->model, kind),
             k8s_kind_name(kind));
    }
    put(w, METRIC_PROBLEMS, count_problems(c));
    model_ports(c->model, &n_ports);
    put(w, METRIC_INTERFACES, n_ports);
    metrics_put_histogram(w, METRIC_INTERFACE_READY,
                          ready_histogram(c->ready));
}

/* The compiler. */

static const char *const directions[K8S_N_DIRECTIONS] = {
    [K8S_EGRESS] = "egress",
    [K8S_INGRESS] = "ingress",
};

static void
put_classes(struct metrics_writer *w, const char *role, const size_t n[])
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        metrics_put(w, METRIC_CLASSES, n[d],
                    (const char *[]) { role, directions[d] });
    }
}

static void
put_compiler(const struct metrics_context *c, struct metrics_writer *w)
{
    uint8_t base = c->settings->table_base;
    struct budget_status budget;
    struct compile_stats stats;

    compile_get_stats(c->compile, &stats);
    put_classes(w, "target", stats.n_target_classes);
    put_classes(w, "peer", stats.n_peer_classes);
    put_classes(w, "net", stats.n_net_classes);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        put1(w, METRIC_RULES, stats.n_rules[d], directions[d]);
    }
    put(w, METRIC_POLICIES, stats.n_policies);
    budget_get_status(policies_budget(compile_policies(c->compile)), &budget);
    put(w, METRIC_POLICIES_OUT, budget.n_out);
    put(w, METRIC_BUDGET_FLOWS, budget.cost);
    put1(w, METRIC_FLOWS, flowset_count_table(c->flowset, 0), "0");
    for (int t = 0; t < N_TABLES; t++) {
        put1(w, METRIC_FLOWS, flowset_count_table(c->flowset, base + t),
             pipeline_table_names[t]);
    }
    put(w, METRIC_CONJUNCTIONS, stats.n_conjunctions);
}

static void
put_switch(const struct metrics_context *c, struct metrics_writer *w)
{
    struct bridge_status b;

    bridge_get_status(c->bridge, &b);
    put(w, METRIC_SWITCH_UP, b.connected);
    put(w, METRIC_SWITCH_CONNECTIONS, b.n_connections);
    put1(w, METRIC_BUNDLES, b.n_bundles, "committed");
    put1(w, METRIC_BUNDLES, b.n_refused, "refused");
    put(w, METRIC_FLOW_MODS, b.n_flow_mods);
    put(w, METRIC_TAMPERED, b.n_tampered);
    put(w, METRIC_REPAIRS, b.n_repairs);
    put(w, METRIC_FOREIGN, b.n_foreign);
}

/* What the switch counts. */

static const char *
tier_label(const struct ledger_account *a)
{
    return (k8s_kind_is_cluster_policy(a->kind) ? k8s_tier_name(a->tier) : "");
}

static void
put_denied(struct metrics_writer *w, const struct ledger_account *a)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        for (int v = LEDGER_DENIED; v <= LEDGER_AUDITED; v++) {
            if (a->counts[d][v].packets) {
                metrics_put(w, METRIC_DENIED, a->counts[d][v].packets,
                            (const char *[]) { a->ns ? a->ns : "",
                                               tier_label(a), directions[d],
                                               ledger_verdict_name(v) });
            }
        }
    }
}

/* A direction in which anything was counted has what it allows and what it
 * denies, so that both can be compared. */
static bool
has_sample(const struct ledger_count counts[], enum ledger_verdict v)
{
    return (counts[v].packets
            || (v != LEDGER_AUDITED && (counts[LEDGER_ALLOWED].packets
                                        || counts[LEDGER_DENIED].packets)));
}

static void
put_policy(struct metrics_writer *w, const struct ledger_account *a)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        for (int v = 0; v < LEDGER_N_VERDICTS; v++) {
            if (has_sample(a->counts[d], v)) {
                metrics_put(w, METRIC_POLICY_PACKETS, a->counts[d][v].packets,
                            (const char *[]) { a->ns ? a->ns : "",
                                               (a->name
                                                ? k8s_kind_name(a->kind) : ""),
                                               a->name ? a->name : "",
                                               tier_label(a), directions[d],
                                               ledger_verdict_name(v) });
            }
        }
    }
}

static void
put_counters(const struct metrics_context *c, struct metrics_writer *w)
{
    const struct ledger *ledger = counters_ledger(c->counters);
    const struct ledger_account **accounts;
    size_t n;

    accounts = ledger_namespaces(ledger, &n);
    for (size_t i = 0; i < n; i++) {
        put_denied(w, accounts[i]);
    }
    for (enum k8s_tier tier = 0; tier < K8S_N_TIERS; tier++) {
        put_denied(w, ledger_tier(ledger, tier));
    }
    put_denied(w, ledger_other_namespaces(ledger));
    free(accounts);
    accounts = ledger_policies(ledger, &n);
    for (size_t i = 0; i < n; i++) {
        put_policy(w, accounts[i]);
    }
    put_policy(w, ledger_other_policies(ledger));
    free(accounts);
    put1(w, METRIC_READINGS, counters_n_readings(c->counters), "complete");
    put1(w, METRIC_READINGS, counters_n_failures(c->counters), "failed");
}

/* What is reported. */

static void
put_audit(const struct metrics_context *c, struct metrics_writer *w)
{
    static const enum ledger_verdict verdicts[] = {
        LEDGER_DENIED, LEDGER_AUDITED
    };
    struct audit_stats s;

    if (!c->audit) {
        return;
    }
    audit_get_stats(c->audit, &s);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        for (int v = 0; v < ARRAY_SIZE(verdicts); v++) {
            metrics_put(w, METRIC_REPORTED, s.n_reported[d][v],
                        (const char *[]) {
                            directions[d], ledger_verdict_name(verdicts[v])
                        });
        }
    }
    for (int v = 0; v < ARRAY_SIZE(verdicts); v++) {
        put1(w, METRIC_SUPPRESSED, s.n_suppressed[v],
             ledger_verdict_name(verdicts[v]));
    }
    put1(w, METRIC_AUDIT_LINES, s.n_logged, "written");
    put1(w, METRIC_AUDIT_LINES, s.n_unlogged, "lost");
}

/* Ourselves. */

static double
cpu_seconds(void)
{
    struct rusage usage;

    return (getrusage(RUSAGE_SELF, &usage)
            ? 0
            : (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
               + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6));
}

/* In bytes, 0 if unknown. */
static double
resident_memory(void)
{
    FILE *stream = fopen("/proc/self/statm", "r");
    unsigned long int pages = 0;

    if (stream) {
        if (fscanf(stream, "%*u %lu", &pages) != 1) {
            pages = 0;
        }
        fclose(stream);
    }
    return (double) pages * get_page_size();
}

void
metrics_format(const struct metrics_context *c, struct ds *ds)
{
    struct metrics_writer w;

    metrics_writer_init(&w, ds);
    put_state(c, &w);
    put_sources(c, &w);
    put_objects(c, &w);
    put_compiler(c, &w);
    put_switch(c, &w);
    put_counters(c, &w);
    put_audit(c, &w);
    metrics_put_histogram(&w, METRIC_LOOP, c->loop);
    put(&w, METRIC_CPU, cpu_seconds());
    put(&w, METRIC_MEMORY, resident_memory());
    metrics_writer_finish(&w);
}
