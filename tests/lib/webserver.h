/* SPDX-License-Identifier: Apache-2.0
 *
 * webserver: an HTTP/1.1 server in the test's own loop, that answers what the
 * test says and breaks what the test wants broken. */

#ifndef WEBSERVER_H
#define WEBSERVER_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct webserver;
struct webserver_conn;

/* A request for 'path'.  'head' is all of it: request line and headers, and if
 * there is a body, an empty line and that.
 * Called from webserver_run(); answers with webserver_reply(), or begins an
 * answer without an end with webserver_stream(), or leaves it. */
typedef void webserver_cb(struct webserver_conn *, const char *path,
                          const char *head, void *aux);

/* Listens on a free port of 127.0.0.1. */
struct webserver *webserver_create(webserver_cb *, void *aux);
void webserver_destroy(struct webserver *);
void webserver_run(struct webserver *);
void webserver_wait(struct webserver *);
uint16_t webserver_port(const struct webserver *);

/* Closes all connections.  While 'refuse', new ones are closed at once. */
void webserver_cut(struct webserver *, bool refuse);
/* True if 'conn' is still there. */
bool webserver_has(const struct webserver *, const struct webserver_conn *);

/* 'headers' is "" or "NAME: VALUE\r\n...". */
void webserver_reply(struct webserver_conn *, unsigned int status,
                     const char *headers, const char *body);
void webserver_stream(struct webserver_conn *);
void webserver_send(struct webserver_conn *, const char *data, size_t size);
/* Ends a stream when all was sent. */
void webserver_end(struct webserver_conn *);

#endif /* webserver.h */
