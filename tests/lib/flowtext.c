/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "flowtext.h"

#include <stdlib.h>

#include "openvswitch/dynamic-string.h"
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
