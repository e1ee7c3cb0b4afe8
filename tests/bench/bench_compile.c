/* SPDX-License-Identifier: Apache-2.0
 *
 * The compiler alone, on clusters of the shapes of Antrea's
 * networkpolicy_controller_perf_test.go, but with every pod on this node, so
 * that all of them are targets.
 *
 *     bench_compile SHAPE [SCALE]
 *
 * SCALE divides the number of pods and policies.  Prints one JSON object:
 * seconds of the first compile_run(), CPU seconds of it, resident memory
 * after it (bytes) and of the model alone, flows, conjunctions. */

#include <config.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "compile.h"
#include "doc.h"
#include "k8s.h"
#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "pipeline.h"
#include "util.h"

#define NODE "n1"

struct bench {
    struct label_pool *pool;
    struct model *model;
    struct ds text;
    unsigned int n_pods, n_policies, n_spaces;
};

/* Objects. */

static void
put_object(struct bench *b, enum k8s_kind kind)
{
    struct k8s_report report;
    struct doc *doc;
    char *key;

    char *error = doc_parse_json(ds_cstr(&b->text), b->text.length, NULL,
                                 &doc);
    if (error) {
        ovs_fatal(0, "%s: %s", error, ds_cstr(&b->text));
    }
    struct k8s_object *object = k8s_parse(kind, doc_root(doc), b->pool, NULL,
                                          &report, &key);
    if (!object || report.error) {
        ovs_fatal(0, "%s: %s", report.error, ds_cstr(&b->text));
    }
    model_put(b->model, object);
    k8s_report_uninit(&report);
    free(key);
    doc_destroy(doc);
    ds_clear(&b->text);
}

static void
put_namespace(struct bench *b, unsigned int ns, const char *label)
{
    ds_put_format(&b->text, "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\","
                  "\"metadata\":{\"name\":\"ns-%u\",\"labels\":{%s}}}", ns,
                  label);
    put_object(b, K8S_NAMESPACE);
    b->n_spaces++;
}

/* 'labels' are the insides of a JSON object. */
static void
put_pod(struct bench *b, unsigned int ns, const char *labels)
{
    unsigned int i = b->n_pods++;

    ds_put_format(&b->text, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\","
                  "\"metadata\":{\"namespace\":\"ns-%u\",\"name\":\"pod-%u\","
                  "\"uid\":\"%08x-1234-4abc-8def-%012x\",\"labels\":{%s}},"
                  "\"spec\":{\"nodeName\":\""NODE"\"},"
                  "\"status\":{\"phase\":\"Running\",\"podIPs\":"
                  "[{\"ip\":\"10.%u.%u.%u\"}]}}",
                  ns, i, i, i * 40503, labels,
                  1 + i / 65536, i / 256 % 256, i % 256);
    put_object(b, K8S_POD);
}

/* A pod as clusters have them, somewhere else. */
static void
put_real_pod(struct bench *b, unsigned int ns)
{
    unsigned int i = b->n_pods++;
    unsigned int set = i / 10;

    ds_put_format(&b->text, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\","
                  "\"metadata\":{\"namespace\":\"team-%u\",\"name\":"
                  "\"service-%u-%08x-%05x\",\"uid\":"
                  "\"%08x-1234-4abc-8def-%012x\",\"creationTimestamp\":"
                  "\"2026-01-01T00:00:00Z\",\"labels\":{\"app\":"
                  "\"service-%u\",\"pod-template-hash\":\"%08x\"}},"
                  "\"spec\":{\"nodeName\":\"worker-%u\",\"containers\":["
                  "{\"ports\":[{\"name\":\"http\",\"containerPort\":8080}]}"
                  "]},"
                  "\"status\":{\"phase\":\"Running\",\"podIPs\":"
                  "[{\"ip\":\"10.%u.%u.%u\"}]}}",
                  ns, set, set * 2654435761u, i, i, i * 40503,
                  set, set * 2654435761u, i / 100,
                  1 + i / 65536, i / 256 % 256, i % 256);
    put_object(b, K8S_POD);
}

/* A policy that isolates the pods with 'labels' in both directions.  'peer' is
 * the inside of the one peer of its one ingress rule; NULL for no rule. */
static void
put_policy(struct bench *b, unsigned int ns, const char *labels,
           const char *peer)
{
    unsigned int i = b->n_policies++;

    ds_put_format(&b->text, "{\"apiVersion\":\"networking.k8s.io/v1\","
                  "\"kind\":\"NetworkPolicy\",\"metadata\":{\"namespace\":"
                  "\"ns-%u\",\"name\":\"np-%u\"},\"spec\":{"
                  "\"podSelector\":{\"matchLabels\":{%s}},"
                  "\"policyTypes\":[\"Ingress\",\"Egress\"]", ns, i, labels);
    if (peer) {
        ds_put_format(&b->text, ",\"ingress\":[{\"from\":[{%s}]}]", peer);
    }
    ds_put_cstr(&b->text, "}}");
    put_object(b, K8S_POLICY);
}

/* Whoever has the labels 'from' may come to those with 'labels'. */
static void
put_rule(struct bench *b, unsigned int ns, const char *labels,
         const char *from)
{
    char *peer = xasprintf("\"podSelector\":{\"matchLabels\":{%s}}", from);

    put_policy(b, ns, labels, peer);
    free(peer);
}

/* Shapes. */

/* An application of 'n' pods that may talk among themselves. */
static void
put_app(struct bench *b, unsigned int ns, unsigned int app, unsigned int n)
{
    char *labels = xasprintf("\"app-%u\":\"scale-%u\"", app, app);

    for (unsigned int i = 0; i < n; i++) {
        put_pod(b, ns, labels);
    }
    put_rule(b, ns, labels, labels);
    free(labels);
}

static void
shape_namespaces(struct bench *b, unsigned int scale)
{
    for (unsigned int ns = 0; ns < 25000 / scale; ns++) {
        put_namespace(b, ns, "");
        put_policy(b, ns, "", NULL);
        put_app(b, ns, 1, 2);
        put_app(b, ns, 2, 2);
    }
}

static void
shape_large_namespaces(struct bench *b, unsigned int scale)
{
    for (unsigned int ns = 0; ns < 100; ns++) {
        put_namespace(b, ns, "");
        put_policy(b, ns, "", NULL);
        for (unsigned int app = 0; app < 100 / scale; app++) {
            put_app(b, ns, app, 10);
        }
    }
}

/* All policies select all pods. */
static void
shape_one_label(struct bench *b, unsigned int scale)
{
    put_namespace(b, 0, "");
    for (unsigned int i = 0; i < 10000 / scale; i++) {
        put_app(b, 0, 1, 1);
    }
}

/* Two and two pods, of which each lets the other one in. */
static void
shape_pairs(struct bench *b, unsigned int scale)
{
    put_namespace(b, 0, "");
    for (unsigned int i = 0; i < 10000 / scale; i++) {
        char *mine = xasprintf("\"app\":\"scale-%u\"", i);
        char *other = xasprintf("\"app\":\"scale-%u\"", i ^ 1);

        put_pod(b, 0, mine);
        put_rule(b, 0, mine, other);
        free(mine);
        free(other);
    }
}

/* A hundred companies of ten namespaces each; the pods of an application of
 * the company may come. */
static void
put_company(struct bench *b, unsigned int ns, unsigned int company)
{
    char *label = xasprintf("\"company\":\"company-%u\"", company);

    put_namespace(b, ns, label);
    for (unsigned int app = 0; app < 10; app++) {
        char *labels = xasprintf("\"app\":\"scale-%u\"", app);
        char *peer = xasprintf("\"namespaceSelector\":{\"matchLabels\":{%s}},"
                               "\"podSelector\":{\"matchLabels\":{%s}}",
                               label, labels);

        for (unsigned int i = 0; i < 10; i++) {
            put_pod(b, ns, labels);
        }
        put_policy(b, ns, labels, peer);
        free(labels);
        free(peer);
    }
    free(label);
}

static void
shape_namespace_selector(struct bench *b, unsigned int scale)
{
    for (unsigned int ns = 0; ns < 1000 / scale; ns++) {
        put_company(b, ns, ns % 100);
    }
}

/* The pods of a large cluster, none of them here, and no policy. */
static void
shape_remote(struct bench *b, unsigned int scale)
{
    for (unsigned int i = 0; i < 100000 / scale; i++) {
        if (i % 100 == 0) {
            put_namespace(b, i / 100, "");
        }
        put_real_pod(b, i / 100);
    }
}

static const struct shape {
    const char *name;
    void (*make)(struct bench *, unsigned int scale);
} shapes[] = {
    { "namespaces", shape_namespaces },
    { "large-namespaces", shape_large_namespaces },
    { "one-label", shape_one_label },
    { "pairs", shape_pairs },
    { "namespace-selector", shape_namespace_selector },
    { "remote", shape_remote },
};

/* Measures. */

static double
clock_now(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Bytes resident. */
static long
resident(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (!f || fscanf(f, "%*d %ld", &pages) != 1) {
        ovs_fatal(0, "/proc/self/statm cannot be read");
    }
    fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

static void
measure(struct bench *b)
{
    struct compile_config config = {
        .pipeline = { PIPELINE_DEFAULT_BASE, PIPELINE_DEFAULT_ZONE, false },
    };
    struct compile_stats stats;
    struct rusage usage;

    malloc_trim(0);
    long model = resident();
    double start = clock_now(CLOCK_MONOTONIC);
    double cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID);
    struct compile *c = compile_create(&config, b->pool, b->model);

    compile_run(c);
    cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    double wall = clock_now(CLOCK_MONOTONIC) - start;
    malloc_trim(0);
    long end = resident();

    compile_get_stats(c, &stats);
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"pods\": %u, \"policies\": %u, \"namespaces\": %u, "
           "\"seconds\": %.4f, \"cpu\": %.4f, \"model\": %ld, "
           "\"resident\": %ld, \"peak\": %ld, \"flows\": %"PRIuSIZE", "
           "\"conjunctions\": %"PRIuSIZE"}\n",
           b->n_pods, b->n_policies, b->n_spaces, wall, cpu, model, end,
           usage.ru_maxrss * 1024L, stats.n_flows, stats.n_conjunctions);
    if (getenv("BENCH_DESTROY")) {
        compile_destroy(c);
    }
}

int
main(int argc, char *argv[])
{
    struct bench b = { .text = DS_EMPTY_INITIALIZER };
    unsigned int scale = argc > 2 ? atoi(argv[2]) : 1;

    set_program_name(argv[0]);
    b.pool = label_pool_create();
    b.model = model_create(b.pool);
    model_set_node_name(b.model, NODE);
    for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
        if (argc > 1 && !strcmp(argv[1], shapes[i].name)) {
            shapes[i].make(&b, scale ? scale : 1);
            measure(&b);
            return EXIT_SUCCESS;
        }
    }
    ovs_fatal(0, "usage: bench_compile SHAPE [SCALE]");
}
