/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client/lint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "scene.h"

static const char pods[] =
    SCENE_NAMESPACE("shop", "team: a")
    SCENE_POD("shop", "web", "app: web", "n1", "10.0.0.1",
              "{name: http, containerPort: 8080}")
    SCENE_POD("shop", "db", "app: db", "n1", "10.0.0.2", "")
    SCENE_POD("ops", "dns", "app: dns", "n1", "10.0.1.1",
              "{name: dns, protocol: UDP, containerPort: 53}")
    "---\n"
    "kind: Pod\napiVersion: v1\n"
    "metadata: {namespace: shop, name: agent, labels: {app: agent}}\n"
    "spec: {hostNetwork: true}\n"
    "status: {podIP: 192.168.0.1}\n";

#define WEB "podSelector: {matchLabels: {app: web}}"
#define P(NAME, SPEC) SCENE_POLICY("shop", NAME, SPEC)

/* Cluster policies. */
#define C(NAME, TIER, SUBJECT, RULES) \
    C_AT(NAME, TIER, "10", SUBJECT, RULES)
#define C_AT(NAME, TIER, PRIORITY, SUBJECT, RULES)                      \
    "---\n"                                                             \
    "apiVersion: policy.networking.k8s.io/v1alpha2\n"                   \
    "kind: ClusterNetworkPolicy\n"                                      \
    "metadata: {name: " NAME "}\n"                                      \
    "spec: {tier: " TIER ", priority: " PRIORITY                        \
    ", subject: {" SUBJECT "}, " RULES "}\n"
#define OLD(KIND, NAME, SPEC)                                           \
    "---\n"                                                             \
    "apiVersion: policy.networking.k8s.io/v1alpha1\n"                   \
    "kind: " KIND "\n"                                                  \
    "metadata: {name: " NAME "}\n"                                      \
    "spec: {" SPEC ", subject: {namespaces: {}}}\n"
#define ALL "namespaces: {}"
#define DB "pods: {namespaceSelector: {}, podSelector: {matchLabels: " \
           "{app: db}}}"
#define WEBS "pods: {namespaceSelector: {}, podSelector: {matchLabels: " \
             "{app: web}}}"
#define DENY "ingress: [{action: Deny, from: [{namespaces: {}}]}]"
#define TEAM_A "{namespaces: {matchLabels: {team: a}}}"
#define TEAM_B "{namespaces: {matchLabels: {team: b}}}"
/* A rule of ingress. */
#define FROM(PEERS, PORTS) "{action: Deny, from: [" PEERS "]" PORTS "}"
#define TCP(FIRST, LAST)                                                \
    ", protocols: [{tcp: {destinationPort: {range: {start: " FIRST      \
    ", end: " LAST "}}}}]"

/* Where 'rule' finds something in policy shop/p, or cluster policy p; NULL:
 * nowhere. */
struct row {
    const char *rule;
    const char *yaml;
    const char *path;
};

static const struct row rows[] = {
    { "selects-nobody", P("p", "podSelector: {matchLabels: {app: x}}"),
      "spec.podSelector" },
    { "selects-nobody", P("p", WEB), NULL },
    { "selects-nobody", P("p", "podSelector: {}"), NULL },
    { "selects-nobody", P("p", "podSelector: {matchLabels: {app: dns}}"),
      "spec.podSelector" },

    { "peer-selects-nobody",
      P("p", WEB ", ingress: [{from: [{podSelector: {}}, {podSelector: "
        "{matchLabels: {app: x}}}]}]"), "spec.ingress[0].from[1]" },
    { "peer-selects-nobody",
      P("p", WEB ", policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: "
        "192.0.2.0/24}}]}, {to: [{namespaceSelector: {matchLabels: {a: b}}}]"
        "}]"), "spec.egress[1].to[0]" },
    { "peer-selects-nobody",
      P("p", WEB ", ingress: [{from: [{namespaceSelector: {}, podSelector: "
        "{matchLabels: {app: dns}}}]}]"), NULL },

    { "dead-named-port", P("p", WEB ", ingress: [{ports: [{port: http}]}]"),
      NULL },
    { "dead-named-port", P("p", WEB ", ingress: [{ports: [{port: https}]}]"),
      "spec.ingress[0].ports[0]" },
    { "dead-named-port", P("p", WEB ", ingress: [{ports: [{port: http, "
                           "protocol: UDP}]}]"),
      "spec.ingress[0].ports[0]" },
    { "dead-named-port",
      P("p", WEB ", policyTypes: [Egress], egress: [{to: "
        "[{namespaceSelector: {}}], ports: [{port: dns, protocol: UDP}]}]"),
      NULL },
    { "dead-named-port",
      P("p", WEB ", policyTypes: [Egress], egress: [{to: [{podSelector: {}}]"
        ", ports: [{port: dns, protocol: UDP}]}]"),
      "spec.egress[0].ports[0]" },

    { "undeclared-port", P("p", WEB ", ingress: [{ports: [{port: 8080}]}]"),
      NULL },
    { "undeclared-port", P("p", WEB ", ingress: [{ports: [{port: 8000, "
                           "endPort: 9000}]}]"), NULL },
    { "undeclared-port", P("p", WEB ", ingress: [{ports: [{port: 8081}]}]"),
      "spec.ingress[0].ports[0]" },
    /* The database names no port. */
    { "undeclared-port", P("p", "podSelector: {}, ingress: [{ports: [{port: "
                           "5432}]}]"), NULL },

    { "block-contains-pods",
      P("p", WEB ", ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/16}}]}]"),
      "spec.ingress[0].from[0]" },
    { "block-contains-pods",
      P("p", WEB ", ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/16, "
        "except: [10.0.0.0/23]}}]}]"), NULL },
    { "block-contains-pods",
      P("p", WEB ", ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]"),
      NULL },

    { "egress-without-dns",
      P("p", WEB ", policyTypes: [Egress], egress: [{to: [{podSelector: {}}]"
        ", ports: [{port: 80}]}]"), "spec.egress" },
    { "egress-without-dns",
      P("p", WEB ", policyTypes: [Egress], egress: [{to: [{podSelector: {}}]"
        ", ports: [{port: 80}]}]")
      P("q", "podSelector: {}, policyTypes: [Egress], egress: [{ports: [{"
        "port: 53, protocol: UDP}]}]"), NULL },
    { "egress-without-dns",
      P("p", WEB ", policyTypes: [Egress], egress: [{to: [{podSelector: {}}]"
        "}]"), NULL },
    { "egress-without-dns", P("p", WEB ", policyTypes: [Egress]"), NULL },
    { "egress-without-dns",
      P("p", WEB ", policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: "
        "192.0.2.1/32}}], ports: [{port: 80}]}]"), NULL },

    { "selects-host-network", P("p", "podSelector: {}"), "spec.podSelector" },
    { "selects-host-network", P("p", WEB), NULL },

    { "empty-list", P("p", WEB ", ingress: [{from: []}]"),
      "spec.ingress[0].from" },
    { "empty-list", P("p", WEB ", policyTypes: [Egress], egress: [{to: "
                      "[{podSelector: {}}]}, {to: [{podSelector: {}}], "
                      "ports: []}]"), "spec.egress[1].ports" },
    { "empty-list", P("p", WEB ", ingress: []"), NULL },
    { "empty-list", P("p", WEB ", ingress: [{}]"), NULL },

    { "ignored-section", P("p", WEB ", policyTypes: [Egress], ingress: [{}]"),
      "spec.ingress" },
    { "ignored-section", P("p", WEB ", policyTypes: [Ingress], egress: [{}]"),
      "spec.egress" },
    { "ignored-section", P("p", WEB ", egress: [{}]"), NULL },
    { "ignored-section", P("p", WEB ", policyTypes: [Ingress], egress: []"),
      NULL },

    { "missing-selector", P("p", "ingress: []"), "spec.podSelector" },
    { "missing-selector", P("p", "podSelector: {}"), NULL },

    { "either-or",
      P("p", WEB ", ingress: [{from: [{namespaceSelector: {matchLabels: "
        "{team: a}}}, {podSelector: {matchLabels: {app: db}}}]}]"),
      "spec.ingress[0].from[0]" },
    { "either-or",
      P("p", WEB ", ingress: [{from: [{namespaceSelector: {matchLabels: "
        "{team: a}}, podSelector: {matchLabels: {app: db}}}]}]"), NULL },

    { "allows-everything", P("p", WEB ", ingress: [{}]"), "spec.ingress[0]" },
    { "allows-everything", P("p", WEB ", ingress: [{ports: [{port: 80}]}]"),
      NULL },

    { "duplicate", P("a", WEB ", ingress: [{ports: [{port: 80}]}]")
                   P("p", WEB ", ingress: [{ports: [{port: 80}]}]"), "" },
    { "duplicate", P("p", WEB ", ingress: [{ports: [{port: 80}]}]")
                   P("q", WEB ", ingress: [{ports: [{port: 80}]}]"), NULL },
    { "duplicate", P("a", WEB ", ingress: [{ports: [{port: 80}]}]")
                   P("p", WEB ", ingress: [{ports: [{port: 81}]}]"), NULL },
    { "duplicate", P("a", WEB) P("p", WEB ", policyTypes: [Egress]"), NULL },
    { "duplicate", SCENE_POLICY("ops", "a", WEB) P("p", WEB), NULL },

    { "shadowed", P("a", "podSelector: {}, ingress: [{}]")
                  P("p", WEB ", ingress: [{ports: [{port: 80}]}]"), "" },
    { "shadowed", P("a", "podSelector: {}, ingress: [{ports: [{port: 1, "
                    "endPort: 100}]}]")
                  P("p", WEB ", ingress: [{ports: [{port: 80}]}]"), "" },
    { "shadowed", P("a", WEB ", ingress: [{from: [{ipBlock: {cidr: "
                    "192.0.2.0/24, except: [192.0.2.128/25]}}]}]")
                  P("p", WEB ", ingress: [{from: [{ipBlock: {cidr: "
                    "192.0.2.0/26}}]}]"), "" },
    { "shadowed", P("a", WEB ", ingress: [{from: [{ipBlock: {cidr: "
                    "192.0.2.0/24, except: [192.0.2.128/25]}}]}]")
                  P("p", WEB ", ingress: [{from: [{ipBlock: {cidr: "
                    "192.0.2.128/26}}]}]"), NULL },
    { "shadowed", P("a", WEB ", ingress: [{from: [{namespaceSelector: {}}]}]")
                  P("p", WEB ", ingress: [{from: [{podSelector: {matchLabels: "
                    "{app: db}}}]}]"), "" },
    { "shadowed", P("a", WEB ", ingress: [{from: [{podSelector: {}}]}]")
                  P("p", WEB ", ingress: [{from: [{namespaceSelector: {}}]}]"),
      NULL },
    { "shadowed", P("a", "podSelector: {matchLabels: {app: web, x: y}}, "
                    "ingress: [{}]")
                  P("p", WEB ", ingress: [{ports: [{port: 80}]}]"), NULL },
    { "shadowed", P("a", "podSelector: {}, ingress: [{}]")
                  P("p", WEB ", policyTypes: [Ingress, Egress], ingress: "
                    "[{ports: [{port: 80}]}]"), NULL },
    /* Who denies, denies aloud. */
    { "shadowed", P("a", "podSelector: {}, ingress: [{}]") P("p", WEB),
      NULL },

    { "selects-nobody", C("p", "Admin", "namespaces: {matchLabels: {a: b}}",
                          DENY), "spec.subject" },
    { "selects-nobody", C("p", "Admin", WEBS, DENY), NULL },
    /* Its only pod is one of the host network. */
    { "selects-nobody", C("p", "Admin", "pods: {namespaceSelector: {}, "
                          "podSelector: {matchLabels: {app: agent}}}", DENY),
      "spec.subject" },

    { "dead-named-port",
      C("p", "Admin", WEBS, "ingress: [{action: Accept, from: [{namespaces: "
        "{}}], protocols: [{destinationNamedPort: http}, "
        "{destinationNamedPort: dns}]}]"), "spec.ingress[0].protocols[1]" },
    { "dead-named-port",
      C("p", "Admin", WEBS, "ingress: [{action: Accept, from: [{namespaces: "
        "{}}], protocols: [{destinationNamedPort: http}]}]"), NULL },
    { "dead-named-port",
      C("p", "Admin", WEBS, "egress: [{action: Accept, to: [{namespaces: "
        "{}}], protocols: [{destinationNamedPort: dns}]}]"), NULL },
    { "dead-named-port",
      C("p", "Admin", WEBS, "egress: [{action: Accept, to: [" TEAM_A "], "
        "protocols: [{destinationNamedPort: dns}]}]"),
      "spec.egress[0].protocols[0]" },
    /* Networks have no names. */
    { "dead-named-port",
      C("p", "Admin", WEBS, "egress: [{action: Accept, to: [{networks: "
        "[10.0.0.0/8]}], protocols: [{destinationNamedPort: dns}]}]"),
      "spec.egress[0].protocols[0]" },
    { "dead-named-port",
      OLD("AdminNetworkPolicy", "p", "priority: 1, ingress: [{action: Allow, "
          "from: [{namespaces: {}}], ports: [{namedPort: x}]}]"),
      "spec.ingress[0].ports[0]" },

    { "equal-priority", C("a", "Admin", ALL, DENY) C("p", "Admin", WEBS, DENY),
      "spec.priority" },
    /* The first is not reported. */
    { "equal-priority", C("p", "Admin", ALL, DENY) C("q", "Admin", WEBS, DENY),
      NULL },
    { "equal-priority", C("a", "Baseline", ALL, DENY)
                        C("p", "Admin", WEBS, DENY), NULL },
    { "equal-priority", C("a", "Admin", DB, DENY) C("p", "Admin", WEBS, DENY),
      NULL },
    /* Nobody is subject to both, by labels and not by being broader. */
    { "equal-priority", C("a", "Admin", "namespaces: {matchLabels: "
                          "{kubernetes.io/metadata.name: ops}}", DENY)
                        C("p", "Admin", WEBS, DENY), NULL },
    { "equal-priority", C("a", "Admin", "namespaces: {matchLabels: "
                          "{kubernetes.io/metadata.name: shop}}", DENY)
                        C("p", "Admin", WEBS, DENY), "spec.priority" },
    { "equal-priority", C("a", "Admin", ALL, "egress: [{action: Deny, to: "
                          "[{namespaces: {}}]}]")
                        C("p", "Admin", WEBS, DENY), NULL },
    { "equal-priority",
      OLD("AdminNetworkPolicy", "p", "priority: 10, " DENY)
      C("p", "Admin", ALL, DENY), "spec.priority" },

    { "unreached-rule",
      C("p", "Admin", ALL, "ingress: [{action: Pass, from: [{namespaces: {}}]"
        "}, {action: Deny, from: [" TEAM_A "], protocols: [{tcp: "
        "{destinationPort: {number: 80}}}]}]"), "spec.ingress[1]" },
    { "unreached-rule",
      C("p", "Admin", ALL, "egress: [{action: Deny, to: [{nodes: {}}, "
        "{networks: [10.0.0.0/8]}], protocols: [{udp: {destinationPort: "
        "{range: {start: 1, end: 99}}}}]}, {action: Accept, to: [{nodes: "
        "{matchLabels: {a: b}}}, {networks: [10.1.0.0/16]}], protocols: "
        "[{udp: {destinationPort: {number: 53}}}]}]"), "spec.egress[1]" },
    { "unreached-rule",
      C("p", "Admin", ALL, "ingress: [{action: Deny, from: [{namespaces: {}}]"
        ", protocols: [{tcp: {destinationPort: {number: 80}}}]}, {action: "
        "Accept, from: [{namespaces: {}}]}]"), NULL },
    { "unreached-rule",
      C("p", "Admin", ALL, "ingress: [{action: Deny, from: [" TEAM_A "]}, "
        "{action: Accept, from: [{namespaces: {}}]}]"), NULL },
    { "unreached-rule",
      C("p", "Admin", ALL, "egress: [{action: Deny, to: [{nodes: {}}]}, "
        "{action: Accept, to: [{namespaces: {}}]}, {action: Deny, to: "
        "[{networks: [0.0.0.0/0]}]}]"), NULL },
    /* Several rules together, but not more than they have. */
    { "unreached-rule",
      C("p", "Admin", ALL, "ingress: [" FROM(TEAM_A, TCP("1", "79")) ", "
        FROM(TEAM_A, TCP("80", "100")) ", " FROM(TEAM_A, TCP("50", "90"))
        "]"), "spec.ingress[2]" },
    { "unreached-rule",
      C("p", "Admin", ALL, "ingress: [" FROM(TEAM_A, TCP("1", "79")) ", "
        FROM(TEAM_A, TCP("81", "100")) ", " FROM(TEAM_A, TCP("50", "90"))
        "]"), NULL },
    { "unreached-rule",
      C("p", "Admin", ALL, "ingress: [" FROM(TEAM_A, TCP("1", "79")) ", "
        FROM(TEAM_B, TCP("80", "100")) ", " FROM(TEAM_A, TCP("50", "90"))
        "]"), NULL },
    { "unreached-rule",
      C("p", "Admin", ALL, "ingress: [" FROM(TEAM_A, "") ", "
        FROM(TEAM_B, TCP("1", "65535")) ", "
        FROM(TEAM_A ", " TEAM_B, TCP("80", "80")) "]"), "spec.ingress[2]" },
    { "unreached-rule",
      C("p", "Admin", ALL, "ingress: [" FROM(TEAM_A, "") ", "
        FROM(TEAM_B, TCP("1", "65535")) ", " FROM(TEAM_A ", " TEAM_B, "")
        "]"), NULL },
    { "unreached-rule",
      C("p", "Admin", ALL, "ingress: [" FROM(TEAM_A, TCP("1", "65535")) ", "
        FROM(TEAM_A, ", protocols: [{udp: {destinationPort: {range: {start: "
             "1, end: 65535}}}}]") ", " FROM(TEAM_A, "") "]"), NULL },
    /* Of other policies: those that are asked before for sure, about at least
     * these pods. */
    { "unreached-rule",
      C_AT("a", "Admin", "9", ALL, DENY) C("p", "Admin", WEBS, DENY),
      "spec.ingress[0]" },
    { "unreached-rule",
      C_AT("a", "Admin", "9", ALL, "ingress: [" FROM(TEAM_A, "") "]")
      C("p", "Admin", WEBS, "ingress: [" FROM(TEAM_B, "") ", "
        FROM(TEAM_A ", " TEAM_B, "") "]"), "spec.ingress[1]" },
    { "unreached-rule",
      C_AT("a", "Admin", "9", DB, DENY) C("p", "Admin", WEBS, DENY), NULL },
    { "unreached-rule",
      C("a", "Admin", ALL, DENY) C("p", "Admin", WEBS, DENY), NULL },
    { "unreached-rule",
      C_AT("a", "Admin", "11", ALL, DENY) C("p", "Admin", WEBS, DENY), NULL },
    { "unreached-rule",
      C_AT("a", "Admin", "9", ALL, DENY) C("p", "Baseline", WEBS, DENY),
      NULL },
    /* Of the other direction. */
    { "unreached-rule",
      C("p", "Admin", ALL, DENY ", egress: [{action: Accept, to: "
        "[{namespaces: {}}]}]"), NULL },

    { "deprecated-kind", OLD("AdminNetworkPolicy", "p", "priority: 10, "
                             DENY), "apiVersion" },
    { "deprecated-kind", OLD("BaselineAdminNetworkPolicy", "default", DENY)
                         C("p", "Baseline", ALL, DENY), NULL },
};

/* Looks at 'yaml', with pods or without. */
static void
check(struct scene *scene, struct lint *lint, const char *yaml,
      bool with_pods)
{
    scene_init(scene, NULL);
    if (with_pods) {
        scene_put(scene, pods);
    }
    scene_put(scene, yaml);
    lint_init(lint, scene->model);
    lint_check_model(lint);
    lint_check_text(lint, "x.yaml", yaml, strlen(yaml));
    lint_sort(lint);
}

static void
test_rules(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const char *path = NULL;
        struct scene scene;
        struct lint lint;

        check(&scene, &lint, rows[i].yaml, true);
        for (size_t j = 0; j < lint.n_findings; j++) {
            const struct lint_finding *f = &lint.findings[j];

            if (!strcmp(f->rule->name, rows[i].rule)
                && (k8s_kind_is_cluster_policy(f->kind) ? !f->ns[0]
                    : !strcmp(f->ns, "shop")) && !strcmp(f->name, "p")) {
                assert_true(f->message[0]);
                path = f->path;
            }
        }
        if (!path != !rows[i].path || (path && strcmp(path, rows[i].path))) {
            fail_msg("row %"PRIuSIZE" (%s): %s, want %s", i, rows[i].rule,
                     path ? path : "nothing",
                     rows[i].path ? rows[i].path : "nothing");
        }
        lint_uninit(&lint);
        scene_uninit(&scene);
    }
}

/* Each rule has rows that find something and rows that do not. */
static void
test_rows_cover_rules(void **state)
{
    size_t n;
    const struct lint_rule *rules = lint_rules(&n);

    for (size_t i = 0; i < n; i++) {
        bool finds = false, spares = false;

        if (i < LINT_N_PROBLEMS) {
            /* Of the parser: test_problems(). */
            assert_true(!rules[i].check && !rules[i].check_cluster
                        && !rules[i].check_document);
            continue;
        }
        assert_int_equal(!!rules[i].check_document,
                         !rules[i].check && !rules[i].check_cluster);
        for (size_t j = 0; j < ARRAY_SIZE(rows); j++) {
            if (!strcmp(rows[j].rule, rules[i].name)) {
                finds |= rows[j].path != NULL;
                spares |= rows[j].path == NULL;
            }
        }
        if (!finds || !spares) {
            fail_msg("%s", rules[i].name);
        }
    }
}

static void
expect_finding(const struct lint *lint, size_t i, const char *rule,
               enum k8s_kind kind, const char *ns, const char *name,
               const char *path, const char *message)
{
    const struct lint_finding *f = &lint->findings[i];

    assert_string_equal(f->rule->name, rule);
    assert_int_equal(f->kind, kind);
    assert_string_equal(f->ns, ns);
    assert_string_equal(f->name, name);
    assert_string_equal(f->path, path);
    assert_string_equal(f->message, message);
}

/* What the parser says; and nothing else about what is refused. */
static void
test_problems(void **state)
{
    struct scene s;
    struct lint lint;

    scene_init(&s, NULL);
    scene_put(&s, P("p", "podSelector: {}, ingress: [{}]"));
    scene_put(&s, P("q", "podSelector: {}, ingress: [{}]"));
    lint_init(&lint, s.model);
    lint_check_model(&lint);
    lint_add_problem(&lint, LINT_REFUSED, "f:1:2", "NetworkPolicy shop/p",
                     "spec.x: is bad");
    lint_add_problem(&lint, LINT_IGNORED, "f:1:2", "NetworkPolicy shop/p",
                     "spec.x: is bad");
    lint_add_problem(&lint, LINT_IGNORED, "f:1:2", "NetworkPolicy shop/p",
                     "spec.y: does nothing");
    lint_add_problem(&lint, LINT_REFUSED, "f", NULL, "not this: is YAML");
    lint_add_problem(&lint, LINT_TWICE, "f", "Node n", "is in g too");
    lint_add_problem(&lint, LINT_IGNORED, "f", "AdminNetworkPolicy a",
                     "apiVersion: is deprecated");
    lint_drop_needless(&lint);
    lint_sort(&lint);

    assert_int_equal(lint.n_findings, 6);
    expect_finding(&lint, 0, "refused", K8S_N_KINDS, "", "", "",
                   "not this: is YAML");
    expect_finding(&lint, 1, "refused", K8S_POLICY, "shop", "p", "spec.x",
                   "is bad");
    assert_string_equal(lint.findings[1].place, "f:1:2");
    expect_finding(&lint, 2, "defined-twice", K8S_NODE, "", "n", "",
                   "is in g too");
    expect_finding(&lint, 3, "ignored-field", K8S_POLICY, "shop", "p",
                   "spec.y", "does nothing");
    /* Of q: it allows everything, and is the same as p. */
    for (size_t i = 4; i < lint.n_findings; i++) {
        assert_string_equal(lint.findings[i].name, "q");
    }
    lint_uninit(&lint);
    scene_uninit(&s);
}

/* Without pods, rules about pods say nothing. */
static void
test_without_pods(void **state)
{
    struct scene scene;
    struct lint lint;

    check(&scene, &lint,
          P("p", WEB ", ingress: [{from: [{podSelector: {}}], ports: "
            "[{port: http}]}]")
          C("p", "Admin", WEBS, "ingress: [{action: Accept, from: ["
            "{namespaces: {}}], protocols: [{destinationNamedPort: x}]}]"),
          false);
    assert_int_equal(lint.n_findings, 0);
    lint_uninit(&lint);
    scene_uninit(&scene);
}

/* The same in a list, and in JSON. */
static void
test_documents(void **state)
{
    static const char json[] =
        "{\"kind\": \"NetworkPolicyList\", "
        "\"apiVersion\": \"networking.k8s.io/v1\", \"items\": [{"
        "\"metadata\": {\"name\": \"p\"}, \"spec\": {}}]}";
    const char *const names[] = { "x.json", "x.yaml" };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct scene scene;
        struct lint lint;

        scene_init(&scene, NULL);
        lint_init(&lint, scene.model);
        lint_check_text(&lint, names[i], json, strlen(json));
        assert_int_equal(lint.n_findings, 1);
        assert_string_equal(lint.findings[0].ns, "default");
        assert_string_equal(lint.findings[0].rule->name, "missing-selector");
        lint_check_text(&lint, names[i], "}", 1);
        assert_int_equal(lint.n_findings, 1);
        lint_uninit(&lint);
        scene_uninit(&scene);
    }
}

/* docs/lint.md has a section for each rule, with its severity. */
static void
test_documentation(void **state)
{
    const char *srcdir = getenv("srcdir");
    char *name = xasprintf("%s/docs/lint.md", srcdir ? srcdir : ".");
    FILE *stream = fopen(name, "r");
    struct ds text = DS_EMPTY_INITIALIZER;
    size_t n;
    const struct lint_rule *rules = lint_rules(&n);

    assert_non_null(stream);
    while (!ds_get_line(&text, stream)) {
        if (n && !strncmp(ds_cstr(&text), "## ", 3)) {
            char *want = xasprintf("## %s (%s)", rules->name,
                                   lint_severity_name(rules->severity));
            assert_string_equal(ds_cstr(&text), want);
            free(want);
            rules++;
            n--;
        }
    }
    assert_int_equal(n, 0);
    fclose(stream);
    ds_destroy(&text);
    free(name);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_rows_cover_rules),
        cmocka_unit_test(test_problems),
        cmocka_unit_test(test_without_pods),
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_documentation),
    };

    return cmocka_run_group_tests_name("client_lint", tests, NULL, NULL);
}
