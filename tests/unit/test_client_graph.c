/* SPDX-License-Identifier: Apache-2.0
 *
 * Graphs and their layout.  What `graph -o dot` prints of the demo's cluster
 * is in tests/client. */

#include <config.h>

#include "client/graph.h"
#include "client/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "property.h"
#include "reach.h"
#include "scene.h"

/* Layout. */

#define MAX_NODES 30

static bool
nodes_overlap(const struct layout_node *a, const struct layout_node *b)
{
    return (a->x < b->x + b->width && b->x < a->x + a->width
            && a->y < b->y + b->height && b->y < a->y + a->height);
}

/* No two nodes overlap, all is on the page, and edges end at their nodes. */
static void
check_layout(const struct layout_node nodes[], size_t n_nodes,
             const struct layout_edge edges[], size_t n_edges, double width,
             double height)
{
    const double close = 0.001;

    for (size_t i = 0; i < n_nodes; i++) {
        assert_true(nodes[i].x >= -close && nodes[i].y >= -close);
        assert_true(nodes[i].x + nodes[i].width <= width + close);
        assert_true(nodes[i].y + nodes[i].height <= height + close);
        for (size_t j = 0; j < i; j++) {
            assert_false(nodes_overlap(&nodes[i], &nodes[j]));
        }
    }
    for (size_t i = 0; i < n_edges; i++) {
        const struct layout_edge *e = &edges[i];
        const struct layout_point *ends[] = { &e->points[0],
                                              &e->points[e->n_points - 1] };
        const struct layout_node *at[] = { &nodes[e->from], &nodes[e->to] };

        assert_true(e->n_points >= 2);
        for (int k = 0; k < 2; k++) {
            double left = ends[k]->x - at[k]->x;

            assert_true(left > -close && left < at[k]->width + close);
            assert_true(left < close || left > at[k]->width - close);
            assert_true(ends[k]->y > at[k]->y
                        && ends[k]->y < at[k]->y + at[k]->height);
        }
    }
}

static void
test_random_layouts(void **state)
{
    const struct layout_gaps gaps = { .rank = 100, .node = 10 };
    struct property p;
    uint64_t seed;
    size_t n_all = 0;

    property_begin(&p, "layout", 200);
    while (property_next(&p, &seed)) {
        struct layout_node nodes[MAX_NODES];
        struct layout_edge edges[2 * MAX_NODES];
        double width, height;
        struct rng rng;

        rng_init(&rng, seed);
        size_t n_nodes = 1 + rng_below(&rng, MAX_NODES);
        size_t n_edges = rng_below(&rng, 2 * MAX_NODES);
        for (size_t i = 0; i < n_nodes; i++) {
            nodes[i].width = 20 + rng_below(&rng, 100);
            nodes[i].height = 20 + rng_below(&rng, 50);
        }
        for (size_t i = 0; i < n_edges; i++) {
            edges[i].from = rng_below(&rng, n_nodes);
            edges[i].to = rng_below(&rng, n_nodes);
        }
        layout(nodes, n_nodes, edges, n_edges, &gaps, &width, &height);
        check_layout(nodes, n_nodes, edges, n_edges, width, height);
        for (size_t i = 0; i < n_edges; i++) {
            free(edges[i].points);
        }
        n_all += n_edges;
    }
    property_end(&p, n_all, "edges");
}

/* Without circles everything goes to the right. */
static void
test_direction(void **state)
{
    const struct layout_gaps gaps = { .rank = 100, .node = 10 };
    struct layout_node nodes[4] = {
        { 10, 10, 0, 0 }, { 10, 10, 0, 0 }, { 10, 10, 0, 0 }, { 10, 10, 0, 0 },
    };
    struct layout_edge edges[] = {
        { .from = 0, .to = 1 }, { .from = 1, .to = 2 }, { .from = 0, .to = 3 },
        { .from = 2, .to = 3 },
    };
    double width, height;

    layout(nodes, 4, edges, 4, &gaps, &width, &height);
    for (size_t i = 0; i < ARRAY_SIZE(edges); i++) {
        assert_true(nodes[edges[i].from].x < nodes[edges[i].to].x);
        free(edges[i].points);
    }
}

/* Graphs. */

static const char cluster[] =
    SCENE_POD("a", "x", "app: x", "n1", "10.0.0.1", "")
    SCENE_POD("a", "y", "app: y", "n1", "10.0.0.2", "")
    SCENE_POD("b", "z", "app: z", "n1", "10.0.1.1", "")
    SCENE_POD("b", "w", "app: w", "n1", "10.0.1.2", "");

/* The edges of 'yaml', by app, one a line. */
static char *
edges_of(const char *yaml)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct scene scene;
    struct reach *reach;
    struct rows rows;
    struct graph g;

    scene_init(&scene, NULL);
    scene_put(&scene, cluster);
    scene_put(&scene, yaml);
    assert_null(reach_create(scene.model, NULL, &reach));
    rows_init(&rows, reach, CLIENT_BY_APP, NULL);
    graph_init(&g, &rows);
    for (size_t i = 0; i < g.n_edges; i++) {
        ds_put_format(&s, "%s > %s ", g.nodes[g.edges[i].from].name,
                      g.nodes[g.edges[i].to].name);
        graph_format_edge(&g.edges[i], &s);
        ds_put_char(&s, '\n');
    }
    graph_uninit(&g);
    rows_uninit(&rows);
    reach_destroy(reach);
    scene_uninit(&scene);
    return ds_steal_cstr(&s);
}

static void
expect_edges(const char *yaml, const char *want)
{
    char *got = edges_of(yaml);

    assert_string_equal(got, want);
    free(got);
}

static void
test_edges(void **state)
{
    /* Nobody is restricted: nothing to draw. */
    expect_edges("", "");
    expect_edges(SCENE_POLICY("a", "p", "podSelector: {matchLabels: "
                              "{app: x}}, ingress: [{from: [{podSelector: {}}"
                              "], ports: [{port: 80}]}]"),
                 "a/y > a/x TCP/80\n");
    /* A whole namespace is one. */
    expect_edges(SCENE_POLICY("a", "p", "podSelector: {matchLabels: "
                              "{app: x}}, ingress: [{from: "
                              "[{namespaceSelector: {matchLabels: "
                              "{kubernetes.io/metadata.name: b}}}]}]"),
                 "b > a/x all\n");
    expect_edges(SCENE_POLICY("a", "p", "podSelector: {}, ingress: [{from: "
                              "[{namespaceSelector: {matchLabels: "
                              "{kubernetes.io/metadata.name: b}}}]}]"),
                 "b > a all\n");
    /* A network is one node on each side. */
    expect_edges(SCENE_POLICY("a", "p", "podSelector: {matchLabels: "
                              "{app: x}}, policyTypes: [Ingress, Egress], "
                              "ingress: [{from: [{ipBlock: {cidr: "
                              "192.0.2.0/24}}]}], egress: [{to: [{ipBlock: "
                              "{cidr: 192.0.2.0/24}}]}]"),
                 "a/x > 192.0.2.0/24 all\n192.0.2.0/24 > a/x all\n");
}

/* What everybody may do is one edge; who may do more has another. */
static void
test_anybody(void **state)
{
    expect_edges(SCENE_POLICY("a", "p", "podSelector: {matchLabels: "
                              "{app: x}}, ingress: [{ports: [{port: 80}]}, "
                              "{from: [{podSelector: {}}], ports: "
                              "[{port: 81}]}]"),
                 "anybody > a/x TCP/80\na/y > a/x TCP/80-81\n");
    expect_edges(SCENE_POLICY("a", "p", "podSelector: {matchLabels: "
                              "{app: x}}, policyTypes: [Egress], egress: "
                              "[{ports: [{port: 53, protocol: UDP}]}]"),
                 "a/x > anybody UDP/53\n");
}

/* Pods of one app that are not equal. */
static void
test_differing_edge(void **state)
{
    expect_edges(SCENE_POD("a", "x2", "app: x, more: m", "n1", "10.0.0.3", "")
                 SCENE_POLICY("a", "p", "podSelector: {matchLabels: "
                              "{app: y}}, ingress: [{from: [{podSelector: "
                              "{matchLabels: {more: m}}}]}]"),
                 "a/x > a/y differs\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_layouts),
        cmocka_unit_test(test_direction),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_anybody),
        cmocka_unit_test(test_differing_edge),
    };

    return cmocka_run_group_tests_name("client_graph", tests, NULL, NULL);
}
