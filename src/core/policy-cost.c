/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "policy.h"

#include <stdlib.h>

#include "cover.h"
#include "group.h"
#include "rule.h"
#include "util.h"

/* Flows of a target: its address or class, and its default drop. */
#define TARGET_COST 2
/* A service is matched for IPv4 and IPv6. */
#define SERVICE_COST 2

static uint64_t
count_peers(const struct k8s_rule *rule)
{
    uint64_t n = 0;

    for (size_t i = 0; !rule->any_peer && i < rule->n_peers; i++) {
        const struct k8s_ip_block *block = rule->peers[i].block;

        n += 1 + (block ? block->n_excepts : 0);
    }
    return n;
}

size_t
policy_numbers(const struct k8s_rule *rule, struct rule_service *services)
{
    size_t n = 0;

    for (size_t i = 0; i < rule->n_ports; i++) {
        const struct k8s_port *p = &rule->ports[i];

        if (!p->name) {
            services[n++] = (struct rule_service) { p->protocol, p->first,
                                                    p->last };
        }
    }
    return rule_services_normalize(services, n);
}

/* Blocks of the ports that are numbers. */
static uint64_t
count_blocks(const struct k8s_rule *rule)
{
    struct rule_service *services = xmalloc(MAX(rule->n_ports, 1)
                                            * sizeof *services);
    size_t n = policy_numbers(rule, services);
    uint64_t n_blocks = 0;

    for (size_t i = 0; i < n; i++) {
        struct cover_block cover[COVER_MAX];

        n_blocks += cover_interval(services[i].first, services[i].last,
                                   cover);
    }
    free(services);
    return n_blocks;
}

/* How many numbers the port names in 'rule' stand for now. */
static uint64_t
count_named(const struct k8s_rule *rule, const struct groups *groups)
{
    uint64_t n = 0;

    for (size_t i = 0; !rule->any_port && i < rule->n_ports; i++) {
        if (rule->ports[i].name) {
            n += group_count_port(groups, rule->ports[i].name);
        }
    }
    return n;
}

/* A rule with its numbers is one conjunction, and one more for each number of
 * a port name. */
static uint64_t
count_rule(const struct k8s_rule *rule, const struct groups *groups)
{
    uint64_t base = 1 + 1 + count_peers(rule);
    uint64_t n_blocks = rule->any_port ? 0 : count_blocks(rule);

    return ((rule->any_port || n_blocks ? base + SERVICE_COST * n_blocks : 0)
            + count_named(rule, groups) * (base + SERVICE_COST));
}

uint64_t
policy_cost(const struct k8s_policy *policy, const struct groups *groups)
{
    uint64_t cost = 0;

    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        cost += policy->isolates[d] ? TARGET_COST : 0;
        for (size_t i = 0; i < policy->n_rules[d]; i++) {
            cost += count_rule(&policy->rules[d][i], groups);
        }
    }
    return cost;
}

/* About how much there is to do for 'r'. */
static size_t
count_rule_items(const struct k8s_rule *r)
{
    size_t n = r->n_peers + r->n_ports;

    for (size_t i = 0; i < r->n_peers; i++) {
        n += r->peers[i].block ? r->peers[i].block->n_excepts : 0;
    }
    return n;
}

size_t
policy_count_items(const struct policy *p)
{
    const struct k8s_policy *spec = p->spec;
    const struct k8s_cluster_policy *cluster = p->cluster;
    size_t n = 1;

    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        for (size_t i = 0; spec && i < spec->n_rules[d]; i++) {
            n += count_rule_items(&spec->rules[d][i]);
        }
        for (size_t i = 0; cluster && i < cluster->n_rules[d]; i++) {
            n += count_rule_items(&cluster->rules[d][i].match);
        }
    }
    return n;
}
