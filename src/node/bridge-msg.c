/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "bridge-msg.h"

#include <errno.h>
#include <stdlib.h>

#include "byte-order.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-bundle.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-match.h"
#include "openvswitch/ofp-monitor.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-print.h"
#include "openvswitch/ofp-protocol.h"
#include "openvswitch/ofpbuf.h"
#include "util.h"

#define BUNDLE_ID 1
#define BUNDLE_FLAGS (OFPBF_ATOMIC | OFPBF_ORDERED)

/* Longest description of a flow, in bytes. */
#define MAX_TEXT 1024

/* A flow_mod travels inside a bundle message, whose length has 16 bits too. */
#define MAX_FLOW_MOD (UINT16_MAX - sizeof(struct ofp_header) \
                      - sizeof(struct ofp14_bundle_ctrl_msg))

static void
set_xid(struct ofpbuf *msg, uint32_t xid)
{
    struct ofp_header *oh = msg->data;

    oh->xid = htonl(xid);
}

struct ofpbuf *
bridge_msg_bundle_control(enum ofp_version version, uint32_t xid,
                          enum ofp14_bundle_ctrl_type type)
{
    struct ofputil_bundle_ctrl_msg ctrl = {
        .bundle_id = BUNDLE_ID,
        .type = type,
        .flags = BUNDLE_FLAGS,
    };
    struct ofpbuf *msg = ofputil_encode_bundle_ctrl_request(version, &ctrl);

    set_xid(msg, xid);
    return msg;
}

struct ofpbuf *
bridge_msg_bundle_add(const struct ofp_header *flow_mod)
{
    struct ofputil_bundle_add_msg add = {
        .bundle_id = BUNDLE_ID,
        .flags = BUNDLE_FLAGS,
        .msg = flow_mod,
    };

    return ofputil_encode_bundle_add(flow_mod->version, &add);
}

/* 'fm' borrows the actions of 'change'; its match needs
 * minimatch_destroy(). */
static void
init_flow_mod(struct ofputil_flow_mod *fm, const struct flowset_change *change,
              ovs_be64 cookie, ovs_be64 cookie_mask)
{
    const struct flowset_flow *flow = &change->flow;

    *fm = (struct ofputil_flow_mod) {
        .priority = flow->priority,
        .table_id = flow->table,
        .buffer_id = UINT32_MAX,
        .out_port = OFPP_ANY,
        .out_group = OFPG_ANY,
    };
    minimatch_init(&fm->match, &flow->match);
    if (change->delete) {
        fm->command = OFPFC_DELETE_STRICT;
        fm->cookie = cookie;
        fm->cookie_mask = cookie_mask;
        fm->new_cookie = OVS_BE64_MAX;
    } else {
        fm->command = OFPFC_ADD;
        fm->new_cookie = htonll(flow->cookie);
        fm->ofpacts = flow->ofpacts;
        fm->ofpacts_len = flow->ofpacts_len;
    }
}

static struct ofpbuf *
encode_change(const struct flowset_change *change, ovs_be64 cookie,
              ovs_be64 cookie_mask, enum ofp_version version)
{
    struct ofputil_flow_mod fm;
    struct ofpbuf *msg;

    init_flow_mod(&fm, change, cookie, cookie_mask);
    msg = ofputil_encode_flow_mod(
        &fm, ofputil_protocol_from_ofp_version(version));
    minimatch_destroy(&fm.match);
    return msg;
}

int
bridge_msg_put_change(struct ofpbuf *mods, const struct flowset_change *change,
                      ovs_be64 cookie, ovs_be64 cookie_mask,
                      enum ofp_version version, uint32_t xid)
{
    struct ofpbuf *msg = encode_change(change, cookie, cookie_mask, version);
    int error = 0;

    if (msg->size > MAX_FLOW_MOD) {
        error = EMSGSIZE;
    } else {
        set_xid(msg, xid);
        if (ofpbuf_tailroom(mods) < msg->size) {
            /* ofpbuf grows in small steps by itself. */
            ofpbuf_prealloc_tailroom(mods, MAX(msg->size, mods->size));
        }
        ofpbuf_put(mods, msg->data, msg->size);
    }
    ofpbuf_delete(msg);
    return error;
}

struct ofpbuf *
bridge_msg_delete(const struct flowset_flow *flow, enum ofp_version version)
{
    struct flowset_change change = { .delete = true, .flow = *flow };
    struct ofpbuf *msg = encode_change(&change, htonll(flow->cookie),
                                       OVS_BE64_MAX, version);

    set_xid(msg, 0);
    return msg;
}

const struct ofp_header *
bridge_msg_next(const struct ofpbuf *mods, size_t *ofs)
{
    const struct ofp_header *oh;

    if (*ofs >= mods->size) {
        return NULL;
    }
    oh = ofpbuf_at_assert(mods, *ofs, sizeof *oh);
    *ofs += ntohs(oh->length);
    return oh;
}

static char *
describe(const char *prefix, const struct flowset_flow *flow)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, prefix);
    flowset_format_flow(flow, NULL, &ds);
    if (ds.length > MAX_TEXT) {
        ds_truncate(&ds, MAX_TEXT);
        ds_put_cstr(&ds, "...");
    }
    return ds_steal_cstr(&ds);
}

char *
bridge_msg_describe_flow(const struct flowset_flow *flow)
{
    return describe("", flow);
}

char *
bridge_msg_describe_change(const struct flowset_change *change)
{
    return describe(change->delete ? "delete " : "", &change->flow);
}

/* Does not ask whether it makes sense: the switch has just said that it does
 * not. */
bool
bridge_msg_read_change(const struct ofp_header *oh,
                       struct flowset_change *change, struct ofpbuf *ofpacts)
{
    struct ofpbuf b = ofpbuf_const_initializer(oh, ntohs(oh->length));
    struct flowset_flow *flow = &change->flow;
    const struct ofp11_flow_mod *ofm;

    ofpraw_pull_assert(&b);
    ofm = ofpbuf_pull(&b, sizeof *ofm);
    change->delete = ofm->command == OFPFC_DELETE_STRICT;
    flow->table = ofm->table_id;
    flow->priority = ntohs(ofm->priority);
    flow->cookie = ntohll(ofm->cookie);
    if (ofputil_pull_ofp11_match(&b, NULL, NULL, &flow->match, NULL)
        || ofpacts_pull_openflow_instructions(
            &b, b.size, (enum ofp_version) oh->version, NULL, NULL,
            ofpacts)) {
        return false;
    }
    flow->ofpacts = ofpacts->data;
    flow->ofpacts_len = ofpacts->size;
    return true;
}

char *
bridge_msg_describe(const struct ofp_header *flow_mod)
{
    struct flowset_change change;
    struct ofpbuf ofpacts;
    char *text;

    ofpbuf_init(&ofpacts, 0);
    text = (bridge_msg_read_change(flow_mod, &change, &ofpacts)
            ? bridge_msg_describe_change(&change)
            : ofp_to_string(flow_mod, ntohs(flow_mod->length), NULL, NULL, 1));
    ofpbuf_uninit(&ofpacts);
    return text;
}

struct ofpbuf *
bridge_msg_flow_request(enum ofp_version version, uint32_t xid,
                        ovs_be64 cookie, ovs_be64 cookie_mask)
{
    struct ofputil_flow_stats_request request = {
        .cookie = cookie,
        .cookie_mask = cookie_mask,
        .out_port = OFPP_ANY,
        .out_group = OFPG_ANY,
        .table_id = OFPTT_ALL,
    };
    struct ofpbuf *msg;

    match_init_catchall(&request.match);
    msg = ofputil_encode_flow_stats_request(
        &request, ofputil_protocol_from_ofp_version(version));
    set_xid(msg, xid);
    return msg;
}

struct ofpbuf *
bridge_msg_monitor_request(enum ofp_version version, uint32_t xid)
{
    struct ofputil_flow_monitor_request request = {
        .id = 1,
        .command = OFPFMC_ADD,
        /* Open vSwitch takes OFPFMF_ONLY_OWN for "in full": without it, our
         * own changes come abbreviated. */
        .flags = (OFPFMF_ADD | OFPFMF_REMOVED | OFPFMF_MODIFY
                  | OFPFMF_INSTRUCTIONS),
        .out_port = OFPP_ANY,
        .out_group = OFPG_ANY,
        .table_id = OFPTT_ALL,
    };
    struct ofpbuf *msg = ofpbuf_new(0);

    match_init_catchall(&request.match);
    ofputil_append_flow_monitor_request(
        &request, msg, ofputil_protocol_from_ofp_version(version));
    ofpmsg_update_length(msg);
    set_xid(msg, xid);
    return msg;
}

int
bridge_msg_for_each_flow(struct ofpbuf *reply, flowset_cb *cb, void *aux)
{
    struct ofpbuf ofpacts;
    int error;

    ofpbuf_init(&ofpacts, 0);
    for (;;) {
        struct ofputil_flow_stats stats;

        ofpbuf_clear(&ofpacts);
        error = ofputil_decode_flow_stats_reply(&stats, reply, false,
                                                &ofpacts);
        if (error) {
            break;
        }

        struct flowset_flow flow = {
            .table = stats.table_id,
            .priority = stats.priority,
            .cookie = ntohll(stats.cookie),
            .match = stats.match,
            .ofpacts = ofpacts.data,
            .ofpacts_len = ofpacts.size,
        };
        cb(&flow, aux);
    }
    ofpbuf_uninit(&ofpacts);
    return error == EOF ? 0 : error;
}
