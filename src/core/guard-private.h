/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by guard.c (which ports and addresses there are) and guard-flow.c
 * (what their flows look like). */

#ifndef GUARD_PRIVATE_H
#define GUARD_PRIVATE_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard.h"
#include "openvswitch/hmap.h"
#include "openvswitch/types.h"

/* An address of a pod behind a local port: nobody else's. */
struct guard_address {
    struct hmap_node node;      /* In 'addresses'. */
    struct in6_addr addr;
    size_t n_ports;             /* That may use it: never 0. */
};

/* A port, and what its flows were made from. */
struct guard_port {
    struct hmap_node node;      /* In 'ports', by pod. */
    char *ns, *name;
    uint32_t ofport;
    struct eth_addr mac;        /* All zeros: unknown. */
    struct in6_addr *addresses;
    size_t n_addresses;
    bool is_starting;           /* Its pod is there, and has no address. */
    bool unguarded;             /* May send from any address. */
    bool dirty;
    bool seen;
};

struct guard {
    const struct pipeline_config *config;
    struct flowset *fs;
    struct hmap ports;
    struct hmap addresses;
    uint32_t gateway;           /* 0 for none. */
    bool closes_unknown;
    uint32_t *strangers;        /* Sorted; those that have flows. */
    size_t n_strangers;
    bool ports_changed;
    bool pods_changed;
};

/* guard-flow.c: puts flows in or takes them out; who calls keeps the books. */
void guard_put_port(const struct guard *, const struct guard_port *, bool add);
/* Strangers neither send from 'addr' nor say that it is theirs. */
void guard_put_strangers(const struct guard *, const struct in6_addr *addr,
                         bool add);
/* Everybody is closed who is not open, but for the controller. */
void guard_put_unknown(const struct guard *);
void guard_put_known(const struct guard *, uint32_t ofport, bool add);
void guard_put_gateway(const struct guard *, bool add);
bool guard_port_has_address(const struct guard_port *,
                            const struct in6_addr *);

#endif /* guard-private.h */
