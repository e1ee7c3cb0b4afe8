/* SPDX-License-Identifier: Apache-2.0
 *
 * audit-record: a denied packet with names. */

#ifndef AUDIT_RECORD_H
#define AUDIT_RECORD_H 1

#include <stdint.h>

struct audit_packet;
struct compile;
struct json;
struct model;

/* The record as JSON, with the names of this moment.  'when' is in
 * milliseconds since the epoch. */
struct json *audit_record_create(const struct audit_packet *,
                                 const struct model *,
                                 const struct compile *, const char *node,
                                 uint64_t number, long long int when);

#endif /* audit-record.h */
