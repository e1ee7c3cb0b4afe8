/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "verdict-near.h"

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "ovs-json.h"
#include "verdict.h"

/* For people, and for programs. */
#define MAX_LINES 3
#define MAX_ITEMS 20

void
verdict_format_near(const struct model *model,
                    const struct verdict_query *query, const struct verdict *v,
                    enum k8s_direction direction, struct ds *s)
{
    size_t n, n_all;
    struct verdict_near *nears = verdict_find_near(model, query, v, direction,
                                                   MAX_LINES, &n, &n_all);

    for (size_t i = 0; i < n; i++) {
        const struct verdict_near *near = &nears[i];

        ds_put_format(s, "  %s %s/%s %s[%"PRIuSIZE"]: %s\n",
                      i ? "   and" : "nearly", near->policy->up.ns,
                      near->policy->up.name, k8s_direction_name(direction),
                      near->rule, near->why);
    }
    if (n_all > n) {
        ds_put_format(s, "         and %"PRIuSIZE" more rules, further off\n",
                      n_all - n);
    }
    verdict_near_free(nears, n);
}

static struct json *
to_json(const struct verdict_near *near)
{
    struct json *json = json_object_create();
    struct json *obstacles = json_array_create_empty();
    const enum verdict_obstacle both[] = { near->who, near->what };

    for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
        if (both[i] != VERDICT_NEAR_OK) {
            json_array_add(obstacles, json_string_create(
                               verdict_obstacle_name(both[i])));
        }
    }
    json_object_put_string(json, "namespace", near->policy->up.ns);
    json_object_put_string(json, "name", near->policy->up.name);
    json_object_put(json, "rule", json_integer_create(near->rule));
    json_object_put(json, "obstacles", obstacles);
    json_object_put_string(json, "why", near->why);
    return json;
}

struct json *
verdict_near_to_json(const struct model *model,
                     const struct verdict_query *query,
                     const struct verdict *v, enum k8s_direction direction)
{
    struct json *json = json_array_create_empty();
    size_t n, n_all;
    struct verdict_near *nears = verdict_find_near(model, query, v, direction,
                                                   MAX_ITEMS, &n, &n_all);

    for (size_t i = 0; i < n; i++) {
        json_array_add(json, to_json(&nears[i]));
    }
    verdict_near_free(nears, n);
    return json;
}
