/* SPDX-License-Identifier: Apache-2.0
 *
 * switch: what the switch itself says, over OpenFlow.
 *
 * Not through the daemon: what is asked here is what there is, whoever put it
 * there.  Uses the bridge's management socket in Open vSwitch's run directory.
 * Nothing is changed. */

#ifndef SWITCH_H
#define SWITCH_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowset.h"
#include "openvswitch/compiler.h"

struct model;
struct pipeline_config;
struct vconn;

/* Connects to 'bridge', for at most some seconds.  Returns NULL and the
 * connection, to be closed with vconn_close(), or a message (caller frees). */
char *switch_open(const char *bridge, struct vconn **)
    OVS_WARN_UNUSED_RESULT;

/* Calls 'cb' for each flow in our tables, whoever owns it, and for those with
 * our cookies in table 0.  Returns NULL, or a message (caller frees) after
 * which some flows may have been told. */
char *switch_for_each_flow(struct vconn *, const struct pipeline_config *,
                           flowset_cb *cb, void *aux)
    OVS_WARN_UNUSED_RESULT;

/* A port of the bridge. */
struct switch_port {
    uint32_t number;            /* OpenFlow port, OFPP_LOCAL (0xfffe) too. */
    char *name;
};
/* All of them in '*ports', array of '*n', to be freed with
 * switch_ports_free(). */
char *switch_get_ports(struct vconn *, struct switch_port **ports, size_t *n)
    OVS_WARN_UNUSED_RESULT;
void switch_ports_free(struct switch_port *, size_t n);

/* The OpenFlow port on which packets from elsewhere come in: one of 'ports'
 * that is not a pod's and not 'gateway', else a number that nobody has.  If
 * ports are 'closed' until it is known whose they are: one that is known to be
 * no pod's, else 'gateway'. */
uint32_t switch_find_uplink(const struct model *, bool closed,
                            uint32_t gateway, const struct switch_port *ports,
                            size_t n);

#endif /* switch.h */
