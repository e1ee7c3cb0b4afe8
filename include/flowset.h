/* SPDX-License-Identifier: Apache-2.0
 *
 * flowset: the flows that should be in the switch, and what is still to be
 * told to it.
 *
 * A flow is known by table, priority and match.  There are two kinds:
 *
 * - A plain flow has actions and one owner.
 * - A shared flow has parts, each owned by a rule: a clause flow's parts are
 *   its conjunction() actions, an allow flow's parts are the rules that allow
 *   the same thing, of which the one with the lowest id gives the actions.
 *   Parts are kept sorted, so that equal flows look equal (Open vSwitch
 *   compares action lists in order), and a flow goes when its last part goes.
 *
 * Open vSwitch accepts more than FLOWSET_MAX_PARTS conjunction actions in one
 * flow but then leaves it out of flow dumps; the compiler stays below.
 *
 * What the switch has: the set remembers for each flow whether the switch has
 * it and a 64-bit digest of what it was last told, no second copy.  Changes
 * collect until flowset_take_delta(); flowset_observe() replaces what we
 * believe by what a read-back found.
 *
 * Ownership: the set owns its flows; matches and actions are copied. */

#ifndef FLOWSET_H
#define FLOWSET_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/compiler.h"
#include "openvswitch/hmap.h"
#include "openvswitch/list.h"
#include "openvswitch/match.h"
#include "openvswitch/types.h"

struct ds;
struct flowset;
struct ofpact;
struct ofpbuf;
struct ofputil_table_map;

#define FLOWSET_MAX_PARTS 4087

/* Writes the actions of a flow in 'table' that decides as 'part' says. */
struct flowset_part;
typedef void flowset_allow_actions(uint8_t table, const struct flowset_part *,
                                   struct ofpbuf *ofpacts, void *aux);
struct flowset *flowset_create(flowset_allow_actions *, void *aux);
void flowset_destroy(struct flowset *);
size_t flowset_count(const struct flowset *);           /* Wanted flows. */
size_t flowset_count_table(const struct flowset *, uint8_t table);
size_t flowset_count_parts(const struct flowset *);     /* conjunction()s. */

/* Plain flows.  The flow must not exist as a shared one; if it is there, its
 * actions and cookie are replaced. */
void flowset_set(struct flowset *, uint8_t table, uint16_t priority,
                 const struct match *, uint64_t cookie,
                 const struct ofpact *ofpacts, size_t ofpacts_len);
void flowset_unset(struct flowset *, uint8_t table, uint16_t priority,
                   const struct match *);

/* Shared flows.  'part' says what the rule does there. */
struct flowset_part {
    uint32_t id;                /* The rule. */
    uint8_t clause;             /* 0..n_clauses - 1. */
    uint8_t n_clauses;          /* 2..64, or 0 for a flow that decides. */
    uint8_t verdict;            /* Then: which, for flowset_allow_actions. */
};
/* The low 32 bits of an allow flow's cookie become the id of the rule that
 * gives the actions. */
void flowset_add_part(struct flowset *, uint8_t table, uint16_t priority,
                      const struct match *, uint64_t cookie,
                      const struct flowset_part *);
void flowset_remove_part(struct flowset *, uint8_t table, uint16_t priority,
                         const struct match *, const struct flowset_part *);

/* One flow, as seen from outside. */
struct flowset_flow {
    uint8_t table;
    uint16_t priority;
    uint64_t cookie;
    struct match match;
    struct ofpact *ofpacts;     /* 64-bit aligned; borrowed until the next
                                 * call. */
    size_t ofpacts_len;
};

/* Calls 'cb' for each wanted flow, sorted by table, priority (high first) and
 * match text if 'sorted', in any order else. */
typedef void flowset_cb(const struct flowset_flow *, void *aux);
void flowset_for_each(const struct flowset *, bool sorted, flowset_cb *,
                      void *aux);

/* What to tell the switch. */
struct flowset_change {
    bool delete;                /* Delete strictly, else add or replace. */
    struct flowset_flow flow;   /* Actions are empty if 'delete'. */
};
typedef void flowset_change_cb(const struct flowset_change *, void *aux);

/* True if flowset_take_delta() may find anything. */
bool flowset_is_dirty(const struct flowset *);
/* Calls 'cb' for each difference between what is wanted and what the switch
 * has as far as we know, then takes the switch to have it all.  Returns the
 * number of calls.  If the switch refuses, observe again. */
size_t flowset_take_delta(struct flowset *, flowset_change_cb *, void *aux);

/* Read-back.  Between begin and end, call flowset_observe() for each flow that
 * the switch has; then flowset_take_delta() gives exactly what makes the
 * switch equal to the set.  Returns how many flows are not what we took them
 * for. */
void flowset_observe_begin(struct flowset *);
void flowset_observe(struct flowset *, const struct flowset_flow *);
size_t flowset_observe_end(struct flowset *);
/* A single flow turned out to be gone, or to be what 'flow' says.  Returns
 * true if that is news. */
bool flowset_observe_one(struct flowset *, const struct flowset_flow *,
                         bool gone);

/* Leaves 'flow', which the switch does not take, out of the deltas, whether it
 * has another version of it or not, until it changes or it is to be tried
 * again.  Returns false if it is not wanted, or has changed already. */
bool flowset_set_aside(struct flowset *, const struct flowset_flow *);
size_t flowset_count_aside(const struct flowset *);
void flowset_for_each_aside(const struct flowset *, flowset_cb *, void *aux);
void flowset_retry_aside(struct flowset *);

/* ovs-ofctl syntax without a newline: what `ovs-ofctl add-flows` reads and
 * `parse-flows` accepts.  Tables by name if 'names' is not NULL. */
void flowset_format_flow(const struct flowset_flow *,
                         const struct ofputil_table_map *names, struct ds *);

#endif /* flowset.h */
