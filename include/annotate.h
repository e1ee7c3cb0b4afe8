/* SPDX-License-Identifier: Apache-2.0
 *
 * annotate: what each flow is for, in words.
 *
 * Reads the cookie of a flow (see pipeline.h) and says which policy, rule, pod
 * or prefix it belongs to.  An observer of the compiler. */

#ifndef ANNOTATE_H
#define ANNOTATE_H 1

struct compile;
struct model;

/* All flows in ovs-ofctl syntax with table names, each behind a "#" line that
 * explains it; headed by a line for each table.  Caller frees. */
char *annotate_flows(struct compile *, const struct model *);

#endif /* annotate.h */
