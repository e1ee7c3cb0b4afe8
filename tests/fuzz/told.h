/* SPDX-License-Identifier: Apache-2.0
 *
 * told: the flows that a switch has, as far as it told.
 *
 * A second opinion on what the flowset remembers: it knows matches and actions
 * by their bytes in OpenFlow 1.5, and keeps them all. */

#ifndef TOLD_H
#define TOLD_H 1

#include <stdbool.h>

#include "openvswitch/shash.h"

struct flowset_flow;

struct told {
    struct shash flows;         /* By table, priority and match: the rest. */
};

void told_init(struct told *);
void told_uninit(struct told *);
void told_copy(struct told *, const struct told *from);

/* Each returns true if that is news. */
bool told_put(struct told *, const struct flowset_flow *);
bool told_remove(struct told *, const struct flowset_flow *);

bool told_equals(const struct told *, const struct told *);

/* A flow without its actions as text (caller frees). */
char *told_name(const struct flowset_flow *);

#endif /* told.h */
