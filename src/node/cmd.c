/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "ovs-json.h"
#include "query.h"
#include "unixctl.h"
#include "util.h"

char *
cmd_parse_output(int *argc, const char *argv[], bool *json)
{
    *json = false;
    for (int i = 1; i < *argc; i++) {
        if (!strcmp(argv[i], "-o")) {
            const char *format = i + 1 < *argc ? argv[i + 1] : "";

            if (i + 2 != *argc
                || (strcmp(format, "json") && strcmp(format, "text"))) {
                return xstrdup("want \"-o json\" or \"-o text\" at the end");
            }
            *json = !strcmp(format, "json");
            *argc = i;
            return NULL;
        }
    }
    return NULL;
}

static void
reply_error(struct unixctl_conn *conn, char *error)
{
    unixctl_command_reply_error(conn, error);
    free(error);
}

static void
reply(struct unixctl_conn *conn, char *text)
{
    unixctl_command_reply(conn, text);
    free(text);
}

/* A command without words of its own. */
struct report {
    const char *name;
    char *(*make)(const struct cmd_context *, bool json);
};

static const struct report reports[] = {
    { "status", cmd_status },
    { "pods", cmd_pods },
    { "policies", cmd_policies },
};

/* unixctl gives one pointer back; this is what is behind it. */
static const struct cmd_context *the_context;

static void
handle_report(struct unixctl_conn *conn, int argc, const char *argv[],
              void *report_)
{
    const struct report *report = report_;
    bool json;

    char *error = cmd_parse_output(&argc, argv, &json);
    if (!error && argc > 1) {
        error = xasprintf("%s: no such argument", argv[1]);
    }
    if (error) {
        reply_error(conn, error);
        return;
    }
    reply(conn, report->make(the_context, json));
}

static void
handle_explain(struct unixctl_conn *conn, int argc, const char *argv[],
               void *aux)
{
    char *answer;
    bool json;

    char *error = cmd_parse_output(&argc, argv, &json);
    if (!error && argc != 3) {
        error = xstrdup("usage: explain SRC DST[:PORT[/PROTOCOL]] [-o json]");
    }
    if (!error) {
        error = query_answer(the_context->model, argv[1], argv[2], json,
                             &answer);
    }
    if (error) {
        reply_error(conn, error);
        return;
    }
    reply(conn, answer);
}

static void
handle_objects(struct unixctl_conn *conn, int argc OVS_UNUSED,
               const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    reply(conn, cmd_objects(the_context));
}

static void
handle_drops(struct unixctl_conn *conn, int argc, const char *argv[],
             void *aux OVS_UNUSED)
{
    unsigned long long int since = 0;
    struct json *json;

    if (!the_context->audit) {
        unixctl_command_reply_error(conn, "denied packets are not reported: "
                                    "audit is off");
    } else if (argc > 1 && !str_to_ullong(argv[1], 10, &since)) {
        unixctl_command_reply_error(conn, "want the number of a record");
    } else {
        json = audit_to_json(the_context->audit, since);
        reply(conn, json_to_string(json, JSSF_SORT));
        json_destroy(json);
    }
}

void
cmd_register(const struct cmd_context *context)
{
    the_context = context;
    for (size_t i = 0; i < ARRAY_SIZE(reports); i++) {
        unixctl_command_register(reports[i].name, "[-o json]", 0, 2,
                                 handle_report,
                                 CONST_CAST(struct report *, &reports[i]));
    }
    unixctl_command_register("drops", "[SINCE]", 0, 1, handle_drops, NULL);
    unixctl_command_register("objects", "", 0, 0, handle_objects, NULL);
    unixctl_command_register("explain",
                             "SRC DST[:PORT[/PROTOCOL]] [-o json]", 2, 4,
                             handle_explain, NULL);
}
