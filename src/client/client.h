/* SPDX-License-Identifier: Apache-2.0
 *
 * client: the commands of ovs-netpol(1).
 *
 * Two kinds.  Those that report ask the daemon the question of the same name
 * over its control socket and print what it says (client_forward()).  Those
 * that think get the objects, from the daemon, from manifests or from a pipe
 * (objects.h), and find the answer here, so that the daemon's loop never waits
 * for them and they need no daemon at all.
 *
 * A command is one row of the table in commands.c and one function that
 * returns an exit code.  Its row lists the options that it takes, by the names
 * of their definitions in options.c; nothing else is needed for parsing, for
 * --help, or for completion. */

#ifndef CLIENT_H
#define CLIENT_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "svec.h"

/* Exit codes. */
enum {
    CLIENT_OK = 0,              /* Done; explain: allowed. */
    CLIENT_NO = 1,              /* The answer is no: explain: denied; wait: not
                                 * in time. */
    CLIENT_DISAGREES = 3,       /* explain: the switch does something else;
                                 * wait: than what some object says. */
    CLIENT_ERROR = 2,           /* Bad usage, no daemon, no answer, nothing
                                 * to think about. */
};

/* Where the daemon listens if nobody says otherwise. */
#define CLIENT_DEFAULT_TARGET "ovs-netpold"

/* Waits at most this long unless told otherwise. */
#define CLIENT_DEFAULT_TIMEOUT 30
#define CLIENT_MAX_TIMEOUT 86400

/* top asks anew every so many seconds. */
#define CLIENT_DEFAULT_INTERVAL 2
#define CLIENT_MAX_INTERVAL 3600

/* verify checks at most so many cells unless told otherwise. */
#define CLIENT_DEFAULT_MAX_CELLS 50000000

/* More -f, or --delete, than that is a mistake. */
#define CLIENT_MAX_FILES 4096

/* What -o may say; a command's formats are a set of 1 << CLIENT_X. */
enum client_format {
    CLIENT_TEXT,
    CLIENT_JSON,
    CLIENT_YAML,
    CLIENT_HTML,
    CLIENT_SVG,
    CLIENT_DOT,
    CLIENT_N_FORMATS
};
#define CLIENT_TEXT_OR_JSON (1 << CLIENT_TEXT | 1 << CLIENT_JSON)
const char *client_format_name(enum client_format);     /* "json" */

/* --by: what a row is. */
enum client_grain {
    CLIENT_BY_POD,
    CLIENT_BY_APP,
    CLIENT_BY_NAMESPACE,
    CLIENT_N_GRAINS
};

/* --port: a service. */
struct client_port {
    bool given;
    uint8_t protocol;           /* IPPROTO_TCP, _UDP or _SCTP; IPPROTO_ICMP for
                                 * ping in both families. */
    uint16_t number;            /* 1..65535; 0 for IPPROTO_ICMP. */
};

/* What the command line says.  Strings are borrowed from it. */
struct client_options {
    const char *target;
    const char *dir;            /* NULL if not given. */
    struct svec files;          /* -f; "-" is standard input. */
    enum client_format format;  /* One that the command has. */
    unsigned int timeout;       /* Seconds. */
    const char *ns;             /* -n, or NULL. */
    struct client_port port;
    enum client_grain by;
    bool by_given;
    bool follow;                /* -f of `drops`. */
    bool audit;
    const char *pod;            /* "NS/POD", or NULL. */
    const char *policy;         /* "NS/NAME", "NAME" of a cluster policy, or
                                 * NULL. */
    const char *bridge;         /* --bridge, or NULL. */
    const char *node;           /* --node, or NULL. */
    uint64_t max_cells;
    int fail_on;                /* --fail-on, an enum lint_severity. */
    const char *base;           /* --base, or NULL. */
    struct svec deletes;        /* --delete. */
    bool flows;                 /* --flows. */
    bool live;                  /* explain */
    bool once;                  /* top */
    unsigned int interval;      /* top: seconds. */
    bool help;
};
void client_options_init(struct client_options *);      /* Defaults. */
void client_options_uninit(struct client_options *);

struct client_command;

/* An option.  Definitions are in options.c, one a meaning: two commands may
 * take options of one name that mean different things. */
struct client_option {
    const char *name;           /* "timeout", for --timeout. */
    char letter;                /* 't' for -t, or 0. */
    const char *value;          /* What the usage calls its value, or NULL if
                                 * it has none. */
    const char *choices;        /* All values, separated by spaces, or NULL if
                                 * there is no such list. */
    const char *help;
    /* Takes 'value' (NULL if it has none).  Returns NULL, or what is wrong
     * (caller frees). */
    char *(*set)(const struct client_command *, struct client_options *,
                 const char *value);
};

extern const struct client_option client_option_target;
extern const struct client_option client_option_help;
extern const struct client_option client_option_output;
extern const struct client_option client_option_dir;
extern const struct client_option client_option_file;
extern const struct client_option client_option_timeout;
extern const struct client_option client_option_namespace;
extern const struct client_option client_option_port;
extern const struct client_option client_option_by;
extern const struct client_option client_option_follow;
extern const struct client_option client_option_audit;
extern const struct client_option client_option_pod;
extern const struct client_option client_option_policy;
extern const struct client_option client_option_bridge;
extern const struct client_option client_option_node;
extern const struct client_option client_option_max_cells;
extern const struct client_option client_option_fail_on;
extern const struct client_option client_option_base;
extern const struct client_option client_option_change;
extern const struct client_option client_option_delete;
extern const struct client_option client_option_flows;
extern const struct client_option client_option_interval;
extern const struct client_option client_option_live;
extern const struct client_option client_option_once;
extern const struct client_option client_option_path;

/* Most options of one command. */
#define CLIENT_MAX_OPTIONS 16

/* What a command is about, for `help`. */
enum client_subject {
    CLIENT_ABOUT_NODE,
    CLIENT_ABOUT_POLICY,
    CLIENT_ABOUT_CHANGE,
    CLIENT_ABOUT_TRAFFIC,
    CLIENT_ABOUT_DAEMON,
    CLIENT_ABOUT_TOOL,
    CLIENT_N_SUBJECTS
};
const char *client_subject_name(enum client_subject);

struct client_command {
    enum client_subject subject;
    const char *name;
    const char *arguments;      /* The words, for the usage. */
    const char *help;
    int min_args, max_args;     /* Words that must and may follow. */
    /* Returns an exit code.  'args' are the words, ended by NULL. */
    int (*run)(const struct client_command *, const struct client_options *,
               const char *const args[]);
    unsigned int formats;       /* 1 << CLIENT_X, if it takes -o; the first one
                                 * is the default. */
    /* Besides --help; ended by NULL.  A command that takes
     * client_option_file takes the word "-" for it, too. */
    const struct client_option *options[CLIENT_MAX_OPTIONS + 1];
};

/* All of them: array of '*n'. */
const struct client_command *client_commands(size_t *n);
const struct client_command *client_find_command(const char *name);

/* Parses the options and words of 'command' into '*options', which has its
 * defaults, and '*args', which points into 'argv'.  Says on stderr what is
 * wrong and returns false. */
bool client_parse(const struct client_command *command, int argc, char *argv[],
                  struct client_options *options, const char *const **args);

/* Sends 'command' with 'argc' words to the daemon.  Returns 0 and its answer
 * in '*reply' (caller frees); or an errno value; then '*error' says why
 * (caller frees).  EBADMSG means that the daemon answered and '*error' is what
 * it said. */
int client_ask(const char *target, const char *command, int argc,
               const char *const argv[], char **reply, char **error);
/* Says that 'command' failed with 'error', of client_ask(); and, if nobody
 * listens at 'target', what to do. */
void client_complain_of_daemon(const struct client_command *command,
                               const char *target, const char *error);

/* Commands; see ovs-netpol(1). */
typedef int client_run(const struct client_command *,
                       const struct client_options *,
                       const char *const args[]);
client_run client_diff;
client_run client_drops;
client_run client_detrace;
client_run client_bundle;
client_run client_completion;
client_run client_doctor;
client_run client_explain;
client_run client_forward;      /* Asks the daemon the question of its name. */
client_run client_graph;
client_run client_help;
client_run client_lint;
client_run client_matrix;
client_run client_report;
client_run client_pod;
client_run client_top;
client_run client_policy;
client_run client_verify;
client_run client_version;
client_run client_wait;

/* Prints the usage of one command. */
void client_print_usage(const struct client_command *);

#endif /* client.h */
