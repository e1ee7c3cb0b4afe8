/* SPDX-License-Identifier: Apache-2.0
 *
 * From an event to the switch's word that it is in force: the compiler and the
 * connection to a real Open vSwitch in one process, so that nothing but these
 * two is measured.
 *
 *     bench_switch TARGET DIR COMMAND...
 *
 * Puts the manifests in DIR into the switch at TARGET ("unix:.../br.mgmt"),
 * then does the COMMANDs in order.  Prints one JSON object a line for each.
 *
 *     cold                       what the start took
 *     pods=LABEL,COUNT           pods that come with LABEL=yes, lose it, get
 *                                it back, and go
 *     policies=FILE,COUNT        the first policies of FILE come and go
 *     put=FILE                   all objects of FILE at once
 *     churn=LABEL,RATE,SECONDS   RATE pod events a second, parsed from JSON
 */

#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "ovs-json.h"

#include "bridge.h"
#include "compile.h"
#include "dir.h"
#include "doc.h"
#include "flowset.h"
#include "k8s.h"
#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "pipeline.h"
#include "timeval.h"
#include "util.h"

#define NODE "node-0"

struct bench {
    struct label_pool *pool;
    struct model *model;
    struct compile *compile;
    struct bridge *bridge;
    double load, compiled;      /* Seconds. */
};

/* Measures. */

static double
clock_now(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return ts.tv_sec + ts.tv_nsec / 1e9;
}

static double
wall(void)
{
    return clock_now(CLOCK_MONOTONIC);
}

/* Bytes resident, without what is free already. */
static long
resident(void)
{
    malloc_trim(0);
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (!f || fscanf(f, "%*d %ld", &pages) != 1) {
        ovs_fatal(0, "/proc/self/statm cannot be read");
    }
    fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

/* Durations in seconds, and what they cost. */
struct series {
    double *seconds;
    size_t n, allocated;
    uint64_t flow_mods, max_flow_mods;
};

static void
series_add(struct series *s, double seconds, uint64_t flow_mods)
{
    if (s->n >= s->allocated) {
        s->seconds = x2nrealloc(s->seconds, &s->allocated,
                                sizeof *s->seconds);
    }
    s->seconds[s->n++] = seconds;
    s->flow_mods += flow_mods;
    s->max_flow_mods = MAX(s->max_flow_mods, flow_mods);
}

static int
compare_doubles(const void *a_, const void *b_)
{
    const double *a = a_, *b = b_;

    return (*a > *b) - (*a < *b);
}

/* Prints and forgets. */
static void
series_print(struct series *s, const char *what)
{
    ovs_assert(s->n);
    qsort(s->seconds, s->n, sizeof *s->seconds, compare_doubles);
    printf("{\"what\": \"%s\", \"n\": %"PRIuSIZE", \"p50\": %.6f, "
           "\"p99\": %.6f, \"max\": %.6f, \"flow_mods\": %.3f, "
           "\"max_flow_mods\": %"PRIu64", \"resident\": %ld}\n", what, s->n,
           s->seconds[s->n / 2], s->seconds[s->n * 99 / 100],
           s->seconds[s->n - 1], (double) s->flow_mods / s->n,
           s->max_flow_mods, resident());
    fflush(stdout);
    free(s->seconds);
    memset(s, 0, sizeof *s);
}

/* Work. */

static bool
is_settled(const struct bench *b)
{
    return bridge_generation(b->bridge) == model_generation(b->model);
}

static void
step(struct bench *b)
{
    compile_run(b->compile);
    bridge_set_generation(b->bridge, model_generation(b->model));
    bridge_run(b->bridge);
}

/* Until all that is in the model is in the switch. */
static void
settle(struct bench *b)
{
    for (step(b); !is_settled(b); step(b)) {
        struct bridge_status status;

        bridge_get_status(b->bridge, &status);
        if (status.error) {
            ovs_fatal(0, "%s", status.error);
        }
        bridge_wait(b->bridge);
        poll_block();
    }
}

/* Settles; adds to 'series' how long it took since 'start'. */
static void
measure(struct bench *b, double start, struct series *series)
{
    struct bridge_status before, after;

    bridge_get_status(b->bridge, &before);
    settle(b);
    bridge_get_status(b->bridge, &after);
    series_add(series, wall() - start,
               after.n_flow_mods - before.n_flow_mods);
}

static struct k8s_object *
parse_object(struct bench *b, const struct doc_node *node,
             const struct doc_node *list)
{
    struct k8s_report report;
    enum k8s_kind kind;
    char *key;

    if (!k8s_identify(node, list, &kind)) {
        ovs_fatal(0, "an object of no kind that is known");
    }
    struct k8s_object *object = k8s_parse(kind, node, b->pool, NULL, &report,
                                          &key);
    if (report.error) {
        ovs_fatal(0, "%s: %s", key, report.error);
    }
    k8s_report_uninit(&report);
    free(key);
    return object;
}

static struct k8s_object *
parse_text(struct bench *b, const char *text)
{
    struct doc *doc;

    char *error = doc_parse_json(text, strlen(text), NULL, &doc);
    if (error) {
        ovs_fatal(0, "%s: %s", text, error);
    }
    struct k8s_object *object = parse_object(b, doc_root(doc), NULL);
    doc_destroy(doc);
    return object;
}

static struct doc *
read_file(const char *name)
{
    struct ds text = DS_EMPTY_INITIALIZER;
    FILE *f = fopen(name, "r");
    struct doc *doc;

    if (!f) {
        ovs_fatal(errno, "%s", name);
    }
    for (int c; (c = getc(f)) != EOF;) {
        ds_put_char(&text, c);
    }
    fclose(f);

    char *error = doc_parse_json(ds_cstr(&text), text.length, NULL, &doc);
    if (error) {
        ovs_fatal(0, "%s: %s", name, error);
    }
    ds_destroy(&text);
    return doc;
}

/* Pods. */

/* Pod 'i' of those that come and go; 'label' may be NULL. */
static void
format_pod(struct ds *s, unsigned int i, const char *label)
{
    ds_clear(s);
    ds_put_format(s, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":"
                  "{\"namespace\":\"ns-0\",\"name\":\"guest-%u\","
                  "\"labels\":{\"app\":\"guest\"%s%s%s}},"
                  "\"spec\":{\"nodeName\":\"elsewhere\"},\"status\":"
                  "{\"phase\":\"Running\",\"podIPs\":"
                  "[{\"ip\":\"10.99.%u.%u\"}]}}", i, label ? ",\"" : "",
                  label ? label : "", label ? "\":\"yes\"" : "",
                  i / 250, 1 + i % 250);
}

static void
put_pod(struct bench *b, unsigned int i, const char *label)
{
    struct ds text = DS_EMPTY_INITIALIZER;

    format_pod(&text, i, label);
    model_put(b->model, parse_text(b, ds_cstr(&text)));
    ds_destroy(&text);
}

static void
delete_pod(struct bench *b, unsigned int i)
{
    char *name = xasprintf("guest-%u", i);

    model_delete(b->model, K8S_POD, "ns-0", name);
    free(name);
}

static void
run_pods(struct bench *b, char *arguments)
{
    char *label = strsep(&arguments, ",");
    unsigned int count = arguments ? atoi(arguments) : 0;
    struct series join = { 0 }, change = { 0 }, leave = { 0 };

    for (unsigned int i = 0; i < count; i++) {
        double start = wall();

        put_pod(b, i, label);
        measure(b, start, &join);

        start = wall();
        put_pod(b, i, NULL);
        measure(b, start, &change);

        start = wall();
        put_pod(b, i, label);
        measure(b, start, &change);

        start = wall();
        delete_pod(b, i);
        measure(b, start, &leave);
    }
    series_print(&join, "pod joins");
    series_print(&change, "pod changes class");
    series_print(&leave, "pod leaves");
}

/* Policies. */

static void
run_policies(struct bench *b, char *arguments)
{
    char *file = strsep(&arguments, ",");
    size_t count = arguments ? atoi(arguments) : 0;
    struct doc *doc = read_file(file);
    const struct doc_node *items = doc_node_get(doc_root(doc), "items");
    struct series add = { 0 }, del = { 0 };

    for (size_t i = 0; i < MIN(count, doc_node_count(items)); i++) {
        double start = wall();
        struct k8s_object *o = parse_object(b, doc_node_at(items, i),
                                            doc_root(doc));
        char *ns = xstrdup(o->ns), *name = xstrdup(o->name);

        model_put(b->model, o);
        measure(b, start, &add);

        start = wall();
        model_delete(b->model, K8S_POLICY, ns, name);
        measure(b, start, &del);
        free(ns);
        free(name);
    }
    series_print(&add, "policy comes");
    series_print(&del, "policy goes");
    doc_destroy(doc);
}

static void
run_put(struct bench *b, char *file)
{
    struct series put = { 0 };
    double start = wall();
    struct doc *doc = read_file(file);
    const struct doc_node *items = doc_node_get(doc_root(doc), "items");

    for (size_t i = 0; i < doc_node_count(items); i++) {
        model_put(b->model, parse_object(b, doc_node_at(items, i),
                                         doc_root(doc)));
    }
    doc_destroy(doc);
    measure(b, start, &put);
    series_print(&put, "put");
}

/* Churn: events come at their time, whether the last is done or not. */

static void
do_event(struct bench *b, unsigned int i, const char *label)
{
    /* Each pod comes, changes, changes back and goes, among 250. */
    unsigned int pod = i / 4 % 250;

    switch (i % 4) {
    case 0: case 2:
        put_pod(b, pod, label);
        break;
    case 1:
        put_pod(b, pod, NULL);
        break;
    default:
        delete_pod(b, pod);
        break;
    }
}

static void
run_churn(struct bench *b, char *arguments)
{
    char *label = strsep(&arguments, ",");
    char *rate_text = strsep(&arguments, ",");
    double rate = rate_text ? atof(rate_text) : 0;
    double seconds = arguments ? atof(arguments) : 0;
    unsigned int total = rate * seconds, done = 0, worst = 0;
    double start = wall();
    double cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID);
    struct bridge_status before, after;

    bridge_get_status(b->bridge, &before);
    while (done < total) {
        unsigned int due = MIN((wall() - start) * rate, total);

        worst = MAX(worst, due - done);
        while (done < due) {
            do_event(b, done++, label);
        }
        step(b);
        bridge_wait(b->bridge);
        poll_timer_wait_until(time_msec() + 1);
        poll_block();
    }

    double last = wall();

    settle(b);
    bridge_get_status(b->bridge, &after);
    printf("{\"what\": \"churn\", \"events\": %u, \"seconds\": %.3f, "
           "\"cpu\": %.4f, \"worst_queue\": %u, \"settle\": %.6f, "
           "\"flow_mods\": %"PRIu64"}\n", total, wall() - start,
           (clock_now(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (last - start),
           worst, wall() - last, after.n_flow_mods - before.n_flow_mods);
    fflush(stdout);
}

/* Start. */

static void
start(struct bench *b, const char *target, const char *path)
{
    struct compile_config config = {
        .pipeline = { PIPELINE_DEFAULT_BASE, PIPELINE_DEFAULT_ZONE, false },
    };
    double t = wall();

    b->pool = label_pool_create();
    b->model = model_create(b->pool);
    model_set_node_name(b->model, NODE);

    struct dir *dir = dir_create(path, b->pool, b->model);

    dir_refresh(dir);
    if (!dir_is_synced(dir)) {
        ovs_fatal(0, "%s: cannot be read", path);
    }
    b->load = wall() - t;
    b->compile = compile_create(&config, b->pool, b->model);
    compile_run(b->compile);
    b->compiled = wall() - t;
    b->bridge = bridge_create(target, compile_flowset(b->compile),
                              COOKIE_MAGIC, COOKIE_MAGIC_MASK);
    bridge_enable(b->bridge);
    settle(b);
}

static void
print_cold(const struct bench *b, double seconds)
{
    struct compile_stats stats;
    struct bridge_status status;

    compile_get_stats(b->compile, &stats);
    bridge_get_status(b->bridge, &status);
    printf("{\"what\": \"cold\", \"seconds\": %.6f, \"load\": %.6f, "
           "\"compile\": %.6f, \"flows\": %"PRIuSIZE", "
           "\"conjunctions\": %"PRIuSIZE", \"flow_mods\": %"PRIu64", "
           "\"resident\": %ld}\n",
           seconds, b->load, b->compiled - b->load, stats.n_flows,
           stats.n_conjunctions, status.n_flow_mods, resident());
    fflush(stdout);
}

int
main(int argc, char *argv[])
{
    static const struct {
        const char *name;
        void (*run)(struct bench *, char *arguments);
    } commands[] = {
        { "pods", run_pods }, { "policies", run_policies },
        { "put", run_put }, { "churn", run_churn },
    };
    struct bench b;

    set_program_name(argv[0]);
    vlog_set_levels(NULL, VLF_CONSOLE, VLL_WARN);
    if (argc < 4) {
        ovs_fatal(0, "usage: bench_switch TARGET DIR COMMAND...");
    }
    double t = wall();
    start(&b, argv[1], argv[2]);
    double seconds = wall() - t;

    for (int i = 3; i < argc; i++) {
        char *arguments = argv[i];
        char *name = strsep(&arguments, "=");
        bool known = !strcmp(name, "cold");

        if (known) {
            print_cold(&b, seconds);
        }
        for (size_t j = 0; j < ARRAY_SIZE(commands); j++) {
            if (!strcmp(name, commands[j].name) && arguments) {
                commands[j].run(&b, arguments);
                known = true;
            }
        }
        if (!known) {
            ovs_fatal(0, "%s: no such command", name);
        }
    }
    return EXIT_SUCCESS;
}
