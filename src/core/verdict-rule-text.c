/* SPDX-License-Identifier: Apache-2.0
 *
 * A rule in a line. */

#include <config.h>

#include "verdict-private.h"

#include <inttypes.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

/* A line stays readable: of longer lists only this many items are shown. */
#define MAX_ITEMS 8

/* Separates item 'i' of 'n' from the one before it.  Returns false if it and
 * what follows are left out, and says how many that are. */
static bool
format_separator(size_t i, size_t n, const char *separator, struct ds *ds)
{
    if (i) {
        ds_put_cstr(ds, separator);
    }
    if (i == MAX_ITEMS) {
        ds_put_format(ds, "%"PRIuSIZE" more", n - i);
    }
    return i < MAX_ITEMS;
}

static void
format_peers(const struct k8s_rule *rule, const char *ns,
             enum k8s_direction direction, struct ds *ds)
{
    bool egress = direction == K8S_EGRESS;

    ds_put_cstr(ds, egress ? "to " : "from ");
    if (rule->any_peer) {
        ds_put_cstr(ds, egress ? "anywhere" : "anyone");
        return;
    }
    for (size_t i = 0; i < rule->n_peers; i++) {
        if (!format_separator(i, rule->n_peers, " or ", ds)) {
            break;
        }
        k8s_format_peer(&rule->peers[i], ns, ds);
    }
}

static void
format_ports(const struct k8s_rule *rule, struct ds *ds)
{
    if (rule->any_port) {
        ds_put_cstr(ds, ", all ports and protocols");
        return;
    }
    ds_put_cstr(ds, ", ports ");
    for (size_t i = 0; i < rule->n_ports; i++) {
        if (!format_separator(i, rule->n_ports, ", ", ds)) {
            break;
        }
        k8s_format_port(&rule->ports[i], ds);
    }
}

void
verdict_format_rule(const struct k8s_rule *rule, const char *ns,
                    enum k8s_direction direction, struct ds *ds)
{
    format_peers(rule, ns, direction, ds);
    format_ports(rule, ds);
}
