/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "settings.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#define FIRST 1000

static char file_name[] = "/tmp/test_settings.XXXXXX";

static int
setup(void **state)
{
    int fd = mkstemp(file_name);
    close(fd);
    return fd < 0;
}

static int
teardown(void **state)
{
    return unlink(file_name);
}

static void
write_file(const char *text, size_t size)
{
    FILE *stream = fopen(file_name, "w");

    assert_non_null(stream);
    assert_int_equal(fwrite(text, 1, size, stream), size);
    fclose(stream);
}

static char *
load(struct settings *settings, const char *text)
{
    write_file(text, strlen(text));
    return settings_load(settings, file_name);
}

/* The number of setting 'name'. */
static size_t
number_of(const char *name)
{
    struct option options[32];

    assert_in_range(settings_count(), 1, ARRAY_SIZE(options));
    settings_long_options(FIRST, options);
    for (size_t i = 0; i < settings_count(); i++) {
        if (!strcmp(options[i].name, name)) {
            bool is_flag = (!strcmp(name, "insecure")
                            || !strcmp(name, "no-spoof-guard"));

            assert_int_equal(options[i].has_arg, (is_flag ? optional_argument
                                                  : required_argument));
            return options[i].val - FIRST;
        }
    }
    fail_msg("no setting \"%s\"", name);
    return 0;
}

static void
assert_no_error(char *error)
{
    if (error) {
        fail_msg("%s", error);
    }
}

static void
assert_error(char *error, const char *want)
{
    assert_non_null(error);
    assert_string_equal(error, want);
    free(error);
}

/* "FILE:" and what follows. */
static void
assert_file_error(char *error, const char *want)
{
    char *whole = xasprintf("%s:%s", file_name, want);
    assert_error(error, whole);
    free(whole);
}

static void
test_defaults(void **state)
{
    struct settings s;

    settings_init(&s);
    assert_null(s.bridge);
    assert_null(s.dir);
    assert_null(s.node);
    assert_null(s.gateway_port);
    assert_memory_equal(s.db, "unix:", 5);
    assert_false(s.recheck);
    assert_int_equal(s.table_base, 40);
    assert_string_equal(s.metrics_listen, "127.0.0.1:9640");
    assert_error(settings_check(&s, false), "--bridge is missing");
    settings_uninit(&s);
}

static void
test_every_setting(void **state)
{
    struct settings s;

    settings_init(&s);
    assert_no_error(load(&s, "bridge: br-int\ndir: /etc/policies\n"
                         "db: tcp:127.0.0.1:6640\nnode: '7'\n"
                         "established: recheck\ntable-base: 100\n"
                         "zone: 65535\ngateway-port: gw0\nforce: true\n"
                         "max-policy-flows: 7\nmax-namespace-flows: 8\n"
                         "max-flows: 0\n"
                         "node-mark: 0x10/0x30\n"
                         "metrics-listen: '[::]:80'\n"
                         "state-dir: /var/lib/x\nno-state: open\n"
                         "metrics-max-policies: 0\n"
                         "counters-interval: 3600\n"));
    assert_string_equal(s.bridge, "br-int");
    assert_string_equal(s.dir, "/etc/policies");
    assert_string_equal(s.db, "tcp:127.0.0.1:6640");
    assert_string_equal(s.node, "7");
    assert_true(s.recheck);
    assert_int_equal(s.table_base, 100);
    assert_int_equal(s.zone, 65535);
    assert_string_equal(s.gateway_port, "gw0");
    assert_int_equal(s.node_mark.value, 16);
    assert_int_equal(s.node_mark.mask, 0x30);
    assert_true(s.force);
    assert_int_equal(s.limits.policy, 7);
    assert_int_equal(s.limits.ns, 8);
    assert_int_equal(s.limits.total, 0);
    assert_string_equal(s.metrics_listen, "[::]:80");
    assert_string_equal(s.state_dir, "/var/lib/x");
    assert_true(s.no_state_open);
    assert_int_equal(s.metrics_max_policies, 0);
    assert_int_equal(s.counters_interval, 3600);
    assert_no_error(settings_check(&s, false));
    settings_uninit(&s);
}

/* From systemd, which may name several. */
static void
test_state_dir(void **state)
{
    struct settings s;

    setenv("STATE_DIRECTORY", "/var/lib/a:/var/lib/b", 1);
    settings_init(&s);
    unsetenv("STATE_DIRECTORY");
    assert_string_equal(s.state_dir, "/var/lib/a");
    assert_no_error(settings_set_flag(&s, number_of("state-dir"), ""));
    assert_null(s.state_dir);
    assert_no_error(load(&s, "state-dir: /var/lib/c\n"));
    assert_null(s.state_dir);
    settings_uninit(&s);

    settings_init(&s);
    assert_null(s.state_dir);
    assert_false(s.no_state_open);
    settings_uninit(&s);
}

/* Two names of one setting: the command line wins all the same. */
static void
test_spoof_guard(void **state)
{
    struct settings s;

    settings_init(&s);
    assert_false(s.no_spoof_guard);
    assert_no_error(load(&s, "spoof-guard: off\n"));
    assert_true(s.no_spoof_guard);
    assert_no_error(load(&s, "spoof-guard: on\n"));
    assert_false(s.no_spoof_guard);
    assert_file_error(load(&s, "spoof-guard: maybe\n"),
                      "1:14: spoof-guard: \"maybe\" is neither \"on\" nor "
                      "\"off\"");
    assert_no_error(settings_set_flag(&s, number_of("no-spoof-guard"), NULL));
    assert_no_error(load(&s, "spoof-guard: on\n"));
    assert_true(s.no_spoof_guard);
    settings_uninit(&s);
}

/* What is not a string in YAML may be meant as one. */
static void
test_scalars_are_taken_as_written(void **state)
{
    struct settings s;

    settings_init(&s);
    assert_no_error(load(&s, "node: 007\nbridge: 1e3\ndb: true\n"));
    assert_string_equal(s.node, "007");
    assert_string_equal(s.bridge, "1e3");
    assert_string_equal(s.db, "true");
    settings_uninit(&s);
}

/* The daemon changes its working directory. */
static void
test_relative_directory(void **state)
{
    struct settings s;
    char cwd[4096];

    assert_non_null(getcwd(cwd, sizeof cwd));
    char *want = xasprintf("%s/policies", cwd);
    settings_init(&s);
    assert_no_error(settings_set_flag(&s, number_of("dir"), "policies"));
    assert_string_equal(s.dir, want);
    settings_uninit(&s);
    free(want);
}

static void
test_flags_win(void **state)
{
    struct settings s;

    settings_init(&s);
    assert_no_error(settings_set_flag(&s, number_of("bridge"), "br1"));
    assert_no_error(load(&s, "bridge: br2\nzone: 7\n"));
    assert_no_error(settings_set_flag(&s, number_of("zone"), "8"));
    assert_string_equal(s.bridge, "br1");
    assert_int_equal(s.zone, 8);

    /* But what they override must be right. */
    assert_file_error(load(&s, "zone: x\n"),
                      "1:7: zone: \"x\" is not a number from 0 to 65535");
    assert_int_equal(s.zone, 8);
    settings_uninit(&s);
}

static void
test_empty_file(void **state)
{
    struct settings s;

    settings_init(&s);
    assert_no_error(load(&s, ""));
    assert_no_error(load(&s, "# nothing\n"));
    assert_no_error(load(&s, "{}\n"));
    settings_uninit(&s);
}

struct file_case {
    const char *text;
    const char *error;          /* NULL: none. */
};

static void
check_files(const struct file_case cases[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct settings s;

        settings_init(&s);
        char *error = load(&s, cases[i].text);
        if (cases[i].error) {
            assert_file_error(error, cases[i].error);
        } else {
            assert_no_error(error);
        }
        settings_uninit(&s);
    }
}

static void
test_file_errors(void **state)
{
    static const struct file_case cases[] = {
        { "bridge: br0\n\nbrdige: br0\n", "3:9: brdige: no such setting" },
        { "flags: 1\n", "1:8: flags: no such setting" },
        { "Bridge: br0\n", "1:9: Bridge: no such setting" },
        { "bridge: [br0]\n", "1:9: bridge: expected a value, not a list" },
        { "- bridge\n", "1:1: expected a map of settings" },
        { "bridge\n", "1:1: expected a map of settings" },
        { "bridge: averyverylongna\n", NULL },
        { "bridge: averyverylongnam\n", "1:9: bridge: \"averyverylongnam\" is "
          "longer than 15 characters" },
        { "bridge: a/b\n",
          "1:9: bridge: \"a/b\" is not the name of an interface" },
        { "bridge: ''\n", "1:9: bridge: must not be empty" },
        { "insecure: maybe\n", "1:11: insecure: \"maybe\" is neither "
          "\"true\" nor \"false\"" },
        { "dir: ''\n", "1:6: dir: must not be empty" },
    };

    check_files(cases, ARRAY_SIZE(cases));
}

static void
test_file_numbers(void **state)
{
    static const struct file_case cases[] = {
        { "table-base: 1\n", NULL },
        { "table-base: 200\n", NULL },
        { "table-base: 0\n",
          "1:13: table-base: \"0\" is not a number from 1 to 200" },
        { "table-base: 201\n",
          "1:13: table-base: \"201\" is not a number from 1 to 200" },
        { "service-cidrs: 10.96.0.0/12,fd00::/108\n", NULL },
        { "service-cidrs: 10.96.0.0/33\n",
          "1:16: service-cidrs: \"10.96.0.0/33\" is not a CIDR" },
        { "service-cidrs: 10.96.0.0\n",
          "1:16: service-cidrs: \"10.96.0.0\" is not a CIDR" },
        { "next-table: 0\n",
          "1:13: next-table: \"0\" is not a number from 1 to 253" },
        { "next-table: 254\n",
          "1:13: next-table: \"254\" is not a number from 1 to 253" },
        { "next-table: ''\n", "1:13: next-table: must not be empty" },
        { "next-table: a23456789012345678901234567890b\n", NULL },
        { "next-table: a234567890123456789012345678901b\n",
          "1:13: next-table: \"a234567890123456789012345678901b\" is longer "
          "than 31 characters" },
        { "node-mark: 1\n", NULL },
        { "node-mark: 0x80000000/0xc0000000\n", NULL },
        { "node-mark: 2/1\n", "1:12: node-mark: \"2/1\" is not a mark "
          "VALUE[/MASK] with some bits set, all of them in MASK" },
        { "node-mark: 0/1\n", "1:12: node-mark: \"0/1\" is not a mark "
          "VALUE[/MASK] with some bits set, all of them in MASK" },
        { "zone: 0\n", NULL },
        { "zone: 65536\n",
          "1:7: zone: \"65536\" is not a number from 0 to 65535" },
        { "zone: -1\n", "1:7: zone: \"-1\" is not a number from 0 to 65535" },
        { "zone: 1x\n", "1:7: zone: \"1x\" is not a number from 0 to 65535" },
    };

    check_files(cases, ARRAY_SIZE(cases));
}

static void
test_file_words(void **state)
{
    static const struct file_case cases[] = {
        { "attach: both\n",
          "1:9: attach: \"both\" is not \"hook\", \"chain\" or "
          "\"normal\"" },
        { "enforcement: audit\n", NULL },
        { "enforcement: off\n",
          "1:14: enforcement: \"off\" is neither \"enforce\" nor "
          "\"audit\"" },
        { "no-state: closed\n", NULL },
        { "new-ports: open\n", NULL },
        { "no-state: maybe\n",
          "1:11: no-state: \"maybe\" is neither \"closed\" nor \"open\"" },
        { "established: keep\n", NULL },
        { "established: maybe\n",
          "1:14: established: \"maybe\" is neither \"keep\" nor \"recheck\"" },
    };

    check_files(cases, ARRAY_SIZE(cases));
}

static void
assert_refused(const char *text, size_t size)
{
    struct settings s;

    settings_init(&s);
    write_file(text, size);
    char *error = settings_load(&s, file_name);
    assert_non_null(error);
    assert_memory_equal(error, file_name, strlen(file_name));
    free(error);
    settings_uninit(&s);
}

static void
test_unreadable_files(void **state)
{
    size_t size = 65537;
    char *big = xmalloc(size);
    struct settings s;

    memset(big, '\n', size);
    assert_refused(big, size);
    free(big);

    const char *broken = "bridge: [\n";
    assert_refused(broken, strlen(broken));
    const char *twice = "bridge: a\nbridge: b\n";
    assert_refused(twice, strlen(twice));
    const char *two = "bridge: a\n---\nbridge: b\n";
    assert_refused(two, strlen(two));

    settings_init(&s);
    assert_error(settings_load(&s, "/nonexistent/file"),
                 "/nonexistent/file: No such file or directory");
    settings_uninit(&s);
}

static void
test_listen(void **state)
{
    static const char *const wrong[] = {
        "", "9640", ":9640", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
        "127.0.0.1:65536", "127.0.0.1:-1", "localhost:80", "::1:80", "[::1]",
        "[127.0.0.1]:80", "127.0.0.1:80:80",
    };
    static const char *const right[] = {
        "0.0.0.0:1", "127.0.0.1:0", "[::1]:65535", "[fe80::1]:80",
    };
    size_t i = number_of("metrics-listen");
    struct settings s;

    settings_init(&s);
    for (size_t j = 0; j < ARRAY_SIZE(wrong); j++) {
        char *error = settings_set_flag(&s, i, wrong[j]);
        if (!error) {
            fail_msg("took \"%s\"", wrong[j]);
        }
        free(error);
    }
    assert_string_equal(s.metrics_listen, "127.0.0.1:9640");
    for (size_t j = 0; j < ARRAY_SIZE(right); j++) {
        assert_no_error(settings_set_flag(&s, i, right[j]));
        assert_string_equal(s.metrics_listen, right[j]);
    }
    assert_no_error(settings_set_flag(&s, i, "off"));
    assert_null(s.metrics_listen);
    settings_uninit(&s);

    settings_init(&s);
    assert_no_error(load(&s, "metrics-listen: off\n"));
    assert_null(s.metrics_listen);
    settings_uninit(&s);
}

static void
test_flag_errors(void **state)
{
    struct settings s;

    settings_init(&s);
    assert_error(settings_set_flag(&s, number_of("zone"), "z"),
                 "--zone: \"z\" is not a number from 0 to 65535");
    assert_no_error(settings_set_flag(&s, number_of("bridge"), "br0"));
    assert_no_error(settings_check(&s, true));
    settings_uninit(&s);
}

/* A directory, or an API server. */
static void
test_source(void **state)
{
    struct settings s;

    unsetenv("KUBERNETES_SERVICE_HOST");
    settings_init(&s);
    assert_no_error(load(&s, "bridge: br0\n"));
    assert_error(settings_check(&s, false),
                 "none of --dir, --kubeconfig and --api-server, and not in a "
                 "cluster: KUBERNETES_SERVICE_HOST and "
                 "KUBERNETES_SERVICE_PORT are not set");
    assert_no_error(load(&s, "api-server: http://127.0.0.1:8001\n"));
    assert_error(settings_check(&s, false),
                 "--api-server: server \"http://127.0.0.1:8001\" does not use "
                 "TLS, which needs --insecure");
    assert_no_error(settings_set_flag(&s, number_of("insecure"), NULL));
    assert_no_error(settings_check(&s, false));
    assert_no_error(load(&s, "dir: /etc/policies\n"));
    assert_error(settings_check(&s, false),
                 "--dir goes with neither --kubeconfig nor --api-server");
    assert_no_error(settings_check(&s, true));
    settings_uninit(&s);
}

/* Where packets come from and go to. */
static void
test_attach(void **state)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        { "attach: hook\n", NULL },
        { "attach: normal\n", NULL },
        { "attach: normal\nnext-table: 10\n",
          "--next-table goes with --attach=chain only" },
        { "attach: chain\nnext-table: 10\n", NULL },
        { "attach: chain\nnext-table: 253\n", NULL },
        { "attach: chain\nnext-table: 39\n", NULL },
        { "attach: chain\nnext-table: 60\n", NULL },
        { "attach: chain\nnext-table: acl\n", NULL },
        { "attach: chain\n", "--attach=chain needs --next-table, where to "
          "send what is allowed" },
        { "next-table: 10\n",
          "--next-table goes with --attach=chain only" },
        { "attach: chain\nnext-table: 40\n",
          "--next-table: 40 is one of our tables, 40 to 59" },
        { "attach: chain\nnext-table: 59\n",
          "--next-table: 59 is one of our tables, 40 to 59" },
        { "attach: chain\nnext-table: 7\ntable-base: 7\n",
          "--next-table: 7 is one of our tables, 7 to 26" },
        { "attach: chain\nnext-table: Output\n",
          "--next-table: \"Output\" is one of our tables" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct settings s;

        settings_init(&s);
        assert_no_error(load(&s, "bridge: br0\ndir: /etc/policies\n"));
        assert_no_error(load(&s, rows[i].text));
        char *error = settings_check(&s, false);
        if (rows[i].error) {
            assert_error(error, rows[i].error);
        } else {
            assert_no_error(error);
        }
        assert_no_error(settings_check(&s, true));
        settings_uninit(&s);
    }
}

static void
test_next_table(void **state)
{
    struct settings s;

    settings_init(&s);
    assert_int_equal(settings_next_table(&s), 0);
    assert_no_error(load(&s, "next-table: 017\n"));
    assert_int_equal(settings_next_table(&s), 17);
    assert_no_error(load(&s, "next-table: 17acl\n"));
    assert_int_equal(settings_next_table(&s), 0);
    settings_uninit(&s);
}

static void
test_usage(void **state)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    settings_format_usage(&s);
    assert_non_null(strstr(ds_cstr(&s), "  --established=keep|recheck  "));
    ds_destroy(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_setting),
        cmocka_unit_test(test_state_dir),
        cmocka_unit_test(test_spoof_guard),
        cmocka_unit_test(test_scalars_are_taken_as_written),
        cmocka_unit_test(test_relative_directory),
        cmocka_unit_test(test_flags_win),
        cmocka_unit_test(test_empty_file),
        cmocka_unit_test(test_file_errors),
        cmocka_unit_test(test_file_numbers),
        cmocka_unit_test(test_file_words),
        cmocka_unit_test(test_unreadable_files),
        cmocka_unit_test(test_listen),
        cmocka_unit_test(test_flag_errors),
        cmocka_unit_test(test_source),
        cmocka_unit_test(test_attach),
        cmocka_unit_test(test_next_table),
        cmocka_unit_test(test_usage),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
