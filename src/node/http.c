/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "socket-util.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(http);

#define RETRY_MSEC 5000

struct http {
    const char *listen;
    http_cb *cb;
    void *aux;
    struct MHD_Daemon *mhd;     /* NULL: 'error' says why. */
    int error;                  /* errno. */
    char *problem;
    long long int retry_at;
};

/* The socket. */

static socklen_t
address_length(const struct sockaddr_storage *ss)
{
    return (ss->ss_family == AF_INET
            ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
}

/* Returns a socket that listens, or -1 with errno set. */
static int
open_socket(const char *listen_)
{
    struct sockaddr_storage ss;
    int yes = 1;

    if (!inet_parse_active(listen_, 0, &ss, false, NULL)) {
        errno = EINVAL;
        return -1;
    }

    int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    0);
    if (fd < 0) {
        return -1;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes)
        || bind(fd, (struct sockaddr *) &ss, address_length(&ss))
        || listen(fd, HTTP_MAX_CONNECTIONS)) {
        int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* Requests. */

static struct MHD_Response *
make_response(struct http_reply *reply)
{
    size_t size = reply->body.length;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        size, ds_steal_cstr(&reply->body), MHD_RESPMEM_MUST_FREE);

    ovs_assert(response);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                            reply->type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                            "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    }
    return response;
}

static void
fill_reply(struct http *http, const char *path, const char *method,
           struct http_reply *reply)
{
    if (strcmp(method, "GET") && strcmp(method, "HEAD")) {
        reply->status = MHD_HTTP_METHOD_NOT_ALLOWED;
        ds_put_cstr(&reply->body, "only GET and HEAD\n");
    } else if (!http->cb(path, reply, http->aux)) {
        reply->status = MHD_HTTP_NOT_FOUND;
        ds_put_cstr(&reply->body, "no such page\n");
    }
}

/* Called when the headers are there; a body is not waited for. */
static enum MHD_Result
handle_request(void *http_, struct MHD_Connection *connection,
               const char *path, const char *method,
               const char *version OVS_UNUSED,
               const char *data OVS_UNUSED, size_t *size OVS_UNUSED,
               void **aux OVS_UNUSED)
{
    struct http_reply reply = {
        .status = MHD_HTTP_OK,
        .type = "text/plain; charset=utf-8",
        .body = DS_EMPTY_INITIALIZER,
    };

    fill_reply(http_, path, method, &reply);

    struct MHD_Response *response = make_response(&reply);
    enum MHD_Result result = MHD_queue_response(connection, reply.status,
                                                response);
    MHD_destroy_response(response);
    return result;
}

/* What clients do wrong is theirs to know. */
static void OVS_PRINTF_FORMAT(2, 0)
log_message(void *aux OVS_UNUSED, const char *format, va_list args)
{
    char *text = xvasprintf(format, args);

    VLOG_DBG("%.*s", (int) strcspn(text, "\n"), text);
    free(text);
}

/* Up and down. */

static void
set_error(struct http *http, int error)
{
    if (error != http->error && error) {
        VLOG_WARN("%s: cannot listen (%s), trying again every %d s",
                  http->listen, ovs_strerror(error), RETRY_MSEC / 1000);
    }
    free(http->problem);
    http->problem = (error
                     ? xasprintf("cannot listen (%s)", ovs_strerror(error))
                     : NULL);
    http->error = error;
}

/* The memory of a connection holds the request and what is written ahead of
 * the body of the reply. */
static int
start(struct http *http)
{
    int fd = open_socket(http->listen);

    if (fd < 0) {
        return errno;
    }
    http->mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL,
        handle_request, http,
        MHD_OPTION_EXTERNAL_LOGGER, log_message, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned int) HTTP_MAX_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int) HTTP_IDLE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) HTTP_MAX_REQUEST,
        MHD_OPTION_END);
    if (!http->mhd) {
        close(fd);
        return errno ? errno : ENOMEM;
    }
    VLOG_INFO("%s: serving metrics and probes", http->listen);
    return 0;
}

static void
try_start(struct http *http)
{
    set_error(http, start(http));
    http->retry_at = time_msec() + RETRY_MSEC;
}

struct http *
http_create(const char *listen_, http_cb *cb, void *aux)
{
    struct http *http = xzalloc(sizeof *http);

    http->listen = listen_;
    http->cb = cb;
    http->aux = aux;
    try_start(http);
    return http;
}

void
http_destroy(struct http *http)
{
    if (http) {
        if (http->mhd) {
            MHD_stop_daemon(http->mhd);
        }
        free(http->problem);
        free(http);
    }
}

void
http_run(struct http *http)
{
    if (http->mhd) {
        MHD_run(http->mhd);
    } else if (time_msec() >= http->retry_at) {
        try_start(http);
    }
}

static int
info_fd(const struct http *http, enum MHD_DaemonInfoType type)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->mhd, type);

    return type == MHD_DAEMON_INFO_EPOLL_FD ? info->epoll_fd : info->listen_fd;
}

void
http_wait(struct http *http)
{
    MHD_UNSIGNED_LONG_LONG msec;

    if (!http->mhd) {
        poll_timer_wait_until(http->retry_at);
        return;
    }
    poll_fd_wait(info_fd(http, MHD_DAEMON_INFO_EPOLL_FD), POLLIN);
    if (MHD_get_timeout(http->mhd, &msec) == MHD_YES) {
        poll_timer_wait(msec);
    }
}

const char *
http_problem(const struct http *http)
{
    return http->problem;
}

unsigned int
http_port(const struct http *http)
{
    struct sockaddr_storage ss;
    socklen_t length = sizeof ss;

    return (http->mhd
            && !getsockname(info_fd(http, MHD_DAEMON_INFO_LISTEN_FD),
                            (struct sockaddr *) &ss, &length)
            ? ss_get_port(&ss) : 0);
}
