/* SPDX-License-Identifier: Apache-2.0
 *
 * http: a small web server for machines that watch us: metrics and probes.
 *
 * GET and HEAD, in the daemon's own loop, without a thread.  Whoever asks is
 * not trusted: there are bounds on the number of connections, the size of a
 * request and the time that it may take, and a request never changes anything.
 *
 * An address that cannot be had is no reason to stop enforcing policies: the
 * daemon goes on, says so, and tries again every few seconds. */

#ifndef HTTP_H
#define HTTP_H 1

#include <stdbool.h>

#include "openvswitch/dynamic-string.h"

struct http;

/* Bounds.  A connection that is idle for longer than the time is closed; one
 * more than the number waits to be accepted. */
#define HTTP_MAX_CONNECTIONS 16
#define HTTP_MAX_REQUEST 8192           /* Bytes of request line and headers,
                                         * and of our bookkeeping. */
#define HTTP_IDLE_SECONDS 10

struct http_reply {
    unsigned int status;        /* 200. */
    const char *type;           /* Content-Type; static. */
    struct ds body;             /* Empty. */
};

/* Answers a GET for 'path', which has no query.  The reply's members are
 * initialized as above; for a path that does not exist return false. */
typedef bool http_cb(const char *path, struct http_reply *, void *aux);

/* 'listen' is ADDRESS:PORT, an IPv6 address in brackets; borrowed. */
struct http *http_create(const char *listen, http_cb *, void *aux);
void http_destroy(struct http *);
void http_run(struct http *);
void http_wait(struct http *);

/* NULL, or why nobody can connect.  Owned by 'http', until the next run. */
const char *http_problem(const struct http *);
/* The port, which the system chose if 'listen' has 0; 0 if there is none. */
unsigned int http_port(const struct http *);

#endif /* http.h */
