/* SPDX-License-Identifier: Apache-2.0
 *
 * Cluster policies in the reference evaluator.  The C-numbers are those of
 * docs/semantics.md. */

#include <config.h>

#include "verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "label.h"
#include "model.h"
#include "ovs-json.h"
#include "scene.h"
#include "verdict-near.h"

#define NAMESPACE(NAME, TEAM)                                           \
    "---\napiVersion: v1\nkind: Namespace\n"                            \
    "metadata: {name: " NAME ", labels: {team: " TEAM "}}\n"
#define POD(NS, NAME, ADDRESS, MORE)                                    \
    "---\napiVersion: v1\nkind: Pod\n"                                  \
    "metadata: {namespace: " NS ", name: " NAME ", labels: {app: " NAME "}}\n"\
    "spec: {nodeName: n1, " MORE "}\n"                                  \
    "status: {podIPs: [{ip: " ADDRESS "}]}\n"
#define PORTS "containers: [{ports: [{name: web, containerPort: 80}, "  \
              "{name: web, protocol: UDP, containerPort: 81}]}]"
#define NODE(NAME, ADDRESS)                                             \
    "---\napiVersion: v1\nkind: Node\n"                                 \
    "metadata: {name: " NAME ", labels: {node: " NAME "}}\n"            \
    "status: {addresses: [{type: InternalIP, address: " ADDRESS "}]}\n"
#define CNP(NAME, TIER, PRIORITY, SUBJECT, RULES)                       \
    "---\napiVersion: policy.networking.k8s.io/v1alpha2\n"              \
    "kind: ClusterNetworkPolicy\nmetadata: {name: " NAME "}\n"          \
    "spec: {tier: " TIER ", priority: " PRIORITY ", subject: " SUBJECT  \
    ", " RULES "}\n"
#define POLICY(NS, NAME, SPEC)                                          \
    "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"      \
    "metadata: {namespace: " NS ", name: " NAME "}\nspec: {" SPEC "}\n"

#define APP(NAME) "{pods: {podSelector: {matchLabels: {app: " NAME "}}}}"
#define TEAM(NAME) "{namespaces: {matchLabels: {team: " NAME "}}}"
#define ALL "{namespaces: {}}"
#define NET(CIDR) "{networks: ['" CIDR "']}"
#define IN(RULES) "ingress: [" RULES "]"
#define OUT(RULES) "egress: [" RULES "]"
#define FROM(ACTION, PEERS) "{action: " ACTION ", from: [" PEERS "]}"
#define TO(ACTION, PEERS) "{action: " ACTION ", to: [" PEERS "]}"
#define TCP(PORT) "{tcp: {destinationPort: {number: " PORT "}}}"

static const char cluster[] =
    NAMESPACE("shop", "a") NAMESPACE("ops", "b")
    POD("shop", "web", "10.0.1.1", PORTS)
    POD("shop", "db", "10.0.1.2", "")
    POD("ops", "mon", "10.0.2.1", PORTS)
    POD("ops", "agent", "192.0.2.1", "hostNetwork: true")
    NODE("n1", "192.0.2.1") NODE("n2", "192.0.2.2");

static void
parse_endpoint(const struct scene *s, const char *text,
               struct verdict_endpoint *e)
{
    char *error = verdict_endpoint_parse(s->model, text, NULL, e);

    if (error) {
        fail_msg("%s", error);
    }
}

/* "EXPECT SRC DST PROTOCOL/PORT".  EXPECT is "+" or "-", then who decides for
 * egress and ingress: Exemption, Admin, Policies, Baseline, or "d" for
 * nobody. */
static void
ask(const struct scene *s, const char *title, const char *text)
{
    static const char deciders[] = "eapbd";
    char expect[8], got[8], src[32], dst[32], protocol[8];
    struct verdict_query q = { .port = 0 };
    struct verdict v;
    unsigned int port;

    assert_int_equal(sscanf(text, "%7s %31s %31s %7[a-z]/%u", expect, src, dst,
                            protocol, &port), 5);
    parse_endpoint(s, src, &q.src);
    parse_endpoint(s, dst, &q.dst);
    q.port = port;
    q.protocol = (!strcmp(protocol, "tcp") ? IPPROTO_TCP
                  : !strcmp(protocol, "udp") ? IPPROTO_UDP
                  : !strcmp(protocol, "sctp") ? IPPROTO_SCTP : IPPROTO_ICMP);
    verdict_evaluate(s->model, &q, &v);
    snprintf(got, sizeof got, "%c%c%c", v.allowed ? '+' : '-',
             deciders[v.side[K8S_EGRESS].decider],
             deciders[v.side[K8S_INGRESS].decider]);
    if (strcmp(got, expect)) {
        fail_msg("%s: \"%s\" gave %s", title, text, got);
    }
    assert_int_equal(verdict_allows(s->model, &q), v.allowed);
    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        assert_int_equal(verdict_side_allows(s->model, &q, d),
                         v.side[d].allowed);
    }
    verdict_uninit(&v);
}

static const struct {
    const char *title;
    const char *policies;
    const char *queries[12];
} cases[] = {
    {
        "C1: the Admin tier is asked first, then NetworkPolicies",
        CNP("p", "Admin", "0", APP("db"), IN(FROM("Accept", APP("web")) ", "
                                             FROM("Deny", APP("mon"))))
        POLICY("shop", "q", "podSelector: {}, ingress: [{from: "
               "[{namespaceSelector: {matchLabels: {team: b}}}]}]"),
        {
            "+da shop/web shop/db tcp/1", "-da ops/mon shop/db tcp/1",
            "+dp ops/mon shop/web tcp/1", "-dp shop/db shop/web tcp/1",
            "-ep 8.8.8.8 shop/db tcp/1",
        },
    }, {
        "C1: the Baseline tier is asked last, and only if nobody isolates",
        CNP("p", "Baseline", "0", ALL, IN(FROM("Deny", ALL)) ", "
                                       OUT(TO("Deny", ALL)))
        POLICY("shop", "q", "podSelector: {matchLabels: {app: db}}, "
               "ingress: [{}]"),
        {
            "-bp shop/web shop/db tcp/1", "-bb shop/db shop/web tcp/1",
            "+de shop/db 8.8.8.8 tcp/1", "+ep 8.8.8.8 shop/db tcp/1",
            "+ed 192.0.2.2 shop/web tcp/1",
        },
    }, {
        "C1: lower priorities win, whatever the names; rules in their order",
        CNP("a", "Admin", "20", APP("db"), IN(FROM("Deny", ALL)))
        CNP("z", "Admin", "3", APP("db"), IN(
            "{action: Deny, from: [" APP("web") "], protocols: [" TCP("9") "]}"
            ", " FROM("Accept", APP("web")) ", " FROM("Deny", APP("web")))),
        {
            "+da shop/web shop/db tcp/1", "-da shop/web shop/db tcp/9",
            "-da ops/mon shop/db tcp/1",
        },
    }, {
        "C2: Pass goes on to the next tier",
        CNP("a", "Admin", "1", ALL, IN(FROM("Pass", APP("web"))))
        CNP("b", "Admin", "2", ALL, IN(FROM("Deny", ALL)))
        CNP("c", "Baseline", "1", ALL, IN(FROM("Pass", APP("web"))))
        CNP("d", "Baseline", "2", ALL, IN(FROM("Deny", ALL)))
        POLICY("shop", "q", "podSelector: {matchLabels: {app: db}}"),
        {
            "-dp shop/web shop/db tcp/1", "+dd shop/web ops/mon tcp/1",
            "-da shop/db ops/mon tcp/1",
        },
    }, {
        "C2: Accept settles one direction only",
        CNP("a", "Admin", "1", ALL, OUT(TO("Accept", ALL)))
        POLICY("shop", "q", "podSelector: {}, policyTypes: [Egress, Ingress]"),
        {
            "-ap shop/web shop/db tcp/1", "+ad shop/web ops/mon tcp/1",
            "-pe shop/web 8.8.8.8 tcp/1",
        },
    }, {
        "C3: the subject; being one isolates nothing",
        CNP("a", "Admin", "1", "{pods: {namespaceSelector: {matchLabels: "
            "{team: a}}, podSelector: {matchLabels: {app: web}}}}",
            IN(FROM("Accept", APP("db"))) ", " OUT(TO("Deny", TEAM("b")))),
        {
            "+da shop/db shop/web tcp/1", "+dd ops/mon shop/web tcp/1",
            "-ad shop/web ops/mon tcp/1", "+dd shop/db ops/mon tcp/1",
        },
    }, {
        "C3: hostNetwork pods are neither subjects nor peers",
        CNP("a", "Admin", "1", ALL, IN(FROM("Deny", ALL)) ", "
                                    OUT(TO("Deny", ALL))),
        {
            "+de shop/web ops/agent tcp/1", "+ee ops/agent shop/web tcp/1",
            "+de shop/web 192.0.2.2 tcp/1",
        },
    }, {
        "C4: networks match pods and ICMP as well",
        CNP("a", "Admin", "1", APP("web"),
            OUT(TO("Accept", NET("10.0.2.0/24")) ", "
                TO("Deny", NET("10.0.0.0/8") ", " NET("8.0.0.0/8")))),
        {
            "-ae shop/web 8.8.8.8 icmp/0", "-ad shop/web shop/db icmp/0",
            "+ad shop/web ops/mon icmp/0", "+de shop/web 9.9.9.9 icmp/0",
            "+ee shop/web shop/web tcp/1",
        },
    }, {
        "nodes as peers",
        CNP("a", "Admin", "1", ALL,
            OUT(TO("Deny", "{nodes: {matchLabels: {node: n2}}}"))),
        {
            "-ae shop/web 192.0.2.2 icmp/0", "+de shop/web 192.0.2.1 icmp/0",
            "+de shop/web 192.0.2.3 icmp/0",
        },
    }, {
        "C5: protocols and ports",
        CNP("a", "Admin", "1", APP("db"), IN(
            "{action: Deny, from: [" ALL "], protocols: [" TCP("7") ", "
            "{udp: {destinationPort: {range: {start: 5, end: 6}}}}, "
            "{sctp: {destinationPort: {number: 7}}}]}")),
        {
            "-da shop/web shop/db tcp/7", "+dd shop/web shop/db tcp/8",
            "+dd shop/web shop/db udp/4", "-da shop/web shop/db udp/5",
            "-da shop/web shop/db udp/6", "+dd shop/web shop/db udp/7",
            "-da shop/web shop/db sctp/7", "+dd shop/web shop/db icmp/7",
        },
    }, {
        "C5: a named port is the destination's, in all protocols",
        CNP("a", "Admin", "1", ALL,
            OUT("{action: Deny, to: [" ALL ", " NET("10.0.0.0/8") "], "
                "protocols: [{destinationNamedPort: web}]}"))
        CNP("b", "Admin", "2", ALL,
            IN("{action: Deny, from: [" APP("db") "], "
               "protocols: [{destinationNamedPort: web}]}")),
        {
            "-ad shop/web ops/mon tcp/80", "-ad shop/web ops/mon udp/81",
            "+dd shop/web ops/mon tcp/81", "+dd shop/web shop/db tcp/80",
            "-aa shop/db shop/web tcp/80", "+dd shop/db shop/web udp/80",
        },
    }, {
        "C6: what is not understood fails closed",
        CNP("a", "Admin", "1", APP("db"),
            IN(FROM("Accept", "{stars: {}}, " APP("web"))))
        CNP("b", "Admin", "1", APP("web"), IN(FROM("Pass", "{stars: {}}")))
        CNP("c", "Admin", "1", APP("mon"), IN(FROM("Deny", "{}"))),
        {
            "+dd shop/web shop/db tcp/1", "-da shop/db shop/web tcp/1",
            "-ea 8.8.8.8 shop/web tcp/1", "-da shop/db ops/mon icmp/1",
            "+ee 192.0.2.1 shop/web tcp/1",
        },
    }, {
        "C7: equal priorities go by name",
        CNP("b", "Admin", "1", APP("db"), IN(FROM("Deny", ALL)))
        CNP("a", "Admin", "1", APP("db"), IN(FROM("Accept", APP("web")))),
        {
            "+da shop/web shop/db tcp/1", "-da ops/mon shop/db tcp/1",
        },
    },
};

static void
load(struct scene *s, const char *policies)
{
    struct in6_addr addr;
    struct ds notes = DS_EMPTY_INITIALIZER;

    scene_init(s, NULL);
    assert_true(address_parse("192.0.2.1", &addr));
    model_set_node_name(s->model, "n1");
    model_set_node_addresses(s->model, &addr, 1);
    scene_put(s, cluster);
    scene_put_tolerant(s, policies, &notes);
    ds_destroy(&notes);
}

static void
test_cases(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct scene s;

        load(&s, cases[i].policies);
        for (size_t j = 0; cases[i].queries[j]; j++) {
            ask(&s, cases[i].title, cases[i].queries[j]);
        }
        scene_uninit(&s);
    }
}

/* Words. */

static const char words[] =
    CNP("guard", "Admin", "5", APP("db"),
        IN("{action: Pass, name: 'let \"q\" say', from: [" APP("web") "]}, "
           FROM("Deny", APP("mon")) ", " FROM("Deny", "{stars: {}}")))
    CNP("base", "Baseline", "9", APP("mon"),
        IN(FROM("Pass", APP("web")) ", " FROM("Deny", APP("db"))))
    POLICY("shop", "q", "podSelector: {matchLabels: {app: db}}, "
           "ingress: [{ports: [{port: 1}]}]");

static const struct {
    const char *src, *dst;
    const char *text;           /* The line about ingress. */
} texts[] = {
    { "shop/web", "shop/db",
      "  ingress  passed on by ClusterNetworkPolicy guard of tier Admin, "
      "ingress[0] \"let \\\"q\\\" say\": from pods app=web in all namespaces, "
      "all ports and protocols\n"
      "           isolated by shop/q; allowed by shop/q ingress[0]: from "
      "anyone, ports TCP/1\n" },
    { "ops/mon", "shop/db",
      "  ingress  denied by ClusterNetworkPolicy guard of tier Admin, "
      "ingress[1]: from pods app=mon in all namespaces, all ports and "
      "protocols\n" },
    { "8.8.8.8", "shop/db",
      "  ingress  denied by ClusterNetworkPolicy guard of tier Admin, "
      "ingress[2], which was not understood and denies everything\n" },
    { "shop/web", "ops/mon",
      "  ingress  passed on by ClusterNetworkPolicy base of tier Baseline, "
      "ingress[0]: from pods app=web in all namespaces, all ports and "
      "protocols\n"
      "           not isolated: no policy selects ops/mon for ingress\n" },
    { "shop/db", "ops/mon",
      "  ingress  denied by ClusterNetworkPolicy base of tier Baseline, "
      "ingress[1]: from pods app=db in all namespaces, all ports and "
      "protocols; not isolated\n" },
};

static void
test_text(void **state OVS_UNUSED)
{
    struct scene s;

    load(&s, words);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct verdict_query q = { .protocol = IPPROTO_TCP, .port = 1 };
        struct ds text = DS_EMPTY_INITIALIZER;
        struct verdict v;
        const char *line;

        parse_endpoint(&s, texts[i].src, &q.src);
        parse_endpoint(&s, texts[i].dst, &q.dst);
        verdict_evaluate(s.model, &q, &v);
        verdict_format(&q, &v, &text);
        line = strstr(ds_cstr(&text), "  ingress");
        assert_non_null(line);
        assert_string_equal(line, texts[i].text);
        verdict_uninit(&v);
        ds_destroy(&text);
    }
    scene_uninit(&s);
}

static void
test_json(void **state OVS_UNUSED)
{
    struct verdict_query q = { .protocol = IPPROTO_TCP, .port = 1 };
    struct json *json;
    struct verdict v;
    struct scene s;
    char *text;

    load(&s, words);
    parse_endpoint(&s, "shop/web", &q.src);
    parse_endpoint(&s, "shop/db", &q.dst);
    verdict_evaluate(s.model, &q, &v);
    json = verdict_to_json(&q, &v);
    text = json_to_string(json, JSSF_SORT);
    assert_non_null(strstr(
        text, "\"admin\":{\"action\":\"Pass\",\"kind\":\"ClusterNetworkPolicy"
        "\",\"name\":\"guard\",\"priority\":5,\"rule\":0,\"ruleName\":"
        "\"let \\\"q\\\" say\",\"understood\":true},\"allowed\":true,"
        "\"allowedBy\":[{\"name\":\"q\",\"namespace\":\"shop\",\"rule\":0}],"
        "\"audited\":false,\"baseline\":null,\"decidedBy\":\"policies\","));
    assert_non_null(strstr(text, "\"decidedBy\":\"default\""));
    free(text);
    json_destroy(json);
    verdict_uninit(&v);
    scene_uninit(&s);
}

static size_t
count_near(const char *policies)
{
    struct verdict_query q = { .protocol = IPPROTO_TCP, .port = 2 };
    struct verdict_near *nears;
    struct verdict v;
    struct scene s;
    size_t n, n_all;

    load(&s, policies);
    parse_endpoint(&s, "shop/web", &q.src);
    parse_endpoint(&s, "shop/db", &q.dst);
    verdict_evaluate(s.model, &q, &v);
    assert_false(v.allowed);
    nears = verdict_find_near(s.model, &q, &v, K8S_INGRESS, 5, &n, &n_all);
    verdict_near_free(nears, n);
    verdict_uninit(&v);
    scene_uninit(&s);
    return n_all;
}

/* What nearly allowed is of no interest where the Admin tier denies. */
static void
test_near(void **state OVS_UNUSED)
{
#define NEAR POLICY("shop", "q", "podSelector: {matchLabels: {app: db}}, "  \
                    "ingress: [{ports: [{port: 1}]}]")
    assert_int_equal(count_near(NEAR), 1);
    assert_int_equal(count_near(NEAR CNP("a", "Admin", "1", ALL,
                                         IN(FROM("Deny", ALL)))), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_near),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
