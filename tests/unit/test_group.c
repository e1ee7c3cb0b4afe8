/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "label.h"
#include "model.h"
#include "scene.h"

#define MAX_TOLD 64

struct fixture {
    struct scene scene;         /* For its pool and model. */
    struct groups *groups;
    struct told {               /* What the switch was told. */
        enum group_role role;
        struct in6_addr addr;
        uint32_t class;
        bool audit;
    } told[MAX_TOLD];
    size_t n_told;
    size_t n_calls;             /* At the last settle(). */
    bool is_setting;            /* Clearing comes first. */
};

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);
    struct model_change *changes;

    scene_init(&f->scene, NULL);
    f->groups = groups_create();
    model_take_changes(f->scene.model, &changes);
    model_changes_free(changes);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    groups_destroy(f->groups);
    scene_uninit(&f->scene);
    free(f);
    return 0;
}

/* What the compiler does with a batch. */

static void
ignore_class(struct partition_class *c OVS_UNUSED, void *aux OVS_UNUSED)
{
}

static void
tell(enum group_role role, const struct in6_addr *addr,
     const struct group_told *old, const struct group_told *new, void *f_)
{
    uint32_t class = new->class;
    struct fixture *f = f_;
    struct told *t = f->told;

    f->n_calls++;
    f->is_setting |= class != 0;
    assert_true(class || !f->is_setting);
    while (t < &f->told[f->n_told]
           && (t->role != role || memcmp(&t->addr, addr, sizeof *addr))) {
        t++;
    }
    if (t == &f->told[f->n_told]) {
        assert_int_equal(old->class, 0);
        assert_false(old->audit);
        assert_true(f->n_told < MAX_TOLD);
        *t = (struct told) { role, *addr, class, new->audit };
        f->n_told++;
    } else {
        assert_int_equal(old->class, t->class);
        assert_int_equal(old->audit, t->audit);
        assert_true(old->class != class || old->audit != new->audit);
        t->class = class;
        t->audit = new->audit;
        if (!class) {
            *t = f->told[--f->n_told];
        }
    }
}

static void
take_changes(struct fixture *f)
{
    struct model_change *changes;
    size_t n = model_take_changes(f->scene.model, &changes);

    for (size_t i = 0; i < n; i++) {
        const struct model_change *c = &changes[i];

        if (c->type == MODEL_POD) {
            groups_update_pod(f->groups, f->scene.model, c->ns, c->name,
                              c->follower);
        } else if (c->type == MODEL_NAMESPACE) {
            groups_update_namespace(f->groups, f->scene.model, c->ns);
        }
    }
    model_changes_free(changes);
}

static void
settle(struct fixture *f)
{
    take_changes(f);
    groups_evaluate_targets(f->groups);
    groups_evaluate(f->groups);
    for (int role = 0; role < GROUP_N_ROLES; role++) {
        partition_announce(groups_partition(f->groups, role), ignore_class,
                           ignore_class, NULL);
    }
    f->n_calls = 0;
    f->is_setting = false;
    groups_flush(f->groups, f->scene.model, tell, f);
    groups_reap(f->groups);
}

/* "", "key=value" or "!key"; NULL for NULL. */
static struct selector *
make_selector(struct fixture *f, const char *s)
{
    char *key = xstrdup(s);
    char *value = strchr(key, '=');
    const char *values[1];
    struct selector_requirement req = { .values = values };
    struct selector *selector;

    if (value) {
        *value = '\0';
        values[0] = value + 1;
        req.op = SELECTOR_IN;
        req.n_values = 1;
    } else {
        req.op = SELECTOR_DOES_NOT_EXIST;
    }
    req.key = value ? key : key + 1;
    selector = selector_create(f->scene.pool, &req, s[0] != '\0');
    free(key);
    return selector;
}

static struct group *
ref(struct fixture *f, enum group_role role, const char *ns,
    const char *namespaces, const char *pods, struct group_port *port)
{
    struct selector *ns_selector
        = namespaces ? make_selector(f, namespaces) : NULL;
    struct selector *pod_selector = make_selector(f, pods);
    struct group *g = group_ref(f->groups, role, ns, ns_selector,
                                pod_selector, port);

    selector_unref(ns_selector);
    selector_unref(pod_selector);
    return g;
}

/* True if the switch knows 'address' in a class of 'g'. */
static bool
contains(const struct fixture *f, const struct group *g, const char *address)
{
    struct in6_addr addr;

    assert_true(address_parse(address, &addr));
    for (size_t i = 0; i < f->n_told; i++) {
        const struct told *t = &f->told[i];
        struct partition_class *c;

        if (t->role == g->role && !memcmp(&t->addr, &addr, sizeof addr)) {
            HMAP_FOR_EACH (c, node,
                           &groups_partition(f->groups, t->role)->classes) {
                if (c->number.value == t->class) {
                    return partition_class_has(c, &g->set);
                }
            }
            fail_msg("%s: no class %"PRIu32, address, t->class);
        }
    }
    return false;
}

static void
expect_flips(struct fixture *f, size_t n, const struct group *g)
{
    struct ptrs flips = groups_take_flips(f->groups);

    assert_int_equal(flips.n, n);
    if (g) {
        assert_true(ptrs_contains(&flips, g));
    }
    ptrs_uninit(&flips);
}

/* The cluster: addresses end in the number of the pod.  Pods 1 to 3 are
 * local. */
static const char cluster[] =
    SCENE_NAMESPACE("shop", "team: a")
    SCENE_NAMESPACE("ops", "team: b")
    SCENE_POD("shop", "web", "app: web, tier: front", "n1", "10.0.0.1",
              "{name: http, containerPort: 8080}")
    SCENE_POD("shop", "db", "app: db", "n1", "10.0.0.2",
              "{name: sql, containerPort: 5432}")
    SCENE_POD("ops", "mon", "app: web", "n1", "10.0.0.3", "")
    SCENE_POD("shop", "far", "app: web", "n2", "10.0.0.4",
              "{name: http, containerPort: 80}")
    SCENE_POD("lone", "solo", "app: solo", "n2", "10.0.0.5", "");
#define N_PODS 5

static const struct {
    enum group_role role;
    const char *ns;
    const char *namespaces, *pods;
    const char *members;        /* 'y' or 'n' for each pod. */
    const char *text;
} cases[] = {
    { GROUP_PEER_INGRESS, "shop", NULL, "app=web", "ynnyn",
      "pods app=web of namespace shop" },
    { GROUP_PEER_INGRESS, "shop", NULL, "", "yynyn",
      "all pods of namespace shop" },
    { GROUP_PEER_INGRESS, "shop", NULL, "app=none", "nnnnn",
      "pods app=none of namespace shop" },
    { GROUP_PEER_INGRESS, "nowhere", NULL, "", "nnnnn",
      "all pods of namespace nowhere" },
    { GROUP_PEER_EGRESS, NULL, "", "", "yyyyy", "all pods" },
    { GROUP_PEER_EGRESS, NULL, "", "app=web", "ynyyn", "pods app=web" },
    { GROUP_PEER_EGRESS, NULL, "team=b", "", "nnynn",
      "all pods of namespaces team=b" },
    { GROUP_PEER_EGRESS, NULL, "!team", "", "nnnny",
      "all pods of namespaces !team" },
    { GROUP_PEER_EGRESS, NULL, "kubernetes.io/metadata.name=lone", "",
      "nnnny", "all pods of namespaces kubernetes.io/metadata.name=lone" },
    { GROUP_PEER_EGRESS, NULL, "team=a", "!tier", "nynyn",
      "pods !tier of namespaces team=a" },
    { GROUP_TARGET_INGRESS, "shop", NULL, "", "yynnn",
      "all pods of namespace shop" },
    { GROUP_TARGET_EGRESS, "shop", NULL, "app=web", "ynnnn",
      "pods app=web of namespace shop" },
};

static void
expect_members(const struct fixture *f, const struct group *g,
               const char *members)
{
    size_t n = 0;

    for (int i = 0; i < N_PODS; i++) {
        char *address = xasprintf("10.0.0.%d", i + 1);

        if (contains(f, g, address) != (members[i] == 'y')) {
            fail_msg("%s: %s", g->set.text, address);
        }
        n += members[i] == 'y';
        free(address);
    }
    assert_int_equal(g->n_members, n);
}

/* All groups at once; before or after the pods, by turns. */
static void
test_cases(void **state)
{
    struct fixture *f = *state;
    struct group *groups[ARRAY_SIZE(cases)];

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (i == ARRAY_SIZE(cases) / 2) {
            scene_put(&f->scene, cluster);
            settle(f);
        }
        groups[i] = ref(f, cases[i].role, cases[i].ns, cases[i].namespaces,
                        cases[i].pods, NULL);
    }
    settle(f);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ds s = DS_EMPTY_INITIALIZER;

        expect_members(f, groups[i], cases[i].members);
        group_format(groups[i], &s);
        assert_string_equal(ds_cstr(&s), cases[i].text);
        ds_destroy(&s);
    }
    assert_int_equal(groups_count(f->groups, GROUP_TARGET_EGRESS), 1);
    assert_int_equal(groups_count_members(f->groups), N_PODS);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        group_unref(f->groups, groups[i]);
        settle(f);
    }
    assert_int_equal(f->n_told, 0);
    assert_int_equal(groups_count(f->groups, GROUP_TARGET_EGRESS), 0);
}

static void
test_groups_are_shared(void **state)
{
    struct fixture *f = *state;
    struct group *a = ref(f, GROUP_PEER_EGRESS, "shop", NULL, "a=b", NULL);

    assert_ptr_equal(ref(f, GROUP_PEER_EGRESS, "shop", NULL, "a=b", NULL), a);
    assert_ptr_not_equal(ref(f, GROUP_PEER_INGRESS, "shop", NULL, "a=b",
                             NULL), a);
    assert_ptr_not_equal(ref(f, GROUP_PEER_EGRESS, "ops", NULL, "a=b", NULL),
                         a);
    assert_ptr_not_equal(ref(f, GROUP_PEER_EGRESS, NULL, "", "a=b", NULL), a);
}

/* A pod or namespace changes: S34. */
static void
test_changes(void **state)
{
    struct fixture *f = *state;
    struct group *web, *team;

    scene_put(&f->scene, cluster);
    web = ref(f, GROUP_PEER_EGRESS, "shop", NULL, "app=web", NULL);
    team = ref(f, GROUP_PEER_EGRESS, NULL, "team=a", "", NULL);
    settle(f);
    expect_members(f, web, "ynnyn");
    expect_members(f, team, "yynyn");

    scene_put(&f->scene, SCENE_POD("shop", "db", "app: web", "n1", "10.0.0.2",
                                   ""));
    settle(f);
    expect_members(f, web, "yynyn");
    assert_int_equal(f->n_calls, 1);

    scene_put(&f->scene, SCENE_NAMESPACE("ops", "team: a")
                         SCENE_NAMESPACE("shop", "team: b"));
    settle(f);
    expect_members(f, team, "nnynn");

    /* Labels that nobody asks for cost nothing. */
    scene_put(&f->scene, SCENE_NAMESPACE("ops", "team: a, color: red"));
    settle(f);
    assert_int_equal(f->n_calls, 0);

    size_t n_members = groups_count_members(f->groups);
    scene_delete(&f->scene, "Pod", "shop", "web");
    settle(f);
    expect_members(f, web, "nynyn");
    assert_int_equal(groups_count_members(f->groups), n_members - 1);
}

/* S39: an address passes from pod to pod; S41: a pod's addresses change. */
static void
test_addresses(void **state)
{
    struct fixture *f = *state;
    struct group *a, *b;

    a = ref(f, GROUP_PEER_EGRESS, "shop", NULL, "app=a", NULL);
    b = ref(f, GROUP_PEER_EGRESS, "shop", NULL, "app=b", NULL);
    scene_put(&f->scene, SCENE_POD("shop", "one", "app: a", "n1", "10.0.0.1",
                                   ""));
    settle(f);
    scene_put(&f->scene, SCENE_POD("shop", "two", "app: b", "n1", "10.0.0.1",
                                   ""));
    settle(f);
    assert_true(contains(f, b, "10.0.0.1"));
    assert_int_equal(f->n_calls, 2);

    scene_put(&f->scene, SCENE_POD("shop", "two", "app: b", "n1", "fd00::2",
                                   ""));
    settle(f);
    assert_true(contains(f, a, "10.0.0.1"));
    assert_true(contains(f, b, "fd00::2"));
    scene_delete(&f->scene, "Pod", "shop", "one");
    scene_delete(&f->scene, "Pod", "shop", "two");
    settle(f);
    assert_int_equal(f->n_told, 0);
}

/* Named ports: by name, protocol and number. */
static void
test_ports(void **state)
{
    struct fixture *f = *state;
    int watcher = 0;
    struct group_port_name *http
        = group_watch_port(f->groups, "http", &watcher);
    struct group *numbers[2];
    struct ptrs changes;

    assert_int_equal(http->ports.n, 0);
    scene_put(&f->scene, cluster);
    settle(f);
    changes = groups_take_port_changes(f->groups);
    assert_int_equal(changes.n, 1);
    assert_ptr_equal(changes.p[0], http);
    ptrs_uninit(&changes);
    assert_int_equal(http->ports.n, 2);
    for (int i = 0; i < 2; i++) {
        struct group_port *port = http->ports.p[i];
        bool is_local = port->number == 8080;

        assert_int_equal(port->protocol, IPPROTO_TCP);
        assert_int_equal(port->n_users, 1);
        assert_int_equal(port->n_local_users, is_local);
        numbers[is_local] = ref(f, GROUP_PEER_EGRESS, NULL, "", "", port);
    }
    settle(f);
    expect_members(f, numbers[0], "nnnyn");
    expect_members(f, numbers[1], "ynnnn");

    /* Another pod with a number that is known is no news. */
    scene_put(&f->scene, SCENE_POD("ops", "mon", "app: web", "n2", "10.0.0.3",
                                   "{name: http, containerPort: 80}"));
    settle(f);
    expect_members(f, numbers[0], "nnyyn");
    changes = groups_take_port_changes(f->groups);
    assert_int_equal(changes.n, 0);
    ptrs_uninit(&changes);
    group_unwatch_port(f->groups, http, &watcher);
}

static void
test_flips(void **state)
{
    struct fixture *f = *state;
    struct group *g = ref(f, GROUP_TARGET_INGRESS, "shop", NULL, "", NULL);

    expect_flips(f, 0, NULL);
    scene_put(&f->scene, cluster);
    settle(f);
    expect_flips(f, 1, g);
    expect_flips(f, 0, NULL);

    /* One of two goes: no news.  Both go: news. */
    scene_delete(&f->scene, "Pod", "shop", "web");
    settle(f);
    expect_flips(f, 0, NULL);
    scene_delete(&f->scene, "Pod", "shop", "db");
    settle(f);
    expect_flips(f, 1, g);

    /* There and back. */
    scene_put(&f->scene, cluster);
    settle(f);
    scene_delete(&f->scene, "Pod", "shop", "web");
    scene_delete(&f->scene, "Pod", "shop", "db");
    settle(f);
    expect_flips(f, 0, NULL);
}

static size_t
count_audited(const struct fixture *f)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n_told; i++) {
        n += f->told[i].audit;
        assert_true(!f->told[i].audit
                    || f->told[i].role == GROUP_TARGET_EGRESS
                    || f->told[i].role == GROUP_TARGET_INGRESS);
    }
    return n;
}

/* The targets of a namespace hear that it is audited; nobody else does. */
static void
test_audit(void **state)
{
    struct fixture *f = *state;

    ref(f, GROUP_TARGET_INGRESS, "shop", NULL, "", NULL);
    ref(f, GROUP_PEER_INGRESS, "shop", NULL, "", NULL);
    scene_put(&f->scene, cluster);
    settle(f);
    assert_int_equal(count_audited(f), 0);
    scene_put(&f->scene, SCENE_ENFORCEMENT("ops", "audit"));
    settle(f);
    assert_int_equal(f->n_calls, 0);
    scene_put(&f->scene, SCENE_ENFORCEMENT("shop", "audit"));
    settle(f);
    assert_int_equal(f->n_calls, 2);
    assert_int_equal(count_audited(f), 2);
    scene_put(&f->scene, SCENE_POD("shop", "new", "", "n1", "10.0.0.9", ""));
    settle(f);
    assert_int_equal(count_audited(f), 3);
    scene_put(&f->scene, SCENE_ENFORCEMENT("shop", "enforce"));
    settle(f);
    assert_int_equal(f->n_calls, 3);
    assert_int_equal(count_audited(f), 0);
}

/* A group whose last user goes while a member waits to be evaluated does not
 * flip when it is dead. */
static void
test_stale_member_of_dead_group(void **state)
{
    struct fixture *f = *state;
    struct group *g = ref(f, GROUP_TARGET_INGRESS, "shop", NULL, "", NULL);

    scene_put(&f->scene, SCENE_POD("shop", "web", "app: web", "n1",
                                   "10.0.0.1", ""));
    settle(f);
    expect_flips(f, 1, g);
    scene_put(&f->scene, SCENE_POD("shop", "web", "app: other", "n1",
                                   "10.0.0.1", ""));
    take_changes(f);
    group_unref(f->groups, g);
    settle(f);
    expect_flips(f, 0, NULL);
    assert_int_equal(f->n_told, 0);
}

/* Events at random, judged by the selectors as written. */

#define N_RANDOM_PODS 6
#define N_RANDOM_GROUPS 6

static const struct {
    const char *ns, *namespaces, *pods;
    enum group_role role;
} random_groups[N_RANDOM_GROUPS] = {
    { "a", NULL, "", GROUP_PEER_EGRESS },
    { "a", NULL, "l=0", GROUP_TARGET_EGRESS },
    { NULL, "", "l=1", GROUP_PEER_EGRESS },
    { NULL, "m=1", "", GROUP_PEER_EGRESS },
    { NULL, "m=0", "!l", GROUP_PEER_EGRESS },
    { "b", NULL, "l=2", GROUP_TARGET_EGRESS },
};

struct random_pod {
    bool exists, is_local;
    int label;                  /* 0..2, or 3 for none. */
};

static bool
should_contain(int i, const struct random_pod *p, int pod, const int marks[2])
{
    char ns = pod % 2 ? 'b' : 'a';
    bool is_target = random_groups[i].role == GROUP_TARGET_EGRESS;

    if (!p->exists || (is_target && !p->is_local)) {
        return false;
    }
    switch (i) {
    case 0: return ns == 'a';
    case 1: return ns == 'a' && p->label == 0;
    case 2: return p->label == 1;
    case 3: return marks[pod % 2] == 1;
    case 4: return marks[pod % 2] == 0 && p->label == 3;
    default: return ns == 'b' && p->label == 2;
    }
}

static void
put_random_pod(struct fixture *f, const struct random_pod *p, int pod)
{
    char *yaml = xasprintf(
        "apiVersion: v1\nkind: Pod\n"
        "metadata: {namespace: %c, name: p%d, labels: {%c: '%d'}}\n"
        "spec: {nodeName: %s}\nstatus: {podIP: 10.0.0.%d}\n",
        pod % 2 ? 'b' : 'a', pod, p->label < 3 ? 'l' : 'x', p->label,
        p->is_local ? "n1" : "n2", pod + 1);

    scene_put(&f->scene, yaml);
    free(yaml);
}

static void
put_mark(struct fixture *f, int ns, int mark)
{
    char *yaml = xasprintf("apiVersion: v1\nkind: Namespace\n"
                           "metadata: {name: %c, labels: {m: '%d'}}\n",
                           ns ? 'b' : 'a', mark);

    scene_put(&f->scene, yaml);
    free(yaml);
}

static void
change_random_pod(struct fixture *f, struct random_pod pods[], uint32_t bits)
{
    int i = bits % N_RANDOM_PODS;

    if (pods[i].exists && !(bits >> 8 & 3)) {
        char *name = xasprintf("p%d", i);

        pods[i].exists = false;
        scene_delete(&f->scene, "Pod", i % 2 ? "b" : "a", name);
        free(name);
    } else {
        pods[i] = (struct random_pod) { true, bits >> 10 & 1,
                                        bits >> 11 & 3 };
        put_random_pod(f, &pods[i], i);
    }
}

static void
check_random(const struct fixture *f, struct group *const groups[],
             const struct random_pod pods[], const int marks[2])
{
    for (int i = 0; i < N_RANDOM_GROUPS; i++) {
        for (int j = 0; groups[i] && j < N_RANDOM_PODS; j++) {
            char *address = xasprintf("10.0.0.%d", j + 1);

            if (contains(f, groups[i], address)
                != should_contain(i, &pods[j], j, marks)) {
                fail_msg("group %s, pod p%d", groups[i]->set.text, j);
            }
            free(address);
        }
    }
}

static void
drop_flips(struct fixture *f)
{
    struct ptrs flips = groups_take_flips(f->groups);

    for (size_t i = 0; i < flips.n; i++) {
        const struct group *g = flips.p[i];

        assert_true(g->n_refs > 0);
    }
    ptrs_uninit(&flips);
}

static void
toggle_group(struct fixture *f, struct group *groups[], int i)
{
    if (groups[i]) {
        group_unref(f->groups, groups[i]);
        groups[i] = NULL;
    } else {
        groups[i] = ref(f, random_groups[i].role, random_groups[i].ns,
                        random_groups[i].namespaces, random_groups[i].pods,
                        NULL);
    }
}

static void
test_random(void **state)
{
    struct group *groups[N_RANDOM_GROUPS] = { NULL };
    struct random_pod pods[N_RANDOM_PODS] = { { false } };
    int marks[2] = { 0, 0 };
    struct fixture *f = *state;
    uint32_t seed = 3;

    put_mark(f, 0, 0);
    put_mark(f, 1, 0);
    for (int step = 0; step < 3000; step++) {
        uint32_t bits;

        seed = seed * 1664525 + 1013904223;
        bits = seed >> 8;
        if (bits % 8 < 5) {
            change_random_pod(f, pods, bits >> 3);
        } else if (bits % 8 == 5) {
            marks[bits >> 3 & 1] = bits >> 4 & 1;
            put_mark(f, bits >> 3 & 1, bits >> 4 & 1);
        } else {
            take_changes(f);
            toggle_group(f, groups, (bits >> 3) % N_RANDOM_GROUPS);
        }
        if (bits >> 22) {
            settle(f);
            check_random(f, groups, pods, marks);
            drop_flips(f);
        }
    }
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_cases),
        TEST(test_groups_are_shared),
        TEST(test_changes),
        TEST(test_addresses),
        TEST(test_ports),
        TEST(test_flips),
        TEST(test_audit),
        TEST(test_stale_member_of_dead_group),
        TEST(test_random),
    };
#undef TEST

    return cmocka_run_group_tests_name("group", tests, NULL, NULL);
}
