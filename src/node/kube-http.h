/* SPDX-License-Identifier: Apache-2.0
 *
 * kube-http: requests to one server, all on one connection if it speaks
 * HTTP/2.
 *
 * Part of the kube module, and the only file that knows libcurl.  Nothing
 * blocks: kube_http_run() moves what can be moved, and the caller then looks
 * at its requests.  What a request received is its data until the caller
 * consumes it. */

#ifndef KUBE_HTTP_H
#define KUBE_HTTP_H 1

#include <stdbool.h>
#include <stddef.h>

struct kube_http;
struct kube_request;
struct kubeconfig;

/* 'config' is borrowed. */
struct kube_http *kube_http_create(const struct kubeconfig *config);
/* All requests must be gone before. */
void kube_http_destroy(struct kube_http *);
void kube_http_run(struct kube_http *);
void kube_http_wait(const struct kube_http *);

/* Closes all connections.  All requests must be gone before. */
void kube_http_close(struct kube_http *);

/* When a byte last came from the server, for a request that is not quiet, by
 * time_msec(). */
long long int kube_http_last_heard(const struct kube_http *);

/* What to ask and how long to wait for it. */
struct kube_get {
    const char *path;           /* With the query, begins with a slash. */
    const char *method;         /* NULL: GET. */
    const char *body, *type;    /* And its Content-Type; NULL for none. */
    size_t max_data;            /* More data than this that nobody consumes is
                                 * an error. */
    unsigned int timeout;       /* Seconds for all of it, 0 for no limit. */
    unsigned int stall;         /* Seconds without a byte, 0 for no limit. */
    bool quiet;                 /* That it is answered says nothing about
                                 * requests that last. */
};

/* Starts a request.  It may be done at once, with an error. */
struct kube_request *kube_http_get(struct kube_http *,
                                   const struct kube_get *);
void kube_request_destroy(struct kube_request *);

/* Nothing more will come. */
bool kube_request_is_done(const struct kube_request *);
/* NULL, or why the reply is not complete.  Owned by the request. */
const char *kube_request_error(const struct kube_request *);
/* HTTP status, 0 as long as it is not known. */
unsigned int kube_request_status(const struct kube_request *);
/* Seconds that the server wants us to wait, or 0. */
unsigned int kube_request_retry_after(const struct kube_request *);

/* What came and was not consumed, followed by a NUL. */
const char *kube_request_data(const struct kube_request *, size_t *size);
void kube_request_consume(struct kube_request *, size_t size);

#endif /* kube-http.h */
