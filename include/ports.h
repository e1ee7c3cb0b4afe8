/* SPDX-License-Identifier: Apache-2.0
 *
 * ports: the bridge as OVSDB knows it.
 *
 * Reads the interfaces of one bridge through the OVS IDL and says which pod
 * each belongs to.  How an interface names its pod is the table 'schemes' in
 * ports-scheme.c, and only there.  Also writes the names of our tables into
 * the Bridge's flow_tables, and serves as the barrier for `wait`: everything
 * that was in the database when ports_sync_begin() was called has been read
 * when ports_sync_is_done() says so. */

#ifndef PORTS_H
#define PORTS_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"

struct owners;
struct ports;
struct smap;

/* 'db' is an OVSDB remote such as "unix:/run/openvswitch/db.sock". */
struct ports *ports_create(const char *db, const char *bridge);
void ports_destroy(struct ports *);
void ports_run(struct ports *);
void ports_wait(struct ports *);

/* True once the database was read and the bridge was found. */
bool ports_is_ready(const struct ports *);
/* Connected to the database now? */
bool ports_is_connected(const struct ports *);
/* NULL, or why not ready, for people ("no bridge \"br0\" in unix:…").  Owned
 * by 'ports'. */
const char *ports_problem(const struct ports *);

/* What the bridge does with packets that no flow matches: "secure" (it drops
 * them) or "standalone" (it forwards them like a learning switch, and all
 * packets while it has no flows: when ovs-vswitchd has just started).  NULL if
 * the bridge is not known. */
const char *ports_fail_mode(const struct ports *);
/* True if the database was read and has no such bridge. */
bool ports_is_bridge_missing(const struct ports *);
/* NULL, or what is unsafe about the settings of the bridge, for people. */
const char *ports_warning(const struct ports *);

/* Changes whenever what ports_get() returns may have changed. */
unsigned int ports_seqno(const struct ports *);
/* The interfaces that name a pod, copied to '*ports' (array of the returned
 * length, free with ports_free()).  'model' resolves uids (contPodUid). */
size_t ports_get(const struct ports *, const struct model *,
                 struct model_port **ports);
void ports_free(struct model_port *, size_t n);
/* The OpenFlow ports of the other interfaces, those that name no pod (array of
 * the returned length, caller frees). */
size_t ports_get_strangers(const struct ports *, const struct model *,
                           uint32_t **ofports);
/* OpenFlow port of the bridge's interface 'name', 0 if it has none. */
uint32_t ports_find_ofport(const struct ports *, const char *name);

/* Number of the one table that has 'name' in the bridge's flow_tables, -1 if
 * none has, or more than one. */
int ports_find_table(const struct ports *, const char *name);

/* Shows what the database says about the bridge and its ports. */
void ports_see_owners(const struct ports *, struct owners *);

/* Interfaces that are ready, by name, with the text that says so: written to
 * Interface external_ids:ovs-netpol-ready where there is none, and removed
 * from all others of the bridge.  Before the first call they stay as they
 * are.  'ready' is copied. */
void ports_set_ready(struct ports *, const struct smap *ready);

/* Table names: 'names[i]' is wanted for table 'base' + i.  Written when the
 * database disagrees, removed by ports_clear_table_names(). */
void ports_set_table_names(struct ports *, uint8_t base,
                           const char *const names[], size_t n);
void ports_clear_table_names(struct ports *);
/* True if the database has what was set or cleared. */
bool ports_is_settled(const struct ports *);

/* The barrier: writes a counter to Bridge external_ids:ovs-netpol-sync and
 * reads it back.  Returns a ticket. */
uint64_t ports_sync_begin(struct ports *);
bool ports_sync_is_done(const struct ports *, uint64_t ticket);

#endif /* ports.h */
