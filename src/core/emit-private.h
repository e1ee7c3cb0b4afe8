/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by emit.c (rules), emit-address.c (addresses and their classes) and
 * emit-denied.c (what becomes of denied packets).  emit-flow.c, which they all
 * use, puts one flow. */

#ifndef EMIT_PRIVATE_H
#define EMIT_PRIVATE_H 1

#include "emit.h"

struct match;
struct rule;

/* The table of the direction. */
uint8_t emit_table(const struct emit *, enum pipeline_table egress,
                   enum pipeline_table ingress);

/* Where a packet goes that direction 'd' lets through. */
enum pipeline_table emit_next_stage(enum k8s_direction d);

/* Sets or unsets a flow with actions. */
void emit_put_actions(const struct emit *, uint8_t table, uint16_t priority,
                      const struct match *, uint64_t cookie,
                      const struct ofpbuf *ofpacts, bool add);
/* The same with a flow that puts 'value' into register 'reg', unless that is
 * negative, and goes to 'next'. */
void emit_put_flow(const struct emit *, uint8_t table, uint16_t priority,
                   const struct match *, uint64_t cookie, int reg,
                   uint32_t value, enum pipeline_table next, bool add);

/* emit-denied.c: where packets end that 'r' denies. */
void emit_deny(const struct emit *, const struct rule *r, bool add);

#endif /* emit-private.h */
