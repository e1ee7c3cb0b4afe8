/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "util.h"

#include "label.h"
#include "scene.h"

/* A scene, of which just the model is used. */

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

/* A pod of namespace shop; META goes on in metadata, SPEC and STATUS are
 * insides. */
#define POD(NAME, META, SPEC, STATUS)                               \
    "---\n"                                                         \
    "apiVersion: v1\n"                                              \
    "kind: Pod\n"                                                   \
    "metadata: {namespace: shop, name: " NAME META "}\n"            \
    "spec: {" SPEC "}\n"                                            \
    "status: {" STATUS "}\n"
#define CREATED(DAY) ", creationTimestamp: 2024-01-" DAY "T00:00:00Z"
#define UID(ID) ", uid: " ID

static const char *const change_names[] = {
    [MODEL_NAMESPACE] = "namespace", [MODEL_POD] = "pod",
    [MODEL_POLICY] = "policy", [MODEL_PORTS] = "ports", [MODEL_NODE] = "node",
};

/* Takes the changes: "pod shop/web, namespace shop". */
static void
expect_changes(struct scene *s, const char *want)
{
    struct ds text = DS_EMPTY_INITIALIZER;
    struct model_change *changes;
    size_t n = model_take_changes(s->model, &changes);

    for (size_t i = 0; i < n; i++) {
        const struct model_change *c = &changes[i];

        ds_put_format(&text, "%s%s", i ? ", " : "", change_names[c->type]);
        ds_put_format(&text, "%s%s", c->ns ? " " : "", c->ns ? c->ns : "");
        ds_put_format(&text, "%s%s", c->name ? "/" : "",
                      c->name ? c->name : "");
    }
    assert_string_equal(ds_cstr(&text), want);
    ds_destroy(&text);
    model_changes_free(changes);
}

/* The name of the pod that owns 'address', or "" if nobody does. */
static void
expect_owner(const struct scene *s, const char *address, const char *want)
{
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object *o;
    const struct k8s_pod *pod;
    struct in6_addr addr;

    assert_true(address_parse(address, &addr));
    pod = model_pod_by_address(s->model, &addr);
    assert_string_equal(pod ? pod->up.name : "", want);
    while ((o = model_next(s->model, K8S_POD, &pos))) {
        assert_int_equal(model_pod_owns(s->model, k8s_pod_cast(o), &addr),
                         k8s_pod_cast(o) == pod);
    }
}

static void
expect_label(const struct scene *s, const char *ns, const char *key,
             const char *want)
{
    const struct label_set *labels = model_namespace_labels(s->model, ns);
    const char *value = labels ? label_set_get(labels, key) : NULL;

    assert_string_equal(value ? value : "(none)", want);
}

static void
test_put_and_delete(void **state)
{
    struct scene *s = *state;
    uint64_t generation = model_generation(s->model);

    scene_put(s, POD("web", "", "", ""));
    assert_true(model_generation(s->model) > generation);
    assert_int_equal(model_count(s->model, K8S_POD), 1);
    assert_non_null(model_get(s->model, K8S_POD, "shop", "web"));
    assert_null(model_get(s->model, K8S_POD, "shop", "db"));
    assert_null(model_get(s->model, K8S_POD, "ops", "web"));
    assert_null(model_get(s->model, K8S_POLICY, "shop", "web"));
    assert_true(model_delete(s->model, K8S_POD, "shop", "web"));
    assert_false(model_delete(s->model, K8S_POD, "shop", "web"));
    assert_int_equal(model_count(s->model, K8S_POD), 0);
    expect_changes(s, "pod shop/web");
}

/* What means the same is no change (and S42: no second object). */
static void
test_same_again(void **state)
{
    struct scene *s = *state;
    const char *yaml = SCENE_NAMESPACE("shop", "a: b")
        POD("web", "", "", "podIP: 10.0.0.1")
        SCENE_POLICY("shop", "p", "podSelector: {}, ingress: [{}]");
    uint64_t generation;

    scene_put(s, yaml);
    expect_changes(s, "namespace shop, pod shop/web, policy shop/p");
    generation = model_generation(s->model);
    scene_put(s, yaml);
    expect_changes(s, "");
    assert_true(model_generation(s->model) == generation);
    scene_put(s, POD("web", "", "", "podIP: 10.0.0.2"));
    expect_changes(s, "pod shop/web");
}

/* One change for each object, in order of the first. */
static void
test_changes_are_merged(void **state)
{
    struct scene *s = *state;

    scene_put(s, POD("web", "", "", "podIP: 10.0.0.1"));
    scene_put(s, POD("db", "", "", "podIP: 10.0.0.2"));
    scene_put(s, POD("web", "", "", "podIP: 10.0.0.3"));
    scene_delete(s, "Pod", "shop", "web");
    expect_changes(s, "pod shop/web, pod shop/db");
    expect_changes(s, "");
}

static void
test_sorted(void **state)
{
    static const char *const want[] = { "a/b", "a/c", "b/a" };
    struct scene *s = *state;
    struct hmap_position pos = { 0, 0 };
    const struct k8s_object **policies;
    size_t n, n_next = 0;

    scene_put(s, SCENE_POLICY("b", "a", "") SCENE_POLICY("a", "c", "")
                 SCENE_POLICY("a", "b", ""));
    policies = model_sorted(s->model, K8S_POLICY, &n);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        char *key = xasprintf("%s/%s", policies[i]->ns, policies[i]->name);

        assert_string_equal(key, want[i]);
        free(key);
    }
    free(policies);
    while (model_next(s->model, K8S_POLICY, &pos)) {
        n_next++;
    }
    assert_int_equal(n_next, 3);
    policies = model_sorted(s->model, K8S_POD, &n);
    assert_int_equal(n, 0);
    free(policies);
}

/* S12: a namespace always has its name as a label. */
static void
test_namespaces(void **state)
{
    struct scene *s = *state;
    const char *name = "kubernetes.io/metadata.name";

    assert_null(model_namespace_labels(s->model, "shop"));
    scene_put(s, POD("web", "", "", ""));
    expect_label(s, "shop", name, "shop");
    expect_changes(s, "pod shop/web");

    scene_put(s, SCENE_NAMESPACE("shop", "team: a"));
    expect_label(s, "shop", name, "shop");
    expect_label(s, "shop", "team", "a");
    expect_changes(s, "namespace shop");
    scene_put(s, SCENE_NAMESPACE("shop", "team: b"));
    expect_changes(s, "namespace shop");

    /* Without its object a namespace is what its pods say. */
    scene_delete(s, "Namespace", NULL, "shop");
    expect_changes(s, "namespace shop");
    expect_label(s, "shop", "team", "(none)");
    expect_label(s, "shop", name, "shop");
    scene_delete(s, "Pod", "shop", "web");
    assert_null(model_namespace_labels(s->model, "shop"));
}

static void
test_enforcement(void **state)
{
    struct scene *s = *state;

    scene_put(s, SCENE_NAMESPACE("shop", "")
              SCENE_ENFORCEMENT("trial", "audit")
              SCENE_ENFORCEMENT("strict", "enforce"));
    assert_false(model_namespace_is_audited(s->model, "shop"));
    assert_true(model_namespace_is_audited(s->model, "trial"));
    assert_false(model_namespace_is_audited(s->model, "strict"));
    expect_changes(s, "namespace trial, namespace strict");

    /* A namespace has the last word. */
    assert_true(model_set_audit(s->model, true));
    assert_false(model_set_audit(s->model, true));
    assert_true(model_audit(s->model));
    assert_true(model_namespace_is_audited(s->model, "shop"));
    assert_true(model_namespace_is_audited(s->model, "unheard-of"));
    assert_false(model_namespace_is_audited(s->model, "strict"));
    expect_changes(s, "namespace shop");

    scene_put(s, SCENE_ENFORCEMENT("strict", "audit"));
    expect_changes(s, "namespace strict");
    assert_true(model_set_audit(s->model, false));
    expect_changes(s, "namespace shop");
    scene_delete(s, "Namespace", NULL, "strict");
    assert_false(model_namespace_is_audited(s->model, "strict"));
}

/* Who is an endpoint: S37, S40, and S38, pods that are being deleted. */
static const struct {
    const char *yaml;
    bool live;
} pods[] = {
    { POD("web", "", "", "phase: Running, podIP: 10.0.0.1"), true },
    { POD("web", "", "", "phase: Pending, podIP: 10.0.0.1"), true },
    { POD("web", "", "", "phase: Unknown, podIP: 10.0.0.1"), true },
    { POD("web", "", "", "phase: Succeeded, podIP: 10.0.0.1"), false },
    { POD("web", "", "", "phase: Failed, podIP: 10.0.0.1"), false },
    { POD("web", "", "hostNetwork: true", "podIP: 10.0.0.1"), false },
    { POD("web", "", "hostNetwork: false", "podIP: 10.0.0.1"), true },
    { POD("web", ", deletionTimestamp: 2024-01-01T00:00:00Z", "",
          "podIP: 10.0.0.1"), true },
};

/* The policies of one namespace are those that were put and not deleted. */
static void
test_namespace_policies(void **state)
{
    struct scene *s = *state;
    const struct k8s_policy *const *policies;
    size_t n;

    model_namespace_policies(s->model, "shop", &n);
    assert_int_equal(n, 0);
    scene_put(s, SCENE_POLICY("shop", "a", "podSelector: {}")
                 SCENE_POLICY("shop", "b", "podSelector: {}")
                 SCENE_POLICY("ops", "a", "podSelector: {}"));
    scene_put(s, SCENE_POLICY("shop", "a",
                              "podSelector: {matchLabels: {app: x}}"));
    model_namespace_policies(s->model, "shop", &n);
    assert_int_equal(n, 2);

    scene_delete(s, "NetworkPolicy", "shop", "b");
    policies = model_namespace_policies(s->model, "shop", &n);
    assert_int_equal(n, 1);
    assert_ptr_equal(policies[0], model_get(s->model, K8S_POLICY, "shop",
                                            "a"));
    scene_delete(s, "NetworkPolicy", "shop", "a");
    model_namespace_policies(s->model, "shop", &n);
    assert_int_equal(n, 0);
}

static void
test_live_pods(void **state)
{
    struct scene *s = *state;

    for (size_t i = 0; i < ARRAY_SIZE(pods); i++) {
        const struct k8s_object *o;

        scene_put(s, pods[i].yaml);
        o = model_get(s->model, K8S_POD, "shop", "web");
        assert_int_equal(model_pod_is_live(k8s_pod_cast(o)), pods[i].live);
        expect_owner(s, "10.0.0.1", pods[i].live ? "web" : "");
    }
    scene_delete(s, "Pod", "shop", "web");
    expect_owner(s, "10.0.0.1", "");
}

/* S41: all addresses, of both families. */
static void
test_addresses(void **state)
{
    struct scene *s = *state;

    scene_put(s, POD("web", "", "", "podIP: 10.0.0.1, "
                     "podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}]"));
    expect_owner(s, "10.0.0.1", "web");
    expect_owner(s, "fd00::1", "web");
    expect_owner(s, "10.0.0.2", "");
    scene_put(s, POD("web", "", "", "podIP: 10.0.0.2"));
    expect_owner(s, "10.0.0.1", "");
    expect_owner(s, "fd00::1", "");
    expect_owner(s, "10.0.0.2", "web");
}

/* S39: the newest live pod has the address; by uid and name if that does not
 * tell. */
static const struct {
    const char *a, *b;          /* Pods "a" and "b"; b wins. */
} rivals[] = {
    { POD("a", CREATED("01"), "", "podIP: 10.0.0.1"),
      POD("b", CREATED("02"), "", "podIP: 10.0.0.1") },
    { POD("a", CREATED("02"), "", "phase: Failed, podIP: 10.0.0.1"),
      POD("b", CREATED("01"), "", "podIP: 10.0.0.1") },
    { POD("a", CREATED("02"), "hostNetwork: true", "podIP: 10.0.0.1"),
      POD("b", CREATED("01"), "", "podIP: 10.0.0.1") },
    { POD("a", UID("u3"), "", "podIP: 10.0.0.1"),
      POD("b", CREATED("01") UID("u1"), "", "podIP: 10.0.0.1") },
    { POD("a", CREATED("01") UID("u1"), "", "podIP: 10.0.0.1"),
      POD("b", CREATED("01") UID("u2"), "", "podIP: 10.0.0.1") },
    { POD("a", CREATED("01"), "", "podIP: 10.0.0.1"),
      POD("b", CREATED("01"), "", "podIP: 10.0.0.1") },
};

static void
test_rivals(void **state)
{
    struct scene *s = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rivals); i++) {
        for (int order = 0; order < 2; order++) {
            scene_put(s, order ? rivals[i].b : rivals[i].a);
            scene_put(s, order ? rivals[i].a : rivals[i].b);
            expect_owner(s, "10.0.0.1", "b");
            scene_delete(s, "Pod", "shop", "a");
            expect_owner(s, "10.0.0.1", "b");
            scene_delete(s, "Pod", "shop", "b");
            expect_owner(s, "10.0.0.1", "");
        }
    }
}

/* Who wins or loses an address is told. */
static void
test_rivals_are_noted(void **state)
{
    struct scene *s = *state;

    scene_put(s, POD("a", CREATED("01"), "", "podIP: 10.0.0.1")
                 POD("c", CREATED("01"), "", "podIP: 10.0.0.3"));
    expect_changes(s, "pod shop/a, pod shop/c");
    scene_put(s, POD("b", CREATED("02"), "", "podIP: 10.0.0.1"));
    expect_changes(s, "pod shop/a, pod shop/b");
    scene_delete(s, "Pod", "shop", "b");
    expect_changes(s, "pod shop/a, pod shop/b");
    expect_owner(s, "10.0.0.1", "a");
}

static void
test_uids(void **state)
{
    struct scene *s = *state;

    scene_put(s, POD("web", UID("u1"), "", "") POD("db", "", "", ""));
    assert_string_equal(model_pod_by_uid(s->model, "u1")->up.name, "web");
    assert_null(model_pod_by_uid(s->model, "u2"));
    scene_put(s, POD("web", UID("u2"), "", ""));
    assert_null(model_pod_by_uid(s->model, "u1"));
    assert_string_equal(model_pod_by_uid(s->model, "u2")->up.name, "web");
}

/* Local is who has a port or our node's name. */

static bool
is_local(const struct scene *s, const char *name)
{
    const struct k8s_object *o = model_get(s->model, K8S_POD, "shop", name);

    return model_pod_is_local(s->model, k8s_pod_cast(o));
}

static void
test_local_pods(void **state)
{
    struct scene *s = *state;
    struct model_port ports[] = {
        { CONST_CAST(char *, "shop"), CONST_CAST(char *, "there"),
          CONST_CAST(char *, "veth2"), 2, ETH_ADDR_C(0a,00,00,00,00,02) },
        { CONST_CAST(char *, "shop"), CONST_CAST(char *, "unknown"),
          CONST_CAST(char *, "veth1"), 1, ETH_ADDR_C(0a,00,00,00,00,01) },
    };
    const struct model_port *got;
    size_t n;

    scene_put(s, POD("here", "", "nodeName: n1", "")
                 POD("there", "", "nodeName: n2", "")
                 POD("host", "", "nodeName: n1, hostNetwork: true", "")
                 POD("done", "", "nodeName: n1", "phase: Failed"));
    expect_changes(s, "pod shop/here, pod shop/there, pod shop/host, "
                      "pod shop/done");
    assert_true(is_local(s, "here"));
    assert_false(is_local(s, "there"));
    assert_false(is_local(s, "host"));
    assert_false(is_local(s, "done"));

    assert_true(model_set_ports(s->model, ports, 2));
    expect_changes(s, "pod shop/there, pod shop/unknown, ports");
    assert_true(is_local(s, "there"));
    got = model_ports(s->model, &n);
    assert_int_equal(n, 2);
    assert_string_equal(got[0].interface, "veth2");
    assert_int_equal(got[1].ofport, 1);
    assert_false(model_set_ports(s->model, ports, 2));
    expect_changes(s, "");

    ports[0].mac.ea[5] = 3;
    assert_true(model_set_ports(s->model, ports, 2));
    expect_changes(s, "pod shop/there, ports");
    assert_true(model_set_ports(s->model, NULL, 0));
    expect_changes(s, "pod shop/there, pod shop/unknown, ports");
    assert_false(is_local(s, "there"));
}

static void
test_node(void **state)
{
    struct scene *s = *state;
    const struct in6_addr *got;
    struct in6_addr addr;
    size_t n;

    scene_put(s, POD("web", "", "nodeName: n2", ""));
    expect_changes(s, "pod shop/web");
    assert_false(model_set_node_name(s->model, SCENE_NODE));
    assert_true(model_set_node_name(s->model, "n2"));
    expect_changes(s, "node, pod shop/web");
    assert_true(is_local(s, "web"));
    assert_true(model_set_node_name(s->model, NULL));
    assert_false(is_local(s, "web"));
    expect_changes(s, "node, pod shop/web");

    assert_true(address_parse("fd00::1", &addr));
    assert_true(model_set_node_addresses(s->model, &addr, 1));
    assert_false(model_set_node_addresses(s->model, &addr, 1));
    expect_changes(s, "node");
    got = model_node_addresses(s->model, &n);
    assert_int_equal(n, 1);
    assert_memory_equal(got, &addr, sizeof addr);
    assert_true(model_is_node_address(s->model, &addr));
    assert_true(model_set_node_addresses(s->model, NULL, 0));
    assert_false(model_is_node_address(s->model, &addr));
    model_node_addresses(s->model, &n);
    assert_int_equal(n, 0);
}

static void
test_services(void **state)
{
    static const struct {
        const char *address;
        bool is_service;
    } rows[] = {
        { "10.96.0.0", true }, { "10.111.255.255", true },
        { "10.95.255.255", false }, { "10.112.0.0", false },
        { "fd00:96::f:ffff", true }, { "fd00:96::10:0", false },
    };
    struct scene *s = *state;
    struct prefix cidrs[2];
    size_t n;

    assert_true(prefix_parse("10.96.0.0/12", &cidrs[0]));
    assert_true(prefix_parse("fd00:96::/108", &cidrs[1]));
    assert_true(model_set_service_cidrs(s->model, cidrs, 2));
    assert_false(model_set_service_cidrs(s->model, cidrs, 2));
    expect_changes(s, "node");
    assert_int_equal(prefix_compare(&model_service_cidrs(s->model, &n)[1],
                                    &cidrs[1]), 0);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct in6_addr addr;

        assert_true(address_parse(rows[i].address, &addr));
        assert_int_equal(model_is_service_address(s->model, &addr),
                         rows[i].is_service);
    }
    assert_true(model_set_service_cidrs(s->model, NULL, 0));
    model_service_cidrs(s->model, &n);
    assert_int_equal(n, 0);
}

static void
test_mark_text(void **state)
{
    static const struct {
        const char *text;
        const char *want;       /* NULL: refused. */
    } rows[] = {
        { "1", "0x1" }, { "0x10", "0x10" }, { "010", "0x8" },
        { "0x20/0xf0", "0x20/0xf0" }, { "4/4", "0x4/0x4" },
        { "0xffffffff", "0xffffffff" }, { "1/0xffffffff", "0x1" },
        { "", NULL }, { "0", NULL }, { "0/1", NULL }, { "1/0", NULL },
        { "2/1", NULL }, { "1/", NULL }, { "/1", NULL }, { "1/1/1", NULL },
        { "0x100000000", NULL }, { "-1", NULL }, { "x", NULL },
        { "1/0x100000000", NULL },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct model_mark mark = { 7, 7 };
        struct ds s = DS_EMPTY_INITIALIZER;
        bool ok = model_mark_parse(rows[i].text, &mark);

        if (ok != (rows[i].want != NULL)) {
            fail_msg("\"%s\": %s", rows[i].text, ok ? "taken" : "refused");
        }
        model_mark_format(mark, &s);
        assert_string_equal(ds_cstr(&s), ok ? rows[i].want : "0x7/0x7");
        ds_destroy(&s);
    }
}

static const struct k8s_pod *
get_pod(const struct scene *s, const char *name)
{
    const struct k8s_object *o = model_get(s->model, K8S_POD, "shop", name);

    return o ? k8s_pod_cast(o) : NULL;
}

/* The only change. */
static struct model_change *
take_change(struct scene *s)
{
    struct model_change *change;

    assert_int_equal(model_take_changes(s->model, &change), 1);
    return change;
}

/* A follower goes with the pod, over to what replaces it; and to who takes the
 * changes when it is deleted. */
static void
test_followers(void **state)
{
    struct scene *s = *state;
    struct model_follower f = { NULL };
    struct model_change *change;

    scene_put(s, POD("web", "", "", ""));
    expect_changes(s, "pod shop/web");
    model_follow(get_pod(s, "web"), &f);
    assert_ptr_equal(f.pod, get_pod(s, "web"));

    scene_put(s, POD("web", ", labels: {app: web}", "", ""));
    assert_ptr_equal(f.pod, get_pod(s, "web"));
    change = take_change(s);
    assert_null(change->follower);
    model_changes_free(change);

    /* Deleted and made again in one batch. */
    scene_delete(s, "Pod", "shop", "web");
    assert_null(f.pod);
    scene_put(s, POD("web", "", "", ""));
    assert_null(get_pod(s, "web")->follower);
    change = take_change(s);
    assert_ptr_equal(change->follower, &f);
    model_changes_free(change);

    model_follow(get_pod(s, "web"), &f);
    model_unfollow(&f);
    assert_null(f.pod);
    assert_null(get_pod(s, "web")->follower);
    model_unfollow(&f);
}

#define CLUSTER_POLICY(NAME, TIER, PRIORITY, SUBJECT)               \
    "---\n"                                                         \
    "apiVersion: policy.networking.k8s.io/v1alpha2\n"               \
    "kind: ClusterNetworkPolicy\n"                                  \
    "metadata: {name: " NAME "}\n"                                  \
    "spec: {tier: " TIER ", priority: " PRIORITY ",\n"              \
    " subject: {" SUBJECT "}}\n"

/* C1, C7: tiers, then priorities, then names, then kinds. */
static void
test_cluster_policies(void **state)
{
    static const char *const names[] = { "z", "y", "x", "x", "a" };
    struct scene *s = *state;
    size_t n;

    scene_put(s, CLUSTER_POLICY("a", "Baseline", "0", "namespaces: {}")
              CLUSTER_POLICY("x", "Admin", "9", "namespaces: {}")
              CLUSTER_POLICY("y", "Admin", "8", "namespaces: {}")
              CLUSTER_POLICY("z", "Admin", "0", "namespaces: {}")
              "---\n"
              "apiVersion: policy.networking.k8s.io/v1alpha1\n"
              "kind: AdminNetworkPolicy\n"
              "metadata: {name: x}\n"
              "spec: {priority: 9, subject: {namespaces: {}}}\n");

    const struct k8s_cluster_policy **policies
        = model_cluster_policies(s->model, &n);
    assert_int_equal(n, ARRAY_SIZE(names));
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(policies[i]->up.name, names[i]);
    }
    assert_int_equal(policies[2]->up.kind, K8S_CLUSTER_POLICY);
    assert_int_equal(policies[3]->up.kind, K8S_ADMIN_POLICY);
    free(policies);
}

/* C3, S37, S40. */
static void
test_subjects(void **state)
{
    struct scene *s = *state;

    scene_put(s, SCENE_NAMESPACE("shop", "team: shop")
              POD("web", ", labels: {app: web}", "", "")
              POD("db", ", labels: {app: db}", "", "")
              POD("done", ", labels: {app: web}", "", "phase: Failed")
              POD("host", ", labels: {app: web}", "hostNetwork: true", "")
              CLUSTER_POLICY("a", "Admin", "0", "pods: {"
                             "namespaceSelector: {matchLabels: {team: shop}}, "
                             "podSelector: {matchLabels: {app: web}}}")
              CLUSTER_POLICY("b", "Admin", "1",
                             "namespaces: {matchLabels: {team: ops}}"));

    size_t n;
    const struct k8s_cluster_policy **p = model_cluster_policies(s->model, &n);
    assert_int_equal(n, 2);
    assert_true(model_pod_is_subject(s->model, p[0], get_pod(s, "web")));
    assert_false(model_pod_is_subject(s->model, p[0], get_pod(s, "db")));
    assert_false(model_pod_is_subject(s->model, p[0], get_pod(s, "done")));
    assert_false(model_pod_is_subject(s->model, p[0], get_pod(s, "host")));
    assert_false(model_pod_is_subject(s->model, p[1], get_pod(s, "web")));
    free(p);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_put_and_delete),
        TEST(test_followers),
        TEST(test_same_again),
        TEST(test_changes_are_merged),
        TEST(test_sorted),
        TEST(test_namespaces),
        TEST(test_enforcement),
        TEST(test_namespace_policies),
        TEST(test_live_pods),
        TEST(test_addresses),
        TEST(test_rivals),
        TEST(test_rivals_are_noted),
        TEST(test_uids),
        TEST(test_cluster_policies),
        TEST(test_subjects),
        TEST(test_local_pods),
        TEST(test_node),
        TEST(test_services),
        cmocka_unit_test(test_mark_text),
    };
#undef TEST

    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
