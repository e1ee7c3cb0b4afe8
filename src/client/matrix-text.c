/* SPDX-License-Identifier: Apache-2.0
 *
 * The matrix for people: one character a cell. */

#include <config.h>

#include "matrix.h"

#include <string.h>

#include "k8s.h"
#include "openvswitch/dynamic-string.h"
#include "reach.h"
#include "terminal.h"
#include "util.h"

/* More rows than this, and there are no spaces between the cells. */
#define MAX_SPACED_ROWS 60

static const char letters[]
    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct writer {
    const struct matrix *m;
    struct ds *s;
    bool colour;
    int gap;                    /* Spaces in front of a cell. */
    struct ptrs named;          /* Sets that have a letter, in that order. */
    bool more;                  /* There are more sets than letters. */
    bool mixed;                 /* There is a cell that differs by pod. */
};

/* The letter of a set that is neither all nor none. */
static char
letter_of(struct writer *w, const struct reach_services *services)
{
    size_t i = ptrs_find(&w->named, services);

    if (i == w->named.n) {
        if (i == sizeof letters - 1) {
            w->more = true;
            return '+';
        }
        ptrs_add(&w->named, services);
    }
    return letters[i];
}

static void
put_symbol(struct writer *w, char symbol, enum client_colour colour)
{
    const char text[] = { symbol, '\0' };

    ds_put_char_multiple(w->s, ' ', w->gap);
    client_paint(w->s, w->colour, colour, text);
}

static void
put_services(struct writer *w, const struct reach_services *services)
{
    if (services->all) {
        put_symbol(w, '#', CLIENT_GREEN);
    } else if (services->none) {
        put_symbol(w, '.', CLIENT_DIM);
    } else {
        put_symbol(w, letter_of(w, services), CLIENT_YELLOW);
    }
}

static void
put_cell(struct writer *w, size_t from, size_t to)
{
    struct ptrs sets = PTRS_INITIALIZER;

    rows_cell(&w->m->rows, from, to, &sets);
    if (!sets.n) {
        put_symbol(w, ' ', CLIENT_PLAIN);
    } else if (sets.n == 1) {
        put_services(w, sets.p[0]);
    } else {
        put_symbol(w, '~', CLIENT_CYAN);
        w->mixed = true;
    }
    ptrs_uninit(&sets);
}

static int
n_digits(size_t n)
{
    return n < 10 ? 1 : 1 + n_digits(n / 10);
}

static void
trim(struct ds *s)
{
    while (ds_chomp(s, ' ')) {
        /* More. */
    }
}

/* The numbers of the columns, written downwards. */
static void
put_header(struct writer *w, int indent)
{
    int height = n_digits(w->m->rows.n);
    size_t unit = 1;

    for (int i = 1; i < height; i++) {
        unit *= 10;
    }
    for (; unit; unit /= 10) {
        ds_put_char_multiple(w->s, ' ', indent);
        for (size_t i = 1; i <= w->m->rows.n; i++) {
            ds_put_char_multiple(w->s, ' ', w->gap);
            ds_put_char(w->s, i >= unit ? '0' + i / unit % 10 : ' ');
        }
        trim(w->s);
        ds_put_char(w->s, '\n');
    }
}

static void
put_table(struct writer *w)
{
    const struct rows *rows = &w->m->rows;
    int number_width = n_digits(rows->n);
    size_t name_width = 0;

    for (size_t i = 0; i < rows->n; i++) {
        name_width = MAX(name_width, strlen(rows->rows[i].name));
    }
    put_header(w, number_width + 1 + name_width + 1);
    for (size_t i = 0; i < rows->n; i++) {
        const char *name = rows->rows[i].name;

        ds_put_format(w->s, "%*"PRIuSIZE" ", number_width, i + 1);
        client_paint(w->s, w->colour,
                     rows->rows[i].ns ? CLIENT_PLAIN : CLIENT_BOLD, name);
        ds_put_char_multiple(w->s, ' ', name_width - strlen(name) + 1);
        for (size_t j = 0; j < rows->n; j++) {
            put_cell(w, i, j);
        }
        trim(w->s);
        ds_put_char(w->s, '\n');
    }
}

static void
put_legend_line(struct writer *w, char symbol, enum client_colour colour,
                const char *text)
{
    w->gap = 0;
    put_symbol(w, symbol, colour);
    ds_put_format(w->s, "  %s\n", text);
}

static void
put_legend(struct writer *w)
{
    bool one = w->m->port.given;

    ds_put_char(w->s, '\n');
    put_legend_line(w, '#', CLIENT_GREEN, one ? "allowed" : "all services");
    put_legend_line(w, '.', CLIENT_DIM, one ? "denied" : "none");
    for (size_t i = 0; i < w->named.n; i++) {
        struct ds text = DS_EMPTY_INITIALIZER;

        reach_format_services(w->named.p[i], &text);
        put_legend_line(w, letters[i], CLIENT_YELLOW, ds_cstr(&text));
        ds_destroy(&text);
    }
    if (w->more) {
        put_legend_line(w, '+', CLIENT_YELLOW,
                        "some services (-o json tells which)");
    }
    if (w->mixed) {
        put_legend_line(w, '~', CLIENT_CYAN,
                        "differs from pod to pod (--by pod tells)");
    }
}

static void
put_title(struct writer *w)
{
    const struct client_port *port = &w->m->port;

    ds_put_cstr(w->s, "Rows may open connections to columns");
    if (port->given && port->number) {
        ds_put_format(w->s, " at %s/%u", k8s_protocol_name(port->protocol),
                      port->number);
    } else if (port->given) {
        ds_put_cstr(w->s, " with ping");
    }
    ds_put_cstr(w->s, ":\n\n");
}

void
matrix_format(const struct matrix *m, bool colour, struct ds *s)
{
    struct writer w = {
        .m = m,
        .s = s,
        .colour = colour,
        .gap = m->rows.n <= MAX_SPACED_ROWS ? 1 : 0,
        .named = PTRS_INITIALIZER,
    };

    put_title(&w);
    put_table(&w);
    put_legend(&w);
    ptrs_uninit(&w.named);
}
