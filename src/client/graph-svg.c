/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "graph.h"

#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "openvswitch/dynamic-string.h"
#include "reach.h"
#include "report-text.h"
#include "util.h"

/* Pixels. */
#define MARGIN 24
#define NODE_HEIGHT 46
#define LETTER 7.6              /* Of a name. */
#define SMALL_LETTER 6.1        /* Of what is below it, and of labels. */
#define LABEL_HEIGHT 14

/* Longer labels are cut; the whole is in the tooltip. */
#define MAX_LABEL 26

/* Hues of namespaces; there are as many in the style. */
#define N_HUES 8

/* The style is the page's, or else comes with the picture. */
static const char heads[] =
    "<defs>\n"
    "<marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" "
    "markerWidth=\"9\" markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" "
    "orient=\"auto\"><path class=\"head\" d=\"M0 0L8 4L0 8z\"/></marker>\n"
    "<marker id=\"head-all\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" "
    "markerWidth=\"9\" markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" "
    "orient=\"auto\"><path class=\"head all\" d=\"M0 0L8 4L0 8z\"/></marker>\n"
    "</defs>\n";

struct box {
    double x, y, width, height;
};

struct drawing {
    const struct graph *graph;
    struct layout_node *nodes;
    struct layout_edge *edges;
    struct box *labels;         /* That are there already. */
    size_t n_labels;
    struct ds *s;
};

static void
put_escaped(const char *text, struct ds *s)
{
    for (; *text; text++) {
        switch (*text) {
        case '<':
            ds_put_cstr(s, "&lt;");
            break;
        case '>':
            ds_put_cstr(s, "&gt;");
            break;
        case '&':
            ds_put_cstr(s, "&amp;");
            break;
        case '"':
            ds_put_cstr(s, "&quot;");
            break;
        default:
            ds_put_char(s, *text);
        }
    }
}

/* Nodes. */

static const char *
short_name(const struct graph_node *node)
{
    const char *slash = strchr(node->name, '/');

    return node->kind == GRAPH_ROW && slash ? slash + 1 : node->name;
}

static char *
about(const struct graph_node *node)
{
    const char *plural = node->n_pods == 1 ? "" : "s";

    if (!node->ns) {
        return xstrdup(node->kind == GRAPH_NET || node->kind == GRAPH_NET_TO
                       ? "outside" : "inside and outside");
    } else if (node->kind == GRAPH_SPACE || !strchr(node->name, '/')) {
        return xasprintf("all %"PRIuSIZE" pod%s", node->n_pods, plural);
    }
    return xasprintf("%s, %"PRIuSIZE" pod%s", node->ns, node->n_pods, plural);
}

static void
measure_nodes(struct drawing *d)
{
    for (size_t i = 0; i < d->graph->n_nodes; i++) {
        const struct graph_node *node = &d->graph->nodes[i];
        char *text = about(node);
        double name = LETTER * strlen(short_name(node));
        double below = SMALL_LETTER * strlen(text);

        d->nodes[i].width = 36 + MAX(60, MAX(name, below));
        d->nodes[i].height = NODE_HEIGHT;
        free(text);
    }
}

/* Namespaces in order of their names, as rows are. */
static int
hue_of(const struct graph *g, const char *ns)
{
    const char *last = NULL;
    int hue = -1;

    for (size_t i = 0; i < g->n_nodes; i++) {
        const struct graph_node *node = &g->nodes[i];

        if (node->kind == GRAPH_ROW && (!last || strcmp(last, node->ns))) {
            last = node->ns;
            hue++;
            if (!strcmp(last, ns)) {
                break;
            }
        }
    }
    return MAX(hue, 0) % N_HUES;
}

static void
put_node(struct drawing *d, size_t i)
{
    const struct graph_node *node = &d->graph->nodes[i];
    const struct layout_node *at = &d->nodes[i];
    bool open = node->ns && !node->egress && !node->ingress;
    int radius = node->ns ? 8 : NODE_HEIGHT / 2;
    char *text = about(node);

    ds_put_format(d->s, "<g class=\"node%s%s\"><title>",
                  node->kind == GRAPH_SPACE ? " space" : "",
                  open ? " open" : "");
    put_escaped(node->name, d->s);
    ds_put_format(d->s, "</title><rect class=\"card\" x=\"%.1f\" y=\"%.1f\" "
                  "width=\"%.1f\" height=\"%.1f\" rx=\"%d\"/>",
                  at->x, at->y, at->width, at->height, radius);
    if (node->ns) {
        ds_put_format(d->s, "<rect class=\"h%d\" x=\"%.1f\" y=\"%.1f\" "
                      "width=\"5\" height=\"%.1f\" rx=\"2.5\"/>",
                      hue_of(d->graph, node->ns), at->x + 7, at->y + 9,
                      at->height - 18);
    }
    ds_put_format(d->s, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\">",
                  at->x + 20, at->y + 20);
    put_escaped(short_name(node), d->s);
    ds_put_format(d->s, "</text><text class=\"about\" x=\"%.1f\" "
                  "y=\"%.1f\">", at->x + 20, at->y + 35);
    put_escaped(text, d->s);
    ds_put_cstr(d->s, "</text></g>\n");
    free(text);
}

/* Edges. */

static bool
overlap(const struct box *a, const struct box *b)
{
    return (a->x < b->x + b->width && b->x < a->x + a->width
            && a->y < b->y + b->height && b->y < a->y + a->height);
}

static bool
is_free(const struct drawing *d, const struct box *box)
{
    for (size_t i = 0; i < d->n_labels; i++) {
        if (overlap(box, &d->labels[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < d->graph->n_nodes; i++) {
        const struct layout_node *node = &d->nodes[i];
        struct box card = { node->x, node->y, node->width, node->height };

        if (overlap(box, &card)) {
            return false;
        }
    }
    return true;
}

/* The point of the curve from 'a' to 'b' at 't', 0 to 1.  See put_path(). */
static struct layout_point
point_at(const struct layout_point *a, const struct layout_point *b, double t)
{
    double x = (b->x - a->x) / 2, u = 1 - t;

    return (struct layout_point) {
        (u * u * u * a->x + 3 * u * u * t * (a->x + x)
         + 3 * u * t * t * (b->x - x) + t * t * t * b->x),
        ((u * u * u + 3 * u * u * t) * a->y
         + (3 * u * t * t + t * t * t) * b->y),
    };
}

/* Finds a place for a label of this width on the edge: its middle.  Looks near
 * the target first, where edges are told apart best. */
static struct layout_point
find_place(struct drawing *d, const struct layout_edge *edge, double width)
{
    static const double places[] = { 0.5, 0.38, 0.62, 0.27, 0.73, 0.18 };
    struct layout_point first = { 0, 0 };

    for (size_t i = edge->n_points - 1; i > 0; i--) {
        for (size_t j = 0; j < ARRAY_SIZE(places); j++) {
            struct layout_point at = point_at(&edge->points[i - 1],
                                              &edge->points[i], places[j]);
            struct box box = { at.x - width / 2, at.y - LABEL_HEIGHT / 2,
                               width, LABEL_HEIGHT };

            if (i == edge->n_points - 1 && !j) {
                first = at;
            }
            if (is_free(d, &box)) {
                d->labels[d->n_labels++] = box;
                return at;
            }
        }
    }
    return first;
}

/* Curves that are level where they begin and end. */
static void
put_path(const struct layout_edge *edge, struct ds *s)
{
    const struct layout_point *p = edge->points;

    ds_put_format(s, "M%.1f %.1f", p[0].x, p[0].y);
    if (edge->from == edge->to) {
        ds_put_format(s, "C%.1f %.1f %.1f %.1f %.1f %.1f", p[1].x, p[1].y,
                      p[2].x, p[2].y, p[3].x, p[3].y);
        return;
    }
    for (size_t i = 1; i < edge->n_points; i++) {
        double x = (p[i].x - p[i - 1].x) / 2;

        ds_put_format(s, "C%.1f %.1f %.1f %.1f %.1f %.1f",
                      p[i - 1].x + x, p[i - 1].y, p[i].x - x, p[i].y,
                      p[i].x, p[i].y);
    }
}

static void
put_label(struct drawing *d, const struct layout_edge *edge, const char *text)
{
    size_t length = MIN(strlen(text), MAX_LABEL);
    char *label = xmemdup0(text, length);
    struct layout_point at;

    if (edge->from == edge->to) {
        at = edge->points[1];
        at.x += SMALL_LETTER * length / 2;
    } else {
        at = find_place(d, edge, SMALL_LETTER * length + 6);
    }
    ds_put_format(d->s, "<text class=\"label\" x=\"%.1f\" y=\"%.1f\">", at.x,
                  at.y + 4);
    put_escaped(label, d->s);
    ds_put_format(d->s, "%s</text>", text[length] ? "…" : "");
    free(label);
}

static void
put_edge(struct drawing *d, size_t i)
{
    const struct graph_edge *edge = &d->graph->edges[i];
    bool all = edge->services && edge->services->all;
    struct ds text = DS_EMPTY_INITIALIZER;

    graph_format_edge(edge, &text);
    ds_put_cstr(d->s, "<g class=\"arrow\"><title>");
    put_escaped(d->graph->nodes[edge->from].name, d->s);
    ds_put_cstr(d->s, " → ");
    put_escaped(d->graph->nodes[edge->to].name, d->s);
    ds_put_cstr(d->s, ": ");
    put_escaped(ds_cstr(&text), d->s);
    ds_put_format(d->s, "</title><path class=\"edge%s\" marker-end=\""
                  "url(#head%s)\" d=\"",
                  all ? " all" : edge->services ? "" : " differs",
                  all ? "-all" : "");
    put_path(&d->edges[i], d->s);
    ds_put_cstr(d->s, "\"/>");
    put_label(d, &d->edges[i], ds_cstr(&text));
    ds_put_cstr(d->s, "</g>\n");
    ds_destroy(&text);
}

static void
put_page(struct drawing *d, double width, double height, bool with_style)
{
    ds_put_format(d->s, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                  "class=\"policy-graph\" role=\"img\" "
                  "aria-label=\"What policies allow\" width=\"%.0f\" "
                  "height=\"%.0f\" viewBox=\"%d %d %.0f %.0f\">\n",
                  width + 2 * MARGIN, height + 2 * MARGIN, -MARGIN, -MARGIN,
                  width + 2 * MARGIN, height + 2 * MARGIN);
    if (with_style) {
        ds_put_cstr(d->s, "<style>\n");
        for (size_t i = 0; graph_style[i]; i++) {
            ds_put_cstr(d->s, graph_style[i]);
        }
        ds_put_cstr(d->s, "</style>\n");
    }
    ds_put_format(d->s, "%s<rect class=\"paper\" x=\"%d\" y=\"%d\" "
                  "width=\"%.0f\" height=\"%.0f\"/>\n", heads,
                  -MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN);
}

static void
draw(const struct graph *g, bool with_style, struct ds *s)
{
    const struct layout_gaps gaps = { .rank = 170, .node = 22 };
    struct drawing d = {
        .graph = g,
        .nodes = xcalloc(g->n_nodes, sizeof *d.nodes),
        .edges = xcalloc(g->n_edges, sizeof *d.edges),
        .labels = xcalloc(g->n_edges, sizeof *d.labels),
        .s = s,
    };
    double width, height;

    measure_nodes(&d);
    for (size_t i = 0; i < g->n_edges; i++) {
        d.edges[i].from = g->edges[i].from;
        d.edges[i].to = g->edges[i].to;
    }
    layout(d.nodes, g->n_nodes, d.edges, g->n_edges, &gaps, &width, &height);
    put_page(&d, width, height, with_style);
    for (size_t i = 0; i < g->n_edges; i++) {
        put_edge(&d, i);
    }
    for (size_t i = 0; i < g->n_nodes; i++) {
        put_node(&d, i);
    }
    ds_put_cstr(s, "</svg>\n");

    for (size_t i = 0; i < g->n_edges; i++) {
        free(d.edges[i].points);
    }
    free(d.nodes);
    free(d.edges);
    free(d.labels);
}

void
graph_format_svg(const struct graph *g, struct ds *s)
{
    draw(g, true, s);
}

void
graph_format_svg_element(const struct graph *g, struct ds *s)
{
    draw(g, false, s);
}
