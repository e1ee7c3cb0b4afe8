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
    for (size_t i = 0; i < rule->n_ports; i++) {
        const struct k8s_port *port = &rule->ports[i];

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

void
reach_cuts_of_pod(const struct reach_words *words, const struct model *model,
                  const struct k8s_pod *pod, enum k8s_direction direction,
                  struct reach_cuts *cuts)
{
    size_t n;
    const struct k8s_policy *const *policies
        = model_namespace_policies(model, pod->up.ns, &n);

    for (size_t i = 0; i < n; i++) {
        if (selector_matches(policies[i]->pods, pod->labels)) {
            for (size_t j = 0; j < policies[i]->n_rules[direction]; j++) {
                reach_cuts_add_rule(cuts, &policies[i]->rules[direction][j]);
            }
        }
    }
    add_cuts(cuts, &words->cuts[direction]);
    if (direction == K8S_INGRESS) {
        cut_named_ports(words, pod, cuts);
    }
    normalize(cuts);
}

void
reach_cuts_merge(const struct reach_cuts *a, const struct reach_cuts *b,
                 struct reach_cuts *merged)
{
    static const uint8_t protocols[] = {
        IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP
    };
    const struct reach_cuts *both[] = { a, b };

    merged->n = 0;
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        add_cut(merged, protocols[i], 1);
    }
    for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
        add_cuts(merged, both[i]);
    }
    normalize(merged);
}
