/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client/client.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "unixctl.h"
#include "util.h"

static char dir[] = "/tmp/test_client.XXXXXX";
static char *socket_path, *output_path;
static pid_t server;

/* The other side: says what it was told, or what the test wants. */

static void
handle_echo(struct unixctl_conn *conn, int argc, const char *argv[],
            void *aux)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    for (int i = 0; i < argc; i++) {
        ds_put_format(&s, "%s%s", i ? " " : "", argv[i]);
    }
    unixctl_command_reply(conn, ds_cstr(&s));
    ds_destroy(&s);
}

static void
handle_wait(struct unixctl_conn *conn, int argc, const char *argv[],
            void *aux)
{
    if (!strcmp(argv[1], "7000")) {
        unixctl_command_reply(conn, NULL);
    } else {
        unixctl_command_reply_error(conn, "no connection to the switch");
    }
}

static void
handle_explain(struct unixctl_conn *conn, int argc, const char *argv[],
               void *aux)
{
    if (!strcmp(argv[1], "error")) {
        unixctl_command_reply_error(conn, "there is no pod \"error\"");
    } else if (argc == 5) {
        char *s = xasprintf("{\"allowed\":%s}", argv[1]);
        unixctl_command_reply(conn, s);
        free(s);
    } else {
        unixctl_command_reply(conn, argv[1]);
    }
}

static void
serve(int ready)
{
    struct unixctl_server *unixctl;

    if (unixctl_server_create(socket_path, &unixctl)) {
        _exit(1);
    }
    unixctl_command_register("status", "", 0, 9, handle_echo, NULL);
    unixctl_command_register("wait", "", 1, 1, handle_wait, NULL);
    unixctl_command_register("explain", "", 2, 4, handle_explain, NULL);
    ignore(write(ready, "", 1) < 0);
    for (;;) {
        unixctl_server_run(unixctl);
        unixctl_server_wait(unixctl);
        poll_block();
    }
}

static int
setup(void **state)
{
    int fds[2];
    char byte;

    if (!mkdtemp(dir) || pipe(fds)) {
        return -1;
    }
    socket_path = xasprintf("%s/ctl", dir);
    output_path = xasprintf("%s/output", dir);
    server = fork();
    if (!server) {
        serve(fds[1]);
    }
    return read(fds[0], &byte, 1) != 1;
}

static int
teardown(void **state)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    unlink(socket_path);
    unlink(output_path);
    free(socket_path);
    free(output_path);
    return rmdir(dir);
}

/* Runs 'command' with its standard output and error in a file, which is put
 * into '*output' (caller frees). */
static int
run(const struct client_command *command, struct client_options *options,
    char *args[], char **output)
{
    int saved_out = dup(STDOUT_FILENO), saved_err = dup(STDERR_FILENO);
    int fd = open(output_path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    fflush(NULL);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    int code = command->run(command, options, args);
    fflush(NULL);
    dup2(saved_out, STDOUT_FILENO);
    dup2(saved_err, STDERR_FILENO);
    close(saved_out);
    close(saved_err);

    char buf[4096];
    ssize_t n = pread(fd, buf, sizeof buf, 0);
    close(fd);
    assert_true(n >= 0);
    *output = xmemdup0(buf, n);
    return code;
}

static void
assert_run(const struct client_command *command,
           struct client_options *options, char *args[], int code,
           const char *want)
{
    char *output;

    assert_int_equal(run(command, options, args, &output), code);
    if (!strstr(output, want)) {
        fail_msg("\"%s\" has no \"%s\"", output, want);
    }
    free(output);
}

static const struct client_command status = {
    "status", "[-o json]", "", 0, CLIENT_TAKES_OUTPUT, client_forward
};
static const struct client_command unknown = {
    "unknown", "", "", 0, 0, client_forward
};
static const struct client_command wait_command = {
    "wait", "", "", 0, CLIENT_TAKES_TIMEOUT, client_wait
};
static const struct client_command explain = {
    "explain", "SRC DST", "", 2, CLIENT_TAKES_OUTPUT | CLIENT_TAKES_DIR,
    client_explain
};

static void
test_forward(void **state)
{
    struct client_options options = { .target = socket_path };

    assert_run(&status, &options, NULL, CLIENT_OK, "status\n");
    options.json = true;
    assert_run(&status, &options, NULL, CLIENT_OK, "status -o json\n");
    options.json = false;
    assert_run(&unknown, &options, NULL, CLIENT_ERROR,
               "ovs-netpol: unknown: \"unknown\" is not a valid command");
}

static void
test_no_daemon(void **state)
{
    struct client_options options = { .target = "/nonexistent/ctl" };
    char *args[] = { "a/b", "c/d" };

    assert_run(&status, &options, NULL, CLIENT_ERROR, "/nonexistent/ctl: No");
    assert_run(&wait_command, &options, NULL, CLIENT_NO, "No such file");
    assert_run(&explain, &options, args, CLIENT_ERROR, "No such file");
    options.target = "nobody-of-this-name";
    assert_run(&status, &options, NULL, CLIENT_ERROR,
               "nobody-of-this-name.pid: No such file");
}

static void
test_wait(void **state)
{
    struct client_options options = { .target = socket_path, .timeout = 7 };

    assert_run(&wait_command, &options, NULL, CLIENT_OK, "");
    options.timeout = 8;
    assert_run(&wait_command, &options, NULL, CLIENT_NO,
               "ovs-netpol: wait: no connection to the switch\n");
}

static void
test_explain_exit_codes(void **state)
{
    struct client_options options = { .target = socket_path };
    static const struct {
        char *src;
        bool json;
        int code;
    } rows[] = {
        { "allowed", false, CLIENT_OK },
        { "denied", false, CLIENT_NO },
        { "what", false, CLIENT_ERROR },
        { "error", false, CLIENT_ERROR },
        { "true", true, CLIENT_OK },
        { "false", true, CLIENT_NO },
        { "null", true, CLIENT_ERROR },
        { "}", true, CLIENT_ERROR },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char *args[] = { rows[i].src, "x/y" };
        options.json = rows[i].json;
        assert_run(&explain, &options, args, rows[i].code, rows[i].src);
    }
}

static void
test_explain_offline(void **state)
{
    struct client_options options = { .dir = dir };
    char *name = xasprintf("%s/a.yaml", dir);
    char *args[] = { "1.2.3.4", "shop/web:80" };

    FILE *stream = fopen(name, "w");
    fputs("kind: Pod\napiVersion: v1\n"
          "metadata: {namespace: shop, name: web}\n"
          "status: {podIP: 10.0.0.1}\n"
          "---\n- no object\n", stream);
    fclose(stream);
    assert_run(&explain, &options, args, CLIENT_OK, "allowed");
    assert_run(&explain, &options, args, CLIENT_OK, "a.yaml:6:1: expected");

    stream = fopen(name, "a");
    fputs("---\nkind: NetworkPolicy\napiVersion: networking.k8s.io/v1\n"
          "metadata: {namespace: shop, name: deny}\n"
          "spec: {podSelector: {}}\n", stream);
    fclose(stream);
    assert_run(&explain, &options, args, CLIENT_NO, "shop/deny");
    options.json = true;
    assert_run(&explain, &options, args, CLIENT_NO, "\"allowed\": false");
    args[0] = "shop/nobody";
    assert_run(&explain, &options, args, CLIENT_ERROR, "there is no pod");

    options.dir = "/nonexistent";
    assert_run(&explain, &options, args, CLIENT_ERROR,
               "/nonexistent: cannot read directory: No such file");
    unlink(name);
    free(name);
}

static void
test_parse(void **state)
{
    static const struct {
        const struct client_command *command;
        const char *words[6];
        bool ok;
    } rows[] = {
        { &status, { "status" }, true },
        { &status, { "status", "-o", "json" }, true },
        { &status, { "status", "--output=text" }, true },
        { &status, { "status", "--target=x" }, true },
        { &status, { "status", "-h", "too", "many" }, true },
        { &status, { "status", "-o", "xml" }, false },
        { &status, { "status", "more" }, false },
        { &status, { "status", "--timeout=1" }, false },
        { &status, { "status", "--dir=x" }, false },
        { &status, { "status", "--nonsense" }, false },
        { &wait_command, { "wait", "--timeout=0" }, true },
        { &wait_command, { "wait", "--timeout", "86400" }, true },
        { &wait_command, { "wait", "--timeout=86401" }, false },
        { &wait_command, { "wait", "--timeout=-1" }, false },
        { &wait_command, { "wait", "--timeout=x" }, false },
        { &wait_command, { "wait", "-o", "json" }, false },
        { &explain, { "explain", "a/b", "c/d", "-o", "json" }, true },
        { &explain, { "explain", "--dir=x", "a/b", "c/d" }, true },
        { &explain, { "explain", "a/b" }, false },
        { &explain, { "explain", "a/b", "c/d", "e/f" }, false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct client_options options = { .target = "t" };
        char *argv[7];
        char **args;
        int argc = 0;

        while (argc < 6 && rows[i].words[argc]) {
            argv[argc] = CONST_CAST(char *, rows[i].words[argc]);
            argc++;
        }
        argv[argc] = NULL;
        if (client_parse(rows[i].command, argc, argv, &options, &args)
            != rows[i].ok) {
            fail_msg("row %"PRIuSIZE, i);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_no_daemon),
        cmocka_unit_test(test_wait),
        cmocka_unit_test(test_explain_exit_codes),
        cmocka_unit_test(test_explain_offline),
        cmocka_unit_test(test_parse),
    };

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    return cmocka_run_group_tests(tests, setup, teardown);
}
