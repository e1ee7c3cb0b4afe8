/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "rig.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/match.h"
#include "openvswitch/ofp-actions.h"
#include "util.h"

#include "flowset.h"
#include "flowtext.h"
#include "ovs-fixture.h"
#include "relay.h"

#define TIMEOUT_MSEC 60000

struct ovs_fixture *rig_ovs;

static void
allow_actions(uint8_t table, const struct flowset_part *part OVS_UNUSED,
              struct ofpbuf *ofpacts, void *aux OVS_UNUSED)
{
    ofpact_put_GOTO_TABLE(ofpacts)->table_id = table + 1;
}

struct flowset *
rig_create_flowset(void)
{
    return flowset_create(allow_actions, NULL);
}

char *
rig_socket_path(const char *name)
{
    return xasprintf("%s/%s", ovs_fixture_dir(rig_ovs), name);
}

void
rig_connect(struct rig *rig, const char *socket)
{
    char *target = xasprintf("unix:%s/%s", ovs_fixture_dir(rig_ovs), socket);

    rig->bridge = bridge_create(target, rig->fs, RIG_MAGIC, RIG_MASK);
    free(target);
}

void
rig_init(struct rig *rig)
{
    *rig = (struct rig) { .fs = rig_create_flowset() };
    rig_connect(rig, "br0.mgmt");
    bridge_enable(rig->bridge);
}

void
rig_uninit(struct rig *rig)
{
    bridge_destroy(rig->bridge);
    flowset_destroy(rig->fs);
    relay_destroy(rig->relay);
}

void
rig_run(void *rig_)
{
    struct rig *rig = rig_;

    bridge_run(rig->bridge);
    if (rig->relay) {
        relay_run(rig->relay);
    }
}

void
rig_wait(void *rig_)
{
    struct rig *rig = rig_;

    bridge_wait(rig->bridge);
    if (rig->relay) {
        relay_wait(rig->relay);
    }
}

struct bridge_status
rig_status(const struct rig *rig)
{
    struct bridge_status status;

    bridge_get_status(rig->bridge, &status);
    return status;
}

static bool
has_generation(void *rig_)
{
    struct rig *rig = rig_;

    return bridge_generation(rig->bridge) == rig->generation;
}

static bool
has_state(void *rig_)
{
    struct rig *rig = rig_;

    return !strcmp(rig_status(rig).state, rig->state);
}

static bool
has_refused(void *rig_)
{
    struct rig *rig = rig_;
    struct bridge_status status = rig_status(rig);

    return status.n_refused >= rig->n_refused && !strcmp(status.state, "idle");
}

bool
rig_has_lost_connection(void *rig_)
{
    struct rig *rig = rig_;
    struct bridge_status status = rig_status(rig);

    return status.n_connections > rig->n_connections || !status.connected;
}

bool
rig_was_cut(void *rig_)
{
    struct rig *rig = rig_;

    return relay_n_cuts(rig->relay) && !rig_status(rig).connected;
}

bool
rig_try_wait(struct rig *rig, bool (*done)(void *), int timeout_msec)
{
    return ovs_fixture_loop(
        &(struct ovs_fixture_loop) { rig_run, rig_wait, done, rig },
        timeout_msec);
}

void
rig_wait_for(struct rig *rig, bool (*done)(void *))
{
    if (!rig_try_wait(rig, done, TIMEOUT_MSEC)) {
        struct bridge_status status = rig_status(rig);

        fail_msg("gave up in state %s, generation %"PRIu64", error %s",
                 status.state, bridge_generation(rig->bridge),
                 status.error ? status.error : "none");
    }
}

void
rig_wait_published(struct rig *rig, uint64_t generation)
{
    rig->generation = generation;
    rig_wait_for(rig, has_generation);
}

void
rig_wait_generation(struct rig *rig, uint64_t generation)
{
    bridge_set_generation(rig->bridge, generation);
    rig_wait_published(rig, generation);
}

void
rig_wait_state(struct rig *rig, const char *state)
{
    rig->state = state;
    rig_wait_for(rig, has_state);
}

void
rig_wait_refused(struct rig *rig, uint64_t n)
{
    rig->n_refused = n;
    rig_wait_for(rig, has_refused);
}

/* Flows, from ovs-ofctl syntax. */

void
rig_set_flow(struct flowset *fs, const char *text)
{
    struct flowset_flow flow;

    flowtext_parse(text, &flow);
    flowset_set(fs, flow.table, flow.priority, &flow.match,
                RIG_MAGIC | flow.cookie, flow.ofpacts, flow.ofpacts_len);
    free(flow.ofpacts);
}

void
rig_unset_flow(struct flowset *fs, const char *text)
{
    char *with_actions = xasprintf("%s,actions=drop", text);
    struct flowset_flow flow;

    flowtext_parse(with_actions, &flow);
    flowset_unset(fs, flow.table, flow.priority, &flow.match);
    free(flow.ofpacts);
    free(with_actions);
}

void
rig_set_nth_flow(struct flowset *fs, unsigned int i, unsigned int reg)
{
    char *text = xasprintf("table=44,priority=200,ip,nw_dst=10.%u.%u.%u,"
                           "actions=load:%u->NXM_NX_REG2[],goto_table:45",
                           i >> 16 & 0xff, i >> 8 & 0xff, i & 0xff, reg);

    rig_set_flow(fs, text);
    free(text);
}

int
rig_count_flows(const char *filter)
{
    char *out = ovs_fixture_run(
        rig_ovs, "ovs-ofctl -O OpenFlow15 --no-stats dump-flows br0 '%s' "
        "| grep -c actions= || true", filter);
    int n = atoi(out);

    free(out);
    return n;
}

void
rig_run_ofctl(const char *command)
{
    free(ovs_fixture_run(rig_ovs, "ovs-ofctl -O OpenFlow15 %s", command));
}

/* One of every kind that the pipeline uses. */
static const char *const all_kinds[RIG_N_KINDS] = {
    "table=0,priority=65535,cookie=0x1,reg0=0/1,"
    "actions=load:1->NXM_NX_REG0[0],resubmit(,40)",
    "table=40,priority=100,in_port=3,dl_src=02:00:00:00:00:01,ip,"
    "nw_src=10.0.0.1,actions=goto_table:41",
    "table=40,priority=100,arp,in_port=3,arp_spa=10.0.0.1,"
    "arp_sha=02:00:00:00:00:01,actions=goto_table:41",
    "table=40,priority=100,icmp6,in_port=3,icmp_type=136,icmp_code=0,"
    "nd_target=fd00::1,nd_tll=02:00:00:00:00:01,actions=goto_table:41",
    "table=40,priority=10,in_port=3,actions=drop",
    "table=41,priority=10,ip,actions=ct(zone=40,table=42)",
    "table=41,priority=10,ipv6,actions=ct(zone=40,table=42)",
    "table=42,priority=20,ct_state=+trk+inv,actions=goto_table:57",
    "table=42,priority=20,ct_state=+trk+est-rel+rpl,ct_mark=0/0x1,"
    "actions=goto_table:56",
    "table=44,priority=200,ipv6,ipv6_dst=fd00::/64,"
    "actions=load:7->NXM_NX_REG2[],goto_table:45",
    "table=47,priority=100,reg1=1,actions=conjunction(5,1/3)",
    "table=47,priority=100,reg2=7,actions=conjunction(5,2/3),"
    "conjunction(9,2/2)",
    "table=47,priority=100,tcp,tp_dst=0x1f40/0xfff8,"
    "actions=conjunction(5,3/3)",
    "table=47,priority=100,sctp,tp_dst=80,actions=conjunction(5,3/3)",
    "table=47,priority=100,conj_id=5,"
    "actions=load:5->NXM_NX_REG7[],goto_table:49",
    "table=55,priority=10,ip,actions=ct(commit,zone=40,"
    "exec(move:NXM_NX_REG7[]->NXM_NX_CT_LABEL[0..31],"
    "load:1->NXM_NX_CT_MARK[0])),goto_table:56",
    "table=56,priority=10,actions=resubmit(,0)",
    "table=57,priority=10,reg1=3,actions=note:01.02.03.04.05.06",
};

void
rig_set_all_kinds(struct flowset *fs)
{
    for (size_t i = 0; i < RIG_N_KINDS; i++) {
        rig_set_flow(fs, all_kinds[i]);
    }
}

int
rig_setup_group(void **state)
{
    rig_ovs = ovs_fixture_create();
    return 0;
}

int
rig_teardown_group(void **state)
{
    ovs_fixture_destroy(rig_ovs);
    return 0;
}

int
rig_setup(void **state)
{
    /* A test that failed may have left anything. */
    ovs_fixture_start_ovsdb(rig_ovs);
    ovs_fixture_start_vswitchd(rig_ovs);
    free(ovs_fixture_run(rig_ovs, "ovs-vsctl --if-exists del-br br0"));
    free(ovs_fixture_run(rig_ovs, "ovs-vsctl add-br br0 -- "
                         "set Bridge br0 fail-mode=secure"));
    return 0;
}
