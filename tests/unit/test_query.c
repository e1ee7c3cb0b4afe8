/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "query.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ovs-json.h"

#include "doc.h"
#include "k8s.h"
#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "prefix.h"
#include "util.h"
#include "verdict.h"

struct fixture {
    struct label_pool *pool;
    struct model *model;
};

static const char manifests[] =
    "kind: Pod\napiVersion: v1\n"
    "metadata: {namespace: shop, name: web}\n"
    "spec:\n  containers:\n  - name: c\n    ports:\n"
    "    - {name: http, containerPort: 8080}\n"
    "    - {name: dns, containerPort: 53, protocol: UDP}\n"
    "    - {name: dns, containerPort: 5353, protocol: TCP}\n"
    "    - {name: icmp, containerPort: 7}\n"
    "status: {podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}]}\n"
    "---\n"
    "kind: Pod\napiVersion: v1\n"
    "metadata: {namespace: shop, name: six}\n"
    "status: {podIP: 'fd00::6'}\n"
    "---\n"
    "kind: Pod\napiVersion: v1\n"
    "metadata: {namespace: shop, name: db}\n"
    "status: {podIP: 10.0.0.2}\n"
    "---\n"
    "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\n"
    "metadata: {namespace: shop, name: only-http}\n"
    "spec:\n  podSelector: {}\n  ingress:\n"
    "  - ports: [{port: 8080}]\n";

static void
put_document(struct fixture *f, const struct doc *doc)
{
    struct k8s_limits limits;
    struct k8s_report report;
    enum k8s_kind kind;
    char *key;

    k8s_limits_default(&limits);
    assert_true(k8s_identify(doc_root(doc), NULL, &kind));
    struct k8s_object *object = k8s_parse(kind, doc_root(doc), f->pool,
                                          &limits, &report, &key);
    assert_non_null(object);
    model_put(f->model, object);
    k8s_report_uninit(&report);
    free(key);
}

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);
    struct doc **docs;
    size_t n;

    f->pool = label_pool_create();
    f->model = model_create(f->pool);
    assert_null(doc_parse_yaml(manifests, strlen(manifests), NULL, &docs, &n));
    for (size_t i = 0; i < n; i++) {
        put_document(f, docs[i]);
        doc_destroy(docs[i]);
    }
    free(docs);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    model_destroy(f->model);
    label_pool_destroy(f->pool);
    free(f);
    return 0;
}

static char *
address_string(const struct in6_addr *addr)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    address_format(addr, &s);
    return ds_steal_cstr(&s);
}

static void
assert_address(const struct in6_addr *addr, const char *want)
{
    char *s = address_string(addr);
    assert_string_equal(s, want);
    free(s);
}

struct question {
    const char *src, *dst;
    const char *src_address, *dst_address;
    uint8_t protocol;
    uint16_t port;
};

static void
check_questions(struct fixture *f, const struct question rows[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct verdict_query q;
        char *error = query_parse(f->model, rows[i].src, rows[i].dst, &q);

        if (error) {
            fail_msg("%s %s: %s", rows[i].src, rows[i].dst, error);
        }
        assert_address(&q.src.address, rows[i].src_address);
        assert_address(&q.dst.address, rows[i].dst_address);
        assert_int_equal(q.protocol, rows[i].protocol);
        assert_int_equal(q.port, rows[i].port);
    }
}

static void
test_protocols_and_ports(void **state)
{
    static const struct question rows[] = {
        { "shop/db", "shop/web", "10.0.0.2", "10.0.0.1", IPPROTO_ICMP, 0 },
        { "shop/db", "shop/web:icmp", "10.0.0.2", "10.0.0.1",
          IPPROTO_ICMP, 0 },
        { "shop/db", "shop/web:ICMP", "10.0.0.2", "10.0.0.1",
          IPPROTO_ICMP, 0 },
        { "shop/db", "shop/web:80", "10.0.0.2", "10.0.0.1", IPPROTO_TCP, 80 },
        { "shop/db", "shop/web:80/tcp", "10.0.0.2", "10.0.0.1",
          IPPROTO_TCP, 80 },
        { "shop/db", "shop/web:65535/UDP", "10.0.0.2", "10.0.0.1",
          IPPROTO_UDP, 65535 },
        { "shop/db", "shop/web:1/Sctp", "10.0.0.2", "10.0.0.1",
          IPPROTO_SCTP, 1 },
    };

    check_questions(*state, rows, ARRAY_SIZE(rows));
}

static void
test_named_ports(void **state)
{
    static const struct question rows[] = {
        { "shop/db", "shop/web:http", "10.0.0.2", "10.0.0.1",
          IPPROTO_TCP, 8080 },
        { "shop/db", "10.0.0.1:http", "10.0.0.2", "10.0.0.1",
          IPPROTO_TCP, 8080 },
        { "shop/db", "shop/web:dns/udp", "10.0.0.2", "10.0.0.1",
          IPPROTO_UDP, 53 },
        { "shop/db", "shop/web:dns/tcp", "10.0.0.2", "10.0.0.1",
          IPPROTO_TCP, 5353 },
        { "shop/db", "shop/web:icmp/tcp", "10.0.0.2", "10.0.0.1",
          IPPROTO_TCP, 7 },
    };

    check_questions(*state, rows, ARRAY_SIZE(rows));
}

static void
test_addresses(void **state)
{
    static const struct question rows[] = {
        { "1.2.3.4", "10.0.0.1:53/udp", "1.2.3.4", "10.0.0.1",
          IPPROTO_UDP, 53 },
        { "fd00::9", "fd00::1", "fd00::9", "fd00::1", IPPROTO_ICMPV6, 0 },
        { "fd00::9", "[fd00::1]", "fd00::9", "fd00::1", IPPROTO_ICMPV6, 0 },
        { "[fd00::9]", "[fd00::1]:443", "fd00::9", "fd00::1",
          IPPROTO_TCP, 443 },
        { "fd00::9", "[fd00::1]:53/udp", "fd00::9", "fd00::1",
          IPPROTO_UDP, 53 },
        { "fd00::9", "[fd00::1]:icmp", "fd00::9", "fd00::1",
          IPPROTO_ICMPV6, 0 },
    };

    check_questions(*state, rows, ARRAY_SIZE(rows));
}

static void
test_common_family(void **state)
{
    static const struct question rows[] = {
        { "shop/six", "shop/web:80", "fd00::6", "fd00::1", IPPROTO_TCP, 80 },
        { "shop/web", "shop/six:80", "fd00::1", "fd00::6", IPPROTO_TCP, 80 },
        { "shop/web", "fd00::9", "fd00::1", "fd00::9", IPPROTO_ICMPV6, 0 },
        { "shop/web", "8.8.8.8:53/udp", "10.0.0.1", "8.8.8.8",
          IPPROTO_UDP, 53 },
        { "shop/db", "shop/six:80", "10.0.0.2", "fd00::6", IPPROTO_TCP, 80 },
    };

    check_questions(*state, rows, ARRAY_SIZE(rows));
}

static void
test_mistakes(void **state)
{
    static const struct {
        const char *src, *dst, *error;
    } rows[] = {
        { "shop/db", "shop/nobody", "there is no pod \"shop/nobody\"" },
        { "web", "shop/db", "neither NAMESPACE/POD nor an address" },
        { "", "shop/db", "neither" },
        { "shop/db", "", "neither" },
        { "shop/db", "shop/web:", "neither a number" },
        { "shop/db", "shop/web:0", "neither a number from 1 to 65535 nor" },
        { "shop/db", "shop/web:65536", "neither a number" },
        { "shop/db", "shop/web:80x", "neither a number" },
        { "shop/db", "8.8.8.8:http", "\"http\" is not a number" },
        { "shop/db", "shop/web:nope", "nor a port of shop/web" },
        { "shop/db", "shop/web:http/udp", "nor a port of shop/web" },
        { "shop/db", "shop/web:dns", "several ports of shop/web" },
        { "shop/db", "shop/web:80/icmp", "not a protocol with ports" },
        { "shop/db", "shop/web:80/", "not a protocol with ports" },
        { "shop/db", "shop/web:80/tcp/x", "not a protocol with ports" },
        { "shop/db:80", "shop/web", "no pod \"shop/db:80\"" },
        { "shop/db", "[fd00::1", "want [ADDRESS]" },
        { "shop/db", "[fd00::1]80", "want [ADDRESS]" },
        { "shop/db", "[]:80", "neither" },
        { "shop/db", "10.0.0.1/32",
          "\"10.0.0.1/32\": an address has no prefix length here" },
        { "shop/db", "fd00::1/64", "an address has no prefix length here" },
        { "shop/db", "10.0.0.1/x", "there is no pod" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct verdict_query q;
        char *error = query_parse(f->model, rows[i].src, rows[i].dst, &q);

        assert_non_null(error);
        if (!strstr(error, rows[i].error)) {
            fail_msg("%s %s: \"%s\" has no \"%s\"", rows[i].src, rows[i].dst,
                     error, rows[i].error);
        }
        free(error);
    }
}

/* Scripts read the verdict off the beginning of the text. */
static void
test_answers(void **state)
{
    struct fixture *f = *state;
    char *answer;

    assert_null(query_answer(f->model, "shop/db", "shop/web:8080", false,
                             &answer));
    assert_memory_equal(answer, "allowed", 7);
    free(answer);
    assert_null(query_answer(f->model, "shop/db", "shop/web", false,
                             &answer));
    assert_memory_equal(answer, "denied", 6);
    assert_non_null(strstr(answer, "only-http"));
    free(answer);

    char *error = query_answer(f->model, "x", "y", false, &answer);
    assert_non_null(error);
    free(error);
}

static void
test_json_answer(void **state)
{
    struct fixture *f = *state;
    char *answer;

    assert_null(query_answer(f->model, "shop/db", "shop/web:1", true,
                             &answer));
    struct json *json = json_from_string(answer);
    assert_int_equal(json->type, JSON_OBJECT);
    const struct json *allowed = shash_find_data(json_object(json),
                                                 "allowed");
    assert_non_null(allowed);
    assert_int_equal(allowed->type, JSON_FALSE);
    json_destroy(json);
    free(answer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_protocols_and_ports),
        cmocka_unit_test(test_named_ports),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_common_family),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_json_answer),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
