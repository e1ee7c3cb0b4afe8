/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include <getopt.h>

#include "client/client.h"
#include "client/terminal.h"
#include "openvswitch/vlog.h"
#include "util.h"

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
    const char *const *args;

    if (!client_parse(command, argc, argv, options, &args)) {
        return CLIENT_ERROR;
    } else if (options->help) {
        client_print_usage(command);
        return CLIENT_OK;
    }
    return command->run(command, options, args);
}

int
main(int argc, char *argv[])
{
    struct client_options options;

    set_program_name(argv[0]);
    vlog_set_levels(NULL, VLF_CONSOLE, VLL_OFF);        /* We say it. */
    client_options_init(&options);

    const char *name = parse_options(argc, argv, &options);
    if (!name) {
        return CLIENT_ERROR;
    }
    const struct client_command *command = client_find_command(name);
    if (!command) {
        client_complain("there is no command \"%s\"; \"ovs-netpol help\" "
                        "lists them", name);
        return CLIENT_ERROR;
    }

    /* --help and --version are whole command lines. */
    int skip = optind < argc && argv[optind] == name ? optind : argc - 1;
    int code = run(command, argc - skip, argv + skip, &options);
    client_options_uninit(&options);
    return code;
}
