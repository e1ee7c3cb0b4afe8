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
#include "unixctl.h"
#include "util.h"

/* Finds the socket of 'target', which is its path, or the name of a daemon
 * with a pidfile in the run directory. */
static char *
find_socket(const char *target, char **socket)
{
    if (strchr(target, '/')) {
        *socket = xstrdup(target);
        return NULL;
    }

    char *pidfile = xasprintf("%s/%s.pid", ovs_rundir(), target);
    pid_t pid = read_pidfile(pidfile);
    char *error = NULL;
    if (pid < 0) {
        error = xasprintf("%s: %s", pidfile, ovs_strerror(-pid));
    } else {
        *socket = xasprintf("%s/%s.%ld.ctl", ovs_rundir(), target,
                            (long int) pid);
    }
    free(pidfile);
    return error;
}

static int
transact(const char *socket, const char *command, int argc,
         const char *const argv[], char **reply, char **error)
{
    struct jsonrpc *rpc;

    int errnum = unixctl_client_create(socket, &rpc);
    if (errnum) {
        *error = xasprintf("%s: %s", socket, ovs_strerror(errnum));
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
    *error = find_socket(target, &socket);
    if (*error) {
        return ENOENT;
    }

    int errnum = transact(socket, command, argc, argv, reply, error);
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
