/* SPDX-License-Identifier: Apache-2.0
 *
 * netif: the node's own addresses.
 *
 * All addresses of the interfaces in our network namespace but loopback's,
 * followed through netlink. */

#ifndef NETIF_H
#define NETIF_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

struct netif;

struct netif *netif_create(void);
void netif_destroy(struct netif *);
void netif_wait(struct netif *);

/* True if the addresses may have changed since the last call; true at first.
 * */
bool netif_run(struct netif *);
/* The addresses, sorted, in '*addrs' (caller frees).  Returns how many. */
size_t netif_get(const struct netif *, struct in6_addr **addrs);

#endif /* netif.h */
