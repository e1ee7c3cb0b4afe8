/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "columns.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

void
columns_init(struct columns *c, size_t n_columns)
{
    c->n_columns = n_columns;
    svec_init(&c->cells);
}

void
columns_destroy(struct columns *c)
{
    svec_destroy(&c->cells);
}

void
columns_add_nocopy(struct columns *c, char *cell)
{
    svec_add_nocopy(&c->cells, cell);
}

void
columns_add(struct columns *c, const char *cell)
{
    svec_add(&c->cells, cell);
}

static const char *
cell_text(const struct columns *c, size_t i)
{
    return c->cells.names[i][0] ? c->cells.names[i] : "-";
}

/* Columns on a terminal: one for each character, none for the sequences that
 * switch colours (ESC [ ... m). */
static size_t
cell_width(const char *s)
{
    size_t width = 0;

    while (*s) {
        if (s[0] == '\033' && s[1] == '[') {
            s += strcspn(s, "m");
            s += *s != '\0';
        } else {
            /* The later bytes of a UTF-8 character are 10xxxxxx. */
            width += (*s & 0xc0) != 0x80;
            s++;
        }
    }
    return width;
}

static size_t *
measure(const struct columns *c)
{
    size_t *widths = xcalloc(c->n_columns, sizeof *widths);

    for (size_t i = 0; i < c->cells.n; i++) {
        size_t *width = &widths[i % c->n_columns];
        *width = MAX(*width, cell_width(cell_text(c, i)));
    }
    return widths;
}

void
columns_format(const struct columns *c, struct ds *s)
{
    size_t *widths = measure(c);

    ovs_assert(c->cells.n % c->n_columns == 0);
    for (size_t i = 0; i < c->cells.n; i++) {
        size_t column = i % c->n_columns;

        const char *text = cell_text(c, i);

        ds_put_cstr(s, text);
        if (column + 1 < c->n_columns) {
            ds_put_char_multiple(s, ' ',
                                 widths[column] - cell_width(text) + 2);
        } else {
            ds_put_char(s, '\n');
        }
    }
    free(widths);
}
