/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "audit-link.h"

#include <limits.h>
#include <stdlib.h>

#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-meter.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-switch.h"
#include "openvswitch/ofp-util.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/rconn.h"
#include "openvswitch/vlog.h"
#include "pipeline.h"
#include "socket-util.h"
#include "timeval.h"
#include "util.h"

#include "audit-meter.h"
#include "audit-msg.h"

VLOG_DEFINE_THIS_MODULE(audit_link);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(6, 6);

#define VERSIONS ((1u << OFP14_VERSION) | (1u << OFP15_VERSION))
#define PROBE_SECONDS 5
#define MAX_RECONNECT_SECONDS 1
/* Others need not wait longer for the switch to say whether it has meters. */
#define MAX_UNSETTLED_MSEC 3000
/* Between the loss of the meters and making them anew: the flows that name
 * them have to go first. */
#define LOST_MSEC 1000
/* Between looks at the meters: while packets come, and else. */
#define BUSY_MSEC 500
#define IDLE_MSEC 5000
/* Messages to handle before others get their turn. */
#define MAX_MESSAGES 64

enum state {
    CONNECTING,
    CONFIGURING,                /* Asked for the switch's configuration. */
    MAKING,                     /* Asked to make the meters. */
    CHANGING,                   /* They were there: asked to change them. */
    READY,
    REMOVING,                   /* Cleanup: asked to remove them. */
    REMOVED,
    LOST,                       /* Somebody removed them. */
    REFUSED,                    /* The switch will not. */
};

struct audit_link {
    struct rconn *rconn;
    char *target;
    unsigned int seqno;         /* Of the connection. */
    enum state state;
    bool cleanup;
    bool settled;
    long long int enabled;      /* When, or 0. */
    uint32_t rate, burst;
    audit_link_cb *cb;
    void *aux;
    char *problem;              /* NULL if there is none. */

    uint32_t next_xid;
    uint32_t barrier_xid;
    uint32_t meter_xids[PIPELINE_N_METERS];     /* Of the last request about
                                                 * each. */
    bool found[PIPELINE_N_METERS];      /* MAKING: was there before. */

    /* Statistics of the meters. */
    long long int looked;       /* Last time. */
    struct audit_meter meters[PIPELINE_N_METERS];
    long long int lost;         /* LOST: since when. */
    bool busy;                  /* Packets came since the last look. */
};

static struct audit_link *
create(const char *target)
{
    struct audit_link *l = xzalloc(sizeof *l);

    l->rconn = rconn_create(PROBE_SECONDS, MAX_RECONNECT_SECONDS,
                            DSCP_DEFAULT, VERSIONS);
    l->seqno = rconn_get_connection_seqno(l->rconn);
    l->target = xstrdup(target);
    l->next_xid = 1;
    return l;
}

void
audit_link_enable(struct audit_link *l)
{
    if (!l->enabled) {
        l->enabled = time_msec();
        rconn_connect(l->rconn, l->target, "audit");
        /* rconn does not probe Unix sockets unless told again. */
        rconn_set_probe_interval(l->rconn, PROBE_SECONDS);
    }
}

struct audit_link *
audit_link_create(const char *target, uint32_t rate, uint32_t burst,
                  audit_link_cb *cb, void *aux)
{
    struct audit_link *l = create(target);

    l->rate = rate;
    l->burst = burst;
    l->cb = cb;
    l->aux = aux;
    return l;
}

struct audit_link *
audit_link_create_cleanup(const char *target)
{
    struct audit_link *l = create(target);

    l->cleanup = true;
    audit_link_enable(l);
    return l;
}

void
audit_link_destroy(struct audit_link *l)
{
    if (l) {
        rconn_destroy(l->rconn);
        free(l->problem);
        free(l->target);
        free(l);
    }
}

/* Sending. */

static enum ofp_version
get_version(const struct audit_link *l)
{
    return rconn_get_version(l->rconn);
}

/* Returns the message's xid. */
static uint32_t
send_msg(struct audit_link *l, struct ofpbuf *msg)
{
    struct ofp_header *oh = msg->data;
    uint32_t xid = l->next_xid++;

    oh->xid = htonl(xid);
    ofpmsg_update_length(msg);
    rconn_send(l->rconn, msg, NULL);
    return xid;
}

static void
send_barrier(struct audit_link *l)
{
    l->barrier_xid = send_msg(l, ofputil_encode_barrier_request(
                                     get_version(l)));
}

static void
send_meter(struct audit_link *l, int i, uint16_t command)
{
    struct ofpbuf *msg = audit_msg_meter_mod(get_version(l), command, i,
                                             l->rate, l->burst);

    l->meter_xids[i] = send_msg(l, msg);
}

/* Lets copies of packets come here. */
static void
send_setup(struct audit_link *l, const struct ofputil_switch_config *current)
{
    enum ofp_version version = get_version(l);

    send_msg(l, audit_msg_set_config(version, current));
    send_msg(l, audit_msg_controller_id(version));
    send_msg(l, audit_msg_async_config(version));
}

static void
make_meters(struct audit_link *l)
{
    for (int i = 0; i < PIPELINE_N_METERS; i++) {
        l->found[i] = false;
        send_meter(l, i, OFPMC13_ADD);
    }
    send_barrier(l);
    l->state = MAKING;
}

/* Those that were there get our rate. */
static void
change_meters(struct audit_link *l)
{
    for (int i = 0; i < PIPELINE_N_METERS; i++) {
        if (l->found[i]) {
            send_meter(l, i, OFPMC13_MODIFY);
        }
    }
    send_barrier(l);
    l->state = CHANGING;
}

static void
remove_meters(struct audit_link *l)
{
    for (int i = 0; i < PIPELINE_N_METERS; i++) {
        send_meter(l, i, OFPMC13_DELETE);
    }
    send_barrier(l);
    l->state = REMOVING;
}

/* Asks for the statistics of the meters. */
static void
look(struct audit_link *l)
{
    for (int i = 0; i < PIPELINE_N_METERS; i++) {
        l->meter_xids[i] = send_msg(l, audit_msg_meter_stats(get_version(l),
                                                             i));
    }
    l->looked = time_msec();
    l->busy = false;
}

/* Receiving. */

static void
settle(struct audit_link *l, enum state state, char *problem)
{
    l->state = state;
    l->settled = true;
    free(l->problem);
    l->problem = problem;
    if (problem) {
        VLOG_WARN_RL(&rl, "%s: %s", rconn_get_name(l->rconn), problem);
    }
}

static void
become_ready(struct audit_link *l)
{
    settle(l, READY, NULL);
    for (int i = 0; i < PIPELINE_N_METERS; i++) {
        audit_meter_start(&l->meters[i]);
    }
    look(l);
}

static void
receive_config(struct audit_link *l, const struct ofp_header *oh)
{
    struct ofputil_switch_config config;

    if (l->state == CONFIGURING) {
        ofputil_decode_get_config_reply(oh, &config);
        send_setup(l, &config);
        make_meters(l);
    }
}

static void
receive_barrier(struct audit_link *l, const struct ofp_header *oh)
{
    if (ntohl(oh->xid) != l->barrier_xid) {
        return;
    } else if (l->state == MAKING) {
        for (int i = 0; i < PIPELINE_N_METERS; i++) {
            if (l->found[i]) {
                change_meters(l);
                return;
            }
        }
        become_ready(l);
    } else if (l->state == CHANGING) {
        become_ready(l);
    } else if (l->state == REMOVING) {
        settle(l, REMOVED, NULL);
    }
}

static void
receive_stats(struct audit_link *l, struct ofpbuf *msg)
{
    struct ofputil_meter_stats stats;
    struct ofpbuf bands;

    ofpbuf_init(&bands, 64);
    while (!ofputil_decode_meter_stats(msg, &stats, &bands)) {
        for (int i = 0; i < PIPELINE_N_METERS; i++) {
            if (l->state == READY && stats.meter_id == PIPELINE_METER(i)) {
                l->busy |= audit_meter_read(&l->meters[i],
                                            stats.packet_in_count);
            }
        }
        ofpbuf_clear(&bands);
    }
    ofpbuf_uninit(&bands);
}

static void
receive_meter_error(struct audit_link *l, int i, enum ofperr error)
{
    if (l->state == MAKING && error == OFPERR_OFPMMFC_METER_EXISTS) {
        l->found[i] = true;
    } else if (l->state == READY) {
        settle(l, LOST, xasprintf("somebody removed meter %d",
                                  PIPELINE_METER(i)));
        l->lost = time_msec();
    } else if (l->state == MAKING || l->state == CHANGING) {
        settle(l, REFUSED, xasprintf("the switch has no meters to limit "
                                     "reports of denied packets with (%s)",
                                     ofperr_get_name(error)));
    }
}

static void
receive_error(struct audit_link *l, const struct ofp_header *oh)
{
    enum ofperr error = ofperr_decode_msg(oh, NULL);

    for (int i = 0; i < PIPELINE_N_METERS; i++) {
        if (ntohl(oh->xid) == l->meter_xids[i]) {
            receive_meter_error(l, i, error);
            return;
        }
    }
    VLOG_WARN_RL(&rl, "%s: unexpected error %s", rconn_get_name(l->rconn),
                 ofperr_get_name(error));
}

static void
receive_packet(struct audit_link *l, const struct ofp_header *oh)
{
    int i = l->cb ? l->cb(oh, l->aux) : -1;

    if (i >= 0) {
        l->meters[i].n_received++;
        l->busy = true;
    }
}

static void
receive(struct audit_link *l, struct ofpbuf *msg)
{
    const struct ofp_header *oh = msg->data;
    enum ofptype type;

    if (ofptype_decode(&type, oh)) {
        return;
    }
    if (type == OFPTYPE_ECHO_REQUEST) {
        rconn_send(l->rconn, ofputil_encode_echo_reply(oh), NULL);
    } else if (type == OFPTYPE_PACKET_IN) {
        receive_packet(l, oh);
    } else if (type == OFPTYPE_GET_CONFIG_REPLY) {
        receive_config(l, oh);
    } else if (type == OFPTYPE_BARRIER_REPLY) {
        receive_barrier(l, oh);
    } else if (type == OFPTYPE_METER_STATS_REPLY) {
        receive_stats(l, msg);
    } else if (type == OFPTYPE_ERROR) {
        receive_error(l, oh);
    }
}

/* The loop. */

static void
check_connection(struct audit_link *l)
{
    unsigned int seqno = rconn_get_connection_seqno(l->rconn);

    if (seqno == l->seqno) {
        return;
    }
    l->seqno = seqno;
    if (!rconn_is_connected(l->rconn)) {
        l->state = CONNECTING;
    } else if (l->cleanup) {
        remove_meters(l);
    } else {
        l->state = CONFIGURING;
        send_msg(l, audit_msg_get_config(get_version(l)));
    }
}

/* When there is something to do by itself. */
static long long int
next_action(const struct audit_link *l)
{
    return (l->state == LOST ? l->lost + LOST_MSEC
            : l->state == READY
            ? l->looked + (l->busy ? BUSY_MSEC : IDLE_MSEC)
            : LLONG_MAX);
}

void
audit_link_run(struct audit_link *l)
{
    rconn_run(l->rconn);
    check_connection(l);
    for (int i = 0; i < MAX_MESSAGES; i++) {
        struct ofpbuf *msg = rconn_recv(l->rconn);

        if (!msg) {
            break;
        }
        receive(l, msg);
        ofpbuf_delete(msg);
        check_connection(l);
    }
    check_connection(l);
    if (time_msec() >= next_action(l)) {
        if (l->state == LOST) {
            make_meters(l);
        } else {
            look(l);
        }
    }
}

void
audit_link_wait(struct audit_link *l)
{
    rconn_run_wait(l->rconn);
    rconn_recv_wait(l->rconn);
    if (l->seqno != rconn_get_connection_seqno(l->rconn)) {
        poll_immediate_wake();
    } else {
        poll_timer_wait_until(next_action(l));
    }
    if (!l->settled && l->enabled) {
        poll_timer_wait_until(l->enabled + MAX_UNSETTLED_MSEC);
    }
}

bool
audit_link_is_ready(const struct audit_link *l)
{
    return l->state == READY;
}

bool
audit_link_is_settled(const struct audit_link *l)
{
    return (l->settled
            || (l->enabled && !l->cleanup
                && time_msec() >= l->enabled + MAX_UNSETTLED_MSEC));
}

const char *
audit_link_problem(const struct audit_link *l)
{
    return (l->state == REFUSED || l->state == LOST ? l->problem
            : l->state == READY ? NULL
            : "no connection to the switch");
}

void
audit_link_get_suppressed(const struct audit_link *l, uint64_t n[2])
{
    for (int i = 0; i < PIPELINE_N_METERS; i++) {
        n[i] = l->meters[i].n_suppressed;
    }
}
