/* SPDX-License-Identifier: Apache-2.0
 *
 * ruletext: what a compiler made of the policies, before it becomes flows.
 *
 * One line for each policy and direction that it isolates:
 *
 *     ingress: NS/POLICY isolates GROUP
 *
 * with "(no pod here)" if the group has no member on this node; then one line
 * for each rule, whichever policies it is from (their rules' indexes in
 * brackets):
 *
 *     ingress: to GROUP, from GROUP or BLOCK, on SERVICES: NS/POLICY[0] */

#ifndef RULETEXT_H
#define RULETEXT_H 1

struct compile;
struct model;

/* Sorted lines; caller frees. */
char *ruletext_format(const struct compile *, const struct model *);

#endif /* ruletext.h */
