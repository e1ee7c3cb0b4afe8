/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "survey.h"

#include <stdlib.h>

#include "flowset.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/match.h"
#include "openvswitch/meta-flow.h"
#include "openvswitch/ofp-actions.h"
#include "util.h"

/* Longest example, in bytes. */
#define MAX_TEXT 512

void
survey_init(struct survey *s, const struct pipeline_config *config)
{
    *s = (struct survey) { .config = *config };
    owners_init(&s->owners);
}

static void
clear(struct survey_clash *clashes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(clashes[i].example);
        clashes[i] = (struct survey_clash) { .n = 0 };
    }
}

void
survey_uninit(struct survey *s)
{
    owners_uninit(&s->owners);
    clear(s->clashes, SURVEY_N_KINDS);
    clear(&s->readers, 1);
    clear(&s->writers, 1);
}

static void
note(struct survey_clash *c, const struct flowset_flow *flow)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (c->n++) {
        return;
    }
    flowset_format_flow(flow, NULL, &ds);
    if (ds.length > MAX_TEXT) {
        ds_truncate(&ds, MAX_TEXT);
        ds_put_cstr(&ds, "...");
    }
    c->example = ds_steal_cstr(&ds);
}

/* True if 'field' is reg0 or contains it. */
static bool
has_reg0(const struct mf_field *field)
{
    BUILD_ASSERT_DECL(REG_FLAGS == 0);

    return (field->id == MFF_REG0 || field->id == MFF_XREG0
            || field->id == MFF_XXREG0);
}

/* What a flow's actions do. */
struct effect {
    bool reads, writes;         /* reg0. */
    bool zone;                  /* Uses our conntrack zone. */
    bool comes_back;            /* Resubmits to table 0. */
};

static void
look_at_action(const struct ofpact *a, const struct pipeline_config *config,
               struct effect *e)
{
    switch ((int) a->type) {
    case OFPACT_SET_FIELD:
        e->writes |= has_reg0(ofpact_get_SET_FIELD(a)->field);
        break;
    case OFPACT_REG_MOVE:
        e->reads |= has_reg0(ofpact_get_REG_MOVE(a)->src.field);
        e->writes |= has_reg0(ofpact_get_REG_MOVE(a)->dst.field);
        break;
    case OFPACT_STACK_PUSH:
        e->reads |= has_reg0(ofpact_get_STACK_PUSH(a)->subfield.field);
        break;
    case OFPACT_STACK_POP:
        e->writes |= has_reg0(ofpact_get_STACK_POP(a)->subfield.field);
        break;
    case OFPACT_OUTPUT_REG:
        e->reads |= has_reg0(ofpact_get_OUTPUT_REG(a)->src.field);
        break;
    case OFPACT_CT: {
        const struct ofpact_conntrack *ct = ofpact_get_CT(a);

        e->zone |= !ct->zone_src.field && ct->zone_imm == config->zone;
        e->comes_back |= ct->recirc_table == 0;
        break;
    }
    case OFPACT_RESUBMIT:
        e->comes_back |= ofpact_get_RESUBMIT(a)->table_id == 0;
        break;
    }
}

static struct effect
find_effect(const struct flowset_flow *flow,
            const struct pipeline_config *config)
{
    struct effect e = { .reads = flow->match.wc.masks.regs[REG_FLAGS] };
    const struct ofpact *a;

    OFPACT_FOR_EACH_FLATTENED (a, flow->ofpacts, flow->ofpacts_len) {
        look_at_action(a, config, &e);
    }
    return e;
}

/* It sees packets that our tables have not seen. */
static bool
is_before_hook(const struct flowset_flow *flow)
{
    uint32_t guard = REG_FLAG_GUARD & flow->match.wc.masks.regs[REG_FLAGS];

    return (!flow->table && flow->priority >= PRIORITY_HOOK
            && !(flow->match.flow.regs[REG_FLAGS] & guard));
}

static void
see_foreign(struct survey *s, const struct flowset_flow *flow)
{
    struct effect e = find_effect(flow, &s->config);

    owners_see_flow(&s->owners, flow);
    if (s->config.attach != ATTACH_CHAIN && is_before_hook(flow)) {
        note(&s->clashes[SURVEY_HOOK], flow);
    }
    if (e.zone) {
        note(&s->clashes[SURVEY_ZONE], flow);
    }
    if (e.reads) {
        note(&s->readers, flow);
    }
    if (e.writes) {
        note(&s->writers, flow);
    }
    s->comes_back |= e.comes_back;
}

void
survey_see_flow(struct survey *s, const struct flowset_flow *flow)
{
    if (!((flow->cookie ^ COOKIE_MAGIC) & COOKIE_MAGIC_MASK)) {
        s->n_ours++;
        return;
    }
    s->n_foreign++;
    if (pipeline_has_table(&s->config, flow->table)) {
        note(&s->clashes[SURVEY_TABLE], flow);
    } else {
        see_foreign(s, flow);
    }
}

/* 'from' is emptied. */
static void
merge(struct survey_clash *to, struct survey_clash *from)
{
    to->n += from->n;
    if (!to->example) {
        to->example = from->example;
        from->example = NULL;
    }
    clear(from, 1);
}

void
survey_finish(struct survey *s)
{
    struct survey_clash *c = &s->clashes[SURVEY_REGISTER];

    if (s->config.attach != ATTACH_HOOK) {
        return;
    }
    if (!s->writers.n) {
        merge(c, &s->readers);
    } else if (s->comes_back) {
        merge(c, &s->writers);
    }
}

const char *
survey_kind_name(enum survey_kind kind)
{
    static const char *const names[] = {
        [SURVEY_OWNER] = "owner",
        [SURVEY_TABLE] = "table",
        [SURVEY_HOOK] = "hook",
        [SURVEY_ZONE] = "zone",
        [SURVEY_REGISTER] = "register",
    };

    return names[kind];
}

size_t
survey_count(const struct survey *s, enum survey_kind kind)
{
    return kind == SURVEY_OWNER ? s->owners.n : s->clashes[kind].n;
}

static char *
describe_what(const struct survey *s, enum survey_kind kind)
{
    switch (kind) {
    case SURVEY_TABLE:
        return xasprintf("flows of others are in our tables %d to %d",
                         s->config.base, s->config.base + N_TABLES - 1);
    case SURVEY_HOOK:
        return xstrdup("flows of others come before ours in table 0, what "
                       "they match is not judged");
    case SURVEY_ZONE:
        return xasprintf("flows of others use our connection tracking zone %d",
                         s->config.zone);
    case SURVEY_REGISTER:
        return xstrdup("flows of others use reg0, where our guard bit is");
    case SURVEY_OWNER:
    case SURVEY_N_KINDS:
    default:
        OVS_NOT_REACHED();
    }
}

char *
survey_describe(const struct survey *s, enum survey_kind kind)
{
    const struct survey_clash *c = &s->clashes[kind];

    if (!survey_count(s, kind)) {
        return NULL;
    }
    if (kind == SURVEY_OWNER) {
        char *owners = owners_format(&s->owners);
        char *text = xasprintf("the bridge is programmed by %s", owners);

        free(owners);
        return text;
    }

    char *what = describe_what(s, kind);
    char *text = xasprintf("%s: %"PRIuSIZE", the first: %s", what, c->n,
                           c->example);
    free(what);
    return text;
}
