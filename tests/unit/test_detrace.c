/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "detrace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "annotate.h"
#include "compile.h"
#include "flowset.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "scene.h"
#include "util.h"

static const char cluster[] =
    "{apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: db, "
    "labels: {app: db}}, spec: {nodeName: n1}, status: {podIP: 10.0.0.1}}\n"
    "---\n"
    "{apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: web, "
    "labels: {app: web}}, spec: {nodeName: n2}, status: {podIP: 10.0.0.2}}\n"
    "---\n"
    "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, "
    "metadata: {namespace: shop, name: db}, spec: {podSelector: "
    "{matchLabels: {app: db}}, ingress: [{from: [{podSelector: "
    "{matchLabels: {app: web}}}, {ipBlock: {cidr: 192.0.2.0/24}}], "
    "ports: [{port: 5432}, {port: 80}]}]}}\n";

struct fixture {
    struct scene scene;
    struct annotation *annotation;
    struct detrace *detrace;
};

static int
setup(void **state)
{
    static struct fixture f;
    const struct model_port port = {
        .ns = CONST_CAST(char *, "shop"), .name = CONST_CAST(char *, "db"),
        .interface = CONST_CAST(char *, "veth7"), .ofport = 7
    };

    scene_init(&f.scene, NULL);
    scene_put(&f.scene, cluster);
    model_set_ports(f.scene.model, &port, 1);
    scene_run(&f.scene);
    f.annotation = annotation_create(f.scene.compile, f.scene.model);
    f.detrace = detrace_create(f.annotation, f.scene.model,
                               &compile_config(f.scene.compile)->pipeline);
    *state = &f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    detrace_destroy(f->detrace);
    annotation_destroy(f->annotation);
    scene_uninit(&f->scene);
    return 0;
}

static void
check(struct fixture *f, const char *line, const char *want)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    detrace_line(f->detrace, line, "# ", &s);
    if (strcmp(ds_cstr(&s), want)) {
        fail_msg("%s:\n%sis not\n%s", line, ds_cstr(&s), want);
    }
    ds_destroy(&s);
}

/* The cookie of the only flow of a kind, and with it a number. */
struct search {
    enum cookie_kind kind;
    uint32_t id;
};

static void
look(const struct flowset_flow *flow, void *search_)
{
    struct search *s = search_;

    if (cookie_kind(flow->cookie) == s->kind && cookie_id(flow->cookie)) {
        s->id = cookie_id(flow->cookie);
    }
}

static uint32_t
find_id(const struct fixture *f, enum cookie_kind kind)
{
    struct search s = { .kind = kind };

    flowset_for_each(f->scene.fs, false, look, &s);
    assert_int_not_equal(s.id, 0);
    return s.id;
}

#define RULE "shop/db ingress[0]: from pods app=web of namespace shop, " \
    "192.0.2.0/24, ports TCP/80 TCP/5432\n"
#define TARGET "shop/db, isolated by shop/db\n"

/* 'format' has one number; 'want' begins with the number in hex behind
 * 'what'. */
static void
check_number(struct fixture *f, enum cookie_kind kind, const char *format,
             const char *what, const char *words)
{
    uint32_t id = find_id(f, kind);
    struct ds line = DS_EMPTY_INITIALIZER;
    char *want = xasprintf("# %s%"PRIx32": %s", what, id, words);

    ds_put_format(&line, format, id);
    check(f, ds_cstr(&line), want);
    ds_destroy(&line);
    free(want);
}

static void
test_dump_flows(void **state)
{
    struct fixture *f = *state;

    check_number(f, COOKIE_TARGET,
                 " cookie=0x6e700300%08"PRIx32", duration=1.2s, table=49, "
                 "n_packets=0, n_bytes=0, priority=100,ip actions=drop",
                 "cookie 0x6e700300", TARGET);
    check_number(f, COOKIE_TARGET,
                 "cookie=0, table=IngressRule, priority=10000,reg4=0x%"PRIx32
                 " actions=drop", "reg4=0x", TARGET);
    check_number(f, COOKIE_PEER, "reg5=0x%"PRIx32, "reg5=0x",
                 "among pods app=web of namespace shop\n");
    check_number(f, COOKIE_NET, "actions=load:0x%"PRIx32"->NXM_NX_REG6[],"
                 "resubmit(,IngressAdmin)", "reg6=0x",
                 "in the ipBlocks of shop/db ingress[0]\n");
    check_number(f, COOKIE_RULE, "table=53, actions=set_field:0x%"PRIx32
                 "->reg8", "reg8=0x", RULE);
    check_number(f, COOKIE_RULE, "table=53, conj_id=%"PRIu32" actions=drop",
                 "conjunction 0x", RULE);
    check_number(f, COOKIE_RULE, "tp_dst=80 actions=conjunction(%"PRIu32
                 ",3/3)", "conjunction 0x", RULE);
}

static void
test_addresses(void **state)
{
    struct fixture *f = *state;

    check(f, "ip,in_port=7,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_ttl=64",
          "# port 7: veth7, pod shop/db\n# 10.0.0.1: pod shop/db\n"
          "# 10.0.0.2: pod shop/web\n");
    check(f, "in_port(veth7),ipv4(src=10.0.0.1,dst=192.168.0.1)",
          "# port 7: veth7, pod shop/db\n# 10.0.0.1: pod shop/db\n"
          "# 192.168.0.1: the node\n");
    /* A network is nobody in particular. */
    check(f, "nw_src=10.0.0.1/24,nw_dst=10.9.9.9", "");
    check(f, "arp,arp_spa=10.0.0.2", "# 10.0.0.2: pod shop/web\n");
}

static void
test_trace(void **state)
{
    struct fixture *f = *state;
    uint32_t id = find_id(f, COOKIE_RULE);
    char *line, *want;

    check_number(f, COOKIE_TARGET, "49. ip,nw_dst=10.9.0.1, priority 100, "
                 "cookie 0x6e700300%08"PRIx32, "cookie 0x6e700300", TARGET);
    /* The rules of both directions in one label. */
    line = xasprintf("    -> ct_label=0x%"PRIx32"00000000", id);
    want = xasprintf("# connection, ingress: " RULE);
    check(f, line, want);
    free(line);
    line = xasprintf("ct_label(0xffffffff0000000000000000%08"PRIx32"00000000)",
                     id);
    check(f, line, "");         /* Longer than 128 bits. */
    free(line);
    line = xasprintf("actions:ct(commit,zone=40,label=0x%"PRIx32
                     "00000000/0xffffffffffffffff),3", id);
    check(f, line, want);
    free(line);
    free(want);
}

/* The same thing is said once. */
static void
test_once(void **state)
{
    struct fixture *f = *state;
    uint32_t id = find_id(f, COOKIE_TARGET);
    char *line = xasprintf("cookie=0x6e700300%08"PRIx32", table=49, "
                           "nw_dst=10.0.0.1 actions=set_field:0x%"PRIx32
                           "->reg4", id, id);
    char *want = xasprintf("# cookie 0x6e700300%08"PRIx32": " TARGET
                           "# 10.0.0.1: pod shop/db\n", id);

    check(f, line, want);
    free(line);
    free(want);
}

/* Numbers and words of others mean nothing. */
static void
test_foreign(void **state)
{
    struct fixture *f = *state;

    check(f, "", "");
    check(f, "cookie=0x6e70030012345678, table=49", "");
    check(f, "cookie=0xdeadbeef, reg4=0x1,reg99=0x5,regx=1 actions=drop", "");
    check(f, "conjunction(,1/2),conj_id=,ct_label=0x,reg4=,nw_src=", "");
    check(f, "->reg,->,0x->reg4,9->", "");
    check(f, "in_port=8,in_port=veth9,myreg4=0x1,xnw_src=10.0.0.1", "");
}

/* A line that is too long is left alone; one with very many names is not
 * followed by all. */
static void
test_bounds(void **state)
{
    struct fixture *f = *state;
    struct ds line = DS_EMPTY_INITIALIZER, s = DS_EMPTY_INITIALIZER;
    size_t n = 0;

    while (line.length <= DETRACE_MAX_LINE) {
        ds_put_cstr(&line, "nw_src=10.0.0.1,");
    }
    check(f, ds_cstr(&line), "");
    ds_truncate(&line, DETRACE_MAX_LINE);
    check(f, ds_cstr(&line), "# 10.0.0.1: pod shop/db\n");

    ds_clear(&line);
    for (int i = 0; i < 2 * DETRACE_MAX_NAMES; i++) {
        ds_put_format(&line, "reg4=0x%"PRIx32",",
                      find_id(f, COOKIE_TARGET) + (i > 0) * i);
    }
    detrace_line(f->detrace, ds_cstr(&line), "", &s);
    for (const char *p = ds_cstr(&s); *p; p++) {
        n += *p == '\n';
    }
    assert_in_range(n, 1, DETRACE_MAX_NAMES);
    ds_destroy(&line);
    ds_destroy(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dump_flows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_addresses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
