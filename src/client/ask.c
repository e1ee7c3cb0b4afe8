/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ovs-json.h"
#include "daemon.h"
#include "dirs.h"
#include "jsonrpc.h"
#include "terminal.h"
#include "unixctl.h"
#include "util.h"

/* True if error 'errnum' means that there is no such daemon. */
static bool
is_nobody(int errnum)
{
    return errnum == ENOENT || errnum == ESRCH || errnum == ECONNREFUSED;
}

/* "DAEMON does not run here: PATH: WHY". */
static char *
describe(const char *target, const char *path, int errnum)
{
    const char *why = ovs_strerror(errnum);

    return (!is_nobody(errnum)
            ? xasprintf("%s: %s", path, why)
            : strchr(target, '/')
            ? xasprintf("no daemon listens here: %s: %s", path, why)
            : xasprintf("%s does not run here: %s: %s", target, path, why));
}

/* Finds the socket of 'target', which is its path, or the name of a daemon
 * with a pidfile in the run directory.  Returns 0 or an errno value. */
static int
find_socket(const char *target, char **socket, char **error)
{
    if (strchr(target, '/')) {
        *socket = xstrdup(target);
        return 0;
    }

    char *pidfile = xasprintf("%s/%s.pid", ovs_rundir(), target);
    pid_t pid = read_pidfile(pidfile);
    if (pid < 0) {
        *error = describe(target, pidfile, -pid);
    } else {
        *socket = xasprintf("%s/%s.%ld.ctl", ovs_rundir(), target,
                            (long int) pid);
    }
    free(pidfile);
    return pid < 0 ? -pid : 0;
}

static int
transact(const char *target, const char *socket, const char *command,
         int argc, const char *const argv[], char **reply, char **error)
{
    struct jsonrpc *rpc;

    int errnum = unixctl_client_create(socket, &rpc);
    if (errnum) {
        *error = describe(target, socket, errnum);
        return errnum;
    }

    /* It only reads the words. */
    errnum = unixctl_client_transact(rpc, command, argc,
                                     CONST_CAST(char **, argv), reply, error);
    jsonrpc_close(rpc);
    if (errnum) {
        /* It may say EOF, which is less than 0. */
        *error = xasprintf("%s: no answer: %s", socket,
                           ovs_retval_to_string(errnum));
        return errnum > 0 ? errnum : EPIPE;
    } else if (*error) {
        return EBADMSG;
    }
    *reply = *reply ? *reply : xstrdup("");
    return 0;
}

int
client_ask(const char *target, const char *command, int argc,
           const char *const argv[], char **reply, char **error)
{
    char *socket = NULL;

    *reply = NULL;
    *error = NULL;
    int errnum = find_socket(target, &socket, error);
    if (errnum) {
        return errnum;
    }

    errnum = transact(target, socket, command, argc, argv, reply, error);
    if (errnum == EBADMSG) {
        /* unixctl ends messages with a newline. */
        size_t length = strlen(*error);
        if (length && (*error)[length - 1] == '\n') {
            (*error)[length - 1] = '\0';
        }
    }
    free(socket);
    return errnum;
}

/* What to do. */

static bool
takes(const struct client_command *command, const struct client_option *option)
{
    for (size_t i = 0; command->options[i]; i++) {
        if (command->options[i] == option) {
            return true;
        }
    }
    return false;
}

/* True if somebody listens at 'target'. */
static bool
is_there(const char *target)
{
    char *socket = NULL, *error = NULL;
    struct jsonrpc *rpc;

    int errnum = find_socket(target, &socket, &error);
    if (!errnum) {
        errnum = unixctl_client_create(socket, &rpc);
    }
    if (!errnum) {
        jsonrpc_close(rpc);
    }
    free(socket);
    free(error);
    return !is_nobody(errnum);
}

void
client_complain_of_daemon(const struct client_command *command,
                          const char *target, const char *error)
{
    client_complain("%s: %s", command->name, error);
    if (is_there(target)) {
        return;
    } else if (!strcmp(command->name, "flush")) {
        client_complain("flows of a daemon that has stopped are removed by "
                        "ovs-netpold --cleanup --bridge=BRIDGE");
    } else {
        client_complain("start it, or say with --target where it listens%s",
                        (takes(command, &client_option_base)
                         ? ", or with --dir or --base what there is now"
                         : takes(command, &client_option_dir)
                         ? ", or with --dir or -f where objects are" : ""));
    }
}
