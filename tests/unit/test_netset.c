/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "netset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "k8s.h"

#define MAX_FLOWS 256
#define MAX_BLOCKS 8
#define MAX_EXCEPTS 8

/* What the switch would have. */
struct flow {
    struct prefix prefix;
    uint32_t class;
};

struct fixture {
    struct netset *ns;
    const char *title;          /* For messages. */
    struct flow flows[MAX_FLOWS];
    size_t n_flows;
    size_t n_calls;             /* Of the callback, at the last settle(). */
};

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);

    f->ns = netset_create();
    f->title = "";
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    netset_destroy(f->ns);
    free(f);
    return 0;
}

/* A list in words: "CIDR-EXCEPT-EXCEPT,CIDR". */

struct list_text {
    struct k8s_ip_block blocks[MAX_BLOCKS];
    struct prefix excepts[MAX_BLOCKS][MAX_EXCEPTS];
    size_t n;
};

static void
parse_list(const char *s, struct list_text *text)
{
    char *copy = xstrdup(s);
    char *block, *save = NULL;

    text->n = 0;
    for (block = strtok_r(copy, ",", &save); block;
         block = strtok_r(NULL, ",", &save)) {
        struct k8s_ip_block *b = &text->blocks[text->n];
        char *save2 = NULL;
        char *except;

        assert_true(text->n < MAX_BLOCKS);
        assert_true(prefix_parse(strtok_r(block, "-", &save2), &b->cidr));
        b->excepts = text->excepts[text->n++];
        b->n_excepts = 0;
        while ((except = strtok_r(NULL, "-", &save2))) {
            assert_true(b->n_excepts < MAX_EXCEPTS);
            assert_true(prefix_parse(except, &b->excepts[b->n_excepts++]));
        }
    }
    free(copy);
}

static struct netset_list *
ref(struct fixture *f, const char *s)
{
    const struct k8s_ip_block *blocks[MAX_BLOCKS];
    struct list_text text;

    parse_list(s, &text);
    for (size_t i = 0; i < text.n; i++) {
        blocks[i] = &text.blocks[i];
    }
    return netset_ref(f->ns, blocks, text.n);
}

/* Flows. */

static struct flow *
find_flow(struct fixture *f, const struct prefix *prefix)
{
    for (size_t i = 0; i < f->n_flows; i++) {
        if (!prefix_compare(&f->flows[i].prefix, prefix)) {
            return &f->flows[i];
        }
    }
    return NULL;
}

static void
flush(const struct prefix *prefix, bool needed, uint32_t class, void *f_)
{
    struct fixture *f = f_;
    struct flow *flow = find_flow(f, prefix);

    f->n_calls++;
    if (!needed) {
        assert_non_null(flow);
        *flow = f->flows[--f->n_flows];
        return;
    }
    if (!flow) {
        assert_true(f->n_flows < MAX_FLOWS);
        flow = &f->flows[f->n_flows++];
        flow->prefix = *prefix;
    } else {
        assert_int_not_equal(flow->class, class);
    }
    flow->class = class;
}

static void
ignore_class(struct partition_class *c OVS_UNUSED, void *aux OVS_UNUSED)
{
}

static void
settle(struct fixture *f)
{
    size_t work = SIZE_MAX;

    f->n_calls = 0;
    netset_classify(f->ns, &work);
    partition_announce(netset_partition(f->ns), ignore_class, ignore_class,
                       NULL);
    netset_flush(f->ns, flush, f, &work);
    netset_reap(f->ns);
}

/* The flow that a packet to 'prefix' hits, other than 'not' itself. */
static const struct flow *
look_up(const struct fixture *f, const struct prefix *prefix,
        const struct flow *not)
{
    const struct flow *best = NULL;

    for (size_t i = 0; i < f->n_flows; i++) {
        const struct flow *flow = &f->flows[i];

        if (flow != not && prefix_contains(&flow->prefix, prefix)
            && (!best || flow->prefix.length > best->prefix.length)) {
            best = flow;
        }
    }
    return best;
}

static const struct partition_class *
find_class(const struct fixture *f, uint32_t number)
{
    struct partition_class *c;

    HMAP_FOR_EACH (c, node, &netset_partition(f->ns)->classes) {
        if (c->number.value == number) {
            return c;
        }
    }
    return NULL;
}

/* The lists that 'address' is in, as the flows say, such as "10.0.0.0/8 ...".
 * */
static char *
classify(const struct fixture *f, const char *address)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    const struct partition_class *c;
    const struct flow *flow;
    struct in6_addr addr;
    struct prefix prefix;

    assert_true(address_parse(address, &addr));
    prefix_from_address(&addr, &prefix);
    flow = look_up(f, &prefix, NULL);
    c = flow && flow->class ? find_class(f, flow->class) : NULL;
    assert_true(!flow || !flow->class || c);
    for (size_t i = 0; c && i < c->n_sets; i++) {
        ds_put_format(&s, "%s%s", i ? " " : "", c->sets[i]->text);
    }
    return ds_steal_cstr(&s);
}

static void
expect(const struct fixture *f, const char *address, const char *want)
{
    char *got = classify(f, address);

    if (strcmp(got, want)) {
        fail_msg("%s: %s is in \"%s\" instead of \"%s\"",
                 f->title, address, got, want);
    }
    free(got);
}

/* Table of lists, the number of flows, and addresses with 'y' if they are in
 * the list, else 'n'. */
static const struct {
    const char *title;
    const char *list;
    size_t n_flows;
    const char *addresses[8];
} cases[] = {
    { "one block", "10.0.0.0/8", 1,
      { "y10.0.0.0", "y10.255.255.255", "n11.0.0.0", "n9.255.255.255" } },
    { "everything of one family (S24)", "0.0.0.0/0", 1,
      { "y1.2.3.4", "y255.255.255.255", "nfd00::1" } },
    { "everything of the other", "::/0", 1, { "n1.2.3.4", "yfd00::1" } },
    { "except (S21)", "10.0.0.0/8-10.1.0.0/16", 2,
      { "y10.0.0.1", "n10.1.0.0", "n10.1.255.255", "y10.2.0.0" } },
    { "except of a single address", "10.0.0.0/8-10.1.2.3/32", 2,
      { "n10.1.2.3", "y10.1.2.2", "y10.1.2.4" } },
    { "nested excepts are one", "10.0.0.0/8-10.1.0.0/16-10.1.1.0/24", 2,
      { "y10.0.0.1", "n10.1.1.1", "n10.1.2.1" } },
    { "except of everything", "10.0.0.0/8-10.0.0.0/8", 0, { "n10.0.0.1" } },
    { "an except is about its own block",
      "10.0.0.0/8-10.1.0.0/16,10.1.2.0/24", 3,
      { "y10.0.0.1", "n10.1.1.1", "y10.1.2.1", "n10.1.3.1" } },
    { "a block inside another needs no flow", "10.0.0.0/8,10.1.0.0/16", 1,
      { "y10.0.0.1", "y10.1.0.1" } },
    { "the same block with and without except",
      "10.0.0.0/8-10.1.0.0/16,10.0.0.0/8", 1, { "y10.0.0.1", "y10.1.0.1" } },
    { "halves", "10.0.0.0/8-10.128.0.0/9-10.0.0.0/9", 3,
      { "n10.0.0.1", "n10.200.0.1" } },
    { "IPv6", "2001:db8::/32-2001:db8:1::/48,fe80::/10", 3,
      { "y2001:db8::1", "n2001:db8:1::1", "yfebf::1", "nfec0::1",
        "n2001:db9::" } },
    { "both families", "192.0.2.0/24,2001:db8::/32", 2,
      { "y192.0.2.1", "y2001:db8::1", "n192.0.3.1" } },
};

static void
test_cases(void **state OVS_UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        void *fixture;
        setup(&fixture);

        struct fixture *f = fixture;
        struct netset_list *list = ref(f, cases[i].list);

        settle(f);
        f->title = cases[i].title;
        if (f->n_flows != cases[i].n_flows) {
            fail_msg("%s: %"PRIuSIZE" flows", f->title, f->n_flows);
        }
        for (int j = 0; j < 8 && cases[i].addresses[j]; j++) {
            const char *a = cases[i].addresses[j];

            expect(f, a + 1, a[0] == 'y' ? list->set.text : "");
        }
        netset_unref(f->ns, list);
        settle(f);
        assert_int_equal(f->n_flows, 0);
        teardown(&fixture);
    }
}

/* Lists are known by their blocks, in any order and however often. */
static void
test_lists_are_shared(void **state)
{
    struct fixture *f = *state;
    struct netset_list *a, *b, *c;

    a = ref(f, "10.0.0.0/8,192.0.2.0/24-192.0.2.8/29-192.0.2.0/29");
    b = ref(f, "192.0.2.0/24-192.0.2.0/29-192.0.2.8/29-192.0.2.0/29,"
               "10.0.0.0/8,10.0.0.0/8");
    c = ref(f, "10.0.0.0/8,192.0.2.0/24-192.0.2.0/29,fd00::/8");
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, c);
    assert_int_equal(a->n_blocks, 2);
    assert_true(a->has_v4 && !a->has_v6);
    assert_true(c->has_v4 && c->has_v6);

    settle(f);
    netset_unref(f->ns, a);
    settle(f);
    assert_int_equal(f->n_calls, 0);
    netset_unref(f->ns, c);
    settle(f);
    expect(f, "192.0.2.9", "");
    expect(f, "192.0.2.17", b->set.text);
}

/* What comes and goes tells of just what differs. */
static void
test_incremental(void **state)
{
    struct fixture *f = *state;
    struct netset_list *outer = ref(f, "10.0.0.0/8");
    struct netset_list *inner;

    settle(f);
    inner = ref(f, "10.1.0.0/16");
    settle(f);
    assert_int_equal(f->n_calls, 1);
    expect(f, "10.0.0.1", "10.0.0.0/8");

    /* Without the outer list the inner prefix is in another class. */
    netset_unref(f->ns, outer);
    settle(f);
    assert_int_equal(f->n_calls, 2);
    expect(f, "10.0.0.1", "");
    expect(f, "10.1.0.1", "10.1.0.0/16");

    netset_unref(f->ns, inner);
    settle(f);
    assert_int_equal(f->n_calls, 1);
    assert_int_equal(f->n_flows, 0);
    assert_true(hmap_is_empty(&netset_partition(f->ns)->classes));

    /* Passed from one user to the next. */
    outer = ref(f, "10.0.0.0/8");
    settle(f);
    ref(f, "10.0.0.0/8");
    netset_unref(f->ns, outer);
    settle(f);
    assert_int_equal(f->n_calls, 0);
    expect(f, "10.0.0.1", "10.0.0.0/8");
}

/* Lists that come and go at random, judged by the blocks as written. */

#define N_TEXTS 12
static const char *const texts[N_TEXTS] = {
    "0.0.0.0/0",
    "0.0.0.0/0-10.0.0.0/8",
    "10.0.0.0/8-10.1.0.0/16",
    "10.0.0.0/8-10.1.0.0/16-10.1.1.0/24-10.2.0.0/16",
    "10.1.0.0/16",
    "10.1.0.0/16-10.1.1.0/24,10.1.1.128/25",
    "10.1.1.0/24-10.1.1.1/32",
    "10.1.1.1/32",
    "10.1.1.0/25,10.1.1.128/25",
    "10.0.0.0/7,11.0.0.0/8-11.1.0.0/16",
    "10.1.0.0/16-10.1.0.0/16",
    "10.1.1.0/24,10.1.1.1/32,10.1.0.0/16-10.1.1.1/32",
};
static const char *const probes[] = {
    "10.0.0.1", "10.1.0.1", "10.1.1.0", "10.1.1.1", "10.1.1.2", "10.1.1.129",
    "10.1.1.255", "10.1.2.0", "10.2.0.1", "11.0.0.1", "11.1.0.1", "12.0.0.1",
};

static bool
is_in_list(const char *s, const struct in6_addr *addr)
{
    struct list_text text;
    bool found = false;

    parse_list(s, &text);
    for (size_t i = 0; i < text.n; i++) {
        const struct k8s_ip_block *b = &text.blocks[i];
        bool in = prefix_contains_address(&b->cidr, addr);

        for (size_t j = 0; j < b->n_excepts; j++) {
            in = in && !prefix_contains_address(&b->excepts[j], addr);
        }
        found |= in;
    }
    return found;
}

static void
check_probe(const struct fixture *f, struct netset_list *const lists[N_TEXTS],
            const char *probe)
{
    const struct partition_class *c;
    const struct flow *flow;
    struct in6_addr addr;
    struct prefix prefix;

    assert_true(address_parse(probe, &addr));
    prefix_from_address(&addr, &prefix);
    flow = look_up(f, &prefix, NULL);
    c = flow ? find_class(f, flow->class) : NULL;
    for (int i = 0; i < N_TEXTS; i++) {
        bool want = lists[i] && is_in_list(texts[i], &addr);
        bool got = lists[i] && partition_class_has(c, &lists[i]->set);

        if (want != got) {
            fail_msg("%s in %s: %d", probe, texts[i], got);
        }
    }
}

/* No flow says what would be said without it. */
static void
check_minimal(const struct fixture *f)
{
    for (size_t i = 0; i < f->n_flows; i++) {
        const struct flow *flow = &f->flows[i];
        const struct flow *around = look_up(f, &flow->prefix, flow);

        assert_int_not_equal(flow->class, around ? around->class : 0);
    }
}

static void
test_random(void **state)
{
    struct fixture *f = *state;
    struct netset_list *lists[N_TEXTS] = { NULL };
    uint32_t seed = 7;

    for (int step = 0; step < 2000; step++) {
        int i;

        seed = seed * 1664525 + 1013904223;
        i = (seed >> 16) % N_TEXTS;
        if (lists[i]) {
            netset_unref(f->ns, lists[i]);
            lists[i] = NULL;
        } else {
            lists[i] = ref(f, texts[i]);
        }
        if (seed >> 30) {
            settle(f);
            check_minimal(f);
            for (size_t j = 0; j < ARRAY_SIZE(probes); j++) {
                check_probe(f, lists, probes[j]);
            }
        }
    }
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        TEST(test_lists_are_shared),
        TEST(test_incremental),
        TEST(test_random),
    };
#undef TEST

    return cmocka_run_group_tests_name("netset", tests, NULL, NULL);
}
