/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "owner.h"

#include <stdlib.h>
#include <string.h>

#include "flowset.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/ofp-actions.h"
#include "smap.h"
#include "util.h"

/* Flows. */

static bool
is_catchall(const struct flowset_flow *flow, uint8_t table, uint16_t priority)
{
    return (flow->table == table && flow->priority == priority
            && flow_wildcards_is_catchall(&flow->match.wc));
}

/* The only action, or NULL if there are none or several. */
static const struct ofpact *
only_action(const struct flowset_flow *flow)
{
    const struct ofpact *a = flow->ofpacts;

    return (flow->ofpacts_len
            && ofpact_next(a) == ofpact_end(a, flow->ofpacts_len) ? a : NULL);
}

/* "table=253, actions=note:PLUGIN.VERSION": its kind of plugin and the version
 * of its rules. */
static bool
is_version_note(const struct flowset_flow *flow)
{
    const struct ofpact *a = only_action(flow);

    return (is_catchall(flow, 253, OFP_DEFAULT_PRIORITY)
            && a && a->type == OFPACT_NOTE);
}

/* "table=23, priority=0 actions=drop", to find out that the switch was
 * restarted.  Cookies are random, not zero. */
static bool
is_canary(const struct flowset_flow *flow)
{
    return is_catchall(flow, 23, 0) && !flow->ofpacts_len && flow->cookie;
}

/* "table=60, priority=3 actions=NORMAL": the TRANSIENT_TABLE. */
static bool
is_transient(const struct flowset_flow *flow)
{
    const struct ofpact *a = only_action(flow);

    return (is_catchall(flow, 60, 3) && flow->cookie && a
            && a->type == OFPACT_OUTPUT
            && ofpact_get_OUTPUT(a)->port == OFPP_NORMAL);
}

/* The host's bridge, br-ex or breth0. */
static bool
has_defflos_cookie(const struct flowset_flow *flow)
{
    return flow->cookie == 0xdeff105;
}

/* Which bridge ovn-controller works on, if there is one. */
static bool
is_ovn_bridge(const struct smap *ids, const char *bridge)
{
    return (smap_get(ids, "ovn-remote")
            && !strcmp(smap_get_def(ids, "ovn-bridge", "br-int"), bridge));
}

/* Traces, with the source that leaves them.  A key that ends in "*" stands for
 * all that begin so.  Rows with the same owner and a 'part' make one trace
 * together.
 *
 * Not in the table: external_ids:ovn-localnet-port.  Both ends of OVN's patch
 * ports have it, and the far end is a bridge that OVN does not program. */
static const struct trace {
    const char *owner;
    enum owner_place place;
    const char *key;            /* Of a map, or a port's name; or NULL. */
    bool (*check)(const struct smap *, const char *bridge);
    bool (*flow)(const struct flowset_flow *);
    uint32_t part, all_parts;   /* Bits, or 0. */
} traces[] = {
    /* ovn-org/ovn, controller/ovn-controller.8.xml, "Open vSwitch Database
     * Usage": keys that nobody else should touch; and controller/ct-zone.c,
     * controller/encaps.c, controller/patch.c. */
    { "OVN", OWNER_BRIDGE_IDS, "ct-zone-*", NULL, NULL, 0, 0 },
    { "OVN", OWNER_BRIDGE_IDS, "ovn-nb-cfg*", NULL, NULL, 0, 0 },
    { "OVN", OWNER_BRIDGE_IDS, "ovn-startup-ts", NULL, NULL, 0, 0 },
    { "OVN", OWNER_PORT_IDS, "ovn-chassis-id", NULL, NULL, 0, 0 },
    { "OVN", OWNER_PORT_IDS, "ovn-l3gateway-port", NULL, NULL, 0, 0 },
    { "OVN", OWNER_PORT_IDS, "ovn-logical-patch-port", NULL, NULL, 0, 0 },
    { "OVN", OWNER_INTERFACE_IDS, "ovn-installed*", NULL, NULL, 0, 0 },
    { "OVN", OWNER_SWITCH_IDS, NULL, is_ovn_bridge, NULL, 0, 0 },

    /* ovn-kubernetes, go-controller/pkg/node: defaultOpenFlowCookie. */
    { "ovn-kubernetes", OWNER_FLOW, NULL, NULL, has_defflos_cookie, 0, 0 },

    /* antrea-io/antrea, pkg/agent/agent.go: roundNumKey and
     * defaultTunInterfaceName; pkg/agent/interfacestore/types.go:
     * AntreaInterfaceTypeKey; the gateway is the default of hostGateway. */
    { "Antrea", OWNER_BRIDGE_IDS, "roundNum", NULL, NULL, 0, 0 },
    { "Antrea", OWNER_PORT_IDS, "antrea-type", NULL, NULL, 0, 0 },
    { "Antrea", OWNER_PORT_NAME, "antrea-gw0", NULL, NULL, 0, 0 },
    { "Antrea", OWNER_PORT_NAME, "antrea-tun0", NULL, NULL, 0, 0 },

    /* openshift/sdn, pkg/network/node/ovscontroller.go: FinishSetupOVS(). */
    { "openshift-sdn", OWNER_FLOW, NULL, NULL, is_version_note, 0, 0 },

    /* openstack/neutron, neutron/plugins/ml2/drivers/openvswitch/agent:
     * common/constants.py, openflow/native/br_int.py (setup_default_table),
     * and port_bound() in ovs_neutron_agent.py, which writes the key. */
    { "Neutron", OWNER_PORT_CONFIG, "net_uuid", NULL, NULL, 0, 0 },
    { "Neutron", OWNER_FLOW, NULL, NULL, is_canary, 1 << 0, 3 << 0 },
    { "Neutron", OWNER_FLOW, NULL, NULL, is_transient, 1 << 1, 3 << 0 },
};

void
owners_init(struct owners *o)
{
    *o = (struct owners) { .n = 0 };
}

void
owners_uninit(struct owners *o)
{
    for (size_t i = 0; i < o->n; i++) {
        free(o->found[i].trace);
    }
    owners_init(o);
}

static bool
is_known(const struct owners *o, const char *name)
{
    for (size_t i = 0; i < o->n; i++) {
        if (!strcmp(o->found[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* Takes ownership of 'trace'. */
static void
add(struct owners *o, const char *name, char *trace)
{
    ovs_assert(o->n < OWNER_MAX);
    o->found[o->n].name = name;
    o->found[o->n++].trace = trace;
}

static bool
matches(const char *key, const char *s)
{
    size_t length = strlen(key);

    return (key[length - 1] == '*'
            ? !strncmp(key, s, length - 1)
            : !strcmp(key, s));
}

static const char *
find_key(const struct smap *ids, const char *key)
{
    const struct smap_node *node;

    SMAP_FOR_EACH (node, ids) {
        if (matches(key, node->key)) {
            return node->key;
        }
    }
    return NULL;
}

/* What 'ids' of row 'name' have of 't', or NULL; caller frees. */
static char *
look(const struct trace *t, const char *name, const struct smap *ids)
{
    const char *key;

    if (t->check) {
        return (t->check(ids, name)
                ? xasprintf("external_ids:ovn-bridge and ovn-remote of the "
                            "switch stand for %s", name) : NULL);
    }
    key = find_key(ids, t->key);
    return (!key ? NULL
            : xasprintf("%s:%s of %s %s",
                        (t->place == OWNER_PORT_CONFIG
                         ? "other_config" : "external_ids"), key,
                        (t->place == OWNER_BRIDGE_IDS ? "bridge"
                         : t->place == OWNER_INTERFACE_IDS ? "interface"
                         : "port"), name));
}

void
owners_see_ids(struct owners *o, enum owner_place place, const char *name,
               const struct smap *ids)
{
    for (size_t i = 0; i < ARRAY_SIZE(traces); i++) {
        const struct trace *t = &traces[i];

        if (t->place == place && !is_known(o, t->owner)) {
            char *found = look(t, name, ids);

            if (found) {
                add(o, t->owner, found);
            }
        }
    }
}

void
owners_see_port(struct owners *o, const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(traces); i++) {
        const struct trace *t = &traces[i];

        if (t->place == OWNER_PORT_NAME && matches(t->key, name)
            && !is_known(o, t->owner)) {
            add(o, t->owner, xasprintf("port %s", name));
        }
    }
}

static char *
describe_flow(const struct flowset_flow *flow)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&ds, "flow ");
    flowset_format_flow(flow, NULL, &ds);
    return ds_steal_cstr(&ds);
}

void
owners_see_flow(struct owners *o, const struct flowset_flow *flow)
{
    for (size_t i = 0; i < ARRAY_SIZE(traces); i++) {
        const struct trace *t = &traces[i];

        if (t->place != OWNER_FLOW || !t->flow(flow)) {
            continue;
        }
        o->parts |= t->part;
        if ((o->parts & t->all_parts) == t->all_parts
            && !is_known(o, t->owner)) {
            add(o, t->owner, describe_flow(flow));
        }
    }
}

char *
owners_format(const struct owners *o)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < o->n; i++) {
        ds_put_format(&ds, "%s%s (%s)", i ? ", " : "", o->found[i].name,
                      o->found[i].trace);
    }
    return o->n ? ds_steal_cstr(&ds) : NULL;
}
