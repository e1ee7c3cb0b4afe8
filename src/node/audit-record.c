/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "audit-record.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ovs-json.h"

#include "audit-packet.h"
#include "compile.h"
#include "group.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "partition.h"
#include "policy.h"
#include "prefix.h"
#include "rule.h"
#include "util.h"

/* Policies that a record names; of more it says how many. */
#define MAX_POLICIES 8

/* The pod that policies isolate: the source for egress, the destination for
 * ingress; NULL if it is gone. */
static const struct k8s_pod *
find_subject(const struct audit_packet *p, const struct model *model)
{
    return model_pod_by_address(model, (p->report.direction == K8S_EGRESS
                                        ? &p->src : &p->dst));
}

/* Policies. */

/* The pod's class, if it is still the one that denied; else any other with
 * that number. */
static const struct partition_class *
find_target(const struct audit_packet *p, const struct model *model,
            const struct compile *compile)
{
    enum group_role role = GROUP_TARGET(p->report.direction);
    const struct groups *groups = compile_groups(compile);
    const struct k8s_pod *pod = find_subject(p, model);
    const struct group_member *m = pod ? group_member_of(pod) : NULL;
    struct partition_class *c;

    if (m && partition_class_number(m->classes[role]) == p->report.target) {
        return m->classes[role];
    }
    HMAP_FOR_EACH (c, node, &groups_partition(groups, role)->classes) {
        if (c->number.value == p->report.target) {
            return c;
        }
    }
    return NULL;
}

/* The rule of a cluster policy that denied, if it is still there. */
static const struct rule *
find_rule(const struct audit_packet *p, const struct compile *compile)
{
    const struct rules *rules = compile_rules(compile, p->report.direction);
    struct number *n = (p->report.rule
                        ? number_find(&rules->numbers, p->report.rule)
                        : NULL);

    return n ? CONTAINER_OF(n, struct rule, id) : NULL;
}

static struct json *
name_to_json(const char *ns, const char *name)
{
    struct json *json = json_object_create();

    json_object_put_string(json, "namespace", ns);
    json_object_put_string(json, "name", name);
    return json;
}

/* The policies that isolate the target. */
static void
put_policies(const struct partition_class *c, struct json *json)
{
    struct json *policies = json_array_create_empty();
    size_t n = 0;

    for (size_t i = 0; c && i < c->n_sets; i++) {
        const struct group *g = CONTAINER_OF(c->sets[i], struct group, set);

        for (size_t j = 0; g->isolates && j < g->users.n; j++) {
            const struct policy *policy = g->users.p[j];

            if (n++ < MAX_POLICIES) {
                json_array_add(policies, name_to_json(policy->ns,
                                                      policy->name));
            }
        }
    }
    json_object_put(json, "policies", policies);
    if (n > MAX_POLICIES) {
        json_object_put(json, "morePolicies",
                        json_integer_create(n - MAX_POLICIES));
    }
}

/* The cluster policy whose rule denied. */
static void
put_cluster_policy(const struct rule *r, struct json *json)
{
    struct json *policies = json_array_create_empty();

    if (r && r->uses.n) {
        const struct policy_use *use = r->uses.p[0];
        struct json *policy = json_object_create();

        json_object_put_string(policy, "kind",
                               k8s_kind_name(use->policy->kind));
        json_object_put_string(policy, "name", use->policy->name);
        json_object_put(policy, "rule", json_integer_create(use->index));
        json_array_add(policies, policy);
    }
    json_object_put(json, "policies", policies);
}

/* Ends. */

static struct json *
end_to_json(const struct model *model, const struct in6_addr *addr,
            bool has_port, uint16_t port)
{
    const struct k8s_pod *pod = model_pod_by_address(model, addr);
    struct json *json = json_object_create();
    struct ds text = DS_EMPTY_INITIALIZER;

    address_format(addr, &text);
    json_object_put_string(json, "address", ds_cstr(&text));
    ds_destroy(&text);
    if (has_port) {
        json_object_put(json, "port", json_integer_create(port));
    }
    if (pod) {
        json_object_put(json, "pod", name_to_json(pod->up.ns, pod->up.name));
    } else if (model_is_node_address(model, addr)) {
        json_object_put(json, "node", json_boolean_create(true));
    }
    return json;
}

/* RFC 3339, with milliseconds. */
static char *
format_time(long long int when)
{
    time_t seconds = when / 1000;
    char date[32];
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    return xasprintf("%s.%03dZ", date, (int) (when % 1000));
}

struct json *
audit_record_create(const struct audit_packet *p, const struct model *model,
                    const struct compile *compile, const char *node,
                    uint64_t number, long long int when)
{
    struct json *json = json_object_create();

    json_object_put(json, "number", json_integer_create(number));
    json_object_put(json, "time",
                    json_string_create_nocopy(format_time(when)));
    if (node) {
        json_object_put_string(json, "node", node);
    }
    json_object_put_string(json, "verdict",
                           p->report.audit ? "audit" : "drop");
    json_object_put_string(json, "direction",
                           k8s_direction_name(p->report.direction));
    json_object_put_string(json, "protocol", k8s_protocol_name(p->protocol));
    if (p->protocol == IPPROTO_ICMP || p->protocol == IPPROTO_ICMPV6) {
        json_object_put(json, "type", json_integer_create(p->icmp_type));
        json_object_put(json, "code", json_integer_create(p->icmp_code));
    }
    json_object_put(json, "source", end_to_json(model, &p->src, p->has_ports,
                                                p->src_port));
    json_object_put(json, "destination",
                    end_to_json(model, &p->dst, p->has_ports, p->dst_port));
    if (p->report.rule) {
        put_cluster_policy(find_rule(p, compile), json);
    } else {
        put_policies(find_target(p, model, compile), json);
    }
    json_object_put(json, "size", json_integer_create(p->size));
    return json;
}
