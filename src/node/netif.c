/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "netif.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "netlink-socket.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(netif);

struct netif {
    struct nl_sock *sock;       /* NULL if there is no netlink. */
    bool changed;
};

static void
subscribe(struct netif *n)
{
    static const unsigned int groups[] = {
        RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR
    };
    int error = nl_sock_create(NETLINK_ROUTE, &n->sock);

    for (size_t i = 0; !error && i < ARRAY_SIZE(groups); i++) {
        error = nl_sock_join_mcgroup(n->sock, groups[i]);
    }
    if (error) {
        VLOG_WARN("cannot follow the node's addresses: %s",
                  ovs_strerror(error));
        nl_sock_destroy(n->sock);
        n->sock = NULL;
    }
}

struct netif *
netif_create(void)
{
    struct netif *n = xzalloc(sizeof *n);

    n->changed = true;
    subscribe(n);
    return n;
}

void
netif_destroy(struct netif *n)
{
    if (n) {
        nl_sock_destroy(n->sock);
        free(n);
    }
}

bool
netif_run(struct netif *n)
{
    bool changed = n->changed;
    uint64_t stub[4096 / 8];
    struct ofpbuf buf;
    int error = EAGAIN;

    ofpbuf_use_stub(&buf, stub, sizeof stub);
    while (n->sock
           && (error = nl_sock_recv(n->sock, &buf, NULL, false)) != EAGAIN) {
        /* ENOBUFS: messages were lost, which says as much as a message. */
        changed = true;
        if (error && error != ENOBUFS) {
            break;
        }
    }
    ofpbuf_uninit(&buf);
    n->changed = false;
    return changed;
}

void
netif_wait(struct netif *n)
{
    if (n->sock) {
        nl_sock_wait(n->sock, POLLIN);
    }
}

static bool
get_address(const struct ifaddrs *ifa, struct in6_addr *addr)
{
    const struct sockaddr *sa = ifa->ifa_addr;

    if (!sa || ifa->ifa_flags & IFF_LOOPBACK) {
        return false;
    } else if (sa->sa_family == AF_INET) {
        in6_addr_set_mapped_ipv4(
            addr, ALIGNED_CAST(const struct sockaddr_in *, sa)
                  ->sin_addr.s_addr);
        return true;
    } else if (sa->sa_family == AF_INET6) {
        *addr = ALIGNED_CAST(const struct sockaddr_in6 *, sa)->sin6_addr;
        return true;
    }
    return false;
}

static int
compare_addresses(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct in6_addr));
}

size_t
netif_get(const struct netif *n OVS_UNUSED, struct in6_addr **addrs)
{
    size_t n_addrs = 0, allocated = 0;
    struct ifaddrs *all;

    *addrs = NULL;
    if (getifaddrs(&all)) {
        VLOG_WARN("cannot read the node's addresses: %s",
                  ovs_strerror(errno));
        return 0;
    }
    for (const struct ifaddrs *ifa = all; ifa; ifa = ifa->ifa_next) {
        if (n_addrs >= allocated) {
            *addrs = x2nrealloc(*addrs, &allocated, sizeof **addrs);
        }
        n_addrs += get_address(ifa, &(*addrs)[n_addrs]);
    }
    freeifaddrs(all);
    if (n_addrs) {
        qsort(*addrs, n_addrs, sizeof **addrs, compare_addresses);
    }
    return n_addrs;
}
