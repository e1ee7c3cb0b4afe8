/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#define JWT "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
#define GONE "[REDACTED]"

static void
test_redact(void **state)
{
    static const struct {
        const char *text, *want;
        size_t n;
    } rows[] = {
        { "", "", 0 },
        { "table=47,reg1=0x5 actions=drop", "table=47,reg1=0x5 actions=drop",
          0 },
        { "a " JWT " b", "a " GONE " b", 1 },
        { "Authorization: Bearer " JWT, "Authorization: Bearer " GONE, 1 },
        { "authorization: bearer abcdefghijklmnop",
          "authorization: bearer " GONE, 1 },
        { "Basic dXNlcjpwYXNzd29yZA==", "Basic " GONE, 1 },
        { "the bearer of news", "the bearer of news", 0 },
        { "basic rules", "basic rules", 0 },
        { "token=abc", "token=" GONE, 1 },
        { "\"token\": \"abc-d.e\", x", "\"token\": \"" GONE "\", x", 1 },
        { "token: Bearer " JWT, "token: Bearer " GONE, 1 },
        { "password = hunter2; secret:x", "password = " GONE "; secret:" GONE,
          2 },
        { "client-key-data: AAAA+/=\n", "client-key-data: " GONE "\n", 1 },
        { "--token-file=/x", "--token-file=/x", 0 },
        { "a tokenizer: x", "a tokenizer: x", 0 },
        { "pod shop/secret-7 is", "pod shop/secret-7 is", 0 },
        { "token:", "token:", 0 },
        { "eyJ", "eyJ", 0 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct ds s = DS_EMPTY_INITIALIZER;

        assert_int_equal(redact(rows[i].text, &s), rows[i].n);
        assert_string_equal(ds_cstr(&s), rows[i].want);
        ds_destroy(&s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
