/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "audit-msg.h"

#include <arpa/inet.h>

#include "openflow/nicira-ext.h"
#include "openvswitch/ofp-connection.h"
#include "openvswitch/ofp-meter.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-switch.h"
#include "openvswitch/ofpbuf.h"
#include "pipeline.h"

struct ofpbuf *
audit_msg_get_config(enum ofp_version version)
{
    return ofpraw_alloc(OFPRAW_OFPT_GET_CONFIG_REQUEST, version, 0);
}

struct ofpbuf *
audit_msg_set_config(enum ofp_version version,
                     const struct ofputil_switch_config *current)
{
    struct ofputil_switch_config config = *current;

    config.miss_send_len = PIPELINE_REPORT_SIZE;
    return ofputil_encode_set_config(&config, version);
}

struct ofpbuf *
audit_msg_controller_id(enum ofp_version version)
{
    struct ofpbuf *msg = ofpraw_alloc(OFPRAW_NXT_SET_CONTROLLER_ID, version,
                                      0);
    struct nx_controller_id *id = ofpbuf_put_zeros(msg, sizeof *id);

    id->controller_id = htons(PIPELINE_CONTROLLER_ID);
    return msg;
}

struct ofpbuf *
audit_msg_async_config(enum ofp_version version)
{
    struct ofputil_async_cfg async = OFPUTIL_ASYNC_CFG_INIT;

    async.primary[OAM_PACKET_IN] = 1u << OFPR_ACTION;
    return ofputil_encode_set_async_config(&async, (1u << OAM_N_TYPES) - 1,
                                           version);
}

struct ofpbuf *
audit_msg_meter_mod(enum ofp_version version, uint16_t command, int i,
                    uint32_t rate, uint32_t burst)
{
    struct ofputil_meter_band band = {
        .type = OFPMBT13_DROP,
        .rate = rate,
        .burst_size = burst,
    };
    struct ofputil_meter_mod mod = {
        .command = command,
        .meter = {
            .meter_id = PIPELINE_METER(i),
            .flags = OFPMF13_PKTPS | OFPMF13_BURST | OFPMF13_STATS,
            .n_bands = command != OFPMC13_DELETE,
            .bands = &band,
        },
    };

    return ofputil_encode_meter_mod(version, &mod);
}

struct ofpbuf *
audit_msg_meter_stats(enum ofp_version version, int i)
{
    return ofputil_encode_meter_request(version, OFPUTIL_METER_STATS,
                                        PIPELINE_METER(i));
}
