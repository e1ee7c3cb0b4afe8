/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ports.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Before the OVS headers that include its JSON. */
#include "ovs-json.h"

#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "smap.h"
#include "timeval.h"
#include "util.h"
#include "vswitch-idl.h"

#include "ports-names.h"
#include "ports-private.h"

VLOG_DEFINE_THIS_MODULE(ports);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(6, 6);

/* In Bridge external_ids: the barrier's counter. */
#define SYNC_KEY "ovs-netpol-sync"
/* In Interface external_ids: the generation with which the switch got the
 * flows of its pod. */
#define READY_KEY "ovs-netpol-ready"
#define RETRY_MSEC 1000

struct ports {
    char *db, *bridge;
    char *problem;              /* NULL, or why not ready. */
    char *warning;              /* See ports_warning(). */
    struct ovsdb_idl *idl;
    unsigned int seqno;         /* Of 'idl', last looked at. */

    /* Writing.  A transaction is composed when anything that matters changed;
     * the IDL drops one that would change nothing. */
    struct ovsdb_idl_txn *txn;  /* Under way, or NULL. */
    bool stale;                 /* Compose another one. */
    long long int retry_at;     /* Not before. */

    bool names_managed;         /* Set or cleared at least once. */
    struct ports_names names;

    bool ready_managed;         /* Set at least once. */
    struct smap ready;          /* Of the interfaces that are. */

    uint64_t sync_wanted;       /* Last ticket given out. */
    uint64_t sync_sent;         /* In 'txn'. */
    uint64_t sync_done;
};

struct ports *
ports_create(const char *db, const char *bridge)
{
    static const struct ovsdb_idl_column *const columns[] = {
        &ovsrec_open_vswitch_col_external_ids,
        &ovsrec_bridge_col_name,
        &ovsrec_bridge_col_ports,
        &ovsrec_bridge_col_fail_mode,
        &ovsrec_bridge_col_flow_tables,
        &ovsrec_bridge_col_external_ids,
        &ovsrec_port_col_name,
        &ovsrec_port_col_other_config,
        &ovsrec_port_col_interfaces,
        &ovsrec_port_col_external_ids,
        &ovsrec_interface_col_name,
        &ovsrec_interface_col_ofport,
        &ovsrec_interface_col_external_ids,
        &ovsrec_flow_table_col_name,
        &ovsrec_flow_table_col_external_ids,
    };
    struct ports *p = xzalloc(sizeof *p);

    p->db = xstrdup(db);
    p->bridge = xstrdup(bridge);
    p->problem = xasprintf("reading %s", db);
    p->idl = ovsdb_idl_create(db, &ovsrec_idl_class, false, true);
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        ovsdb_idl_add_column(p->idl, columns[i]);
    }
    /* Only our barrier is there, which changes no port, and traces of other
     * programs. */
    ovsdb_idl_omit_alert(p->idl, &ovsrec_bridge_col_external_ids);
    ovsdb_idl_omit_alert(p->idl, &ovsrec_open_vswitch_col_external_ids);
    ovsdb_idl_omit_alert(p->idl, &ovsrec_port_col_other_config);
    /* Tickets must not repeat what an earlier run left there, or writing one
     * would change nothing. */
    p->sync_wanted = p->sync_done = time_wall_msec();
    smap_init(&p->ready);
    return p;
}

void
ports_destroy(struct ports *p)
{
    if (p) {
        if (p->txn) {
            ovsdb_idl_txn_destroy(p->txn);
        }
        ovsdb_idl_destroy(p->idl);
        ports_names_set(&p->names, 0, NULL, 0);
        smap_destroy(&p->ready);
        free(p->problem);
        free(p->warning);
        free(p->bridge);
        free(p->db);
        free(p);
    }
}

const struct ovsrec_bridge *
ports_find_bridge(const struct ports *p)
{
    const struct ovsrec_bridge *br;

    OVSREC_BRIDGE_FOR_EACH (br, p->idl) {
        if (!strcmp(br->name, p->bridge)) {
            return br;
        }
    }
    return NULL;
}

const struct ovsrec_open_vswitch *
ports_find_switch(const struct ports *p)
{
    return ovsrec_open_vswitch_first(p->idl);
}

/* Table names. */

void
ports_set_table_names(struct ports *p, uint8_t base,
                      const char *const names[], size_t n)
{
    ports_names_set(&p->names, base, names, n);
    p->names_managed = true;
    p->stale = true;
}

void
ports_clear_table_names(struct ports *p)
{
    ports_names_set(&p->names, 0, NULL, 0);
    p->names_managed = true;
    p->stale = true;
}

bool
ports_is_settled(const struct ports *p)
{
    return !p->stale && !p->txn;
}

/* Readiness. */

void
ports_set_ready(struct ports *p, const struct smap *ready)
{
    smap_destroy(&p->ready);
    smap_clone(&p->ready, ready);
    p->ready_managed = true;
    p->stale = true;
}

static void
mark_interface(const struct ports *p, const struct ovsrec_interface *iface)
{
    const char *want = smap_get(&p->ready, iface->name);
    const char *have = smap_get(&iface->external_ids, READY_KEY);

    if (want && !have) {
        ovsrec_interface_update_external_ids_setkey(iface, READY_KEY, want);
    } else if (!want && have) {
        ovsrec_interface_update_external_ids_delkey(iface, READY_KEY);
    }
}

static void
write_ready(const struct ports *p, const struct ovsrec_bridge *br)
{
    for (size_t i = 0; i < br->n_ports; i++) {
        const struct ovsrec_port *row = br->ports[i];

        for (size_t j = 0; j < row->n_interfaces; j++) {
            mark_interface(p, row->interfaces[j]);
        }
    }
}

/* The barrier. */

static void
write_sync(struct ports *p, const struct ovsrec_bridge *br)
{
    p->sync_sent = p->sync_wanted;
    if (p->sync_sent != p->sync_done) {
        char *value = xasprintf("%"PRIu64, p->sync_sent);

        ovsrec_bridge_update_external_ids_setkey(br, SYNC_KEY, value);
        free(value);
    } else if (p->names_managed && !p->names.n
               && smap_get(&br->external_ids, SYNC_KEY)) {
        ovsrec_bridge_update_external_ids_delkey(br, SYNC_KEY);
    }
}

uint64_t
ports_sync_begin(struct ports *p)
{
    p->stale = true;
    return ++p->sync_wanted;
}

bool
ports_sync_is_done(const struct ports *p, uint64_t ticket)
{
    return ticket <= p->sync_done;
}

/* The loop. */

bool
ports_is_bridge_missing(const struct ports *p)
{
    return ovsdb_idl_has_ever_connected(p->idl) && !ports_find_bridge(p);
}

static void
update_problem(struct ports *p)
{
    int error = ovsdb_idl_get_last_error(p->idl);

    free(p->problem);
    p->problem = NULL;
    if (!ovsdb_idl_has_ever_connected(p->idl)) {
        p->problem = (error
                      ? xasprintf("cannot read %s: %s", p->db,
                                  ovs_retval_to_string(error))
                      : xasprintf("reading %s", p->db));
    } else if (ports_is_bridge_missing(p)) {
        p->problem = xasprintf("no bridge \"%s\" in %s", p->bridge, p->db);
    }
}

/* The server answers a transaction after it has sent all changes made before
 * it, so what is committed has been read. */
static void
run_txn(struct ports *p)
{
    enum ovsdb_idl_txn_status status = ovsdb_idl_txn_commit(p->txn);

    if (status == TXN_INCOMPLETE) {
        return;
    }
    if (status == TXN_SUCCESS || status == TXN_UNCHANGED) {
        p->sync_done = p->sync_sent;
    } else {
        if (status != TXN_TRY_AGAIN) {
            VLOG_WARN_RL(&rl, "%s: transaction failed (%s)", p->db,
                         ovsdb_idl_txn_get_error(p->txn));
        }
        p->stale = true;
        p->retry_at = time_msec() + RETRY_MSEC;
    }
    ovsdb_idl_txn_destroy(p->txn);
    p->txn = NULL;
}

/* Says it once, until it is mended. */
static void
update_warning(struct ports *p)
{
    const char *mode = ports_fail_mode(p);

    if (!mode) {
        return;
    }
    if (!strcmp(mode, "secure")) {
        free(p->warning);
        p->warning = NULL;
    } else if (!p->warning) {
        p->warning = xasprintf("bridge \"%s\" has fail_mode %s: whenever "
                               "ovs-vswitchd starts, all packets pass until "
                               "our flows are back", p->bridge, mode);
        VLOG_WARN("%s", p->warning);
    }
}

static bool
may_write(const struct ports *p)
{
    return p->stale && !p->txn && ovsdb_idl_is_connected(p->idl)
           && ports_find_bridge(p);
}

static void
start_txn(struct ports *p)
{
    const struct ovsrec_bridge *br = ports_find_bridge(p);

    p->stale = false;
    p->txn = ovsdb_idl_txn_create(p->idl);
    ovsdb_idl_txn_add_comment(p->txn, "ovs-netpol");
    if (p->names_managed) {
        ports_names_write(&p->names, br, p->txn);
    }
    if (p->ready_managed) {
        write_ready(p, br);
    }
    write_sync(p, br);
    run_txn(p);
}

void
ports_run(struct ports *p)
{
    unsigned int seqno;

    ovsdb_idl_run(p->idl);
    if (p->txn) {
        run_txn(p);
    }
    seqno = ovsdb_idl_get_seqno(p->idl);
    if (seqno != p->seqno) {
        p->seqno = seqno;
        p->stale = true;
        p->retry_at = 0;
    }
    update_problem(p);
    update_warning(p);
    if (may_write(p) && time_msec() >= p->retry_at) {
        start_txn(p);
    }
}

void
ports_wait(struct ports *p)
{
    ovsdb_idl_wait(p->idl);
    if (p->txn) {
        ovsdb_idl_txn_wait(p->txn);
    } else if (may_write(p)) {
        poll_timer_wait_until(p->retry_at);
    }
}

const char *
ports_fail_mode(const struct ports *p)
{
    const struct ovsrec_bridge *br = ports_find_bridge(p);

    return (!br ? NULL
            : br->fail_mode && !strcmp(br->fail_mode, "secure") ? "secure"
            : "standalone");
}

const char *
ports_warning(const struct ports *p)
{
    return p->warning;
}

bool
ports_is_ready(const struct ports *p)
{
    return !p->problem;
}

bool
ports_is_connected(const struct ports *p)
{
    return ovsdb_idl_is_connected(p->idl);
}

const char *
ports_problem(const struct ports *p)
{
    return p->problem;
}

unsigned int
ports_seqno(const struct ports *p)
{
    return p->seqno;
}
