/* SPDX-License-Identifier: Apache-2.0
 *
 * `bundle`: what somebody who is to help needs to see, in one file. */

#include <config.h>

#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "dirs.h"
#include "openvswitch/dynamic-string.h"
#include "redact.h"
#include "svec.h"
#include "terminal.h"
#include "util.h"

extern char **environ;

/* More of one file than this, its beginning is left out. */
#define MAX_FILE (4 * 1024 * 1024)

struct bundle {
    const struct client_options *options;
    char *dir;                  /* Temporary, absolute. */
    char *folder;               /* In it: all files. */
    char *name;                 /* Of the folder, and of the archive. */
    struct svec files;          /* "NAME  N bytes", or why not. */
    size_t n_redacted;
};

/* Files. */

static int
write_file(const char *path, const char *text)
{
    FILE *stream = fopen(path, "w");

    if (!stream) {
        return errno;
    }
    bool ok = fputs(text, stream) >= 0;
    return fclose(stream) || !ok ? errno : 0;
}

/* Puts 'text', without secrets, into file 'name'. */
static void
add_text(struct bundle *b, const char *name, const char *text)
{
    size_t length = strlen(text);
    struct ds s = DS_EMPTY_INITIALIZER;
    char *path = xasprintf("%s/%s", b->folder, name);

    b->n_redacted += redact(length > MAX_FILE ? text + length - MAX_FILE
                            : text, &s);
    int error = write_file(path, ds_cstr(&s));
    svec_add_nocopy(&b->files,
                    (error
                     ? xasprintf("%-18s %s", name, ovs_strerror(error))
                     : xasprintf("%-18s %"PRIuSIZE" bytes%s", name, s.length,
                                 length > MAX_FILE ? ", the end of it" : "")));
    ds_destroy(&s);
    free(path);
}

/* Why there is no file 'name'. */
static void
add_nothing(struct bundle *b, const char *name, const char *why)
{
    svec_add_nocopy(&b->files, xasprintf("%-18s missing: %s", name, why));
}

/* Reads 'fd' to its end, but keeps no more than twice the bound. */
static char *
slurp(int fd)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    char buf[65536];
    ssize_t n;

    while ((n = read(fd, buf, sizeof buf)) > 0
           || (n < 0 && errno == EINTR)) {
        for (ssize_t i = 0; i < n; i++) {
            ds_put_char(&s, buf[i] ? buf[i] : ' ');
        }
        if (s.length > 2 * MAX_FILE) {
            size_t keep = s.length - MAX_FILE;

            memmove(s.string, s.string + keep, MAX_FILE);
            ds_truncate(&s, MAX_FILE);
        }
    }
    return ds_steal_cstr(&s);
}

static void
add_copy(struct bundle *b, const char *name, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        char *why = xasprintf("%s: %s", path, ovs_strerror(errno));

        add_nothing(b, name, why);
        free(why);
        return;
    }
    char *text = slurp(fd);
    close(fd);
    add_text(b, name, text);
    free(text);
}

/* Commands. */

/* Runs 'argv' with its output and errors in '*text' (caller frees).  Returns
 * its exit status, or -1. */
static int
run(const char *const argv[], char **text)
{
    posix_spawn_file_actions_t actions;
    int fds[2], status;
    pid_t pid;

    *text = NULL;
    if (pipe(fds)) {
        return -1;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                     O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fds[1], STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, fds[0]);
    posix_spawn_file_actions_addclose(&actions, fds[1]);
    int error = posix_spawnp(&pid, argv[0], &actions, NULL,
                             CONST_CAST(char **, argv), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(fds[1]);
    if (!error) {
        *text = slurp(fds[0]);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
            continue;
        }
    }
    close(fds[0]);
    return error ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
add_command(struct bundle *b, const char *name, const char *const argv[])
{
    char *text;

    if (run(argv, &text) < 0) {
        add_nothing(b, name, argv[0]);
    } else {
        add_text(b, name, text);
    }
    free(text);
}

/* What the daemon answers. */
static void
add_answer(struct bundle *b, const char *name, const char *command, int argc,
           const char *const argv[])
{
    char *reply, *error;

    if (client_ask(b->options->target, command, argc, argv, &reply, &error)) {
        add_nothing(b, name, error);
        free(error);
    } else {
        add_text(b, name, reply);
        free(reply);
    }
}

/* What goes in. */

static void
add_daemon(struct bundle *b)
{
    static const char *const json[] = { "-o", "json" };

    add_answer(b, "status.txt", "status", 0, NULL);
    add_answer(b, "status.json", "status", 2, json);
    add_answer(b, "objects.json", "objects", 0, NULL);
    add_answer(b, "pods.txt", "pods", 0, NULL);
    add_answer(b, "policies.txt", "policies", 0, NULL);
    add_answer(b, "flows.txt", "flows", 0, NULL);
    add_answer(b, "counters.json", "counters", 0, NULL);
    add_answer(b, "drops.json", "drops", 0, NULL);
    add_answer(b, "memory.txt", "memory/show", 0, NULL);
    add_answer(b, "coverage.txt", "coverage/show", 0, NULL);
    add_answer(b, "log-levels.txt", "vlog/list", 0, NULL);
}

/* The name of the bridge (caller frees), or NULL. */
static char *
find_bridge(const struct bundle *b)
{
    static const char *const json[] = { "-o", "json" };
    char *error = NULL, *bridge = NULL;

    if (b->options->bridge) {
        return xstrdup(b->options->bridge);
    }
    struct json *status = answer_ask(b->options->target, "status", 2, json,
                                     &error);
    if (answer_string(status, "switch.bridge")[0]) {
        bridge = xstrdup(answer_string(status, "switch.bridge"));
    }
    json_destroy(status);
    free(error);
    return bridge;
}

static void
add_switch(struct bundle *b)
{
    char *bridge = find_bridge(b);
    const char *const show[] = { "ovs-vsctl", "--timeout=5", "show", NULL };
    const char *const versions[] = { "ovs-vsctl", "--timeout=5", "get",
        "Open_vSwitch", ".", "ovs_version", "db_version", "system_type",
        "system_version", "datapath_types", NULL };
    const char *const dump[] = { "ovs-ofctl", "-O", "OpenFlow15", "--names",
        "dump-flows", bridge, NULL };
    const char *const ports[] = { "ovs-ofctl", "-O", "OpenFlow15", "show",
        bridge, NULL };
    const char *const tracked[] = { "ovs-appctl", "-t", "ovs-vswitchd",
        "dpctl/ct-stats-show", NULL };
    const char *const datapath[] = { "ovs-appctl", "-t", "ovs-vswitchd",
        "dpif/show", NULL };

    add_command(b, "ovs-show.txt", show);
    add_command(b, "ovs-versions.txt", versions);
    if (bridge) {
        add_command(b, "dump-flows.txt", dump);
        add_command(b, "of-ports.txt", ports);
    } else {
        add_nothing(b, "dump-flows.txt", "which bridge? see --bridge");
    }
    add_command(b, "ct-stats.txt", tracked);
    add_command(b, "dpif.txt", datapath);
    free(bridge);
}

static void
add_machine(struct bundle *b)
{
    const char *const uname[] = { "uname", "-srvm", NULL };
    const char *const addresses[] = { "ip", "-br", "address", NULL };
    char *target = xasprintf("--target=%s", b->options->target);
    const char *const doctor[] = { "/proc/self/exe", "doctor", target, NULL };
    char *log = xasprintf("%s/ovs-netpold.log", ovs_logdir());
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    const char *argv[ARRAY_SIZE(doctor)];

    self[n > 0 ? n : 0] = '\0';
    memcpy(argv, doctor, sizeof doctor);
    argv[0] = self;
    add_text(b, "version.txt", "ovs-netpol " VERSION "\n");
    add_command(b, "doctor.txt", argv);
    add_command(b, "uname.txt", uname);
    add_command(b, "addresses.txt", addresses);
    add_copy(b, "ovs-netpold.log", log);
    free(target);
    free(log);
}

/* The archive. */

static bool
bundle_init(struct bundle *b, const struct client_options *options)
{
    const char *tmp = getenv("TMPDIR");
    time_t now = time(NULL);
    struct tm tm;
    char when[32];

    gmtime_r(&now, &tm);
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &tm);
    *b = (struct bundle) {
        .options = options,
        .dir = xasprintf("%s/ovs-netpol.XXXXXX", tmp && tmp[0] ? tmp : "/tmp"),
        .name = xasprintf("ovs-netpol-bundle-%s", when),
        .files = SVEC_EMPTY_INITIALIZER,
    };
    if (!mkdtemp(b->dir)) {
        return false;
    }
    b->folder = xasprintf("%s/%s", b->dir, b->name);
    return !mkdir(b->folder, 0700);
}

/* Packs it into 'file'. */
static char *
pack(const struct bundle *b, const char *file)
{
    const char *const argv[] = { "tar", "-C", b->dir, "-czf", file, b->name,
        NULL };
    mode_t mask = umask(077);
    char *text;
    int status = run(argv, &text);

    umask(mask);
    if (!status) {
        free(text);
        return NULL;
    }
    char *error = xasprintf("tar: %s", text && text[0] ? text : "cannot run");
    free(text);
    return error;
}

static void
bundle_uninit(struct bundle *b)
{
    const char *const argv[] = { "rm", "-rf", "--", b->dir, NULL };
    char *text;

    if (b->folder) {
        ignore(run(argv, &text));
        free(text);
    }
    svec_destroy(&b->files);
    free(b->dir);
    free(b->folder);
    free(b->name);
}

/* Whether the archive can be written, before all is collected; tar would say
 * it in several lines. */
static char *
try_file(const char *file)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) {
        return xasprintf("%s: %s", file, ovs_strerror(errno));
    }
    close(fd);
    return NULL;
}

int
client_bundle(const struct client_command *command,
              const struct client_options *options, const char *const args[])
{
    struct bundle b;
    char *error = NULL, *file = NULL;

    if (!bundle_init(&b, options)) {
        error = xasprintf("%s: %s", b.dir, ovs_strerror(errno));
    } else {
        file = (args[0] ? xstrdup(args[0])
                : xasprintf("%s.tar.gz", b.name));
        error = try_file(file);
    }
    if (!error) {
        add_daemon(&b);
        add_switch(&b);
        add_machine(&b);
        error = pack(&b, file);
    }
    if (error) {
        client_complain("%s: %s", command->name, error);
    } else {
        char *list = svec_join(&b.files, "\n", "\n");

        printf("%s%s", list, file);
        printf("  (%"PRIuSIZE" possible secrets taken out)\n", b.n_redacted);
        free(list);
    }
    int code = error ? CLIENT_ERROR : CLIENT_OK;
    free(error);
    free(file);
    bundle_uninit(&b);
    return code;
}
