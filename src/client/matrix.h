/* SPDX-License-Identifier: Apache-2.0
 *
 * matrix: who reaches whom, as a table. */

#ifndef MATRIX_H
#define MATRIX_H 1

#include <stdbool.h>

#include "rows.h"

struct ds;
struct json;

/* A line of more rows is not readable, a document of more not usable. */
#define MATRIX_MAX_TEXT_ROWS 400
#define MATRIX_MAX_JSON_ROWS 2000

/* What a table is about. */
struct matrix {
    struct rows rows;
    enum client_grain by;
    const char *ns;             /* Or NULL. */
    struct client_port port;
};

/* The table, a letter for each set of services in use, and a summary. */
void matrix_format(const struct matrix *, bool colour, struct ds *);
/* The schema is in ovs-netpol(1). */
struct json *matrix_to_json(const struct matrix *);

#endif /* matrix.h */
