/* SPDX-License-Identifier: Apache-2.0
 *
 * Cluster policies and nodes. */

#include <config.h>

#include "k8s.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "doc.h"
#include "label.h"

#define NEW "apiVersion: policy.networking.k8s.io/v1alpha2\n" \
            "kind: ClusterNetworkPolicy\n"
#define OLD "apiVersion: policy.networking.k8s.io/v1alpha1\n" \
            "kind: AdminNetworkPolicy\n"
#define OLD_BASELINE "apiVersion: policy.networking.k8s.io/v1alpha1\n" \
                     "kind: BaselineAdminNetworkPolicy\n"
#define DEPRECATED "is deprecated, write a ClusterNetworkPolicy of " \
                   "policy.networking.k8s.io/v1alpha2"

static int
setup(void **state)
{
    *state = label_pool_create();
    return 0;
}

static int
teardown(void **state)
{
    label_pool_destroy(*state);
    return 0;
}

/* Parses one object; frees what is not returned. */
static struct k8s_object *
parse(struct label_pool *pool, const char *yaml, struct k8s_report *report,
      char **key)
{
    struct k8s_object *object;
    enum k8s_kind kind;
    struct doc **docs;
    size_t n;
    char *error = doc_parse_yaml(yaml, strlen(yaml), NULL, &docs, &n);

    if (error) {
        fail_msg("%s\n%s", error, yaml);
    }
    assert_int_equal(n, 1);
    assert_true(k8s_identify(doc_root(docs[0]), NULL, &kind));
    object = k8s_parse(kind, doc_root(docs[0]), pool, NULL, report, key);
    assert_true(!object || object->kind == kind);
    doc_destroy(docs[0]);
    free(docs);
    return object;
}

static void
format_rule(const struct k8s_cluster_rule *rule, struct ds *s)
{
    const struct k8s_rule *m = &rule->match;

    ds_put_format(s, "%s%s ", rule->closed ? "!" : "",
                  k8s_action_name(rule->action));
    ds_put_cstr(s, m->any_peer ? "any" : m->n_peers ? "" : "none");
    for (size_t i = 0; i < m->n_peers; i++) {
        ds_put_cstr(s, i ? " | " : "");
        k8s_format_peer(&m->peers[i], NULL, s);
    }
    ds_put_cstr(s, ": ");
    ds_put_cstr(s, m->any_port ? "any" : "");
    for (size_t i = 0; i < m->n_ports; i++) {
        ds_put_cstr(s, i ? " " : "");
        k8s_format_port(&m->ports[i], s);
    }
    if (rule->name) {
        ds_put_format(s, " (%s)", rule->name);
    }
}

/* "TIER PRIORITY [NAMESPACES]/[PODS] ingress(RULES) egress(RULES)". */
static char *
format_policy(const struct k8s_cluster_policy *policy)
{
    static const enum k8s_direction order[] = {K8S_INGRESS, K8S_EGRESS};
    struct ds s = DS_EMPTY_INITIALIZER;

    ds_put_format(&s, "%s %d [%s]/[%s]", k8s_tier_name(policy->tier),
                  policy->priority, selector_text(policy->namespaces),
                  selector_text(policy->pods));
    for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
        enum k8s_direction d = order[i];

        if (policy->n_rules[d]) {
            ds_put_format(&s, " %s(", k8s_direction_name(d));
            for (size_t j = 0; j < policy->n_rules[d]; j++) {
                ds_put_cstr(&s, j ? "; " : "");
                format_rule(&policy->rules[d][j], &s);
            }
            ds_put_char(&s, ')');
        }
    }
    return ds_steal_cstr(&s);
}

static void
check_string(const char *what, const char *input, const char *got,
             const char *want)
{
    if (!nullable_string_is_equal(got, want)) {
        fail_msg("%s\n%s is: %s\nwant: %s", input, what, got ? got : "none",
                 want ? want : "none");
    }
}

/* Checks what a manifest becomes.  'want' NULL: nothing; 'error' and 'warning'
 * NULL: none. */
static void
check(struct label_pool *pool, const char *yaml, const char *want,
      const char *error, const char *warning)
{
    struct k8s_report report;
    char *key, *text;
    struct k8s_object *object = parse(pool, yaml, &report, &key);

    check_string("error", yaml, report.error, error);
    check_string("warning", yaml,
                 report.n_warnings ? report.warnings[0].text : NULL, warning);
    text = object ? format_policy(k8s_cluster_policy_cast(object)) : NULL;
    check_string("policy", yaml, text, want);
    assert_non_null(key);
    assert_true(object || error);
    assert_true(!object || k8s_object_equals(object, object));
    free(text);
    free(key);
    k8s_object_destroy(object);
    k8s_report_uninit(&report);
}

/* A policy in the Admin tier with these sections. */
static void
check_sections(struct label_pool *pool, const char *sections,
               const char *want, const char *error, const char *warning)
{
    char *yaml = xasprintf(NEW "metadata: {name: p}\n"
                           "spec: {tier: Admin, priority: 5,"
                           " subject: {namespaces: {}}, %s}", sections);
    char *whole = xasprintf("Admin 5 []/[]%s%s", want[0] ? " " : "", want);

    check(pool, yaml, whole, error, warning);
    free(yaml);
    free(whole);
}

/* C1: tiers and priorities; C3: subjects. */
static void
test_c1_c3_head(void **state)
{
    static const char *const cases[][2] = {
        {"tier: Admin, priority: 0, subject: {namespaces: {}}",
         "Admin 0 []/[]"},
        {"tier: Baseline, priority: 1000, subject: {namespaces:"
         " {matchLabels: {team: a}}}", "Baseline 1000 [team=a]/[]"},
        {"tier: Admin, priority: 1, subject: {pods: {podSelector: {}}}",
         "Admin 1 []/[]"},
        {"tier: Admin, priority: 1, subject: {pods: {podSelector:"
         " {matchLabels: {app: web}}, namespaceSelector: {matchLabels:"
         " {team: a}}}}", "Admin 1 [team=a]/[app=web]"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *yaml = xasprintf(NEW "metadata: {name: p}\nspec: {%s}",
                               cases[i][0]);

        check(*state, yaml, cases[i][1], NULL, NULL);
        free(yaml);
    }
}

/* Nothing of these can be enforced. */
static void
test_head_errors(void **state)
{
    static const char *const cases[][2] = {
        {"", "spec.tier: missing"},
        {"spec: 1", "spec: expected a map, found integer 1"},
        {"spec: {priority: 1, subject: {namespaces: {}}}",
         "spec.tier: missing"},
        {"spec: {tier: admin, priority: 1, subject: {namespaces: {}}}",
         "spec.tier: \"admin\" is not Admin or Baseline"},
        {"spec: {tier: Admin, subject: {namespaces: {}}}",
         "spec.priority: missing"},
        {"spec: {tier: Admin, priority: -1, subject: {namespaces: {}}}",
         "spec.priority: -1 is not between 0 and 1000"},
        {"spec: {tier: Admin, priority: 1001, subject: {namespaces: {}}}",
         "spec.priority: 1001 is not between 0 and 1000"},
        {"spec: {tier: Admin, priority: 1}", "spec.subject: missing"},
        {"spec: {tier: Admin, priority: 1, subject: {}}",
         "spec.subject: not understood"},
        {"spec: {tier: Admin, priority: 1, subject: {nodes: {}}}",
         "spec.subject: not understood"},
        {"spec: {tier: Admin, priority: 1, subject: {namespaces: {x: 1}}}",
         "spec.subject: not understood"},
        {"spec: {tier: Admin, priority: 1, subject: {pods: {}}}",
         "spec.subject.pods.podSelector: missing"},
        {"spec: {tier: Admin, priority: 1, subject: {pods: {podSelector: {}},"
         " namespaces: {}}}",
         "spec.subject: namespaces and pods may not stand together"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *yaml = xasprintf(NEW "metadata: {name: p}\n%s", cases[i][0]);
        struct k8s_report report;
        char *key;

        assert_null(parse(*state, yaml, &report, &key));
        check_string("error", yaml, report.error, cases[i][1]);
        assert_string_equal(key, "ClusterNetworkPolicy p");
        k8s_report_uninit(&report);
        free(key);
        free(yaml);
    }
}

/* C2: actions; C4: networks; C5: protocols. */
static void
test_c2_c4_c5_rules(void **state)
{
    static const char *const cases[][2] = {
        {"egress: [], ingress: null", ""},
        {"ingress: [{action: Accept, from: [{namespaces: {}}]}]",
         "ingress(Accept all pods in all namespaces: any)"},
        {"ingress: [{action: Deny, name: 'no, never', from: [{pods:"
         " {podSelector: {matchLabels: {a: b}}}}]}]",
         "ingress(Deny pods a=b in all namespaces: any (no, never))"},
        {"egress: [{action: Pass, to: [{pods: {podSelector: {},"
         " namespaceSelector: {matchLabels: {t: u}}}}]},"
         " {action: Deny, to: [{networks: [10.1.2.3/8, '::/0']}]}]",
         "egress(Pass all pods in namespaces t=u: any;"
         " Deny 10.0.0.0/8 | ::/0: any)"},
        {"egress: [{action: Accept, to: [{nodes: {}}, {nodes:"
         " {matchLabels: {role: db}}}, {namespaces: {}}]}]",
         "egress(Accept all nodes | nodes role=db |"
         " all pods in all namespaces: any)"},
        {"ingress: [{action: Deny, from: [{namespaces: {}}], protocols:"
         " [{tcp: {destinationPort: {number: 80}}},"
         " {udp: {destinationPort: {range: {start: 1, end: 65535}}}},"
         " {sctp: {destinationPort: {number: 65535}}},"
         " {tcp: {destinationPort: {range: {start: 7, end: 7}}}},"
         " {destinationNamedPort: http}]}]",
         "ingress(Deny all pods in all namespaces:"
         " TCP/80 UDP/1-65535 SCTP/65535 TCP/7 http)"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_sections(*state, cases[i][0], cases[i][1], NULL, NULL);
    }
}

static void
test_c5_named_port_without_pods(void **state)
{
    check_sections(*state, "egress: [{action: Deny, to: [{networks:"
                   " [10.0.0.0/8]}], protocols: [{destinationNamedPort: a}]}]",
                   "egress(Deny 10.0.0.0/8: a)", NULL,
                   "spec.egress[0].protocols: a named port matches no network "
                   "and no node");
}

/* C6: what we do not understand fails closed.  Each 'rule' is tried with all
 * actions. */
static const struct not_understood {
    const char *section;    /* "egress" if the rule has "to". */
    const char *rule;
    const char *warning;    /* Up to the consequence. */
} not_understood[] = {
    {"ingress", "from: [{}]",
     ".from[0]: none of the fields that we know is set"},
    {"ingress", "from: [{namespaces: {}}, {stars: {}}]",
     ".from[1]: unknown field \"stars\""},
    {"ingress", "from: [{networks: [10.0.0.0/8]}]",
     ".from[0]: unknown field \"networks\""},
    {"ingress", "from: [{nodes: {}}]",
     ".from[0]: unknown field \"nodes\""},
    {"ingress", "from: [{namespaces: {}, moon: 1}]",
     ".from[0]: unknown field \"moon\""},
    {"ingress", "from: [{namespaces: {matchFields: []}}]",
     ".from[0].namespaces: unknown field \"matchFields\""},
    {"ingress", "from: [{pods: {podSelector: {}, sun: 1}}]",
     ".from[0].pods: unknown field \"sun\""},
    {"ingress", "from: [{namespaces: {}}], when: night",
     ": unknown field \"when\""},
    {"ingress", "from: [{namespaces: {}}], protocols: [{}]",
     ".protocols[0]: none of the fields that we know is set"},
    {"ingress", "from: [{namespaces: {}}], protocols: [{icmp: {}}]",
     ".protocols[0]: unknown field \"icmp\""},
    {"ingress", "from: [{namespaces: {}}], protocols: [{tcp: {}}]",
     ".protocols[0].tcp: none of the fields that we know is set"},
    {"ingress", "from: [{namespaces: {}}], protocols:"
     " [{tcp: {destinationPort: {number: 1}, sourcePort: {}}}]",
     ".protocols[0].tcp: unknown field \"sourcePort\""},
    {"ingress", "from: [{namespaces: {}}], protocols:"
     " [{tcp: {destinationPort: {}}}]",
     ".protocols[0].tcp.destinationPort: none of the fields that we know "
     "is set"},
    {"ingress", "from: [{namespaces: {}}], protocols: [{tcp:"
     " {destinationPort: {range: {start: 1, end: 2, step: 1}}}}]",
     ".protocols[0].tcp.destinationPort.range: unknown field \"step\""},
    {"egress", "to: [{domainNames: [example.org]}]",
     ".to[0].domainNames: not supported"},
    {"egress", "to: [{nodes: {matchFields: []}}]",
     ".to[0].nodes: unknown field \"matchFields\""},
};

static void
check_not_understood(struct label_pool *pool, const struct not_understood *c,
                     const char *action, const char *consequence,
                     const char *verdict)
{
    char *sections = xasprintf("%s: [{action: %s, %s}]", c->section, action,
                               c->rule);
    char *want = xasprintf("%s(%s)", c->section, verdict);
    char *warning = xasprintf("spec.%s[0]%s, %s", c->section, c->warning,
                              consequence);

    check_sections(pool, sections, want, NULL, warning);
    free(sections);
    free(want);
    free(warning);
}

static void
test_c6_not_understood(void **state)
{
    static const char nothing[] = "this rule matches nothing";
    static const char everything[] = "this rule denies everything";

    for (size_t i = 0; i < ARRAY_SIZE(not_understood); i++) {
        const struct not_understood *c = &not_understood[i];

        check_not_understood(*state, c, "Accept", nothing,
                             "!Accept none: any");
        check_not_understood(*state, c, "Deny", everything,
                             "!Deny any: any");
        check_not_understood(*state, c, "Pass", everything,
                             "!Deny any: any");
    }
}

/* An error closes its own rule and leaves the others alone. */
static const char *const rule_errors[][2] = {
    {"from: [{namespaces: {}, pods: {podSelector: {}}}]",
     ".from[0]: namespaces and pods may not stand together"},
    {"", ".from: needs at least one item"},
    {"from: []", ".from: needs at least one item"},
    {"from: {}", ".from: expected a list, found a map"},
    {"from: [1]", ".from[0]: expected a map, found integer 1"},
    {"from: [{pods: {}}]", ".from[0].pods.podSelector: missing"},
    {"from: [{namespaces: []}]",
     ".from[0].namespaces: expected a map, found a list"},
    {"from: [{namespaces: {}}], protocols: []",
     ".protocols: needs at least one item"},
    {"from: [{namespaces: {}}], protocols: [{tcp: {destinationPort:"
     " {number: 0}}}]", ".protocols[0].tcp.destinationPort.number: 0 is "
     "not between 1 and 65535"},
    {"from: [{namespaces: {}}], protocols: [{tcp: {destinationPort:"
     " {number: 1, range: {start: 1, end: 2}}}}]",
     ".protocols[0].tcp.destinationPort: number and range may not stand "
     "together"},
    {"from: [{namespaces: {}}], protocols: [{tcp: {destinationPort:"
     " {range: {start: 3, end: 2}}}}]",
     ".protocols[0].tcp.destinationPort.range.end: 2 is less than start, "
     "which is 3"},
    {"from: [{namespaces: {}}], protocols: [{udp: {destinationPort:"
     " {range: {start: 3}}}}]",
     ".protocols[0].udp.destinationPort.range.end: missing"},
    {"from: [{namespaces: {}}], protocols: [{destinationNamedPort: 80}]",
     ".protocols[0].destinationNamedPort: expected a string, found "
     "integer 80"},
    {"from: [{namespaces: {}}], protocols: [{destinationNamedPort: '-'}]",
     ".protocols[0].destinationNamedPort: \"-\" is not a valid port "
     "name"},
    {"from: [{namespaces: {}}], name: 1",
     ".name: expected a string, found integer 1"},
};

static void
test_rule_errors(void **state)
{
    static const char *const wants[][2] = {
        {"Accept", "!Accept none: any"},
        {"Deny", "!Deny any: any"},
        {"Pass", "!Deny any: any"},
        {"Log", "!Deny any: any"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rule_errors); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(wants); j++) {
            bool log = !strcmp(wants[j][0], "Log");
            char *sections = xasprintf(
                "ingress: [{action: Pass, from: [{namespaces: {}}]},"
                " {action: %s, %s}]", wants[j][0], rule_errors[i][0]);
            char *want = xasprintf("ingress(Pass all pods in all namespaces:"
                                   " any; %s)", wants[j][1]);
            char *error = xasprintf("spec.ingress[1]%s", log
                                    ? ".action: \"Log\" is not Accept, Deny "
                                      "or Pass"
                                    : rule_errors[i][1]);

            check_sections(*state, sections, want, error, NULL);
            free(sections);
            free(want);
            free(error);
        }
    }
}

/* An error that is not one in peers or ports. */
static void
test_section_errors(void **state)
{
    check_sections(*state, "ingress: [{from: [{namespaces: {}}]}]",
                   "ingress(!Deny any: any)",
                   "spec.ingress[0].action: missing", NULL);
    check_sections(*state, "ingress: [7]", "ingress(!Deny any: any)",
                   "spec.ingress[0]: expected a map, found integer 7", NULL);
    check_sections(*state, "egress: {}", "egress(!Deny any: any)",
                   "spec.egress: expected a list, found a map", NULL);
    check_sections(*state, "egress: [{action: Deny, to: [{networks:"
                   " [10.0.0.0/8, 10.0.0.0/33]}]}]",
                   "egress(!Deny any: any)",
                   "spec.egress[0].to[0].networks[1]: \"10.0.0.0/33\" is not "
                   "a CIDR", NULL);
    check_sections(*state, "egress: [{action: Accept, to: [{networks:"
                   " [null]}]}]", "egress(!Accept none: any)",
                   "spec.egress[0].to[0].networks[0]: expected a string, "
                   "found null", NULL);
}

/* "TEXT, TEXT, …", 'n' times. */
static char *
repeat(const char *text, size_t n)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    for (size_t i = 0; i < n; i++) {
        ds_put_format(&s, "%s%s", i ? ", " : "", text);
    }
    return ds_steal_cstr(&s);
}

struct bound {
    const char *head;       /* Up to the section. */
    const char *format;     /* Of the section, with the list. */
    const char *item;
    size_t max;
    const char *path;
};

/* A list with one item too many if 'more'. */
static void
check_bound(struct label_pool *pool, const struct bound *b, bool more)
{
    size_t n = b->max + more;
    char *list = repeat(b->item, n);
    char *section = xasprintf(b->format, list);
    char *yaml = xasprintf("%smetadata: {name: p}\nspec: {%spriority: 1,"
                           " subject: {namespaces: {}}, %s}", b->head,
                           strcmp(b->head, OLD) ? "tier: Admin, " : "",
                           section);
    char *error = xasprintf("%s: %"PRIuSIZE" items, at most %"PRIuSIZE
                            " are allowed", b->path, n, b->max);
    struct k8s_report report;
    char *key;
    struct k8s_object *object = parse(pool, yaml, &report, &key);

    check_string("error", section, report.error, more ? error : NULL);
    assert_non_null(object);
    k8s_object_destroy(object);
    k8s_report_uninit(&report);
    free(key);
    free(error);
    free(yaml);
    free(section);
    free(list);
}

/* C8: each list takes 'max' items and no more. */
static void
test_c8_bounds(void **state)
{
    static const struct bound cases[] = {
        {NEW, "egress: [%s]", "{action: Pass, to: [{namespaces: {}}]}", 25,
         "spec.egress"},
        {NEW, "ingress: [%s]", "{action: Deny, from: [{namespaces: {}}]}", 25,
         "spec.ingress"},
        {NEW, "egress: [{action: Deny, to: [%s]}]", "{namespaces: {}}", 25,
         "spec.egress[0].to"},
        {NEW, "egress: [{action: Deny, to: [{networks: [%s]}]}]",
         "10.0.0.0/8", 25, "spec.egress[0].to[0].networks"},
        {NEW, "ingress: [{action: Deny, from: [{namespaces: {}}],"
         " protocols: [%s]}]", "{destinationNamedPort: a}", 25,
         "spec.ingress[0].protocols"},
        {OLD, "egress: [%s]", "{action: Pass, to: [{namespaces: {}}]}", 100,
         "spec.egress"},
        {OLD, "egress: [{action: Deny, to: [%s]}]", "{namespaces: {}}", 100,
         "spec.egress[0].to"},
        {OLD, "egress: [{action: Deny, to: [{networks: [%s]}]}]",
         "10.0.0.0/8", 25, "spec.egress[0].to[0].networks"},
        {OLD, "ingress: [{action: Deny, from: [{namespaces: {}}],"
         " ports: [%s]}]", "{namedPort: a}", 100, "spec.ingress[0].ports"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_bound(*state, &cases[i], false);
        check_bound(*state, &cases[i], true);
    }
}

static void
test_rule_name_bound(void **state)
{
    char name[102];

    memset(name, 'n', sizeof name);
    for (size_t n = 100; n <= 101; n++) {
        char *sections = xasprintf("ingress: [{action: Deny, name: %.*s,"
                                   " from: [{namespaces: {}}]}]",
                                   (int) n, name);
        char *want = xasprintf("ingress(Deny all pods in all namespaces: any"
                               " (%.*s))", (int) n, name);

        if (n == 100) {
            check_sections(*state, sections, want, NULL, NULL);
        } else {
            check_sections(*state, sections, "ingress(!Deny any: any)",
                           "spec.ingress[0].name: longer than 100 bytes",
                           NULL);
        }
        free(sections);
        free(want);
    }
}

/* v1alpha1. */

static void
test_old_admin(void **state)
{
    check(*state, OLD "metadata: {name: p}\n"
          "spec:\n"
          "  priority: 7\n"
          "  subject: {namespaces: {matchLabels: {t: u}}}\n"
          "  ingress:\n"
          "  - {action: Allow, name: x, from: [{namespaces: {}}], ports:\n"
          "     [{portNumber: {protocol: UDP, port: 53}},\n"
          "      {portRange: {protocol: SCTP, start: 3, end: 4}},\n"
          "      {portNumber: {port: 80}}, {namedPort: http}]}\n"
          "  - {action: Pass, from: [{pods: {podSelector: {}}}]}\n"
          "  egress:\n"
          "  - {action: Deny, to: [{networks: [10.0.0.0/8]}, {nodes: {}}]}\n",
          "Admin 7 [t=u]/[]"
          " ingress(Accept all pods in all namespaces:"
          " UDP/53 SCTP/3-4 TCP/80 http (x);"
          " Pass all pods in all namespaces: any)"
          " egress(Deny 10.0.0.0/8 | all nodes: any)",
          NULL, "apiVersion: AdminNetworkPolicy "DEPRECATED);
    check(*state, OLD "metadata: {name: p}\nspec: {priority: 1, subject:"
          " {namespaces: {}}, ingress: [{action: Accept, from:"
          " [{namespaces: {}}]}]}",
          "Admin 1 []/[] ingress(!Deny any: any)",
          "spec.ingress[0].action: \"Accept\" is not Allow, Deny or Pass",
          "apiVersion: AdminNetworkPolicy "DEPRECATED);
}

static void
test_old_baseline(void **state)
{
    check(*state, OLD_BASELINE "metadata: {name: default}\n"
          "spec: {subject: {namespaces: {}}, ingress:"
          " [{action: Allow, from: [{namespaces: {}}]},"
          " {action: Pass, from: [{namespaces: {}}]}]}",
          "Baseline 1000 []/[] ingress(Accept all pods in all namespaces: any;"
          " !Deny any: any)",
          "spec.ingress[1].action: \"Pass\" is not Allow or Deny",
          "apiVersion: BaselineAdminNetworkPolicy "DEPRECATED);
    check(*state, OLD_BASELINE "metadata: {name: other}\n"
          "spec: {subject: {namespaces: {}}}", NULL,
          "metadata.name: \"other\" is not the name of the only one, "
          "\"default\"",
          "apiVersion: BaselineAdminNetworkPolicy "DEPRECATED);
}

/* What is not understood comes first, then that the kind is deprecated. */
static void
test_old_ports_not_understood(void **state)
{
    static const struct {
        const char *port, *warning;
    } cases[] = {
        { "{}", ": none of the fields that we know is set" },
        { "{portNumber: {port: 1, flag: x}}",
          ".portNumber: unknown field \"flag\"" },
        { "{icmp: {}}", ": unknown field \"icmp\"" },
        { "{portRange: {start: 1, end: 2, step: 1}}",
          ".portRange: unknown field \"step\"" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *yaml = xasprintf(OLD "metadata: {name: p}\nspec: {priority: 1,"
                               " subject: {namespaces: {}}, ingress:"
                               " [{action: Allow, from: [{namespaces: {}}],"
                               " ports: [%s]}]}", cases[i].port);
        char *warning = xasprintf("spec.ingress[0].ports[0]%s, this rule "
                                  "matches nothing", cases[i].warning);

        check(*state, yaml, "Admin 1 []/[] ingress(!Accept none: any)", NULL,
              warning);
        free(warning);
        free(yaml);
    }
}

/* Comparison. */

static struct k8s_object *
make(struct label_pool *pool, const char *name, const char *spec)
{
    char *yaml = xasprintf(NEW "metadata: {name: %s}\nspec: {%s}", name, spec);
    struct k8s_report report;
    char *key;
    struct k8s_object *object = parse(pool, yaml, &report, &key);

    assert_non_null(object);
    k8s_report_uninit(&report);
    free(key);
    free(yaml);
    return object;
}

static void
test_equals(void **state)
{
    static const char *const specs[] = {
        "tier: Admin, priority: 1, subject: {namespaces: {}}",
        "tier: Baseline, priority: 1, subject: {namespaces: {}}",
        "tier: Admin, priority: 2, subject: {namespaces: {}}",
        "tier: Admin, priority: 1, subject: {namespaces: {matchLabels:"
        " {a: b}}}",
        "tier: Admin, priority: 1, subject: {pods: {podSelector:"
        " {matchLabels: {a: b}}}}",
#define RULE(TEXT) "tier: Admin, priority: 1, subject: {namespaces: {}}, " TEXT
        RULE("egress: [{action: Deny, to: [{namespaces: {}}]}]"),
        RULE("egress: [{action: Pass, to: [{namespaces: {}}]}]"),
        RULE("egress: [{action: Deny, to: [{nodes: {}}]}]"),
        RULE("egress: [{action: Deny, name: a, to: [{nodes: {}}]}]"),
        RULE("egress: [{action: Deny, to: [{networks: [1.0.0.0/8]}]}]"),
        RULE("egress: [{action: Deny, to: [{domainNames: [a]}]}]"),
        RULE("ingress: [{action: Deny, from: [{namespaces: {}}]}]"),
        RULE("ingress: [{action: Deny, from: [{namespaces: {}}],"
             " protocols: [{destinationNamedPort: a}]}]"),
        RULE("ingress: [{action: Deny, from: [{namespaces: {}}],"
             " protocols: [{tcp: {destinationPort: {number: 1}}}]}]"),
#undef RULE
    };

    for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(specs); j++) {
            struct k8s_object *a = make(*state, "p", specs[i]);
            struct k8s_object *b = make(*state, "p", specs[j]);

            assert_int_equal(k8s_object_equals(a, b), i == j);
            k8s_object_destroy(a);
            k8s_object_destroy(b);
        }
    }
}

/* C1: by priority; C7: then by name. */
static void
test_c7_compare(void **state)
{
    static const char *const names[] = {"z", "a", "b"};
    static const unsigned int priorities[] = {3, 20, 20};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(names); j++) {
            struct k8s_object *o[2];
            size_t which[] = { i, j };
            int cmp;

            for (int k = 0; k < 2; k++) {
                char *spec = xasprintf("tier: Admin, priority: %u, subject:"
                                       " {namespaces: {}}",
                                       priorities[which[k]]);

                o[k] = make(*state, names[which[k]], spec);
                free(spec);
            }
            cmp = k8s_cluster_policy_compare(k8s_cluster_policy_cast(o[0]),
                                             k8s_cluster_policy_cast(o[1]));
            assert_int_equal((cmp > 0) - (cmp < 0), (i > j) - (i < j));
            k8s_object_destroy(o[0]);
            k8s_object_destroy(o[1]);
        }
    }
}

/* Nodes. */

static void
check_node(struct label_pool *pool, const char *fields, const char *want,
           const char *error)
{
    char *yaml = xasprintf("apiVersion: v1\nkind: Node\n%s", fields);
    struct ds s = DS_EMPTY_INITIALIZER;
    struct k8s_report report;
    char *key;
    struct k8s_object *object = parse(pool, yaml, &report, &key);
    const struct k8s_node *node = object ? k8s_node_cast(object) : NULL;

    check_string("error", yaml, report.error, error);
    check_string("key", yaml, key, "Node n.example");
    for (size_t i = 0; node && i < node->n_addresses; i++) {
        ds_put_cstr(&s, i ? " " : "");
        address_format(&node->addresses[i], &s);
    }
    check_string("addresses", yaml, node ? ds_cstr(&s) : NULL, want);
    ds_destroy(&s);
    k8s_object_destroy(object);
    k8s_report_uninit(&report);
    free(key);
    free(yaml);
}

static void
test_node(void **state)
{
    check_node(*state, "metadata: {name: n.example, labels: {a: b}}", "",
               NULL);
    check_node(*state, "metadata: {name: n.example}\nstatus: {addresses: ["
               "{type: Hostname, address: n}, {type: InternalIP, address:"
               " 192.0.2.1}, {type: ExternalIP, address: '2001:db8::1'},"
               " {type: InternalIP, address: 192.0.2.1}, {type: InternalIP,"
               " address: ''}, {type: InternalDNS, address: n.example}]}",
               "192.0.2.1 2001:db8::1", NULL);
    check_node(*state, "metadata: {name: n.example}\nstatus: {addresses: ["
               "{type: InternalIP, address: n}]}", NULL,
               "status.addresses[0].address: \"n\" is not an IP address");
}

static void
test_node_bounds(void **state)
{
    char *list = repeat("{type: Hostname, address: n}", 101);
    char *fields = xasprintf("metadata: {name: n.example}\n"
                             "status: {addresses: [%s]}", list);

    check_node(*state, fields, NULL, "status.addresses: 101 items, at most "
               "100 are allowed");
    free(fields);
    free(list);
}

static void
test_kinds(void **state OVS_UNUSED)
{
    assert_true(k8s_kind_has_namespace(K8S_POD));
    assert_true(k8s_kind_has_namespace(K8S_POLICY));
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        bool ours = kind >= K8S_CLUSTER_POLICY;

        assert_int_equal(k8s_kind_is_cluster_policy(kind), ours);
        assert_true(!ours || !k8s_kind_has_namespace(kind));
    }
    assert_false(k8s_kind_has_namespace(K8S_NODE));
    assert_false(k8s_kind_has_namespace(K8S_NAMESPACE));
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_c1_c3_head),
        TEST(test_head_errors),
        TEST(test_c2_c4_c5_rules),
        TEST(test_c5_named_port_without_pods),
        TEST(test_c6_not_understood),
        TEST(test_rule_errors),
        TEST(test_section_errors),
        TEST(test_c8_bounds),
        TEST(test_rule_name_bound),
        TEST(test_old_admin),
        TEST(test_old_baseline),
        TEST(test_old_ports_not_understood),
        TEST(test_equals),
        TEST(test_c7_compare),
        TEST(test_node),
        TEST(test_node_bounds),
        TEST(test_kinds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
