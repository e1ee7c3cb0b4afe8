/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "flow-map.h"

#include <stdlib.h>
#include <string.h>

#include "byte-order.h"
#include "flowset.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-flow.h"
#include "util.h"

void
flow_map_init(struct flow_map *m, struct ds *errors)
{
    shash_init(&m->flows);
    m->errors = errors;
}

void
flow_map_uninit(struct flow_map *m)
{
    shash_destroy_free_data(&m->flows);
}

static char *
format_key(const struct flowset_flow *flow)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    ds_put_format(&s, "%u %u ", flow->table, flow->priority);
    match_format(&flow->match, NULL, &s, OFP_DEFAULT_PRIORITY);
    return ds_steal_cstr(&s);
}

static char *
format_flow(const struct flowset_flow *flow)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    flowset_format_flow(flow, NULL, &s);
    return ds_steal_cstr(&s);
}

void
flow_map_put(struct flow_map *m, const struct flowset_flow *flow)
{
    char *key = format_key(flow);

    free(shash_replace(&m->flows, key, format_flow(flow)));
    free(key);
}

static void
copy_flow(const struct flowset_flow *flow, void *m)
{
    flow_map_put(m, flow);
}

void
flow_map_copy(struct flow_map *m, const struct flowset *fs)
{
    shash_clear_free_data(&m->flows);
    flowset_for_each(fs, false, copy_flow, m);
}

void
flow_map_parse(const char *text, struct flowset_flow *flow)
{
    enum ofputil_protocol protocols;
    struct ofputil_flow_mod fm;
    char *error = parse_ofp_flow_mod_str(&fm, text, NULL, NULL, OFPFC_ADD,
                                         &protocols);

    if (error) {
        ovs_abort(0, "%s: %s", text, error);
    }
    flow->table = fm.table_id;
    flow->priority = fm.priority;
    flow->cookie = ntohll(fm.new_cookie);
    minimatch_expand(&fm.match, &flow->match);
    flow->ofpacts = CONST_CAST(struct ofpact *, fm.ofpacts);
    flow->ofpacts_len = fm.ofpacts_len;
    minimatch_destroy(&fm.match);
}

const char *
flow_map_nth(const struct flow_map *m, size_t i)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &m->flows) {
        if (!i--) {
            return node->data;
        }
    }
    return NULL;
}

void
flow_map_forget(struct flow_map *m, const struct flowset_flow *flow)
{
    char *key = format_key(flow);

    free(shash_find_and_delete_assert(&m->flows, key));
    free(key);
}

static void
complain(struct flow_map *m, const char *what, const char *flow)
{
    if (m->errors) {
        ds_put_format(m->errors, "%s: %s\n", what, flow);
    }
}

void
flow_map_change(const struct flowset_change *change, void *m_)
{
    struct flow_map *m = m_;
    char *key = format_key(&change->flow);
    char *text = format_flow(&change->flow);
    char *old = shash_find_data(&m->flows, key);

    if (change->delete) {
        if (!old) {
            complain(m, "deletes what is not there", text);
        }
        if (change->flow.ofpacts_len) {
            complain(m, "deletes with actions", text);
        }
        free(shash_find_and_delete(&m->flows, key));
    } else {
        if (old && !strcmp(old, text)) {
            complain(m, "adds what is there", text);
        }
        flow_map_put(m, &change->flow);
    }
    free(key);
    free(text);
}

/* Says what 'a' has otherwise than 'b'. */
static bool
put_difference(const struct flow_map *a, const struct flow_map *b,
               const char *prefix, struct ds *s)
{
    struct shash_node *node;
    bool equal = true;

    SHASH_FOR_EACH (node, &a->flows) {
        const char *other = shash_find_data(&b->flows, node->name);

        if (!other || strcmp(other, node->data)) {
            equal = false;
            if (s) {
                ds_put_format(s, "%s %s\n", prefix, (char *) node->data);
            }
        }
    }
    return equal;
}

bool
flow_map_equals(const struct flow_map *a, const struct flow_map *b,
                struct ds *s)
{
    bool equal = put_difference(a, b, "-", s);

    return put_difference(b, a, "+", s) && equal;
}
