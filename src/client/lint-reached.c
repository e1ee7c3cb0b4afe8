/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules of cluster policies that never decide anything, because those that are
 * asked before leave nothing to them.  Any action ends the tier (C2).
 *
 * Peers are compared one with one: two that only together are as much as a
 * third are not seen.  The ports that are left for one peer may be shared by
 * many rules. */

#include <config.h>

#include "lint.h"

#include <stdlib.h>
#include <string.h>

#include "k8s.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

/* Rules that are named. */
#define MAX_NAMES 5

/* A rule that is asked before the one that is looked at, about at least the
 * same pods. */
struct earlier {
    const struct k8s_cluster_policy *policy;
    size_t index;
    bool used;                  /* It takes something. */
};

struct earliers {
    struct earlier *rules;
    size_t n, allocated;
    enum k8s_direction direction;
};

static const struct k8s_cluster_rule *
get_rule(const struct earliers *e, size_t i)
{
    return &e->rules[i].policy->rules[e->direction][e->rules[i].index];
}

static void
add_rules(struct earliers *e, const struct k8s_cluster_policy *policy,
          size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (e->n >= e->allocated) {
            e->rules = x2nrealloc(e->rules, &e->allocated, sizeof *e->rules);
        }
        e->rules[e->n++] = (struct earlier) { .policy = policy, .index = i };
    }
}

/* Those of policies of the tier that are asked before 'policy' for their
 * priorities. */
static void
add_policies(struct earliers *e, const struct lint *lint,
             const struct k8s_cluster_policy *policy)
{
    size_t n;
    const struct k8s_cluster_policy **policies
        = model_cluster_policies(lint->model, &n);

    for (size_t i = 0; i < n; i++) {
        if (policies[i]->tier == policy->tier
            && policies[i]->priority < policy->priority
            && lint_subject_is_broader(policies[i], policy)) {
            add_rules(e, policies[i], policies[i]->n_rules[e->direction]);
        }
    }
    free(policies);
}

/* The first number from 'at' on that 'rule' leaves of a protocol. */
static uint32_t
skip_ports(const struct k8s_rule *rule, uint8_t protocol, uint32_t at)
{
    uint32_t end = rule->any_port ? UINT16_MAX + 1 : at;

    for (size_t i = 0; i < rule->n_ports; i++) {
        const struct k8s_port *port = &rule->ports[i];

        if (!port->name && port->protocol == protocol && port->first <= at
            && port->last >= at) {
            end = MAX(end, port->last + 1);
        }
    }
    return end;
}

/* True if the rules that have all of 'peer' have all numbers of 'port'
 * together. */
static bool
takes_numbers(struct earliers *e, const struct k8s_peer *peer,
              const struct k8s_port *port)
{
    uint32_t at = port->first;

    while (at <= port->last) {
        uint32_t end = at;
        size_t best = 0;

        for (size_t i = 0; i < e->n; i++) {
            const struct k8s_rule *rule = &get_rule(e, i)->match;
            uint32_t next = (lint_rule_has_peer(rule, peer)
                             ? skip_ports(rule, port->protocol, at) : at);

            if (next > end) {
                end = next;
                best = i;
            }
        }
        if (end == at) {
            return false;
        }
        e->rules[best].used = true;
        at = end;
    }
    return true;
}

/* The same for everything (NULL), and for a name, which one rule must have. */
static bool
takes_cell(struct earliers *e, const struct k8s_peer *peer,
           const struct k8s_port *port)
{
    if (port && !port->name) {
        return takes_numbers(e, peer, port);
    }
    for (size_t i = 0; i < e->n; i++) {
        const struct k8s_rule *rule = &get_rule(e, i)->match;

        if (lint_rule_has_peer(rule, peer) && lint_rule_has_port(rule, port)) {
            e->rules[i].used = true;
            return true;
        }
    }
    return false;
}

static bool
takes_peer(struct earliers *e, const struct k8s_peer *peer,
           const struct k8s_rule *rule)
{
    bool takes = !rule->any_port || takes_cell(e, peer, NULL);

    for (size_t i = 0; takes && i < rule->n_ports; i++) {
        takes = takes_cell(e, peer, &rule->ports[i]);
    }
    return takes;
}

/* True if the rules together have all of 'rule'; marks those that it takes. */
static bool
takes_all(struct earliers *e, const struct k8s_rule *rule)
{
    bool takes;

    for (size_t i = 0; i < e->n; i++) {
        if (lint_rule_is_broader(&get_rule(e, i)->match, rule)) {
            e->rules[i].used = true;
            return true;
        }
    }
    takes = !rule->any_peer || takes_peer(e, NULL, rule);
    for (size_t i = 0; takes && i < rule->n_peers; i++) {
        takes = takes_peer(e, &rule->peers[i], rule);
    }
    return takes;
}

/* "ingress[0]", or with the name of another policy in front. */
static void
put_name(const struct earlier *rule, const struct k8s_cluster_policy *policy,
         enum k8s_direction d, struct ds *s)
{
    if (rule->policy != policy) {
        ds_put_format(s, "%s %s ", k8s_kind_name(rule->policy->up.kind),
                      rule->policy->up.name);
    }
    ds_put_format(s, "%s[%"PRIuSIZE"]", k8s_direction_name(d), rule->index);
}

static void
report(struct lint *lint, const struct k8s_cluster_policy *policy,
       const struct earliers *e, size_t index)
{
    const char *action = "";
    struct ds s = DS_EMPTY_INITIALIZER;
    size_t n = 0;

    for (size_t i = 0; i < e->n; i++) {
        if (e->rules[i].used && n++ < MAX_NAMES) {
            ds_put_cstr(&s, n > 1 ? ", " : "");
            put_name(&e->rules[i], policy, e->direction, &s);
            action = k8s_action_name(get_rule(e, i)->action);
        }
    }
    if (n > MAX_NAMES) {
        ds_put_format(&s, " and %"PRIuSIZE" more", n - MAX_NAMES);
    }
    if (n == 1) {
        lint_find(lint, lint_path(e->direction, index, NULL, 0),
                  "never decides anything: %s, which is asked before, is "
                  "about all of this (%s)", ds_cstr(&s), action);
    } else {
        lint_find(lint, lint_path(e->direction, index, NULL, 0),
                  "never decides anything: %s, which are asked before, are "
                  "about all of this together", ds_cstr(&s));
    }
    ds_destroy(&s);
}

static bool
matches_nothing(const struct k8s_rule *rule)
{
    return ((!rule->any_peer && !rule->n_peers)
            || (!rule->any_port && !rule->n_ports));
}

void
lint_unreached_rule(struct lint *lint, const struct k8s_cluster_policy *policy)
{
    for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS; d++) {
        for (size_t i = 0; i < policy->n_rules[d]; i++) {
            const struct k8s_rule *rule = &policy->rules[d][i].match;
            struct earliers e = { .direction = d };

            add_policies(&e, lint, policy);
            add_rules(&e, policy, i);
            if (!matches_nothing(rule) && takes_all(&e, rule)) {
                report(lint, policy, &e, i);
            }
            free(e.rules);
        }
    }
}
