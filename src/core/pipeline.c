/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "flows-text.h"
#include "flowset.h"
#include "k8s.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/meta-flow.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-table.h"
#include "openvswitch/ofpbuf.h"
#include "util.h"

const char *const pipeline_table_names[N_TABLES] = {
#define TABLE(ID, NAME, PURPOSE) NAME,
#include "../flows/tables.def"
#undef TABLE
};

const char *const pipeline_table_purposes[N_TABLES] = {
#define TABLE(ID, NAME, PURPOSE) PURPOSE,
#include "../flows/tables.def"
#undef TABLE
};

bool
pipeline_only_allows(const struct pipeline_config *config, uint8_t table,
                     uint64_t cookie)
{
    enum cookie_kind kind = cookie_kind(cookie);

    return (((table == pipeline_table(config, TABLE_EGRESS_RULE)
              || table == pipeline_table(config, TABLE_INGRESS_RULE))
             && (kind == COOKIE_CLAUSE || kind == COOKIE_RULE))
            || (table == pipeline_table(config, TABLE_REPORT)
                && kind == COOKIE_REPORT));
}

struct ofputil_table_map *
pipeline_table_map(const struct pipeline_config *config)
{
    struct ofputil_table_map *map = xmalloc(sizeof *map);

    ofputil_table_map_init(map);
    for (int i = 0; i < N_TABLES; i++) {
        ofputil_table_map_put(map, config->base + i, pipeline_table_names[i]);
    }
    return map;
}

void
pipeline_table_map_destroy(struct ofputil_table_map *map)
{
    if (map) {
        ofputil_table_map_destroy(map);
        free(map);
    }
}

void
pipeline_put_goto(const struct pipeline_config *config,
                  enum pipeline_table table, struct ofpbuf *ofpacts)
{
    ofpact_put_GOTO_TABLE(ofpacts)->table_id = pipeline_table(config, table);
}

void
pipeline_put_resubmit(const struct pipeline_config *config,
                      enum pipeline_table table, struct ofpbuf *ofpacts)
{
    struct ofpact_resubmit *resubmit = ofpact_put_RESUBMIT(ofpacts);

    resubmit->in_port = OFPP_IN_PORT;
    resubmit->table_id = pipeline_table(config, table);
}

void
pipeline_put_set_flag(uint32_t flag, struct ofpbuf *ofpacts)
{
    ovs_be32 be_flag = htonl(flag);

    ofpact_put_set_field(ofpacts, mf_from_id(MFF_REG0 + REG_FLAGS), &be_flag,
                         &be_flag);
}

void
pipeline_put_set_reg(int reg, uint32_t value, struct ofpbuf *ofpacts)
{
    ovs_be32 be_value = htonl(value);

    ofpact_put_set_field(ofpacts, mf_from_id(MFF_REG0 + reg), &be_value,
                         NULL);
}

/* Whoever is denied for egress was not asked about ingress. */
void
pipeline_get_report(const struct flow *flow, struct pipeline_report *r)
{
    bool ingress = flow->regs[REG_TARGET(K8S_INGRESS)] != 0;

    r->direction = ingress ? K8S_INGRESS : K8S_EGRESS;
    r->audit = (flow->regs[REG_FLAGS] & REG_FLAG_AUDIT(r->direction)) != 0;
    r->target = flow->regs[REG_TARGET(r->direction)];
    r->rule = flow->regs[REG_RULE(r->direction)];
}

/* 'line' with each 'word' replaced by 'number'. */
static char *
substitute(const char *line, const char *word, unsigned int number)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    const char *p;

    while ((p = strstr(line, word))) {
        ds_put_buffer(&s, line, p - line);
        ds_put_format(&s, "%u", number);
        line = p + strlen(word);
    }
    ds_put_cstr(&s, line);
    return ds_steal_cstr(&s);
}

static void
install_line(const struct pipeline_config *config,
             const struct ofputil_table_map *map, const char *line,
             struct flowset *fs)
{
    char *zoned = substitute(line, "ZONE", config->zone);
    char *text = substitute(zoned, "NEXT", config->next_table);
    enum ofputil_protocol protocols;
    struct ofputil_flow_mod fm;
    struct match match;
    char *error;

    error = parse_ofp_flow_mod_str(&fm, text, NULL, map, OFPFC_ADD,
                                   &protocols);
    if (error) {
        ovs_abort(0, "%s: %s", text, error);
    }
    minimatch_expand(&fm.match, &match);
    flowset_set(fs, fm.table_id, fm.priority, &match,
                cookie_make(COOKIE_STATIC, 0), fm.ofpacts, fm.ofpacts_len);
    minimatch_destroy(&fm.match);
    free(CONST_CAST(struct ofpact *, fm.ofpacts));
    free(text);
    free(zoned);
}

static void
install_text(const struct pipeline_config *config, const char *const lines[],
             struct flowset *fs)
{
    struct ofputil_table_map *map = pipeline_table_map(config);

    for (; *lines; lines++) {
        install_line(config, map, *lines, fs);
    }
    pipeline_table_map_destroy(map);
}

static const char *const attach_names[] = {
    [ATTACH_HOOK] = "hook",
    [ATTACH_CHAIN] = "chain",
    [ATTACH_NORMAL] = "normal",
};

const char *
pipeline_attach_name(enum pipeline_attach attach)
{
    return attach_names[attach];
}

bool
pipeline_attach_parse(const char *s, enum pipeline_attach *attach)
{
    for (size_t i = 0; i < ARRAY_SIZE(attach_names); i++) {
        if (!strcmp(s, attach_names[i])) {
            *attach = i;
            return true;
        }
    }
    return false;
}

void
pipeline_install(const struct pipeline_config *config, struct flowset *fs)
{
    if (config->attach != ATTACH_CHAIN) {
        install_text(config, (config->attach == ATTACH_HOOK
                              ? flows_hook : flows_normal), fs);
    }
    pipeline_install_next(config, fs);
    install_text(config, flows_static, fs);
    install_text(config, config->recheck ? flows_recheck : flows_keep, fs);
}

void
pipeline_install_next(const struct pipeline_config *config,
                      struct flowset *fs)
{
    if (config->attach == ATTACH_CHAIN && config->next_table) {
        install_text(config, flows_chain, fs);
    }
}
