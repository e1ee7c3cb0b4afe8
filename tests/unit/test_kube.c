/* SPDX-License-Identifier: Apache-2.0
 *
 * The Kubernetes source against an API server that does what a real one cannot
 * be made to do on demand.  tests/e2e/test_kube_*.sh use a real one. */

#include <config.h>

#include "kube.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "histogram.h"
#include "kubeconfig.h"
#include "label.h"
#include "model.h"
#include "node/kube-events.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "split.h"
#include "svec.h"
#include "timeval.h"
#include "util.h"
#include "webserver.h"

#define PATIENCE_MSEC 10000

#define GONE "{\"kind\":\"Status\",\"code\":410,\"message\":\"too old\"}"

static const char *const paths[KUBE_N_KINDS] = {
    [K8S_NAMESPACE] = "/api/v1/namespaces?",
    [K8S_POD] = "/api/v1/pods?",
    [K8S_POLICY] = "/apis/networking.k8s.io/v1/networkpolicies?",
    [K8S_NODE] = "/api/v1/nodes?",
    [K8S_CLUSTER_POLICY]
        = "/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies?",
    [K8S_ADMIN_POLICY]
        = "/apis/policy.networking.k8s.io/v1alpha1/adminnetworkpolicies?",
    [K8S_BASELINE_POLICY] = "/apis/policy.networking.k8s.io/v1alpha1"
                            "/baselineadminnetworkpolicies?",
};

/* What is said instead of the right thing. */
struct fault {
    const char *match;          /* Part of the path, NULL for no fault. */
    unsigned int status;        /* 0: nothing at all is said. */
    const char *headers;
    const char *body;
    int times;
};

struct fixture {
    struct webserver *server;
    struct label_pool *pool;
    struct model *model;
    struct kube_timing timing;
    struct kube *kube;
    uint64_t ticket;

    /* The cluster. */
    const char *uid;            /* Of kube-system. */
    bool has_cluster_policies;  /* ClusterNetworkPolicy is installed. */
    unsigned int revision;
    struct svec objects[KUBE_N_KINDS];   /* JSON. */
    struct webserver_conn *watches[KUBE_N_KINDS];
    size_t page_size;           /* 0: all on one page. */
    struct fault fault;
    struct svec requests;       /* All paths that were asked for. */
    struct svec reports;        /* Requests about Events, whole. */
    unsigned int report_status; /* What is said to them. */
    struct svec conditions;     /* Requests about conditions, whole. */
    unsigned int condition_status;      /* What is said to them. */
    char *head;                 /* Of the last request. */
};

/* The cluster. */

static void
put_list(struct fixture *f, enum k8s_kind kind, size_t first, struct ds *ds)
{
    const struct svec *objects = &f->objects[kind];
    size_t last = f->page_size ? MIN(first + f->page_size, objects->n)
                               : objects->n;

    ds_put_format(ds, "{\"kind\":\"%sList\",\"metadata\":{"
                  "\"resourceVersion\":\"%u\"", k8s_kind_name(kind),
                  f->revision);
    if (last < objects->n) {
        ds_put_format(ds, ",\"continue\":\"%"PRIuSIZE"\"", last);
    }
    ds_put_cstr(ds, "},\"items\":[");
    for (size_t i = first; i < last; i++) {
        ds_put_format(ds, "%s%s", i > first ? "," : "", objects->names[i]);
    }
    ds_put_cstr(ds, "]}\n");
}

static void
answer(struct fixture *f, struct webserver_conn *conn, enum k8s_kind kind,
       const char *path)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (strstr(path, "watch=1")) {
        webserver_stream(conn);
        f->watches[kind] = conn;
        return;
    } else if (strstr(path, "fieldSelector")) {
        ds_put_format(&ds, "{\"metadata\":{\"resourceVersion\":\"%u\"},"
                      "\"items\":[{\"metadata\":{\"name\":\"kube-system\","
                      "\"uid\":\"%s\"}}]}", f->revision, f->uid);
    } else {
        const char *next = strstr(path, "continue=");

        put_list(f, kind, next ? atoi(next + strlen("continue=")) : 0, &ds);
    }
    webserver_reply(conn, 200, "", ds_cstr(&ds));
    ds_destroy(&ds);
}

/* What is installed, if there is anybody who does not ask for more. */
static bool
has_kind(const struct fixture *f, enum k8s_kind kind)
{
    return (kind <= K8S_NODE
            || (kind == K8S_CLUSTER_POLICY && f->has_cluster_policies));
}

static void
handle_request(struct webserver_conn *conn, const char *path,
               const char *head, void *f_)
{
    struct fixture *f = f_;

    svec_add(&f->requests, path);
    free(f->head);
    f->head = xstrdup(head);
    if (f->fault.match && f->fault.times && strstr(path, f->fault.match)) {
        f->fault.times--;
        if (f->fault.status) {
            webserver_reply(conn, f->fault.status, f->fault.headers,
                            f->fault.body);
        }
        return;
    }
    if (strstr(path, "/events")) {
        svec_add(&f->reports, head);
        webserver_reply(conn, f->report_status, "",
                        "{\"kind\":\"Status\",\"message\":\"so\"}");
        return;
    }
    if (strstr(path, "/status?")) {
        svec_add(&f->conditions, head);
        webserver_reply(conn, f->condition_status, "",
                        "{\"kind\":\"Status\",\"message\":\"so\"}");
        return;
    }
    for (enum k8s_kind k = 0; k < KUBE_N_KINDS; k++) {
        if (has_kind(f, k) && !strncmp(path, paths[k], strlen(paths[k]))) {
            answer(f, conn, k, path);
            return;
        }
    }
    webserver_reply(conn, 404, "", "no such thing");
}

/* Number of requests so far that have 'part' in their path. */
static size_t
count_requests(const struct fixture *f, const char *part)
{
    size_t n = 0;

    for (size_t i = 0; i < f->requests.n; i++) {
        n += strstr(f->requests.names[i], part) != NULL;
    }
    return n;
}

/* A pod "shop/NAME" with label app=APP. */
static char *
pod(const struct fixture *f, const char *name, const char *app)
{
    return xasprintf("{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{"
                     "\"name\":\"%s\",\"namespace\":\"shop\","
                     "\"resourceVersion\":\"%u\","
                     "\"labels\":{\"app\":\"%s\"}}}",
                     name, f->revision, app);
}

/* A policy "shop/NAME" that isolates all, with 'rule' as ingress rule. */
static char *
policy(const char *name, const char *rule)
{
    return xasprintf("{\"kind\":\"NetworkPolicy\","
                     "\"apiVersion\":\"networking.k8s.io/v1\",\"metadata\":{"
                     "\"name\":\"%s\",\"namespace\":\"shop\","
                     "\"resourceVersion\":\"7\"},\"spec\":{\"podSelector\":{},"
                     "\"ingress\":[%s]}}", name, rule);
}

/* Takes 'object'. */
static void
create(struct fixture *f, enum k8s_kind kind, char *object)
{
    f->revision++;
    svec_add_nocopy(&f->objects[kind], object);
}

/* Says that it happened to who watches. */
static void
send_event(struct fixture *f, enum k8s_kind kind, const char *type,
           const char *object)
{
    char *line = xasprintf("{\"type\":\"%s\",\"object\":%s}\n", type, object);

    assert_true(webserver_has(f->server, f->watches[kind]));
    webserver_send(f->watches[kind], line, strlen(line));
    free(line);
}

/* The loop. */

typedef bool condition(struct fixture *, const void *arg);

#define run_until(F, CONDITION, ARG) \
    run_until__(F, CONDITION, ARG, #CONDITION " " #ARG)
static void
run_until__(struct fixture *f, condition *is_met, const void *arg,
            const char *words)
{
    long long int deadline = time_msec() + PATIENCE_MSEC;

    for (;;) {
        webserver_run(f->server);
        kube_run(f->kube);
        if (is_met(f, arg)) {
            return;
        } else if (time_msec() >= deadline) {
            const char *error = kube_error(f->kube);
            fail_msg("gave up waiting for %s: %s", words,
                     error ? error : "no error");
        }
        webserver_wait(f->server);
        kube_wait(f->kube);
        poll_timer_wait_until(deadline);
        poll_block();
    }
}

/* What optional kinds say. */
static bool
is_optional_state(enum k8s_kind kind, const char *state)
{
    return (kind == K8S_NODE ? !strcmp(state, "not needed")
            : kind > K8S_NODE && !strcmp(state, "absent"));
}

static bool
is_well(struct fixture *f, const void *arg OVS_UNUSED)
{
    struct kube_status s;

    kube_get_status(f->kube, &s);
    for (enum k8s_kind k = 0; k < KUBE_N_KINDS; k++) {
        if (!is_optional_state(k, s.kinds[k].state)
            && (strcmp(s.kinds[k].state, "watching")
                || !webserver_has(f->server, f->watches[k]))) {
            return false;
        }
    }
    return kube_is_synced(f->kube) && !kube_error(f->kube);
}

static bool
has_pod(struct fixture *f, const void *name)
{
    return model_get(f->model, K8S_POD, "shop", name) != NULL;
}

static bool
lacks_pod(struct fixture *f, const void *name)
{
    return !has_pod(f, name);
}

static bool
has_policy(struct fixture *f, const void *name)
{
    return model_get(f->model, K8S_POLICY, "shop", name) != NULL;
}

static bool
error_says(struct fixture *f, const void *part)
{
    const char *error = kube_error(f->kube);

    return error && strstr(error, part);
}

static bool
has_problem(struct fixture *f, const void *part)
{
    size_t n;
    const struct kube_problem *problems = kube_problems(f->kube, &n);

    for (size_t i = 0; i < n; i++) {
        char *s = kube_problem_format(&problems[i]);
        bool found = strstr(s, part) != NULL;

        free(s);
        if (found) {
            return true;
        }
    }
    return false;
}

static bool
has_no_problem(struct fixture *f, const void *arg OVS_UNUSED)
{
    struct kube_status s;

    kube_get_status(f->kube, &s);
    return !s.n_problems;
}

static bool
is_requested(struct fixture *f, const void *part)
{
    return count_requests(f, part) > 0;
}

/* The three kinds that are always followed: a watch of each, from here. */
static bool
all_watched_from(struct fixture *f, const void *version)
{
    return count_requests(f, version) >= 3;
}

static bool
sync_is_done(struct fixture *f, const void *arg OVS_UNUSED)
{
    return kube_sync_is_done(f->kube, f->ticket);
}

static bool
is_closed(struct fixture *f, const void *conn)
{
    return !webserver_has(f->server, conn);
}

static bool
fault_is_over(struct fixture *f, const void *arg OVS_UNUSED)
{
    return !f->fault.times;
}

/* The fixture. */

static void
connect_kube(struct fixture *f)
{
    char *url = xasprintf("http://127.0.0.1:%u/", webserver_port(f->server));
    struct kubeconfig_options options = { .server = url, .insecure = true };
    struct kubeconfig *config;

    assert_null(kubeconfig_create(&options, &config));
    f->kube = kube_create(config, &f->timing, f->pool, f->model);
    free(url);
}

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);

    f->server = webserver_create(handle_request, f);
    f->pool = label_pool_create();
    f->model = model_create(f->pool);
    f->uid = "cluster-1";
    f->revision = 100;
    f->timing = (struct kube_timing) {
        .min_backoff = 2,
        .max_backoff = 50,
        .watch = 60 * 1000,
        .silence = 60 * 1000,
        .away = 60 * 1000,
        .absent = 200,
    };
    f->report_status = 201;
    f->condition_status = 200;
    svec_init(&f->conditions);
    svec_init(&f->requests);
    svec_init(&f->reports);
    for (enum k8s_kind k = 0; k < KUBE_N_KINDS; k++) {
        svec_init(&f->objects[k]);
    }
    create(f, K8S_NAMESPACE, xstrdup("{\"metadata\":{\"name\":\"shop\","
                                     "\"labels\":{\"team\":\"a\"}}}"));
    create(f, K8S_POD, pod(f, "web", "web"));
    create(f, K8S_POD, pod(f, "db", "db"));
    create(f, K8S_POLICY, policy("good", "{}"));
    connect_kube(f);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    kube_destroy(f->kube);
    webserver_destroy(f->server);
    model_destroy(f->model);
    label_pool_destroy(f->pool);
    for (enum k8s_kind k = 0; k < KUBE_N_KINDS; k++) {
        svec_destroy(&f->objects[k]);
    }
    svec_destroy(&f->requests);
    svec_destroy(&f->reports);
    svec_destroy(&f->conditions);
    free(f->head);
    free(f);
    return 0;
}

/* The server forgets a pod without telling anybody. */
static void
forget_pod(struct fixture *f, const char *name)
{
    struct svec *pods = &f->objects[K8S_POD];
    char *part = xasprintf("\"name\":\"%s\"", name);

    for (size_t i = 0; i < pods->n; i++) {
        if (strstr(pods->names[i], part)) {
            free(pods->names[i]);
            memmove(&pods->names[i], &pods->names[i + 1],
                    (--pods->n - i) * sizeof *pods->names);
            break;
        }
    }
    free(part);
}

/* Lists and watches. */

static void
test_list(void **state)
{
    struct fixture *f = *state;

    assert_false(kube_is_synced(f->kube));
    assert_true(error_says(f, "not listed yet"));
    run_until(f, is_well, NULL);
    assert_int_equal(model_count(f->model, K8S_NAMESPACE), 1);
    assert_int_equal(model_count(f->model, K8S_POD), 2);
    assert_true(has_policy(f, "good"));
    assert_int_equal(count_requests(f, "/pods?limit=500"), 1);
    run_until(f, all_watched_from, "resourceVersion=104");
    assert_int_equal(count_requests(f, "/pods?watch=1"), 1);
    assert_non_null(strstr(f->head, "Accept: application/json"));
    assert_non_null(strstr(f->head, "User-Agent: ovs-netpold/"));
}

static void
test_events(void **state)
{
    struct fixture *f = *state;
    const struct k8s_object *before;
    char *object;

    run_until(f, is_well, NULL);
    before = model_get(f->model, K8S_POD, "shop", "web");

    object = pod(f, "new", "new");
    send_event(f, K8S_POD, "ADDED", object);
    free(object);
    run_until(f, has_pod, "new");
    assert_ptr_equal(model_get(f->model, K8S_POD, "shop", "web"), before);

    object = pod(f, "web", "other");
    send_event(f, K8S_POD, "MODIFIED", object);
    send_event(f, K8S_POD, "DELETED", f->objects[K8S_POD].names[1]);
    free(object);
    run_until(f, lacks_pod, "db");
    assert_string_equal(label_set_get(k8s_pod_cast(
        model_get(f->model, K8S_POD, "shop", "web"))->labels, "app"),
        "other");
}

/* What is new was created a while ago; nothing else is measured. */
static void
test_watch_delay(void **state)
{
    struct fixture *f = *state;
    time_t then = time_wall() - 3;
    struct kube_status s;
    char text[64], *object;
    struct tm tm;

    run_until(f, is_well, NULL);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&then, &tm));
    object = xasprintf("{\"metadata\":{\"namespace\":\"shop\","
                       "\"name\":\"new\",\"creationTimestamp\":\"%s\"}}",
                       text);
    send_event(f, K8S_POD, "ADDED", object);
    run_until(f, has_pod, "new");
    send_event(f, K8S_POD, "MODIFIED", object);
    send_event(f, K8S_POD, "DELETED", object);
    run_until(f, lacks_pod, "new");
    free(object);
    kube_get_status(f->kube, &s);
    assert_int_equal(histogram_count(s.watch_delay), 1);
    assert_in_range(s.watch_delay->sum, 3000000,
                    3000000 + PATIENCE_MSEC * 1000);

    /* Clocks differ: what will be created counts as just now. */
    send_event(f, K8S_POD, "ADDED", "{\"metadata\":{\"namespace\":\"shop\","
               "\"name\":\"odd\","
               "\"creationTimestamp\":\"2099-01-01T00:00:00Z\"}}");
    run_until(f, has_pod, "odd");
    kube_get_status(f->kube, &s);
    assert_int_equal(s.watch_delay->counts[0], 1);
}

/* A watch that ended goes on where a bookmark said. */
static void
test_bookmark(void **state)
{
    struct fixture *f = *state;

    run_until(f, is_well, NULL);
    send_event(f, K8S_POD, "BOOKMARK",
               "{\"kind\":\"Pod\",\"metadata\":{\"resourceVersion\":"
               "\"9&9\"}}");
    webserver_end(f->watches[K8S_POD]);
    run_until(f, is_requested, "/pods?watch=1&allowWatchBookmarks=true");
    run_until(f, is_requested, "resourceVersion=9%269");
    run_until(f, is_well, NULL);
    assert_int_equal(count_requests(f, "/pods?limit"), 1);
}

static void
test_pages(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 7; i++) {
        char *name = xasprintf("p%d", i);
        create(f, K8S_POD, pod(f, name, "p"));
        free(name);
    }
    f->page_size = 2;
    run_until(f, is_well, NULL);
    assert_int_equal(model_count(f->model, K8S_POD), 9);
    assert_int_equal(count_requests(f, "/pods?limit=500&continue="), 4);
}

static void
test_list_expires_between_pages(void **state)
{
    struct fixture *f = *state;

    f->page_size = 1;
    f->fault = (struct fault) { "/pods?limit=500&continue", 410, "", GONE, 1 };
    run_until(f, is_well, NULL);
    assert_int_equal(model_count(f->model, K8S_POD), 2);
    assert_int_equal(count_requests(f, "/pods?limit=2000"), 2);
}

static bool
pods_are_listed_again(struct fixture *f, const void *arg OVS_UNUSED)
{
    return count_requests(f, "/pods?limit") == 2 && is_well(f, NULL);
}

/* Both ways to say that a watch begins too far back. */
static void
test_gone(void **state)
{
    struct fixture *f = *state;

    run_until(f, is_well, NULL);
    forget_pod(f, "db");
    send_event(f, K8S_POD, "ERROR", GONE);
    run_until(f, pods_are_listed_again, NULL);
    assert_true(has_pod(f, "web"));
    assert_false(has_pod(f, "db"));
    assert_int_equal(count_requests(f, "/namespaces?limit"), 1);
}

static void
test_gone_at_once(void **state)
{
    struct fixture *f = *state;

    f->fault = (struct fault) { "/pods?watch", 410, "", GONE, 1 };
    run_until(f, pods_are_listed_again, NULL);
}

/* Errors. */

static const struct {
    struct fault fault;
    const char *error;
} errors[] = {
    { { "/pods?limit", 403, "", "{\"message\":\"pods is forbidden: User "
        "\\\"x\\\" cannot list resource \\\"pods\\\"\"}", 3 },
      "pods: HTTP 403: pods is forbidden: User \"x\" cannot list" },
    { { "/pods?watch", 403, "", "{\"message\":\"no\\u0007 watch\"}", 3 },
      "pods: HTTP 403: no  watch" },
    { { "fieldSelector", 401, "", "{\"message\":\"Unauthorized\"}", 3 },
      "HTTP 401: Unauthorized" },
    { { "/networkpolicies?limit", 500, "", "not JSON", 3 },
      "networkpolicies: HTTP 500: without a reason" },
    { { "/pods?limit", 200, "", "{\"items\":[]}", 3 },
      "pods: the reply is not a list" },
    { { "/pods?limit", 200, "", "{\"items\":[", 3 },
      "pods: the reply is not complete" },
    { { "/pods?limit", 200, "", "", 3 },
      "pods: the reply is not complete" },
    { { "/pods?limit", 200, "", "{\"items\":[]]", 3 },
      "pods: " },
    { { "/pods?limit", 200, "Content-Length: 99999\r\n", "x", 3 },
      "pods: " },
    { { "fieldSelector", 200, "", "<html>", 3 },
      "http://127.0.0.1:" },
};

static void
test_errors(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
        struct fixture *f;

        setup((void **) &f);
        f->fault = errors[i].fault;
        run_until(f, error_says, errors[i].error);
        assert_false(kube_is_synced(f->kube)
                     && !strstr(errors[i].fault.match, "watch"));
        webserver_cut(f->server, false);
        run_until(f, is_well, NULL);
        assert_int_equal(f->fault.times, 0);
        teardown((void **) &f);
    }
}

/* The server says when. */
static void
test_retry_after(void **state)
{
    struct fixture *f = *state;
    long long int start = time_msec();

    f->fault = (struct fault) {
        "/pods?limit", 429, "Retry-After: 1\r\n", "{\"message\":\"slow\"}", 1
    };
    run_until(f, error_says, "pods: HTTP 429: slow");
    run_until(f, is_well, NULL);
    assert_in_range(time_msec() - start, 1000, PATIENCE_MSEC);
}

/* Kinds that the cluster may lack. */

/* A cluster policy NAME that denies its nodes as peers, if 'nodes', else all
 * namespaces. */
static char *
cluster_policy(const char *name, bool nodes)
{
    return xasprintf("{\"metadata\":{\"name\":\"%s\",\"uid\":\"u-%s\","
                     "\"generation\":3,\"resourceVersion\":\"77\"},"
                     "\"spec\":{\"tier\":\"Admin\",\"priority\":1,"
                     "\"subject\":{\"namespaces\":{}},\"egress\":[{"
                     "\"action\":\"Deny\",\"to\":[{\"%s\":{}}]}]}}",
                     name, name, nodes ? "nodes" : "namespaces");
}

static bool
has_cluster_policy(struct fixture *f, const void *name)
{
    return model_get(f->model, K8S_CLUSTER_POLICY, NULL, name) != NULL;
}

static bool
lacks_cluster_policy(struct fixture *f, const void *name)
{
    return !has_cluster_policy(f, name);
}

static const char *
state_of(const struct fixture *f, enum k8s_kind kind)
{
    struct kube_status s;

    kube_get_status(f->kube, &s);
    return s.kinds[kind].state;
}

static bool
is_absent(struct fixture *f, const void *arg OVS_UNUSED)
{
    return !strcmp(state_of(f, K8S_CLUSTER_POLICY), "absent");
}

/* There is none; then it is installed. */
static void
test_installed_later(void **state)
{
    struct fixture *f = *state;

    run_until(f, is_well, NULL);
    assert_string_equal(state_of(f, K8S_CLUSTER_POLICY), "absent");
    create(f, K8S_CLUSTER_POLICY, cluster_policy("one", false));
    f->has_cluster_policies = true;
    run_until(f, has_cluster_policy, "one");
    run_until(f, is_well, NULL);
    assert_string_equal(state_of(f, K8S_CLUSTER_POLICY), "watching");
    assert_int_equal(count_requests(f, "/nodes"), 0);
}

/* Who asks for news does not wait for the next time that we would ask. */
static void
test_installed_and_waited_for(void **state)
{
    struct fixture *f = *state;

    f->timing.min_backoff = f->timing.max_backoff = 1000 * 1000;
    kube_destroy(f->kube);
    connect_kube(f);
    run_until(f, is_well, NULL);
    kube_sync_begin(f->kube, ++f->ticket);
    run_until(f, sync_is_done, NULL);
    create(f, K8S_CLUSTER_POLICY, cluster_policy("one", true));
    f->has_cluster_policies = true;
    kube_sync_begin(f->kube, ++f->ticket);
    run_until(f, sync_is_done, NULL);
    assert_true(has_cluster_policy(f, "one"));
    assert_int_equal(count_requests(f, "/nodes?limit"), 1);
}

/* Removed: the objects go first; or, if nobody heard of it, after a while. */
static void
test_removed(void **state)
{
    struct fixture *f = *state;

    create(f, K8S_CLUSTER_POLICY, cluster_policy("one", false));
    f->has_cluster_policies = true;
    run_until(f, is_well, NULL);
    f->has_cluster_policies = false;
    send_event(f, K8S_CLUSTER_POLICY, "DELETED",
               f->objects[K8S_CLUSTER_POLICY].names[0]);
    webserver_end(f->watches[K8S_CLUSTER_POLICY]);
    run_until(f, lacks_cluster_policy, "one");
    run_until(f, is_absent, NULL);
    run_until(f, is_well, NULL);
}

static void
test_removed_unheard(void **state)
{
    struct fixture *f = *state;
    long long int start;

    create(f, K8S_CLUSTER_POLICY, cluster_policy("one", false));
    f->has_cluster_policies = true;
    run_until(f, is_well, NULL);
    start = time_msec();
    f->has_cluster_policies = false;
    webserver_end(f->watches[K8S_CLUSTER_POLICY]);
    run_until(f, error_says, "clusternetworkpolicies: HTTP 404: the API "
              "server has no clusternetworkpolicies of "
              "policy.networking.k8s.io/v1alpha2 any more; what is known of "
              "them stays in force until it has said so for 0.2 seconds");
    assert_true(has_cluster_policy(f, "one"));
    run_until(f, lacks_cluster_policy, "one");
    assert_in_range(time_msec() - start, f->timing.absent, PATIENCE_MSEC);
    run_until(f, is_well, NULL);
}

/* A server that starts does not know for a moment what it has. */
static void
test_not_served_for_a_moment(void **state)
{
    struct fixture *f = *state;

    f->timing.absent = 1000 * 1000;
    kube_destroy(f->kube);
    connect_kube(f);
    create(f, K8S_CLUSTER_POLICY, cluster_policy("one", false));
    f->has_cluster_policies = true;
    run_until(f, is_well, NULL);
    f->fault = (struct fault) { "/clusternetworkpolicies", 404, "", "", 5 };
    webserver_end(f->watches[K8S_CLUSTER_POLICY]);
    run_until(f, fault_is_over, NULL);
    assert_true(has_cluster_policy(f, "one"));
    run_until(f, is_well, NULL);
    assert_true(has_cluster_policy(f, "one"));
}

/* We may not: a problem, and everything else works. */
static void
test_forbidden(void **state)
{
    struct fixture *f = *state;

    create(f, K8S_CLUSTER_POLICY, cluster_policy("one", false));
    f->has_cluster_policies = true;
    f->fault = (struct fault) { "/clusternetworkpolicies?limit", 403, "",
                                "{\"message\":\"you may not\"}", 5 };
    run_until(f, has_problem,
              "ClusterNetworkPolicy (unreadable): HTTP 403: you may not");
    assert_string_equal(state_of(f, K8S_CLUSTER_POLICY), "forbidden");
    run_until(f, has_policy, "good");
    run_until(f, has_cluster_policy, "one");
    run_until(f, is_well, NULL);
    run_until(f, has_no_problem, NULL);

    /* What is known stays. */
    f->fault.times = 3;
    kube_sync_begin(f->kube, ++f->ticket);
    run_until(f, sync_is_done, NULL);
    assert_true(has_cluster_policy(f, "one"));
    assert_false(error_says(f, "clusternetworkpolicies"));
    run_until(f, fault_is_over, NULL);
    run_until(f, has_no_problem, NULL);
}

/* Nodes are followed while somebody needs them. */
static void
test_nodes(void **state)
{
    struct fixture *f = *state;

    create(f, K8S_NODE, xstrdup("{\"metadata\":{\"name\":\"n\"},\"status\":{"
                                "\"addresses\":[{\"type\":\"InternalIP\","
                                "\"address\":\"192.0.2.1\"}]}}"));
    create(f, K8S_CLUSTER_POLICY, cluster_policy("one", true));
    f->has_cluster_policies = true;
    run_until(f, is_well, NULL);
    assert_string_equal(state_of(f, K8S_NODE), "watching");
    assert_int_equal(model_count(f->model, K8S_NODE), 1);
    send_event(f, K8S_CLUSTER_POLICY, "DELETED",
               f->objects[K8S_CLUSTER_POLICY].names[0]);
    run_until(f, lacks_cluster_policy, "one");
    assert_string_equal(state_of(f, K8S_NODE), "not needed");
    assert_int_equal(model_count(f->model, K8S_NODE), 0);
    run_until(f, is_closed, f->watches[K8S_NODE]);
    run_until(f, is_well, NULL);
}

/* What is not understood is enforced closed, and is a problem. */
static void
test_not_understood(void **state)
{
    struct fixture *f = *state;
    char *good = cluster_policy("one", false);
    char *odd = xasprintf("%.*s,{\"action\":\"Accept\",\"to\":[{"
                          "\"domainNames\":[\"a.example\"]}]}]}}",
                          (int) strlen(good) - 3, good);

    f->has_cluster_policies = true;
    create(f, K8S_CLUSTER_POLICY, xstrdup(odd));
    run_until(f, is_well, NULL);
    assert_true(has_problem(f, "ClusterNetworkPolicy one: spec.egress[1].to[0]"
                               ".domainNames: not supported"));
    assert_false(has_problem(f, "last good version"));
    assert_int_equal(k8s_cluster_policy_cast(model_get(
        f->model, K8S_CLUSTER_POLICY, NULL, "one"))->n_rules[K8S_EGRESS], 2);
    send_event(f, K8S_CLUSTER_POLICY, "MODIFIED", good);
    run_until(f, has_no_problem, NULL);
    send_event(f, K8S_CLUSTER_POLICY, "MODIFIED", odd);
    run_until(f, has_problem, "domainNames: not supported");
    assert_false(has_problem(f, "last good version"));
    free(good);
    free(odd);
}

/* Conditions. */

#define OURS(STATUS, REASON, MESSAGE) \
    "{\"type\":\"ovs-netpol.io/Accepted\",\"status\":\"" STATUS "\"," \
    "\"reason\":\"" REASON "\",\"message\":\"" MESSAGE "\"," \
    "\"lastTransitionTime\":\"2026-01-01T00:00:00Z\"," \
    "\"observedGeneration\":3}"
#define OURS_FALSE OURS("False", "NotUnderstood", "spec.egress[0].to[0]" \
    ".domainNames: not supported, this rule denies everything")
#define THEIRS \
    "{\"type\":\"other.example/Ready\",\"status\":\"True\"," \
    "\"reason\":\"Fine\",\"message\":\"\"," \
    "\"lastTransitionTime\":\"2025-01-01T00:00:00Z\"}"

/* A cluster policy, odd or not, with 'conditions'. */
static char *
policy_with_conditions(const char *name, bool odd, unsigned int version,
                       const char *conditions)
{
    return xasprintf("{\"metadata\":{\"name\":\"%s\",\"generation\":3,"
                     "\"resourceVersion\":\"%u\"},\"spec\":{"
                     "\"tier\":\"Admin\",\"priority\":1,"
                     "\"subject\":{\"namespaces\":{}},\"egress\":[{"
                     "\"action\":\"Deny\",\"to\":[{%s}]}]},"
                     "\"status\":{\"conditions\":[%s]}}", name, version,
                     odd ? "\"domainNames\":[\"a\"]" : "\"namespaces\":{}",
                     conditions);
}

static void
create_with_conditions(struct fixture *f, const char *name, bool odd,
                       const char *conditions)
{
    f->has_cluster_policies = true;
    create(f, K8S_CLUSTER_POLICY,
           policy_with_conditions(name, odd, 55, conditions));
}

static bool
has_conditions(struct fixture *f, const void *n)
{
    return f->conditions.n >= *(const size_t *) n;
}

static void
wait_for_conditions(struct fixture *f, size_t n)
{
    run_until(f, has_conditions, &n);
    assert_int_equal(f->conditions.n, n);
}

static void
assert_condition(const struct fixture *f, size_t i, const char *part)
{
    if (!strstr(f->conditions.names[i], part)) {
        fail_msg("no %s in %s", part, f->conditions.names[i]);
    }
}

/* It is said once, with what others say. */
static void
test_condition(void **state)
{
    struct fixture *f = *state;

    create_with_conditions(f, "one", true, THEIRS);
    wait_for_conditions(f, 1);
    assert_condition(f, 0, "PATCH /apis/policy.networking.k8s.io/v1alpha2"
                           "/clusternetworkpolicies/one/status?");
    assert_condition(f, 0, "Content-Type: application/merge-patch+json");
    assert_condition(f, 0, "\"resourceVersion\":\"55\"");
    assert_condition(f, 0, "\"message\":\"spec.egress[0].to[0].domainNames: "
                           "not supported");
    assert_condition(f, 0, "\"status\":\"False\"");
    assert_condition(f, 0, "\"observedGeneration\":3");
    assert_condition(f, 0, "\"type\":\"other.example/Ready\"");
    assert_condition(f, 0, "2025-01-01T00:00:00Z");
}

/* Somebody has said it; the one about "two" shows that nothing else came. */
static void
test_condition_is_there(void **state)
{
    struct fixture *f = *state;

    create_with_conditions(f, "one", true, OURS_FALSE);
    create_with_conditions(f, "fine", false, THEIRS);
    run_until(f, has_problem, "domainNames");
    run_until(f, is_well, NULL);
    create_with_conditions(f, "two", true, "");
    send_event(f, K8S_CLUSTER_POLICY, "ADDED",
               f->objects[K8S_CLUSTER_POLICY].names[2]);
    wait_for_conditions(f, 1);
    assert_condition(f, 0, "/two/status?");
}

/* It is over. */
static void
test_condition_is_over(void **state)
{
    struct fixture *f = *state;

    create_with_conditions(f, "one", false, THEIRS "," OURS_FALSE);
    wait_for_conditions(f, 1);
    assert_condition(f, 0, "\"status\":\"True\"");
    assert_condition(f, 0, "\"reason\":\"Understood\"");
    assert_condition(f, 0, "other.example/Ready");
    assert_null(strstr(f->conditions.names[0], "2026-01-01T00:00:00Z"));
}

/* Somebody was faster, with something else: that goes first. */
static void
test_condition_conflicts(void **state)
{
    struct fixture *f = *state;
    char *next = policy_with_conditions("one", true, 56, THEIRS);

    create_with_conditions(f, "one", true, "");
    f->condition_status = 409;
    wait_for_conditions(f, 1);
    f->condition_status = 200;
    send_event(f, K8S_CLUSTER_POLICY, "MODIFIED", next);
    wait_for_conditions(f, 2);
    assert_condition(f, 1, "\"resourceVersion\":\"56\"");
    assert_condition(f, 1, "other.example/Ready");
    free(next);
}

/* Two versions of us do not fight: what we said is overwritten, once. */
static void
test_condition_is_disputed(void **state)
{
    struct fixture *f = *state;
    char *theirs = policy_with_conditions(
        "one", true, 57, OURS("True", "Understood", "all is well"));

    create_with_conditions(f, "one", true, "");
    wait_for_conditions(f, 1);
    send_event(f, K8S_CLUSTER_POLICY, "MODIFIED", theirs);
    create_with_conditions(f, "two", true, "");
    send_event(f, K8S_CLUSTER_POLICY, "ADDED",
               f->objects[K8S_CLUSTER_POLICY].names[1]);
    wait_for_conditions(f, 2);
    assert_condition(f, 1, "/two/status?");
    free(theirs);
}

static bool
conditions_fail(struct fixture *f, const void *arg OVS_UNUSED)
{
    struct kube_status s;

    kube_get_status(f->kube, &s);
    return s.conditions_error && s.n_conditions_failed == 1;
}

/* We may not: that is said once, and all else goes on. */
static void
test_condition_is_forbidden(void **state)
{
    struct fixture *f = *state;

    f->condition_status = 403;
    create_with_conditions(f, "one", true, "");
    create_with_conditions(f, "two", true, "");
    run_until(f, conditions_fail, NULL);
    run_until(f, is_well, NULL);
    assert_int_equal(f->conditions.n, 1);
    assert_true(has_problem(f, "domainNames"));
}

static bool
conditions_are_refused(struct fixture *f, const void *arg OVS_UNUSED)
{
    struct kube_status s;

    kube_get_status(f->kube, &s);
    return s.n_conditions_failed == 2;
}

/* One that is not valid any more does not hold up the next. */
static void
test_condition_is_invalid(void **state)
{
    struct fixture *f = *state;
    struct kube_status s;

    f->condition_status = 422;
    create_with_conditions(f, "one", true, "");
    create_with_conditions(f, "two", true, "");
    run_until(f, conditions_are_refused, NULL);
    kube_get_status(f->kube, &s);
    assert_null(s.conditions_error);
    assert_int_equal(f->conditions.n, 2);
}

/* Away and back. */

static bool
is_away(struct fixture *f, const void *arg OVS_UNUSED)
{
    return error_says(f, "http://127.0.0.1:");
}

static void
lose(struct fixture *f)
{
    run_until(f, is_well, NULL);
    webserver_cut(f->server, true);
    run_until(f, is_away, NULL);
    assert_int_equal(model_count(f->model, K8S_POD), 2);
    assert_true(kube_is_synced(f->kube));
}

static void
regain(struct fixture *f)
{
    webserver_cut(f->server, false);
    run_until(f, is_well, NULL);
}

/* A short absence costs a look at the server, no list. */
static void
test_short_absence(void **state)
{
    struct fixture *f = *state;

    lose(f);
    regain(f);
    assert_int_equal(count_requests(f, "/pods?limit"), 1);
    assert_in_range(count_requests(f, "fieldSelector"), 2, 1000);
}

static void
test_long_absence(void **state)
{
    struct fixture *f = *state;

    f->timing.away = 0;
    kube_destroy(f->kube);
    connect_kube(f);
    lose(f);
    forget_pod(f, "db");
    regain(f);
    assert_int_equal(count_requests(f, "/pods?limit"), 2);
    assert_true(lacks_pod(f, "db"));
}

/* A store from a backup. */
static void
test_history_backwards(void **state)
{
    struct fixture *f = *state;

    lose(f);
    f->revision = 50;
    forget_pod(f, "db");
    regain(f);
    assert_true(lacks_pod(f, "db"));
    assert_true(has_pod(f, "web"));
    run_until(f, all_watched_from, "resourceVersion=50");
}

/* Another cluster at the same address, even an empty one, changes nothing. */
static void
test_other_cluster(void **state)
{
    struct fixture *f = *state;

    lose(f);
    f->uid = "cluster-2";
    f->revision = 5;
    svec_clear(&f->objects[K8S_POD]);
    svec_clear(&f->objects[K8S_POLICY]);
    webserver_cut(f->server, false);
    run_until(f, error_says, "this is another cluster, its kube-system has "
              "uid cluster-2 instead of cluster-1; what is known stays in "
              "force until a restart");
    assert_int_equal(model_count(f->model, K8S_POD), 2);
    assert_true(has_policy(f, "good"));

    f->uid = "cluster-1";
    run_until(f, is_well, NULL);
    assert_int_equal(model_count(f->model, K8S_POD), 0);
}

/* The same cluster may have lost all its objects. */
static void
test_emptied(void **state)
{
    struct fixture *f = *state;

    run_until(f, is_well, NULL);
    svec_clear(&f->objects[K8S_POLICY]);
    send_event(f, K8S_POLICY, "ERROR", GONE);
    run_until(f, is_requested, "/networkpolicies?limit");
    kube_sync_begin(f->kube, ++f->ticket);
    run_until(f, sync_is_done, NULL);
    assert_int_equal(model_count(f->model, K8S_POLICY), 0);
}

/* Connections that say nothing any more are given up. */
static void
test_silence(void **state)
{
    struct fixture *f = *state;

    f->timing.silence = 100;
    kube_destroy(f->kube);
    connect_kube(f);
    run_until(f, is_well, NULL);
    run_until(f, is_closed, f->watches[K8S_POD]);
    run_until(f, is_well, NULL);
    assert_int_equal(count_requests(f, "/pods?limit"), 1);
    assert_in_range(count_requests(f, "/pods?watch"), 2, 1000);
}

/* A line that was cut is no event. */
static void
test_cut_line(void **state)
{
    static const char half[] = "{\"type\":\"DELETED\",\"object\":{\"kind\":";
    struct fixture *f = *state;

    run_until(f, is_well, NULL);
    webserver_send(f->watches[K8S_POD], half, strlen(half));
    webserver_end(f->watches[K8S_POD]);
    run_until(f, is_closed, f->watches[K8S_POD]);
    run_until(f, is_well, NULL);
    assert_int_equal(model_count(f->model, K8S_POD), 2);
    assert_true(has_no_problem(f, NULL));
}

/* Objects that we do not understand. */

static void
test_last_good_version(void **state)
{
    static const char bad[] = "{\"from\":[{\"ipBlock\":{\"cidr\":\"x\"}}]}";
    struct fixture *f = *state;
    const struct k8s_object *good;
    char *object;

    run_until(f, is_well, NULL);
    good = model_get(f->model, K8S_POLICY, "shop", "good");

    object = policy("good", bad);
    send_event(f, K8S_POLICY, "MODIFIED", object);
    free(object);
    run_until(f, has_problem, "NetworkPolicy shop/good: spec.ingress[0]."
              "from[0].ipBlock.cidr: \"x\" is not a CIDR (the last good "
              "version stays)");
    assert_ptr_equal(model_get(f->model, K8S_POLICY, "shop", "good"), good);

    /* A new one isolates and allows nothing. */
    object = policy("bad", bad);
    send_event(f, K8S_POLICY, "ADDED", object);
    free(object);
    run_until(f, has_problem, "NetworkPolicy shop/bad: spec.ingress[0]");
    assert_true(has_policy(f, "bad"));

    send_event(f, K8S_POLICY, "MODIFIED", f->objects[K8S_POLICY].names[0]);
    object = policy("bad", bad);
    send_event(f, K8S_POLICY, "DELETED", object);
    free(object);
    run_until(f, has_no_problem, NULL);
    assert_false(has_policy(f, "bad"));
}

/* Events. */

/* Says that policy "shop/NAME" is one with a rule that is no object, or one
 * without fault. */
static void
send_policy(struct fixture *f, const char *name, bool refused)
{
    char *object = policy(name, refused ? "7" : "{}");

    send_event(f, K8S_POLICY, "MODIFIED", object);
    free(object);
}

static bool
has_reports(struct fixture *f, const void *n)
{
    return f->reports.n >= *(const size_t *) n;
}

static void
wait_for_reports(struct fixture *f, size_t n)
{
    run_until(f, has_reports, &n);
    assert_int_equal(f->reports.n, n);
}

static void
assert_report(const struct fixture *f, size_t i, const char *start,
              const char *const parts[])
{
    const char *report = f->reports.names[i];

    if (strncmp(report, start, strlen(start))) {
        fail_msg("wanted %s, got %s", start, report);
    }
    for (; *parts; parts++) {
        if (!strstr(report, *parts)) {
            fail_msg("no %s in %s", *parts, report);
        }
    }
}
#define ASSERT_REPORT(F, I, START, ...) \
    assert_report(F, I, START, (const char *[]) { __VA_ARGS__, NULL })

static bool
all_is_reported(struct fixture *f, const void *n_sent)
{
    struct kube_status s;

    kube_get_status(f->kube, &s);
    return s.n_events_sent == *(const size_t *) n_sent;
}

static void
wait_until_sent(struct fixture *f, size_t n)
{
    run_until(f, all_is_reported, &n);
}

static void
test_report(void **state)
{
    struct fixture *f = *state;

    kube_set_instance(f->kube, "node-7");
    run_until(f, is_well, NULL);
    send_policy(f, "good", true);
    wait_for_reports(f, 1);
    ASSERT_REPORT(f, 0, "POST /api/v1/namespaces/shop/events HTTP/1.1\r\n",
                  "Content-Type: application/json\r\n",
                  "\"kind\":\"Event\"", "\"name\":\"good.",
                  "\"apiVersion\":\"networking.k8s.io/v1\"",
                  "\"kind\":\"NetworkPolicy\"", "\"type\":\"Warning\"",
                  "\"reason\":\"Refused\"", "\"count\":1",
                  "\"message\":\"spec.ingress[0]: ", "good version stays)\"",
                  "\"host\":\"node-7\"", "\"lastTimestamp\":\"20");
    wait_until_sent(f, 1);
    assert_true(is_well(f, NULL));
}

/* The same again is a higher count, another message another Event. */
static void
test_report_again(void **state)
{
    struct fixture *f = *state;

    run_until(f, is_well, NULL);
    send_policy(f, "bad", true);
    wait_until_sent(f, 1);
    send_policy(f, "bad", true);
    send_policy(f, "bad", false);
    send_policy(f, "bad", true);
    send_policy(f, "bad", false);
    run_until(f, has_no_problem, NULL);
    wait_for_reports(f, 2);
    /* By now there was a good version that stays. */
    ASSERT_REPORT(f, 1, "POST /api/v1/", "good version stays)");
    wait_until_sent(f, 2);
    send_policy(f, "bad", true);
    wait_for_reports(f, 3);
    ASSERT_REPORT(f, 2, "PATCH /api/v1/namespaces/shop/events/bad.",
                  "Content-Type: application/merge-patch+json\r\n",
                  "\"count\":2", "\"lastTimestamp\":");
}

/* Another node, or an earlier run, has said it. */
static void
test_report_exists(void **state)
{
    struct fixture *f = *state;

    f->report_status = 409;
    run_until(f, is_well, NULL);
    send_policy(f, "bad", true);
    wait_for_reports(f, 1);
    wait_until_sent(f, 1);
    send_policy(f, "bad", true);
    send_policy(f, "good", true);
    wait_for_reports(f, 2);
    ASSERT_REPORT(f, 1, "POST ", "\"name\":\"good.");
}

/* The API server forgot it: what was to be a count is told anew. */
static void
test_report_forgotten(void **state)
{
    struct fixture *f = *state;

    run_until(f, is_well, NULL);
    send_policy(f, "good", true);
    wait_until_sent(f, 1);
    send_policy(f, "good", false);
    run_until(f, has_no_problem, NULL);
    f->report_status = 404;
    send_policy(f, "good", true);
    wait_for_reports(f, 2);
    f->report_status = 201;
    wait_for_reports(f, 3);
    ASSERT_REPORT(f, 1, "PATCH ", "good");
    ASSERT_REPORT(f, 2, "POST ", "\"count\":2");
}

static bool
report_fails(struct fixture *f, const void *part)
{
    struct kube_status s;

    kube_get_status(f->kube, &s);
    return s.events_error && strstr(s.events_error, part);
}

/* That may not be said does not disturb anything. */
static void
test_report_forbidden(void **state)
{
    struct fixture *f = *state;
    struct kube_status s;

    f->report_status = 403;
    run_until(f, is_well, NULL);
    send_policy(f, "good", true);
    run_until(f, report_fails, "HTTP 403: so");
    kube_get_status(f->kube, &s);
    assert_int_equal(s.n_events_failed, 1);
    assert_int_equal(s.n_events_sent, 0);
    assert_null(kube_error(f->kube));
    assert_true(is_well(f, NULL));

    /* Later it may: what was said before is not said again. */
    f->report_status = 201;
    send_policy(f, "bad", true);
    wait_until_sent(f, 1);
    assert_int_equal(f->reports.n, 2);
    assert_false(report_fails(f, ""));
}

/* A server that has trouble gets it later. */
static void
test_report_later(void **state)
{
    struct fixture *f = *state;

    f->report_status = 503;
    run_until(f, is_well, NULL);
    send_policy(f, "good", true);
    run_until(f, report_fails, "HTTP 503");
    f->report_status = 201;
    wait_until_sent(f, 1);
    assert_int_equal(f->reports.n, 2);
    assert_true(is_well(f, NULL));
}

static bool
has_many_problems(struct fixture *f, const void *n)
{
    struct kube_status s;

    kube_get_status(f->kube, &s);
    return s.n_problems == *(const size_t *) n;
}

/* So many go out at once, so many are kept for later; others are counted. */
static void
test_report_bounds(void **state)
{
    struct fixture *f = *state;
    size_t n = KUBE_EVENTS_MAX + KUBE_EVENTS_BURST + 7;
    struct kube_status s;

    run_until(f, is_well, NULL);
    for (size_t i = 0; i < n; i++) {
        char *name = xasprintf("bad-%"PRIuSIZE, i);

        send_policy(f, name, true);
        free(name);
    }
    run_until(f, has_many_problems, &n);
    wait_until_sent(f, KUBE_EVENTS_BURST);
    assert_int_equal(f->reports.n, KUBE_EVENTS_BURST);
    kube_get_status(f->kube, &s);
    assert_in_range(s.n_events_dropped, 7, n - KUBE_EVENTS_MAX);
    assert_true(is_well(f, NULL));
}

/* What is in a list is no different, and goes with the next. */
static void
test_problem_in_list(void **state)
{
    struct fixture *f = *state;

    create(f, K8S_POLICY, policy("bad", "7"));
    run_until(f, has_problem, "NetworkPolicy shop/bad: spec.ingress[0]");
    run_until(f, is_well, NULL);
    svec_clear(&f->objects[K8S_POLICY]);
    kube_sync_begin(f->kube, ++f->ticket);
    run_until(f, sync_is_done, NULL);
    assert_true(has_no_problem(f, NULL));
    assert_false(has_policy(f, "bad"));
}

/* Characters that JSON parsers refuse do not hide an object. */
static void
test_odd_characters(void **state)
{
    static const char *const values[] = {
        "\\u0000", "\xff", "\\ud800", "\\\\u0000", "\xc3\xa4\\n"
    };

    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        struct fixture *f;
        char *object = xasprintf("{\"metadata\":{\"name\":\"odd\","
                                 "\"namespace\":\"shop\",\"annotations\":{"
                                 "\"a\":\"%s\"}}}", values[i]);

        setup((void **) &f);
        create(f, K8S_POD, object);
        run_until(f, is_well, NULL);
        assert_true(has_pod(f, "odd"));
        send_event(f, K8S_POD, "DELETED", object);
        run_until(f, lacks_pod, "odd");
        assert_true(has_no_problem(f, NULL));
        teardown((void **) &f);
    }
}

/* An item without a name may be any: nothing is taken for gone. */
static void
test_unreadable_item(void **state)
{
    struct fixture *f = *state;

    run_until(f, is_well, NULL);
    forget_pod(f, "db");
    create(f, K8S_POD, xstrdup("{\"metadata\":7}"));
    kube_sync_begin(f->kube, ++f->ticket);
    run_until(f, sync_is_done, NULL);
    assert_true(has_problem(f, "Pod (unreadable): metadata"));
    assert_true(has_pod(f, "db"));

    free(f->objects[K8S_POD].names[--f->objects[K8S_POD].n]);
    kube_sync_begin(f->kube, ++f->ticket);
    run_until(f, sync_is_done, NULL);
    assert_true(has_no_problem(f, NULL));
    assert_false(has_pod(f, "db"));
}

static void
test_unreadable_events(void **state)
{
    static const char *const events[] = {
        "[]\n", "{\"type\":\"ADDED\"}\n", "}{\n", "\n", "null\n",
        "{\"type\":\"ADDED\",\"object\":{}}\n", "{\"type\":7,\"object\":{}}\n",
    };
    struct fixture *f = *state;
    char *object;

    run_until(f, is_well, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
        webserver_send(f->watches[K8S_POD], events[i], strlen(events[i]));
    }
    object = pod(f, "new", "new");
    send_event(f, K8S_POD, "ADDED", object);
    free(object);
    run_until(f, has_pod, "new");
    assert_true(has_problem(f, "Pod (unreadable)"));
    assert_int_equal(count_requests(f, "/pods?watch"), 1);
}

/* The barrier. */

static void
test_barrier(void **state)
{
    struct fixture *f = *state;

    run_until(f, is_well, NULL);
    create(f, K8S_POD, pod(f, "late", "late"));
    forget_pod(f, "db");
    kube_sync_begin(f->kube, 7);
    f->ticket = 7;
    assert_false(sync_is_done(f, NULL));
    run_until(f, sync_is_done, NULL);
    assert_true(has_pod(f, "late"));
    assert_false(has_pod(f, "db"));
    run_until(f, is_well, NULL);
    assert_int_equal(count_requests(f, "/pods?limit"), 2);
}

/* A list that was asked for before does not count. */
static void
test_barrier_during_list(void **state)
{
    struct fixture *f = *state;

    run_until(f, is_well, NULL);
    f->fault = (struct fault) { "/pods?limit", 0, "", "", 1 };
    kube_sync_begin(f->kube, 1);
    run_until(f, fault_is_over, NULL);
    kube_sync_begin(f->kube, 2);
    assert_false(kube_sync_is_done(f->kube, 1));
    webserver_cut(f->server, false);
    f->ticket = 2;
    run_until(f, sync_is_done, NULL);
    assert_true(kube_sync_is_done(f->kube, 1));
}

/* Bounds. */

static void
test_huge_event(void **state)
{
    struct fixture *f = *state;
    size_t size = 17 * 1024 * 1024;
    char *text = xmalloc(size);

    run_until(f, is_well, NULL);
    memset(text, ' ', size);
    webserver_send(f->watches[K8S_POD], text, size);
    run_until(f, error_says, "pods: the reply has more than 16777216 bytes");
    free(text);
    run_until(f, is_well, NULL);
    assert_int_equal(model_count(f->model, K8S_POD), 2);
}

static char *
filled(const char *before, char c, size_t n, const char *after)
{
    char *middle = xmalloc(n + 1);

    memset(middle, c, n);
    middle[n] = '\0';
    char *s = xasprintf("%s%s%s", before, middle, after);
    free(middle);
    return s;
}

static void
test_huge_list(void **state)
{
    struct {
        char *body;
        const char *error;
    } cases[] = {
        { filled("{\"items\":[\"", 'x', SPLIT_MAX_ITEM, "\"]}"),
          "pods: one item has more than 8388608 bytes" },
        { filled("{\"metadata\":\"", 'x', SPLIT_MAX_REST, "\"}"),
          "pods: a list without its items has more than 65536 bytes" },
        { filled("{\"metadata\":{\"resourceVersion\":\"", '1', 17 * 1024,
                 "\"},\"items\":[]}"),
          "pods: the reply is not a list" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct fixture *f;

        setup((void **) &f);
        f->fault = (struct fault) {
            "/pods?limit", 200, "", cases[i].body, 1
        };
        run_until(f, error_says, cases[i].error);
        run_until(f, is_well, NULL);
        teardown((void **) &f);
        free(cases[i].body);
    }
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_list),
        TEST(test_events),
        TEST(test_watch_delay),
        TEST(test_bookmark),
        TEST(test_pages),
        TEST(test_list_expires_between_pages),
        TEST(test_gone),
        TEST(test_gone_at_once),
        cmocka_unit_test(test_errors),
        TEST(test_retry_after),
        TEST(test_installed_later),
        TEST(test_installed_and_waited_for),
        TEST(test_removed),
        TEST(test_removed_unheard),
        TEST(test_not_served_for_a_moment),
        TEST(test_forbidden),
        TEST(test_nodes),
        TEST(test_not_understood),
        TEST(test_condition),
        TEST(test_condition_is_there),
        TEST(test_condition_is_over),
        TEST(test_condition_conflicts),
        TEST(test_condition_is_disputed),
        TEST(test_condition_is_forbidden),
        TEST(test_condition_is_invalid),
        TEST(test_short_absence),
        TEST(test_long_absence),
        TEST(test_history_backwards),
        TEST(test_other_cluster),
        TEST(test_emptied),
        TEST(test_silence),
        TEST(test_cut_line),
        TEST(test_last_good_version),
        TEST(test_report),
        TEST(test_report_again),
        TEST(test_report_exists),
        TEST(test_report_forgotten),
        TEST(test_report_forbidden),
        TEST(test_report_later),
        TEST(test_report_bounds),
        TEST(test_problem_in_list),
        cmocka_unit_test(test_odd_characters),
        TEST(test_unreadable_item),
        TEST(test_unreadable_events),
        TEST(test_barrier),
        TEST(test_barrier_during_list),
        TEST(test_huge_event),
        cmocka_unit_test(test_huge_list),
    };

    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
