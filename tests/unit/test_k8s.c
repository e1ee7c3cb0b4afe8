/* SPDX-License-Identifier: Apache-2.0 */

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

/* What k8s_parse() made of a document. */
struct parsed {
    struct doc **docs;
    size_t n_docs;
    struct k8s_object *object;
    struct k8s_report report;
    char *key;
};

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

static void
parse_limited(struct label_pool *pool, const char *yaml,
              const struct k8s_limits *limits, struct parsed *r)
{
    enum k8s_kind kind;
    char *error = doc_parse_yaml(yaml, strlen(yaml), NULL, &r->docs,
                                 &r->n_docs);

    if (error) {
        fail_msg("%s\n%s", error, yaml);
    }
    assert_int_equal(r->n_docs, 1);
    assert_true(k8s_identify(doc_root(r->docs[0]), NULL, &kind));
    r->object = k8s_parse(kind, doc_root(r->docs[0]), pool, limits,
                          &r->report, &r->key);
}

static void
parse(struct label_pool *pool, const char *yaml, struct parsed *r)
{
    parse_limited(pool, yaml, NULL, r);
}

static void
uninit(struct parsed *r)
{
    for (size_t i = 0; i < r->n_docs; i++) {
        doc_destroy(r->docs[i]);
    }
    free(r->docs);
    k8s_object_destroy(r->object);
    k8s_report_uninit(&r->report);
    free(r->key);
}

static void
format_rule(const struct k8s_rule *rule, const char *ns, struct ds *s)
{
    ds_put_cstr(s, rule->any_peer ? "any" : rule->n_peers ? "" : "none");
    for (size_t i = 0; i < rule->n_peers; i++) {
        ds_put_cstr(s, i ? " | " : "");
        k8s_format_peer(&rule->peers[i], ns, s);
    }
    ds_put_cstr(s, ": ");
    ds_put_cstr(s, rule->any_port ? "any" : rule->n_ports ? "" : "none");
    for (size_t i = 0; i < rule->n_ports; i++) {
        ds_put_cstr(s, i ? " " : "");
        k8s_format_port(&rule->ports[i], s);
    }
}

/* "[SELECTOR] ingress(PEERS: PORTS; PEERS: PORTS) egress()". */
static void
format_policy(const struct k8s_policy *policy, struct ds *s)
{
    static const enum k8s_direction order[] = {K8S_INGRESS, K8S_EGRESS};

    ds_put_format(s, "[%s]", selector_text(policy->pods));
    for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
        enum k8s_direction d = order[i];

        if (!policy->isolates[d]) {
            assert_int_equal(policy->n_rules[d], 0);
            continue;
        }
        ds_put_format(s, " %s(", k8s_direction_name(d));
        for (size_t j = 0; j < policy->n_rules[d]; j++) {
            ds_put_cstr(s, j ? "; " : "");
            format_rule(&policy->rules[d][j], policy->up.ns, s);
        }
        ds_put_char(s, ')');
    }
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

/* Checks what the spec of a policy "p" in namespace "prod" becomes; 'want'
 * NULL means no policy at all. */
static void
check_policy_limited(struct label_pool *pool, const char *spec,
                     const struct k8s_limits *limits, const char *want,
                     const char *error, const char *warning)
{
    char *yaml = xasprintf("apiVersion: networking.k8s.io/v1\n"
                           "kind: NetworkPolicy\n"
                           "metadata: {name: p, namespace: prod}\n"
                           "%s\n", spec);
    struct ds s = DS_EMPTY_INITIALIZER;
    struct parsed r;

    parse_limited(pool, yaml, limits, &r);
    check_string("error", spec, r.report.error, error);
    check_string("warning", spec,
                 (r.report.n_warnings
                  ? r.report.warnings[0].text : NULL), warning);
    if (r.object) {
        format_policy(k8s_policy_cast(r.object), &s);
    }
    check_string("policy", spec, r.object ? ds_cstr(&s) : NULL, want);
    assert_string_equal(r.key, "NetworkPolicy prod/p");
    if (error) {
        size_t n = strlen(r.report.error_path);

        assert_memory_equal(error, r.report.error_path, n);
        assert_memory_equal(error + n, ": ", 2);
    }
    ds_destroy(&s);
    uninit(&r);
    free(yaml);
}

static void
check_policy(struct label_pool *pool, const char *spec, const char *want)
{
    check_policy_limited(pool, spec, NULL, want, NULL, NULL);
}

static void
test_s1_pod_selector_missing(void **state)
{
    check_policy(*state, "", "[] ingress()");
    check_policy(*state, "spec:", "[] ingress()");
    check_policy(*state, "spec: {}", "[] ingress()");
    check_policy(*state, "spec: {podSelector: null}", "[] ingress()");
    check_policy(*state, "spec: {podSelector: {}}", "[] ingress()");
    check_policy(*state, "spec: {podSelector: {matchLabels: null,"
                 " matchExpressions: []}}", "[] ingress()");
    check_policy(*state, "spec: {podSelector: {matchLabels: {a: b}}}",
                 "[a=b] ingress()");
}

static void
test_s2_policy_types_default(void **state)
{
    static const char *const cases[][2] = {
        {"spec: {ingress: [{}]}", "[] ingress(any: any)"},
        {"spec: {egress: [{}]}", "[] ingress() egress(any: any)"},
        {"spec: {egress: []}", "[] ingress()"},
        {"spec: {egress: null, policyTypes: null}", "[] ingress()"},
        {"spec: {egress: [{}], policyTypes: []}",
         "[] ingress() egress(any: any)"},
        {"spec: {policyTypes: [Egress]}", "[] egress()"},
        {"spec: {policyTypes: [Egress, Ingress]}", "[] ingress() egress()"},
        /* S42: duplicates. */
        {"spec: {policyTypes: [Ingress, Ingress]}", "[] ingress()"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_policy(*state, cases[i][0], cases[i][1]);
    }
}

static void
test_s3_section_of_other_type(void **state)
{
    check_policy(*state, "spec: {policyTypes: [Egress], ingress: [{}]}",
                 "[] egress()");
    check_policy(*state, "spec: {policyTypes: [Ingress], egress: [{}]}",
                 "[] ingress()");
}

static void
test_s4_s5_rules(void **state)
{
    static const char *const cases[][2] = {
        {"spec: {policyTypes: [Ingress], ingress: null}", "[] ingress()"},
        {"spec: {policyTypes: [Ingress], ingress: []}", "[] ingress()"},
        {"spec: {ingress: [{}]}", "[] ingress(any: any)"},
        {"spec: {ingress: [{}, {}]}", "[] ingress(any: any; any: any)"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_policy(*state, cases[i][0], cases[i][1]);
    }
}

static void
test_s6_s13_null_is_missing(void **state)
{
    static const char *const cases[][2] = {
        {"spec: {ingress: [{from: null, ports: null}]}",
         "[] ingress(any: any)"},
        {"spec: {ingress: [{from: [], ports: []}]}", "[] ingress(any: any)"},
        {"spec: {egress: [{to: [], ports: null}]}",
         "[] ingress() egress(any: any)"},
        {"spec: {ingress: [{from: [{podSelector: {}, ipBlock: null}]}]}",
         "[] ingress(all pods in namespace prod: any)"},
        {"spec: {ingress: [{ports: [{port: null, protocol: null,"
         " endPort: null}]}]}", "[] ingress(any: TCP)"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_policy(*state, cases[i][0], cases[i][1]);
    }
}

static void
test_s8_s9_s10_peers(void **state)
{
    static const char *const cases[][2] = {
        {"[{podSelector: {}}]", "all pods in namespace prod"},
        {"[{podSelector: {matchLabels: {app: web}}}]",
         "pods app=web in namespace prod"},
        {"[{namespaceSelector: {}}]", "all pods in all namespaces"},
        {"[{namespaceSelector: {matchLabels: {team: a}}}]",
         "all pods in namespaces team=a"},
        {"[{namespaceSelector: {matchLabels: {team: a}},"
         " podSelector: {matchLabels: {app: web}}}]",
         "pods app=web in namespaces team=a"},
        {"[{namespaceSelector: {matchLabels: {team: a}}},"
         " {podSelector: {matchLabels: {app: web}}}]",
         "all pods in namespaces team=a | pods app=web in namespace prod"},
        {"[{podSelector: {matchLabels: {b: x, a: ''},"
         " matchExpressions: [{key: t, operator: NotIn, values: [d, c]},"
         " {key: e, operator: Exists},"
         " {key: n, operator: DoesNotExist, values: []},"
         " {key: i, operator: In, values: [z]}]}}]",
         "pods a=,b=x,e,i=z,!n,t notin (c,d) in namespace prod"},
        {"[{ipBlock: {cidr: 10.0.0.0/8}}]", "10.0.0.0/8"},
        {"[{ipBlock: {cidr: '::/0', except: null}}]", "::/0"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *spec = xasprintf("spec: {ingress: [{from: %s}]}", cases[i][0]);
        char *want = xasprintf("[] ingress(%s: any)", cases[i][1]);

        check_policy(*state, spec, want);
        free(spec);
        free(want);
    }
}

static void
test_s21_s22_ip_block(void **state)
{
    static const char *const cases[][2] = {
        {"{cidr: 10.1.2.3/8}", "10.0.0.0/8"},
        {"{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}",
         "10.0.0.0/8 except 10.1.0.0/16"},
        {"{cidr: 10.0.0.0/8, except: [10.2.9.9/16, 10.1.0.0/16,"
         " 10.2.0.0/16]}", "10.0.0.0/8 except 10.1.0.0/16, 10.2.0.0/16"},
        {"{cidr: 'fd00::/8', except: ['fd01::/16']}",
         "fd00::/8 except fd01::/16"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *spec = xasprintf("spec: {egress: [{to: [{ipBlock: %s}]}],"
                               " policyTypes: [Egress]}", cases[i][0]);
        char *want = xasprintf("[] egress(%s: any)", cases[i][1]);

        check_policy(*state, spec, want);
        free(spec);
        free(want);
    }
}

static void
test_s14_to_s17_ports(void **state)
{
    static const char *const cases[][2] = {
        {"[{}]", "TCP"},                                /* S14, S15 */
        {"[{protocol: UDP}]", "UDP"},
        {"[{port: 80}]", "TCP/80"},
        {"[{port: 65535, protocol: SCTP}]", "SCTP/65535"},
        {"[{port: 80, endPort: 90}]", "TCP/80-90"},     /* S16 */
        {"[{port: 80, endPort: 80}]", "TCP/80"},
        {"[{port: 1, endPort: 65535}]", "TCP/1-65535"},
        {"[{port: http}]", "TCP/http"},                 /* S17 */
        {"[{port: a-1, protocol: UDP}, {port: 53, protocol: UDP}]",
         "UDP/a-1 UDP/53"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *spec = xasprintf("spec: {ingress: [{ports: %s}]}", cases[i][0]);
        char *want = xasprintf("[] ingress(any: %s)", cases[i][1]);

        check_policy(*state, spec, want);
        free(spec);
        free(want);
    }
}

/* A rule with an error matches nothing and the policy isolates; an error in
 * what isolates leaves nothing. */
/* A policy with a mistake, what is left of it (NULL: nothing), and what is
 * said. */
struct mistake {
    const char *spec, *want, *error;
};

static void
check_mistakes(void **state, const struct mistake cases[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        check_policy_limited(*state, cases[i].spec, NULL, cases[i].want,
                             cases[i].error, NULL);
    }
}

#define IN(PEER) "spec: {ingress: [{from: [" PEER "]}, {}]}", \
                 "[] ingress(none: none; any: any)"
#define IN_PATH "spec.ingress[0].from[0]"

static void
test_peer_errors(void **state)
{
    static const struct mistake cases[] = {
        {IN("{ipBlock: {cidr: 10.0.0.0/33}}"),
         IN_PATH ".ipBlock.cidr: \"10.0.0.0/33\" is not a CIDR"},
        {IN("{ipBlock: {cidr: 10.0.0.1}}"),
         IN_PATH ".ipBlock.cidr: \"10.0.0.1\" is not a CIDR"},
        {IN("{ipBlock: {cidr: 10}}"),
         IN_PATH ".ipBlock.cidr: expected a string, found integer 10"},
        {IN("{ipBlock: {}}"), IN_PATH ".ipBlock.cidr: missing"},
        {IN("{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}"),
         IN_PATH ".ipBlock.except[0]: \"11.0.0.0/16\" is not strictly within "
         "10.0.0.0/8"},
        {IN("{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.0.0.0/8]}"
            "}"),
         IN_PATH ".ipBlock.except[1]: \"10.0.0.0/8\" is not strictly within "
         "10.0.0.0/8"},
        {IN("{ipBlock: {cidr: 10.0.0.0/8, except: ['fd00::/16']}}"),
         IN_PATH ".ipBlock.except[0]: \"fd00::/16\" is not strictly within "
         "10.0.0.0/8"},
        {IN("{ipBlock: {cidr: 10.0.0.0/8, except: 10.0.0.0/16}}"),
         IN_PATH ".ipBlock.except: expected a list, found string "
         "\"10.0.0.0/16\""},
        {IN("{ipBlock: {cidr: 10.0.0.0/8, except: [null]}}"),
         IN_PATH ".ipBlock.except[0]: expected a string, found null"},
        {IN("{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}"),
         IN_PATH ": ipBlock may not stand together with podSelector or "
         "namespaceSelector"},
        {IN("{}"),
         IN_PATH ": needs ipBlock, podSelector or namespaceSelector"},
        {IN("{podSelector: null}"),
         IN_PATH ": needs ipBlock, podSelector or namespaceSelector"},
        {IN("null"), IN_PATH ": expected a map, found null"},
    };

    check_mistakes(state, cases, ARRAY_SIZE(cases));
}

static void
test_selector_errors(void **state)
{
    static const struct mistake cases[] = {
        {IN("{podSelector: []}"),
         IN_PATH ".podSelector: expected a map, found a list"},
        {IN("{podSelector: {matchLabels: {a: 1}}}"),
         IN_PATH ".podSelector.matchLabels.a: expected a string, found "
         "integer 1"},
        {IN("{podSelector: {matchLabels: {x/y/z: b}}}"),
         IN_PATH ".podSelector.matchLabels: \"x/y/z\" is not a label key"},
        {IN("{podSelector: {matchLabels: {x.io/y: 'b c'}}}"),
         IN_PATH ".podSelector.matchLabels[x.io/y]: \"b c\" is not a label "
         "value"},
    };

    check_mistakes(state, cases, ARRAY_SIZE(cases));
}

#define EXPR(E) IN("{podSelector: {matchExpressions: [" E "]}}")
#define EXPR_PATH IN_PATH ".podSelector.matchExpressions[0]"

static void
test_expression_errors(void **state)
{
    static const struct mistake cases[] = {
        {EXPR("{key: a, operator: in, values: [b]}"),
         EXPR_PATH ".operator: \"in\" is not In, NotIn, Exists or "
         "DoesNotExist"},
        {EXPR("{key: a}"), EXPR_PATH ".operator: missing"},
        {EXPR("{operator: Exists}"), EXPR_PATH ".key: missing"},
        {EXPR("{key: '', operator: Exists}"),
         EXPR_PATH ".key: \"\" is not a label key"},
        {EXPR("{key: a, operator: In}"),
         EXPR_PATH ".values: operators In and NotIn need at least one value"},
        {EXPR("{key: a, operator: NotIn, values: []}"),
         EXPR_PATH ".values: operators In and NotIn need at least one value"},
        {EXPR("{key: a, operator: Exists, values: [b]}"),
         EXPR_PATH ".values: operators Exists and DoesNotExist take no "
         "values"},
        {EXPR("{key: a, operator: In, values: [-b]}"),
         EXPR_PATH ".values[0]: \"-b\" is not a label value"},
        {EXPR("{key: a, operator: In, values: [b, true]}"),
         EXPR_PATH ".values[1]: expected a string, found bool true"},
    };

    check_mistakes(state, cases, ARRAY_SIZE(cases));
}

#define PORT(P) "spec: {egress: [{ports: [{port: 1}, " P "]}, " \
                "{ports: [{port: 2}]}]}", \
                "[] ingress() egress(none: none; any: TCP/2)"
#define PORT_PATH "spec.egress[0].ports[1]"

static void
test_port_errors(void **state)
{
    static const struct mistake cases[] = {
        {PORT("{port: 0}"), PORT_PATH ".port: 0 is not between 1 and 65535"},
        {PORT("{port: 65536}"),
         PORT_PATH ".port: 65536 is not between 1 and 65535"},
        {PORT("{port: -1}"),
         PORT_PATH ".port: -1 is not between 1 and 65535"},
        {PORT("{port: '80'}"),
         PORT_PATH ".port: \"80\" is a string: a number needs no quotes"},
        {PORT("{port: 012}"),
         PORT_PATH ".port: \"012\" is neither a number from 1 to 65535 nor a "
         "valid port name"},
        {PORT("{port: HTTP}"),
         PORT_PATH ".port: \"HTTP\" is neither a number from 1 to 65535 nor "
         "a valid port name"},
        {PORT("{port: 80.5}"),
         PORT_PATH ".port: expected an integer, found real 80.5"},
        {PORT("{port: [80]}"),
         PORT_PATH ".port: expected an integer, found a list"},
        {PORT("{port: 99999999999999999999}"),
         PORT_PATH ".port: expected an integer, found real "
         "99999999999999999999"},
        {PORT("{port: 80, endPort: 79}"),
         PORT_PATH ".endPort: 79 is less than port, which is 80"},
        {PORT("{port: 80, endPort: 70000}"),
         PORT_PATH ".endPort: 70000 is not between 1 and 65535"},
        {PORT("{port: 80, endPort: '90'}"),
         PORT_PATH ".endPort: expected an integer, found string \"90\""},
        {PORT("{port: http, endPort: 90}"),
         PORT_PATH ".endPort: needs a numeric port"},
        {PORT("{endPort: 90}"), PORT_PATH ".endPort: needs a numeric port"},
        {PORT("{port: 80, protocol: tcp}"),
         PORT_PATH ".protocol: \"tcp\" is not TCP, UDP or SCTP"},
        {PORT("{port: 80, protocol: 6}"),
         PORT_PATH ".protocol: expected a string, found integer 6"},
        {PORT("80"), PORT_PATH ": expected a map, found integer 80"},
    };

    check_mistakes(state, cases, ARRAY_SIZE(cases));
}

static void
test_rule_errors(void **state)
{
    static const struct mistake cases[] = {
        {"spec: {ingress: [null, {}]}", "[] ingress(none: none; any: any)",
         "spec.ingress[0]: expected a map, found null"},
        {"spec: {ingress: {}}", "[] ingress()",
         "spec.ingress: expected a list, found a map"},
        {"spec: {ingress: [{from: {}}]}", "[] ingress(none: none)",
         "spec.ingress[0].from: expected a list, found a map"},
        {"spec: {ingress: [{ports: all}]}", "[] ingress(none: none)",
         "spec.ingress[0].ports: expected a list, found string \"all\""},
        /* S2: we cannot tell, so both. */
        {"spec: {egress: all}", "[] ingress() egress()",
         "spec.egress: expected a list, found string \"all\""},
        /* Here as well. */
        {"spec: {policyTypes: [ingress], ingress: [{}]}",
         "[] ingress(any: any) egress()",
         "spec.policyTypes[0]: \"ingress\" is not Ingress or Egress"},
        {"spec: {policyTypes: [Egress, 1]}", "[] ingress() egress()",
         "spec.policyTypes[1]: expected a string, found integer 1"},
        {"spec: {policyTypes: Ingress}", "[] ingress() egress()",
         "spec.policyTypes: expected a list, found string \"Ingress\""},
        /* The first error is told. */
        {"spec: {ingress: [{from: [{}]}, {}, {from: 1}]}",
         "[] ingress(none: none; any: any; none: none)",
         "spec.ingress[0].from[0]: needs ipBlock, podSelector or "
         "namespaceSelector"},
        /* S3: ignored, but it must be valid. */
        {"spec: {policyTypes: [Ingress], egress: [1]}", "[] ingress()",
         "spec.egress[0]: expected a map, found integer 1"},
    };

    check_mistakes(state, cases, ARRAY_SIZE(cases));
}

static void
test_spec_errors(void **state)
{
    static const struct mistake cases[] = {
        {"spec: []", NULL, "spec: expected a map, found a list"},
        {"spec: {podSelector: {matchLabels: [a]}}", NULL,
         "spec.podSelector.matchLabels: expected a map, found a list"},
        {"spec: {podSelector: {matchExpressions: [{key: a, operator: X}]}}",
         NULL, "spec.podSelector.matchExpressions[0].operator: \"X\" is not "
         "In, NotIn, Exists or DoesNotExist"},
    };

    check_mistakes(state, cases, ARRAY_SIZE(cases));
}

/* Unknown fields are warned about; where they could narrow what is granted,
 * nothing is. */
static void
test_s42_unknown_fields(void **state)
{
    static const struct {
        const char *spec, *want, *warning;
    } cases[] = {
        {"spec: {foo: 1, ingress: [{}]}", "[] ingress(any: any)",
         "spec: unknown field \"foo\", it is ignored"},
        {"spec: {podSelector: {matchLabel: {a: b}}}", "[] ingress()",
         "spec.podSelector: unknown field \"matchLabel\", it is ignored"},
        {"spec: {ingress: [{from: [{services: {}}]}]}",
         "[] ingress(none: any)", "spec.ingress[0].from[0]: unknown field "
         "\"services\", this peer matches nothing"},
        {"spec: {ingress: [{from: [{podSelector: {}, x: 1},"
         " {ipBlock: {cidr: 10.0.0.0/8}}]}]}", "[] ingress(10.0.0.0/8: any)",
         "spec.ingress[0].from[0]: unknown field \"x\", this peer matches "
         "nothing"},
        {"spec: {ingress: [{from: [{podSelector: {matchLabel: {a: b}}}]}]}",
         "[] ingress(none: any)", "spec.ingress[0].from[0].podSelector: "
         "unknown field \"matchLabel\", this peer matches nothing"},
        {"spec: {ingress: [{from: [{podSelector: {matchExpressions:"
         " [{key: a, operator: Exists, not: true}]}}]}]}",
         "[] ingress(none: any)",
         "spec.ingress[0].from[0].podSelector.matchExpressions[0]: "
         "unknown field \"not\", this peer matches nothing"},
        {"spec: {ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8,"
         " excepts: [10.0.0.0/16]}}]}]}", "[] ingress(none: any)",
         "spec.ingress[0].from[0].ipBlock: unknown field \"excepts\", this "
         "peer matches nothing"},
        {"spec: {ingress: [{form: []}]}", "[] ingress(none: any)",
         "spec.ingress[0]: unknown field \"form\", this rule matches "
         "nothing"},
        {"spec: {ingress: [{to: []}]}", "[] ingress(none: any)",
         "spec.ingress[0]: unknown field \"to\", this rule matches nothing"},
        {"spec: {ingress: [{ports: [{port: 80}, {ports: 90}]}]}",
         "[] ingress(any: TCP/80)", "spec.ingress[0].ports[1]: unknown field "
         "\"ports\", this port matches nothing"},
        {"spec: {ingress: [{ports: [{name: http}]}]}",
         "[] ingress(any: none)", "spec.ingress[0].ports[0]: unknown field "
         "\"name\", this port matches nothing"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_policy_limited(*state, cases[i].spec, NULL, cases[i].want, NULL,
                             cases[i].warning);
    }
}

static void
test_warnings_are_bounded(void **state)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct parsed r;

    ds_put_cstr(&s, "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, "
                "metadata: {name: p}, spec: {");
    for (int i = 0; i < 1000; i++) {
        ds_put_format(&s, "x%d: 1, ", i);
    }
    ds_put_cstr(&s, "}}");
    parse(*state, ds_cstr(&s), &r);
    assert_non_null(r.object);
    assert_int_equal(r.report.n_warnings, 20);
    uninit(&r);
    ds_destroy(&s);
}

/* All errors are there, and what closes something stands before what does
 * not. */
static void
test_findings(void **state)
{
    static const char *const errors[] = {
        "spec.policyTypes[0]: \"Ingres\" is not Ingress or Egress",
        "spec.ingress[0].from[0]: needs ipBlock, podSelector or "
        "namespaceSelector",
        "spec.ingress[0].from[2].ipBlock.cidr: \"x\" is not a CIDR",
        "spec.ingress[0].ports[0].protocol: \"tcp\" is not TCP, UDP or SCTP",
        "spec.ingress[1].ports[1].port: 0 is not between 1 and 65535",
    };
    static const struct {
        const char *text, *path;
    } warnings[] = {
        { "spec.ingress[1].from[0].podSelector: unknown field "
          "\"matchLabel\", this peer matches nothing",
          "spec.ingress[1].from[0].podSelector.matchLabel" },
        { "spec.ingress[1]: unknown field \"when\", this rule matches nothing",
          "spec.ingress[1].when" },
        { "spec: unknown field \"ingres\", it is ignored", "spec.ingres" },
    };
    struct parsed r;

    parse(*state, "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, "
          "metadata: {name: p}, spec: {policyTypes: [Ingres], ingres: [], "
          "ingress: [{from: [{}, {podSelector: {}}, {ipBlock: {cidr: x}}], "
          "ports: [{protocol: tcp}]}, "
          "{from: [{podSelector: {matchLabel: {}}}], when: now, "
          "ports: [{port: 80}, {port: 0}]}]}}", &r);
    assert_non_null(r.object);
    assert_int_equal(r.report.n_errors, ARRAY_SIZE(errors));
    for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
        assert_string_equal(r.report.errors[i].text, errors[i]);
    }
    assert_int_equal(r.report.n_warnings, ARRAY_SIZE(warnings));
    for (size_t i = 0; i < ARRAY_SIZE(warnings); i++) {
        assert_string_equal(r.report.warnings[i].text, warnings[i].text);
        assert_string_equal(r.report.warnings[i].path, warnings[i].path);
    }
    assert_int_equal(r.report.n_closing, 2);
    uninit(&r);
}

static void
test_findings_are_bounded(void **state)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct parsed r;

    ds_put_cstr(&s, "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, "
                "metadata: {name: p}, spec: {");
    for (int i = 0; i < 30; i++) {
        ds_put_format(&s, "x%d: 1, ", i);
    }
    ds_put_cstr(&s, "ingress: [");
    for (int i = 0; i < 30; i++) {
        ds_put_format(&s, "{from: [{}], y%d: 1}, ", i);
    }
    ds_put_cstr(&s, "]}}");
    parse(*state, ds_cstr(&s), &r);
    assert_int_equal(r.report.n_errors, K8S_MAX_FINDINGS);
    assert_int_equal(r.report.n_warnings, K8S_MAX_FINDINGS);
    assert_int_equal(r.report.n_closing, K8S_MAX_FINDINGS);
    assert_non_null(strstr(r.report.warnings[0].text, "\"y0\""));
    assert_non_null(strstr(r.report.warnings[19].text, "\"y19\""));
    assert_string_equal(r.report.error, r.report.errors[0].text);
    uninit(&r);
    ds_destroy(&s);
}

static void
test_policy_bounds(void **state)
{
    static const struct {
        const char *spec, *want, *error;
    } cases[] = {
        {"spec: {ingress: [{}, {}]}", "[] ingress(any: any; any: any)", NULL},
        {"spec: {ingress: [{}, {}, {}]}", "[] ingress()",
         "spec.ingress: 3 items, at most 2 are allowed"},
        {"spec: {ingress: [{from: [{podSelector: {}}, {podSelector: {}},"
         " {podSelector: {}}]}, {}]}", "[] ingress(none: none; any: any)",
         "spec.ingress[0].from: 3 items, at most 2 are allowed"},
        {"spec: {ingress: [{ports: [{port: 1}, {port: 2}, {port: 3}]}]}",
         "[] ingress(none: none)",
         "spec.ingress[0].ports: 3 items, at most 2 are allowed"},
        {"spec: {ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except:"
         " [10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16]}}]}]}",
         "[] ingress(none: none)",
         "spec.ingress[0].from[0].ipBlock.except: 3 items, at most 2 are "
         "allowed"},
        {"spec: {podSelector: {matchLabels: {a: a, b: b, c: c}}}", NULL,
         "spec.podSelector.matchLabels: 3 members, at most 2 are allowed"},
        {"spec: {podSelector: {matchExpressions: [1, 2, 3]}}", NULL,
         "spec.podSelector.matchExpressions: 3 items, at most 2 are allowed"},
        {"spec: {podSelector: {matchExpressions: [{key: a, operator: In,"
         " values: [a, b, c]}]}}", NULL,
         "spec.podSelector.matchExpressions[0].values: 3 items, at most 2 "
         "are allowed"},
        {"spec: {policyTypes: [Ingress, Egress, Ingress]}",
         "[] ingress() egress()",
         "spec.policyTypes: 3 items, at most 2 are allowed"},
    };
    const struct k8s_limits limits = {2, 2, 2, 2, 2, 2, 2, 2, 2};

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_policy_limited(*state, cases[i].spec, &limits, cases[i].want,
                             cases[i].error, NULL);
    }
}

static void
test_default_limits(void **state)
{
    struct k8s_limits limits;

    k8s_limits_default(&limits);
    assert_int_equal(limits.max_rules, 5000);
    assert_int_equal(limits.max_peers, 20000);
    assert_int_equal(limits.max_ports, 5000);
    assert_int_equal(limits.max_excepts, 5000);
    assert_int_equal(limits.max_labels, 2000);
    assert_int_equal(limits.max_values, 5000);
    assert_int_equal(limits.max_addresses, 16);
    assert_int_equal(limits.max_containers, 500);
    assert_int_equal(limits.max_container_ports, 1000);
}

/* Pods. */

/* "NS/NAME KEY=VALUE node NODE uid UID created N ips IP,IP ports PORT,PORT
 * FLAGS", only what is there. */
static void
format_pod(const struct k8s_pod *pod, struct ds *s)
{
    ds_put_format(s, "%s/%s", pod->up.ns, pod->up.name);
    for (size_t i = 0; i < label_set_count(pod->labels); i++) {
        const struct label *label = label_set_at(pod->labels, i);

        ds_put_format(s, " %s=%s", label_key(label), label_value(label));
    }
    if (pod->node) {
        ds_put_format(s, " node %s", pod->node);
    }
    if (pod->uid) {
        ds_put_format(s, " uid %s", pod->uid);
    }
    if (pod->created) {
        ds_put_format(s, " created %"PRId64, pod->created);
    }
    for (size_t i = 0; i < pod->n_addresses; i++) {
        ds_put_cstr(s, i ? "," : " ips ");
        address_format(&pod->addresses[i], s);
    }
    for (size_t i = 0; i < pod->n_ports; i++) {
        ds_put_format(s, "%s%s=%s/%u", i ? "," : " ports ",
                      pod->ports[i].name,
                      k8s_protocol_name(pod->ports[i].protocol),
                      pod->ports[i].number);
    }
    ds_put_cstr(s, pod->host_network ? " host" : "");
    ds_put_cstr(s, pod->finished ? " finished" : "");
    assert_int_equal(!pod->addresses, !pod->n_addresses);
    assert_int_equal(!pod->ports, !pod->n_ports);
}

static void
check_pod_limited(struct label_pool *pool, const char *body,
                  const struct k8s_limits *limits, const char *want,
                  const char *error)
{
    char *yaml = xasprintf("{apiVersion: v1, kind: Pod, %s}", body);
    struct ds s = DS_EMPTY_INITIALIZER;
    struct parsed r;

    parse_limited(pool, yaml, limits, &r);
    check_string("error", body, r.report.error, error);
    assert_int_equal(r.report.n_warnings, 0);
    if (r.object) {
        format_pod(k8s_pod_cast(r.object), &s);
    }
    check_string("pod", body, r.object ? ds_cstr(&s) : NULL, want);
    ds_destroy(&s);
    uninit(&r);
    free(yaml);
}

static void
check_pod(struct label_pool *pool, const char *body, const char *want)
{
    check_pod_limited(pool, body, NULL, want, NULL);
}

#define META "metadata: {name: p, namespace: n}"

static void
test_pod_metadata(void **state)
{
    check_pod(*state, "metadata: {name: p}", "default/p");
    check_pod(*state, "metadata: {name: a.b-c, namespace: n, uid: u-1,"
              " labels: {b: '', a: x, x.io/y: z},"
              " creationTimestamp: 2024-01-02T03:04:05Z},"
              " spec: {nodeName: n1}",
              "n/a.b-c a=x b= x.io/y=z node n1 uid u-1 created 1704164645");
    check_pod(*state, "metadata: {name: p, namespace: n, uid: null,"
              " labels: null, creationTimestamp: null}, spec: {nodeName: ''},"
              " status: null", "n/p");
    /* S38: a pod that is being deleted is like any other. */
    check_pod(*state, "metadata: {name: p, namespace: n,"
              " deletionTimestamp: 2024-01-02T03:04:05Z}", "n/p");
}

static void
test_s41_addresses(void **state)
{
    check_pod(*state, META ", status: {podIP: 10.0.0.1}", "n/p ips 10.0.0.1");
    check_pod(*state, META ", status: {podIP: 10.0.0.1, podIPs:"
              " [{ip: 10.0.0.1}, {ip: 'fd00::1'}]}",
              "n/p ips 10.0.0.1,fd00::1");
    check_pod(*state, META ", status: {podIP: 10.0.0.1, podIPs: []}",
              "n/p ips 10.0.0.1");
    check_pod(*state, META ", status: {podIPs: [{ip: 10.0.0.1},"
              " {ip: 10.0.0.1}, {ip: ''}, {}]}", "n/p ips 10.0.0.1");
    check_pod(*state, META ", status: {podIP: ''}", "n/p");
}

static void
test_s37_s40_flags(void **state)
{
    check_pod(*state, META ", spec: {hostNetwork: true}", "n/p host");
    check_pod(*state, META ", spec: {hostNetwork: false}", "n/p");
    check_pod(*state, META ", status: {phase: Succeeded}", "n/p finished");
    check_pod(*state, META ", status: {phase: Failed}", "n/p finished");
    check_pod(*state, META ", status: {phase: Pending}", "n/p");
    check_pod(*state, META ", status: {phase: Running}", "n/p");
}

static void
test_s20_named_ports(void **state)
{
    check_pod(*state, META ", spec: {containers: ["
              "{name: a, ports: [{name: web, containerPort: 8080},"
              " {containerPort: 1}, {name: dns, containerPort: 53,"
              " protocol: UDP}]},"
              "{name: b, ports: [{name: web, containerPort: 80},"
              " {name: web, containerPort: 8080, protocol: TCP},"
              " {name: dns, containerPort: 53}]},"
              "{name: c}]}",
              "n/p ports dns=TCP/53,dns=UDP/53,web=TCP/80,web=TCP/8080");
    /* Sidecars count, containers that end before the pod runs do not. */
    check_pod(*state, META ", spec: {initContainers: ["
              "{restartPolicy: Always, ports: [{name: s, containerPort: 9}]},"
              "{ports: [{name: i, containerPort: 8}]}]}",
              "n/p ports s=TCP/9");
}

static void
test_pod_errors(void **state)
{
    static const char *const cases[][2] = {
        {"metadata: {}", "metadata.name: missing"},
        {"metadata: []", "metadata: expected a map, found a list"},
        {"spec: {}", "metadata.name: missing"},
        {"metadata: {name: 1}",
         "metadata.name: expected a string, found integer 1"},
        {"metadata: {name: A_b}",
         "metadata.name: \"A_b\" is not a valid name"},
        {"metadata: {name: a..b}",
         "metadata.name: \"a..b\" is not a valid name"},
        {"metadata: {name: p, namespace: a.b}",
         "metadata.namespace: \"a.b\" is not a valid namespace"},
        {"metadata: {name: p, namespace: ''}",
         "metadata.namespace: \"\" is not a valid namespace"},
        {"metadata: {name: p, uid: 1}",
         "metadata.uid: expected a string, found integer 1"},
        {"metadata: {name: p, labels: {a: true}}",
         "metadata.labels.a: expected a string, found bool true"},
        {"metadata: {name: p, labels: {a: null}}",
         "metadata.labels.a: expected a string, found null"},
        {"metadata: {name: p, labels: {\"a\\n\": b}}",
         "metadata.labels: \"a\\x0a\" is not a label key"},
        {"metadata: {name: p, creationTimestamp: yesterday}",
         "metadata.creationTimestamp: \"yesterday\" is not an RFC 3339 time"},
        {META ", spec: 1", "spec: expected a map, found integer 1"},
        {META ", spec: {hostNetwork: 'true'}",
         "spec.hostNetwork: expected a bool, found string \"true\""},
        {META ", spec: {containers: [{ports: [{name: A, containerPort: 1}]}]}",
         "spec.containers[0].ports[0].name: \"A\" is not a valid port name"},
        {META ", spec: {containers: [{}, {ports: [{containerPort: 0}]}]}",
         "spec.containers[1].ports[0].containerPort: 0 is not between 1 and "
         "65535"},
        {META ", spec: {containers: [{ports: [{name: a}]}]}",
         "spec.containers[0].ports[0].containerPort: missing"},
        {META ", spec: {containers: [{ports: [{containerPort: 1,"
         " protocol: ICMP}]}]}",
         "spec.containers[0].ports[0].protocol: \"ICMP\" is not TCP, UDP or "
         "SCTP"},
        {META ", status: {podIP: 10.0.0.256}",
         "status.podIP: \"10.0.0.256\" is not an IP address"},
        {META ", status: {podIPs: [{ip: 10.0.0.1}, {ip: x}]}",
         "status.podIPs[1].ip: \"x\" is not an IP address"},
        {META ", status: {podIPs: [10.0.0.1]}",
         "status.podIPs[0]: expected a map, found string \"10.0.0.1\""},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_pod_limited(*state, cases[i][0], NULL, NULL, cases[i][1]);
    }
}

static void
test_pod_bounds(void **state)
{
    static const struct {
        const char *body, *want, *error;
    } cases[] = {
        {META ", status: {podIPs: [{ip: 10.0.0.1}, {ip: 10.0.0.2}]}",
         "n/p ips 10.0.0.1,10.0.0.2", NULL},
        {META ", status: {podIPs: [{}, {}, {}]}", NULL,
         "status.podIPs: 3 items, at most 2 are allowed"},
        {META ", spec: {containers: [{}, {}, {}]}", NULL,
         "spec.containers: 3 items, at most 2 are allowed"},
        {META ", spec: {initContainers: [{}, {}, {}]}", NULL,
         "spec.initContainers: 3 items, at most 2 are allowed"},
        {META ", spec: {containers: [{ports: [{}, {}, {}]}]}", NULL,
         "spec.containers[0].ports: 3 items, at most 2 are allowed"},
        {"metadata: {name: p, labels: {a: a, b: b, c: c}}", NULL,
         "metadata.labels: 3 members, at most 2 are allowed"},
    };
    const struct k8s_limits limits = {2, 2, 2, 2, 2, 2, 2, 2, 2};

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_pod_limited(*state, cases[i].body, &limits, cases[i].want,
                          cases[i].error);
    }
}

static void
test_name_syntax(void **state)
{
    static const struct {
        int length;             /* Of the name, all "a". */
        bool is_pod, is_ns;
    } cases[] = {
        {63, true, true}, {64, true, false}, {253, true, false},
        {254, false, false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *name = xmalloc(cases[i].length + 1);

        memset(name, 'a', cases[i].length);
        name[cases[i].length] = '\0';
        for (int is_ns = 0; is_ns < 2; is_ns++) {
            char *yaml = xasprintf("{apiVersion: v1, kind: %s,"
                                   " metadata: {name: %s}}",
                                   is_ns ? "Namespace" : "Pod", name);
            struct parsed r;

            parse(*state, yaml, &r);
            assert_int_equal(r.object != NULL,
                             is_ns ? cases[i].is_ns : cases[i].is_pod);
            assert_int_equal(r.key != NULL, r.object != NULL);
            uninit(&r);
            free(yaml);
        }
        free(name);
    }
}

static void
test_label_syntax(void **state)
{
#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    static const struct {
        const char *key, *value;
        bool valid;
    } cases[] = {
        {"a", "", true}, {"a", "A_b-c.d", true}, {"A", "1", true},
        {A63, A63, true}, {A63 "a", "b", false}, {"a", A63 "a", false},
        {"x.io/" A63, "b", true}, {A63 A63 "/a", "b", true},
        {A63 A63 A63 A63 "aa/a", "b", false}, {"X.io/a", "b", false},
        {"/a", "b", false}, {"a/", "b", false}, {"-a", "b", false},
        {"a-", "b", false}, {"a b", "b", false}, {"a", ".b", false},
        {"a", "b_", false}, {"a", "b/c", false}, {"", "b", false},
        {"a", "\xc3\xa9", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *yaml = xasprintf("{apiVersion: v1, kind: Pod, metadata:"
                               " {name: p, labels: {? '%s' : '%s'}}}",
                               cases[i].key, cases[i].value);
        struct parsed r;

        parse(*state, yaml, &r);
        if ((r.object != NULL) != cases[i].valid) {
            fail_msg("label %s=%s: want %d", cases[i].key, cases[i].value,
                     cases[i].valid);
        }
        uninit(&r);
        free(yaml);
    }
}

static void
test_port_name_syntax(void **state)
{
    static const struct {
        const char *name;
        bool valid;
    } cases[] = {
        {"http", true}, {"a", true}, {"1a", true}, {"a-b-c", true},
        {"abcdefghijklmno", true}, {"abcdefghijklmnop", false},
        {"123", false}, {"-a", false}, {"a-", false}, {"a--b", false},
        {"a_b", false}, {"A", false}, {"a.b", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *yaml = xasprintf("{apiVersion: v1, kind: Pod, metadata:"
                               " {name: p}, spec: {containers: [{ports:"
                               " [{name: '%s', containerPort: 1}]}]}}",
                               cases[i].name);
        struct parsed r;

        parse(*state, yaml, &r);
        if ((r.object != NULL) != cases[i].valid) {
            fail_msg("port name %s: want %d", cases[i].name, cases[i].valid);
        }
        uninit(&r);
        free(yaml);
    }
}

static void
test_time(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;        /* -1: not a time. */
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:01Z", 1},
        {"2000-02-29T12:00:00Z", 951825600},
        {"2000-03-01T00:00:00Z", 951868800},
        {"2038-01-19T03:14:08Z", 2147483648},
        {"2024-01-02T03:04:05.678901Z", 1704164645},
        {"2024-01-02T04:04:05+01:00", 1704164645},
        {"2024-01-01T21:34:05-05:30", 1704164645},
        {"2024-01-02t03:04:05Z", 1704164645},
        {"2024-01-02T03:04:05", -1},
        {"2024-01-02 03:04:05Z", -1},
        {"2024-13-02T03:04:05Z", -1},
        {"2024-01-02T24:04:05Z", -1},
        {"2024-01-02T03:04:05.Z", -1},
        {"2024-01-02T03:04:05Zx", -1},
        {"2024-01-02T03:04:05+1:00", -1},
        {"2024-01-02T03:04:05+01:00Z", -1},
        {"2024-01-02T03:04", -1},
        {"24-01-02T03:04:05Z", -1},
        {"", -1},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *yaml = xasprintf("{apiVersion: v1, kind: Pod, metadata: {name:"
                               " p, creationTimestamp: '%s'}}",
                               cases[i].text);
        struct parsed r;

        parse(*state, yaml, &r);
        if (cases[i].seconds < 0) {
            assert_null(r.object);
        } else {
            assert_non_null(r.object);
            assert_int_equal(k8s_pod_cast(r.object)->created,
                             cases[i].seconds);
        }
        uninit(&r);
        free(yaml);
    }
}

/* Namespaces. */

static void
test_s12_namespace_name_label(void **state)
{
    static const char *const cases[] = {
        "{apiVersion: v1, kind: Namespace, metadata: {name: x}}",
        "{apiVersion: v1, kind: Namespace, metadata: {name: x, labels: {}}}",
        "{apiVersion: v1, kind: Namespace, metadata: {name: x, labels:"
        " {kubernetes.io/metadata.name: x}}}",
        "{apiVersion: v1, kind: Namespace, metadata: {name: x, labels:"
        " {kubernetes.io/metadata.name: forged}}}",
        "{apiVersion: v1, kind: Namespace, metadata: {name: x, labels:"
        " {team: a}}}",
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct parsed r;

        parse(*state, cases[i], &r);
        assert_null(r.report.error);
        assert_non_null(r.object);
        assert_string_equal(r.key, "Namespace x");
        assert_null(r.object->ns);

        const struct label_set *labels
            = k8s_namespace_cast(r.object)->labels;

        assert_string_equal(label_set_get(labels,
                                          "kubernetes.io/metadata.name"),
                            "x");
        assert_int_equal(label_set_count(labels),
                         strstr(cases[i], "team") ? 2 : 1);
        uninit(&r);
    }
}

/* Kinds and lists. */

struct kind_case {
    const char *list, *item;
    int kind;                   /* -1: none of ours. */
};

static void
check_kinds(const struct kind_case cases[], size_t n_cases)
{
    for (size_t i = 0; i < n_cases; i++) {
        char *yaml = xasprintf("[%s, %s]", cases[i].item,
                               cases[i].list ? cases[i].list : "null");
        enum k8s_kind kind = K8S_N_KINDS;
        struct doc **docs;
        size_t n;

        assert_null(doc_parse_yaml(yaml, strlen(yaml), NULL, &docs, &n));

        const struct doc_node *root = doc_root(docs[0]);
        bool known = k8s_identify(doc_node_at(root, 0),
                                  cases[i].list ? doc_node_at(root, 1) : NULL,
                                  &kind);

        if (known != (cases[i].kind >= 0)
            || (known && kind != (enum k8s_kind) cases[i].kind)) {
            fail_msg("%s", yaml);
        }
        doc_destroy(docs[0]);
        free(docs);
        free(yaml);
    }
}

static void
test_identify(void **state)
{
    static const struct kind_case cases[] = {
        {NULL, "{apiVersion: v1, kind: Pod}", K8S_POD},
        {NULL, "{apiVersion: v1, kind: Namespace}", K8S_NAMESPACE},
        {NULL, "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy}",
         K8S_POLICY},
        {NULL, "{apiVersion: v1, kind: Node}", K8S_NODE},
        {NULL, "{apiVersion: policy.networking.k8s.io/v1alpha2,"
         " kind: ClusterNetworkPolicy}", K8S_CLUSTER_POLICY},
        {NULL, "{apiVersion: policy.networking.k8s.io/v1alpha1,"
         " kind: ClusterNetworkPolicy}", -1},
        {NULL, "{apiVersion: policy.networking.k8s.io/v1alpha1,"
         " kind: AdminNetworkPolicy}", K8S_ADMIN_POLICY},
        {NULL, "{apiVersion: policy.networking.k8s.io/v1alpha1,"
         " kind: BaselineAdminNetworkPolicy}", K8S_BASELINE_POLICY},
        {NULL, "{apiVersion: v2, kind: Pod}", -1},
        {NULL, "{apiVersion: v1, kind: Po}", -1},
        {NULL, "{apiVersion: v1, kind: Pods}", -1},
        {NULL, "{apiVersion: v1, kind: Service}", -1},
        {NULL, "{kind: Pod}", -1},
        {NULL, "{apiVersion: v1}", -1},
        {NULL, "{apiVersion: extensions/v1beta1, kind: NetworkPolicy}", -1},
        {NULL, "{apiVersion: 1, kind: Pod}", -1},
        {NULL, "[]", -1},
    };

    check_kinds(cases, ARRAY_SIZE(cases));
}

static void
test_identify_in_list(void **state)
{
    static const struct kind_case cases[] = {
        {"{apiVersion: v1, kind: PodList}", "{metadata: {}}", K8S_POD},
        {"{apiVersion: networking.k8s.io/v1, kind: NetworkPolicyList}",
         "{metadata: {}}", K8S_POLICY},
        {"{apiVersion: v1, kind: PodList}",
         "{apiVersion: v1, kind: Namespace}", K8S_NAMESPACE},
        {"{apiVersion: v1, kind: List}", "{apiVersion: v1, kind: Pod}",
         K8S_POD},
        {"{apiVersion: v1, kind: List}", "{metadata: {}}", -1},
        {"{apiVersion: v1, kind: ServiceList}", "{metadata: {}}", -1},
        {"{apiVersion: v1, kind: PodList}", "1", -1},
        {"{kind: PodList}", "{metadata: {}}", -1},
    };

    check_kinds(cases, ARRAY_SIZE(cases));
}

static void
test_is_list(void **state)
{
    static const struct {
        const char *text;
        bool is_list;
    } cases[] = {
        {"{kind: List}", true}, {"{kind: List, items: []}", true},
        {"{kind: PodList, items: []}", true}, {"{kind: PodList}", false},
        {"{kind: PodList, items: {}}", false}, {"{kind: Pod}", false},
        {"{kind: Lis, items: []}", false}, {"{items: []}", false},
        {"{kind: 1, items: []}", false}, {"[]", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct doc **docs;
        size_t n;

        assert_null(doc_parse_yaml(cases[i].text, strlen(cases[i].text), NULL,
                                   &docs, &n));
        assert_int_equal(k8s_is_list(doc_root(docs[0])), cases[i].is_list);
        doc_destroy(docs[0]);
        free(docs);
    }
}

/* What kubectl prints parses without a warning. */
static const char kubectl_output[] =
    "apiVersion: v1\n"
    "items:\n"
    "- apiVersion: v1\n"
    "  kind: Namespace\n"
    "  metadata:\n"
    "    creationTimestamp: \"2024-01-02T03:04:05Z\"\n"
    "    labels:\n"
    "      kubernetes.io/metadata.name: prod\n"
    "    managedFields:\n"
    "    - apiVersion: v1\n"
    "      fieldsType: FieldsV1\n"
    "      fieldsV1:\n"
    "        f:metadata: {f:labels: {.: {}}}\n"
    "      manager: kubectl\n"
    "    name: prod\n"
    "    resourceVersion: \"1\"\n"
    "  spec: {finalizers: [kubernetes]}\n"
    "  status: {phase: Active}\n"
    "- apiVersion: v1\n"
    "  kind: Pod\n"
    "  metadata:\n"
    "    annotations:\n"
    "      a/b: |\n"
    "        {\"x\": 1}\n"
    "    generateName: web-\n"
    "    labels: {app: web}\n"
    "    name: web-1\n"
    "    namespace: prod\n"
    "    ownerReferences: [{kind: ReplicaSet, name: web}]\n"
    "    uid: 3f1c\n"
    "  spec:\n"
    "    containers:\n"
    "    - image: x:1\n"
    "      name: c\n"
    "      ports:\n"
    "      - {containerPort: 80, hostPort: 80, name: http,"
    " protocol: TCP}\n"
    "      resources: {limits: {cpu: 500m, memory: 1Gi}}\n"
    "    nodeName: n1\n"
    "    priority: 0\n"
    "    restartPolicy: Always\n"
    "    volumes: [{name: v, emptyDir: {}}]\n"
    "  status:\n"
    "    conditions: [{lastProbeTime: null, status: \"True\"}]\n"
    "    hostIP: 172.16.0.1\n"
    "    phase: Running\n"
    "    podIP: 10.0.0.1\n"
    "    podIPs: [{ip: 10.0.0.1}]\n"
    "- apiVersion: networking.k8s.io/v1\n"
    "  kind: NetworkPolicy\n"
    "  metadata:\n"
    "    generation: 1\n"
    "    name: allow\n"
    "    namespace: prod\n"
    "    uid: 9a\n"
    "  spec:\n"
    "    ingress:\n"
    "    - from:\n"
    "      - podSelector: {matchLabels: {app: web}}\n"
    "      ports: [{port: 80, protocol: TCP}]\n"
    "    podSelector: {}\n"
    "    policyTypes: [Ingress]\n"
    "  status: {}\n"
    "kind: List\n"
    "metadata: {resourceVersion: \"\"}\n";

/* 'item' of 'list' parses without a warning. */
static void
check_item(struct label_pool *pool, const struct doc_node *item,
           const struct doc_node *list, const char *want)
{
    struct k8s_report report;
    enum k8s_kind kind;
    char *key;

    assert_true(k8s_identify(item, list, &kind));

    struct k8s_object *object = k8s_parse(kind, item, pool, NULL, &report,
                                          &key);

    assert_null(report.error);
    assert_int_equal(report.n_warnings, 0);
    assert_string_equal(key, want);
    assert_non_null(object);
    free(key);
    k8s_object_destroy(object);
    k8s_report_uninit(&report);
}

static void
test_kubectl_output(void **state)
{
    static const char *const keys[] = {
        "Namespace prod", "Pod prod/web-1", "NetworkPolicy prod/allow",
    };
    struct doc **docs;
    size_t n;
    char *error = doc_parse_yaml(kubectl_output, strlen(kubectl_output), NULL,
                                 &docs, &n);

    if (error) {
        fail_msg("%s", error);
    }
    assert_int_equal(n, 1);
    assert_true(k8s_is_list(doc_root(docs[0])));

    const struct doc_node *items = doc_node_get(doc_root(docs[0]), "items");

    assert_int_equal(doc_node_count(items), ARRAY_SIZE(keys));
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        check_item(*state, doc_node_at(items, i), doc_root(docs[0]), keys[i]);
    }
    doc_destroy(docs[0]);
    free(docs);
}

/* Equality. */

static bool
equal(struct label_pool *pool, const char *kind, const char *a, const char *b)
{
    const char *const texts[] = {a, b};
    struct parsed r[2];
    bool equal;

    for (int i = 0; i < 2; i++) {
        char *yaml = xasprintf("{apiVersion: %s, kind: %s, %s}",
                               strcmp(kind, "NetworkPolicy")
                               ? "v1" : "networking.k8s.io/v1",
                               kind, texts[i]);

        parse(pool, yaml, &r[i]);
        assert_non_null(r[i].object);
        free(yaml);
    }
    equal = k8s_object_equals(r[0].object, r[1].object);
    assert_int_equal(k8s_object_equals(r[1].object, r[0].object), equal);
    assert_true(k8s_object_equals(r[0].object, r[0].object));
    uninit(&r[0]);
    uninit(&r[1]);
    return equal;
}

static void
test_equals_pod(void **state)
{
    static const char *const different[] = {
        "metadata: {name: p}",
        "metadata: {name: p, uid: u}",
        "metadata: {name: p, uid: v}",
        "metadata: {name: p, labels: {a: b}}",
        "metadata: {name: p, creationTimestamp: '2024-01-02T03:04:05Z'}",
        "metadata: {name: p}, spec: {nodeName: n}",
        "metadata: {name: p}, spec: {hostNetwork: true}",
        "metadata: {name: p}, spec: {containers: [{ports: [{name: a,"
        " containerPort: 1}]}]}",
        "metadata: {name: p}, spec: {containers: [{ports: [{name: a,"
        " containerPort: 2}]}]}",
        "metadata: {name: p}, status: {phase: Failed}",
        "metadata: {name: p}, status: {podIP: 10.0.0.1}",
        "metadata: {name: p}, status: {podIP: 10.0.0.2}",
    };

    for (size_t i = 0; i < ARRAY_SIZE(different); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(different); j++) {
            assert_int_equal(equal(*state, "Pod", different[i],
                                   different[j]), i == j);
        }
    }
    assert_true(equal(*state, "Pod", "metadata: {name: p, annotations: {a: b},"
                      " resourceVersion: '1'}, status: {phase: Pending}",
                      "metadata: {name: p, deletionTimestamp: x}, "
                      "status: {phase: Running}"));
}

static void
test_equals_policy(void **state)
{
    static const char *const different[] = {
        "metadata: {name: p}",
        "metadata: {name: p, uid: u}",
        "metadata: {name: p}, spec: {podSelector: {matchLabels: {a: b}}}",
        "metadata: {name: p}, spec: {policyTypes: [Egress]}",
        "metadata: {name: p}, spec: {ingress: [{}]}",
        "metadata: {name: p}, spec: {ingress: [{}, {}]}",
        "metadata: {name: p}, spec: {ingress: [{from: [{podSelector: {}}]}]}",
        "metadata: {name: p}, spec: {ingress: [{from: [{namespaceSelector: {}"
        "}]}]}",
        "metadata: {name: p}, spec: {ingress: [{from: [{ipBlock: {cidr:"
        " 10.0.0.0/8}}]}]}",
        "metadata: {name: p}, spec: {ingress: [{from: [{ipBlock: {cidr:"
        " 10.0.0.0/8, except: [10.0.0.0/16]}}]}]}",
        "metadata: {name: p}, spec: {ingress: [{from: [{ipBlock: {cidr:"
        " 10.0.0.0/8, except: [10.1.0.0/16]}}]}]}",
        "metadata: {name: p}, spec: {ingress: [{ports: [{}]}]}",
        "metadata: {name: p}, spec: {ingress: [{ports: [{port: 1}]}]}",
        "metadata: {name: p}, spec: {ingress: [{ports: [{port: a}]}]}",
        "metadata: {name: p}, spec: {ingress: [{ports: [{port: 1,"
        " protocol: UDP}]}]}",
    };

    for (size_t i = 0; i < ARRAY_SIZE(different); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(different); j++) {
            assert_int_equal(equal(*state, "NetworkPolicy", different[i],
                                   different[j]), i == j);
        }
    }
    /* S2: written or not. */
    assert_true(equal(*state, "NetworkPolicy", "metadata: {name: p}, spec: {}",
                      "metadata: {name: p}, spec: {policyTypes: [Ingress],"
                      " ingress: []}"));
}

static void
test_equals_namespace(void **state)
{
    assert_true(equal(*state, "Namespace", "metadata: {name: a}",
                      "metadata: {name: a, labels: {}}"));
    assert_false(equal(*state, "Namespace", "metadata: {name: a}",
                       "metadata: {name: a, labels: {b: c}}"));
    assert_true(equal(*state, "Namespace", "metadata: {name: a}",
                      "metadata: {name: a, annotations: {b: c}}"));
    assert_false(equal(*state, "Namespace", "metadata: {name: a}",
                       "metadata: {name: a, annotations: "
                       "{ovs-netpol.io/enforcement: audit}}"));
}

/* Whatever is not understood is enforced. */
static void
test_enforcement(void **state)
{
    static const struct {
        const char *annotations;
        enum k8s_enforcement want;
        const char *warning;    /* What follows the field's path. */
    } cases[] = {
        { "null", K8S_ENFORCEMENT_UNSET, NULL },
        { "{ovs-netpol.io/other: audit}", K8S_ENFORCEMENT_UNSET, NULL },
        { "{ovs-netpol.io/enforcement: null}", K8S_ENFORCEMENT_UNSET, NULL },
        { "{ovs-netpol.io/enforcement: enforce}", K8S_ENFORCE, NULL },
        { "{ovs-netpol.io/enforcement: audit}", K8S_AUDIT, NULL },
        { "{ovs-netpol.io/enforcement: Audit}", K8S_ENFORCE, "\"Audit\"" },
        { "{ovs-netpol.io/enforcement: ''}", K8S_ENFORCE, "\"\"" },
        { "{ovs-netpol.io/enforcement: true}", K8S_ENFORCE, "\"true\"" },
        { "{ovs-netpol.io/enforcement: [audit]}", K8S_ENFORCE, "\"\"" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *yaml = xasprintf("apiVersion: v1\nkind: Namespace\n"
                               "metadata: {name: a, annotations: %s}\n",
                               cases[i].annotations);
        char *warning = (cases[i].warning
                         ? xasprintf("metadata.annotations[ovs-netpol.io/"
                                     "enforcement]: %s is neither \"enforce\" "
                                     "nor \"audit\", enforcing",
                                     cases[i].warning)
                         : NULL);
        struct parsed r;

        parse(*state, yaml, &r);
        check_string("error", yaml, r.report.error, NULL);
        check_string("warning", yaml, (r.report.n_warnings
                                       ? r.report.warnings[0].text : NULL),
                     warning);
        assert_int_equal(k8s_namespace_cast(r.object)->enforcement,
                         cases[i].want);
        uninit(&r);
        free(warning);
        free(yaml);
    }
}

static void
test_names(void **state)
{
    assert_string_equal(k8s_kind_name(K8S_NAMESPACE), "Namespace");
    assert_string_equal(k8s_kind_name(K8S_POD), "Pod");
    assert_string_equal(k8s_kind_name(K8S_POLICY), "NetworkPolicy");
    assert_string_equal(k8s_direction_name(K8S_EGRESS), "egress");
    assert_string_equal(k8s_direction_name(K8S_INGRESS), "ingress");
    assert_string_equal(k8s_protocol_name(IPPROTO_TCP), "TCP");
    assert_string_equal(k8s_protocol_name(IPPROTO_UDP), "UDP");
    assert_string_equal(k8s_protocol_name(IPPROTO_SCTP), "SCTP");
    assert_string_equal(k8s_protocol_name(IPPROTO_ICMP), "ICMP");
    assert_string_equal(k8s_protocol_name(IPPROTO_ICMPV6), "ICMP");
    assert_string_equal(k8s_protocol_name(255), "255");
    assert_string_equal(k8s_protocol_name(0), "0");
    k8s_object_destroy(NULL);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_s1_pod_selector_missing),
        TEST(test_s2_policy_types_default),
        TEST(test_s3_section_of_other_type),
        TEST(test_s4_s5_rules),
        TEST(test_s6_s13_null_is_missing),
        TEST(test_s8_s9_s10_peers),
        TEST(test_s21_s22_ip_block),
        TEST(test_s14_to_s17_ports),
        TEST(test_peer_errors),
        TEST(test_selector_errors),
        TEST(test_expression_errors),
        TEST(test_port_errors),
        TEST(test_rule_errors),
        TEST(test_spec_errors),
        TEST(test_s42_unknown_fields),
        TEST(test_warnings_are_bounded),
        TEST(test_findings),
        TEST(test_findings_are_bounded),
        TEST(test_policy_bounds),
        TEST(test_default_limits),
        TEST(test_pod_metadata),
        TEST(test_s41_addresses),
        TEST(test_s37_s40_flags),
        TEST(test_s20_named_ports),
        TEST(test_pod_errors),
        TEST(test_pod_bounds),
        TEST(test_name_syntax),
        TEST(test_label_syntax),
        TEST(test_port_name_syntax),
        TEST(test_time),
        TEST(test_s12_namespace_name_label),
        TEST(test_identify),
        TEST(test_identify_in_list),
        TEST(test_is_list),
        TEST(test_kubectl_output),
        TEST(test_equals_pod),
        TEST(test_equals_policy),
        TEST(test_equals_namespace),
        TEST(test_enforcement),
        TEST(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
