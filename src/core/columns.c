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

static size_t *
measure(const struct columns *c)
{
    size_t *widths = xcalloc(c->n_columns, sizeof *widths);

    for (size_t i = 0; i < c->cells.n; i++) {
        size_t *width = &widths[i % c->n_columns];
        *width = MAX(*width, strlen(cell_text(c, i)));
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

        if (column + 1 < c->n_columns) {
            ds_put_format(s, "%-*s  ", (int) widths[column],
                          cell_text(c, i));
        } else {
            ds_put_format(s, "%s\n", cell_text(c, i));
        }
    }
    free(widths);
}
