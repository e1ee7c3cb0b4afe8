/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd.h"

#include <inttypes.h>

#include "ovs-json.h"

#include "basis.h"
#include "cmd-private.h"
#include "openvswitch/dynamic-string.h"
#include "state.h"
#include "timeval.h"
#include "util.h"

/* Seconds since it was written. */
static int64_t
find_age(const struct state_status *s)
{
    return s->written ? MAX(time_wall() - s->written, 0) : 0;
}

void
cmd_format_state(const struct cmd_context *c, struct ds *ds)
{
    struct state_status s;

    ds_put_format(ds, "in force     %s\n", basis_name(c->basis->kind));
    if (!c->state) {
        return;
    }
    state_get_status(c->state, &s);
    ds_put_format(ds, "snapshot     %s: ", s.path);
    if (s.written) {
        ds_put_format(ds, "generation %"PRIu64"%s, written %"PRId64" s ago\n",
                      s.generation,
                      (s.is_current ? "" : s.n_written ? ", out of date"
                       : " of an earlier run"),
                      find_age(&s));
    } else {
        ds_put_cstr(ds, "not written yet\n");
    }
    if (s.problem) {
        ds_put_format(ds, "             %s\n", s.problem);
    }
}

struct json *
cmd_state_to_json(const struct cmd_context *c)
{
    struct state_status s;

    if (!c->state) {
        return json_null_create();
    }
    state_get_status(c->state, &s);

    struct json *json = json_object_create();
    json_object_put_string(json, "path", s.path);
    json_object_put(json, "loaded", json_boolean_create(s.loaded));
    json_object_put(json, "current", json_boolean_create(s.is_current));
    json_object_put(json, "generation", json_integer_create(s.generation));
    json_object_put(json, "written", json_integer_create(s.written));
    json_object_put(json, "age", json_integer_create(find_age(&s)));
    json_object_put(json, "writes", json_integer_create(s.n_written));
    json_object_put(json, "problem",
                    (s.problem ? json_string_create(s.problem)
                     : json_null_create()));
    return json;
}
