/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "proof.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"

#include "k8s.h"
#include "openvswitch/dynamic-string.h"
#include "terminal.h"
#include "util.h"
#include "verdict.h"

/* Text. */

static void
format_flows(const struct proof *p, struct ds *s)
{
    if (!p->bridge) {
        ds_put_format(s, "flows    %"PRIuSIZE" compiled\n",
                      replica_count(p->replica));
        return;
    }
    ds_put_format(s, "flows    %"PRIuSIZE" in bridge %s, generation %"PRIu64
                  ": %"PRIuSIZE" missing or changed, %"PRIuSIZE" not ours\n",
                  replica_count(p->replica), p->bridge,
                  p->objects.node.generation, p->n_missing, p->n_foreign);
}

static void
format_cells(const struct proof *p, struct ds *s)
{
    const struct verify_plan *plan = p->plan;

    ds_put_format(s, "classes  %"PRIuSIZE" stand for %"PRIuSIZE" addresses, %"
                  PRIuSIZE" services for all\n", plan->n_addresses,
                  plan->n_addresses + plan->n_suspects, plan->n_services);
    ds_put_format(s, "cells    %"PRIu64" of %"PRIu64" checked with %"PRIu64
                  " packets, %"PRIu64" wrong\n", p->result.n_checked,
                  p->result.n_cells, p->result.n_packets, p->result.n_wrong);
}

static void
indent(const char *text, const char *prefix, struct ds *s)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        ds_put_format(s, "%s%.*s\n", prefix, (int) length, text);
        text += length + (text[length] == '\n');
    }
}

static void
format_mismatch(const struct proof *p, const struct verify_mismatch *m,
                bool colour, struct ds *s)
{
    struct ds text = DS_EMPTY_INITIALIZER;

    ds_put_char(s, '\n');
    client_paint(s, colour, CLIENT_RED, "wrong");
    ds_put_cstr(s, "  ");
    verify_mismatch_summary(m, s);
    ds_put_cstr(s, "\n  ovs-appctl ofproto/trace ");
    ds_put_format(s, "%s ", p->bridge ? p->bridge : "BRIDGE");
    verify_mismatch_trace(m, s);
    ds_put_cstr(s, "\n  the flows on its way:\n");
    verify_mismatch_flows(&p->verify, m, &text);
    indent(ds_cstr(&text), "    ", s);

    struct verdict v;
    ds_clear(&text);
    verdict_evaluate(p->verify.model, &m->query, &v);
    verdict_format(&m->query, &v, &text);
    verdict_uninit(&v);
    ds_put_cstr(s, "  the policies:\n");
    indent(ds_cstr(&text), "    ", s);
    ds_destroy(&text);
}

static const char *
conclude(const struct proof *p)
{
    return (!proof_is_ok(p)
            ? "The flows do not do what the policies say."
            : !proof_is_complete(p)
            ? "Nothing wrong in what was looked at, which was not all."
            : "Proved: the flows do what the policies say.");
}

char *
proof_to_text(const struct proof *p, bool colour)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    const char *difference;
    size_t i;

    format_flows(p, &s);
    format_cells(p, &s);
    SVEC_FOR_EACH (i, difference, &p->differences) {
        ds_put_format(&s, "%s%s\n", i ? "" : "\n", difference);
    }
    for (i = 0; i < p->result.n_mismatches; i++) {
        format_mismatch(p, &p->result.mismatches[i], colour, &s);
    }
    ds_put_format(&s, "\n");
    client_paint(&s, colour, (!proof_is_ok(p) ? CLIENT_RED
                              : proof_is_complete(p) ? CLIENT_GREEN
                              : CLIENT_YELLOW), conclude(p));
    ds_put_char(&s, '\n');
    return ds_steal_cstr(&s);
}

/* JSON. */

static void
put_integer(struct json *object, const char *name, uint64_t value)
{
    json_object_put(object, name, json_integer_create(value));
}

static struct json *
lines_to_json(const char *text)
{
    struct json *json = json_array_create_empty();

    while (*text) {
        size_t length = strcspn(text, "\n");
        char *line = xmemdup0(text, length);

        json_array_add(json, json_string_create_nocopy(line));
        text += length + (text[length] == '\n');
    }
    return json;
}

static struct json *
mismatch_to_json(const struct proof *p, const struct verify_mismatch *m)
{
    struct json *json = json_object_create();
    struct ds text = DS_EMPTY_INITIALIZER;
    struct verdict v;

    json_object_put_string(json, "what", m->what);
    json_object_put(json, "expected", json_boolean_create(m->expected));
    json_object_put(json, "passed", json_boolean_create(m->outcome.passed));
    json_object_put(json, "strange", json_boolean_create(m->outcome.strange));
    verdict_evaluate(p->verify.model, &m->query, &v);
    json_object_put(json, "verdict", verdict_to_json(&m->query, &v));
    verdict_uninit(&v);
    verify_mismatch_flows(&p->verify, m, &text);
    json_object_put(json, "flows", lines_to_json(ds_cstr(&text)));
    ds_clear(&text);
    ds_put_format(&text, "ovs-appctl ofproto/trace %s ",
                  p->bridge ? p->bridge : "BRIDGE");
    verify_mismatch_trace(m, &text);
    json_object_put_string(json, "trace", ds_cstr(&text));
    ds_destroy(&text);
    return json;
}

static struct json *
flows_to_json(const struct proof *p)
{
    struct json *json = json_object_create();
    struct json *differences = json_array_create_empty();
    const char *difference;
    size_t i;

    SVEC_FOR_EACH (i, difference, &p->differences) {
        json_array_add(differences, json_string_create(difference));
    }
    json_object_put(json, "bridge", (p->bridge
                                     ? json_string_create(p->bridge)
                                     : json_null_create()));
    put_integer(json, "total", replica_count(p->replica));
    put_integer(json, "missing", p->n_missing);
    put_integer(json, "foreign", p->n_foreign);
    json_object_put(json, "differences", differences);
    return json;
}

static struct json *
cells_to_json(const struct proof *p)
{
    struct json *json = json_object_create();

    put_integer(json, "classes", p->plan->n_addresses);
    put_integer(json, "addresses",
                p->plan->n_addresses + p->plan->n_suspects);
    put_integer(json, "services", p->plan->n_services);
    put_integer(json, "total", p->result.n_cells);
    put_integer(json, "checked", p->result.n_checked);
    put_integer(json, "packets", p->result.n_packets);
    put_integer(json, "wrong", p->result.n_wrong);
    return json;
}

char *
proof_to_json(const struct proof *p)
{
    struct json *json = json_object_create();
    struct json *mismatches = json_array_create_empty();

    for (size_t i = 0; i < p->result.n_mismatches; i++) {
        json_array_add(mismatches,
                       mismatch_to_json(p, &p->result.mismatches[i]));
    }
    json_object_put(json, "ok", json_boolean_create(proof_is_ok(p)));
    json_object_put(json, "complete",
                    json_boolean_create(proof_is_complete(p)));
    put_integer(json, "generation", p->objects.node.generation);
    json_object_put(json, "flows", flows_to_json(p));
    json_object_put(json, "cells", cells_to_json(p));
    json_object_put(json, "mismatches", mismatches);

    char *text = json_to_string(json, JSSF_PRETTY | JSSF_SORT);
    json_destroy(json);
    return text;
}
