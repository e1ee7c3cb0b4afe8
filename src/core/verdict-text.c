/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verdict.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "model.h"
#include "ovs-json.h"
#include "prefix.h"
#include "verdict-private.h"

/* What a side says in more than one line is aligned. */
#define NEXT_LINE "\n           "

/* Parsing. */

/* The address that stands for 'pod', or NULL.  One that a newer pod took over
 * would not be this pod (S39). */
static const struct in6_addr *
pick_address(const struct model *model, const struct k8s_pod *pod,
             const struct in6_addr *like)
{
    const struct in6_addr *first = NULL;

    for (size_t i = 0; i < pod->n_addresses; i++) {
        const struct in6_addr *addr = &pod->addresses[i];

        if (model_pod_is_live(pod)
            && model_pod_by_address(model, addr) != pod) {
            continue;
        }
        if (like && address_is_v6(addr) == address_is_v6(like)) {
            return addr;
        }
        first = first ? first : addr;
    }
    return first;
}

/* True if 's' is an address and a number: "10.0.0.1/24". */
static bool
has_prefix_length(const char *s)
{
    const char *slash = strchr(s, '/');
    char *address = xmemdup0(s, slash ? slash - s : 0);
    struct in6_addr addr;
    size_t n_digits = slash ? strspn(slash + 1, "0123456789") : 0;
    bool has = (n_digits && !slash[1 + n_digits]
                && address_parse(address, &addr));

    free(address);
    return has;
}

/* 's' is "NS/NAME".  A hostNetwork pod is a way to name the node's address
 * (S40), so its endpoint has no pod. */
static char *
parse_pod(const struct model *model, const char *s, const char *ns,
          const char *name, const struct in6_addr *like,
          struct verdict_endpoint *e)
{
    const struct k8s_object *object = model_get(model, K8S_POD, ns, name);
    const struct k8s_pod *pod = object ? k8s_pod_cast(object) : NULL;
    const struct in6_addr *addr;

    if (!pod && has_prefix_length(s)) {
        return xasprintf("\"%s\": an address has no prefix length here", s);
    } else if (!pod) {
        return xasprintf("there is no pod \"%s\"", s);
    } else if (pod->finished) {
        return xasprintf("pod \"%s\" has finished", s);
    } else if (!pod->n_addresses) {
        return xasprintf("pod \"%s\" has no address yet", s);
    }
    addr = pick_address(model, pod, like);
    if (!addr) {
        return xasprintf("pod \"%s\" lost its address to a newer pod", s);
    }
    e->address = *addr;
    e->pod = model_pod_by_address(model, addr);
    return NULL;
}

char *
verdict_endpoint_parse(const struct model *model, const char *s,
                       const struct in6_addr *like,
                       struct verdict_endpoint *e)
{
    const char *slash = strchr(s, '/');
    struct in6_addr addr;
    char *ns, *error;

    if (!slash) {
        if (!address_parse(s, &addr)) {
            return xasprintf("\"%s\" is neither NAMESPACE/POD nor an address",
                             s);
        }
        e->address = addr;
        e->pod = model_pod_by_address(model, &addr);
        return NULL;
    }
    ns = xmemdup0(s, slash - s);
    error = parse_pod(model, s, ns, slash + 1, like, e);
    free(ns);
    return error;
}

/* Text for people. */

static bool
has_ports(uint8_t protocol)
{
    return (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP
            || protocol == IPPROTO_SCTP);
}

static void
format_name(const struct k8s_object *object, struct ds *ds)
{
    ds_put_format(ds, "%s/%s", object->ns, object->name);
}

/* "NS/POD (ADDRESS)", or just the address. */
static void
format_endpoint(const struct verdict_endpoint *e, struct ds *ds)
{
    if (e->pod) {
        format_name(&e->pod->up, ds);
        ds_put_cstr(ds, " (");
        address_format(&e->address, ds);
        ds_put_char(ds, ')');
    } else {
        address_format(&e->address, ds);
    }
}

/* Its short name, for the middle of a sentence. */
static void
format_end(const struct verdict_endpoint *e, struct ds *ds)
{
    if (e->pod) {
        format_name(&e->pod->up, ds);
    } else {
        address_format(&e->address, ds);
    }
}

static void
format_destination(const struct verdict_query *q, struct ds *ds)
{
    bool brackets = (!q->dst.pod && address_is_v6(&q->dst.address)
                     && has_ports(q->protocol));

    ds_put_cstr(ds, brackets ? "[" : "");
    format_endpoint(&q->dst, ds);
    ds_put_cstr(ds, brackets ? "]" : "");
    if (has_ports(q->protocol)) {
        ds_put_format(ds, ":%"PRIu16"/%s", q->port,
                      k8s_protocol_name(q->protocol));
    } else if (q->protocol == IPPROTO_ICMP || q->protocol == IPPROTO_ICMPV6) {
        ds_put_format(ds, " %s", k8s_protocol_name(q->protocol));
    } else {
        ds_put_format(ds, " protocol %"PRIu8, q->protocol);
    }
}

static void
format_reason(const struct verdict_reason *reason,
              enum k8s_direction direction, struct ds *ds)
{
    const struct k8s_policy *policy = reason->policy;
    const struct k8s_rule *rule = &policy->rules[direction][reason->rule];

    format_name(&policy->up, ds);
    ds_put_format(ds, " %s[%"PRIuSIZE"]: ",
                  k8s_direction_name(direction), reason->rule);
    verdict_format_rule(rule, policy->up.ns, direction, ds);
}

static void
format_isolated(const struct verdict_side *side, enum k8s_direction direction,
                struct ds *ds)
{
    ds_put_cstr(ds, "isolated by ");
    for (size_t i = 0; i < side->n_isolating; i++) {
        ds_put_cstr(ds, i ? ", " : "");
        format_name(&side->isolating[i]->up, ds);
    }
    if (!side->n_reasons) {
        ds_put_cstr(ds, "; no rule allows it");
    }
    if (side->audited) {
        ds_put_cstr(ds, ": would be denied (audit)");
    }
    for (size_t i = 0; i < side->n_reasons; i++) {
        ds_put_cstr(ds, i ? NEXT_LINE "and by " : "; allowed by ");
        format_reason(&side->reasons[i], direction, ds);
    }
}

/* The tier's rule, if there is one that matches.  Returns true if it decides;
 * one that passes leaves room for more. */
static bool
format_tier(const struct verdict_side *side, enum k8s_tier tier,
            enum k8s_direction direction, struct ds *ds)
{
    const struct k8s_cluster_rule *rule
        = verdict_tier_rule(&side->tiers[tier], direction);

    if (!rule) {
        return false;
    }
    verdict_format_tier(side, tier, direction, ds);
    if (rule->action == K8S_PASS) {
        ds_put_cstr(ds, NEXT_LINE);
    }
    return rule->action != K8S_PASS;
}

/* What the policies say. */
static void
format_policies(const struct verdict_query *q, const struct verdict_side *side,
                enum k8s_direction direction, struct ds *ds)
{
    if (format_tier(side, K8S_ADMIN, direction, ds)) {
        return;
    }
    if (side->isolated) {
        format_isolated(side, direction, ds);
    } else if (format_tier(side, K8S_BASELINE, direction, ds)) {
        ds_put_cstr(ds, "; not isolated");
    } else {
        ds_put_cstr(ds, "not isolated: no policy selects ");
        format_end(direction == K8S_EGRESS ? &q->src : &q->dst, ds);
        ds_put_format(ds, " for %s", k8s_direction_name(direction));
    }
}

/* We do not see the mark of the packet that is asked about. */
static void
format_own_node(const struct verdict_query *q, const struct verdict *v,
                struct ds *ds)
{
    ds_put_cstr(ds, "exempt: the node may always reach its own pods");
    if (v->node_mark.mask) {
        ds_put_cstr(ds, ", with packet mark ");
        model_mark_format(v->node_mark, ds);
        ds_put_cstr(ds, ";\n           without it ");
        format_policies(q, &v->side[K8S_INGRESS], K8S_INGRESS, ds);
    }
}

static void
format_side(const struct verdict_query *q, const struct verdict *v,
            enum k8s_direction direction, struct ds *ds)
{
    const char *name = k8s_direction_name(direction);
    const struct verdict_side *side = &v->side[direction];
    const struct verdict_endpoint *end
        = direction == K8S_EGRESS ? &q->src : &q->dst;

    ds_put_format(ds, "  %-7s  ", name);
    if (side->exemption == VERDICT_SELF) {
        ds_put_cstr(ds, "exempt: a pod may always reach itself");
    } else if (side->exemption == VERDICT_OWN_NODE) {
        format_own_node(q, v, ds);
    } else if (side->exemption == VERDICT_SERVICE) {
        ds_put_cstr(ds, "undecided: a Service address, decided when the host "
                    "has translated it");
    } else if (side->exemption == VERDICT_TUNNEL) {
        ds_put_cstr(ds, "never: pods do not send to the node's tunnel ports");
    } else if (side->exemption == VERDICT_MANY) {
        ds_put_cstr(ds, "never: pods do not send to multicast and broadcast "
                    "addresses");
    } else if (side->exemption == VERDICT_NOT_A_POD) {
        ds_put_cstr(ds, "no policy applies: ");
        address_format(&end->address, ds);
        ds_put_cstr(ds, " is not a pod's address");
    } else {
        format_policies(q, side, direction, ds);
    }
    ds_put_char(ds, '\n');
}

void
verdict_format_query(const struct verdict_query *q, struct ds *ds)
{
    format_endpoint(&q->src, ds);
    ds_put_cstr(ds, " -> ");
    format_destination(q, ds);
}

void
verdict_format(const struct verdict_query *q, const struct verdict *v,
               struct ds *ds)
{
    ds_put_format(ds, "%-7s  ", v->allowed ? "allowed" : "denied");
    verdict_format_query(q, ds);
    ds_put_cstr(ds, (v->audited ? "; would be denied (audit)\n"
                     : v->side[K8S_EGRESS].exemption == VERDICT_SERVICE
                       && v->allowed
                     ? " as far as the host, which translates it\n" : "\n"));
    if (address_is_v6(&q->src.address) != address_is_v6(&q->dst.address)) {
        ds_put_cstr(ds, "  an IPv4 and an IPv6 address cannot talk to each "
                    "other\n");
        return;
    }
    for (int i = 0; i < K8S_N_DIRECTIONS; i++) {
        format_side(q, v, i, ds);
    }
}

/* JSON. */

static struct json *
name_to_json(const struct k8s_object *object)
{
    struct json *json = json_object_create();

    json_object_put_string(json, "namespace", object->ns);
    json_object_put_string(json, "name", object->name);
    return json;
}

static struct json *
endpoint_to_json(const struct verdict_endpoint *e)
{
    struct json *json = json_object_create();
    struct ds ds = DS_EMPTY_INITIALIZER;

    address_format(&e->address, &ds);
    json_object_put_string(json, "address", ds_cstr(&ds));
    ds_destroy(&ds);
    json_object_put(json, "pod", (e->pod ? name_to_json(&e->pod->up)
                                  : json_null_create()));
    return json;
}

static struct json *
exemption_to_json(enum verdict_exemption exemption)
{
    switch (exemption) {
    case VERDICT_NOT_EXEMPT:
        return json_null_create();
    case VERDICT_SELF:
        return json_string_create("self");
    case VERDICT_OWN_NODE:
        return json_string_create("own-node");
    case VERDICT_SERVICE:
        return json_string_create("service");
    case VERDICT_TUNNEL:
        return json_string_create("tunnel");
    case VERDICT_MANY:
        return json_string_create("multicast");
    case VERDICT_NOT_A_POD:
        return json_string_create("not-a-pod");
    default:
        OVS_NOT_REACHED();
    }
}

static struct json *
side_to_json(const struct verdict_side *side, enum k8s_direction direction)
{
    struct json *json = json_object_create();
    struct json *isolating = json_array_create_empty();
    struct json *reasons = json_array_create_empty();

    for (size_t i = 0; i < side->n_isolating; i++) {
        json_array_add(isolating, name_to_json(&side->isolating[i]->up));
    }
    for (size_t i = 0; i < side->n_reasons; i++) {
        const struct verdict_reason *reason = &side->reasons[i];
        struct json *item = name_to_json(&reason->policy->up);

        json_object_put(item, "rule", json_integer_create(reason->rule));
        json_array_add(reasons, item);
    }
    json_object_put(json, "isolated", json_boolean_create(side->isolated));
    json_object_put(json, "allowed", json_boolean_create(side->allowed));
    json_object_put(json, "audited", json_boolean_create(side->audited));
    json_object_put(json, "exemption", exemption_to_json(side->exemption));
    verdict_put_tiers(side, direction, json);
    json_object_put(json, "isolating", isolating);
    json_object_put(json, "allowedBy", reasons);
    return json;
}

struct json *
verdict_to_json(const struct verdict_query *q, const struct verdict *v)
{
    struct json *json = json_object_create();

    json_object_put(json, "allowed", json_boolean_create(v->allowed));
    json_object_put(json, "audited", json_boolean_create(v->audited));
    json_object_put(json, "source", endpoint_to_json(&q->src));
    json_object_put(json, "destination", endpoint_to_json(&q->dst));
    json_object_put(json, "port", (has_ports(q->protocol)
                                   ? json_integer_create(q->port)
                                   : json_null_create()));
    json_object_put_string(json, "protocol", k8s_protocol_name(q->protocol));
    if (v->side[K8S_INGRESS].exemption == VERDICT_OWN_NODE
        && v->node_mark.mask) {
        struct ds mark = DS_EMPTY_INITIALIZER;

        model_mark_format(v->node_mark, &mark);
        json_object_put_string(json, "nodeMark", ds_cstr(&mark));
        ds_destroy(&mark);
    }
    for (int i = 0; i < K8S_N_DIRECTIONS; i++) {
        json_object_put(json, k8s_direction_name(i),
                        side_to_json(&v->side[i], i));
    }
    return json;
}
