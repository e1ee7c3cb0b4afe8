/* SPDX-License-Identifier: Apache-2.0
 *
 * counters against a real switch. */

#include <config.h>

#include "counters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bridge.h"
#include "ledger.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovs-fixture.h"
#include "scene.h"
#include "timeval.h"
#include "util.h"

#define PATIENCE_MSEC 20000
#define PERIOD_MSEC 50

#define CLUSTER                                                         \
    SCENE_POD("shop", "web", "app: web", "n2", "10.0.0.1", "")          \
    SCENE_POD("shop", "db", "app: db", "n1", "10.0.0.2", "")            \
    SCENE_POLICY("shop", "db", "podSelector: {matchLabels: {app: db}}, " \
                 "ingress: [{from: [{podSelector: {matchLabels: "       \
                 "{app: web}}}]}]")

struct fixture {
    struct ovs_fixture *ovs;
    struct scene scene;
    struct bridge *bridge;
    struct counters *counters;
    uint64_t n_wanted;          /* Readings. */
};

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);

    f->ovs = ovs_fixture_create();
    free(ovs_fixture_run(f->ovs, "ovs-vsctl add-br br0 -- "
                         "set bridge br0 datapath_type=dummy -- "
                         "add-port br0 p1 -- set interface p1 type=dummy "
                         "ofport_request=1"));
    scene_init(&f->scene, NULL);
    scene_put(&f->scene, CLUSTER);
    compile_run(f->scene.compile);

    char *target = xasprintf("unix:%s/br0.mgmt", ovs_fixture_dir(f->ovs));
    f->bridge = bridge_create(target, f->scene.fs, COOKIE_MAGIC,
                              COOKIE_MAGIC_MASK);
    free(target);
    f->counters = counters_create(f->bridge, f->scene.compile, PERIOD_MSEC,
                                  10);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    counters_destroy(f->counters);
    bridge_destroy(f->bridge);
    scene_uninit(&f->scene);
    ovs_fixture_destroy(f->ovs);
    free(f);
    return 0;
}

static void
run(void *f_)
{
    struct fixture *f = f_;

    bridge_run(f->bridge);
    counters_run(f->counters);
}

static void
wait(void *f_)
{
    struct fixture *f = f_;

    bridge_wait(f->bridge);
    counters_wait(f->counters);
}

static bool
is_in_sync(void *f_)
{
    struct fixture *f = f_;

    return bridge_generation(f->bridge) > 0;
}

static bool
has_read(void *f_)
{
    struct fixture *f = f_;

    return counters_n_readings(f->counters) >= f->n_wanted;
}

static bool
has_failed(void *f_)
{
    struct fixture *f = f_;

    return counters_n_failures(f->counters) > 0;
}

static void
run_until(struct fixture *f, bool done(void *))
{
    struct ovs_fixture_loop loop = { run, wait, done, f };

    assert_true(ovs_fixture_loop(&loop, PATIENCE_MSEC));
}

/* For a while. */
static void
run_for(struct fixture *f, int msec)
{
    struct ovs_fixture_loop loop = { run, wait, has_failed, f };

    assert_false(ovs_fixture_loop(&loop, msec));
}

static void
start(struct fixture *f)
{
    bridge_enable(f->bridge);
    bridge_set_generation(f->bridge, 1);
    run_until(f, is_in_sync);
}

/* Waits for a reading that began after now. */
static void
read_anew(struct fixture *f)
{
    counters_want(f->counters);
    f->n_wanted = counters_n_readings(f->counters) + 2;
    run_until(f, has_read);
}

/* A packet of a new connection to db. */
static void
send_packet(struct fixture *f, const char *source, unsigned int port)
{
    free(ovs_fixture_run(f->ovs, "ovs-appctl -t $OVS_RUNDIR/ovs-vswitchd.ctl "
                         "netdev-dummy/receive p1 "
                         "'in_port(1),eth(src=00:00:00:00:00:01,"
                         "dst=00:00:00:00:00:02),eth_type(0x0800),"
                         "ipv4(src=%s,dst=10.0.0.2,proto=17,tos=0,ttl=64,"
                         "frag=no),udp(src=%u,dst=53)'", source, port));
}

static const struct ledger_count *
count_of_policy(const struct fixture *f, enum ledger_verdict verdict)
{
    static const struct ledger_count nothing;
    size_t n;
    const struct ledger_account **accounts
        = ledger_policies(counters_ledger(f->counters), &n);
    const struct ledger_count *count
        = n ? &accounts[0]->counts[K8S_INGRESS][verdict] : &nothing;

    free(accounts);
    return count;
}

static void
test_counts(void **state)
{
    struct fixture *f = *state;

    start(f);
    read_anew(f);
    assert_int_equal(count_of_policy(f, LEDGER_ALLOWED)->packets, 0);
    for (unsigned int i = 0; i < 3; i++) {
        send_packet(f, "10.0.0.1", 1000 + i);
    }
    send_packet(f, "10.0.0.9", 1000);
    /* What the datapath counted reaches the flows some time later. */
    free(ovs_fixture_run(f->ovs, "ovs-appctl -t $OVS_RUNDIR/ovs-vswitchd.ctl "
                         "revalidator/wait"));
    read_anew(f);
    assert_int_equal(count_of_policy(f, LEDGER_ALLOWED)->packets, 3);
    assert_true(count_of_policy(f, LEDGER_ALLOWED)->bytes >= 3 * 42);
    assert_int_equal(count_of_policy(f, LEDGER_DENIED)->packets, 1);

    char *text = counters_format(counters_ledger(f->counters));
    assert_non_null(strstr(text, "\"policies\":[\"shop/db\"]"));
    assert_non_null(strstr(text, "\"verdict\":\"denied\""));
    free(text);
}

/* Nobody wants to know: nothing is asked. */
static void
test_idle(void **state)
{
    struct fixture *f = *state;

    start(f);
    run_for(f, 4 * PERIOD_MSEC);
    assert_int_equal(counters_n_readings(f->counters), 0);
    counters_want(f->counters);
    f->n_wanted = 1;
    run_until(f, has_read);
}

/* Before there is a switch, and after it went. */
static void
test_no_switch(void **state)
{
    struct fixture *f = *state;

    counters_want(f->counters);
    run_for(f, 2 * PERIOD_MSEC);
    assert_int_equal(counters_n_readings(f->counters), 0);
    start(f);
    read_anew(f);
    ovs_fixture_stop_vswitchd(f->ovs, 0);
    ovs_fixture_start_vswitchd(f->ovs);
    bridge_set_generation(f->bridge, 2);
    f->n_wanted = counters_n_readings(f->counters) + 2;
    run_until(f, has_read);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_counts),
        TEST(test_idle),
        TEST(test_no_switch),
    };
    int status;

    if (ovs_fixture_must_skip(&status)) {
        return status;
    }
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_EMER);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
