/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ruletext.h"

#include <stdlib.h>

#include "openvswitch/dynamic-string.h"
#include "svec.h"
#include "util.h"

#include "compile.h"
#include "group.h"
#include "model.h"
#include "netset.h"
#include "policy.h"
#include "rule.h"

/* Joins 'words', which it destroys, sorted and without duplicates. */
static void
put_joined(struct svec *words, const char *delimiter, struct ds *s)
{
    char *joined;

    svec_sort_unique(words);
    joined = svec_join(words, delimiter, "");
    ds_put_cstr(s, joined);
    free(joined);
    svec_destroy(words);
}

static void
add_group(const struct group *g, struct svec *words)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    group_format(g, &s);
    svec_add_nocopy(words, ds_steal_cstr(&s));
}

static void
put_peers(const struct rule_peers *p, struct ds *s)
{
    struct svec words = SVEC_EMPTY_INITIALIZER;

    if (!p) {
        ds_put_cstr(s, "anywhere");
        return;
    }
    for (size_t i = 0; i < p->n_groups; i++) {
        add_group(p->groups[i], &words);
    }
    for (size_t i = 0; p->nets && i < p->nets->n_blocks; i++) {
        struct ds block = DS_EMPTY_INITIALIZER;

        k8s_format_block(&p->nets->blocks[i], &block);
        svec_add_nocopy(&words, ds_steal_cstr(&block));
    }
    put_joined(&words, " or ", s);
}

static char *
format_use(const struct policy_use *use)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    policy_format_name(use->policy, &s);
    ds_put_format(&s, "[%"PRIuSIZE"]", use->index);
    return ds_steal_cstr(&s);
}

/* "Admin@60001 Deny " for a rule of a cluster policy. */
static void
put_rung(const struct rung *rung, struct ds *s)
{
    if (rung) {
        ds_put_format(s, "%s@%"PRIu16" %s ", k8s_tier_name(rung->tier),
                      rung->priority, k8s_action_name(rung->action));
    }
}

static char *
format_rule(const struct rule *r)
{
    bool ingress = r->direction == K8S_INGRESS;
    struct svec targets = SVEC_EMPTY_INITIALIZER;
    struct svec policies = SVEC_EMPTY_INITIALIZER;
    struct ds s = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < r->uses.n; i++) {
        const struct policy_use *use = r->uses.p[i];

        add_group(use->target, &targets);
        svec_add_nocopy(&policies, format_use(use));
    }
    ds_put_format(&s, "%s: ", k8s_direction_name(r->direction));
    put_rung(r->rung, &s);
    ds_put_cstr(&s, ingress ? "to " : "from ");
    put_joined(&targets, " or ", &s);
    ds_put_format(&s, ", %s ", ingress ? "from" : "to");
    put_peers(r->peers, &s);
    ds_put_cstr(&s, ", on ");
    rule_format_services(r, &s);
    ds_put_cstr(&s, ": ");
    put_joined(&policies, " ", &s);
    return ds_steal_cstr(&s);
}

static void
add_isolation(const struct policy *p, enum k8s_direction d,
              struct svec *lines)
{
    const struct group *target = p->sides[d].target;
    struct ds s = DS_EMPTY_INITIALIZER;

    if (target) {
        ds_put_format(&s, "%s: %s/%s isolates ", k8s_direction_name(d), p->ns,
                      p->name);
        group_format(target, &s);
        ds_put_cstr(&s, target->n_members ? "" : " (no pod here)");
        svec_add_nocopy(lines, ds_steal_cstr(&s));
    }
}

static void
add_lines(struct svec *lines, struct ds *s)
{
    char *joined;

    svec_sort(lines);
    joined = svec_join(lines, "\n", lines->n ? "\n" : "");
    ds_put_cstr(s, joined);
    free(joined);
    svec_destroy(lines);
}

char *
ruletext_format(const struct compile *c, const struct model *model)
{
    struct svec isolations = SVEC_EMPTY_INITIALIZER;
    struct svec rules = SVEC_EMPTY_INITIALIZER;
    struct ds s = DS_EMPTY_INITIALIZER;
    size_t n;
    const struct k8s_object **policies = model_sorted(model, K8S_POLICY, &n);

    for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS; d++) {
        struct rule *r;

        for (size_t i = 0; i < n; i++) {
            add_isolation(policy_find(compile_policies(c), policies[i]->ns,
                                      policies[i]->name), d, &isolations);
        }
        HMAP_FOR_EACH (r, node, &compile_rules(c, d)->rules) {
            svec_add_nocopy(&rules, format_rule(r));
        }
    }
    free(policies);
    add_lines(&isolations, &s);
    add_lines(&rules, &s);
    return ds_steal_cstr(&s);
}
