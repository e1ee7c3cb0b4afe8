/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ports-names.h"

#include <stdlib.h>
#include <string.h>

/* Before the OVS headers that include its JSON. */
#include "ovs-json.h"

#include "smap.h"
#include "util.h"
#include "vswitch-idl.h"

/* In Flow_Table external_ids: "created" or "named". */
#define OWNER_KEY "ovs-netpol"

void
ports_names_set(struct ports_names *pn, uint8_t base,
                const char *const names[], size_t n)
{
    for (size_t i = 0; i < pn->n; i++) {
        free(pn->names[i]);
    }
    free(pn->names);

    pn->base = base;
    pn->names = n ? xmalloc(n * sizeof *pn->names) : NULL;
    pn->n = n;
    for (size_t i = 0; i < n; i++) {
        pn->names[i] = xstrdup(names[i]);
    }
}

/* The name wanted for table 'key', or NULL. */
static const char *
wanted_name(const struct ports_names *pn, int64_t key)
{
    return (key >= pn->base && key < (int64_t) (pn->base + pn->n)
            ? pn->names[key - pn->base] : NULL);
}

/* True if more than one table of any bridge uses 'row'. */
static bool
is_shared(struct ovsdb_idl_txn *txn, const struct ovsrec_flow_table *row)
{
    const struct ovsrec_bridge *br;
    size_t n = 0;

    OVSREC_BRIDGE_FOR_EACH (br, ovsdb_idl_txn_get_idl(txn)) {
        for (size_t i = 0; i < br->n_flow_tables; i++) {
            n += br->value_flow_tables[i] == row;
        }
    }
    return n > 1;
}

/* Corrects the name of a row that is there.  Returns false if the table should
 * have no row. */
static bool
name_row(struct ovsdb_idl_txn *txn, const struct ovsrec_flow_table *row,
         const char *name)
{
    const char *owner = smap_get(&row->external_ids, OWNER_KEY);

    if (name && owner) {
        if (!row->name || strcmp(row->name, name)) {
            ovsrec_flow_table_set_name(row, name);
        }
    } else if (name && !row->name && !is_shared(txn, row)) {
        ovsrec_flow_table_set_name(row, name);
        ovsrec_flow_table_update_external_ids_setkey(row, OWNER_KEY, "named");
    } else if (!name && owner && !strcmp(owner, "created")) {
        return false;
    } else if (!name && owner) {
        ovsrec_flow_table_set_name(row, NULL);
        ovsrec_flow_table_update_external_ids_delkey(row, OWNER_KEY);
    }
    return true;
}

static struct ovsrec_flow_table *
create_row(struct ovsdb_idl_txn *txn, const char *name)
{
    struct ovsrec_flow_table *row = ovsrec_flow_table_insert(txn);
    const struct smap ids = SMAP_CONST1(&ids, OWNER_KEY, "created");

    ovsrec_flow_table_set_name(row, name);
    ovsrec_flow_table_set_external_ids(row, &ids);
    return row;
}

static bool
has_key(const struct ovsrec_bridge *br, int64_t key)
{
    for (size_t i = 0; i < br->n_flow_tables; i++) {
        if (br->key_flow_tables[i] == key) {
            return true;
        }
    }
    return false;
}

void
ports_names_write(const struct ports_names *pn, const struct ovsrec_bridge *br,
                  struct ovsdb_idl_txn *txn)
{
    size_t max = br->n_flow_tables + pn->n, n = 0;
    int64_t *keys = xmalloc((max + 1) * sizeof *keys);
    struct ovsrec_flow_table **rows = xmalloc((max + 1) * sizeof *rows);
    bool changed = false;

    for (size_t i = 0; i < br->n_flow_tables; i++) {
        int64_t key = br->key_flow_tables[i];

        if (name_row(txn, br->value_flow_tables[i], wanted_name(pn, key))) {
            keys[n] = key;
            rows[n++] = br->value_flow_tables[i];
        } else {
            changed = true;
        }
    }
    for (size_t i = 0; i < pn->n; i++) {
        if (!has_key(br, pn->base + i)) {
            keys[n] = pn->base + i;
            rows[n++] = create_row(txn, pn->names[i]);
            changed = true;
        }
    }
    if (changed) {
        ovsrec_bridge_verify_flow_tables(br);
        ovsrec_bridge_set_flow_tables(br, keys, rows, n);
    }
    free(keys);
    free(rows);
}
