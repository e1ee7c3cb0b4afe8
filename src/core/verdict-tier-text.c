/* SPDX-License-Identifier: Apache-2.0
 *
 * Cluster policies' part of a verdict, for people and programs. */

#include <config.h>

#include "verdict-private.h"

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "ovs-json.h"

static const char *
past_tense(enum k8s_action action)
{
    return (action == K8S_ACCEPT ? "allowed"
            : action == K8S_DENY ? "denied" : "passed on");
}

void
verdict_format_tier(const struct verdict_side *side, enum k8s_tier t,
                    enum k8s_direction direction, struct ds *ds)
{
    const struct verdict_tier *tier = &side->tiers[t];
    const struct k8s_cluster_rule *rule = verdict_tier_rule(tier, direction);

    ds_put_format(ds, "%s by %s %s of tier %s, %s[%"PRIuSIZE"]",
                  past_tense(rule->action),
                  k8s_kind_name(tier->policy->up.kind), tier->policy->up.name,
                  k8s_tier_name(t), k8s_direction_name(direction),
                  tier->rule);
    if (rule->name) {
        ds_put_char(ds, ' ');
        json_string_escape(rule->name, ds);
    }
    if (rule->closed) {
        ds_put_cstr(ds, ", which was not understood and denies everything");
    } else {
        ds_put_cstr(ds, ": ");
        verdict_format_rule(&rule->match, NULL, direction, ds);
    }
}

static const char *
decider_name(enum verdict_decider decider)
{
    switch (decider) {
    case VERDICT_BY_EXEMPTION:
        return "exemption";
    case VERDICT_BY_ADMIN:
        return "admin";
    case VERDICT_BY_POLICIES:
        return "policies";
    case VERDICT_BY_BASELINE:
        return "baseline";
    case VERDICT_BY_DEFAULT:
        return "default";
    default:
        OVS_NOT_REACHED();
    }
}

static struct json *
tier_to_json(const struct verdict_tier *tier, enum k8s_direction direction)
{
    const struct k8s_cluster_rule *rule = verdict_tier_rule(tier, direction);
    struct json *json;

    if (!rule) {
        return json_null_create();
    }
    json = json_object_create();
    json_object_put_string(json, "kind",
                           k8s_kind_name(tier->policy->up.kind));
    json_object_put_string(json, "name", tier->policy->up.name);
    json_object_put(json, "priority",
                    json_integer_create(tier->policy->priority));
    json_object_put(json, "rule", json_integer_create(tier->rule));
    json_object_put(json, "ruleName", (rule->name
                                       ? json_string_create(rule->name)
                                       : json_null_create()));
    json_object_put_string(json, "action", k8s_action_name(rule->action));
    json_object_put(json, "understood", json_boolean_create(!rule->closed));
    return json;
}

void
verdict_put_tiers(const struct verdict_side *side,
                  enum k8s_direction direction, struct json *json)
{
    json_object_put_string(json, "decidedBy", decider_name(side->decider));
    json_object_put(json, "admin",
                    tier_to_json(&side->tiers[K8S_ADMIN], direction));
    json_object_put(json, "baseline",
                    tier_to_json(&side->tiers[K8S_BASELINE], direction));
}
