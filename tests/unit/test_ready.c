/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "ready.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doc.h"
#include "histogram.h"
#include "k8s.h"
#include "label.h"
#include "model.h"
#include "smap.h"
#include "util.h"

struct fixture {
    struct label_pool *pool;
    struct model *model;
    struct ready *ready;
};

static int
setup(void **state)
{
    struct fixture *f = xmalloc(sizeof *f);

    f->pool = label_pool_create();
    f->model = model_create(f->pool);
    f->ready = ready_create();
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    ready_destroy(f->ready);
    model_destroy(f->model);
    label_pool_destroy(f->pool);
    free(f);
    return 0;
}

static void
put_pod(struct fixture *f, const char *name)
{
    char *text = xasprintf("{\"metadata\":{\"namespace\":\"a\",\"name\":"
                           "\"%s\"}}", name);
    struct k8s_report report;
    struct doc *doc;
    char *key;

    assert_null(doc_parse_json(text, strlen(text), NULL, &doc));
    struct k8s_object *pod = k8s_parse(K8S_POD, doc_root(doc), f->pool, NULL,
                                       &report, &key);
    assert_non_null(pod);
    model_put(f->model, pod);
    k8s_report_uninit(&report);
    free(key);
    doc_destroy(doc);
    free(text);
}

/* One interface, "v", of pod a/'pod'; none if NULL. */
static void
set_port(struct fixture *f, char *pod, uint32_t ofport)
{
    static char ns[] = "a", interface[] = "v";
    const struct model_port port = {
        .ns = ns, .name = pod, .interface = interface, .ofport = ofport
    };

    model_set_ports(f->model, &port, pod != NULL);
}

static bool
run(struct fixture *f, uint64_t installed, long long int now)
{
    return ready_run(f->ready, f->model, installed, now);
}

/* The switch has all. */
static bool
run_installed(struct fixture *f, long long int now)
{
    return run(f, model_generation(f->model), now);
}

static bool
is_ready(const struct fixture *f)
{
    return smap_get(ready_marks(f->ready), "v");
}

static char p[] = "p", q[] = "q";

/* Nothing is said before the switch has anything: marks of an earlier run may
 * be right. */
static void
test_first_run(void **state)
{
    struct fixture *f = *state;

    assert_false(run(f, 0, 1));
    put_pod(f, "p");
    set_port(f, p, 1);
    assert_false(run(f, 0, 2));
    assert_true(run_installed(f, 3));
    assert_true(is_ready(f));
    assert_false(run_installed(f, 4));
    /* It was there already. */
    assert_int_equal(histogram_count(ready_histogram(f->ready)), 0);
}

/* The generation that counts is the one that has both, pod and port. */
static void
test_order(void **state)
{
    struct fixture *f = *state;
    uint64_t before;

    assert_true(run_installed(f, 0));
    before = model_generation(f->model);
    set_port(f, p, 1);
    assert_false(run_installed(f, 1000));
    assert_false(is_ready(f));
    put_pod(f, "p");
    assert_false(run(f, before, 2000));
    assert_false(run(f, model_generation(f->model) - 1, 3000));
    assert_false(is_ready(f));
    assert_true(run_installed(f, 5000));
    assert_string_equal(smap_get(ready_marks(f->ready), "v"), "4");
    assert_int_equal(histogram_count(ready_histogram(f->ready)), 1);
    assert_int_equal(ready_histogram(f->ready)->sum, 4000);

    /* What the switch forgets comes back by itself. */
    assert_false(run(f, 0, 6000));
    assert_true(is_ready(f));
}

static void
test_changes(void **state)
{
    struct fixture *f = *state;

    put_pod(f, "p");
    put_pod(f, "q");
    set_port(f, p, 1);
    assert_true(run_installed(f, 0));

    /* Another pod, another port, gone. */
    set_port(f, q, 1);
    assert_true(run(f, 1, 1));
    assert_false(is_ready(f));
    assert_true(run_installed(f, 2));
    assert_true(is_ready(f));
    set_port(f, q, 2);
    assert_true(run(f, 1, 3));
    assert_false(is_ready(f));
    assert_true(run_installed(f, 4));
    set_port(f, NULL, 0);
    assert_true(run_installed(f, 5));
    assert_true(smap_is_empty(ready_marks(f->ready)));
    assert_int_equal(histogram_count(ready_histogram(f->ready)), 2);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_first_run),
        TEST(test_order),
        TEST(test_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
