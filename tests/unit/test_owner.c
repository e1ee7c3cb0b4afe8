/* SPDX-License-Identifier: Apache-2.0
 *
 * Each trace by itself, and bridges that are nobody's. */

#include <config.h>

#include "owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "smap.h"
#include "util.h"

#include "flowset.h"
#include "flowtext.h"

/* One key=value, or a port's name, or flows. */
struct sight {
    enum owner_place place;
    const char *name;           /* The row's. */
    const char *key, *value;
    const char *flows[2];
};

static void
see(struct owners *o, const struct sight *s)
{
    struct smap ids = SMAP_INITIALIZER(&ids);

    if (s->place == OWNER_FLOW) {
        for (size_t i = 0; i < ARRAY_SIZE(s->flows) && s->flows[i]; i++) {
            struct flowset_flow flow;

            flowtext_parse(s->flows[i], &flow);
            owners_see_flow(o, &flow);
            free(flow.ofpacts);
        }
    } else if (s->place == OWNER_PORT_NAME) {
        owners_see_port(o, s->name);
    } else {
        smap_add(&ids, "someone", "else");
        smap_add(&ids, s->key, s->value);
        owners_see_ids(o, s->place, s->name, &ids);
    }
    smap_destroy(&ids);
}

struct trace {
    struct sight sight;
    const char *want;
};

static void
check_traces(const struct trace cases[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct owners o;

        owners_init(&o);
        see(&o, &cases[i].sight);
        see(&o, &cases[i].sight);
        char *got = owners_format(&o);
        if (!got || strcmp(got, cases[i].want)) {
            fail_msg("case %"PRIuSIZE": \"%s\", not \"%s\"", i,
                     got ? got : "(nobody)", cases[i].want);
        }
        free(got);
        owners_uninit(&o);
    }
}

static void
test_ovn_traces(void **state OVS_UNUSED)
{
    static const struct trace cases[] = {
        {{ OWNER_BRIDGE_IDS, "br-int", "ct-zone-lsp1", "3", { NULL }},
         "OVN (external_ids:ct-zone-lsp1 of bridge br-int)" },
        {{ OWNER_BRIDGE_IDS, "br-int", "ovn-nb-cfg-ts", "0", { NULL }},
         "OVN (external_ids:ovn-nb-cfg-ts of bridge br-int)" },
        {{ OWNER_BRIDGE_IDS, "br-int", "ovn-startup-ts", "17", { NULL }},
         "OVN (external_ids:ovn-startup-ts of bridge br-int)" },
        {{ OWNER_PORT_IDS, "ovn-aaa-0", "ovn-chassis-id", "a@10.0.0.1",
           { NULL }},
         "OVN (external_ids:ovn-chassis-id of port ovn-aaa-0)" },
        {{ OWNER_PORT_IDS, "p", "ovn-l3gateway-port", "x", { NULL }},
         "OVN (external_ids:ovn-l3gateway-port of port p)" },
        {{ OWNER_PORT_IDS, "p", "ovn-logical-patch-port", "x", { NULL }},
         "OVN (external_ids:ovn-logical-patch-port of port p)" },
        {{ OWNER_INTERFACE_IDS, "veth1", "ovn-installed", "true", { NULL }},
         "OVN (external_ids:ovn-installed of interface veth1)" },
        {{ OWNER_FLOW, NULL, NULL, NULL,
           { "cookie=0xdeff105,table=0,priority=550,ip,in_port=LOCAL,"
             "actions=ct(commit,table=2,zone=64001)" }},
         "ovn-kubernetes (flow cookie=0xdeff105,table=0,priority=550,ip,"
         "in_port=LOCAL actions=ct(commit,table=2,zone=64001))" },
    };

    check_traces(cases, ARRAY_SIZE(cases));
}

static void
test_traces(void **state OVS_UNUSED)
{
    static const struct trace cases[] = {
        {{ OWNER_BRIDGE_IDS, "br-int", "roundNum", "5", { NULL }},
         "Antrea (external_ids:roundNum of bridge br-int)" },
        {{ OWNER_PORT_IDS, "web-1a2b3c", "antrea-type", "container",
           { NULL }},
         "Antrea (external_ids:antrea-type of port web-1a2b3c)" },
        {{ OWNER_PORT_NAME, "antrea-gw0", NULL, NULL, { NULL }},
         "Antrea (port antrea-gw0)" },
        {{ OWNER_PORT_NAME, "antrea-tun0", NULL, NULL, { NULL }},
         "Antrea (port antrea-tun0)" },
        {{ OWNER_FLOW, NULL, NULL, NULL,
           { "table=253,actions=note:02.0b.00.00.00.00" }},
         "openshift-sdn (flow cookie=0x0,table=253,priority=32768 "
         "actions=note:02.0b.00.00.00.00)" },
        {{ OWNER_PORT_CONFIG, "tap1", "net_uuid", "6a6b", { NULL }},
         "Neutron (other_config:net_uuid of port tap1)" },
        {{ OWNER_FLOW, NULL, NULL, NULL,
           { "cookie=0x77,table=23,priority=0,actions=drop",
             "cookie=0x77,table=60,priority=3,actions=NORMAL" }},
         "Neutron (flow cookie=0x77,table=60,priority=3 actions=NORMAL)" },
    };

    check_traces(cases, ARRAY_SIZE(cases));
}

static char *
ovn_bridge(const char *bridge, const char *remote, const char *configured)
{
    struct smap ids = SMAP_INITIALIZER(&ids);
    struct owners o;

    owners_init(&o);
    smap_add(&ids, "system-id", "a");
    if (remote) {
        smap_add(&ids, "ovn-remote", remote);
    }
    if (configured) {
        smap_add(&ids, "ovn-bridge", configured);
    }
    owners_see_ids(&o, OWNER_SWITCH_IDS, bridge, &ids);
    char *text = owners_format(&o);
    owners_uninit(&o);
    smap_destroy(&ids);
    return text;
}

/* The bridge that ovn-controller was told to work on, before it does. */
static void
test_ovn_bridge(void **state OVS_UNUSED)
{
    char *text = ovn_bridge("br-int", "tcp:10.0.0.1:6642", NULL);

    assert_non_null(strstr(text, "OVN (external_ids:ovn-bridge"));
    free(text);
    text = ovn_bridge("br9", "tcp:10.0.0.1:6642", "br9");
    assert_non_null(text);
    free(text);
    assert_null(ovn_bridge("br-int", "tcp:10.0.0.1:6642", "br9"));
    assert_null(ovn_bridge("br-int", NULL, NULL));
    assert_null(ovn_bridge("br0", "tcp:10.0.0.1:6642", NULL));
}

/* What may be on a bridge that nobody but us programs. */
static void
test_nobody(void **state OVS_UNUSED)
{
    static const struct sight cases[] = {
        { OWNER_SWITCH_IDS, "br0", "ovn-bridge-mappings", "net:br0",
          { NULL }},
        { OWNER_BRIDGE_IDS, "br0", "ovs-netpol-sync", "17", { NULL }},
        { OWNER_BRIDGE_IDS, "br0", "ct-zone", "17", { NULL }},
        { OWNER_PORT_IDS, "p", "ovn-localnet-port", "ln", { NULL }},
        { OWNER_PORT_IDS, "p", "pod-name", "web", { NULL }},
        { OWNER_INTERFACE_IDS, "p", "iface-id", "shop/web", { NULL }},
        { OWNER_INTERFACE_IDS, "p", "sandbox", "1a2b", { NULL }},
        { OWNER_PORT_CONFIG, "p", "priority-tags", "true", { NULL }},
        { OWNER_PORT_NAME, "vxlan0", NULL, NULL, { NULL }},
        { OWNER_PORT_NAME, "tun0", NULL, NULL, { NULL }},
        { OWNER_FLOW, NULL, NULL, NULL,
          { "table=23,priority=0,actions=drop",
            "table=60,priority=3,actions=NORMAL" }},
        { OWNER_FLOW, NULL, NULL, NULL,
          { "cookie=0x5,table=23,priority=0,actions=drop" }},
        { OWNER_FLOW, NULL, NULL, NULL,
          { "table=253,actions=drop",
            "table=253,ip,actions=note:01.02.03.04.05.06" }},
        { OWNER_FLOW, NULL, NULL, NULL,
          { "table=0,priority=0,actions=NORMAL",
            "table=0,priority=100,tun_id=5,in_port=1,"
            "actions=load:5->NXM_NX_REG0[],resubmit(,10)" }},
    };
    struct owners o;

    owners_init(&o);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct owners one;

        owners_init(&one);
        see(&one, &cases[i]);
        char *got = owners_format(&one);
        if (got) {
            fail_msg("case %"PRIuSIZE": %s", i, got);
        }
        owners_uninit(&one);
    }
    assert_null(owners_format(&o));
    owners_uninit(&o);
}

static void
test_several(void **state OVS_UNUSED)
{
    static const struct sight ovn = {
        OWNER_BRIDGE_IDS, "br0", "ct-zone-a", "1", { NULL }
    };
    static const struct sight antrea = {
        OWNER_PORT_NAME, "antrea-gw0", NULL, NULL, { NULL }
    };
    struct owners o;

    owners_init(&o);
    see(&o, &ovn);
    see(&o, &antrea);
    char *got = owners_format(&o);
    assert_string_equal(got, "OVN (external_ids:ct-zone-a of bridge br0), "
                        "Antrea (port antrea-gw0)");
    free(got);
    owners_uninit(&o);
    assert_int_equal(o.n, 0);
}

int
main(int argc OVS_UNUSED, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_traces),
        cmocka_unit_test(test_ovn_traces),
        cmocka_unit_test(test_ovn_bridge),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_several),
    };

    set_program_name(argv[0]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
