/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "cmd.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "ovs-json.h"
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

/* A command without words of its own. */
typedef char *report_func(const struct cmd_context *, bool json);

static char *
answer_report(report_func *report, const struct cmd_context *context,
              int argc, const char *argv[], char **answer)
{
    bool json;

    char *error = cmd_parse_output(&argc, argv, &json);
    if (!error && argc > 1) {
        error = xasprintf("%s: no such argument", argv[1]);
    }
    if (!error) {
        *answer = report(context, json);
    }
    return error;
}

static char *
answer_status(const struct cmd_context *context, int argc, const char *argv[],
              char **answer)
{
    return answer_report(cmd_status, context, argc, argv, answer);
}

static char *
answer_pods(const struct cmd_context *context, int argc, const char *argv[],
            char **answer)
{
    return answer_report(cmd_pods, context, argc, argv, answer);
}

static char *
answer_policies(const struct cmd_context *context, int argc,
                const char *argv[], char **answer)
{
    return answer_report(cmd_policies, context, argc, argv, answer);
}

static char *
answer_explain(const struct cmd_context *context, int argc,
               const char *argv[], char **answer)
{
    bool json;

    char *error = cmd_parse_output(&argc, argv, &json);
    if (!error && argc != 3) {
        error = xstrdup("usage: explain SRC DST[:PORT[/PROTOCOL]] [-o json]");
    }
    return error ? error : cmd_explain(context, argv[1], argv[2], json,
                                       answer);
}

static char *
answer_objects(const struct cmd_context *context, int argc OVS_UNUSED,
               const char *argv[] OVS_UNUSED, char **answer)
{
    *answer = cmd_objects(context);
    return NULL;
}

static char *
answer_drops(const struct cmd_context *context, int argc, const char *argv[],
             char **answer)
{
    unsigned long long int since = 0;

    if (!context->audit) {
        return xstrdup("denied packets are not reported: audit is off");
    } else if (argc > 1 && !str_to_ullong(argv[1], 10, &since)) {
        return xstrdup("want the number of a record");
    }

    struct json *json = audit_to_json(context->audit, since);
    *answer = json_to_string(json, JSSF_SORT);
    json_destroy(json);
    return NULL;
}

static const struct cmd_command commands[] = {
    { "status", "[-o json]", 0, 2, answer_status },
    { "pods", "[-o json]", 0, 2, answer_pods },
    { "policies", "[-o json]", 0, 2, answer_policies },
    { "drops", "[SINCE]", 0, 1, answer_drops },
    { "objects", "", 0, 0, answer_objects },
    { "explain", "SRC DST[:PORT[/PROTOCOL]] [-o json]", 2, 4,
      answer_explain },
};

const struct cmd_command *
cmd_commands(size_t *n)
{
    *n = ARRAY_SIZE(commands);
    return commands;
}

/* unixctl gives one pointer back, the command; this is what is behind it. */
static const struct cmd_context *the_context;

static void
handle(struct unixctl_conn *conn, int argc, const char *argv[],
       void *command_)
{
    const struct cmd_command *command = command_;
    char *answer = NULL;

    char *error = command->answer(the_context, argc, argv, &answer);
    if (error) {
        unixctl_command_reply_error(conn, error);
    } else {
        unixctl_command_reply(conn, answer);
    }
    free(error);
    free(answer);
}

void
cmd_register(const struct cmd_context *context)
{
    the_context = context;
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        const struct cmd_command *command = &commands[i];

        unixctl_command_register(command->name, command->usage,
                                 command->min_args, command->max_args, handle,
                                 CONST_CAST(struct cmd_command *, command));
    }
}
