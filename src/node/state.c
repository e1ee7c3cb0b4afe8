/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "snapshot.h"
#include "socket-util.h"
#include "timeval.h"
#include "util.h"

#include "model.h"
#include "state-file.h"

VLOG_DEFINE_THIS_MODULE(state);

/* Bytes of the child's message. */
#define MAX_MESSAGE 1024

struct state {
    char *dir, *path;
    struct state_timing timing;
    char *problem;              /* Or NULL. */
    bool loaded;

    uint64_t wanted;            /* Generation last noted, 0 for none. */
    long long int changed_at;   /* When it was noted. */
    long long int ahead_since;  /* Since when 'wanted' is not 'generation'. */
    long long int not_before;   /* After a failure. */

    /* In the file. */
    uint64_t generation;
    int64_t written;
    bool is_ours;               /* 'generation' is one of this run's. */
    uint64_t n_written;

    /* The child, if 'pid'. */
    pid_t pid;
    int fd;                     /* It says here what went wrong. */
    uint64_t pid_generation;
    int64_t pid_written;
};

void
state_timing_default(struct state_timing *timing)
{
    *timing = (struct state_timing) {
        .still = 1000,
        .late = 30 * 1000,
        .retry = 60 * 1000,
    };
}

struct state *
state_create(const char *dir, const char *bridge,
             const struct state_timing *timing)
{
    struct state *s = xzalloc(sizeof *s);

    s->dir = xstrdup(dir);
    s->path = xasprintf("%s/%s.json", dir, bridge);
    if (timing) {
        s->timing = *timing;
    } else {
        state_timing_default(&s->timing);
    }
    return s;
}

static void
set_problem(struct state *s, char *problem)
{
    if (problem && (!s->problem || strcmp(s->problem, problem))) {
        VLOG_WARN("%s", problem);
    } else if (!problem && s->problem) {
        VLOG_INFO("%s: written, all is well again", s->path);
    }
    free(s->problem);
    s->problem = problem;
}

/* Reading. */

struct model *
state_load(struct state *s, struct label_pool *pool)
{
    struct model *model = model_create(pool);
    struct snapshot_node node;
    char *problem = NULL;

    if (state_file_read(s->path, pool, model, &node, &problem)) {
        s->loaded = true;
        s->generation = node.generation;
        s->written = node.written;
        VLOG_INFO("%s: read generation %"PRIu64", which is %"PRId64" s old: "
                  "%"PRIuSIZE" pods, %"PRIuSIZE" policies", s->path,
                  node.generation, MAX(time_wall() - node.written, 0),
                  model_count(model, K8S_POD),
                  model_count(model, K8S_POLICY));
    } else {
        model_destroy(model);
        model = NULL;
        set_problem(s, problem);
    }
    snapshot_node_uninit(&node);
    return model;
}

/* Writing. */

void
state_note(struct state *s, uint64_t generation)
{
    if (generation != s->wanted) {
        if (!s->wanted || (s->is_ours && s->wanted == s->generation)) {
            s->ahead_since = time_msec();
        }
        s->wanted = generation;
        s->changed_at = time_msec();
    }
}

static bool
is_current(const struct state *s)
{
    return s->is_ours && s->wanted == s->generation;
}

/* When to write. */
static long long int
due_at(const struct state *s)
{
    long long int at = MIN(s->changed_at + s->timing.still,
                           s->ahead_since + s->timing.late);

    return MAX(at, s->not_before);
}

static bool
has_work(const struct state *s)
{
    return s->wanted && !s->pid && !is_current(s);
}

bool
state_is_due(const struct state *s)
{
    return has_work(s) && time_msec() >= due_at(s);
}

static void
fail(struct state *s, char *problem)
{
    set_problem(s, problem);
    s->not_before = time_msec() + s->timing.retry;
}

void
state_write(struct state *s, const struct model *model,
            const struct snapshot_node *node)
{
    int fds[2];

    ovs_assert(!s->pid);
    if (pipe(fds)) {
        fail(s, xasprintf("%s: cannot write: pipe: %s", s->path,
                          ovs_strerror(errno)));
        return;
    }
    s->pid = fork();
    if (!s->pid) {
        state_file_child(s->dir, s->path, model, node, fds[1]);
    }
    close(fds[1]);
    if (s->pid < 0) {
        int error = errno;

        s->pid = 0;
        close(fds[0]);
        fail(s, xasprintf("%s: cannot write: fork: %s", s->path,
                          ovs_strerror(error)));
        return;
    }
    set_nonblocking(fds[0]);
    s->fd = fds[0];
    s->pid_generation = s->wanted;
    s->pid_written = node->written;
}

/* The child ended, having said 'message' if it failed. */
static void
reap(struct state *s, const char *message)
{
    int status = 0;

    close(s->fd);
    while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR) {
        continue;
    }
    s->pid = 0;
    if (message[0]) {
        fail(s, xasprintf("%s: cannot write: %s", s->path, message));
    } else if (status) {
        fail(s, xasprintf("%s: cannot write: the child died (status %d)",
                          s->path, status));
    } else {
        set_problem(s, NULL);
        s->generation = s->pid_generation;
        s->written = s->pid_written;
        s->is_ours = true;
        s->n_written++;
        s->ahead_since = time_msec();
    }
}

void
state_run(struct state *s)
{
    char message[MAX_MESSAGE + 1];

    if (s->pid) {
        /* It says what it says in one piece. */
        ssize_t n = read(s->fd, message, MAX_MESSAGE);

        if (n >= 0) {
            message[n] = '\0';
            reap(s, message);
        } else if (errno != EAGAIN && errno != EINTR) {
            reap(s, ovs_strerror(errno));
        }
    }
}

void
state_wait(const struct state *s)
{
    if (s->pid) {
        poll_fd_wait(s->fd, POLLIN);
    } else if (has_work(s)) {
        poll_timer_wait_until(due_at(s));
    }
}

/* A child that still writes may finish. */
void
state_destroy(struct state *s)
{
    if (s) {
        if (s->pid) {
            close(s->fd);
        }
        free(s->problem);
        free(s->path);
        free(s->dir);
        free(s);
    }
}

void
state_get_status(const struct state *s, struct state_status *status)
{
    *status = (struct state_status) {
        .path = s->path,
        .problem = s->problem,
        .loaded = s->loaded,
        .is_writing = s->pid != 0,
        .is_current = is_current(s),
        .generation = s->generation,
        .written = s->written,
        .n_written = s->n_written,
    };
}
