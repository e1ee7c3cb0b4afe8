/* SPDX-License-Identifier: Apache-2.0
 *
 * Which flows come and go: both models are compiled, and the new flows are
 * held against the old ones as if these were in the switch. */

#include <config.h>

#include "diff.h"

#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "flowset.h"
#include "model.h"
#include "objects.h"
#include "openvswitch/dynamic-string.h"
#include "pipeline.h"
#include "util.h"

struct writer {
    struct diff *diff;
    struct ofputil_table_map *names;
};

static void
observe(const struct flowset_flow *flow, void *flowset)
{
    flowset_observe(flowset, flow);
}

static void
write_change(const struct flowset_change *change, void *w_)
{
    struct writer *w = w_;
    struct ds s = DS_EMPTY_INITIALIZER;

    flowset_format_flow(&change->flow, w->names, &s);
    if (change->delete) {
        const char *match = strstr(ds_cstr(&s), "table=");

        /* It is deleted by its match, whatever else it has. */
        svec_add_nocopy(&w->diff->removed_flows,
                        xmemdup0(match, strcspn(match, " ")));
        ds_destroy(&s);
    } else {
        svec_add_nocopy(&w->diff->added_flows, ds_steal_cstr(&s));
    }
}

void
diff_find_flows(struct diff *d)
{
    struct compile *before = objects_compile(d->before);
    struct compile *after = objects_compile(d->after);
    struct flowset *wanted = compile_flowset(after);
    struct writer w = {
        .diff = d,
        .names = pipeline_table_map(&compile_config(after)->pipeline),
    };

    flowset_observe_begin(wanted);
    flowset_for_each(compile_flowset(before), false, observe, wanted);
    flowset_observe_end(wanted);

    flowset_take_delta(wanted, write_change, &w);
    pipeline_table_map_destroy(w.names);
    svec_sort(&d->added_flows);
    svec_sort(&d->removed_flows);
    compile_destroy(after);
    compile_destroy(before);
}
