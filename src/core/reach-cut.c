/* SPDX-License-Identifier: Apache-2.0
 *
 * Which services can make a difference. */

#include <config.h>

#include "reach-private.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

void
reach_cuts_uninit(struct reach_cuts *cuts)
{
    free(cuts->at);
}

static void
add_cut(struct reach_cuts *cuts, uint8_t protocol, unsigned int port)
{
    if (port < 1 || port > UINT16_MAX) {
        return;                 /* No interval begins there. */
    }
    if (cuts->n >= cuts->allocated) {
        cuts->at = x2nrealloc(cuts->at, &cuts->allocated, sizeof *cuts->at);
    }
    cuts->at[cuts->n++] = (uint32_t) protocol << 16 | port;
}

static void
add_range(struct reach_cuts *cuts, uint8_t protocol, unsigned int first,
          unsigned int last)
{
    add_cut(cuts, protocol, first);
    add_cut(cuts, protocol, last + 1);
}

static int
compare_cuts(const void *a_, const void *b_)
{
    const uint32_t *a = a_, *b = b_;

    return (*a > *b) - (*a < *b);
}

static void
normalize(struct reach_cuts *cuts)
{
    size_t n = 0;

    if (cuts->n) {
        qsort(cuts->at, cuts->n, sizeof *cuts->at, compare_cuts);
    }
    for (size_t i = 0; i < cuts->n; i++) {
        if (!n || cuts->at[i] != cuts->at[n - 1]) {
            cuts->at[n++] = cuts->at[i];
        }
    }
    cuts->n = n;
}

void
reach_cuts_add_rule(struct reach_cuts *cuts, const struct k8s_rule *rule)
{
    for (size_t i = 0; i < rule->n_ports && !rule->any_port; i++) {
        const struct k8s_port *port = &rule->ports[i];

        cuts->matter = true;
        if (!port->name) {
            add_range(cuts, port->protocol, port->first, port->last);
        }
    }
}

static void
add_cuts(struct reach_cuts *cuts, const struct reach_cuts *more)
{
    for (size_t i = 0; i < more->n; i++) {
        add_cut(cuts, more->at[i] >> 16, more->at[i] & UINT16_MAX);
    }
}

/* What a name means is the destination's business in both directions. */
static void
cut_named_ports(const struct reach_words *words, const struct k8s_pod *pod,
                struct reach_cuts *cuts)
{
    for (size_t i = 0; i < pod->n_ports; i++) {
        const struct k8s_named_port *port = &pod->ports[i];

        if (shash_find(&words->port_names, port->name)) {
            add_range(cuts, port->protocol, port->number, port->number);
        }
    }
}

/* True if 'peer' may be about some end of 'class': the excepts of an ipBlock
 * are not looked at. */
static bool
peer_may_match(const struct reach *r, const struct k8s_peer *peer,
               const char *ns, const struct reach_class *class)
{
    const struct k8s_pod *pod = class->pods.n ? class->pods.p[0] : NULL;

    for (int f = 0; peer->block && f < REACH_N_FAMILIES; f++) {
        for (size_t i = 0; i < 2; i++) {
            if (class->has_end[i][f]
                && prefix_contains_address(&peer->block->cidr,
                                           &class->ends[i][f].address)) {
                return true;
            }
        }
    }
    if (!pod || peer->block || peer->nodes) {
        return false;
    }
    return ((peer->namespaces
             ? selector_matches(peer->namespaces,
                                model_namespace_labels(r->model, pod->up.ns))
             : !strcmp(ns, pod->up.ns))
            && selector_matches(peer->pods, pod->labels));
}

static bool
rule_may_match(const struct reach *r, const struct reach_rule *rule,
               const struct reach_class *class)
{
    for (size_t i = 0; i < rule->rule->n_peers; i++) {
        if (peer_may_match(r, &rule->rule->peers[i], rule->ns, class)) {
            return true;
        }
    }
    return rule->rule->any_peer;
}

/* Adds what the rules of 'subject' say about 'other'. */
static void
cut_side(const struct reach *r, enum k8s_direction direction,
         const struct reach_class_node *subject,
         const struct reach_class_node *other, struct reach_cuts *cuts)
{
    for (size_t i = 0; i < subject->n_rules[direction]; i++) {
        const struct reach_rule *rule = &subject->rules[direction][i];

        if (rule_may_match(r, rule, &other->class)) {
            reach_cuts_add_rule(cuts, rule->rule);
        }
    }
}

void
reach_cut_pair(const struct reach *r, const struct reach_class_node *from,
               const struct reach_class_node *to, struct reach_cuts *cuts)
{
    static const uint8_t protocols[] = {
        IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP
    };

    cuts->n = 0;
    cuts->matter = r->words.cuts.matter;
    add_cuts(cuts, &r->words.cuts);
    cut_side(r, K8S_EGRESS, from, to, cuts);
    cut_side(r, K8S_INGRESS, to, from, cuts);
    if (cuts->matter && to->class.pods.n) {
        cut_named_ports(&r->words, to->class.pods.p[0], cuts);
    }
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        add_cut(cuts, protocols[i], 1);
    }
    normalize(cuts);
}
