/* SPDX-License-Identifier: Apache-2.0
 *
 * audit against a real switch. */

#include <config.h>

#include "audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ovs-json.h"

#include "bridge.h"
#include "compile.h"
#include "flowset.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "ovs-fixture.h"
#include "scene.h"
#include "util.h"

#define PATIENCE_MSEC 20000

#define CLUSTER                                                         \
    SCENE_POD("shop", "web", "app: web", "n2", "10.0.0.1", "")          \
    SCENE_POD("shop", "db", "app: db", "n1", "10.0.0.2", "")            \
    SCENE_POLICY("shop", "db", "podSelector: {matchLabels: {app: db}}, " \
                 "policyTypes: [Ingress, Egress], "                     \
                 "ingress: [{from: [{podSelector: {matchLabels: "       \
                 "{app: web}}}]}]")

struct fixture {
    struct ovs_fixture *ovs;
    struct scene scene;
    struct bridge *bridge;
    struct audit *audit;
    uint64_t n_wanted;          /* Records and suppressed packets. */
    char *log;                  /* Name of the file. */
};

static char *
make_target(const struct fixture *f)
{
    return xasprintf("unix:%s/br0.mgmt", ovs_fixture_dir(f->ovs));
}

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

    char *target = make_target(f);
    f->bridge = bridge_create(target, f->scene.fs, COOKIE_MAGIC,
                              COOKIE_MAGIC_MASK);
    f->log = xasprintf("%s/drops.json", ovs_fixture_dir(f->ovs));
    f->audit = audit_create(&(struct audit_config) {
                                .target = target, .rate = 5, .burst = 5,
                                .log = f->log, .node = "n1",
                            }, f->scene.model, f->scene.compile);
    free(target);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    audit_destroy(f->audit);
    bridge_destroy(f->bridge);
    scene_uninit(&f->scene);
    ovs_fixture_destroy(f->ovs);
    free(f->log);
    free(f);
    return 0;
}

/* As the agent does. */
static void
run(void *f_)
{
    struct fixture *f = f_;

    audit_run(f->audit);
    compile_set_reports(f->scene.compile, audit_is_ready(f->audit));
    bridge_run(f->bridge);
}

static void
wait(void *f_)
{
    struct fixture *f = f_;

    audit_wait(f->audit);
    bridge_wait(f->bridge);
}

static bool
is_settled(void *f_)
{
    struct fixture *f = f_;

    return audit_is_settled(f->audit);
}

/* The flows that report are there, too. */
static bool
is_in_sync(void *f_)
{
    struct fixture *f = f_;
    struct bridge_status status;

    bridge_get_status(f->bridge, &status);
    return (audit_is_ready(f->audit) && bridge_generation(f->bridge) > 1
            && !flowset_is_dirty(f->scene.fs)
            && !strcmp(status.state, "idle"));
}

static bool
has_lost(void *f_)
{
    struct fixture *f = f_;

    return !audit_is_ready(f->audit);
}

static bool
has_counted(void *f_)
{
    struct fixture *f = f_;
    struct audit_stats s;

    audit_get_stats(f->audit, &s);
    return (s.n_reported[K8S_INGRESS][0] + s.n_reported[K8S_EGRESS][0]
            + s.n_suppressed[0] >= f->n_wanted);
}

static void
run_until(struct fixture *f, bool done(void *))
{
    struct ovs_fixture_loop loop = { run, wait, done, f };

    assert_true(ovs_fixture_loop(&loop, PATIENCE_MSEC));
}

static void
start(struct fixture *f)
{
    audit_enable(f->audit);
    run_until(f, is_settled);
    assert_true(audit_is_ready(f->audit));
    compile_set_reports(f->scene.compile, true);
    bridge_enable(f->bridge);
    bridge_set_generation(f->bridge, 2);
    run_until(f, is_in_sync);
}

/* 'l3' is the rest of the packet behind Ethernet. */
static void
send_packet(struct fixture *f, const char *l3)
{
    free(ovs_fixture_run(f->ovs, "ovs-appctl -t $OVS_RUNDIR/ovs-vswitchd.ctl "
                         "netdev-dummy/receive p1 "
                         "'in_port(1),eth(src=00:00:00:00:00:01,"
                         "dst=00:00:00:00:00:02),%s'", l3));
}

#define UDP(SRC, DST, PORT) \
    "eth_type(0x0800),ipv4(src=" SRC ",dst=" DST ",proto=17,tos=0,ttl=64," \
    "frag=no),udp(src=999,dst=" PORT ")"

static char *
dump(const struct audit *audit, uint64_t since)
{
    struct json *json = audit_to_json(audit, since);
    char *text = json_to_string(json, JSSF_SORT);

    json_destroy(json);
    return text;
}

static void
expect_text(const char *text, const char *want)
{
    if (!strstr(text, want)) {
        fail_msg("no %s in %s", want, text);
    }
}

static void
test_records(void **state)
{
    struct fixture *f = *state;

    start(f);
    send_packet(f, UDP("10.0.0.1", "10.0.0.2", "53"));  /* Allowed. */
    send_packet(f, UDP("10.0.0.9", "10.0.0.2", "53"));
    send_packet(f, "eth_type(0x0800),ipv4(src=10.0.0.2,dst=10.0.0.1,proto=1,"
                "tos=0,ttl=64,frag=no),icmp(type=8,code=0)");
    f->n_wanted = 2;
    run_until(f, has_counted);
    assert_int_equal(audit_n_records(f->audit), 2);

    char *text = dump(f->audit, 0);
    expect_text(text, "{\"forgotten\":0,\"next\":3,\"records\":[{"
                "\"destination\":{\"address\":\"10.0.0.2\",\"pod\":"
                "{\"name\":\"db\",\"namespace\":\"shop\"},\"port\":53},"
                "\"direction\":\"ingress\",\"node\":\"n1\",\"number\":1,"
                "\"policies\":[{\"name\":\"db\",\"namespace\":\"shop\"}],"
                "\"protocol\":\"UDP\",");
    expect_text(text, "\"source\":{\"address\":\"10.0.0.9\",\"port\":999}");
    expect_text(text, "{\"code\":0,\"destination\":{\"address\":\"10.0.0.1\","
                "\"pod\":{\"name\":\"web\",\"namespace\":\"shop\"}},"
                "\"direction\":\"egress\",\"node\":\"n1\",\"number\":2,");
    expect_text(text, "\"suppressed\":{\"audit\":0,\"drop\":0}");
    free(text);
    text = dump(f->audit, 2);
    assert_null(strstr(text, "\"number\":1,"));
    expect_text(text, "\"number\":2,");
    free(text);
}

/* The line of the log is the record. */
static void
test_log(void **state)
{
    struct fixture *f = *state;
    char line[2000];
    FILE *stream;
    char *text;

    start(f);
    send_packet(f, UDP("10.0.0.9", "10.0.0.2", "53"));
    f->n_wanted = 1;
    run_until(f, has_counted);
    stream = fopen(f->log, "r");
    assert_non_null(stream);
    assert_non_null(fgets(line, sizeof line, stream));
    fclose(stream);
    assert_int_equal(line[strlen(line) - 1], '\n');
    line[strlen(line) - 1] = '\0';
    text = dump(f->audit, 0);
    expect_text(text, line);
    free(text);
}

/* What the meter holds back is counted, and the rest is there. */
static void
test_rate(void **state)
{
    struct fixture *f = *state;
    struct audit_stats s;

    start(f);
    for (int i = 0; i < 40; i++) {
        send_packet(f, UDP("10.0.0.9", "10.0.0.2", "53"));
    }
    f->n_wanted = 40;
    run_until(f, has_counted);
    audit_get_stats(f->audit, &s);
    assert_int_equal(s.n_reported[K8S_INGRESS][0] + s.n_suppressed[0], 40);
    assert_int_equal(s.n_logged, s.n_reported[K8S_INGRESS][0]);
    assert_true(s.n_suppressed[0] > 0);
    assert_null(s.problem);
}

/* Restarted, with another rate: the meters are changed, not made. */
static void
test_again(void **state)
{
    struct fixture *f = *state;
    char *target = make_target(f);
    char *text;

    start(f);
    audit_destroy(f->audit);
    f->audit = audit_create(&(struct audit_config) {
                                .target = target, .rate = 77, .burst = 88,
                            }, f->scene.model, f->scene.compile);
    free(target);
    start(f);
    text = ovs_fixture_run(f->ovs, "ovs-ofctl -O OpenFlow15 dump-meters br0");
    expect_text(text, "meter=28272 pktps burst stats bands=\n"
                "type=drop rate=77 burst_size=88");
    expect_text(text, "meter=28273");
    free(text);
}

static void
test_switch_restarts(void **state)
{
    struct fixture *f = *state;

    start(f);
    ovs_fixture_stop_vswitchd(f->ovs, 0);
    run_until(f, has_lost);
    ovs_fixture_start_vswitchd(f->ovs);
    run_until(f, is_in_sync);
    send_packet(f, UDP("10.0.0.9", "10.0.0.2", "53"));
    f->n_wanted = 1;
    run_until(f, has_counted);
}

static void
test_cleanup(void **state)
{
    struct fixture *f = *state;
    char *target = make_target(f);
    char *text;

    start(f);
    audit_destroy(f->audit);
    f->audit = audit_create_cleanup(target);
    free(target);
    run_until(f, is_settled);
    text = ovs_fixture_run(f->ovs, "ovs-ofctl -O OpenFlow15 dump-meters br0");
    assert_null(strstr(text, "meter="));
    free(text);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_records),
        TEST(test_log),
        TEST(test_rate),
        TEST(test_again),
        TEST(test_switch_restarts),
        TEST(test_cleanup),
    };
    int status;

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    if (ovs_fixture_must_skip(&status)) {
        return status;
    }
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
