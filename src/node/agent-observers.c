/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "agent-private.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "bridge.h"
#include "compile.h"
#include "counters.h"
#include "health.h"
#include "http.h"
#include "latency.h"
#include "metrics.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "settings.h"
#include "timeval.h"
#include "util.h"

#include "agent-ports.h"
#include "agent-survey.h"

static void
start_audit(struct agent *a)
{
    char *target = agent_bridge_target(a);
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

void
agent_start_observers(struct agent *a, const char *control)
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

void
agent_stop_observers(struct agent *a)
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

void
agent_run_audit(struct agent *a)
{
    if (a->audit) {
        if (agent_survey_is_permitted(a->survey)) {
            audit_enable(a->audit);
        }
        audit_run(a->audit);
    }
}

void
agent_run_observers(struct agent *a)
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

void
agent_reopen_logs(struct agent *a)
{
    if (a->audit) {
        audit_reopen(a->audit);
    }
}
