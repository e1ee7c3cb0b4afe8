/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "prefix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

static struct in6_addr
addr(const char *s)
{
    struct in6_addr a;

    if (!address_parse(s, &a)) {
        fail_msg("cannot parse address %s", s);
    }
    return a;
}

static struct prefix
prefix(const char *s)
{
    struct prefix p;

    if (!prefix_parse(s, &p)) {
        fail_msg("cannot parse prefix %s", s);
    }
    return p;
}

static void
test_address_round_trip(void **state)
{
    static const struct {
        const char *in, *out;
        bool is_v6;
    } cases[] = {
        {"10.0.0.1", "10.0.0.1", false},
        {"0.0.0.0", "0.0.0.0", false},
        {"255.255.255.255", "255.255.255.255", false},
        {"fd00::1", "fd00::1", true},
        {"FD00:0:0::0001", "fd00::1", true},
        {"::", "::", true},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct in6_addr a = addr(cases[i].in);
        struct ds s = DS_EMPTY_INITIALIZER;

        address_format(&a, &s);
        assert_string_equal(ds_cstr(&s), cases[i].out);
        assert_int_equal(address_is_v6(&a), cases[i].is_v6);
        ds_destroy(&s);
    }
}

static void
test_address_refused(void **state)
{
    static const char *const cases[] = {
        "", " ", "10.0.0", "10.0.0.256", "10.0.0.1 ", " 10.0.0.1", "010.0.0.1",
        "10.0.0.1/32", "1", "::ffff:10.0.0.1", "::ffff:a00:1", "fd00::1%eth0",
        "[fd00::1]", "fd00:::1", "localhost",
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct in6_addr a = in6addr_loopback;

        if (address_parse(cases[i], &a)) {
            fail_msg("\"%s\" was accepted", cases[i]);
        }
        assert_memory_equal(&a, &in6addr_loopback, sizeof a);
    }
}

static void
test_s22_host_bits_are_masked(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"10.1.2.3/8", "10.0.0.0/8"},
        {"10.1.2.3/0", "0.0.0.0/0"},
        {"10.1.2.3/32", "10.1.2.3/32"},
        {"10.1.2.255/25", "10.1.2.128/25"},
        {"10.1.2.255/31", "10.1.2.254/31"},
        {"fd00:1:2:3::4/32", "fd00:1::/32"},
        {"fd00:1:2:3::4/33", "fd00:1::/33"},
        {"ffff::/1", "8000::/1"},
        {"fd00::7/127", "fd00::6/127"},
        {"fd00::7/128", "fd00::7/128"},
        {"fd00::/0", "::/0"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct prefix p = prefix(cases[i].in);
        struct ds s = DS_EMPTY_INITIALIZER;

        prefix_format(&p, &s);
        assert_string_equal(ds_cstr(&s), cases[i].out);
        ds_destroy(&s);
    }
}

static void
test_prefix_refused(void **state)
{
    static const char *const cases[] = {
        "", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
        "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/ 8", "10.0.0.0/8 ",
        "10.0.0.0/8/8", "10.0.0.0/4294967304", "10.0.0/8", "/8",
        "fd00::/129", "fd00::/1000", "::ffff:10.0.0.0/104",
        "10.0.0.0/255.0.0.0", "10.0.0.0/a",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/8",
    };
    const struct prefix before = prefix("fd00::/8");

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct prefix p = before;

        if (prefix_parse(cases[i], &p)) {
            fail_msg("\"%s\" was accepted", cases[i]);
        }
        assert_int_equal(prefix_compare(&p, &before), 0);
    }
}

static void
test_s24_families_do_not_contain_each_other(void **state)
{
    static const struct {
        const char *outer, *inner;
        bool contains;
    } cases[] = {
        {"10.0.0.0/8", "10.1.0.0/16", true},
        {"10.0.0.0/8", "10.0.0.0/8", true},
        {"10.0.0.0/8", "10.0.0.0/7", false},
        {"10.0.0.0/8", "11.0.0.0/8", false},
        {"10.0.0.0/9", "10.128.0.0/9", false},
        {"0.0.0.0/0", "255.255.255.255/32", true},
        {"0.0.0.0/0", "::/0", false},
        {"::/0", "0.0.0.0/0", false},
        {"::/0", "10.0.0.1/32", false},
        {"::/0", "fd00::1/128", true},
        {"fd00::/15", "fd01::/16", true},
        {"fd00::/16", "fd01::/16", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct prefix outer = prefix(cases[i].outer);
        struct prefix inner = prefix(cases[i].inner);

        if (prefix_contains(&outer, &inner) != cases[i].contains) {
            fail_msg("%s in %s: want %d", cases[i].inner, cases[i].outer,
                     cases[i].contains);
        }
    }
}

static void
test_prefix_contains_address(void **state)
{
    static const struct {
        const char *prefix, *address;
        bool contains;
    } cases[] = {
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.1/32", "10.0.0.1", true},
        {"10.0.0.1/32", "10.0.0.2", false},
        {"0.0.0.0/0", "1.2.3.4", true},
        {"0.0.0.0/0", "fd00::1", false},
        {"::/0", "1.2.3.4", false},
        {"::/0", "fd00::1", true},
        {"fd00::/64", "fd00::ffff:ffff:ffff:ffff", true},
        {"fd00::/64", "fd00:0:0:1::", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct prefix p = prefix(cases[i].prefix);
        struct in6_addr a = addr(cases[i].address);

        if (prefix_contains_address(&p, &a) != cases[i].contains) {
            fail_msg("%s in %s: want %d", cases[i].address, cases[i].prefix,
                     cases[i].contains);
        }
    }
}

static void
test_prefix_from_address(void **state)
{
    struct in6_addr v4 = addr("10.0.0.1");
    struct in6_addr v6 = addr("fd00::1");
    struct prefix want4 = prefix("10.0.0.1/32");
    struct prefix want6 = prefix("fd00::1/128");
    struct prefix p;

    prefix_from_address(&v4, &p);
    assert_int_equal(prefix_compare(&p, &want4), 0);
    prefix_from_address(&v6, &p);
    assert_int_equal(prefix_compare(&p, &want6), 0);
}

static void
test_prefix_order(void **state)
{
    /* What a prefix contains follows it immediately. */
    static const char *const sorted[] = {
        "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/32", "10.0.0.1/32",
        "10.128.0.0/9", "11.0.0.0/8", "::/0", "fd00::/8", "fd00::/16",
        "fd00::1/128", "fe00::/8",
    };

    for (size_t i = 0; i < ARRAY_SIZE(sorted); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(sorted); j++) {
            struct prefix a = prefix(sorted[i]);
            struct prefix b = prefix(sorted[j]);
            int cmp = prefix_compare(&a, &b);

            assert_int_equal(cmp < 0, i < j);
            assert_int_equal(cmp > 0, i > j);
        }
    }
}

static void
test_hashes_tell_apart(void **state)
{
    struct prefix a = prefix("10.0.0.0/8");
    struct prefix same = prefix("10.9.9.9/8");
    struct prefix longer = prefix("10.0.0.0/9");
    struct in6_addr one = addr("10.0.0.1");
    struct in6_addr two = addr("10.0.0.2");

    assert_int_equal(prefix_hash(&a, 0), prefix_hash(&same, 0));
    assert_int_not_equal(prefix_hash(&a, 0), prefix_hash(&longer, 0));
    assert_int_not_equal(prefix_hash(&a, 0), prefix_hash(&a, 1));
    assert_int_not_equal(address_hash(&one, 0), address_hash(&two, 0));
    assert_int_not_equal(address_hash(&one, 0), address_hash(&one, 1));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_round_trip),
        cmocka_unit_test(test_address_refused),
        cmocka_unit_test(test_s22_host_bits_are_masked),
        cmocka_unit_test(test_prefix_refused),
        cmocka_unit_test(test_s24_families_do_not_contain_each_other),
        cmocka_unit_test(test_prefix_contains_address),
        cmocka_unit_test(test_prefix_from_address),
        cmocka_unit_test(test_prefix_order),
        cmocka_unit_test(test_hashes_tell_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
