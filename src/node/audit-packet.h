/* SPDX-License-Identifier: Apache-2.0
 *
 * audit-packet: a denied packet, as the switch tells of it. */

#ifndef AUDIT_PACKET_H
#define AUDIT_PACKET_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "pipeline.h"

struct ofp_header;

struct audit_packet {
    struct pipeline_report report;
    uint32_t rule;              /* That denied it, 0 for none. */
    struct in6_addr src, dst;   /* IPv4 mapped. */
    uint8_t protocol;           /* IPPROTO_*. */
    bool has_ports;
    uint16_t src_port, dst_port;
    uint8_t icmp_type, icmp_code;       /* If 'protocol' is ICMP. */
    uint16_t size;              /* Bytes on the wire. */
};

/* Reads a packet-in.  Returns false if it is none of the Report table, or no
 * IP packet. */
bool audit_packet_parse(const struct ofp_header *, struct audit_packet *);

#endif /* audit-packet.h */
