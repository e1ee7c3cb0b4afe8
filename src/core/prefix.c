/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "prefix.h"

#include <arpa/inet.h>
#include <string.h>

#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"

/* Bits in front of an IPv4 address that is stored v4-mapped. */
#define MAPPED_BITS 96

bool
address_parse(const char *s, struct in6_addr *addr)
{
    struct in6_addr ip6;
    struct in_addr ip4;

    if (inet_pton(AF_INET, s, &ip4) == 1) {
        *addr = in6_addr_mapped_ipv4(ip4.s_addr);
        return true;
    }
    if (inet_pton(AF_INET6, s, &ip6) == 1 && !IN6_IS_ADDR_V4MAPPED(&ip6)) {
        *addr = ip6;
        return true;
    }
    return false;
}

bool
address_is_v6(const struct in6_addr *addr)
{
    return !IN6_IS_ADDR_V4MAPPED(addr);
}

void
address_format(const struct in6_addr *addr, struct ds *s)
{
    ipv6_format_mapped(addr, s);
}

uint32_t
address_hash(const struct in6_addr *addr, uint32_t basis)
{
    return hash_bytes(addr, sizeof *addr, basis);
}

/* Zeros the bits of 'addr' from number 'n' on. */
static void
mask_address(struct in6_addr *addr, unsigned int n)
{
    for (unsigned int i = 0; i < sizeof addr->s6_addr; i++) {
        if (n >= 8) {
            n -= 8;
        } else {
            addr->s6_addr[i] &= 0xff << (8 - n);
            n = 0;
        }
    }
}

static bool
same_bits(const struct in6_addr *a, const struct in6_addr *b, unsigned int n)
{
    unsigned int whole = n / 8;
    unsigned int rest = n % 8;

    if (memcmp(a->s6_addr, b->s6_addr, whole)) {
        return false;
    }
    return !rest || !((a->s6_addr[whole] ^ b->s6_addr[whole]) >> (8 - rest));
}

/* Number of leading bits of p->addr that 'p' fixes. */
static unsigned int
fixed_bits(const struct prefix *p)
{
    return p->length + (p->is_v6 ? 0 : MAPPED_BITS);
}

/* A plain decimal number without leading zeros, of three digits at most. */
static bool
parse_length(const char *s, unsigned int max, uint8_t *length)
{
    size_t n = strspn(s, "0123456789");
    unsigned int value = 0;

    if (!n || n > 3 || s[n] || (s[0] == '0' && n > 1)) {
        return false;
    }
    for (; *s; s++) {
        value = value * 10 + (*s - '0');
    }
    if (value > max) {
        return false;
    }
    *length = value;
    return true;
}

bool
prefix_parse(const char *s, struct prefix *p)
{
    const char *slash = strchr(s, '/');
    char address[INET6_ADDRSTRLEN];
    struct prefix parsed;

    if (!slash || (size_t) (slash - s) >= sizeof address) {
        return false;
    }
    memcpy(address, s, slash - s);
    address[slash - s] = '\0';

    if (!address_parse(address, &parsed.addr)) {
        return false;
    }
    parsed.is_v6 = address_is_v6(&parsed.addr);
    if (!parse_length(slash + 1, parsed.is_v6 ? 128 : 32, &parsed.length)) {
        return false;
    }
    mask_address(&parsed.addr, fixed_bits(&parsed));
    *p = parsed;
    return true;
}

void
prefix_from_address(const struct in6_addr *addr, struct prefix *p)
{
    p->addr = *addr;
    p->is_v6 = address_is_v6(addr);
    p->length = p->is_v6 ? 128 : 32;
}

void
prefix_truncate(struct prefix *p, uint8_t length)
{
    p->length = length;
    mask_address(&p->addr, fixed_bits(p));
}

void
prefix_format(const struct prefix *p, struct ds *s)
{
    address_format(&p->addr, s);
    ds_put_format(s, "/%d", p->length);
}

bool
prefix_contains(const struct prefix *outer, const struct prefix *inner)
{
    return outer->is_v6 == inner->is_v6
           && outer->length <= inner->length
           && same_bits(&outer->addr, &inner->addr, fixed_bits(outer));
}

bool
prefix_contains_address(const struct prefix *p, const struct in6_addr *addr)
{
    return p->is_v6 == address_is_v6(addr)
           && same_bits(&p->addr, addr, fixed_bits(p));
}

int
prefix_compare(const struct prefix *a, const struct prefix *b)
{
    if (a->is_v6 != b->is_v6) {
        return a->is_v6 ? 1 : -1;
    }

    int cmp = memcmp(&a->addr, &b->addr, sizeof a->addr);

    return cmp ? cmp : (int) a->length - (int) b->length;
}

uint32_t
prefix_hash(const struct prefix *p, uint32_t basis)
{
    return hash_2words(address_hash(&p->addr, basis),
                       p->length | (uint32_t) p->is_v6 << 8);
}
