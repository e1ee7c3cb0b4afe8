/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bridge.h"
#include "dir.h"
#include "flowset.h"
#include "label.h"
#include "latency.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "ovs-fixture.h"
#include "ports.h"
#include "timeval.h"
#include "util.h"

#define PATIENCE_MSEC 20000

/* Sources and a switch that are real, and the clock that is the test's. */
struct fixture {
    struct ovs_fixture *ovs;
    char *path, *control;
    char *attach_problem;
    struct label_pool *pool;
    struct model *model;
    struct dir *dir;
    struct ports *ports;
    struct flowset *flowset;
    struct bridge *bridge;
    struct latency *latency;
    struct health *health;
    long long int now;          /* Milliseconds. */
};

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);

    f->ovs = ovs_fixture_create();
    free(ovs_fixture_run(f->ovs, "ovs-vsctl add-br br0 -- "
                         "set bridge br0 datapath_type=dummy"));
    f->path = xasprintf("%s/manifests", ovs_fixture_dir(f->ovs));
    f->control = xasprintf("%s/control", ovs_fixture_dir(f->ovs));
    f->pool = label_pool_create();
    f->model = model_create(f->pool);
    f->dir = dir_create(f->path, f->pool, f->model);
    f->ports = ports_create(ovs_fixture_db(f->ovs), "br0");
    f->flowset = flowset_create(NULL, NULL);
    char *target = xasprintf("unix:%s/br0.mgmt", ovs_fixture_dir(f->ovs));
    f->bridge = bridge_create(target, f->flowset, UINT64_C(0x6e70) << 48,
                              UINT64_C(0xffff) << 48);
    free(target);
    f->latency = latency_create();
    f->health = health_create(&(struct health_context) {
        .dir = f->dir,
        .ports = f->ports,
        .bridge = f->bridge,
        .latency = f->latency,
        .attach_problem = &f->attach_problem,
        .control = f->control,
    });
    f->now = 1000000;
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    health_destroy(f->health);
    latency_destroy(f->latency);
    bridge_destroy(f->bridge);
    flowset_destroy(f->flowset);
    ports_destroy(f->ports);
    dir_destroy(f->dir);
    model_destroy(f->model);
    label_pool_destroy(f->pool);
    rmdir(f->path);
    unlink(f->control);
    ovs_fixture_destroy(f->ovs);
    free(f->path);
    free(f->control);
    free(f);
    return 0;
}

static void
run(void *f_)
{
    struct fixture *f = f_;

    dir_run(f->dir);
    ports_run(f->ports);
    bridge_run(f->bridge);
    health_run(f->health, f->now);
}

static void
wait(void *f_)
{
    struct fixture *f = f_;

    dir_wait(f->dir);
    ports_wait(f->ports);
    bridge_wait(f->bridge);
}

static bool
is_ready(void *f_)
{
    struct fixture *f = f_;

    return health_is_ready(f->health, NULL);
}

static bool
is_in_sync(void *f_)
{
    struct fixture *f = f_;

    return (bridge_generation(f->bridge) && dir_is_synced(f->dir)
            && ports_is_ready(f->ports));
}

static bool
is_disconnected(void *f_)
{
    struct fixture *f = f_;

    return !bridge_generation(f->bridge);
}

static void
run_until(struct fixture *f, bool done(void *))
{
    struct ovs_fixture_loop loop = { run, wait, done, f };

    assert_true(ovs_fixture_loop(&loop, PATIENCE_MSEC));
}

static void
assert_reasons(struct fixture *f, const char *const words[])
{
    struct ds reasons = DS_EMPTY_INITIALIZER;
    bool ready = health_is_ready(f->health, &reasons);
    const char *text = ds_cstr(&reasons);
    size_t n_lines = 0;

    assert_int_equal(ready, !*words);
    for (size_t i = 0; words[i]; i++) {
        if (!strstr(text, words[i])) {
            fail_msg("no \"%s\" in: %s", words[i], text);
        }
    }
    for (const char *p = text; *p; p++) {
        n_lines += *p == '\n';
    }
    while (*words++) {
        assert_int_not_equal(n_lines--, 0);
    }
    assert_int_equal(n_lines, 0);
    ds_destroy(&reasons);
}
#define ASSERT_REASONS(F, ...) \
    assert_reasons(F, (const char *[]) { __VA_ARGS__, NULL })

static void
assert_ready(struct fixture *f)
{
    assert_reasons(f, (const char *[]) { NULL });
}

static void
make_ready(struct fixture *f)
{
    mkdir(f->path, 0755);
    bridge_enable(f->bridge);
    bridge_set_generation(f->bridge, 1);
    run_until(f, is_ready);
    assert_ready(f);
}

/* Until all is well for the first time everything counts at once. */
static void
test_start(void **state)
{
    struct fixture *f = *state;

    health_run(f->health, f->now);
    ASSERT_REASONS(f, "manifests: not read yet", "database: ", "switch: ");
    make_ready(f);
}

/* Later only what lasts. */
static void
test_switch_away(void **state)
{
    struct fixture *f = *state;

    make_ready(f);
    ovs_fixture_stop_vswitchd(f->ovs, 0);
    run_until(f, is_disconnected);
    assert_ready(f);
    f->now += HEALTH_SWITCH_MSEC - 1;
    run(f);
    assert_ready(f);
    f->now++;
    run(f);
    ASSERT_REASONS(f, "switch: connecting");

    ovs_fixture_start_vswitchd(f->ovs);
    run_until(f, is_ready);
    assert_ready(f);
    /* It begins to count anew. */
    ovs_fixture_stop_vswitchd(f->ovs, 0);
    run_until(f, is_disconnected);
    assert_ready(f);
}

static bool
has_lost_database(void *f_)
{
    struct fixture *f = f_;

    return !ports_is_connected(f->ports);
}

static void
test_database_away(void **state)
{
    struct fixture *f = *state;

    make_ready(f);
    ovs_fixture_stop_ovsdb(f->ovs, 0);
    run_until(f, has_lost_database);
    run(f);
    assert_ready(f);
    f->now += HEALTH_SOURCE_MSEC;
    run(f);
    ASSERT_REASONS(f, "database: no connection");
    ovs_fixture_start_ovsdb(f->ovs);
    run_until(f, is_ready);
}

/* Connected, but what we want does not get there. */
static void
test_lag(void **state)
{
    struct fixture *f = *state;

    make_ready(f);
    /* Before now, or there would be no lag yet. */
    latency_note(f->latency, 1, time_usec() - 1);
    latency_note(f->latency, 2, time_usec() - 1);
    run(f);
    assert_ready(f);
    f->now += HEALTH_SWITCH_MSEC;
    run(f);
    ASSERT_REASONS(f, "s behind");
    latency_done(f->latency, 2, time_usec());
    run(f);
    assert_ready(f);
}

static void
test_attach(void **state)
{
    static char problem[] = "no table by that name";
    struct fixture *f = *state;

    f->attach_problem = problem;
    mkdir(f->path, 0755);
    bridge_enable(f->bridge);
    bridge_set_generation(f->bridge, 1);
    run_until(f, is_in_sync);
    ASSERT_REASONS(f, "attach: no table by that name");
    f->attach_problem = NULL;
    run(f);
    assert_ready(f);
}

static void
test_alive(void **state)
{
    struct fixture *f = *state;
    struct ds reasons = DS_EMPTY_INITIALIZER;
    FILE *stream = fopen(f->control, "w");

    fclose(stream);
    assert_true(health_is_alive(f->health, &reasons));
    assert_int_equal(reasons.length, 0);
    unlink(f->control);
    assert_false(health_is_alive(f->health, NULL));
    assert_false(health_is_alive(f->health, &reasons));
    assert_non_null(strstr(ds_cstr(&reasons), f->control));
    ds_destroy(&reasons);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_start, setup, teardown),
        cmocka_unit_test_setup_teardown(test_switch_away, setup, teardown),
        cmocka_unit_test_setup_teardown(test_database_away, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lag, setup, teardown),
        cmocka_unit_test_setup_teardown(test_attach, setup, teardown),
        cmocka_unit_test_setup_teardown(test_alive, setup, teardown),
    };
    int status;

    if (ovs_fixture_must_skip(&status)) {
        return status;
    }
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_EMER);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
