/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "query.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "k8s.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "ovs-json.h"
#include "prefix.h"
#include "util.h"
#include "verdict-near.h"
#include "verdict.h"

/* The parts of DST[:PORT[/PROTOCOL]]; each its own string or NULL. */
struct words {
    char *address;
    char *port;
    char *protocol;
};

static void
free_words(struct words *words)
{
    free(words->address);
    free(words->port);
    free(words->protocol);
}

/* Splits "PORT[/PROTOCOL]". */
static void
split_service(const char *s, struct words *words)
{
    const char *slash = strchr(s, '/');

    if (slash) {
        words->port = xmemdup0(s, slash - s);
        words->protocol = xstrdup(slash + 1);
    } else {
        words->port = xstrdup(s);
    }
}

/* Splits "[ADDRESS]" with or without ":PORT[/PROTOCOL]". */
static char *
split_brackets(const char *s, struct words *words)
{
    const char *end = strchr(s, ']');

    if (!end || (end[1] && end[1] != ':')) {
        return xasprintf("\"%s\": want [ADDRESS] or [ADDRESS]:PORT", s);
    }
    words->address = xmemdup0(s + 1, end - s - 1);
    if (end[1]) {
        split_service(end + 2, words);
    }
    return NULL;
}

static char *
split(const char *s, struct words *words)
{
    const char *colon = strchr(s, ':');

    memset(words, 0, sizeof *words);
    if (s[0] == '[') {
        return split_brackets(s, words);
    }
    if (colon && !strchr(colon + 1, ':')) {
        words->address = xmemdup0(s, colon - s);
        split_service(colon + 1, words);
    } else {
        /* No port, or an IPv6 address. */
        words->address = xstrdup(s);
    }
    return NULL;
}

static char *
parse_protocol(const char *s, uint8_t *protocol)
{
    static const uint8_t protocols[] = {
        IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP
    };

    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (!strcasecmp(s, k8s_protocol_name(protocols[i]))) {
            *protocol = protocols[i];
            return NULL;
        }
    }
    return xasprintf("\"%s\" is not a protocol with ports: want tcp, udp or "
                     "sctp", s);
}

/* Looks up 'name' among the ports of the destination. */
static char *
parse_port_name(const char *name, bool any_protocol,
                struct verdict_query *query)
{
    const struct k8s_pod *pod = query->dst.pod;
    const struct k8s_named_port *found = NULL;

    for (size_t i = 0; pod && i < pod->n_ports; i++) {
        const struct k8s_named_port *port = &pod->ports[i];

        if (!strcmp(port->name, name)
            && (any_protocol || port->protocol == query->protocol)) {
            if (found) {
                return xasprintf("\"%s\" names several ports of %s/%s",
                                 name, pod->up.ns, pod->up.name);
            }
            found = port;
        }
    }
    if (!found) {
        return (pod
                ? xasprintf("\"%s\" is neither a number from 1 to 65535 nor "
                            "a port of %s/%s", name, pod->up.ns, pod->up.name)
                : xasprintf("\"%s\" is not a number from 1 to 65535", name));
    }
    query->protocol = found->protocol;
    query->port = found->number;
    return NULL;
}

static char *
parse_service(const struct words *words, struct verdict_query *query)
{
    unsigned int number;

    query->port = 0;
    if (!words->port || (!words->protocol
                         && !strcasecmp(words->port, "icmp"))) {
        query->protocol = (address_is_v6(&query->dst.address)
                           ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
        return NULL;
    }

    query->protocol = IPPROTO_TCP;
    if (words->protocol) {
        char *error = parse_protocol(words->protocol, &query->protocol);
        if (error) {
            return error;
        }
    }
    if (str_to_uint(words->port, 10, &number) && number
        && number <= UINT16_MAX) {
        query->port = number;
        return NULL;
    }
    return parse_port_name(words->port, !words->protocol, query);
}

static bool
same_family(const struct verdict_query *query)
{
    return (address_is_v6(&query->src.address)
            == address_is_v6(&query->dst.address));
}

/* Both ends, of one family if they have one in common. */
static char *
parse_ends(const struct model *model, const char *src, const char *dst,
           struct verdict_query *query)
{
    char *error = verdict_endpoint_parse(model, src, NULL, &query->src);
    if (!error) {
        error = verdict_endpoint_parse(model, dst, &query->src.address,
                                       &query->dst);
    }
    if (!error && !same_family(query)) {
        error = verdict_endpoint_parse(model, src, &query->dst.address,
                                       &query->src);
    }
    return error;
}

/* 's' without the brackets that it may have. */
static char *
parse_source(const char *s)
{
    size_t length = strlen(s);

    return (length > 2 && s[0] == '[' && s[length - 1] == ']'
            ? xmemdup0(s + 1, length - 2)
            : xstrdup(s));
}

char *
query_parse(const struct model *model, const char *src, const char *dst,
            struct verdict_query *query)
{
    struct verdict_query q;
    struct words words;

    char *error = split(dst, &words);
    if (!error) {
        char *source = parse_source(src);
        error = parse_ends(model, source, words.address, &q);
        free(source);
    }
    if (!error) {
        error = parse_service(&words, &q);
    }
    if (!error) {
        *query = q;
    }
    free_words(&words);
    return error;
}

/* True if policies deny in that direction: then their rules are of
 * interest. */
static bool
is_refused(const struct verdict *v, enum k8s_direction d)
{
    const struct verdict_side *side = &v->side[d];

    return (!side->allowed && side->decider == VERDICT_BY_POLICIES
            && !side->n_reasons);
}

void
query_format(const struct model *model, const struct verdict_query *query,
             const struct verdict *v, struct ds *s)
{
    verdict_format(query, v, s);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (is_refused(v, d)) {
            verdict_format_near(model, query, v, d, s);
        }
    }
}

struct json *
query_to_json(const struct model *model, const struct verdict_query *query,
              const struct verdict *v)
{
    struct json *json = verdict_to_json(query, v);

    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        struct json *side = shash_find_data(json_object(json),
                                            k8s_direction_name(d));

        json_object_put(side, "nearly",
                        (is_refused(v, d)
                         ? verdict_near_to_json(model, query, v, d)
                         : json_array_create_empty()));
    }
    return json;
}

char *
query_answer(const struct model *model, const char *src, const char *dst,
             bool json, char **answer)
{
    struct verdict_query query;
    struct verdict verdict;

    char *error = query_parse(model, src, dst, &query);
    if (error) {
        return error;
    }

    verdict_evaluate(model, &query, &verdict);
    if (json) {
        struct json *object = query_to_json(model, &query, &verdict);
        *answer = json_to_string(object, JSSF_PRETTY | JSSF_SORT);
        json_destroy(object);
    } else {
        struct ds s = DS_EMPTY_INITIALIZER;
        query_format(model, &query, &verdict, &s);
        *answer = ds_steal_cstr(&s);
    }
    verdict_uninit(&verdict);
    return NULL;
}
