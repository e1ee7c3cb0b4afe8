/* SPDX-License-Identifier: Apache-2.0
 *
 * columns: text in aligned columns, as kubectl prints it.  UTF-8; sequences
 * that switch a terminal's colours take no place. */

#ifndef COLUMNS_H
#define COLUMNS_H 1

#include <stddef.h>

#include "svec.h"

struct ds;

struct columns {
    size_t n_columns;
    struct svec cells;          /* Row by row. */
};

void columns_init(struct columns *, size_t n_columns);
void columns_destroy(struct columns *);

/* Appends a cell; after 'n_columns' of them a new row begins.  The first form
 * takes ownership.  An empty cell is printed as "-". */
void columns_add_nocopy(struct columns *, char *cell);
void columns_add(struct columns *, const char *cell);

/* The last row must be complete. */
void columns_format(const struct columns *, struct ds *);

#endif /* columns.h */
