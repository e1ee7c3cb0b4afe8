/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "bridge-private.h"

#include <errno.h>
#include <stdlib.h>

#include "openvswitch/ofp-util.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/rconn.h"
#include "util.h"

/* Others' requests have xids of their own, far from ours, which must follow
 * each other within a bundle. */
#define FIRST_XID (UINT32_C(1) << 31)

/* Asked for: replies have 'xid', and the barrier behind it says that there are
 * no more. */
struct request {
    struct ovs_list node;       /* In the bridge's 'requests', oldest first. */
    uint32_t xid, barrier_xid;
    int error;                  /* Refused. */
    bridge_reply_cb *cb;
    void *aux;
};

/* Not asked for. */
struct subscriber {
    struct ovs_list node;       /* In the bridge's 'subscribers'. */
    bool on_connect;            /* Either this, */
    enum ofptype type;          /* or messages of this type. */
    bridge_message_cb *cb;
    void *aux;
};

void
bridge_request_init(struct bridge *b)
{
    ovs_list_init(&b->requests);
    ovs_list_init(&b->subscribers);
    b->request_xid = FIRST_XID;
}

static void
finish_request(struct bridge *b, struct request *r, int error)
{
    ovs_list_remove(&r->node);
    r->cb(b, NULL, error, r->aux);
    free(r);
}

/* What is asked in the callbacks is asked of the next connection. */
void
bridge_request_disconnected(struct bridge *b)
{
    struct ovs_list requests;
    struct request *r;

    ovs_list_move(&requests, &b->requests);
    ovs_list_init(&b->requests);
    LIST_FOR_EACH_SAFE (r, node, &requests) {
        finish_request(b, r, ENOTCONN);
    }
}

void
bridge_request_uninit(struct bridge *b)
{
    struct subscriber *s;
    struct request *r;

    LIST_FOR_EACH_POP (r, node, &b->requests) {
        free(r);
    }
    LIST_FOR_EACH_POP (s, node, &b->subscribers) {
        free(s);
    }
}

static void
add_subscriber(struct bridge *b, bool on_connect, enum ofptype type,
               bridge_message_cb *cb, void *aux)
{
    struct subscriber *s = xmalloc(sizeof *s);

    s->on_connect = on_connect;
    s->type = type;
    s->cb = cb;
    s->aux = aux;
    ovs_list_push_back(&b->subscribers, &s->node);
}

void
bridge_on_connect(struct bridge *b, bridge_message_cb *cb, void *aux)
{
    add_subscriber(b, true, 0, cb, aux);
}

void
bridge_subscribe(struct bridge *b, enum ofptype type, bridge_message_cb *cb,
                 void *aux)
{
    add_subscriber(b, false, type, cb, aux);
}

void
bridge_request_connected(struct bridge *b)
{
    struct subscriber *s;

    LIST_FOR_EACH (s, node, &b->subscribers) {
        if (s->on_connect) {
            s->cb(b, NULL, s->aux);
        }
    }
}

static uint32_t
send_next(struct bridge *b, struct ofpbuf *msg)
{
    struct ofp_header *oh = msg->data;
    uint32_t xid = b->request_xid++ | FIRST_XID;

    oh->xid = htonl(xid);
    rconn_send(b->rconn, msg, NULL);
    return xid;
}

void
bridge_send(struct bridge *b, struct ofpbuf *msg)
{
    send_next(b, msg);
}

void
bridge_request(struct bridge *b, struct ofpbuf *msg, bridge_reply_cb *cb,
               void *aux)
{
    struct request *r = xzalloc(sizeof *r);

    ovs_assert(rconn_is_connected(b->rconn));
    r->cb = cb;
    r->aux = aux;
    ovs_list_push_back(&b->requests, &r->node);
    r->xid = send_next(b, msg);
    r->barrier_xid = send_next(
        b, ofputil_encode_barrier_request(bridge_version(b)));
}

static struct request *
find_request(const struct bridge *b, uint32_t xid)
{
    struct request *r;

    LIST_FOR_EACH (r, node, &b->requests) {
        if (r->xid == xid || r->barrier_xid == xid) {
            return r;
        }
    }
    return NULL;
}

bool
bridge_request_receive(struct bridge *b, enum ofptype type,
                       struct ofpbuf *msg)
{
    const struct ofp_header *oh = msg->data;
    struct request *r = find_request(b, ntohl(oh->xid));
    bool handled = false;
    struct subscriber *s;

    if (r && type == OFPTYPE_ERROR) {
        r->error = ofperr_decode_msg(oh, NULL);
    } else if (r && type == OFPTYPE_BARRIER_REPLY) {
        finish_request(b, r, r->error);
    } else if (r) {
        r->cb(b, msg, 0, r->aux);
    } else {
        LIST_FOR_EACH (s, node, &b->subscribers) {
            if (!s->on_connect && s->type == type) {
                s->cb(b, msg, s->aux);
                handled = true;
            }
        }
        return handled;
    }
    return true;
}

void
bridge_forget(struct bridge *b, const void *aux)
{
    struct subscriber *s;
    struct request *r;

    LIST_FOR_EACH_SAFE (r, node, &b->requests) {
        if (r->aux == aux) {
            ovs_list_remove(&r->node);
            free(r);
        }
    }
    LIST_FOR_EACH_SAFE (s, node, &b->subscribers) {
        if (s->aux == aux) {
            ovs_list_remove(&s->node);
            free(s);
        }
    }
}
