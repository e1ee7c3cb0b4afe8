/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

enum {
    OPT_TARGET = 256,
    OPT_DIR,
    OPT_TIMEOUT,
};

/* What is needed for an option; 0 for those that all commands take. */
static unsigned int
option_takes(int option)
{
    return (option == 'o' ? CLIENT_TAKES_OUTPUT
            : option == OPT_DIR ? CLIENT_TAKES_DIR
            : option == OPT_TIMEOUT ? CLIENT_TAKES_TIMEOUT
            : 0);
}

void
client_complain(const char *format, ...)
{
    va_list args;

    fputs("ovs-netpol: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    putc('\n', stderr);
}

void
client_print(const char *text)
{
    size_t length = strlen(text);

    fputs(text, stdout);
    if (length && text[length - 1] != '\n') {
        putchar('\n');
    }
}

static bool
parse_timeout(const char *s, unsigned int *timeout)
{
    if (!str_to_uint(s, 10, timeout) || *timeout > CLIENT_MAX_TIMEOUT) {
        client_complain("--timeout=%s: want seconds, at most %d", s,
                        CLIENT_MAX_TIMEOUT);
        return false;
    }
    return true;
}

static bool
parse_output(const char *s, bool *json)
{
    if (strcmp(s, "json") && strcmp(s, "text")) {
        client_complain("-o %s: want json or text", s);
        return false;
    }
    *json = !strcmp(s, "json");
    return true;
}

static bool
parse_option(int option, const char *value, struct client_options *options)
{
    switch (option) {
    case OPT_TARGET:
        options->target = value;
        return true;
    case OPT_DIR:
        options->dir = value;
        return true;
    case OPT_TIMEOUT:
        return parse_timeout(value, &options->timeout);
    case 'o':
        return parse_output(value, &options->json);
    case 'h':
        options->help = true;
        return true;
    default:
        return false;           /* getopt_long() said what is wrong. */
    }
}

bool
client_parse(const struct client_command *command, int argc, char *argv[],
             struct client_options *options, char ***args)
{
    static const struct option long_options[] = {
        { "target", required_argument, NULL, OPT_TARGET },
        { "dir", required_argument, NULL, OPT_DIR },
        { "timeout", required_argument, NULL, OPT_TIMEOUT },
        { "output", required_argument, NULL, 'o' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int option;

    optind = 0;                 /* Start anew: main() used it too. */
    while ((option = getopt_long(argc, argv, "ho:", long_options, NULL))
           != -1) {
        if (option_takes(option) & ~command->takes) {
            client_complain("%s: does not take %s", command->name,
                            (option == 'o' ? "-o"
                             : option == OPT_DIR ? "--dir" : "--timeout"));
            return false;
        }
        if (!parse_option(option, optarg, options)) {
            return false;
        }
    }
    if (!options->help && argc - optind != command->n_args) {
        client_complain("usage: ovs-netpol %s %s", command->name,
                        command->arguments);
        return false;
    }
    *args = argv + optind;
    return true;
}
