/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "group.h"
#include "label.h"
#include "netset.h"

struct fixture {
    struct label_pool *pool;
    struct selector *all;
    struct groups *groups;
    struct netset *netset;
    struct rules *rules;
};

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);

    f->pool = label_pool_create();
    f->all = selector_create(f->pool, NULL, 0);
    f->groups = groups_create();
    f->netset = netset_create();
    f->rules = rules_create(K8S_INGRESS, f->groups, f->netset);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    rules_destroy(f->rules);
    netset_destroy(f->netset);
    groups_destroy(f->groups);
    selector_unref(f->all);
    label_pool_destroy(f->pool);
    free(f);
    return 0;
}

static void
unref(struct fixture *f, struct rule *r)
{
    size_t work = SIZE_MAX;

    if (rule_unref(r)) {
        rule_free(f->rules, r);
    }
    groups_reap(f->groups);
    netset_classify(f->netset, &work);
    netset_reap(f->netset);
}

/* Services from text: "TCP/80-90 UDP/53". */
static size_t
parse_services(const char *s, struct rule_service services[8])
{
    size_t n = 0;

    while (*s) {
        char protocol[8];
        unsigned int first, last;
        int length;

        assert_int_equal(sscanf(s, "%7[A-Z]/%u-%u %n", protocol, &first,
                                &last, &length), 3);
        services[n].protocol = (!strcmp(protocol, "TCP") ? IPPROTO_TCP
                                : !strcmp(protocol, "UDP") ? IPPROTO_UDP
                                : IPPROTO_SCTP);
        services[n].first = first;
        services[n++].last = last;
        s += length;
    }
    return n;
}

/* A rule for all pods of each namespace in 'namespaces' ("a b"), for 'cidr'
 * and 'services'; any peer if both are NULL. */
static struct rule *
ref_in(struct fixture *f, struct rules *rules, const char *namespaces,
       const char *cidr, const char *services_text)
{
    struct rule_service services[8];
    size_t n = parse_services(services_text, services);
    struct ptrs groups = PTRS_INITIALIZER;
    struct netset_list *nets = NULL;
    char *copy = nullable_xstrdup(namespaces);
    char *save = NULL;
    struct rule *r;

    for (char *ns = copy ? strtok_r(copy, " ", &save) : NULL; ns;
         ns = strtok_r(NULL, " ", &save)) {
        ptrs_add(&groups, group_ref(f->groups, GROUP_PEER(rules->direction),
                                    ns, NULL, f->all, NULL));
    }
    if (cidr) {
        struct k8s_ip_block block = { .n_excepts = 0 };
        const struct k8s_ip_block *blocks[] = { &block };

        assert_true(prefix_parse(cidr, &block.cidr));
        nets = netset_ref(f->netset, blocks, 1);
    }
    n = rule_services_normalize(services, n);
    r = rule_ref(rules, NULL, !groups.n && !nets, &groups, nets, services,
                 n);
    ptrs_uninit(&groups);
    free(copy);
    return r;
}

static struct rule *
ref(struct fixture *f, const char *namespaces, const char *cidr,
    const char *services)
{
    return ref_in(f, f->rules, namespaces, cidr, services);
}

static char *
services_text(const struct rule *r)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    rule_format_services(r, &s);
    return ds_steal_cstr(&s);
}

/* Services as written, as they are kept, and the number of blocks. */
static const struct {
    const char *services, *want;
    size_t n_blocks;
} services_cases[] = {
    { "", "any", 0 },
    { "TCP/80-80", "TCP/80", 1 },
    { "TCP/0-65535", "TCP", 1 },
    { "TCP/80-80 TCP/80-80", "TCP/80", 1 },
    { "TCP/80-80 TCP/81-81", "TCP/80-81", 1 },
    { "TCP/82-90 TCP/80-80", "TCP/80 TCP/82-90", 5 },
    { "TCP/80-90 TCP/85-100", "TCP/80-100", 3 },
    { "TCP/80-100 TCP/85-90", "TCP/80-100", 3 },
    { "TCP/1-65535 TCP/0-0", "TCP", 1 },
    { "TCP/1-65535 TCP/80-90", "TCP/1-65535", 16 },
    { "TCP/65535-65535 TCP/65534-65534", "TCP/65534-65535", 1 },
    { "UDP/53-53 TCP/53-53 SCTP/53-53", "TCP/53 UDP/53 SCTP/53", 3 },
    { "UDP/54-54 TCP/53-53", "TCP/53 UDP/54", 2 },
};

static void
test_services(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_SIZE(services_cases); i++) {
        struct rule *r = ref(f, NULL, NULL, services_cases[i].services);
        char *text = services_text(r);

        assert_string_equal(text, services_cases[i].want);
        assert_int_equal(r->n_blocks, services_cases[i].n_blocks);
        assert_int_equal(rule_is_allow_all(r), !r->n_services);
        free(text);
        unref(f, r);
    }
}

/* Peers and services are the rule, however they are written. */
static const struct {
    const char *namespaces, *cidr, *services;
    bool same;                  /* As "a b", 10.0.0.0/8, TCP/80. */
} identity_cases[] = {
    { "a b", "10.0.0.0/8", "TCP/80-80", true },
    { "b a", "10.0.0.0/8", "TCP/80-80", true },
    { "b a b a", "10.0.0.0/8", "TCP/80-80 TCP/80-80", true },
    { "a", "10.0.0.0/8", "TCP/80-80", false },
    { "a b c", "10.0.0.0/8", "TCP/80-80", false },
    { "a b", NULL, "TCP/80-80", false },
    { "a b", "10.0.0.0/9", "TCP/80-80", false },
    { NULL, "10.0.0.0/8", "TCP/80-80", false },
    { NULL, NULL, "TCP/80-80", false },
    { "a b", "10.0.0.0/8", "TCP/80-81", false },
    { "a b", "10.0.0.0/8", "UDP/80-80", false },
    { "a b", "10.0.0.0/8", "", false },
};

static void
test_identity(void **state)
{
    struct fixture *f = *state;
    struct rule *first = ref(f, "a b", "10.0.0.0/8", "TCP/80-80");

    for (size_t i = 0; i < ARRAY_SIZE(identity_cases); i++) {
        struct rule *r = ref(f, identity_cases[i].namespaces,
                             identity_cases[i].cidr,
                             identity_cases[i].services);

        if ((r == first) != identity_cases[i].same
            || (r->id.value == first->id.value) != identity_cases[i].same) {
            fail_msg("case %"PRIuSIZE, i);
        }
        assert_int_not_equal(r->id.value, 0);
        unref(f, r);
    }
    unref(f, first);
    assert_true(hmap_is_empty(&f->rules->rules));
    assert_true(hmap_is_empty(&f->rules->peers));
    assert_int_equal(groups_count(f->groups, GROUP_PEER_INGRESS), 0);
}

/* Rules with the same peers share them. */
static void
test_peers_are_shared(void **state)
{
    struct fixture *f = *state;
    struct rule *a = ref(f, "a b", NULL, "TCP/80-80");
    struct rule *b = ref(f, "b a", NULL, "UDP/80-80");
    struct rule *c = ref(f, "a", NULL, "TCP/80-80");
    struct rule *d = ref(f, NULL, NULL, "TCP/80-80");

    assert_ptr_not_equal(a, b);
    assert_ptr_equal(a->peers, b->peers);
    assert_ptr_not_equal(a->peers, c->peers);
    assert_null(d->peers);
    assert_int_equal(a->peers->rules.n, 2);
    assert_int_equal(a->peers->n_groups, 2);
    assert_int_equal(rule_count_peers(a), 0);
    unref(f, a);
    assert_int_equal(b->peers->rules.n, 1);
    unref(f, b);
    unref(f, c);
    unref(f, d);
}

/* The id is the same in every run, and another in the other direction. */
static void
test_ids(void **state)
{
    struct fixture *f = *state;
    struct rules *again = rules_create(K8S_INGRESS, f->groups, f->netset);
    struct rules *egress = rules_create(K8S_EGRESS, f->groups, f->netset);
    struct rule *other = ref(f, "x", NULL, "");
    struct rule *a = ref(f, "a", NULL, "TCP/80-80");
    struct rule *b = ref_in(f, again, "a", NULL, "TCP/80-80");
    struct rule *c = ref_in(f, egress, "a", NULL, "TCP/80-80");

    assert_int_equal(a->id.value, b->id.value);
    assert_int_not_equal(a->id.value, c->id.value);
    assert_true(rule_unref(b));
    rule_free(again, b);
    assert_true(rule_unref(c));
    rule_free(egress, c);
    rules_destroy(again);
    rules_destroy(egress);
    unref(f, a);
    unref(f, other);
}

static void
test_text(void **state)
{
    static const struct {
        const char *namespaces, *cidr, *want;
    } cases[] = {
        { NULL, NULL, "any" },
        { "a", NULL, "a:" },
        { NULL, "10.1.2.3/8", "10.0.0.0/8" },
        { "a", "fd00::/8", "a: fd00::/8" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct rule *r = ref(f, cases[i].namespaces, cases[i].cidr, "");
        struct ds s = DS_EMPTY_INITIALIZER;

        rule_format_peers(r, &s);
        assert_string_equal(ds_cstr(&s), cases[i].want);
        ds_destroy(&s);
        unref(f, r);
    }
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_services),
        TEST(test_identity),
        TEST(test_peers_are_shared),
        TEST(test_ids),
        TEST(test_text),
    };
#undef TEST

    return cmocka_run_group_tests_name("rule", tests, NULL, NULL);
}
