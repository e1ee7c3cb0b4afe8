/* SPDX-License-Identifier: Apache-2.0
 *
 * What tests/client does not show: the bounds, and rare cells. */

#include <config.h>

#include "client/matrix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "label.h"
#include "reach.h"
#include "scene.h"

static void
put_pods(struct ds *yaml, int n)
{
    for (int i = 0; i < n; i++) {
        ds_put_format(yaml, "---\nkind: Pod\napiVersion: v1\n"
                      "metadata: {namespace: a, name: p%04d, "
                      "labels: {n: p%d}}\n"
                      "status: {podIP: 10.0.%d.%d}\n",
                      i, i, i / 256, i % 256);
    }
}

/* Runs the command on 'yaml'. */
static int
run(const char *yaml, enum client_grain by, enum client_format format)
{
    const struct client_command *command = client_find_command("matrix");
    char name[] = "/tmp/test_client_matrix.XXXXXX";
    struct client_options options;
    int saved = dup(STDOUT_FILENO);
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
    close(fd);
    client_options_init(&options);
    svec_add(&options.files, name);
    options.by = by;
    options.by_given = true;
    options.format = format;

    fflush(stdout);
    assert_non_null(freopen("/dev/null", "w", stdout));
    int code = client_matrix(command, &options, NULL);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    client_options_uninit(&options);
    unlink(name);
    return code;
}

static void
test_max_rows(void **state)
{
    struct ds yaml = DS_EMPTY_INITIALIZER;

    /* One row is "elsewhere". */
    put_pods(&yaml, MATRIX_MAX_TEXT_ROWS - 1);
    assert_int_equal(run(ds_cstr(&yaml), CLIENT_BY_POD, CLIENT_TEXT),
                     CLIENT_OK);
    ds_clear(&yaml);
    put_pods(&yaml, MATRIX_MAX_TEXT_ROWS);
    assert_int_equal(run(ds_cstr(&yaml), CLIENT_BY_POD, CLIENT_TEXT),
                     CLIENT_ERROR);
    assert_int_equal(run(ds_cstr(&yaml), CLIENT_BY_POD, CLIENT_JSON),
                     CLIENT_OK);
    assert_int_equal(run(ds_cstr(&yaml), CLIENT_BY_NAMESPACE, CLIENT_TEXT),
                     CLIENT_OK);
    ds_clear(&yaml);
    put_pods(&yaml, MATRIX_MAX_JSON_ROWS);
    assert_int_equal(run(ds_cstr(&yaml), CLIENT_BY_POD, CLIENT_JSON),
                     CLIENT_ERROR);
    ds_destroy(&yaml);
}

/* The table of 'yaml', by pod. */
static char *
format(const char *yaml, bool colour)
{
    struct matrix m = { .by = CLIENT_BY_POD };
    struct ds s = DS_EMPTY_INITIALIZER;
    struct reach *reach;
    struct scene scene;

    scene_init(&scene, NULL);
    scene_put(&scene, yaml);
    assert_null(reach_create(scene.model, NULL, &reach));
    rows_init(&m.rows, reach, m.by, NULL);
    matrix_format(&m, colour, &s);
    rows_uninit(&m.rows);
    reach_destroy(reach);
    scene_uninit(&scene);
    return ds_steal_cstr(&s);
}

/* There are 52 letters.  The first pod's port is met last, because a pod is
 * not asked about itself. */
static void
test_more_sets_than_letters(void **state)
{
    struct ds yaml = DS_EMPTY_INITIALIZER;

    put_pods(&yaml, 53);
    for (int i = 0; i < 53; i++) {
        ds_put_format(&yaml, "---\nkind: NetworkPolicy\n"
                      "apiVersion: networking.k8s.io/v1\n"
                      "metadata: {namespace: a, name: n%d}\n"
                      "spec: {podSelector: {matchLabels: {n: p%d}}, "
                      "ingress: [{ports: [{port: %d}]}]}\n",
                      i, i, 1000 + i);
    }
    char *s = format(ds_cstr(&yaml), false);
    assert_non_null(strstr(s, "\nZ  TCP/1052\n"));
    assert_non_null(strstr(s, "\n+  some services"));
    assert_null(strstr(s, "TCP/1000"));
    free(s);
    ds_destroy(&yaml);
}

static void
test_colour(void **state)
{
    struct ds yaml = DS_EMPTY_INITIALIZER;

    put_pods(&yaml, 2);
    char *s = format(ds_cstr(&yaml), true);
    assert_non_null(strstr(s, "\033[32m#\033[0m"));
    free(s);
    s = format(ds_cstr(&yaml), false);
    assert_null(strchr(s, '\033'));
    free(s);
    ds_destroy(&yaml);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_max_rows),
        cmocka_unit_test(test_more_sets_than_letters),
        cmocka_unit_test(test_colour),
    };

    return cmocka_run_group_tests_name("client_matrix", tests, NULL, NULL);
}
