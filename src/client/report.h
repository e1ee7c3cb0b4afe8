/* SPDX-License-Identifier: Apache-2.0
 *
 * report: one page for a browser, with all that it needs in it.
 *
 * The page is src/client/report/, put together at build time
 * (build-aux/report-text.sh).  Its Content-Security-Policy allows just its own
 * style and script, by their hashes: it can load nothing and run nothing
 * else.  What is found out here goes into it as JSON, from which the script
 * makes elements, never markup. */

#ifndef REPORT_H
#define REPORT_H 1

#include <stdbool.h>

#include "client.h"

struct ds;
struct model;
struct reach;

/* More classes than this make a page that no browser wants; with more than the
 * second number it does without reasons. */
#define REPORT_MAX_CLASSES 1200
#define REPORT_MAX_CLASSES_WITH_REASONS 300

/* What a page is about. */
struct report {
    const struct model *model;
    const struct reach *reach;
    const char *source;         /* Where the objects are from, for people. */
    enum client_grain by;       /* What it shows at first, if by_given. */
    bool by_given;
    const char *ns;             /* What rows are filtered by, or NULL. */
    struct client_port port;    /* The service that is chosen. */
    char *live;                 /* A JSON object: what the daemon says, by the
                                 * name of the question; "{}" without one. */
};

/* Appends the data as JSON, in which no "<" occurs. */
void report_format_data(const struct report *, struct ds *);

#endif /* report.h */
