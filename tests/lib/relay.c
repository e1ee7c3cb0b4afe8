/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "relay.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "openvswitch/ofpbuf.h"
#include "stream.h"
#include "util.h"

#define MAX_PENDING 65536

/* OpenFlow 1.4 and 1.5. */
#define OFPT_MULTIPART_REQUEST 18
#define OFPMP_FLOW_MONITOR 16

/* One direction. */
struct lane {
    struct stream *from, *to;
    struct ofpbuf pending;      /* Read and not yet written. */
    bool hide_monitors;
};

struct relay {
    char *target;               /* stream name. */
    struct pstream *listener;
    struct stream *client, *server;     /* Both or neither. */
    struct lane up, down;       /* From and to the client. */
    size_t left;                /* Bytes to let through, SIZE_MAX: all. */
    unsigned int n_cuts;
};

struct relay *
relay_create(const char *listen, const char *target)
{
    struct relay *r = xzalloc(sizeof *r);
    char *name = xasprintf("punix:%s", listen);

    if (pstream_open(name, &r->listener, 0)) {
        ovs_fatal(0, "cannot listen on %s", listen);
    }
    free(name);
    r->target = xasprintf("unix:%s", target);
    r->left = SIZE_MAX;
    ofpbuf_init(&r->up.pending, 0);
    ofpbuf_init(&r->down.pending, 0);
    return r;
}

static void
disconnect(struct relay *r)
{
    if (r->client) {
        stream_close(r->client);
        stream_close(r->server);
        r->client = r->server = NULL;
    }
    ofpbuf_clear(&r->up.pending);
    ofpbuf_clear(&r->down.pending);
}

void
relay_destroy(struct relay *r)
{
    if (r) {
        disconnect(r);
        pstream_close(r->listener);
        ofpbuf_uninit(&r->up.pending);
        ofpbuf_uninit(&r->down.pending);
        free(r->target);
        free(r);
    }
}

static void
connect_both(struct relay *r)
{
    struct stream *client;

    if (r->client || pstream_accept(r->listener, &client)) {
        return;
    }
    if (stream_open(r->target, &r->server, 0)) {
        stream_close(client);
    } else {
        r->client = client;
        r->up.from = r->down.to = r->client;
        r->up.to = r->down.from = r->server;
    }
}

/* Spoils the requests for flow monitors in what begins with a message, as all
 * does that a client sends while it has little to say. */
static void
hide_monitors(uint8_t *data, size_t size)
{
    while (size >= 10) {
        size_t length = data[2] << 8 | data[3];

        if (data[1] == OFPT_MULTIPART_REQUEST
            && (data[8] << 8 | data[9]) == OFPMP_FLOW_MONITOR) {
            data[8] = 0x7f;
        }
        if (length < 8 || length > size) {
            break;
        }
        data += length;
        size -= length;
    }
}

/* Moves at most 'max' bytes on.  Returns the number read, or a negative value
 * at the end of the connection. */
static int
move(struct lane *lane, size_t max)
{
    uint8_t buf[4096];
    int n = 0;

    if (lane->pending.size < MAX_PENDING) {
        n = stream_recv(lane->from, buf, MIN(max, sizeof buf));
        if (n > 0) {
            if (lane->hide_monitors) {
                hide_monitors(buf, n);
            }
            ofpbuf_put(&lane->pending, buf, n);
        } else if (n != -EAGAIN) {
            return -1;
        }
    }
    if (lane->pending.size) {
        int sent = stream_send(lane->to, lane->pending.data,
                               lane->pending.size);

        if (sent > 0) {
            ofpbuf_pull(&lane->pending, sent);
        } else if (sent != -EAGAIN) {
            return -1;
        }
    }
    return MAX(n, 0);
}

void
relay_run(struct relay *r)
{
    connect_both(r);
    if (!r->client) {
        return;
    }
    stream_run(r->client);
    stream_run(r->server);

    int n = r->left ? move(&r->up, r->left) : 0;
    if (n > 0 && r->left != SIZE_MAX) {
        r->left -= n;
    }
    if (n < 0 || move(&r->down, SIZE_MAX) < 0) {
        disconnect(r);
    } else if (!r->left && !r->up.pending.size) {
        disconnect(r);
        r->left = SIZE_MAX;
        r->n_cuts++;
    }
}

static void
wait_lane(const struct lane *lane)
{
    if (lane->pending.size < MAX_PENDING) {
        stream_recv_wait(lane->from);
    }
    if (lane->pending.size) {
        stream_send_wait(lane->to);
    }
}

void
relay_wait(struct relay *r)
{
    if (r->client) {
        stream_run_wait(r->client);
        stream_run_wait(r->server);
        wait_lane(&r->up);
        wait_lane(&r->down);
    } else {
        pstream_wait(r->listener);
    }
}

void
relay_cut_after(struct relay *r, size_t n_bytes)
{
    r->left = n_bytes;
}

void
relay_hide_monitors(struct relay *r)
{
    r->up.hide_monitors = true;
}

unsigned int
relay_n_cuts(const struct relay *r)
{
    return r->n_cuts;
}
