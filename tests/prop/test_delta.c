/* SPDX-License-Identifier: Apache-2.0
 *
 * Deltas: a switch that does what flowset_take_delta() says has the wanted
 * flows, whatever it had before. */

#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cluster.h"
#include "compile.h"
#include "flow-map.h"
#include "flowset.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofpbuf.h"
#include "pipeline.h"
#include "property.h"
#include "random-cluster.h"
#include "util.h"
#include "world.h"

/* A world that changes, and the switch that should follow. */
struct follow {
    struct world world;
    struct cluster cluster;
    struct rng *rng;
    struct flow_map wanted, got;
    struct ds errors;
    size_t n_changes;
};

static struct flowset *
flowset(const struct follow *f)
{
    return compile_flowset(f->world.compile);
}

/* Takes the delta.  Says if the switch does not have what is wanted then, or
 * if there is a second delta. */
static void
catch_up(struct follow *f, const char *when)
{
    size_t length = f->errors.length, n;

    n = flowset_take_delta(flowset(f), flow_map_change, &f->got);
    f->n_changes += n;
    flow_map_copy(&f->wanted, flowset(f));
    flow_map_equals(&f->wanted, &f->got, &f->errors);
    if (shash_count(&f->wanted.flows) != flowset_count(flowset(f))) {
        ds_put_format(&f->errors, "%"PRIuSIZE" flows, but a count of "
                      "%"PRIuSIZE"\n", shash_count(&f->wanted.flows),
                      flowset_count(flowset(f)));
    }
    if (flowset_is_dirty(flowset(f))
        || flowset_take_delta(flowset(f), flow_map_change, &f->got)) {
        ds_put_cstr(&f->errors, "a second delta is not empty\n");
    }
    if (f->errors.length > length) {
        ds_put_format(&f->errors, "%s\n", when);
    }
}

/* Anything happens, without telling the switch. */
static void
let_happen(struct follow *f, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        struct cluster_event e;

        random_cluster_event(&f->cluster, f->rng, &e);
        world_happen(&f->world, &e, &f->cluster);
    }
}

/* Read-backs. */

/* What the read-back finds for one wanted flow: nothing, something else, or
 * the flow. */
static void
observe_flow(const struct flowset_flow *flow, void *got_)
{
    struct follow *f = CONTAINER_OF(got_, struct follow, got);
    struct flowset_flow other = *flow;
    uint64_t stub[8];
    struct ofpbuf ofpacts;

    ofpbuf_use_stub(&ofpacts, stub, sizeof stub);
    switch (rng_below(f->rng, 8)) {
    case 0:
        break;
    case 1:
        other.cookie ^= 1;
        flow_map_put(&f->got, &other);
        break;
    case 2:
        pipeline_put_set_reg(9, 1, &ofpacts);
        other.ofpacts = ofpacts.data;
        other.ofpacts_len = ofpacts.size;
        flow_map_put(&f->got, &other);
        break;
    default:
        flow_map_put(&f->got, &other);
        break;
    }
    ofpbuf_uninit(&ofpacts);
}

/* A flow that nobody wants: a wanted one's match in another place. */
static void
observe_stranger(const struct flowset_flow *flow, void *got_)
{
    struct follow *f = CONTAINER_OF(got_, struct follow, got);
    struct flowset_flow other = *flow;

    if (rng_chance(f->rng, 10)) {
        other.priority += 7 + rng_below(f->rng, 100);
        flow_map_put(&f->got, &other);
    }
}

/* From text, so that what is compared is not what we wrote in memory. */
static void
read_back(struct follow *f)
{
    struct shash_node *node;

    flowset_observe_begin(flowset(f));
    SHASH_FOR_EACH (node, &f->got.flows) {
        struct flowset_flow flow;

        flow_map_parse(node->data, &flow);
        flowset_observe(flowset(f), &flow);
        free(flow.ofpacts);
    }
    flowset_observe_end(flowset(f));
}

/* The switch lost its mind, or another program had its way. */
static void
disturb(struct follow *f)
{
    shash_clear_free_data(&f->got.flows);
    if (rng_chance(f->rng, 85)) {
        flowset_for_each(flowset(f), false, observe_flow, &f->got);
        flowset_for_each(flowset(f), false, observe_stranger, &f->got);
    }
    if (rng_chance(f->rng, 30)) {
        let_happen(f, 1 + rng_below(f->rng, 4));
    }
    read_back(f);
    if (rng_chance(f->rng, 30)) {
        let_happen(f, 1 + rng_below(f->rng, 4));
    }
    catch_up(f, "after a read-back");
    read_back(f);
    if (flowset_take_delta(flowset(f), flow_map_change, &f->got)) {
        ds_put_cstr(&f->errors, "a second read-back finds something\n");
    }
}

/* One flow is reported to have gone, or to have changed. */
static void
disturb_one(struct follow *f)
{
    size_t n = shash_count(&f->got.flows);
    bool gone = rng_chance(f->rng, 50);
    struct flowset_flow flow;

    if (!n) {
        return;
    }
    flow_map_parse(flow_map_nth(&f->got, rng_below(f->rng, n)), &flow);
    if (gone) {
        flow_map_forget(&f->got, &flow);
    } else {
        flow.cookie ^= 2;
        flow_map_put(&f->got, &flow);
    }
    if (rng_chance(f->rng, 50)) {
        let_happen(f, 3);
    }
    flowset_observe_one(flowset(f), &flow, gone);
    if (rng_chance(f->rng, 50)) {
        let_happen(f, 3);
    }
    free(flow.ofpacts);
    catch_up(f, gone ? "after one flow had gone" : "after one flow changed");
}

/* One case. */

static void
follow_history(struct follow *f)
{
    unsigned int n = 1 + rng_below(f->rng, 12);

    world_load(&f->world, &f->cluster, f->rng);
    for (unsigned int i = 0; i < n && !f->errors.length; i++) {
        switch (rng_below(f->rng, 5)) {
        case 0:
            disturb(f);
            break;
        case 1:
            disturb_one(f);
            break;
        default:
            let_happen(f, rng_below(f->rng, 12));
            compile_run(f->world.compile);
            catch_up(f, "after a run");
            break;
        }
    }
}

static char *
follow_case(uint64_t seed, size_t *n_changes)
{
    struct compile_config config;
    struct rng r;
    struct follow f = { .rng = &r, .errors = DS_EMPTY_INITIALIZER };

    rng_init(&r, seed);
    world_random_config(&r, &config);
    random_cluster(&f.cluster, &r);
    flow_map_init(&f.wanted, NULL);
    flow_map_init(&f.got, &f.errors);
    world_init(&f.world, &config);
    follow_history(&f);
    if (f.errors.length) {
        cluster_format(&f.cluster, &f.errors);
    }
    world_uninit(&f.world);
    flow_map_uninit(&f.wanted);
    flow_map_uninit(&f.got);
    *n_changes += f.n_changes;
    return f.errors.length ? ds_steal_cstr(&f.errors) : NULL;
}

static void
test_delta_leads_to_what_is_wanted(void **state)
{
    struct property p;
    size_t n_changes = 0;
    uint64_t seed;

    property_begin(&p, "delta", 1000);
    while (property_next(&p, &seed)) {
        char *error = follow_case(seed, &n_changes);

        if (error) {
            property_fail(&p, seed, error);
        }
    }
    property_end(&p, n_changes, "changes");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delta_leads_to_what_is_wanted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
