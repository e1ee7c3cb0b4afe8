/* SPDX-License-Identifier: Apache-2.0
 *
 * `completion`: scripts that complete command lines, from the table of
 * commands, so that they miss none. */

#include <config.h>

#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "terminal.h"
#include "util.h"

/* What a shell completes a value with. */
enum kind { KIND_ANY, KIND_FILE, KIND_DIR, KIND_WORDS };

/* The words that an option's value may be, separated by spaces (caller
 * frees), or NULL. */
static char *
list_choices(const struct client_command *c, const struct client_option *o)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    if (o != &client_option_output) {
        return o->choices ? xstrdup(o->choices) : NULL;
    }
    for (int i = 0; i < CLIENT_N_FORMATS; i++) {
        if (c->formats & 1u << i) {
            ds_put_format(&s, "%s%s", s.length ? " " : "",
                          client_format_name(i));
        }
    }
    return ds_steal_cstr(&s);
}

static enum kind
option_kind(const struct client_option *o)
{
    return (o->choices || o == &client_option_output ? KIND_WORDS
            : !o->value ? KIND_ANY
            : !strcmp(o->value, "FILE") ? KIND_FILE
            : !strcmp(o->value, "DIR") ? KIND_DIR : KIND_ANY);
}

/* The 'i'-th option of a command, --help being the last, or NULL. */
static const struct client_option *
nth_option(const struct client_command *c, size_t i)
{
    size_t n = 0;

    while (c->options[n]) {
        n++;
    }
    return i < n ? c->options[i] : i == n ? &client_option_help : NULL;
}

static void
put_commands(struct ds *s)
{
    size_t n;
    const struct client_command *commands = client_commands(&n);

    for (size_t i = 0; i < n; i++) {
        ds_put_format(s, "%s%s", i ? " " : "", commands[i].name);
    }
}

/* bash */

static void
put_bash_option(const struct client_command *c, const struct client_option *o,
                struct ds *s)
{
    char *choices = list_choices(c, o);

    if (o->value) {
        ds_put_format(s, "    %s:--%s", c->name, o->name);
        if (o->letter) {
            ds_put_format(s, "|%s:-%c", c->name, o->letter);
        }
        ds_put_cstr(s, ") ");
        switch (option_kind(o)) {
        case KIND_WORDS:
            ds_put_format(s, "COMPREPLY=($(compgen -W '%s' -- \"$cur\"))",
                          choices);
            break;
        case KIND_FILE:
            ds_put_cstr(s, "COMPREPLY=($(compgen -f -- \"$cur\"))");
            break;
        case KIND_DIR:
            ds_put_cstr(s, "COMPREPLY=($(compgen -d -- \"$cur\"))");
            break;
        case KIND_ANY:
            ds_put_cstr(s, "COMPREPLY=()");
            break;
        }
        ds_put_cstr(s, "; return ;;\n");
    }
    free(choices);
}

static void
put_bash_words(const struct client_command *c, struct ds *s)
{
    const struct client_option *o;

    ds_put_format(s, "    %s) words='", c->name);
    for (size_t i = 0; (o = nth_option(c, i)); i++) {
        ds_put_format(s, "%s--%s%s", i ? " " : "", o->name,
                      o->value ? "=" : "");
    }
    if (!strcmp(c->name, "help")) {
        ds_put_char(s, ' ');
        put_commands(s);
    }
    ds_put_cstr(s, "' ;;\n");
}

static char *
make_bash(void)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    size_t n;
    const struct client_command *commands = client_commands(&n);

    ds_put_cstr(&s, "# Made by `ovs-netpol completion bash`.\n"
                "_ovs_netpol() {\n"
                "    local cur prev command= words= i\n"
                "    cur=${COMP_WORDS[COMP_CWORD]}\n"
                "    prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
                "    if [ \"$cur\" = = ]; then cur=\n"
                "    elif [ \"$prev\" = = ]; then\n"
                "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
                "    fi\n"
                "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                "        case ${COMP_WORDS[i]} in\n"
                "        -*|=) ;;\n"
                "        *) [ \"${COMP_WORDS[i - 1]}\" = = ] ||\n"
                "            { command=${COMP_WORDS[i]}; break; } ;;\n"
                "        esac\n"
                "    done\n"
                "    if [ -z \"$command\" ]; then\n"
                "        COMPREPLY=($(compgen -W '"
                "--target= --help --version ");
    put_commands(&s);
    ds_put_cstr(&s, "' -- \"$cur\"))\n        _ovs_netpol_space\n"
                "        return\n    fi\n    case $command:$prev in\n");
    for (size_t i = 0; i < n; i++) {
        const struct client_option *o;

        for (size_t j = 0; (o = nth_option(&commands[i], j)); j++) {
            put_bash_option(&commands[i], o, &s);
        }
    }
    ds_put_cstr(&s, "    esac\n    case $command in\n");
    for (size_t i = 0; i < n; i++) {
        put_bash_words(&commands[i], &s);
    }
    ds_put_cstr(&s, "    esac\n"
                "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                "    _ovs_netpol_space\n}\n\n"
                "# No space behind \"--option=\".\n"
                "_ovs_netpol_space() {\n"
                "    case ${#COMPREPLY[@]}:${COMPREPLY[0]-} in\n"
                "    1:*=) compopt -o nospace 2>/dev/null ;;\n"
                "    esac\n}\n\n"
                "complete -F _ovs_netpol ovs-netpol\n");
    return ds_steal_cstr(&s);
}

/* zsh */

/* 'text' inside single quotes and brackets. */
static void
put_zsh_text(const char *text, struct ds *s)
{
    for (; *text; text++) {
        if (*text == '\'') {
            ds_put_cstr(s, "'\\''");
        } else if (strchr("[]:\\", *text)) {
            ds_put_format(s, "\\%c", *text);
        } else {
            ds_put_char(s, *text);
        }
    }
}

static void
put_zsh_value(const struct client_command *c, const struct client_option *o,
              struct ds *s)
{
    char *choices = list_choices(c, o);

    ds_put_char(s, ':');
    put_zsh_text(o->value, s);
    ds_put_char(s, ':');
    switch (option_kind(o)) {
    case KIND_WORDS:
        ds_put_format(s, "(%s)", choices);
        break;
    case KIND_FILE:
        ds_put_cstr(s, "_files");
        break;
    case KIND_DIR:
        ds_put_cstr(s, "_files -/");
        break;
    case KIND_ANY:
        break;
    }
    free(choices);
}

static void
put_zsh_option(const struct client_command *c, const struct client_option *o,
               struct ds *s)
{
    ds_put_format(s, " \\\n            '%s--%s%s[",
                  o == &client_option_file ? "*" : "", o->name,
                  o->value ? "=" : "");
    put_zsh_text(o->help, s);
    ds_put_char(s, ']');
    if (o->value) {
        put_zsh_value(c, o, s);
    }
    ds_put_char(s, '\'');
    if (o->letter) {
        ds_put_format(s, " \\\n            '%s-%c[",
                      o == &client_option_file ? "*" : "", o->letter);
        put_zsh_text(o->help, s);
        ds_put_char(s, ']');
        if (o->value) {
            put_zsh_value(c, o, s);
        }
        ds_put_char(s, '\'');
    }
}

static char *
make_zsh(void)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    size_t n;
    const struct client_command *commands = client_commands(&n);

    ds_put_cstr(&s, "#compdef ovs-netpol\n"
                "# Made by `ovs-netpol completion zsh`.\n"
                "_ovs_netpol() {\n"
                "    local line state\n"
                "    local -a commands\n"
                "    commands=(\n");
    for (size_t i = 0; i < n; i++) {
        ds_put_format(&s, "        '%s:", commands[i].name);
        put_zsh_text(commands[i].help, &s);
        ds_put_cstr(&s, "'\n");
    }
    ds_put_cstr(&s, "    )\n"
                "    _arguments -C '--target=[daemon to ask]:TARGET:' "
                "'1:command:->command' '*::arguments:->arguments'\n"
                "    case $state in\n"
                "    command) _describe command commands ;;\n"
                "    arguments)\n"
                "        case $words[1] in\n");
    for (size_t i = 0; i < n; i++) {
        const struct client_option *o;

        ds_put_format(&s, "        %s) _arguments", commands[i].name);
        for (size_t j = 0; (o = nth_option(&commands[i], j)); j++) {
            put_zsh_option(&commands[i], o, &s);
        }
        ds_put_cstr(&s, (!strcmp(commands[i].name, "help")
                         ? " \\\n            '1:command:("
                         : " ;;\n"));
        if (!strcmp(commands[i].name, "help")) {
            put_commands(&s);
            ds_put_cstr(&s, ")' ;;\n");
        }
    }
    ds_put_cstr(&s, "        esac ;;\n    esac\n}\n\n_ovs_netpol \"$@\"\n");
    return ds_steal_cstr(&s);
}

int
client_completion(const struct client_command *command,
                  const struct client_options *options OVS_UNUSED,
                  const char *const args[])
{
    char *text = (!strcmp(args[0], "bash") ? make_bash()
                  : !strcmp(args[0], "zsh") ? make_zsh() : NULL);

    if (!text) {
        client_complain("%s: %s: want bash or zsh", command->name, args[0]);
        return CLIENT_ERROR;
    }
    client_print(text);
    free(text);
    return CLIENT_OK;
}
