/* SPDX-License-Identifier: Apache-2.0
 *
 * What the flows of a port let through is tried with packets in tests/e2e;
 * here is what they say. */

#include <config.h>

#include "guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "packets.h"
#include "util.h"

#include "flowset.h"
#include "flowtext.h"
#include "model.h"
#include "pipeline.h"
#include "scene.h"

#define MAC "0a:00:00:00:00:01"
#define LINK_LOCAL "fe80::800:ff:fe00:1"

static const struct pipeline_config config = { 40, 40, false };
static const struct eth_addr known_mac = ETH_ADDR_C(0a,00,00,00,00,01);

struct fixture {
    struct scene scene;         /* Its compiler has no guard. */
    struct flowset *fs;
    struct guard *guard;
};

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);

    scene_init(&f->scene, NULL);
    f->fs = flowset_create(NULL, NULL);
    f->guard = guard_create(&config, f->fs, false);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    guard_destroy(f->guard);
    flowset_destroy(f->fs);
    scene_uninit(&f->scene);
    free(f);
    return 0;
}

/* Puts pod shop/NAME; MORE is what else metadata has, STATUS the inside of
 * status. */
#define POD(NAME, MORE, STATUS)                                     \
    "---\n"                                                         \
    "apiVersion: v1\n"                                              \
    "kind: Pod\n"                                                   \
    "metadata: {namespace: shop, name: " NAME MORE "}\n"            \
    "status: {" STATUS "}\n"

static void
put_pod(struct fixture *f, const char *name, const char *yaml)
{
    scene_put(&f->scene, yaml);
    guard_note_pod(f->guard, "shop", name);
}

static void
set_ports(struct fixture *f, const struct model_port ports[], size_t n)
{
    model_set_ports(f->scene.model, ports, n);
    guard_note_ports(f->guard);
}

static void
set_port(struct fixture *f, const char *pod, uint32_t ofport, bool has_mac)
{
    struct model_port port = {
        .ns = CONST_CAST(char *, "shop"),
        .name = CONST_CAST(char *, pod),
        .interface = CONST_CAST(char *, "veth0"),
        .ofport = ofport,
        .mac = has_mac ? known_mac : eth_addr_zero,
    };

    set_ports(f, &port, 1);
}

static void
expect_delta(struct fixture *f, const char *want)
{
    char *got;

    guard_run(f->guard, f->scene.model);
    got = flowtext_delta(f->fs);
    assert_string_equal(got, want);
    free(got);
}

/* Flows. */

#define FLOW(PRIORITY, MATCH)                                       \
    " cookie=0x6e70020000000005,table=40,priority=" PRIORITY "," MATCH
#define OPEN " actions=set_field:0x2->reg0,goto_table:41\n"
#define CLOSED " actions=goto_table:57\n"
#define NOBODY(SIGN, PRIORITY, MATCH, ACTIONS)                      \
    SIGN " cookie=0x6e70020000000000,table=40,priority=" PRIORITY "," \
    MATCH " actions=" ACTIONS "\n"
/* Strangers do not have IP. */
#define ADD_STRANGERS(IP)                                           \
    NOBODY("+", "50", "arp,arp_spa=" IP, "goto_table:57")           \
    NOBODY("+", "50", "ip,nw_src=" IP, "goto_table:57")
#define ADD_CLOSED "+" FLOW("100", "in_port=5") CLOSED
#define DHCP(PORT) PORT ",nw_src=0.0.0.0,nw_dst=255.255.255.255," \
                   "tp_src=68,tp_dst=67"

/* IPv4 from IP, ARP that says so, ARP that asks whether IP is taken. */
#define ADD_IPV4(PORT, IP, SHA)                                             \
    "+" FLOW("200", "arp," PORT ",arp_spa=0.0.0.0,arp_tpa=" IP ",arp_op=1"  \
             SHA) OPEN                                                      \
    "+" FLOW("200", "arp," PORT ",arp_spa=" IP SHA) OPEN                    \
    "+" FLOW("200", "ip," PORT ",nw_src=" IP) OPEN                          \
    "+" FLOW("200", "udp," DHCP(PORT)) OPEN

/* What is not let through to a pod without an address. */
#define STARTING(SIGN, TYPE, ACTIONS)                                       \
    SIGN " cookie=0x6e70020000000005,table=49,priority=300," TYPE           \
    ",dl_dst=" MAC " actions=" ACTIONS "\n"

/* S36: a port is closed until its pod and the pod's addresses are known. */
static void
test_closed_until_known(void **state)
{
    struct fixture *f = *state;

    set_port(f, "web", 5, true);
    expect_delta(f, ADD_CLOSED);
    put_pod(f, "web", POD("web", "", "podIPs: []"));
    expect_delta(f, STARTING("+", "ip", "goto_table:57")
                    STARTING("+", "ipv6", "goto_table:57"));
    put_pod(f, "web", POD("web", "", "podIP: 10.0.0.1"));
    expect_delta(f, ADD_STRANGERS("10.0.0.1")
                    ADD_IPV4("in_port=5,dl_src=" MAC, "10.0.0.1",
                             ",arp_sha=" MAC)
                    STARTING("-", "ip", "drop")
                    STARTING("-", "ipv6", "drop"));
}

/* The MAC address is checked where it is known. */
static void
test_without_mac(void **state)
{
    struct fixture *f = *state;

    put_pod(f, "web", POD("web", "", "podIP: 10.0.0.1"));
    set_port(f, "web", 5, false);
    expect_delta(f, ADD_STRANGERS("10.0.0.1")
                    ADD_CLOSED ADD_IPV4("in_port=5", "10.0.0.1", ""));
}

#define PORT6 "icmp6,in_port=5,dl_src=" MAC
/* Solicitations from, advertisements of ADDR, with an option that is absent
 * (all zeros) or names the MAC. */
#define ADVERTISE(ADDR, OPTION) \
    "+" FLOW("300", PORT6 ",icmp_type=136,nd_target=" ADDR ",nd_tll=" OPTION) \
    OPEN
#define SOLICIT(ADDR, OPTION) \
    "+" FLOW("300", PORT6 ",ipv6_src=" ADDR ",icmp_type=135,nd_sll=" OPTION) \
    OPEN
#define NONE "00:00:00:00:00:00"

/* The pod's address and its link-local one, and what comes before having
 * any. */
static void
test_ipv6(void **state)
{
    struct fixture *f = *state;

    put_pod(f, "web", POD("web", "", "podIP: 'fd00::1'"));
    set_port(f, "web", 5, true);
    expect_delta(
        f,
        NOBODY("+", "50", "icmp6,icmp_type=136,nd_target=fd00::1",
               "goto_table:57")
        NOBODY("+", "50", "ipv6,ipv6_src=fd00::1", "goto_table:57")
        ADD_CLOSED
        "+" FLOW("200", "ipv6,in_port=5,dl_src=" MAC ",ipv6_src=fd00::1") OPEN
        "+" FLOW("200", "ipv6,in_port=5,dl_src=" MAC ",ipv6_src=" LINK_LOCAL)
            OPEN
        "+" FLOW("299", "icmp6,in_port=5,icmp_type=135") CLOSED
        "+" FLOW("299", "icmp6,in_port=5,icmp_type=136") CLOSED
        ADVERTISE("fd00::1", NONE)
        ADVERTISE("fd00::1", MAC)
        ADVERTISE(LINK_LOCAL, NONE)
        ADVERTISE(LINK_LOCAL, MAC)
        "+" FLOW("300", PORT6 ",ipv6_src=::,icmp_type=133") OPEN
        SOLICIT("::", NONE)
        "+" FLOW("300", PORT6 ",ipv6_src=::,icmp_type=143") OPEN
        SOLICIT("fd00::1", NONE)
        SOLICIT("fd00::1", MAC)
        SOLICIT(LINK_LOCAL, NONE)
        SOLICIT(LINK_LOCAL, MAC));
}

/* A pod whose address is its link-local one has it once. */
static void
test_own_link_local(void **state)
{
    struct fixture *f = *state;

    put_pod(f, "web", POD("web", "", "podIP: '" LINK_LOCAL "'"));
    set_port(f, "web", 5, true);
    guard_run(f->guard, f->scene.model);
    assert_int_equal(flowset_count(f->fs), 2 + 1 + 5 + 3 + 2);
    put_pod(f, "web", POD("web", "", "podIP: ''"));
    guard_run(f->guard, f->scene.model);
    assert_int_equal(flowset_count(f->fs), 1 + 2);
}

/* Pods that close their port again. */
static void
test_closed_again(void **state)
{
    static const char *const pods[] = {
        POD("web", "", "phase: Running"),
        POD("web", "", "phase: Succeeded, podIP: 10.0.0.1"),
        POD("web", "", "phase: Failed, podIP: 10.0.0.1"),
        "---\napiVersion: v1\nkind: Pod\n"
        "metadata: {namespace: shop, name: web}\n"
        "spec: {hostNetwork: true}\nstatus: {podIP: 10.0.0.1}\n",
    };
    struct fixture *f = *state;

    set_port(f, "web", 5, true);
    for (size_t i = 0; i < ARRAY_SIZE(pods); i++) {
        put_pod(f, "web", POD("web", "", "podIP: 10.0.0.1"));
        guard_run(f->guard, f->scene.model);
        assert_int_equal(flowset_count(f->fs), 2 + 5);
        put_pod(f, "web", pods[i]);
        guard_run(f->guard, f->scene.model);
        /* One that runs will have an address again. */
        assert_int_equal(flowset_count(f->fs), i ? 1 : 1 + 2);
    }
    model_delete(f->scene.model, K8S_POD, "shop", "web");
    guard_note_pod(f->guard, "shop", "web");
    guard_run(f->guard, f->scene.model);
    assert_int_equal(flowset_count(f->fs), 1);
}

/* S39: an address that a newer pod has won is not the old pod's. */
static void
test_lost_address(void **state)
{
    struct fixture *f = *state;

    put_pod(f, "web", POD("web", ", creationTimestamp: 2024-01-01T00:00:00Z",
                          "podIPs: [{ip: 10.0.0.1}, {ip: 10.0.0.2}]"));
    set_port(f, "web", 5, true);
    guard_run(f->guard, f->scene.model);
    assert_int_equal(flowset_count(f->fs), 1 + 2 * (3 + 2) + 1);
    put_pod(f, "new", POD("new", ", creationTimestamp: 2024-02-01T00:00:00Z",
                          "podIP: 10.0.0.1"));
    guard_note_pod(f->guard, "shop", "web");
    guard_run(f->guard, f->scene.model);
    assert_int_equal(flowset_count(f->fs), 1 + 3 + 2 + 1);
}

static void
test_no_news(void **state)
{
    struct fixture *f = *state;

    put_pod(f, "web", POD("web", "", "podIPs: [{ip: 10.0.0.1}, {ip: '::2'}]"));
    set_port(f, "web", 5, true);
    guard_run(f->guard, f->scene.model);
    flowtext_settle(f->fs);
    guard_note_pod(f->guard, "shop", "web");
    guard_note_pod(f->guard, "shop", "unknown");
    guard_note_ports(f->guard);
    expect_delta(f, "");
}

/* An OpenFlow port passes from pod to pod; interfaces go. */
static void
test_ports_come_and_go(void **state)
{
    struct fixture *f = *state;
    struct model_port two[2] = {
        { .interface = CONST_CAST(char *, "veth0"), .ofport = 5 },
        { .interface = CONST_CAST(char *, "veth1"), .ofport = 6 },
    };

    put_pod(f, "web", POD("web", "", "podIP: 10.0.0.1"));
    put_pod(f, "db", POD("db", "", "podIP: 10.0.0.2"));
    set_port(f, "web", 5, false);
    guard_run(f->guard, f->scene.model);
    flowtext_settle(f->fs);
    set_port(f, "db", 5, false);
    expect_delta(
        f,
        ADD_STRANGERS("10.0.0.2")
        "+" FLOW("200", "arp,in_port=5,arp_spa=0.0.0.0,arp_tpa=10.0.0.2,"
                 "arp_op=1") OPEN
        "+" FLOW("200", "arp,in_port=5,arp_spa=10.0.0.2") OPEN
        "+" FLOW("200", "ip,in_port=5,nw_src=10.0.0.2") OPEN
        NOBODY("-", "50", "arp,arp_spa=10.0.0.1", "drop")
        NOBODY("-", "50", "ip,nw_src=10.0.0.1", "drop")
        "-" FLOW("200", "arp,in_port=5,arp_spa=0.0.0.0,arp_tpa=10.0.0.1,"
                 "arp_op=1") " actions=drop\n"
        "-" FLOW("200", "arp,in_port=5,arp_spa=10.0.0.1") " actions=drop\n"
        "-" FLOW("200", "ip,in_port=5,nw_src=10.0.0.1") " actions=drop\n");

    /* Two interfaces of one pod. */
    for (int i = 0; i < 2; i++) {
        two[i].ns = CONST_CAST(char *, "shop");
        two[i].name = CONST_CAST(char *, "web");
    }
    set_ports(f, two, 2);
    guard_run(f->guard, f->scene.model);
    assert_int_equal(flowset_count(f->fs), 10 + 2);
    /* One goes: the address is as much the other's. */
    set_ports(f, two, 1);
    guard_run(f->guard, f->scene.model);
    assert_int_equal(flowset_count(f->fs), 5 + 2);
    set_ports(f, NULL, 0);
    guard_run(f->guard, f->scene.model);
    assert_int_equal(flowset_count(f->fs), 0);
}

/* The database may give one number to two interfaces for a moment. */
static void
test_shared_number(void **state)
{
    struct fixture *f = *state;
    struct model_port ports[] = {
        { .ns = CONST_CAST(char *, "shop"), .name = CONST_CAST(char *, "web"),
          .interface = CONST_CAST(char *, "veth1"), .ofport = 5 },
        { .ns = CONST_CAST(char *, "shop"), .name = CONST_CAST(char *, "db"),
          .interface = CONST_CAST(char *, "veth2"), .ofport = 5 },
    };

    put_pod(f, "web", POD("web", "", "podIP: 10.0.0.1"));
    put_pod(f, "db", POD("db", "", "podIP: 10.0.0.2"));
    set_ports(f, ports, 2);
    guard_run(f->guard, f->scene.model);
    assert_int_equal(flowset_count(f->fs), 2 + 5);
    set_ports(f, ports, 1);
    guard_run(f->guard, f->scene.model);
    assert_int_equal(flowset_count(f->fs), 2 + 5);
    set_ports(f, NULL, 0);
    guard_run(f->guard, f->scene.model);
    assert_int_equal(flowset_count(f->fs), 0);
}

/* A port that opted out: closed until its pod is known, then any address. */
static void
test_unguarded(void **state)
{
    struct fixture *f = *state;
    struct model_port port = {
        .ns = CONST_CAST(char *, "shop"), .name = CONST_CAST(char *, "web"),
        .interface = CONST_CAST(char *, "veth0"), .ofport = 5,
        .mac = known_mac, .unguarded = true,
    };

    set_ports(f, &port, 1);
    expect_delta(f, ADD_CLOSED);
    put_pod(f, "web", POD("web", "", "podIP: 10.0.0.1"));
    expect_delta(f, ADD_STRANGERS("10.0.0.1")
                    "+" FLOW("200", "in_port=5") OPEN);
    flowtext_settle(f->fs);
    port.unguarded = false;
    set_ports(f, &port, 1);
    guard_run(f->guard, f->scene.model);
    assert_int_equal(flowset_count(f->fs), 2 + 5);
}

/* The host may translate addresses behind another port than its own. */
static void
test_gateway(void **state)
{
    struct fixture *f = *state;

    guard_set_gateway(f->guard, 7);
    expect_delta(f, NOBODY("+", "60", "in_port=7", "goto_table:41"));
    flowtext_settle(f->fs);
    guard_set_gateway(f->guard, 7);
    expect_delta(f, "");
    guard_set_gateway(f->guard, 8);
    expect_delta(f, NOBODY("+", "60", "in_port=8", "goto_table:41")
                    NOBODY("-", "60", "in_port=7", "drop"));
    guard_set_gateway(f->guard, 0);
    guard_set_gateway(NULL, 7);
    assert_int_equal(flowset_count(f->fs), 0);
}

static void
test_no_guard(void **state OVS_UNUSED)
{
    guard_note_pod(NULL, "shop", "web");
    guard_note_ports(NULL);
    guard_run(NULL, NULL);
    guard_destroy(NULL);
}

/* A pod that starts has no address, but its interface a MAC address: nothing
 * new gets through to that. */
static void
test_starting(void **state)
{
    struct fixture *f = *state;
    char *text;

    put_pod(f, "web", POD("web", "", ""));
    set_port(f, "web", 7, true);
    guard_run(f->guard, f->scene.model);
    text = flowtext_table(f->fs, 49);
    assert_string_equal(text,
        "cookie=0x6e70020000000007,table=49,priority=300,ip,dl_dst=" MAC
        " actions=goto_table:57\n"
        "cookie=0x6e70020000000007,table=49,priority=300,ipv6,dl_dst=" MAC
        " actions=goto_table:57\n");
    free(text);
    put_pod(f, "web", POD("web", "", "podIP: 10.0.0.1"));
    guard_run(f->guard, f->scene.model);
    text = flowtext_table(f->fs, 49);
    assert_string_equal(text, "");
    free(text);

    /* One that is not there at all. */
    set_port(f, "nobody", 7, true);
    guard_run(f->guard, f->scene.model);
    text = flowtext_table(f->fs, 49);
    assert_string_equal(text, "");
    free(text);
}

/* Ports that nobody has told us of, if they are to be closed. */
static void
test_unknown(void **state)
{
    struct fixture *f = *state;
    const uint32_t some[] = { 9, 3, 3 }, others[] = { 3, 5 };
    struct flowset *fs = flowset_create(NULL, NULL);
    struct guard *guard = guard_create(&config, fs, true);

#define CLOSED_TO_ALL                                                       \
    "cookie=0x6e70020000000000,table=40,priority=10,in_port=ANY "           \
    "actions=goto_table:41\n"                                               \
    "cookie=0x6e70020000000000,table=40,priority=10,in_port=CONTROLLER "    \
    "actions=goto_table:41\n"                                               \
    "cookie=0x6e70020000000000,table=40,priority=1 actions=goto_table:57\n"
#define KNOWN(N)                                                            \
    "cookie=0x6e7002000000000" N ",table=40,priority=10,in_port=" N         \
    " actions=goto_table:41\n"

    char *text = flowtext_table(fs, 40);
    assert_string_equal(text, CLOSED_TO_ALL);
    free(text);

    model_set_strangers(f->scene.model, some, 3);
    guard_note_ports(guard);
    guard_run(guard, f->scene.model);
    text = flowtext_table(fs, 40);
    assert_non_null(strstr(text, KNOWN("3")));
    assert_non_null(strstr(text, KNOWN("9")));
    assert_int_equal(flowset_count(fs), 5);
    free(text);

    assert_true(model_set_strangers(f->scene.model, others, 2));
    assert_false(model_set_strangers(f->scene.model, others, 2));
    guard_note_ports(guard);
    guard_run(guard, f->scene.model);
    text = flowtext_table(fs, 40);
    assert_non_null(strstr(text, KNOWN("3")));
    assert_non_null(strstr(text, KNOWN("5")));
    assert_int_equal(flowset_count(fs), 5);
    free(text);
    guard_destroy(guard);
    flowset_destroy(fs);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_closed_until_known),
        TEST(test_without_mac),
        TEST(test_ipv6),
        TEST(test_own_link_local),
        TEST(test_closed_again),
        TEST(test_lost_address),
        TEST(test_no_news),
        TEST(test_ports_come_and_go),
        TEST(test_unguarded),
        TEST(test_gateway),
        TEST(test_shared_number),
        cmocka_unit_test(test_no_guard),
        TEST(test_starting),
        TEST(test_unknown),
    };
#undef TEST

    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
