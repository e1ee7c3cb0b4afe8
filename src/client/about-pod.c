/* SPDX-License-Identifier: Apache-2.0
 *
 * `pod NS/NAME`: everything about one pod. */

#include <config.h>

#include "client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "compile.h"
#include "dossier.h"
#include "group.h"
#include "label.h"
#include "model.h"
#include "packets.h"
#include "partition.h"
#include "prefix.h"
#include "util.h"

/* Of rules that let the pod be a peer. */
#define MAX_PEER_RULES 10

struct about {
    const struct dossier *d;
    const struct k8s_pod *pod;
    struct ds *text;
    struct json *json;
};

/* Of an address that a newer pod has, too. */
static void
put_lost(const struct about *a, const struct in6_addr *addr,
         const char *text, struct ds *s, struct json *json)
{
    const struct model *model = a->d->objects.model;

    if (model_pod_lost(model, a->pod, addr)) {
        const struct k8s_pod *owner = model_pod_by_address(model, addr);

        ds_put_format(s, " (lost to %s/%s, which is newer)", owner->up.ns,
                      owner->up.name);
        json_array_add(json, json_string_create(text));
    }
}

static void
put_addresses(struct about *a)
{
    struct json *json = json_array_create_empty();
    struct json *lost = json_array_create_empty();
    struct ds s = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < a->pod->n_addresses; i++) {
        struct ds one = DS_EMPTY_INITIALIZER;

        address_format(&a->pod->addresses[i], &one);
        ds_put_format(&s, "%s%s", i ? " " : "", ds_cstr(&one));
        json_array_add(json, json_string_create(ds_cstr(&one)));
        put_lost(a, &a->pod->addresses[i], ds_cstr(&one), &s, lost);
        ds_destroy(&one);
    }
    json_object_put(a->json, "addresses", json);
    json_object_put(a->json, "lostAddresses", lost);
    answer_fact(a->text, "addresses", "%s", s.length ? ds_cstr(&s) : "none");
    ds_destroy(&s);
}

static void
put_labels(struct about *a)
{
    const struct label_set *labels = a->pod->labels;
    struct json *json = json_object_create();
    struct ds s = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < label_set_count(labels); i++) {
        const struct label *label = label_set_at(labels, i);

        ds_put_format(&s, "%s%s=%s", i ? " " : "", label_key(label),
                      label_value(label));
        json_object_put_string(json, label_key(label), label_value(label));
    }
    json_object_put(a->json, "labels", json);
    answer_fact(a->text, "labels", "%s", s.length ? ds_cstr(&s) : "none");
    ds_destroy(&s);
}

static struct json *
port_to_json(const struct model_port *port)
{
    struct json *json = json_object_create();
    char *mac = xasprintf(ETH_ADDR_FMT, ETH_ADDR_ARGS(port->mac));

    json_object_put_string(json, "name", port->interface);
    json_object_put(json, "ofport", json_integer_create(port->ofport));
    json_object_put(json, "mac", (eth_addr_is_zero(port->mac)
                                  ? json_null_create()
                                  : json_string_create(mac)));
    json_object_put(json, "guarded", json_boolean_create(!port->unguarded));
    free(mac);
    return json;
}

static void
put_interfaces(struct about *a)
{
    struct json *json = json_array_create_empty();
    size_t n;
    const struct model_port *ports = model_ports(a->d->objects.model, &n);

    for (size_t i = 0; a->d->objects.has_node && i < n; i++) {
        const struct model_port *p = &ports[i];

        if (!strcmp(p->ns, a->pod->up.ns)
            && !strcmp(p->name, a->pod->up.name)) {
            json_array_add(json, port_to_json(p));
            answer_fact(a->text, "interface", "%s, OpenFlow port %"PRIu32
                        ", MAC "ETH_ADDR_FMT"%s", p->interface, p->ofport,
                        ETH_ADDR_ARGS(p->mac),
                        p->unguarded ? ", not guarded" : "");
        }
    }
    json_object_put(a->json, "interfaces", json);
}

/* It has addresses, but newer pods own them all. */
static bool
lost_all(const struct model *model, const struct k8s_pod *pod)
{
    for (size_t i = 0; i < pod->n_addresses; i++) {
        if (!model_pod_lost(model, pod, &pod->addresses[i])) {
            return false;
        }
    }
    return pod->n_addresses > 0;
}

static void
put_state(struct about *a)
{
    const struct k8s_pod *pod = a->pod;
    bool local = model_pod_is_local(a->d->objects.model, pod);
    const char *state = (pod->finished ? "finished: no policy is about it"
                         : pod->host_network
                         ? "on the host network: no policy is about it"
                         : lost_all(a->d->objects.model, pod)
                         ? "without an address of its own: policies are about "
                           "the pod that has it"
                         : local ? "here: its policies are enforced"
                         : "elsewhere: its policies are enforced there");

    answer_fact(a->text, "state", "%s", state);
    answer_fact(a->text, "node", "%s", pod->node ? pod->node : "unknown");
    json_object_put(a->json, "node", (pod->node ? json_string_create(pod->node)
                                      : json_null_create()));
    json_object_put(a->json, "local", json_boolean_create(local));
    json_object_put(a->json, "finished", json_boolean_create(pod->finished));
    json_object_put(a->json, "hostNetwork",
                    json_boolean_create(pod->host_network));
}

/* Packets that default drops of class 'id' counted. */
static int64_t
count_denied(const struct dossier *d, enum k8s_direction direction,
             uint32_t id)
{
    const struct json *items = answer_get(d->counters, "items");
    int64_t n = 0;

    for (size_t i = 0; i < answer_count(items); i++) {
        const struct json *item = answer_at(items, i);

        if (answer_get(item, "target")
            && answer_integer(item, "target") == id
            && !strcmp(answer_string(item, "direction"),
                       k8s_direction_name(direction))) {
            n += answer_integer(item, "packets");
        }
    }
    return n;
}

static void
put_class(struct about *a, enum k8s_direction direction, struct json *side)
{
    const struct group_member *m = group_member_of(a->pod);
    const struct partition_class *c
        = m ? m->classes[GROUP_TARGET(direction)] : NULL;

    json_object_put(side, "class", (c ? json_integer_create(c->number.value)
                                    : json_null_create()));
    if (!c) {
        return;
    }
    answer_fact(a->text, "", "target class 0x%"PRIx32" of %"PRIuSIZE" pods",
                c->number.value, c->n_members);
    if (a->d->counters) {
        int64_t denied = count_denied(a->d, direction, c->number.value);

        json_object_put(side, "deniedPackets", json_integer_create(denied));
        answer_fact(a->text, "", "%lld packets denied in that class",
                    (long long int) denied);
    }
}

/* Rules of 'policy', which isolates. */
static void
put_rules(struct about *a, const struct k8s_policy *policy,
          enum k8s_direction d, struct json *rules)
{
    for (size_t i = 0; i < policy->n_rules[d]; i++) {
        struct json *rule = answer_name(policy->up.ns, policy->up.name);
        struct ds s = DS_EMPTY_INITIALIZER;

        dossier_format_policy_rule(policy, d, i, &s);
        answer_fact(a->text, "", "  allows %s", ds_cstr(&s));
        json_object_put(rule, "rule", json_integer_create(i));
        json_object_put_string(rule, "text", ds_cstr(&s));
        json_array_add(rules, rule);
        ds_destroy(&s);
    }
}

static bool
isolates(const struct k8s_policy *policy, enum k8s_direction d,
         const struct k8s_pod *pod)
{
    return (policy->isolates[d] && !strcmp(policy->up.ns, pod->up.ns)
            && model_pod_is_live(pod)
            && selector_matches(policy->pods, pod->labels));
}

static struct json *
cluster_policy_to_json(const struct k8s_cluster_policy *p)
{
    struct json *json = json_object_create();

    json_object_put_string(json, "kind", k8s_kind_name(p->up.kind));
    json_object_put_string(json, "name", p->up.name);
    json_object_put_string(json, "tier", k8s_tier_name(p->tier));
    json_object_put(json, "priority", json_integer_create(p->priority));
    return json;
}

/* What of the cluster policies that the pod is a subject of has rules for
 * direction 'd', in their order (C1). */
static struct json *
put_cluster_rules(struct about *a, enum k8s_direction d, bool isolated)
{
    struct json *json = json_array_create_empty();
    size_t n;
    const struct k8s_cluster_policy **policies
        = model_cluster_policies(a->d->objects.model, &n);

    for (size_t i = 0; i < n; i++) {
        const struct k8s_cluster_policy *p = policies[i];
        bool asked = p->tier == K8S_ADMIN || !isolated;

        if (p->n_rules[d]
            && model_pod_is_subject(a->d->objects.model, p, a->pod)) {
            struct json *item = cluster_policy_to_json(p);

            answer_fact(a->text, "", "tier %s, %s: %s %s, priority %"PRIu16
                        ", rules: %"PRIuSIZE, k8s_tier_name(p->tier),
                        (!asked ? "not asked since it is isolated"
                         : p->tier == K8S_ADMIN ? "asked before"
                         : "asked after"),
                        k8s_kind_name(p->up.kind), p->up.name, p->priority,
                        p->n_rules[d]);
            json_object_put(item, "rules", json_integer_create(p->n_rules[d]));
            json_object_put(item, "asked", json_boolean_create(asked));
            json_array_add(json, item);
        }
    }
    free(policies);
    return json;
}

static void
put_side(struct about *a, enum k8s_direction d)
{
    struct json *side = json_object_create();
    struct json *isolating = json_array_create_empty();
    struct json *rules = json_array_create_empty();
    size_t n, n_isolating = 0;
    const struct k8s_object **policies = model_sorted(a->d->objects.model,
                                                      K8S_POLICY, &n);

    for (size_t i = 0; i < n; i++) {
        const struct k8s_policy *p = k8s_policy_cast(policies[i]);

        if (isolates(p, d, a->pod)) {
            answer_fact(a->text, n_isolating++ ? "" : k8s_direction_name(d),
                        "isolated by %s/%s%s", p->up.ns, p->up.name,
                        p->n_rules[d] ? "" : ", which allows nothing");
            json_array_add(isolating, answer_name(p->up.ns, p->up.name));
            put_rules(a, p, d, rules);
        }
    }
    free(policies);
    if (!n_isolating) {
        answer_fact(a->text, k8s_direction_name(d), "not isolated");
    }
    json_object_put(side, "clusterPolicies",
                    put_cluster_rules(a, d, n_isolating > 0));
    put_class(a, d, side);
    json_object_put(side, "isolated", json_boolean_create(n_isolating > 0));
    json_object_put(side, "isolating", isolating);
    json_object_put(side, "rules", rules);
    json_object_put(a->json, k8s_direction_name(d), side);
}

/* Cluster policies of which the pod is a subject, whatever their rules. */
static void
put_cluster_policies(struct about *a)
{
    struct json *json = json_array_create_empty();
    const struct model *model = a->d->objects.model;
    size_t n, n_found = 0;
    const struct k8s_cluster_policy **policies
        = model_cluster_policies(model, &n);

    for (size_t i = 0; i < n; i++) {
        const struct k8s_cluster_policy *p = policies[i];

        if (model_pod_is_subject(model, p, a->pod)) {
            json_array_add(json, cluster_policy_to_json(p));
            answer_fact(a->text, n_found++ ? "" : "subject of",
                        "%s %s, tier %s, priority %"PRIu16,
                        k8s_kind_name(p->up.kind), p->up.name,
                        k8s_tier_name(p->tier), p->priority);
        }
    }
    free(policies);
    json_object_put(a->json, "clusterPolicies", json);
}

static bool
has_peer(const struct about *a, const struct k8s_policy *policy,
         const struct k8s_rule *rule)
{
    for (size_t i = 0; i < rule->n_peers; i++) {
        if (dossier_is_peer(a->d->objects.model, &rule->peers[i],
                            policy->up.ns, a->pod)) {
            return true;
        }
    }
    return false;
}

/* The rules that name the pod as a peer. */
static void
put_peer_rules(struct about *a)
{
    struct json *json = json_array_create_empty();
    size_t n, n_found = 0;
    const struct k8s_object **policies = model_sorted(a->d->objects.model,
                                                      K8S_POLICY, &n);

    for (size_t i = 0; i < n; i++) {
        const struct k8s_policy *p = k8s_policy_cast(policies[i]);

        for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
            for (size_t j = 0; j < p->n_rules[d]; j++) {
                if (!has_peer(a, p, &p->rules[d][j])) {
                    continue;
                }
                struct json *rule = answer_name(p->up.ns, p->up.name);
                json_object_put_string(rule, "direction",
                                       k8s_direction_name(d));
                json_object_put(rule, "rule", json_integer_create(j));
                json_array_add(json, rule);
                if (n_found++ < MAX_PEER_RULES) {
                    answer_fact(a->text, n_found > 1 ? "" : "peer of",
                                "%s/%s %s[%"PRIuSIZE"]", p->up.ns, p->up.name,
                                k8s_direction_name(d), j);
                }
            }
        }
    }
    free(policies);
    if (n_found > MAX_PEER_RULES) {
        answer_fact(a->text, "", "and %"PRIuSIZE" more",
                    n_found - MAX_PEER_RULES);
    }
    json_object_put(a->json, "peerOf", json);
}

/* All of it, as text and as JSON. */
static struct json *
describe(const struct dossier *d, const struct k8s_pod *pod, struct ds *text)
{
    struct about a = {
        .d = d, .pod = pod, .text = text,
        .json = answer_name(pod->up.ns, pod->up.name),
    };

    answer_fact(text, "pod", "%s/%s", pod->up.ns, pod->up.name);
    put_state(&a);
    put_addresses(&a);
    put_labels(&a);
    put_interfaces(&a);
    for (int i = 0; i < K8S_N_DIRECTIONS; i++) {
        put_side(&a, i);
    }
    put_cluster_policies(&a);
    put_peer_rules(&a);

    struct json *drops = dossier_drops(d, dossier_drop_has_pod, pod->up.ns,
                                       pod->up.name);
    dossier_format_drops(drops, text);
    json_object_put(a.json, "drops", drops);
    return a.json;
}

int
client_pod(const struct client_command *command,
           const struct client_options *options, const char *const args[])
{
    struct dossier d;
    int code = CLIENT_ERROR;
    const struct k8s_object *o
        = (dossier_init(&d, command, options)
           ? dossier_find(&d, command, K8S_POD, args[0]) : NULL);

    if (o) {
        struct ds text = DS_EMPTY_INITIALIZER;
        struct json *json = describe(&d, k8s_pod_cast(o), &text);

        dossier_print(json, ds_cstr(&text), options);
        json_destroy(json);
        ds_destroy(&text);
        code = CLIENT_OK;
    }
    dossier_uninit(&d);
    return code;
}
