/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dir-watch.h"
#include "doc.h"
#include "k8s.h"
#include "label.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

/* Whatever we wait for happens within this time, on the slowest machine. */
#define DEADLINE_MS 20000

struct fixture {
    char *path;
    struct label_pool *pool;
    struct model *model;
    struct dir *dir;
};

#define NAMESPACE(NAME, TEAM) \
    "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: " NAME "\n" \
    "  labels: {team: " TEAM "}\n"
#define POD(NAME, IP) \
    "apiVersion: v1\nkind: Pod\n" \
    "metadata: {name: " NAME ", namespace: shop}\n" \
    "status: {podIP: " IP "}\n"
#define POLICY(NAME, INGRESS) \
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n" \
    "metadata: {name: " NAME ", namespace: shop}\n" \
    "spec:\n  podSelector: {}\n  ingress:" INGRESS "\n"
#define FROM(CIDR) "\n  - from:\n    - ipBlock:\n        cidr: " CIDR

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);
    const char *tmp = getenv("TMPDIR");

    f->path = xasprintf("%s/test_dir.XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->path));
    f->pool = label_pool_create();
    f->model = model_create(f->pool);
    f->dir = dir_create(f->path, f->pool, f->model);
    *state = f;
    return 0;
}

static char *
path_of(const struct fixture *f, const char *name)
{
    return xasprintf("%s/%s", f->path, name);
}

static void
remove_file(struct fixture *f, const char *name)
{
    char *path = path_of(f, name);
    assert_int_equal(unlink(path), 0);
    free(path);
}

/* Removes the directory, which has no subfolders with anything in them. */
static void
remove_dir(const char *path)
{
    DIR *stream = opendir(path);
    struct dirent *entry;

    while (stream && (entry = readdir(stream))) {
        unlinkat(dirfd(stream), entry->d_name, 0);
        unlinkat(dirfd(stream), entry->d_name, AT_REMOVEDIR);
    }
    if (stream) {
        closedir(stream);
    }
    rmdir(path);
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    dir_destroy(f->dir);
    model_destroy(f->model);
    label_pool_destroy(f->pool);
    remove_dir(f->path);
    free(f->path);
    free(f);
    return 0;
}

static void
write_bytes(struct fixture *f, const char *name, const char *text,
            size_t size)
{
    char *path = path_of(f, name);
    FILE *stream = fopen(path, "w");

    assert_non_null(stream);
    assert_int_equal(fwrite(text, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
    free(path);
}

static void
write_file(struct fixture *f, const char *name, const char *text)
{
    write_bytes(f, name, text, strlen(text));
}

static void
rename_file(struct fixture *f, const char *from, const char *to)
{
    char *old = path_of(f, from), *new = path_of(f, to);

    assert_int_equal(rename(old, new), 0);
    free(old);
    free(new);
}

/* Runs the loop until CONDITION holds. */
#define WAIT_FOR(F, CONDITION)                                          \
    do {                                                                \
        long long int deadline = time_msec() + DEADLINE_MS;             \
        for (;;) {                                                      \
            dir_run((F)->dir);                                          \
            if (CONDITION) {                                            \
                break;                                                  \
            }                                                           \
            if (time_msec() >= deadline) {                              \
                fail_msg("never came: %s", #CONDITION);                 \
            }                                                           \
            dir_wait((F)->dir);                                         \
            poll_timer_wait_until(deadline);                            \
            poll_block();                                               \
        }                                                               \
    } while (0)

static uint64_t
n_snapshots(const struct fixture *f)
{
    struct dir_status status;
    dir_get_status(f->dir, &status);
    return status.n_snapshots;
}

static size_t
n_problems(const struct fixture *f)
{
    size_t n;
    dir_problems(f->dir, &n);
    return n;
}

static const struct k8s_policy *
get_policy(const struct fixture *f, const char *name)
{
    const struct k8s_object *o = model_get(f->model, K8S_POLICY, "shop", name);
    return o ? k8s_policy_cast(o) : NULL;
}

static bool
has_pod(const struct fixture *f, const char *name)
{
    return model_get(f->model, K8S_POD, "shop", name) != NULL;
}

/* The first address of a pod as text, or "none"; static. */
static const char *
pod_address(const struct fixture *f, const char *name)
{
    static char text[64];
    const struct k8s_object *o = model_get(f->model, K8S_POD, "shop", name);
    const struct k8s_pod *pod = o ? k8s_pod_cast(o) : NULL;
    struct ds s = DS_EMPTY_INITIALIZER;

    if (pod && pod->n_addresses) {
        address_format(&pod->addresses[0], &s);
    } else {
        ds_put_cstr(&s, "none");
    }
    ovs_strlcpy(text, ds_cstr(&s), sizeof text);
    ds_destroy(&s);
    return text;
}

static bool
has_address(const struct fixture *f, const char *pod, const char *address)
{
    return !strcmp(pod_address(f, pod), address);
}

/* The only problem is "NAME:PLACE: MESSAGE" with 'object'. */
static void
assert_problem(const struct fixture *f, const char *name, const char *place,
               const char *object, const char *message, bool kept)
{
    size_t n;
    const struct dir_problem *problems = dir_problems(f->dir, &n);
    char *want = xasprintf("%s/%s%s%s", f->path, name, place[0] ? ":" : "",
                           place);

    assert_int_equal(n, 1);
    assert_string_equal(problems[0].place, want);
    if (object) {
        assert_non_null(problems[0].object);
        assert_string_equal(problems[0].object, object);
    } else {
        assert_null(problems[0].object);
    }
    if (!strstr(problems[0].message, message)) {
        fail_msg("\"%s\" has no \"%s\"", problems[0].message, message);
    }
    assert_int_equal(problems[0].kept, kept);
    free(want);
}

/* Tests. */

static void
test_reads_what_is_there(void **state)
{
    struct fixture *f = *state;

    write_file(f, "a.yaml", NAMESPACE("shop", "a") "---\n"
               POD("web", "10.0.0.1") "---\n# nothing\n---\n"
               POLICY("deny", " []"));
    write_file(f, "b.yml", POD("db", "10.0.0.2"));
    write_file(f, "c.json", "{\"kind\": \"Pod\", \"apiVersion\": \"v1\", "
               "\"metadata\": {\"name\": \"js\", \"namespace\": \"shop\"}}");
    write_file(f, "d.yaml", "apiVersion: apps/v1\nkind: Deployment\n"
               "metadata: {name: x}\n");
    assert_false(dir_is_synced(f->dir));
    dir_run(f->dir);            /* The first look is at once. */
    assert_true(dir_is_synced(f->dir));
    assert_int_equal(model_count(f->model, K8S_NAMESPACE), 1);
    assert_int_equal(model_count(f->model, K8S_POD), 3);
    assert_non_null(get_policy(f, "deny"));

    struct dir_status status;
    dir_get_status(f->dir, &status);
    assert_int_equal(status.n_files, 4);
    assert_int_equal(status.n_objects, 5);
    assert_int_equal(status.n_skipped, 1);
    assert_int_equal(status.n_problems, 0);
    assert_int_equal(status.n_snapshots, 1);
}

static void
test_ignores_other_names(void **state)
{
    struct fixture *f = *state;
    char *folder = path_of(f, "folder.yaml");
    char *inner = path_of(f, "folder.yaml/in.yaml");

    assert_int_equal(mkdir(folder, 0700), 0);
    write_file(f, "folder.yaml/in.yaml", POD("inner", "10.0.0.1"));
    write_file(f, ".hidden.yaml", POD("hidden", "10.0.0.1"));
    write_file(f, "web.yaml~", POD("backup", "10.0.0.1"));
    write_file(f, "yaml", POD("noext", "10.0.0.1"));
    write_file(f, "read.me", "hello");
    dir_run(f->dir);
    assert_true(dir_is_synced(f->dir));
    assert_int_equal(model_count(f->model, K8S_POD), 0);
    assert_int_equal(n_problems(f), 0);

    unlink(inner);
    free(inner);
    free(folder);
}

static void
test_lists(void **state)
{
    struct fixture *f = *state;

    write_file(f, "list.yaml",
               "apiVersion: v1\nkind: List\nitems:\n"
               "- apiVersion: v1\n  kind: Pod\n"
               "  metadata: {name: a, namespace: shop}\n"
               "- apiVersion: v1\n  kind: List\n  items:\n"
               "  - apiVersion: v1\n    kind: Pod\n"
               "    metadata: {name: b, namespace: shop}\n"
               "- apiVersion: v1\n  kind: Service\n  metadata: {name: s}\n"
               "---\n"
               "apiVersion: v1\nkind: PodList\nitems:\n"
               "- metadata: {name: c, namespace: shop}\n"
               "---\n"
               "apiVersion: v1\nkind: List\nitems: null\n");
    dir_run(f->dir);
    assert_int_equal(n_problems(f), 0);
    assert_true(has_pod(f, "a") && has_pod(f, "b") && has_pod(f, "c"));

    struct dir_status status;
    dir_get_status(f->dir, &status);
    assert_int_equal(status.n_skipped, 1);
}

/* Each remark is "FILE:LINE:COL: OBJECT: MESSAGE". */
static void
assert_remarks(const struct fixture *f, enum dir_remark kind, size_t n_want,
               const char *const want[])
{
    size_t n;
    const struct dir_problem **remarks = dir_remarks(f->dir, kind, &n);

    assert_int_equal(n, n_want);
    for (size_t i = 0; i < n; i++) {
        char *have = dir_problem_format(remarks[i]);
        char *expected = xasprintf("%s/%s", f->path, want[i]);

        assert_string_equal(have, expected);
        free(expected);
        free(have);
    }
    free(remarks);
}

static void
test_remarks(void **state)
{
    static const char *const warnings[] = {
        "a.yaml:5:12: NetworkPolicy shop/p: spec: unknown field \"colour\", "
        "it is ignored"
    };
    static const char *const skipped[] = {
        "b.json:1:1: not read: kind \"Deployment\" of \"apps/v1\", "
        "name \"x\"",
        "c.yaml:4:3: not read: kind \"NetworkPolicy\" of "
        "\"crd.antrea.io/v1beta1\"",
    };
    struct fixture *f = *state;

    write_file(f, "a.yaml", "kind: NetworkPolicy\n"
               "apiVersion: networking.k8s.io/v1\n"
               "metadata: {name: p, namespace: shop}\n"
               "spec:\n  colour:  red\n  podSelector: {}\n");
    write_file(f, "b.json", "{\"kind\": \"Deployment\", \"apiVersion\": "
               "\"apps/v1\", \"metadata\": {\"name\": \"x\"}}");
    write_file(f, "c.yaml", "kind: List\napiVersion: v1\nitems:\n"
               "- kind: NetworkPolicy\n  apiVersion: crd.antrea.io/v1beta1\n");
    dir_run(f->dir);
    assert_int_equal(n_problems(f), 0);
    assert_remarks(f, DIR_WARNING, 1, warnings);
    assert_remarks(f, DIR_SKIPPED, 2, skipped);

    /* What is mended is told no more. */
    write_file(f, "a.yaml", POLICY("p", " []"));
    remove_file(f, "c.yaml");
    dir_refresh(f->dir);
    assert_remarks(f, DIR_WARNING, 0, NULL);
    assert_remarks(f, DIR_SKIPPED, 1, skipped);
}

static void
test_many_remarks(void **state)
{
    struct fixture *f = *state;
    struct dir_status status;
    struct ds text = DS_EMPTY_INITIALIZER;
    size_t n;

    for (int i = 0; i < 150; i++) {
        ds_put_cstr(&text, "---\nkind: Secret\napiVersion: v1\n");
    }
    for (int i = 0; i < 11; i++) {
        char name[16];

        snprintf(name, sizeof name, "%d.yaml", i);
        write_file(f, name, ds_cstr(&text));
    }
    dir_run(f->dir);
    free(dir_remarks(f->dir, DIR_SKIPPED, &n));
    assert_int_equal(n, 1000);
    dir_get_status(f->dir, &status);
    assert_int_equal(status.n_skipped, 1650);

    for (int i = 1; i < 11; i++) {
        char name[16];

        snprintf(name, sizeof name, "%d.yaml", i);
        remove_file(f, name);
    }
    dir_refresh(f->dir);
    free(dir_remarks(f->dir, DIR_SKIPPED, &n));
    assert_int_equal(n, 100);
    ds_destroy(&text);
}

static void
test_in_place_edit(void **state)
{
    struct fixture *f = *state;

    write_file(f, "a.yaml", POD("web", "10.0.0.1"));
    dir_run(f->dir);
    assert_true(has_address(f, "web", "10.0.0.1"));
    /* Same size and, as like as not, same time stamp. */
    write_file(f, "a.yaml", POD("web", "10.0.0.2"));
    WAIT_FOR(f, has_address(f, "web", "10.0.0.2"));
}

static void
test_rename_replaces(void **state)
{
    struct fixture *f = *state;

    write_file(f, "a.yaml", POD("web", "10.0.0.1"));
    dir_run(f->dir);
    write_file(f, "a.yaml.new", POD("web", "10.0.0.2"));
    rename_file(f, "a.yaml.new", "a.yaml");
    WAIT_FOR(f, has_address(f, "web", "10.0.0.2"));

    /* Away, and to another name. */
    rename_file(f, "a.yaml", "a.txt");
    WAIT_FOR(f, !has_pod(f, "web"));
    rename_file(f, "a.txt", "b.yaml");
    WAIT_FOR(f, has_pod(f, "web"));
}

static void
test_delete(void **state)
{
    struct fixture *f = *state;

    write_file(f, "a.yaml", POD("web", "10.0.0.1"));
    write_file(f, "b.yaml", POD("db", "10.0.0.2"));
    dir_run(f->dir);
    remove_file(f, "a.yaml");
    WAIT_FOR(f, !has_pod(f, "web"));
    assert_true(has_pod(f, "db"));

    write_file(f, "b.yaml", "");
    WAIT_FOR(f, !has_pod(f, "db"));
}

/* Like `kubectl get -o yaml > a.yaml`: first it is truncated, much later
 * written. */
static void
test_half_written_file_changes_nothing(void **state)
{
    struct fixture *f = *state;
    char *path = path_of(f, "a.yaml");
    const char *text = POD("db", "10.0.0.2");

    write_file(f, "a.yaml", POD("web", "10.0.0.1"));
    dir_run(f->dir);

    FILE *stream = fopen(path, "w");
    write_file(f, "b.yaml", POD("other", "10.0.0.3"));
    WAIT_FOR(f, has_pod(f, "other"));
    assert_true(has_pod(f, "web"));
    assert_problem(f, "a.yaml", "", NULL, "is being written", true);
    dir_refresh(f->dir);
    assert_true(has_pod(f, "web"));

    assert_int_equal(fwrite(text, 1, strlen(text), stream), strlen(text));
    fflush(stream);
    dir_refresh(f->dir);
    assert_true(has_pod(f, "web") && !has_pod(f, "db"));
    fclose(stream);
    WAIT_FOR(f, has_pod(f, "db"));
    assert_false(has_pod(f, "web"));
    assert_int_equal(n_problems(f), 0);
    free(path);
}

static void
test_config_map_mount(void **state)
{
    struct fixture *f = *state;
    char *v1 = path_of(f, "..v1"), *v2 = path_of(f, "..v2");
    char *data = path_of(f, "..data"), *tmp = path_of(f, "..data_tmp");
    char *link = path_of(f, "a.yaml");
    char *file1 = path_of(f, "..v1/a.yaml");
    char *file2 = path_of(f, "..v2/a.yaml");

    assert_int_equal(mkdir(v1, 0700) | mkdir(v2, 0700), 0);
    write_file(f, "..v1/a.yaml", POD("web", "10.0.0.1"));
    write_file(f, "..v2/a.yaml", POD("web", "10.0.0.2"));
    assert_int_equal(symlink("..v1", data), 0);
    assert_int_equal(symlink("..data/a.yaml", link), 0);
    dir_run(f->dir);
    assert_true(has_address(f, "web", "10.0.0.1"));
    assert_int_equal(symlink("..v2", tmp), 0);
    assert_int_equal(rename(tmp, data), 0);
    WAIT_FOR(f, has_address(f, "web", "10.0.0.2"));

    unlink(file1);
    unlink(file2);
    free(v1), free(v2), free(data), free(tmp), free(link);
    free(file1), free(file2);
}

static void
test_broken_file_keeps_objects(void **state)
{
    struct fixture *f = *state;

    write_file(f, "a.yaml", POD("web", "10.0.0.1"));
    write_file(f, "b.yaml", POD("db", "10.0.0.2"));
    dir_run(f->dir);
    write_file(f, "a.yaml", POD("web", "10.0.0.9")
               "---\nfoo: [1, 2\nbar: 1\n");
    write_file(f, "b.yaml", POD("db", "10.0.0.3"));
    WAIT_FOR(f, has_address(f, "db", "10.0.0.3"));
    assert_true(has_address(f, "web", "10.0.0.1"));
    assert_int_equal(n_problems(f), 1);
    assert_true(dir_problems(f->dir, &(size_t) { 0 })[0].kept);

    /* It stays so while others change. */
    write_file(f, "b.yaml", POD("db", "10.0.0.4"));
    WAIT_FOR(f, has_address(f, "db", "10.0.0.4"));
    assert_true(has_address(f, "web", "10.0.0.1"));

    write_file(f, "a.yaml", POD("web", "10.0.0.5"));
    WAIT_FOR(f, has_address(f, "web", "10.0.0.5"));
    assert_int_equal(n_problems(f), 0);
}

static void
test_nameless_document_keeps_objects(void **state)
{
    static const char *const bad[] = {
        "just text\n",
        "- a\n- list\n",
        "metadata: {name: x}\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {namespace: shop}\n",
        "apiVersion: v1\nkind: List\nitems: {}\n",
    };
    struct fixture *f = *state;

    write_file(f, "a.yaml", POD("web", "10.0.0.1") "---\n"
               POD("db", "10.0.0.2"));
    dir_run(f->dir);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char *text = xasprintf("%s---\n%s", POD("web", "10.0.0.1"), bad[i]);
        write_file(f, "a.yaml", text);
        free(text);
        dir_refresh(f->dir);
        assert_true(has_pod(f, "web") && has_pod(f, "db"));
        assert_int_equal(n_problems(f), 1);
    }
    write_file(f, "a.yaml", POD("web", "10.0.0.1"));
    dir_refresh(f->dir);
    assert_true(has_pod(f, "web") && !has_pod(f, "db"));
}

static void
test_documents_before_an_error_count_at_first(void **state)
{
    struct fixture *f = *state;

    write_file(f, "a.yaml", POD("web", "10.0.0.1") "---\nfoo: [1\n");
    dir_run(f->dir);
    assert_true(has_pod(f, "web"));
    assert_int_equal(n_problems(f), 1);
}

static void
test_bad_document_keeps_last_good_version(void **state)
{
    struct fixture *f = *state;

    write_file(f, "a.yaml", POLICY("p", FROM("10.0.0.0/8")) "---\n"
               POD("web", "10.0.0.1"));
    dir_run(f->dir);
    write_file(f, "a.yaml", POLICY("p", FROM("10.0.0.0/33")) "---\n"
               POD("web", "10.0.0.2"));
    WAIT_FOR(f, has_address(f, "web", "10.0.0.2"));
    assert_problem(f, "a.yaml", "9:15", "NetworkPolicy shop/p",
                   "spec.ingress[0].from[0].ipBlock.cidr: \"10.0.0.0/33\" is "
                   "not a CIDR", true);
    assert_int_equal(get_policy(f, "p")->n_rules[K8S_INGRESS], 1);

    /* Moving it to another file does not make it worse. */
    remove_file(f, "a.yaml");
    write_file(f, "b.yaml", POLICY("p", FROM("nonsense")));
    WAIT_FOR(f, !has_pod(f, "web"));
    assert_int_equal(get_policy(f, "p")->n_rules[K8S_INGRESS], 1);

    /* Fixed. */
    write_file(f, "b.yaml", POLICY("p", FROM("10.0.0.0/9")));
    WAIT_FOR(f, !n_problems(f));
    assert_int_equal(get_policy(f, "p")->rules[K8S_INGRESS][0].peers[0]
                     .block->cidr.length, 9);

    /* Gone and back: what was good before is forgotten. */
    remove_file(f, "b.yaml");
    WAIT_FOR(f, !get_policy(f, "p"));
    write_file(f, "b.yaml", POLICY("p", FROM("nonsense")));
    WAIT_FOR(f, get_policy(f, "p"));
    assert_int_equal(n_problems(f), 1);
}

static void
test_first_version_fails_closed(void **state)
{
    struct fixture *f = *state;

    write_file(f, "a.yaml", POLICY("p", FROM("10.0.0.0/33")));
    dir_run(f->dir);
    const struct k8s_policy *p = get_policy(f, "p");
    assert_non_null(p);
    assert_true(p->isolates[K8S_INGRESS]);
    assert_problem(f, "a.yaml", "9:15", "NetworkPolicy shop/p", "CIDR",
                   false);

    /* Still bad, but another way: what is in force follows. */
    write_file(f, "a.yaml", POLICY("p", FROM("1/2")
                                   "\n  - from: [{podSelector: {}}]"));
    dir_refresh(f->dir);
    assert_int_equal(get_policy(f, "p")->n_rules[K8S_INGRESS], 2);
    assert_int_equal(n_problems(f), 1);

    write_file(f, "a.yaml", POLICY("p", FROM("10.0.0.0/8")));
    dir_refresh(f->dir);
    assert_int_equal(n_problems(f), 0);
    assert_int_equal(get_policy(f, "p")->rules[K8S_INGRESS][0].n_peers, 1);
}

static void
test_json_errors_have_a_place(void **state)
{
    struct fixture *f = *state;

    write_file(f, "a.json",
               "{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": [\n"
               "  {\"kind\": \"Service\"},\n"
               "  {\"kind\": \"NetworkPolicy\",\n"
               "   \"apiVersion\": \"networking.k8s.io/v1\",\n"
               "   \"metadata\": {\"name\": \"p\", \"namespace\": \"shop\"},\n"
               "   \"spec\": {\"podSelector\": {},\n"
               "    \"ingress\": [{\"from\": [\n"
               "     {\"ipBlock\": {\"cidr\": \"10.0.0.0/33\"}}]}]}}]}\n");
    dir_run(f->dir);
    assert_problem(f, "a.json", "8:27", "NetworkPolicy shop/p",
                   "spec.ingress[0].from[0].ipBlock.cidr", false);

    write_file(f, "a.json", "{\"kind\": \"Pod\",\n nonsense}\n");
    dir_refresh(f->dir);
    assert_int_equal(n_problems(f), 1);
    char *prefix = xasprintf("%s/a.json:2:", f->path);
    size_t n;
    assert_memory_equal(dir_problems(f->dir, &n)[0].place, prefix,
                        strlen(prefix));
    free(prefix);
    assert_non_null(get_policy(f, "p"));
}

static void
test_duplicates(void **state)
{
    struct fixture *f = *state;

    write_file(f, "b.yaml", "# b\n" POD("web", "10.0.0.2"));
    dir_run(f->dir);
    write_file(f, "a.yaml", POD("web", "10.0.0.1"));
    dir_refresh(f->dir);
    assert_true(has_address(f, "web", "10.0.0.2"));
    assert_problem(f, "b.yaml", "2:1", "Pod shop/web",
                   "a.yaml:1:1 too", false);

    write_file(f, "c.yaml", POD("web", "10.0.0.3"));
    dir_refresh(f->dir);
    assert_true(has_address(f, "web", "10.0.0.3"));

    /* The loser's object comes back though its file did not change. */
    remove_file(f, "c.yaml");
    dir_refresh(f->dir);
    assert_true(has_address(f, "web", "10.0.0.2"));
    remove_file(f, "b.yaml");
    dir_refresh(f->dir);
    assert_true(has_address(f, "web", "10.0.0.1"));
    assert_int_equal(n_problems(f), 0);

    /* Within one file, the last one counts. */
    write_file(f, "a.yaml", POD("web", "10.0.0.4") "---\n"
               POD("web", "10.0.0.5"));
    dir_refresh(f->dir);
    assert_true(has_address(f, "web", "10.0.0.5"));
    assert_problem(f, "a.yaml", "6:1", "Pod shop/web", "a.yaml:1:1", false);
}

/* A good version in an earlier file beats half of a bad one. */
static void
test_bad_duplicate(void **state)
{
    struct fixture *f = *state;

    write_file(f, "a.yaml", POLICY("p", FROM("10.0.0.0/8")));
    write_file(f, "b.yaml", POLICY("p", FROM("10.0.0.0/33")));
    dir_run(f->dir);
    assert_int_equal(get_policy(f, "p")->rules[K8S_INGRESS][0].n_peers, 1);
    assert_int_equal(n_problems(f), 2);
}

static void
test_unreadable_file(void **state)
{
    struct fixture *f = *state;
    char *fifo = path_of(f, "fifo.yaml"), *link = path_of(f, "link.yaml");

    write_file(f, "a.yaml", POD("web", "10.0.0.1"));
    dir_run(f->dir);

    /* Not everybody can be kept from reading by a mode. */
    assert_int_equal(mkfifo(fifo, 0600), 0);
    dir_refresh(f->dir);
    assert_problem(f, "fifo.yaml", "", NULL, "not a regular file", false);
    assert_int_equal(unlink(fifo), 0);

    assert_int_equal(symlink("nowhere", link), 0);
    dir_refresh(f->dir);
    assert_problem(f, "link.yaml", "", NULL, "No such file", false);

    /* It was readable: its objects stay. */
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("target", link), 0);
    write_file(f, "target", POD("db", "10.0.0.2"));
    dir_refresh(f->dir);
    assert_true(has_pod(f, "db"));
    remove_file(f, "target");
    dir_refresh(f->dir);
    assert_true(has_pod(f, "db"));
    assert_problem(f, "link.yaml", "", NULL, "No such file", true);
    assert_int_equal(unlink(link), 0);
    dir_refresh(f->dir);
    assert_false(has_pod(f, "db"));
    assert_true(has_pod(f, "web"));
    free(fifo);
    free(link);
}

static void
test_directory_comes_and_goes(void **state)
{
    struct fixture *f = *state;
    char *moved = xasprintf("%s.moved", f->path);

    assert_int_equal(rmdir(f->path), 0);
    dir_run(f->dir);
    assert_false(dir_is_synced(f->dir));
    assert_int_equal(n_problems(f), 1);
    assert_non_null(dir_error(f->dir));

    assert_int_equal(mkdir(f->path, 0700), 0);
    write_file(f, "a.yaml", POD("web", "10.0.0.1"));
    WAIT_FOR(f, has_pod(f, "web"));
    assert_true(dir_is_synced(f->dir));
    assert_null(dir_error(f->dir));
    assert_int_equal(n_problems(f), 0);

    /* Its loss undoes nothing. */
    assert_int_equal(rename(f->path, moved), 0);
    WAIT_FOR(f, n_problems(f) == 1);
    assert_true(has_pod(f, "web"));
    assert_true(dir_problems(f->dir, &(size_t) { 0 })[0].kept);
    assert_string_equal(dir_error(f->dir),
                        "cannot read directory: No such file or directory");

    assert_int_equal(mkdir(f->path, 0700), 0);
    write_file(f, "b.yaml", POD("db", "10.0.0.2"));
    WAIT_FOR(f, has_pod(f, "db"));
    assert_false(has_pod(f, "web"));

    /* And it is watched again. */
    write_file(f, "b.yaml", POD("db", "10.0.0.3"));
    WAIT_FOR(f, has_address(f, "db", "10.0.0.3"));
    remove_dir(moved);
    free(moved);
}

static void
test_directory_is_a_link(void **state)
{
    struct fixture *f = *state;
    char *link = xasprintf("%s.link", f->path);
    char *tmp = xasprintf("%s.link2", f->path);
    char *other = xasprintf("%s.other", f->path);
    char *file = xasprintf("%s/b.yaml", other);

    write_file(f, "a.yaml", POD("web", "10.0.0.1"));
    assert_int_equal(mkdir(other, 0700), 0);
    assert_int_equal(symlink(f->path, link), 0);
    dir_destroy(f->dir);
    f->dir = dir_create(link, f->pool, f->model);
    dir_run(f->dir);
    assert_true(has_pod(f, "web"));

    assert_int_equal(symlink(other, tmp), 0);
    assert_int_equal(rename(tmp, link), 0);
    WAIT_FOR(f, !has_pod(f, "web"));

    unlink(link);
    remove_dir(other);
    free(link), free(tmp), free(other), free(file);
}

/* A burst is one snapshot; a stream of events does not put it off for ever. */
static void
test_debounce(void **state)
{
    struct fixture *f = *state;

    dir_run(f->dir);
    assert_int_equal(n_snapshots(f), 1);
    for (int i = 0; i < 50; i++) {
        char *name = xasprintf("%d.yaml", i);
        write_file(f, name, "");
        free(name);
    }
    dir_run(f->dir);
    assert_int_equal(n_snapshots(f), 1);
    WAIT_FOR(f, n_snapshots(f) > 1);
    assert_int_equal(n_snapshots(f), 2);

    long long int start = time_msec();
    while (n_snapshots(f) == 2) {
        write_file(f, "0.yaml", "# again\n");
        dir_run(f->dir);
        assert_true(time_msec() < start + DEADLINE_MS);
    }
    assert_true(time_msec() >= start + DIR_WATCH_QUIET_MS);
}

static void
test_unchanged_objects_change_nothing(void **state)
{
    struct fixture *f = *state;

    write_file(f, "a.yaml", POD("web", "10.0.0.1") "---\n"
               POLICY("p", FROM("10.0.0.0/8")));
    dir_run(f->dir);
    uint64_t generation = model_generation(f->model);
    write_file(f, "a.yaml", "# a comment\n" POD("web", "10.0.0.1") "---\n"
               POLICY("p", FROM("10.0.0.0/8")));
    dir_refresh(f->dir);
    assert_int_equal(model_generation(f->model), generation);
    /* The same from another file. */
    rename_file(f, "a.yaml", "b.yaml");
    dir_refresh(f->dir);
    assert_int_equal(model_generation(f->model), generation);
}

static void
test_file_too_big(void **state)
{
    struct fixture *f = *state;
    struct doc_limits limits;
    char *path = path_of(f, "a.yaml");

    write_file(f, "a.yaml", POD("web", "10.0.0.1"));
    dir_run(f->dir);
    doc_limits_default(&limits);
    assert_int_equal(truncate(path, limits.max_size + 1), 0);
    /* truncate() does not open, so nobody closes. */
    int fd = open(path, O_WRONLY);
    close(fd);
    dir_refresh(f->dir);
    assert_int_equal(n_problems(f), 1);
    assert_true(has_pod(f, "web"));
    free(path);
}

static void
test_too_many_files(void **state)
{
    struct fixture *f = *state;

    write_file(f, "a.yaml", POD("web", "10.0.0.1"));
    dir_run(f->dir);
    write_file(f, "0.yaml", "");
    char *first = path_of(f, "0.yaml");
    for (int i = 1; i < DIR_MAX_FILES; i++) {
        char *path = xasprintf("%s/%d.yaml", f->path, i);
        assert_int_equal(link(first, path), 0);
        free(path);
    }
    free(first);
    WAIT_FOR(f, n_problems(f));
    size_t n;
    assert_string_equal(dir_problems(f->dir, &n)[0].message,
                        "more than 32768 files");
    assert_true(has_pod(f, "web"));
    remove_file(f, "0.yaml");
    WAIT_FOR(f, !n_problems(f));
    assert_true(has_pod(f, "web"));
}

/* Problems are listed up to a bound and counted beyond. */
static void
test_many_problems(void **state)
{
    struct fixture *f = *state;
    struct ds s = DS_EMPTY_INITIALIZER;

    for (int i = 0; i < 150; i++) {
        ds_put_format(&s, "%s---\n", "not an object\n");
    }
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.yaml", i);
        write_file(f, name, ds_cstr(&s));
    }
    ds_destroy(&s);
    dir_run(f->dir);

    struct dir_status status;
    dir_get_status(f->dir, &status);
    assert_int_equal(status.n_problems, 20 * 150);
    assert_int_equal(n_problems(f), 1000);
}

static size_t
take_changes(struct fixture *f)
{
    struct model_change *changes;
    size_t n = model_take_changes(f->model, &changes);

    model_changes_free(changes);
    return n;
}

/* Ten thousand pods, of which the first is in 10.FIRST.0.0/16. */
static void
make_pods(struct fixture *f, const char *name, bool json, int first)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    ds_put_cstr(&s, json ? "{\"kind\":\"List\",\"apiVersion\":\"v1\","
                "\"items\":[" : "kind: List\napiVersion: v1\nitems:\n");
    for (int i = 0; i < 10000; i++) {
        ds_put_format(&s, json
                      ? "%s{\"kind\":\"Pod\",\"apiVersion\":\"v1\","
                        "\"metadata\":{\"name\":\"p%d\","
                        "\"namespace\":\"shop\"},"
                        "\"status\":{\"podIP\":\"10.%d.%d.%d\"}}"
                      : "%s- {kind: Pod, apiVersion: v1, metadata: {name: p%d,"
                        " namespace: shop}, status: {podIP: 10.%d.%d.%d}}\n",
                      json && i ? "," : "", i, i ? 1 : first, i / 250,
                      i % 250);
    }
    ds_put_cstr(&s, json ? "]}" : "");
    write_bytes(f, name, s.string, s.length);
    ds_destroy(&s);
}

/* All in one go, and then one of them moves. */
static void
test_ten_thousand_pods(void **state)
{
    static const char *const names[] = { "a.yaml", "a.json" };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        make_pods(f, names[i], i == 1, 1);
        dir_refresh(f->dir);
        assert_int_equal(n_problems(f), 0);
        assert_int_equal(model_count(f->model, K8S_POD), 10000);

        take_changes(f);
        make_pods(f, names[i], i == 1, 2 + i);
        dir_refresh(f->dir);
        assert_int_equal(take_changes(f), 1);
        remove_file(f, names[i]);
        dir_refresh(f->dir);
        assert_int_equal(model_count(f->model, K8S_POD), 0);
    }
}

static void
test_destroy_null(void **state)
{
    dir_destroy(NULL);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_destroy_null),
        TEST(test_reads_what_is_there),
        TEST(test_ignores_other_names),
        TEST(test_lists),
        TEST(test_remarks),
        TEST(test_many_remarks),
        TEST(test_in_place_edit),
        TEST(test_rename_replaces),
        TEST(test_delete),
        TEST(test_half_written_file_changes_nothing),
        TEST(test_config_map_mount),
        TEST(test_broken_file_keeps_objects),
        TEST(test_nameless_document_keeps_objects),
        TEST(test_documents_before_an_error_count_at_first),
        TEST(test_bad_document_keeps_last_good_version),
        TEST(test_first_version_fails_closed),
        TEST(test_json_errors_have_a_place),
        TEST(test_duplicates),
        TEST(test_bad_duplicate),
        TEST(test_unreadable_file),
        TEST(test_directory_comes_and_goes),
        TEST(test_directory_is_a_link),
        TEST(test_debounce),
        TEST(test_unchanged_objects_change_nothing),
        TEST(test_file_too_big),
        TEST(test_too_many_files),
        TEST(test_many_problems),
        TEST(test_ten_thousand_pods),
    };

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
