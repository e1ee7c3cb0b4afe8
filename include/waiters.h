/* SPDX-License-Identifier: Apache-2.0
 *
 * waiters: who asked "wait" and was not answered yet.
 *
 * `ovs-netpol wait` returns when everything that was in the sources at the
 * moment of the call is in the switch.  Two steps: first the sources have to
 * say that they have read up to that moment, which gives the generation that
 * it made; then the switch has to have that generation. */

#ifndef WAITERS_H
#define WAITERS_H 1

#include <stdbool.h>
#include <stdint.h>

struct unixctl_conn;
struct waiters;

struct waiters *waiters_create(void);
/* Whoever still waits is told that the daemon stops. */
void waiters_destroy(struct waiters *);

/* 'conn' waits for at most 'timeout' milliseconds, first for 'ticket'. */
void waiters_add(struct waiters *, struct unixctl_conn *conn, uint64_t ticket,
                 long long int timeout);

/* The sources have read up to the moment of 'ticket', which made no generation
 * later than 'generation'. */
typedef bool waiters_ticket_cb(uint64_t ticket, void *aux);
void waiters_sources(struct waiters *, waiters_ticket_cb *is_read, void *aux,
                     uint64_t generation);

/* The switch has 'generation'; 'problem' says what stands in the way if
 * anything does.  Answers who can be answered. */
void waiters_switch(struct waiters *, bool in_sync, uint64_t generation,
                    const char *problem);
void waiters_wait(const struct waiters *);

#endif /* waiters.h */
