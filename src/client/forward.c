/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "answer.h"
#include "terminal.h"
#include "util.h"

/* A daemon that waits for the switch itself gives up first; this much later we
 * take it for dead. */
#define PATIENCE 5

/* Problems that `wait` tells one by one. */
#define MAX_PROBLEMS 10

int
client_forward(const struct client_command *command,
               const struct client_options *options,
               const char *const args[])
{
    static const char *const json_args[] = { "-o", "json" };
    bool json = options->format == CLIENT_JSON;
    char *reply, *error;

    if (client_ask(options->target, command->name, json ? 2 : 0, json_args,
                   &reply, &error)) {
        client_complain_of_daemon(command, options->target, error);
        free(error);
        return CLIENT_ERROR;
    }
    client_print(reply);
    free(reply);
    return CLIENT_OK;
}

static void
give_up(int signal)
{
    static const char message[] = "ovs-netpol: wait: no answer in time\n";

    ignore(write(STDERR_FILENO, message, sizeof message - 1) < 0);
    _exit(CLIENT_NO);
}

static void
complain_problem(const struct json *problem)
{
    const char *place = answer_string(problem, "place");
    const char *object = answer_string(problem, "object");

    client_complain("wait: %s%s%s%s%s%s", place, place[0] ? ": " : "",
                    object, object[0] ? ": " : "",
                    answer_string(problem, "message"),
                    (answer_bool(problem, "kept")
                     ? " (the last good version stays)" : ""));
}

/* What the switch has may be less than what somebody just wrote. */
static int
check_problems(const char *target)
{
    static const char *const json_args[] = { "-o", "json" };
    char *error;
    struct json *status = answer_ask(target, "status", 2, json_args, &error);
    const struct json *problems = answer_get(status, "problems");
    size_t n = answer_count(problems);

    if (!status) {
        client_complain("wait: %s", error);
        free(error);
        return CLIENT_ERROR;
    }
    for (size_t i = 0; i < MIN(n, MAX_PROBLEMS); i++) {
        complain_problem(answer_at(problems, i));
    }
    if (n > MAX_PROBLEMS) {
        client_complain("wait: and more; ovs-netpol status lists all");
    }
    json_destroy(status);
    return n ? CLIENT_DISAGREES : CLIENT_OK;
}

int
client_wait(const struct client_command *command,
            const struct client_options *options,
            const char *const args[])
{
    char *timeout = xasprintf("%u000", options->timeout);
    const char *const words[] = { timeout };
    char *reply, *error;
    int code = CLIENT_OK;

    signal(SIGALRM, give_up);
    alarm(options->timeout + PATIENCE);
    if (client_ask(options->target, command->name, 1, words, &reply,
                   &error)) {
        client_complain_of_daemon(command, options->target, error);
        free(error);
        code = CLIENT_NO;
    } else {
        client_print(reply);
        free(reply);
        code = check_problems(options->target);
    }
    alarm(0);
    free(timeout);
    return code;
}
