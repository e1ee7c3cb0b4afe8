/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ports-private.h"

#include <stdlib.h>
#include <string.h>

/* Before the OVS headers that include its JSON. */
#include "ovs-json.h"

#include "model.h"
#include "smap.h"
#include "util.h"
#include "vswitch-idl.h"

#include "owner.h"
#include "ports-scheme.h"

/* In Interface external_ids: "off" lets the port use any address. */
#define GUARD_KEY "ovs-netpol-spoof-guard"

/* Interfaces. */

/* Fills '*port' and returns true if 'iface' is there and names a pod. */
static bool
read_port(const struct ovsrec_port *row, const struct ovsrec_interface *iface,
          const struct model *model, struct model_port *port)
{
    if (!iface->n_ofport || iface->ofport[0] < 1
        || iface->ofport[0] > MODEL_MAX_OFPORT
        || !ports_scheme_parse(&iface->external_ids, &row->external_ids,
                               model, port)) {
        return false;
    }
    port->interface = xstrdup(iface->name);
    port->ofport = iface->ofport[0];
    port->unguarded = !strcmp(smap_get_def(&iface->external_ids, GUARD_KEY,
                                           "on"), "off");
    return true;
}

static int
compare_ports(const void *a_, const void *b_)
{
    const struct model_port *a = a_;
    const struct model_port *b = b_;

    return (a->ofport > b->ofport) - (a->ofport < b->ofport);
}

size_t
ports_get(const struct ports *p, const struct model *model,
          struct model_port **portsp)
{
    const struct ovsrec_bridge *br = ports_find_bridge(p);
    struct model_port *ports = NULL;
    size_t n = 0, allocated = 0;

    for (size_t i = 0; br && i < br->n_ports; i++) {
        const struct ovsrec_port *row = br->ports[i];

        for (size_t j = 0; j < row->n_interfaces; j++) {
            if (n >= allocated) {
                ports = x2nrealloc(ports, &allocated, sizeof *ports);
            }
            n += read_port(row, row->interfaces[j], model, &ports[n]);
        }
    }
    if (n) {
        qsort(ports, n, sizeof *ports, compare_ports);
    }
    *portsp = ports;
    return n;
}

void
ports_free(struct model_port *ports, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(ports[i].ns);
        free(ports[i].name);
        free(ports[i].interface);
    }
    free(ports);
}

/* Appends the OpenFlow port of 'iface' if it is there and no pod's. */
static void
add_stranger(const struct ovsrec_port *row,
             const struct ovsrec_interface *iface, const struct model *model,
             uint32_t *ofports, size_t *n)
{
    struct model_port port;

    if (!iface->n_ofport || iface->ofport[0] < 1
        || iface->ofport[0] > MODEL_MAX_OFPORT) {
        return;
    } else if (read_port(row, iface, model, &port)) {
        free(port.ns);
        free(port.name);
        free(port.interface);
    } else if (!ports_scheme_is_pending(&iface->external_ids,
                                        &row->external_ids)) {
        ofports[(*n)++] = iface->ofport[0];
    }
}

size_t
ports_get_strangers(const struct ports *p, const struct model *model,
                    uint32_t **ofportsp)
{
    const struct ovsrec_bridge *br = ports_find_bridge(p);
    uint32_t *ofports = NULL;
    size_t n = 0, max = 0;

    for (size_t i = 0; br && i < br->n_ports; i++) {
        const struct ovsrec_port *row = br->ports[i];

        max += row->n_interfaces;
        ofports = xrealloc(ofports, MAX(max, 1) * sizeof *ofports);
        for (size_t j = 0; j < row->n_interfaces; j++) {
            add_stranger(row, row->interfaces[j], model, ofports, &n);
        }
    }
    *ofportsp = ofports;
    return n;
}

/* What has a name. */

uint32_t
ports_find_ofport(const struct ports *p, const char *name)
{
    const struct ovsrec_bridge *br = ports_find_bridge(p);

    for (size_t i = 0; br && i < br->n_ports; i++) {
        const struct ovsrec_port *row = br->ports[i];

        for (size_t j = 0; j < row->n_interfaces; j++) {
            const struct ovsrec_interface *iface = row->interfaces[j];

            if (!strcmp(iface->name, name) && iface->n_ofport
                && iface->ofport[0] > 0) {
                return iface->ofport[0];
            }
        }
    }
    return 0;
}

int
ports_find_table(const struct ports *p, const char *name)
{
    const struct ovsrec_bridge *br = ports_find_bridge(p);
    int table = -1;

    for (size_t i = 0; br && i < br->n_flow_tables; i++) {
        const char *this = br->value_flow_tables[i]->name;

        if (this && !strcmp(this, name)) {
            if (table >= 0) {
                return -1;
            }
            table = br->key_flow_tables[i];
        }
    }
    return table;
}

/* Other programs' traces. */

static void
see_port(const struct ovsrec_port *port, struct owners *owners)
{
    owners_see_port(owners, port->name);
    owners_see_ids(owners, OWNER_PORT_IDS, port->name, &port->external_ids);
    owners_see_ids(owners, OWNER_PORT_CONFIG, port->name,
                   &port->other_config);
    for (size_t i = 0; i < port->n_interfaces; i++) {
        const struct ovsrec_interface *iface = port->interfaces[i];

        owners_see_ids(owners, OWNER_INTERFACE_IDS, iface->name,
                       &iface->external_ids);
    }
}

void
ports_see_owners(const struct ports *p, struct owners *owners)
{
    const struct ovsrec_open_vswitch *ovs = ports_find_switch(p);
    const struct ovsrec_bridge *br = ports_find_bridge(p);

    if (!ovs || !br) {
        return;
    }
    owners_see_ids(owners, OWNER_SWITCH_IDS, br->name, &ovs->external_ids);
    owners_see_ids(owners, OWNER_BRIDGE_IDS, br->name, &br->external_ids);
    for (size_t i = 0; i < br->n_ports; i++) {
        see_port(br->ports[i], owners);
    }
}
