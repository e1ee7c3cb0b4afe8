/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

#define PATIENCE_MSEC 20000

static bool
answer(const char *path, struct http_reply *reply, void *n_asked_)
{
    unsigned int *n_asked = n_asked_;

    ++*n_asked;
    if (!strcmp(path, "/page")) {
        ds_put_cstr(&reply->body, "all is well\n");
    } else if (!strcmp(path, "/bad")) {
        reply->status = 503;
        reply->type = "text/odd";
        ds_put_cstr(&reply->body, "no\n");
    } else if (!strcmp(path, "/large")) {
        ds_put_char_multiple(&reply->body, 'x', 5000000);
    } else {
        return false;
    }
    return true;
}

struct fixture {
    struct http *http;
    unsigned int n_asked;
};

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);

    f->http = http_create("127.0.0.1:0", answer, &f->n_asked);
    assert_null(http_problem(f->http));
    assert_int_not_equal(http_port(f->http), 0);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    http_destroy(f->http);
    free(f);
    return 0;
}

static int
connect_to(const struct http *http)
{
    struct sockaddr_in sin = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons(http_port(http)),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *) &sin, sizeof sin), 0);
    return fd;
}

static void
say(int fd, const char *text, size_t size)
{
    assert_int_equal(send(fd, text, size, MSG_NOSIGNAL), size);
}

/* Runs the server until the client's 'fd' is readable. */
static bool
wait_for(struct http *http, int fd, int msec)
{
    long long int deadline = time_msec() + msec;
    struct pollfd pfd = { .fd = fd, .events = POLLIN };

    for (;;) {
        http_run(http);
        if (poll(&pfd, 1, 0) > 0) {
            return true;
        } else if (time_msec() >= deadline) {
            return false;
        }
        http_wait(http);
        poll_fd_wait(fd, POLLIN);
        poll_timer_wait_until(deadline);
        poll_block();
    }
}

/* All that the server sends until it closes (caller frees). */
static char *
hear(struct http *http, int fd)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    char buffer[65536];
    ssize_t n;

    do {
        assert_true(wait_for(http, fd, PATIENCE_MSEC));
        n = recv(fd, buffer, sizeof buffer, 0);
        if (n > 0) {
            ds_put_buffer(&ds, buffer, n);
        }
    } while (n > 0);
    return ds_steal_cstr(&ds);
}

/* The reply to a whole request (caller frees). */
static char *
ask(struct http *http, const char *request)
{
    int fd = connect_to(http);

    say(fd, request, strlen(request));
    char *reply = hear(http, fd);
    close(fd);
    return reply;
}

static char *
ask_for(struct http *http, const char *method, const char *path)
{
    char *request = xasprintf("%s %s HTTP/1.1\r\nHost: we\r\n"
                              "Connection: close\r\n\r\n", method, path);
    char *reply = ask(http, request);

    free(request);
    return reply;
}

/* Frees 'reply'. */
static void
assert_reply(char *reply, unsigned int status, const char *body)
{
    char *want = xasprintf("HTTP/1.1 %u ", status);
    const char *end = strstr(reply, "\r\n\r\n");

    if (strncmp(reply, want, strlen(want)) || !end) {
        fail_msg("wanted %u, got: %.200s", status, reply);
    }
    if (body) {
        assert_string_equal(end + 4, body);
    }
    free(want);
    free(reply);
}

static void
test_get(void **state)
{
    struct fixture *f = *state;

    char *reply = ask_for(f->http, "GET", "/page");
    assert_non_null(strstr(reply, "Content-Type: text/plain; charset=utf-8"));
    assert_reply(reply, 200, "all is well\n");
    assert_reply(ask_for(f->http, "GET", "/page?a=b"), 200, "all is well\n");
    reply = ask_for(f->http, "GET", "/bad");
    assert_non_null(strstr(reply, "Content-Type: text/odd"));
    assert_reply(reply, 503, "no\n");
    assert_reply(ask_for(f->http, "GET", "/other"), 404, NULL);
    assert_reply(ask_for(f->http, "GET", "/page/.."), 404, NULL);
    assert_int_equal(f->n_asked, 5);
}

static void
test_head(void **state)
{
    struct fixture *f = *state;

    char *reply = ask_for(f->http, "HEAD", "/page");
    assert_non_null(strstr(reply, "Content-Length: 12"));
    assert_reply(reply, 200, "");
}

/* Nothing else gets as far as to us. */
static void
test_methods(void **state)
{
    static const char *const methods[] = {
        "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "X",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
        char *reply = ask_for(f->http, methods[i], "/page");
        assert_non_null(strstr(reply, "Allow: GET, HEAD"));
        assert_reply(reply, 405, NULL);
    }
    assert_reply(ask(f->http, "POST /page HTTP/1.1\r\nHost: we\r\n"
                     "Content-Length: 1000000000\r\n\r\nab"), 405, NULL);
    assert_int_equal(f->n_asked, 0);
}

static void
test_no_http(void **state)
{
    struct fixture *f = *state;

    free(ask(f->http, "hello\r\n\r\n"));
    free(ask(f->http, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"));
    assert_int_equal(f->n_asked, 0);
    assert_reply(ask_for(f->http, "GET", "/page"), 200, NULL);
}

/* A request that is too large is refused, and not kept. */
static void
test_large_request(void **state)
{
    struct fixture *f = *state;
    char *filler = xmalloc(HTTP_MAX_REQUEST + 1);
    int fd;

    memset(filler, 'x', HTTP_MAX_REQUEST);
    filler[HTTP_MAX_REQUEST] = '\0';

    char *request = xasprintf("GET /page HTTP/1.1\r\nHost: we\r\n"
                              "Filler: %s\r\n\r\n", filler);
    assert_reply(ask(f->http, request), 431, NULL);
    free(request);

    request = xasprintf("GET /%s HTTP/1.1\r\nHost: we\r\n\r\n", filler);
    assert_reply(ask(f->http, request), 414, NULL);
    free(request);

    fd = connect_to(f->http);
    say(fd, filler, HTTP_MAX_REQUEST);
    free(hear(f->http, fd));
    close(fd);
    free(filler);
    assert_int_equal(f->n_asked, 0);
}

/* A client that does not read does not stop others. */
static void
test_large_reply(void **state)
{
    static const char large[] = "GET /large HTTP/1.1\r\nHost: we\r\n"
                                "Connection: close\r\n\r\n";
    struct fixture *f = *state;
    int slow = connect_to(f->http);

    say(slow, large, strlen(large));
    assert_true(wait_for(f->http, slow, PATIENCE_MSEC));
    assert_reply(ask_for(f->http, "GET", "/page"), 200, "all is well\n");

    char *reply = hear(f->http, slow);
    const char *body = strstr(reply, "\r\n\r\n") + 4;
    assert_int_equal(strlen(body), 5000000);
    free(reply);
    close(slow);
}

/* More connections than that wait until another one ends. */
static void
test_many_connections(void **state)
{
    static const char request[] = "GET /page HTTP/1.1\r\nHost: we\r\n\r\n";
    struct fixture *f = *state;
    int fds[HTTP_MAX_CONNECTIONS], last;
    char buffer[1024];

    /* These do not come to an end. */
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
        fds[i] = connect_to(f->http);
        say(fds[i], request, 20);
        assert_false(wait_for(f->http, fds[i], 5));
    }
    last = connect_to(f->http);
    say(last, request, strlen(request));
    assert_false(wait_for(f->http, last, 200));
    assert_int_equal(f->n_asked, 0);

    close(fds[0]);
    assert_true(wait_for(f->http, last, PATIENCE_MSEC));
    assert_true(recv(last, buffer, sizeof buffer, 0) > 0);
    assert_memory_equal(buffer, "HTTP/1.1 200", 12);
    for (size_t i = 1; i < ARRAY_SIZE(fds); i++) {
        close(fds[i]);
    }
    close(last);
}

/* The port is somebody else's: it says so, and gets it later. */
static void
test_port_taken(void **state)
{
    struct fixture *f = *state;
    char *listen_ = xasprintf("127.0.0.1:%u", http_port(f->http));
    long long int deadline = time_msec() + PATIENCE_MSEC;

    vlog_set_levels(vlog_module_from_name("http"), VLF_ANY_DESTINATION,
                    VLL_EMER);
    struct http *second = http_create(listen_, answer, &f->n_asked);
    assert_non_null(http_problem(second));
    assert_non_null(strstr(http_problem(second), "in use"));
    assert_int_equal(http_port(second), 0);
    http_run(second);
    assert_non_null(http_problem(second));

    http_destroy(f->http);
    f->http = NULL;
    while (http_problem(second)) {
        assert_true(time_msec() < deadline);
        http_run(second);
        if (http_problem(second)) {
            http_wait(second);
            poll_block();
        }
    }
    assert_reply(ask_for(second, "GET", "/page"), 200, "all is well\n");
    http_destroy(second);
    free(listen_);
}

static void
test_ipv6(void **state)
{
    unsigned int n = 0;
    struct http *http = http_create("[::1]:0", answer, &n);

    if (http_problem(http)) {
        http_destroy(http);
        skip();
    }
    assert_int_not_equal(http_port(http), 0);
    http_destroy(http);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_get, setup, teardown),
        cmocka_unit_test_setup_teardown(test_head, setup, teardown),
        cmocka_unit_test_setup_teardown(test_methods, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_http, setup, teardown),
        cmocka_unit_test_setup_teardown(test_large_request, setup, teardown),
        cmocka_unit_test_setup_teardown(test_large_reply, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_connections, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_port_taken, setup, teardown),
        cmocka_unit_test(test_ipv6),
    };

    vlog_set_levels(vlog_module_from_name("http"), VLF_ANY_DESTINATION,
                    VLL_WARN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
