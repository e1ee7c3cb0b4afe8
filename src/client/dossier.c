/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "dossier.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "client.h"
#include "compile.h"
#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "prefix.h"
#include "terminal.h"
#include "util.h"

/* A line stays readable: of longer lists only this many items are shown. */
#define MAX_ITEMS 8
#define MAX_DROPS 5

static void
ask_daemon(struct dossier *d, const char *target)
{
    static const char *const words[] = { "-o", "json" };
    char *error = NULL;

    /* What is missing is not said: counters and drops may be switched off. */
    d->status = answer_ask(target, "status", 2, words, &error);
    free(error);
    error = NULL;
    d->counters = answer_ask(target, "counters", 0, NULL, &error);
    free(error);
    error = NULL;
    d->drops = answer_ask(target, "drops", 0, NULL, &error);
    free(error);
}

bool
dossier_init(struct dossier *d, const struct client_command *command,
             const struct client_options *options)
{
    memset(d, 0, sizeof *d);
    objects_init(&d->objects);
    if (!objects_load(&d->objects, command, options)) {
        return false;
    }
    d->live = !options->dir && !options->files.n;
    if (!d->objects.has_node || options->node) {
        objects_assume_node(&d->objects, options->node);
    }
    d->compile = objects_compile(&d->objects);
    if (d->live) {
        ask_daemon(d, options->target);
    }
    return true;
}

void
dossier_uninit(struct dossier *d)
{
    json_destroy(d->status);
    json_destroy(d->counters);
    json_destroy(d->drops);
    compile_destroy(d->compile);
    objects_uninit(&d->objects);
}

const struct k8s_object *
dossier_find(const struct dossier *d, const struct client_command *command,
             enum k8s_kind kind, const char *word)
{
    const char *slash = strchr(word, '/');
    char *ns = slash ? xmemdup0(word, slash - word) : NULL;
    const struct k8s_object *o
        = slash ? model_get(d->objects.model, kind, ns, slash + 1) : NULL;

    free(ns);
    if (!slash) {
        client_complain("%s: \"%s\" is not NAMESPACE/NAME", command->name,
                        word);
    } else if (!o) {
        client_complain("%s: there is no %s \"%s\"", command->name,
                        kind == K8S_POD ? "pod" : "policy", word);
    }
    return o;
}

struct json *
dossier_put_problems(const struct dossier *d, const char *key, struct ds *text)
{
    const struct json *problems = answer_get(d->status, "problems");
    struct json *json = json_array_create_empty();

    for (size_t i = 0; i < answer_count(problems); i++) {
        const struct json *p = answer_at(problems, i);

        if (!strcmp(answer_string(p, "object"), key)) {
            const char *place = answer_string(p, "place");

            answer_fact(text, "problem", "%s%s%s%s", place,
                        place[0] ? ": " : "", answer_string(p, "message"),
                        (answer_bool(p, "kept")
                         ? " (the last good version is in force)" : ""));
            json_array_add(json, json_clone(p));
        }
    }
    return json;
}

void
dossier_print(const struct json *json, const char *text,
              const struct client_options *options)
{
    if (options->format == CLIENT_JSON) {
        char *s = json_to_string(json, JSSF_PRETTY | JSSF_SORT);

        client_print(s);
        free(s);
    } else {
        client_print(text);
    }
}

/* Rules. */

static bool
put_separator(size_t i, size_t n, const char *separator, struct ds *s)
{
    ds_put_cstr(s, i ? separator : "");
    if (i == MAX_ITEMS) {
        ds_put_format(s, "%"PRIuSIZE" more", n - i);
    }
    return i < MAX_ITEMS;
}

void
dossier_format_rule(const struct k8s_rule *rule, const char *ns,
                    enum k8s_direction d, struct ds *s)
{
    ds_put_cstr(s, d == K8S_EGRESS ? "to " : "from ");
    if (rule->any_peer) {
        ds_put_cstr(s, "anyone");
    } else if (!rule->n_peers) {
        ds_put_cstr(s, "nobody (not understood)");
    }
    for (size_t i = 0; i < rule->n_peers
         && put_separator(i, rule->n_peers, " or ", s); i++) {
        k8s_format_peer(&rule->peers[i], ns, s);
    }
    ds_put_cstr(s, (rule->any_port ? ", everything"
                    : rule->n_ports ? ", ports "
                    : rule->any_peer || rule->n_peers
                    ? ", no ports (not understood)" : ""));
    for (size_t i = 0; i < rule->n_ports
         && put_separator(i, rule->n_ports, " ", s); i++) {
        k8s_format_port(&rule->ports[i], s);
    }
}

void
dossier_format_policy_rule(const struct k8s_policy *policy,
                           enum k8s_direction d, size_t i, struct ds *s)
{
    ds_put_format(s, "%s/%s %s[%"PRIuSIZE"]: ", policy->up.ns, policy->up.name,
                  k8s_direction_name(d), i);
    dossier_format_rule(&policy->rules[d][i], policy->up.ns, d, s);
}

static bool
block_has_pod(const struct k8s_ip_block *block, const struct k8s_pod *pod)
{
    for (size_t i = 0; i < pod->n_addresses; i++) {
        bool in = prefix_contains_address(&block->cidr, &pod->addresses[i]);

        for (size_t j = 0; in && j < block->n_excepts; j++) {
            in = !prefix_contains_address(&block->excepts[j],
                                          &pod->addresses[i]);
        }
        if (in) {
            return true;
        }
    }
    return false;
}

bool
dossier_is_peer(const struct model *model, const struct k8s_peer *peer,
                const char *ns, const struct k8s_pod *pod)
{
    if (!model_pod_is_live(pod)) {
        return false;
    } else if (peer->block) {
        return block_has_pod(peer->block, pod);
    }
    return ((peer->namespaces
             ? selector_matches(peer->namespaces,
                                model_namespace_labels(model, pod->up.ns))
             : !strcmp(pod->up.ns, ns))
            && selector_matches(peer->pods, pod->labels));
}

/* Counters. */

static const struct json *
find_counters(const struct dossier *d, const struct k8s_object *policy)
{
    const struct json *policies = answer_get(d->counters, "policies");

    for (size_t i = 0; i < answer_count(policies); i++) {
        const struct json *p = answer_at(policies, i);

        if (!strcmp(answer_string(p, "kind"), k8s_kind_name(policy->kind))
            && answer_is(p, policy->ns ? policy->ns : "", policy->name)) {
            return p;
        }
    }
    return NULL;
}

struct json *
dossier_put_counters(const struct dossier *d, const struct k8s_object *policy,
                     struct ds *text)
{
    static const char *const verdicts[] = { "allowed", "denied", "audited" };
    const struct json *mine = find_counters(d, policy);

    for (int i = 0; mine && i < K8S_N_DIRECTIONS; i++) {
        const struct json *side = answer_get(mine, k8s_direction_name(i));
        struct ds s = DS_EMPTY_INITIALIZER;

        for (size_t j = 0; j < ARRAY_SIZE(verdicts); j++) {
            ds_put_format(&s, "%s%lld %s", j ? ", " : "",
                          (long long int) answer_integer(
                              answer_get(side, verdicts[j]), "packets"),
                          verdicts[j]);
        }
        answer_fact(text, i ? "" : "packets", "%s: %s", k8s_direction_name(i),
                    ds_cstr(&s));
        ds_destroy(&s);
    }
    return mine ? json_clone(mine) : json_null_create();
}

/* Drops. */

static void
put_end(const struct json *end, struct ds *s)
{
    const struct json *pod = answer_get(end, "pod");

    if (pod) {
        ds_put_format(s, "%s/%s", answer_string(pod, "namespace"),
                      answer_string(pod, "name"));
    } else {
        ds_put_cstr(s, answer_string(end, "address"));
    }
}

void
dossier_format_drop(const struct json *record, struct ds *s)
{
    const struct json *port = answer_get(record, "destination.port");

    ds_put_format(s, "%s %s %s ", answer_string(record, "time"),
                  answer_string(record, "verdict"),
                  answer_string(record, "direction"));
    put_end(answer_get(record, "source"), s);
    ds_put_cstr(s, " -> ");
    put_end(answer_get(record, "destination"), s);
    if (port) {
        ds_put_format(s, ":%lld", (long long int) json_integer(port));
    }
    ds_put_format(s, " %s", answer_string(record, "protocol"));
}

bool
dossier_drop_has_pod(const struct json *record, const char *ns,
                     const char *name)
{
    return (answer_is(answer_get(record, "source.pod"), ns, name)
            || answer_is(answer_get(record, "destination.pod"), ns, name));
}

bool
dossier_drop_has_policy(const struct json *record, const char *ns,
                        const char *name)
{
    const struct json *policies = answer_get(record, "policies");

    for (size_t i = 0; i < answer_count(policies); i++) {
        if (answer_is(answer_at(policies, i), ns, name)) {
            return true;
        }
    }
    return false;
}

struct json *
dossier_drops(const struct dossier *d, dossier_drop_filter *filter,
              const char *ns, const char *name)
{
    const struct json *records = answer_get(d->drops, "records");
    struct json *json = json_array_create_empty();
    size_t n = answer_count(records), first = n, n_found = 0;

    while (first > 0 && n_found < MAX_DROPS) {
        n_found += filter(answer_at(records, --first), ns, name);
    }
    for (size_t i = first; i < n; i++) {
        if (filter(answer_at(records, i), ns, name)) {
            json_array_add(json, json_clone(answer_at(records, i)));
        }
    }
    return json;
}

void
dossier_format_drops(const struct json *drops, struct ds *s)
{
    for (size_t i = 0; i < answer_count(drops); i++) {
        struct ds line = DS_EMPTY_INITIALIZER;

        dossier_format_drop(answer_at(drops, i), &line);
        answer_fact(s, i ? "" : "last drops", "%s", ds_cstr(&line));
        ds_destroy(&line);
    }
}
