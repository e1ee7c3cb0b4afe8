/* SPDX-License-Identifier: Apache-2.0
 *
 * flow-map: a switch that only remembers its flows, as text.
 *
 * Strict: to delete a flow that is not there, or to add one that is there
 * already just so, is an error. */

#ifndef FLOW_MAP_H
#define FLOW_MAP_H 1

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/shash.h"

struct ds;
struct flowset;
struct flowset_change;
struct flowset_flow;

struct flow_map {
    struct shash flows;         /* By table, priority and match: the text. */
    struct ds *errors;          /* What changes were wrong; may be NULL. */
};

void flow_map_init(struct flow_map *, struct ds *errors);
void flow_map_uninit(struct flow_map *);

/* Replaces all by the wanted flows of 'fs'. */
void flow_map_copy(struct flow_map *, const struct flowset *fs);
/* Adds or replaces one. */
void flow_map_put(struct flow_map *, const struct flowset_flow *);

/* Reads the text of a flow back, as ovs-ofctl would.  Caller frees
 * flow->ofpacts. */
void flow_map_parse(const char *text, struct flowset_flow *flow);
/* The text of the 'i'-th flow in hash order, or NULL if there are fewer. */
const char *flow_map_nth(const struct flow_map *, size_t i);
/* Forgets one that is there. */
void flow_map_forget(struct flow_map *, const struct flowset_flow *);

/* A flowset_change_cb; 'map' is the struct flow_map. */
void flow_map_change(const struct flowset_change *, void *map);

/* True if 'a' and 'b' have the same flows; else says in 's', if that is not
 * NULL, what only one of them has. */
bool flow_map_equals(const struct flow_map *a, const struct flow_map *b,
                     struct ds *s);

#endif /* flow-map.h */
