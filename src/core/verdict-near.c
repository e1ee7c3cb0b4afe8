/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verdict-near.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "label.h"
#include "model.h"
#include "prefix.h"
#include "verdict.h"

struct question {
    const struct model *model;
    const struct verdict_query *query;
    enum k8s_direction direction;
    const struct verdict_endpoint *peer;        /* The other end... */
    const struct k8s_pod *pod;                  /* ...its pod, or NULL. */
    const char *peer_name;                      /* ...in words. */
};

/* How far from allowing: one wrong word, or another matter. */
static const unsigned int distances[] = {
    [VERDICT_NEAR_OK] = 0,
    [VERDICT_NEAR_POD_LABEL] = 2,
    [VERDICT_NEAR_NS_LABEL] = 3,
    [VERDICT_NEAR_OTHER_NS] = 3,
    [VERDICT_NEAR_EXCEPT] = 2,
    [VERDICT_NEAR_BLOCK] = 4,
    [VERDICT_NEAR_NOT_A_POD] = 5,
    [VERDICT_NEAR_HOST_NETWORK] = 3,
    [VERDICT_NEAR_NOBODY] = 5,
    [VERDICT_NEAR_PORT] = 2,
    [VERDICT_NEAR_PROTOCOL] = 2,
    [VERDICT_NEAR_UNDEFINED] = 2,
    [VERDICT_NEAR_NAMED] = 1,
    [VERDICT_NEAR_NAME_BLOCK] = 2,
};

const char *
verdict_obstacle_name(enum verdict_obstacle obstacle)
{
    static const char *const names[] = {
        [VERDICT_NEAR_OK] = "none",
        [VERDICT_NEAR_POD_LABEL] = "pod-label",
        [VERDICT_NEAR_NS_LABEL] = "namespace-label",
        [VERDICT_NEAR_OTHER_NS] = "other-namespace",
        [VERDICT_NEAR_EXCEPT] = "except",
        [VERDICT_NEAR_BLOCK] = "outside-block",
        [VERDICT_NEAR_NOT_A_POD] = "not-a-pod",
        [VERDICT_NEAR_HOST_NETWORK] = "host-network",
        [VERDICT_NEAR_NOBODY] = "nobody",
        [VERDICT_NEAR_PORT] = "port",
        [VERDICT_NEAR_PROTOCOL] = "protocol",
        [VERDICT_NEAR_UNDEFINED] = "undefined-port",
        [VERDICT_NEAR_NAMED] = "named-port",
        [VERDICT_NEAR_NAME_BLOCK] = "named-port-of-block",
    };

    return names[obstacle];
}

/* Who. */

/* "SUBJECT is not app=web (it has app=wbe)": the requirement that 'labels' do
 * not meet. */
static void
put_requirement(const char *subject, const struct selector *selector,
                const struct label_set *labels, struct ds *why)
{
    char *requirement = selector_why_not(selector, labels);
    const char *key = requirement + (requirement[0] == '!');
    char *name = xmemdup0(key, strcspn(key, " =,()"));
    const char *value = label_set_get(labels, name);

    ds_put_format(why, "%s is not %s (", subject, requirement);
    if (value) {
        ds_put_format(why, "it has %s=%s)", name, value);
    } else {
        ds_put_format(why, "it has no label %s)", name);
    }
    free(name);
    free(requirement);
}

static bool
is_on_host_network(const struct question *q)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *o;

    if (model_is_node_address(q->model, &q->peer->address)) {
        return true;
    }
    while ((o = model_next(q->model, K8S_POD, &pos))) {
        const struct k8s_pod *pod = k8s_pod_cast(o);

        for (size_t i = 0; pod->host_network && i < pod->n_addresses; i++) {
            if (!memcmp(&pod->addresses[i], &q->peer->address,
                        sizeof *pod->addresses)) {
                return true;
            }
        }
    }
    return false;
}

static enum verdict_obstacle
judge_stranger(const struct question *q, struct ds *why)
{
    if (is_on_host_network(q)) {
        ds_put_format(why, "%s is a node's address, and pods on the host "
                      "network are matched by ipBlock only", q->peer_name);
        return VERDICT_NEAR_HOST_NETWORK;
    }
    ds_put_format(why, "%s is not a pod", q->peer_name);
    return VERDICT_NEAR_NOT_A_POD;
}

static enum verdict_obstacle
judge_selectors(const struct question *q, const struct k8s_peer *peer,
                const char *ns, struct ds *why)
{
    const struct k8s_pod *pod = q->pod;

    if (!pod) {
        return judge_stranger(q, why);
    } else if (!peer->namespaces && strcmp(pod->up.ns, ns)) {
        ds_put_format(why, "without a namespaceSelector it is about pods of "
                      "namespace %s only", ns);
        return VERDICT_NEAR_OTHER_NS;
    }

    const struct label_set *ns_labels
        = model_namespace_labels(q->model, pod->up.ns);
    if (peer->namespaces && !selector_matches(peer->namespaces, ns_labels)) {
        char *subject = xasprintf("namespace %s", pod->up.ns);

        put_requirement(subject, peer->namespaces, ns_labels, why);
        free(subject);
        return VERDICT_NEAR_NS_LABEL;
    } else if (!selector_matches(peer->pods, pod->labels)) {
        put_requirement(q->peer_name, peer->pods, pod->labels, why);
        return VERDICT_NEAR_POD_LABEL;
    }
    return VERDICT_NEAR_OK;
}

static enum verdict_obstacle
judge_block(const struct question *q, const struct k8s_ip_block *block,
            struct ds *why)
{
    const struct in6_addr *addr = &q->peer->address;

    if (!prefix_contains_address(&block->cidr, addr)) {
        address_format(addr, why);
        ds_put_cstr(why, " is not in ");
        prefix_format(&block->cidr, why);
        return VERDICT_NEAR_BLOCK;
    }
    for (size_t i = 0; i < block->n_excepts; i++) {
        if (prefix_contains_address(&block->excepts[i], addr)) {
            address_format(addr, why);
            ds_put_cstr(why, " is in the except ");
            prefix_format(&block->excepts[i], why);
            return VERDICT_NEAR_EXCEPT;
        }
    }
    return VERDICT_NEAR_OK;
}

static enum verdict_obstacle
judge_peer(const struct question *q, const struct k8s_peer *peer,
           const char *ns, struct ds *why)
{
    return (peer->block
            ? judge_block(q, peer->block, why)
            : judge_selectors(q, peer, ns, why));
}

/* For what. */

static bool
has_ports(uint8_t protocol)
{
    return (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP
            || protocol == IPPROTO_SCTP);
}

/* The number that the destination gives to a port name, or 0. */
static uint16_t
resolve(const struct question *q, const struct k8s_port *port)
{
    const struct k8s_pod *dst = q->query->dst.pod;

    for (size_t i = 0; dst && i < dst->n_ports; i++) {
        if (dst->ports[i].protocol == port->protocol
            && !strcmp(dst->ports[i].name, port->name)) {
            return dst->ports[i].number;
        }
    }
    return 0;
}

static enum verdict_obstacle
judge_name(const struct question *q, const struct k8s_port *port,
           bool by_block, struct ds *why)
{
    uint16_t number = resolve(q, port);

    if (by_block && q->direction == K8S_EGRESS) {
        ds_put_format(why, "port \"%s\" is a name, which nobody gives to a "
                      "port of an ipBlock", port->name);
        return VERDICT_NEAR_NAME_BLOCK;
    } else if (!number) {
        ds_put_format(why, "the destination has no %s port \"%s\"",
                      k8s_protocol_name(port->protocol), port->name);
        return VERDICT_NEAR_UNDEFINED;
    }
    ds_put_format(why, "port \"%s\" of the destination is %s/%"PRIu16,
                  port->name, k8s_protocol_name(port->protocol), number);
    return VERDICT_NEAR_NAMED;
}

/* Why 'port', which does not match, does not. */
static enum verdict_obstacle
judge_port(const struct question *q, const struct k8s_port *port,
           bool by_block, struct ds *why)
{
    const struct verdict_query *query = q->query;

    if (port->protocol != query->protocol) {
        ds_put_cstr(why, "it allows ");
        k8s_format_port(port, why);
        ds_put_format(why, ", not %s%s", k8s_protocol_name(query->protocol),
                      (has_ports(query->protocol) ? ""
                       : ", which takes a rule without ports"));
        return VERDICT_NEAR_PROTOCOL;
    } else if (port->name) {
        return judge_name(q, port, by_block, why);
    }
    ds_put_cstr(why, "it allows ");
    k8s_format_port(port, why);
    ds_put_format(why, ", not %"PRIu16, query->port);
    return VERDICT_NEAR_PORT;
}

static bool
port_matches(const struct question *q, const struct k8s_port *port,
             bool by_block)
{
    const struct k8s_pod *dst = q->query->dst.pod;

    if (port->protocol != q->query->protocol) {
        return false;
    } else if (!port->name) {
        return q->query->port >= port->first && q->query->port <= port->last;
    } else if (by_block && q->direction == K8S_EGRESS) {
        return false;
    }
    for (size_t i = 0; dst && i < dst->n_ports; i++) {
        if (dst->ports[i].protocol == port->protocol
            && dst->ports[i].number == q->query->port
            && !strcmp(dst->ports[i].name, port->name)) {
            return true;
        }
    }
    return false;
}

/* How far 'port', which is of the right protocol, is from the one asked for:
 * among equals the closest number is what was meant. */
static unsigned int
gap(const struct verdict_query *query, const struct k8s_port *port)
{
    return (port->name || port->protocol != query->protocol ? UINT16_MAX
            : query->port < port->first ? port->first - query->port
            : query->port - port->last);
}

static enum verdict_obstacle
judge_ports(const struct question *q, const struct k8s_rule *rule,
            bool by_block, struct ds *why)
{
    enum verdict_obstacle nearest = VERDICT_NEAR_PROTOCOL;
    unsigned int smallest = 0;

    for (size_t i = 0; i < rule->n_ports; i++) {
        const struct k8s_port *port = &rule->ports[i];
        struct ds text = DS_EMPTY_INITIALIZER;

        if (port_matches(q, port, by_block)) {
            ds_clear(why);
            return VERDICT_NEAR_OK;
        }

        enum verdict_obstacle o = judge_port(q, port, by_block, &text);
        unsigned int d = (distances[o] + (o == VERDICT_NEAR_PROTOCOL)) << 16;
        d += gap(q->query, port);
        if (!i || d < smallest) {
            smallest = d;
            nearest = o;
            ds_clear(why);
            ds_put_cstr(why, ds_cstr(&text));
        }
        ds_destroy(&text);
    }
    return rule->any_port ? VERDICT_NEAR_OK : nearest;
}

/* Rules. */

/* Judges 'peer' of 'rule', NULL for any, with all its ports. */
static void
judge(const struct question *q, const struct k8s_rule *rule,
      const struct k8s_peer *peer, const char *ns, struct verdict_near *near)
{
    struct ds who = DS_EMPTY_INITIALIZER, what = DS_EMPTY_INITIALIZER;

    near->who = peer ? judge_peer(q, peer, ns, &who) : VERDICT_NEAR_OK;
    near->what = judge_ports(q, rule, peer && peer->block, &what);
    near->distance = distances[near->who] + distances[near->what];
    if (who.length && what.length) {
        ds_put_cstr(&who, "; ");
    }
    ds_put_cstr(&who, ds_cstr(&what));
    near->why = ds_steal_cstr(&who);
    ds_destroy(&what);
}

/* Fills '*near' with the best that the rule has.  False if it allows. */
static bool
judge_rule(const struct question *q, const struct k8s_policy *policy, size_t i,
           struct verdict_near *near)
{
    const struct k8s_rule *rule = &policy->rules[q->direction][i];

    memset(near, 0, sizeof *near);
    if (rule->any_peer) {
        judge(q, rule, NULL, policy->up.ns, near);
    } else if (!rule->n_peers) {
        near->who = VERDICT_NEAR_NOBODY;
        near->distance = distances[VERDICT_NEAR_NOBODY];
        near->why = xstrdup("it has no peer that is understood");
    }
    for (size_t j = 0; j < rule->n_peers; j++) {
        struct verdict_near other;

        judge(q, rule, &rule->peers[j], policy->up.ns, &other);
        if (!j || other.distance < near->distance) {
            free(near->why);
            *near = other;
        } else {
            free(other.why);
        }
    }
    near->policy = policy;
    near->rule = i;
    return near->distance > 0;
}

static int
compare_near(const void *a_, const void *b_)
{
    const struct verdict_near *a = a_, *b = b_;
    int cmp = strcmp(a->policy->up.name, b->policy->up.name);

    return (a->distance != b->distance
            ? (a->distance > b->distance) - (a->distance < b->distance)
            : cmp ? cmp : (a->rule > b->rule) - (a->rule < b->rule));
}

/* "shop/web", or the address. */
static char *
name_peer(const struct verdict_endpoint *e)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    if (e->pod) {
        ds_put_format(&s, "%s/%s", e->pod->up.ns, e->pod->up.name);
    } else {
        address_format(&e->address, &s);
    }
    return ds_steal_cstr(&s);
}

struct verdict_near *
verdict_find_near(const struct model *model, const struct verdict_query *query,
                  const struct verdict *v, enum k8s_direction direction,
                  size_t max, size_t *n, size_t *n_all)
{
    const struct verdict_side *side = &v->side[direction];
    bool by_tier = side->decider == VERDICT_BY_ADMIN;
    struct question q = {
        .model = model,
        .query = query,
        .direction = direction,
        .peer = direction == K8S_EGRESS ? &query->dst : &query->src,
    };
    char *peer_name = name_peer(q.peer);
    struct verdict_near *nears = NULL;
    size_t allocated = 0;

    q.peer_name = peer_name;
    q.pod = q.peer->pod;
    *n_all = 0;
    /* Where a cluster policy decides, no rule of these would change it. */
    for (size_t i = 0; !by_tier && i < side->n_isolating; i++) {
        const struct k8s_policy *policy = side->isolating[i];

        for (size_t j = 0; j < policy->n_rules[direction]; j++) {
            if (*n_all >= allocated) {
                nears = x2nrealloc(nears, &allocated, sizeof *nears);
            }
            if (judge_rule(&q, policy, j, &nears[*n_all])) {
                ++*n_all;
            } else {
                free(nears[*n_all].why);
            }
        }
    }
    free(peer_name);
    if (*n_all) {
        qsort(nears, *n_all, sizeof *nears, compare_near);
    }
    for (*n = *n_all; *n > max; --*n) {
        free(nears[*n - 1].why);
    }
    return nears;
}

void
verdict_near_free(struct verdict_near *nears, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(nears[i].why);
    }
    free(nears);
}
