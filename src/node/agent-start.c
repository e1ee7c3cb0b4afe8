/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "agent-private.h"

#include <stdlib.h>

#include "bridge.h"
#include "compile.h"
#include "dir.h"
#include "dirs.h"
#include "kube.h"
#include "kubeconfig.h"
#include "label.h"
#include "model.h"
#include "netif.h"
#include "openvswitch/vlog.h"
#include "pipeline.h"
#include "settings.h"
#include "state.h"
#include "util.h"

#include "agent-budget.h"
#include "agent-ports.h"
#include "agent-refusal.h"
#include "agent-survey.h"

VLOG_DEFINE_THIS_MODULE(agent_start);

/* Between looks whether the switch has what we believe. */
#define READBACK_MSEC (5 * 60 * 1000)

char *
agent_bridge_target(const struct agent *a)
{
    return xasprintf("unix:%s/%s.mgmt", ovs_rundir(), a->settings->bridge);
}

void
agent_connect_bridge(struct agent *a, struct flowset *fs)
{
    char *target = agent_bridge_target(a);

    bridge_destroy(a->bridge);
    a->bridge = bridge_create(target, fs, COOKIE_MAGIC, COOKIE_MAGIC_MASK);
    a->cmd.bridge = a->bridge;
    free(target);
}

void
agent_start_model(struct agent *a)
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

void
agent_start_compiler(struct agent *a)
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
    agent_connect_bridge(a, compile_flowset(a->compile));
    agent_survey_attach(a->survey, a->bridge);
    a->refusal = agent_refusal_create(a->compile);
    agent_refusal_attach(a->refusal, a->bridge);
    bridge_watch_others(a->bridge, a->settings->table_base, N_TABLES,
                        READBACK_MSEC);
}
