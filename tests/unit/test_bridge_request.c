/* SPDX-License-Identifier: Apache-2.0
 *
 * What other modules send and get over the bridge's connection. */

#include <config.h>

#include "bridge.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/match.h"
#include "openvswitch/ofp-connection.h"
#include "openvswitch/ofp-errors.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-meter.h"
#include "openvswitch/ofpbuf.h"
#include "util.h"

#include "flowset.h"
#include "ovs-fixture.h"
#include "rig.h"

/* What the callbacks saw. */
struct log {
    struct rig rig;
    int n_connects, n_messages, n_replies, n_flows;
    int n_ends, error;          /* Last end. */
};

static void
on_connect(struct bridge *b, struct ofpbuf *msg, void *log_)
{
    struct log *log = log_;

    assert_null(msg);
    assert_true(bridge_version(b) >= OFP14_VERSION);
    log->n_connects++;
}

static void
on_message(struct bridge *b OVS_UNUSED, struct ofpbuf *msg OVS_UNUSED,
           void *log_)
{
    struct log *log = log_;

    log->n_messages++;
}

static void
count_flows(struct log *log, struct ofpbuf *reply)
{
    struct ofputil_flow_stats stats;
    struct ofpbuf ofpacts;

    ofpbuf_init(&ofpacts, 0);
    while (!ofputil_decode_flow_stats_reply(&stats, reply, false, &ofpacts)) {
        log->n_flows++;
        ofpbuf_clear(&ofpacts);
    }
    ofpbuf_uninit(&ofpacts);
}

static void
on_reply(struct bridge *b OVS_UNUSED, struct ofpbuf *reply, int error,
         void *log_)
{
    struct log *log = log_;

    if (reply) {
        log->n_replies++;
        count_flows(log, reply);
    } else {
        log->n_ends++;
        log->error = error;
    }
}

static bool
has_end(void *log_)
{
    const struct log *log = log_;

    return log->n_ends;
}

static bool
has_message(void *log_)
{
    const struct log *log = log_;

    return log->n_messages;
}

static void
log_init(struct log *log)
{
    *log = (struct log) { .error = -1 };
    log->rig.fs = rig_create_flowset();
    rig_connect(&log->rig, "br0.mgmt");
    bridge_on_connect(log->rig.bridge, on_connect, log);
    bridge_enable(log->rig.bridge);
}

static struct ofpbuf *
flow_request(const struct log *log)
{
    struct ofputil_flow_stats_request request = {
        .out_port = OFPP_ANY,
        .out_group = OFPG_ANY,
        .table_id = 44,
    };

    match_init_catchall(&request.match);
    return ofputil_encode_flow_stats_request(
        &request, ofputil_protocol_from_ofp_version(
            bridge_version(log->rig.bridge)));
}

static struct ofpbuf *
meter_mod(const struct log *log, enum ofp13_meter_mod_command command)
{
    struct ofputil_meter_band band = { .type = OFPMBT13_DROP, .rate = 10 };
    struct ofputil_meter_mod mm = {
        .command = command,
        .meter = { .meter_id = 7, .flags = OFPMF13_PKTPS, .n_bands = 1,
                   .bands = &band },
    };

    return ofputil_encode_meter_mod(bridge_version(log->rig.bridge), &mm);
}

#define N_FLOWS 3000

/* An answer of several messages, while a bundle is under way. */
static void
test_multipart(void **state)
{
    struct log log;

    log_init(&log);
    for (int i = 0; i < N_FLOWS; i++) {
        rig_set_nth_flow(log.rig.fs, i, i);
    }
    rig_wait_generation(&log.rig, 1);
    assert_int_equal(log.n_connects, 1);

    rig_set_nth_flow(log.rig.fs, 0, 99);
    bridge_set_generation(log.rig.bridge, 2);
    bridge_request(log.rig.bridge, flow_request(&log), on_reply, &log);
    rig_wait_for(&log.rig, has_end);
    assert_int_equal(log.error, 0);
    assert_int_equal(log.n_flows, N_FLOWS);
    assert_true(log.n_replies > 1);
    rig_wait_generation(&log.rig, 2);
    assert_int_equal(log.n_ends, 1);
    assert_int_equal(rig_status(&log.rig).n_refused, 0);
    rig_uninit(&log.rig);
}

/* A request without a reply ends too, well or badly. */
static void
test_command(void **state)
{
    struct log log;

    log_init(&log);
    rig_wait_generation(&log.rig, 1);
    bridge_request(log.rig.bridge, meter_mod(&log, OFPMC13_ADD), on_reply,
                   &log);
    rig_wait_for(&log.rig, has_end);
    assert_int_equal(log.error, 0);
    assert_int_equal(log.n_replies, 0);

    log.n_ends = 0;
    bridge_request(log.rig.bridge, meter_mod(&log, OFPMC13_ADD), on_reply,
                   &log);
    rig_wait_for(&log.rig, has_end);
    assert_int_equal(log.error, OFPERR_OFPMMFC_METER_EXISTS);
    assert_int_equal(log.n_ends, 1);

    char *meters = ovs_fixture_run(
        rig_ovs, "ovs-ofctl -O OpenFlow15 dump-meters br0");
    assert_non_null(strstr(meters, "meter=7"));
    free(meters);
    rig_uninit(&log.rig);
}

static void
test_asynchronous(void **state)
{
    struct ofputil_async_cfg cfg = OFPUTIL_ASYNC_CFG_INIT;
    struct log log;

    log_init(&log);
    bridge_subscribe(log.rig.bridge, OFPTYPE_PORT_STATUS, on_message, &log);
    rig_wait_generation(&log.rig, 1);
    for (int i = 0; i < OAM_N_TYPES; i++) {
        cfg.primary[i] = cfg.secondary[i] = UINT32_MAX;
    }
    bridge_send(log.rig.bridge,
                ofputil_encode_set_async_config(
                    &cfg, 1u << OAM_PORT_STATUS,
                    bridge_version(log.rig.bridge)));
    bridge_request(log.rig.bridge, flow_request(&log), on_reply, &log);
    rig_wait_for(&log.rig, has_end);
    free(ovs_fixture_run(rig_ovs, "ovs-vsctl add-port br0 p1 -- "
                         "set Interface p1 type=dummy"));
    rig_wait_for(&log.rig, has_message);

    log.n_messages = 0;
    bridge_forget(log.rig.bridge, &log);
    rig_set_nth_flow(log.rig.fs, 0, 1);
    free(ovs_fixture_run(rig_ovs, "ovs-vsctl del-port br0 p1"));
    rig_wait_generation(&log.rig, 2);
    assert_int_equal(log.n_messages, 0);
    rig_uninit(&log.rig);
}

static void
test_connection_lost(void **state)
{
    struct log log;

    log_init(&log);
    rig_wait_generation(&log.rig, 1);
    ovs_fixture_stop_vswitchd(rig_ovs, 9);
    bridge_request(log.rig.bridge, flow_request(&log), on_reply, &log);
    rig_wait_for(&log.rig, has_end);
    assert_int_equal(log.error, ENOTCONN);
    assert_int_equal(log.n_connects, 1);

    ovs_fixture_start_vswitchd(rig_ovs);
    rig_wait_generation(&log.rig, 2);
    assert_int_equal(log.n_connects, 2);
    assert_int_equal(log.n_ends, 1);
    rig_uninit(&log.rig);
}

#define TEST(NAME) cmocka_unit_test_setup(NAME, rig_setup)

int
main(int argc OVS_UNUSED, char *argv[])
{
    const struct CMUnitTest tests[] = {
        TEST(test_multipart),
        TEST(test_command),
        TEST(test_asynchronous),
        TEST(test_connection_lost),
    };
    int status;

    set_program_name(argv[0]);
    if (ovs_fixture_must_skip(&status)) {
        return status;
    }
    return cmocka_run_group_tests(tests, rig_setup_group, rig_teardown_group);
}
