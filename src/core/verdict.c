/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verdict.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "label.h"
#include "model.h"
#include "packets.h"
#include "verdict-private.h"

static void
contact_init(struct verdict_contact *c, const struct model *model,
             const struct verdict_query *query)
{
    ovs_assert(!query->src.pod || model_pod_is_live(query->src.pod));
    ovs_assert(!query->dst.pod || model_pod_is_live(query->dst.pod));

    c->model = model;
    c->query = query;
    /* What the node sends is the node's, whoever else claims the address. */
    c->from_node = model_is_node_address(model, &query->src.address);
    c->src = c->from_node ? NULL : query->src.pod;
    c->dst = query->dst.pod;
}

/* The pod whose policies decide in this direction, and the one at the other
 * end. */
static const struct k8s_pod *
subject(const struct verdict_contact *c, enum k8s_direction direction)
{
    return direction == K8S_EGRESS ? c->src : c->dst;
}

/* Policies. */

static bool
policy_isolates(const struct k8s_policy *policy, enum k8s_direction direction,
                const struct k8s_pod *pod)
{
    return (policy->isolates[direction]
            && !strcmp(policy->up.ns, pod->up.ns)
            && selector_matches(policy->pods, pod->labels));
}

static void
add_isolating(struct verdict_side *side, const struct k8s_policy *policy)
{
    side->isolating = xrealloc(side->isolating, ((side->n_isolating + 1)
                                                 * sizeof *side->isolating));
    side->isolating[side->n_isolating++] = policy;
}

static void
add_reason(struct verdict_side *side, const struct k8s_policy *policy,
           size_t rule)
{
    side->reasons = xrealloc(side->reasons, ((side->n_reasons + 1)
                                             * sizeof *side->reasons));
    side->reasons[side->n_reasons].policy = policy;
    side->reasons[side->n_reasons].rule = rule;
    side->n_reasons++;
}

/* Returns true if some rule of 'policy' allows, unless it is refused as a
 * whole.  Without 'side' the first one will do. */
static bool
policy_allows(const struct verdict_contact *c, enum k8s_direction direction,
              const struct k8s_policy *policy, struct verdict_side *side)
{
    bool allows = false;

    if (model_is_refused(c->model, policy)) {
        return false;
    }
    for (size_t i = 0; i < policy->n_rules[direction]; i++) {
        if (verdict_rule_matches(c, direction, &policy->rules[direction][i],
                                 policy->up.ns)) {
            allows = true;
            if (!side) {
                break;
            }
            add_reason(side, policy, i);
        }
    }
    return allows;
}

/* Returns true if a rule of some policy that isolates the pod allows, and in
 * '*isolated' whether any isolates.  Without 'side' stops as soon as that is
 * certain. */
static bool
policies_allow(const struct verdict_contact *c, enum k8s_direction direction,
               struct verdict_side *side, bool *isolated)
{
    const struct k8s_pod *pod = subject(c, direction);
    bool granted = false;
    size_t n;
    const struct k8s_policy *const *policies
        = model_namespace_policies(c->model, pod->up.ns, &n);

    *isolated = false;
    for (size_t i = 0; i < n && (side || !granted); i++) {
        const struct k8s_policy *policy = policies[i];

        if (policy_isolates(policy, direction, pod)) {
            *isolated = true;
            if (side) {
                add_isolating(side, policy);
            }
            granted |= policy_allows(c, direction, policy, side);
        }
    }
    return granted;
}

/* Asks the Admin tier, then NetworkPolicies, then the Baseline tier (C1).
 * Fills 'side', if not NULL, with all that they say. */
static enum verdict_decider
decide(const struct verdict_contact *c, enum k8s_direction direction,
       struct verdict_side *side, bool *allowed)
{
    const struct k8s_pod *pod = subject(c, direction);
    struct verdict_tier tiers[K8S_N_TIERS] = { { NULL, 0 } };
    const struct k8s_cluster_rule *rule;
    enum verdict_decider decider = VERDICT_BY_DEFAULT;
    bool isolated = false;

    *allowed = true;
    verdict_ask_tier(c, direction, K8S_ADMIN, pod, &tiers[K8S_ADMIN]);
    rule = verdict_tier_rule(&tiers[K8S_ADMIN], direction);
    if (rule && rule->action != K8S_PASS) {
        *allowed = rule->action == K8S_ACCEPT;
        decider = VERDICT_BY_ADMIN;
    }
    if (side || decider == VERDICT_BY_DEFAULT) {
        bool granted = policies_allow(c, direction, side, &isolated);

        if (isolated && decider == VERDICT_BY_DEFAULT) {
            *allowed = granted;
            decider = VERDICT_BY_POLICIES;
        }
    }
    if (decider == VERDICT_BY_DEFAULT) {
        verdict_ask_tier(c, direction, K8S_BASELINE, pod,
                         &tiers[K8S_BASELINE]);
        rule = verdict_tier_rule(&tiers[K8S_BASELINE], direction);
        if (rule && rule->action != K8S_PASS) {
            *allowed = rule->action == K8S_ACCEPT;
            decider = VERDICT_BY_BASELINE;
        }
    }
    if (side) {
        side->isolated = isolated;
        memcpy(side->tiers, tiers, sizeof side->tiers);
    }
    return decider;
}

/* What the node would take for a packet of its tunnels' peers (S43). */
static bool
is_for_tunnel(const struct verdict_contact *c)
{
    static const uint16_t ports[] = { 4789, 6081, 8472 };

    if (c->query->protocol == IPPROTO_UDP
        && model_is_node_address(c->model, &c->query->dst.address)) {
        for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
            if (c->query->port == ports[i]) {
                return true;
            }
        }
    }
    return false;
}

/* An address of more than one host (S31).  Not what a DHCP client asks, about
 * which we say nothing else (S30). */
static bool
is_for_many(const struct verdict_contact *c)
{
    const struct in6_addr *dst = &c->query->dst.address;
    ovs_be32 ip = in6_addr_get_mapped_ipv4(dst);

    if (c->query->protocol == IPPROTO_UDP
        && c->query->port == (address_is_v6(dst) ? 547 : 67)) {
        return false;
    }
    return (address_is_v6(dst) ? IN6_IS_ADDR_MULTICAST(dst)
            : ip_is_multicast(ip) || ip == htonl(INADDR_BROADCAST));
}

/* What a pod of ours may not do, whatever the policies. */
static enum verdict_exemption
find_denial(const struct verdict_contact *c)
{
    return (!model_pod_is_local(c->model, c->src) ? VERDICT_NOT_EXEMPT
            : is_for_tunnel(c) ? VERDICT_TUNNEL
            : is_for_many(c) ? VERDICT_MANY
            : VERDICT_NOT_EXEMPT);
}

static enum verdict_exemption
find_exemption(const struct verdict_contact *c, enum k8s_direction direction)
{
    if (!subject(c, direction)) {
        return VERDICT_NOT_A_POD;
    } else if (direction == K8S_EGRESS && find_denial(c)) {
        return find_denial(c);
    } else if (c->src == c->dst) {
        return VERDICT_SELF;
    } else if (direction == K8S_INGRESS && c->from_node
               && model_pod_is_local(c->model, c->dst)) {
        return VERDICT_OWN_NODE;
    } else if (direction == K8S_EGRESS
               && model_is_service_address(c->model, &c->query->dst.address)) {
        return VERDICT_SERVICE;
    }
    return VERDICT_NOT_EXEMPT;
}

/* Policies deny nothing to or from the pods of an audited namespace. */
static bool
is_audited(const struct verdict_contact *c, enum k8s_direction direction)
{
    return model_namespace_is_audited(c->model,
                                      subject(c, direction)->up.ns);
}

/* The whole decision for one direction.  'side', if not NULL, must be all
 * zeros and gets the reasons, which cost memory and a look at every rule. */
static bool
side_allows(const struct verdict_contact *c, enum k8s_direction direction,
            struct verdict_side *side)
{
    enum verdict_exemption exemption = find_exemption(c, direction);
    enum verdict_decider decider = VERDICT_BY_EXEMPTION;
    bool allowed = exemption != VERDICT_TUNNEL && exemption != VERDICT_MANY;
    bool policies_allow = true, audited = false;

    /* Policies cannot undo an exemption, but people may want to see them. */
    if (exemption == VERDICT_NOT_EXEMPT) {
        decider = decide(c, direction, side, &policies_allow);
        allowed = policies_allow;
        audited = !allowed && is_audited(c, direction);
    } else if (side && exemption != VERDICT_NOT_A_POD) {
        decide(c, direction, side, &policies_allow);
    }
    allowed |= audited;
    /* No packet has addresses of two families. */
    allowed &= (address_is_v6(&c->query->src.address)
                == address_is_v6(&c->query->dst.address));
    if (side) {
        side->exemption = exemption;
        side->decider = decider;
        side->policies_allow = policies_allow;
        side->allowed = allowed;
        side->audited = allowed && audited;
    }
    return allowed;
}

bool
verdict_allows(const struct model *model, const struct verdict_query *query)
{
    struct verdict_contact c;

    contact_init(&c, model, query);
    return (side_allows(&c, K8S_EGRESS, NULL)
            && side_allows(&c, K8S_INGRESS, NULL));
}

bool
verdict_side_allows(const struct model *model,
                    const struct verdict_query *query,
                    enum k8s_direction direction)
{
    struct verdict_contact c;

    contact_init(&c, model, query);
    return side_allows(&c, direction, NULL);
}

/* Everything that decides in one direction lives in one namespace, so names
 * are enough to sort by. */
static int
compare_policies(const void *a_, const void *b_)
{
    const struct k8s_policy *const *a = a_;
    const struct k8s_policy *const *b = b_;

    return strcmp((*a)->up.name, (*b)->up.name);
}

static int
compare_reasons(const void *a_, const void *b_)
{
    const struct verdict_reason *a = a_;
    const struct verdict_reason *b = b_;
    int cmp = strcmp(a->policy->up.name, b->policy->up.name);

    return cmp ? cmp : (a->rule > b->rule) - (a->rule < b->rule);
}

static void
sort_side(struct verdict_side *side)
{
    if (side->n_isolating) {
        qsort(side->isolating, side->n_isolating, sizeof *side->isolating,
              compare_policies);
    }
    if (side->n_reasons) {
        qsort(side->reasons, side->n_reasons, sizeof *side->reasons,
              compare_reasons);
    }
}

void
verdict_evaluate(const struct model *model, const struct verdict_query *query,
                 struct verdict *v)
{
    struct verdict_contact c;

    memset(v, 0, sizeof *v);
    contact_init(&c, model, query);
    v->allowed = true;
    v->node_mark = model_node_mark(model);
    for (int i = 0; i < K8S_N_DIRECTIONS; i++) {
        v->allowed &= side_allows(&c, i, &v->side[i]);
        v->audited |= v->side[i].audited;
        sort_side(&v->side[i]);
    }
    v->audited &= v->allowed;
}

void
verdict_uninit(struct verdict *v)
{
    for (int i = 0; i < K8S_N_DIRECTIONS; i++) {
        free(v->side[i].isolating);
        free(v->side[i].reasons);
    }
}
