/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "client.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "terminal.h"
#include "util.h"

/* getopt_long() reports option number I of a command as this plus I. */
#define FIRST 256

/* The options of a command for getopt_long(). */
struct parser {
    const struct client_command *command;
    const struct client_option *options[CLIENT_MAX_OPTIONS + 1];
    size_t n;
    struct option longs[CLIENT_MAX_OPTIONS + 2];
    char shorts[1 + 2 * (CLIENT_MAX_OPTIONS + 1) + 1];
};

static void
add_option(struct parser *p, const struct client_option *option)
{
    size_t length = strlen(p->shorts);

    p->longs[p->n] = (struct option) {
        .name = option->name,
        .has_arg = option->value ? required_argument : no_argument,
        .val = FIRST + p->n,
    };
    if (option->letter) {
        p->shorts[length] = option->letter;
        p->shorts[length + 1] = option->value ? ':' : '\0';
    }
    p->options[p->n++] = option;
}

static void
parser_init(struct parser *p, const struct client_command *command)
{
    memset(p, 0, sizeof *p);
    p->command = command;
    p->shorts[0] = ':';         /* We say what is wrong. */
    for (size_t i = 0; command->options[i]; i++) {
        add_option(p, command->options[i]);
    }
    add_option(p, &client_option_help);
}

/* The option that getopt_long() reports as 'c', or NULL. */
static const struct client_option *
find_option(const struct parser *p, int c)
{
    for (size_t i = 0; i < p->n; i++) {
        if (c == FIRST + (int) i
            || (c && c == p->options[i]->letter)) {
            return p->options[i];
        }
    }
    return NULL;
}

/* After getopt_long() returned 'c', which is none of the options. */
static void
complain_option(const struct parser *p, int c, char *argv[])
{
    const char *problem = c == ':' ? "no value for" : "does not take";

    if (optopt && optopt < FIRST) {
        client_complain("%s: %s -%c", p->command->name, problem, optopt);
    } else {
        client_complain("%s: %s %s", p->command->name, problem,
                        argv[optind - 1]);
    }
}

static bool
takes_files(const struct client_command *command)
{
    for (size_t i = 0; command->options[i]; i++) {
        if (command->options[i] == &client_option_file
            || command->options[i] == &client_option_change) {
            return true;
        }
    }
    return false;
}

static bool
set_option(const struct client_command *command,
           const struct client_option *option, const char *value,
           struct client_options *options)
{
    char *error = option->set(command, options, value);
    if (error) {
        client_complain("%s: --%s=%s: %s", command->name, option->name,
                        value, error);
        free(error);
        return false;
    }
    return true;
}

static enum client_format
default_format(const struct client_command *command)
{
    enum client_format format = CLIENT_TEXT;

    while (command->formats && !(command->formats & 1u << format)) {
        format++;
    }
    return format;
}

/* Takes the words "-" out, as files.  Returns how many words are left, or -1
 * if there is something wrong. */
static int
take_dashes(const struct client_command *command, int n, char *words[],
            struct client_options *options)
{
    int kept = 0;

    for (int i = 0; i < n; i++) {
        if (strcmp(words[i], "-") || !takes_files(command)) {
            words[kept++] = words[i];
        } else if (!set_option(command, &client_option_file, "-", options)) {
            return -1;
        }
    }
    words[kept] = NULL;
    return kept;
}

bool
client_parse(const struct client_command *command, int argc, char *argv[],
             struct client_options *options, const char *const **args)
{
    struct parser p;
    int c;

    parser_init(&p, command);
    options->format = default_format(command);
    optind = 0;                 /* Start anew: main() used it too. */
    opterr = 0;
    while ((c = getopt_long(argc, argv, p.shorts, p.longs, NULL)) != -1) {
        const struct client_option *option = find_option(&p, c);

        if (!option) {
            complain_option(&p, c, argv);
            return false;
        } else if (!set_option(command, option, optarg, options)) {
            return false;
        }
    }

    int n = take_dashes(command, argc - optind, argv + optind, options);
    if (n < 0) {
        return false;
    }
    if (!options->help && (n < command->min_args || n > command->max_args)) {
        client_complain("usage: ovs-netpol %s %s", command->name,
                        command->arguments[0] ? command->arguments
                        : command->options[0] ? "[OPTION...]" : "");
        return false;
    }
    *args = (const char *const *) (argv + optind);
    return true;
}

/* "-o, --output=FORMAT" in 's'. */
static void
format_option(const struct client_option *option, struct ds *s)
{
    ds_clear(s);
    if (option->letter) {
        ds_put_format(s, "-%c, ", option->letter);
    } else {
        ds_put_cstr(s, "    ");
    }
    ds_put_format(s, "--%s", option->name);
    if (option->value) {
        ds_put_format(s, "=%s", option->value);
    }
}

static void
print_formats(const struct client_command *command)
{
    const char *separator = ": ";

    for (int i = 0; i < CLIENT_N_FORMATS; i++) {
        if (command->formats & 1u << i) {
            printf("%s%s", separator, client_format_name(i));
            separator = ", ";
        }
    }
}

void
client_print_usage(const struct client_command *command)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    struct parser p;

    parser_init(&p, command);
    printf("Usage: ovs-netpol %s [OPTION...]%s%s\n\n%s\n\n", command->name,
           command->arguments[0] ? " " : "", command->arguments,
           command->help);
    for (size_t i = 0; i < p.n; i++) {
        format_option(p.options[i], &s);
        printf("  %-32s %s", ds_cstr(&s), p.options[i]->help);
        if (p.options[i] == &client_option_output) {
            print_formats(command);
        }
        putchar('\n');
    }
    ds_destroy(&s);
}
