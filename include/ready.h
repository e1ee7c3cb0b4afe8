/* SPDX-License-Identifier: Apache-2.0
 *
 * ready: which interfaces are guarded, and how long that took.
 *
 * An interface is ready when its pod is known and all that follows from that
 * is in the switch: its flows, confirmed by the commit of a generation that
 * has both.  It stays so as long as it is of the same pod and has the same
 * OpenFlow port.  ports.h writes that into the database, for whoever made the
 * interface: external_ids:ovs-netpol-ready.
 *
 * A pod whose addresses are not known yet counts: until they are, its port is
 * closed. */

#ifndef READY_H
#define READY_H 1

#include <stdbool.h>
#include <stdint.h>

struct histogram;
struct model;
struct ready;
struct smap;

struct ready *ready_create(void);
void ready_destroy(struct ready *);

/* To be called in each turn of the loop: the model as it is, of which
 * 'installed' is the generation in the switch (0 for none known), at 'now'
 * (microseconds, monotonic).  Does nothing before there is a generation in the
 * switch: what an earlier run made ready still is.  Returns true if
 * ready_marks() changed, and the first time. */
bool ready_run(struct ready *, const struct model *, uint64_t installed,
               long long int now);

/* The interfaces that are ready, each with the generation that made it so. */
const struct smap *ready_marks(const struct ready *);

/* From the moment at which the database said that an interface is there, or
 * is another pod's, until it was ready; only of those that came after the
 * first run. */
const struct histogram *ready_histogram(const struct ready *);

#endif /* ready.h */
