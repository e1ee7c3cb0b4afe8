/* SPDX-License-Identifier: Apache-2.0
 *
 * How many there are of what takes memory.  All of these shrink with what the
 * daemon is told, but for 'denied-packets' (AUDIT_MAX_RECORDS).  Hash tables
 * and arrays keep the size of their largest time, 8 to 16 bytes for each. */

#include <config.h>

#include "agent-private.h"

#include <malloc.h>

#include "audit.h"
#include "bridge.h"
#include "compile.h"
#include "counters.h"
#include "dir.h"
#include "flowset.h"
#include "group.h"
#include "label.h"
#include "ledger.h"
#include "model.h"
#include "netset.h"
#include "partition.h"
#include "rule.h"
#include "simap.h"
#include "util.h"

static void
count_objects(const struct model *model, struct simap *usage)
{
    static const struct {
        enum k8s_kind kind;
        const char *name;
    } names[] = {
        { K8S_NAMESPACE, "namespaces" },
        { K8S_POD, "pods" },
        { K8S_NODE, "nodes" },
        { K8S_POLICY, "policies" },
        { K8S_CLUSTER_POLICY, "cluster-policies" },
        { K8S_ADMIN_POLICY, "cluster-policies" },
        { K8S_BASELINE_POLICY, "cluster-policies" },
    };
    size_t n_ports;

    model_ports(model, &n_ports);
    simap_increase(usage, "ports", n_ports);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        simap_increase(usage, names[i].name,
                       model_count(model, names[i].kind));
    }
}

static void
count_labels(const struct label_pool *pool, struct simap *usage)
{
    struct label_pool_stats stats;

    label_pool_get_stats(pool, &stats);
    simap_increase(usage, "labels", stats.n_labels);
    simap_increase(usage, "label-sets", stats.n_sets);
    simap_increase(usage, "selectors", stats.n_selectors);
}

static void
count_groups(const struct groups *groups, struct simap *usage)
{
    for (int role = 0; role < GROUP_N_ROLES; role++) {
        const struct partition *p = groups_partition(groups, role);

        simap_increase(usage, "groups", groups_count(groups, role));
        simap_increase(usage, "classes", hmap_count(&p->classes));
    }
    simap_increase(usage, "members", groups_count_members(groups));
}

static void
count_flows(struct compile *compile, struct simap *usage)
{
    const struct flowset *fs = compile_flowset(compile);

    count_groups(compile_groups(compile), usage);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        const struct partition *nets = netset_partition(
            compile_netset(compile, d));

        simap_increase(usage, "classes", hmap_count(&nets->classes));
        simap_increase(usage, "rules",
                       hmap_count(&compile_rules(compile, d)->rules));
    }
    simap_increase(usage, "flows", flowset_count(fs));
    simap_increase(usage, "conjunctions", flowset_count_parts(fs));
}

static void
count_sources(const struct agent *a, struct simap *usage)
{
    if (a->dir) {
        struct dir_status status;

        dir_get_status(a->dir, &status);
        simap_increase(usage, "files", status.n_files);
    }
}

static void
count_observations(const struct agent *a, struct simap *usage)
{
    if (a->audit) {
        simap_increase(usage, "denied-packets", audit_n_records(a->audit));
    }
    if (a->counters) {
        simap_increase(usage, "counted-flows",
                       ledger_n_flows(counters_ledger(a->counters)));
    }
}

void
agent_get_memory_usage(const struct agent *a, struct simap *usage)
{
    count_objects(a->model, usage);
    count_labels(a->pool, usage);
    count_sources(a, usage);
    if (a->compile) {
        count_flows(a->compile, usage);
    }
    count_observations(a, usage);
}

void
agent_trim_memory(struct agent *a)
{
    if (!a->trimmed && a->synced && bridge_generation(a->bridge)) {
#ifdef __GLIBC__
        malloc_trim(0);
#endif
        a->trimmed = true;
    }
}
