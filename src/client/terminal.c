/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "terminal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

void
client_complain(const char *format, ...)
{
    va_list args;

    fflush(stdout);
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

bool
client_wants_colour(FILE *stream)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return (!(no_colour && no_colour[0])
            && term && strcmp(term, "dumb")
            && isatty(fileno(stream)));
}

void
client_paint(struct ds *s, bool enabled, enum client_colour colour,
             const char *text)
{
    static const char *const codes[] = {
        [CLIENT_BOLD] = "1",
        [CLIENT_DIM] = "2",
        [CLIENT_RED] = "31",
        [CLIENT_GREEN] = "32",
        [CLIENT_YELLOW] = "33",
        [CLIENT_CYAN] = "36",
    };

    if (enabled && colour != CLIENT_PLAIN) {
        ds_put_format(s, "\033[%sm%s\033[0m", codes[colour], text);
    } else {
        ds_put_cstr(s, text);
    }
}

char *
client_painted(bool enabled, enum client_colour colour, const char *text)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    client_paint(&s, enabled, colour, text);
    return ds_steal_cstr(&s);
}
