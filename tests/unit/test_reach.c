/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "reach.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "ovs-json.h"
#include "util.h"

#include "cluster.h"
#include "model.h"
#include "property.h"
#include "random-cluster.h"
#include "scene.h"
#include "world.h"

static int
setup(void **state)
{
    struct scene *s = xmalloc(sizeof *s);

    scene_init(s, NULL);
    *state = s;
    return 0;
}

static int
teardown(void **state)
{
    scene_uninit(*state);
    free(*state);
    return 0;
}

static const char pods[] =
    SCENE_NAMESPACE("shop", "team: a")
    SCENE_NAMESPACE("ops", "team: b")
    SCENE_POD("shop", "web-1", "app: web, hash: x", "n1", "10.0.0.1", "")
    SCENE_POD("shop", "web-2", "app: web, hash: y", "n2", "10.0.0.2", "")
    SCENE_POD("shop", "db", "app: db", "n1", "10.0.0.3",
              "{name: sql, containerPort: 5432}")
    SCENE_POD("ops", "mon", "app: mon", "n1", "10.0.1.1", "")
    SCENE_POD("ops", "idle", "app: idle", "n1", "10.0.1.2", "");

static const char policy[] =
    SCENE_POLICY("shop", "db",
                 "podSelector: {matchLabels: {app: db}}, ingress: ["
                 "{from: [{podSelector: {matchLabels: {app: web}}}], "
                 "ports: [{port: sql}, {port: 9000, endPort: 9010}, "
                 "{port: 53, protocol: UDP}]}, "
                 "{from: [{namespaceSelector: {matchLabels: {team: b}}, "
                 "podSelector: {matchLabels: {app: mon}}}]}, "
                 "{from: [{ipBlock: {cidr: 203.0.113.0/24, "
                 "except: [203.0.113.128/25]}}], "
                 "ports: [{protocol: TCP}]}]");

static struct reach *
create(const struct scene *s, const struct reach_port *port)
{
    struct reach *r;
    char *error = reach_create(s->model, port, &r);

    assert_null(error);
    return r;
}

/* The class of a pod, or of what is called 'name' outside. */
static size_t
find(const struct scene *s, const struct reach *r, const char *ns,
     const char *name)
{
    if (ns) {
        const struct k8s_object *pod = model_get(s->model, K8S_POD, ns, name);
        assert_non_null(pod);
        const struct reach_class *class = reach_class_of(r, k8s_pod_cast(pod));
        assert_non_null(class);
        return class->index;
    }
    for (size_t i = 0; i < reach_n_classes(r); i++) {
        struct ds text = DS_EMPTY_INITIALIZER;

        if (!reach_class_at(r, i)->pods.n) {
            reach_format_nets(reach_class_at(r, i), &text);
        }
        bool found = !strcmp(ds_cstr(&text), name);
        ds_destroy(&text);
        if (found) {
            return i;
        }
    }
    fail_msg("nothing is called \"%s\"", name);
    return 0;
}

static void
expect_cell(const struct reach *r, size_t from, size_t to, const char *want)
{
    const struct reach_services *services = reach_cell(r, from, to);
    struct ds text = DS_EMPTY_INITIALIZER;

    if (services) {
        reach_format_services(services, &text);
        assert_ptr_equal(reach_services_at(r, services->index), services);
    }
    assert_string_equal(ds_cstr(&text), want);
    ds_destroy(&text);
}

static void
test_classes(void **state)
{
    struct scene *s = *state;

    scene_put(s, pods);
    scene_put(s, policy);
    struct reach *r = create(s, NULL);
    size_t web = find(s, r, "shop", "web-1");
    size_t db = find(s, r, "shop", "db");
    size_t mon = find(s, r, "ops", "mon");
    size_t idle = find(s, r, "ops", "idle");
    size_t partner = find(s, r, NULL, "203.0.113.0/24");
    size_t elsewhere = find(s, r, NULL, "elsewhere");

    assert_true(reach_class_at(r, db)->restricted[K8S_INGRESS]);
    assert_false(reach_class_at(r, db)->restricted[K8S_EGRESS]);
    assert_false(reach_class_at(r, web)->restricted[K8S_INGRESS]);

    /* The two web pods differ in what no policy asks for. */
    assert_int_equal(find(s, r, "shop", "web-2"), web);
    assert_int_equal(reach_n_classes(r), 6);
    assert_int_equal(reach_class_at(r, web)->pods.n, 2);
    assert_int_equal(reach_class_at(r, elsewhere)->n_nets, 2);

    expect_cell(r, web, web, "all");
    expect_cell(r, web, db, "TCP/5432,9000-9010 UDP/53");
    expect_cell(r, mon, db, "all");
    expect_cell(r, idle, db, "none");
    expect_cell(r, db, db, "");
    expect_cell(r, partner, db, "TCP");
    expect_cell(r, elsewhere, db, "none");
    expect_cell(r, elsewhere, partner, "");
    expect_cell(r, elsewhere, elsewhere, "");
    expect_cell(r, db, elsewhere, "all");
    reach_destroy(r);
}

static void
test_one_port(void **state)
{
    struct scene *s = *state;
    struct reach_port port = { IPPROTO_TCP, 9005 };
    const struct reach_port ping = { IPPROTO_ICMP, 0 };

    scene_put(s, pods);
    scene_put(s, policy);
    struct reach *r = create(s, &port);
    expect_cell(r, find(s, r, "shop", "web-1"), find(s, r, "shop", "db"),
                "all");
    expect_cell(r, find(s, r, "ops", "idle"), find(s, r, "shop", "db"),
                "none");
    reach_destroy(r);

    r = create(s, &ping);
    expect_cell(r, find(s, r, "shop", "web-1"), find(s, r, "shop", "db"),
                "none");
    expect_cell(r, find(s, r, "ops", "mon"), find(s, r, "shop", "db"), "all");
    reach_destroy(r);
}

/* Policies of the whole cluster tell pods apart, and ports. */
static void
test_cluster_policy(void **state)
{
    struct scene *s = *state;

    scene_put(s, pods);
    scene_put(s, "apiVersion: policy.networking.k8s.io/v1alpha2\n"
              "kind: ClusterNetworkPolicy\n"
              "metadata: {name: guard}\n"
              "spec: {tier: Admin, priority: 1, subject: "
              "{pods: {podSelector: {matchLabels: {app: db}}}}, "
              "ingress: [{action: Deny, from: "
              "[{namespaces: {matchLabels: {team: b}}}], protocols: "
              "[{tcp: {destinationPort: {number: 22}}}]}]}\n");
    struct reach *r = create(s, NULL);
    size_t db = find(s, r, "shop", "db");
    size_t mon = find(s, r, "ops", "mon");

    assert_int_equal(find(s, r, "ops", "idle"), mon);
    expect_cell(r, mon, db, "TCP/1-21,23-65535 UDP SCTP ICMP");
    expect_cell(r, find(s, r, "shop", "web-1"), db, "all");
    assert_true(reach_class_at(r, db)->restricted[K8S_INGRESS]);
    assert_false(reach_class_at(r, mon)->restricted[K8S_INGRESS]);
    reach_destroy(r);
}

#define NODE(NAME, POOL, ADDRESS)                                       \
    "---\n"                                                             \
    "apiVersion: v1\n"                                                  \
    "kind: Node\n"                                                      \
    "metadata: {name: " NAME ", labels: {pool: " POOL "}}\n"            \
    "status: {addresses: [{type: InternalIP, address: " ADDRESS "}]}\n"
#define NODE_POLICY(PEER)                                               \
    "---\n"                                                             \
    "apiVersion: policy.networking.k8s.io/v1alpha2\n"                   \
    "kind: ClusterNetworkPolicy\n"                                      \
    "metadata: {name: nodes}\n"                                         \
    "spec: {tier: Admin, priority: 1, subject: {namespaces: {}}, egress: " \
    "[{action: Deny, to: [" PEER "], protocols: [{tcp: "                \
    "{destinationPort: {number: 22}}}]}]}\n"

/* Nodes are someone while a policy has nodes as peers (C4). */
static void
test_nodes(void **state)
{
    struct scene *s = *state;

    scene_put(s, pods);
    scene_put(s, NODE("n1", "blue", "192.168.7.1")
              NODE("n2", "blue", "192.168.7.2")
              NODE("n3", "red", "192.168.7.3")
              /* A pod has it. */
              NODE("n4", "blue", "10.0.0.1"));
    scene_put(s, NODE_POLICY("{networks: [192.168.0.0/16]}"));
    struct reach *r = create(s, NULL);
    for (size_t i = 0; i < reach_n_classes(r); i++) {
        assert_int_equal(reach_class_at(r, i)->nodes.n, 0);
    }
    reach_destroy(r);

    scene_put(s, NODE_POLICY("{nodes: {matchLabels: {pool: blue}}}"));
    r = create(s, NULL);
    size_t web = find(s, r, "shop", "web-1");
    size_t blue = find(s, r, NULL, "nodes n1 and 1 more");
    size_t red = find(s, r, NULL, "node n3");
    const char *rest = "TCP/1-21,23-65535 UDP SCTP ICMP";

    /* All pods, blue, red, elsewhere. */
    assert_int_equal(reach_n_classes(r), 4);
    assert_int_equal(reach_class_at(r, blue)->nodes.n, 2);
    assert_int_equal(reach_class_at(r, blue)->n_nets, 0);
    expect_cell(r, web, blue, rest);
    expect_cell(r, web, red, "all");
    expect_cell(r, blue, web, "all");
    expect_cell(r, blue, red, "");
    expect_cell(r, blue, blue, "");
    expect_cell(r, web, find(s, r, NULL, "elsewhere"), "all");
    reach_destroy(r);

    /* Our own node is left out; an ipBlock tells the others apart. */
    struct in6_addr own;
    assert_true(address_parse("192.168.7.2", &own));
    model_set_node_addresses(s->model, &own, 1);
    scene_put(s, SCENE_POLICY("shop", "p", "podSelector: {matchLabels: {app: "
                              "db}}, ingress: [{from: [{ipBlock: {cidr: "
                              "192.168.7.3/32}}]}]"));
    r = create(s, NULL);
    find(s, r, NULL, "node n1");
    expect_cell(r, find(s, r, NULL, "node n3"), find(s, r, "shop", "db"),
                "all");
    expect_cell(r, find(s, r, NULL, "node n1"), find(s, r, "shop", "db"),
                "none");
    reach_destroy(r);
}

/* A pod without an address is someone; one without the network is not. */
static void
test_who_counts(void **state)
{
    struct scene *s = *state;

    scene_put(s, pods);
    scene_put(s, "kind: Pod\napiVersion: v1\n"
              "metadata: {namespace: shop, name: new, labels: {app: web}}\n"
              "---\n"
              "kind: Pod\napiVersion: v1\n"
              "metadata: {namespace: shop, name: host}\n"
              "spec: {hostNetwork: true}\n"
              "status: {podIP: 192.168.0.9}\n"
              "---\n"
              "kind: Pod\napiVersion: v1\n"
              "metadata: {namespace: shop, name: done}\n"
              "status: {phase: Succeeded, podIP: 10.0.0.9}\n");
    scene_put(s, policy);
    struct reach *r = create(s, NULL);
    expect_cell(r, find(s, r, "shop", "new"), find(s, r, "shop", "db"),
                "TCP/5432,9000-9010 UDP/53");
    assert_null(reach_class_of(r, k8s_pod_cast(
        model_get(s->model, K8S_POD, "shop", "host"))));
    assert_null(reach_class_of(r, k8s_pod_cast(
        model_get(s->model, K8S_POD, "shop", "done"))));
    reach_destroy(r);
}

static void
test_families(void **state)
{
    struct scene *s = *state;

    scene_put(s, SCENE_POD("a", "four", "", "n1", "10.0.0.1", "")
                 SCENE_POD("a", "six", "", "n1", "fd00::1", ""));
    scene_put(s, SCENE_POLICY("a", "p", "podSelector: {}, ingress: [{from: ["
                              "{ipBlock: {cidr: 10.0.0.0/8}}, "
                              "{ipBlock: {cidr: 0.0.0.0/0}}]}]"));
    struct reach *r = create(s, NULL);
    size_t four = find(s, r, "a", "four"), six = find(s, r, "a", "six");

    expect_cell(r, four, six, "none");
    /* 10.0.0.0/8 but for 10.0.0.1, and the rest of IPv4, and IPv6. */
    assert_int_equal(reach_n_classes(r), 5);
    expect_cell(r, find(s, r, NULL, "10.0.0.0/8"), four, "all");
    expect_cell(r, find(s, r, NULL, "10.0.0.0/8"), six, "none");
    reach_destroy(r);
}

/* Where there is no room for a stranger, there is none. */
static void
test_nets_without_room(void **state)
{
    struct scene *s = *state;

    scene_put(s, SCENE_POD("a", "p", "", "n1", "255.255.255.254", ""));
    scene_put(s, SCENE_POLICY("a", "p", "podSelector: {}, ingress: [{from: ["
                              "{ipBlock: {cidr: 255.255.255.254/31}}, "
                              "{ipBlock: {cidr: 255.255.255.255/32}}, "
                              "{ipBlock: {cidr: 128.0.0.0/1}}, "
                              "{ipBlock: {cidr: 0.0.0.0/1}}]}]"));
    struct reach *r = create(s, NULL);
    assert_int_equal(reach_n_classes(r), 4);
    find(s, r, NULL, "255.255.255.255/32");
    find(s, r, NULL, "128.0.0.0/1");
    find(s, r, NULL, "0.0.0.0/1");
    reach_destroy(r);
}

static void
test_json(void **state)
{
    struct scene *s = *state;

    scene_put(s, pods);
    scene_put(s, policy);
    struct reach *r = create(s, NULL);
    struct json *json = reach_services_to_json(
        reach_cell(r, find(s, r, "ops", "mon"), find(s, r, "shop", "db")));
    char *text = json_to_string(json, JSSF_SORT);
    assert_string_equal(text,
        "[{\"first\":1,\"last\":65535,\"protocol\":\"TCP\"},"
        "{\"first\":1,\"last\":65535,\"protocol\":\"UDP\"},"
        "{\"first\":1,\"last\":65535,\"protocol\":\"SCTP\"},"
        "{\"protocol\":\"ICMP\"}]");
    free(text);
    json_destroy(json);
    reach_destroy(r);
}

static void
test_exceed(void **state)
{
    struct scene *s = *state;

    scene_put(s, pods);
    scene_put(s, policy);
    struct reach *r = create(s, NULL);
    size_t db = find(s, r, "shop", "db");
    const struct reach_services *all = reach_cell(r, find(s, r, "ops", "mon"),
                                                  db);
    const struct reach_services *some
        = reach_cell(r, find(s, r, "shop", "web-1"), db);
    const struct reach_services *none
        = reach_cell(r, find(s, r, "ops", "idle"), db);

    assert_true(reach_services_exceed(all, some));
    assert_true(reach_services_exceed(some, none));
    assert_false(reach_services_exceed(some, all));
    assert_false(reach_services_exceed(none, some));
    assert_false(reach_services_exceed(some, some));
    reach_destroy(r);
}

static void
test_too_many_classes(void **state)
{
    struct scene *s = *state;
    struct ds yaml = DS_EMPTY_INITIALIZER;
    struct reach *r;

    for (int i = 0; i <= REACH_MAX_CLASSES; i++) {
        ds_put_format(&yaml, "---\nkind: NetworkPolicy\n"
                      "apiVersion: networking.k8s.io/v1\n"
                      "metadata: {namespace: a, name: p%d}\n"
                      "spec: {podSelector: {}, ingress: [{from: [{ipBlock: "
                      "{cidr: 10.%d.%d.0/24}}]}]}\n", i, i / 256, i % 256);
    }
    scene_put(s, ds_cstr(&yaml));
    ds_destroy(&yaml);
    char *error = reach_create(s->model, NULL, &r);
    assert_non_null(error);
    assert_non_null(strstr(error, "more than"));
    free(error);
}

/* Random clusters: a cell says of each pair of pods, and of a pod and a node,
 * what the evaluator says. */

static bool
has_service(const struct reach_services *services, uint8_t protocol,
            uint16_t port)
{
    for (size_t i = 0; i < services->n_ranges; i++) {
        const struct reach_range *range = &services->ranges[i];

        if (range->protocol == protocol && range->first <= port
            && range->last >= port) {
            return true;
        }
    }
    return protocol == IPPROTO_ICMP && services->others;
}

/* Somebody with an IPv4 address. */
struct party {
    const struct reach_class *class;
    struct verdict_endpoint end;
};

static bool
pod_party(const struct model *model, const struct reach *r,
          const struct k8s_pod *pod, struct party *party)
{
    party->class = reach_class_of(r, pod);
    for (size_t i = 0; party->class && i < pod->n_addresses; i++) {
        if (!address_is_v6(&pod->addresses[i])
            && model_pod_by_address(model, &pod->addresses[i]) == pod) {
            party->end = (struct verdict_endpoint) { pod, pod->addresses[i] };
            return true;
        }
    }
    return false;
}

static bool
node_party(const struct model *model, const struct reach_class *class,
           const struct k8s_node *node, struct party *party)
{
    party->class = class;
    for (size_t i = 0; class->has_end[0][0] && i < node->n_addresses; i++) {
        if (!address_is_v6(&node->addresses[i])
            && model_node_by_address(model, &node->addresses[i]) == node) {
            party->end = (struct verdict_endpoint) {
                NULL, node->addresses[i]
            };
            return true;
        }
    }
    return false;
}

/* Those of 'w': array of '*n', of which the last '*n_nodes' are nodes. */
static struct party *
find_parties(const struct world *w, const struct reach *r, size_t *n,
             size_t *n_nodes)
{
    size_t n_pods, n_machines = model_count(w->model, K8S_NODE);
    const struct k8s_object **pod_list = model_sorted(w->model, K8S_POD,
                                                      &n_pods);
    struct party *parties = xcalloc(n_pods + n_machines + 1, sizeof *parties);

    *n = *n_nodes = 0;
    for (size_t i = 0; i < n_pods; i++) {
        *n += pod_party(w->model, r, k8s_pod_cast(pod_list[i]), &parties[*n]);
    }
    for (size_t i = 0; i < reach_n_classes(r); i++) {
        const struct reach_class *class = reach_class_at(r, i);

        for (size_t j = 0; j < class->nodes.n; j++) {
            bool has = node_party(w->model, class, class->nodes.p[j],
                                  &parties[*n]);
            *n += has;
            *n_nodes += has;
        }
    }
    free(pod_list);
    return parties;
}

/* Returns the number of questions. */
static size_t
check_pair(const struct model *model, const struct reach *r, struct rng *rng,
           const struct party *src, const struct party *dst)
{
    static const uint8_t protocols[] = {
        IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP
    };
    size_t from = src->class->index, to = dst->class->index;
    size_t n;

    if (src == dst || (!src->end.pod && !dst->end.pod)) {
        return 0;
    }
    struct reach_port *ports = reach_ports(r, from, to, &n);
    for (size_t i = 0; i < n + 4; i++) {
        struct verdict_query query = {
            .src = src->end,
            .dst = dst->end,
            .protocol = i < n ? ports[i].protocol : protocols[i - n],
            .port = i < n ? ports[i].number : 1 + rng_below(rng, 65535),
        };
        assert_int_equal(verdict_allows(model, &query),
                         has_service(reach_cell(r, from, to),
                                     query.protocol, query.port));
    }
    free(ports);
    return n + 4;
}

static void
test_agrees_with_verdict(void **state)
{
    struct property p;
    size_t n_checks = 0, n_all_nodes = 0;
    uint64_t seed;

    property_begin(&p, "reach", 300);
    while (property_next(&p, &seed)) {
        struct compile_config config;
        struct cluster c;
        struct world w;
        struct rng rng;
        struct reach *r;
        size_t n, n_nodes;

        rng_init(&rng, seed);
        random_cluster(&c, &rng);
        world_random_config(&rng, &config);
        world_init(&w, &config);
        world_load(&w, &c, NULL);
        assert_null(reach_create(w.model, NULL, &r));
        struct party *parties = find_parties(&w, r, &n, &n_nodes);
        for (size_t i = 0; i < n * n; i++) {
            n_checks += check_pair(w.model, r, &rng, &parties[i / n],
                                   &parties[i % n]);
        }
        free(parties);
        n_all_nodes += n_nodes;
        reach_destroy(r);
        world_uninit(&w);
    }
    property_end(&p, n_checks, "questions");
    assert_true(n_checks > 0);
    assert_true(n_all_nodes > 0);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_classes),
        TEST(test_one_port),
        TEST(test_cluster_policy),
        TEST(test_nodes),
        TEST(test_who_counts),
        TEST(test_families),
        TEST(test_nets_without_room),
        TEST(test_json),
        TEST(test_exceed),
        TEST(test_too_many_classes),
        cmocka_unit_test(test_agrees_with_verdict),
    };
#undef TEST

    return cmocka_run_group_tests_name("reach", tests, NULL, NULL);
}
