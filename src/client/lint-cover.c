/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules about policies that say the same, or less.
 *
 * Decided by what is written, not by which pods there are today: "broader"
 * must hold for every pod that may come. */

#include <config.h>

#include "lint.h"

#include <stdlib.h>
#include <string.h>

#include "label.h"
#include "model.h"
#include "sset.h"
#include "util.h"

/* Selectors. */

/* The requirements of 'selector', which its text separates by commas outside
 * of parentheses. */
static void
split_selector(const struct selector *selector, struct sset *requirements)
{
    const char *s = selector_text(selector);
    int depth = 0;

    sset_init(requirements);
    for (const char *start = s; *start; ) {
        const char *end = start;

        while (*end && (*end != ',' || depth)) {
            depth += (*end == '(') - (*end == ')');
            end++;
        }
        sset_add_and_free(requirements, xmemdup0(start, end - start));
        start = end + (*end == ',');
    }
}

bool
lint_selector_is_broader(const struct selector *a,
                         const struct selector *b)
{
    struct sset few, many;
    const char *requirement;
    bool broader = true;

    if (a == b || selector_is_empty(a)) {
        return true;
    }
    split_selector(a, &few);
    split_selector(b, &many);
    SSET_FOR_EACH (requirement, &few) {
        broader &= sset_contains(&many, requirement);
    }
    sset_destroy(&few);
    sset_destroy(&many);
    return broader;
}

/* Peers and ports. */

/* True if all of 'b' that 'except' of another block takes away is taken away
 * from 'b', too. */
static bool
except_does_not_hurt(const struct prefix *except,
                     const struct k8s_ip_block *b)
{
    if (!prefix_contains(except, &b->cidr)
        && !prefix_contains(&b->cidr, except)) {
        return true;            /* They have nothing in common. */
    }
    for (size_t i = 0; i < b->n_excepts; i++) {
        if (prefix_contains(&b->excepts[i], except)) {
            return true;
        }
    }
    return false;
}

static bool
block_is_broader(const struct k8s_ip_block *a, const struct k8s_ip_block *b)
{
    if (!prefix_contains(&a->cidr, &b->cidr)) {
        return false;
    }
    for (size_t i = 0; i < a->n_excepts; i++) {
        if (!except_does_not_hurt(&a->excepts[i], b)) {
            return false;
        }
    }
    return true;
}

static bool
pods_are_broader(const struct k8s_peer *a, const struct k8s_peer *b)
{
    return (lint_selector_is_broader(a->pods, b->pods)
            && (a->namespaces
                ? (b->namespaces
                   ? lint_selector_is_broader(a->namespaces, b->namespaces)
                   : selector_is_empty(a->namespaces))
                : !b->namespaces));
}

/* Both are of policies of one namespace, or of none. */
static bool
peer_is_broader(const struct k8s_peer *a, const struct k8s_peer *b)
{
    if (a->block || b->block) {
        return a->block && b->block && block_is_broader(a->block, b->block);
    } else if (a->nodes || b->nodes) {
        return (a->nodes && b->nodes
                && lint_selector_is_broader(a->nodes, b->nodes));
    }
    return pods_are_broader(a, b);
}

static bool
port_is_broader(const struct k8s_port *a, const struct k8s_port *b)
{
    if (a->protocol != b->protocol && !(a->name && !a->protocol)) {
        return false;
    } else if (!a->name && !a->first && a->last == UINT16_MAX) {
        return true;
    } else if (a->name || b->name) {
        return a->name && b->name && !strcmp(a->name, b->name);
    }
    return a->first <= b->first && a->last >= b->last;
}

/* Rules. */

bool
lint_rule_has_peer(const struct k8s_rule *rule, const struct k8s_peer *peer)
{
    for (size_t i = 0; peer && i < rule->n_peers; i++) {
        if (peer_is_broader(&rule->peers[i], peer)) {
            return true;
        }
    }
    return rule->any_peer;
}

bool
lint_rule_has_port(const struct k8s_rule *rule, const struct k8s_port *port)
{
    for (size_t i = 0; port && i < rule->n_ports; i++) {
        if (port_is_broader(&rule->ports[i], port)) {
            return true;
        }
    }
    return rule->any_port;
}

bool
lint_rule_is_broader(const struct k8s_rule *a, const struct k8s_rule *b)
{
    if ((b->any_peer && !a->any_peer) || (b->any_port && !a->any_port)) {
        return false;
    }
    for (size_t i = 0; i < b->n_peers; i++) {
        if (!lint_rule_has_peer(a, &b->peers[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < b->n_ports; i++) {
        if (!lint_rule_has_port(a, &b->ports[i])) {
            return false;
        }
    }
    return true;
}

static bool
policy_has_rule(const struct k8s_policy *policy, enum k8s_direction direction,
                const struct k8s_rule *rule)
{
    for (size_t i = 0; i < policy->n_rules[direction]; i++) {
        if (lint_rule_is_broader(&policy->rules[direction][i], rule)) {
            return true;
        }
    }
    return false;
}

/* True if 'b' could go and nothing would change: 'a' isolates what it isolates
 * and allows what it allows. */
static bool
policy_is_broader(const struct k8s_policy *a, const struct k8s_policy *b)
{
    if (!lint_selector_is_broader(a->pods, b->pods)) {
        return false;
    }
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        if (b->isolates[d] && !a->isolates[d]) {
            return false;
        }
        for (size_t i = 0; i < b->n_rules[d]; i++) {
            if (!policy_has_rule(a, d, &b->rules[d][i])) {
                return false;
            }
        }
    }
    return true;
}

static bool
policies_are_equal(const struct k8s_policy *a, const struct k8s_policy *b)
{
    return policy_is_broader(a, b) && policy_is_broader(b, a);
}

/* Of those that are equal the first by name stays silent. */
static void
compare(struct lint *lint, const struct k8s_policy *policy, bool equal)
{
    const struct k8s_policy *found = NULL;
    size_t n;
    const struct k8s_policy *const *policies
        = model_namespace_policies(lint->model, policy->up.ns, &n);

    for (size_t i = 0; i < n; i++) {
        const struct k8s_policy *other = policies[i];

        if (other == policy
            || (equal
                ? (strcmp(other->up.name, policy->up.name) > 0
                   || !policies_are_equal(other, policy))
                : (!policy_is_broader(other, policy)
                   || policies_are_equal(other, policy)))) {
            continue;
        }
        if (!found || strcmp(other->up.name, found->up.name) < 0) {
            found = other;
        }
    }
    if (found) {
        lint_find(lint, xstrdup(""),
                  (equal ? "says exactly what %s says"
                   : "changes nothing: %s isolates the same pods and allows "
                     "all of this"), found->up.name);
    }
}

void
lint_duplicate(struct lint *lint, const struct k8s_policy *policy)
{
    compare(lint, policy, true);
}

/* A policy without rules isolates, and does so in plain sight. */
void
lint_shadowed(struct lint *lint, const struct k8s_policy *policy)
{
    if (policy->n_rules[K8S_EGRESS] || policy->n_rules[K8S_INGRESS]) {
        compare(lint, policy, false);
    }
}
