/* SPDX-License-Identifier: Apache-2.0
 *
 * query: the words of a question to the evaluator.
 *
 *     SRC DST[:PORT[/PROTOCOL]]
 *
 * SRC and DST are NAMESPACE/POD, an IPv4 address or an IPv6 address; an IPv6
 * address stands in brackets if a port follows.  PORT is a number or the name
 * of one of DST's container ports.  PROTOCOL is tcp, udp or sctp in any case;
 * without it, it is the named port's or TCP.  Without a port the question is
 * about ICMP echo ("ping"), which can also be asked for as DST:icmp.
 *
 * The daemon and the command line tool both ask through here. */

#ifndef QUERY_H
#define QUERY_H 1

#include <stdbool.h>

#include "openvswitch/compiler.h"

struct ds;
struct json;
struct model;
struct verdict;
struct verdict_query;

/* Fills '*query'.  Returns NULL, or a message (caller frees).  Pods in 'query'
 * are borrowed from 'model'.  Of pods with two families IPv4 is asked about if
 * both ends have it. */
char *query_parse(const struct model *, const char *src, const char *dst,
                  struct verdict_query *query) OVS_WARN_UNUSED_RESULT;

/* The whole answer: what verdict.h says, and where a direction is denied the
 * rules that nearly allowed. */
void query_format(const struct model *, const struct verdict_query *,
                  const struct verdict *, struct ds *);
struct json *query_to_json(const struct model *, const struct verdict_query *,
                           const struct verdict *);

/* Parses the question and answers it into '*answer' (caller frees): as
 * query_format() does, so that the text begins with "allowed" or "denied",
 * or as JSON.  Returns NULL, or a message (caller frees). */
char *query_answer(const struct model *, const char *src, const char *dst,
                   bool json, char **answer) OVS_WARN_UNUSED_RESULT;

#endif /* query.h */
