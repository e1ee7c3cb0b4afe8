/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "agent-budget.h"

#include <stdlib.h>
#include <string.h>

#include "kube.h"
#include "model.h"
#include "openvswitch/vlog.h"
#include "policy.h"
#include "sset.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(agent_budget);

/* A namespace full of policies need not fill the log, too. */
static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(60, 30);

/* Of Events. */
#define REASON "OverBudget"

struct agent_budget {
    const struct policies *policies;
    struct kube *kube;          /* Or NULL. */
    struct model *model;
    uint64_t generation;        /* Of the model, when last run. */
    struct sset out;            /* "NS/NAME" of those that are logged. */
};

struct agent_budget *
agent_budget_create(const struct policies *policies, struct model *model,
                    struct kube *kube)
{
    struct agent_budget *ab = xzalloc(sizeof *ab);

    ab->policies = policies;
    ab->model = model;
    ab->kube = kube;
    sset_init(&ab->out);
    return ab;
}

void
agent_budget_destroy(struct agent_budget *ab)
{
    if (ab) {
        sset_destroy(&ab->out);
        free(ab);
    }
}

static void
tell_out(const struct agent_budget *ab, const struct policy *p,
        const char *name)
{
    char *why = budget_describe(policies_budget(ab->policies), &p->budget);

    VLOG_WARN_RL(&rl, "NetworkPolicy %s: %s", name, why);
    if (ab->kube) {
        kube_report(ab->kube, K8S_POLICY, p->ns, p->name, REASON, why);
    }
    free(why);
}

/* 'key' is "NS/NAME". */
static void
tell_in(const struct agent_budget *ab, const char *key)
{
    VLOG_INFO_RL(&rl, "NetworkPolicy %s: fits or is gone", key);
    if (ab->kube) {
        const char *slash = strchr(key, '/');
        char *ns = xmemdup0(key, slash - key);

        kube_report_end(ab->kube, K8S_POLICY, ns, slash + 1, REASON);
        free(ns);
    }
}

void
agent_budget_run(struct agent_budget *ab)
{
    struct budget_status status;
    struct sset now = SSET_INITIALIZER(&now);
    struct ptrs out = PTRS_INITIALIZER;
    const char *name;

    if (ab->generation == model_generation(ab->model)) {
        return;
    }
    ab->generation = model_generation(ab->model);
    budget_get_status(policies_budget(ab->policies), &status);
    if (status.n_out) {
        out = policies_out(ab->policies);
    }
    for (size_t i = 0; i < out.n; i++) {
        const struct policy *p = out.p[i];
        char *key = xasprintf("%s/%s", p->ns, p->name);

        if (!sset_find_and_delete(&ab->out, key)) {
            tell_out(ab, p, key);
        }
        sset_add_and_free(&now, key);
    }
    SSET_FOR_EACH (name, &ab->out) {
        tell_in(ab, name);
    }
    sset_swap(&ab->out, &now);
    model_set_refused(ab->model, &ab->out);
    sset_destroy(&now);
    ptrs_uninit(&out);
}
