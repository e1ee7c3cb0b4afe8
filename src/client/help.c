/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client.h"

#include <stdio.h>

#include "terminal.h"
#include "util.h"

const char *
client_subject_name(enum client_subject subject)
{
    static const char *const names[] = {
        [CLIENT_ABOUT_NODE] = "This node",
        [CLIENT_ABOUT_POLICY] = "What policies mean",
        [CLIENT_ABOUT_CHANGE] = "Before a change",
        [CLIENT_ABOUT_TRAFFIC] = "What happens to packets",
        [CLIENT_ABOUT_DAEMON] = "The daemon",
        [CLIENT_ABOUT_TOOL] = "This tool",
    };

    return names[subject];
}

static void
print_subject(enum client_subject subject)
{
    size_t n;
    const struct client_command *commands = client_commands(&n);
    bool headed = false;

    for (size_t i = 0; i < n; i++) {
        if (commands[i].subject != subject) {
            continue;
        }
        if (!headed) {
            printf("\n%s:\n", client_subject_name(subject));
            headed = true;
        }
        printf("  %-12s%s\n", commands[i].name, commands[i].help);
    }
}

int
client_help(const struct client_command *command,
            const struct client_options *options,
            const char *const args[])
{
    if (args[0]) {
        const struct client_command *about = client_find_command(args[0]);

        if (!about) {
            client_complain("%s: there is no command \"%s\"", command->name,
                            args[0]);
            return CLIENT_ERROR;
        }
        client_print_usage(about);
        return CLIENT_OK;
    }

    puts("Usage: ovs-netpol [--target=TARGET] COMMAND [OPTION...] [WORD...]");
    for (int i = 0; i < CLIENT_N_SUBJECTS; i++) {
        print_subject(i);
    }
    puts("\nSRC and DST are NAMESPACE/POD or an address; an IPv6 address with "
         "a port stands\nin brackets.  Without a port the question is about "
         "ping.  Commands that take\n--filename (-f) also read a pipe:\n\n"
         "  kubectl get namespaces,pods,networkpolicies -A -o yaml |\n"
         "      ovs-netpol explain - shop/web shop/db:5432\n\n"
         "\"ovs-netpol COMMAND --help\" lists a command's options.  "
         "See ovs-netpol(1).");
    return CLIENT_OK;
}

int
client_version(const struct client_command *command,
               const struct client_options *options,
               const char *const args[])
{
    printf("ovs-netpol %s\n", VERSION);
    return CLIENT_OK;
}
