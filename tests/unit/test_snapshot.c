/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cluster.h"
#include "doc.h"
#include "k8s.h"
#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "property.h"
#include "random-cluster.h"
#include "sset.h"
#include "util.h"
#include "world.h"

struct side {
    struct label_pool *pool;
    struct model *model;
    struct snapshot_node node;
};

static void
side_init(struct side *s)
{
    s->pool = label_pool_create();
    s->model = model_create(s->pool);
    snapshot_node_init(&s->node);
}

static void
side_uninit(struct side *s)
{
    snapshot_node_uninit(&s->node);
    model_destroy(s->model);
    label_pool_destroy(s->pool);
}

/* Reads 'text', which must be right. */
static void
side_read(struct side *s, const char *text)
{
    char *error = snapshot_read(text, strlen(text), s->pool, s->model,
                                &s->node);

    if (error) {
        fail_msg("%s in\n%s", error, text);
    }
}

/* The models have the same objects.  Interned selectors and label sets of
 * different pools are never equal, so 'b' was made with the pool of 'a'. */
static void
assert_objects_equal(const struct model *a, const struct model *b)
{
    for (enum k8s_kind kind = 0; kind < K8S_N_KINDS; kind++) {
        struct hmap_position pos = { 0, 0 };
        const struct k8s_object *x, *y;

        assert_int_equal(model_count(a, kind), model_count(b, kind));
        while ((x = model_next(a, kind, &pos))) {
            y = model_get(b, kind, x->ns, x->name);
            if (!y || !k8s_object_equals(x, y)) {
                fail_msg("%s %s/%s differs", k8s_kind_name(kind),
                         x->ns ? x->ns : "", x->name);
            }
        }
    }
}

static void
assert_surroundings_equal(const struct model *a, const struct model *b)
{
    size_t n_a, n_b;

    assert_true(nullable_string_is_equal(model_node_name(a),
                                         model_node_name(b)));
    assert_int_equal(model_audit(a), model_audit(b));

    const struct in6_addr *addrs_a = model_node_addresses(a, &n_a);
    const struct in6_addr *addrs_b = model_node_addresses(b, &n_b);
    assert_int_equal(n_a, n_b);
    assert_true(!n_a || !memcmp(addrs_a, addrs_b, n_a * sizeof *addrs_a));

    struct model_mark mark_a = model_node_mark(a);
    struct model_mark mark_b = model_node_mark(b);
    assert_int_equal(mark_a.value, mark_b.value);
    assert_int_equal(mark_a.mask, mark_b.mask);

    assert_true(sset_equals(model_refused(a), model_refused(b)));

    const struct prefix *cidrs_a = model_service_cidrs(a, &n_a);
    const struct prefix *cidrs_b = model_service_cidrs(b, &n_b);
    assert_int_equal(n_a, n_b);
    for (size_t i = 0; i < n_a; i++) {
        assert_int_equal(prefix_compare(&cidrs_a[i], &cidrs_b[i]), 0);
    }

    const uint32_t *others_a = model_strangers(a, &n_a);
    const uint32_t *others_b = model_strangers(b, &n_b);
    assert_int_equal(n_a, n_b);
    assert_true(!n_a || !memcmp(others_a, others_b, n_a * sizeof *others_a));

    const struct model_port *ports_a = model_ports(a, &n_a);
    const struct model_port *ports_b = model_ports(b, &n_b);
    assert_int_equal(n_a, n_b);
    for (size_t i = 0; i < n_a; i++) {
        assert_string_equal(ports_a[i].interface, ports_b[i].interface);
        assert_string_equal(ports_a[i].ns, ports_b[i].ns);
        assert_string_equal(ports_a[i].name, ports_b[i].name);
        assert_int_equal(ports_a[i].ofport, ports_b[i].ofport);
        assert_true(eth_addr_equals(ports_a[i].mac, ports_b[i].mac));
        assert_int_equal(ports_a[i].unguarded, ports_b[i].unguarded);
    }
}

/* Writes 'model', reads that, and compares. */
static void
assert_survives(const struct model *model, struct label_pool *pool)
{
    struct snapshot_node node, node_read;
    struct model *copy = model_create(pool);

    snapshot_node_init(&node);
    char *text = snapshot_to_string(model, &node);
    char *error = snapshot_read(text, strlen(text), pool, copy, &node_read);
    if (error) {
        fail_msg("%s in\n%s", error, text);
    }
    assert_objects_equal(model, copy);
    assert_surroundings_equal(model, copy);

    char *again = snapshot_to_string(copy, &node_read);
    assert_string_equal(text, again);

    free(again);
    free(text);
    snapshot_node_uninit(&node_read);
    model_destroy(copy);
}

/* Random clusters have policies that isolate in no direction, which no
 * document can say. */
static void
isolate(struct cluster *c)
{
    for (size_t i = 0; i < CLUSTER_N_POLICIES; i++) {
        bool *isolates = c->policies[i].isolates;

        isolates[K8S_INGRESS] |= !isolates[K8S_EGRESS];
    }
}

static void
test_random_clusters(void **state)
{
    struct property p;
    uint64_t seed;

    property_begin(&p, "snapshot", 300);
    while (property_next(&p, &seed)) {
        struct compile_config config;
        struct cluster cluster;
        struct world w;
        struct rng r;

        rng_init(&r, seed);
        world_random_config(&r, &config);
        random_cluster(&cluster, &r);
        isolate(&cluster);
        world_init(&w, &config);
        world_load(&w, &cluster, NULL);
        assert_survives(w.model, w.pool);
        world_uninit(&w);
    }
    property_end(&p, p.n, "clusters");
}

/* Puts the objects of a YAML text, whatever is wrong with them. */
static void
put_yaml(struct side *s, const char *text)
{
    struct doc **docs;
    size_t n;

    assert_null(doc_parse_yaml(text, strlen(text), NULL, &docs, &n));
    for (size_t i = 0; i < n; i++) {
        struct k8s_report report;
        enum k8s_kind kind;
        char *key;

        assert_true(k8s_identify(doc_root(docs[i]), NULL, &kind));
        struct k8s_object *o = k8s_parse(kind, doc_root(docs[i]), s->pool,
                                         NULL, &report, &key);
        assert_non_null(o);
        model_put(s->model, o);
        k8s_report_uninit(&report);
        free(key);
        doc_destroy(docs[i]);
    }
    free(docs);
}

#define POLICY "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\n" \
               "metadata: {namespace: a, name: p, uid: 'x\"\\y'}\nspec: "

#define CLUSTER_POLICY "kind: ClusterNetworkPolicy\n" \
    "apiVersion: policy.networking.k8s.io/v1alpha2\n" \
    "metadata: {name: p}\nspec: "
#define V1ALPHA1 "apiVersion: policy.networking.k8s.io/v1alpha1\n"
#define NETWORKS(A) A "1.0.0.0/8, " A "2.0.0.0/8, " A "3.0.0.0/8, " \
                    A "4.0.0.0/8, " A "5.0.0.0/8, " A "6.0.0.0/8, " \
                    A "7.0.0.0/8, " A "8.0.0.0/8, " A "9.0.0.0/8, "

/* What random clusters do not have. */
static const char *const objects[] = {
    /* Rules that grant nothing, each for another reason. */
    POLICY "{podSelector: {}, ingress: [{from: 7}, {}]}",
    POLICY "{podSelector: {}, ingress: [{what: 7}]}",
    POLICY "{podSelector: {}, ingress: [{what: 7, ports: [{port: 1}]}]}",
    POLICY "{podSelector: {}, ingress: [{from: [{podSelector: {what: 7}}]}]}",
    POLICY "{podSelector: {}, ingress: [{from: [{what: 7}, "
           "{podSelector: {}}]}]}",
    POLICY "{podSelector: {}, ingress: [{ports: [{what: 7}]}]}",
    POLICY "{podSelector: {}, ingress: [{ports: [{what: 7}, {port: 2}]}]}",
    POLICY "{podSelector: {}, ingress: [{ports: [{port: 70000}]}]}",
    POLICY "{podSelector: {}, policyTypes: [Egress]}",
    POLICY "{podSelector: {}, policyTypes: [Egress, Ingress], egress: [{}]}",
    /* Ports. */
    POLICY "{podSelector: {}, ingress: [{ports: [{protocol: SCTP}, "
           "{port: 1, endPort: 65535}, {port: 65535}, {port: web}]}]}",
    /* Selectors whose matchLabels alone do not say it. */
    POLICY "{podSelector: {matchLabels: {a: b}, matchExpressions: ["
           "{key: a, operator: In, values: [c]}, "
           "{key: a, operator: In, values: [a, d]}, "
           "{key: a, operator: NotIn, values: ['']}, "
           "{key: x.y/b, operator: Exists}, "
           "{key: c, operator: DoesNotExist}]}}",
    "kind: Namespace\napiVersion: v1\n"
    "metadata: {name: a, labels: {b: '', kubernetes.io/metadata.name: x}}",
    "kind: Pod\napiVersion: v1\n"
    "metadata: {name: p, namespace: a, uid: \"\\t\", creationTimestamp: "
    "'0001-01-01T00:00:00+23:59'}\n"
    "spec: {nodeName: \"\\\"\\u00e9\\\\\", hostNetwork: true}\n"
    "status: {phase: Failed, podIP: '::1'}",
    "kind: Pod\napiVersion: v1\nmetadata: {name: p, namespace: a, "
    "creationTimestamp: '2024-02-29T23:59:60.5Z'}\n",
    "kind: Pod\napiVersion: v1\nmetadata: {name: p, namespace: a, "
    "creationTimestamp: '9999-12-31T23:59:60-23:59'}\n",
    "kind: Pod\napiVersion: v1\nmetadata: {name: p, namespace: a, "
    "creationTimestamp: '1969-12-31T23:59:59Z'}\n",
    "kind: Node\napiVersion: v1\nmetadata: {name: n.x, labels: {a: b}, "
    "creationTimestamp: '2024-02-29T23:59:60.5Z'}\n"
    "status: {addresses: [{type: ExternalIP, address: '::1'}, "
    "{type: Hostname, address: x}, {type: InternalIP, address: 1.2.3.4}]}",
    /* Cluster policies: everything that can be said, ... */
    CLUSTER_POLICY "{tier: Baseline, priority: 0, subject: {pods: "
    "{namespaceSelector: {matchLabels: {a: b}}, podSelector: {matchLabels: "
    "{c: d}}}}, ingress: [{action: Pass, name: \"a\\\"b\", from: "
    "[{namespaces: {matchLabels: {x: y}}}, {pods: {podSelector: "
    "{matchLabels: {x: y}}}}]}, {action: Deny, from: [{namespaces: {}}], "
    "protocols: [{tcp: {destinationPort: {number: 7}}}, {udp: "
    "{destinationPort: {range: {start: 1, end: 65535}}}}, {sctp: "
    "{destinationPort: {number: 65535}}}, {destinationNamedPort: http}]}], "
    "egress: [{action: Accept, to: [{nodes: {matchLabels: {x: y}}}, "
    "{nodes: {}}]}]}",
    /* ...networks of more than one peer, ... */
    CLUSTER_POLICY "{tier: Admin, priority: 1000, subject: {namespaces: {}}, "
    "egress: [{action: Accept, to: [{networks: [1.0.0.0/8]}, "
    "{nodes: {}}, {networks: [" NETWORKS("1") NETWORKS("2") "]}, "
    "{networks: ['::/0', " NETWORKS("1") NETWORKS("2") "]}]}]}",
    /* ...and what is not understood. */
    CLUSTER_POLICY "{tier: Admin, priority: 5, subject: {namespaces: {}}, "
    "egress: 7, ingress: [{action: Accept, from: [{what: 7}]}, {action: Pass, "
    "name: x, from: [{namespaces: {}}], protocols: [{}]}]}",
    V1ALPHA1 "kind: AdminNetworkPolicy\nmetadata: {name: p}\n"
    "spec: {priority: 3, subject: {namespaces: {}}, ingress: [{action: Allow, "
    "from: [{namespaces: {}}], ports: [{portNumber: {protocol: UDP, port: "
    "53}}, {portRange: {start: 1, end: 2}}, {namedPort: x}]}], egress: "
    "[{action: Pass, to: [{networks: ['::/0']}]}, {action: Allow, to: [{}]}]}",
    V1ALPHA1 "kind: BaselineAdminNetworkPolicy\nmetadata: {name: default}\n"
    "spec: {subject: {namespaces: {}}, ingress: [{action: Deny, from: "
    "[{namespaces: {}}]}]}",
};

static void
test_objects(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
        struct side s;

        side_init(&s);
        put_yaml(&s, objects[i]);
        assert_survives(s.model, s.pool);
        side_uninit(&s);
    }
}

/* The most of everything that an object may have. */
static void
test_large_objects(void **state)
{
    struct ds yaml = DS_EMPTY_INITIALIZER;
    struct side s;

    ds_put_cstr(&yaml, "kind: Pod\napiVersion: v1\n"
                "metadata: {name: p, namespace: a}\nspec:\n  containers:\n");
    for (int i = 0; i < 2001; i++) {
        ds_put_format(&yaml, "  - ports: [{name: p%d, containerPort: 1}]\n",
                      i / 5);
        ds_put_format(&yaml, "  - ports: [{name: q%d, containerPort: %d}]\n",
                      i, i + 1);
        i += i % 9 == 0 ? 8 : 0;
    }
    ds_put_cstr(&yaml, "---\n" POLICY "{podSelector: {matchLabels: {");
    for (int i = 0; i < 2000; i++) {
        ds_put_format(&yaml, "k%d: c, ", i);
    }
    ds_put_cstr(&yaml, "},\n matchExpressions: [");
    for (int i = 0; i < 2000; i++) {
        ds_put_format(&yaml, "{key: k%d, operator: In, values: %s},\n", i,
                      i % 2 ? "[a, b]" : "[c, d]");
    }
    ds_put_cstr(&yaml, "]}}\n---\nkind: Namespace\napiVersion: v1\n"
                "metadata:\n  name: a\n  labels:\n");
    for (int i = 0; i < 2000; i++) {
        ds_put_format(&yaml, "    k%d: v\n", i);
    }

    side_init(&s);
    put_yaml(&s, ds_cstr(&yaml));
    assert_survives(s.model, s.pool);
    side_uninit(&s);
    ds_destroy(&yaml);
}

static void
assert_nodes_equal(const struct snapshot_node *a,
                   const struct snapshot_node *b)
{
    assert_string_equal(a->bridge, b->bridge);
    assert_string_equal(a->gateway_port, b->gateway_port);
    assert_int_equal(a->gateway, b->gateway);
    assert_int_equal(a->table_base, b->table_base);
    assert_int_equal(a->zone, b->zone);
    assert_int_equal(a->recheck, b->recheck);
    assert_int_equal(a->attach, b->attach);
    assert_int_equal(a->next_table, b->next_table);
    assert_int_equal(a->spoof_guard, b->spoof_guard);
    assert_int_equal(a->reports, b->reports);
    assert_int_equal(a->limits.policy, b->limits.policy);
    assert_int_equal(a->limits.ns, b->limits.ns);
    assert_int_equal(a->limits.total, b->limits.total);
    assert_int_equal(a->closes_unknown, b->closes_unknown);
    assert_int_equal(a->generation, b->generation);
    assert_int_equal(a->written, b->written);
}

static void
test_node(void **state)
{
    static char ns[] = "a", pod[] = "p", interface[] = "veth\"1";
    const struct model_port port = {
        .ns = ns, .name = pod, .interface = interface, .ofport = 7,
        .unguarded = true
    };
    struct sset refused = SSET_INITIALIZER(&refused);
    struct side s, t;

    side_init(&s);
    s.node = (struct snapshot_node) {
        .bridge = xstrdup("br\\0"),
        .gateway_port = xstrdup("gw0"),
        .gateway = 5,
        .table_base = 90,
        .zone = 65000,
        .recheck = true,
        .attach = ATTACH_CHAIN,
        .next_table = 17,
        .spoof_guard = false,
        .reports = true,
        .limits = { 1, 22, 333 },
        .closes_unknown = true,
        .generation = 1234567890123,
        .written = 1700000000,
    };
    model_set_ports(s.model, &port, 1);
    model_set_node_name(s.model, "node \"1\"");
    model_set_audit(s.model, true);
    model_set_node_mark(s.model, (struct model_mark) { 0x20, 0xf0 });
    sset_add(&refused, "shop/large");
    sset_add(&refused, "evil/p");
    model_set_refused(s.model, &refused);
    sset_destroy(&refused);
    char *text = snapshot_to_string(s.model, &s.node);

    side_init(&t);
    side_read(&t, text);
    assert_surroundings_equal(s.model, t.model);
    assert_nodes_equal(&t.node, &s.node);

    free(text);
    side_uninit(&t);
    side_uninit(&s);
}

/* A list from elsewhere: no NodeState, other kinds. */
static void
test_foreign_list(void **state)
{
    struct side s;

    side_init(&s);
    side_read(&s, "{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": ["
              "{\"kind\": \"Service\", \"apiVersion\": \"v1\"},\n"
              "{\"kind\": \"Namespace\", \"apiVersion\": \"v1\", "
              "\"metadata\": {\"name\": \"a\"}}]}");
    assert_int_equal(model_count(s.model, K8S_NAMESPACE), 1);
    assert_true(s.node.spoof_guard);
    assert_null(s.node.bridge);
    side_uninit(&s);
}

#define LIST(ITEMS) "{\"kind\":\"List\",\"apiVersion\":\"v1\"," \
                    "\"items\":[" ITEMS "]}"
#define NODE(REST) LIST("{\"apiVersion\":\"ovs-netpol.io/v1\"," \
                        "\"kind\":\"NodeState\"," REST "}")

static const struct {
    const char *text;
    const char *error;
} errors[] = {
    { "", "the document is not complete" },
    { "{\"kind\":\"List\",\"items\":[", "the document is not complete" },
    { "{}", "the document is not a list" },
    { "[]", "the document is not a list" },
    { "{\"kind\":\"List\",\"items\":[]", "the document is not complete" },
    { LIST("7"), "items[0]: not an object" },
    { LIST("{},{]"), "items[1]: 1:" },
    { LIST("{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}"),
      "items[0]: Pod: metadata.name: missing" },
    { LIST("{},{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":"
           "{\"name\":\"p\"},\"status\":{\"podIP\":\"x\"}}"),
      "items[1]: Pod default/p: status.podIP: \"x\" is not an IP address" },
    { LIST("{\"kind\":\"NodeState\",\"apiVersion\":\"ovs-netpol.io/v2\"}"),
      "items[0]: apiVersion: \"ovs-netpol.io/v2\" is not the version" },
    { NODE("\"metadata\":{\"name\":7}"), "items[0]: metadata.name: expected" },
    { NODE("\"spec\":7"), "items[0]: spec: expected a map" },
    { NODE("\"spec\":{\"bridge\":7}"), "items[0]: spec.bridge: expected" },
    { NODE("\"spec\":{\"tableBase\":0}"), "spec.tableBase: 0 is not" },
    { NODE("\"spec\":{\"zone\":65536}"), "spec.zone: 65536 is not" },
    { NODE("\"spec\":{\"established\":\"x\"}"),
      "spec.established: \"x\" is not keep or recheck" },
    { NODE("\"spec\":{\"attach\":\"x\"}"),
      "spec.attach: \"x\" is not hook, chain or normal" },
    { NODE("\"spec\":{\"nextTable\":254}"), "spec.nextTable: 254 is not" },
    { NODE("\"spec\":{\"limits\":7}"), "spec.limits: expected a map" },
    { NODE("\"spec\":{\"limits\":{\"total\":-1}}"),
      "spec.limits.total: -1 is not" },
    { NODE("\"spec\":{\"enforcement\":\"x\"}"),
      "spec.enforcement: \"x\" is not enforce or audit" },
    { NODE("\"spec\":{\"nodeMark\":\"0/1\"}"),
      "spec.nodeMark: \"0/1\" is not a packet mark" },
    { NODE("\"spec\":{\"reports\":1}"), "spec.reports: expected" },
    { NODE("\"spec\":{\"refused\":[7]}"), "spec.refused[0]: expected" },
    { NODE("\"spec\":{\"spoofGuard\":1}"), "spec.spoofGuard: expected" },
    { NODE("\"spec\":{\"serviceCIDRs\":[\"1.2.3.4/5\",\"x\"]}"),
      "spec.serviceCIDRs[1]: \"x\" is not a CIDR" },
    { NODE("\"spec\":{\"newPorts\":\"x\"}"),
      "spec.newPorts: \"x\" is not closed or open" },
    { NODE("\"status\":{\"otherPorts\":[65280]}"),
      "status.otherPorts[0]: 65280 is not" },
    { NODE("\"status\":[]"), "status: expected a map" },
    { NODE("\"status\":{\"generation\":-1}"), "status.generation: -1 is not" },
    { NODE("\"status\":{\"gateway\":-1}"), "status.gateway: -1 is not" },
    { NODE("\"status\":{\"written\":\"now\"}"),
      "status.written: \"now\" is not an RFC 3339 time" },
    { NODE("\"status\":{\"addresses\":[\"x\"]}"),
      "status.addresses[0]: \"x\" is not an IP address" },
    { NODE("\"status\":{\"ports\":[7]}"), "status.ports[0]: expected a map" },
    { NODE("\"status\":{\"ports\":[{\"interface\":\"v\",\"pod\":\"p\"}]}"),
      "status.ports[0].namespace: missing" },
    { NODE("\"status\":{\"ports\":[{\"interface\":\"v\",\"pod\":\"p\","
           "\"namespace\":\"a\"}]}"), "status.ports[0]: ofport: missing" },
    { NODE("\"status\":{\"ports\":[{\"interface\":\"v\",\"pod\":\"p\","
           "\"namespace\":\"a\",\"mac\":\"x\"}]}"),
      "status.ports[0].mac: \"x\" is not an Ethernet address" },
    { NODE("\"status\":{\"ports\":[{\"interface\":\"v\",\"pod\":\"p\","
           "\"namespace\":\"a\",\"ofport\":65280}]}"),
      "status.ports[0].ofport: 65280 is not" },
};

static void
test_errors(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
        struct side s;

        side_init(&s);
        char *error = snapshot_read(errors[i].text, strlen(errors[i].text),
                                    s.pool, s.model, &s.node);
        if (!error || !strstr(error, errors[i].error)) {
            fail_msg("%s: \"%s\"", errors[i].text, error ? error : "");
        }
        free(error);
        side_uninit(&s);
    }
}

/* The bounds on the lists of a NodeState. */
static void
test_bounds(void **state)
{
    static const struct {
        const char *list;
        const char *element;
        size_t max;
    } rows[] = {
        { "\"spec\":{\"serviceCIDRs\"", "\"10.0.0.0/8\"",
          SNAPSHOT_MAX_ADDRESSES },
        { "\"status\":{\"addresses\"", "\"10.0.0.1\"",
          SNAPSHOT_MAX_ADDRESSES },
        { "\"status\":{\"ports\"", "{}", SNAPSHOT_MAX_PORTS },
        { "\"status\":{\"otherPorts\"", "1", SNAPSHOT_MAX_PORTS },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct ds text = DS_EMPTY_INITIALIZER;
        struct side s;

        ds_put_format(&text, "{\"kind\":\"List\",\"items\":[{\"apiVersion\":"
                      "\""SNAPSHOT_API_VERSION"\",\"kind\":\"NodeState\",%s:[",
                      rows[i].list);
        for (size_t j = 0; j <= rows[i].max; j++) {
            ds_put_format(&text, "%s%s", j ? "," : "", rows[i].element);
        }
        ds_put_cstr(&text, "]}}]}");

        side_init(&s);
        char *error = snapshot_read(ds_cstr(&text), text.length, s.pool,
                                    s.model, &s.node);
        assert_non_null(error);
        assert_non_null(strstr(error, "are allowed"));
        free(error);
        side_uninit(&s);
        ds_destroy(&text);
    }

    struct side s;
    side_init(&s);
    char *error = snapshot_read("", SNAPSHOT_MAX_SIZE + 1, s.pool, s.model,
                                &s.node);
    assert_string_equal(error, "more than 1073741824 bytes");
    free(error);
    side_uninit(&s);
}

/* A document whose checksum is not that of the rest is not intact, wherever it
 * was cut or changed. */
static void
test_intact(void **state)
{
    struct side s;

    side_init(&s);
    put_yaml(&s, objects[0]);
    char *text = snapshot_to_string(s.model, &s.node);
    size_t length = strlen(text);
    assert_true(snapshot_is_intact(text, length));
    for (size_t i = 0; i < length; i++) {
        assert_false(snapshot_is_intact(text, i));
        text[i] ^= 1;
        assert_false(snapshot_is_intact(text, length));
        text[i] ^= 1;
    }
    assert_true(snapshot_is_intact(text, length));
    assert_false(snapshot_is_intact(text, SNAPSHOT_MAX_SIZE + 1));
    free(text);
    side_uninit(&s);
}

/* Which of 'objects' were understood completely. */
static void
test_whole(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
        const struct k8s_object *o;
        struct side s;

        side_init(&s);
        put_yaml(&s, objects[i]);
        o = model_get(s.model, K8S_POLICY, "a", "p");
        if (o) {
            bool refused = (strstr(objects[i], "7") && i != 4 && i != 6);

            if (k8s_object_is_whole(o) == refused) {
                fail_msg("%s", objects[i]);
            }
        }
        side_uninit(&s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_clusters),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_large_objects),
        cmocka_unit_test(test_node),
        cmocka_unit_test(test_foreign_list),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_intact),
        cmocka_unit_test(test_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
