/* SPDX-License-Identifier: Apache-2.0
 *
 * drops: denied packets, from the daemon's answer (audit.h) to what people
 * read.
 *
 * Two ways.  The list has a row for packets that differ in time and source
 * port only, with their number.  Followed, each packet is a line. */

#ifndef DROPS_H
#define DROPS_H 1

#include <stdbool.h>
#include <stdint.h>

struct ds;
struct json;

/* Which packets. */
struct drops_filter {
    bool audit;                 /* What audit mode let through, not what was
                                 * dropped. */
    const char *pod;            /* "NS/POD" at either end, or NULL. */
    const char *policy;         /* A policy's name, see name.h, that isolates,
                                 * or a rule of which denied; or NULL. */
};
bool drops_matches(const struct drops_filter *, const struct json *record);
/* True if some record, of either verdict, is about 'pod', or about 'policy';
 * one of them may be NULL. */
bool drops_know(const struct json *answer, const char *pod,
                const char *policy);

/* The list, with what else there is to know, for people and programs. */
void drops_format(const struct json *answer, const struct drops_filter *,
                  bool colour, struct ds *);
struct json *drops_to_json(const struct json *answer,
                           const struct drops_filter *);

/* One packet as a line without a newline. */
void drops_format_record(const struct json *record, bool colour, struct ds *);

/* A number in the daemon's answer: "next", or with 'audit' or not of
 * "suppressed"; 0 if it is not there. */
uint64_t drops_next(const struct json *answer);
uint64_t drops_suppressed(const struct json *answer, bool audit);

#endif /* drops.h */
