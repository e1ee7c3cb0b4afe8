/* SPDX-License-Identifier: Apache-2.0
 *
 * path: the way of one connection's first packet: through the flows that the
 * objects compile to, and through the switch itself. */

#ifndef PATH_H
#define PATH_H 1

#include <stdbool.h>

#include "flow.h"
#include "svec.h"
#include "verdict.h"

struct detrace;
struct ds;
struct json;
struct objects;

struct path {
    struct objects *objects;    /* Borrowed, with a node. */
    struct compile *compile;
    struct annotation *annotation;
    struct detrace *detrace;
    struct verdict_query query;
    struct flow packet;
    bool enforces[2];           /* By enum k8s_direction: that end is here. */
    bool expected;              /* What this node should do: let it pass. */
    bool passes;                /* What the compiled flows do. */
    struct svec flows;          /* That it matches, in ovs-ofctl syntax. */

    /* path_ask_switch() */
    char *bridge;               /* NULL: not asked. */
    char *command;              /* That shows the same. */
    bool switch_passes;
    bool bridge_drops;          /* We let it pass, then nobody wants it. */
    struct svec trace;          /* Lines. */
};

void path_init(struct path *, struct objects *, const struct verdict_query *);
void path_uninit(struct path *);

/* Asks the switch of this machine with ofproto/trace.  Returns NULL, or a
 * message (caller frees). */
char *path_ask_switch(struct path *, const char *bridge)
    OVS_WARN_UNUSED_RESULT;
/* False if the compiled flows or the switch, if it was asked, do not do what
 * the policies say. */
bool path_agrees(const struct path *);

/* Several lines; with 'flows' all of them, each with its names. */
void path_format(const struct path *, bool flows, struct ds *);
/* Members "node", "flows" and "switch" of 'json'. */
void path_to_json(const struct path *, bool flows, struct json *json);

#endif /* path.h */
