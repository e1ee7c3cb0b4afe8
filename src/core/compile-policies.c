/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "compile.h"

#include <stdlib.h>

#include "flowset.h"
#include "openvswitch/ofp-actions.h"
#include "policy.h"
#include "rule.h"
#include "sset.h"
#include "util.h"

struct search {
    const struct rules *rules;
    size_t max;
    struct sset *names;
};

static void
add_users(const struct search *s, uint32_t id)
{
    const struct rule *r;

    HMAP_FOR_EACH (r, node, &s->rules->rules) {
        for (size_t i = 0; r->id.value == id && i < r->uses.n; i++) {
            const struct policy_use *use = r->uses.p[i];

            if (sset_count(s->names) >= s->max) {
                return;
            }
            sset_add_and_free(s->names, xasprintf("%s/%s", use->policy->ns,
                                                  use->policy->name));
        }
    }
}

void
compile_flow_policies(const struct compile *c, const struct flowset_flow *flow,
                      size_t max, struct sset *names)
{
    const struct pipeline_config *config = &compile_config(c)->pipeline;
    bool ingress = flow->table == pipeline_table(config, TABLE_INGRESS_RULE);
    struct search s = {
        compile_rules(c, ingress ? K8S_INGRESS : K8S_EGRESS), max, names
    };
    const struct ofpact *a;

    if (!pipeline_only_allows(config, flow->table, flow->cookie)) {
        return;
    }
    if (cookie_kind(flow->cookie) == COOKIE_RULE) {
        add_users(&s, cookie_id(flow->cookie));
    }
    OFPACT_FOR_EACH (a, flow->ofpacts, flow->ofpacts_len) {
        if (a->type == OFPACT_CONJUNCTION && sset_count(names) < max) {
            add_users(&s, ofpact_get_CONJUNCTION(a)->id);
        }
    }
}
