/* SPDX-License-Identifier: Apache-2.0
 *
 * ports-names: the names of our tables in Bridge flow_tables.
 *
 * A Flow_Table row may be somebody else's, with limits or prefixes for one of
 * our tables, or in use by tables of other bridges.  So external_ids remembers
 * what we did: a row that we created goes when its name is not wanted any
 * more, a row that we named just loses its name, and a row that has a name
 * without our mark is left alone. */

#ifndef PORTS_NAMES_H
#define PORTS_NAMES_H 1

#include <stddef.h>
#include <stdint.h>

struct ovsdb_idl_txn;
struct ovsrec_bridge;

struct ports_names {
    uint8_t base;               /* Table of names[0]. */
    char **names;               /* 'n' of them; owned. */
    size_t n;
};

/* Replaces what is wanted by copies of 'names'; frees it if 'n' is 0. */
void ports_names_set(struct ports_names *, uint8_t base,
                     const char *const names[], size_t n);

/* Writes to 'txn' what the database lacks. */
void ports_names_write(const struct ports_names *,
                       const struct ovsrec_bridge *,
                       struct ovsdb_idl_txn *txn);

#endif /* ports-names.h */
