/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "dir-watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(dir_watch);

/* What can happen to a file in the directory. */
#define FILE_EVENTS (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO \
                     | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB)
/* What can happen to the directory. */
#define SELF_EVENTS (IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB)

struct dir_watch {
    char *path;
    dir_watch_filter *filter;
    dir_watch_cb *cb;
    void *aux;

    int fd;                     /* -1 if the directory is not watched. */
    long long int due;          /* When to look; LLONG_MAX for never. */
    long long int limit;        /* 'due' must not move behind this. */
};

struct dir_watch *
dir_watch_create(const char *path, dir_watch_filter *filter, dir_watch_cb *cb,
                 void *aux)
{
    struct dir_watch *w = xzalloc(sizeof *w);

    w->path = xstrdup(path);
    w->filter = filter;
    w->cb = cb;
    w->aux = aux;
    w->fd = -1;
    w->due = LLONG_MIN;
    w->limit = LLONG_MAX;
    return w;
}

static void
stop(struct dir_watch *w)
{
    if (w->fd >= 0) {
        close(w->fd);
        w->fd = -1;
    }
}

void
dir_watch_destroy(struct dir_watch *w)
{
    if (w) {
        stop(w);
        free(w->path);
        free(w);
    }
}

/* An event that matters came: the look moves to after a pause. */
static void
postpone(struct dir_watch *w)
{
    long long int now = time_msec();

    if (w->limit == LLONG_MAX) {
        w->limit = now + DIR_WATCH_LIMIT_MS;
    }
    w->due = MIN(now + DIR_WATCH_QUIET_MS, w->limit);
}

/* What we watch is no longer what the path names, or events were lost. */
static void
lose(struct dir_watch *w)
{
    stop(w);
    w->cb(NULL, DIR_WATCH_LOST, w->aux);
    postpone(w);
}

/* Returns false if the watch is lost. */
static bool
handle_event(struct dir_watch *w, const struct inotify_event *event)
{
    if (!event->len) {
        lose(w);
        return false;
    }

    if (w->filter(event->name)) {
        w->cb(event->name,
              event->mask & IN_MODIFY ? DIR_WATCH_WRITING : DIR_WATCH_CHANGED,
              w->aux);
        postpone(w);
    }
    return true;
}

void
dir_watch_run(struct dir_watch *w)
{
    union {
        char buf[16384];
        struct inotify_event event;     /* Aligns. */
    } u;

    while (w->fd >= 0) {
        ssize_t n = read(w->fd, u.buf, sizeof u.buf);
        if (n <= 0) {
            if (n < 0 && errno == EINTR) {
                continue;
            }
            break;
        }

        for (char *p = u.buf; p < u.buf + n; ) {
            const struct inotify_event *event = (void *) p;
            if (!handle_event(w, event)) {
                return;
            }
            p += sizeof *event + event->len;
        }
    }
}

void
dir_watch_wait(const struct dir_watch *w)
{
    if (w->fd >= 0) {
        poll_fd_wait(w->fd, POLLIN);
    }
    if (w->due != LLONG_MAX) {
        poll_timer_wait_until(w->due);
    }
}

bool
dir_watch_is_due(const struct dir_watch *w)
{
    return time_msec() >= w->due;
}

static int
start(struct dir_watch *w)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) {
        return errno;
    }

    /* The second watch matters if the path is a symbolic link that may come to
     * point elsewhere; else it is the first one again. */
    if (inotify_add_watch(fd, w->path,
                          FILE_EVENTS | SELF_EVENTS | IN_ONLYDIR) < 0
        || inotify_add_watch(fd, w->path,
                             SELF_EVENTS | IN_DONT_FOLLOW | IN_MASK_ADD) < 0) {
        int error = errno;
        close(fd);
        return error;
    }
    w->fd = fd;
    return 0;
}

void
dir_watch_retry(struct dir_watch *w)
{
    w->due = time_msec() + DIR_WATCH_RETRY_MS;
}

int
dir_watch_begin(struct dir_watch *w)
{
    int error = w->fd >= 0 ? 0 : start(w);

    w->limit = LLONG_MAX;
    w->due = LLONG_MAX;
    if (error) {
        dir_watch_retry(w);
    }
    return error;
}
