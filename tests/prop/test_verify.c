/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan of representatives finds whatever an exhaustive one finds: in the
 * flows of random clusters something is changed at random, and if any address
 * with any service shows that, then some class does.  And what is right is
 * found right. */

#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cluster.h"
#include "compile.h"
#include "flow-check.h"
#include "flow.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofpbuf.h"
#include "packets.h"
#include "property.h"
#include "random-cluster.h"
#include "replica.h"
#include "util.h"
#include "world.h"

/* One flow is changed while all are copied. */
struct mutation {
    struct replica *replica;
    enum { DELETE, SWAP_ACTIONS, WIDEN, N_CHANGES } type;
    size_t victim;              /* Its number in the flowset. */
    size_t i;
    bool has_donor;             /* Its actions are the victim's. */
    uint8_t donor_table;
    struct ofpbuf actions;
    struct ds text;
};

/* Lets the flow match all sources and destinations. */
static void
widen(struct match *match)
{
    match_set_nw_src_masked(match, 0, 0);
    match_set_nw_dst_masked(match, 0, 0);
    match_set_ipv6_src_masked(match, &in6addr_any, &in6addr_any);
    match_set_ipv6_dst_masked(match, &in6addr_any, &in6addr_any);
}

static void
copy_flow(const struct flowset_flow *flow, void *m_)
{
    struct mutation *m = m_;
    struct flowset_flow f = *flow;

    if (m->i++ != m->victim) {
        replica_add(m->replica, &f);
        return;
    }
    flowset_format_flow(flow, NULL, &m->text);
    if (m->type == SWAP_ACTIONS && m->has_donor
        && m->donor_table == f.table) {
        f.ofpacts = m->actions.data;
        f.ofpacts_len = m->actions.size;
    } else if (m->type == WIDEN) {
        widen(&f.match);
    }
    if (m->type != DELETE) {
        replica_add(m->replica, &f);
    }
}

/* Takes the actions of another flow of the victim's table, the last one before
 * it. */
static void
find_donor(const struct flowset_flow *flow, void *m_)
{
    struct mutation *m = m_;

    if (m->i < m->victim) {
        ofpbuf_clear(&m->actions);
        ofpbuf_put(&m->actions, flow->ofpacts, flow->ofpacts_len);
        m->donor_table = flow->table;
        m->has_donor = true;
    }
    m->i++;
}

/* A flow of somebody else: a peer, a port, straight on. */
static void
add_foreign(struct mutation *m, const struct compile *compile, struct rng *r)
{
    const struct pipeline_config *config = &compile_config(compile)->pipeline;
    const struct in6_addr *addr
        = &random_cluster_addresses()[rng_below(r, RANDOM_N_V4)];
    bool egress = rng_chance(r, 50);
    uint64_t stub[16];
    struct ofpbuf actions;
    struct flowset_flow f = {
        .table = pipeline_table(config, (egress ? TABLE_EGRESS_RULE
                                         : TABLE_INGRESS_RULE)),
        .priority = 60000,
    };

    ofpbuf_use_stub(&actions, stub, sizeof stub);
    match_init_catchall(&f.match);
    match_set_dl_type(&f.match, htons(ETH_TYPE_IP));
    match_set_nw_proto(&f.match, IPPROTO_TCP);
    match_set_tp_dst(&f.match, htons(80));
    match_set_nw_src(&f.match, in6_addr_get_mapped_ipv4(addr));
    pipeline_put_goto(config, egress ? TABLE_INGRESS_TARGET : TABLE_COMMIT,
                      &actions);
    f.ofpacts = actions.data;
    f.ofpacts_len = actions.size;
    replica_add(m->replica, &f);
    flowset_format_flow(&f, NULL, &m->text);
    ofpbuf_uninit(&actions);
}

static void
mutate(struct mutation *m, const struct world *w, struct rng *r)
{
    struct flowset *fs = compile_flowset(w->compile);

    memset(m, 0, sizeof *m);
    m->replica = replica_create(&compile_config(w->compile)->pipeline);
    m->type = rng_below(r, N_CHANGES);
    m->victim = rng_below(r, flowset_count(fs));
    ds_init(&m->text);
    ofpbuf_init(&m->actions, 0);
    flowset_for_each(fs, true, find_donor, m);
    if (rng_chance(r, 15)) {
        m->victim = SIZE_MAX;
        add_foreign(m, w->compile, r);
    }
    m->i = 0;
    flowset_for_each(fs, true, copy_flow, m);
    replica_seal(m->replica);
}

/* Everything, with the mutation's flows. */
static char *
check_everything(const struct cluster *c, const struct world *w,
                 const struct mutation *m, size_t *n_cells)
{
    struct verify_plan plan;
    struct verify v = {
        .model = w->model,
        .config = compile_config(w->compile),
        .replica = m->replica,
        .gateway = CLUSTER_GATEWAY,
        .uplink = CLUSTER_UPLINK,
        .compile = w->compile,
    };
    struct ds report = DS_EMPTY_INITIALIZER;
    struct verify_result result;

    flow_check_everything(c, &plan);
    verify_run(&v, &plan, UINT64_MAX, &result);
    *n_cells += result.n_packets;
    if (result.n_wrong) {
        verify_mismatch_format(&v, &result.mismatches[0], &report);
    }
    free(plan.addresses);
    free(plan.services);
    return report.length ? ds_steal_cstr(&report) : NULL;
}

/* Returns what is wrong (caller frees), or NULL. */
static char *
try_mutation(const struct cluster *c, const struct world *w, struct rng *r,
             size_t *n_found, size_t *n_cells)
{
    struct mutation m;
    char *problem = NULL;

    mutate(&m, w, r);
    char *thorough = check_everything(c, w, &m, n_cells);
    char *quick = flow_check_proof(w->model, w->compile, m.replica, n_cells);
    if (thorough && !quick) {
        problem = xasprintf("not found, after a change of %s:\n%s",
                            ds_cstr(&m.text), thorough);
    }
    *n_found += thorough != NULL;
    free(thorough);
    free(quick);
    replica_destroy(m.replica);
    ofpbuf_uninit(&m.actions);
    ds_destroy(&m.text);
    return problem;
}

static char *
try_cluster(const struct cluster *c, const struct compile_config *config,
            struct rng *r, size_t *n_found, size_t *n_cells)
{
    struct world w;
    struct replica *replica = replica_create(&config->pipeline);

    world_init(&w, config);
    world_load(&w, c, NULL);
    replica_load(replica, compile_flowset(w.compile));
    replica_seal(replica);
    char *problem = flow_check_proof(w.model, w.compile, replica, n_cells);
    for (int i = 0; i < 3 && !problem; i++) {
        problem = try_mutation(c, &w, r, n_found, n_cells);
    }
    replica_destroy(replica);
    world_uninit(&w);
    return problem;
}

static void
test_classes_are_enough(void **state)
{
    struct property p;
    size_t n_cells = 0, n_found = 0;
    uint64_t seed;

    property_begin(&p, "verify", 100);
    while (property_next(&p, &seed)) {
        struct compile_config config;
        struct cluster c;
        struct rng r;

        rng_init(&r, seed);
        random_cluster(&c, &r);
        world_random_config(&r, &config);
        char *problem = try_cluster(&c, &config, &r, &n_found, &n_cells);
        if (problem) {
            struct ds s = DS_EMPTY_INITIALIZER;

            cluster_format(&c, &s);
            ds_put_cstr(&s, problem);
            property_fail(&p, seed, ds_cstr(&s));
        }
    }
    property_end(&p, n_cells, "packets");
    /* Most changes can be seen. */
    assert_true(n_found > p.n / 2 || p.n < 20);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes_are_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
