/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "audit-packet.h"

#include <string.h>

#include "dp-packet.h"
#include "flow.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-packet.h"
#include "packets.h"
#include "util.h"

/* Longest frame, in bytes: an IP packet and what may be before it.  A Nicira
 * packet-in has room for 4 GiB. */
#define MAX_FRAME (UINT16_MAX + 128)

/* The switch sends the first bytes of a packet, but who reads headers wants
 * the length in them to be true: the rest is zeros. */
static void
extract(const void *data, size_t size, size_t total, struct flow *flow)
{
    struct dp_packet packet;

    total = MIN(total, MAX_FRAME);
    size = MIN(size, total);
    dp_packet_init(&packet, total);
    dp_packet_put_zeros(&packet, total);
    if (size) {
        memcpy(dp_packet_data(&packet), data, size);
    }
    flow_extract(&packet, flow);
    dp_packet_uninit(&packet);
}

static bool
get_addresses(const struct flow *flow, struct audit_packet *p)
{
    if (flow->dl_type == htons(ETH_TYPE_IP)) {
        in6_addr_set_mapped_ipv4(&p->src, flow->nw_src);
        in6_addr_set_mapped_ipv4(&p->dst, flow->nw_dst);
    } else if (flow->dl_type == htons(ETH_TYPE_IPV6)) {
        p->src = flow->ipv6_src;
        p->dst = flow->ipv6_dst;
    } else {
        return false;
    }
    return true;
}

static void
get_service(const struct flow *flow, struct audit_packet *p)
{
    bool later = flow->nw_frag & FLOW_NW_FRAG_LATER;

    p->protocol = flow->nw_proto;
    if (is_icmpv4(flow, NULL) || is_icmpv6(flow, NULL)) {
        p->icmp_type = ntohs(flow->tp_src);
        p->icmp_code = ntohs(flow->tp_dst);
    } else if (!later && (flow->nw_proto == IPPROTO_TCP
                          || flow->nw_proto == IPPROTO_UDP
                          || flow->nw_proto == IPPROTO_SCTP)) {
        p->has_ports = true;
        p->src_port = ntohs(flow->tp_src);
        p->dst_port = ntohs(flow->tp_dst);
    }
}

bool
audit_packet_parse(const struct ofp_header *oh, struct audit_packet *p)
{
    const struct flow *metadata;
    struct ofputil_packet_in pin;
    uint32_t buffer_id;
    size_t total;
    struct flow flow;

    if (ofputil_decode_packet_in(oh, true, NULL, NULL, &pin, &total,
                                 &buffer_id, NULL)) {
        return false;
    }
    metadata = &pin.flow_metadata.flow;
    if ((ntohll(pin.cookie) & COOKIE_MAGIC_MASK) != COOKIE_MAGIC
        || cookie_kind(ntohll(pin.cookie)) != COOKIE_REPORT) {
        return false;
    }
    memset(p, 0, sizeof *p);
    pipeline_get_report(metadata, &p->report);
    p->rule = metadata->regs[REG_RULE(p->report.direction)];
    p->size = MIN(total, UINT16_MAX);
    extract(pin.packet, pin.packet_len, total, &flow);
    get_service(&flow, p);
    return get_addresses(&flow, p);
}
