/* SPDX-License-Identifier: Apache-2.0
 *
 * The bounds of pages and pictures, and what may not get into a page.  How the
 * page works is in tests/client/test_report.py. */

#include <config.h>

#include "client/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/client.h"
#include "client/graph.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

static void
put_pods(struct ds *yaml, int n)
{
    for (int i = 0; i < n; i++) {
        ds_put_format(yaml, "---\nkind: Pod\napiVersion: v1\n"
                      "metadata: {namespace: a, name: p%d, labels: {n: p%d}}\n"
                      "status: {podIP: 10.0.%d.%d}\n", i, i, i / 256, i % 256);
    }
}

/* Policies that tell 'n' networks apart, and so make 'n' classes. */
static void
put_networks(struct ds *yaml, int n)
{
    for (int i = 0; i < n; i++) {
        ds_put_format(yaml, "---\nkind: NetworkPolicy\n"
                      "apiVersion: networking.k8s.io/v1\n"
                      "metadata: {namespace: b, name: n%d}\n"
                      "spec: {podSelector: {}, ingress: [{from: [{ipBlock: "
                      "{cidr: 192.168.%d.%d/32}}]}]}\n", i, i / 256, i % 256);
    }
}

/* Runs a command on 'yaml', from a file whose name ends in 'suffix'.  Returns
 * its exit code and puts what it printed into '*output', if that is not NULL
 * (caller frees). */
static int
run(const char *name, const char *yaml, enum client_format format,
    const char *suffix, char **output)
{
    const struct client_command *command = client_find_command(name);
    char *path = xasprintf("/tmp/test_client_report.XXXXXX%s", suffix);
    struct client_options options;
    FILE *printed = tmpfile();
    int saved = dup(STDOUT_FILENO);
    int fd = mkstemps(path, strlen(suffix));

    assert_true(fd >= 0 && printed);
    assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
    close(fd);
    client_options_init(&options);
    svec_add(&options.files, path);
    options.by_given = true;
    options.by = CLIENT_BY_POD;
    options.format = format;

    fflush(stdout);
    dup2(fileno(printed), STDOUT_FILENO);
    int code = command->run(command, &options, NULL);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    if (output) {
        long int size = lseek(fileno(printed), 0, SEEK_END);

        *output = xzalloc(size + 1);
        assert_int_equal(pread(fileno(printed), *output, size, 0), size);
    }
    fclose(printed);
    client_options_uninit(&options);
    unlink(path);
    free(path);
    return code;
}

static void
test_graph_nodes(void **state)
{
    struct ds yaml = DS_EMPTY_INITIALIZER;

    /* One row is "elsewhere". */
    put_pods(&yaml, GRAPH_MAX_NODES - 1);
    assert_int_equal(run("graph", ds_cstr(&yaml), CLIENT_SVG, "", NULL),
                     CLIENT_OK);
    ds_clear(&yaml);
    put_pods(&yaml, GRAPH_MAX_NODES);
    assert_int_equal(run("graph", ds_cstr(&yaml), CLIENT_SVG, "", NULL),
                     CLIENT_ERROR);
    ds_destroy(&yaml);
}

/* Everybody may talk to everybody, at a port of its own. */
static void
test_graph_edges(void **state)
{
    const int n = 46;           /* 46 * 45 is more than 2,000. */
    struct ds yaml = DS_EMPTY_INITIALIZER;

    assert_true(n * (n - 1) > GRAPH_MAX_EDGES);
    put_pods(&yaml, n);
    for (int i = 0; i < n; i++) {
        ds_put_format(&yaml, "---\nkind: NetworkPolicy\n"
                      "apiVersion: networking.k8s.io/v1\n"
                      "metadata: {namespace: a, name: n%d}\n"
                      "spec:\n  podSelector: {matchLabels: {n: p%d}}\n"
                      "  ingress:\n", i, i);
        for (int j = 0; j < n; j++) {
            ds_put_format(&yaml, "  - {from: [{podSelector: {matchLabels: "
                          "{n: p%d}}}], ports: [{port: %d}]}\n", j,
                          1000 + n * i + j);
        }
    }
    assert_int_equal(run("graph", ds_cstr(&yaml), CLIENT_DOT, "", NULL),
                     CLIENT_ERROR);

    /* The page has a coarser picture. */
    char *page;
    assert_int_equal(run("report", ds_cstr(&yaml), CLIENT_HTML, "", &page),
                     CLIENT_OK);
    assert_non_null(strstr(page, "<title>a</title>"));
    assert_null(strstr(page, "<title>a/p0</title>"));
    free(page);
    ds_destroy(&yaml);
}

static void
test_reasons(void **state)
{
    struct ds yaml = DS_EMPTY_INITIALIZER;
    char *page;

    /* Two pods, which are one class, and "elsewhere". */
    put_pods(&yaml, 2);
    put_networks(&yaml, REPORT_MAX_CLASSES_WITH_REASONS - 2);
    assert_int_equal(run("report", ds_cstr(&yaml), CLIENT_HTML, "", &page),
                     CLIENT_OK);
    assert_non_null(strstr(page, "\"reasons\":[["));
    free(page);

    ds_clear(&yaml);
    put_pods(&yaml, 2);
    put_networks(&yaml, REPORT_MAX_CLASSES_WITH_REASONS - 1);
    assert_int_equal(run("report", ds_cstr(&yaml), CLIENT_HTML, "", &page),
                     CLIENT_OK);
    assert_non_null(strstr(page, "\"reasons\":null"));
    free(page);
    ds_destroy(&yaml);
}

static void
test_max_classes(void **state)
{
    struct ds yaml = DS_EMPTY_INITIALIZER;

    put_pods(&yaml, 2);
    put_networks(&yaml, REPORT_MAX_CLASSES - 2);
    assert_int_equal(run("report", ds_cstr(&yaml), CLIENT_HTML, "", NULL),
                     CLIENT_OK);
    ds_clear(&yaml);
    put_pods(&yaml, 2);
    put_networks(&yaml, REPORT_MAX_CLASSES - 1);
    assert_int_equal(run("report", ds_cstr(&yaml), CLIENT_HTML, "", NULL),
                     CLIENT_ERROR);
    ds_destroy(&yaml);
}

/* Nothing that comes from outside can end the element that it is in. */
static void
test_no_markup(void **state)
{
    struct ds yaml = DS_EMPTY_INITIALIZER;
    char *page;

    put_pods(&yaml, 2);
    assert_int_equal(run("report", ds_cstr(&yaml), CLIENT_HTML,
                         "<script>alert(1)<!--", &page), CLIENT_OK);
    assert_null(strstr(page, "alert(1)<"));
    assert_null(strstr(page, "<script>alert"));
    assert_non_null(strstr(page, "\\u003cscript>alert(1)\\u003c!--"));
    free(page);
    ds_destroy(&yaml);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph_nodes),
        cmocka_unit_test(test_graph_edges),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_max_classes),
        cmocka_unit_test(test_no_markup),
    };

    return cmocka_run_group_tests_name("client_report", tests, NULL, NULL);
}
