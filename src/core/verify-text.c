/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verify-private.h"

#include "flow.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "util.h"

static const char *
describe_outcome(const struct replica_outcome *o)
{
    return (o->strange ? "do what ours never do"
            : !o->passed ? "drop it"
            : !o->guarded ? "never see it"
            : "let it through");
}

void
verify_mismatch_summary(const struct verify_mismatch *m, struct ds *s)
{
    ds_put_format(s, "%s: ", m->what);
    verdict_format_query(&m->query, s);
    ds_put_format(s, ": the policies say %s, the flows %s",
                  m->expected ? "allowed" : "denied",
                  describe_outcome(&m->outcome));
}

static void
put_addresses(const struct flow *packet, struct ds *s)
{
    if (packet->dl_type == htons(ETH_TYPE_IPV6)) {
        ds_put_cstr(s, "ipv6_src=");
        ipv6_format_addr(&packet->ipv6_src, s);
        ds_put_cstr(s, ",ipv6_dst=");
        ipv6_format_addr(&packet->ipv6_dst, s);
    } else {
        ds_put_format(s, "nw_src="IP_FMT",nw_dst="IP_FMT,
                      IP_ARGS(packet->nw_src), IP_ARGS(packet->nw_dst));
    }
}

/* "tcp6," or "ip,nw_proto=47,". */
static void
put_protocol(const struct flow *packet, struct ds *s)
{
    bool is_v6 = packet->dl_type == htons(ETH_TYPE_IPV6);

    switch (packet->nw_proto) {
    case IPPROTO_TCP:
        ds_put_cstr(s, is_v6 ? "tcp6," : "tcp,");
        break;
    case IPPROTO_UDP:
        ds_put_cstr(s, is_v6 ? "udp6," : "udp,");
        break;
    case IPPROTO_SCTP:
        ds_put_cstr(s, is_v6 ? "sctp6," : "sctp,");
        break;
    case IPPROTO_ICMP:
        ds_put_cstr(s, "icmp,");
        break;
    case IPPROTO_ICMPV6:
        ds_put_cstr(s, "icmp6,");
        break;
    default:
        ds_put_format(s, "%s,nw_proto=%d,", is_v6 ? "ipv6" : "ip",
                      packet->nw_proto);
        break;
    }
}

static void
put_service(const struct flow *packet, struct ds *s)
{
    uint16_t src = ntohs(packet->tp_src), dst = ntohs(packet->tp_dst);

    if (packet->nw_proto == IPPROTO_ICMP
        || packet->nw_proto == IPPROTO_ICMPV6) {
        ds_put_format(s, ",icmp_type=%"PRIu16",icmp_code=%"PRIu16, src, dst);
    } else if (src) {
        ds_put_format(s, ",tp_src=%"PRIu16",tp_dst=%"PRIu16, src, dst);
    }
}

void
verify_packet_format(const struct flow *packet, struct ds *s)
{
    if (packet->in_port.ofp_port == OFPP_LOCAL) {
        ds_put_cstr(s, "in_port=LOCAL,");
    } else {
        ds_put_format(s, "in_port=%"PRIu32",", packet->in_port.ofp_port);
    }
    if (!eth_addr_is_zero(packet->dl_src)) {
        ds_put_format(s, "dl_src="ETH_ADDR_FMT",",
                      ETH_ADDR_ARGS(packet->dl_src));
    }
    if (!eth_addr_is_zero(packet->dl_dst)) {
        ds_put_format(s, "dl_dst="ETH_ADDR_FMT",",
                      ETH_ADDR_ARGS(packet->dl_dst));
    }
    put_protocol(packet, s);
    put_addresses(packet, s);
    ds_put_cstr(s, ",nw_ttl=64");
    put_service(packet, s);
}

void
verify_mismatch_trace(const struct verify_mismatch *m, struct ds *s)
{
    ds_put_char(s, '\'');
    verify_packet_format(&m->packet, s);
    ds_put_format(s, "' --ct-next 'trk,%s%s'",
                  m->ct_state & CS_NEW ? "new" : "est",
                  m->ct_state & CS_REPLY_DIR ? ",rpl" : "");
}

void
verify_mismatch_flows(const struct verify *v, const struct verify_mismatch *m,
                      struct ds *s)
{
    struct replica_outcome outcome;

    replica_send(v->replica, &m->packet, m->ct_state, &outcome, s);
}

void
verify_mismatch_format(const struct verify *v, const struct verify_mismatch *m,
                       struct ds *s)
{
    struct verdict verdict;

    verify_mismatch_summary(m, s);
    ds_put_cstr(s, "\npacket: ");
    verify_mismatch_trace(m, s);
    ds_put_cstr(s, "\nflows:\n");
    verify_mismatch_flows(v, m, s);
    ds_put_format(s, "%u commits%s\n", m->outcome.n_commits,
                  m->outcome.marked ? ", marked" : "");
    verdict_evaluate(v->model, &m->query, &verdict);
    verdict_format(&m->query, &verdict, s);
    verdict_uninit(&verdict);
}
