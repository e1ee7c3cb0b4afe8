/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "switch.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "byte-order.h"
#include "compile.h"
#include "core/flowset-private.h"
#include "node/bridge-msg.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-monitor.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofp-protocol.h"
#include "pipeline.h"
#include "survey.h"
#include "svec.h"
#include "util.h"

/* What we send. */

/* Reads a flow_mod as a switch does. */
static struct ofpbuf *
read_flow_mod(const struct ofp_header *oh, struct ofputil_flow_mod *fm,
              struct flowset_flow *flow)
{
    struct ofpbuf *ofpacts = ofpbuf_new(0);

    ovs_assert(!ofputil_decode_flow_mod(
                   fm, oh, ofputil_protocol_from_ofp_version(oh->version),
                   NULL, NULL, ofpacts, OFPP_MAX, UINT8_MAX));
    *flow = (struct flowset_flow) {
        .table = fm->table_id,
        .priority = fm->priority,
        .cookie = ntohll(fm->command == OFPFC_ADD ? fm->new_cookie
                         : fm->cookie),
        .ofpacts = fm->ofpacts,
        .ofpacts_len = fm->ofpacts_len,
    };
    minimatch_expand(&fm->match, &flow->match);
    minimatch_destroy(&fm->match);
    return ofpacts;
}

/* We understand our own message, as when it is refused. */
static void
check_own_reading(const struct ofp_header *oh, const struct flowset_flow *flow)
{
    char *text = bridge_msg_describe(oh);
    struct flowset_change change;
    struct ofpbuf ofpacts;

    ofpbuf_init(&ofpacts, 0);
    ovs_assert(text[0]);
    ovs_assert(bridge_msg_read_change(oh, &change, &ofpacts));
    ovs_assert(change.flow.table == flow->table
               && change.flow.priority == flow->priority
               && match_equal(&change.flow.match, &flow->match));
    ofpbuf_uninit(&ofpacts);
    free(text);
}

/* The switch does what a flow_mod of a bundle says, which must change
 * something. */
static void
obey(struct connection *c, const struct ofp_header *oh)
{
    struct ofputil_flow_mod fm;
    struct flowset_flow flow;
    struct ofpbuf *ofpacts = read_flow_mod(oh, &fm, &flow);

    if (fm.command == OFPFC_ADD) {
        ovs_assert(told_put(&c->told, &flow));
    } else {
        ovs_assert(fm.command == OFPFC_DELETE_STRICT);
        ovs_assert(fm.cookie == htonll(COOKIE_MAGIC)
                   && fm.cookie_mask == htonll(COOKIE_MAGIC_MASK));
        ovs_assert(told_remove(&c->told, &flow));
        check_own_reading(oh, &flow);
    }
    ofpbuf_delete(bridge_msg_bundle_add(oh));
    ofpbuf_delete(ofpacts);
}

struct delta {
    struct connection *connection;
    struct ofpbuf mods;
    uint32_t xid;
};

static void
add_change(const struct flowset_change *change, void *delta_)
{
    struct delta *d = delta_;

    ovs_assert(!bridge_msg_put_change(&d->mods, change, htonll(COOKIE_MAGIC),
                                      htonll(COOKIE_MAGIC_MASK),
                                      d->connection->version, d->xid++));
}

/* Tells the switch.  Then it has what is wanted, and no other flow is
 * remembered.  Returns how many flow_mods that took. */
static size_t
apply_delta(struct connection *c)
{
    struct delta d = { .connection = c };
    struct flowset *fs = c->cluster->fs;
    const struct ofp_header *oh;
    size_t ofs = 0, n = 0;

    ofpbuf_init(&d.mods, 0);
    size_t n_changes = flowset_take_delta(fs, add_change, &d);
    while ((oh = bridge_msg_next(&d.mods, &ofs))) {
        ovs_assert(ntohl(oh->xid) == n++);
        obey(c, oh);
    }
    ovs_assert(n == n_changes);
    ovs_assert(told_equals(&c->told, &c->cluster->wanted));
    ovs_assert(!flowset_is_dirty(fs));
    ovs_assert(hmap_count(&fs->flows) == flowset_count(fs));
    ofpbuf_uninit(&d.mods);
    return n;
}

/* Whose is a flow? */

static bool
is_ours(uint64_t cookie)
{
    return (cookie & COOKIE_MAGIC_MASK) == COOKIE_MAGIC;
}

static bool
is_in_the_way(const struct connection *c, const struct flowset_flow *flow)
{
    bool ours = pipeline_has_table(&compile_config(c->cluster->compile)
                                   ->pipeline, flow->table);

    ovs_assert(bridge_watch_has_table(&c->watch, flow->table) == ours);
    return ours && !is_ours(flow->cookie);
}

/* The name of the flow that a removal of somebody else's is about. */
static char *
name_removed(const struct ofpbuf *msg)
{
    struct ofputil_flow_mod fm;
    struct flowset_flow flow;

    ofpbuf_delete(read_flow_mod(msg->data, &fm, &flow));
    ovs_assert(fm.command == OFPFC_DELETE_STRICT
               && fm.cookie_mask == OVS_BE64_MAX);
    return told_name(&flow);
}

/* Read-back. */

struct readback {
    struct connection *connection;
    struct told found;
    size_t n_ours, n_foreign, n_surprises;
    size_t n_in_tables, n_in_zone;      /* Others' in our tables, and of the
                                         * rest those in our zone. */
    struct survey survey;
};

static void
check_removal(const struct connection *c, const struct flowset_flow *flow)
{
    struct ofpbuf *msg = bridge_msg_delete(flow, c->version);
    char *removed = name_removed(msg), *name = told_name(flow);

    ovs_assert(!strcmp(removed, name));
    free(removed);
    free(name);
    ofpbuf_delete(msg);
}

/* True if the text of its actions names our conntrack zone. */
static bool
tracks_in_our_zone(const struct flowset_flow *flow)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    char *zone = xasprintf("zone=%d", PIPELINE_DEFAULT_ZONE);
    size_t length = strlen(zone);
    bool found = false;

    flowset_format_flow(flow, NULL, &s);
    const char *p = strstr(ds_cstr(&s), "actions=");
    while (!found && (p = strstr(p, zone))) {
        found = strchr("(,", p[-1]) && strchr(",)", p[length]);
        p += length;
    }
    free(zone);
    ds_destroy(&s);
    return found;
}

static void
see_flow(const struct flowset_flow *flow, void *readback_)
{
    struct readback *r = readback_;
    struct connection *c = r->connection;

    if (is_ours(flow->cookie)) {
        r->n_ours++;
        r->n_surprises += told_put(&c->told, flow);
        told_put(&r->found, flow);
        flowset_observe(c->cluster->fs, flow);
    } else {
        r->n_foreign++;
        if (is_in_the_way(c, flow)) {
            check_removal(c, flow);
            r->n_in_tables++;
        } else {
            r->n_in_zone += tracks_in_our_zone(flow);
        }
    }
    survey_see_flow(&r->survey, flow);
    switch_try_flow_text(c->cluster, flow);
}

static void
check_survey(struct readback *r)
{
    struct survey *s = &r->survey;

    survey_finish(s);
    ovs_assert(s->n_ours == r->n_ours && s->n_foreign == r->n_foreign);
    ovs_assert(survey_count(s, SURVEY_TABLE) == r->n_in_tables
               && survey_count(s, SURVEY_ZONE) == r->n_in_zone);
    for (int kind = 0; kind < SURVEY_N_KINDS; kind++) {
        char *text = survey_describe(s, kind);

        ovs_assert(!text == !survey_count(s, kind));
        free(text);
    }
    survey_uninit(s);
}

/* Gives the read-back that is complete to the flowset. */
static void
read_back(struct connection *c)
{
    struct readback r = { .connection = c };
    struct flowset *fs = c->cluster->fs;
    struct ofpbuf *reply;
    int error = 0;

    told_init(&r.found);
    survey_init(&r.survey, &compile_config(c->cluster->compile)->pipeline);
    flowset_observe_begin(fs);
    LIST_FOR_EACH_POP (reply, list_node, &c->replies) {
        error = error ? error : bridge_msg_for_each_flow(reply, see_flow, &r);
        ofpbuf_delete(reply);
    }
    /* What it has not got is news, too. */
    r.n_surprises += (shash_count(&c->told.flows)
                      - shash_count(&r.found.flows));
    ovs_assert(flowset_observe_end(fs) == r.n_surprises);
    shash_swap(&c->told.flows, &r.found.flows);
    told_uninit(&r.found);
    check_survey(&r);
    if (error) {
        c->lost = true;
    } else {
        apply_delta(c);
    }
}

void
switch_receive_flows(struct connection *c, const struct ofpbuf *msg)
{
    const struct ofp_header *oh = msg->data;
    struct ofpbuf *reply = ofpbuf_clone_data(oh, ntohs(oh->length));

    ovs_list_push_back(&c->replies, &reply->list_node);
    if (!ofpmp_more(oh)) {
        read_back(c);
    }
}

/* A new connection, on which the switch has just what is wanted. */
void
switch_read_wanted(struct connection *c)
{
    const struct cluster *cluster = c->cluster;
    struct flowset *fs = cluster->fs;

    flowset_observe_begin(fs);
    for (size_t i = 0; i < cluster->n_flows; i++) {
        flowset_observe(fs, &cluster->flows[i]);
    }
    flowset_observe_end(fs);
    told_uninit(&c->told);
    told_init(&c->told);
    told_copy(&c->told, &cluster->wanted);
    ovs_assert(!apply_delta(c));
}

/* Updates. */

/* What is to become of them. */
struct updates {
    struct connection *connection;
    struct bridge_watch_result result;
    struct svec removals;
    bool paused;
};

static void
expect_foreign(struct updates *u, const struct flowset_flow *flow)
{
    bool replaced = told_remove(&u->connection->told, flow);

    u->result.n_tampered += replaced;
    if (is_in_the_way(u->connection, flow)) {
        u->result.n_foreign += !replaced;
        svec_add_nocopy(&u->removals, told_name(flow));
    }
}

static void
expect_flow(struct updates *u, const struct ofputil_flow_update *update)
{
    struct told *told = &u->connection->told;
    struct flowset_flow flow = {
        .table = update->table_id,
        .priority = update->priority,
        .cookie = ntohll(update->cookie),
        .match = update->match,
        .ofpacts = CONST_CAST(struct ofpact *, update->ofpacts),
        .ofpacts_len = update->ofpacts_len,
    };
    bool gone = update->event == OFPFME_REMOVED;

    switch_try_flow_text(u->connection->cluster, &flow);
    if (!is_ours(flow.cookie)) {
        if (!gone) {
            expect_foreign(u, &flow);
        }
    } else if (u->paused) {
        u->result.incomplete = true;
    } else if (gone) {
        u->result.n_tampered += told_remove(told, &flow);
    } else {
        u->result.n_tampered += told_put(told, &flow);
    }
}

/* Returns the error that they end with. */
static int
expect_updates(struct updates *u, const struct ofpbuf *msg)
{
    struct ofpbuf *copy = ofpbuf_clone_data(msg->data, msg->size);
    struct ofputil_flow_update update;
    struct ofpbuf ofpacts;
    int error;

    ofpbuf_init(&ofpacts, 0);
    while (!(error = ofputil_decode_flow_update(&update, copy, &ofpacts))) {
        if (update.event == OFPFME_PAUSED) {
            u->paused = true;
        } else if (update.event == OFPFME_RESUMED) {
            u->paused = false;
            u->result.incomplete = true;
        } else if (update.event != OFPFME_ABBREV) {
            expect_flow(u, &update);
        }
    }
    ofpbuf_uninit(&ofpacts);
    ofpbuf_delete(copy);
    return error == EOF ? 0 : error;
}

static void
take_removal(struct ofpbuf *msg, void *removals)
{
    svec_add_nocopy(removals, name_removed(msg));
    ofpbuf_delete(msg);
}

void
switch_receive_updates(struct connection *c, struct ofpbuf *msg)
{
    struct updates u = { .connection = c, .paused = c->watch.paused };
    struct svec removals = SVEC_EMPTY_INITIALIZER;
    struct bridge_watch_result result;

    svec_init(&u.removals);
    int wanted_error = expect_updates(&u, msg);
    int error = bridge_watch_receive(&c->watch, msg, take_removal, &removals,
                                     &result);

    ovs_assert(error == wanted_error);
    ovs_assert(c->watch.paused == u.paused);
    ovs_assert(result.n_tampered == u.result.n_tampered
               && result.n_foreign == u.result.n_foreign
               && result.incomplete == u.result.incomplete);
    ovs_assert(svec_equal(&removals, &u.removals));
    svec_destroy(&removals);
    svec_destroy(&u.removals);
    if (error) {
        c->lost = true;
    } else {
        apply_delta(c);
    }
}
