/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "audit-log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "openvswitch/vlog.h"
#include "socket-util.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(audit_log);

#define SYSLOG_SOCKET "/dev/log"
/* Facility daemon, severity notice. */
#define SYSLOG_PRIORITY 29
/* Between looks whether the file is still the one with its name. */
#define LOOK_MSEC 1000

enum kind { TO_FILE, TO_STDOUT, TO_SYSLOG };

struct audit_log {
    enum kind kind;
    char *name;                 /* For messages; of the file. */
    int fd;                     /* -1 if closed. */
    bool torn;                  /* The file ends within a line. */
    long long int looked;       /* Last time. */
    uint64_t n_written, n_lost;
    int error;                  /* Of the last line, 0 if it got through. */
};

/* Opening. */

static int
open_file(struct audit_log *log)
{
    log->fd = open(log->name, (O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC
                               | O_NONBLOCK | O_NOCTTY), 0640);
    log->torn = false;
    return log->fd < 0 ? errno : 0;
}

static int
open_syslog(struct audit_log *log)
{
    log->fd = make_unix_socket(SOCK_DGRAM, true, NULL, SYSLOG_SOCKET);
    if (log->fd < 0) {
        int error = -log->fd;

        log->fd = -1;
        return error;
    }
    return 0;
}

static int
open_log(struct audit_log *log)
{
    if (log->fd >= 0) {
        return 0;
    } else if (log->kind == TO_STDOUT) {
        log->fd = STDOUT_FILENO;
        return 0;
    }
    return log->kind == TO_FILE ? open_file(log) : open_syslog(log);
}

static void
close_log(struct audit_log *log)
{
    if (log->fd >= 0 && log->kind != TO_STDOUT) {
        close(log->fd);
    }
    log->fd = -1;
}

/* Writing. */

static bool
was_moved(const struct audit_log *log)
{
    struct stat named, open;

    return (stat(log->name, &named) || fstat(log->fd, &open)
            || named.st_ino != open.st_ino || named.st_dev != open.st_dev);
}

static void
look_for_rotation(struct audit_log *log)
{
    if (log->kind == TO_FILE && log->fd >= 0
        && time_msec() >= log->looked + LOOK_MSEC) {
        log->looked = time_msec();
        if (was_moved(log)) {
            close_log(log);
        }
    }
}

/* The standard output is shared with others, who may not want it to be
 * nonblocking; a pipe that is ready takes a line at once. */
static bool
is_ready(const struct audit_log *log)
{
    struct pollfd pfd = { .fd = log->fd, .events = POLLOUT };

    return log->kind != TO_STDOUT || poll(&pfd, 1, 0) == 1;
}

/* After a torn line the next one begins on a new one. */
static int
write_line(struct audit_log *log, const char *line)
{
    struct iovec iov[] = {
        { CONST_CAST(char *, "\n"), log->torn ? 1 : 0 },
        { CONST_CAST(char *, line), strlen(line) },
        { CONST_CAST(char *, "\n"), 1 },
    };
    size_t size = iov[0].iov_len + iov[1].iov_len + iov[2].iov_len;
    ssize_t n;

    if (!is_ready(log)) {
        return EAGAIN;
    }
    do {
        n = writev(log->fd, iov, ARRAY_SIZE(iov));
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno;
    }
    log->torn = ((size_t) n < size
                 && ((size_t) n > iov[0].iov_len || (!n && log->torn)));
    return (size_t) n < size ? ENOSPC : 0;
}

/* As syslog(3) does it (RFC 3164), which could wait. */
static int
send_line(struct audit_log *log, const char *line)
{
    time_t now = time_wall();
    char date[16] = "";
    struct tm tm;

    localtime_r(&now, &tm);
    strftime(date, sizeof date, "%b %e %H:%M:%S", &tm);

    char *message = xasprintf("<%d>%s ovs-netpold: %s", SYSLOG_PRIORITY, date,
                              line);
    int error = send(log->fd, message, strlen(message), 0) < 0 ? errno : 0;

    free(message);
    if (error && error != EAGAIN) {
        close_log(log);         /* Whoever listened is gone. */
    }
    return error;
}

static void
note_result(struct audit_log *log, int error)
{
    if (error) {
        log->n_lost++;
    } else {
        log->n_written++;
    }
    if (error && !log->error) {
        VLOG_WARN("%s: %s: lines about denied packets are lost", log->name,
                  ovs_strerror(error));
    } else if (!error && log->error) {
        VLOG_INFO("%s: takes lines again, %"PRIu64" were lost so far",
                  log->name, log->n_lost);
    }
    log->error = error;
}

void
audit_log_write(struct audit_log *log, const char *line)
{
    look_for_rotation(log);

    int error = open_log(log);
    if (!error) {
        error = (log->kind == TO_SYSLOG
                 ? send_line(log, line) : write_line(log, line));
    }
    note_result(log, error);
}

struct audit_log *
audit_log_create(const char *where)
{
    struct audit_log *log = xzalloc(sizeof *log);

    log->kind = (!strcmp(where, "stdout") ? TO_STDOUT
                 : !strcmp(where, "syslog") ? TO_SYSLOG
                 : TO_FILE);
    log->name = xstrdup(where);
    log->fd = -1;
    log->error = open_log(log);
    if (log->error) {
        VLOG_WARN("%s: %s", log->name, ovs_strerror(log->error));
    }
    return log;
}

void
audit_log_destroy(struct audit_log *log)
{
    if (log) {
        close_log(log);
        free(log->name);
        free(log);
    }
}

void
audit_log_reopen(struct audit_log *log)
{
    if (log) {
        close_log(log);
        open_log(log);
    }
}

void
audit_log_get_stats(const struct audit_log *log, struct audit_log_stats *stats)
{
    *stats = (struct audit_log_stats) {
        .n_written = log->n_written,
        .n_lost = log->n_lost,
        .problem = log->error ? ovs_strerror(log->error) : NULL,
    };
}
