/* SPDX-License-Identifier: Apache-2.0
 *
 * One flow: its table, where it leads, and into the flowset. */

#include <config.h>

#include "emit-private.h"

#include "flowset.h"
#include "openvswitch/ofpbuf.h"
#include "util.h"

uint8_t
emit_table(const struct emit *e, enum pipeline_table egress,
           enum pipeline_table ingress)
{
    return pipeline_table(e->pipeline,
                          e->direction == K8S_EGRESS ? egress : ingress);
}

enum pipeline_table
emit_next_stage(enum k8s_direction d)
{
    return d == K8S_EGRESS ? TABLE_INGRESS_TARGET : TABLE_COMMIT;
}

/* Where a packet goes that a rule in 'table' passes. */
static enum pipeline_table
next_tier(const struct pipeline_config *config, uint8_t table_id,
          enum k8s_direction d)
{
    enum pipeline_table t = table_id - config->base;

    return (t == TABLE_EGRESS_ADMIN ? TABLE_EGRESS_RULE
            : t == TABLE_INGRESS_ADMIN ? TABLE_INGRESS_RULE
            : emit_next_stage(d));
}

void
emit_allow_actions(uint8_t table_id, const struct flowset_part *part,
                   struct ofpbuf *ofpacts, void *config_)
{
    const struct pipeline_config *config = config_;
    enum k8s_direction d
        = (table_id < pipeline_table(config, TABLE_INGRESS_TARGET)
           ? K8S_EGRESS : K8S_INGRESS);

    if (part->verdict == K8S_PASS) {
        pipeline_put_goto(config, next_tier(config, table_id, d), ofpacts);
        return;
    }
    pipeline_put_set_reg(REG_RULE(d), part->id, ofpacts);
    pipeline_put_goto(config, (part->verdict == K8S_DENY
                               ? TABLE_DROP : emit_next_stage(d)), ofpacts);
}

void
emit_put_actions(const struct emit *e, uint8_t table_id, uint16_t priority,
                 const struct match *match, uint64_t cookie,
                 const struct ofpbuf *ofpacts, bool add)
{
    if (add) {
        flowset_set(e->fs, table_id, priority, match, cookie, ofpacts->data,
                    ofpacts->size);
    } else {
        flowset_unset(e->fs, table_id, priority, match);
    }
}

void
emit_put_flow(const struct emit *e, uint8_t table_id, uint16_t priority,
              const struct match *match, uint64_t cookie, int reg,
              uint32_t value, enum pipeline_table next, bool add)
{
    uint64_t stub[16];
    struct ofpbuf ofpacts;

    ofpbuf_use_stub(&ofpacts, stub, sizeof stub);
    if (reg >= 0) {
        pipeline_put_set_reg(reg, value, &ofpacts);
    }
    pipeline_put_goto(e->pipeline, next, &ofpacts);
    emit_put_actions(e, table_id, priority, match, cookie, &ofpacts, add);
    ofpbuf_uninit(&ofpacts);
}
