/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "client/client.h"
#include "openvswitch/vlog.h"
#include "ovs-json.h"
#include "util.h"

static int print_help(const struct client_command *,
                      const struct client_options *, char *args[]);
static int print_version(const struct client_command *,
                         const struct client_options *, char *args[]);

static const struct client_command commands[] = {
    { "status", "[-o json]", "how the daemon is doing",
      0, CLIENT_TAKES_OUTPUT, client_forward },
    { "wait", "[--timeout=SECONDS]",
      "until all that is known now is in the switch",
      0, CLIENT_TAKES_TIMEOUT, client_wait },
    { "pods", "[-o json]", "the pods of this node and what isolates them",
      0, CLIENT_TAKES_OUTPUT, client_forward },
    { "policies", "[-o json]", "the policies, whom they select, what is wrong",
      0, CLIENT_TAKES_OUTPUT, client_forward },
    { "flows", "", "the flows, each with the reason for it",
      0, 0, client_forward },
    { "explain", "[--dir=DIR] [-o json] SRC DST[:PORT[/PROTOCOL]]",
      "whether SRC may talk to DST, and why",
      2, CLIENT_TAKES_OUTPUT | CLIENT_TAKES_DIR, client_explain },
    { "flush", "", "remove our flows from the switch and stop the daemon",
      0, 0, client_forward },
    { "version", "", "print the version", 0, 0, print_version },
    { "help", "", "print this", 0, 0, print_help },
};

static int
print_help(const struct client_command *command,
           const struct client_options *options, char *args[])
{
    puts("Usage: ovs-netpol [--target=SOCKET] COMMAND [OPTION...]\n");
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        const struct client_command *c = &commands[i];

        printf("  %s%s%s\n      %s\n", c->name, c->arguments[0] ? " " : "",
               c->arguments, c->help);
    }
    puts("\nSRC and DST are NAMESPACE/POD or an address; an IPv6 address with "
         "a port stands\nin brackets.  Without a port the question is about "
         "ping.\n\nSee ovs-netpol(1).");
    return CLIENT_OK;
}

static int
print_version(const struct client_command *command,
              const struct client_options *options, char *args[])
{
    printf("ovs-netpol %s\n", VERSION);
    return CLIENT_OK;
}

static const struct client_command *
find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (!strcmp(commands[i].name, name)) {
            return &commands[i];
        }
    }
    return NULL;
}

/* Parses the options in front of the command.  Returns its name, or NULL if
 * they are wrong. */
static const char *
parse_options(int argc, char *argv[], struct client_options *options)
{
    static const struct option long_options[] = {
        { "target", required_argument, NULL, 't' },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },
        { NULL, 0, NULL, 0 },
    };
    int option;

    while ((option = getopt_long(argc, argv, "+t:hV", long_options, NULL))
           != -1) {
        switch (option) {
        case 't':
            options->target = optarg;
            break;
        case 'h':
            return "help";
        case 'V':
            return "version";
        default:
            return NULL;
        }
    }
    if (optind >= argc) {
        client_complain("no command; \"ovs-netpol help\" lists them");
        return NULL;
    }
    return argv[optind];
}

/* The rest of the command line is for 'command'. */
static int
run(const struct client_command *command, int argc, char *argv[],
    struct client_options *options)
{
    char **args;

    if (!client_parse(command, argc, argv, options, &args)) {
        return CLIENT_ERROR;
    } else if (options->help) {
        printf("Usage: ovs-netpol %s %s\n\n%s\n", command->name,
               command->arguments, command->help);
        return CLIENT_OK;
    }
    return command->run(command, options, args);
}

int
main(int argc, char *argv[])
{
    struct client_options options = {
        .target = CLIENT_DEFAULT_TARGET,
        .timeout = CLIENT_DEFAULT_TIMEOUT,
    };

    set_program_name(argv[0]);
    vlog_set_levels(NULL, VLF_CONSOLE, VLL_OFF);        /* We say it. */

    const char *name = parse_options(argc, argv, &options);
    if (!name) {
        return CLIENT_ERROR;
    }
    const struct client_command *command = find_command(name);
    if (!command) {
        client_complain("there is no command \"%s\"; \"ovs-netpol help\" "
                        "lists them", name);
        return CLIENT_ERROR;
    }

    /* --help and --version are whole command lines. */
    int skip = optind < argc && argv[optind] == name ? optind : argc - 1;
    return run(command, argc - skip, argv + skip, &options);
}
