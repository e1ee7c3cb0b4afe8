/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "webserver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "util.h"

struct webserver {
    webserver_cb *cb;
    void *aux;
    int fd;
    uint16_t port;
    bool refuse;
    struct ovs_list conns;      /* Contains "struct webserver_conn"s. */
};

struct webserver_conn {
    struct ovs_list node;
    int fd;
    struct ds in, out;
    size_t sent;                /* Of 'out'. */
    bool ended;                 /* Close when all is sent. */
};

struct webserver *
webserver_create(webserver_cb *cb, void *aux)
{
    struct sockaddr_in sin = { .sin_family = AF_INET };
    struct webserver *w = xzalloc(sizeof *w);
    socklen_t length = sizeof sin;

    w->cb = cb;
    w->aux = aux;
    ovs_list_init(&w->conns);
    w->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ovs_assert(w->fd >= 0);
    ovs_assert(!bind(w->fd, (struct sockaddr *) &sin, sizeof sin));
    ovs_assert(!listen(w->fd, 16));
    ovs_assert(!getsockname(w->fd, (struct sockaddr *) &sin, &length));
    w->port = ntohs(sin.sin_port);
    return w;
}

static void
destroy_conn(struct webserver_conn *c)
{
    ovs_list_remove(&c->node);
    close(c->fd);
    ds_destroy(&c->in);
    ds_destroy(&c->out);
    free(c);
}

void
webserver_cut(struct webserver *w, bool refuse)
{
    struct webserver_conn *c;

    LIST_FOR_EACH_SAFE (c, node, &w->conns) {
        destroy_conn(c);
    }
    w->refuse = refuse;
}

void
webserver_destroy(struct webserver *w)
{
    if (w) {
        webserver_cut(w, true);
        close(w->fd);
        free(w);
    }
}

uint16_t
webserver_port(const struct webserver *w)
{
    return w->port;
}

bool
webserver_has(const struct webserver *w, const struct webserver_conn *conn)
{
    const struct webserver_conn *c;

    LIST_FOR_EACH (c, node, &w->conns) {
        if (c == conn) {
            return true;
        }
    }
    return false;
}

static void
accept_conns(struct webserver *w)
{
    int fd;

    while ((fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (w->refuse) {
            close(fd);
            continue;
        }

        struct webserver_conn *c = xzalloc(sizeof *c);
        c->fd = fd;
        ds_init(&c->in);
        ds_init(&c->out);
        ovs_list_push_back(&w->conns, &c->node);
    }
}

/* The size of the body, given the beginning and the end of the headers. */
static size_t
body_size(const char *headers, const char *end)
{
    const char *line = strcasestr(headers, "\r\nContent-Length:");

    return line && line < end ? atoi(line + strlen("\r\nContent-Length:")) : 0;
}

/* Takes one request off 'c->in', if it is all there. */
static bool
take_request(struct webserver *w, struct webserver_conn *c)
{
    char *end = c->in.length ? strstr(ds_cstr(&c->in), "\r\n\r\n") : NULL;

    if (!end) {
        return false;
    }

    size_t size = end + 4 - c->in.string;
    size_t body = body_size(c->in.string, end);
    if (c->in.length - size < body) {
        return false;
    }
    size = body ? size + body : size - 4;

    char *head = xmemdup0(c->in.string, size);
    size_t begin = strcspn(head, " ") + 1;
    char *path = xmemdup0(head + begin, strcspn(head + begin, " "));
    size_t rest = c->in.length - (body ? size : size + 4);

    memmove(c->in.string, c->in.string + c->in.length - rest, rest);
    ds_truncate(&c->in, rest);
    w->cb(c, path, head, w->aux);
    free(path);
    free(head);
    return true;
}

/* Returns false if the connection is gone. */
static bool
run_conn(struct webserver *w, struct webserver_conn *c)
{
    char buffer[4096];
    ssize_t n;

    while ((n = recv(c->fd, buffer, sizeof buffer, 0)) > 0) {
        ds_put_buffer(&c->in, buffer, n);
    }
    if (!n || (errno != EAGAIN && errno != EINTR)) {
        return false;
    }
    while (take_request(w, c)) {
        continue;
    }
    while (c->sent < c->out.length) {
        n = send(c->fd, c->out.string + c->sent, c->out.length - c->sent,
                 MSG_NOSIGNAL);
        if (n < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        c->sent += n;
    }
    ds_clear(&c->out);
    c->sent = 0;
    return !c->ended;
}

void
webserver_run(struct webserver *w)
{
    struct webserver_conn *c;

    accept_conns(w);
    LIST_FOR_EACH_SAFE (c, node, &w->conns) {
        if (!run_conn(w, c)) {
            destroy_conn(c);
        }
    }
}

void
webserver_wait(struct webserver *w)
{
    struct webserver_conn *c;

    poll_fd_wait(w->fd, POLLIN);
    LIST_FOR_EACH (c, node, &w->conns) {
        poll_fd_wait(c->fd, POLLIN | (c->out.length ? POLLOUT : 0));
        if (c->ended && !c->out.length) {
            poll_immediate_wake();
        }
    }
}

void
webserver_reply(struct webserver_conn *c, unsigned int status,
                const char *headers, const char *body)
{
    ds_put_format(&c->out, "HTTP/1.1 %u Reason\r\n%s"
                  "Content-Length: %"PRIuSIZE"\r\n\r\n%s",
                  status, headers, strlen(body), body);
}

void
webserver_stream(struct webserver_conn *c)
{
    ds_put_cstr(&c->out, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
}

void
webserver_send(struct webserver_conn *c, const char *data, size_t size)
{
    ds_put_buffer(&c->out, data, size);
}

void
webserver_end(struct webserver_conn *c)
{
    c->ended = true;
}
