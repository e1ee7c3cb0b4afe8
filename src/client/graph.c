/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "graph.h"

#include <stdlib.h>
#include <string.h>

#include "k8s.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "reach.h"
#include "util.h"

/* What joins two rows, before namespaces are put together. */
struct path {
    bool drawn;
    const struct reach_services *services;      /* NULL: differs. */
};

/* The rows of one namespace, one after the other. */
struct space {
    const char *ns;
    size_t first, n;
    size_t node;                /* Of all of them; SIZE_MAX until needed. */
};

struct builder {
    struct graph *graph;
    const struct rows *rows;
    struct path *paths;         /* rows->n squared. */
    struct space *spaces;
    size_t n_spaces;
};

static bool
row_is_restricted(const struct row *row, enum k8s_direction direction)
{
    for (size_t i = 0; i < row->n_members; i++) {
        if (row->members[i].class->restricted[direction]) {
            return true;
        }
    }
    return false;
}

static struct graph_node *
add_node(struct graph *g, enum graph_kind kind, const char *name,
         const char *ns)
{
    g->nodes = xrealloc(g->nodes, (g->n_nodes + 1) * sizeof *g->nodes);
    g->nodes[g->n_nodes] = (struct graph_node) {
        .kind = kind,
        .name = name,
        .ns = ns,
    };
    return &g->nodes[g->n_nodes++];
}

static void
add_rows(struct builder *b)
{
    for (size_t i = 0; i < b->rows->n; i++) {
        const struct row *row = &b->rows->rows[i];
        struct graph_node *node
            = add_node(b->graph, row->ns ? GRAPH_ROW : GRAPH_NET, row->name,
                       row->ns);

        node->n_pods = row->n_pods;
        node->egress = row_is_restricted(row, K8S_EGRESS);
        node->ingress = row_is_restricted(row, K8S_INGRESS);
    }
}

/* Rows are sorted by name, which begins with the namespace. */
static void
find_spaces(struct builder *b)
{
    for (size_t i = 0; i < b->rows->n; i++) {
        const char *ns = b->rows->rows[i].ns;
        struct space *last = b->n_spaces ? &b->spaces[b->n_spaces - 1] : NULL;

        if (ns && last && !strcmp(last->ns, ns)) {
            last->n++;
        } else if (ns) {
            b->spaces = xrealloc(b->spaces,
                                 (b->n_spaces + 1) * sizeof *b->spaces);
            b->spaces[b->n_spaces++] = (struct space) {
                .ns = ns, .first = i, .n = 1, .node = SIZE_MAX,
            };
        }
    }
}

static struct path
find_path(const struct builder *b, size_t from, size_t to)
{
    const struct graph_node *src = &b->graph->nodes[from];
    const struct graph_node *dst = &b->graph->nodes[to];
    struct ptrs sets = PTRS_INITIALIZER;
    struct path path = { false, NULL };

    if (src->egress || dst->ingress) {
        rows_cell(b->rows, from, to, &sets);
        const struct reach_services *first = sets.n ? sets.p[0] : NULL;

        path.drawn = sets.n > 1 || (first && !first->none);
        path.services = sets.n == 1 ? first : NULL;
        ptrs_uninit(&sets);
    }
    return path;
}

static struct path *
path_at(const struct builder *b, size_t from, size_t to)
{
    return &b->paths[from * b->rows->n + to];
}

static void
add_edge(struct graph *g, size_t from, size_t to,
         const struct reach_services *services)
{
    if (g->n_edges >= g->allocated_edges) {
        g->edges = x2nrealloc(g->edges, &g->allocated_edges,
                              sizeof *g->edges);
    }
    g->edges[g->n_edges++] = (struct graph_edge) { from, to, services };
    g->nodes[from].n_edges++;
    g->nodes[to].n_edges++;
}

/* The node of row 'i', at the end of an edge or at its beginning. */
static size_t
node_of_row(struct builder *b, size_t i, bool end)
{
    struct graph *g = b->graph;

    if (!end || g->nodes[i].kind != GRAPH_NET) {
        return i;
    }
    for (size_t j = b->rows->n; j < g->n_nodes; j++) {
        if (g->nodes[j].kind == GRAPH_NET_TO
            && g->nodes[j].name == g->nodes[i].name) {
            return j;
        }
    }
    add_node(g, GRAPH_NET_TO, g->nodes[i].name, NULL);
    return g->n_nodes - 1;
}

static size_t
find_kind(const struct graph *g, enum graph_kind kind)
{
    size_t i = 0;

    while (i < g->n_nodes && g->nodes[i].kind != kind) {
        i++;
    }
    return i;
}

/* The node of everybody. */
static size_t
node_of_all(struct builder *b, bool end)
{
    enum graph_kind kind = end ? GRAPH_ANYBODY_TO : GRAPH_ANYBODY;
    size_t i = find_kind(b->graph, kind);

    if (i == b->graph->n_nodes) {
        add_node(b->graph, kind, "anybody", NULL);
    }
    return i;
}

static size_t
node_of_space(struct builder *b, size_t first)
{
    struct space *space = b->spaces;

    while (space->first != first) {
        space++;
    }
    if (space->node == SIZE_MAX) {
        struct graph_node *node = add_node(b->graph, GRAPH_SPACE, space->ns,
                                           space->ns);

        space->node = node - b->graph->nodes;
        for (size_t i = first; i < first + space->n; i++) {
            node->n_pods += b->graph->nodes[i].n_pods;
            node->egress |= b->graph->nodes[i].egress;
            node->ingress |= b->graph->nodes[i].ingress;
        }
    }
    return space->node;
}

/* The node that stands for 'n' rows from 'first' on. */
static size_t
node_of(struct builder *b, size_t first, size_t n, bool end)
{
    return (n == 1 ? node_of_row(b, first, end)
            : n == b->rows->n ? node_of_all(b, end)
            : node_of_space(b, first));
}

/* Some rows, one after the other. */
struct span {
    size_t first, n;
};

/* What all paths between rows of 'src' and 'dst' have in common, if that is
 * all that one of them has; or NULL.  A row's path to itself does not
 * matter. */
static const struct reach_services *
find_common(const struct builder *b, const struct span *src,
            const struct span *dst)
{
    const struct reach_services *least = NULL;

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < src->n * dst->n; i++) {
            size_t from = src->first + i / dst->n;
            size_t to = dst->first + i % dst->n;
            const struct path *path = path_at(b, from, to);

            if (from == to) {
                continue;
            } else if (!path->drawn || !path->services) {
                return NULL;
            } else if (!least
                       || (!pass && reach_services_exceed(least,
                                                          path->services))) {
                least = path->services;
            } else if (reach_services_exceed(least, path->services)) {
                return NULL;
            }
        }
    }
    return least;
}

/* Draws one edge from many rows, or to many, for what all of these paths have
 * in common, if that is all of at least two of them. */
static void
join_many(struct builder *b, struct span src, struct span dst)
{
    const struct reach_services *common = find_common(b, &src, &dst);
    size_t n = 0;

    for (int pass = 0; common && pass < 2; pass++) {
        for (size_t i = 0; i < src.n * dst.n; i++) {
            struct path *path = path_at(b, src.first + i / dst.n,
                                        dst.first + i % dst.n);

            if (path->drawn && path->services == common) {
                n += !pass;
                path->drawn = !pass;
            }
        }
        if (n < 2) {
            return;
        }
    }
    if (common) {
        size_t from = node_of(b, src.first, src.n, false);
        size_t to = node_of(b, dst.first, dst.n, true);

        add_edge(b->graph, from, to, common);
    }
}

static void
join_rows(struct builder *b, size_t from, size_t to)
{
    const struct path *path = path_at(b, from, to);

    if (path->drawn) {
        add_edge(b->graph, from, node_of_row(b, to, true), path->services);
    }
}

static void
join_all(struct builder *b)
{
    const struct span all = { 0, b->rows->n };
    size_t n = b->rows->n;

    for (size_t i = 0; i < n; i++) {
        join_many(b, all, (struct span) { i, 1 });
        join_many(b, (struct span) { i, 1 }, all);
    }
    for (size_t i = 0; i < b->n_spaces * b->n_spaces; i++) {
        const struct space *src = &b->spaces[i / b->n_spaces];
        const struct space *dst = &b->spaces[i % b->n_spaces];

        if (src->n > 1 && dst->n > 1) {
            join_many(b, (struct span) { src->first, src->n },
                      (struct span) { dst->first, dst->n });
        }
    }
    for (size_t i = 0; i < n * b->n_spaces; i++) {
        const struct space *space = &b->spaces[i % b->n_spaces];
        const struct span row = { i / b->n_spaces, 1 };
        const struct span many = { space->first, space->n };

        if (space->n > 1) {
            join_many(b, row, many);
            join_many(b, many, row);
        }
    }
    for (size_t i = 0; i < n * n; i++) {
        join_rows(b, i / n, i % n);
    }
}

static bool
is_idle_net(const struct graph_node *node)
{
    return node->kind == GRAPH_NET && !node->n_edges;
}

/* Takes out networks where nothing leads to. */
static void
drop_idle_nets(struct graph *g)
{
    size_t *places = xmalloc(g->n_nodes * sizeof *places);
    size_t n = 0;

    for (size_t i = 0; i < g->n_nodes; i++) {
        places[i] = n;
        if (!is_idle_net(&g->nodes[i])) {
            g->nodes[n++] = g->nodes[i];
        }
    }
    g->n_nodes = n;
    for (size_t i = 0; i < g->n_edges; i++) {
        g->edges[i].from = places[g->edges[i].from];
        g->edges[i].to = places[g->edges[i].to];
    }
    free(places);
}

void
graph_init(struct graph *g, const struct rows *rows)
{
    struct builder b = { .graph = g, .rows = rows };

    memset(g, 0, sizeof *g);
    add_rows(&b);
    find_spaces(&b);
    b.paths = xcalloc(rows->n * rows->n, sizeof *b.paths);
    for (size_t i = 0; i < rows->n * rows->n; i++) {
        b.paths[i] = find_path(&b, i / rows->n, i % rows->n);
    }
    join_all(&b);
    drop_idle_nets(g);
    free(b.paths);
    free(b.spaces);
}

void
graph_uninit(struct graph *g)
{
    free(g->nodes);
    free(g->edges);
}

void
graph_format_edge(const struct graph_edge *edge, struct ds *s)
{
    if (edge->services) {
        reach_format_services(edge->services, s);
    } else {
        ds_put_cstr(s, "differs");
    }
}
