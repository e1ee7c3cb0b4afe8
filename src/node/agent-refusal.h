/* SPDX-License-Identifier: Apache-2.0
 *
 * Which policies the flows belong to that the switch does not take.  Logged
 * once for each. */

#ifndef AGENT_REFUSAL_H
#define AGENT_REFUSAL_H 1

struct agent_refusal;
struct bridge;
struct compile;
struct sset;

/* Borrowed. */
struct agent_refusal *agent_refusal_create(struct compile *);
void agent_refusal_destroy(struct agent_refusal *);
/* Lets 'bridge' leave out what only allows something. */
void agent_refusal_attach(struct agent_refusal *, struct bridge *);
/* To be called when no batch is under way. */
void agent_refusal_run(struct agent_refusal *, const struct bridge *);
/* "NS/NAME", some hundred at most. */
const struct sset *agent_refusal_policies(const struct agent_refusal *);

#endif /* agent-refusal.h */
