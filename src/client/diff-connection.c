/* SPDX-License-Identifier: Apache-2.0
 *
 * Which running connections would not be allowed. */

#include <config.h>

#include "diff.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "model.h"
#include "objects.h"
#include "openvswitch/dynamic-string.h"
#include "prefix.h"
#include "util.h"

/* Copies what follows 'key' up to a comma or parenthesis. */
static bool
get_word(const char *s, const char *key, char *word, size_t size)
{
    const char *start = strstr(s, key);
    size_t length;

    if (!start) {
        return false;
    }
    start += strlen(key);
    length = strcspn(start, ",)");
    if (!length || length >= size) {
        return false;
    }
    memcpy(word, start, length);
    word[length] = '\0';
    return true;
}

static uint16_t
get_port(const char *s, const char *key)
{
    char word[8];
    unsigned int port;

    return (get_word(s, key, word, sizeof word)
            && str_to_uint(word, 10, &port) && port <= UINT16_MAX ? port : 0);
}

static uint8_t
parse_protocol(const char *word, bool is_v6)
{
    static const struct {
        const char *name;
        uint8_t protocol;
    } names[] = {
        { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP },
        { "sctp", IPPROTO_SCTP },
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!strcmp(word, names[i].name)) {
            return names[i].protocol;
        }
    }
    return is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
}

/* Parses "tcp,orig=(src=A,dst=B,sport=N,dport=M),reply=(...),...". */
static bool
parse_connection(const char *line, struct diff_connection *c)
{
    char protocol[16], src[64], dst[64];
    const char *orig = strstr(line, "orig=(");
    size_t length = strcspn(line, ",");

    if (!orig || !length || length >= sizeof protocol) {
        return false;
    }
    memcpy(protocol, line, length);
    protocol[length] = '\0';
    *c = (struct diff_connection) { .protocol = 0 };
    if (!get_word(orig, "src=", src, sizeof src)
        || !get_word(orig, "dst=", dst, sizeof dst)
        || !address_parse(src, &c->src) || !address_parse(dst, &c->dst)) {
        return false;
    }
    char *first = xmemdup0(orig, strcspn(orig, ")"));
    c->src_port = get_port(first, "sport=");
    c->dst_port = get_port(first, "dport=");
    free(first);
    c->protocol = parse_protocol(protocol, address_is_v6(&c->src));
    return true;
}

static bool
is_allowed(const struct model *model, const struct diff_connection *c)
{
    const struct verdict_query query = {
        .src = { model_pod_by_address(model, &c->src), c->src },
        .dst = { model_pod_by_address(model, &c->dst), c->dst },
        .protocol = c->protocol,
        .port = c->dst_port,
    };

    return verdict_allows(model, &query);
}

/* The pod that has the address, or the address. */
static char *
name_end(const struct model *model, const struct in6_addr *addr)
{
    const struct k8s_pod *pod = model_pod_by_address(model, addr);
    struct ds s = DS_EMPTY_INITIALIZER;

    if (pod) {
        return xasprintf("%s/%s", pod->up.ns, pod->up.name);
    }
    address_format(addr, &s);
    return ds_steal_cstr(&s);
}

static void
check_line(struct diff *d, const char *line)
{
    const struct model *before = d->before->model, *after = d->after->model;
    struct diff_connection c;

    if (!parse_connection(line, &c)) {
        return;
    }
    d->n_tracked++;
    if (is_allowed(before, &c) && !is_allowed(after, &c)) {
        c.from = name_end(before, &c.src);
        c.to = name_end(before, &c.dst);
        d->connections = xrealloc(d->connections, ((d->n_connections + 1)
                                                   * sizeof *d->connections));
        d->connections[d->n_connections++] = c;
    }
}

void
diff_find_connections(struct diff *d, const char *text)
{
    char *copy = xstrdup(text), *rest = copy, *line;

    d->knows_connections = true;
    while ((line = strsep(&rest, "\n"))) {
        check_line(d, line);
    }
    free(copy);
}
