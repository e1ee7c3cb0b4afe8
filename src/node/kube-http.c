/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "kube-http.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "kubeconfig.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(kube_http);

#define CONNECT_SECONDS 10

/* A peer that is gone without a word is noticed after KEEPALIVE_IDLE +
 * KEEPALIVE_INTERVAL * KEEPALIVE_COUNT seconds, or when what we sent was not
 * acknowledged for USER_TIMEOUT_MSEC. */
#define KEEPALIVE_IDLE 15L
#define KEEPALIVE_INTERVAL 5L
#define KEEPALIVE_COUNT 3
#define USER_TIMEOUT_MSEC 30000

struct kube_http {
    const struct kubeconfig *config;
    CURLM *multi;
    struct hmap sockets;        /* Contains "struct watched_socket"s. */
    long long int last_heard;
};

/* A socket that libcurl waits for. */
struct watched_socket {
    struct hmap_node node;      /* In 'sockets', by 'fd'. */
    int fd;
    short int events;           /* POLLIN, POLLOUT. */
};

struct kube_request {
    struct kube_http *http;
    CURL *easy;                 /* NULL once done. */
    struct curl_slist *headers, *connect_to;
    struct ds data;
    size_t consumed;            /* Bytes of 'data' that are no more. */
    size_t max_data;
    bool quiet;
    char buffer[CURL_ERROR_SIZE];
    char *error;
    unsigned int status, retry_after;
};

/* Sockets. */

static struct watched_socket *
find_socket(const struct kube_http *http, int fd)
{
    struct watched_socket *s;

    HMAP_FOR_EACH_WITH_HASH (s, node, fd, &http->sockets) {
        if (s->fd == fd) {
            return s;
        }
    }
    return NULL;
}

static int
socket_cb(CURL *easy OVS_UNUSED, curl_socket_t fd, int what, void *http_,
          void *aux OVS_UNUSED)
{
    struct kube_http *http = http_;
    struct watched_socket *s = find_socket(http, fd);

    if (what == CURL_POLL_REMOVE) {
        if (s) {
            hmap_remove(&http->sockets, &s->node);
            free(s);
        }
        return 0;
    }
    if (!s) {
        s = xzalloc(sizeof *s);
        s->fd = fd;
        hmap_insert(&http->sockets, &s->node, fd);
    }
    s->events = (what & CURL_POLL_IN ? POLLIN : 0)
                | (what & CURL_POLL_OUT ? POLLOUT : 0);
    return 0;
}

static void
open_multi(struct kube_http *http)
{
    http->multi = curl_multi_init();
    ovs_assert(http->multi);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
}

static void
close_multi(struct kube_http *http)
{
    struct watched_socket *s, *next;

    curl_multi_cleanup(http->multi);
    HMAP_FOR_EACH_SAFE (s, next, node, &http->sockets) {
        hmap_remove(&http->sockets, &s->node);
        free(s);
    }
}

struct kube_http *
kube_http_create(const struct kubeconfig *config)
{
    struct kube_http *http = xzalloc(sizeof *http);

    curl_global_init(CURL_GLOBAL_DEFAULT);
    http->config = config;
    http->last_heard = time_msec();
    hmap_init(&http->sockets);
    open_multi(http);
    return http;
}

void
kube_http_destroy(struct kube_http *http)
{
    if (http) {
        close_multi(http);
        hmap_destroy(&http->sockets);
        curl_global_cleanup();
        free(http);
    }
}

void
kube_http_close(struct kube_http *http)
{
    close_multi(http);
    open_multi(http);
}

long long int
kube_http_last_heard(const struct kube_http *http)
{
    return http->last_heard;
}

/* Running. */

static void
run_sockets(struct kube_http *http)
{
    size_t n = hmap_count(&http->sockets), i = 0;
    struct pollfd *fds = xmalloc((n ? n : 1) * sizeof *fds);
    struct watched_socket *s;
    int n_running;

    HMAP_FOR_EACH (s, node, &http->sockets) {
        fds[i++] = (struct pollfd) { .fd = s->fd, .events = s->events };
    }
    if (poll(fds, n, 0) > 0) {
        for (i = 0; i < n; i++) {
            short int r = fds[i].revents;
            int mask = (r & POLLIN ? CURL_CSELECT_IN : 0)
                       | (r & POLLOUT ? CURL_CSELECT_OUT : 0)
                       | (r & (POLLERR | POLLHUP | POLLNVAL)
                          ? CURL_CSELECT_ERR : 0);
            if (mask) {
                curl_multi_socket_action(http->multi, fds[i].fd, mask,
                                         &n_running);
            }
        }
    }
    free(fds);
}

static void
finish(struct kube_request *r, CURLcode code)
{
    curl_off_t retry_after = 0;
    long int status = 0;

    curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(r->easy, CURLINFO_RETRY_AFTER, &retry_after);
    r->status = status;
    r->retry_after = MIN(retry_after, INT_MAX);
    if (code && !r->error) {
        r->error = xstrdup(r->buffer[0]
                           ? r->buffer : curl_easy_strerror(code));
    }
    curl_multi_remove_handle(r->http->multi, r->easy);
    curl_easy_cleanup(r->easy);
    r->easy = NULL;
}

void
kube_http_run(struct kube_http *http)
{
    CURLMsg *msg;
    int n;

    run_sockets(http);
    curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &n);
    while ((msg = curl_multi_info_read(http->multi, &n))) {
        struct kube_request *r;
        CURLcode code = msg->data.result;

        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &r);
        finish(r, code);
    }
}

void
kube_http_wait(const struct kube_http *http)
{
    const struct watched_socket *s;
    long int msec = -1;

    HMAP_FOR_EACH (s, node, &http->sockets) {
        if (s->events) {
            poll_fd_wait(s->fd, s->events);
        }
    }
    curl_multi_timeout(http->multi, &msec);
    if (msec >= 0) {
        poll_timer_wait(msec);
    }
}

/* Requests. */

static void
note_sign_of_life(struct kube_request *r)
{
    if (!r->quiet) {
        r->http->last_heard = time_msec();
    }
}

static size_t
write_cb(char *data, size_t size, size_t n, void *r_)
{
    struct kube_request *r = r_;
    long int status = 0;

    note_sign_of_life(r);
    curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    r->status = status;

    if (r->consumed) {
        size_t rest = r->data.length - r->consumed;

        memmove(r->data.string, r->data.string + r->consumed, rest);
        ds_truncate(&r->data, rest);
        r->consumed = 0;
    }
    if (size * n > r->max_data - r->data.length) {
        r->error = xasprintf("the reply has more than %"PRIuSIZE" bytes",
                             r->max_data);
        return 0;
    }
    ds_put_buffer(&r->data, data, size * n);
    return size * n;
}

static size_t
header_cb(char *data OVS_UNUSED, size_t size, size_t n, void *r_)
{
    struct kube_request *r = r_;
    long int status = 0;

    note_sign_of_life(r);
    curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    r->status = status;
    return size * n;
}

static int
sockopt_cb(void *aux OVS_UNUSED, curl_socket_t fd,
           curlsocktype purpose OVS_UNUSED)
{
    unsigned int timeout = USER_TIMEOUT_MSEC;
    int count = KEEPALIVE_COUNT;

    if (setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count)
        || setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout,
                      sizeof timeout)) {
        VLOG_WARN("cannot set the timeouts of a connection: %s",
                  ovs_strerror(errno));
    }
    return CURL_SOCKOPT_OK;
}

static void
set_blob(CURL *easy, CURLoption option, const char *text)
{
    struct curl_blob blob = {
        .data = CONST_CAST(char *, text),
        .len = strlen(text),
        .flags = CURL_BLOB_COPY,
    };

    curl_easy_setopt(easy, option, &blob);
}

static void
set_method(struct kube_request *r, const struct kube_get *get)
{
    if (get->method) {
        curl_easy_setopt(r->easy, CURLOPT_CUSTOMREQUEST, get->method);
    }
    if (get->body) {
        char *header = xasprintf("Content-Type: %s", get->type);

        curl_easy_setopt(r->easy, CURLOPT_COPYPOSTFIELDS, get->body);
        r->headers = curl_slist_append(r->headers, header);
        free(header);
    }
}

/* Takes the secrets.  If there is a CA, nothing else is trusted: libcurl would
 * go on to look into the system's folder. */
static void
set_credentials(struct kube_request *r, const struct kubeconfig_credentials *c)
{
    if (c->ca) {
        set_blob(r->easy, CURLOPT_CAINFO_BLOB, c->ca);
        curl_easy_setopt(r->easy, CURLOPT_CAPATH, NULL);
    }
    if (c->certificate) {
        set_blob(r->easy, CURLOPT_SSLCERT_BLOB, c->certificate);
        set_blob(r->easy, CURLOPT_SSLKEY_BLOB, c->key);
    }
    if (c->token) {
        char *header = xasprintf("Authorization: Bearer %s", c->token);

        r->headers = curl_slist_append(r->headers, header);
        free(header);
    }
    r->headers = curl_slist_append(r->headers, "Accept: application/json");
    curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
}

static void
set_security(CURL *easy, const struct kubeconfig *config)
{
    long int verify = !config->skip_verify;

    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
}

/* Without CURLOPT_PIPEWAIT, with which a request that waits for another's
 * connection may wait forever (libcurl 7.88).  The first request after trouble
 * goes alone, the check, so there is one connection all the same. */
static void
set_connection(CURL *easy, const struct kube_get *get)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     (long) CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, sockopt_cb);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long) CONNECT_SECONDS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long) get->timeout);
    if (get->stall) {
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long) get->stall);
    }
}

static void
set_callbacks(struct kube_request *r)
{
    curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
    curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, r->buffer);
    curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, write_cb);
    curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(r->easy, CURLOPT_HEADERFUNCTION, header_cb);
    curl_easy_setopt(r->easy, CURLOPT_HEADERDATA, r);
    curl_easy_setopt(r->easy, CURLOPT_USERAGENT, "ovs-netpold/" VERSION);
}

/* If the certificate has another name than the URL, the URL gets that name and
 * libcurl is told to connect to the old one. */
static void
set_url(struct kube_request *r, const char *path)
{
    const struct kubeconfig *config = r->http->config;
    const char *name = config->server_name;
    const char *authority = strstr(config->server, "://") + 3;
    size_t length = strcspn(authority, "/");
    char *url;

    if (name) {
        const char *end = authority + length;
        const char *colon = memrchr(authority, ':', length);
        bool has_port = colon && !memchr(colon, ']', end - colon);
        char *target = xasprintf("::%.*s%s", (int) length, authority,
                                 has_port ? "" : ":443");

        r->connect_to = curl_slist_append(NULL, target);
        curl_easy_setopt(r->easy, CURLOPT_CONNECT_TO, r->connect_to);
        free(target);
        url = xasprintf("https://%s%s%s", name, has_port ? colon : end, path);
    } else {
        url = xasprintf("%s%s", config->server, path);
    }
    curl_easy_setopt(r->easy, CURLOPT_URL, url);
    free(url);
    if (config->proxy) {
        curl_easy_setopt(r->easy, CURLOPT_PROXY, config->proxy);
    }
}

struct kube_request *
kube_http_get(struct kube_http *http, const struct kube_get *get)
{
    struct kube_request *r = xzalloc(sizeof *r);
    struct kubeconfig_credentials credentials;

    r->http = http;
    r->max_data = get->max_data;
    r->quiet = get->quiet;
    ds_init(&r->data);
    r->error = kubeconfig_read(http->config, &credentials);
    if (r->error) {
        return r;
    }

    r->easy = curl_easy_init();
    ovs_assert(r->easy);
    set_callbacks(r);
    set_connection(r->easy, get);
    set_security(r->easy, http->config);
    set_method(r, get);
    set_credentials(r, &credentials);
    set_url(r, get->path);
    kubeconfig_credentials_uninit(&credentials);
    curl_multi_add_handle(http->multi, r->easy);
    return r;
}

void
kube_request_destroy(struct kube_request *r)
{
    if (r) {
        if (r->easy) {
            curl_multi_remove_handle(r->http->multi, r->easy);
            curl_easy_cleanup(r->easy);
        }
        curl_slist_free_all(r->headers);
        curl_slist_free_all(r->connect_to);
        ds_destroy(&r->data);
        free(r->error);
        free(r);
    }
}

bool
kube_request_is_done(const struct kube_request *r)
{
    return !r->easy;
}

const char *
kube_request_error(const struct kube_request *r)
{
    return r->error;
}

unsigned int
kube_request_status(const struct kube_request *r)
{
    return r->status;
}

unsigned int
kube_request_retry_after(const struct kube_request *r)
{
    return r->retry_after;
}

const char *
kube_request_data(const struct kube_request *r, size_t *size)
{
    *size = r->data.length - r->consumed;
    return ds_cstr_ro(&r->data) + r->consumed;
}

void
kube_request_consume(struct kube_request *r, size_t size)
{
    ovs_assert(size <= r->data.length - r->consumed);
    r->consumed += size;
    if (r->consumed == r->data.length) {
        ds_clear(&r->data);
        r->consumed = 0;
    }
}
