/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "flow-check.h"

#include "cluster.h"
#include "compile.h"
#include "openvswitch/dynamic-string.h"
#include "replica.h"
#include "world.h"

static void
init_verify(struct verify *v, const struct model *model,
            const struct compile *compile, const struct replica *replica)
{
    *v = (struct verify) {
        .model = model,
        .config = compile_config(compile),
        .replica = replica,
        .gateway = CLUSTER_GATEWAY,
        .uplink = CLUSTER_UPLINK,
        .compile = compile,
    };
}

static char *
check(const struct verify *v, const struct verify_plan *plan, size_t *n_cells)
{
    struct ds report = DS_EMPTY_INITIALIZER;
    struct verify_result result;

    verify_run(v, plan, UINT64_MAX, &result);
    *n_cells += result.n_packets;
    if (result.n_wrong) {
        verify_mismatch_format(v, &result.mismatches[0], &report);
    }
    return report.length ? ds_steal_cstr(&report) : NULL;
}

char *
flow_check_world(const struct world *w, const struct verify_plan *plan,
                 size_t *n_cells)
{
    struct replica *replica
        = replica_create(&compile_config(w->compile)->pipeline);
    struct verify v;

    replica_load(replica, compile_flowset(w->compile));
    replica_seal(replica);
    init_verify(&v, w->model, w->compile, replica);
    char *error = check(&v, plan, n_cells);
    replica_destroy(replica);
    return error;
}

char *
flow_check_proof(const struct model *model, const struct compile *compile,
                 const struct replica *replica, size_t *n_cells)
{
    struct verify v;

    init_verify(&v, model, compile, replica);
    struct verify_plan *plan = verify_plan_create(&v);
    char *error = check(&v, plan, n_cells);
    verify_plan_destroy(plan);
    return error;
}
