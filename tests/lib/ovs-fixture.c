/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ovs-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fatal-signal.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "process.h"
#include "socket-util.h"
#include "timeval.h"
#include "util.h"

#define STOP_MSEC 20000

struct ovs_fixture {
    char *dir;
    char *db;                   /* OVSDB remote. */
    pid_t ovsdb, vswitchd;      /* 0 if not running. */
};

/* Daemons live in sbin, which a user's PATH may lack. */
#define SBIN "/usr/local/sbin:/usr/sbin:/sbin"

/* The path of program 'name', or NULL; caller frees. */
static char *
find_program(const char *name)
{
    const char *path = getenv("PATH");
    char *dirs = xasprintf("%s:%s", path ? path : "/usr/bin:/bin", SBIN);
    char *save = NULL, *found = NULL;

    for (char *dir = strtok_r(dirs, ":", &save); dir && !found;
         dir = strtok_r(NULL, ":", &save)) {
        found = xasprintf("%s/%s", dir, name);
        if (access(found, X_OK)) {
            free(found);
            found = NULL;
        }
    }
    free(dirs);
    return found;
}

/* The database schema beside the daemons: caller frees. */
static char *
find_schema(void)
{
    const char *env = getenv("OVS_PKGDATADIR");
    char *vswitchd, *bin, *schema;

    if (env) {
        return xasprintf("%s/vswitch.ovsschema", env);
    }
    vswitchd = find_program("ovs-vswitchd");
    bin = dir_name(vswitchd);
    schema = xasprintf("%s/../share/openvswitch/vswitch.ovsschema", bin);
    free(bin);
    free(vswitchd);
    return schema;
}

/* NULL, or why the fixture cannot run here. */
static const char *
why_not(void)
{
    static const char *const programs[] = {
        "ovsdb-tool", "ovsdb-server", "ovs-vswitchd",
        "ovs-vsctl", "ovs-ofctl", "ovs-appctl",
    };
    static char why[64];

    for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
        char *path = find_program(programs[i]);

        if (!path) {
            snprintf(why, sizeof why, "no %s in PATH", programs[i]);
            return why;
        }
        free(path);
    }

    char *schema = find_schema();
    bool readable = !access(schema, R_OK);
    free(schema);
    return readable ? NULL : "no vswitch.ovsschema beside ovs-vswitchd";
}

bool
ovs_fixture_must_skip(int *status)
{
    const char *output = getenv("CMOCKA_MESSAGE_OUTPUT");
    const char *why = why_not();

    if (why) {
        printf("1..0 # SKIP %s\n", why);
        *status = output && !strcasecmp(output, "TAP") ? 0 : 77;
    }
    return why != NULL;
}

/* In the child. */
static void
enter(const struct ovs_fixture *f)
{
    char *path = xasprintf("%s:%s", getenv("PATH"), SBIN);

    setenv("PATH", path, 1);
    setenv("OVS_CTL_TIMEOUT", "30", 1);
    setenv("OVS_RUNDIR", f->dir, 1);
    setenv("OVS_LOGDIR", f->dir, 1);
    setenv("OVS_DBDIR", f->dir, 1);
    setenv("OVS_SYSCONFDIR", f->dir, 1);
    free(path);
}

/* Starts a daemon with its output in DIR/NAME.out. */
static pid_t
start(const struct ovs_fixture *f, const char *name, char *const argv[])
{
    char *out = xasprintf("%s/%s.out", f->dir, name);
    pid_t parent = getpid();
    pid_t pid = fork();

    if (!pid) {
        int fd = open(out, O_WRONLY | O_CREAT | O_APPEND, 0666);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || fd < 0) {
            _exit(1);
        }
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        enter(f);
        execvp(name, argv);
        _exit(127);
    }
    ovs_assert(pid > 0);
    free(out);
    return pid;
}

/* Ends '*pid' with 'signal' and waits for that. */
static void
stop(pid_t *pid, int signal)
{
    int fd = *pid ? syscall(SYS_pidfd_open, *pid, 0) : -1;
    struct pollfd pfd = { .fd = fd, .events = POLLIN };

    if (*pid) {
        kill(*pid, signal ? signal : SIGTERM);
        if (fd < 0 || poll(&pfd, 1, STOP_MSEC) <= 0) {
            kill(*pid, SIGKILL);
        }
        waitpid(*pid, NULL, 0);
        *pid = 0;
    }
    if (fd >= 0) {
        close(fd);
    }
}

char *
ovs_fixture_run(struct ovs_fixture *f, const char *format, ...)
{
    struct ds out = DS_EMPTY_INITIALIZER;
    char buf[4096];
    int fds[2];
    ssize_t n;
    int status;

    va_list args;
    va_start(args, format);
    char *command = xvasprintf(format, args);
    va_end(args);

    xpipe(fds);
    pid_t pid = fork();
    if (!pid) {
        dup2(fds[1], STDOUT_FILENO);
        close(fds[0]);
        close(fds[1]);
        enter(f);
        execl("/bin/sh", "sh", "-c", command, (char *) NULL);
        _exit(127);
    }
    close(fds[1]);
    while ((n = read(fds[0], buf, sizeof buf)) > 0) {
        ds_put_buffer(&out, buf, n);
    }
    close(fds[0]);
    waitpid(pid, &status, 0);
    if (status) {
        ovs_fatal(0, "%s: %s", command, process_status_msg(status));
    }
    free(command);
    return ds_steal_cstr(&out);
}

void
ovs_fixture_start_ovsdb(struct ovs_fixture *f)
{
    if (f->ovsdb) {
        return;
    }

    char *remote = xasprintf("--remote=p%s", f->db);
    char *ctl = xasprintf("--unixctl=%s/ovsdb-server.ctl", f->dir);
    char *file = xasprintf("%s/conf.db", f->dir);
    char *argv[] = { (char *) "ovsdb-server", remote, ctl,
                     (char *) "--no-chdir", file, NULL };

    f->ovsdb = start(f, "ovsdb-server", argv);
    /* Retries until it is answered. */
    free(ovs_fixture_run(f, "ovs-vsctl --no-wait --retry init"));
    free(remote);
    free(ctl);
    free(file);
}

void
ovs_fixture_start_vswitchd(struct ovs_fixture *f)
{
    if (f->vswitchd) {
        return;
    }

    char *ctl = xasprintf("--unixctl=%s/ovs-vswitchd.ctl", f->dir);
    char *log = xasprintf("--log-file=%s/ovs-vswitchd.log", f->dir);
    char *argv[] = { (char *) "ovs-vswitchd", f->db, ctl, log,
                     (char *) "--enable-dummy=override",
                     (char *) "--disable-system", (char *) "--pidfile",
                     (char *) "--no-chdir", NULL };

    f->vswitchd = start(f, "ovs-vswitchd", argv);
    /* Waits for the switch to have followed. */
    free(ovs_fixture_run(f, "ovs-vsctl set Open_vSwitch . "
                         "external_ids:started=%ld", (long) f->vswitchd));
    free(ctl);
    free(log);
}

void
ovs_fixture_stop_vswitchd(struct ovs_fixture *f, int signal)
{
    stop(&f->vswitchd, signal);
}

void
ovs_fixture_stop_ovsdb(struct ovs_fixture *f, int signal)
{
    stop(&f->ovsdb, signal);
}

/* The fixture to clean up when the program ends early. */
static struct ovs_fixture *at_exit;

static void
clean_up(void)
{
    ovs_fixture_destroy(at_exit);
}

struct ovs_fixture *
ovs_fixture_create(void)
{
    const char *tmp = getenv("TMPDIR");
    struct ovs_fixture *f = xzalloc(sizeof *f);
    char *schema = find_schema();

    fatal_ignore_sigpipe();
    f->dir = xasprintf("%s/ovs-fixture.XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(f->dir)) {
        ovs_fatal(errno, "%s: mkdtemp failed", f->dir);
    }
    f->db = xasprintf("unix:%s/db.sock", f->dir);
    ovs_assert(!at_exit);
    at_exit = f;
    atexit(clean_up);
    free(ovs_fixture_run(f, "ovsdb-tool create '%s/conf.db' '%s'",
                         f->dir, schema));
    ovs_fixture_start_ovsdb(f);
    ovs_fixture_start_vswitchd(f);
    free(schema);
    return f;
}

void
ovs_fixture_destroy(struct ovs_fixture *f)
{
    if (f) {
        at_exit = NULL;
        ovs_fixture_stop_vswitchd(f, 0);
        ovs_fixture_stop_ovsdb(f, 0);
        free(ovs_fixture_run(f, "rm -rf '%s'", f->dir));
        free(f->db);
        free(f->dir);
        free(f);
    }
}

const char *
ovs_fixture_dir(const struct ovs_fixture *f)
{
    return f->dir;
}

const char *
ovs_fixture_db(const struct ovs_fixture *f)
{
    return f->db;
}

bool
ovs_fixture_loop(const struct ovs_fixture_loop *loop, int timeout_msec)
{
    long long int deadline = time_msec() + timeout_msec;

    for (;;) {
        loop->run(loop->aux);
        if (loop->done(loop->aux)) {
            return true;
        }
        if (time_msec() >= deadline) {
            return false;
        }
        loop->wait(loop->aux);
        poll_timer_wait_until(deadline);
        poll_block();
    }
}
