/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "annotate-private.h"

#include <stdlib.h>

#include "compile.h"
#include "group.h"
#include "hash.h"
#include "model.h"
#include "netset.h"
#include "openvswitch/ofp-table.h"
#include "partition.h"
#include "pipeline.h"
#include "rule.h"
#include "util.h"

struct entry *
find_entry(const struct hmap *index, uint32_t number)
{
    return CONTAINER_OF(hmap_first_with_hash(index, hash_int(number, 0)),
                        struct entry, node);
}

static struct entry *
get_entry(struct hmap *index, uint32_t number, const void *what)
{
    struct hmap_node *node = hmap_first_with_hash(index, hash_int(number, 0));
    struct entry *e;

    if (node) {
        return CONTAINER_OF(node, struct entry, node);
    }
    e = xzalloc(sizeof *e);
    e->what = what;
    hmap_insert(index, &e->node, hash_int(number, 0));
    return e;
}

static void
index_rules(struct annotation *a, enum k8s_direction d)
{
    struct rule *r;

    HMAP_FOR_EACH (r, node, &compile_rules(a->compile, d)->rules) {
        get_entry(&a->rules[d], r->id.value, r);
    }
}

static void
index_nets(struct annotation *a, enum k8s_direction d)
{
    const struct netset *netset = compile_netset(a->compile, d);
    struct partition_class *c;

    HMAP_FOR_EACH (c, node, &netset_partition(netset)->classes) {
        get_entry(&a->nets[d], c->number.value, c);
    }
}

static void
index_peers(struct annotation *a, enum k8s_direction d)
{
    const struct partition *partition
        = groups_partition(compile_groups(a->compile), GROUP_PEER(d));
    struct partition_class *c;

    HMAP_FOR_EACH (c, node, &partition->classes) {
        get_entry(&a->peers[d], c->number.value, c);
    }
}

static void
index_targets(struct annotation *a)
{
    size_t n;
    const struct k8s_object **pods = model_sorted(a->model, K8S_POD, &n);

    for (size_t i = 0; i < n; i++) {
        const struct group_member *m
            = group_member_of(k8s_pod_cast(pods[i]));

        for (int d = 0; m && d < K8S_N_DIRECTIONS; d++) {
            const struct partition_class *c = m->classes[GROUP_TARGET(d)];

            if (c) {
                ptrs_add(&get_entry(&a->targets[d], c->number.value,
                                    c)->members, pods[i]);
            }
        }
    }
    free(pods);
}

static void
destroy_index(struct hmap *index)
{
    struct entry *e;

    HMAP_FOR_EACH_SAFE (e, node, index) {
        hmap_remove(index, &e->node);
        ptrs_uninit(&e->members);
        free(e);
    }
    hmap_destroy(index);
}

void
annotation_init(struct annotation *a, struct compile *compile,
                const struct model *model)
{
    *a = (struct annotation) {
        .compile = compile,
        .model = model,
        .pipeline = &compile_config(compile)->pipeline,
        .table = -1,
    };
    a->names = pipeline_table_map(a->pipeline);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        hmap_init(&a->rules[d]);
        hmap_init(&a->targets[d]);
        hmap_init(&a->peers[d]);
        hmap_init(&a->nets[d]);
        index_rules(a, d);
        index_peers(a, d);
        index_nets(a, d);
    }
    index_targets(a);
}

void
annotation_uninit(struct annotation *a)
{
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        destroy_index(&a->rules[d]);
        destroy_index(&a->targets[d]);
        destroy_index(&a->peers[d]);
        destroy_index(&a->nets[d]);
    }
    pipeline_table_map_destroy(a->names);
}
