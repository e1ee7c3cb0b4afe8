/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of packets that policies deny: the Drop and Report tables. */

#include <config.h>

#include "emit-private.h"

#include "flow.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofpbuf.h"
#include "partition.h"
#include "rule.h"
#include "util.h"

/* Matches packets that target class 'class' denies.  Those denied for egress
 * were not asked about ingress. */
static void
match_denied(const struct emit *e, uint32_t class, struct match *match)
{
    match_init_catchall(match);
    match_set_reg(match, REG_TARGET(e->direction), class);
    if (e->direction == K8S_EGRESS) {
        match_set_reg(match, REG_TARGET(K8S_INGRESS), 0);
    }
}

void
emit_drop(const struct emit *e, const struct partition_class *target, bool add)
{
    uint32_t class = target->number.value;
    uint64_t stub[8];
    struct ofpbuf ofpacts;
    struct match match;

    ofpbuf_use_stub(&ofpacts, stub, sizeof stub);
    pipeline_put_goto(e->pipeline, TABLE_REPORT, &ofpacts);
    match_denied(e, class, &match);
    emit_put_actions(e, pipeline_table(e->pipeline, TABLE_DROP),
                     PRIORITY_DROP, &match,
                     cookie_make(COOKIE_DROP, class), &ofpacts, add);
    ofpbuf_uninit(&ofpacts);
}

/* Above the default drop: counted, and known by the rule's id. */
void
emit_deny(const struct emit *e, const struct rule *r, bool add)
{
    uint64_t stub[8];
    struct ofpbuf ofpacts;
    struct match match;

    ofpbuf_use_stub(&ofpacts, stub, sizeof stub);
    pipeline_put_goto(e->pipeline, TABLE_REPORT, &ofpacts);
    match_init_catchall(&match);
    match_set_reg(&match, REG_RULE(e->direction), r->id.value);
    if (e->direction == K8S_EGRESS) {
        match_set_reg(&match, REG_TARGET(K8S_INGRESS), 0);
    }
    emit_put_actions(e, pipeline_table(e->pipeline, TABLE_DROP),
                     PRIORITY_DENY, &match,
                     cookie_make(COOKIE_DENY, r->id.value), &ofpacts, add);
    ofpbuf_uninit(&ofpacts);
}

void
emit_audit(const struct emit *e, uint32_t class, bool add)
{
    uint32_t flag = REG_FLAG_AUDIT(e->direction);
    uint64_t stub[16];
    struct ofpbuf ofpacts;
    struct match match;

    ofpbuf_use_stub(&ofpacts, stub, sizeof stub);
    pipeline_put_resubmit(e->pipeline, TABLE_REPORT, &ofpacts);
    pipeline_put_resubmit(e->pipeline, emit_next_stage(e->direction),
                          &ofpacts);
    match_denied(e, class, &match);
    match_set_reg_masked(&match, REG_FLAGS, flag, flag);
    emit_put_actions(e, pipeline_table(e->pipeline, TABLE_DROP),
                     PRIORITY_AUDIT, &match,
                     cookie_make(COOKIE_AUDIT, class), &ofpacts, add);
    ofpbuf_uninit(&ofpacts);
}

static void
put_controller(bool audit, struct ofpbuf *ofpacts)
{
    struct ofpact_controller *controller = ofpact_put_CONTROLLER(ofpacts);

    controller->max_len = PIPELINE_REPORT_SIZE;
    controller->controller_id = PIPELINE_CONTROLLER_ID;
    controller->reason = OFPR_ACTION;
    controller->meter_id = PIPELINE_METER(audit);
    ofpact_finish_CONTROLLER(ofpacts, &controller);
}

/* Packets that are denied for egress have no ingress target, so egress stands
 * above ingress; and what is audited, above what is dropped. */
static void
put_report(const struct emit *e, bool audit, bool add)
{
    bool egress = e->direction == K8S_EGRESS;
    uint32_t flag = audit ? REG_FLAG_AUDIT(e->direction) : 0;
    uint64_t stub[16];
    struct ofpbuf ofpacts;
    struct match match;

    match_init_catchall(&match);
    match_set_reg_masked(&match, REG_FLAGS, flag, flag);
    if (egress) {
        match_set_reg(&match, REG_TARGET(K8S_INGRESS), 0);
    }
    ofpbuf_use_stub(&ofpacts, stub, sizeof stub);
    put_controller(audit, &ofpacts);
    emit_put_actions(e, pipeline_table(e->pipeline, TABLE_REPORT),
                     PRIORITY_REPORT + 20 * egress + 10 * audit, &match,
                     cookie_make(COOKIE_REPORT, e->direction + 2 * audit),
                     &ofpacts, add);
    ofpbuf_uninit(&ofpacts);
}

void
emit_reports(const struct emit *e, bool add)
{
    put_report(e, false, add);
    put_report(e, true, add);
}
