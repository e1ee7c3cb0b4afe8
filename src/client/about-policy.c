/* SPDX-License-Identifier: Apache-2.0
 *
 * `policy NS/NAME`: everything about one NetworkPolicy, or by
 * about-cluster.c about a policy of the cluster. */

#include <config.h>

#include "client.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "compile.h"
#include "dossier.h"
#include "flowset.h"
#include "label.h"
#include "model.h"
#include "name.h"
#include "openvswitch/ofp-actions.h"
#include "pipeline.h"
#include "policy.h"
#include "rule.h"
#include "terminal.h"
#include "util.h"

/* Pods that are named in one line. */
#define MAX_PODS 6

struct about {
    const struct dossier *d;
    const struct k8s_policy *policy;
    struct ds *text;
    struct json *json;
};

/* Pods of which 'wanted' is true, by name: a JSON array, and the first few as
 * text. */
typedef bool pod_filter(const struct about *, const struct k8s_pod *,
                        const void *aux);

static struct json *
list_pods(const struct about *a, pod_filter *wanted, const void *aux,
          struct ds *s, size_t *n_found)
{
    struct json *json = json_array_create_empty();
    size_t n;
    const struct k8s_object **pods = model_sorted(a->d->objects.model,
                                                  K8S_POD, &n);

    *n_found = 0;
    for (size_t i = 0; i < n; i++) {
        if (!wanted(a, k8s_pod_cast(pods[i]), aux)) {
            continue;
        }
        if ((*n_found)++ < MAX_PODS) {
            ds_put_format(s, "%s%s/%s", s->length ? ", " : "", pods[i]->ns,
                          pods[i]->name);
        }
        json_array_add(json, answer_name(pods[i]->ns, pods[i]->name));
    }
    free(pods);
    if (*n_found > MAX_PODS) {
        ds_put_format(s, " and %"PRIuSIZE" more", *n_found - MAX_PODS);
    }
    return json;
}

static bool
is_selected(const struct about *a, const struct k8s_pod *pod,
            const void *aux OVS_UNUSED)
{
    return (model_pod_is_live(pod)
            && !strcmp(pod->up.ns, a->policy->up.ns)
            && selector_matches(a->policy->pods, pod->labels));
}

static bool
is_selected_here(const struct about *a, const struct k8s_pod *pod,
                 const void *aux)
{
    return (is_selected(a, pod, aux)
            && model_pod_is_local(a->d->objects.model, pod));
}

static bool
is_peer(const struct about *a, const struct k8s_pod *pod, const void *rule_)
{
    const struct k8s_rule *rule = rule_;

    for (size_t i = 0; i < rule->n_peers; i++) {
        if (dossier_is_peer(a->d->objects.model, &rule->peers[i],
                            a->policy->up.ns, pod)) {
            return true;
        }
    }
    return false;
}

static void
put_selected(struct about *a)
{
    struct ds s = DS_EMPTY_INITIALIZER, here = DS_EMPTY_INITIALIZER;
    const char *selector = selector_text(a->policy->pods);
    size_t n, n_here;

    json_object_put_string(a->json, "podSelector", selector);
    json_object_put(a->json, "selected",
                    list_pods(a, is_selected, NULL, &s, &n));
    json_object_put(a->json, "local",
                    list_pods(a, is_selected_here, NULL, &here, &n_here));
    answer_fact(a->text, "selects", "%s",
                selector[0] ? selector : "all pods of the namespace");
    answer_fact(a->text, "", "%"PRIuSIZE" pods: %s", n,
                n ? ds_cstr(&s) : "nobody");
    answer_fact(a->text, "", "%"PRIuSIZE" here: %s", n_here,
                n_here ? ds_cstr(&here) : "nobody");
    ds_destroy(&s);
    ds_destroy(&here);
}

static bool
defines(const struct k8s_pod *pod, const struct k8s_port *port)
{
    for (size_t i = 0; i < pod->n_ports; i++) {
        if (pod->ports[i].protocol == port->protocol
            && !strcmp(pod->ports[i].name, port->name)) {
            return true;
        }
    }
    return false;
}

static bool
some_selected_defines(const struct about *a, const struct k8s_port *port)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *o;

    while ((o = model_next(a->d->objects.model, K8S_POD, &pos))) {
        if (is_selected(a, k8s_pod_cast(o), NULL)
            && defines(k8s_pod_cast(o), port)) {
            return true;
        }
    }
    return false;
}

static void
put_ports(struct about *a, const struct k8s_rule *rule, enum k8s_direction d,
          struct json *json)
{
    struct json *ports = json_array_create_empty();

    for (size_t i = 0; i < rule->n_ports; i++) {
        const struct k8s_port *port = &rule->ports[i];
        struct ds s = DS_EMPTY_INITIALIZER;

        k8s_format_port(port, &s);
        json_array_add(ports, json_string_create(ds_cstr(&s)));
        ds_destroy(&s);
        if (d == K8S_INGRESS && port->name
            && !some_selected_defines(a, port)) {
            answer_fact(a->text, "", "      no selected pod defines port "
                        "\"%s\"", port->name);
        }
    }
    json_object_put(json, "anyPort", json_boolean_create(rule->any_port));
    json_object_put(json, "ports", ports);
}

static struct json *
put_rule(struct about *a, enum k8s_direction d, size_t i)
{
    const struct k8s_rule *rule = &a->policy->rules[d][i];
    struct json *json = json_object_create();
    struct ds s = DS_EMPTY_INITIALIZER, pods = DS_EMPTY_INITIALIZER;
    size_t n;

    dossier_format_rule(rule, a->policy->up.ns, d, &s);
    answer_fact(a->text, "", "  [%"PRIuSIZE"] %s", i, ds_cstr(&s));
    json_object_put_string(json, "text", ds_cstr(&s));
    put_ports(a, rule, d, json);
    struct json *peers = list_pods(a, is_peer, rule, &pods, &n);
    if (!rule->any_peer) {
        answer_fact(a->text, "", "      now %"PRIuSIZE" pods%s%s", n,
                    n ? ": " : "", ds_cstr(&pods));
    }
    json_object_put(json, "anyPeer", json_boolean_create(rule->any_peer));
    json_object_put(json, "pods", peers);
    ds_destroy(&s);
    ds_destroy(&pods);
    return json;
}

/* What its rules allow. */
static const char *
describe_grant(const struct about *a, size_t n_rules)
{
    const struct policy *p
        = policy_find(compile_policies(a->d->compile), a->policy->up.ns,
                      a->policy->up.name);

    return (!n_rules ? " and allows nothing"
            : p && p->budget.excess != BUDGET_FITS
            ? " and allows nothing, beyond its limit; otherwise it would allow"
            : " and allows");
}

static void
put_side(struct about *a, enum k8s_direction d)
{
    struct json *side = json_object_create();
    struct json *rules = json_array_create_empty();
    size_t n = a->policy->n_rules[d];

    answer_fact(a->text, k8s_direction_name(d), "%s%s",
                a->policy->isolates[d] ? "isolates" : "leaves alone",
                a->policy->isolates[d] ? describe_grant(a, n) : "");
    for (size_t i = 0; i < n; i++) {
        json_array_add(rules, put_rule(a, d, i));
    }
    json_object_put(side, "isolates",
                    json_boolean_create(a->policy->isolates[d]));
    json_object_put(side, "rules", rules);
    json_object_put(a->json, k8s_direction_name(d), side);
}

/* Flows. */

struct count {
    const struct compile *compile;
    const struct policy *policy;
    size_t n_own, n_shared;     /* Shared with other policies. */
};

/* True if rule 'id' is one of the policy's; '*shared' if others have it
 * too. */
static bool
is_rule_of(const struct count *c, enum k8s_direction d, uint32_t id,
           bool *shared)
{
    const struct ptrs *uses = &c->policy->sides[d].uses;

    for (size_t i = 0; i < uses->n; i++) {
        const struct policy_use *use = uses->p[i];

        if (use->rule->id.value == id) {
            for (size_t j = 0; j < use->rule->uses.n; j++) {
                const struct policy_use *other = use->rule->uses.p[j];

                *shared |= other->policy != c->policy;
            }
            return true;
        }
    }
    return false;
}

static void
count_flow(const struct flowset_flow *f, void *c_)
{
    struct count *c = c_;
    int t = f->table - compile_config(c->compile)->pipeline.base;
    enum k8s_direction d = t < TABLE_INGRESS_TARGET ? K8S_EGRESS : K8S_INGRESS;
    bool mine = false, shared = false;
    const struct ofpact *a;

    if (cookie_kind(f->cookie) == COOKIE_RULE) {
        mine = is_rule_of(c, d, cookie_id(f->cookie), &shared);
    } else if (cookie_kind(f->cookie) == COOKIE_CLAUSE) {
        OFPACT_FOR_EACH (a, f->ofpacts, f->ofpacts_len) {
            bool ours = (a->type == OFPACT_CONJUNCTION
                         && is_rule_of(c, d, ofpact_get_CONJUNCTION(a)->id,
                                       &shared));

            mine |= ours;
            shared |= !ours;
        }
    }
    c->n_own += mine && !shared;
    c->n_shared += mine && shared;
}

static void
put_flows(struct about *a)
{
    struct count c = {
        .compile = a->d->compile,
        .policy = policy_find(compile_policies(a->d->compile),
                              a->policy->up.ns, a->policy->up.name),
    };

    if (c.policy) {
        flowset_for_each(compile_flowset(a->d->compile), false, count_flow,
                         &c);
    }
    struct json *json = json_object_create();
    json_object_put(json, "own", json_integer_create(c.n_own));
    json_object_put(json, "shared", json_integer_create(c.n_shared));
    json_object_put(a->json, "flows", json);
    answer_fact(a->text, "flows", "%"PRIuSIZE" of its rules alone, %"PRIuSIZE
                " shared with other policies", c.n_own, c.n_shared);
}

/* What the daemon knows. */

static void
put_generation(struct about *a)
{
    const struct json *status = a->d->status;

    if (!status) {
        json_object_put(a->json, "generation", json_null_create());
        return;
    }
    json_object_put(a->json, "generation",
                    json_clone(answer_get(status, "generation")));
    answer_fact(a->text, "generation", "%lld of the objects, %lld in the "
                "switch", (long long int) answer_integer(status,
                                                         "generation.model"),
                (long long int) answer_integer(status, "generation.switch"));
}

static struct json *
describe(const struct dossier *d, const struct k8s_policy *policy,
         struct ds *text)
{
    struct about a = {
        .d = d, .policy = policy, .text = text,
        .json = answer_name(policy->up.ns, policy->up.name),
    };

    answer_fact(text, "policy", "%s/%s", policy->up.ns, policy->up.name);
    put_selected(&a);
    for (int i = 0; i < K8S_N_DIRECTIONS; i++) {
        put_side(&a, i);
    }
    put_flows(&a);
    put_generation(&a);
    char *key = k8s_object_key(&policy->up);
    json_object_put(a.json, "problems", dossier_put_problems(d, key, text));
    free(key);
    json_object_put(a.json, "counters",
                    dossier_put_counters(d, &policy->up, text));

    struct json *drops = dossier_drops(d, dossier_drop_has_policy,
                                       policy->up.ns, policy->up.name);
    dossier_format_drops(drops, text);
    json_object_put(a.json, "drops", drops);
    return a.json;
}

/* A policy of which nothing is in force, because of what is wrong with it.
 * Returns NULL if it is not that. */
static struct json *
describe_refused(const struct dossier *d, const struct policy_name *name,
                 struct ds *text)
{
    struct ds problems = DS_EMPTY_INITIALIZER;
    enum k8s_kind kind = (name->kind == K8S_N_KINDS
                          ? K8S_CLUSTER_POLICY : name->kind);
    char *key = xasprintf("%s %s%s%s", k8s_kind_name(kind),
                          name->ns ? name->ns : "", name->ns ? "/" : "",
                          name->name);
    struct json *list = dossier_put_problems(d, key, &problems);
    struct json *json = NULL;

    if (answer_count(list)) {
        json = json_object_create();
        json_object_put_string(json, "kind", k8s_kind_name(kind));
        json_object_put_string(json, "namespace", name->ns ? name->ns : "");
        json_object_put_string(json, "name", name->name);
        json_object_put(json, "refused", json_boolean_create(true));
        json_object_put(json, "problems", list);
        answer_fact(text, "policy", "%s", key);
        answer_fact(text, "state", "refused, nothing of it is in force");
        ds_put_cstr(text, ds_cstr(&problems));
    } else {
        json_destroy(list);
    }
    ds_destroy(&problems);
    free(key);
    return json;
}

static struct json *
describe_any(const struct dossier *d, const struct policy_name *name,
             struct ds *text)
{
    const struct k8s_object *o = objects_find_policy(&d->objects, name);

    return (!o ? describe_refused(d, name, text)
            : o->kind == K8S_POLICY ? describe(d, k8s_policy_cast(o), text)
            : dossier_describe_cluster(d, k8s_cluster_policy_cast(o), text));
}

int
client_policy(const struct client_command *command,
              const struct client_options *options, const char *const args[])
{
    struct ds text = DS_EMPTY_INITIALIZER;
    struct policy_name name;
    struct json *json = NULL;
    struct dossier d;

    if (!policy_name_parse(args[0], &name)) {
        client_complain("%s: \"%s\" is not NAMESPACE/NAME, or KIND/NAME of a "
                        "policy of the cluster", command->name, args[0]);
        return CLIENT_ERROR;
    }
    if (dossier_init(&d, command, options)) {
        json = describe_any(&d, &name, &text);
        if (json) {
            dossier_print(json, ds_cstr(&text), options);
        } else {
            client_complain("%s: there is no policy \"%s\"%s", command->name,
                            args[0], (d.objects.n_refused
                                      ? " that is understood" : ""));
        }
    }
    int code = json ? CLIENT_OK : CLIENT_ERROR;
    json_destroy(json);
    ds_destroy(&text);
    dossier_uninit(&d);
    policy_name_uninit(&name);
    return code;
}
