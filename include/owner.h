/* SPDX-License-Identifier: Apache-2.0
 *
 * owner: who else programs the bridge.
 *
 * OVN, Antrea, openshift-sdn and Neutron's agent take a bridge to be theirs
 * alone: they delete flows that they do not know, and reckon with every table
 * and register.  Two such programs on one bridge undo each other's work.  Each
 * leaves traces in the database or in the flows; one table in owner.c says
 * which.  It is handed what there is, piece by piece, and names the owner and
 * the trace.
 *
 * A trace must be one that only this program leaves.  A bridge with a tunnel,
 * with pods' names on its interfaces (pod-name, iface-id) or with flows of its
 * administrator is nobody's. */

#ifndef OWNER_H
#define OWNER_H 1

#include <stddef.h>
#include <stdint.h>

struct flowset_flow;
struct smap;

enum owner_place {
    OWNER_SWITCH_IDS,           /* Open_vSwitch external_ids. */
    OWNER_BRIDGE_IDS,           /* Bridge external_ids. */
    OWNER_PORT_IDS,             /* Port external_ids. */
    OWNER_PORT_CONFIG,          /* Port other_config. */
    OWNER_INTERFACE_IDS,        /* Interface external_ids. */
    OWNER_PORT_NAME,
    OWNER_FLOW,
};

/* An owner and its first trace. */
struct owner {
    const char *name;           /* "OVN". */
    char *trace;                /* "external_ids:ct-zone-a of bridge br0". */
};

#define OWNER_MAX 8

struct owners {
    struct owner found[OWNER_MAX];
    size_t n;
    uint32_t parts;             /* Traces of several parts: those seen. */
};

void owners_init(struct owners *);
void owners_uninit(struct owners *);

/* 'name' is that of the row: the bridge's or the port's.  For OWNER_SWITCH_IDS
 * it is the bridge in question. */
void owners_see_ids(struct owners *, enum owner_place, const char *name,
                    const struct smap *);
void owners_see_port(struct owners *, const char *name);
void owners_see_flow(struct owners *, const struct flowset_flow *);

/* All owners in one line, "OVN (…), Antrea (…)", or NULL; caller frees. */
char *owners_format(const struct owners *);

#endif /* owner.h */
