/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "node/audit-packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "openflow/nicira-ext.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-prop.h"
#include "openvswitch/ofpbuf.h"
#include "packets.h"
#include "util.h"

/* TCP from 10.0.0.9 port 1000 to 10.0.0.1 port 80, without data. */
static const uint8_t packet[] = {
    0x0a, 0, 0, 0, 0, 1, 0x0a, 0, 0, 0, 0, 9, 0x08, 0,
    0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0x66, 0xc7, 10, 0, 0, 9, 10, 0, 0, 1,
    0x03, 0xe8, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0x97, 0xa1, 0, 0
};

/* A Nicira packet-in about it, which says that it has 'total' bytes. */
static struct ofpbuf *
make_message(uint64_t cookie, uint32_t total)
{
    struct ofpbuf *msg = ofpraw_alloc_xid(OFPRAW_NXT_PACKET_IN2,
                                          OFP15_VERSION, 0, 256);

    ofpprop_put(msg, NXPINT_PACKET, packet, sizeof packet);
    ofpprop_put_u32(msg, NXPINT_FULL_LEN, total);
    ofpprop_put_u64(msg, NXPINT_COOKIE, cookie);
    ofpmsg_update_length(msg);
    return msg;
}

static bool
parse(uint64_t cookie, uint32_t total, struct audit_packet *p)
{
    struct ofpbuf *msg = make_message(cookie, total);
    bool ok = audit_packet_parse(msg->data, p);

    ofpbuf_delete(msg);
    return ok;
}

static void
test_addresses_and_ports_are_read(void **state OVS_UNUSED)
{
    struct audit_packet p;

    assert_true(parse(cookie_make(COOKIE_REPORT, 0), 60, &p));
    assert_int_equal(in6_addr_get_mapped_ipv4(&p.src), htonl(0x0a000009));
    assert_int_equal(in6_addr_get_mapped_ipv4(&p.dst), htonl(0x0a000001));
    assert_true(p.has_ports);
    assert_int_equal(p.src_port, 1000);
    assert_int_equal(p.dst_port, 80);
    assert_int_equal(p.size, 60);
}

static void
test_packets_of_other_flows_are_not_ours(void **state OVS_UNUSED)
{
    struct audit_packet p;

    assert_false(parse(cookie_make(COOKIE_RULE, 0), 60, &p));
    assert_false(parse(5, 60, &p));
}

/* In KiB. */
static long int
peak_memory(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* It says that it is 512 MiB long. */
static void
test_a_long_packet_takes_little_memory(void **state OVS_UNUSED)
{
    long int before = peak_memory();
    struct audit_packet p;

    assert_true(parse(cookie_make(COOKIE_REPORT, 0), 512 * 1024 * 1024, &p));
    assert_int_equal(p.size, UINT16_MAX);
    assert_true(peak_memory() - before < 64 * 1024);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_and_ports_are_read),
        cmocka_unit_test(test_packets_of_other_flows_are_not_ours),
        cmocka_unit_test(test_a_long_packet_takes_little_memory),
    };

    return cmocka_run_group_tests_name("audit_packet", tests, NULL, NULL);
}
