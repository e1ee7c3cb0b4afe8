/* SPDX-License-Identifier: Apache-2.0
 *
 * Cluster policies: ClusterNetworkPolicy of policy.networking.k8s.io/v1alpha2,
 * and AdminNetworkPolicy and BaselineAdminNetworkPolicy of v1alpha1, which it
 * replaces.
 *
 * Fails closed (C6).  A rule that is not understood, be it a field of a later
 * version, of which an API server that does not know it leaves an empty peer,
 * or an error, matches nothing if it accepts, and else denies everything.  A
 * list of rules that cannot be read becomes one such rule. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "k8s-private.h"
#include "label.h"

/* C8; the second for v1alpha1, except for networks. */
#define MAX_ITEMS 25
#define MAX_OLD_ITEMS 100
#define MAX_NETWORKS 25
#define MAX_RULE_NAME 100

static bool
is_old(enum k8s_kind kind)
{
    return kind != K8S_CLUSTER_POLICY;
}

/* Selectors: of a subject and of peers. */

/* Reads 'field', which is "namespaces" or "pods". */
static bool
parse_selectors(struct k8s_parser *p, const struct k8s_field *field,
                struct k8s_cluster_context *c, struct selector **namespaces,
                struct selector **pods)
{
    static const char *const known[] = {
        "namespaceSelector", "podSelector", NULL
    };
    struct k8s_field ns = *field;
    struct k8s_field pod = { .up = field, .name = "podSelector" };

    if (!k8s_expect(p, field, DOC_MAP)) {
        return false;
    }
    if (!strcmp(field->name, "pods")) {
        if (!k8s_check_known(p, field, known, c->consequence)) {
            c->understood = false;
        }
        ns = k8s_field_member(field, "namespaceSelector");
        pod = k8s_field_member(field, "podSelector");
        if (!pod.node) {
            return k8s_fail(p, &pod, "missing");
        }
    }
    *namespaces = k8s_selector_parse(p, &ns, c->consequence, &c->understood);
    *pods = (*namespaces
             ? k8s_selector_parse(p, &pod, c->consequence, &c->understood)
             : NULL);
    return *pods;
}

/* Peers. */

/* Makes room for 'n' more, of which the caller fills rule->n_peers. */
static void
reserve_peers(struct k8s_rule *rule, size_t n)
{
    rule->peers = xrealloc(rule->peers,
                           (rule->n_peers + n) * sizeof *rule->peers);
    memset(&rule->peers[rule->n_peers], 0, n * sizeof *rule->peers);
}

static bool
parse_networks(struct k8s_parser *p, const struct k8s_field *field,
               struct k8s_rule *rule)
{
    size_t n;

    if (!k8s_cluster_get_list(p, field, MAX_NETWORKS, &n)) {
        return false;
    }
    reserve_peers(rule, n);
    for (size_t i = 0; i < n; i++) {
        struct k8s_field item = k8s_field_at(field, i);
        struct k8s_peer *peer = &rule->peers[rule->n_peers++];

        peer->block = xzalloc(sizeof *peer->block);
        if (!k8s_expect(p, &item, DOC_STRING)
            || !k8s_get_cidr(p, &item, &peer->block->cidr)) {
            return false;
        }
    }
    return true;
}

static bool
parse_nodes(struct k8s_parser *p, const struct k8s_field *field,
            struct k8s_cluster_context *c, struct k8s_rule *rule)
{
    reserve_peers(rule, 1);
    rule->peers[rule->n_peers].nodes
        = k8s_selector_parse(p, field, c->consequence, &c->understood);
    return rule->peers[rule->n_peers++].nodes;
}

static bool
parse_pods(struct k8s_parser *p, const struct k8s_field *field,
           struct k8s_cluster_context *c, struct k8s_rule *rule)
{
    struct k8s_peer *peer;

    reserve_peers(rule, 1);
    peer = &rule->peers[rule->n_peers++];
    return parse_selectors(p, field, c, &peer->namespaces, &peer->pods);
}

static bool
parse_peer(struct k8s_parser *p, const struct k8s_field *field,
           enum k8s_direction direction, struct k8s_cluster_context *c,
           struct k8s_rule *rule)
{
    static const char *const known[] = {
        "namespaces", "pods", "networks", "nodes", "domainNames", NULL
    };
    static const char *const known_ingress[] = {"namespaces", "pods", NULL};
    struct k8s_field peer;

    if (!k8s_cluster_choose(p, field,
                            direction == K8S_EGRESS ? known : known_ingress,
                            c, &peer)) {
        return false;
    }
    if (!peer.node) {
        return true;
    } else if (!strcmp(peer.name, "networks")) {
        return parse_networks(p, &peer, rule);
    } else if (!strcmp(peer.name, "nodes")) {
        return parse_nodes(p, &peer, c, rule);
    } else if (!strcmp(peer.name, "domainNames")) {
        k8s_cluster_not_understood(p, &peer, c, "not supported");
        return true;
    }
    return parse_pods(p, &peer, c, rule);
}

static bool
parse_peers(struct k8s_parser *p, const struct k8s_field *field,
            enum k8s_direction direction, struct k8s_cluster_context *c,
            struct k8s_rule *rule)
{
    size_t n;

    if (!k8s_cluster_get_list(p, field, c->max_items, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct k8s_field item = k8s_field_at(field, i);

        if (!parse_peer(p, &item, direction, c, rule)) {
            return false;
        }
    }
    return true;
}

/* Rules. */

static bool
parse_action(struct k8s_parser *p, const struct k8s_field *field,
             enum k8s_kind kind, enum k8s_action *action)
{
    const char *text = NULL;

    if (!k8s_get_string(p, field, &text)) {
        return false;
    } else if (!text) {
        return k8s_fail(p, field, "missing");
    } else if (!strcmp(text, is_old(kind) ? "Allow" : "Accept")) {
        *action = K8S_ACCEPT;
    } else if (!strcmp(text, "Deny")) {
        *action = K8S_DENY;
    } else if (!strcmp(text, "Pass") && kind != K8S_BASELINE_POLICY) {
        *action = K8S_PASS;
    } else {
        return k8s_fail_text(p, field, text, kind == K8S_BASELINE_POLICY
                             ? "is not Allow or Deny"
                             : is_old(kind) ? "is not Allow, Deny or Pass"
                             : "is not Accept, Deny or Pass");
    }
    return true;
}

static bool
parse_rule_name(struct k8s_parser *p, const struct k8s_field *field,
                struct k8s_cluster_rule *rule)
{
    const char *name = NULL;

    if (!k8s_get_string(p, field, &name)) {
        return false;
    }
    if (name && strlen(name) > MAX_RULE_NAME) {
        return k8s_fail(p, field, "longer than %d bytes", MAX_RULE_NAME);
    }
    rule->name = nullable_xstrdup(name);
    return true;
}

static bool
parse_match(struct k8s_parser *p, const struct k8s_field *field,
            enum k8s_direction direction, struct k8s_cluster_context *c,
            struct k8s_rule *match)
{
    const char *peers_name = direction == K8S_EGRESS ? "to" : "from";
    const char *const known[] = {
        "action", "name", peers_name,
        is_old(c->kind) ? "ports" : "protocols", NULL
    };
    struct k8s_field peers = k8s_field_member(field, peers_name);

    if (!k8s_check_known(p, field, known, c->consequence)) {
        c->understood = false;
    }
    return parse_peers(p, &peers, direction, c, match)
           && k8s_cluster_ports_parse(p, field, c, match);
}

/* Fails closed, see above. */
static void
close_rule(struct k8s_cluster_rule *rule)
{
    bool accepts = rule->action == K8S_ACCEPT;

    k8s_rule_uninit(&rule->match);
    rule->closed = true;
    rule->action = accepts ? K8S_ACCEPT : K8S_DENY;
    rule->match = (struct k8s_rule) { .any_peer = !accepts, .any_port = true };
}

static void
parse_rule(struct k8s_parser *p, const struct k8s_field *field,
           enum k8s_kind kind, enum k8s_direction direction,
           struct k8s_cluster_rule *rule)
{
    struct k8s_field action = k8s_field_member(field, "action");
    struct k8s_field name = k8s_field_member(field, "name");
    struct k8s_cluster_context c = {
        .kind = kind,
        .max_items = is_old(kind) ? MAX_OLD_ITEMS : MAX_ITEMS,
        .understood = true,
    };

    memset(rule, 0, sizeof *rule);
    rule->action = K8S_DENY;
    c.understood = (k8s_expect(p, field, DOC_MAP)
                    && parse_action(p, &action, kind, &rule->action));
    c.consequence = (rule->action == K8S_ACCEPT
                     ? "this rule matches nothing"
                     : "this rule denies everything");
    if (!c.understood
        || !parse_rule_name(p, &name, rule)
        || !parse_match(p, field, direction, &c, &rule->match)
        || !c.understood) {
        close_rule(rule);
    }
}

static void
parse_rules(struct k8s_parser *p, const struct k8s_field *field,
            enum k8s_direction direction, struct k8s_cluster_policy *policy)
{
    enum k8s_kind kind = policy->up.kind;
    struct k8s_cluster_rule *rules;
    bool ok;
    size_t n;

    ok = k8s_get_count(p, field, DOC_LIST,
                       is_old(kind) ? MAX_OLD_ITEMS : MAX_ITEMS, &n);
    n = ok ? n : 1;
    rules = n ? xcalloc(n, sizeof *rules) : NULL;
    for (size_t i = 0; ok && i < n; i++) {
        struct k8s_field item = k8s_field_at(field, i);

        parse_rule(p, &item, kind, direction, &rules[i]);
    }
    if (!ok) {
        rules[0].action = K8S_DENY;
        close_rule(&rules[0]);
    }
    policy->rules[direction] = rules;
    policy->n_rules[direction] = n;
}

/* Policies. */

static bool
parse_tier(struct k8s_parser *p, const struct k8s_field *spec,
           struct k8s_cluster_policy *policy)
{
    struct k8s_field field = k8s_field_member(spec, "tier");
    const char *text = NULL;

    if (is_old(policy->up.kind)) {
        policy->tier = (policy->up.kind == K8S_ADMIN_POLICY
                        ? K8S_ADMIN : K8S_BASELINE);
        return true;
    }
    if (!k8s_get_string(p, &field, &text)) {
        return false;
    }
    for (enum k8s_tier t = 0; text && t < K8S_N_TIERS; t++) {
        if (!strcmp(text, k8s_tier_name(t))) {
            policy->tier = t;
            return true;
        }
    }
    return (text ? k8s_fail_text(p, &field, text, "is not Admin or Baseline")
            : k8s_fail(p, &field, "missing"));
}

/* The one BaselineAdminNetworkPolicy has no priority: it is asked last. */
static bool
parse_priority(struct k8s_parser *p, const struct k8s_field *spec,
               struct k8s_cluster_policy *policy)
{
    struct k8s_field field = k8s_field_member(spec, "priority");
    int64_t priority = K8S_MAX_PRIORITY;

    if (policy->up.kind != K8S_BASELINE_POLICY) {
        if (!field.node) {
            return k8s_fail(p, &field, "missing");
        }
        if (!k8s_get_integer(p, &field, 0, K8S_MAX_PRIORITY, &priority)) {
            return false;
        }
    }
    policy->priority = priority;
    return true;
}

static bool
parse_subject(struct k8s_parser *p, const struct k8s_field *spec,
              struct k8s_cluster_policy *policy)
{
    static const char *const known[] = {"namespaces", "pods", NULL};
    struct k8s_field subject = k8s_field_member(spec, "subject");
    struct k8s_cluster_context c = {
        .kind = policy->up.kind,
        .consequence = "the policy cannot be enforced",
        .understood = true,
    };
    struct k8s_field chosen;

    if (!subject.node) {
        return k8s_fail(p, &subject, "missing");
    }
    if (!k8s_cluster_choose(p, &subject, known, &c, &chosen)
        || (chosen.node && !parse_selectors(p, &chosen, &c,
                                            &policy->namespaces,
                                            &policy->pods))) {
        return false;
    }
    return c.understood || k8s_fail(p, &subject, "not understood");
}

static void
check_spec(struct k8s_parser *p, const struct k8s_field *spec,
           enum k8s_kind kind)
{
    static const char *const known[][6] = {
        [K8S_CLUSTER_POLICY - K8S_CLUSTER_POLICY] = {
            "tier", "priority", "subject", "ingress", "egress", NULL
        },
        [K8S_ADMIN_POLICY - K8S_CLUSTER_POLICY] = {
            "priority", "subject", "ingress", "egress", NULL
        },
        [K8S_BASELINE_POLICY - K8S_CLUSTER_POLICY] = {
            "subject", "ingress", "egress", NULL
        },
    };

    k8s_check_known(p, spec, known[kind - K8S_CLUSTER_POLICY], NULL);
}

static bool
parse_head(struct k8s_parser *p, const struct k8s_field *root,
           struct k8s_cluster_policy *policy)
{
    struct k8s_field spec = k8s_field_member(root, "spec");

    if (policy->up.kind == K8S_BASELINE_POLICY
        && strcmp(policy->up.name, "default")) {
        struct k8s_field metadata = k8s_field_member(root, "metadata");
        struct k8s_field name = k8s_field_member(&metadata, "name");

        return k8s_fail_text(p, &name, policy->up.name,
                             "is not the name of the only one, \"default\"");
    }
    if (!k8s_expect(p, &spec, DOC_MAP)) {
        return false;
    }
    check_spec(p, &spec, policy->up.kind);

    bool ok = parse_tier(p, &spec, policy);
    ok = parse_priority(p, &spec, policy) && ok;
    return parse_subject(p, &spec, policy) && ok;
}

/* The last warning, because it matters least. */
static void
warn_if_old(struct k8s_parser *p, enum k8s_kind kind,
            const struct k8s_field *root)
{
    if (is_old(kind)) {
        struct k8s_field version = k8s_field_member(root, "apiVersion");

        k8s_warn(p, &version, "%s is deprecated, write a ClusterNetworkPolicy "
                 "of policy.networking.k8s.io/v1alpha2",
                 k8s_kind_name(kind));
    }
}

struct k8s_object *
k8s_cluster_policy_parse(struct k8s_parser *p, enum k8s_kind kind,
                         const struct k8s_field *root,
                         const struct k8s_metadata *m)
{
    struct k8s_field spec = k8s_field_member(root, "spec");
    struct k8s_cluster_policy *policy = xzalloc(sizeof *policy);

    policy->up.kind = kind;
    policy->up.name = xstrdup(m->name);

    /* The rest is read even then, for what is to say about it. */
    bool ok = parse_head(p, root, policy);
    for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS; d++) {
        struct k8s_field rules = k8s_field_member(&spec,
                                                  k8s_direction_name(d));

        parse_rules(p, &rules, d, policy);
    }
    warn_if_old(p, kind, root);
    if (!ok) {
        k8s_cluster_policy_uninit(policy);
        k8s_object_free(&policy->up);
        return NULL;
    }
    return &policy->up;
}

void
k8s_cluster_policy_uninit(struct k8s_cluster_policy *policy)
{
    for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS; d++) {
        for (size_t i = 0; i < policy->n_rules[d]; i++) {
            free(policy->rules[d][i].name);
            k8s_rule_uninit(&policy->rules[d][i].match);
        }
        free(policy->rules[d]);
    }
    selector_unref(policy->namespaces);
    selector_unref(policy->pods);
}

static bool
rules_equal(const struct k8s_cluster_policy *a,
            const struct k8s_cluster_policy *b, enum k8s_direction d)
{
    if (a->n_rules[d] != b->n_rules[d]) {
        return false;
    }
    for (size_t i = 0; i < a->n_rules[d]; i++) {
        const struct k8s_cluster_rule *x = &a->rules[d][i];
        const struct k8s_cluster_rule *y = &b->rules[d][i];

        if (x->action != y->action || x->closed != y->closed
            || !nullable_string_is_equal(x->name, y->name)
            || !k8s_rule_equals(&x->match, &y->match)) {
            return false;
        }
    }
    return true;
}

bool
k8s_cluster_policy_equals(const struct k8s_cluster_policy *a,
                          const struct k8s_cluster_policy *b)
{
    return a->tier == b->tier
           && a->priority == b->priority
           && a->namespaces == b->namespaces
           && a->pods == b->pods
           && rules_equal(a, b, K8S_EGRESS)
           && rules_equal(a, b, K8S_INGRESS);
}

bool
k8s_cluster_policy_is_whole(const struct k8s_cluster_policy *policy)
{
    for (enum k8s_direction d = 0; d < K8S_N_DIRECTIONS; d++) {
        for (size_t i = 0; i < policy->n_rules[d]; i++) {
            if (policy->rules[d][i].closed) {
                return false;
            }
        }
    }
    return true;
}

int
k8s_cluster_policy_compare(const struct k8s_cluster_policy *a,
                           const struct k8s_cluster_policy *b)
{
    int cmp = (int) a->priority - (int) b->priority;

    cmp = cmp ? cmp : strcmp(a->up.name, b->up.name);
    return cmp ? cmp : (int) a->up.kind - (int) b->up.kind;
}
