/* SPDX-License-Identifier: Apache-2.0
 *
 * A diff for people, and for programs. */

#include <config.h>

#include "diff.h"

#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "columns.h"
#include "objects.h"
#include "openvswitch/dynamic-string.h"
#include "prefix.h"
#include "terminal.h"
#include "util.h"

/* More running connections are counted and not listed in text. */
#define MAX_CONNECTIONS 100

static const char *const signs[] = {
    [DIFF_ADDED] = "+", [DIFF_CHANGED] = "~", [DIFF_DELETED] = "-",
};
static const char *const change_names[] = {
    [DIFF_ADDED] = "added", [DIFF_CHANGED] = "changed",
    [DIFF_DELETED] = "deleted",
};

/* Text. */

struct writer {
    const struct diff *diff;
    bool colour;
    struct ds *s;
};

static enum client_colour
colour_of(const char *sign)
{
    return (sign[0] == '+' ? CLIENT_GREEN
            : sign[0] == '-' ? CLIENT_RED : CLIENT_YELLOW);
}

static void
put_title(struct writer *w, const char *title)
{
    ds_put_cstr(w->s, w->s->length ? "\n" : "");
    client_paint(w->s, w->colour, CLIENT_BOLD, title);
    ds_put_char(w->s, '\n');
}

static void
put_sign(struct writer *w, const char *sign)
{
    client_paint(w->s, w->colour, colour_of(sign), sign);
    ds_put_char(w->s, ' ');
}

static void
put_objects(struct writer *w)
{
    const struct diff *d = w->diff;

    put_title(w, "Objects");
    for (size_t i = 0; i < d->n_objects; i++) {
        const struct diff_object *o = &d->objects[i];

        put_sign(w, signs[o->change]);
        ds_put_format(w->s, "%s %s%s%s\n", k8s_kind_name(o->kind),
                      o->ns ? o->ns : "", o->ns ? "/" : "", o->name);
    }
    if (!d->n_objects) {
        ds_put_cstr(w->s, "the same\n");
    }
}

static const char *
access_sign(const struct diff_access *a)
{
    return a->gains && a->loses ? "~" : a->gains ? "+" : "-";
}

static void
put_access(struct writer *w)
{
    const struct diff *d = w->diff;
    struct columns columns;

    put_title(w, "Who reaches whom");
    columns_init(&columns, 4);
    for (size_t i = 0; i < d->n_access; i++) {
        const struct diff_access *a = &d->access[i];
        const char *sign = access_sign(a);
        char *pair = xasprintf("%s %s -> %s", sign, a->from, a->to);

        columns_add_nocopy(&columns, client_painted(w->colour,
                                                    colour_of(sign), pair));
        columns_add_nocopy(&columns, xasprintf("%s", a->after));
        columns_add_nocopy(&columns, xasprintf("was %s", a->before));
        columns_add_nocopy(&columns, xasprintf("%"PRIuSIZE" pair%s",
                                               a->n_pairs,
                                               a->n_pairs == 1 ? "" : "s"));
        free(pair);
    }
    columns_format(&columns, w->s);
    columns_destroy(&columns);
    if (!d->n_access) {
        ds_put_cstr(w->s, "the same\n");
    }
}

static void
put_flows(struct writer *w, bool all)
{
    const struct diff *d = w->diff;

    put_title(w, (d->before->has_node ? "Flows of this node"
                  : "Flows, if all pods were on one node"));
    ds_put_format(w->s, "%"PRIuSIZE" added or replaced, %"PRIuSIZE
                  " removed\n", d->added_flows.n, d->removed_flows.n);
    for (size_t i = 0; all && i < d->removed_flows.n; i++) {
        put_sign(w, "-");
        ds_put_format(w->s, "%s\n", d->removed_flows.names[i]);
    }
    for (size_t i = 0; all && i < d->added_flows.n; i++) {
        put_sign(w, "+");
        ds_put_format(w->s, "%s\n", d->added_flows.names[i]);
    }
}

static void
put_connections(struct writer *w)
{
    const struct diff *d = w->diff;

    if (!d->knows_connections) {
        return;
    }
    put_title(w, "Running connections");
    ds_put_format(w->s, "%"PRIuSIZE" of %"PRIuSIZE" would not be allowed%s\n",
                  d->n_connections, d->n_tracked,
                  (!d->n_connections ? ""
                   : d->before->node.recheck
                   ? ", and stop at once (established: recheck)"
                   : ", and go on until they end (established: keep)"));
    for (size_t i = 0; i < MIN(d->n_connections, MAX_CONNECTIONS); i++) {
        const struct diff_connection *c = &d->connections[i];

        put_sign(w, "-");
        ds_put_format(w->s, "%s -> %s", c->from, c->to);
        if (c->dst_port) {
            ds_put_format(w->s, ":%u", c->dst_port);
        }
        ds_put_format(w->s, " %s", k8s_protocol_name(c->protocol));
        if (c->src_port) {
            ds_put_format(w->s, " from port %u", c->src_port);
        }
        ds_put_char(w->s, '\n');
    }
    if (d->n_connections > MAX_CONNECTIONS) {
        ds_put_format(w->s, "and %"PRIuSIZE" more\n",
                      d->n_connections - MAX_CONNECTIONS);
    }
}

char *
diff_to_text(const struct diff *d, bool colour, bool flows)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct writer w = { .diff = d, .colour = colour, .s = &s };

    put_objects(&w);
    put_access(&w);
    put_flows(&w, flows);
    put_connections(&w);
    return ds_steal_cstr(&s);
}

/* JSON. */

static struct json *
object_to_json(const struct diff_object *o)
{
    struct json *json = json_object_create();

    json_object_put_string(json, "change", change_names[o->change]);
    json_object_put_string(json, "kind", k8s_kind_name(o->kind));
    json_object_put(json, "namespace", (o->ns ? json_string_create(o->ns)
                                        : json_null_create()));
    json_object_put_string(json, "name", o->name);
    return json;
}

static struct json *
access_to_json(const struct diff_access *a)
{
    struct json *json = json_object_create();

    json_object_put_string(json, "from", a->from);
    json_object_put_string(json, "to", a->to);
    json_object_put_string(json, "before", a->before);
    json_object_put_string(json, "after", a->after);
    json_object_put(json, "gains", json_boolean_create(a->gains));
    json_object_put(json, "loses", json_boolean_create(a->loses));
    json_object_put(json, "pairs", json_integer_create(a->n_pairs));
    return json;
}

static struct json *
svec_to_json(const struct svec *v)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < v->n; i++) {
        json_array_add(array, json_string_create(v->names[i]));
    }
    return array;
}

static struct json *
flows_to_json(const struct diff *d, bool all)
{
    struct json *json = json_object_create();

    json_object_put(json, "added", json_integer_create(d->added_flows.n));
    json_object_put(json, "removed", json_integer_create(d->removed_flows.n));
    if (all) {
        json_object_put(json, "addedFlows", svec_to_json(&d->added_flows));
        json_object_put(json, "removedFlows",
                        svec_to_json(&d->removed_flows));
    }
    return json;
}

static struct json *
address_to_json(const struct in6_addr *addr)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    address_format(addr, &s);
    return json_string_create_nocopy(ds_steal_cstr(&s));
}

static struct json *
port_to_json(uint16_t port)
{
    return port ? json_integer_create(port) : json_null_create();
}

static struct json *
connection_to_json(const struct diff_connection *c)
{
    struct json *json = json_object_create();

    json_object_put_string(json, "protocol", k8s_protocol_name(c->protocol));
    json_object_put_string(json, "from", c->from);
    json_object_put_string(json, "to", c->to);
    json_object_put(json, "source", address_to_json(&c->src));
    json_object_put(json, "destination", address_to_json(&c->dst));
    json_object_put(json, "sourcePort", port_to_json(c->src_port));
    json_object_put(json, "port", port_to_json(c->dst_port));
    return json;
}

static struct json *
connections_to_json(const struct diff *d)
{
    if (!d->knows_connections) {
        return json_null_create();
    }

    struct json *json = json_object_create();
    struct json *denied = json_array_create_empty();

    for (size_t i = 0; i < d->n_connections; i++) {
        json_array_add(denied, connection_to_json(&d->connections[i]));
    }
    json_object_put(json, "tracked", json_integer_create(d->n_tracked));
    json_object_put(json, "denied", denied);
    json_object_put_string(json, "established",
                           d->before->node.recheck ? "recheck" : "keep");
    return json;
}

struct json *
diff_to_json(const struct diff *d, bool flows)
{
    struct json *json = json_object_create();
    struct json *objects = json_array_create_empty();
    struct json *access = json_array_create_empty();

    for (size_t i = 0; i < d->n_objects; i++) {
        json_array_add(objects, object_to_json(&d->objects[i]));
    }
    for (size_t i = 0; i < d->n_access; i++) {
        json_array_add(access, access_to_json(&d->access[i]));
    }
    json_object_put(json, "objects", objects);
    json_object_put(json, "access", access);
    json_object_put(json, "flows", flows_to_json(d, flows));
    json_object_put(json, "connections", connections_to_json(d));
    return json;
}
