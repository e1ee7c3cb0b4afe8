/* SPDX-License-Identifier: Apache-2.0
 *
 * db: what Open vSwitch's database says about a bridge. */

#ifndef DB_H
#define DB_H 1

#include <stdbool.h>

#include "svec.h"

struct db_facts {
    struct svec bridges;        /* Names of all. */
    bool found;                 /* The bridge is among them; then... */
    char *fail_mode;            /* NULL if not set. */
    char *datapath_type;
};

/* Reads once, for at most some seconds.  'remote' NULL means the default.
 * Returns NULL, or a message (caller frees).  Uninitialise '*facts' either
 * way. */
char *db_read(const char *remote, const char *bridge, struct db_facts *facts);
void db_facts_uninit(struct db_facts *);

#endif /* db.h */
