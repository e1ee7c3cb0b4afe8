/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client/diff.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/client.h"
#include "client/objects.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "scene.h"
#include "util.h"

static const char pods[] =
    SCENE_POD("a", "x1", "app: x", "n1", "10.0.0.1", "")
    SCENE_POD("a", "x2", "app: x", "n1", "10.0.0.2", "")
    SCENE_POD("a", "y1", "app: y", "n1", "10.0.0.3", "")
    SCENE_POD("b", "z1", "app: z", "n1", "10.0.1.1", "");

#define OPEN SCENE_POLICY("a", "p", "podSelector: {matchLabels: {app: y}}, " \
                          "ingress: [{from: [{podSelector: {}}], ports: "    \
                          "[{port: 80}]}]")
#define CLOSED SCENE_POLICY("a", "p", "podSelector: {matchLabels: {app: y}}")

/* Adds 'yaml' as a file. */
static void
add(struct objects *o, const char *yaml)
{
    char name[] = "/tmp/test_client_diff.XXXXXX";
    struct svec files = SVEC_EMPTY_INITIALIZER;
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
    close(fd);
    svec_add(&files, name);
    assert_null(objects_add_files(o, &files));
    svec_destroy(&files);
    unlink(name);
}

struct fixture {
    struct objects before, after;
    struct diff diff;
};

static void
fixture_init(struct fixture *f, const char *before, const char *after)
{
    objects_init(&f->before);
    add(&f->before, pods);
    add(&f->before, before);
    objects_assume_node(&f->before, NULL);
    objects_init_beside(&f->after, &f->before);
    assert_null(objects_copy(&f->after, &f->before));
    add(&f->after, after);
    assert_null(diff_init(&f->diff, &f->before, &f->after));
}

static void
fixture_uninit(struct fixture *f)
{
    diff_uninit(&f->diff);
    objects_uninit(&f->after);
    objects_uninit(&f->before);
}

/* "a/x a/y none>TCP/80 2", one a line. */
static void
expect_access(const struct diff *d, const char *want)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < d->n_access; i++) {
        const struct diff_access *a = &d->access[i];

        assert_true(a->gains || a->loses);
        ds_put_format(&s, "%s %s %s>%s %"PRIuSIZE"\n", a->from, a->to,
                      a->before, a->after, a->n_pairs);
    }
    assert_string_equal(ds_cstr(&s), want);
    ds_destroy(&s);
}

static void
test_same(void **state)
{
    struct fixture f;

    fixture_init(&f, OPEN, OPEN);
    assert_false(diff_has_changes(&f.diff));
    fixture_uninit(&f);
}

static void
test_access(void **state)
{
    struct fixture f;

    fixture_init(&f, CLOSED, OPEN);
    expect_access(&f.diff, "a/x a/y none>TCP/80 2\n");
    assert_true(f.diff.access[0].gains && !f.diff.access[0].loses);
    assert_int_equal(f.diff.n_objects, 1);
    assert_int_equal(f.diff.objects[0].change, DIFF_CHANGED);
    assert_true(f.diff.added_flows.n > 0);
    fixture_uninit(&f);

    fixture_init(&f, OPEN, CLOSED);
    expect_access(&f.diff, "a/x a/y TCP/80>none 2\n");
    assert_true(f.diff.access[0].loses && !f.diff.access[0].gains);
    assert_true(f.diff.removed_flows.n > 0);
    fixture_uninit(&f);

    /* Something for something. */
    fixture_init(&f, OPEN, SCENE_POLICY("a", "p", "podSelector: {matchLabels: "
                                        "{app: y}}, ingress: [{from: "
                                        "[{podSelector: {}}], ports: "
                                        "[{port: 81}]}]"));
    expect_access(&f.diff, "a/x a/y TCP/80>TCP/81 2\n");
    assert_true(f.diff.access[0].loses && f.diff.access[0].gains);
    fixture_uninit(&f);
}

/* Of pods that come or go nobody gains or loses anything. */
static void
test_new_pod(void **state)
{
    struct fixture f;

    fixture_init(&f, CLOSED, SCENE_POD("a", "w", "app: w", "n1", "10.0.0.9",
                                       ""));
    expect_access(&f.diff, "");
    assert_int_equal(f.diff.n_objects, 1);
    assert_int_equal(f.diff.objects[0].change, DIFF_ADDED);
    assert_int_equal(f.diff.objects[0].kind, K8S_POD);
    assert_true(diff_has_changes(&f.diff));
    fixture_uninit(&f);
}

/* A network that only one of the two tells apart. */
static void
test_networks(void **state)
{
    struct fixture f;

    fixture_init(&f, CLOSED, SCENE_POLICY("a", "p", "podSelector: "
                                          "{matchLabels: {app: y}}, ingress: "
                                          "[{from: [{ipBlock: {cidr: "
                                          "192.0.2.0/24}}]}]"));
    expect_access(&f.diff, "192.0.2.0/24 a/y none>all 1\n");
    fixture_uninit(&f);
}

#define CONNECTION(PROTOCOL, SRC, DST, SPORT, DPORT)                        \
    PROTOCOL ",orig=(src=" SRC ",dst=" DST ",sport=" SPORT ",dport=" DPORT  \
    "),reply=(src=" DST ",dst=" SRC ",sport=" DPORT ",dport=" SPORT         \
    "),zone=64000,labels=0x1,protoinfo=(state=ESTABLISHED)\n"

static void
test_connections(void **state)
{
    struct fixture f;

    fixture_init(&f, OPEN, CLOSED);
    assert_false(f.diff.knows_connections);
    diff_find_connections(
        &f.diff,
        CONNECTION("tcp", "10.0.0.1", "10.0.0.3", "40000", "80")
        CONNECTION("tcp", "10.0.0.1", "10.0.0.2", "40001", "80")
        /* Not allowed before either: it runs because it is old. */
        CONNECTION("tcp", "10.0.0.1", "10.0.0.3", "40002", "22")
        CONNECTION("udp", "10.0.0.1", "10.0.0.3", "40000", "80")
        "icmp,orig=(src=10.0.1.1,dst=10.0.0.3,id=1,type=8,code=0),"
        "reply=(src=10.0.0.3,dst=10.0.1.1,id=1,type=0,code=0),zone=64000\n"
        CONNECTION("tcp", "fd00::1", "fd00::2", "1", "2")
        "tcp,orig=(src=10.0.0.1,dst=nonsense,sport=1,dport=2)\n"
        "tcp,orig=(\n"
        "\n"
        "garbage\n");
    assert_true(f.diff.knows_connections);
    assert_int_equal(f.diff.n_tracked, 6);
    assert_int_equal(f.diff.n_connections, 1);

    const struct diff_connection *c = &f.diff.connections[0];
    assert_string_equal(c->from, "a/x1");
    assert_string_equal(c->to, "a/y1");
    assert_int_equal(c->protocol, IPPROTO_TCP);
    assert_int_equal(c->src_port, 40000);
    assert_int_equal(c->dst_port, 80);

    char *text = diff_to_text(&f.diff, false, false);
    assert_non_null(strstr(text, "1 of 6 would not be allowed, and go on"));
    assert_non_null(strstr(text, "- a/x1 -> a/y1:80 TCP from port 40000\n"));
    free(text);
    fixture_uninit(&f);
}

/* Of many connections text lists some. */
static void
test_many_connections(void **state)
{
    struct ds dump = DS_EMPTY_INITIALIZER;
    struct fixture f;

    fixture_init(&f, OPEN, CLOSED);
    for (int i = 0; i < 103; i++) {
        ds_put_format(&dump, "tcp,orig=(src=10.0.0.1,dst=10.0.0.3,sport=%d,"
                      "dport=80),reply=()\n", 1000 + i);
    }
    diff_find_connections(&f.diff, ds_cstr(&dump));
    char *text = diff_to_text(&f.diff, false, false);
    assert_non_null(strstr(text, "from port 1099\nand 3 more\n"));
    free(text);
    ds_destroy(&dump);
    fixture_uninit(&f);
}

static void
test_max_deletes(void **state)
{
    struct client_options options;
    char *error;

    client_options_init(&options);
    for (int i = 0; i < CLIENT_MAX_FILES; i++) {
        assert_null(client_option_delete.set(NULL, &options, "x"));
    }
    error = client_option_delete.set(NULL, &options, "x");
    assert_non_null(strstr(error, "more than"));
    free(error);
    client_options_uninit(&options);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_access),
        cmocka_unit_test(test_new_pod),
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_connections),
        cmocka_unit_test(test_many_connections),
        cmocka_unit_test(test_max_deletes),
    };

    return cmocka_run_group_tests_name("client_diff", tests, NULL, NULL);
}
