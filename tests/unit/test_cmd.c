/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ovs-json.h"

#include "basis.h"
#include "bridge.h"
#include "columns.h"
#include "dir.h"
#include "flowset.h"
#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "pipeline.h"
#include "ports.h"
#include "settings.h"
#include "snapshot.h"
#include "state.h"
#include "util.h"

static const char manifests[] =
    "kind: Pod\napiVersion: v1\n"
    "metadata: {namespace: shop, name: web, labels: {app: web}}\n"
    "status: {podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}]}\n"
    "---\n"
    "kind: Pod\napiVersion: v1\n"
    "metadata: {namespace: shop, name: far}\n"
    "status: {podIP: 10.0.0.2}\n"
    "---\n"
    "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\n"
    "metadata: {namespace: shop, name: all}\n"
    "spec:\n  podSelector: {}\n  policyTypes: [Ingress, Egress]\n"
    "  egress: [{}]\n"
    "---\n"
    "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\n"
    "metadata: {namespace: shop, name: web}\n"
    "spec:\n  podSelector: {matchLabels: {app: web}}\n"
    "  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}, {}]\n"
    "---\n"
    "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\n"
    "metadata: {namespace: other, name: web}\n"
    "spec: {podSelector: {}}\n"
    "---\n"
    "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\n"
    "metadata: {namespace: shop, name: wrong}\n"
    "spec: {podSelector: 7}\n";

struct fixture {
    char *path, *file;
    struct settings settings;
    struct label_pool *pool;
    struct model *model;
    struct dir *dir;
    struct ports *ports;
    struct flowset *flowset;
    struct bridge *bridge;
    struct pipeline_config pipeline;
    struct basis basis;
    struct cmd_context context;
};

static int
setup(void **state)
{
    static char ns[] = "shop", name[] = "web", interface[] = "veth1";
    struct model_port port = {
        .ns = ns, .name = name, .interface = interface, .ofport = 7
    };
    struct fixture *f = xzalloc(sizeof *f);

    f->path = xstrdup("/tmp/test_cmd.XXXXXX");
    assert_non_null(mkdtemp(f->path));
    f->file = xasprintf("%s/a.yaml", f->path);
    FILE *stream = fopen(f->file, "w");
    fputs(manifests, stream);
    fclose(stream);

    settings_init(&f->settings);
    f->settings.bridge = xstrdup("br0");
    f->pool = label_pool_create();
    f->model = model_create(f->pool);
    f->dir = dir_create(f->path, f->pool, f->model);
    f->ports = ports_create("unix:/nonexistent/db", "br0");
    f->flowset = flowset_create(NULL, NULL);
    f->bridge = bridge_create("unix:/nonexistent/br0", f->flowset, 0, 0);
    f->pipeline.base = PIPELINE_DEFAULT_BASE;
    f->context = (struct cmd_context) {
        .settings = &f->settings,
        .model = f->model,
        .dir = f->dir,
        .ports = f->ports,
        .flowset = f->flowset,
        .pipeline = &f->pipeline,
        .bridge = f->bridge,
        .basis = &f->basis,
    };
    dir_refresh(f->dir);
    model_set_ports(f->model, &port, 1);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    bridge_destroy(f->bridge);
    flowset_destroy(f->flowset);
    ports_destroy(f->ports);
    dir_destroy(f->dir);
    model_destroy(f->model);
    label_pool_destroy(f->pool);
    settings_uninit(&f->settings);
    unlink(f->file);
    rmdir(f->path);
    free(f->file);
    free(f->path);
    free(f);
    return 0;
}

/* 'text' has a line whose words, separated by single blanks, are 'line'. */
static void
assert_line(const char *text, const char *line)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    ds_put_char(&s, '\n');
    for (const char *p = text; *p; p++) {
        if (*p != ' ' || p[1] != ' ') {
            ds_put_char(&s, *p);
        }
    }
    char *want = xasprintf("\n%s\n", line);
    if (!strstr(ds_cstr(&s), want)) {
        fail_msg("no line \"%s\" in\n%s", line, text);
    }
    free(want);
    ds_destroy(&s);
}

/* 'text' without blanks has 'part'. */
static void
assert_json_has(const char *text, const char *part)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    for (const char *p = text; *p; p++) {
        if (*p != ' ' && *p != '\n') {
            ds_put_char(&s, *p);
        }
    }
    if (!strstr(ds_cstr(&s), part)) {
        fail_msg("no %s in\n%s", part, text);
    }
    ds_destroy(&s);
}

/* It is JSON, of this type. */
static void
assert_is_json(const char *text, enum json_type type)
{
    struct json *json = json_from_string(text);
    assert_int_equal(json->type, type);
    json_destroy(json);
}

static void
test_pods(void **state)
{
    struct fixture *f = *state;

    char *text = cmd_pods(&f->context, false);
    assert_line(text, "POD INTERFACE OFPORT ADDRESSES EGRESS ISOLATED BY "
                "INGRESS ISOLATED BY");
    assert_line(text, "shop/web veth1 7 10.0.0.1,fd00::1 all all,web");
    assert_null(strstr(text, "shop/far"));
    free(text);

    text = cmd_pods(&f->context, true);
    assert_is_json(text, JSON_ARRAY);
    assert_json_has(text, "\"interfaces\":"
                    "[{\"name\":\"veth1\",\"ofport\":7}]");
    assert_json_has(text, "\"isolatedBy\":{\"egress\":[\"all\"],"
                    "\"ingress\":[\"all\",\"web\"]}");
    free(text);
}

static void
test_policies(void **state)
{
    struct fixture *f = *state;

    char *text = cmd_policies(&f->context, false);
    assert_line(text, "POLICY PODS HERE DIRECTIONS RULES STATE");
    assert_line(text, "other/web 0 ingress 0 ok");
    assert_line(text, "shop/all 1 egress,ingress 1,0 ok");
    assert_line(text, "shop/wrong 0 - - refused");
    assert_non_null(strstr(text, "10.0.0.0/33"));
    free(text);

    text = cmd_policies(&f->context, true);
    assert_is_json(text, JSON_ARRAY);
    assert_json_has(text, "\"name\":\"all\",\"namespace\":\"shop\","
                    "\"problems\":[],\"rules\":{\"egress\":1,\"ingress\":0}");
    assert_json_has(text, "\"inForce\":false,\"kept\":false,\"kind\":"
                    "\"NetworkPolicy\",\"localPods\":0,\"name\":\"wrong\"");
    free(text);
}

/* Cluster policies, in a file that the caller unlinks and frees.  C7, C6: what
 * is legal, but hardly meant. */
static char *
put_cluster_policies(struct fixture *f)
{
    char *file = xasprintf("%s/cluster.yaml", f->path);
    FILE *stream = fopen(file, "w");

    assert_non_null(stream);
    fputs("apiVersion: policy.networking.k8s.io/v1alpha2\n"
          "kind: ClusterNetworkPolicy\n"
          "metadata: {name: a}\n"
          "spec: {tier: Admin, priority: 7, subject: {namespaces: {}},\n"
          " ingress: [{action: Deny, from: [{stars: {}}]}]}\n"
          "---\n"
          "apiVersion: policy.networking.k8s.io/v1alpha2\n"
          "kind: ClusterNetworkPolicy\n"
          "metadata: {name: b}\n"
          "spec: {tier: Admin, priority: 7, subject: {pods: {podSelector:\n"
          " {matchLabels: {app: nobody}}}}, egress: [{action: Accept,\n"
          " to: [{nodes: {}}]}]}\n"
          "---\n"
          "apiVersion: policy.networking.k8s.io/v1alpha2\n"
          "kind: ClusterNetworkPolicy\n"
          "metadata: {name: c}\n"
          "spec: {tier: Top, priority: 7, subject: {namespaces: {}}}\n",
          stream);
    fclose(stream);
    dir_refresh(f->dir);
    return file;
}

static void
test_cluster_policies(void **state)
{
    struct fixture *f = *state;
    char *file = put_cluster_policies(f);

    char *text = cmd_policies(&f->context, false);
    assert_line(text, "ClusterNetworkPolicy a (Admin 7) 1 ingress 1 see "
                "below");
    assert_line(text, "ClusterNetworkPolicy b (Admin 7) 0 egress 1 see "
                "below");
    assert_line(text, "ClusterNetworkPolicy c 0 - - refused");
    assert_line(text, "ClusterNetworkPolicy a: ingress[0] was not understood "
                "and denies everything");
    assert_line(text, "ClusterNetworkPolicy b: has priority 7 like "
                "ClusterNetworkPolicy a, which by its name is asked before "
                "it");
    assert_non_null(strstr(text, "spec.tier: \"Top\" is not Admin or "
                           "Baseline"));
    free(text);

    text = cmd_policies(&f->context, true);
    assert_is_json(text, JSON_ARRAY);
    assert_json_has(text, "\"kind\":\"ClusterNetworkPolicy\",\"localPods\":0,"
                    "\"name\":\"b\",\"namespace\":null,\"priority\":7,"
                    "\"problems\":[\"haspriority7like");
    free(text);

    text = cmd_status(&f->context, false);
    assert_non_null(strstr(text, "3 policies, 2 cluster policies"));
    free(text);
    unlink(file);
    free(file);
}

static void
test_cluster_policies_of_pods(void **state)
{
    struct fixture *f = *state;
    char *file = put_cluster_policies(f);

    /* b is not about it, and a has nothing to say about egress. */
    char *text = cmd_pods(&f->context, false);
    assert_line(text, "POD INTERFACE OFPORT ADDRESSES EGRESS ISOLATED BY "
                "INGRESS ISOLATED BY EGRESS SUBJECT OF INGRESS SUBJECT OF");
    assert_line(text, "shop/web veth1 7 10.0.0.1,fd00::1 all all,web - "
                "Admin:a");
    free(text);
    text = cmd_pods(&f->context, true);
    assert_json_has(text, "\"clusterPolicies\":{\"egress\":[],\"ingress\":"
                    "[{\"kind\":\"ClusterNetworkPolicy\",\"name\":\"a\","
                    "\"priority\":7,\"tier\":\"Admin\"}]}");
    free(text);
    unlink(file);
    free(file);
}

static void
test_status(void **state)
{
    struct fixture *f = *state;

    char *text = cmd_status(&f->context, false);
    assert_line(text, "objects 0 namespaces, 2 pods (1 here), 3 policies, "
                "0 cluster policies");
    assert_line(text, "problems 2");
    assert_non_null(strstr(text, "a.yaml:"));
    free(text);

    text = cmd_status(&f->context, true);
    assert_is_json(text, JSON_OBJECT);
    assert_json_has(text, "\"localPods\":1");
    assert_json_has(text, "\"switch\":0");
    assert_json_has(text, "\"connected\":false");
    assert_json_has(text, "\"object\":\"NetworkPolicyshop/wrong\"");
    free(text);
}

/* Text has the first of many, JSON all of a file that are kept. */
static void
test_remarks(void **state)
{
    struct fixture *f = *state;
    char *file = xasprintf("%s/remarks.yaml", f->path);
    FILE *stream = fopen(file, "w");

    assert_non_null(stream);
    fputs("kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\n"
          "metadata: {namespace: shop, name: odd}\n"
          "spec: {podSelector: {}, colour: red}\n", stream);
    for (int i = 0; i < 25; i++) {
        fprintf(stream, "---\nkind: Secret\napiVersion: v1\n"
                "metadata: {name: s%d}\n", i);
    }
    fclose(stream);
    dir_refresh(f->dir);

    char *text = cmd_status(&f->context, false);
    assert_line(text, "warnings 1");
    char *line = xasprintf(" %s:4:33: NetworkPolicy shop/odd: spec: unknown "
                           "field \"colour\", it is ignored", file);
    assert_line(text, line);
    assert_line(text, "skipped 25");
    assert_non_null(strstr(text, "name \"s19\""));
    assert_null(strstr(text, "name \"s20\""));
    assert_line(text, " and 5 more");
    free(line);
    free(text);

    text = cmd_status(&f->context, true);
    assert_json_has(text, "spec:unknownfield\\\"colour\\\",itisignored\"");
    assert_json_has(text, "name\\\"s24\\\"");
    free(text);
    unlink(file);
    free(file);
}

/* S39: who has an address that a newer pod has, too. */
static void
test_lost_address(void **state)
{
    struct fixture *f = *state;
    char *file = xasprintf("%s/twin.yaml", f->path);
    FILE *stream = fopen(file, "w");

    assert_non_null(stream);
    fputs("kind: Pod\napiVersion: v1\n"
          "metadata: {namespace: shop, name: young, creationTimestamp: "
          "'2026-01-01T00:00:00Z'}\n"
          "status: {podIP: 10.0.0.1}\n", stream);
    fclose(stream);
    dir_refresh(f->dir);

    char *text = cmd_pods(&f->context, false);
    assert_line(text, "shop/web veth1 7 10.0.0.1(lost),fd00::1 all all,web");
    free(text);
    text = cmd_pods(&f->context, true);
    assert_json_has(text, "\"lostAddresses\":[\"10.0.0.1\"]");
    free(text);
    text = cmd_status(&f->context, false);
    assert_line(text, "objects 0 namespaces, 3 pods (1 here, 1 lost an address"
                " to a newer one), 3 policies, 0 cluster policies");
    free(text);
    text = cmd_status(&f->context, true);
    assert_json_has(text, "\"lostAddress\":1");
    free(text);
    unlink(file);
    free(file);
}

/* What the daemon keeps on disk. */
static void
test_state(void **state)
{
    struct fixture *f = *state;

    f->basis.kind = BASIS_SNAPSHOT;
    char *text = cmd_status(&f->context, false);
    assert_line(text, "in force snapshot");
    assert_null(strstr(text, "br0.json"));
    free(text);

    struct state *disk = state_create("/nonexistent", "br0", NULL);
    f->context.state = disk;
    text = cmd_status(&f->context, false);
    assert_line(text, "snapshot /nonexistent/br0.json: not written yet");
    free(text);
    text = cmd_status(&f->context, true);
    assert_json_has(text, "\"inForce\":\"snapshot\"");
    assert_json_has(text, "\"path\":\"/nonexistent/br0.json\",\"problem\":"
                    "null,\"writes\":0,\"written\":0}");
    free(text);
    f->context.state = NULL;
    state_destroy(disk);
}

static void
test_objects(void **state)
{
    struct fixture *f = *state;
    struct model *model = model_create(f->pool);
    struct snapshot_node node;

    f->settings.recheck = true;
    char *text = cmd_objects(&f->context);
    assert_null(snapshot_read(text, strlen(text), f->pool, model, &node));
    assert_int_equal(model_count(model, K8S_POD), 2);
    assert_int_equal(model_count(model, K8S_POLICY), 3);
    assert_string_equal(node.bridge, "br0");
    assert_int_equal(node.gateway, 0xfffe);
    assert_int_equal(node.table_base, f->settings.table_base);
    assert_int_equal(node.zone, f->settings.zone);
    assert_true(node.recheck);
    assert_true(node.written > 0);
    assert_int_equal(node.generation, model_generation(f->model));
    assert_true(model_pod_is_local(model, k8s_pod_cast(
        model_get(model, K8S_POD, "shop", "web"))));
    free(text);
    snapshot_node_uninit(&node);

    /* A gateway that is not there is port 0. */
    f->settings.gateway_port = xstrdup("gw0");
    text = cmd_objects(&f->context);
    assert_json_has(text, "\"gatewayPort\":\"gw0\",\"gateway\":0,");
    free(text);
    model_destroy(model);
}

static void
test_output_option(void **state)
{
    const char *none[] = { "x", "a", NULL };
    const char *json[] = { "x", "a", "-o", "json", NULL };
    const char *text[] = { "x", "-o", "text", NULL };
    const char *bad[] = { "x", "-o", "xml", NULL };
    const char *missing[] = { "x", "-o", NULL };
    const char *early[] = { "x", "-o", "json", "a", NULL };
    bool is_json;
    int argc;

    argc = 2;
    assert_null(cmd_parse_output(&argc, none, &is_json));
    assert_int_equal(argc, 2);
    assert_false(is_json);

    argc = 4;
    assert_null(cmd_parse_output(&argc, json, &is_json));
    assert_int_equal(argc, 2);
    assert_true(is_json);

    argc = 3;
    assert_null(cmd_parse_output(&argc, text, &is_json));
    assert_int_equal(argc, 1);
    assert_false(is_json);

    const struct {
        const char **argv;
        int argc;
    } rows[] = { { bad, 3 }, { missing, 2 }, { early, 4 } };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        argc = rows[i].argc;
        char *error = cmd_parse_output(&argc, rows[i].argv, &is_json);
        assert_non_null(error);
        free(error);
    }
}

static void
test_columns(void **state)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct columns c;

    columns_init(&c, 2);
    columns_format(&c, &s);
    assert_string_equal(ds_cstr(&s), "");
    columns_add(&c, "LONG TITLE");
    columns_add(&c, "B");
    columns_add(&c, "");
    columns_add_nocopy(&c, xstrdup("wider"));
    columns_format(&c, &s);
    assert_string_equal(ds_cstr(&s), "LONG TITLE  B\n-           wider\n");
    columns_destroy(&c);

    /* A colour has no width, an umlaut is two bytes wide. */
    ds_clear(&s);
    columns_init(&c, 2);
    columns_add(&c, "\033[1mbold\033[0m");
    columns_add(&c, "B");
    columns_add(&c, "\xc3\xbc");
    columns_add(&c, "D");
    columns_format(&c, &s);
    assert_string_equal(ds_cstr(&s), "\033[1mbold\033[0m  B\n"
                        "\xc3\xbc     D\n");
    columns_destroy(&c);
    ds_destroy(&s);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_pods),
        TEST(test_policies),
        TEST(test_cluster_policies),
        TEST(test_cluster_policies_of_pods),
        TEST(test_status),
        TEST(test_remarks),
        TEST(test_lost_address),
        TEST(test_state),
        TEST(test_objects),
        cmocka_unit_test(test_output_option),
        cmocka_unit_test(test_columns),
    };

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
