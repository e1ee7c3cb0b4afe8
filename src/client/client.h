/* SPDX-License-Identifier: Apache-2.0
 *
 * client: the commands of ovs-netpol(1).
 *
 * Nearly all of them ask the daemon the question of the same name over its
 * control socket and print what it says.  Only `explain --dir` thinks for
 * itself. */

#ifndef CLIENT_H
#define CLIENT_H 1

#include <stdbool.h>

#include "openvswitch/compiler.h"

/* Exit codes. */
enum {
    CLIENT_OK = 0,              /* Done; explain: allowed. */
    CLIENT_NO = 1,              /* explain: denied; wait: not in time. */
    CLIENT_ERROR = 2,           /* Bad usage, no daemon, no answer. */
};

/* Where the daemon listens if nobody says otherwise. */
#define CLIENT_DEFAULT_TARGET "ovs-netpold"

/* Waits at most this long unless told otherwise. */
#define CLIENT_DEFAULT_TIMEOUT 30
#define CLIENT_MAX_TIMEOUT 86400

/* Options that a command takes; all take --target and --help. */
enum {
    CLIENT_TAKES_OUTPUT = 1 << 0,       /* -o json, --output=json */
    CLIENT_TAKES_DIR = 1 << 1,          /* --dir=DIR */
    CLIENT_TAKES_TIMEOUT = 1 << 2,      /* --timeout=SECONDS */
};

struct client_options {
    const char *target;
    const char *dir;            /* NULL if not given. */
    bool json;
    unsigned int timeout;       /* Seconds. */
    bool help;
};

struct client_command {
    const char *name;
    const char *arguments;      /* For the usage. */
    const char *help;
    int n_args;                 /* Words that must follow the options. */
    unsigned int takes;         /* CLIENT_TAKES_*. */
    /* Returns an exit code.  'args' are the words. */
    int (*run)(const struct client_command *, const struct client_options *,
               char *args[]);
};

/* Parses the options and words of 'command' into '*options', which has its
 * defaults, and '*args'.  Says on stderr what is wrong and returns false. */
bool client_parse(const struct client_command *command, int argc, char *argv[],
                  struct client_options *options, char ***args);

/* Sends 'command' with 'argc' words to the daemon.  Returns 0 and its answer
 * in '*reply' (caller frees); or an errno value; then '*error' says why
 * (caller frees).  EBADMSG means that the daemon answered and '*error' is what
 * it said. */
int client_ask(const char *target, const char *command, int argc, char *argv[],
               char **reply, char **error);

/* Prints an error as all commands do. */
void client_complain(const char *format, ...) OVS_PRINTF_FORMAT(1, 2);
/* Prints 'text' and a newline if it lacks one. */
void client_print(const char *text);

/* Commands. */
int client_forward(const struct client_command *,
                   const struct client_options *, char *args[]);
int client_wait(const struct client_command *, const struct client_options *,
                char *args[]);
int client_explain(const struct client_command *,
                   const struct client_options *, char *args[]);

#endif /* client.h */
