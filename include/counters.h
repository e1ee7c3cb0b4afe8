/* SPDX-License-Identifier: Apache-2.0
 *
 * counters: reads the counters of rule and drop flows from the switch.
 *
 * Only while somebody wants to know: a scrape or a command keeps it going for
 * some minutes.  Then every few seconds the flows that count are asked for, by
 * kind, on the bridge's connection, and given to the ledger, which says what
 * they mean.  Nothing blocks.
 *
 * The command "counters" on the control socket asks anew and answers with all
 * of the ledger as JSON, described in ovs-netpold(8). */

#ifndef COUNTERS_H
#define COUNTERS_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bridge;
struct compile;
struct counters;
struct ledger;

/* How long a question keeps it going, in milliseconds. */
#define COUNTERS_WANTED_MSEC (5 * 60 * 1000)

/* All are borrowed.  Reads every 'msec' milliseconds; knows up to 'max'
 * policies, see ledger.h.  Registers the command. */
struct counters *counters_create(struct bridge *, struct compile *, int msec,
                                 size_t max);
/* Whoever still waits is told so. */
void counters_destroy(struct counters *);
void counters_run(struct counters *);
void counters_wait(struct counters *);

/* Somebody wants to know. */
void counters_want(struct counters *);
/* As of the last reading. */
const struct ledger *counters_ledger(const struct counters *);
/* Readings that were complete, and that failed. */
uint64_t counters_n_readings(const struct counters *);
uint64_t counters_n_failures(const struct counters *);

/* The ledger as JSON (caller frees). */
char *counters_format(const struct ledger *);

#endif /* counters.h */
