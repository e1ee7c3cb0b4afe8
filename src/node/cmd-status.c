/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd-status.h"

#include "cmd.h"
#include "health.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"

/* True if a newer pod has one of its addresses. */
static bool
lost_address(const struct model *model, const struct k8s_pod *pod)
{
    for (size_t i = 0; i < pod->n_addresses; i++) {
        if (model_pod_lost(model, pod, &pod->addresses[i])) {
            return true;
        }
    }
    return false;
}

static void
count_pods(const struct model *model, struct cmd_status *s)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *object;

    s->n_local_pods = s->n_losers = 0;
    while ((object = model_next(model, K8S_POD, &pos))) {
        const struct k8s_pod *pod = k8s_pod_cast(object);

        s->n_local_pods += model_pod_is_local(model, pod);
        s->n_losers += lost_address(model, pod);
    }
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

/* While the daemon removes its flows nobody watches its health. */
static bool
is_ready(const struct cmd_context *c, struct ds *reasons)
{
    if (!c->health) {
        ds_put_cstr(reasons, "all flows are being removed\n");
        return false;
    }
    return health_is_ready(c->health, reasons);
}

static void
collect(const struct cmd_context *c, struct cmd_status *s)
{
    s->wanted = model_generation(c->model);
    s->installed = bridge_generation(c->bridge);
    if (c->dir) {
        dir_get_status(c->dir, &s->dir);
    } else {
        kube_get_status(c->kube, &s->kube);
    }
    bridge_get_status(c->bridge, &s->bridge);
    count_pods(c->model, s);
    s->n_cluster_policies = count_cluster_policies(c->model);
    model_ports(c->model, &s->n_ports);
    ds_init(&s->reasons);
    s->ready = is_ready(c, &s->reasons);
}

char *
cmd_status(const struct cmd_context *context, bool json)
{
    struct cmd_status status;

    collect(context, &status);
    char *reply = (json
                   ? cmd_status_to_json(context, &status)
                   : cmd_status_to_text(context, &status));
    ds_destroy(&status.reasons);
    return reply;
}
