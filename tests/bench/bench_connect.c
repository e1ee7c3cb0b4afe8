/* SPDX-License-Identifier: Apache-2.0
 *
 * New TCP connections, one after the other.
 *
 *     bench_connect serve ADDRESS PORT           until killed
 *     bench_connect rate ADDRESS PORT SECONDS    prints connections a second
 *     bench_connect scan ADDRESS FIRST LAST      a SYN to each port, no wait
 *     bench_connect sweep PREFIX FIRST LAST PORT a SYN to each address
 *                                                PREFIX.FIRST..PREFIX.LAST */

#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void
fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static double
now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec + ts.tv_nsec / 1e9;
}

static struct sockaddr_in
make_address(const char *address, unsigned int port)
{
    struct sockaddr_in sin = { .sin_family = AF_INET,
                               .sin_port = htons(port) };

    if (inet_pton(AF_INET, address, &sin.sin_addr) != 1) {
        fprintf(stderr, "%s: not an address\n", address);
        exit(EXIT_FAILURE);
    }
    return sin;
}

/* A socket that leaves no TIME_WAIT behind. */
static int
make_socket(int flags)
{
    struct linger linger = { .l_onoff = 1, .l_linger = 0 };
    int fd = socket(AF_INET, SOCK_STREAM | flags, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
                             sizeof linger)) {
        fail("socket");
    }
    return fd;
}

static void
serve(const struct sockaddr_in *sin)
{
    int yes = 1;
    int fd = make_socket(0);

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes)
        || bind(fd, (const struct sockaddr *) sin, sizeof *sin)
        || listen(fd, 4096)) {
        fail("listen");
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        int c = accept(fd, NULL, NULL);
        char byte;

        if (c >= 0) {
            /* Until the other end is done. */
            while (read(c, &byte, 1) > 0) {
                continue;
            }
            close(c);
        }
    }
}

static void
rate(const struct sockaddr_in *sin, double seconds)
{
    double start = now(), end = start + seconds, t;
    unsigned long n = 0;

    while ((t = now()) < end) {
        int fd = make_socket(0);

        if (connect(fd, (const struct sockaddr *) sin, sizeof *sin)) {
            fail("connect");
        }
        close(fd);
        n++;
    }
    printf("%.1f\n", n / (t - start));
}

/* A SYN goes out and nobody waits for the answer. */
static void
knock(const struct sockaddr_in *sin)
{
    int fd = make_socket(SOCK_NONBLOCK);

    if (connect(fd, (const struct sockaddr *) sin, sizeof *sin)
        && errno != EINPROGRESS && errno != ECONNREFUSED) {
        fail("connect");
    }
    /* Give the packet its time on the way. */
    poll(NULL, 0, 1);
    close(fd);
}

int
main(int argc, char *argv[])
{
    const char *what = argc > 1 ? argv[1] : "";

    if (!strcmp(what, "serve") && argc == 4) {
        struct sockaddr_in sin = make_address(argv[2], atoi(argv[3]));

        serve(&sin);
    } else if (!strcmp(what, "rate") && argc == 5) {
        struct sockaddr_in sin = make_address(argv[2], atoi(argv[3]));

        rate(&sin, atof(argv[4]));
    } else if (!strcmp(what, "scan") && argc == 5) {
        for (int port = atoi(argv[3]); port <= atoi(argv[4]); port++) {
            struct sockaddr_in sin = make_address(argv[2], port);

            knock(&sin);
        }
    } else if (!strcmp(what, "sweep") && argc == 6) {
        for (int i = atoi(argv[3]); i <= atoi(argv[4]); i++) {
            char address[64];

            snprintf(address, sizeof address, "%s.%d", argv[2], i);
            struct sockaddr_in sin = make_address(address, atoi(argv[5]));
            knock(&sin);
        }
    } else {
        fprintf(stderr, "usage: bench_connect serve|rate|scan|sweep ...\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
