/* SPDX-License-Identifier: Apache-2.0
 *
 * answer: what the daemon answers in JSON, and how commands put together
 * answers of their own. */

#ifndef ANSWER_H
#define ANSWER_H 1

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/compiler.h"
#include "openvswitch/dynamic-string.h"
#include "ovs-json.h"

/* Asks the daemon.  Returns what it said, or NULL and why not in '*error'
 * (caller frees either). */
struct json *answer_ask(const char *target, const char *command, int argc,
                        const char *const argv[], char **error)
    OVS_WARN_UNUSED_RESULT;

/* The member at 'path', names with dots in between, or NULL.  Accepts NULL. */
const struct json *answer_get(const struct json *, const char *path);
/* The same as a string, a number, a bool; something else gives "", 0,
 * false. */
const char *answer_string(const struct json *, const char *path);
int64_t answer_integer(const struct json *, const char *path);
bool answer_bool(const struct json *, const char *path);
/* Elements of an array; 0 for anything else. */
size_t answer_count(const struct json *);
const struct json *answer_at(const struct json *, size_t i);

/* True if 'json' has 'namespace' and 'name' like that. */
bool answer_is(const struct json *, const char *ns, const char *name);

/* {"namespace": NS, "name": NAME} */
struct json *answer_name(const char *ns, const char *name);

/* Facts: lines "LABEL  TEXT", labels aligned. */
void answer_fact(struct ds *, const char *label, const char *format, ...)
    OVS_PRINTF_FORMAT(3, 4);

#endif /* answer.h */
