/* SPDX-License-Identifier: Apache-2.0
 *
 * flowtext: flows as text, for tests to compare.
 *
 * One flow a line, in ovs-ofctl syntax, tables as numbers.  All that is
 * returned is the caller's to free. */

#ifndef FLOWTEXT_H
#define FLOWTEXT_H 1

#include <stddef.h>
#include <stdint.h>

struct flowset;
struct flowset_flow;

/* The wanted flows of 'table', or of all tables if it is negative; sorted as
 * flowset_for_each() says. */
char *flowtext_table(const struct flowset *, int table);

/* How many wanted flows 'table' has. */
size_t flowtext_count(const struct flowset *, uint8_t table);

/* Takes the delta: a line "+ FLOW" for what is added or replaced, "- FLOW" for
 * what is deleted, sorted. */
char *flowtext_delta(struct flowset *);

/* Takes the delta and returns the number of changes alone. */
size_t flowtext_settle(struct flowset *);

/* 'flow' becomes what 'text' says, in ovs-ofctl syntax; ends the program if it
 * cannot be read.  The caller frees its actions. */
void flowtext_parse(const char *text, struct flowset_flow *flow);

#endif /* flowtext.h */
