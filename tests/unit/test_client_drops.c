/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client/drops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ovs-json.h"

#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "util.h"

#define POD(NS, NAME, IP) \
    "\"address\":\"" IP "\"," \
    "\"pod\":{\"namespace\":\"" NS "\",\"name\":\"" NAME "\"}"
#define WEB POD("shop", "web", "10.0.0.1")
#define DB POD("shop", "db", "10.0.0.2")
#define BY(NAME) \
    "\"policies\":[{\"namespace\":\"shop\",\"name\":\"" NAME "\"}]"
#define RECORD(N, VERDICT, DIRECTION, PROTOCOL, SOURCE, DESTINATION, MORE) \
    "{\"number\":" N ",\"time\":\"2026-01-02T03:04:0" N ".500Z\"," \
    "\"verdict\":\"" VERDICT "\",\"direction\":\"" DIRECTION "\"," \
    "\"protocol\":\"" PROTOCOL "\",\"source\":{" SOURCE "}," \
    "\"destination\":{" DESTINATION "}," MORE "}"

static const char answer_text[] =
    "{\"next\":8,\"forgotten\":0,\"suppressed\":{\"drop\":12,\"audit\":0},"
    "\"unlogged\":0,\"records\":["
    RECORD("1", "drop", "ingress", "TCP", WEB ",\"port\":40000",
           DB ",\"port\":5432", BY("db")) ","
    RECORD("2", "drop", "egress", "ICMP", WEB,
           "\"address\":\"2001:db8::1\"",
           BY("web") ",\"type\":128,\"code\":0") ","
    RECORD("3", "audit", "ingress", "UDP", WEB ",\"port\":53000",
           DB ",\"port\":53", BY("db")) ","
    RECORD("4", "drop", "ingress", "TCP", WEB ",\"port\":40001",
           DB ",\"port\":5432", BY("db")) ","
    RECORD("5", "drop", "ingress", "TCP",
           "\"address\":\"10.0.0.9\",\"node\":true,\"port\":1",
           DB ",\"port\":5432", BY("db") ",\"morePolicies\":3") ","
    RECORD("6", "drop", "ingress", "47", WEB, DB, "\"policies\":[]") ","
    RECORD("7", "drop", "ingress", "47", WEB, DB, "\"policies\":[{"
           "\"kind\":\"CNP\",\"name\":\"strict\",\"rule\":2}]")
    "]}";

static const struct {
    struct drops_filter filter;
    const char *text;
} lists[] = {
    { { false, NULL, NULL },
      "LAST (UTC)           PACKETS  DIRECTION  SOURCE           DESTINATION"
      "  SERVICE        DENIED BY\n"
      "2026-01-02T03:04:02  1        egress     shop/web         2001:db8::1"
      "  ICMP type 128  shop/web\n"
      "2026-01-02T03:04:04  2        ingress    shop/web         shop/db    "
      "  TCP/5432       shop/db\n"
      "2026-01-02T03:04:05  1        ingress    10.0.0.9 (node)  shop/db    "
      "  TCP/5432       shop/db and 3 more\n"
      "2026-01-02T03:04:06  1        ingress    shop/web         shop/db    "
      "  47             -\n"
      "2026-01-02T03:04:07  1        ingress    shop/web         shop/db    "
      "  47             CNP/strict ingress[2]\n"
      "12 more packets were not reported: the rate is limited\n" },
    { { true, NULL, NULL },
      "LAST (UTC)           PACKETS  DIRECTION  SOURCE    DESTINATION  "
      "SERVICE  DENIED BY\n"
      "2026-01-02T03:04:03  1        ingress    shop/web  shop/db      "
      "UDP/53   shop/db\n" },
    { { false, NULL, "strict" },
      "LAST (UTC)           PACKETS  DIRECTION  SOURCE    DESTINATION  "
      "SERVICE  DENIED BY\n"
      "2026-01-02T03:04:07  1        ingress    shop/web  shop/db      "
      "47       CNP/strict ingress[2]\n"
      "12 more packets were not reported: the rate is limited\n" },
    { { false, "shop/db", "shop/web" },
      "LAST (UTC)  PACKETS  DIRECTION  SOURCE  DESTINATION  SERVICE  "
      "DENIED BY\n"
      "12 more packets were not reported: the rate is limited\n" },
    { { false, "shop/web", "shop/web" },
      "LAST (UTC)           PACKETS  DIRECTION  SOURCE    DESTINATION  "
      "SERVICE        DENIED BY\n"
      "2026-01-02T03:04:02  1        egress     shop/web  2001:db8::1  "
      "ICMP type 128  shop/web\n"
      "12 more packets were not reported: the rate is limited\n" },
};

static void
test_list(void **state OVS_UNUSED)
{
    struct json *answer = json_from_string(answer_text);

    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        struct ds s = DS_EMPTY_INITIALIZER;

        drops_format(answer, &lists[i].filter, false, &s);
        assert_string_equal(ds_cstr(&s), lists[i].text);
        ds_destroy(&s);
    }
    json_destroy(answer);
}

static void
test_lines(void **state OVS_UNUSED)
{
    static const char *const lines[] = {
        "2026-01-02T03:04:01.500Z ingress TCP shop/web:40000 -> shop/db:5432 "
        "denied by shop/db",
        "2026-01-02T03:04:02.500Z egress ICMP shop/web -> 2001:db8::1 "
        "type 128 code 0 denied by shop/web",
    };
    struct json *answer = json_from_string(answer_text);
    const struct json *records = shash_find_data(json_object(answer),
                                                 "records");

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        struct ds s = DS_EMPTY_INITIALIZER;

        drops_format_record(records->array.elems[i], false, &s);
        assert_string_equal(ds_cstr(&s), lines[i]);
        ds_destroy(&s);
    }
    assert_int_equal(drops_next(answer), 8);
    assert_int_equal(drops_suppressed(answer, false), 12);
    assert_int_equal(drops_suppressed(answer, true), 0);
    json_destroy(answer);
}

static void
test_json(void **state OVS_UNUSED)
{
    struct drops_filter audit = { .audit = true };
    struct json *answer = json_from_string(answer_text);
    struct json *json = drops_to_json(answer, &audit);
    char *text = json_to_string(json, JSSF_SORT);

    assert_string_equal(
        text,
        "{\"drops\":[{\"destination\":{\"address\":\"10.0.0.2\",\"pod\":"
        "{\"name\":\"db\",\"namespace\":\"shop\"},\"port\":53},"
        "\"direction\":\"ingress\",\"first\":\"2026-01-02T03:04:03.500Z\","
        "\"last\":\"2026-01-02T03:04:03.500Z\",\"packets\":1,"
        "\"policies\":[{\"name\":\"db\",\"namespace\":\"shop\"}],"
        "\"protocol\":\"UDP\",\"source\":{\"address\":\"10.0.0.1\",\"pod\":"
        "{\"name\":\"web\",\"namespace\":\"shop\"}},\"verdict\":\"audit\"}],"
        "\"suppressed\":0,\"unlogged\":0}");
    free(text);
    json_destroy(json);
    json_destroy(answer);
}

/* A daemon of another version may say anything. */
static void
test_strange_answers(void **state OVS_UNUSED)
{
    static const char *const texts[] = {
        "{}", "{\"records\":3,\"next\":\"x\",\"suppressed\":[]}",
        "{\"records\":[null,1,{}],\"problem\":7}",
        "{\"records\":[{\"verdict\":\"drop\",\"policies\":[null],"
        "\"source\":null,\"destination\":{\"pod\":[]}}]}",
    };
    struct drops_filter filter = { .pod = NULL };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct json *answer = json_from_string(texts[i]);
        struct ds s = DS_EMPTY_INITIALIZER;

        assert_int_equal(answer->type, JSON_OBJECT);
        drops_format(answer, &filter, true, &s);
        json_destroy(drops_to_json(answer, &filter));
        assert_int_equal(drops_next(answer), 0);
        assert_int_equal(drops_suppressed(answer, false), 0);
        ds_destroy(&s);
        json_destroy(answer);
    }
}

static void
test_problems(void **state OVS_UNUSED)
{
    struct drops_filter filter = { .pod = NULL };
    struct json *answer = json_from_string(
        "{\"records\":[],\"problem\":\"no meters\",\"logProblem\":\"full\","
        "\"unlogged\":4}");
    struct ds s = DS_EMPTY_INITIALIZER;

    drops_format(answer, &filter, false, &s);
    assert_string_equal(ds_cstr(&s),
                        "LAST (UTC)  PACKETS  DIRECTION  SOURCE  DESTINATION  "
                        "SERVICE  DENIED BY\n"
                        "nothing is reported: no meters\n"
                        "the audit log cannot be written: full, 4 lines "
                        "lost\n");
    ds_destroy(&s);
    json_destroy(answer);
}

/* Names of policies are those of name.h. */
static void
test_names(void **state OVS_UNUSED)
{
    static const struct {
        const char *pod, *policy;
        bool known;
    } rows[] = {
        { "shop/web", NULL, true }, { "shop/nobody", NULL, false },
        { NULL, "shop/db", true }, { NULL, "netpol/shop/db", true },
        { NULL, "shop/nothing", false }, { NULL, "db", false },
        { NULL, "past", true }, { NULL, "ClusterNetworkPolicy/past", true },
        { NULL, "cnp/past", true }, { NULL, "anp/past", false },
        { NULL, "shop/past", false }, { NULL, "a/b/c", false },
    };
    struct json *answer = json_from_string(
        "{\"records\":[" RECORD("1", "drop", "ingress", "47", WEB, DB,
                                BY("db")) ","
        RECORD("2", "audit", "ingress", "47", WEB, DB, "\"policies\":[{"
               "\"kind\":\"ClusterNetworkPolicy\",\"name\":\"past\","
               "\"rule\":2}]") "]}");

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(drops_know(answer, rows[i].pod, rows[i].policy),
                         rows[i].known);
    }
    json_destroy(answer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_strange_answers),
        cmocka_unit_test(test_problems),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests_name("client_drops", tests, NULL, NULL);
}
