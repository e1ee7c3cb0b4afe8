/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "flow-check.h"

#include "cluster.h"
#include "compile.h"
#include "openvswitch/dynamic-string.h"
#include "replica.h"
#include "world.h"

char *
flow_check_world(const struct world *w, const struct verify_plan *plan,
                 size_t *n_cells)
{
    const struct compile_config *config = compile_config(w->compile);
    struct replica *replica = replica_create(&config->pipeline);
    struct verify v = {
        .model = w->model,
        .config = config,
        .replica = replica,
        .gateway = CLUSTER_GATEWAY,
        .uplink = CLUSTER_UPLINK,
        .compile = w->compile,
    };
    struct ds report = DS_EMPTY_INITIALIZER;
    struct verify_result result;

    replica_load(replica, compile_flowset(w->compile));
    replica_seal(replica);
    verify_run(&v, plan, UINT64_MAX, &result);
    *n_cells += result.n_packets;
    if (result.n_wrong) {
        verify_mismatch_format(&v, &result.mismatches[0], &report);
    }
    replica_destroy(replica);
    return report.length ? ds_steal_cstr(&report) : NULL;
}
