/* SPDX-License-Identifier: Apache-2.0
 *
 * Groups, classes and uses made by hand; what is looked at is the flows. */

#include <config.h>

#include "link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

#include "emit.h"
#include "flowset.h"
#include "flowtext.h"
#include "group.h"
#include "netset.h"
#include "partition.h"
#include "policy.h"
#include "rule.h"

#define N_GROUPS 4
#define N_USES 8
#define N_ELEMENTS 6

static const struct pipeline_config config = {
    PIPELINE_DEFAULT_BASE, PIPELINE_DEFAULT_ZONE, false
};

/* A side of the compiler, without groups and policies. */
struct fixture {
    struct flowset *fs;
    struct emit emit;
    struct netset *netset;
    struct rules *rules;
    struct link_table links;
    struct partition partitions[2];     /* Targets and peers. */
    struct group groups[2][N_GROUPS];
    struct partition_class *elements[2][N_ELEMENTS];
    struct policy_use *uses[N_USES];
};
enum { TARGETS, PEERS };

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);

    f->fs = flowset_create(emit_allow_actions,
                           CONST_CAST(struct pipeline_config *, &config));
    f->emit = (struct emit) { &config, f->fs, K8S_INGRESS };
    f->netset = netset_create();
    f->rules = rules_create(K8S_INGRESS, NULL, f->netset);
    link_table_init(&f->links, &f->emit);
    for (int side = 0; side < 2; side++) {
        partition_init(&f->partitions[side]);
        for (int i = 0; i < N_GROUPS; i++) {
            struct group *g = &f->groups[side][i];

            partition_set_init(&g->set, xasprintf("%d-%d", side, i));
            g->n_refs = 1000000;        /* Not to be freed. */
            g->isolates = side == TARGETS;
        }
    }
    *state = f;
    return 0;
}

/* Elements, uses. */

/* Announces, as the compiler does. */
static void
target_gone(struct partition_class *c, void *f)
{
    link_table_remove_target(&((struct fixture *) f)->links, c);
}

static void
target_come(struct partition_class *c, void *f)
{
    link_table_add_target(&((struct fixture *) f)->links, c);
}

static void
peer_gone(struct partition_class *c, void *f)
{
    link_table_remove_peer(&((struct fixture *) f)->links, c, false);
}

static void
peer_come(struct partition_class *c, void *f)
{
    link_table_add_pods(&((struct fixture *) f)->links, c);
}

static void
net_gone(struct partition_class *c, void *f)
{
    link_table_remove_peer(&((struct fixture *) f)->links, c, true);
}

static void
net_come(struct partition_class *c, void *f)
{
    link_table_add_nets(&((struct fixture *) f)->links, c);
}

static void
ignore_prefix(const struct prefix *p OVS_UNUSED, bool needed OVS_UNUSED,
              uint32_t class OVS_UNUSED, void *aux OVS_UNUSED)
{
}

static void
settle_families(struct fixture *f, uint8_t families)
{
    size_t work = SIZE_MAX;

    netset_classify(f->netset, &work);
    partition_announce(&f->partitions[TARGETS], target_gone, target_come, f);
    partition_announce(&f->partitions[PEERS], peer_gone, peer_come, f);
    partition_announce(netset_partition(f->netset), net_gone, net_come, f);
    netset_flush(f->netset, ignore_prefix, NULL, &work);
    link_table_flush(&f->links, f->rules, families, &work);
    netset_reap(f->netset);
}

static void
settle(struct fixture *f)
{
    settle_families(f, RULE_V4);
}

/* Puts an element into the groups of 'sets', such as "02". */
static void
put(struct fixture *f, int side, int element, const char *sets)
{
    struct partition_class *old = f->elements[side][element];
    struct partition_set *array[N_GROUPS];
    size_t n = 0;

    for (; *sets; sets++) {
        array[n++] = &f->groups[side][*sets - '0'].set;
    }
    n = partition_sets_sort(array, n);
    f->elements[side][element] = partition_enter(&f->partitions[side], array,
                                                 n);
    partition_leave(&f->partitions[side], old);
}

/* Rule from 'peers' (groups, "" for any peer) on TCP ports 'first' and
 * 'first' + 2, or on any port if that is 0. */
static struct rule *
ref_rule(struct fixture *f, const char *peers, uint16_t first)
{
    struct rule_service services[] = {
        { IPPROTO_TCP, first, first }, { IPPROTO_TCP, first + 2, first + 2 }
    };
    struct ptrs groups = PTRS_INITIALIZER;
    struct rule *r;

    for (const char *p = peers; *p; p++) {
        ptrs_add(&groups, &f->groups[PEERS][*p - '0']);
    }
    r = rule_ref(f->rules, NULL, !peers[0], &groups, NULL, services,
                 first ? 2 : 0);
    ptrs_uninit(&groups);
    return r;
}

/* Use 'i' by 'target' takes over a reference to 'r'. */
static void
use_rule(struct fixture *f, int i, int target, struct rule *r)
{
    struct policy_use *u = xzalloc(sizeof *u);

    u->direction = K8S_INGRESS;
    u->target = &f->groups[TARGETS][target];
    u->rule = r;
    ptrs_add(&u->target->rules, u);
    ptrs_add(&u->rule->uses, u);
    link_table_add_use(&f->links, u);
    f->uses[i] = u;
}

static void
use(struct fixture *f, int i, int target, const char *peers, uint16_t first)
{
    use_rule(f, i, target, ref_rule(f, peers, first));
}

static void
unuse(struct fixture *f, int i)
{
    struct policy_use *u = f->uses[i];

    f->uses[i] = NULL;
    if (!u) {
        return;
    }
    ptrs_remove(&u->target->rules, u);
    ptrs_remove(&u->rule->uses, u);
    link_table_remove_use(&f->links, u);
    if (rule_unref(u->rule)) {
        link_table_forget_rule(&f->links, u->rule);
        rule_free(f->rules, u->rule);
    }
    free(u);
}

/* Taken apart, nothing is left. */
static int
teardown(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < N_USES; i++) {
        unuse(f, i);
    }
    for (int i = 0; i < N_ELEMENTS; i++) {
        put(f, TARGETS, i, "");
        put(f, PEERS, i, "");
    }
    settle(f);
    assert_int_equal(flowset_count(f->fs), 0);
    assert_int_equal(f->links.n_conj, 0);
    link_table_uninit(&f->links);
    rules_destroy(f->rules);
    netset_destroy(f->netset);
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < N_GROUPS; i++) {
            partition_set_uninit(&f->groups[side][i].set);
        }
        partition_destroy(&f->partitions[side]);
    }
    flowset_destroy(f->fs);
    free(f);
    return 0;
}

static const struct rule *
only_rule(const struct fixture *f)
{
    assert_int_equal(hmap_count(&f->rules->rules), 1);
    return CONTAINER_OF(hmap_first(&f->rules->rules), struct rule, node);
}

static void
expect(const struct fixture *f, enum rule_mode mode, size_t n_flows)
{
    assert_int_equal(only_rule(f)->mode, mode);
    assert_int_equal(flowset_count(f->fs), n_flows);
}

/* The form follows the sizes: the product of targets, peers and services
 * against their sum. */
static void
test_form(void **state)
{
    struct fixture *f = *state;

    use(f, 0, 0, "0", 80);
    settle(f);
    expect(f, RULE_OFF, 0);
    put(f, TARGETS, 0, "0");
    settle(f);
    expect(f, RULE_OFF, 0);     /* S7: nobody there yet. */
    put(f, PEERS, 0, "0");
    settle(f);
    expect(f, RULE_PLAIN, 1 * 1 * 2);
    put(f, TARGETS, 1, "01");
    settle(f);
    expect(f, RULE_PLAIN, 2 * 1 * 2);
    put(f, PEERS, 1, "01");
    settle(f);
    expect(f, RULE_CONJ, 2 + 2 + 2 + 1);
    put(f, PEERS, 2, "0123");
    put(f, TARGETS, 2, "02");
    settle(f);
    expect(f, RULE_CONJ, 3 + 3 + 2 + 1);
    put(f, TARGETS, 0, "");
    put(f, TARGETS, 1, "");
    put(f, TARGETS, 2, "");
    settle(f);
    expect(f, RULE_OFF, 0);
    put(f, TARGETS, 2, "03");
    settle(f);
    expect(f, RULE_PLAIN, 1 * 3 * 2);
}

/* One dimension needs no conjunction, however large. */
static void
test_one_dimension(void **state)
{
    struct fixture *f = *state;

    use(f, 0, 0, "", 0);
    put(f, TARGETS, 0, "0");
    put(f, TARGETS, 1, "01");
    put(f, TARGETS, 2, "02");
    settle(f);
    expect(f, RULE_PLAIN, 3);
}

/* A class in two sets of one rule's peers is one peer. */
static void
test_overlapping_peers(void **state)
{
    struct fixture *f = *state;

    use(f, 0, 0, "01", 0);
    put(f, TARGETS, 0, "0");
    put(f, PEERS, 0, "01");
    put(f, PEERS, 1, "1");
    settle(f);
    assert_int_equal(rule_count_peers(only_rule(f)), 2);
    expect(f, RULE_PLAIN, 2);
    put(f, PEERS, 0, "0");
    settle(f);
    expect(f, RULE_PLAIN, 2);
}

/* Peers that have classes when a rule begins to name them. */
static void
test_known_peers(void **state)
{
    struct fixture *f = *state;

    put(f, PEERS, 0, "01");
    put(f, PEERS, 1, "1");
    put(f, TARGETS, 0, "0");
    settle(f);
    use(f, 0, 0, "01", 0);
    settle(f);
    expect(f, RULE_PLAIN, 2);
    assert_int_equal(flowtext_settle(f->fs), 2);
    settle(f);
    assert_false(flowset_is_dirty(f->fs));
}

/* Two uses tie one rule to one class; it stays until both are gone. */
static void
test_uses_are_counted(void **state)
{
    struct fixture *f = *state;

    use(f, 0, 0, "0", 0);
    use(f, 1, 1, "0", 0);
    put(f, TARGETS, 0, "01");
    put(f, PEERS, 0, "0");
    settle(f);
    expect(f, RULE_PLAIN, 1);
    unuse(f, 0);
    settle(f);
    expect(f, RULE_PLAIN, 1);
    put(f, TARGETS, 0, "0");
    settle(f);
    expect(f, RULE_OFF, 0);
}

/* Who may be asked anything by anybody needs no other rule. */
static void
test_allow_all(void **state)
{
    struct fixture *f = *state;
    char *before, *after;

    use(f, 0, 0, "0", 80);
    put(f, TARGETS, 0, "0");
    put(f, TARGETS, 1, "01");
    put(f, PEERS, 0, "0");
    settle(f);
    assert_int_equal(flowset_count(f->fs), 4);
    before = flowtext_table(f->fs, -1);
    use(f, 1, 1, "", 0);
    settle(f);
    assert_int_equal(flowset_count(f->fs), 2 + 1);
    use(f, 2, 0, "", 0);
    settle(f);
    assert_int_equal(flowset_count(f->fs), 2);

    /* One that comes while all is open waits. */
    use(f, 3, 1, "0", 443);
    settle(f);
    assert_int_equal(flowset_count(f->fs), 2);
    unuse(f, 1);
    settle(f);
    assert_int_equal(flowset_count(f->fs), 2);
    unuse(f, 2);
    unuse(f, 3);
    settle(f);
    after = flowtext_table(f->fs, -1);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

/* S24: ports are matched in the families that the targets have. */
static void
test_families(void **state)
{
    struct fixture *f = *state;

    use(f, 0, 0, "0", 80);
    put(f, TARGETS, 0, "0");
    put(f, PEERS, 0, "0");
    settle_families(f, 0);
    expect(f, RULE_OFF, 0);
    settle_families(f, RULE_V4);
    expect(f, RULE_PLAIN, 2);
    settle_families(f, RULE_V4 | RULE_V6);
    expect(f, RULE_PLAIN, 4);
    settle_families(f, RULE_V6);
    expect(f, RULE_PLAIN, 2);
}

/* Blocks of one family need no flows for the other. */
static void
test_families_of_blocks(void **state)
{
    struct fixture *f = *state;
    struct rule_service service = { IPPROTO_TCP, 80, 80 };
    const struct ptrs none = PTRS_INITIALIZER;
    struct k8s_ip_block block = { .n_excepts = 0 };
    const struct k8s_ip_block *blocks[] = { &block };

    assert_true(prefix_parse("fd00::/8", &block.cidr));
    use_rule(f, 0, 0, rule_ref(f->rules, NULL, false, &none,
                               netset_ref(f->netset, blocks, 1), &service,
                               1));
    put(f, TARGETS, 0, "0");
    settle_families(f, RULE_V4 | RULE_V6);
    expect(f, RULE_PLAIN, 1);
    settle_families(f, RULE_V4);
    expect(f, RULE_OFF, 0);
}

/* Random changes lead where the last state leads directly. */

struct script {
    char sets[2][N_ELEMENTS][N_GROUPS + 1];
    struct {
        bool is_there;
        int target;
        char peers[N_GROUPS + 1];
        uint16_t first;
    } uses[N_USES];
};

static void
random_sets(uint32_t bits, char sets[N_GROUPS + 1])
{
    for (int i = 0; i < N_GROUPS; i++) {
        if (bits >> i & 1) {
            *sets++ = '0' + i;
        }
    }
    *sets = '\0';
}

static void
play_use(struct fixture *f, struct script *s, int i)
{
    if (s->uses[i].is_there) {
        use(f, i, s->uses[i].target, s->uses[i].peers, s->uses[i].first);
    }
}

static void
random_step(struct fixture *f, struct script *s, uint32_t bits)
{
    if (bits & 1) {
        int side = bits >> 1 & 1;
        int i = (bits >> 2) % N_ELEMENTS;

        random_sets(bits >> 10, s->sets[side][i]);
        put(f, side, i, s->sets[side][i]);
    } else {
        int i = (bits >> 1) % N_USES;

        unuse(f, i);
        s->uses[i].is_there = bits >> 5 & 3;
        s->uses[i].target = bits >> 7 & 3;
        s->uses[i].first = bits >> 9 & 1 ? 80 : 0;
        random_sets(bits >> 10, s->uses[i].peers);
        play_use(f, s, i);
    }
}

static void
check_from_scratch(struct fixture *f, struct script *s)
{
    void *other_state;
    setup(&other_state);

    struct fixture *other = other_state;
    char *a, *b;

    for (int i = 0; i < N_USES; i++) {
        play_use(other, s, i);
    }
    for (int i = 0; i < N_ELEMENTS; i++) {
        put(other, TARGETS, i, s->sets[TARGETS][i]);
        put(other, PEERS, i, s->sets[PEERS][i]);
    }
    settle(other);
    a = flowtext_table(f->fs, -1);
    b = flowtext_table(other->fs, -1);
    assert_string_equal(a, b);
    free(a);
    free(b);
    teardown(&other_state);
}

static void
test_random(void **state)
{
    struct fixture *f = *state;
    struct script script = { .uses = {{ .is_there = false }} };
    uint32_t seed = 5;

    for (int step = 0; step < 2000; step++) {
        seed = seed * 1664525 + 1013904223;
        random_step(f, &script, seed >> 8);
        if (seed >> 30) {
            settle(f);
            check_from_scratch(f, &script);
        }
    }
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_form),
        TEST(test_one_dimension),
        TEST(test_overlapping_peers),
        TEST(test_known_peers),
        TEST(test_uses_are_counted),
        TEST(test_allow_all),
        TEST(test_families),
        TEST(test_families_of_blocks),
        TEST(test_random),
    };
#undef TEST

    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
