/* SPDX-License-Identifier: Apache-2.0
 *
 * The flows, run in Open vSwitch's classifier, do what the reference evaluator
 * says, for random clusters. */

#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cluster.h"
#include "compile.h"
#include "flow-check.h"
#include "openvswitch/dynamic-string.h"
#include "property.h"
#include "random-cluster.h"
#include "shrink-cluster.h"
#include "world.h"

static bool
still_fails(const struct cluster *c, void *config)
{
    size_t n_cells = 0;
    char *error = flow_check_cluster(c, config, 0, &n_cells);

    free(error);
    return error != NULL;
}

/* Cuts 'c' down, and says what is wrong with what remains. */
static void
explain(const struct property *p, uint64_t seed, struct cluster *c,
        struct compile_config *config, const char *error)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    size_t n_cells = 0;

    shrink_cluster(c, still_fails, config);
    cluster_format(c, &s);
    char *shrunk_error = flow_check_cluster(c, config, 0, &n_cells);
    ds_put_format(&s, "%s", shrunk_error ? shrunk_error : error);
    free(shrunk_error);
    property_fail(p, seed, ds_cstr(&s));
}

static void
test_flows_do_what_policies_say(void **state)
{
    struct property p;
    size_t n_cells = 0;
    uint64_t seed;

    property_begin(&p, "flows", 4000);
    while (property_next(&p, &seed)) {
        struct compile_config config;
        struct cluster c;
        struct rng r;
        char *error;

        rng_init(&r, seed);
        random_cluster(&c, &r);
        world_random_config(&r, &config);
        error = flow_check_cluster(&c, &config, rng_next(&r) | 1, &n_cells);
        if (error) {
            explain(&p, seed, &c, &config, error);
        }
    }
    property_end(&p, n_cells, "packets");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flows_do_what_policies_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
