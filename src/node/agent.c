/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "agent.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ovs-json.h"

#include "annotate.h"
#include "audit.h"
#include "basis.h"
#include "bridge.h"
#include "cmd.h"
#include "compile.h"
#include "counters.h"
#include "dir.h"
#include "dirs.h"
#include "flow.h"
#include "flowset.h"
#include "health.h"
#include "histogram.h"
#include "http.h"
#include "kube.h"
#include "kubeconfig.h"
#include "label.h"
#include "latency.h"
#include "metrics.h"
#include "model.h"
#include "netif.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "pipeline.h"
#include "ports.h"
#include "ready.h"
#include "settings.h"
#include "smap.h"
#include "snapshot.h"
#include "state.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"
#include "waiters.h"

#include "agent-budget.h"
#include "agent-ports.h"
#include "agent-refusal.h"
#include "agent-survey.h"

VLOG_DEFINE_THIS_MODULE(agent);

/* `wait` without a number of milliseconds. */
#define DEFAULT_WAIT_MSEC 30000
/* What the compiler does before others get their turn: some 10 ms. */
#define COMPILE_SLICE 2000
/* Between looks whether the switch has what we believe. */
#define READBACK_MSEC (5 * 60 * 1000)

struct agent {
    const struct settings *settings;
    struct label_pool *pool;
    struct model *model;
    struct compile *compile;
    struct flowset *empty;      /* What a cleanup wants. */
    struct dir *dir;            /* Either this, */
    struct kube *kube;          /* or this is not NULL. */
    struct ports *ports;
    struct agent_ports *port_feed;      /* From 'ports' into the model. */
    struct netif *netif;
    struct agent_survey *survey;
    struct agent_budget *budget;
    struct agent_refusal *refusal;
    struct bridge *bridge;
    struct audit *audit;        /* NULL if not wanted. */
    struct waiters *waiters;
    struct latency *latency;
    struct ready *ready;
    struct histogram loop;
    long long int woken;        /* When this turn of the loop began, by
                                 * time_usec(). */
    struct counters *counters;
    struct health *health;
    struct metrics_context metrics;
    struct http *http;          /* NULL if not wanted. */
    struct cmd_context cmd;
    struct unixctl_conn *flush; /* Who asked for a cleanup, or NULL. */
    struct state *state;        /* NULL if not wanted. */
    struct basis basis;
    bool news;                  /* The source changed the model in this
                                 * turn. */
    bool cleanup;
    bool synced;                /* Every source was read once. */
    bool named;                 /* Our tables have names. */
};

static unixctl_cb_func handle_wait, handle_flush, handle_flows;
static http_cb handle_get;

/* Where the bridge listens (caller frees). */
static char *
bridge_target(const struct agent *a)
{
    return xasprintf("unix:%s/%s.mgmt", ovs_rundir(), a->settings->bridge);
}

static void
connect_bridge(struct agent *a, struct flowset *fs)
{
    char *target = bridge_target(a);

    bridge_destroy(a->bridge);
    a->bridge = bridge_create(target, fs, COOKIE_MAGIC, COOKIE_MAGIC_MASK);
    a->cmd.bridge = a->bridge;
    free(target);
}

static void
start_audit(struct agent *a)
{
    char *target = bridge_target(a);
    struct audit_config config = {
        .target = target,
        .rate = a->settings->audit_rate,
        .burst = a->settings->audit_burst,
        .log = a->settings->audit_log,
        .node = a->settings->node,
    };

    a->audit = audit_create(&config, a->model, a->compile);
    free(target);
}

static void
stop_observers(struct agent *a)
{
    audit_destroy(a->audit);
    a->audit = NULL;
    a->cmd.audit = NULL;
    http_destroy(a->http);
    a->http = NULL;
    a->cmd.http = NULL;
    counters_destroy(a->counters);
    a->counters = NULL;
    health_destroy(a->health);
    a->health = NULL;
    a->cmd.health = NULL;
}

static void
start_cleanup(struct agent *a)
{
    const struct smap nothing = SMAP_INITIALIZER(&nothing);

    a->cleanup = true;
    stop_observers(a);
    a->empty = flowset_create(NULL, NULL);
    connect_bridge(a, a->empty);
    bridge_enable(a->bridge);
    ports_clear_table_names(a->ports);
    ports_set_ready(a->ports, &nothing);
}

/* The settings were checked when the daemon started, but what they name may
 * have changed since. */
static void
start_source(struct agent *a)
{
    struct kubeconfig *config;

    if (a->settings->dir) {
        a->dir = dir_create(a->settings->dir, a->pool, a->model);
        if (a->basis.restored) {
            dir_adopt(a->dir);
        }
        return;
    }

    char *error = settings_kubeconfig(a->settings, &config);
    if (error) {
        VLOG_FATAL("%s", error);
    }
    a->kube = kube_create(config, NULL, a->pool, a->model);
    kube_set_instance(a->kube, a->settings->node);
    if (a->basis.restored) {
        kube_adopt(a->kube);
    }
}

static void
start_compiler(struct agent *a)
{
    struct compile_config config = {
        .pipeline = {
            .base = a->settings->table_base,
            .zone = a->settings->zone,
            .recheck = a->settings->recheck,
            .attach = a->settings->attach,
            .next_table = settings_next_table(a->settings),
        },
        .spoof_guard = true,
        .closes_unknown = !a->settings->unknown_open,
        .limits = a->settings->limits,
    };

    a->compile = compile_create(&config, a->pool, a->model);
    start_source(a);
    a->netif = netif_create();
    a->port_feed = agent_ports_create(a->settings, a->ports, a->model,
                                      a->compile);
    model_set_node_name(a->model, a->settings->node);
    model_set_audit(a->model, a->settings->audit_mode);
    model_set_node_mark(a->model, a->settings->node_mark);
    model_set_service_cidrs(a->model, a->settings->service_cidrs,
                            a->settings->n_service_cidrs);
    a->survey = agent_survey_create(&compile_config(a->compile)->pipeline,
                                    a->ports, a->settings->force);
    a->budget = agent_budget_create(compile_policies(a->compile), a->model,
                                    a->kube);
    connect_bridge(a, compile_flowset(a->compile));
    agent_survey_attach(a->survey, a->bridge);
    a->refusal = agent_refusal_create(a->compile);
    agent_refusal_attach(a->refusal, a->bridge);
    bridge_watch_others(a->bridge, a->settings->table_base, N_TABLES,
                        READBACK_MSEC);
}

static void
start_observers(struct agent *a, const char *control)
{
    const char *listen = a->settings->metrics_listen;
    struct health_context health = {
        .dir = a->dir,
        .kube = a->kube,
        .ports = a->ports,
        .bridge = a->bridge,
        .latency = a->latency,
        .attach_problem = agent_ports_problem(a->port_feed),
        .control = control,
    };

    a->counters = counters_create(a->bridge, a->compile,
                                  a->settings->counters_interval * 1000,
                                  a->settings->metrics_max_policies);
    if (!a->settings->no_audit) {
        start_audit(a);
    }
    a->health = health_create(&health);
    a->metrics = (struct metrics_context) {
        .settings = a->settings,
        .model = a->model,
        .compile = a->compile,
        .flowset = compile_flowset(a->compile),
        .dir = a->dir,
        .kube = a->kube,
        .ports = a->ports,
        .bridge = a->bridge,
        .health = a->health,
        .counters = a->counters,
        .audit = a->audit,
        .latency = a->latency,
        .ready = a->ready,
        .loop = &a->loop,
    };
    a->http = listen ? http_create(listen, handle_get, a) : NULL;
}

static void
register_commands(struct agent *a)
{
    a->cmd = (struct cmd_context) {
        .settings = a->settings,
        .model = a->model,
        .dir = a->dir,
        .kube = a->kube,
        .ports = a->ports,
        .flowset = compile_flowset(a->compile),
        .pipeline = &compile_config(a->compile)->pipeline,
        .bridge = a->bridge,
        .policies = compile_policies(a->compile),
        .refused = agent_refusal_policies(a->refusal),
        .survey = agent_survey_last(a->survey),
        .health = a->health,
        .http = a->http,
        .state = a->state,
        .basis = &a->basis,
        .audit = a->audit,
    };
    cmd_register(&a->cmd);
    unixctl_command_register("wait", "[MILLISECONDS]", 0, 1, handle_wait, a);
    unixctl_command_register("flush", "", 0, 0, handle_flush, a);
    unixctl_command_register("flows", "", 0, 0, handle_flows, a);
}

/* Makes the model, of what an earlier run knew if that is on disk. */
static void
start_model(struct agent *a)
{
    const struct settings *settings = a->settings;

    a->pool = label_pool_create();
    if (settings->state_dir && !a->cleanup) {
        a->state = state_create(settings->state_dir, settings->bridge, NULL);
        a->model = state_load(a->state, a->pool);
    }
    a->basis.restored = a->model != NULL;
    a->basis.stays_open = settings->no_state_open;
    if (!a->model) {
        a->model = model_create(a->pool);
    }
}

struct agent *
agent_create(const struct settings *settings, bool cleanup,
             const char *control)
{
    struct agent *a = xzalloc(sizeof *a);

    a->settings = settings;
    a->cleanup = cleanup;
    start_model(a);
    a->ports = ports_create(settings->db, settings->bridge);
    a->waiters = waiters_create();
    a->latency = latency_create();
    a->ready = ready_create();
    a->woken = time_usec();
    if (cleanup) {
        start_cleanup(a);
    } else {
        start_compiler(a);
        start_observers(a, control);
        register_commands(a);
    }
    return a;
}

void
agent_destroy(struct agent *a)
{
    if (!a) {
        return;
    }
    stop_observers(a);
    waiters_destroy(a->waiters);
    latency_destroy(a->latency);
    ready_destroy(a->ready);
    bridge_destroy(a->bridge);
    agent_survey_destroy(a->survey);
    agent_budget_destroy(a->budget);
    agent_refusal_destroy(a->refusal);
    flowset_destroy(a->empty);
    compile_destroy(a->compile);
    dir_destroy(a->dir);
    kube_destroy(a->kube);
    agent_ports_destroy(a->port_feed);
    ports_destroy(a->ports);
    netif_destroy(a->netif);
    state_destroy(a->state);
    model_destroy(a->model);
    label_pool_destroy(a->pool);
    free(a);
}

/* Sources. */

static void
run_netif(struct agent *a)
{
    if (netif_run(a->netif)) {
        struct in6_addr *addrs;
        size_t n = netif_get(a->netif, &addrs);

        model_set_node_addresses(a->model, addrs, n);
        free(addrs);
    }
}

static bool
is_read(uint64_t ticket, void *agent_)
{
    const struct agent *a = agent_;

    return (a->synced && ports_sync_is_done(a->ports, ticket)
            && (!a->kube || kube_sync_is_done(a->kube, ticket)));
}

static bool
objects_are_synced(const struct agent *a)
{
    return a->dir ? dir_is_synced(a->dir) : kube_is_synced(a->kube);
}

/* True if it is known where to send what is allowed. */
static bool
has_way_on(const struct agent *a)
{
    return (a->settings->attach != ATTACH_CHAIN
            || compile_config(a->compile)->pipeline.next_table);
}

/* While a batch is under way nothing may change the model. */
static void
run_sources(struct agent *a)
{
    uint64_t generation = model_generation(a->model);

    if (compile_is_busy(a->compile)) {
        ports_run(a->ports);
        return;
    }
    if (a->dir) {
        dir_run(a->dir);
    } else {
        kube_run(a->kube);
    }
    a->news = generation != model_generation(a->model);
    run_netif(a);
    agent_ports_run(a->port_feed);
    if (!a->synced && objects_are_synced(a) && ports_is_ready(a->ports)
        && has_way_on(a)) {
        VLOG_INFO("every source is read: generation %"PRIu64,
                  model_generation(a->model));
        a->synced = true;
    }
    waiters_sources(a->waiters, is_read, a, model_generation(a->model));
}

/* What others ask for. */

static bool
handle_get(const char *path, struct http_reply *reply, void *agent_)
{
    const struct agent *a = agent_;

    if (!strcmp(path, "/metrics")) {
        counters_want(a->counters);
        reply->type = METRICS_CONTENT_TYPE;
        metrics_format(&a->metrics, &reply->body);
    } else if (!strcmp(path, "/healthz")) {
        reply->status = health_is_alive(a->health, &reply->body) ? 200 : 503;
    } else if (!strcmp(path, "/readyz")) {
        reply->status = health_is_ready(a->health, &reply->body) ? 200 : 503;
    } else {
        return false;
    }
    if (!reply->body.length) {
        ds_put_cstr(&reply->body, "ok\n");
    }
    return true;
}

/* Flows that name a meter come after it, and go with it. */
static void
run_audit(struct agent *a)
{
    if (a->audit) {
        if (agent_survey_is_permitted(a->survey)) {
            audit_enable(a->audit);
        }
        audit_run(a->audit);
        if (!compile_is_busy(a->compile)) {
            compile_set_reports(a->compile, audit_is_ready(a->audit));
        }
    }
}

static void
run_observers(struct agent *a)
{
    if (a->synced) {
        latency_note(a->latency, model_generation(a->model), a->woken);
        latency_done(a->latency, bridge_generation(a->bridge), time_usec());
    }
    counters_run(a->counters);
    health_run(a->health, time_msec());
    if (a->http) {
        http_run(a->http);
    }
}

/* Tells those who made interfaces that they are ready. */
static void
run_ready(struct agent *a)
{
    if (ready_run(a->ready, a->model, bridge_generation(a->bridge),
                  a->woken)) {
        ports_set_ready(a->ports, ready_marks(a->ready));
    }
}

/* The state on disk. */

static void
run_state(struct agent *a)
{
    if (!a->state) {
        return;
    }
    state_run(a->state);
    if (a->synced) {
        state_note(a->state, model_generation(a->model));
    }
    if (state_is_due(a->state)) {
        struct snapshot_node node;

        cmd_describe_node(&a->cmd, &node);
        state_write(a->state, a->model, &node);
    }
}

/* The run. */

static const char *
find_problem(const struct agent *a)
{
    const char *next_problem = *agent_ports_problem(a->port_feed);
    struct bridge_status status;

    bridge_get_status(a->bridge, &status);
    return (a->kube && kube_error(a->kube) ? kube_error(a->kube)
            : !objects_are_synced(a) ? "the directory has not been read"
            : ports_problem(a->ports) ? ports_problem(a->ports)
            : next_problem ? next_problem
            : !status.connected ? "no connection to the switch"
            : status.error);
}

static void
run_waiters(struct agent *a)
{
    uint64_t generation = bridge_generation(a->bridge);

    waiters_switch(a->waiters, generation && ports_is_settled(a->ports),
                   generation, find_problem(a));
}

/* Nothing is written to a bridge that is not for us. */
static void
name_tables(struct agent *a)
{
    if (!a->named && agent_survey_is_permitted(a->survey)) {
        a->named = true;
        ports_set_table_names(a->ports, a->settings->table_base,
                              pipeline_table_names, N_TABLES);
    }
}

/* When the flows that name them are gone. */
static void
remove_meters(struct agent *a)
{
    if (!a->audit) {
        char *target = bridge_target(a);

        a->audit = audit_create_cleanup(target);
        free(target);
    }
    audit_run(a->audit);
}

static void
run_cleanup(struct agent *a)
{
    ports_run(a->ports);
    bridge_set_generation(a->bridge, 1);
    bridge_run(a->bridge);
    if (bridge_generation(a->bridge)) {
        remove_meters(a);
    }
    if (a->flush && agent_is_done(a)) {
        unixctl_command_reply(a->flush, "all flows are removed, "
                              "the daemon stops");
        a->flush = NULL;
    }
}

/* May what we know be written to the switch? */
static bool
may_enforce(struct agent *a)
{
    struct bridge_status status;

    bridge_get_status(a->bridge, &status);

    struct basis_facts facts = {
        .is_synced = a->synced,
        .has_ports = ports_is_ready(a->ports) && has_way_on(a),
        .has_news = a->news,
        .has_read = bridge_has_read(a->bridge),
        .has_flows = status.n_readback > 0,
        .now = time_msec(),
    };
    enum basis_kind before = a->basis.kind;
    bool may = basis_run(&a->basis, &facts);

    if (a->basis.kind != before) {
        VLOG_INFO("what is in force comes from: %s",
                  basis_name(a->basis.kind));
    }
    if (basis_wants_flows(&a->basis, &facts)) {
        bridge_hold(a->bridge, true);
        bridge_enable(a->bridge);
    }
    return may;
}

/* A batch, large as it may be, goes out as one bundle when it is through, and
 * others get their turn meanwhile. */
static void
run_compiler(struct agent *a)
{
    bool done = compile_step(a->compile, COMPILE_SLICE);

    bridge_hold(a->bridge,
                !done || (a->audit && !audit_is_settled(a->audit)));
    bridge_enable(a->bridge);
    if (done) {
        bridge_set_generation(a->bridge, model_generation(a->model));
        agent_budget_run(a->budget);
    }
}

void
agent_run(struct agent *a)
{
    a->woken = time_usec();
    if (a->cleanup) {
        run_cleanup(a);
        return;
    }
    run_sources(a);
    run_audit(a);
    if (compile_is_busy(a->compile) || may_enforce(a)) {
        run_compiler(a);
    }
    bridge_run(a->bridge);
    name_tables(a);
    if (!compile_is_busy(a->compile)) {
        agent_refusal_run(a->refusal, a->bridge);
    }
    run_ready(a);
    run_waiters(a);
    run_observers(a);
    run_state(a);
}

void
agent_wait(struct agent *a)
{
    ports_wait(a->ports);
    bridge_wait(a->bridge);
    if (a->audit) {
        audit_wait(a->audit);
    }
    if (!a->cleanup) {
        if (compile_is_busy(a->compile)) {
            poll_immediate_wake();
        }
        if (a->dir) {
            dir_wait(a->dir);
        } else {
            kube_wait(a->kube);
        }
        netif_wait(a->netif);
        waiters_wait(a->waiters);
        if (a->state) {
            state_wait(a->state);
        }
        if (basis_wake_at(&a->basis)) {
            poll_timer_wait_until(basis_wake_at(&a->basis));
        }
        counters_wait(a->counters);
        if (a->http) {
            http_wait(a->http);
        }
    }
    histogram_add(&a->loop, time_usec() - a->woken);
}

bool
agent_is_done(const struct agent *a)
{
    return a->cleanup && bridge_generation(a->bridge)
           && ports_is_settled(a->ports)
           && a->audit && audit_is_settled(a->audit);
}

void
agent_reopen_logs(struct agent *a)
{
    if (a->audit) {
        audit_reopen(a->audit);
    }
}

/* Commands that change something, or take time. */

static void
handle_wait(struct unixctl_conn *conn, int argc, const char *argv[],
            void *agent_)
{
    struct agent *a = agent_;
    unsigned int timeout = DEFAULT_WAIT_MSEC;

    if (argc > 1 && !str_to_uint(argv[1], 10, &timeout)) {
        unixctl_command_reply_error(conn, "want a number of milliseconds");
    } else if (a->cleanup) {
        unixctl_command_reply_error(conn, "the daemon is cleaning up");
    } else {
        uint64_t ticket = ports_sync_begin(a->ports);

        if (a->dir) {
            dir_refresh(a->dir);
        } else {
            kube_sync_begin(a->kube, ticket);
        }
        waiters_add(a->waiters, conn, ticket, timeout);
    }
}

static void
handle_flush(struct unixctl_conn *conn, int argc OVS_UNUSED,
             const char *argv[] OVS_UNUSED, void *agent_)
{
    struct agent *a = agent_;

    if (a->flush) {
        unixctl_command_reply_error(conn, "already under way");
        return;
    }
    VLOG_INFO("asked to remove all flows and stop");
    a->flush = conn;
    start_cleanup(a);
}

static void
handle_flows(struct unixctl_conn *conn, int argc OVS_UNUSED,
             const char *argv[] OVS_UNUSED, void *agent_)
{
    const struct agent *a = agent_;
    char *text = annotate_flows(a->compile, a->model);

    unixctl_command_reply(conn, text);
    free(text);
}
