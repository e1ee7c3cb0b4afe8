/* SPDX-License-Identifier: Apache-2.0
 *
 * prefix: IP addresses and CIDR prefixes of both families.
 *
 * An address is a struct in6_addr; IPv4 addresses are stored v4-mapped
 * (::ffff:a.b.c.d), as libopenvswitch does (see in6_addr_mapped_ipv4()).
 *
 * A prefix knows its family, because the families are independent
 * (semantics S24): ::/0 does not contain 10.0.0.1.  Plain values: nothing here
 * owns memory. */

#ifndef PREFIX_H
#define PREFIX_H 1

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct ds;

/* A CIDR.  Bits of 'addr' behind 'length' are zero. */
struct prefix {
    struct in6_addr addr;       /* IPv4 v4-mapped. */
    uint8_t length;             /* IPv4 0..32, IPv6 0..128. */
    bool is_v6;
};

/* Parses an IPv4 or IPv6 address without a length into '*addr'.  Returns false
 * and leaves '*addr' alone if 's' is anything else.  IPv4 with leading zeros
 * and v4-mapped IPv6 text are refused. */
bool address_parse(const char *s, struct in6_addr *addr);
bool address_is_v6(const struct in6_addr *);
void address_format(const struct in6_addr *, struct ds *);
uint32_t address_hash(const struct in6_addr *, uint32_t basis);

/* Parses "ADDRESS/LENGTH" into '*p'.  Host bits are masked away (S22).
 * Returns false and leaves '*p' alone if 's' is not a CIDR. */
bool prefix_parse(const char *s, struct prefix *p);
void prefix_from_address(const struct in6_addr *, struct prefix *);
/* Shortens '*p' to 'length', which is not greater than it has. */
void prefix_truncate(struct prefix *p, uint8_t length);
void prefix_format(const struct prefix *, struct ds *);

/* True if every address of 'inner' is in 'outer' (equal counts). */
bool prefix_contains(const struct prefix *outer, const struct prefix *inner);
bool prefix_contains_address(const struct prefix *, const struct in6_addr *);

/* Total order: IPv4 before IPv6, then address, then length, so that whatever a
 * prefix contains follows it immediately. */
int prefix_compare(const struct prefix *, const struct prefix *);
uint32_t prefix_hash(const struct prefix *, uint32_t basis);

#endif /* prefix.h */
