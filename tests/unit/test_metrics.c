/* SPDX-License-Identifier: Apache-2.0
 *
 * The text; that a real parser takes it is tested with the daemon
 * (tests/e2e/test_metrics.sh). */

#include <config.h>

#include "metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bridge.h"
#include "compile.h"
#include "counters.h"
#include "dir.h"
#include "health.h"
#include "histogram.h"
#include "label.h"
#include "latency.h"
#include "model.h"
#include "node/metrics-text.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "ports.h"
#include "ready.h"
#include "settings.h"
#include "util.h"

static void
assert_text(struct ds *ds, const char *want)
{
    assert_string_equal(ds_cstr(ds), want);
    ds_clear(ds);
}

static void
test_types(void **state)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct metrics_writer w;

    metrics_writer_init(&w, &ds);
    metrics_put(&w, METRIC_BUILD, 1, (const char *[]) { "1.0" });
    assert_text(&ds, "# TYPE ovs_netpol_build info\n"
                "# HELP ovs_netpol_build The version of ovs-netpold.\n"
                "ovs_netpol_build_info{version=\"1.0\"} 1\n");
    metrics_put(&w, METRIC_READY, 0, NULL);
    assert_text(&ds, "# TYPE ovs_netpol_ready gauge\n"
                "# HELP ovs_netpol_ready 1 if /readyz says that all is well.\n"
                "ovs_netpol_ready 0\n");
    metrics_put(&w, METRIC_CPU, 1.25, NULL);
    assert_text(&ds, "# TYPE ovs_netpol_cpu_seconds counter\n"
                "# UNIT ovs_netpol_cpu_seconds seconds\n"
                "# HELP ovs_netpol_cpu_seconds Processor time used.\n"
                "ovs_netpol_cpu_seconds_total 1.25\n");
    metrics_writer_finish(&w);
    assert_text(&ds, "# EOF\n");
    ds_destroy(&ds);
}

/* The head of a metric is there once; large numbers are exact. */
static void
test_samples(void **state)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct metrics_writer w;

    metrics_writer_init(&w, &ds);
    metrics_put(&w, METRIC_CLASSES, 1,
                (const char *[]) { "peer", "egress" });
    ds_clear(&ds);
    metrics_put(&w, METRIC_CLASSES, 123456789012,
                (const char *[]) { "peer", "ingress" });
    assert_text(&ds, "ovs_netpol_classes{role=\"peer\",direction=\"ingress\"} "
                "123456789012\n");
    ds_destroy(&ds);
}

static void
test_escapes(void **state)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct metrics_writer w;

    metrics_writer_init(&w, &ds);
    metrics_put(&w, METRIC_FLOWS, 0, (const char *[]) { "" });
    ds_clear(&ds);
    metrics_put(&w, METRIC_FLOWS, 0, (const char *[]) { "a\"b\\c\nd{}=,é" });
    assert_text(&ds, "ovs_netpol_flows{table=\"a\\\"b\\\\c\\nd{}=,é\"} 0\n");
    ds_destroy(&ds);
}

/* Buckets are cumulative. */
static void
test_histogram(void **state)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct histogram h = { .sum = 0 };
    struct metrics_writer w;

    histogram_add(&h, 50);
    histogram_add(&h, 2000);
    histogram_add(&h, 2500);
    histogram_add(&h, 20000000);
    metrics_writer_init(&w, &ds);
    metrics_put_histogram(&w, METRIC_LOOP, &h);
    assert_non_null(strstr(ds_cstr(&ds), "_bucket{le=\"0.0001\"} 1\n"));
    assert_non_null(strstr(ds_cstr(&ds), "_bucket{le=\"0.001\"} 1\n"));
    assert_non_null(strstr(ds_cstr(&ds), "_bucket{le=\"0.0025\"} 3\n"));
    assert_non_null(strstr(ds_cstr(&ds), "_bucket{le=\"10\"} 3\n"));
    assert_non_null(strstr(ds_cstr(&ds), "_bucket{le=\"+Inf\"} 4\n"
                           "ovs_netpol_loop_seconds_count 4\n"
                           "ovs_netpol_loop_seconds_sum 20.00455\n"));
    ds_destroy(&ds);
}

struct fixture {
    struct settings settings;
    struct label_pool *pool;
    struct model *model;
    struct compile *compile;
    struct dir *dir;
    struct ports *ports;
    struct bridge *bridge;
    struct latency *latency;
    struct ready *ready;
    struct histogram loop;
    struct counters *counters;
    struct health *health;
};

static void
create(struct fixture *f, struct metrics_context *c)
{
    struct compile_config config = {
        .pipeline = { .base = PIPELINE_DEFAULT_BASE },
    };

    settings_init(&f->settings);
    f->pool = label_pool_create();
    f->model = model_create(f->pool);
    f->compile = compile_create(&config, f->pool, f->model);
    f->dir = dir_create("/nonexistent", f->pool, f->model);
    f->ports = ports_create("unix:/nonexistent/db", "br0");
    f->bridge = bridge_create("unix:/nonexistent/br0",
                              compile_flowset(f->compile), 0, 0);
    f->counters = counters_create(f->bridge, f->compile, 10000, 10);
    f->latency = latency_create();
    f->ready = ready_create();
    f->health = health_create(&(struct health_context) {
        .dir = f->dir, .ports = f->ports, .bridge = f->bridge,
        .latency = f->latency,
    });
    *c = (struct metrics_context) {
        .settings = &f->settings, .model = f->model, .compile = f->compile,
        .flowset = compile_flowset(f->compile), .dir = f->dir,
        .ports = f->ports, .bridge = f->bridge, .health = f->health,
        .counters = f->counters,
        .latency = f->latency, .ready = f->ready, .loop = &f->loop,
    };
}

static void
destroy(struct fixture *f)
{
    health_destroy(f->health);
    latency_destroy(f->latency);
    ready_destroy(f->ready);
    counters_destroy(f->counters);
    bridge_destroy(f->bridge);
    ports_destroy(f->ports);
    dir_destroy(f->dir);
    compile_destroy(f->compile);
    model_destroy(f->model);
    label_pool_destroy(f->pool);
    settings_uninit(&f->settings);
}

/* Before anything is known. */
static void
test_all(void **state)
{
    struct fixture f = { .loop.sum = 0 };
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct metrics_context c;

    create(&f, &c);
    metrics_format(&c, &ds);
    const char *text = ds_cstr(&ds);
    assert_non_null(strstr(text, "\novs_netpol_ready 0\n"));
    assert_non_null(strstr(text, "_generation{where=\"switch\"} 0\n"));
    assert_non_null(strstr(text, "_synced{source=\"directory\"} 0\n"));
    assert_non_null(strstr(text, "_flows{table=\"SpoofGuard\"} "));
    assert_null(strstr(text, "source=\"pods\""));
    assert_null(strstr(text, "_memory_bytes 0\n"));
    assert_string_equal(text + ds.length - 6, "# EOF\n");
    ds_destroy(&ds);
    destroy(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_all),
    };

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
