/* SPDX-License-Identifier: Apache-2.0
 *
 * One small cluster, many policies, and for each who may talk to whom.  The
 * S-numbers are those of docs/semantics.md. */

#include <config.h>

#include "verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "sset.h"
#include "util.h"

#include "doc.h"
#include "label.h"
#include "model.h"
#include "ovs-json.h"

/* The cluster. */

#define NAMESPACE(NAME, LABELS)                                         \
    "---\n"                                                             \
    "apiVersion: v1\n"                                                  \
    "kind: Namespace\n"                                                 \
    "metadata: {name: " NAME ", labels: " LABELS "}\n"

/* META, SPEC and STATUS are the insides of flow mappings. */
#define POD(NS, NAME, META, SPEC, STATUS)                               \
    "---\n"                                                             \
    "apiVersion: v1\n"                                                  \
    "kind: Pod\n"                                                       \
    "metadata: {namespace: " NS ", name: " NAME ", " META "}\n"         \
    "spec: {" SPEC "}\n"                                                \
    "status: {" STATUS "}\n"

#define POLICY(NS, NAME, SPEC)                                          \
    "---\n"                                                             \
    "apiVersion: networking.k8s.io/v1\n"                                \
    "kind: NetworkPolicy\n"                                             \
    "metadata: {namespace: " NS ", name: " NAME "}\n"                   \
    "spec: {" SPEC "}\n"

#define IPS(V4, V6) "phase: Running, podIPs: [{ip: " V4 "}, {ip: '" V6 "'}]"
#define NODE1 "nodeName: n1"
#define NODE2 "nodeName: n2"
#define PORT(NAME, PROTOCOL, NUMBER)                                    \
    "{name: " NAME ", protocol: " PROTOCOL ", containerPort: " NUMBER "}"
#define CONTAINER(NAME, PORTS) "{name: " NAME ", ports: [" PORTS "]}"

/* Namespace "lone" has no object of its own (S12).  The node is n1. */
static const char cluster[] =
    NAMESPACE("shop", "{team: a}")
    NAMESPACE("ops", "{team: b}")
    POD("shop", "web", "labels: {app: web, tier: front}",
        NODE1 ", containers: [" CONTAINER("c", PORT("http", "TCP", "8080"))
        "]", IPS("10.0.1.1", "fd00::1:1"))
    POD("shop", "db", "labels: {app: db}",
        NODE1 ", containers: ["
        CONTAINER("one", PORT("sql", "TCP", "5432") ", "
                         PORT("dns", "UDP", "53")) ", "
        CONTAINER("two", PORT("sql", "TCP", "5433") ", "
                         PORT("sig", "SCTP", "9000"))
        "]", IPS("10.0.1.2", "fd00::1:2"))
    POD("shop", "api", "labels: {app: api, canary: ''}",
        NODE1 ", containers: [" CONTAINER("c", PORT("http", "TCP", "9090"))
        "]", IPS("10.0.1.3", "fd00::1:3"))
    POD("shop", "new", "labels: {app: new}, "
        "creationTimestamp: '2024-06-01T00:00:00Z'",
        NODE1, IPS("10.0.1.7", "fd00::1:7"))
    POD("shop", "old", "labels: {app: old}, "
        "creationTimestamp: '2024-01-01T00:00:00Z'",
        NODE1, IPS("10.0.1.7", "fd00::1:8"))
    POD("shop", "bye", "labels: {app: bye}, "
        "deletionTimestamp: '2024-06-01T00:00:00Z'",
        NODE1, IPS("10.0.1.8", "fd00::1:9"))
    POD("shop", "job", "labels: {app: job}",
        NODE1, "phase: Succeeded, podIP: 10.0.1.9")
    POD("ops", "mon", "labels: {app: mon}",
        NODE2, IPS("10.0.2.1", "fd00::2:1"))
    POD("ops", "web", "labels: {app: web}",
        NODE2 ", containers: [" CONTAINER("c", PORT("http", "TCP", "80"))
        "]", IPS("10.0.2.2", "fd00::2:2"))
    POD("ops", "crash", "labels: {app: crash}, "
        "creationTimestamp: '2024-06-01T00:00:00Z'",
        NODE2, "phase: Failed, podIP: 10.0.2.9")
    POD("ops", "agent", "labels: {app: web}",
        NODE1 ", hostNetwork: true", "phase: Running, podIP: 192.168.0.1")
    POD("ops", "proxy", "labels: {app: web}",
        NODE2 ", hostNetwork: true, containers: ["
        CONTAINER("c", PORT("http", "TCP", "80")) "]",
        "phase: Running, podIP: 192.168.0.2")
    POD("ops", "wait", "labels: {app: web}", NODE2, "phase: Pending")
    POD("lone", "solo", "labels: {app: solo}",
        NODE2, IPS("10.0.3.1", "fd00::3:1"))
    POD("lone", "heir", "labels: {app: heir}, "
        "creationTimestamp: '2024-01-01T00:00:00Z'",
        NODE2, "phase: Running, podIP: 10.0.2.9");

struct world {
    struct label_pool *pool;
    struct model *model;
};

/* Puts what 'node' describes.  'tolerate': an error that leaves something to
 * enforce is fine. */
static void
put_node(struct world *w, const struct doc_node *node, bool tolerate)
{
    struct k8s_limits limits;
    struct k8s_report report;
    struct k8s_object *object;
    enum k8s_kind kind;
    char *key;

    k8s_limits_default(&limits);
    assert_true(k8s_identify(node, NULL, &kind));
    object = k8s_parse(kind, node, w->pool, &limits, &report, &key);
    if (report.error && !tolerate) {
        fail_msg("%s: %s", key, report.error);
    }
    assert_non_null(object);
    model_put(w->model, object);
    k8s_report_uninit(&report);
    free(key);
}

static void
put_yaml(struct world *w, const char *yaml, bool tolerate)
{
    struct doc **docs;
    size_t n;
    char *error = doc_parse_yaml(yaml, strlen(yaml), NULL, &docs, &n);

    if (error) {
        fail_msg("%s in:\n%s", error, yaml);
    }
    for (size_t i = 0; i < n; i++) {
        put_node(w, doc_root(docs[i]), tolerate);
        doc_destroy(docs[i]);
    }
    free(docs);
}

static void
world_init(struct world *w)
{
    struct in6_addr addrs[2];

    w->pool = label_pool_create();
    w->model = model_create(w->pool);
    model_set_node_name(w->model, "n1");
    assert_true(address_parse("192.168.0.1", &addrs[0]));
    assert_true(address_parse("fd00:192::1", &addrs[1]));
    model_set_node_addresses(w->model, addrs, ARRAY_SIZE(addrs));
    put_yaml(w, cluster, false);
}

static void
world_uninit(struct world *w)
{
    model_destroy(w->model);
    label_pool_destroy(w->pool);
}

/* Queries: "EXPECT SRC DST PROTO[/PORT]".  EXPECT is "+" for allowed, else "-"
 * and the directions that deny: "-e", "-i" or "-ei".  A protocol that ends in
 * 6 takes the pods' IPv6 addresses. */

static uint8_t
parse_protocol(const char *s)
{
    static const struct {
        const char *name;
        uint8_t protocol;
    } protocols[] = {
        { "tcp", IPPROTO_TCP }, { "tcp6", IPPROTO_TCP },
        { "udp", IPPROTO_UDP }, { "udp6", IPPROTO_UDP },
        { "sctp", IPPROTO_SCTP }, { "sctp6", IPPROTO_SCTP },
        { "icmp", IPPROTO_ICMP }, { "icmp6", IPPROTO_ICMPV6 },
        { "gre", IPPROTO_GRE }, { "gre6", IPPROTO_GRE },
    };

    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (!strcmp(protocols[i].name, s)) {
            return protocols[i].protocol;
        }
    }
    fail_msg("unknown protocol \"%s\"", s);
    return 0;
}

static void
parse_endpoint(const struct world *w, const char *s, bool v6,
               struct verdict_endpoint *e)
{
    struct in6_addr like;
    char *error;

    assert_true(address_parse(v6 ? "::1" : "127.0.0.1", &like));
    error = verdict_endpoint_parse(w->model, s, &like, e);
    if (error) {
        fail_msg("%s", error);
    }
}

static void
parse_query(const struct world *w, const char *s, char expect[8],
            struct verdict_query *q)
{
    char src[64], dst[64], protocol[16];
    unsigned int port = 0;
    bool v6;

    if (sscanf(s, "%7s %63s %63s %15[a-z6]/%u", expect, src, dst, protocol,
               &port) < 4) {
        fail_msg("bad query \"%s\"", s);
    }
    v6 = protocol[strlen(protocol) - 1] == '6';
    q->protocol = parse_protocol(protocol);
    q->port = port;
    parse_endpoint(w, src, v6, &q->src);
    parse_endpoint(w, dst, v6, &q->dst);
}

static void
ask(const struct world *w, const char *title, const char *query)
{
    struct verdict_query q;
    struct verdict v;
    char expect[8];
    char got[8] = "+";

    parse_query(w, query, expect, &q);
    verdict_evaluate(w->model, &q, &v);
    if (!v.allowed) {
        snprintf(got, sizeof got, "-%s%s",
                 v.side[K8S_EGRESS].allowed ? "" : "e",
                 v.side[K8S_INGRESS].allowed ? "" : "i");
    }
    if (strcmp(got, expect)) {
        fail_msg("%s: \"%s\" gave %s", title, query, got);
    }
    assert_int_equal(verdict_allows(w->model, &q), v.allowed);
    verdict_uninit(&v);
}

/* The table. */

#define MAX_QUERIES 16

struct verdict_case {
    const char *title;
    const char *policies;
    const char *queries[MAX_QUERIES];
    bool tolerate;              /* A policy is broken on purpose. */
};

/* Shorthands for the insides of a spec. */
#define FOR(APP) "podSelector: {matchLabels: {app: " APP "}}, "
#define ALL "podSelector: {}, "
#define IN(RULES) "ingress: [" RULES "]"
#define OUT(RULES) "policyTypes: [Egress], egress: [" RULES "]"
#define APP(NAME) "{podSelector: {matchLabels: {app: " NAME "}}}"
#define BLOCK(CIDR) "{ipBlock: {cidr: '" CIDR "'}}"

static const struct verdict_case cases[] = {
    {
        "rule 1: no policy, no restriction", "",
        {
            "+ shop/web shop/db tcp/5432", "+ ops/mon shop/db tcp6/5432",
            "+ 8.8.8.8 shop/db icmp", "+ shop/db 8.8.8.8 udp/53",
            "+ 8.8.8.8 9.9.9.9 gre",
        }, false,
    }, {
        "rule 2: a selected pod gets only what rules allow",
        POLICY("shop", "p", FOR("db") IN("{from: [" APP("web") "]}")),
        {
            "+ shop/web shop/db tcp/1", "-i shop/api shop/db tcp/1",
            "+ shop/api shop/web tcp/1", "+ shop/db shop/api tcp/1",
        }, false,
    }, {
        "rule 3: policies are OR-ed and stay in their namespace",
        POLICY("shop", "z-deny", ALL)
        POLICY("shop", "one", FOR("web") IN("{from: [" APP("api") "]}"))
        POLICY("shop", "two", FOR("web") IN("{from: [" APP("db") "]}")),
        {
            "+ shop/api shop/web tcp/1", "+ shop/db shop/web tcp/1",
            "-i shop/bye shop/web tcp/1", "-i shop/web shop/api tcp/1",
            "+ shop/web ops/web tcp/1",
        }, false,
    }, {
        "rule 4: both ends must agree",
        POLICY("shop", "in", FOR("db") IN("{from: [" APP("web") "]}"))
        POLICY("shop", "out", FOR("web") OUT("{to: [" APP("api") "]}")),
        {
            "-e shop/web shop/db tcp/1", "+ shop/web shop/api tcp/1",
            "-i shop/api shop/db tcp/1", "-e shop/web 8.8.8.8 tcp/1",
            "+ shop/db shop/web tcp/1",
        }, false,
    }, {
        "S1 no podSelector",
        POLICY("shop", "p", "policyTypes: [Ingress]"),
        {
            "-i ops/mon shop/web tcp/80", "-i shop/web shop/db tcp6/80",
            "+ shop/web ops/web tcp/80",
        }, false,
    }, {
        "S1 empty podSelector",
        POLICY("shop", "p", "podSelector: {}"),
        {
            "-i ops/mon shop/web tcp/80", "-i shop/web shop/db tcp6/80",
            "+ shop/web ops/web tcp/80",
        }, false,
    }, {
        "S2 no policyTypes: ingress only",
        POLICY("shop", "a", FOR("web"))
        POLICY("shop", "b", FOR("api") "policyTypes: [], egress: []"),
        {
            "-i ops/mon shop/web tcp/80", "+ shop/web ops/mon tcp/80",
            "-i ops/mon shop/api tcp/80", "+ shop/api ops/mon tcp/80",
        }, false,
    }, {
        "S2 no policyTypes, but an egress rule: both",
        POLICY("shop", "p", FOR("web") "egress: [{to: [" APP("db") "]}]"),
        {
            "+ shop/web shop/db tcp/80", "-e shop/web shop/api tcp/80",
            "-i ops/mon shop/web tcp/80",
        }, false,
    }, {
        "S3 sections of a type that is not listed are ignored",
        POLICY("shop", "a", FOR("web") "policyTypes: [Egress], "
               "ingress: [{from: [" APP("api") "]}]")
        POLICY("shop", "b", FOR("db") "policyTypes: [Ingress], "
               "egress: [{to: [" APP("api") "]}], ingress: [{}]"),
        {
            "+ ops/mon shop/web tcp/80", "-e shop/web ops/mon tcp/80",
            "+ shop/db ops/mon tcp/80", "+ ops/mon shop/db tcp/80",
        }, false,
    }, {
        "S4 type Ingress without rules",
        POLICY("shop", "a", FOR("web") "policyTypes: [Ingress]")
        POLICY("shop", "b", FOR("db") "policyTypes: [Ingress], ingress: []")
        POLICY("shop", "c", FOR("api") "policyTypes: [Ingress], "
               "ingress: null"),
        {
            "-i ops/mon shop/web tcp/80", "-i ops/mon shop/db udp/53",
            "-i 8.8.8.8 shop/api icmp", "+ shop/api ops/mon tcp/80",
        }, false,
    }, {
        "S4 type Egress without rules",
        POLICY("shop", "a", FOR("web") "policyTypes: [Egress]")
        POLICY("shop", "b", FOR("db") "policyTypes: [Egress], egress: []"),
        {
            "-e shop/web ops/mon tcp/80", "-e shop/db 8.8.8.8 udp/53",
            "-e shop/db ops/mon icmp6", "+ ops/mon shop/web tcp/80",
        }, false,
    }, {
        "S5 the empty rule allows everything",
        POLICY("shop", "deny", ALL)
        POLICY("shop", "p", FOR("web") IN("{}")),
        {
            "+ ops/mon shop/web tcp/80", "+ 8.8.8.8 shop/web gre",
            "+ 2001:db8::1 shop/web icmp6", "+ 192.168.0.2 shop/web sctp/1",
            "-i ops/mon shop/db tcp/80",
        }, false,
    }, {
        "S6 from null or empty: anyone",
        POLICY("shop", "a", FOR("web") IN("{from: null, ports: [{port: 80}]}"))
        POLICY("shop", "b", FOR("db") IN("{from: [], ports: [{port: 80}]}"))
        POLICY("shop", "c", FOR("api") OUT("{to: [], ports: [{port: 80}]}")),
        {
            "+ 8.8.8.8 shop/web tcp/80", "+ ops/mon shop/web tcp/80",
            "-i 8.8.8.8 shop/web tcp/81", "+ 8.8.8.8 shop/db tcp/80",
            "-i ops/mon shop/db tcp/81", "+ shop/api 8.8.8.8 tcp/80",
            "-e shop/api 8.8.8.8 tcp/81",
        }, false,
    }, {
        "S7 a peer that selects nobody",
        POLICY("shop", "a", FOR("web") IN("{from: [" APP("nobody") "]}"))
        POLICY("shop", "b", FOR("api") OUT("{to: [" APP("nobody") "]}")),
        {
            "-i shop/db shop/web tcp/80", "-i 8.8.8.8 shop/web tcp/80",
            "-e shop/api 8.8.8.8 tcp/80", "+ shop/db shop/api tcp/80",
        }, false,
    }, {
        "S8 podSelector {}: the policy's own namespace",
        POLICY("shop", "p", FOR("web") IN("{from: [{podSelector: {}}]}")),
        {
            "+ shop/api shop/web tcp/80", "+ shop/db shop/web icmp6",
            "-i ops/web shop/web tcp/80", "-i 8.8.8.8 shop/web tcp/80",
            "-i lone/solo shop/web tcp/80",
        }, false,
    }, {
        "S9 namespaceSelector {}: all pods, nobody else",
        POLICY("shop", "p", FOR("db")
               IN("{from: [{namespaceSelector: {}}]}"))
        POLICY("shop", "q", FOR("web")
               OUT("{to: [{namespaceSelector: {}}]}")),
        {
            "+ shop/api shop/db tcp/80", "+ ops/mon shop/db tcp6/80",
            "+ lone/solo shop/db udp/80", "-i 8.8.8.8 shop/db tcp/80",
            "-i 192.168.0.2 shop/db tcp/80", "+ shop/web lone/solo tcp/80",
            "-e shop/web 8.8.8.8 tcp/80", "-e shop/web 192.168.0.2 tcp/80",
        }, false,
    }, {
        "S10 both selectors in one peer are AND-ed, peers OR-ed",
        POLICY("shop", "and", FOR("web") IN("{from: [{"
               "namespaceSelector: {matchLabels: {team: b}}, "
               "podSelector: {matchLabels: {app: web}}}]}"))
        POLICY("shop", "or", FOR("db") IN("{from: ["
               "{namespaceSelector: {matchLabels: {team: b}}}, "
               APP("web") "]}")),
        {
            "+ ops/web shop/web tcp/80", "-i ops/mon shop/web tcp/80",
            "-i shop/api shop/web tcp/80", "+ ops/web shop/db tcp/80",
            "+ ops/mon shop/db tcp/80", "+ shop/web shop/db tcp/80",
            "-i shop/api shop/db tcp/80", "-i lone/solo shop/db tcp/80",
        }, false,
    }, {
        "S11 NotIn and DoesNotExist match where the key is absent",
        POLICY("shop", "p", FOR("db") IN(
               "{ports: [{port: 1}], from: [{podSelector: {matchExpressions: "
               "[{key: tier, operator: NotIn, values: [front]}]}}]}, "
               "{ports: [{port: 2}], from: [{podSelector: {matchExpressions: "
               "[{key: tier, operator: DoesNotExist}]}}]}, "
               "{ports: [{port: 3}], from: [{podSelector: "
               "{matchLabels: {canary: ''}}}]}, "
               "{ports: [{port: 4}], from: [{podSelector: {matchExpressions: "
               "[{key: tier, operator: Exists}]}}]}")),
        {
            "+ shop/api shop/db tcp/1", "-i shop/web shop/db tcp/1",
            "+ shop/api shop/db tcp/2", "-i shop/web shop/db tcp/2",
            "+ shop/api shop/db tcp/3", "-i shop/web shop/db tcp/3",
            "-i shop/api shop/db tcp/4", "+ shop/web shop/db tcp/4",
        }, false,
    }, {
        "S12 kubernetes.io/metadata.name is always there",
        POLICY("shop", "p", FOR("db") IN(
               "{ports: [{port: 1}], from: [{namespaceSelector: {matchLabels: "
               "{kubernetes.io/metadata.name: lone}}}]}, "
               "{ports: [{port: 2}], from: [{namespaceSelector: {matchLabels: "
               "{kubernetes.io/metadata.name: ops}}}]}")),
        {
            "+ lone/solo shop/db tcp/1", "-i ops/mon shop/db tcp/1",
            "-i lone/solo shop/db tcp/2", "+ ops/mon shop/db tcp/2",
        }, false,
    }, {
        "S13 ports null or empty: every protocol",
        POLICY("shop", "a", FOR("db")
               IN("{from: [" APP("web") "], ports: null}"))
        POLICY("shop", "b", FOR("api")
               IN("{from: [" APP("web") "], ports: []}")),
        {
            "+ shop/web shop/db tcp/0", "+ shop/web shop/db udp/65535",
            "+ shop/web shop/db icmp", "+ shop/web shop/db gre6",
            "+ shop/web shop/api sctp/1", "+ shop/web shop/api icmp6",
            "-i shop/bye shop/db tcp/80", "-i shop/bye shop/api icmp",
        }, false,
    }, {
        "S14 a protocol without port",
        POLICY("shop", "p", FOR("db") IN("{ports: [{protocol: UDP}]}"))
        POLICY("shop", "q", FOR("web") OUT("{ports: [{protocol: SCTP}]}")),
        {
            "+ ops/mon shop/db udp/0", "+ ops/mon shop/db udp6/65535",
            "-i ops/mon shop/db tcp/53", "-i ops/mon shop/db icmp",
            "+ shop/web ops/mon sctp/1", "-e shop/web ops/mon udp/1",
        }, false,
    }, {
        "S15 a port without protocol is TCP",
        POLICY("shop", "p", FOR("db") IN("{ports: [{port: 80}]}")),
        {
            "+ ops/mon shop/db tcp/80", "-i ops/mon shop/db udp/80",
            "-i ops/mon shop/db sctp/80", "-i ops/mon shop/db icmp",
        }, false,
    }, {
        "S16 endPort is inclusive",
        POLICY("shop", "p", FOR("db") IN("{ports: ["
               "{port: 8000, endPort: 8010}, "
               "{protocol: SCTP, port: 7, endPort: 7}, "
               "{protocol: UDP, port: 65530, endPort: 65535}]}")),
        {
            "-i ops/mon shop/db tcp/7999", "+ ops/mon shop/db tcp/8000",
            "+ ops/mon shop/db tcp6/8005", "+ ops/mon shop/db tcp/8010",
            "-i ops/mon shop/db tcp/8011", "-i ops/mon shop/db udp/8005",
            "+ ops/mon shop/db sctp/7", "-i ops/mon shop/db sctp/8",
            "-i ops/mon shop/db tcp/0", "-i ops/mon shop/db udp/65529",
            "+ ops/mon shop/db udp/65535",
        }, false,
    }, {
        "S17 named port, ingress: the selected pod's own number",
        POLICY("shop", "p", ALL IN("{ports: [{port: http}]}")),
        {
            "+ ops/mon shop/web tcp/8080", "-i ops/mon shop/web tcp/9090",
            "+ ops/mon shop/api tcp6/9090", "-i ops/mon shop/api tcp/8080",
            "-i ops/mon shop/web udp/8080", "+ 8.8.8.8 shop/web tcp/8080",
            "-i ops/web shop/db tcp/80",
        }, false,
    }, {
        "S17 named port, ingress: the protocol must match",
        POLICY("shop", "p", FOR("db") IN("{ports: [{port: dns}, "
               "{protocol: SCTP, port: sig}]}"))
        POLICY("shop", "q", FOR("api") IN("{from: [" BLOCK("8.0.0.0/8")
               "], ports: [{port: http}]}")),
        {
            "-i ops/mon shop/db tcp/53", "-i ops/mon shop/db udp/53",
            "+ ops/mon shop/db sctp/9000", "-i ops/mon shop/db tcp/9000",
            "+ 8.8.8.8 shop/api tcp/9090", "-i 8.8.8.8 shop/api tcp/80",
        }, false,
    }, {
        "S18 named port, egress: the destination's own number",
        POLICY("shop", "p", FOR("web") OUT("{ports: [{port: http}], to: ["
               "{podSelector: {}}, "
               "{namespaceSelector: {matchLabels: {team: b}}}]}")),
        {
            "+ shop/web shop/api tcp/9090", "-e shop/web shop/api tcp/80",
            "+ shop/web ops/web tcp6/80", "-e shop/web ops/web tcp/9090",
            "-e shop/web ops/mon tcp/80", "-e shop/web ops/web udp/80",
            "-e shop/web 192.168.0.2 tcp/80", "-e shop/web 8.8.8.8 tcp/80",
        }, false,
    }, {
        "S18 named port, egress: never through an ipBlock",
        POLICY("shop", "p", FOR("api") OUT("{ports: [{port: http}, "
               "{port: 443}], to: [" BLOCK("10.0.0.0/8") "]}"))
        POLICY("shop", "q", FOR("db") OUT("{ports: [{port: http}], to: ["
               BLOCK("10.0.0.0/8") ", {namespaceSelector: {}}]}")),
        {
            "-e shop/api ops/web tcp/80", "+ shop/api ops/web tcp/443",
            "+ shop/api 10.9.9.9 tcp/443", "-e shop/api 10.9.9.9 tcp/80",
            "+ shop/db ops/web tcp/80", "-e shop/db ops/web tcp/443",
            "-e shop/db 10.9.9.9 tcp/80",
        }, false,
    }, {
        "S18 named port, egress, no peers: any pod that has the name",
        POLICY("shop", "p", FOR("db") OUT("{ports: [{port: http}]}")),
        {
            "+ shop/db shop/web tcp/8080", "+ shop/db ops/web tcp/80",
            "-e shop/db ops/mon tcp/80", "-e shop/db 8.8.8.8 tcp/80",
            "-e shop/db 192.168.0.2 tcp/80", "-e shop/db 10.0.1.9 tcp/80",
        }, false,
    }, {
        "S19 a name that nobody defines",
        POLICY("shop", "p", FOR("web") IN("{ports: [{port: nobody}]}, "
               "{ports: [{port: 443}]}"))
        POLICY("shop", "q", FOR("api") OUT("{ports: [{port: nobody}]}")),
        {
            "-i ops/mon shop/web tcp/8080", "-i ops/mon shop/web tcp/0",
            "-i ops/mon shop/web icmp", "+ ops/mon shop/web tcp/443",
            "-e shop/api ops/mon tcp/80", "-e shop/api 8.8.8.8 tcp/80",
        }, false,
    }, {
        "S20 one name, several containers: each number",
        POLICY("shop", "p", FOR("db") IN("{ports: [{port: sql}]}"))
        POLICY("ops", "q", FOR("web") OUT("{ports: [{port: sql}]}")),
        {
            "+ ops/mon shop/db tcp/5432", "+ ops/mon shop/db tcp/5433",
            "-i ops/mon shop/db tcp/5434", "+ ops/web shop/db tcp6/5433",
            "-e ops/web shop/web tcp/5432",
        }, false,
    }, {
        "S21 except is scoped to its own cidr",
        POLICY("shop", "p", FOR("web") IN("{from: ["
               "{ipBlock: {cidr: 10.0.0.0/16, except: [10.0.2.0/24]}}, "
               "{ipBlock: {cidr: 'fd00::/64', except: ['fd00::2:0/112', "
               "'fd00::3:0/112']}}, "
               "{namespaceSelector: {matchLabels: {team: b}}, "
               "podSelector: {matchLabels: {app: web}}}]}")),
        {
            "+ shop/api shop/web tcp/80", "+ shop/api shop/web tcp6/80",
            "-i ops/mon shop/web tcp/80", "-i ops/mon shop/web tcp6/80",
            "-i lone/solo shop/web tcp6/80", "+ lone/solo shop/web tcp/80",
            "+ ops/web shop/web tcp/80", "+ ops/web shop/web tcp6/80",
            "-i 10.1.0.1 shop/web tcp/80",
        }, false,
    }, {
        "S21 except takes nothing from another block or policy",
        POLICY("shop", "p", FOR("web") OUT("{to: ["
               "{ipBlock: {cidr: 10.0.0.0/8, except: [10.2.0.0/16]}}, "
               BLOCK("10.2.1.0/24") "]}"))
        POLICY("shop", "q", FOR("web") OUT("{to: [" BLOCK("10.2.2.0/24")
               "]}")),
        {
            "+ shop/web 10.3.0.1 tcp/80", "-e shop/web 10.2.0.1 tcp/80",
            "+ shop/web 10.2.1.1 tcp/80", "+ shop/web 10.2.2.1 icmp",
            "-e shop/web 11.0.0.1 tcp/80",
        }, false,
    }, {
        "S22 host bits of a cidr are masked away",
        POLICY("shop", "p", FOR("web") IN("{from: [" BLOCK("10.0.2.77/24")
               ", " BLOCK("fd00::2:99/112") "]}")),
        {
            "+ ops/mon shop/web tcp/80", "+ ops/mon shop/web tcp6/80",
            "-i shop/api shop/web tcp/80", "-i lone/solo shop/web tcp6/80",
        }, false,
    }, {
        "S23 an ipBlock matches pods by address",
        POLICY("shop", "p", FOR("web") IN("{from: [" BLOCK("10.0.2.0/24")
               "]}"))
        POLICY("shop", "q", FOR("api") OUT("{to: [" BLOCK("10.0.1.2/32")
               ", " BLOCK("fd00::1:2/128") "]}")),
        {
            "+ ops/mon shop/web tcp/80", "+ 10.0.2.200 shop/web tcp/80",
            "-i shop/db shop/web tcp/80", "+ shop/api shop/db tcp/80",
            "+ shop/api shop/db tcp6/80", "-e shop/api ops/mon tcp/80",
        }, false,
    }, {
        "S24 families are independent, isolation covers both",
        POLICY("shop", "p", FOR("web") IN("{from: [" BLOCK("0.0.0.0/0")
               "]}"))
        POLICY("shop", "q", FOR("db") IN("{from: [" BLOCK("::/0") "]}"))
        POLICY("shop", "r", FOR("api")),
        {
            "+ ops/mon shop/web tcp/80", "-i ops/mon shop/web tcp6/80",
            "-i ops/mon shop/db tcp/80", "+ ops/mon shop/db tcp6/80",
            "-i 2001:db8::1 shop/web icmp6", "+ 2001:db8::1 shop/db icmp6",
            "-i ops/mon shop/api tcp/80", "-i ops/mon shop/api tcp6/80",
        }, false,
    }, {
        "S24 no packet has two families",
        "",
        {
            "-ei 10.0.2.1 fd00::1:1 tcp/80", "-ei fd00::2:1 10.0.1.1 tcp/80",
            "-ei 10.0.1.1 fd00::1:1 tcp/80", "-ei 8.8.8.8 2001:db8::1 icmp",
            "-ei 192.168.0.1 fd00::1:1 tcp/80", "+ ops/mon shop/web tcp/80",
        }, false,
    }, {
        "S26 a pod always reaches itself",
        POLICY("shop", "p", ALL "policyTypes: [Ingress, Egress]"),
        {
            "+ shop/web shop/web tcp/80", "+ shop/web shop/web icmp6",
            "+ 10.0.1.1 10.0.1.1 gre", "+ fd00::1:1 shop/web udp6/53",
            "-ei shop/web shop/api tcp/80",
        }, false,
    }, {
        "S27 the pod's own node gets in, other nodes do not",
        POLICY("shop", "p", ALL)
        POLICY("ops", "q", ALL),
        {
            "+ 192.168.0.1 shop/web tcp/80", "+ 192.168.0.1 shop/web icmp",
            "+ fd00:192::1 shop/web tcp6/80", "+ ops/agent shop/db udp/53",
            "-i 192.168.0.2 shop/web tcp/80", "-i 192.168.0.1 ops/web tcp/80",
            "-i fd00:192::1 ops/web tcp6/80", "-i ops/mon shop/web tcp/80",
        }, false,
    }, {
        "S27 the node's address is the node's, whoever claims it",
        POD("shop", "claim", "labels: {app: claim}", NODE1,
            "phase: Running, podIP: 192.168.0.1")
        POLICY("shop", "p", ALL "policyTypes: [Ingress, Egress]")
        POLICY("ops", "q", FOR("web") IN("{from: [{namespaceSelector: {}}]}"))
        POLICY("ops", "r", FOR("mon") IN("{from: ["
               BLOCK("192.168.0.1/32") "]}")),
        {
            "+ 192.168.0.1 shop/web tcp/80", "+ 192.168.0.1 ops/mon tcp/80",
            "-i 192.168.0.1 ops/web tcp/80", "-e shop/web ops/web tcp/80",
        }, false,
    }, {
        "S27 to the node there is no exemption",
        POLICY("shop", "p", FOR("web") OUT("")),
        {
            "-e shop/web 192.168.0.1 tcp/80", "-e shop/web ops/agent icmp",
            "+ shop/api 192.168.0.1 tcp/80",
        }, false,
    }, {
        "S43 never to a tunnel port of the own node",
        POLICY("shop", "p", FOR("web") OUT("{}")),
        {
            "-e shop/web 192.168.0.1 udp/4789",
            "-e shop/api 192.168.0.1 udp/6081",
            "-e shop/db fd00:192::1 udp6/8472",
            "-e shop/api ops/agent udp/4789", "+ shop/web shop/db udp/4789",
            "+ shop/web 192.168.0.1 udp/4788", "+ shop/web 192.168.0.1 icmp",
            "+ shop/web 192.168.0.1 tcp/4789",
            "+ shop/web 192.168.0.2 udp/4789",
            "+ ops/web 192.168.0.1 udp/4789", "+ 8.8.8.8 192.168.0.1 udp/4789",
            "+ 192.168.0.1 192.168.0.1 udp/4789",
        }, false,
    }, {
        "S31 never to many, from a pod here",
        POLICY("shop", "p", FOR("web") OUT("{}")),
        {
            "-e shop/web 224.0.0.251 udp/5353", "-e shop/api 239.1.2.3 icmp",
            "-e shop/web 255.255.255.255 udp/68",
            "-e shop/db ff02::fb udp6/5353", "-e shop/web ff0e::1 icmp6",
            "+ shop/web 223.255.255.255 udp/5353",
            "+ shop/web 240.0.0.1 udp/5353", "+ shop/web fec0::1 udp6/5353",
            "+ ops/web 224.0.0.251 udp/5353",
            "+ 192.168.0.1 224.0.0.251 udp/5353",
            "+ shop/web 255.255.255.255 udp/67",
            "+ shop/web ff02::1:2 udp6/547",
        }, false,
    }, {
        "S28 ICMP and others: only rules without ports",
        POLICY("shop", "p", FOR("web") IN("{from: [" APP("api") "], "
               "ports: [{}, {protocol: UDP}, {protocol: SCTP}]}, "
               "{from: [" APP("db") "]}")),
        {
            "+ shop/api shop/web tcp/80", "-i shop/api shop/web icmp",
            "-i shop/api shop/web icmp6", "-i shop/api shop/web gre",
            "+ shop/db shop/web icmp", "+ shop/db shop/web icmp6",
            "+ shop/db shop/web gre", "-i shop/bye shop/web icmp",
        }, false,
    }, {
        "S37 finished pods are nobody",
        POLICY("shop", "p", FOR("db") IN("{from: [{podSelector: {}}]}"))
        POLICY("shop", "q", FOR("job") "policyTypes: [Ingress, Egress]"),
        {
            "-i 10.0.1.9 shop/db tcp/80", "+ shop/web shop/db tcp/80",
            "+ 8.8.8.8 10.0.1.9 tcp/80", "+ 10.0.1.9 8.8.8.8 tcp/80",
        }, false,
    }, {
        "S37 a finished pod's address belongs to who has it now",
        POLICY("shop", "p", FOR("db") IN("{from: [{namespaceSelector: "
               "{matchLabels: {kubernetes.io/metadata.name: lone}}}]}"))
        POLICY("shop", "q", FOR("web") IN("{from: [{namespaceSelector: "
               "{matchLabels: {team: b}}}]}")),
        {
            "+ 10.0.2.9 shop/db tcp/80", "+ lone/heir shop/db tcp/80",
            "-i 10.0.2.9 shop/web tcp/80", "+ ops/mon shop/web tcp/80",
        }, false,
    }, {
        "S38 a pod being deleted is still enforced and still a peer",
        POLICY("shop", "p", FOR("bye") IN("{from: [" APP("web") "]}"))
        POLICY("shop", "q", FOR("db") IN("{from: [" APP("bye") "]}")),
        {
            "-i ops/mon shop/bye tcp/80", "+ shop/web shop/bye tcp/80",
            "+ shop/bye shop/db tcp/80", "-i shop/web shop/db tcp/80",
        }, false,
    }, {
        "S39 the newest pod has the address",
        POLICY("shop", "p", FOR("db") IN("{from: [" APP("new") "]}"))
        POLICY("shop", "q", FOR("web") IN("{from: [" APP("old") "]}"))
        POLICY("shop", "r", FOR("old") "policyTypes: [Ingress, Egress]"),
        {
            "+ 10.0.1.7 shop/db tcp/80", "-i 10.0.1.7 shop/web tcp/80",
            "+ ops/mon 10.0.1.7 tcp/80", "+ ops/mon shop/new tcp/80",
            "-i ops/mon shop/old tcp6/80", "-ei shop/old shop/db tcp6/80",
        }, false,
    }, {
        "S40 hostNetwork pods are never selected",
        POLICY("ops", "p", ALL "policyTypes: [Ingress, Egress]")
        POLICY("shop", "q", FOR("db") IN("{from: [{namespaceSelector: {}, "
               "podSelector: {matchLabels: {app: web}}}]}"))
        POLICY("shop", "r", FOR("api") IN("{from: ["
               BLOCK("192.168.0.2/32") "]}")),
        {
            "+ shop/web 192.168.0.2 tcp/80", "-i shop/web ops/web tcp/80",
            "+ ops/proxy 8.8.8.8 tcp/80", "-e ops/web 8.8.8.8 tcp/80",
            "-i ops/proxy shop/db tcp/80", "+ shop/web shop/db tcp/80",
            "+ ops/proxy shop/api tcp/80", "-i shop/web shop/api tcp/80",
        }, false,
    }, {
        "S41 all addresses of a pod",
        POLICY("shop", "p", FOR("db") "policyTypes: [Ingress, Egress], "
               IN("{from: [" APP("web") "]}") ", "
               "egress: [{to: [" APP("api") "]}]"),
        {
            "+ 10.0.1.1 10.0.1.2 tcp/80", "+ fd00::1:1 fd00::1:2 tcp6/80",
            "-i 10.0.1.3 10.0.1.2 tcp/80", "-i fd00::1:3 fd00::1:2 tcp6/80",
            "+ fd00::1:2 fd00::1:3 tcp6/80", "-e fd00::1:2 fd00::1:1 tcp6/80",
        }, false,
    }, {
        "S42 duplicates are a union",
        POLICY("shop", "a", FOR("db") IN("{from: [" APP("web") ", "
               APP("web") "], ports: [{port: 80}, {port: 80}, "
               "{port: 79, endPort: 81}]}, {from: [" APP("web") "], "
               "ports: [{port: 80}]}"))
        POLICY("shop", "b", FOR("db") IN("{from: [" APP("web") "], "
               "ports: [{port: 80}]}")),
        {
            "+ shop/web shop/db tcp/80", "+ shop/web shop/db tcp/81",
            "-i shop/web shop/db tcp/82", "-i shop/api shop/db tcp/80",
        }, false,
    }, {
        "S42 an unknown peer kind matches nothing",
        POLICY("shop", "p", FOR("db") IN("{from: [{serviceSelector: "
               "{app: web}}]}, {from: [" APP("api") "]}")),
        {
            "-i shop/web shop/db tcp/80", "-i 8.8.8.8 shop/db tcp/80",
            "+ shop/api shop/db tcp/80",
        }, true,
    },
};

static void
test_cases(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct verdict_case *c = &cases[i];
        struct world w;

        world_init(&w);
        put_yaml(&w, c->policies, c->tolerate);
        for (size_t j = 0; j < MAX_QUERIES && c->queries[j]; j++) {
            ask(&w, c->title, c->queries[j]);
        }
        world_uninit(&w);
    }
}

/* Changes count at once. */
static void
test_changes(void **state)
{
    struct world w;

    world_init(&w);
    put_yaml(&w, POLICY("shop", "p", FOR("db") IN("{from: ["
             "{namespaceSelector: {matchLabels: {team: c}}}, "
             APP("mover") "]}")), false);
    ask(&w, "S34 before", "-i ops/mon shop/db tcp/80");
    put_yaml(&w, NAMESPACE("ops", "{team: c}"), false);
    ask(&w, "S34 namespace's labels changed", "+ ops/mon shop/db tcp/80");
    ask(&w, "S34 before", "-i shop/api shop/db tcp/80");
    put_yaml(&w, POD("shop", "api", "labels: {app: mover}", NODE1,
                     IPS("10.0.1.3", "fd00::1:3")), false);
    ask(&w, "S34 pod's labels changed", "+ shop/api shop/db tcp/80");
    put_yaml(&w, POD("shop", "late", "labels: {app: db}", NODE1,
                     IPS("10.0.1.50", "fd00::1:50")), false);
    ask(&w, "S36 new pod", "-i shop/web shop/late tcp/80");
    ask(&w, "S36 new pod", "+ shop/api shop/late tcp6/80");

    put_yaml(&w, POLICY("shop", "q", FOR("db")), false);
    assert_true(model_delete(w.model, K8S_POLICY, "shop", "p"));
    ask(&w, "S35 not the last policy", "-i ops/mon shop/db tcp/80");
    assert_true(model_delete(w.model, K8S_POLICY, "shop", "q"));
    ask(&w, "S35 the last policy", "+ ops/mon shop/db tcp/80");
    world_uninit(&w);
}

/* Reasons. */

static const char reasons_policies[] =
    POLICY("shop", "c", FOR("db") IN("{from: [" APP("api") "]}"))
    POLICY("shop", "a", FOR("db") IN("{}, {from: [" APP("api") "]}, "
           "{from: [" APP("web") "], ports: [{port: sql}, "
           "{protocol: UDP, port: 53, endPort: 54}]}"))
    POLICY("shop", "b", ALL)
    POLICY("shop", "d", FOR("web"))
    POLICY("ops", "a", FOR("mon") OUT("{to: [" BLOCK("10.0.1.0/24") ", "
           BLOCK("10.0.3.0/24") "]}"));

static void
evaluate(const struct world *w, const char *query, struct verdict_query *q,
         struct verdict *v)
{
    char expect[8];

    parse_query(w, query, expect, q);
    verdict_evaluate(w->model, q, v);
    assert_int_equal(v->allowed, expect[0] == '+');
}

static void
check_reason(const struct verdict_side *side, size_t i, const char *name,
             size_t rule)
{
    assert_true(i < side->n_reasons);
    assert_string_equal(side->reasons[i].policy->up.name, name);
    assert_int_equal(side->reasons[i].rule, rule);
}

static void
test_reasons(void **state)
{
    struct verdict_side *side;
    struct verdict_query q;
    struct verdict v;
    struct world w;

    world_init(&w);
    put_yaml(&w, reasons_policies, false);

    evaluate(&w, "+ shop/web shop/db tcp/5433", &q, &v);
    side = &v.side[K8S_EGRESS];
    assert_int_equal(side->exemption, VERDICT_NOT_EXEMPT);
    assert_false(side->isolated);
    assert_int_equal(side->n_isolating, 0);
    assert_int_equal(side->n_reasons, 0);
    side = &v.side[K8S_INGRESS];
    assert_true(side->isolated);
    assert_int_equal(side->n_isolating, 3);
    assert_string_equal(side->isolating[0]->up.name, "a");
    assert_string_equal(side->isolating[1]->up.name, "b");
    assert_string_equal(side->isolating[2]->up.name, "c");
    assert_int_equal(side->n_reasons, 2);
    check_reason(side, 0, "a", 0);
    check_reason(side, 1, "a", 2);
    verdict_uninit(&v);

    evaluate(&w, "+ shop/api shop/db tcp/80", &q, &v);
    side = &v.side[K8S_INGRESS];
    assert_int_equal(side->n_reasons, 3);
    check_reason(side, 0, "a", 0);
    check_reason(side, 1, "a", 1);
    check_reason(side, 2, "c", 0);
    verdict_uninit(&v);

    evaluate(&w, "+ shop/web shop/web tcp/80", &q, &v);
    assert_int_equal(v.side[K8S_EGRESS].exemption, VERDICT_SELF);
    assert_int_equal(v.side[K8S_INGRESS].exemption, VERDICT_SELF);
    assert_true(v.side[K8S_INGRESS].isolated);
    verdict_uninit(&v);

    evaluate(&w, "+ 192.168.0.1 shop/web tcp/80", &q, &v);
    assert_int_equal(v.side[K8S_EGRESS].exemption, VERDICT_NOT_A_POD);
    assert_int_equal(v.side[K8S_INGRESS].exemption, VERDICT_OWN_NODE);
    verdict_uninit(&v);
    world_uninit(&w);
}

/* Text. */

static const struct {
    const char *query;
    const char *text;
    const char *json;
} texts[] = {
    {
        "- shop/db shop/web tcp/80",
        "denied   shop/db (10.0.1.2) -> shop/web (10.0.1.1):80/TCP\n"
        "  egress   not isolated: no policy selects shop/db for egress\n"
        "  ingress  isolated by shop/b, shop/d; no rule allows it\n",
        "{\"allowed\":false,\"audited\":false,"
        "\"destination\":{\"address\":\"10.0.1.1\","
        "\"pod\":{\"name\":\"web\",\"namespace\":\"shop\"}},"
        "\"egress\":{\"admin\":null,\"allowed\":true,\"allowedBy\":[],"
        "\"audited\":false,\"baseline\":null,"
        "\"decidedBy\":\"default\",\"exemption\":null,"
        "\"isolated\":false,\"isolating\":[]},"
        "\"ingress\":{\"admin\":null,\"allowed\":false,\"allowedBy\":[],"
        "\"audited\":false,\"baseline\":null,"
        "\"decidedBy\":\"policies\",\"exemption\":null,"
        "\"isolated\":true,\"isolating\":["
        "{\"name\":\"b\",\"namespace\":\"shop\"},"
        "{\"name\":\"d\",\"namespace\":\"shop\"}]},"
        "\"port\":80,\"protocol\":\"TCP\","
        "\"source\":{\"address\":\"10.0.1.2\","
        "\"pod\":{\"name\":\"db\",\"namespace\":\"shop\"}}}",
    }, {
        "+ ops/mon shop/db icmp",
        "allowed  ops/mon (10.0.2.1) -> shop/db (10.0.1.2) ICMP\n"
        "  egress   isolated by ops/a; allowed by ops/a egress[0]: "
        "to 10.0.1.0/24 or 10.0.3.0/24, all ports and protocols\n"
        "  ingress  isolated by shop/a, shop/b, shop/c; allowed by "
        "shop/a ingress[0]: from anyone, all ports and protocols\n",
        "{\"allowed\":true,\"audited\":false,"
        "\"destination\":{\"address\":\"10.0.1.2\","
        "\"pod\":{\"name\":\"db\",\"namespace\":\"shop\"}},"
        "\"egress\":{\"admin\":null,\"allowed\":true,\"allowedBy\":["
        "{\"name\":\"a\",\"namespace\":\"ops\",\"rule\":0}],"
        "\"audited\":false,\"baseline\":null,"
        "\"decidedBy\":\"policies\",\"exemption\":null,"
        "\"isolated\":true,\"isolating\":["
        "{\"name\":\"a\",\"namespace\":\"ops\"}]},"
        "\"ingress\":{\"admin\":null,\"allowed\":true,\"allowedBy\":["
        "{\"name\":\"a\",\"namespace\":\"shop\",\"rule\":0}],"
        "\"audited\":false,\"baseline\":null,"
        "\"decidedBy\":\"policies\",\"exemption\":null,"
        "\"isolated\":true,\"isolating\":["
        "{\"name\":\"a\",\"namespace\":\"shop\"},"
        "{\"name\":\"b\",\"namespace\":\"shop\"},"
        "{\"name\":\"c\",\"namespace\":\"shop\"}]},"
        "\"port\":null,\"protocol\":\"ICMP\","
        "\"source\":{\"address\":\"10.0.2.1\","
        "\"pod\":{\"name\":\"mon\",\"namespace\":\"ops\"}}}",
    }, {
        "+ shop/web shop/db tcp6/5432",
        "allowed  shop/web (fd00::1:1) -> shop/db (fd00::1:2):5432/TCP\n"
        "  egress   not isolated: no policy selects shop/web for egress\n"
        "  ingress  isolated by shop/a, shop/b, shop/c; allowed by "
        "shop/a ingress[0]: from anyone, all ports and protocols\n"
        "           and by shop/a ingress[2]: from pods app=web in namespace "
        "shop, ports TCP/sql, UDP/53-54\n",
        NULL,
    }, {
        "- ops/mon 2001:db8::1 udp6/53",
        "denied   ops/mon (fd00::2:1) -> [2001:db8::1]:53/UDP\n"
        "  egress   isolated by ops/a; no rule allows it\n"
        "  ingress  no policy applies: 2001:db8::1 is not a pod's address\n",
        NULL,
    }, {
        "+ shop/web shop/web gre",
        "allowed  shop/web (10.0.1.1) -> shop/web (10.0.1.1) protocol 47\n"
        "  egress   exempt: a pod may always reach itself\n"
        "  ingress  exempt: a pod may always reach itself\n",
        NULL,
    }, {
        "+ 192.168.0.1 shop/web tcp/80",
        "allowed  192.168.0.1 -> shop/web (10.0.1.1):80/TCP\n"
        "  egress   no policy applies: 192.168.0.1 is not a pod's address\n"
        "  ingress  exempt: the node may always reach its own pods\n",
        NULL,
    }, {
        "- shop/web 192.168.0.1 udp/6081",
        "denied   shop/web (10.0.1.1) -> 192.168.0.1:6081/UDP\n"
        "  egress   never: pods do not send to the node's tunnel ports\n"
        "  ingress  no policy applies: 192.168.0.1 is not a pod's address\n",
        "{\"allowed\":false,\"audited\":false,"
        "\"destination\":{\"address\":\"192.168.0.1\",\"pod\":null},"
        "\"egress\":{\"admin\":null,\"allowed\":false,\"allowedBy\":[],"
        "\"audited\":false,\"baseline\":null,"
        "\"decidedBy\":\"exemption\",\"exemption\":\"tunnel\","
        "\"isolated\":false,"
        "\"isolating\":[]},"
        "\"ingress\":{\"admin\":null,\"allowed\":true,\"allowedBy\":[],"
        "\"audited\":false,\"baseline\":null,"
        "\"decidedBy\":\"exemption\",\"exemption\":\"not-a-pod\","
        "\"isolated\":false,"
        "\"isolating\":[]},"
        "\"port\":6081,\"protocol\":\"UDP\","
        "\"source\":{\"address\":\"10.0.1.1\","
        "\"pod\":{\"name\":\"web\",\"namespace\":\"shop\"}}}",
    }, {
        "- shop/web ff02::fb udp6/5353",
        "denied   shop/web (fd00::1:1) -> [ff02::fb]:5353/UDP\n"
        "  egress   never: pods do not send to multicast and broadcast "
        "addresses\n"
        "  ingress  no policy applies: ff02::fb is not a pod's address\n",
        NULL,
    }, {
        "- 8.8.8.8 2001:db8::1 icmp",
        "denied   8.8.8.8 -> 2001:db8::1 ICMP\n"
        "  an IPv4 and an IPv6 address cannot talk to each other\n",
        NULL,
    },
};

static char *
format_verdict(const struct verdict_query *q, const struct verdict *v)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    verdict_format(q, v, &ds);
    return ds_steal_cstr(&ds);
}

static char *
format_json(const struct verdict_query *q, const struct verdict *v)
{
    struct json *json = verdict_to_json(q, v);
    char *s = json_to_string(json, JSSF_SORT);

    json_destroy(json);
    return s;
}

static void
test_text(void **state)
{
    struct world w;

    world_init(&w);
    put_yaml(&w, reasons_policies, false);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct verdict_query q;
        struct verdict v;
        char *s;

        evaluate(&w, texts[i].query, &q, &v);
        s = format_verdict(&q, &v);
        assert_string_equal(s, texts[i].text);
        free(s);
        if (texts[i].json) {
            s = format_json(&q, &v);
            assert_string_equal(s, texts[i].json);
            free(s);
        }
        verdict_uninit(&v);
    }
    world_uninit(&w);
}

/* S25: what is said about a Service address is said of that alone. */
static void
test_service_text(void **state)
{
    struct verdict_query q;
    struct prefix cidr;
    struct verdict v;
    struct world w;

    world_init(&w);
    put_yaml(&w, reasons_policies, false);
    assert_true(prefix_parse("10.96.0.0/12", &cidr));
    model_set_service_cidrs(w.model, &cidr, 1);
    evaluate(&w, "+ shop/web 10.96.0.10 tcp/80", &q, &v);
    char *s = format_verdict(&q, &v);
    assert_true(v.allowed);
    assert_non_null(strstr(s, " -> 10.96.0.10:80/TCP as far as the host, "
                           "which translates it\n  egress   undecided: "));
    free(s);
    verdict_uninit(&v);
    world_uninit(&w);
}

#define ENFORCEMENT(NAME, WORD)                                         \
    "---\n"                                                             \
    "apiVersion: v1\n"                                                  \
    "kind: Namespace\n"                                                 \
    "metadata: {name: " NAME ", annotations: {ovs-netpol.io/enforcement: " \
    WORD "}}\n"

/* Asks, and checks which sides are audited: "", "e", "i" or "ei". */
static void
ask_audited(const struct world *w, const char *query, const char *want)
{
    struct verdict_query q;
    struct verdict v;
    char got[3] = "";

    evaluate(w, query, &q, &v);
    strcat(got, v.side[K8S_EGRESS].audited ? "e" : "");
    strcat(got, v.side[K8S_INGRESS].audited ? "i" : "");
    assert_string_equal(got, want);
    assert_int_equal(v.audited, v.allowed && want[0]);
    verdict_uninit(&v);
    ask(w, "audit", query);
}

/* The namespace of the isolated pod says whether it is audited, for each
 * direction by itself. */
static void
test_audit(void **state)
{
    struct world w;

    world_init(&w);
    put_yaml(&w, POLICY("shop", "p", FOR("db") "policyTypes: [Ingress, "
                        "Egress], ingress: [{from: [" APP("api") "]}]")
             POLICY("lone", "q", OUT("")), false);
    ask_audited(&w, "-i shop/web shop/db tcp/80", "");
    put_yaml(&w, ENFORCEMENT("shop", "audit"), false);
    ask_audited(&w, "+ shop/web shop/db tcp/80", "i");
    ask_audited(&w, "+ shop/api shop/db tcp/80", "");
    ask_audited(&w, "+ shop/db ops/mon udp6/53", "e");
    ask_audited(&w, "-e lone/solo shop/db tcp/80", "i");
    put_yaml(&w, ENFORCEMENT("lone", "audit"), false);
    ask_audited(&w, "+ lone/solo shop/db tcp/80", "ei");
    model_set_audit(w.model, true);
    put_yaml(&w, ENFORCEMENT("shop", "enforce"), false);
    ask_audited(&w, "-i lone/solo shop/db tcp/80", "e");
    world_uninit(&w);
}

static void
test_audit_text(void **state)
{
    struct verdict_query q;
    struct verdict v;
    struct world w;
    char *s;

    world_init(&w);
    put_yaml(&w, POLICY("shop", "p", FOR("db")), false);
    model_set_audit(w.model, true);
    evaluate(&w, "+ shop/web shop/db tcp/80", &q, &v);
    s = format_verdict(&q, &v);
    assert_string_equal(
        s,
        "allowed  shop/web (10.0.1.1) -> shop/db (10.0.1.2):80/TCP; "
        "would be denied (audit)\n"
        "  egress   not isolated: no policy selects shop/web for egress\n"
        "  ingress  isolated by shop/p; no rule allows it: would be denied "
        "(audit)\n");
    free(s);
    s = format_json(&q, &v);
    assert_non_null(strstr(s, "{\"allowed\":true,\"audited\":true,"));
    assert_non_null(strstr(s, "\"ingress\":{\"admin\":null,\"allowed\":true,"
                              "\"allowedBy\":[],\"audited\":true,"));
    free(s);
    verdict_uninit(&v);
    world_uninit(&w);
}

/* A policy that is refused isolates and allows nothing. */
static void
test_refused(void **state)
{
    struct sset refused = SSET_INITIALIZER(&refused);
    struct verdict_query q;
    struct verdict v;
    struct world w;

    world_init(&w);
    put_yaml(&w, reasons_policies, false);
    evaluate(&w, "+ shop/api shop/db tcp/80", &q, &v);
    assert_int_equal(v.side[K8S_INGRESS].n_reasons, 3);
    verdict_uninit(&v);

    sset_add(&refused, "shop/a");
    model_set_refused(w.model, &refused);
    evaluate(&w, "+ shop/api shop/db tcp/80", &q, &v);
    assert_int_equal(v.side[K8S_INGRESS].n_isolating, 3);
    assert_int_equal(v.side[K8S_INGRESS].n_reasons, 1);
    check_reason(&v.side[K8S_INGRESS], 0, "c", 0);
    verdict_uninit(&v);
    evaluate(&w, "- shop/web shop/db tcp/80", &q, &v);
    verdict_uninit(&v);
    world_uninit(&w);
    sset_destroy(&refused);
}

/* Who has the node's mark is not asked; the answer says so. */
static void
test_node_mark(void **state)
{
    struct verdict_query q;
    struct verdict v;
    struct world w;

    world_init(&w);
    put_yaml(&w, reasons_policies, false);
    model_set_node_mark(w.model, (struct model_mark) { 0x20, 0xf0 });
    evaluate(&w, "+ 192.168.0.1 shop/web tcp/80", &q, &v);
    char *text = format_verdict(&q, &v);
    assert_string_equal(
        text, "allowed  192.168.0.1 -> shop/web (10.0.1.1):80/TCP\n"
        "  egress   no policy applies: 192.168.0.1 is not a pod's address\n"
        "  ingress  exempt: the node may always reach its own pods, with "
        "packet mark 0x20/0xf0;\n"
        "           without it isolated by shop/b, shop/d; no rule allows "
        "it\n");
    free(text);
    char *json = format_json(&q, &v);
    assert_non_null(strstr(json, "\"nodeMark\":\"0x20/0xf0\""));
    free(json);
    verdict_uninit(&v);

    evaluate(&w, "+ shop/web shop/db tcp/80", &q, &v);
    json = format_json(&q, &v);
    assert_null(strstr(json, "nodeMark"));
    free(json);
    verdict_uninit(&v);
    world_uninit(&w);
}

/* A rule may have hundreds of peers and ports; the line shows the first. */
static void
test_long_rule(void **state)
{
    struct ds yaml = DS_EMPTY_INITIALIZER;
    struct verdict_query q;
    struct verdict v;
    struct world w;
    char *s;

    ds_put_cstr(&yaml, POLICY("shop", "p", FOR("db") "ingress: [{from: ["));
    ds_chomp(&yaml, '\n');
    ds_chomp(&yaml, '}');
    for (int i = 0; i < 100; i++) {
        ds_put_format(&yaml, "%s" BLOCK("10.0.%d.0/24"), i ? ", " : "", i);
    }
    ds_put_cstr(&yaml, "], ports: [");
    for (int i = 0; i < 9; i++) {
        ds_put_format(&yaml, "%s{port: %d}", i ? ", " : "", i + 1);
    }
    ds_put_cstr(&yaml, "]}]}\n");

    world_init(&w);
    put_yaml(&w, ds_cstr(&yaml), false);
    evaluate(&w, "+ shop/web shop/db tcp/9", &q, &v);
    s = format_verdict(&q, &v);
    assert_non_null(strstr(s, " or 10.0.7.0/24 or 92 more, ports TCP/1, "));
    assert_non_null(strstr(s, ", TCP/8, 1 more\n"));
    free(s);
    verdict_uninit(&v);
    world_uninit(&w);
    ds_destroy(&yaml);
}

/* Endpoints. */

static const struct {
    const char *s;
    const char *like;
    const char *pod;            /* NULL: none. */
    const char *address;        /* NULL: 'error'. */
    const char *error;
} endpoints[] = {
    { "shop/web", NULL, "shop/web", "10.0.1.1", NULL },
    { "shop/web", "8.8.8.8", "shop/web", "10.0.1.1", NULL },
    { "shop/web", "2001:db8::1", "shop/web", "fd00::1:1", NULL },
    { "lone/heir", "2001:db8::1", "lone/heir", "10.0.2.9", NULL },
    { "10.0.1.1", "2001:db8::1", "shop/web", "10.0.1.1", NULL },
    { "fd00::1:1", NULL, "shop/web", "fd00::1:1", NULL },
    { "8.8.8.8", NULL, NULL, "8.8.8.8", NULL },
    /* S37, S39, S40. */
    { "10.0.1.9", NULL, NULL, "10.0.1.9", NULL },
    { "10.0.1.7", NULL, "shop/new", "10.0.1.7", NULL },
    { "shop/old", "8.8.8.8", "shop/old", "fd00::1:8", NULL },
    { "ops/proxy", NULL, NULL, "192.168.0.2", NULL },
    { "shop/job", NULL, NULL, NULL, "pod \"shop/job\" has finished" },
    { "ops/wait", NULL, NULL, NULL, "pod \"ops/wait\" has no address yet" },
    { "shop/none", NULL, NULL, NULL, "there is no pod \"shop/none\"" },
    { "/", NULL, NULL, NULL, "there is no pod \"/\"" },
    { "10.0.1.1/32", NULL, NULL, NULL,
      "\"10.0.1.1/32\": an address has no prefix length here" },
    { "web", NULL, NULL, NULL,
      "\"web\" is neither NAMESPACE/POD nor an address" },
    { "", NULL, NULL, NULL, "\"\" is neither NAMESPACE/POD nor an address" },
};

static void
check_endpoint(const struct verdict_endpoint *e, const char *pod,
               const char *address)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    address_format(&e->address, &ds);
    assert_string_equal(ds_cstr(&ds), address);
    ds_clear(&ds);
    if (pod) {
        assert_non_null(e->pod);
        ds_put_format(&ds, "%s/%s", e->pod->up.ns, e->pod->up.name);
        assert_string_equal(ds_cstr(&ds), pod);
    } else {
        assert_null(e->pod);
    }
    ds_destroy(&ds);
}

static void
test_endpoints(void **state)
{
    struct world w;

    world_init(&w);
    for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
        struct verdict_endpoint e;
        struct in6_addr like;
        char *error;

        if (endpoints[i].like) {
            assert_true(address_parse(endpoints[i].like, &like));
        }
        error = verdict_endpoint_parse(w.model, endpoints[i].s,
                                       endpoints[i].like ? &like : NULL, &e);
        if (endpoints[i].address) {
            assert_null(error);
            check_endpoint(&e, endpoints[i].pod, endpoints[i].address);
        } else {
            assert_string_equal(error, endpoints[i].error);
        }
        free(error);
    }
    world_uninit(&w);
}

static void
test_robbed_endpoint(void **state)
{
    struct verdict_endpoint e;
    struct world w;
    char *error;

    world_init(&w);
    put_yaml(&w, POD("shop", "robbed", "labels: {app: x}", NODE1,
                     "phase: Running, podIP: 10.0.1.7"), false);
    error = verdict_endpoint_parse(w.model, "shop/robbed", NULL, &e);
    assert_string_equal(error, "pod \"shop/robbed\" lost its address to a "
                        "newer pod");
    free(error);
    world_uninit(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_service_text),
        cmocka_unit_test(test_audit),
        cmocka_unit_test(test_audit_text),
        cmocka_unit_test(test_node_mark),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long_rule),
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_robbed_endpoint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
