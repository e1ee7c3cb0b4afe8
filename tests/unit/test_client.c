/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client/client.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/objects.h"
#include "client/terminal.h"
#include "doc.h"
#include "model.h"
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

/* What is said next, once, instead of the words. */
static const char *next_status;

static void
handle_status(struct unixctl_conn *conn, int argc, const char *argv[],
              void *aux)
{
    if (next_status) {
        unixctl_command_reply(conn, next_status);
        next_status = NULL;
    } else {
        handle_echo(conn, argc, argv, aux);
    }
}

static void
handle_wait(struct unixctl_conn *conn, int argc, const char *argv[],
            void *aux)
{
    if (!strcmp(argv[1], "7000")) {
        next_status = "{\"problems\": []}";
        unixctl_command_reply(conn, NULL);
    } else if (!strcmp(argv[1], "9000")) {
        next_status = "{\"problems\": [{\"place\": \"a.yaml:1:2\", "
            "\"object\": \"NetworkPolicy shop/a\", \"kept\": true, "
            "\"message\": \"spec: wrong\"}]}";
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
handle_objects(struct unixctl_conn *conn, int argc, const char *argv[],
               void *aux)
{
    unixctl_command_reply(conn, "{\"kind\":\"List\",\"apiVersion\":\"v1\","
                          "\"items\":[{\"kind\":\"Pod\",\"apiVersion\":"
                          "\"v1\",\"metadata\":{\"name\":\"a\"}}]}");
}

static void
serve(int ready)
{
    struct unixctl_server *unixctl;

    if (unixctl_server_create(socket_path, &unixctl)) {
        _exit(1);
    }
    unixctl_command_register("status", "", 0, 9, handle_status, NULL);
    unixctl_command_register("wait", "", 1, 1, handle_wait, NULL);
    unixctl_command_register("explain", "", 2, 4, handle_explain, NULL);
    unixctl_command_register("objects", "", 0, 0, handle_objects, NULL);
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
run(const struct client_command *command,
    const struct client_options *options, const char *const args[],
    char **output)
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
           const struct client_options *options, const char *const args[],
           int code, const char *want)
{
    char *output;

    assert_int_equal(run(command, options, args, &output), code);
    if (!strstr(output, want)) {
        fail_msg("\"%s\" has no \"%s\"", output, want);
    }
    free(output);
}

static const struct client_command unknown = {
    .name = "unknown", .run = client_forward
};

static const struct client_command *
command(const char *name)
{
    const struct client_command *c = client_find_command(name);

    assert_non_null(c);
    return c;
}

/* The defaults, and the server above. */
static struct client_options
defaults(void)
{
    struct client_options options;

    client_options_init(&options);
    options.target = socket_path;
    return options;
}

static void
test_forward(void **state)
{
    struct client_options options = defaults();

    assert_run(command("status"), &options, NULL, CLIENT_OK, "status\n");
    options.format = CLIENT_JSON;
    assert_run(command("status"), &options, NULL, CLIENT_OK,
               "status -o json\n");
    options.format = CLIENT_TEXT;
    assert_run(&unknown, &options, NULL, CLIENT_ERROR,
               "ovs-netpol: unknown: \"unknown\" is not a valid command");
}

static void
test_no_daemon(void **state)
{
    struct client_options options = defaults();
    const char *args[] = { "a/b", "c/d", NULL };

    options.target = "/nonexistent/ctl";
    assert_run(command("status"), &options, NULL, CLIENT_ERROR,
               "/nonexistent/ctl: No");
    assert_run(command("wait"), &options, NULL, CLIENT_NO, "No such file");
    assert_run(command("explain"), &options, args, CLIENT_ERROR,
               "No such file");
    options.target = "nobody-of-this-name";
    assert_run(command("status"), &options, NULL, CLIENT_ERROR,
               "nobody-of-this-name.pid: No such file");
    assert_run(command("status"), &options, NULL, CLIENT_ERROR,
               "ovs-netpol: start it, or say with --target where it "
               "listens\n");
    assert_run(command("verify"), &options, NULL, CLIENT_ERROR,
               "ovs-netpol: verify: nobody-of-this-name does not run here: ");
    assert_run(command("lint"), &options, NULL, CLIENT_ERROR,
               "where it listens, or with --dir or -f where objects are\n");
    assert_run(command("flush"), &options, NULL, CLIENT_ERROR,
               "ovs-netpold --cleanup");
}

static void
test_wait(void **state)
{
    struct client_options options = defaults();

    options.timeout = 7;
    assert_run(command("wait"), &options, NULL, CLIENT_OK, "");
    options.timeout = 9;
    assert_run(command("wait"), &options, NULL, CLIENT_DISAGREES,
               "ovs-netpol: wait: a.yaml:1:2: NetworkPolicy shop/a: spec: "
               "wrong (the last good version stays)\n");
    options.timeout = 8;
    assert_run(command("wait"), &options, NULL, CLIENT_NO,
               "ovs-netpol: wait: no connection to the switch\n");
}

static void
test_explain_exit_codes(void **state)
{
    struct client_options options = defaults();
    static const struct {
        const char *src;
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
        const char *args[] = { rows[i].src, "x/y", NULL };
        options.format = rows[i].json ? CLIENT_JSON : CLIENT_TEXT;
        assert_run(command("explain"), &options, args, rows[i].code,
                   rows[i].src);
    }
}

static void
write_file(const char *name, const char *mode, const char *text)
{
    FILE *stream = fopen(name, mode);

    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
}

static const char pod[] =
    "kind: Pod\napiVersion: v1\n"
    "metadata: {namespace: shop, name: web}\n"
    "status: {podIP: 10.0.0.1}\n";
static const char deny[] =
    "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\n"
    "metadata: {namespace: shop, name: deny}\n"
    "spec: {podSelector: {}}\n";

static void
test_explain_offline(void **state)
{
    struct client_options options = defaults();
    char *name = xasprintf("%s/a.yaml", dir);
    const char *args[] = { "1.2.3.4", "shop/web:80", NULL };

    options.dir = dir;
    write_file(name, "w", pod);
    write_file(name, "a", "---\n- no object\n");
    assert_run(command("explain"), &options, args, CLIENT_OK, "allowed");
    assert_run(command("explain"), &options, args, CLIENT_OK,
               "a.yaml:6:1: expected");

    write_file(name, "a", "---\n");
    write_file(name, "a", deny);
    assert_run(command("explain"), &options, args, CLIENT_NO, "shop/deny");
    options.format = CLIENT_JSON;
    assert_run(command("explain"), &options, args, CLIENT_NO,
               "\"allowed\": false");
    args[0] = "shop/nobody";
    assert_run(command("explain"), &options, args, CLIENT_ERROR,
               "there is no pod");

    options.dir = "/nonexistent";
    assert_run(command("explain"), &options, args, CLIENT_ERROR,
               "/nonexistent: cannot read directory: No such file");
    unlink(name);
    free(name);
    client_options_uninit(&options);
}

/* -f, several times; what comes later counts. */
static void
test_files(void **state)
{
    struct client_options options = defaults();
    char *pods = xasprintf("%s/pods", dir), *policy = xasprintf("%s/p", dir);
    const char *args[] = { "1.2.3.4", "shop/web:80", NULL };

    write_file(pods, "w", pod);
    write_file(policy, "w", deny);
    svec_add(&options.files, pods);
    assert_run(command("explain"), &options, args, CLIENT_OK, "allowed");
    svec_add(&options.files, policy);
    assert_run(command("explain"), &options, args, CLIENT_NO, "shop/deny");

    svec_add(&options.files, policy);
    assert_run(command("explain"), &options, args, CLIENT_NO,
               "/p:1:1: NetworkPolicy shop/deny: is in");
    svec_add(&options.files, "/nonexistent");
    assert_run(command("explain"), &options, args, CLIENT_ERROR,
               "/nonexistent: No such file");

    svec_clear(&options.files);
    write_file(policy, "w", "kind: Secret\napiVersion: v1\n");
    svec_add(&options.files, policy);
    assert_run(command("explain"), &options, args, CLIENT_ERROR,
               "no namespaces, pods or policies");
    svec_add(&options.files, "/");
    assert_run(command("explain"), &options, args, CLIENT_ERROR,
               "/: Is a directory");
    unlink(pods);
    unlink(policy);
    free(pods);
    free(policy);
    client_options_uninit(&options);
}

/* A file that is too big is refused, whatever is in it. */
static void
test_file_size(void **state)
{
    struct client_options options = defaults();
    char *name = xasprintf("%s/big", dir);
    const char *args[] = { "1.2.3.4", "5.6.7.8:80", NULL };
    struct doc_limits limits;

    doc_limits_default(&limits);
    write_file(name, "w", pod);
    assert_int_equal(truncate(name, limits.max_size + 1), 0);
    svec_add(&options.files, name);
    assert_run(command("explain"), &options, args, CLIENT_ERROR,
               "more than");
    unlink(name);
    free(name);
    client_options_uninit(&options);
}

static void
test_stdin(void **state)
{
    struct client_options options = defaults();
    char *name = xasprintf("%s/list", dir);
    const char *args[] = { "1.2.3.4", "shop/web:80", NULL };
    int saved = dup(STDIN_FILENO);

    write_file(name, "w", "{\"kind\": \"List\", \"apiVersion\": \"v1\",\n"
               "\"items\": [{\"kind\": \"Pod\", \"apiVersion\": \"v1\",\n"
               "\"metadata\": {\"namespace\": \"shop\", \"name\": \"web\"},\n"
               "\"status\": {\"podIP\": \"10.0.0.1\"}}, 7]}");
    int fd = open(name, O_RDONLY);
    dup2(fd, STDIN_FILENO);
    close(fd);
    svec_add(&options.files, "-");
    assert_run(command("explain"), &options, args, CLIENT_OK,
               "<stdin>:4:35: expected a map, not a");
    dup2(saved, STDIN_FILENO);
    close(saved);
    unlink(name);
    free(name);
    client_options_uninit(&options);
}

/* What `ovs-netpol objects` printed knows about the node. */
static void
test_snapshot_file(void **state)
{
    struct client_options options = defaults();
    char *name = xasprintf("%s/objects", dir);
    struct objects objects, copy;

    objects_init(&objects);
    assert_null(objects_add_daemon(&objects, socket_path));
    model_set_node_name(objects.model, "n1");
    objects.node.zone = 77;
    char *text = snapshot_to_string(objects.model, &objects.node);
    write_file(name, "w", text);

    svec_add(&options.files, name);
    objects_init(&copy);
    assert_true(objects_load(&copy, &unknown, &options));
    assert_true(copy.has_node);
    assert_int_equal(copy.node.zone, 77);
    assert_int_equal(model_count(copy.model, K8S_POD), 1);
    objects_uninit(&copy);

    write_file(name, "a", "garbage");
    objects_init(&copy);
    assert_false(objects_load(&copy, &unknown, &options));
    objects_uninit(&copy);
    objects_uninit(&objects);
    unlink(name);
    free(text);
    free(name);
    client_options_uninit(&options);
}

/* Whatever the daemon says to "objects". */
static void
test_daemon_objects(void **state)
{
    struct client_options options = defaults();
    struct objects objects;

    objects_init(&objects);
    assert_true(objects_load(&objects, &unknown, &options));
    assert_int_equal(model_count(objects.model, K8S_POD), 1);
    options.target = "/nonexistent/ctl";
    assert_false(objects_load(&objects, &unknown, &options));
    objects_uninit(&objects);
}

static bool
parse(const char *const words[], struct client_options *options,
      const char *const **args)
{
    static char *argv[16];
    int argc = 0;

    while (words[argc]) {
        argv[argc] = CONST_CAST(char *, words[argc]);
        argc++;
    }
    argv[argc] = NULL;
    return client_parse(command(words[0]), argc, argv, options, args);
}

static void
test_parse(void **state)
{
    static const struct {
        const char *words[8];
        bool ok;
    } rows[] = {
        { { "status" }, true },
        { { "status", "-o", "json" }, true },
        { { "status", "-ojson" }, true },
        { { "status", "--output=text" }, true },
        { { "status", "--target=x" }, true },
        { { "status", "-h", "too", "many" }, true },
        { { "status", "-o", "xml" }, false },
        { { "status", "-o", "html" }, false },
        { { "status", "-o" }, false },
        { { "status", "more" }, false },
        { { "status", "-" }, false },
        { { "status", "--timeout=1" }, false },
        { { "status", "--dir=x" }, false },
        { { "status", "--nonsense" }, false },
        { { "wait", "--timeout=0" }, true },
        { { "wait", "--timeout", "86400" }, true },
        { { "wait", "--timeout=86401" }, false },
        { { "wait", "--timeout=-1" }, false },
        { { "wait", "--timeout=x" }, false },
        { { "wait", "-o", "json" }, false },
        { { "explain", "a/b", "c/d", "-o", "json" }, true },
        { { "explain", "--dir=x", "a/b", "c/d" }, true },
        { { "explain", "-f", "x", "-fy", "a/b", "c/d", "--filename=z" },
          true },
        { { "explain", "a/b", "-", "c/d" }, true },
        { { "explain", "a/b", "c/d", "-f", "-" }, true },
        { { "explain", "a/b", "-", "c/d", "-" }, false },
        { { "explain", "a/b", "-", "c/d", "-f-" }, false },
        { { "explain", "a/b", "-" }, false },
        { { "explain", "a/b" }, false },
        { { "explain", "a/b", "c/d", "e/f" }, false },
        { { "help" }, true },
        { { "help", "status" }, true },
        { { "help", "status", "wait" }, false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct client_options options = defaults();
        const char *const *args;

        if (parse(rows[i].words, &options, &args) != rows[i].ok) {
            fail_msg("row %"PRIuSIZE, i);
        }
        client_options_uninit(&options);
    }
}

static void
test_parse_values(void **state)
{
    const char *words[] = { "explain", "-", "a/b", "-f", "x", "c/d", "-ojson",
                            "--target=t", "--dir", "d", NULL };
    struct client_options options = defaults();
    const char *const *args;

    assert_true(parse(words, &options, &args));
    assert_string_equal(args[0], "a/b");
    assert_string_equal(args[1], "c/d");
    assert_null(args[2]);
    assert_string_equal(options.target, "t");
    assert_string_equal(options.dir, "d");
    assert_int_equal(options.format, CLIENT_JSON);
    assert_int_equal(options.files.n, 2);
    assert_string_equal(options.files.names[0], "x");
    assert_string_equal(options.files.names[1], "-");
    client_options_uninit(&options);
}

static void
test_max_files(void **state)
{
    struct client_options options = defaults();
    char *error;

    for (int i = 0; i < CLIENT_MAX_FILES; i++) {
        assert_null(client_option_file.set(NULL, &options, "x"));
    }
    error = client_option_file.set(NULL, &options, "x");
    assert_non_null(strstr(error, "more than"));
    free(error);
    client_options_uninit(&options);
}

static void
test_option_port(void **state)
{
    static const struct {
        const char *value;
        uint8_t protocol;       /* 0: refused. */
        uint16_t number;
    } rows[] = {
        { "80", IPPROTO_TCP, 80 },
        { "53/udp", IPPROTO_UDP, 53 },
        { "65535/SCTP", IPPROTO_SCTP, 65535 },
        { "1/Tcp", IPPROTO_TCP, 1 },
        { "icmp", IPPROTO_ICMP, 0 },
        { "0", 0, 0 },
        { "65536", 0, 0 },
        { "80/", 0, 0 },
        { "80/icmp", 0, 0 },
        { "/tcp", 0, 0 },
        { "http", 0, 0 },
        { "", 0, 0 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct client_options options = defaults();
        char *error = client_option_port.set(NULL, &options, rows[i].value);

        assert_int_equal(!error, rows[i].protocol != 0);
        assert_int_equal(options.port.given, rows[i].protocol != 0);
        assert_int_equal(options.port.protocol, rows[i].protocol);
        assert_int_equal(options.port.number, rows[i].number);
        free(error);
    }
}

static void
test_option_others(void **state)
{
    struct client_options options = defaults();
    char *error;

    assert_null(client_option_by.set(NULL, &options, "namespace"));
    assert_true(options.by_given);
    assert_int_equal(options.by, CLIENT_BY_NAMESPACE);
    error = client_option_by.set(NULL, &options, "node");
    assert_string_equal(error, "want pod, app or namespace");
    free(error);
    assert_null(client_option_namespace.set(NULL, &options, "shop"));
    assert_string_equal(options.ns, "shop");
    error = client_option_namespace.set(NULL, &options, "");
    assert_non_null(error);
    free(error);
}

/* Each row of the table is complete, and its options do not contradict each
 * other. */
static void
test_commands(void **state)
{
    size_t n;
    const struct client_command *commands = client_commands(&n);

    for (size_t i = 0; i < n; i++) {
        const struct client_command *c = &commands[i];
        bool output = false;

        assert_ptr_equal(client_find_command(c->name), c);
        assert_non_null(c->run);
        assert_true(c->min_args <= c->max_args);
        assert_null(c->options[CLIENT_MAX_OPTIONS]);
        for (size_t j = 0; c->options[j]; j++) {
            const struct client_option *o = c->options[j];

            output |= o == &client_option_output;
            assert_string_not_equal(o->name, "help");
            assert_int_not_equal(o->letter, 'h');
            for (size_t k = 0; k < j; k++) {
                assert_string_not_equal(o->name, c->options[k]->name);
                assert_false(o->letter && o->letter == c->options[k]->letter);
            }
        }
        assert_int_equal(output, c->formats != 0);
    }
    assert_null(client_find_command("no-such-command"));
}

static void
test_help(void **state)
{
    struct client_options options = defaults();
    const char *args[] = { NULL, NULL };
    size_t n;
    const struct client_command *commands = client_commands(&n);

    for (size_t i = 0; i < n; i++) {
        assert_run(command("help"), &options, args, CLIENT_OK,
                   commands[i].help);
    }
    args[0] = "explain";
    assert_run(command("help"), &options, args, CLIENT_OK,
               "-f, --filename=FILE");
    assert_run(command("help"), &options, args, CLIENT_OK,
               "how to answer: text, json");
    args[0] = "x";
    assert_run(command("help"), &options, args, CLIENT_ERROR,
               "there is no command \"x\"");
    args[0] = NULL;
    assert_run(command("version"), &options, args, CLIENT_OK, VERSION);
}

/* Colours are for terminals. */
static void
test_colour(void **state)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    int main_fd = posix_openpt(O_RDWR | O_NOCTTY);

    assert_true(main_fd >= 0 && !grantpt(main_fd) && !unlockpt(main_fd));
    FILE *terminal = fopen(ptsname(main_fd), "w");
    assert_non_null(terminal);

    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    assert_true(client_wants_colour(terminal));
    setenv("NO_COLOR", "1", 1);
    assert_false(client_wants_colour(terminal));
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    assert_false(client_wants_colour(terminal));
    setenv("TERM", "xterm", 1);
    FILE *file = tmpfile();
    assert_false(client_wants_colour(file));
    fclose(file);
    fclose(terminal);
    close(main_fd);

    client_paint(&s, true, CLIENT_RED, "no");
    client_paint(&s, true, CLIENT_PLAIN, "!");
    client_paint(&s, false, CLIENT_RED, "!");
    assert_string_equal(ds_cstr(&s), "\033[31mno\033[0m!!");
    ds_destroy(&s);
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
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_file_size),
        cmocka_unit_test(test_stdin),
        cmocka_unit_test(test_snapshot_file),
        cmocka_unit_test(test_daemon_objects),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_values),
        cmocka_unit_test(test_max_files),
        cmocka_unit_test(test_option_port),
        cmocka_unit_test(test_option_others),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_colour),
    };

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    return cmocka_run_group_tests(tests, setup, teardown);
}
