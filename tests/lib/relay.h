/* SPDX-License-Identifier: Apache-2.0
 *
 * relay: a wire that can be cut.
 *
 * Listens on one Unix socket and passes the bytes of one connection at a time
 * to another and back.  Cuts the connection when it was told how many bytes of
 * the client's to let through, and can make a switch that has no flow
 * monitors of one that has. */

#ifndef RELAY_H
#define RELAY_H 1

#include <stdbool.h>
#include <stddef.h>

struct relay;

/* Listens on path 'listen', connects to path 'target'. */
struct relay *relay_create(const char *listen, const char *target);
void relay_destroy(struct relay *);
void relay_run(struct relay *);
void relay_wait(struct relay *);

/* Cut when that many more bytes came from the client; 0 cuts now. */
void relay_cut_after(struct relay *, size_t n_bytes);
/* Requests for flow monitors become such that the switch does not know. */
void relay_hide_monitors(struct relay *);
/* Cuts so far. */
unsigned int relay_n_cuts(const struct relay *);

#endif /* relay.h */
