/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "state-file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fatal-signal.h"
#include "snapshot.h"
#include "util.h"

#include "model.h"

/* Reading. */

/* What is in there decides who may talk to whom, so nobody else may have
 * written it. */
static char *
check_file(const struct stat *s)
{
    if (!S_ISREG(s->st_mode)) {
        return xstrdup("is not a file");
    } else if (s->st_uid && s->st_uid != geteuid()) {
        return xasprintf("belongs to user %ju, not to us",
                         (uintmax_t) s->st_uid);
    } else if (s->st_mode & (S_IWGRP | S_IWOTH)) {
        return xasprintf("others may write to it (mode %04o)",
                         (unsigned int) (s->st_mode & 07777));
    } else if (s->st_size > SNAPSHOT_MAX_SIZE) {
        return xasprintf("has more than %"PRIuSIZE" bytes", SNAPSHOT_MAX_SIZE);
    } else if (!s->st_size) {
        return xstrdup("is empty");
    }
    return NULL;
}

static char *
read_fd(int fd, struct label_pool *pool, struct model *model,
        struct snapshot_node *node)
{
    struct stat s;

    if (fstat(fd, &s)) {
        return xstrdup(ovs_strerror(errno));
    }
    char *error = check_file(&s);
    if (error) {
        return error;
    }
    void *text = mmap(NULL, s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (text == MAP_FAILED) {
        return xstrdup(ovs_strerror(errno));
    }
    error = (snapshot_is_intact(text, s.st_size)
             ? snapshot_read(text, s.st_size, pool, model, node)
             : xstrdup("is torn: its checksum is wrong"));
    munmap(text, s.st_size);
    return error;
}

bool
state_file_read(const char *path, struct label_pool *pool,
                struct model *model, struct snapshot_node *node,
                char **problem)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    *problem = NULL;
    snapshot_node_init(node);
    if (fd < 0) {
        if (errno != ENOENT) {
            *problem = xasprintf("%s: ignored: %s", path,
                                 ovs_strerror(errno));
        }
        return false;
    }
    char *error = read_fd(fd, pool, model, node);
    close(fd);
    if (error) {
        *problem = xasprintf("%s: ignored: %s", path, error);
        free(error);
    }
    return !error;
}

/* Writing. */

struct writer {
    int fd;
    size_t size;                /* Bytes so far. */
    int error;                  /* The first. */
};

static void
write_piece(const char *text, size_t size, void *writer_)
{
    struct writer *w = writer_;

    w->size += size;
    if (!w->error && w->size > SNAPSHOT_MAX_SIZE) {
        w->error = EFBIG;
    }
    while (!w->error && size) {
        ssize_t n = write(w->fd, text, size);

        if (n > 0) {
            text += n;
            size -= n;
        } else if (n < 0 && errno != EINTR) {
            w->error = errno;
        }
    }
}

/* Writes and syncs the temporary file.  Returns 0 or an errno value. */
static int
write_temporary(const char *name, const struct model *model,
                const struct snapshot_node *node)
{
    struct writer w = { .error = 0 };

    unlink(name);
    w.fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                0600);
    if (w.fd < 0) {
        return errno;
    }
    snapshot_write(model, node, write_piece, &w);
    if (!w.error && fsync(w.fd)) {
        w.error = errno;
    }
    if (close(w.fd) && !w.error) {
        w.error = errno;
    }
    return w.error;
}

/* Makes the directory if it is missing, and opens it. */
static int
open_directory(const char *dir)
{
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    int fd = open(dir, flags);

    if (fd < 0 && errno == ENOENT && !mkdir(dir, 0700)) {
        fd = open(dir, flags);
    }
    return fd;
}

/* Returns NULL, or a message (caller frees). */
static char *
write_file(const char *dir, const char *path, const struct model *model,
           const struct snapshot_node *node)
{
    char *temporary = xasprintf("%s.tmp", path);
    char *message = NULL;
    int dir_fd = open_directory(dir);

    if (dir_fd < 0) {
        message = xasprintf("%s: %s", dir, ovs_strerror(errno));
    } else {
        int error = write_temporary(temporary, model, node);

        if (!error && rename(temporary, path)) {
            error = errno;
        }
        if (error) {
            unlink(temporary);
            message = xstrdup(ovs_strerror(error));
        } else if (fsync(dir_fd)) {
            message = xasprintf("%s: %s", dir, ovs_strerror(errno));
        }
    }
    free(temporary);
    return message;
}

/* It has the model, and nothing else of the daemon: no socket, no pidfile to
 * remove, and it ends with the daemon. */
void
state_file_child(const char *dir, const char *path, const struct model *model,
                 const struct snapshot_node *node, int fd)
{
    static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGALRM };

    fatal_signal_fork();
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
        signal(signals[i], SIG_DFL);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (fd != STDERR_FILENO + 1) {
        fd = dup2(fd, STDERR_FILENO + 1);
    }
    close_range(fd + 1, ~0U, 0);

    char *message = write_file(dir, path, model, node);
    if (message) {
        ignore(write(fd, message, strlen(message)) < 0);
    }
    free(message);
    _exit(EXIT_SUCCESS);
}
