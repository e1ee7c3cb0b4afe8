/* SPDX-License-Identifier: Apache-2.0
 *
 * detrace: names for the numbers in what Open vSwitch prints.
 *
 * Reads lines of `ovs-ofctl dump-flows`, `ovs-appctl ofproto/trace` or
 * `ovs-appctl dpctl/dump-flows`, and says behind each what its cookies,
 * registers, conjunctions, connection labels, addresses and ports stand for.
 * The lines themselves stay as they are.  What looks like a number of ours and
 * stands for nothing is left alone: the text may be of another day. */

#ifndef DETRACE_H
#define DETRACE_H 1

struct annotation;
struct ds;
struct model;
struct pipeline_config;

/* Longest line of which the numbers are looked at, in bytes. */
#define DETRACE_MAX_LINE 200000
/* Most names for one line. */
#define DETRACE_MAX_NAMES 40

struct detrace;

/* All are borrowed. */
struct detrace *detrace_create(const struct annotation *, const struct model *,
                               const struct pipeline_config *);
void detrace_destroy(struct detrace *);

/* Appends what is to be said about 'line', which has no newline, to 's': lines
 * that begin with 'prefix', or nothing. */
void detrace_line(struct detrace *, const char *line, const char *prefix,
                  struct ds *s);

#endif /* detrace.h */
