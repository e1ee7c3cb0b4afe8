/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verify-private.h"

#include <string.h>

#include "model.h"
#include "packets.h"

const uint16_t verify_tunnel_ports[VERIFY_N_TUNNELS] = { 4789, 6081, 8472 };

bool
verify_is_local(const struct model *model, const struct k8s_pod *pod)
{
    return pod && model_pod_is_local(model, pod);
}

bool
verify_expect(const struct model *model, const struct verdict_query *q)
{
    return ((!verify_is_local(model, q->src.pod)
             || verdict_side_allows(model, q, K8S_EGRESS))
            && (!verify_is_local(model, q->dst.pod)
                || verdict_side_allows(model, q, K8S_INGRESS)));
}

void
verify_set_addresses(const struct in6_addr *src, const struct in6_addr *dst,
                     struct flow *flow)
{
    if (address_is_v6(src)) {
        flow->dl_type = htons(ETH_TYPE_IPV6);
        flow->ipv6_src = *src;
        flow->ipv6_dst = *dst;
    } else {
        flow->dl_type = htons(ETH_TYPE_IP);
        flow->nw_src = in6_addr_get_mapped_ipv4(src);
        flow->nw_dst = in6_addr_get_mapped_ipv4(dst);
    }
}

void
verify_set_service(uint8_t protocol, uint16_t port, struct flow *flow)
{
    bool is_v6 = flow->dl_type == htons(ETH_TYPE_IPV6);

    flow->nw_proto = protocol;
    if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6) {
        flow->nw_proto = is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
        flow->tp_src = htons(is_v6 ? ICMP6_ECHO_REQUEST : ICMP4_ECHO_REQUEST);
        flow->tp_dst = 0;
    } else if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP
               || protocol == IPPROTO_SCTP) {
        flow->tp_src = htons(40000);
        flow->tp_dst = htons(port);
    } else {
        flow->tp_src = flow->tp_dst = 0;
    }
}

const struct model_port *
verify_find_port(const struct model *model, const struct k8s_pod *pod)
{
    size_t n;
    const struct model_port *ports = model_ports(model, &n);

    for (size_t i = 0; pod && i < n; i++) {
        if (!strcmp(ports[i].name, pod->up.name)
            && !strcmp(ports[i].ns, pod->up.ns)) {
            return &ports[i];
        }
    }
    return NULL;
}

void
verify_come_from(const struct model_port *port, struct flow *flow)
{
    flow->in_port.ofp_port = u16_to_ofp(port->ofport);
    flow->dl_src = port->mac;
    if (eth_addr_is_zero(port->mac)) {
        flow->dl_src = (struct eth_addr) ETH_ADDR_C(0a,01,02,03,04,05);
    }
}

void
verify_set_entry(const struct verify *v, const struct verdict_endpoint *src,
                 struct flow *flow)
{
    const struct model_port *port = verify_find_port(v->model, src->pod);
    bool is_node = model_is_node_address(v->model, &src->address);

    flow->in_port.ofp_port = u16_to_ofp(is_node ? v->gateway : v->uplink);
    flow->pkt_mark = is_node ? model_node_mark(v->model).value : 0;
    if (port) {
        verify_come_from(port, flow);
    }
}

void
verify_packet(const struct verify *v, const struct verdict_query *q,
              struct flow *packet)
{
    const struct model_port *port = verify_find_port(v->model, q->dst.pod);

    memset(packet, 0, sizeof *packet);
    verify_set_addresses(&q->src.address, &q->dst.address, packet);
    verify_set_service(q->protocol, q->port, packet);
    verify_set_entry(v, &q->src, packet);
    if (port) {
        packet->dl_dst = port->mac;
    }
}
