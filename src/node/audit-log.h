/* SPDX-License-Identifier: Apache-2.0
 *
 * audit-log: where the lines about denied packets go: a file, the standard
 * output or syslog.
 *
 * Writing never waits.  A line that does not fit (no space, a slow reader) is
 * counted as lost; that it happens is said once, until a line gets through
 * again.  A file that was moved away, or removed, is opened anew: rotation
 * needs no signal, but one is welcome. */

#ifndef AUDIT_LOG_H
#define AUDIT_LOG_H 1

#include <stdint.h>

struct audit_log;

/* 'where' is "stdout", "syslog" or the absolute name of a file. */
struct audit_log *audit_log_create(const char *where);
void audit_log_destroy(struct audit_log *);

/* Writes 'line', which has no newline. */
void audit_log_write(struct audit_log *, const char *line);
/* Opens a file, or syslog's socket, anew. */
void audit_log_reopen(struct audit_log *);

struct audit_log_stats {
    uint64_t n_written, n_lost;         /* Lines. */
    const char *problem;        /* Why the last line was lost, or NULL. */
};
void audit_log_get_stats(const struct audit_log *, struct audit_log_stats *);

#endif /* audit-log.h */
