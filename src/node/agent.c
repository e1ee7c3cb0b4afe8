/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "agent-private.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ovs-json.h"

#include "audit.h"
#include "basis.h"
#include "bridge.h"
#include "compile.h"
#include "counters.h"
#include "dir.h"
#include "flowset.h"
#include "health.h"
#include "http.h"
#include "kube.h"
#include "label.h"
#include "latency.h"
#include "model.h"
#include "netif.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "pipeline.h"
#include "ports.h"
#include "ready.h"
#include "settings.h"
#include "snapshot.h"
#include "state.h"
#include "timeval.h"
#include "util.h"
#include "waiters.h"

#include "agent-budget.h"
#include "agent-ports.h"
#include "agent-refusal.h"
#include "agent-survey.h"

VLOG_DEFINE_THIS_MODULE(agent);

/* What the compiler does before others get their turn: some 10 ms. */
#define COMPILE_SLICE 2000

struct agent *
agent_create(const struct settings *settings, bool cleanup,
             const char *control)
{
    struct agent *a = xzalloc(sizeof *a);

    a->settings = settings;
    a->cleanup = cleanup;
    agent_start_model(a);
    a->ports = ports_create(settings->db, settings->bridge);
    a->waiters = waiters_create();
    a->latency = latency_create();
    a->ready = ready_create();
    a->woken = time_usec();
    if (cleanup) {
        agent_start_cleanup(a);
    } else {
        agent_start_compiler(a);
        agent_start_observers(a, control);
        agent_register_commands(a);
    }
    return a;
}

void
agent_destroy(struct agent *a)
{
    if (!a) {
        return;
    }
    agent_stop_observers(a);
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
            : !objects_are_synced(a) && dir_error(a->dir) ? dir_error(a->dir)
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

    if (done && a->audit) {
        compile_set_reports(a->compile, audit_is_ready(a->audit));
    }
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
        agent_run_cleanup(a);
        return;
    }
    run_sources(a);
    agent_run_audit(a);
    if (compile_is_busy(a->compile) || may_enforce(a)) {
        run_compiler(a);
    }
    bridge_run(a->bridge);
    name_tables(a);
    if (!compile_is_busy(a->compile)) {
        agent_refusal_run(a->refusal, a->bridge);
    }
    run_ready(a);
    agent_trim_memory(a);
    run_waiters(a);
    agent_run_observers(a);
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
