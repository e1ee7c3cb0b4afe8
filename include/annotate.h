/* SPDX-License-Identifier: Apache-2.0
 *
 * annotate: what each flow is for, in words.
 *
 * Reads the cookie of a flow (see pipeline.h) and says which policy, rule, pod
 * or prefix it belongs to.  An observer of the compiler. */

#ifndef ANNOTATE_H
#define ANNOTATE_H 1

#include <stdbool.h>
#include <stdint.h>

#include "k8s.h"

struct compile;
struct ds;
struct model;

/* All flows in ovs-ofctl syntax with table names, each behind a "#" line that
 * explains it; headed by a line for each table.  Caller frees. */
char *annotate_flows(struct compile *, const struct model *);

/* What the numbers in cookies, registers and conjunctions stand for.  Both
 * arguments are borrowed and must not change while it is in use. */
struct annotation;
struct annotation *annotation_create(struct compile *, const struct model *);
void annotation_destroy(struct annotation *);

/* Append a number in words; or return false if nothing has it, after which
 * something may have been appended. */
bool annotate_rule(const struct annotation *, enum k8s_direction, uint32_t id,
                   struct ds *);
bool annotate_target(const struct annotation *, enum k8s_direction,
                     uint32_t class, struct ds *);
bool annotate_peer(const struct annotation *, enum k8s_direction,
                   uint32_t class, struct ds *);
bool annotate_net(const struct annotation *, enum k8s_direction,
                  uint32_t class, struct ds *);
bool annotate_cookie(const struct annotation *, enum k8s_direction,
                     uint64_t cookie, struct ds *);

#endif /* annotate.h */
