/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by emit.c and emit-denied.c. */

#ifndef EMIT_PRIVATE_H
#define EMIT_PRIVATE_H 1

#include "emit.h"

struct match;
struct rule;

/* Where a packet goes that direction 'd' lets through. */
enum pipeline_table emit_next_stage(enum k8s_direction d);

/* Sets or unsets a flow with actions. */
void emit_put_actions(const struct emit *, uint8_t table, uint16_t priority,
                      const struct match *, uint64_t cookie,
                      const struct ofpbuf *ofpacts, bool add);

/* emit-denied.c: where packets end that 'r' denies. */
void emit_deny(const struct emit *, const struct rule *r, bool add);

#endif /* emit-private.h */
