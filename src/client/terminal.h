/* SPDX-License-Identifier: Apache-2.0
 *
 * terminal: how the commands of ovs-netpol speak to people. */

#ifndef TERMINAL_H
#define TERMINAL_H 1

#include <stdbool.h>
#include <stdio.h>

#include "openvswitch/compiler.h"

struct ds;

/* Prints an error as all commands do. */
void client_complain(const char *format, ...) OVS_PRINTF_FORMAT(1, 2);
/* Prints 'text' and a newline if it lacks one. */
void client_print(const char *text);

enum client_colour {
    CLIENT_PLAIN,
    CLIENT_BOLD,
    CLIENT_DIM,
    CLIENT_RED,
    CLIENT_GREEN,
    CLIENT_YELLOW,
    CLIENT_CYAN,
};

/* True if 'stream' is a terminal that wants colours: not with NO_COLOR
 * (no-color.org), nor with TERM=dumb. */
bool client_wants_colour(FILE *stream);

/* Appends 'text' in a colour, or plain if not 'enabled'.  The columns module
 * does not count what switches colours. */
void client_paint(struct ds *, bool enabled, enum client_colour,
                  const char *text);
/* The same as a string (caller frees). */
char *client_painted(bool enabled, enum client_colour, const char *text);

#endif /* terminal.h */
