/* SPDX-License-Identifier: Apache-2.0
 *
 * What `status` says about reports of denied packets. */

#include <config.h>

#include "cmd.h"

#include <inttypes.h>

#include "ovs-json.h"

#include "audit.h"
#include "cmd-private.h"
#include "openvswitch/dynamic-string.h"
#include "settings.h"
#include "util.h"

static uint64_t
sum(const uint64_t n[2][2], bool audited)
{
    return n[K8S_EGRESS][audited] + n[K8S_INGRESS][audited];
}

void
cmd_format_audit(const struct cmd_context *c, struct ds *ds)
{
    const char *log = c->settings->audit_log;
    struct audit_stats s;

    ds_put_format(ds, "enforcement  %s\n",
                  (c->settings->audit_mode
                   ? "audit, unless a namespace says \"enforce\""
                   : "enforce, unless a namespace says \"audit\""));
    if (!c->audit) {
        ds_put_cstr(ds, "denied       not reported\n");
        return;
    }
    audit_get_stats(c->audit, &s);
    ds_put_format(ds, "denied       %"PRIu64" dropped and %"PRIu64" let "
                  "through reported, %"PRIu64" above the rate\n",
                  sum(s.n_reported, false), sum(s.n_reported, true),
                  s.n_suppressed[false] + s.n_suppressed[true]);
    if (s.problem) {
        ds_put_format(ds, "  %s\n", s.problem);
    }
    if (log) {
        ds_put_format(ds, "  to %s: %"PRIu64" lines, %"PRIu64" lost%s%s\n",
                      log, s.n_logged, s.n_unlogged,
                      s.log_problem ? ": " : "",
                      s.log_problem ? s.log_problem : "");
    }
}

static struct json *
string_or_null(const char *s)
{
    return s ? json_string_create(s) : json_null_create();
}

static struct json *
both(uint64_t dropped, uint64_t audited)
{
    struct json *json = json_object_create();

    json_object_put(json, "drop", json_integer_create(dropped));
    json_object_put(json, "audit", json_integer_create(audited));
    return json;
}

struct json *
cmd_audit_to_json(const struct cmd_context *c)
{
    struct json *json = json_object_create();
    struct audit_stats s;

    json_object_put_string(json, "enforcement",
                           c->settings->audit_mode ? "audit" : "enforce");
    json_object_put(json, "log", string_or_null(c->settings->audit_log));
    if (c->audit) {
        audit_get_stats(c->audit, &s);
        json_object_put(json, "reported", both(sum(s.n_reported, false),
                                               sum(s.n_reported, true)));
        json_object_put(json, "suppressed", both(s.n_suppressed[false],
                                                 s.n_suppressed[true]));
        json_object_put(json, "problem", string_or_null(s.problem));
        json_object_put(json, "lines", json_integer_create(s.n_logged));
        json_object_put(json, "lost", json_integer_create(s.n_unlogged));
        json_object_put(json, "logProblem", string_or_null(s.log_problem));
    }
    return json;
}
