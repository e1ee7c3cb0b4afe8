/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

static void
put_item(const char *text, size_t size, void *out_)
{
    struct ds *out = out_;

    ds_put_format(out, "<%.*s>", (int) size, text);
}

static const struct {
    const char *text;
    const char *out;            /* Items, and what remains. */
} splits[] = {
    { "{\"items\":[]}", "{\"items\":[]}" },
    { "{ \"items\" : [ ] }\n", "{\"items\":[]}" },
    { "{\"items\":null}", "{\"items\":null}" },
    { "{\"items\":[{\"a\":1},{\"b\":[2,3]}],\"c\":4}",
      "<{\"a\":1}><{\"b\":[2,3]}>{\"items\":[],\"c\":4}" },
    { "{\"items\":[1 , \"x,]\",[5],null]}",
      "<1><\"x,]\"><[5]><null>{\"items\":[]}" },
    { "{\"items\":[{\"a\":\"}]\\\"\"}]}",
      "<{\"a\":\"}]\\\"\"}>{\"items\":[]}" },
    { "{\"items\":[{\"items\":[1]}],\"items\":[2]}",
      "<{\"items\":[1]}><2>{\"items\":[],\"items\":[]}" },
    { "{\"a\":\"items\",\"b\":[1]}", "{\"a\":\"items\",\"b\":[1]}" },
    { "{\"a\":{\"items\":[1]}}", "{\"a\":{\"items\":[1]}}" },
    { "{\"itemsx\":[1],\"x\\\"items\":[2]}",
      "{\"itemsx\":[1],\"x\\\"items\":[2]}" },
};

/* Whatever the pieces in which the text comes. */
static void
test_split(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(splits); i++) {
        size_t length = strlen(splits[i].text);

        for (size_t step = 1; step <= length; step++) {
            struct ds out = DS_EMPTY_INITIALIZER;
            struct split s;

            split_init(&s);
            for (size_t ofs = 0; ofs < length; ofs += step) {
                assert_null(split_feed(&s, splits[i].text + ofs,
                                       MIN(step, length - ofs), put_item,
                                       &out));
            }
            assert_true(split_is_complete(&s));
            ds_put_cstr(&out, ds_cstr(&s.rest));
            assert_string_equal(ds_cstr(&out), splits[i].out);
            split_uninit(&s);
            ds_destroy(&out);
        }
    }
}

/* Items up to the limit pass. */
static void
test_limit(void **state)
{
    static const struct {
        const char *text;
        bool ok;
    } rows[] = {
        { "{\"items\":[\"67\"]}", true },
        { "{\"items\":[\"678\"]}", false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct ds out = DS_EMPTY_INITIALIZER;
        struct split s;

        split_init(&s);
        s.max_item = 4;
        char *error = split_feed(&s, rows[i].text, strlen(rows[i].text),
                                 put_item, &out);
        assert_int_equal(!error, rows[i].ok);
        if (error) {
            assert_string_equal(error, "one item has more than 4 bytes");
        }
        free(error);
        split_uninit(&s);
        ds_destroy(&out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
