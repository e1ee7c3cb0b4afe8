/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "terminal.h"
#include "util.h"

/* A daemon that waits for the switch itself gives up first; this much later we
 * take it for dead. */
#define PATIENCE 5

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
        client_complain("%s: %s", command->name, error);
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
        client_complain("%s: %s", command->name, error);
        free(error);
        code = CLIENT_NO;
    } else {
        client_print(reply);
        free(reply);
    }
    alarm(0);
    free(timeout);
    return code;
}
