/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "flowtext.h"

#include <stdlib.h>

#include "byte-order.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-flow.h"
#include "svec.h"
#include "util.h"

#include "flowset.h"

struct table_text {
    int table;
    size_t n;
    struct ds s;
};

static void
put_flow(const struct flowset_flow *flow, void *text_)
{
    struct table_text *text = text_;

    if (text->table < 0 || text->table == flow->table) {
        text->n++;
        flowset_format_flow(flow, NULL, &text->s);
        ds_put_char(&text->s, '\n');
    }
}

char *
flowtext_table(const struct flowset *fs, int table)
{
    struct table_text text = { table, 0, DS_EMPTY_INITIALIZER };

    flowset_for_each(fs, true, put_flow, &text);
    return ds_steal_cstr(&text.s);
}

size_t
flowtext_count(const struct flowset *fs, uint8_t table)
{
    struct table_text text = { table, 0, DS_EMPTY_INITIALIZER };

    flowset_for_each(fs, false, put_flow, &text);
    ds_destroy(&text.s);
    return text.n;
}

static void
put_change(const struct flowset_change *change, void *lines_)
{
    struct svec *lines = lines_;
    struct ds s = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&s, change->delete ? "- " : "+ ");
    flowset_format_flow(&change->flow, NULL, &s);
    ds_put_char(&s, '\n');
    svec_add_nocopy(lines, ds_steal_cstr(&s));
}

char *
flowtext_delta(struct flowset *fs)
{
    struct svec lines = SVEC_EMPTY_INITIALIZER;
    char *text;

    flowset_take_delta(fs, put_change, &lines);
    svec_sort(&lines);
    text = svec_join(&lines, "", "");
    svec_destroy(&lines);
    return text;
}

static void
ignore_change(const struct flowset_change *change OVS_UNUSED,
              void *aux OVS_UNUSED)
{
}

size_t
flowtext_settle(struct flowset *fs)
{
    return flowset_take_delta(fs, ignore_change, NULL);
}

void
flowtext_parse(const char *text, struct flowset_flow *flow)
{
    enum ofputil_protocol usable;
    struct ofputil_flow_mod fm;
    char *error = parse_ofp_flow_mod_str(&fm, text, NULL, NULL, OFPFC_ADD,
                                         &usable);

    if (error) {
        ovs_fatal(0, "%s: %s", text, error);
    }
    *flow = (struct flowset_flow) {
        .table = fm.table_id == OFPTT_ALL ? 0 : fm.table_id,
        .priority = fm.priority,
        .cookie = ntohll(fm.new_cookie),
        .ofpacts = CONST_CAST(struct ofpact *, fm.ofpacts),
        .ofpacts_len = fm.ofpacts_len,
    };
    minimatch_expand(&fm.match, &flow->match);
    minimatch_destroy(&fm.match);
}
