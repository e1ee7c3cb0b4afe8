/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "path.h"

#include <string.h>

#include "ovs-json.h"

#include "detrace.h"
#include "k8s.h"
#include "objects.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

static const char *
enforced(const struct path *p)
{
    return (p->enforces[K8S_EGRESS] && p->enforces[K8S_INGRESS]
            ? "egress and ingress"
            : p->enforces[K8S_EGRESS] ? "egress only, ingress is another's"
            : p->enforces[K8S_INGRESS] ? "ingress only, egress is another's"
            : "nothing, neither end is here");
}

static const char *
say_passes(bool passes)
{
    return passes ? "let it through" : "drop it";
}

static void
format_lines(const struct path *p, const struct svec *lines, struct ds *s)
{
    const char *line;
    size_t i;

    SVEC_FOR_EACH (i, line, lines) {
        ds_put_format(s, "    %s\n", line);
        detrace_line(p->detrace, line, "        # ", s);
    }
}

static void
format_switch(const struct path *p, bool flows, struct ds *s)
{
    ds_put_format(s, "  switch   bridge %s: %s%s", p->bridge,
                  (p->switch_passes == p->expected ? "agrees"
                   : "DISAGREES, its flows "),
                  (p->switch_passes == p->expected ? ""
                   : say_passes(p->switch_passes)));
    if (p->bridge_drops) {
        ds_put_cstr(s, "; behind us nobody takes it");
    }
    ds_put_format(s, "\n           %s\n", p->command);
    if (flows || p->switch_passes != p->expected) {
        format_lines(p, &p->trace, s);
    }
}

void
path_format(const struct path *p, bool flows, struct ds *s)
{
    ds_put_format(s, "  node     enforces %s\n", enforced(p));
    ds_put_format(s, "  flows    %s%s\n", say_passes(p->passes),
                  (p->passes == p->expected ? ""
                   : ", which is WRONG: please report it"));
    if (flows) {
        format_lines(p, &p->flows, s);
    }
    if (p->bridge) {
        format_switch(p, flows, s);
    }
}

/* JSON. */

static struct json *
names_to_json(const struct path *p, const char *line)
{
    struct json *json = json_array_create_empty();
    struct ds names = DS_EMPTY_INITIALIZER;
    char *save = NULL;

    detrace_line(p->detrace, line, "", &names);
    for (char *name = strtok_r(ds_cstr(&names), "\n", &save); name;
         name = strtok_r(NULL, "\n", &save)) {
        json_array_add(json, json_string_create(name));
    }
    ds_destroy(&names);
    return json;
}

static struct json *
lines_to_json(const struct path *p, const struct svec *lines)
{
    struct json *json = json_array_create_empty();
    const char *line;
    size_t i;

    SVEC_FOR_EACH (i, line, lines) {
        struct json *item = json_object_create();

        json_object_put_string(item, "text", line);
        json_object_put(item, "names", names_to_json(p, line));
        json_array_add(json, item);
    }
    return json;
}

static struct json *
passage_to_json(const struct path *p, bool passes, const struct svec *lines)
{
    struct json *json = json_object_create();

    json_object_put(json, "passes", json_boolean_create(passes));
    json_object_put(json, "agrees",
                    json_boolean_create(passes == p->expected));
    json_object_put(json, "lines", (lines
                                    ? lines_to_json(p, lines)
                                    : json_array_create_empty()));
    return json;
}

void
path_to_json(const struct path *p, bool flows, struct json *json)
{
    struct json *node = json_object_create();

    for (int d = 0; d < K8S_N_DIRECTIONS; d++) {
        json_object_put(node, k8s_direction_name(d),
                        json_boolean_create(p->enforces[d]));
    }
    json_object_put(json, "node", node);
    json_object_put(json, "flows", passage_to_json(p, p->passes,
                                                   flows ? &p->flows : NULL));
    if (p->bridge) {
        struct json *live = passage_to_json(p, p->switch_passes,
                                            flows ? &p->trace : NULL);

        json_object_put_string(live, "bridge", p->bridge);
        json_object_put_string(live, "command", p->command);
        json_object_put(live, "bridgeDrops",
                        json_boolean_create(p->bridge_drops));
        json_object_put(json, "switch", live);
    }
}
